//! Polling: from an answer of a driver to the caller's callback. What has requests on
//! their way is found by hints, so that the cost of an answer does not depend on the
//! number of contexts.

use super::{Chooser, Class, Life, WORD, WORDS};
use crate::alg::seat::{Message, Seat, Taken};
use crate::error::{Error, Result};
use crate::log_error;
use core::sync::atomic::Ordering;

/// Rounds over the contexts that a poll makes at most.
const ROUNDS: u32 = 999;

impl<M: Message> Class<M> {
    /// To be called when an asynchronous request was posted in a context.
    #[inline]
    pub fn posted(&self, index: u32) {
        let (word, bit) = (index as usize / WORD, 1 << (index as usize % WORD));
        if let Some(hint) = self.hints.get(word) {
            // Read first: in steady state nobody writes to a line that other contexts share. That the
            // bit is cleared at this moment by a poll that saw the context empty is no harm: the
            // bits are hints, and a poll that finds nothing by them looks at all contexts.
            if hint.0.load(Ordering::Relaxed) & bit == 0 {
                hint.0.fetch_or(bit, Ordering::Relaxed);
            }
        }
        if self.has_workers.load(Ordering::Relaxed) {
            self.wake(index);
        }
    }

    #[cold]
    fn wake(&self, index: u32) {
        if let Life::Ready(current) = &*self.life.lock()
            && let Some(workers) = &current.workers
        {
            workers.wake(index);
        }
    }

    /// Takes up to `expect` finished requests of one context and calls `deliver` with each; adds to
    /// `count` how many. Nothing is locked while `deliver` runs.
    ///
    /// # Errors
    /// [`Error::Again`] if there were fewer; [`Error::Invalid`] if there is no such asynchronous
    /// context; what the engine answered.
    #[inline]
    pub fn poll_one(
        &self,
        index: u32,
        expect: u32,
        count: &mut u32,
        deliver: &mut impl FnMut(&mut M::Request),
    ) -> Result<()> {
        let seat = self.seat(index).ok_or(Error::Invalid)?;
        let mut left = expect;
        while left > 0 {
            // By reference: a request is large, and need not be moved once more.
            match &mut seat.take(index as usize) {
                Ok(Taken::Done(request)) => deliver(request),
                Ok(Taken::Undone(message)) => self.help(seat, message, deliver)?,
                Err(Error::DeviceReset) => {
                    self.give_up(seat, index)?;
                    continue;
                }
                Err(error) => return Err(*error),
            }
            *count = count.wrapping_add(1);
            left -= 1;
        }
        Ok(())
    }

    /// Leaves a context to the helper, if there is one.
    #[cold]
    fn give_up(&self, seat: &Seat<M>, index: u32) -> Result<()> {
        let helper = self.origin()?.helper;
        if helper.is_some() && seat.give_up(index as usize) {
            log_error!("context {index}: the device does not work any more; software goes on");
            return Ok(());
        }
        Err(Error::DeviceReset)
    }

    /// Has the helper do an asynchronous request. One that it cannot do comes back all the same, as one
    /// that failed.
    #[cold]
    fn help(
        &self,
        seat: &Seat<M>,
        message: &mut M,
        deliver: &mut impl FnMut(&mut M::Request),
    ) -> Result<()> {
        let helper = self.origin()?.helper.ok_or(Error::DeviceReset)?;
        if let Err(error) = helper.send(0, message) {
            log_error!("what a device left cannot be done in software: {error}");
            message.fail();
        }
        seat.tally().count_shared(message.weight());
        seat.tally().helped.fetch_add(1, Ordering::Relaxed);
        deliver(&mut message.finish(message));
        Ok(())
    }

    /// Takes finished requests of all contexts until `count` is `expect`, none is on its way, or it
    /// has looked often enough, and adds to `count` how many. Fewer than expected is no error.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the class is not initialised; what an engine answered.
    pub fn poll(
        &self,
        expect: u32,
        count: &mut u32,
        deliver: &mut impl FnMut(&mut M::Request),
    ) -> Result<()> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return Err(Error::Invalid);
        }
        if !self.native.load(Ordering::Relaxed) {
            let origin = self.origin()?;
            if let Chooser::Foreign(foreign) = origin.chooser {
                return foreign.poll(expect, count);
            }
        }
        for _ in 0..ROUNDS {
            if self.sweep(expect, count, deliver)? {
                return Ok(());
            }
            core::hint::spin_loop();
        }
        Ok(())
    }

    /// One round over the contexts with requests on their way. Whether no more rounds are wanted.
    fn sweep(
        &self,
        expect: u32,
        count: &mut u32,
        deliver: &mut impl FnMut(&mut M::Request),
    ) -> Result<bool> {
        let seats = self.count.load(Ordering::Relaxed) as usize;
        let words = seats.div_ceil(WORD).min(WORDS);
        let first = self.last.0.load(Ordering::Relaxed) as usize;
        let mut any = false;
        // Mostly there is one context: no others are to be looked for.
        let only = self.hints.first().is_some_and(|hint| {
            words == 1 && hint.0.load(Ordering::Relaxed) == 1_u64.wrapping_shl(first as u32)
        });
        if only && self.seats.get(first).is_some_and(|seat| seat.flying() != 0) {
            return self.visit(first, expect, count, deliver);
        }
        let mut word = first / WORD;
        for turn in 0..=words {
            if turn > 0 {
                word += 1;
            }
            if word >= words {
                word = 0;
            }
            let Some(hint) = self.hints.get(word) else {
                break;
            };
            let mut bits = hint.0.load(Ordering::Relaxed);
            // The first word is visited in two parts: from behind the context that the last poll ended
            // with, so that a busy one does not keep others waiting, and, last of all, up to there.
            let done = u64::MAX >> (WORD - 1 - first % WORD);
            if turn == 0 {
                bits &= !done;
            } else if turn == words {
                bits &= done;
            }
            while bits != 0 {
                let bit = bits & bits.wrapping_neg();
                bits ^= bit;
                let index = word * WORD + bit.trailing_zeros() as usize;
                let Some(seat) = self.seats.get(index) else {
                    continue;
                };
                if seat.flying() == 0 {
                    hint.0.fetch_and(!bit, Ordering::Relaxed);
                    continue;
                }
                any = true;
                if self.visit(index, expect, count, deliver)? {
                    if index != first {
                        self.last.0.store(index as u64, Ordering::Relaxed);
                    }
                    return Ok(true);
                }
            }
        }
        if any {
            return Ok(false);
        }
        self.search(seats, expect, count, deliver)
    }

    /// Looks at all contexts: the hints tell of none.
    #[cold]
    fn search(
        &self,
        seats: usize,
        expect: u32,
        count: &mut u32,
        deliver: &mut impl FnMut(&mut M::Request),
    ) -> Result<bool> {
        let mut any = false;
        for index in 0..seats {
            if self.seats.get(index).is_some_and(|seat| seat.flying() != 0) {
                any = true;
                if self.visit(index, expect, count, deliver)? {
                    return Ok(true);
                }
            }
        }
        Ok(!any)
    }

    /// Takes what is finished in one context. Whether `count` is now `expect`.
    #[inline]
    fn visit(
        &self,
        index: usize,
        expect: u32,
        count: &mut u32,
        deliver: &mut impl FnMut(&mut M::Request),
    ) -> Result<bool> {
        // As the C library counts: from what the caller's count was, and for 0 without end.
        let wanted = match expect.wrapping_sub(*count) {
            0 => u32::MAX,
            wanted => wanted,
        };
        let index = u32::try_from(index).map_err(|_| Error::Invalid)?;
        // Not more than are on their way: an engine need not be asked for what is not there.
        let there = self.seat(index).map_or(0, Seat::flying);
        match self.poll_one(index, wanted.min(there), count, deliver) {
            Ok(()) => Ok(wanted <= there),
            Err(Error::Again) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
