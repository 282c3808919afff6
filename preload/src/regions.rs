//! What of devices is mapped, by address. The trap of doorbells looks here, and hooks of everyday
//! calls look at two numbers that say where there may be something at all.

#![expect(unsafe_code, reason = "mmap and munmap of regions")]

use crate::file::File;
use crate::next;
use core::ffi::{c_int, c_void};
use core::ops::Range;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use warpdrive::sys::shared::SharedMemory;

/// Which region of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Doorbells.
    Mmio,
    /// The rings.
    Dus,
    /// Static memory.
    Static,
}

/// A mapped region.
pub struct Region {
    /// Where it begins.
    pub base: usize,
    /// Its length in bytes: whole pages.
    pub len: usize,
    /// Where in the mapping it begins: what is left of one may be in pieces.
    offset: usize,
    /// Which mapping it is of.
    mapping: u64,
    /// Which it is.
    pub what: What,
    /// Whose it is. A mapping holds the file.
    pub file: Arc<File>,
    /// The simulation's memory behind it. Held as long as it is mapped.
    memory: Option<SharedMemory>,
}

impl Region {
    /// A mapping that was made just now.
    pub fn new(
        base: usize,
        len: usize,
        what: What,
        file: Arc<File>,
        memory: Option<SharedMemory>,
    ) -> Region {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Region {
            base,
            len,
            offset: 0,
            // Relaxed: a number of its own is all it is.
            mapping: LAST.fetch_add(1, Ordering::Relaxed),
            what,
            file,
            memory,
        }
    }

    /// The piece of it that lies in `range`, if there is one.
    fn piece(&self, range: Range<usize>) -> Option<Region> {
        let (start, end) = (
            self.base.max(range.start),
            (self.base + self.len).min(range.end),
        );
        (start < end).then(|| Region {
            base: start,
            len: end - start,
            offset: self.offset + (start - self.base),
            mapping: self.mapping,
            what: self.what,
            file: Arc::clone(&self.file),
            memory: self.memory.clone(),
        })
    }

    fn range(&self) -> Range<usize> {
        self.base..self.base + self.len
    }
}

/// All that ever was mapped lies between these. Relaxed: who unmaps something knows that it was mapped.
static LOW: AtomicUsize = AtomicUsize::new(usize::MAX);
static HIGH: AtomicUsize = AtomicUsize::new(0);

/// Whether a range may have a region in it.
#[inline]
#[must_use]
pub fn may_have(at: usize, len: usize) -> bool {
    at < HIGH.load(Ordering::Relaxed) && at.saturating_add(len) > LOW.load(Ordering::Relaxed)
}

/// The mapped regions of a process. The lock is a leaf: nothing is called while it is held.
#[derive(Default)]
pub struct Regions(RwLock<Vec<Region>>);

impl Regions {
    fn read(&self) -> RwLockReadGuard<'_, Vec<Region>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Region>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a region that was mapped.
    pub fn add(&self, region: Region) {
        LOW.fetch_min(region.base, Ordering::Relaxed);
        HIGH.fetch_max(region.base + region.len, Ordering::Relaxed);
        self.write().push(region);
    }

    /// Whose doorbells lie at an address, and the offset.
    pub fn doorbell(&self, at: usize) -> Option<(Arc<File>, usize)> {
        let regions = self.read();
        let mine = |region: &&Region| region.what == What::Mmio && region.range().contains(&at);
        let region = regions.iter().find(mine)?;
        Some((Arc::clone(&region.file), region.offset + (at - region.base)))
    }

    /// Whether there is a region, of this kind if one is named, in a range.
    pub fn has(&self, range: &Range<usize>, what: Option<What>) -> bool {
        let regions = self.read();
        let touches = |region: &Region| {
            region.base < range.end
                && range.start < region.base + region.len
                && what.is_none_or(|what| what == region.what)
        };
        regions.iter().any(touches)
    }

    /// Does what takes all of `range` out of the address space, and forgets the regions there. A part
    /// of a region is taken only where the file is lenient; else that is EINVAL. Gives one region of
    /// each mapping of which nothing is left.
    pub fn take(
        &self,
        range: &Range<usize>,
        take: impl FnOnce() -> bool,
    ) -> Result<Vec<Region>, c_int> {
        let mut regions = self.write();
        let touches =
            |region: &Region| region.base < range.end && range.start < region.base + region.len;
        let cut =
            |region: &Region| region.base < range.start || region.base + region.len > range.end;
        let strict = |region: &Region| cut(region) && !region.file.node().is_lenient();
        if regions
            .iter()
            .any(|region| touches(region) && strict(region))
        {
            return Err(libc::EINVAL);
        }
        if !take() {
            return Err(next::errno());
        }
        let mut gone: Vec<_> = regions.extract_if(.., |region| touches(region)).collect();
        for region in &gone {
            regions.extend(region.piece(0..range.start));
            regions.extend(region.piece(range.end..usize::MAX));
        }
        gone.sort_by_key(|region| region.mapping);
        gone.dedup_by_key(|region| region.mapping);
        gone.retain(|region| regions.iter().all(|left| left.mapping != region.mapping));
        Ok(gone)
    }

    /// The device has disappeared, and its pages with it: whoever touches them gets SIGBUS.
    pub fn lose(&self, device: &str) {
        // A file without a byte: the kernel itself raises the signal.
        // SAFETY: a NUL-terminated name.
        let nothing = unsafe { libc::memfd_create(c"gone".as_ptr(), libc::MFD_CLOEXEC) };
        let regions = self.write();
        for region in regions
            .iter()
            .filter(|region| region.file.node().device() == device)
        {
            let (access, flags) = (
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_FIXED,
            );
            let at = region.base as *mut c_void;
            // SAFETY: a region of a device that is still mapped, as the lock is held.
            unsafe { next::mmap(at, region.len, access, flags, nothing, 0) };
        }
        // SAFETY: made above; nobody else knows it.
        unsafe { next::close(nothing) };
    }
}
