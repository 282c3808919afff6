//! A table whose cells stay where they are for the life of the process, so that
//! a handle from C can be looked up without a lock and never dangles. It grows
//! by chunks without a lock, so that a fork at any moment leaves it usable.

#![expect(unsafe_code, reason = "hands out references to leaked chunks")]

use super::atomic::AtomicPtr;
use core::ptr;
use core::sync::atomic::Ordering;

/// Cells in a chunk.
const CHUNK: usize = if cfg!(models) { 1 } else { 64 };
/// Chunks in a table.
const CHUNKS: usize = 1024;
/// Cells that a table can have: 65 536.
pub const MOST: usize = CHUNK * CHUNKS;

type Chunk<T> = [T; CHUNK];

/// Up to 65 536 cells of `T`, made 64 at a time and never freed.
pub struct Table<T: 'static> {
    chunks: [AtomicPtr<Chunk<T>>; CHUNKS],
}

impl<T: Default + Sync> Table<T> {
    /// An empty table.
    #[must_use]
    pub const fn new() -> Self {
        Table {
            chunks: [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS],
        }
    }

    /// The cell with this number, if its chunk has been made.
    #[inline]
    pub fn get(&self, index: usize) -> Option<&'static T> {
        // Acquire pairs with the AcqRel exchange in `grow`: the cells are initialised.
        let chunk = self.chunks.get(index / CHUNK)?.load(Ordering::Acquire);
        // SAFETY: a non-null chunk was leaked by `grow` and lives for ever, shared.
        let chunk: &'static Chunk<T> = unsafe { chunk.as_ref() }?;
        chunk.get(index % CHUNK)
    }

    /// The cell that begins at this address, if there is one. Any number is safe to ask for.
    #[inline]
    pub fn find(&self, address: usize) -> Option<&'static T> {
        let (first, rest) = self.chunks.split_first()?;
        // Most programs have one chunk.
        match Self::inside(first, address)? {
            Ok(cell) => cell,
            Err(()) => Self::find_in(rest, address),
        }
    }

    #[cold]
    #[inline(never)]
    fn find_in(chunks: &[AtomicPtr<Chunk<T>>], address: usize) -> Option<&'static T> {
        for chunk in chunks {
            if let Ok(cell) = Self::inside(chunk, address)? {
                return cell;
            }
        }
        None
    }

    /// Looks in one chunk: `None` if it has not been made, `Err` if the address is elsewhere.
    #[inline(always)]
    fn inside(
        chunk: &AtomicPtr<Chunk<T>>,
        address: usize,
    ) -> Option<core::result::Result<Option<&'static T>, ()>> {
        // Acquire as in `get`.
        let chunk = chunk.load(Ordering::Acquire);
        // SAFETY: as in `get`. Chunks are made in order, so behind the first null is none.
        let cells: &'static Chunk<T> = unsafe { chunk.as_ref() }?;
        let offset = address.wrapping_sub(chunk.addr());
        if offset >= size_of::<Chunk<T>>() {
            return Some(Err(()));
        }
        if !offset.is_multiple_of(size_of::<T>()) {
            return Some(Ok(None));
        }
        Some(Ok(cells.get(offset / size_of::<T>())))
    }

    /// Makes the next chunk. `false` if the table is full.
    pub fn grow(&self) -> bool {
        for slot in &self.chunks {
            if slot.load(Ordering::Relaxed).is_null() {
                // Collected, not built in place: a chunk may be too large for the caller's stack.
                let fresh: Box<[T]> = (0..CHUNK).map(|_| T::default()).collect();
                let Ok(fresh) = Box::<Chunk<T>>::try_from(fresh) else {
                    return false;
                };
                let fresh = Box::into_raw(fresh);
                let won = slot.compare_exchange(
                    ptr::null_mut(),
                    fresh,
                    Ordering::AcqRel,
                    Ordering::Relaxed,
                );
                if won.is_err() {
                    // SAFETY: the chunk came from Box::into_raw above and was not published.
                    drop(unsafe { Box::from_raw(fresh) });
                }
                return true;
            }
        }
        false
    }

    /// All cells that exist, with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &'static T)> {
        (0..CHUNK * CHUNKS).map_while(|index| Some((index, self.get(index)?)))
    }
}

impl<T: Default + Sync> Default for Table<T> {
    fn default() -> Self {
        Table::new()
    }
}

#[cfg(all(test, models))]
mod models;
#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::AtomicU32;

    #[test]
    fn a_cell_exists_only_after_its_chunk_was_made() {
        static TABLE: Table<AtomicU32> = Table::new();
        assert!(TABLE.get(0).is_none());
        assert!(TABLE.grow());
        assert!(TABLE.get(63).is_some());
        assert!(TABLE.get(64).is_none());
        assert!(TABLE.get(usize::MAX).is_none());
        assert_eq!(TABLE.iter().count(), 64);
    }

    #[test]
    fn a_cell_is_found_by_its_address_and_by_no_other() {
        static TABLE: Table<AtomicU32> = Table::new();
        assert!(TABLE.find(0).is_none());
        assert!(TABLE.grow() && TABLE.grow());
        for index in [0, 63, 64, 127] {
            let cell = TABLE.get(index).expect("two chunks");
            let address = ptr::from_ref(cell).addr();
            assert!(
                TABLE
                    .find(address)
                    .is_some_and(|found| ptr::eq(found, cell))
            );
            assert!(TABLE.find(address + 1).is_none());
        }
        assert!(TABLE.find(0).is_none() && TABLE.find(usize::MAX).is_none());
    }

    #[test]
    fn a_cell_keeps_its_place_while_the_table_grows() {
        static TABLE: Table<AtomicU32> = Table::new();
        assert!(TABLE.grow());
        let cell = TABLE.get(7).expect("first chunk");
        cell.store(42, Ordering::Relaxed);
        assert!(TABLE.grow());
        assert!(ptr::eq(cell, TABLE.get(7).expect("first chunk")));
        assert_eq!(TABLE.get(7).map(|c| c.load(Ordering::Relaxed)), Some(42));
    }
}
