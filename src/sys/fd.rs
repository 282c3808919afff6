//! Opening files so that nothing leaks: close-on-exec always, and never one of
//! the three standard descriptors, which a program may close and reuse.

#![expect(
    unsafe_code,
    reason = "takes ownership of descriptors that system calls return as numbers"
)]

use crate::error::{Error, Result};
use core::sync::atomic::{AtomicI32, Ordering};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::sys::stat::Mode;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::path::Path;

/// The lowest number a queue's descriptor may have. The seed API takes a
/// container of 0 or less as "none", and 1 and 2 belong to the program.
const LOWEST: RawFd = 3;

/// Where [`above_standard`] puts descriptors now.
static FLOOR: AtomicI32 = AtomicI32::new(LOWEST);

/// From now on descriptors of this library have numbers from `floor` on, as far as the process's
/// limit has room there: for a library that hides in somebody else's program.
pub fn keep_above(floor: RawFd) {
    FLOOR.store(floor.max(LOWEST), Ordering::Relaxed);
}

/// Opens `path` read-write and close-on-exec.
///
/// # Errors
/// The `errno` of `open(2)`; `ENXIO` and `ENODEV` both become [`Error::NoDevice`].
pub fn open_read_write(path: &Path) -> Result<OwnedFd> {
    open_with(path, OFlag::O_RDWR)
}

/// Opens `path` read-only and close-on-exec.
///
/// # Errors
/// The `errno` of `open(2)`.
pub fn open_read_only(path: &Path) -> Result<OwnedFd> {
    open_with(path, OFlag::O_RDONLY)
}

fn open_with(path: &Path, flags: OFlag) -> Result<OwnedFd> {
    loop {
        match open(path, flags | OFlag::O_CLOEXEC, Mode::empty()) {
            Ok(fd) => return above_standard(fd),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Moves a descriptor above the standard three if it is one of them, and makes
/// sure that it is close-on-exec (a kernel may hand out one that is not).
///
/// # Errors
/// The `errno` of `fcntl(2)`; the descriptor is closed then.
pub fn above_standard(fd: OwnedFd) -> Result<OwnedFd> {
    let floor = FLOOR.load(Ordering::Relaxed);
    if fd.as_raw_fd() < floor {
        let moved = fcntl(&fd, FcntlArg::F_DUPFD_CLOEXEC(floor));
        // No room up there; down here there is.
        let raw = moved.or_else(|_| fcntl(&fd, FcntlArg::F_DUPFD_CLOEXEC(LOWEST)))?;
        // SAFETY: F_DUPFD_CLOEXEC has just made this descriptor; nothing else knows it.
        return Ok(unsafe { OwnedFd::from_raw_fd(raw) });
    }
    fcntl(&fd, FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC)).map_err(Error::from)?;
    Ok(fd)
}

/// A descriptor of our own, close-on-exec, for the open file that somebody else's `raw` names.
///
/// # Errors
/// The `errno` of `fcntl(2)`: `EBADF` if `raw` is not open.
pub fn duplicate(raw: RawFd) -> Result<OwnedFd> {
    // SAFETY: the call takes integers; a number that is not open is its error.
    let fresh = unsafe { libc::fcntl(raw, libc::F_DUPFD_CLOEXEC, LOWEST) };
    let fresh = Errno::result(fresh)?;
    // SAFETY: F_DUPFD_CLOEXEC has just made this descriptor; nothing else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fresh) })
}

/// Whether two descriptors name one open file, or `None` where the kernel does not tell.
#[must_use]
pub fn same_file(one: BorrowedFd<'_>, two: BorrowedFd<'_>) -> Option<bool> {
    const KCMP_FILE: libc::c_int = 0;
    let me = std::process::id();
    // SAFETY: kcmp compares by numbers and takes no pointer.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_kcmp,
            me,
            me,
            KCMP_FILE,
            one.as_raw_fd(),
            two.as_raw_fd(),
        )
    };
    (answer >= 0).then_some(answer == 0)
}

/// Owns a descriptor that a system call has just returned.
///
/// # Errors
/// [`Error::Io`] for a negative number.
///
/// # Safety
/// `raw` is open and nothing else owns it.
pub unsafe fn adopt(raw: RawFd) -> Result<OwnedFd> {
    if raw < 0 {
        return Err(Error::Io);
    }
    // SAFETY: the caller's promise, handed on.
    above_standard(unsafe { OwnedFd::from_raw_fd(raw) })
}

/// Closes a descriptor that a fork child inherited and whose owner was leaked with the parent's
/// queue, so that nothing closes it a second time. Negative numbers are ignored.
pub(crate) fn close_in_child(raw: RawFd) {
    if raw >= 0 {
        // SAFETY: close takes an integer; the owner will never be dropped in this process.
        unsafe { libc::close(raw) };
    }
}
