//! The memory pools of `wd.h`, in the header's order. The comments below are the header's comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, where the first paragraph says what holds \
              for all: pointers are NULL or good"
)]

use crate::capi::entry::{HandleOrError, entry};
use crate::ctypes::v2::handle_t;
use crate::ctypes::v2::wd::{wd_blockpool_stats, wd_mempool_stats};
use crate::error::Error;
use core::ffi::{c_int, c_void};

/// Takes a block from a block pool.
///
/// Returns the block, whose content is not defined, or NULL if none is free or the handle is not
/// one of an open block pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_block_alloc(blkpool: handle_t) -> *mut c_void {
    let _ = blkpool;
    entry("wd_block_alloc", || Err(Error::Unsupported))
}

/// Gives a block back. What is not a block in use of this pool is logged and changes nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_block_free(blkpool: handle_t, addr: *mut c_void) {
    let _ = (blkpool, addr);
    entry("wd_block_free", || Err(Error::Unsupported))
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
    let _ = (mempool, block_size, block_num);
    let made: HandleOrError = entry("wd_blockpool_create", || Err(Error::Unsupported));
    made.0
}

/// Closes a block pool: it gives out no more blocks. Its memory goes back to the memory pool when
/// the last block in use has been given back, for which the handle stays good; at once if there is
/// none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_blockpool_destroy(blkpool: handle_t) {
    let _ = blkpool;
    entry("wd_blockpool_destroy", || Err(Error::Unsupported))
}

/// Makes a memory pool of at least `size` bytes, which are rounded up to a multiple of 4096, on a
/// NUMA node: of huge pages, the smallest of which there are enough free ones, or else of pages of
/// the usual size.
///
/// Returns its handle, or an error for which `WD_IS_ERR` is true: -WD_EINVAL for size 0 and a node
/// that there is not, -WD_ENOMEM if there is no memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_mempool_create(size: usize, node: c_int) -> handle_t {
    let _ = (size, node);
    let made: HandleOrError = entry("wd_mempool_create", || Err(Error::Unsupported));
    made.0
}

/// Destroys a memory pool. Block pools made from it stay as they are; its memory is unmapped after
/// the last of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_mempool_destroy(mempool: handle_t) {
    let _ = mempool;
    entry("wd_mempool_destroy", || Err(Error::Unsupported))
}

/// Tells what a memory pool is made of and how much of it is in block pools. `stats` is left as it
/// is if the handle is not one of a memory pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_mempool_stats(mempool: handle_t, stats: *mut wd_mempool_stats) {
    let _ = (mempool, stats);
    entry("wd_mempool_stats", || Err(Error::Unsupported))
}

/// Tells what a block pool is made of and how many of its blocks are in use. `stats` is left as it
/// is if the handle is not one of a block pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_blockpool_stats(blkpool: handle_t, stats: *mut wd_blockpool_stats) {
    let _ = (blkpool, stats);
    entry("wd_blockpool_stats", || Err(Error::Unsupported))
}
