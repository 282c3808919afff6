//! The memory pools of `wd.h`, in the header's order. The comments below are the header's comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, where the first paragraph says what holds \
              for all: pointers are NULL or good"
)]

use crate::capi::entry::{HandleOrError, entry};
use crate::capi::out;
use crate::ctypes::v2::wd::{wd_blockpool_stats, wd_mempool_stats, wd_page_type};
use crate::ctypes::v2::{Enum, handle_t};
use crate::mem::pool;
use core::ffi::{c_int, c_ulong, c_void};
use core::ptr;

/// Takes a block from a block pool.
///
/// Returns the block, whose content is not defined, or NULL if none is free or the handle is not
/// one of an open block pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_block_alloc(blkpool: handle_t) -> *mut c_void {
    entry("wd_block_alloc", || {
        let block = pool::allocate_block(blkpool)?;
        Ok(ptr::with_exposed_provenance_mut(block))
    })
}

/// Gives a block back. What is not a block in use of this pool is logged and changes nothing; NULL
/// is harmless.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_block_free(blkpool: handle_t, addr: *mut c_void) {
    entry("wd_block_free", || {
        if blkpool == 0 || addr.is_null() {
            return Ok(());
        }
        pool::free_block(blkpool, addr.addr())
    })
}

/// Makes a pool of `block_num` blocks of `block_size` bytes from the memory of a memory pool. No
/// block smaller than 4096 bytes crosses a multiple of 4096; greater blocks begin at one.
///
/// Returns its handle, or an error for which `WD_IS_ERR` is true: -WD_EINVAL for a size or number
/// of 0 and a handle that is not one of a memory pool, -WD_ENOMEM if the memory pool has no room.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_blockpool_create(
    mempool: handle_t,
    block_size: usize,
    block_num: usize,
) -> handle_t {
    let made: HandleOrError = entry("wd_blockpool_create", || {
        pool::create_block_pool(mempool, block_size, block_num)
    });
    made.0
}

/// Closes a block pool: it gives out no more blocks. Its memory goes back to the memory pool when
/// the last block in use has been given back, for which the handle stays good; at once if there is
/// none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_blockpool_destroy(blkpool: handle_t) {
    entry("wd_blockpool_destroy", || pool::destroy_block_pool(blkpool))
}

/// Makes a memory pool of at least `size` bytes, which are rounded up to a multiple of 4096, on a
/// NUMA node: of huge pages, the smallest of which there are enough free ones, or else of pages of
/// the usual size.
///
/// The pool belongs to this process: a child of fork has a copy of the memory, but cannot use the
/// handle.
///
/// Returns its handle, or an error for which `WD_IS_ERR` is true: -WD_EINVAL for size 0 and a node
/// that there is not, -WD_ENOMEM if there is no memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_mempool_create(size: usize, node: c_int) -> handle_t {
    let made: HandleOrError = entry("wd_mempool_create", || pool::create_memory_pool(size, node));
    made.0
}

/// Destroys a memory pool. Block pools made from it stay as they are; its memory is unmapped after
/// the last of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_mempool_destroy(mempool: handle_t) {
    entry("wd_mempool_destroy", || pool::destroy_memory_pool(mempool))
}

/// Tells what a memory pool is made of and how much of it is in block pools. `stats` is left as it
/// is if the handle is not one of a memory pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_mempool_stats(mempool: handle_t, stats: *mut wd_mempool_stats) {
    entry("wd_mempool_stats", || {
        let told = pool::memory_pool(mempool)?.stats();
        let page_type = if told.huge {
            wd_page_type::WD_HUGE_PAGE
        } else {
            wd_page_type::WD_NORMAL_PAGE
        };
        let answer = wd_mempool_stats {
            page_type: Enum::new(page_type as u32),
            page_size: told.page_size as c_ulong,
            page_num: told.pages as c_ulong,
            blk_size: told.unit_size as c_ulong,
            blk_num: told.units as c_ulong,
            free_blk_num: told.free_units as c_ulong,
            blk_usage_rate: told.usage_rate as c_ulong,
        };
        // SAFETY: by the caller's promise NULL or a structure, whatever is in it.
        unsafe { out::tell(stats, answer) }
    })
}

/// Tells what a block pool is made of and how many of its blocks are in use. `stats` is left as it
/// is if the handle is not one of a block pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_blockpool_stats(blkpool: handle_t, stats: *mut wd_blockpool_stats) {
    entry("wd_blockpool_stats", || {
        let told = pool::block_pool(blkpool)?.stats();
        let answer = wd_blockpool_stats {
            block_size: told.size as c_ulong,
            block_num: told.count as c_ulong,
            free_block_num: told.free as c_ulong,
            block_usage_rate: told.usage_rate as c_ulong,
            mem_waste_rate: told.waste_rate as c_ulong,
        };
        // SAFETY: by the caller's promise NULL or a structure, whatever is in it.
        unsafe { out::tell(stats, answer) }
    })
}

#[cfg(all(test, not(miri)))]
mod tests;
