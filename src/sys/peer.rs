//! A device's view of the process: reading and writing memory by address, where
//! an address that is not mapped is an answer and not a crash.

#![expect(
    unsafe_code,
    reason = "writes memory that the caller named by address only"
)]

use crate::error::{Error, Result};
use core::ffi::c_void;
use nix::errno::Errno;

/// Which way [`transfer`] copies.
#[derive(Clone, Copy)]
enum Way {
    FromAddress,
    ToAddress,
}

fn transfer(way: Way, address: u64, local: *mut c_void, len: usize) -> Result<()> {
    let mut done = 0;
    while done < len {
        let remote = usize::try_from(address)
            .ok()
            .and_then(|a| a.checked_add(done))
            .ok_or(Error::Invalid)?;
        let here = libc::iovec {
            iov_base: local.wrapping_byte_add(done),
            iov_len: len - done,
        };
        let there = libc::iovec {
            iov_base: remote as *mut c_void,
            iov_len: len - done,
        };
        // SAFETY: getpid has no precondition.
        let me = unsafe { libc::getpid() };
        // SAFETY: `here` is the callers' own buffer with `len - done` bytes left. The kernel checks
        // `there` page by page; for a program that gave a device this address, the device writing
        // there is what it asked for.
        let answer = unsafe {
            match way {
                Way::FromAddress => {
                    libc::process_vm_readv(me, &raw const here, 1, &raw const there, 1, 0)
                }
                Way::ToAddress => {
                    libc::process_vm_writev(me, &raw const here, 1, &raw const there, 1, 0)
                }
            }
        };
        match Errno::result(answer) {
            Ok(0) => return Err(Error::Invalid),
            Ok(n) => done += n.unsigned_abs(),
            Err(Errno::EINTR) => {}
            Err(Errno::EFAULT) => return Err(Error::Invalid),
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// Copies from `address` of this process into `bytes`.
///
/// # Errors
/// [`Error::Invalid`] if a byte of the range is not readable, part of `bytes` may be written then;
/// else the `errno` of `process_vm_readv(2)`, which a sandbox may forbid.
pub fn read(address: u64, bytes: &mut [u8]) -> Result<()> {
    transfer(
        Way::FromAddress,
        address,
        bytes.as_mut_ptr().cast(),
        bytes.len(),
    )
}

/// Copies `bytes` to `address` of this process.
///
/// # Errors
/// [`Error::Invalid`] if a byte of the range is not writable, what lies before it may be written
/// then; else the `errno` of `process_vm_writev(2)`, which a sandbox may forbid.
///
/// # Safety
/// The program has given the range to a device to write, and no Rust reference covers it.
pub unsafe fn write(address: u64, bytes: &[u8]) -> Result<()> {
    transfer(
        Way::ToAddress,
        address,
        bytes.as_ptr().cast_mut().cast(),
        bytes.len(),
    )
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn a_wild_address_is_an_answer() {
        let mut bytes = [0; 16];
        assert_eq!(read(8, &mut bytes), Err(Error::Invalid));
        assert_eq!(read(u64::MAX - 4, &mut bytes), Err(Error::Invalid));
        // SAFETY: nothing is mapped at address 8.
        assert_eq!(unsafe { write(8, &bytes) }, Err(Error::Invalid));
    }

    #[test]
    fn bytes_arrive_in_both_directions() {
        let from = vec![7_u8; 100_000];
        let mut to = vec![0_u8; 100_000];
        read(from.as_ptr() as u64, &mut to).expect("mapped");
        assert_eq!(from, to);
        to.fill(9);
        let mut target = vec![0_u8; 100_000];
        let address = target.as_mut_ptr() as u64;
        // SAFETY: `target` is not referenced during the call.
        unsafe { write(address, &to) }.expect("mapped");
        assert_eq!(target, to);
    }
}
