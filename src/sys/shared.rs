//! Memory shared with a device, or with the simulation of one. It hands out
//! copies, atomics and registers, never a reference to bytes: the other side may
//! write them at any moment.

#![expect(unsafe_code, reason = "raw memory behind bounds-checked accessors")]

mod entries;

pub use entries::{Entries, Entry, Tagged};

use super::backing::{Backing, FileMapping, Holder, Line, Mapping};
use super::copy::copy_bytes;
use super::fork;
use super::lost;
use super::mmio::Register;
use super::pages::Pages;
use crate::error::{Error, Result};
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicU32, Ordering};
use memmap2::MmapOptions;
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::Arc;

/// A region of shared memory. Clones share it; the last one unmaps it, whole and once.
#[derive(Clone)]
pub struct SharedMemory {
    base: NonNull<u8>,
    len: usize,
    keep: Arc<Backing>,
}

// SAFETY: all access is by atomics or by `copy_block`, which tolerate other threads and devices.
unsafe impl Send for SharedMemory {}
// SAFETY: as above.
unsafe impl Sync for SharedMemory {}

impl SharedMemory {
    /// Maps `len` bytes of a device file at `offset`, shared, read and write. A device that
    /// disappears later raises no signal to the program; [`Self::lost`] becomes true instead.
    ///
    /// # Errors
    /// [`Error::Invalid`] for length 0 and an offset that is not one of a page, else the `errno` of
    /// `mmap(2)`.
    pub fn map(device: BorrowedFd<'_>, offset: u64, len: usize) -> Result<Self> {
        if len == 0 || !offset.is_multiple_of(super::pages::size() as u64) {
            return Err(Error::Invalid);
        }
        let map = MmapOptions::new()
            .offset(offset)
            .len(len)
            .map_raw(device.as_raw_fd())?;
        let base = NonNull::new(map.as_mut_ptr()).ok_or(Error::NoMemory)?;
        super::pages::keep_from_children(base, len);
        let mapping = Mapping {
            watch: lost::Watch::claim(),
            map: ManuallyDrop::new(map),
        };
        let keep = Arc::new(Backing {
            lost: AtomicU32::new(0),
            holder: Holder::Device(mapping),
        });
        if let Holder::Device(mapping) = &keep.holder {
            // SAFETY: `keep` owns the mapping, the flag and the watch; `Mapping::drop` stops the
            // watch before the mapping ends.
            unsafe { mapping.watch.start(base, len, &keep.lost) };
        }
        Ok(SharedMemory { base, len, keep })
    }

    /// Zeroed memory of our own, at least `len` bytes, for a simulated device.
    ///
    /// # Errors
    /// [`Error::NoMemory`]; [`Error::Invalid`] for length 0.
    pub fn own(len: usize) -> Result<Self> {
        if len == 0 {
            return Err(Error::Invalid);
        }
        let count = len.div_ceil(size_of::<Line>());
        let mut lines = Vec::new();
        lines
            .try_reserve_exact(count)
            .map_err(|_| Error::NoMemory)?;
        lines.resize_with(count, || Line([const { AtomicU32::new(0) }; 32]));
        // Of a `Vec`, which unlike a `Box` may be moved while others point to what it owns.
        let base = NonNull::new(lines.as_mut_ptr().cast::<u8>()).ok_or(Error::NoMemory)?;
        let keep = Arc::new(Backing {
            lost: AtomicU32::new(0),
            holder: Holder::Own(lines),
        });
        Ok(SharedMemory { base, len, keep })
    }

    /// Zeroed memory of our own, whole pages, at least `len` bytes, that fork children do not have.
    ///
    /// # Errors
    /// [`Error::NoMemory`]; [`Error::Invalid`] for length 0.
    pub fn pages(len: usize) -> Result<Self> {
        let pages = Pages::allocate(len)?;
        let base = NonNull::new(ptr::with_exposed_provenance_mut(pages.address()));
        let (base, len) = (base.ok_or(Error::NoMemory)?, pages.len());
        let keep = Arc::new(Backing {
            lost: AtomicU32::new(0),
            holder: Holder::Pages(pages),
        });
        Ok(SharedMemory { base, len, keep })
    }

    /// Zeroed memory of our own in a file that [`Self::file`] tells, `len` bytes rounded up to whole
    /// pages, for a device that another part of the process maps for itself.
    ///
    /// # Errors
    /// [`Error::Invalid`] for length 0, else the `errno` of `memfd_create(2)` or `mmap(2)`.
    pub fn own_file(name: &str, len: usize) -> Result<Self> {
        let len = len
            .checked_next_multiple_of(super::pages::size())
            .filter(|len| *len > 0)
            .ok_or(Error::Invalid)?;
        let file = memfd_create(name, MFdFlags::MFD_CLOEXEC)?;
        let file = super::fd::above_standard(file)?;
        let size = i64::try_from(len).map_err(|_| Error::Invalid)?;
        nix::unistd::ftruncate(&file, size)?;
        let map = MmapOptions::new().len(len).map_raw(file.as_raw_fd())?;
        let base = NonNull::new(map.as_mut_ptr()).ok_or(Error::NoMemory)?;
        super::pages::keep_from_children(base, len);
        let keep = Arc::new(Backing {
            lost: AtomicU32::new(0),
            holder: Holder::File(FileMapping {
                map: ManuallyDrop::new(map),
                file,
                born: fork::generation(),
            }),
        });
        Ok(SharedMemory { base, len, keep })
    }

    /// The file that the memory lies in, if it is of [`Self::own_file`].
    #[must_use]
    pub fn file(&self) -> Option<BorrowedFd<'_>> {
        match &self.keep.holder {
            Holder::File(mapping) => Some(mapping.file.as_fd()),
            Holder::Device(_) | Holder::Own(_) | Holder::Pages(_) => None,
        }
    }

    /// Where the region lies: for C code that works on it itself, as long as a clone lives.
    #[must_use]
    pub fn address(&self) -> usize {
        self.base.as_ptr() as usize
    }

    /// Whether this is the last clone.
    #[must_use]
    pub fn is_last(&self) -> bool {
        Arc::strong_count(&self.keep) == 1
    }

    /// The length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the region has no byte; never true.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the device behind the region has disappeared.
    #[inline(always)]
    #[must_use]
    pub fn lost(&self) -> bool {
        self.keep.lost()
    }

    /// The flag behind [`Self::lost`] as a word: 1 when the device has disappeared.
    #[must_use]
    pub fn lost_flag(&self) -> Word {
        Word {
            at: NonNull::from(&self.keep.lost).cast(),
            keep: Arc::clone(&self.keep),
        }
    }

    /// Makes [`Self::lost`] true, as the removal of the device would: for a simulated device.
    pub fn lose(&self) {
        // Release, as the SIGBUS handler does; the rings look at the flag behind their own loads.
        self.keep.lost.store(1, Ordering::Release);
    }

    /// The address of `size` bytes at `offset`, aligned to `align`, if they lie inside.
    fn within(&self, offset: usize, size: usize, align: usize) -> Result<NonNull<u8>> {
        let end = offset.checked_add(size).ok_or(Error::Invalid)?;
        if end > self.len || !(self.base.as_ptr() as usize + offset).is_multiple_of(align) {
            return Err(Error::Invalid);
        }
        // SAFETY: offset <= len, so the address lies in the region or one past its end.
        Ok(unsafe { self.base.add(offset) })
    }

    /// Copies `bytes` to `offset`. A device that is at work there finds any of both.
    ///
    /// # Errors
    /// [`Error::Invalid`] if they do not fit; nothing is copied.
    pub fn write(&self, offset: usize, bytes: &[u8]) -> Result<()> {
        let to = self.within(offset, bytes.len(), 1)?;
        // SAFETY: `within` has checked the bounds; shared, so through `copy_bytes`.
        unsafe { copy_bytes(bytes.as_ptr(), to.as_ptr(), bytes.len()) };
        Ok(())
    }

    /// Fills `bytes` with what is at `offset`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there are not so many; nothing is copied.
    pub fn read(&self, offset: usize, bytes: &mut [MaybeUninit<u8>]) -> Result<()> {
        let from = self.within(offset, bytes.len(), 1)?;
        // SAFETY: as in `write`; `bytes` is exclusive.
        unsafe { copy_bytes(from.as_ptr(), bytes.as_mut_ptr().cast(), bytes.len()) };
        Ok(())
    }

    /// As [`SharedMemory::read`], over what is in `bytes`.
    ///
    /// # Errors
    /// As there.
    pub fn read_over(&self, offset: usize, bytes: &mut [u8]) -> Result<()> {
        let from = self.within(offset, bytes.len(), 1)?;
        // SAFETY: as in `write`; `bytes` is exclusive.
        unsafe { copy_bytes(from.as_ptr(), bytes.as_mut_ptr(), bytes.len()) };
        Ok(())
    }

    /// The 32-bit word at `offset`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is not inside or not aligned.
    pub fn word(&self, offset: usize) -> Result<Word> {
        let at = self
            .within(offset, size_of::<u32>(), align_of::<u32>())?
            .cast();
        Ok(Word {
            at,
            keep: Arc::clone(&self.keep),
        })
    }

    /// The 64-bit register at `offset`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is not inside or not aligned.
    pub fn register(&self, offset: usize) -> Result<Register> {
        let at = self
            .within(offset, size_of::<u64>(), align_of::<u64>())?
            .cast();
        // SAFETY: `within` has checked bounds and alignment; the Arc keeps the mapping.
        Ok(unsafe { Register::new(at, Arc::clone(&self.keep)) })
    }
}

/// One 32-bit word of shared memory.
#[derive(Clone)]
pub struct Word {
    at: NonNull<u32>,
    keep: Arc<Backing>,
}

// SAFETY: the word is only used as an atomic.
unsafe impl Send for Word {}
// SAFETY: as above.
unsafe impl Sync for Word {}

impl Word {
    #[inline(always)]
    fn atomic(&self) -> &AtomicU32 {
        // SAFETY: bounds and alignment were checked by `word`; `keep` keeps the memory; every
        // access of this process to it is atomic.
        unsafe { AtomicU32::from_ptr(self.at.as_ptr()) }
    }

    /// Reads the word.
    #[inline(always)]
    #[must_use]
    pub fn load(&self, order: Ordering) -> u32 {
        self.atomic().load(order)
    }

    /// Writes the word.
    pub fn store(&self, value: u32, order: Ordering) {
        self.atomic().store(value, order);
    }

    /// Whether the device behind the word has disappeared.
    #[inline(always)]
    #[must_use]
    pub fn lost(&self) -> bool {
        self.keep.lost()
    }
}

#[cfg(test)]
mod tests;
