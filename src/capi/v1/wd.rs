//! The functions of `uadk/v1/wd.h`. The comments below are the header's comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header"
)]

use crate::capi::entry::entry;
use crate::ctypes::v1::wd::wd_log;
use crate::error::Error;
use core::ffi::{c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

/// What `wd_register_log` was given; NULL before. Programs may read it and must not write it.
#[unsafe(no_mangle)]
pub static log_out: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// Sets the function that messages are printed with, once in the life of a process.
///
/// Returns 0, or -WD_EINVAL: `log` is NULL, or one is set already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_register_log(log: wd_log) -> c_int {
    entry("wd_register_log", || {
        let log = log.ok_or(Error::Invalid)? as *mut c_void;
        // Relaxed: the word is all there is, and nothing is published with it.
        log_out
            .compare_exchange(ptr::null_mut(), log, Ordering::Relaxed, Ordering::Relaxed)
            .map(|_| 0)
            .map_err(|_| Error::Invalid)
    })
}
