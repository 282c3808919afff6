//! `syscall`, for programs that make these calls by their numbers.

#![expect(unsafe_code, reason = "functions with the types of C")]

use super::{files, memory};
use crate::next;
use core::ffi::{c_int, c_long};

#[unsafe(no_mangle)]
pub unsafe extern "C" fn syscall(
    number: c_long,
    a: c_long,
    b: c_long,
    c: c_long,
    d: c_long,
    e: c_long,
    f: c_long,
) -> c_long {
    // The arguments of the system calls are those of the functions, and so is the answer here.
    match number {
        // SAFETY: the program's promise.
        libc::SYS_openat => unsafe { files::openat(a as c_int, b as _, c as c_int, d as _).into() },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the program's promise.
        libc::SYS_open => unsafe { files::open(a as _, b as c_int, c as _).into() },
        // SAFETY: the program's promise.
        libc::SYS_ioctl => unsafe { files::ioctl(a as c_int, b as _, c as _).into() },
        // SAFETY: the program's promise.
        libc::SYS_close => unsafe { files::close(a as c_int).into() },
        // SAFETY: the program's promise.
        libc::SYS_mmap => unsafe {
            memory::mmap(a as _, b as usize, c as c_int, d as c_int, e as c_int, f) as c_long
        },
        // SAFETY: the program's promise.
        libc::SYS_munmap => unsafe { memory::munmap(a as _, b as usize).into() },
        // SAFETY: the program's promise.
        _ => unsafe { next::syscall(number, a, b, c, d, e, f) },
    }
}
