//! What holds a region of shared memory: a mapping of a device file, or memory of our own.

#![expect(unsafe_code, reason = "mappings end where the process still has them")]

use super::pages::Pages;
use super::{fork, lost};
use core::mem::ManuallyDrop;
use core::sync::atomic::{AtomicU32, Ordering};
use memmap2::MmapRaw;
use std::os::fd::OwnedFd;

/// What holds a region: a mapping of a device file, or pages of our own.
pub(super) struct Backing {
    /// 1 once the SIGBUS handler has found the device gone.
    pub lost: AtomicU32,
    pub holder: Holder,
}

pub(super) enum Holder {
    Device(Mapping),
    #[expect(dead_code, reason = "held for its Drop")]
    Own(Vec<Line>),
    #[expect(dead_code, reason = "held for its Drop")]
    Pages(Pages),
    File(FileMapping),
}

/// A mapping of a file without a name, which others may map as well.
pub(super) struct FileMapping {
    pub map: ManuallyDrop<MmapRaw>,
    pub file: OwnedFd,
    /// The fork generation that has the mapping.
    pub born: u64,
}

impl Drop for FileMapping {
    fn drop(&mut self) {
        // A fork child does not have it; something else may lie there.
        if self.born == fork::generation() {
            // SAFETY: dropped here only, and not used afterwards.
            unsafe { ManuallyDrop::drop(&mut self.map) };
        }
    }
}

/// A mapping of a device file, guarded against the device's removal.
pub(super) struct Mapping {
    pub watch: lost::Watch,
    pub map: ManuallyDrop<MmapRaw>,
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // The handler forgets the range before it is unmapped.
        if self.watch.stop() {
            // SAFETY: dropped here only, and not used afterwards.
            unsafe { ManuallyDrop::drop(&mut self.map) };
        }
    }
}

/// Keeps a heap region aligned as a device region is where it matters (cache lines, descriptors).
#[repr(C, align(128))]
pub(super) struct Line(pub [AtomicU32; 32]);

impl Backing {
    #[inline(always)]
    pub fn lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed) != 0
    }
}
