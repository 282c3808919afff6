//! The exported function of `drv/hisi_qm_udrv.h`, which is not installed.

#![expect(unsafe_code, reason = "a C entry point")]

use super::queue_of;
use crate::capi::entry::entry;
use crate::capi::text::text;
use crate::ctypes::v1::hisi_qm_udrv::hisi_qm_inject_op;
use crate::ctypes::v1::wd::wd_queue;
use crate::error::Error;
use crate::sys::inject::Inject;
use crate::sys::lent::Promise;
use core::ffi::c_int;

/// Lets the program's functions add to each descriptor of the queue before it is sent, and look at it
/// when it is back: 0, or -EINVAL for NULL, a queue that is not open, a function that is missing, or
/// another queue interface than the device's.
///
/// # Safety
/// `q` is NULL or points to a `wd_queue`; `op` is NULL or points to functions that do so, from any
/// thread, as long as the queue is open, and a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_qm_inject_op_register(
    q: *mut wd_queue,
    op: *mut hisi_qm_inject_op,
) -> c_int {
    entry("hisi_qm_inject_op_register", || {
        // SAFETY: the caller's promise.
        let queue = unsafe { queue_of(q) }?;
        let inject = Inject::lent(Promise::of_callers(), op).ok_or(Error::Invalid)?;
        // SAFETY: not NULL, or there were no functions.
        let api = unsafe { &raw const (*op).hw_type };
        // SAFETY: as above.
        let api = unsafe { api.read() };
        // SAFETY: by the caller's promise NULL or a string.
        let api = unsafe { text(api) }?;
        queue.inject(api, inject).map(|()| 0)
    })
}
