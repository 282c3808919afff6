//! The seed API: `warpdrive/wd.h`.

pub mod wd;

use super::entry::{self, Reply};
use crate::error::{Error, Result};

/// [`entry::entry`] with the errors of the seed API.
#[inline]
fn entry<R: Reply>(name: &str, body: impl FnOnce() -> Result<R::Value>) -> R {
    entry::entry(name, || body().map_err(contract))
}

/// The seed API knows `errno` values only. A device that was reset is gone, for this queue.
const fn contract(error: Error) -> Error {
    match error {
        Error::DeviceReset => Error::NoDevice,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::ffi::c_int;

    #[test]
    fn a_reset_device_is_no_device_to_the_seed_api() {
        let answer: c_int = entry("f", || Err(Error::DeviceReset));
        assert_eq!(answer, -libc::ENODEV);
        let answer: c_int = entry("f", || Err(Error::Again));
        assert_eq!(answer, -libc::EAGAIN);
    }
}
