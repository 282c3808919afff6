//! Functions of UADK that are not there yet. The libraries have their names all the same, so that
//! programs load (docs/abi.md): each is a few instructions that call [`warpdrive_missing`].

#![expect(unsafe_code, reason = "a C entry point")]

use crate::error::Error;
use crate::log_error;
use core::ffi::{CStr, c_char};
use nix::errno::Errno;

/// Tells the log that the function `name` was called, sets `errno` to `ENODEV`, and answers `answer`.
///
/// # Safety
/// `name` is a NUL-terminated text that nobody changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn warpdrive_missing(name: *const c_char, answer: isize) -> isize {
    // SAFETY: the caller's promise.
    let name = unsafe { CStr::from_ptr(name) };
    log_error!("{}: not in this release", name.to_string_lossy());
    Errno::set_raw(Error::NoDevice.number());
    answer
}
