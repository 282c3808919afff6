//! The cells that queues live in. A cell is used by one queue after another, and
//! its epoch says which: odd while one is open. Nothing here takes a lock in a
//! fork child.

use super::info::{Path, Vfio};
use crate::bd::zip;
use crate::error::{Error, Result};
use crate::mem::share::Shares;
use crate::qm::ring::{Receiver, Sender};
use crate::sys::atomic::{AtomicI32, AtomicU8, AtomicU32, AtomicU64, AtomicUsize};
use crate::sys::gate::Gate;
use crate::sys::lock::Mutex;
use crate::sys::table::Table;
use crate::sys::{fd, fork};
use crate::uacce::channel::Channel;
use core::sync::atomic::Ordering;
use std::os::fd::RawFd;
use std::sync::Arc;

/// All queues of the process.
pub static TABLE: Table<Cell> = Table::new();

/// Free for a new queue.
const FREE: u8 = 0;
/// Being opened, open, or being released.
const TAKEN: u8 = 1;
/// In a fork child: a queue of the parent's. Its memory is leaked and its cell not used again.
const ABANDONED: u8 = 2;

/// Descriptors a queue may own: device, container, group.
pub const FDS: usize = 3;

/// A place for a queue.
pub struct Cell {
    /// Odd while a queue is open; changes with each opening and release.
    pub epoch: AtomicU32,
    state: AtomicU8,
    /// What a fork child closes; -1 for none.
    fds: [AtomicI32; FDS],
    /// The sending half of the ring. The halves are on lines of their own: two threads use them.
    pub tx: Apart<Gate<Option<Sender<{ zip::SIZE }>>>>,
    sent: AtomicU64,
    /// The receiving half.
    pub rx: Apart<Gate<Option<Receiver<{ zip::SIZE }>>>>,
    received: AtomicU64,
    failed: AtomicU64,
    /// The rest, for calls that are not in a hurry.
    pub control: Mutex<Option<Arc<Control>>>,
}

/// Begins a pair of cache lines, which processors fetch together.
#[repr(align(128))]
#[derive(Default)]
pub struct Apart<T>(T);

impl<T> core::ops::Deref for Apart<T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}

/// What belongs to an open queue and is not on the data path. Field order is drop order.
pub struct Control {
    /// The memory it shares, taken back before the channel closes.
    pub shares: Shares,
    /// The kernel's or the simulation's side.
    pub channel: Arc<dyn Channel>,
    /// What [`super::Info`] tells and does not change.
    pub facts: Facts,
}

/// Facts of an open queue.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Which way requests take.
    pub path: Path,
    /// The device's name.
    pub device: String,
    /// Its queue interface.
    pub api: String,
    /// Its NUMA node.
    pub numa_node: u32,
    /// The hardware queue's number.
    pub number: u16,
    /// Requests that can be outstanding.
    pub capacity: u32,
    /// The `dma_flag` of the seed API.
    pub dma_flag: i32,
    /// The IOMMU type, container and group of a VFIO queue.
    pub vfio: Option<Vfio>,
}

impl Default for Cell {
    fn default() -> Self {
        Cell {
            epoch: AtomicU32::new(0),
            state: AtomicU8::new(FREE),
            fds: [const { AtomicI32::new(-1) }; FDS],
            tx: Apart::default(),
            sent: AtomicU64::new(0),
            rx: Apart::default(),
            received: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            control: Mutex::new(None),
        }
    }
}

impl Cell {
    /// Counters have one writer at a time, inside a gate, so a load and a store do.
    #[inline(always)]
    pub fn count_sent(&self, n: u64) {
        self.sent
            .store(self.sent.load(Ordering::Relaxed) + n, Ordering::Relaxed);
    }

    /// See [`Cell::count_sent`].
    #[inline(always)]
    pub fn count_received(&self, n: u64, failed: u64) {
        self.received
            .store(self.received.load(Ordering::Relaxed) + n, Ordering::Relaxed);
        if failed != 0 {
            self.failed.store(
                self.failed.load(Ordering::Relaxed) + failed,
                Ordering::Relaxed,
            );
        }
    }

    /// Requests sent, answers received, answers with an error.
    pub fn counts(&self) -> (u64, u64, u64) {
        let read = |n: &AtomicU64| n.load(Ordering::Relaxed);
        (read(&self.sent), read(&self.received), read(&self.failed))
    }

    /// Fills a taken cell and opens it; the epoch it is open under.
    pub fn publish(
        &self,
        control: Control,
        sender: Sender<{ zip::SIZE }>,
        receiver: Receiver<{ zip::SIZE }>,
        fds: [RawFd; FDS],
    ) -> Result<u32> {
        for counter in [&self.sent, &self.received, &self.failed] {
            counter.store(0, Ordering::Relaxed);
        }
        *self.tx.visit().ok_or(Error::Busy)? = Some(sender);
        *self.rx.visit().ok_or(Error::Busy)? = Some(receiver);
        *self.control.lock() = Some(Arc::new(control));
        for (place, fd) in self.fds.iter().zip(fds) {
            place.store(fd, Ordering::Relaxed);
        }
        // Release pairs with the Acquire in `QueueRef::current`: who sees the epoch sees all of it.
        Ok(self.epoch.fetch_add(1, Ordering::Release).wrapping_add(1))
    }

    /// Forgets the descriptors, before they close: the next file with one of their numbers is not
    /// for a fork child to close. A child of a fork in between keeps a copy.
    pub fn forget_descriptors(&self) {
        for place in &self.fds {
            place.store(-1, Ordering::Relaxed);
        }
    }

    /// Whether this is a fork child, and the cell's queue is the parent's.
    pub fn is_abandoned(&self) -> bool {
        self.state.load(Ordering::Relaxed) == ABANDONED
    }

    /// Gives the cell back after a failed opening or a finished release.
    pub fn give_back(&self) {
        // Release pairs with the Acquire in `take`.
        self.state.store(FREE, Ordering::Release);
    }
}

/// Takes a free cell: its number and itself.
///
/// # Errors
/// [`Error::NoMemory`] when 65 536 queues are open.
pub fn take() -> Result<(u32, &'static Cell)> {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    fork::in_children(abandon_all);
    let try_take = |(index, cell): (usize, &'static Cell)| {
        let won = cell
            .state
            .compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Relaxed);
        won.ok()?;
        LAST.store(index, Ordering::Relaxed);
        Some((u32::try_from(index).ok()?, cell))
    };
    loop {
        // The cell after the one taken last is most often free; it also leaves a released number
        // unused for a while.
        let hint = LAST.load(Ordering::Relaxed).wrapping_add(1);
        let near = TABLE.get(hint).and_then(|cell| try_take((hint, cell)));
        if let Some(found) = near.or_else(|| TABLE.iter().find_map(try_take)) {
            return Ok(found);
        }
        if !TABLE.grow() {
            return Err(Error::NoMemory);
        }
    }
}

/// In a fork child: no handle names a queue of the parent's any more, and their descriptors are
/// closed here, without a word to the device. Atomics and close(2) only.
fn abandon_all() {
    for (_, cell) in TABLE.iter() {
        if cell.state.load(Ordering::Relaxed) != TAKEN {
            continue;
        }
        cell.state.store(ABANDONED, Ordering::Relaxed);
        // Even, whether the queue was open, being opened or being released: no name fits.
        let epoch = cell.epoch.load(Ordering::Relaxed);
        cell.epoch
            .store((epoch | 1).wrapping_add(1), Ordering::Relaxed);
        for place in &cell.fds {
            fd::close_in_child(place.swap(-1, Ordering::Relaxed));
        }
    }
}
