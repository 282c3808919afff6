//! What is handed to C programs for good: allocated so that they can free it with `free()`.

#![expect(unsafe_code, reason = "malloc")]

use crate::error::{Error, Result};
use core::ffi::{c_char, c_void};
use core::ptr;

/// `value` in a place that `free()` frees.
///
/// # Errors
/// [`Error::NoMemory`].
pub(super) fn give<T>(value: T) -> Result<*mut T> {
    let place = room::<T>(1)?;
    // SAFETY: ours: fresh and large enough, see `room`.
    unsafe { place.write(value) };
    Ok(place)
}

/// A string that `free()` frees.
///
/// # Errors
/// [`Error::NoMemory`].
pub(super) fn give_text(text: &[u8]) -> Result<*mut c_char> {
    let terminated = [text, &[0]].concat();
    Ok(give_all(&terminated)?.cast())
}

/// A copy of `values`, at least one, that `free()` frees.
///
/// # Errors
/// [`Error::NoMemory`].
pub(super) fn give_all<T: Copy>(values: &[T]) -> Result<*mut T> {
    let place = room::<T>(values.len())?;
    // SAFETY: ours: fresh and large enough, see `room`.
    unsafe { ptr::copy_nonoverlapping(values.as_ptr(), place, values.len()) };
    Ok(place)
}

/// Room for so many values, aligned for them.
fn room<T>(count: usize) -> Result<*mut T> {
    const { assert!(align_of::<T>() <= align_of::<libc::max_align_t>()) };
    let size = size_of::<T>().checked_mul(count).ok_or(Error::NoMemory)?;
    // SAFETY: malloc takes any size.
    let place = unsafe { libc::malloc(size) }.cast::<T>();
    if place.is_null() {
        return Err(Error::NoMemory);
    }
    Ok(place)
}

/// Frees what one of these functions gave, or malloc of the program's own. NULL is harmless.
///
/// # Safety
/// `place` is NULL or came from malloc and nobody uses it any more.
pub(super) unsafe fn free<T>(place: *mut T) {
    // SAFETY: the promise above.
    unsafe { libc::free(place.cast::<c_void>()) };
}
