//! The schedulers that C programs hold, by number. A number is not given out twice
//! while anything could confuse it with another, so that an old one is an error and
//! never a crash. There is no lock: fork children have the schedulers of the parent.

use super::Native;
use crate::ctypes::v2::wd_sched::{sched_policy_type, user_poll_func};
use crate::error::{Error, Result};
use crate::sys::atomic::{AtomicBool, AtomicUsize};
use crate::sys::table::Table;
use core::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

/// Bits of a handle that are the cell's number plus 1; those above are the epoch.
const INDEX_BITS: u32 = 17;

static CELLS: Table<Cell> = Table::new();

/// A place for a scheduler. What was made in it stays, and serves the next one of the same form.
#[derive(Default)]
struct Cell {
    taken: AtomicBool,
    /// Odd while there is a scheduler.
    epoch: AtomicUsize,
    content: OnceLock<Open>,
}

/// A scheduler that a C program holds.
pub struct Open {
    /// The scheduler.
    pub native: Arc<Native>,
    /// How it polls a context.
    pub poll: user_poll_func,
}

impl Cell {
    fn handle(index: usize, epoch: usize) -> usize {
        epoch << INDEX_BITS | (index + 1)
    }

    /// Takes the cell, if it is free and what was made in it can serve as a scheduler of this form.
    fn take(&self, policy: sched_policy_type, type_num: u8, numa_num: u16, poll: usize) -> bool {
        // Acquire pairs with the Release in `close`: who closed the last scheduler is through.
        if self.taken.swap(true, Ordering::Acquire) {
            return false;
        }
        let fits = self.content.get().is_none_or(|open| {
            let unused = Arc::strong_count(&open.native) == 1;
            unused && open.native.is_like(policy, type_num, numa_num) && address(open.poll) == poll
        });
        if !fits {
            self.taken.store(false, Ordering::Release);
        }
        fits
    }
}

fn address(poll: user_poll_func) -> usize {
    poll.map_or(0, |poll| poll as usize)
}

/// Makes a scheduler, as [`Native::new`] does; its handle.
///
/// # Errors
/// Those of [`Native::new`]; [`Error::NoMemory`] while 65 536 are open.
pub fn open(
    policy: sched_policy_type,
    type_num: u8,
    numa_num: u16,
    poll: user_poll_func,
) -> Result<usize> {
    let fresh = Native::new(policy, type_num, numa_num)?;
    let takes = |cell: &Cell| cell.take(policy, type_num, numa_num, address(poll));
    let (index, cell) = loop {
        if let Some(found) = CELLS.iter().find(|(_, cell)| takes(cell)) {
            break found;
        }
        if !CELLS.grow() {
            return Err(Error::NoMemory);
        }
    };
    let native = Arc::new(fresh);
    let open = cell.content.get_or_init(|| Open { native, poll });
    open.native.clear();
    // Release pairs with the Acquire in `find`: who finds the scheduler finds it empty.
    let epoch = cell.epoch.fetch_add(1, Ordering::Release).wrapping_add(1);
    Ok(Cell::handle(index, epoch))
}

/// The scheduler with this handle. One that is closed while it is in use stays good memory.
#[must_use]
pub fn find(handle: usize) -> Option<&'static Open> {
    let (index, cell) = cell(handle)?;
    let epoch = cell.epoch.load(Ordering::Acquire);
    let current = epoch % 2 == 1 && Cell::handle(index, epoch) == handle;
    cell.content.get().filter(|_| current)
}

/// Closes a scheduler. Sessions that have keys of it keep their contexts.
///
/// # Errors
/// [`Error::Invalid`] for what is not the handle of an open one.
pub fn close(handle: usize) -> Result<()> {
    let (index, cell) = cell(handle).ok_or(Error::Invalid)?;
    let epoch = cell.epoch.load(Ordering::Relaxed);
    if epoch % 2 == 0 || Cell::handle(index, epoch) != handle {
        return Err(Error::Invalid);
    }
    let next = epoch.wrapping_add(1);
    let order = Ordering::Relaxed;
    let won = cell.epoch.compare_exchange(epoch, next, order, order);
    won.map_err(|_| Error::Invalid)?;
    cell.taken.store(false, Ordering::Release);
    Ok(())
}

fn cell(handle: usize) -> Option<(usize, &'static Cell)> {
    let index = (handle & ((1 << INDEX_BITS) - 1)).checked_sub(1)?;
    Some((index, CELLS.get(index)?))
}
