//! What every C entry goes through: panics stop here, and errors become what
//! their caller expects.

use crate::error::{Error, Result};
use crate::log_error;
use core::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A convention of how a C function answers.
pub trait Reply {
    /// What the body of the function produces.
    type Value;
    /// The answer when all went well.
    fn yes(value: Self::Value) -> Self;
    /// The answer to an error.
    fn no(error: Error) -> Self;
}

/// 0 or more, or a negative error number with `errno` set to its positive value.
impl Reply for c_int {
    type Value = c_int;
    fn yes(value: c_int) -> c_int {
        value
    }
    fn no(error: Error) -> c_int {
        let number = match error {
            // The seed's callers know no WD_HW_EACCESS; for them the device is gone.
            Error::DeviceReset => Error::NoDevice.number(),
            error => error.number(),
        };
        nix::errno::Errno::set_raw(number);
        -number
    }
}

/// Nothing; errors are logged where they arise.
impl Reply for () {
    type Value = ();
    fn yes((): ()) {}
    fn no(_: Error) {}
}

/// Runs the body of a C entry. A panic in it is a bug of this library: it is logged, answered with
/// [`Error::Io`], and never reaches the caller.
#[inline(always)]
pub fn entry<R: Reply>(body: impl FnOnce() -> Result<R::Value>) -> R {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => R::yes(value),
        Ok(Err(error)) => R::no(error),
        Err(_) => {
            log_error!("internal error: a C entry panicked");
            R::no(Error::Io)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_a_negative_number_and_errno_its_mirror() {
        assert_eq!(entry::<c_int>(|| Err(Error::Busy)), -libc::EBUSY);
        assert_eq!(nix::errno::Errno::last_raw(), libc::EBUSY);
        assert_eq!(entry::<c_int>(|| Ok(7)), 7);
    }

    #[test]
    fn a_reset_device_is_no_device_to_the_seeds_callers() {
        assert_eq!(entry::<c_int>(|| Err(Error::DeviceReset)), -libc::ENODEV);
    }

    #[test]
    fn a_panic_becomes_an_error() {
        assert_eq!(entry::<c_int>(|| panic!("a bug")), -libc::EIO);
    }
}
