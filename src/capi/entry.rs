//! What every C entry does: catch panics, and answer in the function's own convention.

use crate::error::{Error, Result};
use crate::log_error;
use core::any::Any;
use core::ffi::c_int;
use nix::errno::Errno;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How a C function tells success from failure: one implementation for each convention.
pub(super) trait Reply {
    /// What success carries.
    type Value;
    /// The answer for success.
    fn yes(value: Self::Value) -> Self;
    /// The answer for failure; sets `errno` where the convention has room for no number, or where
    /// callers look at both.
    fn no(error: Error) -> Self;
}

/// A count, 0 or more, or a negative error number, which `errno` has too, positive.
impl Reply for c_int {
    type Value = c_int;

    fn yes(value: c_int) -> c_int {
        value
    }

    fn no(error: Error) -> c_int {
        Errno::set_raw(error.number());
        -error.number()
    }
}

/// A pointer, or NULL and `errno`.
impl<T> Reply for *mut T {
    type Value = *mut T;

    fn yes(value: *mut T) -> *mut T {
        value
    }

    fn no(error: Error) -> *mut T {
        Errno::set_raw(error.number());
        core::ptr::null_mut()
    }
}

/// A handle, or 0 and `errno`.
impl Reply for usize {
    type Value = usize;

    fn yes(value: usize) -> usize {
        value
    }

    fn no(error: Error) -> usize {
        Errno::set_raw(error.number());
        0
    }
}

/// A number; 0 for what has none.
pub(super) struct Number(pub u32);

impl Reply for Number {
    type Value = u32;

    fn yes(value: u32) -> Number {
        Number(value)
    }

    fn no(_: Error) -> Number {
        Number(0)
    }
}

/// Whether it is so; what cannot be told is not so.
impl Reply for bool {
    type Value = bool;

    fn yes(value: bool) -> bool {
        value
    }

    fn no(_: Error) -> bool {
        false
    }
}

/// A handle, or the error as a small negative number, which `WD_IS_ERR` tells from handles.
pub(super) struct HandleOrError(pub usize);

impl Reply for HandleOrError {
    type Value = usize;

    fn yes(value: usize) -> HandleOrError {
        HandleOrError(value)
    }

    fn no(error: Error) -> HandleOrError {
        Errno::set_raw(error.number());
        HandleOrError(error_pointer(error))
    }
}

/// A pointer, or the error as a small negative number, which `WD_IS_ERR` tells from pointers.
pub(super) struct PointerOrError<T>(pub *mut T);

impl<T> Reply for PointerOrError<T> {
    type Value = *mut T;

    fn yes(value: *mut T) -> Self {
        PointerOrError(value)
    }

    fn no(error: Error) -> Self {
        Errno::set_raw(error.number());
        PointerOrError(core::ptr::without_provenance_mut(error_pointer(error)))
    }
}

/// What a system call answered: 0 or more, or -1, and `errno` says why. What was no system call yet
/// answers like an `int`.
pub(super) struct SystemCall(pub c_int);

impl Reply for SystemCall {
    type Value = Result<c_int>;

    fn yes(value: Result<c_int>) -> Self {
        SystemCall(value.unwrap_or_else(|error| {
            Errno::set_raw(error.number());
            -1
        }))
    }

    fn no(error: Error) -> Self {
        SystemCall(c_int::no(error))
    }
}

/// The error as the pointers and handles have it that `WD_IS_ERR` is for.
pub(super) const fn error_pointer(error: Error) -> usize {
    (error.number() as isize).wrapping_neg() as usize
}

/// Nothing: what went wrong is only in the log.
impl Reply for () {
    type Value = ();

    fn yes((): ()) {}

    fn no(_: Error) {}
}

/// Runs the body of the C function `name`. No panic leaves it: one is logged, and answered as
/// [`Error::Io`].
#[inline]
pub(super) fn entry<R: Reply>(name: &str, body: impl FnOnce() -> Result<R::Value>) -> R {
    // Unwind safety: what a body shares with later calls is behind locks and atomics that a panic
    // leaves usable; nothing is borrowed mutably across this frame.
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => R::yes(value),
        Ok(Err(error)) => refuse(error),
        Err(panic) => panicked(name, panic),
    }
}

#[cold]
#[inline(never)]
fn panicked<R: Reply>(name: &str, panic: Box<dyn Any + Send>) -> R {
    log_error!("{name}: internal error: {}", text_of(&*panic));
    // Dropping the payload runs code of whoever panicked, which may panic again.
    core::mem::forget(panic);
    R::no(Error::Io)
}

/// Apart, so that success pays nothing for what failure says.
#[cold]
#[inline(never)]
fn refuse<R: Reply>(error: Error) -> R {
    R::no(error)
}

/// The message of a panic, where it is a text.
fn text_of(panic: &(dyn Any + Send)) -> &str {
    match panic.downcast_ref::<&str>() {
        Some(text) => text,
        None => panic
            .downcast_ref::<String>()
            .map_or("unknown", String::as_str),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_a_negative_number_and_errno_has_it_too() {
        Errno::clear();
        assert_eq!(entry::<c_int>("f", || Err(Error::Busy)), -libc::EBUSY);
        assert_eq!(Errno::last_raw(), libc::EBUSY);
    }

    #[test]
    fn success_leaves_errno_alone() {
        Errno::set_raw(libc::ENOENT);
        assert_eq!(entry::<c_int>("f", || Ok(7)), 7);
        assert_eq!(Errno::last_raw(), libc::ENOENT);
    }

    #[test]
    fn a_pointer_that_cannot_be_had_is_null_with_errno() {
        Errno::clear();
        assert!(entry::<*mut u8>("f", || Err(Error::NoMemory)).is_null());
        assert_eq!(Errno::last_raw(), libc::ENOMEM);
    }

    #[test]
    fn a_panic_becomes_an_io_error() {
        let answer = entry::<c_int>("f", || panic!("index {} of 3", 4));
        assert_eq!(answer, -libc::EIO);
        entry::<()>("f", || panic!("no text to format"));
    }

    #[test]
    fn an_error_in_a_pointers_place_is_a_small_negative_number() {
        let answer = entry::<PointerOrError<u8>>("f", || Err(Error::NoMemory));
        assert_eq!(answer.0 as isize, -12);
    }

    #[test]
    fn a_system_call_that_fails_is_minus_one_and_errno_says_why() {
        Errno::clear();
        let answer = entry::<SystemCall>("f", || Ok(Err(Error::Busy)));
        assert_eq!((answer.0, Errno::last_raw()), (-1, libc::EBUSY));
        let answer = entry::<SystemCall>("f", || Err(Error::Invalid));
        assert_eq!(answer.0, -libc::EINVAL);
        assert_eq!(entry::<SystemCall>("f", || Ok(Ok(3))).0, 3);
    }

    #[test]
    fn a_panic_is_told_by_its_text() {
        assert_eq!(text_of(&"plain"), "plain");
        assert_eq!(text_of(&String::from("formatted")), "formatted");
        assert_eq!(text_of(&4_u32), "unknown");
    }
}
