//! Memory shared with a device, or with the simulation of one. It hands out
//! copies, atomics and registers, never a reference to bytes: the other side may
//! write them at any moment.

#![expect(unsafe_code, reason = "raw memory behind bounds-checked accessors")]

use super::copy::copy_block;
use super::fork;
use super::lost;
use super::mmio::Register;
use crate::error::{Error, Result};
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use memmap2::{MmapOptions, MmapRaw};
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// What holds a region: a mapping of a device file, or pages of our own.
pub struct Backing {
    /// 1 once the SIGBUS handler has found the device gone.
    lost: AtomicU32,
    holder: Holder,
}

enum Holder {
    Device(Mapping),
    #[expect(dead_code, reason = "held for its Drop")]
    Own(Vec<Line>),
    File(FileMapping),
}

/// A mapping of a file without a name, which others may map as well.
struct FileMapping {
    map: ManuallyDrop<MmapRaw>,
    file: OwnedFd,
    /// The fork generation that has the mapping.
    born: u64,
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
struct Mapping {
    watch: lost::Watch,
    map: ManuallyDrop<MmapRaw>,
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
struct Line([AtomicU32; 32]);

impl Backing {
    #[inline(always)]
    pub(super) fn lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed) != 0
    }
}

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
            Holder::Device(_) | Holder::Own(_) => None,
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

    /// A view of `count` entries of `N` bytes, beginning at `offset`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if they do not fit, are not 4-byte aligned, or `N` is not a multiple of 4.
    pub fn entries<const N: usize>(&self, offset: usize, count: usize) -> Result<Entries<N>> {
        let size = N.checked_mul(count).ok_or(Error::Invalid)?;
        if N == 0 || !N.is_multiple_of(4) {
            return Err(Error::Invalid);
        }
        let base = self.within(offset, size, align_of::<u32>())?;
        Ok(Entries {
            base,
            count,
            keep: Arc::clone(&self.keep),
        })
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

/// An array of `N`-byte entries in shared memory: a submission or completion queue.
#[derive(Clone)]
pub struct Entries<const N: usize> {
    base: NonNull<u8>,
    count: usize,
    keep: Arc<Backing>,
}

// SAFETY: entries are copied by `copy_block` or accessed as atomics.
unsafe impl<const N: usize> Send for Entries<N> {}
// SAFETY: as above.
unsafe impl<const N: usize> Sync for Entries<N> {}

impl<const N: usize> Entries<N> {
    /// How many entries there are.
    #[inline(always)]
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether the device behind the entries has disappeared.
    #[inline(always)]
    #[must_use]
    pub fn lost(&self) -> bool {
        self.keep.lost()
    }

    /// The entry with this number, if there is one.
    #[inline(always)]
    #[must_use]
    pub fn at(&self, index: usize) -> Option<Entry<'_, N>> {
        if index >= self.count {
            return None;
        }
        // SAFETY: index < count, and `entries` has checked that count * N bytes lie inside.
        let at = unsafe { self.base.add(index * N) };
        Some(Entry {
            at,
            memory: core::marker::PhantomData,
        })
    }
}

/// Entries with a tag beside each, in memory of our own: one check of the index serves both.
#[derive(Clone)]
pub struct Tagged<const N: usize> {
    entries: Entries<N>,
    tags: Arc<[AtomicU64]>,
}

impl<const N: usize> Tagged<N> {
    /// Puts a tag of 0 beside each of `entries`.
    ///
    /// # Errors
    /// [`Error::NoMemory`].
    pub fn new(entries: Entries<N>) -> Result<Tagged<N>> {
        let mut tags = Vec::new();
        tags.try_reserve_exact(entries.count)
            .map_err(|_| Error::NoMemory)?;
        tags.resize_with(entries.count, || AtomicU64::new(0));
        Ok(Tagged {
            entries,
            tags: tags.into(),
        })
    }

    /// The entry with this number and its tag, if there is one.
    #[inline(always)]
    #[must_use]
    pub fn at(&self, index: usize) -> Option<(Entry<'_, N>, &AtomicU64)> {
        let tag = self.tags.get(index)?;
        // SAFETY: there are as many entries as tags, and `entries` has checked that they lie inside.
        let at = unsafe { self.entries.base.add(index * N) };
        Some((
            Entry {
                at,
                memory: core::marker::PhantomData,
            },
            tag,
        ))
    }

    /// All tags.
    #[must_use]
    pub fn tags(&self) -> &[AtomicU64] {
        &self.tags
    }
}

/// One entry, with its place checked.
#[derive(Clone, Copy)]
pub struct Entry<'a, const N: usize> {
    at: NonNull<u8>,
    memory: core::marker::PhantomData<&'a Entries<N>>,
}

impl<const N: usize> Entry<'_, N> {
    /// Copies `bytes` into the entry.
    #[inline(always)]
    pub fn store(self, bytes: &[u8; N]) {
        // SAFETY: the entry has N bytes; `bytes` is a reference to other memory.
        unsafe { copy_block::<N>(bytes.as_ptr(), self.at.as_ptr()) };
    }

    /// Copies the entry into `bytes`.
    #[inline(always)]
    pub fn load(self, bytes: &mut [u8; N]) {
        // SAFETY: the entry has N bytes; `bytes` is exclusive and other memory.
        unsafe { copy_block::<N>(self.at.as_ptr(), bytes.as_mut_ptr()) };
    }

    #[inline(always)]
    fn atomic(&self, word: usize) -> &AtomicU32 {
        assert!(word < N / 4, "word {word} of {}", N / 4);
        // SAFETY: word < N / 4, inside the entry.
        let at = unsafe { self.at.add(word * 4) };
        // SAFETY: `entries` has checked 4-byte alignment; the borrow keeps the memory; the accesses of
        // this process are atomic or by `copy_block`, which is opaque to the compiler.
        unsafe { AtomicU32::from_ptr(at.cast().as_ptr()) }
    }

    /// Reads 32-bit word `word`.
    ///
    /// # Panics
    /// If there is no such word.
    #[inline(always)]
    #[must_use]
    pub fn load_word(self, word: usize, order: Ordering) -> u32 {
        self.atomic(word).load(order)
    }

    /// Writes 32-bit word `word`.
    ///
    /// # Panics
    /// If there is no such word.
    #[inline(always)]
    pub fn store_word(self, word: usize, value: u32, order: Ordering) {
        self.atomic(word).store(value, order);
    }
}

#[cfg(test)]
mod tests;
