//! What a queue knows: where it is in its life, its rings' contexts, and the
//! descriptors between fetch and completion. Under the queue's lock; no memory, no
//! threads.

use super::config::Orders;
use super::contexts::Contexts;
use super::faults::Upset;
use super::zip::Direction;
use crate::bd::zip::Bytes;
use crate::error::{Error, Result};
use std::collections::VecDeque;

/// Where a queue is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// Opened, or stopped.
    Initial,
    Started,
    /// Waiting for the engines to leave.
    Stopping,
    /// Killed by a reset. There is no way back.
    Dead,
    /// Its device was removed.
    Gone,
}

/// What the queue's lock guards.
pub(super) struct State {
    pub life: Life,
    pub direction: Direction,
    pub rings: Contexts,
    /// The event's descriptor is readable.
    pub raised: bool,
    /// The queue is on the engines' list.
    pub queued: bool,
    /// Descriptors in engines' hands.
    pub busy: usize,
    /// Descriptors fetched, and neither lost nor due: oldest first.
    line: VecDeque<Fetched>,
    /// Completions held back by a reorder fault.
    pub held: Vec<Completion>,
    /// How many it wants to hold; 0 when there is no such fault.
    pub window: usize,
}

impl State {
    pub fn new(depth: u16) -> State {
        State {
            life: Life::Initial,
            direction: Direction::Compress,
            rings: Contexts::new(depth),
            raised: false,
            queued: false,
            busy: 0,
            line: VecDeque::new(),
            held: Vec::new(),
            window: 0,
        }
    }

    /// [`Error::NoDevice`] after the device was removed.
    pub fn present(&self) -> Result<()> {
        if self.life == Life::Gone {
            return Err(Error::NoDevice);
        }
        Ok(())
    }

    /// Whether a request that was fetched is completed. A stopping queue finishes what it has begun.
    pub fn completes(&self) -> bool {
        matches!(self.life, Life::Started | Life::Stopping)
    }

    /// Whether one more completion has room, beside those that are certain to come.
    pub fn room(&self) -> bool {
        self.rings.room(self.line.len() + self.held.len())
    }

    /// Whether the next descriptor may be fetched: there is one, and an entry for its completion.
    pub fn runnable(&self) -> bool {
        self.life == Life::Started && self.rings.pending() && self.room()
    }

    /// Takes the next descriptor for an engine: its slot.
    pub fn fetch(&mut self) -> u16 {
        let slot = self.rings.fetch();
        self.busy += 1;
        self.line.push_back(Fetched { slot, done: None });
        slot
    }

    /// Notes that an engine is done with a descriptor, or has lost it.
    pub fn leave(&mut self, job: Job) {
        self.busy -= 1;
        let mine = |f: &Fetched| f.slot == job.slot && f.done.is_none();
        let Some(at) = self.line.iter().position(mine) else {
            return;
        };
        if job.done {
            self.line[at].done = Some(job.upset);
        } else {
            self.line.remove(at);
        }
    }

    /// Takes the next completion that may be posted.
    pub fn due(&mut self, orders: Orders) -> Option<Completion> {
        let at = match orders {
            Orders::In => 0,
            Orders::Out => self.line.iter().position(|f| f.done.is_some())?,
        };
        let upset = self.line.get_mut(at)?.done.take()?;
        let slot = self.line.remove(at)?.slot;
        Some(Completion { slot, upset })
    }
}

/// A descriptor on its way through the device.
struct Fetched {
    slot: u16,
    /// It is executed; what is to go wrong with its completion.
    done: Option<Upset>,
}

/// What a completion will say.
pub(super) struct Completion {
    pub slot: u16,
    pub upset: Upset,
}

/// A descriptor in an engine's hands.
pub(super) struct Job {
    pub slot: u16,
    pub bytes: Bytes,
    pub direction: Direction,
    pub upset: Upset,
    /// The bytes have the results in them.
    pub done: bool,
}
