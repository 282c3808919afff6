//! An engine whose strings the test pulls.

use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::drv::{Engine, Path};
use crate::error::{Error, Result};
use crate::sys::lock::Mutex;
use crate::sys::slots::{Carried, Posted};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::collections::VecDeque;
use std::sync::Arc;

pub type Msg = wd_comp_msg;

/// What the test turns, and what it can see.
#[derive(Default)]
pub struct Knobs {
    /// Calls of `receive` that find nothing before one does.
    pub delay: AtomicU32,
    /// No answers at all.
    pub silent: AtomicBool,
    /// What `send` and `post` answer instead of success, once.
    pub refuse: Mutex<Option<Error>>,
    /// What `receive` answers instead of a message.
    pub broken: Mutex<Option<Error>>,
    /// What `reset` answers.
    pub reset: Mutex<Option<Error>>,
    /// Tags that asynchronous contexts answer with, before any other.
    pub forged: Mutex<VecDeque<u32>>,
    /// Tags that were posted.
    pub tags: Mutex<Vec<u32>>,
    /// Status of the answers.
    pub status: AtomicU32,
    /// Bytes of input that a request consumes at most; 0: all.
    pub most: AtomicU32,
    /// Last synchronous message.
    pub seen: Mutex<Option<Carried<Msg>>>,
    pub resets: AtomicUsize,
    pub forgets: AtomicUsize,
    pub dropped: AtomicBool,
    /// It finishes synchronous requests in `send`.
    pub shared: AtomicBool,
}

/// The engine.
pub struct Puppet {
    knobs: Arc<Knobs>,
    waiting: Vec<Mutex<VecDeque<Carried<Msg>>>>,
}

impl Puppet {
    pub fn engine(knobs: &Arc<Knobs>, seats: usize) -> Box<dyn Engine<Msg>> {
        Box::new(Puppet {
            knobs: Arc::clone(knobs),
            waiting: (0..seats).map(|_| Mutex::default()).collect(),
        })
    }

    fn answer(&self, message: &mut Msg) {
        let most = self.knobs.most.load(Ordering::Relaxed);
        message.in_cons = match most {
            0 => message.req.src_len,
            most => message.req.src_len.min(most),
        };
        message.produced = message.in_cons.min(message.avail_out);
        message.req.status = self.knobs.status.load(Ordering::Relaxed);
        message.isize = message.isize.wrapping_add(message.in_cons);
    }

    fn refusal(&self) -> Result<()> {
        self.knobs.refuse.lock().take().map_or(Ok(()), Err)
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        self.knobs.dropped.store(true, Ordering::Relaxed);
    }
}

impl Engine<Msg> for Puppet {
    fn path(&self, _: usize) -> Path {
        Path::Simulated
    }

    fn is_shared(&self) -> bool {
        self.knobs.shared.load(Ordering::Relaxed)
    }

    fn send(&self, _: usize, message: &mut Msg) -> Result<()> {
        self.refusal()?;
        *self.knobs.seen.lock() = Some(Carried(*message));
        if self.is_shared() {
            self.answer(message);
        }
        Ok(())
    }

    fn post(&self, seat: usize, message: Posted<'_, Msg>) -> Result<()> {
        self.refusal()?;
        let message = message.copy();
        self.knobs.tags.lock().push(message.tag);
        self.waiting[seat].lock().push_back(Carried(message));
        Ok(())
    }

    fn receive(&self, seat: usize, message: &mut Msg) -> Result<()> {
        if let Some(error) = *self.knobs.broken.lock() {
            return Err(error);
        }
        if self.knobs.silent.load(Ordering::Relaxed) {
            return Err(Error::Again);
        }
        let delay = &self.knobs.delay;
        let later = delay.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        if later.is_ok() {
            return Err(Error::Again);
        }
        if let Some(forged) = self.knobs.forged.lock().pop_front() {
            message.tag = forged;
            return Ok(());
        }
        // A context without asynchronous requests is synchronous.
        let posted = self.waiting[seat].lock().pop_front();
        match posted {
            Some(Carried(posted)) => *message = posted,
            None if message.tag != 0 || seat != 0 => return Err(Error::Again),
            None => {}
        }
        self.answer(message);
        Ok(())
    }

    fn reset(&self, seat: usize) -> Result<()> {
        self.knobs.resets.fetch_add(1, Ordering::Relaxed);
        self.waiting[seat].lock().clear();
        self.knobs.reset.lock().map_or(Ok(()), Err)
    }

    fn forget(&self, _: usize) {
        self.knobs.forgets.fetch_add(1, Ordering::Relaxed);
    }
}
