//! The functions behind the hooks: those that the program would have called without this library.
//! Each is looked up when it is first needed, which may be before any constructor has run.

#![expect(unsafe_code, reason = "dlsym, and calls of what it finds")]

use core::ffi::{CStr, c_char, c_int, c_long, c_void};
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};
use libc::{DIR, FILE, mode_t, off_t, sigset_t, size_t, ssize_t, stat as Stat, statx as Statx};

/// A function by its name.
struct Next {
    name: &'static CStr,
    found: AtomicPtr<c_void>,
}

impl Next {
    const fn new(name: &'static CStr) -> Next {
        Next {
            name,
            found: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Its address; null, with the `errno` ENOSYS, where no later library has it.
    #[inline(always)]
    fn get(&self) -> *mut c_void {
        // Relaxed: the address of code, which is there for longer than we are.
        let found = self.found.load(Ordering::Relaxed);
        if found.is_null() { self.find() } else { found }
    }

    #[cold]
    fn find(&self) -> *mut c_void {
        // SAFETY: the name is NUL-terminated; RTLD_NEXT looks behind the library of the caller.
        let found = unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr()) };
        self.found.store(found, Ordering::Relaxed);
        if found.is_null() {
            set_errno(libc::ENOSYS);
        }
        found
    }
}

/// Sets the `errno` of this thread.
pub fn set_errno(number: c_int) {
    // SAFETY: the C library gives a pointer to an integer of this thread.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    unsafe { errno.write(number) };
}

/// The `errno` of this thread.
pub fn errno() -> c_int {
    // SAFETY: the C library gives a pointer to an integer of this thread.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    unsafe { errno.read() }
}

/// The names with a 64 in them are not here: where pointers have 64 bits they are the same functions.
///
/// `fn name(arguments) -> result, or what it is where there is no such function;`. With `as (types)`
/// behind the arguments the C function has these and a variable rest.
macro_rules! next {
    ($(fn $name:ident($($argument:ident: $type:ty),*) $(as ($($shown:tt)*))? -> $result:ty, $absent:expr;)*) => {$(
        #[doc = concat!("`", stringify!($name), "` of the C library.")]
        ///
        /// # Safety
        /// As in C.
        #[inline]
        pub unsafe fn $name($($argument: $type),*) -> $result {
            static NEXT: Next = Next::new({
                // SAFETY: `concat!` has put the only NUL at the end; names have none.
                unsafe { CStr::from_bytes_with_nul_unchecked(concat!(stringify!($name), "\0").as_bytes()) }
            });
            let found = NEXT.get();
            if found.is_null() {
                return $absent;
            }
            // SAFETY: the C library's function of this name has this type.
            let function = unsafe {
                core::mem::transmute::<*mut c_void, next!(@pick [$($($shown)*)?] ($($type),*) -> $result)>(found)
            };
            // SAFETY: the caller's promise.
            unsafe { function($($argument),*) }
        }
    )*};
    (@pick [] ($($type:ty),*) -> $result:ty) => { unsafe extern "C" fn($($type),*) -> $result };
    (@pick [$($shown:tt)+] ($($type:ty),*) -> $result:ty) => { unsafe extern "C" fn($($shown)+) -> $result };
}

type Text = *const c_char;

next! {
    fn open(path: Text, flags: c_int, mode: mode_t) as (Text, c_int, ...) -> c_int, -1;
    fn openat(dir: c_int, path: Text, flags: c_int, mode: mode_t) as (c_int, Text, c_int, ...) -> c_int, -1;
    fn fopen(path: Text, mode: Text) -> *mut FILE, ptr::null_mut();
    fn freopen(path: Text, mode: Text, stream: *mut FILE) -> *mut FILE, ptr::null_mut();
    fn opendir(path: Text) -> *mut DIR, ptr::null_mut();
    fn scandir(path: Text, into: *mut *mut *mut libc::dirent, filter: *mut c_void, order: *mut c_void) -> c_int, -1;
    fn access(path: Text, mode: c_int) -> c_int, -1;
    fn eaccess(path: Text, mode: c_int) -> c_int, -1;
    fn getxattr(path: Text, name: Text, into: *mut c_void, size: size_t) -> ssize_t, -1;
    fn lgetxattr(path: Text, name: Text, into: *mut c_void, size: size_t) -> ssize_t, -1;
    fn listxattr(path: Text, into: *mut c_char, size: size_t) -> ssize_t, -1;
    fn llistxattr(path: Text, into: *mut c_char, size: size_t) -> ssize_t, -1;
    fn faccessat(dir: c_int, path: Text, mode: c_int, flags: c_int) -> c_int, -1;
    fn stat(path: Text, into: *mut Stat) -> c_int, -1;
    fn lstat(path: Text, into: *mut Stat) -> c_int, -1;
    fn fstat(fd: c_int, into: *mut Stat) -> c_int, -1;
    fn fstatat(dir: c_int, path: Text, into: *mut Stat, flags: c_int) -> c_int, -1;
    fn statx(dir: c_int, path: Text, flags: c_int, mask: u32, into: *mut Statx) -> c_int, -1;
    fn readlink(path: Text, into: *mut c_char, size: size_t) -> ssize_t, -1;
    fn readlinkat(dir: c_int, path: Text, into: *mut c_char, size: size_t) -> ssize_t, -1;
    fn realpath(path: Text, into: *mut c_char) -> *mut c_char, ptr::null_mut();
    fn close(fd: c_int) -> c_int, -1;
    fn close_range(first: u32, last: u32, flags: c_int) -> c_int, -1;
    fn lseek(fd: c_int, offset: off_t, from: c_int) -> off_t, -1;
    fn dup(fd: c_int) -> c_int, -1;
    fn dup2(from: c_int, to: c_int) -> c_int, -1;
    fn dup3(from: c_int, to: c_int, flags: c_int) -> c_int, -1;
    fn fcntl(fd: c_int, command: c_int, argument: c_long) as (c_int, c_int, ...) -> c_int, -1;
    fn ioctl(fd: c_int, request: libc::c_ulong, argument: *mut c_void) as (c_int, libc::c_ulong, ...) -> c_int, -1;
    fn mmap(at: *mut c_void, len: size_t, access: c_int, flags: c_int, fd: c_int, offset: off_t) -> *mut c_void, libc::MAP_FAILED;
    fn munmap(at: *mut c_void, len: size_t) -> c_int, -1;
    fn mprotect(at: *mut c_void, len: size_t, access: c_int) -> c_int, -1;
    fn mremap(at: *mut c_void, had: size_t, len: size_t, flags: c_int, to: *mut c_void) as (*mut c_void, size_t, size_t, c_int, ...) -> *mut c_void, libc::MAP_FAILED;
    fn sigaction(signal: c_int, new: *const libc::sigaction, old: *mut libc::sigaction) -> c_int, -1;
    fn signal(signal: c_int, handler: libc::sighandler_t) -> libc::sighandler_t, libc::SIG_ERR;
    fn sigprocmask(how: c_int, new: *const sigset_t, old: *mut sigset_t) -> c_int, -1;
    fn pthread_sigmask(how: c_int, new: *const sigset_t, old: *mut sigset_t) -> c_int, libc::ENOSYS;
    fn syscall(number: c_long, a: c_long, b: c_long, c: c_long, d: c_long, e: c_long, f: c_long) as (c_long, ...) -> c_long, -1;
}
