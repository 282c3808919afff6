//! Asynchronous requests: several of one context on their way.

use super::bounce::Bounce;
use super::{Done, Effort, Job, Lanes};
use crate::alg::seat::Message as _;
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::error::{Error, Result};
use crate::sys::slots::{Carried, Posted};
use core::sync::atomic::Ordering;
use std::sync::Arc;
use std::time::Instant;

/// A use of a place, in a tag.
const USE: u32 = 1 << 16;

/// An asynchronous context, for one thread at a time.
pub struct Pipe {
    lanes: Arc<Lanes>,
    number: usize,
    effort: Effort,
    /// Each job on its way with its tag, in a place of its own. A tag is the place's number and 1,
    /// and how often it was used, so that no answer is taken for another's.
    places: Vec<(u32, Option<Flying>)>,
    free: Vec<usize>,
    answer: Carried<wd_comp_msg>,
}

struct Flying {
    job: Job,
    /// Its copies, for a device without SVA.
    bounce: Option<Bounce>,
    since: Instant,
}

/// A job that came back.
#[derive(Debug)]
pub struct Back {
    /// The job.
    pub job: Job,
    /// How it ended.
    pub done: Done,
    /// When it was sent.
    pub since: Instant,
}

impl Pipe {
    /// The most jobs that can be on their way.
    pub const MOST: usize = 1000;

    /// A pipe of `depth` jobs, 1 to [`Pipe::MOST`], over the context `number`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no such asynchronous context, [`Error::Busy`] if another pipe
    /// has it.
    pub fn new(lanes: &Arc<Lanes>, number: usize, effort: Effort, depth: usize) -> Result<Pipe> {
        let lane = lanes.lanes.get(number).ok_or(Error::Invalid)?;
        let taken = lane.taken.as_ref().ok_or(Error::Invalid)?;
        // Acquire pairs with the Release in `drop`: the pipe before has taken its jobs back.
        if taken.swap(true, Ordering::Acquire) {
            return Err(Error::Busy);
        }
        let depth = depth.clamp(1, Pipe::MOST);
        let tag = |place: usize| u32::try_from(place).unwrap_or(0) + 1;
        Ok(Pipe {
            lanes: Arc::clone(lanes),
            number,
            effort,
            places: (0..depth).map(|place| (tag(place), None)).collect(),
            free: (0..depth).rev().collect(),
            answer: Carried(wd_comp_msg::BLANK),
        })
    }

    /// How many jobs are on their way.
    #[must_use]
    pub fn flying(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Sends a job; gives it back if there is no room for it now.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a job that cannot be a request, [`Error::NoMemory`] for one that is
    /// too long for a device without SVA, [`Error::DeviceReset`]; the job is gone then, and after the
    /// latter all that were on their way.
    pub fn send(&mut self, job: Job) -> Result<Option<Job>> {
        let flying = self.flying();
        let Some(number) = self.free.pop() else {
            return Ok(Some(job));
        };
        let bounce = match job.bounce(self.lanes.lanes[self.number].memory.as_ref()) {
            Ok(bounce) => bounce,
            Err(error) => {
                self.free.push(number);
                // Others have the memory: it comes back with them.
                let later = error == Error::NoMemory && flying > 0;
                return if later { Ok(Some(job)) } else { Err(error) };
            }
        };
        let place = &mut self.places[number];
        place.0 = place.0.wrapping_add(USE);
        let since = Instant::now();
        // In its place first: the message has addresses of its memory, which stay.
        let flying = place.1.insert(Flying { job, bounce, since });
        let way = self.lanes.lanes[self.number].way;
        let (format, bounce) = (self.lanes.format, flying.bounce.as_ref());
        let mut message = flying.job.message(format, way, self.effort, bounce);
        message.set_tag(place.0);
        let posted = Posted::outside(&mut message);
        let Err(error) = self.lanes.engine.post(self.number, posted) else {
            return Ok(None);
        };
        let back = place.1.take().map(|flying| flying.job);
        self.free.push(number);
        match error {
            Error::Busy => Ok(back),
            error => Err(self.fail(error)),
        }
    }

    /// Takes a job that is done, if there is one.
    ///
    /// # Errors
    /// What the device answered; the jobs on their way are gone then.
    pub fn receive(&mut self) -> Result<Option<Back>> {
        match self.look() {
            Ok(back) => Ok(Some(back)),
            Err(Error::Again) => Ok(None),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Takes a job that is done, and waits for it; none if none is on its way.
    ///
    /// # Errors
    /// [`Error::TimedOut`] after a minute; as [`Pipe::receive`].
    pub fn wait(&mut self) -> Result<Option<Back>> {
        if self.flying() == 0 {
            return Ok(None);
        }
        let (lanes, number) = (Arc::clone(&self.lanes), self.number);
        match lanes.wait_until(number, || self.look()) {
            Ok(back) => Ok(Some(back)),
            Err(error) => Err(self.fail(error)),
        }
    }

    fn look(&mut self) -> Result<Back> {
        let answer = &mut self.answer.0;
        self.lanes.engine.receive(self.number, answer)?;
        let tag = answer.tag();
        let number = (tag & (USE - 1)).wrapping_sub(1) as usize;
        let place = self.places.get_mut(number).filter(|place| place.0 == tag);
        // An answer to no request: the device is not to be trusted.
        let mut flying = place.and_then(|place| place.1.take()).ok_or(Error::Io)?;
        self.free.push(number);
        let done = Done::of(&self.answer.0);
        Ok(Back {
            done: flying.job.finish(flying.bounce, done)?,
            job: flying.job,
            since: flying.since,
        })
    }

    /// Takes back what is on its way.
    #[cold]
    fn fail(&mut self, error: Error) -> Error {
        let stuck = self.lanes.give_up(self.number, error);
        if matches!(error, Error::TimedOut | Error::DeviceReset | Error::Io) {
            self.empty(stuck.unquiet);
        }
        stuck.error
    }

    fn empty(&mut self, unquiet: bool) {
        for (number, place) in self.places.iter_mut().enumerate() {
            if let Some(mut flying) = place.1.take() {
                self.free.push(number);
                if unquiet {
                    flying.job.leak(flying.bounce);
                }
            }
        }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let mut unquiet = false;
        if self.flying() > 0 {
            unquiet = self.lanes.engine.reset(self.number) == Err(Error::Unsupported);
            self.empty(unquiet);
        }
        let taken = self.lanes.lanes[self.number].taken.as_ref();
        if let Some(taken) = taken.filter(|_| !unquiet) {
            // Release pairs with the Acquire in `new`.
            taken.store(false, Ordering::Release);
        }
    }
}
