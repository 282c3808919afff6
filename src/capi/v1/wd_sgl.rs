//! The functions of `uadk/v1/wd_sgl.h`: scatter-gather lists. The comments below are the header's
//! comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, where the first paragraph says what holds \
              for all: pointers are NULL or good"
)]

use super::queue_of;
use crate::capi::entry::entry;
use crate::capi::out;
use crate::ctypes::v1::__u32;
use crate::ctypes::v1::wd::wd_queue;
use crate::ctypes::v1::wd_sgl::{wd_sgl, wd_sglpool_setup};
use crate::error::{Error, Result};
use crate::mem::sgl::{self, Info, Pool};
use crate::sys::lent::Promise;
use crate::sys::mm_br::MmBr;
use crate::wcrypto::pools;
use core::ffi::{c_int, c_void};
use core::ptr;

/// Writes a number of a pool.
///
/// # Safety
/// `place` is NULL or writable.
unsafe fn tell_of_pool(
    pool: *mut c_void,
    place: *mut __u32,
    number: impl FnOnce(&mut Pool) -> u32,
) -> Result<c_int> {
    let number = sgl::with(pool.addr(), |pool| Ok(number(pool)))?;
    // SAFETY: the caller's promise.
    unsafe { out::tell(place, number) }.map(|()| 0)
}

/// A number of a list.
fn number(list: *mut wd_sgl, number: impl FnOnce(&Info) -> u32) -> Result<c_int> {
    let info = sgl::find(list.addr())?;
    c_int::try_from(number(&info)).map_err(|_| Error::Invalid)
}

/// How a copy of `size` bytes ended, of which so many had room: 0 for all of them.
fn copied(count: usize, size: usize) -> Result<c_int> {
    if count == size {
        return Ok(0);
    }
    c_int::try_from(count).map_err(|_| Error::Invalid)
}

/// Makes a pool of lists for the device of `q`, each with its buffers. Where `setup->br` has `alloc`
/// and `free` the memory is theirs, mapped with `iova_map`; else it is memory that the pool reserves of
/// `q`, which does so once.
///
/// Returns the pool, or NULL for NULL, a queue that is not open, numbers that are not in their ranges,
/// and memory that cannot be had or mapped.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_sglpool_create(
    q: *mut wd_queue,
    setup: *mut wd_sglpool_setup,
) -> *mut c_void {
    entry("wd_sglpool_create", || {
        // SAFETY: the caller's promise: NULL or readable; any bytes are good in it.
        let setup = unsafe { setup.as_ref() }.ok_or(Error::Invalid)?;
        // SAFETY: the caller's promise.
        let queue = unsafe { queue_of(q) }?;
        let wanted = sgl::Setup {
            buffers: setup.buf_num,
            buffer_size: setup.buf_size,
            entries: setup.sge_num_in_sgl,
            filled: setup.buf_num_in_sgl,
            lists: setup.sgl_num,
            align: setup.align_size,
        };
        let operations = MmBr::lent(Promise::of_callers(), &raw const setup.br);
        let pool = pools::lists(queue, &wanted, operations.ok_or(Error::Invalid)?)?;
        Ok(ptr::without_provenance_mut(pool))
    })
}

/// Destroys a pool and gives its memory back, unless it is the queue's. While lists of it are in use it
/// is left as it is and a message is logged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_sglpool_destroy(pool: *mut c_void) {
    entry("wd_sglpool_destroy", || sgl::destroy(pool.addr()))
}

/// Takes a list with room for `size` bytes, or where that is more than one has, two that are merged.
///
/// Returns NULL for size 0 or more than two lists have room for, if not enough lists are free, and for
/// what is not a pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_alloc_sgl(pool: *mut c_void, size: __u32) -> *mut wd_sgl {
    entry("wd_alloc_sgl", || {
        let list = sgl::allocate(pool.addr(), size as usize)?;
        Ok(ptr::without_provenance_mut(list))
    })
}

/// Gives a list back, and the one that was merged into it. What is no list in use of this pool, or was
/// merged into another list, is logged and changes nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_free_sgl(pool: *mut c_void, sgl: *mut wd_sgl) {
    entry("wd_free_sgl", || sgl::free(pool.addr(), sgl.addr()))
}

/// Merges `src_sgl` into `dst_sgl`: their buffers are one after the other's from now on. Two lists can
/// be merged, no more.
///
/// Returns 0; -WD_EINVAL for what is no list, for lists that are the same or of different pools, and
/// where one of them is merged already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_sgl_merge(dst_sgl: *mut wd_sgl, src_sgl: *mut wd_sgl) -> c_int {
    entry("wd_sgl_merge", || {
        sgl::merge(dst_sgl.addr(), src_sgl.addr()).map(|()| 0)
    })
}

/// Copies `size` bytes at `offset` of a list to `pbuf`.
///
/// Returns 0, or how many were copied if the list has no more; -WD_EINVAL for what is no list, NULL,
/// size 0, and an offset beyond the list's room.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_sgl_cp_to_pbuf(
    sgl: *mut wd_sgl,
    offset: usize,
    pbuf: *mut c_void,
    size: usize,
) -> c_int {
    entry("wd_sgl_cp_to_pbuf", || {
        let bytes = Promise::of_callers().output(pbuf.cast(), size);
        copied(sgl::read(sgl.addr(), offset, bytes)?, size)
    })
}

/// Copies `size` bytes of `pbuf` to `offset` of a list, whose data ends behind them from now on.
///
/// Returns 0, or how many were copied if the list has room for no more; else as `wd_sgl_cp_to_pbuf`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_sgl_cp_from_pbuf(
    sgl: *mut wd_sgl,
    offset: usize,
    pbuf: *mut c_void,
    size: usize,
) -> c_int {
    entry("wd_sgl_cp_from_pbuf", || {
        let bytes = Promise::of_callers().input(pbuf.cast(), size);
        copied(sgl::write(sgl.addr(), offset, bytes)?, size)
    })
}

/// Tells where the device reads the list. This is the `iova_map` of contexts whose data are lists of
/// `pool`; `sz` is not looked at.
///
/// Returns NULL for what is no list of this pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_sgl_iova_map(
    pool: *mut c_void,
    sgl: *mut wd_sgl,
    sz: usize,
) -> *mut c_void {
    let _ = sz;
    entry("wd_sgl_iova_map", || {
        let bus = sgl::map(pool.addr(), sgl.addr())?;
        let bus = usize::try_from(bus.get()).map_err(|_| Error::Invalid)?;
        Ok(ptr::without_provenance_mut(bus))
    })
}

/// Ends the use of an address that `wd_sgl_iova_map` told. There is nothing to be done for that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_sgl_iova_unmap(
    pool: *mut c_void,
    sgl_iova: *mut c_void,
    sgl: *mut wd_sgl,
) {
    let _ = (pool, sgl_iova, sgl);
}

/// Tells the last buffer of a list, or of the one that was merged into it; NULL for what is no list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_last_sge_buf(sgl: *mut wd_sgl) -> *mut c_void {
    entry("wd_get_last_sge_buf", || {
        let info = sgl::find(sgl.addr())?;
        Ok(ptr::with_exposed_provenance_mut(info.last))
    })
}

/// Tells the first buffer of a list; NULL for what is no list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_first_sge_buf(sgl: *mut wd_sgl) -> *mut c_void {
    entry("wd_get_first_sge_buf", || {
        let info = sgl::find(sgl.addr())?;
        Ok(ptr::with_exposed_provenance_mut(info.first))
    })
}

/// Tells how many entries a list has, with a buffer or without; -WD_EINVAL for what is no list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_sgl_sge_num(sgl: *mut wd_sgl) -> c_int {
    entry("wd_get_sgl_sge_num", || number(sgl, |info| info.entries))
}

/// Tells how many entries of a list have a buffer; -WD_EINVAL for what is no list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_sgl_buf_num(sgl: *mut wd_sgl) -> c_int {
    entry("wd_get_sgl_buf_num", || number(sgl, |info| info.buffers))
}

/// Tells the buffer of entry `num`, from 1 on, of a list.
///
/// Returns NULL for an entry without a buffer, for one that there is not, and for what is no list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_sge_buf(sgl: *mut wd_sgl, num: __u32) -> *mut c_void {
    entry("wd_get_sge_buf", || {
        let address = sgl::buffer(sgl.addr(), num)?.address;
        Ok(address.map_or(ptr::null_mut(), ptr::with_exposed_provenance_mut))
    })
}

/// Tells how many buffers a list has, those of the one that was merged into it included; -WD_EINVAL for
/// what is no list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_sgl_buf_sum(sgl: *mut wd_sgl) -> c_int {
    entry("wd_get_sgl_buf_sum", || {
        number(sgl, |info| info.chain_buffers)
    })
}

/// Tells the bytes of the buffers of one list, merged or not.
///
/// Returns 0; -WD_EINVAL for NULL and what is no list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_sgl_mem_size(sgl: *mut wd_sgl, size: *mut usize) -> c_int {
    entry("wd_get_sgl_mem_size", || {
        let info = sgl::find(sgl.addr())?;
        // SAFETY: the caller's promise.
        unsafe { out::tell(size, info.size) }.map(|()| 0)
    })
}

/// Tells how many lists of a pool are not in use.
///
/// Returns 0; -WD_EINVAL for NULL and what is not a pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_free_sgl_num(pool: *mut c_void, free_sgl_num: *mut __u32) -> c_int {
    entry("wd_get_free_sgl_num", || {
        // SAFETY: the caller's promise.
        unsafe { tell_of_pool(pool, free_sgl_num, |pool| pool.free_lists()) }
    })
}

/// Tells how many entries of a list have no buffer.
///
/// Returns 0; -WD_EINVAL for NULL and what is no list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_free_sgl_sge_num(
    sgl: *mut wd_sgl,
    free_sgl_sge_num: *mut __u32,
) -> c_int {
    entry("wd_get_free_sgl_sge_num", || {
        let info = sgl::find(sgl.addr())?;
        // SAFETY: the caller's promise.
        unsafe { out::tell(free_sgl_sge_num, info.entries - info.buffers) }.map(|()| 0)
    })
}

/// Tells how many buffers of a pool are in no list.
///
/// Returns 0; -WD_EINVAL for NULL and what is not a pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_free_buf_num(pool: *mut c_void, free_buf_num: *mut __u32) -> c_int {
    entry("wd_get_free_buf_num", || {
        // SAFETY: the caller's promise.
        unsafe { tell_of_pool(pool, free_buf_num, |pool| pool.free_buffers()) }
    })
}

/// Tells the bytes of data that `wd_sgl_cp_from_pbuf` has left in a list and the one that was merged
/// into it.
///
/// Returns 0; -WD_EINVAL for NULL and what is no list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_sgl_datalen(sgl: *mut wd_sgl, dtsize: *mut __u32) -> c_int {
    entry("wd_get_sgl_datalen", || {
        let info = sgl::find(sgl.addr())?;
        // SAFETY: the caller's promise.
        unsafe { out::tell(dtsize, info.data as __u32) }.map(|()| 0)
    })
}

/// Tells the bytes of data that `wd_sgl_cp_from_pbuf` has left in entry `num`, from 1 on, of a list.
///
/// Returns 0; -WD_EINVAL for NULL, an entry that there is not, and what is no list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_sge_datalen(
    sgl: *mut wd_sgl,
    num: __u32,
    dtsize: *mut __u32,
) -> c_int {
    entry("wd_get_sge_datalen", || {
        let buffer = sgl::buffer(sgl.addr(), num)?;
        // SAFETY: the caller's promise.
        unsafe { out::tell(dtsize, buffer.data as __u32) }.map(|()| 0)
    })
}

/// Tells the bytes of a buffer of a list.
///
/// Returns 0; -WD_EINVAL for NULL and what is no list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_sgl_bufsize(sgl: *mut wd_sgl, bufsz: *mut __u32) -> c_int {
    entry("wd_get_sgl_bufsize", || {
        let info = sgl::find(sgl.addr())?;
        // SAFETY: the caller's promise.
        unsafe { out::tell(bufsz, info.buffer_size) }.map(|()| 0)
    })
}
