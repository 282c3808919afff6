//! The functions of `uadk/v1/wd_bmm.h`: pools of blocks. The comments below are the header's
//! comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, where the first paragraph says what holds \
              for all: pointers are NULL or good"
)]

use super::queue_of;
use crate::capi::entry::{Number, entry};
use crate::capi::out;
use crate::ctypes::v1::__u32;
use crate::ctypes::v1::wd::wd_queue;
use crate::ctypes::v1::wd_bmm::wd_blkpool_setup;
use crate::error::{Error, Result};
use crate::mem::bmm;
use crate::mem::bmm::blocks::{self, Blocks};
use crate::sys::lent::Promise;
use crate::sys::mm_br::MmBr;
use crate::wcrypto::pools;
use core::ffi::{c_int, c_void};
use core::ptr;

/// Writes a number of a pool.
///
/// # Safety
/// `place` is NULL or writable.
unsafe fn tell(
    pool: *mut c_void,
    place: *mut __u32,
    number: impl FnOnce(&mut Blocks) -> u32,
) -> Result<c_int> {
    let number = blocks::with(pool.addr(), |pool| Ok(number(pool)))?;
    // SAFETY: the caller's promise.
    unsafe { out::tell(place, number) }.map(|()| 0)
}

/// Makes a pool of blocks. Where `setup->br` has `alloc` and `free` the memory is theirs, each block is
/// mapped with `iova_map`, and `q` may be NULL. Else it is memory that the pool reserves of `q`, which
/// does so once; `setup->block_num` is set to the blocks that are in one piece for the device, which
/// may be fewer than asked for. It stays as long as the pool, also when the queue is released.
///
/// Returns the pool, or NULL for NULL, numbers that are not in their ranges, memory that cannot be had
/// or mapped, and where at most 87 % of the blocks could be had.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_blkpool_create(
    q: *mut wd_queue,
    setup: *mut wd_blkpool_setup,
) -> *mut c_void {
    entry("wd_blkpool_create", || {
        // SAFETY: the caller's promise: NULL or readable; any bytes are good in it.
        let given = unsafe { setup.as_ref() }.ok_or(Error::Invalid)?;
        let wanted = bmm::Setup {
            block_size: given.block_size,
            blocks: given.block_num,
            align: given.align_size,
        };
        let operations = MmBr::lent(Promise::of_callers(), &raw const given.br);
        // SAFETY: the caller's promise.
        let queue = unsafe { queue_of(q) }.ok();
        let operations = operations.ok_or(Error::Invalid)?;
        let (pool, count) = pools::blocks(queue, &wanted, operations)?;
        // With memory of the program's own it is the same, and the structure may be constant.
        if count != wanted.blocks {
            // SAFETY: the caller's promise: writable where the memory is the queue's.
            unsafe { (*setup).block_num = count };
        }
        Ok(ptr::without_provenance_mut(pool))
    })
}

/// Destroys a pool and gives its memory back, unless it is the queue's. While blocks of it are in use
/// it is left as it is and a message is logged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_blkpool_destroy(pool: *mut c_void) {
    entry("wd_blkpool_destroy", || blocks::destroy(pool.addr()))
}

/// Takes a block.
///
/// Returns the block, whose content is not defined, or NULL if none is free, if the device was removed, and
/// for what is not a pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_alloc_blk(pool: *mut c_void) -> *mut c_void {
    entry("wd_alloc_blk", || {
        let place = blocks::with(pool.addr(), Blocks::allocate)?;
        Ok(ptr::with_exposed_provenance_mut(place.address))
    })
}

/// Gives a block back. What is in no block in use of this pool is logged and changes nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_free_blk(pool: *mut c_void, blk: *mut c_void) {
    entry("wd_free_blk", || {
        blocks::with(pool.addr(), |pool| pool.free(blk.addr()))
    })
}

/// Tells how many blocks are free.
///
/// Returns 0; -WD_EINVAL for NULL or what is not a pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_free_blk_num(pool: *mut c_void, free_num: *mut __u32) -> c_int {
    entry("wd_get_free_blk_num", || {
        // SAFETY: the caller's promise.
        unsafe { tell(pool, free_num, |pool| pool.free_blocks()) }
    })
}

/// Tells how often no block was free.
///
/// Returns 0; -WD_EINVAL for NULL or what is not a pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_blk_alloc_failures(pool: *mut c_void, fail_num: *mut __u32) -> c_int {
    entry("wd_blk_alloc_failures", || {
        // SAFETY: the caller's promise.
        unsafe { tell(pool, fail_num, |pool| pool.failures()) }
    })
}

/// Tells the device's address of `blk`, a block in use or a place in one.
///
/// Returns NULL for what is in no block in use of this pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_blk_iova_map(pool: *mut c_void, blk: *mut c_void) -> *mut c_void {
    entry("wd_blk_iova_map", || {
        let bus = blocks::with(pool.addr(), |pool| pool.map(blk.addr()))?;
        let bus = usize::try_from(bus.get()).map_err(|_| Error::Invalid)?;
        Ok(ptr::without_provenance_mut(bus))
    })
}

/// Ends the use of an address that `wd_blk_iova_map` told. There is nothing to be done for that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_blk_iova_unmap(
    pool: *mut c_void,
    blk_dma: *mut c_void,
    blk: *mut c_void,
) {
    let _ = (pool, blk_dma, blk);
}

/// Tells the bytes of a block, alignment included; 0 for what is not a pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_blksize(pool: *mut c_void) -> __u32 {
    entry::<Number>("wd_blksize", || {
        blocks::with(pool.addr(), |pool| Ok(pool.block_size()))
    })
    .0
}
