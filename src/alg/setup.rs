//! A class of algorithms in this process: whether it is initialised, with which
//! contexts, engine and scheduler, and how their requests are polled.
//!
//! Each process has its own: a fork child finds its classes not initialised, and
//! never meets a lock or a seat of its parent's.

mod polling;

use super::sched::{Key, Mode, Native, Scheduler};
use super::seat::{Message, Patience, Seat, SharedEngine};
use super::workers::{Poll, Workers};
use crate::ctypes::v2::wd_sched::sched_params;
use crate::drv::{Engine, Path};
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::clock;
use crate::sys::lock::{Condvar, Mutex};
use crate::sys::table::{self, Table};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use core::time::Duration;
use std::any::Any;
use std::sync::Arc;

/// How long an initialisation waits for another thread's.
const INIT_WAIT: Duration = Duration::from_secs(3);

/// What a scheduler written in C is asked. Its functions are called with no lock held.
pub trait Foreign: Send + Sync {
    /// A key for a session; `param` is the address of its parameter.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is none.
    fn key(&self, param: usize) -> Result<Key>;
    /// The number of the context for the next request.
    fn pick(&self, key: &Key, mode: Mode) -> u32;
    /// Polls contexts, and adds to `count` how many requests were finished.
    ///
    /// # Errors
    /// What the scheduler answered.
    fn poll(&self, expect: u32, count: &mut u32) -> Result<()>;
    /// Gives a key back.
    fn free(&self, key: Key);
}

/// What chooses contexts.
#[derive(Clone)]
pub enum Chooser {
    /// The library's scheduler.
    Native(Arc<Native>),
    /// A scheduler written in C.
    Foreign(Arc<dyn Foreign>),
}

/// What a session tells the scheduler.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// For a scheduler written in C: the address of the parameter, or 0.
    pub address: usize,
    /// For one of the library's: reads the parameter at this address.
    pub read: fn(usize, &Native) -> Option<sched_params>,
}

impl Chooser {
    /// The key of a new session.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no context for it.
    pub fn key(&self, param: &Param) -> Result<Key> {
        match self {
            Chooser::Native(native) => native.key((param.read)(param.address, native).as_ref()),
            Chooser::Foreign(foreign) => foreign.key(param.address),
        }
    }
}

/// What an initialisation has prepared.
pub struct Plan<M> {
    /// Serves the requests.
    pub engine: Box<dyn Engine<M>>,
    /// Whether each of the engine's contexts is asynchronous.
    pub seats: Vec<bool>,
    /// Asynchronous requests of a context.
    pub slots: usize,
    /// Chooses contexts.
    pub chooser: Chooser,
    /// Finishes requests that the engine failed: an engine that is shared, with one context.
    pub helper: Option<Box<dyn Engine<M>>>,
    /// How synchronous requests wait.
    pub patience: Patience,
    /// Whether sessions work on memory that devices map page by page.
    pub sva: bool,
    /// What has to outlive the engine: the driver, contexts.
    pub keep: Box<dyn Any + Send>,
    /// Asynchronous contexts that each thread of the library polls.
    pub polled: Vec<Vec<u32>>,
}

/// What a session takes over from the initialisation it belongs to.
#[derive(Clone)]
pub struct Origin<M> {
    /// Which initialisation it was.
    pub epoch: u64,
    /// Chooses contexts.
    pub chooser: Chooser,
    /// How synchronous requests wait.
    pub patience: Patience,
    /// Synchronous requests need not take turns.
    pub shared: bool,
    /// As [`Plan::sva`].
    pub sva: bool,
    /// As [`Plan::helper`].
    pub helper: Option<SharedEngine<M>>,
}

/// An initialised class. Dropped from the first field to the last.
struct Current<M: Message> {
    workers: Option<Workers>,
    origin: Origin<M>,
    seats: u32,
    /// The last to be dropped of those who have it: sessions do not.
    #[expect(dead_code, reason = "dropping it is its use")]
    engine: SharedEngine<M>,
    _keep: Box<dyn Any + Send>,
}

enum Life<M: Message> {
    Idle,
    /// A thread is initialising or undoing it.
    Changing,
    Ready(Box<Current<M>>),
}

/// Contexts that may have requests on their way, a bit each; on a pair of lines of its own.
#[repr(align(128))]
#[derive(Default)]
struct Hints(AtomicU64);

/// Contexts of a word of [`Hints`].
const WORD: usize = 64;
/// Words: contexts beyond are found all the same, later.
const WORDS: usize = 16;

/// The most contexts that a class has.
pub const MOST_SEATS: usize = table::MOST;

/// A class of algorithms in one process.
pub struct Class<M: Message> {
    life: Mutex<Life<M>>,
    changed: Condvar,
    epoch: AtomicU64,
    /// How many seats are filled.
    count: AtomicU32,
    seats: Table<Seat<M>>,
    hints: [Hints; WORDS],
    /// Whether threads of the library poll.
    has_workers: AtomicBool,
    /// Where a poll begins.
    last: Hints,
    /// The library's scheduler is used: contexts are polled without asking it.
    native: AtomicBool,
}

impl<M: Message> Default for Class<M> {
    fn default() -> Self {
        Class {
            life: Mutex::new(Life::Idle),
            changed: Condvar::new(),
            epoch: AtomicU64::new(0),
            count: AtomicU32::new(0),
            seats: Table::new(),
            hints: core::array::from_fn(|_| Hints::default()),
            has_workers: AtomicBool::new(false),
            last: Hints::default(),
            native: AtomicBool::new(false),
        }
    }
}

/// The right to initialise a class; dropping it unused leaves the class as it was.
pub struct Initialising<'a, M: Message> {
    class: &'a Class<M>,
    next: Life<M>,
}

impl<M: Message> Drop for Initialising<'_, M> {
    fn drop(&mut self) {
        *self.class.life.lock() = core::mem::replace(&mut self.next, Life::Idle);
        self.class.changed.notify_all();
    }
}

impl<M: Message> Class<M> {
    /// Begins to initialise the class. Nothing is locked meanwhile.
    ///
    /// # Errors
    /// [`Error::Exists`] if it is initialised; [`Error::TimedOut`] if another thread is at it for
    /// three seconds.
    pub fn begin(&self) -> Result<Initialising<'_, M>> {
        let deadline = clock::now() + INIT_WAIT;
        let mut life = self.life.lock();
        loop {
            match *life {
                Life::Idle => break,
                Life::Ready(_) => return Err(Error::Exists),
                Life::Changing => {
                    if self.changed.wait_until(&mut life, deadline) {
                        log_error!("another thread has been initialising for three seconds");
                        return Err(Error::TimedOut);
                    }
                }
            }
        }
        *life = Life::Changing;
        Ok(Initialising {
            class: self,
            next: Life::Idle,
        })
    }

    /// Undoes an initialisation; does nothing if there is none. Requests that are inside the library
    /// are waited for, those on their way to a device are given up.
    pub fn end(&self) {
        let mut life = self.life.lock();
        if !matches!(*life, Life::Ready(_)) {
            return;
        }
        let Life::Ready(mut current) = core::mem::replace(&mut *life, Life::Changing) else {
            return;
        };
        drop(life);
        let idle = Initialising {
            class: self,
            next: Life::Idle,
        };
        self.has_workers.store(false, Ordering::Relaxed);
        drop(current.workers.take());
        self.empty(current.seats);
        drop(current);
        drop(idle);
    }

    fn empty(&self, seats: u32) {
        self.count.store(0, Ordering::Relaxed);
        for index in 0..seats as usize {
            if let Some(seat) = self.seats.get(index) {
                seat.clear(index);
            }
        }
        for hint in &self.hints {
            hint.0.store(0, Ordering::Relaxed);
        }
    }

    /// What a new session needs to know.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the class is not initialised.
    pub fn origin(&self) -> Result<Origin<M>> {
        match &*self.life.lock() {
            Life::Ready(current) => Ok(current.origin.clone()),
            _ => Err(Error::Invalid),
        }
    }

    /// The filled seats.
    pub fn seats(&self) -> impl Iterator<Item = &'static Seat<M>> {
        let count = self.count.load(Ordering::Acquire) as usize;
        self.seats.iter().take(count).map(|(_, seat)| seat)
    }

    /// The seat with this number, filled or not.
    #[inline]
    pub fn seat(&self, index: u32) -> Option<&'static Seat<M>> {
        self.seats.get(index as usize)
    }

    /// Who serves each context.
    pub fn paths(&self) -> Vec<Option<Path>> {
        let seats = self.seats().enumerate();
        seats.map(|(index, seat)| seat.path(index)).collect()
    }
}

impl<M: Message> Initialising<'_, M> {
    /// Makes the class ready. `poll` is what threads of the library call.
    ///
    /// # Errors
    /// [`Error::NoMemory`] for more than 65 536 contexts; the `errno` of starting a thread.
    pub fn finish(mut self, plan: Plan<M>, poll: Poll) -> Result<()> {
        let class = self.class;
        let engine: SharedEngine<M> = Arc::new(plan.engine);
        let epoch = class.epoch.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let seats = u32::try_from(plan.seats.len()).map_err(|_| Error::NoMemory)?;
        while class
            .seats
            .get(plan.seats.len().saturating_sub(1))
            .is_none()
        {
            if !class.seats.grow() {
                return Err(Error::NoMemory);
            }
        }
        for (index, asynchronous) in plan.seats.iter().enumerate() {
            let slots = asynchronous.then_some(plan.slots);
            let seat = class.seats.get(index).ok_or(Error::NoMemory)?;
            if let Err(error) = seat.fill(epoch, &engine, slots) {
                class.empty(seats);
                return Err(error);
            }
        }
        let workers = match Workers::start(plan.polled, poll) {
            Ok(workers) => workers,
            Err(error) => {
                class.empty(seats);
                return Err(error);
            }
        };
        let native = matches!(plan.chooser, Chooser::Native(_));
        class.native.store(native, Ordering::Relaxed);
        class.last.0.store(0, Ordering::Relaxed);
        class
            .has_workers
            .store(workers.is_some(), Ordering::Relaxed);
        // Release pairs with the Acquire in `seats`. Requests find their seats by gates.
        class.count.store(seats, Ordering::Release);
        self.next = Life::Ready(Box::new(Current {
            workers,
            origin: Origin {
                epoch,
                chooser: plan.chooser,
                patience: plan.patience,
                shared: engine.is_shared(),
                sva: plan.sva,
                helper: plan.helper.map(Arc::new),
            },
            seats,
            engine,
            _keep: plan.keep,
        }));
        Ok(())
    }
}
