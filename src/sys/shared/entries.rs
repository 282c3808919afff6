//! Arrays of entries in shared memory: submission and completion queues.

use super::super::backing::Backing;
use super::super::copy::copy_block;
use super::SharedMemory;
use crate::error::{Error, Result};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::Arc;

impl SharedMemory {
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
