//! What C programs hold by number and use one thread at a time: sessions, pools. A
//! number is never given out twice, not even by a fork child that its parent's numbers
//! were given to, so that one that is stale or was never given out is an error, whoever
//! else uses the table meanwhile.

#![forbid(unsafe_code)]

use super::gate::Gate;
use super::lock::Mutex;
use super::table::Table;
use crate::error::{Error, Result};
use core::sync::atomic::{AtomicUsize, Ordering};

/// Bits of a handle that are the cell's number and 1; the bits above count.
const INDEX_BITS: u32 = 17;
const INDEX: usize = (1 << INDEX_BITS) - 1;

/// The count in the next handle. A child goes on where its parent was at the fork.
static NEXT: AtomicUsize = AtomicUsize::new(1);

/// A place for a `T`, with its handle; on lines of its own, since each session has its thread.
#[repr(align(128))]
struct Cell<T>(Gate<Option<(usize, T)>>);

impl<T> Default for Cell<T> {
    fn default() -> Self {
        Cell(Gate::new(None))
    }
}

/// A table of `T` for one process: see [`crate::sys::fork::PerProcess`].
pub struct Handles<T: 'static> {
    cells: Table<Cell<T>>,
    /// Numbers of empty cells; those released last are used last.
    free: Mutex<std::collections::VecDeque<usize>>,
}

impl<T: Send> Default for Handles<T> {
    fn default() -> Self {
        Handles {
            cells: Table::new(),
            free: Mutex::default(),
        }
    }
}

impl<T: Send> Handles<T> {
    /// Gives `value` a handle, which is not 0.
    ///
    /// # Errors
    /// [`Error::NoMemory`] with 65 536 values in the table; [`Error::Busy`] in a signal handler.
    pub fn insert(&self, value: T) -> Result<usize> {
        let mut free = self.free.lock();
        if free.is_empty() {
            let before = self.cells.iter().count();
            if !self.cells.grow() {
                return Err(Error::NoMemory);
            }
            free.extend(before..self.cells.iter().count());
        }
        let index = free.pop_front().ok_or(Error::NoMemory)?;
        drop(free);
        let cell = self.cells.get(index).ok_or(Error::NoMemory)?;
        let count = NEXT.fetch_add(1, Ordering::Relaxed);
        let handle = (count << INDEX_BITS) | (index + 1);
        *cell.0.visit().ok_or(Error::Busy)? = Some((handle, value));
        Ok(handle)
    }

    /// What `work` makes of the value. Other threads that come for it wait meanwhile.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is none with this handle; [`Error::Busy`] if this very thread is
    /// at work on it already; what `work` answers.
    #[inline]
    pub fn with<R>(&self, handle: usize, work: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        let index = (handle & INDEX).wrapping_sub(1);
        let cell = self.cells.get(index).ok_or(Error::Invalid)?;
        let mut pass = cell.0.enter().ok_or(Error::Busy)?;
        match &mut *pass {
            Some((current, value)) if *current == handle => work(value),
            _ => Err(Error::Invalid),
        }
    }

    /// As [`Handles::with`], for the number of a part of a value, which [`part_of`] made of the
    /// value's handle. It may be of an earlier value: `work` has to look at [`part`] of the number.
    ///
    /// # Errors
    /// As [`Handles::with`].
    #[inline]
    pub fn with_owner<R>(
        &self,
        number: usize,
        work: impl FnOnce(&mut T) -> Result<R>,
    ) -> Result<R> {
        let index = (number & INDEX).wrapping_sub(1);
        let cell = self.cells.get(index).ok_or(Error::Invalid)?;
        let mut pass = cell.0.enter().ok_or(Error::Busy)?;
        let (_, value) = pass.as_mut().ok_or(Error::Invalid)?;
        work(value)
    }

    /// Takes the value out, when nobody is at work on it.
    ///
    /// # Errors
    /// As [`Handles::with`].
    pub fn remove(&self, handle: usize) -> Result<T> {
        self.remove_if(handle, |_| Ok(()))
    }

    /// Takes the value out, if `good` says nothing against it.
    ///
    /// # Errors
    /// As [`Handles::with`]; what `good` answers.
    pub fn remove_if(&self, handle: usize, good: impl FnOnce(&T) -> Result<()>) -> Result<T> {
        let index = (handle & INDEX).wrapping_sub(1);
        let cell = self.cells.get(index).ok_or(Error::Invalid)?;
        let mut pass = cell.0.visit().ok_or(Error::Busy)?;
        let named = pass.as_ref().filter(|(current, _)| *current == handle);
        let (_, value) = named.ok_or(Error::Invalid)?;
        good(value)?;
        let taken = pass.take();
        drop(pass);
        let (_, value) = taken.ok_or(Error::Invalid)?;
        self.free.lock().push_back(index);
        Ok(value)
    }
}

/// The number of a part of the value with this handle; not 0. The highest bits of `part` are lost.
#[must_use]
pub const fn part_of(handle: usize, part: usize) -> usize {
    part << INDEX_BITS | handle & INDEX
}

/// The part that a number of [`part_of`] means, as far as it has room in one.
#[must_use]
pub const fn part(number: usize) -> usize {
    number >> INDEX_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_own_handle_until_it_is_removed() {
        let handles = Handles::default();
        let one = handles.insert(1).expect("room");
        let two = handles.insert(2).expect("room");
        assert_ne!(one, two);
        assert_eq!(handles.with(one, |v| Ok(core::mem::replace(v, 3))), Ok(1));
        assert_eq!(handles.remove(one), Ok(3));
        assert_eq!(handles.remove(one), Err(Error::Invalid));
        assert_eq!(handles.with(one, |v| Ok(*v)), Err(Error::Invalid));
        assert_eq!(handles.with(two, |v| Ok(*v)), Ok(2));
    }

    #[test]
    fn a_number_that_was_never_given_out_is_an_error() {
        let handles = Handles::default();
        let good = handles.insert(()).expect("room");
        for bad in [
            0,
            1,
            good + 1,
            good ^ (1 << INDEX_BITS),
            usize::MAX,
            0xdead_beef,
        ] {
            assert_eq!(
                handles.with(bad, |()| Ok(())),
                Err(Error::Invalid),
                "{bad:#x}"
            );
        }
    }

    #[test]
    fn a_cell_that_is_used_again_has_another_handle() {
        let handles = Handles::default();
        let mut seen = std::collections::HashSet::new();
        for n in 0..200 {
            let handle = handles.insert(n).expect("room");
            assert!(seen.insert(handle));
            assert_eq!(handles.remove(handle), Ok(n));
        }
        assert_eq!(handles.cells.iter().count(), 64);
    }

    #[test]
    fn whoever_is_at_work_on_a_value_cannot_remove_it() {
        let handles = Handles::default();
        let handle = handles.insert(()).expect("room");
        let inner = handles.with(handle, |()| handles.remove(handle));
        assert_eq!(inner, Err(Error::Busy));
        assert_eq!(handles.remove(handle), Ok(()));
    }
}
