//! The threads of a benchmark.

use super::corpus::Corpus;
use super::load::{Half, Load, SLICE};
use crate::fail::{Fail, Result};
use crate::lane::{Format, Job, Lanes, Pipe, Status, Stream, Way};
use crate::selftest::check_job;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What the threads share.
pub(super) struct Shared<'a> {
    pub load: &'a Load,
    pub corpus: &'a Corpus,
    pub lanes: &'a Arc<Lanes>,
    pub contexts: Vec<Context>,
    /// A thread has failed.
    pub stop: AtomicBool,
    /// Requests that may still be begun.
    pub left: AtomicU64,
    pub start: Barrier,
}

/// A context, and what goes through it.
pub(super) enum Context {
    /// Jobs, one after the other.
    Jobs,
    /// Streams.
    Stream(Box<Mutex<Stream>>),
    /// Asynchronous.
    Pipe(Box<Mutex<Pipe>>),
}

impl Context {
    pub fn new(load: &Load, lanes: &Lanes, number: usize) -> Result<Context> {
        Ok(match load.depth {
            Some(depth) => {
                let pipe = lanes.pipe(number, load.effort, depth)?;
                Context::Pipe(Box::new(Mutex::new(pipe)))
            }
            None if load.stream => {
                let sizes = (16 << 20, 36 << 20);
                let stream = lanes.stream(number, load.effort, sizes)?;
                Context::Stream(Box::new(Mutex::new(stream)))
            }
            None => Context::Jobs,
        })
    }
}

/// What a thread died holding is still good to be locked: the thread's failure is told anyway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A thread.
pub(super) struct Worker<'a> {
    shared: &'a Shared<'a>,
    number: usize,
    ways: [Half; 2],
    slices: Vec<u64>,
    /// Jobs for both directions that are not on their way.
    spare: [Vec<Job>; 2],
    /// Requests begun.
    turn: u64,
    /// Directions whose output was compared.
    checked: [bool; 2],
    begin: Instant,
}

impl<'a> Worker<'a> {
    pub fn new(shared: &'a Shared<'a>, number: usize) -> Result<Worker<'a>> {
        Ok(Worker {
            shared,
            number,
            ways: [Half::new()?, Half::new()?],
            slices: Vec::new(),
            spare: [Vec::new(), Vec::new()],
            turn: 0,
            checked: [false; 2],
            begin: Instant::now(),
        })
    }

    pub fn run(mut self) -> Result<([Half; 2], Vec<u64>)> {
        self.shared.start.wait();
        self.begin = Instant::now();
        let done = if self.shared.load.depth.is_some() {
            self.asynchronous()
        } else {
            self.synchronous()
        };
        if done.is_err() {
            self.shared.stop.store(true, Ordering::Relaxed);
        }
        done.map(|()| (self.ways, self.slices))
    }

    /// Whether another request may begin.
    fn goes_on(&self) -> bool {
        if self.begin.elapsed() >= self.shared.load.time || self.shared.stop.load(Ordering::Relaxed)
        {
            return false;
        }
        let take = |left: u64| left.checked_sub(1);
        let order = Ordering::Relaxed;
        self.shared.left.fetch_update(order, order, take).is_ok()
    }

    /// The direction of the next request: mixed evenly.
    fn next_way(&mut self) -> Way {
        let mix = self.shared.load.mix;
        self.turn += 1;
        if self.turn * mix / 100 > (self.turn - 1) * mix / 100 {
            Way::Decompress
        } else {
            Way::Compress
        }
    }

    /// The context for the next request.
    fn next_seat(&self, way: Way) -> usize {
        let load = self.shared.load;
        let first = if load.ways().first() == Some(&way) {
            0
        } else {
            load.contexts
        };
        // Each thread has contexts of its own, if there are as many.
        let mine = (load.contexts / load.threads).max(1) as u64;
        let place = self.turn % mine * load.threads as u64 + self.number as u64;
        first + (place % load.contexts as u64) as usize
    }

    /// A job: with the next block in it.
    fn next_job(&mut self, way: Way) -> Job {
        let corpus = self.shared.corpus;
        let number = (self.turn + self.number as u64) as usize % corpus.blocks.len();
        let longest = corpus.blocks.iter().map(|block| block.len()).max();
        let input = match way {
            Way::Compress => &corpus.blocks[number],
            Way::Decompress => &corpus.packed[number],
        };
        match self.spare[place_of(way)].pop() {
            Some(mut job) => {
                job.input = Arc::clone(input);
                job
            }
            None => {
                // Room for the longest: the job is used again.
                let longest = longest.unwrap_or(0);
                let model = Arc::new(vec![0; longest]);
                let mut job = self.shared.load.format.job(way, model, longest);
                job.input = Arc::clone(input);
                job
            }
        }
    }

    /// Counts a finished job, and keeps it.
    fn count(&mut self, way: Way, job: Job, done: (Status, usize), latency: Duration) {
        let place = place_of(way);
        let (status, produced) = done;
        let (input, format) = (job.input.len(), self.shared.load.format);
        let plain = match way {
            Way::Compress => input,
            Way::Decompress => produced,
        };
        let bad = status == Status::Bad || !self.is_right(way, format, &job, done);
        let half = &mut self.ways[place];
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        half.latency.saturating_record(nanoseconds.max(1));
        half.plain += plain as u64;
        half.packed += match way {
            Way::Compress => job.found().map_or(produced, |found| found.size()),
            Way::Decompress => input,
        } as u64;
        half.errors += u64::from(bad);
        let slice = (self.begin.elapsed().as_millis() / SLICE.as_millis()) as usize;
        if self.slices.len() <= slice {
            self.slices.resize(slice + 1, 0);
        }
        self.slices[slice] += plain as u64;
        self.spare[place].push(job);
    }

    /// Compares the data of a direction's first request, and the length of all that decompress.
    fn is_right(&mut self, way: Way, format: Format, job: &Job, done: (Status, usize)) -> bool {
        let checked = std::mem::replace(&mut self.checked[place_of(way)], true);
        let first = !checked || self.shared.load.verify;
        let (status, produced) = done;
        if way == Way::Compress {
            return !first || check_job(format, job, status, produced).is_ok();
        }
        let packed = self.shared.corpus.packed.iter();
        let mut pairs = packed.zip(&self.shared.corpus.blocks);
        let original = pairs.find(|(packed, _)| Arc::ptr_eq(packed, &job.input));
        original.is_some_and(|(_, plain)| {
            plain.len() == produced && (!first || plain[..] == job.output[..produced])
        })
    }

    fn synchronous(&mut self) -> Result<()> {
        while self.goes_on() {
            let way = self.next_way();
            let seat = self.next_seat(way);
            let mut job = self.next_job(way);
            let since = Instant::now();
            let done = self.one(seat, &mut job)?;
            self.count(way, job, done, since.elapsed());
        }
        Ok(())
    }

    fn one(&self, seat: usize, job: &mut Job) -> Result<(Status, usize)> {
        let shared = self.shared;
        let effort = shared.load.effort;
        let done = match &shared.contexts[seat] {
            Context::Jobs => shared.lanes.run(seat, effort, job)?,
            Context::Stream(stream) => {
                let mut stream = lock(stream);
                let len = job.input.len();
                stream.input()[..len].copy_from_slice(&job.input);
                let done = stream.step(0, len, true)?;
                let produced = done.produced.min(job.output.len());
                job.output[..produced].copy_from_slice(&stream.output()[..produced]);
                if !stream.is_fresh() {
                    stream.begin_anew();
                    return Ok((Status::Bad, produced));
                }
                done
            }
            Context::Pipe(_) => return Err(Fail::new("an asynchronous context")),
        };
        Ok((done.status, done.produced))
    }

    fn asynchronous(&mut self) -> Result<()> {
        let mut used = vec![false; self.shared.contexts.len()];
        while self.goes_on() {
            let way = self.next_way();
            let seat = self.next_seat(way);
            used[seat] = true;
            let mut job = Some(self.next_job(way));
            while let Some(unsent) = job.take() {
                let Context::Pipe(pipe) = &self.shared.contexts[seat] else {
                    return Err(Fail::new("no asynchronous context"));
                };
                let back = {
                    let mut pipe = lock(pipe);
                    job = pipe.send(unsent)?;
                    // As soon as it is full, wait for one.
                    if job.is_some() {
                        pipe.wait()?
                    } else {
                        pipe.receive()?
                    }
                };
                if let Some(back) = back {
                    let done = (back.done.status, back.done.produced);
                    self.count(way, back.job, done, back.since.elapsed());
                }
            }
        }
        for (seat, _) in used.iter().enumerate().filter(|(_, used)| **used) {
            self.drain(seat)?;
        }
        Ok(())
    }

    fn drain(&mut self, seat: usize) -> Result<()> {
        let ways = self.shared.load.ways();
        let way = ways[(seat / self.shared.load.contexts).min(ways.len() - 1)];
        let Context::Pipe(pipe) = &self.shared.contexts[seat] else {
            return Ok(());
        };
        while let Some(back) = { lock(pipe).wait()? } {
            let done = (back.done.status, back.done.produced);
            self.count(way, back.job, done, back.since.elapsed());
        }
        Ok(())
    }
}

fn place_of(way: Way) -> usize {
    usize::from(way == Way::Decompress)
}
