//! The one error type, and the numbers that C callers see. What went wrong in
//! detail goes to the log; this says only what a program can act on.

#![forbid(unsafe_code)]

use core::ffi::c_int;
use core::fmt;

/// What an operation answers when it could not be done.
///
/// Each variant is one row of the error contract of the seed API
/// (docs/behaviour.md); [`Error::number`] is its positive `errno` value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    /// An argument, a flag, or a text read from outside is not acceptable.
    Invalid,
    /// No such device, no driver for it, or it is gone.
    NoDevice,
    /// No free queue, or the ring is full; trying again later may succeed.
    Busy,
    /// Nothing to receive yet.
    Again,
    /// The device reported an error, or broke the queue protocol.
    Io,
    /// The deadline passed.
    TimedOut,
    /// No memory, or a limit (`RLIMIT_MEMLOCK`, `RLIMIT_DATA`) forbids it.
    NoMemory,
    /// Policy forbids it: no-IOMMU device, non-viable group, writable share of a shared file.
    Permission,
    /// The device, its kernel driver or this transport cannot do it.
    Unsupported,
    /// The queue was released, or belongs to the parent of this process.
    Shutdown,
    /// It is done already: the algorithm is initialised.
    Exists,
    /// The queue's status words say that the device was reset; the queue is dead.
    DeviceReset,
    /// Any other `errno` of a system call, as it came.
    Os(c_int),
}

/// `WD_HW_EACCESS` of libwd: the device was reset under the queue.
const WD_HW_EACCESS: c_int = 62;

impl Error {
    /// The positive number that C callers know this error by.
    #[must_use]
    pub const fn number(self) -> c_int {
        match self {
            Error::Invalid => libc::EINVAL,
            Error::NoDevice => libc::ENODEV,
            Error::Busy => libc::EBUSY,
            Error::Again => libc::EAGAIN,
            Error::Io => libc::EIO,
            Error::TimedOut => libc::ETIMEDOUT,
            Error::NoMemory => libc::ENOMEM,
            Error::Permission => libc::EPERM,
            Error::Unsupported => libc::EOPNOTSUPP,
            Error::Shutdown => libc::ESHUTDOWN,
            Error::Exists => libc::EEXIST,
            Error::DeviceReset => WD_HW_EACCESS,
            Error::Os(number) => number,
        }
    }

    /// The variant for an `errno` value; zero and negative values become [`Error::Io`].
    #[must_use]
    pub const fn from_errno(number: c_int) -> Self {
        match number {
            libc::EINVAL => Error::Invalid,
            libc::ENODEV | libc::ENXIO => Error::NoDevice,
            libc::EBUSY => Error::Busy,
            libc::EAGAIN => Error::Again,
            libc::ETIMEDOUT => Error::TimedOut,
            libc::ENOMEM => Error::NoMemory,
            libc::EPERM => Error::Permission,
            libc::EOPNOTSUPP => Error::Unsupported,
            libc::ESHUTDOWN => Error::Shutdown,
            libc::EEXIST => Error::Exists,
            n if n <= 0 => Error::Io,
            libc::EIO => Error::Io,
            n => Error::Os(n),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Error::Invalid => "invalid argument",
            Error::NoDevice => "no device",
            Error::Busy => "busy",
            Error::Again => "nothing to receive",
            Error::Io => "device or protocol error",
            Error::TimedOut => "timed out",
            Error::NoMemory => "no memory, or a limit reached",
            Error::Permission => "not permitted",
            Error::Unsupported => "not supported",
            Error::Shutdown => "queue released, or inherited by fork",
            Error::Exists => "done already",
            Error::DeviceReset => "device reset",
            Error::Os(number) => return write!(f, "system error {number}"),
        };
        f.write_str(text)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Error::from_errno(error.raw_os_error().unwrap_or(0))
    }
}

impl From<nix::errno::Errno> for Error {
    fn from(errno: nix::errno::Errno) -> Self {
        Error::from_errno(errno as c_int)
    }
}

/// Shorthand for results of this crate.
pub type Result<T> = core::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn an_errno_comes_back_as_the_same_number() {
        for number in 1..134 {
            let error = Error::from_errno(number);
            let expected = if number == libc::ENXIO {
                libc::ENODEV
            } else {
                number
            };
            assert_eq!(error.number(), expected, "errno {number}");
        }
    }

    #[test]
    fn a_missing_errno_is_an_io_error() {
        assert_eq!(Error::from_errno(0), Error::Io);
        assert_eq!(Error::from_errno(-22), Error::Io);
    }
}
