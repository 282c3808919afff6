//! What a queue of UADK v1 has beside the queue it is: which of its answers wait
//! for somebody, the memory operations of its contexts, and the memory it has
//! reserved. The cells never move, and each part knows which queue it belongs to.

use super::Queue;
use super::parking::Parking;
use super::program::{Program, Reach};
use crate::error::{Error, Result};
use crate::mem::reserved::Reserved;
use crate::qm::layout::Version;
use crate::sys::fork;
use crate::sys::gate::Gate;
use crate::sys::lock::Mutex;
use crate::sys::table::Table;
use core::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::collections::BTreeMap;
use std::sync::Arc;

/// By [`crate::queue::QueueRef::index`].
static TABLE: Table<Cell> = Table::new();

/// What belongs to one queue: its number, [`Queue::to_raw`], and the thing. 0 belongs to none.
#[derive(Default)]
pub(super) struct Owned<T>(u64, T);

/// The place of a queue, and of others after it.
pub(super) struct Cell {
    /// The queue that is open; 0 for none.
    name: AtomicU64,
    version: AtomicU8,
    /// See [`Reach`].
    reach: AtomicU8,
    /// How many answers are parked; changed inside the gate.
    pub parked: AtomicU32,
    /// Threads that put answers into messages that [`Program`] knows. Increased inside its gate.
    pub finishing: AtomicU32,
    pub parking: Gate<Owned<Parking>>,
    pub program: Gate<Owned<Program>>,
    pub memory: Gate<Owned<Option<Arc<Reserved>>>>,
    pub control: Mutex<Option<Arc<Control>>>,
}

/// Shares of a queue's reserved memory: by address and length, how often.
pub(super) type Shares = Mutex<BTreeMap<(usize, usize), usize>>;

/// What calls need that are not in a hurry.
pub(super) struct Control {
    name: u64,
    /// What the program asked for, and of which device it got it.
    pub facts: super::Facts,
    /// The most requests that can be in flight.
    pub capacity: u32,
    /// What is shared of the reserved memory.
    pub shares: Shares,
    /// Taken to reserve memory, which takes a while.
    pub reserving: Mutex<()>,
}

impl Default for Cell {
    fn default() -> Self {
        Cell {
            name: AtomicU64::new(0),
            version: AtomicU8::new(0),
            reach: AtomicU8::new(0),
            parked: AtomicU32::new(0),
            finishing: AtomicU32::new(0),
            parking: Gate::new(Owned::default()),
            program: Gate::new(Owned::default()),
            memory: Gate::new(Owned::default()),
            control: Mutex::new(None),
        }
    }
}

impl Cell {
    /// The cell of a queue that is open.
    ///
    /// # Errors
    /// [`Error::Shutdown`] for a queue that was released, is no queue of UADK v1, or belongs to the
    /// parent of this process.
    #[inline]
    pub fn of(queue: Queue) -> Result<&'static Cell> {
        let cell = TABLE.get(queue.0.index()).ok_or(Error::Shutdown)?;
        // Acquire pairs with the Release in `open`. A fork child may find its parent's locks taken
        // for ever; its parent's queues have no name there, and so it takes none.
        if cell.name.load(Ordering::Acquire) == queue.to_raw() {
            Ok(cell)
        } else {
            Err(Error::Shutdown)
        }
    }

    /// Makes the cell of a queue that has just been opened its own.
    ///
    /// # Errors
    /// [`Error::NoMemory`]; [`Error::Busy`] in a signal handler that interrupted the use of this
    /// very cell.
    pub fn open(queue: Queue, facts: super::Facts, capacity: u32) -> Result<()> {
        fork::in_children(forget_all);
        let index = queue.0.index();
        let cell = loop {
            match TABLE.get(index) {
                Some(cell) => break cell,
                None if TABLE.grow() => {}
                None => return Err(Error::NoMemory),
            }
        };
        let name = queue.to_raw();
        let parking = Parking::new(capacity as usize)?;
        *cell.parking.visit().ok_or(Error::Busy)? = Owned(name, parking);
        *cell.program.visit().ok_or(Error::Busy)? = Owned(name, Program::default());
        *cell.memory.visit().ok_or(Error::Busy)? = Owned(name, None);
        cell.parked.store(0, Ordering::Relaxed);
        let version = match facts.version {
            Version::V1 => 0,
            Version::V2 => 1,
            Version::V3 => 2,
            Version::V5 => 3,
        };
        cell.version.store(version, Ordering::Relaxed);
        cell.set_reach(if facts.sva {
            Reach::Itself
        } else {
            Reach::Reserved
        });
        let control = Control {
            name,
            facts,
            capacity,
            shares: Default::default(),
            reserving: Mutex::default(),
        };
        *cell.control.lock() = Some(Arc::new(control));
        // Release pairs with the Acquire in `of`.
        cell.name.store(name, Ordering::Release);
        Ok(())
    }

    /// Drops what a queue had that has been released. Another one may have the cell already.
    pub fn close(&self, queue: Queue) {
        let name = queue.to_raw();
        let _ = self
            .name
            .compare_exchange(name, 0, Ordering::Relaxed, Ordering::Relaxed);
        // Taken out inside and dropped outside: what is dropped takes a while, or is the program's.
        let memory = take(&self.memory, name);
        let program = take(&self.program, name);
        let parking = take(&self.parking, name);
        let control = self.control.lock().take_if(|control| control.name == name);
        // The device was stopped.
        program.into_iter().for_each(Program::unmap_all);
        drop((parking, memory, control));
    }

    pub fn control(&self, queue: Queue) -> Result<Arc<Control>> {
        let control = self.control.lock();
        let own = control.as_ref().filter(|c| c.name == queue.to_raw());
        own.cloned().ok_or(Error::Shutdown)
    }

    #[inline(always)]
    pub fn version(&self) -> Version {
        // The numbers that `open` stores.
        match self.version.load(Ordering::Relaxed) {
            1 => Version::V2,
            2 => Version::V3,
            3 => Version::V5,
            _ => Version::V1,
        }
    }

    #[inline(always)]
    pub fn reach(&self) -> Reach {
        match self.reach.load(Ordering::Relaxed) {
            0 => Reach::Itself,
            1 => Reach::Reserved,
            2 => Reach::Program,
            _ => Reach::Injects,
        }
    }

    /// Says that somebody puts an answer into a message, until it is dropped. Called inside the gate
    /// of `program`.
    #[inline]
    pub fn finishing(&self) -> Finishing<'_> {
        self.finishing.fetch_add(1, Ordering::Relaxed);
        Finishing(&self.finishing)
    }

    pub fn set_reach(&self, reach: Reach) {
        self.reach.store(reach as u8, Ordering::Relaxed);
    }
}

/// In a fork child: no name fits any more. Atomics only.
fn forget_all() {
    for (_, cell) in TABLE.iter() {
        cell.name.store(0, Ordering::Relaxed);
    }
}

/// Somebody puts an answer into a message.
pub(super) struct Finishing<'a>(&'a AtomicU32);

impl Drop for Finishing<'_> {
    fn drop(&mut self) {
        // Release pairs with the Acquire in `Queue::forget`.
        self.0.fetch_sub(1, Ordering::Release);
    }
}

/// What `look` makes of a part of a cell, if it is that queue's.
///
/// # Errors
/// [`Error::Shutdown`] if it is not; [`Error::Busy`] in a signal handler that interrupted the use of
/// this very part.
#[inline]
pub(super) fn with<T, R>(
    gate: &Gate<Owned<T>>,
    queue: Queue,
    look: impl FnOnce(&mut T) -> R,
) -> Result<R> {
    let mut pass = gate.enter().ok_or(Error::Busy)?;
    let Owned(name, thing) = &mut *pass;
    if *name == queue.to_raw() {
        Ok(look(thing))
    } else {
        Err(Error::Shutdown)
    }
}

fn take<T: Default>(gate: &Gate<Owned<T>>, name: u64) -> Option<T> {
    let mut pass = gate.visit()?;
    (pass.0 == name).then(|| core::mem::take(&mut *pass).1)
}
