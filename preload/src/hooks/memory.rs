//! Mappings.

#![expect(unsafe_code, reason = "functions with the types of C")]

use crate::file::Wish;
use crate::next;
use crate::quiet::Quiet;
use crate::regions::{What, may_have};
use crate::served::{borrowed, made};
use crate::table::{self, Kind};
use crate::trap;
use core::ffi::{c_int, c_void};
use core::ops::Range;
use libc::{MAP_FAILED, off_t, size_t};

fn range(at: *mut c_void, len: size_t) -> Range<usize> {
    let page = warpdrive::sys::pages::size();
    let start = at as usize;
    start..start.saturating_add(len).saturating_add(page - 1) & !(page - 1)
}

fn failed(errno: c_int) -> *mut c_void {
    next::set_errno(errno);
    MAP_FAILED
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mmap(
    at: *mut c_void,
    len: size_t,
    access: c_int,
    flags: c_int,
    fd: c_int,
    offset: off_t,
) -> *mut c_void {
    if fd >= 0
        && flags & libc::MAP_ANONYMOUS == 0
        && let Kind::Device { file, read_only } = table::get(fd)
    {
        let wish = Wish {
            at,
            len,
            access,
            flags,
            offset,
        };
        // SAFETY: the program's promise.
        return unsafe { map_device(file, read_only, wish) };
    }
    if flags & libc::MAP_FIXED != 0 && may_have(at as usize, len) && !borrowed() {
        let mut mapped = MAP_FAILED;
        let take = || {
            // SAFETY: the program's promise.
            mapped = unsafe { next::mmap(at, len, access, flags, fd, offset) };
            mapped != MAP_FAILED
        };
        let _ = without_regions(&range(at, len), take);
        return mapped;
    }
    // SAFETY: the program's promise.
    unsafe { next::mmap(at, len, access, flags, fd, offset) }
}

/// # Safety
/// As `mmap(2)`.
#[cold]
unsafe fn map_device(file: u32, read_only: bool, wish: Wish) -> *mut c_void {
    let quiet = Quiet::new();
    // A child does not have its parent's queues.
    let served = made().and_then(|served| Some((served, served.file(file)?)));
    let mapped = match served {
        Some((served, file)) => {
            trap::set();
            // SAFETY: the caller's promise.
            unsafe { file.map(served, read_only, wish) }
        }
        None => Err(libc::ESHUTDOWN),
    };
    drop(quiet);
    mapped.unwrap_or_else(failed)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mmap64(
    at: *mut c_void,
    len: size_t,
    access: c_int,
    flags: c_int,
    fd: c_int,
    offset: off_t,
) -> *mut c_void {
    // SAFETY: the program's promise.
    unsafe { mmap(at, len, access, flags, fd, offset) }
}

/// Does what takes a range out of the address space, with what is mapped of devices there.
#[cold]
fn without_regions(range: &Range<usize>, take: impl FnOnce() -> bool) -> Result<(), c_int> {
    let Some(served) = made() else {
        return if take() { Ok(()) } else { Err(next::errno()) };
    };
    let quiet = Quiet::new();
    let gone = served.regions.take(range, take);
    let result = gone.map(|gone| served.unmapped(gone));
    drop(quiet);
    if let Err(errno) = result {
        next::set_errno(errno);
    }
    result
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn munmap(at: *mut c_void, len: size_t) -> c_int {
    // SAFETY: the program's promise.
    let unmap = || unsafe { next::munmap(at, len) };
    if !may_have(at as usize, len) || borrowed() {
        return unmap();
    }
    without_regions(&range(at, len), || unmap() == 0).map_or(-1, |()| 0)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mremap(
    at: *mut c_void,
    had: size_t,
    len: size_t,
    flags: c_int,
    to: *mut c_void,
) -> *mut c_void {
    if may_have(at as usize, had)
        && let Some(served) = made()
        && served.regions.has(&range(at, had), None)
    {
        return failed(libc::EPERM);
    }
    // SAFETY: the program's promise.
    unsafe { next::mremap(at, had, len, flags, to) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn mprotect(at: *mut c_void, len: size_t, access: c_int) -> c_int {
    let doorbells = access & libc::PROT_WRITE != 0
        && may_have(at as usize, len)
        && made().is_some_and(|served| served.regions.has(&range(at, len), Some(What::Mmio)));
    let access = if doorbells {
        // Writable they would be no doorbells.
        access & !libc::PROT_WRITE | libc::PROT_READ
    } else {
        access
    };
    // SAFETY: the program's promise.
    unsafe { next::mprotect(at, len, access) }
}
