//! Asynchronous requests: several of one context on their way.

use super::message::Message;
use super::whole::Job;
use super::{Done, Effort, Lanes, PATIENCE, SLICE};
use crate::fail::{Fail, Result};
use std::sync::Arc;
use std::time::Instant;
use warpdrive::Error;
use warpdrive::alg::seat::Message as _;
use warpdrive::sys::slots::{Carried, Posted};

/// A use of a place, in a tag.
const USE: u32 = 1 << 16;

/// The most jobs that can be on their way.
pub const MOST: usize = 1000;

/// An asynchronous context, used by one thread.
pub struct Pipe {
    lanes: Arc<Lanes>,
    seat: usize,
    effort: Effort,
    /// Each job on its way with its tag, in a place of its own. A tag is the place's number and 1,
    /// and how often it was used, so that no answer is taken for another's.
    places: Vec<(u32, Option<Flying>)>,
    free: Vec<usize>,
    answer: Carried<Message>,
}

struct Flying {
    job: Job,
    since: Instant,
}

/// A job that came back.
pub struct Back {
    /// The job.
    pub job: Job,
    /// How it ended.
    pub done: Done,
    /// When it was sent.
    pub since: Instant,
}

impl Pipe {
    /// A pipe of `depth` jobs, 1 to [`MOST`], over the context `seat`.
    pub fn new(lanes: &Arc<Lanes>, seat: usize, effort: Effort, depth: usize) -> Pipe {
        let depth = depth.clamp(1, MOST);
        let tag = |place: usize| u32::try_from(place).unwrap_or(0) + 1;
        Pipe {
            lanes: Arc::clone(lanes),
            seat,
            effort,
            places: (0..depth).map(|place| (tag(place), None)).collect(),
            free: (0..depth).rev().collect(),
            answer: Carried(Message::BLANK),
        }
    }

    /// How many are on their way.
    pub fn flying(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Sends a job; gives it back if there is no room for it now.
    pub fn send(&mut self, mut job: Job) -> Result<Option<Job>> {
        let Some(number) = self.free.pop() else {
            return Ok(Some(job));
        };
        let place = &mut self.places[number];
        place.0 = place.0.wrapping_add(USE);
        let way = self.lanes.way(self.seat);
        let mut message = job.message(self.lanes.format, way, self.effort);
        message.set_tag(place.0);
        let since = Instant::now();
        // The job's memory does not move with it: it is behind pointers.
        place.1 = Some(Flying { job, since });
        let sent = self
            .lanes
            .engine
            .post(self.seat, Posted::outside(&mut message));
        let Err(error) = sent else {
            return Ok(None);
        };
        let back = self.places[number].1.take().map(|flying| flying.job);
        self.free.push(number);
        match error {
            Error::Busy => Ok(back),
            error => Err(self.fail(error)),
        }
    }

    /// Takes a job that is done, if there is one.
    pub fn receive(&mut self) -> Result<Option<Back>> {
        match self.lanes.engine.receive(self.seat, &mut self.answer.0) {
            Ok(()) => {}
            Err(Error::Again) => return Ok(None),
            Err(error) => return Err(self.fail(error)),
        }
        let tag = self.answer.0.tag();
        let number = (tag & (USE - 1)).wrapping_sub(1) as usize;
        let place = self.places.get_mut(number).filter(|place| place.0 == tag);
        let Some(Flying { job, since }) = place.and_then(|place| place.1.take()) else {
            return Err(Fail::at(self.lanes.who(), "an answer to no request"));
        };
        self.free.push(number);
        Ok(Some(Back {
            job,
            done: Done::of(&self.answer.0),
            since,
        }))
    }

    /// Takes a job that is done, and waits for it; `None` if none is on its way.
    pub fn wait(&mut self) -> Result<Option<Back>> {
        let start = Instant::now();
        for turn in 0_u32.. {
            if self.flying() == 0 {
                return Ok(None);
            }
            if let Some(back) = self.receive()? {
                return Ok(Some(back));
            }
            if turn < 200 {
                std::hint::spin_loop();
                continue;
            }
            if start.elapsed() > PATIENCE {
                break;
            }
            if self.lanes.engine.wait(self.seat, SLICE).is_err() {
                std::thread::yield_now();
            }
        }
        Err(self.fail(Error::TimedOut))
    }

    /// Takes back what is on its way.
    fn fail(&mut self, error: Error) -> Fail {
        let stuck = self.lanes.give_up(self.seat, error);
        self.empty(stuck.unquiet);
        stuck.error
    }

    fn empty(&mut self, unquiet: bool) {
        for (number, place) in self.places.iter_mut().enumerate() {
            if let Some(flying) = place.1.take() {
                self.free.push(number);
                if unquiet {
                    flying.job.leak();
                }
            }
        }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        if self.flying() > 0 {
            // Whatever it answers: after `Unsupported` nobody knows whether the device is through.
            let unquiet = self.lanes.engine.reset(self.seat) == Err(Error::Unsupported);
            self.empty(unquiet);
        }
    }
}
