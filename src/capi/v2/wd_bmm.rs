//! The functions of `wd_bmm.h`: memory for devices without SVA. The comments below are the header's
//! comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, where the first paragraph says what holds \
              for all: pointers are NULL or good"
)]

use crate::alg::{context, ctx_list};
use crate::capi::entry::{Number, entry};
use crate::capi::out;
use crate::ctypes::v2::wd::wd_mm_ops;
use crate::ctypes::v2::wd_alg_common::wd_mem_type;
use crate::ctypes::v2::wd_bmm::wd_mempool_setup;
use crate::ctypes::v2::{__u32, CBool, Enum, handle_t};
use crate::error::{Error, Result};
use crate::mem::bmm;
use crate::sys::mm_ops::MmOps;
use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr;

/// The memory operations of sessions whose memory is a pool of `wd_mempool_alloc`.
const POOLS: wd_mm_ops = wd_mm_ops {
    alloc: Some(wd_mem_alloc),
    free: Some(wd_mem_free),
    iova_map: Some(wd_mem_map),
    iova_unmap: Some(wd_mem_unmap),
    get_bufsize: Some(wd_get_bufsize),
    usr: ptr::null_mut(),
    sva_mode: CBool(0),
};

/// The memory operations of a session without SVA, as the caller's setup has them. Nothing is
/// written to it.
///
/// # Errors
/// [`Error::Invalid`], with a message, if they are not complete, or `usr` is not a pool and should be.
///
/// # Safety
/// The functions in `ops` do what their types' descriptions say, from any thread and for any address
/// to map, as long as the result or a copy of it is in use.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the first user comes with the sessions")
)]
pub(super) unsafe fn without_sva(ops: &wd_mm_ops, kind: Enum<wd_mem_type>) -> Result<MmOps> {
    if kind.get() == Some(wd_mem_type::UADK_MEM_PROXY) {
        bmm::find(ops.usr.addr())?;
    }
    // SAFETY: the promise above; the functions of `POOLS` look up what they are given.
    unsafe { MmOps::without_sva(ops, kind.get(), &POOLS) }
}

/// The bytes of a C string.
///
/// # Safety
/// `text` is NULL or a string that outlives `'a`.
unsafe fn text<'a>(text: *const c_char) -> Result<&'a [u8]> {
    if text.is_null() {
        return Err(Error::Invalid);
    }
    // SAFETY: not NULL, so by the caller's promise a string.
    Ok(unsafe { CStr::from_ptr(text) }.to_bytes())
}

/// Writes a number of a pool.
///
/// # Safety
/// `place` is NULL or writable.
unsafe fn tell(
    pool: *mut c_void,
    place: *mut __u32,
    number: impl Fn(&bmm::Pool) -> u32,
) -> Result<c_int> {
    let number = bmm::with(pool.addr(), |pool| Ok(number(pool)))?;
    // SAFETY: the caller's promise.
    unsafe { out::tell(place, number) }.map(|()| 0)
}

/// Makes a pool of memory that the device of context `h_ctx` can use: without SVA from the queue's
/// static memory, with SVA from huge pages or pages of the usual size.
///
/// Without SVA `setup->align_size` has to be a power of two from 2 to 4096 and `setup->block_size`
/// at most 256 MiB; `setup->block_num` is set to the blocks there are, which may be more than asked
/// for. `setup->ops` is not used.
///
/// Returns the pool, or NULL for NULL, a size or number of 0 or out of range, a context that is not
/// one of a device, and where at most 87 % of the blocks could be had.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_mempool_alloc(
    h_ctx: handle_t,
    setup: *mut wd_mempool_setup,
) -> *mut c_void {
    entry("wd_mempool_alloc", || {
        // SAFETY: the caller's promise: NULL or exclusively ours during the call; any bytes are good
        // in it.
        let setup = unsafe { setup.as_mut() }.ok_or(Error::Invalid)?;
        let wanted = bmm::Setup {
            block_size: setup.block_size,
            blocks: setup.block_num,
            align: setup.align_size,
        };
        let context = context::find(h_ctx).ok_or(Error::Invalid)?;
        let (pool, blocks) = bmm::create(&*context.channel(), &context.attributes(), &wanted)?;
        setup.block_num = blocks;
        Ok(ptr::without_provenance_mut(pool))
    })
}

/// Frees a pool of `wd_mempool_alloc`. While blocks of it are in use it is left as it is and a
/// message is logged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_mempool_free(h_ctx: handle_t, pool: *mut c_void) {
    entry("wd_mempool_free", || {
        if h_ctx == 0 || pool.is_null() {
            return Err(Error::Invalid);
        }
        bmm::destroy(pool.addr())
    })
}

/// Takes `size` bytes from a pool: as many neighbouring blocks as that needs, in one piece for the
/// device too; of a pool for a device with SVA no more than one block.
///
/// Returns their address, or NULL for size 0, if there is no such room, or for what is not a pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_mem_alloc(pool: *mut c_void, size: usize) -> *mut c_void {
    entry("wd_mem_alloc", || {
        let address = bmm::with(pool.addr(), |pool| pool.allocate(size))?;
        Ok(ptr::with_exposed_provenance_mut(address))
    })
}

/// Gives back what `wd_mem_alloc` answered. Anything else is logged and changes nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_mem_free(pool: *mut c_void, buf: *mut c_void) {
    entry("wd_mem_free", || {
        bmm::with(pool.addr(), |pool| pool.free(buf.addr()))
    })
}

/// Tells the device's address of `sz` bytes at `buf`, which lie inside what one `wd_mem_alloc`
/// answered. For a device with SVA that is `buf`.
///
/// Returns NULL if they do not lie so.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_mem_map(pool: *mut c_void, buf: *mut c_void, sz: usize) -> *mut c_void {
    entry("wd_mem_map", || {
        let bus = bmm::with(pool.addr(), |pool| pool.map(buf.addr(), sz))?;
        let bus = usize::try_from(bus.get()).map_err(|_| Error::Invalid)?;
        Ok(ptr::without_provenance_mut(bus))
    })
}

/// Ends the use of an address that `wd_mem_map` told. There is nothing to be done for that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_mem_unmap(
    pool: *mut c_void,
    buf_dma: *mut c_void,
    buf: *mut c_void,
    sz: usize,
) {
    let _ = (pool, buf_dma, buf, sz);
}

/// Tells how many blocks are free.
///
/// Returns 0; -WD_EINVAL for NULL or what is not a pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_free_num(pool: *mut c_void, free_num: *mut __u32) -> c_int {
    entry("wd_get_free_num", || {
        // SAFETY: the caller's promise.
        unsafe { tell(pool, free_num, bmm::Pool::free_blocks) }
    })
}

/// Tells how many allocations have failed.
///
/// Returns 0; -WD_EINVAL for NULL or what is not a pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_fail_num(pool: *mut c_void, fail_num: *mut __u32) -> c_int {
    entry("wd_get_fail_num", || {
        // SAFETY: the caller's promise.
        unsafe { tell(pool, fail_num, bmm::Pool::failures) }
    })
}

/// Tells the bytes of a block; 0 for what is not a pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_bufsize(pool: *mut c_void) -> __u32 {
    entry::<Number>("wd_get_bufsize", || {
        bmm::with(pool.addr(), |pool| Ok(pool.block_size()))
    })
    .0
}

/// Takes, from the contexts that were listed, the nearest one that is not taken and whose
/// algorithms have `alg_name` in them.
///
/// Returns 0 if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_find_ctx(alg_name: *const c_char) -> handle_t {
    entry("wd_find_ctx", || {
        // SAFETY: the caller's promise.
        let name = unsafe { text(alg_name) }?;
        ctx_list::take(name).ok_or(Error::NoDevice)
    })
}

/// Empties the list of contexts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_remove_ctx_list() {
    entry("wd_remove_ctx_list", || {
        ctx_list::clear();
        Ok(())
    })
}

/// Lists a context with the names of its algorithms, for `wd_find_ctx`. The initialisation of an
/// algorithm does so with its own, until its end.
///
/// Returns 0, also for a context without a device, which is not listed; -WD_EINVAL for NULL and 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_insert_ctx_list(h_ctx: handle_t, alg_name: *mut c_char) -> c_int {
    entry("wd_insert_ctx_list", || {
        // SAFETY: the caller's promise.
        let names = unsafe { text(alg_name) }?;
        if h_ctx == 0 {
            return Err(Error::Invalid);
        }
        ctx_list::insert(h_ctx, names);
        Ok(0)
    })
}

/// Tells the number of the device that a pool was made for; 0 for what is not a pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_dev_id(pool: *mut c_void) -> __u32 {
    entry::<Number>("wd_get_dev_id", || {
        bmm::with(pool.addr(), |pool| Ok(pool.device()))
    })
    .0
}

#[cfg(all(test, not(miri)))]
mod tests;
