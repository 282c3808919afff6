//! Pages of ordinary memory: their size, pinning them, keeping them from fork
//! children, and allocating some that a device may use.

#![expect(unsafe_code, reason = "sysconf, madvise, mlock, munlock and mincore")]

use crate::error::{Error, Result};
use core::ops::Range;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};
use memmap2::{MmapMut, MmapOptions};
use nix::errno::Errno;

/// The size of a page in bytes: 4, 16 or 64 KiB.
#[must_use]
pub fn size() -> usize {
    static SIZE: AtomicUsize = AtomicUsize::new(0);
    match SIZE.load(Ordering::Relaxed) {
        0 => {
            // SAFETY: sysconf takes an integer.
            let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
            let size = usize::try_from(size).unwrap_or(4096);
            SIZE.store(size, Ordering::Relaxed);
            size
        }
        size => size,
    }
}

/// Keeps the mapping of `len` bytes at `base` out of fork children. Failure is not an error:
/// the kernel marks queue mappings itself, and the child's handles are dead in any case.
pub(super) fn keep_from_children(base: NonNull<u8>, len: usize) {
    if !cfg!(miri) {
        // SAFETY: MADV_DONTFORK changes nothing in this process.
        unsafe { libc::madvise(base.as_ptr().cast(), len, libc::MADV_DONTFORK) };
    }
}

/// Pins whole pages in memory. `start` and `len` are multiples of the page size.
///
/// # Errors
/// [`Error::NoMemory`] when `RLIMIT_MEMLOCK` forbids it or a page is not mapped,
/// [`Error::Permission`] when the limit is 0.
pub fn lock(start: usize, len: usize) -> Result<()> {
    // SAFETY: mlock reads page tables only; an address that is not mapped is its error.
    let answer = unsafe { libc::mlock(start as *const _, len) };
    match Errno::result(answer) {
        Ok(_) => Ok(()),
        Err(Errno::EAGAIN) => Err(Error::NoMemory),
        Err(errno) => Err(errno.into()),
    }
}

/// Undoes [`lock`]; pages that are not locked or not mapped are left as they are.
pub fn unlock(start: usize, len: usize) {
    // SAFETY: munlock changes no memory content.
    unsafe { libc::munlock(start as *const _, len) };
}

/// Whether all pages that hold a byte of `range` are in memory. (`mincore(2)`; of a file's pages it
/// says whether they are in the page cache.)
#[must_use]
pub fn present(range: &Range<usize>) -> bool {
    const AT_ONCE: usize = 64;
    let mut at = range.start / size() * size();
    while at < range.end {
        let count = (range.end - at).div_ceil(size()).min(AT_ONCE);
        let mut there = [0_u8; AT_ONCE];
        // SAFETY: mincore reads page tables only, and writes a byte for each of at most 64 pages.
        let answer = unsafe { libc::mincore(at as *mut _, count * size(), there.as_mut_ptr()) };
        if answer != 0 || there[..count].iter().any(|page| page & 1 == 0) {
            return false;
        }
        at += count * size();
    }
    true
}

/// How many bytes this process may have pinned (`RLIMIT_MEMLOCK`, soft); `None` for no limit.
#[must_use]
pub fn lock_limit() -> Option<u64> {
    use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
    let (soft, _) = getrlimit(Resource::RLIMIT_MEMLOCK).ok()?;
    (soft != RLIM_INFINITY).then_some(soft)
}

/// Zeroed, page-aligned memory that fork children do not get.
pub struct Pages {
    map: MmapMut,
}

impl Pages {
    /// Allocates at least `len` bytes, whole pages, present from the start.
    ///
    /// # Errors
    /// [`Error::Invalid`] for 0, [`Error::NoMemory`] beyond memory or `RLIMIT_DATA`.
    pub fn allocate(len: usize) -> Result<Pages> {
        let len = len
            .checked_next_multiple_of(size())
            .filter(|l| *l > 0 && *l <= isize::MAX as usize);
        let len = len.ok_or(Error::Invalid)?;
        let mut options = MmapOptions::new();
        options.len(len);
        // A fuzzer makes thousands of pools a second and touches little of each.
        if !cfg!(fuzzing) {
            options.populate();
        }
        let map = options.map_anon().map_err(|_| Error::NoMemory)?;
        if let Some(base) = NonNull::new(map.as_ptr().cast_mut()) {
            keep_from_children(base, len);
        }
        Ok(Pages { map })
    }

    /// Where the memory is.
    #[must_use]
    pub fn address(&self) -> usize {
        self.map.as_ptr() as usize
    }

    /// Its length in bytes, a multiple of the page size.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether it has no byte; never true.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_power_of_two_of_at_least_4_kib() {
        assert!(size() >= 4096 && size().is_power_of_two());
    }

    #[test]
    fn allocated_pages_are_whole_and_zero() {
        let pages = Pages::allocate(5000).expect("two pages");
        assert_eq!(pages.len() % size(), 0);
        assert!(pages.len() >= 5000);
        assert!(pages.map.iter().all(|b| *b == 0));
        assert!(matches!(Pages::allocate(0), Err(Error::Invalid)));
        assert!(matches!(Pages::allocate(usize::MAX), Err(Error::Invalid)));
    }

    #[test]
    fn a_page_is_present_when_it_was_touched() {
        let pages = Pages::allocate(3 * size()).expect("three pages");
        let (start, end) = (pages.address(), pages.address() + pages.len());
        assert!(present(&(start..end)) && present(&(start + 1..start + 2)));
        assert!(!present(&(0..1)));
        let fresh = MmapOptions::new().len(size()).map_anon().expect("a page");
        let at = fresh.as_ptr() as usize;
        assert!(!present(&(at..at + 1)));
        assert_eq!(fresh[0], 0);
    }

    #[test]
    fn locking_what_is_not_mapped_is_an_error() {
        assert!(lock(0, size()).is_err());
    }
}
