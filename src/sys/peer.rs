//! A device's view of a process: reading and writing memory by address, where
//! an address that is not mapped is an answer and not a crash.

#![expect(
    unsafe_code,
    reason = "system calls that take addresses which the caller knows by number only"
)]

use super::lent::Promise;
use super::{fd, maps};
use crate::error::{Error, Result};
use core::ffi::c_void;
use core::ops::Range;
use nix::errno::Errno;
use nix::sys::uio::{pread, pwrite};
use std::os::fd::OwnedFd;
use std::path::Path;

/// Whose memory is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// That of the process that asks.
    Own,
    /// That of the process with this number. The kernel asks for the right to trace it.
    Other(libc::pid_t),
}

impl Process {
    fn id(self) -> libc::pid_t {
        match self {
            // SAFETY: getpid has no precondition.
            Process::Own => unsafe { libc::getpid() },
            Process::Other(id) => id,
        }
    }
}

/// Copies from `address` of this process into `bytes`.
///
/// # Errors
/// As [`read_of`].
pub fn read(address: u64, bytes: &mut [u8]) -> Result<()> {
    read_of(Process::Own, address, bytes)
}

/// Copies from `address` of a process into `bytes`. Any address will do: what is read comes from
/// outside the language, and changes nothing.
///
/// # Errors
/// [`Error::Invalid`] if a byte of the range is not readable, part of `bytes` may be written then;
/// else the `errno` of the system call: `ESRCH` when the process has ended.
pub fn read_of(process: Process, address: u64, bytes: &mut [u8]) -> Result<()> {
    let all = range(address, bytes.len())?;
    let mut done = 0;
    while done < bytes.len() {
        let rest = &mut bytes[done..];
        match vm_read(process, all.start + done, rest) {
            Ok(0) | Err(Errno::EFAULT) => return Err(Error::Invalid),
            Ok(count) => done += count,
            Err(Errno::EINTR) => {}
            Err(Errno::EPERM | Errno::ENOSYS) if process == Process::Own => {
                return file_read(all.start + done..all.end, rest);
            }
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// Copies `bytes` to `address` of this process.
///
/// # Errors
/// As [`write_of`].
pub fn write(promise: Promise, address: u64, bytes: &[u8]) -> Result<()> {
    write_of(promise, Process::Own, address, bytes)
}

/// Copies `bytes` to `address` of a process, which is promised to be memory that somebody has named
/// for output. Nothing here can check that: an address that is mapped may be anything's.
///
/// # Errors
/// [`Error::Invalid`] if a byte of the range is not writable, what lies before it may be written
/// then; else the `errno` of the system call: `ESRCH` when the process has ended.
pub fn write_of(_promise: Promise, process: Process, address: u64, bytes: &[u8]) -> Result<()> {
    let all = range(address, bytes.len())?;
    let mut done = 0;
    while done < bytes.len() {
        let rest = &bytes[done..];
        match vm_write(process, all.start + done, rest) {
            Ok(0) | Err(Errno::EFAULT) => return Err(Error::Invalid),
            Ok(count) => done += count,
            Err(Errno::EINTR) => {}
            Err(Errno::EPERM | Errno::ENOSYS) if process == Process::Own => {
                return file_write(all.start + done..all.end, rest);
            }
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// The addresses meant, if there are such addresses.
fn range(address: u64, len: usize) -> Result<Range<usize>> {
    let start = usize::try_from(address).map_err(|_| Error::Invalid)?;
    Ok(start..start.checked_add(len).ok_or(Error::Invalid)?)
}

fn iovec(base: *mut c_void, len: usize) -> libc::iovec {
    libc::iovec {
        iov_base: base,
        iov_len: len,
    }
}

fn vm_read(process: Process, from: usize, to: &mut [u8]) -> nix::Result<usize> {
    let local = iovec(to.as_mut_ptr().cast(), to.len());
    let remote = iovec(from as *mut c_void, to.len());
    let id = process.id();
    // SAFETY: `local` is an exclusive slice; the kernel checks `remote` page by page.
    let answer =
        unsafe { libc::process_vm_readv(id, &raw const local, 1, &raw const remote, 1, 0) };
    Errno::result(answer).map(isize::unsigned_abs)
}

fn vm_write(process: Process, to: usize, from: &[u8]) -> nix::Result<usize> {
    let local = iovec(from.as_ptr().cast_mut().cast(), from.len());
    let remote = iovec(to as *mut c_void, from.len());
    let id = process.id();
    // SAFETY: `local` is a slice that the kernel only reads; it checks `remote` page by page, and
    // that it may write there was promised to `write_of`.
    let answer =
        unsafe { libc::process_vm_writev(id, &raw const local, 1, &raw const remote, 1, 0) };
    Errno::result(answer).map(isize::unsigned_abs)
}

/// `/proc/self/mem`, the way that is left where a sandbox forbids the calls above. Not kept open: a
/// fork child would inherit a way into its parent's memory.
fn memory_file() -> Result<OwnedFd> {
    fd::open_read_write(Path::new("/proc/self/mem")).map_err(|_| Error::Permission)
}

/// Whether all of `range` is mapped with the access that `allows` asks for. The file would read
/// and write pages that the process itself may not.
fn check(range: &Range<usize>, allows: impl Fn(&maps::Area) -> bool) -> Result<()> {
    let areas = maps::areas(range).ok_or(Error::Permission)?;
    if maps::cover(&areas, range) && areas.iter().all(allows) {
        Ok(())
    } else {
        Err(Error::Invalid)
    }
}

fn file_read(from: Range<usize>, to: &mut [u8]) -> Result<()> {
    check(&from, |area| area.readable)?;
    let memory = memory_file()?;
    let mut done = 0;
    while done < to.len() {
        let offset = libc::off_t::try_from(from.start + done).map_err(|_| Error::Invalid)?;
        match pread(&memory, &mut to[done..], offset) {
            Ok(0) | Err(Errno::EIO) => return Err(Error::Invalid),
            Ok(count) => done += count,
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

fn file_write(to: Range<usize>, from: &[u8]) -> Result<()> {
    check(&to, |area| area.writable)?;
    let memory = memory_file()?;
    let mut done = 0;
    while done < from.len() {
        let offset = libc::off_t::try_from(to.start + done).map_err(|_| Error::Invalid)?;
        match pwrite(&memory, &from[done..], offset) {
            Ok(0) | Err(Errno::EIO) => return Err(Error::Invalid),
            Ok(count) => done += count,
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    /// Buffers of the tests, and addresses at which there is nothing to write.
    const PROMISE: Promise = Promise::in_tests();

    #[test]
    fn a_wild_address_is_an_answer() {
        let mut bytes = [0; 16];
        assert_eq!(read(8, &mut bytes), Err(Error::Invalid));
        assert_eq!(read(u64::MAX - 4, &mut bytes), Err(Error::Invalid));
        assert_eq!(write(PROMISE, 8, &bytes), Err(Error::Invalid));
        assert_eq!(write(PROMISE, u64::MAX - 4, &bytes), Err(Error::Invalid));
    }

    #[test]
    fn bytes_arrive_in_both_directions() {
        let from = vec![7_u8; 100_000];
        let mut to = vec![0_u8; 100_000];
        read(from.as_ptr() as u64, &mut to).expect("mapped");
        assert_eq!(from, to);
        to.fill(9);
        let mut target = vec![0_u8; 100_000];
        write(PROMISE, target.as_mut_ptr() as u64, &to).expect("mapped");
        assert_eq!(target, to);
    }

    #[test]
    fn memory_of_another_process_is_read_and_written_by_its_number() {
        // The number of this process, but the way that another would be reached.
        let me = Process::Other(std::process::id() as libc::pid_t);
        let from = vec![7_u8; 10_000];
        let mut to = vec![0_u8; 10_000];
        read_of(me, from.as_ptr() as u64, &mut to).expect("mapped");
        assert_eq!(from, to);
        let mut target = vec![0_u8; 10_000];
        write_of(PROMISE, me, target.as_mut_ptr() as u64, &to).expect("mapped");
        assert_eq!(target, to);
        assert_eq!(read_of(me, 8, &mut to), Err(Error::Invalid));
        // A number that no process has: the largest is 2^22.
        let nobody = Process::Other(i32::MAX);
        let gone = Err(Error::Os(libc::ESRCH));
        assert_eq!(read_of(nobody, from.as_ptr() as u64, &mut to), gone);
        assert_eq!(
            write_of(PROMISE, nobody, target.as_mut_ptr() as u64, &to),
            gone
        );
    }

    #[test]
    fn the_way_through_the_file_gives_the_same_answers() {
        let from = vec![7_u8; 100_000];
        let mut to = vec![0_u8; 100_000];
        let span = |bytes: &[u8]| bytes.as_ptr() as usize..bytes.as_ptr() as usize + bytes.len();
        file_read(span(&from), &mut to).expect("mapped");
        assert_eq!(from, to);
        to.fill(9);
        let mut target = vec![0_u8; 100_000];
        let there = target.as_mut_ptr() as usize;
        file_write(there..there + target.len(), &to).expect("mapped");
        assert_eq!(target, to);
        assert_eq!(file_read(8..24, &mut [0; 16]), Err(Error::Invalid));
        assert_eq!(file_write(8..24, &[0; 16]), Err(Error::Invalid));
    }

    #[test]
    fn no_descriptor_into_the_memory_is_kept() {
        let kept = || {
            let open = std::fs::read_dir("/proc/self/fd").expect("/proc is mounted");
            let mut names = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
            names.any(|name| name.ends_with("mem"))
        };
        let from = [7_u8; 8];
        let at = from.as_ptr() as usize;
        file_read(at..at + 8, &mut [0; 8]).expect("mapped");
        // Other tests may be in the middle of the same; one that is kept is there for ever.
        let tries = (0..10_000).map(|_| std::thread::yield_now());
        assert!(tries.into_iter().any(|()| !kept()));
    }

    #[test]
    fn a_page_that_may_only_be_read_is_not_written_either_way() {
        static CONSTANT: [u8; 64] = [5; 64];
        let at = CONSTANT.as_ptr() as usize;
        assert_eq!(write(PROMISE, at as u64, &[1; 64]), Err(Error::Invalid));
        assert_eq!(file_write(at..at + 64, &[1; 64]), Err(Error::Invalid));
        assert_eq!(CONSTANT, [5; 64]);
    }
}
