//! Functions that take a path and no more: they get the path of the file that stands for it.

#![expect(unsafe_code, reason = "functions with the types of C")]

use super::lead;
use crate::next;
use crate::place;
use crate::served::made;
use crate::table::{self, Kind};
use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr;
use libc::{DIR, FILE, S_IFCHR, S_IFMT, size_t, ssize_t, stat as Stat, statx as Statx};

type Text = *const c_char;

/// `fn name(arguments) -> result, the function behind it (the argument that is a path)`.
macro_rules! redirect {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty, $next:ident($path:ident);)*) => {$(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $type),*) -> $result {
            // SAFETY: the program's promise, as it calls the C function.
            let lead = unsafe { lead($path) };
            let $path = lead.as_ref().map_or($path, |lead| lead.path.as_ptr());
            // SAFETY: as above; the other path lives until the call returns.
            unsafe { next::$next($($argument),*) }
        }
    )*};
}

redirect! {
    fn fopen(path: Text, mode: Text) -> *mut FILE, fopen(path);
    fn fopen64(path: Text, mode: Text) -> *mut FILE, fopen(path);
    fn freopen(path: Text, mode: Text, stream: *mut FILE) -> *mut FILE, freopen(path);
    fn freopen64(path: Text, mode: Text, stream: *mut FILE) -> *mut FILE, freopen(path);
    fn opendir(path: Text) -> *mut DIR, opendir(path);
    fn scandir(path: Text, into: *mut *mut *mut libc::dirent, filter: *mut c_void, order: *mut c_void) -> c_int, scandir(path);
    fn scandir64(path: Text, into: *mut *mut *mut libc::dirent, filter: *mut c_void, order: *mut c_void) -> c_int, scandir(path);
    fn access(path: Text, mode: c_int) -> c_int, access(path);
    fn eaccess(path: Text, mode: c_int) -> c_int, eaccess(path);
    fn euidaccess(path: Text, mode: c_int) -> c_int, eaccess(path);
    fn getxattr(path: Text, name: Text, into: *mut c_void, size: size_t) -> ssize_t, getxattr(path);
    fn lgetxattr(path: Text, name: Text, into: *mut c_void, size: size_t) -> ssize_t, lgetxattr(path);
    fn listxattr(path: Text, into: *mut c_char, size: size_t) -> ssize_t, listxattr(path);
    fn llistxattr(path: Text, into: *mut c_char, size: size_t) -> ssize_t, llistxattr(path);
    fn faccessat(dir: c_int, path: Text, mode: c_int, flags: c_int) -> c_int, faccessat(path);
}

/// What `stat` says of a node: a character device, where a file stands for it.
fn as_node(about: &mut Stat, (major, minor): (u32, u32)) {
    about.st_mode = about.st_mode & !S_IFMT | S_IFCHR;
    about.st_rdev = libc::makedev(major, minor);
    about.st_size = 0;
}

/// `stat` of a path by one of its names.
///
/// # Safety
/// As `stat(2)`.
unsafe fn about(path: Text, into: *mut Stat, next: impl FnOnce(Text) -> c_int) -> c_int {
    // SAFETY: the caller's promise.
    let Some(lead) = (unsafe { lead(path) }) else {
        return next(path);
    };
    let result = next(lead.path.as_ptr());
    if let (0, Some(node)) = (result, &lead.node) {
        // SAFETY: the caller's promise; it was filled just now.
        as_node(unsafe { &mut *into }, place::numbers(node));
    }
    result
}

/// `fn name(arguments before the path; behind it)`, with the function behind.
macro_rules! stats {
    ($(fn $name:ident($($before:ident: $type:ty),*; $($behind:ident: $later:ty),*), $next:ident($($argument:ident),*);)*) => {$(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($before: $type,)* path: Text, into: *mut Stat, $($behind: $later),*) -> c_int {
            // The first argument of the older functions is the version of the structure. There is one.
            $(let _ = $before;)*
            stats!(@call path into $next($($argument),*))
        }
    )*};
    (@call $path:ident $into:ident stat()) => { stats!(@about $path $into |path| next::stat(path, $into)) };
    (@call $path:ident $into:ident lstat()) => { stats!(@about $path $into |path| next::lstat(path, $into)) };
    (@call $path:ident $into:ident fstatat($dir:ident, $flags:ident)) => {
        stats!(@about $path $into |path| next::fstatat($dir, path, $into, $flags))
    };
    (@about $path:ident $into:ident |$inner:ident| $call:expr) => {{
        // SAFETY: the program's promise, as it calls the C function.
        let next = |$inner: Text| unsafe { $call };
        // SAFETY: as above.
        unsafe { about($path, $into, next) }
    }};
}

stats! {
    fn stat(;), stat();
    fn stat64(;), stat();
    fn __xstat(version: c_int;), stat();
    fn __xstat64(version: c_int;), stat();
    fn lstat(;), lstat();
    fn lstat64(;), lstat();
    fn __lxstat(version: c_int;), lstat();
    fn __lxstat64(version: c_int;), lstat();
    fn fstatat(dir: c_int; flags: c_int), fstatat(dir, flags);
    fn fstatat64(dir: c_int; flags: c_int), fstatat(dir, flags);
    fn __fxstatat(version: c_int, dir: c_int; flags: c_int), fstatat(dir, flags);
    fn __fxstatat64(version: c_int, dir: c_int; flags: c_int), fstatat(dir, flags);
}

/// # Safety
/// As `fstat(2)`.
#[inline]
unsafe fn about_open(fd: c_int, into: *mut Stat) -> c_int {
    // SAFETY: the caller's promise.
    let result = unsafe { next::fstat(fd, into) };
    if result == 0
        && let Kind::Device { file, .. } = table::get(fd)
    {
        let file = made().and_then(|served| served.file(file));
        // Of a file of the parent nothing more is known.
        let numbers = file.map_or(Some((place::MAJOR, 0)), |file| file.node().numbers());
        if let Some(numbers) = numbers {
            // SAFETY: the caller's promise; it was filled just now.
            as_node(unsafe { &mut *into }, numbers);
        }
    }
    result
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fstat(fd: c_int, into: *mut Stat) -> c_int {
    // SAFETY: the program's promise.
    unsafe { about_open(fd, into) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fstat64(fd: c_int, into: *mut Stat) -> c_int {
    // SAFETY: the program's promise.
    unsafe { about_open(fd, into) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn __fxstat(_version: c_int, fd: c_int, into: *mut Stat) -> c_int {
    // SAFETY: the program's promise.
    unsafe { about_open(fd, into) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn __fxstat64(_version: c_int, fd: c_int, into: *mut Stat) -> c_int {
    // SAFETY: the program's promise.
    unsafe { about_open(fd, into) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn statx(
    dir: c_int,
    path: Text,
    flags: c_int,
    mask: u32,
    into: *mut Statx,
) -> c_int {
    // SAFETY: the program's promise.
    let lead = unsafe { lead(path) };
    let path = lead.as_ref().map_or(path, |lead| lead.path.as_ptr());
    // SAFETY: as above.
    let result = unsafe { next::statx(dir, path, flags, mask, into) };
    if let (0, Some(node)) = (result, lead.and_then(|lead| lead.node)) {
        // SAFETY: the program's promise; it was filled just now.
        let about = unsafe { &mut *into };
        let (major, minor) = place::numbers(&node);
        about.stx_mode = about.stx_mode & !(S_IFMT as u16) | S_IFCHR as u16;
        (about.stx_rdev_major, about.stx_rdev_minor) = (major, minor);
        about.stx_size = 0;
    }
    result
}

/// The path that the program knows, for one that leads into the tree; it is shorter.
fn official(path: &[u8]) -> Option<Vec<u8>> {
    let inside = made()?.tree.inside(path)?;
    Some(place::outside(inside))
}

/// Puts the path that the program knows into the place of what `readlink` has written.
///
/// # Safety
/// `result` bytes at `into` are written, if it is positive.
unsafe fn put_official(into: *mut c_char, size: size_t, result: ssize_t) -> ssize_t {
    let Some(len) = usize::try_from(result).ok().filter(|len| *len < size) else {
        return result;
    };
    // SAFETY: the caller's promise.
    let text = unsafe { core::slice::from_raw_parts(into.cast::<u8>(), len) };
    let Some(official) = official(text) else {
        return result;
    };
    // SAFETY: it is not longer than what was there.
    unsafe { ptr::copy_nonoverlapping(official.as_ptr().cast(), into, official.len()) };
    official.len() as ssize_t
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn readlink(path: Text, into: *mut c_char, size: size_t) -> ssize_t {
    // SAFETY: the program's promise.
    let lead = unsafe { lead(path) };
    let path = lead.as_ref().map_or(path, |lead| lead.path.as_ptr());
    // SAFETY: as above.
    let result = unsafe { next::readlink(path, into, size) };
    // SAFETY: so many bytes were written.
    unsafe { put_official(into, size, result) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn readlinkat(
    dir: c_int,
    path: Text,
    into: *mut c_char,
    size: size_t,
) -> ssize_t {
    // SAFETY: the program's promise.
    let lead = unsafe { lead(path) };
    let path = lead.as_ref().map_or(path, |lead| lead.path.as_ptr());
    // SAFETY: as above.
    let result = unsafe { next::readlinkat(dir, path, into, size) };
    // SAFETY: so many bytes were written.
    unsafe { put_official(into, size, result) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn __readlink_chk(
    path: Text,
    into: *mut c_char,
    size: size_t,
    room: size_t,
) -> ssize_t {
    // SAFETY: the program's promise. What is checked is that `size` is within the room.
    unsafe { readlink(path, into, size.min(room)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn __readlinkat_chk(
    dir: c_int,
    path: Text,
    into: *mut c_char,
    size: size_t,
    room: size_t,
) -> ssize_t {
    // SAFETY: as above.
    unsafe { readlinkat(dir, path, into, size.min(room)) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn realpath(path: Text, into: *mut c_char) -> *mut c_char {
    // SAFETY: the program's promise.
    let lead = unsafe { lead(path) };
    let path = lead.as_ref().map_or(path, |lead| lead.path.as_ptr());
    // SAFETY: as above.
    let found = unsafe { next::realpath(path, into) };
    if !found.is_null() {
        // SAFETY: the C library has made a string of it.
        let text = unsafe { CStr::from_ptr(found) };
        if let Some(mut official) = official(text.to_bytes()) {
            official.push(0);
            // SAFETY: it is not longer than what was there.
            unsafe { ptr::copy_nonoverlapping(official.as_ptr().cast(), found, official.len()) };
        }
    }
    found
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn __realpath_chk(
    path: Text,
    into: *mut c_char,
    _room: size_t,
) -> *mut c_char {
    // SAFETY: the program's promise. Compilers ask for the check where the room is PATH_MAX at least.
    unsafe { realpath(path, into) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn canonicalize_file_name(path: Text) -> *mut c_char {
    // SAFETY: the program's promise.
    unsafe { realpath(path, ptr::null_mut()) }
}
