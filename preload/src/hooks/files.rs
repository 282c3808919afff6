//! Descriptors: opening, closing and duplicating them, and `ioctl`.

#![expect(unsafe_code, reason = "functions with the types of C")]

use super::{answer, lead};
use crate::file;
use crate::next;
use crate::quiet::Quiet;
use crate::served::{borrowed, made};
use crate::table::{self, Kind};
use core::ffi::{c_char, c_int, c_long, c_ulong, c_void};
use libc::{mode_t, off_t};

type Text = *const c_char;

/// Opens a path by one of the functions for it.
///
/// # Safety
/// Null, or a C string.
#[inline(always)]
unsafe fn open_by(path: Text, flags: c_int, next: impl FnOnce(Text, c_int) -> c_int) -> c_int {
    // SAFETY: the caller's promise.
    let Some(lead) = (unsafe { lead(path) }) else {
        let fd = next(path, flags);
        if fd >= 0 && table::get(fd) != Kind::Other {
            // The descriptor of a device was closed by a way that is not seen from here.
            forget(fd);
        }
        return fd;
    };
    match &lead.node {
        Some(device) if flags & libc::O_PATH == 0 => {
            let quiet = Quiet::new();
            let opened = file::open(lead.served, device, flags);
            drop(quiet);
            answer(opened)
        }
        _ => next(
            lead.path.as_ptr(),
            flags & !(libc::O_CREAT | libc::O_EXCL | libc::O_TRUNC),
        ),
    }
}

/// `fn name(arguments) by the function behind (its arguments, of which path and flags are others)`.
macro_rules! opens {
    ($(fn $name:ident($($argument:ident: $type:ty),*), $next:ident($($given:ident),*);)*) => {$(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $type),*) -> c_int {
            opens!(@by $next($($given),*))
        }
    )*};
    (@by open($path:ident, $flags:ident, $mode:ident)) => {{
        // SAFETY: the program's promise, as it calls the C function.
        let next = |path, flags| unsafe { next::open(path, flags, $mode) };
        // SAFETY: as above.
        unsafe { open_by($path, $flags, next) }
    }};
    (@by openat($dir:ident, $path:ident, $flags:ident, $mode:ident)) => {{
        // SAFETY: the program's promise, as it calls the C function.
        let next = |path, flags| unsafe { next::openat($dir, path, flags, $mode) };
        // SAFETY: as above.
        unsafe { open_by($path, $flags, next) }
    }};
}

opens! {
    fn open(path: Text, flags: c_int, mode: mode_t), open(path, flags, mode);
    fn open64(path: Text, flags: c_int, mode: mode_t), open(path, flags, mode);
    fn openat(dir: c_int, path: Text, flags: c_int, mode: mode_t), openat(dir, path, flags, mode);
    fn openat64(dir: c_int, path: Text, flags: c_int, mode: mode_t), openat(dir, path, flags, mode);
}

/// What compilers call where they have seen that no mode is given.
macro_rules! opens_without_mode {
    ($(fn $name:ident = $open:ident($($argument:ident: $type:ty),*);)*) => {$(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $type),*) -> c_int {
            // SAFETY: the program's promise, as it calls the C function.
            unsafe { $open($($argument),*, 0) }
        }
    )*};
}

opens_without_mode! {
    fn __open_2 = open(path: Text, flags: c_int);
    fn __open64_2 = open(path: Text, flags: c_int);
    fn __openat_2 = openat(dir: c_int, path: Text, flags: c_int);
    fn __openat64_2 = openat(dir: c_int, path: Text, flags: c_int);
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn creat(path: Text, mode: mode_t) -> c_int {
    // SAFETY: the program's promise.
    unsafe { open(path, libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC, mode) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn creat64(path: Text, mode: mode_t) -> c_int {
    // SAFETY: the program's promise.
    unsafe { creat(path, mode) }
}

/// The descriptor is now another file's, or none's.
fn forget(fd: c_int) {
    if borrowed() {
        return;
    }
    let _quiet = Quiet::new();
    if let Some(Kind::Device { file, .. }) = table::set(fd, Kind::Other)
        && let Some(served) = made()
    {
        served.closed(file);
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn close(fd: c_int) -> c_int {
    match table::get(fd) {
        Kind::Other => {}
        // The program closes all there may be; to it there is none here.
        Kind::Ours if !borrowed() => return answer(Err(libc::EBADF)),
        Kind::Ours => {}
        Kind::Device { file, .. } => return close_device(fd, file),
    }
    // SAFETY: the program's promise.
    unsafe { next::close(fd) }
}

#[cold]
fn close_device(fd: c_int, file: u32) -> c_int {
    let mine = !borrowed();
    if mine {
        // Before it is closed: the number may be somebody else's at once.
        table::set(fd, Kind::Other);
    }
    // SAFETY: the program has asked for it.
    let result = unsafe { next::close(fd) };
    if mine && let Some(served) = made() {
        let _quiet = Quiet::new();
        served.closed(file);
    }
    result
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn lseek(fd: c_int, offset: off_t, from: c_int) -> off_t {
    if matches!(table::get(fd), Kind::Device { .. }) {
        return answer(Err(libc::ESPIPE)).into();
    }
    // SAFETY: takes integers.
    unsafe { next::lseek(fd, offset, from) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn lseek64(fd: c_int, offset: off_t, from: c_int) -> off_t {
    // SAFETY: takes integers.
    unsafe { lseek(fd, offset, from) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn close_range(first: u32, last: u32, flags: c_int) -> c_int {
    const MARK_ONLY: c_int = libc::CLOSE_RANGE_CLOEXEC as c_int;
    if first <= last && flags & MARK_ONLY == 0 && !borrowed() {
        close_between(first, last, flags)
    } else {
        // SAFETY: takes integers.
        unsafe { next::close_range(first, last, flags) }
    }
}

/// Closes all but our own.
fn close_between(mut first: u32, last: u32, flags: c_int) -> c_int {
    let mut result = 0;
    for (fd, kind) in table::known(first.min(c_int::MAX as u32) as c_int) {
        let number = fd as u32;
        if number > last {
            break;
        }
        match kind {
            Kind::Ours => {
                if first < number {
                    // SAFETY: takes integers.
                    result |= unsafe { next::close_range(first, number - 1, flags) };
                }
                first = number + 1;
            }
            Kind::Device { file, .. } => {
                close_device(fd, file);
            }
            Kind::Other => {}
        }
    }
    if first <= last {
        // SAFETY: takes integers.
        result |= unsafe { next::close_range(first, last, flags) };
    }
    result
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn closefrom(first: c_int) {
    close_between(first.max(0) as u32, u32::MAX, 0);
}

/// `to` is now another descriptor of the file of `from`.
fn duplicated(from: c_int, to: c_int) {
    let kind = table::get(from);
    if kind == Kind::Other && table::get(to) == Kind::Other || borrowed() {
        return;
    }
    let _quiet = Quiet::new();
    let kind = match kind {
        Kind::Device { file, .. } => {
            if let Some(file) = made().and_then(|served| served.file(file)) {
                file.duplicated();
            }
            kind
        }
        // A copy of our own would be the program's.
        Kind::Ours | Kind::Other => Kind::Other,
    };
    if let Some(Kind::Device { file, .. }) = table::set(to, kind)
        && let Some(served) = made()
    {
        served.closed(file);
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn dup(fd: c_int) -> c_int {
    // SAFETY: takes an integer.
    let fresh = unsafe { next::dup(fd) };
    if fresh >= 0 {
        duplicated(fd, fresh);
    }
    fresh
}

/// Duplicates to a number that the program has chosen.
fn dup_to(from: c_int, to: c_int, next: impl FnOnce() -> c_int) -> c_int {
    if table::get(to) == Kind::Ours && !borrowed() {
        return answer(Err(libc::EBUSY));
    }
    let result = next();
    if result >= 0 && from != to {
        duplicated(from, to);
    }
    result
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn dup2(from: c_int, to: c_int) -> c_int {
    // SAFETY: takes integers.
    dup_to(from, to, || unsafe { next::dup2(from, to) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn dup3(from: c_int, to: c_int, flags: c_int) -> c_int {
    // SAFETY: takes integers.
    dup_to(from, to, || unsafe { next::dup3(from, to, flags) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fcntl(fd: c_int, command: c_int, argument: c_long) -> c_int {
    // SAFETY: the program's promise.
    let result = unsafe { next::fcntl(fd, command, argument) };
    if result >= 0 && matches!(command, libc::F_DUPFD | libc::F_DUPFD_CLOEXEC) {
        duplicated(fd, result);
    }
    result
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fcntl64(fd: c_int, command: c_int, argument: c_long) -> c_int {
    // SAFETY: the program's promise.
    unsafe { fcntl(fd, command, argument) }
}

/// A control call on a device.
fn control(file: u32, request: u32, argument: u64) -> Result<c_int, c_int> {
    let quiet = Quiet::new();
    let found = made().and_then(|served| Some((served, served.file(file)?)));
    // The parent of this process has opened it, and the queue works there.
    let (served, file) = found.ok_or(libc::ESHUTDOWN)?;
    if !file.node().is_wait(request) {
        return file.node().ioctl(served, request, argument);
    }
    drop(quiet);
    // Tick by tick, so that signals come through. 0 waits for ever, and answers 0.
    let mut left = argument;
    loop {
        let quiet = Quiet::new();
        let woken = file.node().wait()?;
        drop(quiet);
        if woken {
            return Ok(left.min(c_int::MAX as u64) as c_int);
        }
        if argument != 0 {
            left -= 1;
            if left == 0 {
                return Ok(0);
            }
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn ioctl(fd: c_int, request: c_ulong, argument: *mut c_void) -> c_int {
    // These are the file system's, whatever the file is.
    const GENERAL: [c_ulong; 4] = [libc::FIOCLEX, libc::FIONCLEX, libc::FIONBIO, libc::FIOASYNC];
    match table::get(fd) {
        Kind::Device { file, .. } if !GENERAL.contains(&request) && !borrowed() => {
            answer(control(file, request as u32, argument as u64))
        }
        // SAFETY: the program's promise.
        _ => unsafe { next::ioctl(fd, request, argument) },
    }
}
