//! Control calls on device descriptors, in the four shapes that the uacce and
//! VFIO interfaces use. All go through libc, where tracers and preloaded
//! simulators see them. They are this library's alone: what a driver does with an
//! argument only the request's meaning tells, not its type.

#![expect(unsafe_code, reason = "ioctl(2)")]

use crate::error::{Error, Result};
use core::ffi::{CStr, c_int, c_ulong};
use nix::errno::Errno;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

/// A request number as the kernel headers compute it.
pub type Request = u32;

/// `_IO(group, number)`.
#[must_use]
pub const fn io(group: u8, number: u8) -> Request {
    (group as u32) << 8 | number as u32
}

/// `_IOR(group, number, T)` for a type of `size` bytes.
#[must_use]
pub const fn ior(group: u8, number: u8, size: usize) -> Request {
    2 << 30 | (size as u32) << 16 | io(group, number)
}

/// `_IOWR(group, number, T)` for a type of `size` bytes.
#[must_use]
pub const fn iowr(group: u8, number: u8, size: usize) -> Request {
    3 << 30 | (size as u32) << 16 | io(group, number)
}

fn call(fd: BorrowedFd<'_>, request: Request, argument: c_ulong) -> Result<c_int> {
    loop {
        // SAFETY: callers pass an integer, or the address of memory that lives and has the shape
        // that this request reads and writes (see each function below).
        let answer = unsafe { libc::ioctl(fd.as_raw_fd(), request as _, argument) };
        match Errno::result(answer) {
            Err(Errno::EINTR) => {}
            other => return other.map_err(Error::from),
        }
    }
}

/// The bytes that a request's argument points to, as its number says; 0 where it says none.
#[must_use]
pub const fn size_in(request: Request) -> usize {
    (request >> 16 & 0x3fff) as usize
}

/// A request with an integer argument (0 where it takes none). Answers what the driver returned.
///
/// # Errors
/// [`Error::Invalid`] for a request that takes a pointer by its number; the driver's `errno`.
pub(crate) fn with_value(fd: BorrowedFd<'_>, request: Request, value: usize) -> Result<c_int> {
    if size_in(request) != 0 {
        return Err(Error::Invalid);
    }
    call(fd, request, value as c_ulong)
}

/// A request that takes a string.
///
/// # Errors
/// The driver's `errno`.
pub(crate) fn with_text(fd: BorrowedFd<'_>, request: Request, text: &CStr) -> Result<c_int> {
    call(fd, request, text.as_ptr() as c_ulong)
}

/// A request that takes a string and answers with a new descriptor, which comes back
/// close-on-exec and above the standard three.
///
/// # Errors
/// The driver's `errno`.
pub(crate) fn open_by_text(fd: BorrowedFd<'_>, request: Request, text: &CStr) -> Result<OwnedFd> {
    let raw = with_text(fd, request, text)?;
    // SAFETY: callers use this only for requests that make a descriptor for their caller; the driver
    // has just made this one.
    unsafe { super::fd::adopt(raw) }
}

/// Arguments that a kernel may fill: any bytes are a valid value, and there is no padding.
///
/// # Safety
/// The type is `repr(C)`, made of integers only, without padding.
pub unsafe trait Argument: Copy {}
// SAFETY: plain integers.
unsafe impl Argument for u64 {}
// SAFETY: plain integers.
unsafe impl Argument for c_int {}
// SAFETY: an array of integers has no padding.
unsafe impl<const N: usize> Argument for [u16; N] {}
// SAFETY: an array of integers has no padding.
unsafe impl<const N: usize> Argument for [u32; N] {}

/// A request whose argument the driver reads and writes. `T` has the size in the request number,
/// or, for numbers that carry none, the size the driver documents (VFIO's arguments begin with it).
///
/// # Errors
/// [`Error::Invalid`] if the number says another size; the driver's `errno`.
pub(crate) fn with_argument<T: Argument>(
    fd: BorrowedFd<'_>,
    request: Request,
    argument: &mut T,
) -> Result<c_int> {
    if size_in(request) != 0 && size_in(request) != size_of::<T>() {
        return Err(Error::Invalid);
    }
    call(fd, request, core::ptr::from_mut(argument) as c_ulong)
}

/// A request that somebody else has put together: as many bytes as its number says, which the
/// driver reads and writes.
///
/// # Errors
/// [`Error::Invalid`] if the number says another size, or none; the driver's `errno`.
pub(crate) fn with_bytes(fd: BorrowedFd<'_>, request: Request, bytes: &mut [u8]) -> Result<c_int> {
    if bytes.is_empty() || size_in(request) != bytes.len() {
        return Err(Error::Invalid);
    }
    call(fd, request, bytes.as_mut_ptr() as c_ulong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_numbers_are_those_of_the_kernel_headers() {
        assert_eq!(io(b'W', 0), 0x5700);
        assert_eq!(iowr(b'H', 10, 4), 0xc004_480a);
        assert_eq!(iowr(b'H', 11, 16), 0xc010_480b);
        assert_eq!(ior(b'W', 3, 8), 0x8008_5703);
    }

    #[test]
    #[cfg_attr(miri, ignore = "opens a file")]
    fn a_request_with_an_argument_of_another_size_does_not_reach_the_driver() {
        use std::os::fd::AsFd;
        let file = std::fs::File::open("/dev/null").expect("there");
        let request = iowr(b'H', 11, 16);
        let not_ours = Error::Os(libc::ENOTTY);
        let answer = with_argument(file.as_fd(), request, &mut [0_u32; 4]);
        assert_eq!(answer, Err(not_ours));
        let answer = with_argument(file.as_fd(), request, &mut [0_u32; 3]);
        assert_eq!(answer, Err(Error::Invalid));
        assert_eq!(with_value(file.as_fd(), request, 8), Err(Error::Invalid));
        let answer = with_bytes(file.as_fd(), request, &mut [0; 16]);
        assert_eq!(answer, Err(not_ours));
        let answer = with_bytes(file.as_fd(), request, &mut [0; 15]);
        assert_eq!(answer, Err(Error::Invalid));
        let answer = with_bytes(file.as_fd(), io(b'H', 11), &mut []);
        assert_eq!(answer, Err(Error::Invalid));
        assert_eq!(with_value(file.as_fd(), io(b'H', 11), 8), Err(not_ours));
    }
}
