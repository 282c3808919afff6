//! Strings of C programs.

#![expect(unsafe_code, reason = "reads strings of C programs")]

use crate::error::{Error, Result};
use core::ffi::{CStr, c_char};

/// A C string, if there is one and it is UTF-8.
///
/// # Errors
/// [`Error::Invalid`] for NULL and other encodings.
///
/// # Safety
/// `text` is NULL or a string that outlives `'a`.
pub(super) unsafe fn text<'a>(text: *const c_char) -> Result<&'a str> {
    if text.is_null() {
        return Err(Error::Invalid);
    }
    // SAFETY: not NULL, so by the caller's promise a string.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| Error::Invalid)
}
