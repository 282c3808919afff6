//! The functions of `uadk/v1/wd_share.h`: memory of the program's own for the device of a queue of
//! v1, as the seed API has it. The comments below are the header's comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, where the first paragraph says what holds \
              for all: pointers are NULL or good"
)]

use super::queue_of;
use crate::capi::entry::entry;
use crate::ctypes::v1::wd::wd_queue;
use crate::ctypes::v1::wd_share::*;
use crate::error::Error;
use crate::uacce::channel::Access;
use core::ffi::{c_int, c_void};

/// Lets the device use `size` bytes at `addr`. `flags`: 0 or `WD_SHARE_READ|WD_SHARE_WRITE` for
/// reading and writing, `WD_SHARE_READ` for reading only, `WD_SHARE_ALL` for the whole address space
/// (with SVA; `addr` and `size` 0). Shares count: each needs its `wd_mem_unshare`, or the release of
/// the queue. With SVA the device reaches all memory in any case; without it only what the queue has
/// reserved by `wd_reserve_memory`. The arguments are checked all the same.
///
/// Returns 0; -EINVAL for NULL, a queue that is not open, size 0, unknown flags, a range that is not
/// mapped, that is memory of a device or of the kernel, or to which the process has less access
/// itself; -EPERM for a writable share of a file mapped `MAP_SHARED`; -EOPNOTSUPP for memory that the
/// device cannot reach; -ESHUTDOWN after release and in a fork child.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_mem_share(
    q: *mut wd_queue,
    addr: *const c_void,
    size: usize,
    flags: c_int,
) -> c_int {
    entry("wd_mem_share", || {
        const BOTH: c_int = WD_SHARE_READ | WD_SHARE_WRITE;
        // SAFETY: the caller's promise.
        let queue = unsafe { queue_of(q) }?;
        match flags {
            WD_SHARE_ALL if addr.is_null() && size == 0 => queue.share_all(),
            0 | BOTH => queue.share(addr.addr(), size, Access::ReadWrite),
            WD_SHARE_READ => queue.share(addr.addr(), size, Access::Read),
            _ => Err(Error::Invalid),
        }?;
        Ok(0)
    })
}

/// Takes back one share of exactly this range. Messages that use it must have come back. A range that
/// this queue does not share is left alone, with a line in the log.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_mem_unshare(q: *mut wd_queue, addr: *const c_void, size: usize) {
    entry("wd_mem_unshare", || {
        // SAFETY: the caller's promise.
        unsafe { queue_of(q) }?.unshare(addr.addr(), size)
    })
}

/// Rings the doorbell for messages that are written and not announced. `wd_send` leaves none, so there
/// is nothing to do: a program that is written for doorbells of its own can call it all the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_flush(q: *mut wd_queue) {
    entry("wd_flush", || {
        // SAFETY: the caller's promise.
        unsafe { queue_of(q) }?.flush()
    })
}
