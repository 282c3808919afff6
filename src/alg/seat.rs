//! A context of an initialised algorithm, as requests see it.
//!
//! A seat is entered through gates: one for synchronous requests, one for posting and
//! one for taking answers. What the gates guard is put in place by an initialisation
//! and taken out by its end, so a request that comes too late finds nothing and is
//! refused; the seats themselves stay for the life of the process.

mod left;
mod wait;

#[cfg(test)]
mod tests;

use super::tally::{Tally, add};
use crate::drv::{Engine, Path};
use crate::error::{Error, Result};
use crate::sys::gate::Gate;
use crate::sys::lock::Mutex;
use crate::sys::slots::{Carried, Poster, Slots, Taker, Window};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use left::Left;
use std::sync::Arc;
use wait::wait_for;

/// A message of a class of algorithms, as drivers know it.
pub trait Message: Copy + 'static {
    /// What the caller asked for, and gets back with the results in it.
    type Request: Copy;
    /// A message that asks for nothing.
    const BLANK: Self;
    /// Which asynchronous request it belongs to.
    fn tag(&self) -> u32;
    /// Says which asynchronous request it belongs to.
    fn set_tag(&mut self, tag: u32);
    /// The request, with the results that `answer` has.
    fn finish(&self, answer: &Self) -> Self::Request;
    /// Says that it failed, and that nothing was consumed or produced.
    fn fail(&mut self);
    /// Bytes of input consumed, bytes of output produced, and whether it failed.
    fn weight(&self) -> (u32, u32, bool);
}

/// How long and in which way synchronous requests wait.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The bound. A reset of the context may come on top.
    pub limit: Duration,
    /// Whether to sleep until the device interrupts.
    pub sleeps: bool,
}

/// On a pair of cache lines of its own, which processors fetch together.
#[repr(align(128))]
struct Apart<T>(T);

impl<T: Default> Default for Apart<T> {
    fn default() -> Self {
        Apart(T::default())
    }
}

/// An engine of several owners. In a box of its own, so that a call need not find its way past the
/// counts of owners, whose place depends on the engine's alignment.
pub type SharedEngine<M> = Arc<Box<dyn Engine<M>>>;

/// What synchronous requests need.
struct Line<M> {
    epoch: u64,
    engine: SharedEngine<M>,
    /// The request's message. A driver may know its address longer than the request lasts.
    message: Box<Carried<M>>,
    /// The context does not work any more.
    dead: bool,
    /// A driver may still use the message after its engine has gone.
    lost: bool,
}

/// What posting needs.
struct Out<M> {
    epoch: u64,
    engine: SharedEngine<M>,
    poster: Poster<M>,
    /// The device does not work any more: requests are left to the helper.
    helped: bool,
}

/// What taking answers needs.
struct In<M> {
    engine: SharedEngine<M>,
    taker: Taker<M>,
    in_slots: bool,
    /// What the engine answers into.
    answer: Carried<M>,
    /// As [`Out::helped`]: these requests wait for the helper.
    helped: bool,
}

/// A place for a context.
pub struct Seat<M: Message> {
    line: Apart<Gate<Option<Line<M>>>>,
    outward: Apart<(Gate<Option<Out<M>>>, AtomicU32)>,
    inward: Apart<(Gate<Option<In<M>>>, AtomicU32)>,
    tally: Apart<Tally>,
    /// For drivers written in C, which ask for a message while they answer.
    window: Window<M>,
    /// Slots of earlier initialisations, for later ones.
    shelf: Mutex<Vec<(Poster<M>, Taker<M>)>>,
    left: Left,
}

impl<M: Message> Default for Seat<M> {
    fn default() -> Self {
        Seat {
            line: Apart(Gate::new(None)),
            outward: Apart((Gate::new(None), AtomicU32::new(0))),
            inward: Apart((Gate::new(None), AtomicU32::new(0))),
            tally: Apart::default(),
            window: Window::default(),
            shelf: Mutex::default(),
            left: Left::default(),
        }
    }
}

/// A synchronous request that could not be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Why.
    pub error: Error,
    /// The device may still touch the request's memory.
    pub unquiet: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure {
            error,
            unquiet: false,
        }
    }
}

/// Why a synchronous request of `epoch` cannot be done by what is in the seat.
#[cold]
fn refusal<M>(line: Option<&Line<M>>, epoch: u64) -> Error {
    match line {
        Some(line) if line.epoch == epoch => Error::DeviceReset,
        _ => Error::Invalid,
    }
}

/// A finished asynchronous request.
pub enum Taken<M: Message> {
    /// With its results.
    Done(M::Request),
    /// The device gave up: the helper is to do it.
    Undone(M),
}

/// Answers to no request that one visit takes before it gives up.
const STRAYS: u32 = 1024;

impl<M: Message> Seat<M> {
    /// Puts a context into the seat, for synchronous requests, or with `slots` for asynchronous ones.
    ///
    /// # Errors
    /// [`Error::Busy`] in a signal handler that interrupted a request.
    pub fn fill(&self, epoch: u64, engine: &SharedEngine<M>, slots: Option<usize>) -> Result<()> {
        self.tally.0.clear();
        let Some(count) = slots else {
            *self.line.0.visit().ok_or(Error::Busy)? = Some(Line {
                epoch,
                engine: Arc::clone(engine),
                message: Box::new(Carried(M::BLANK)),
                dead: false,
                lost: false,
            });
            return Ok(());
        };
        let (poster, taker) = self.slots(count);
        self.window.show(taker.slots());
        *self.inward.0.0.visit().ok_or(Error::Busy)? = Some(In {
            engine: Arc::clone(engine),
            taker,
            in_slots: engine.answers_in_slots(),
            answer: Carried(M::BLANK),
            helped: false,
        });
        *self.outward.0.0.visit().ok_or(Error::Busy)? = Some(Out {
            epoch,
            engine: Arc::clone(engine),
            poster,
            helped: false,
        });
        Ok(())
    }

    /// So many slots, from the shelf if there are some.
    fn slots(&self, count: usize) -> (Poster<M>, Taker<M>) {
        let mut shelf = self.shelf.lock();
        let fits = shelf
            .iter()
            .position(|(_, taker)| taker.slots().count() == count);
        match fits {
            Some(at) => shelf.swap_remove(at),
            None => Slots::of(count, M::BLANK),
        }
    }

    /// Takes the context out, when nobody is in the seat, and has the engine give up what is on its
    /// way.
    pub fn clear(&self, seat: usize) {
        let line = self.line.0.visit().and_then(|mut pass| pass.take());
        if let Some(line) = line.filter(|line| line.lost) {
            core::mem::forget(line.message);
        }
        let out = self.outward.0.0.visit().and_then(|mut pass| pass.take());
        let inward = self.inward.0.0.visit().and_then(|mut pass| pass.take());
        if let Some(out) = out.as_ref().filter(|_| self.flying() != 0) {
            let _ = out.engine.reset(seat);
        }
        self.outward.0.1.store(0, Ordering::Relaxed);
        self.inward.0.1.store(0, Ordering::Relaxed);
        self.window.hide();
        self.left.clear();
        if let (Some(out), Some(inward)) = (out, inward) {
            let (mut poster, mut taker) = (out.poster, inward.taker);
            Slots::renew(&mut poster, &mut taker);
            self.shelf.lock().push((poster, taker));
        }
    }

    /// What the context has done.
    pub fn tally(&self) -> &Tally {
        &self.tally.0
    }

    /// Asynchronous requests on their way; of other threads' doings as much as can be seen.
    #[inline]
    pub fn flying(&self) -> u32 {
        let out = self.outward.0.1.load(Ordering::Relaxed);
        out.wrapping_sub(self.inward.0.1.load(Ordering::Relaxed))
    }

    /// For drivers written in C: where the asynchronous message with this tag is.
    pub fn find(&self, tag: u32) -> Option<NonNull<M>> {
        self.window.find(tag)
    }

    /// The engine, if it serves synchronous requests that need not take turns.
    pub fn shared(&self, epoch: u64) -> Result<SharedEngine<M>> {
        let pass = self.line.0.enter().ok_or(Error::Busy)?;
        let line = pass.as_ref().filter(|line| line.epoch == epoch);
        line.map(|line| Arc::clone(&line.engine))
            .ok_or(Error::Invalid)
    }

    /// Has the engine drop what it keeps of a stream.
    pub fn forget(&self, epoch: u64, ctx_buf: usize) {
        let pass = self.line.0.enter();
        let line = pass.as_ref().and_then(|pass| pass.as_ref());
        if let Some(line) = line.filter(|line| line.epoch == epoch) {
            line.engine.forget(ctx_buf);
        }
    }

    /// Does a synchronous request: `fill` writes the message, `read` the results.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no synchronous context here, or not that of `epoch`;
    /// [`Error::Busy`] if this very thread is inside; [`Error::TimedOut`]; what the engine answered.
    #[inline]
    pub fn run<Q>(
        &self,
        seat: usize,
        epoch: u64,
        patience: &Patience,
        request: &mut Q,
        fill: impl FnOnce(&mut M, &Q),
        read: impl FnOnce(&M, &mut Q),
    ) -> core::result::Result<(), Failure> {
        let mut pass = self.line.0.enter().ok_or(Error::Busy)?;
        let line = match &mut *pass {
            Some(line) if line.epoch == epoch && !line.dead => line,
            other => return Err(refusal(other.as_ref(), epoch).into()),
        };
        let engine = &**line.engine;
        let message = &mut line.message.0;
        fill(message, request);
        let answer = match engine.exchange(seat, message) {
            Ok(false) => wait_for(engine, seat, message, patience),
            answer => answer.map(|_| ()),
        };
        if let Err(error) = answer {
            return Err(self.fail(line, seat, error));
        }
        let message = &*message;
        self.tally.0.count(message.weight());
        read(message, request);
        Ok(())
    }

    /// Cleans up after a synchronous request that could not be done. Whoever has asked for it counts
    /// it: the helper may still do it.
    #[cold]
    fn fail(&self, line: &mut Line<M>, seat: usize, error: Error) -> Failure {
        let mut unquiet = false;
        // After these nobody knows what is still on its way.
        if matches!(error, Error::TimedOut | Error::DeviceReset | Error::Io) {
            let given_up = line.engine.reset(seat);
            // An engine that cannot give up a request keeps it. After an error of the device's own
            // nothing is on its way, and the next request may find it repaired.
            unquiet = error == Error::TimedOut && given_up == Err(Error::Unsupported);
            line.dead = unquiet || given_up.is_err_and(|error| error != Error::Unsupported);
            line.lost |= unquiet;
        }
        if error == Error::TimedOut {
            add(&self.tally.0.timeouts, 1);
        }
        Failure { error, unquiet }
    }

    /// Posts an asynchronous request: `fill` writes the message but for its tag.
    ///
    /// In a signal handler that interrupted [`take`](Self::take) on this very seat, a request that the
    /// engine refuses is answered `Ok`, and is on its way as others are, though the device never had
    /// it. Only who takes answers frees slots, and that one stands still below the handler. To refuse
    /// the request and leave its slot would be worse: when the context is given up it is done with all
    /// the others, and the caller is called back for memory that it may not have any more. So that is
    /// when it comes back; while the device works it does not, and [`clear`](Self::clear) forgets it.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no asynchronous context here, or not that of `epoch`;
    /// [`Error::Busy`] if too many are on their way; what the engine answered.
    #[inline]
    pub fn post(&self, seat: usize, epoch: u64, fill: impl FnOnce(&mut M)) -> Result<()> {
        let mut pass = self.outward.0.0.enter().ok_or(Error::Busy)?;
        let out = pass.as_mut().ok_or(Error::Invalid)?;
        if out.epoch != epoch {
            return Err(Error::Invalid);
        }
        let (engine, helped) = (&**out.engine, out.helped);
        // Before the request can be answered, so that there are never more answers than requests.
        let count = self.outward.0.1.load(Ordering::Relaxed);
        self.outward
            .0
            .1
            .store(count.wrapping_add(1), Ordering::Relaxed);
        let sent = out.poster.post(
            |message, tag| {
                fill(message);
                message.set_tag(tag);
            },
            |posted| {
                if helped {
                    return Ok(());
                }
                engine.post(seat, posted)
            },
        );
        let Err(unsent) = sent else {
            return Ok(());
        };
        if unsent.tag.is_none() {
            self.outward.0.1.store(count, Ordering::Relaxed);
        }
        drop(pass);
        match unsent.tag {
            // Somebody who takes what a dead device has left has it, and answers it.
            Some(tag) if !self.take_back(tag) => Ok(()),
            _ => Err(unsent.error),
        }
    }

    /// Frees the slot of a message that was not sent. Not from inside the other gate, which whoever
    /// takes answers enters second. `false` if somebody else has taken it, or may: see
    /// [`post`](Self::post).
    #[cold]
    fn take_back(&self, tag: u32) -> bool {
        let Some(mut pass) = self.inward.0.0.enter() else {
            return false;
        };
        let Some(inward) = pass.as_mut() else {
            return true;
        };
        let taken = inward.taker.take(tag, |_| ()).is_some();
        if taken {
            self.count_taken();
        }
        taken
    }

    #[inline(always)]
    fn count_taken(&self) {
        let count = self.inward.0.1.load(Ordering::Relaxed);
        self.inward
            .0
            .1
            .store(count.wrapping_add(1), Ordering::Relaxed);
    }

    /// Takes one finished request.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no asynchronous context here; [`Error::Again`] if none is
    /// finished; [`Error::Busy`] if this very thread is inside; what the engine answered.
    #[inline]
    pub fn take(&self, seat: usize) -> Result<Taken<M>> {
        let mut pass = self.inward.0.0.enter().ok_or(Error::Busy)?;
        let inward = pass.as_mut().ok_or(Error::Invalid)?;
        if inward.helped {
            return self.take_undone(inward);
        }
        let engine = &**inward.engine;
        let in_slots = inward.in_slots;
        for _ in 0..STRAYS {
            let answer = &mut inward.answer.0;
            if let Err(error) = engine.receive(seat, answer) {
                let left = error == Error::Again && self.left.any();
                let taken = left.then(|| self.take_left(inward)).flatten();
                return taken.ok_or(error);
            }
            let answer = &*answer;
            let done = inward.taker.take(answer.tag(), |message| {
                let results = if in_slots { message } else { answer };
                (message.finish(results), results.weight())
            });
            if let Some((request, weight)) = done {
                self.count_taken();
                self.tally.0.count(weight);
                return Ok(Taken::Done(request));
            }
            add(&self.tally.0.strays, 1);
        }
        Err(Error::Again)
    }

    #[cold]
    fn take_undone(&self, inward: &mut In<M>) -> Result<Taken<M>> {
        let tag = inward.taker.any().ok_or(Error::Again)?;
        let message = inward.taker.take(tag, |message| *message);
        let message = message.ok_or(Error::Again)?;
        self.count_taken();
        Ok(Taken::Undone(message))
    }

    /// Leaves the requests of an asynchronous context whose device does not work any more to the
    /// helper: those on their way and those to come. Whether that can be.
    pub fn give_up(&self, seat: usize) -> bool {
        // This order, and nowhere the other one.
        let Some(mut inward) = self.inward.0.0.enter() else {
            return false;
        };
        let Some(mut outward) = self.outward.0.0.enter() else {
            return false;
        };
        let (Some(inward), Some(outward)) = (inward.as_mut(), outward.as_mut()) else {
            return false;
        };
        if !inward.helped {
            // Whatever else it answers, the device touches none of their memory any more.
            let quiet = inward.engine.reset(seat) != Err(Error::Unsupported);
            (inward.helped, outward.helped) = (quiet, quiet);
        }
        inward.helped
    }

    /// Who serves this context.
    pub fn path(&self, seat: usize) -> Option<Path> {
        let of_line = self
            .line
            .0
            .enter()?
            .as_ref()
            .map(|line| line.engine.path(seat));
        of_line.or_else(|| {
            let pass = self.outward.0.0.enter()?;
            pass.as_ref().map(|out| out.engine.path(seat))
        })
    }
}
