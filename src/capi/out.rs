//! What C functions tell through pointers. It may point to memory that nobody has written to yet, so
//! no reference is made of it.

#![expect(unsafe_code, reason = "pointers of C programs")]

use crate::error::{Error, Result};
use core::ptr::NonNull;

/// The place for an answer.
///
/// # Errors
/// [`Error::Invalid`] for NULL.
#[inline(always)]
pub(super) fn place<T>(out: *mut T) -> Result<NonNull<T>> {
    NonNull::new(out).ok_or(Error::Invalid)
}

/// Writes an answer.
///
/// # Safety
/// `out` is NULL or writable, whatever is in it.
///
/// # Errors
/// [`Error::Invalid`] for NULL.
pub(super) unsafe fn tell<T>(out: *mut T, value: T) -> Result<()> {
    let out = place(out)?;
    // SAFETY: not NULL, so by the promise above writable.
    unsafe { out.write(value) };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::MaybeUninit;
    use core::ptr;

    #[test]
    fn an_answer_goes_to_memory_that_nobody_has_written_to() {
        let mut out = MaybeUninit::<u32>::uninit();
        // SAFETY: ours.
        assert_eq!(unsafe { tell(out.as_mut_ptr(), 7) }, Ok(()));
        // SAFETY: written above.
        assert_eq!(unsafe { out.assume_init() }, 7);
    }

    #[test]
    fn without_a_place_an_answer_is_refused() {
        // SAFETY: NULL.
        let told = unsafe { tell(ptr::null_mut(), 7) };
        assert_eq!(told, Err(Error::Invalid));
    }
}
