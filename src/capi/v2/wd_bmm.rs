//! The functions of `wd_bmm.h`: memory for devices without SVA. The comments below are the header's
//! comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, where the first paragraph says what holds \
              for all: pointers are NULL or good"
)]

use crate::capi::entry::entry;
use crate::ctypes::v2::wd_bmm::wd_mempool_setup;
use crate::ctypes::v2::{__u32, handle_t};
use crate::error::Error;
use core::ffi::{c_char, c_int, c_void};

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
    let _ = (h_ctx, setup);
    entry("wd_mempool_alloc", || Err(Error::Unsupported))
}

/// Frees a pool of `wd_mempool_alloc`. While blocks of it are in use it is left as it is and a
/// message is logged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_mempool_free(h_ctx: handle_t, pool: *mut c_void) {
    let _ = (h_ctx, pool);
    entry("wd_mempool_free", || Err(Error::Unsupported))
}

/// Takes `size` bytes from a pool: as many neighbouring blocks as that needs, in one piece for the
/// device too; of a pool for a device with SVA no more than one block.
///
/// Returns their address, or NULL for size 0, if there is no such room, or for what is not a pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_mem_alloc(pool: *mut c_void, size: usize) -> *mut c_void {
    let _ = (pool, size);
    entry("wd_mem_alloc", || Err(Error::Unsupported))
}

/// Gives back what `wd_mem_alloc` answered. Anything else is logged and changes nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_mem_free(pool: *mut c_void, buf: *mut c_void) {
    let _ = (pool, buf);
    entry("wd_mem_free", || Err(Error::Unsupported))
}

/// Tells the device's address of `sz` bytes at `buf`, which lie inside what one `wd_mem_alloc`
/// answered. For a device with SVA that is `buf`.
///
/// Returns NULL if they do not lie so.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_mem_map(pool: *mut c_void, buf: *mut c_void, sz: usize) -> *mut c_void {
    let _ = (pool, buf, sz);
    entry("wd_mem_map", || Err(Error::Unsupported))
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
    let _ = (pool, free_num);
    entry("wd_get_free_num", || Err(Error::Invalid))
}

/// Tells how many allocations have failed.
///
/// Returns 0; -WD_EINVAL for NULL or what is not a pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_fail_num(pool: *mut c_void, fail_num: *mut __u32) -> c_int {
    let _ = (pool, fail_num);
    entry("wd_get_fail_num", || Err(Error::Invalid))
}

/// Tells the bytes of a block; 0 for what is not a pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_bufsize(pool: *mut c_void) -> __u32 {
    let _ = pool;
    0
}

/// Takes, from the contexts that were listed, the nearest one that is not taken and whose
/// algorithms have `alg_name` in them.
///
/// Returns 0 if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_find_ctx(alg_name: *const c_char) -> handle_t {
    let _ = alg_name;
    entry("wd_find_ctx", || Err(Error::Unsupported))
}

/// Empties the list of contexts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_remove_ctx_list() {
    entry("wd_remove_ctx_list", || Err(Error::Unsupported))
}

/// Lists a context with the names of its algorithms, for `wd_find_ctx`. The initialisation of an
/// algorithm does so for devices without SVA.
///
/// Returns 0, also for a context without a device, which is not listed; -WD_EINVAL for NULL and 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_insert_ctx_list(h_ctx: handle_t, alg_name: *mut c_char) -> c_int {
    let _ = (h_ctx, alg_name);
    entry("wd_insert_ctx_list", || Err(Error::Invalid))
}

/// Tells the number of the device that a pool was made for; 0 for what is not a pool.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_dev_id(pool: *mut c_void) -> __u32 {
    let _ = pool;
    0
}
