//! Names by which C knows what this floor makes: numbers that are looked up, so
//! that one which is stale or made up is an answer and not a crash.

use crate::error::{Error, Result};
use crate::sys::fork::PerProcess;
use crate::sys::lock::RwLock;
use crate::sys::table::Table;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

/// Bits of a handle that are the number of its place.
const PLACE_BITS: u32 = 16;
/// Bits of a handle that say of which kind it is.
const KIND_BITS: u32 = 4;

/// The objects of one kind. A fork child begins without any: the parent's handles mean nothing
/// there, since threads of the parent may have been in the middle of using what they name.
pub struct Handles<T: 'static> {
    kind: u64,
    places: PerProcess<Table<Place<T>>>,
}

struct Place<T>(RwLock<Option<Named<T>>>);

struct Named<T> {
    handle: usize,
    value: Arc<T>,
}

impl<T> Default for Place<T> {
    fn default() -> Self {
        Place(RwLock::new(None))
    }
}

impl<T: Send + Sync> Handles<T> {
    /// No object yet. Kinds, 1 to 15, keep handles of different tables apart.
    #[must_use]
    pub const fn new(kind: u8) -> Self {
        assert!(kind > 0 && kind < 1 << KIND_BITS);
        Handles {
            kind: kind as u64,
            places: PerProcess::new(),
        }
    }

    /// Names an object. The handle is neither 0 nor what `WD_IS_ERR` takes for an error.
    ///
    /// # Errors
    /// [`Error::NoMemory`] when there are 65 536 objects.
    pub fn insert(&self, value: Arc<T>) -> Result<usize> {
        // Counted on in fork children, so that a child's handles are none of its parent's.
        static SERIAL: AtomicU64 = AtomicU64::new(0);
        let places = self.places.get_or(Table::new);
        loop {
            for (place, cell) in places.iter() {
                if cell.0.read().is_some() {
                    continue;
                }
                let mut named = cell.0.write();
                if named.is_none() {
                    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
                    let name = (serial << KIND_BITS | self.kind) << PLACE_BITS | place as u64;
                    let handle = name as usize & isize::MAX as usize;
                    *named = Some(Named { handle, value });
                    return Ok(handle);
                }
            }
            if !places.grow() {
                return Err(Error::NoMemory);
            }
        }
    }

    fn place(&self, handle: usize) -> Option<&'static Place<T>> {
        if handle >> PLACE_BITS & ((1 << KIND_BITS) - 1) != self.kind as usize {
            return None;
        }
        self.places.get()?.get(handle & ((1 << PLACE_BITS) - 1))
    }

    /// The object with this handle.
    #[must_use]
    pub fn find(&self, handle: usize) -> Option<Arc<T>> {
        self.with(handle, Arc::clone)
    }

    /// What `look` makes of the object with this handle. It must not look for the same handle again;
    /// whoever removes it waits meanwhile, and other threads that look do not.
    pub fn with<R>(&self, handle: usize, look: impl FnOnce(&Arc<T>) -> R) -> Option<R> {
        let named = self.place(handle)?.0.read();
        let named = named.as_ref().filter(|named| named.handle == handle)?;
        Some(look(&named.value))
    }

    /// The object with this handle, which it has no longer.
    pub fn remove(&self, handle: usize) -> Option<Arc<T>> {
        let mut named = self.place(handle)?.0.write();
        named
            .take_if(|named| named.handle == handle)
            .map(|named| named.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_names_one_object_until_it_is_removed() {
        static NUMBERS: Handles<u32> = Handles::new(3);
        let first = NUMBERS.insert(Arc::new(7)).expect("room");
        let second = NUMBERS.insert(Arc::new(8)).expect("room");
        assert_eq!(NUMBERS.find(first).as_deref(), Some(&7));
        assert_eq!(NUMBERS.find(second).as_deref(), Some(&8));
        assert_eq!(NUMBERS.remove(first).as_deref(), Some(&7));
        assert!(NUMBERS.remove(first).is_none());
        let third = NUMBERS.insert(Arc::new(9)).expect("room");
        assert_ne!(third, first);
        assert!(NUMBERS.find(first).is_none(), "its place is another's now");
    }

    #[test]
    fn a_made_up_handle_names_nothing() {
        static NUMBERS: Handles<u32> = Handles::new(3);
        static OTHERS: Handles<u32> = Handles::new(4);
        let good = NUMBERS.insert(Arc::new(7)).expect("room");
        for handle in [0, 1, usize::MAX, good + 1, good - 1, good ^ 1 << 20] {
            assert!(NUMBERS.find(handle).is_none(), "{handle:#x}");
        }
        assert!(OTHERS.find(good).is_none());
        assert!(good > 4096 && good < isize::MAX as usize);
    }
}
