//! Asynchronous requests that a device cannot do, each left to the helper while the
//! context goes on with others.

use super::{In, Message, Seat, Taken};
use crate::error::{Error, Result};
use crate::sys::lock::Mutex;
use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::VecDeque;

/// Their tags.
#[derive(Default)]
pub(super) struct Left {
    tags: Mutex<VecDeque<u32>>,
    /// Whether there may be some; written with the lock held.
    any: AtomicBool,
}

impl Left {
    /// Whether there may be some. Relaxed: it is only a reason to look.
    pub fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    pub fn clear(&self) {
        self.tags.lock().clear();
    }

    fn push(&self, tag: u32) {
        let mut tags = self.tags.lock();
        tags.push_back(tag);
        self.any.store(true, Ordering::Relaxed);
    }

    fn pop(&self) -> Option<u32> {
        let mut tags = self.tags.lock();
        let tag = tags.pop_front();
        self.any.store(!tags.is_empty(), Ordering::Relaxed);
        tag
    }
}

impl<M: Message> Seat<M> {
    /// Leaves an asynchronous request to the helper, which does it when it is taken: `fill` writes the
    /// message but for its tag.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no asynchronous context here, or not that of `epoch`;
    /// [`Error::Busy`] if too many are on their way.
    #[cold]
    pub fn leave(&self, epoch: u64, fill: impl FnOnce(&mut M)) -> Result<()> {
        let mut pass = self.outward.0.0.enter().ok_or(Error::Busy)?;
        let out = pass.as_mut().filter(|out| out.epoch == epoch);
        let out = out.ok_or(Error::Invalid)?;
        let mut left = 0;
        let fill = |message: &mut M, tag| {
            fill(message);
            message.set_tag(tag);
            left = tag;
        };
        out.poster.post(fill, |_| Ok(())).map_err(|u| u.error)?;
        // Nobody who takes answers knows the tag before it is pushed.
        let count = &self.outward.0.1;
        let posted = count.load(Ordering::Relaxed).wrapping_add(1);
        count.store(posted, Ordering::Relaxed);
        self.left.push(left);
        Ok(())
    }

    /// A request that was left to the helper, if there is one.
    #[cold]
    pub(super) fn take_left(&self, inward: &mut In<M>) -> Option<Taken<M>> {
        while let Some(tag) = self.left.pop() {
            // Not those that went with all others of the context.
            if let Some(message) = inward.taker.take(tag, |message| *message) {
                self.count_taken();
                return Some(Taken::Undone(message));
            }
        }
        None
    }
}
