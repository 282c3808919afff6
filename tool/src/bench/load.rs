//! The load of a benchmark: threads that keep contexts busy, and what they measured.

use super::corpus::Corpus;
use crate::fail::{Fail, Result};
use crate::lane::{Format, Job, Lanes, Pipe, Place, Status, Stream, Way};
use crate::list;
use crate::selftest::check_job;
use hdrhistogram::Histogram;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use warpdrive::alg::lane::Effort;

/// Throughput over time is told in slices of this length.
pub const SLICE: Duration = Duration::from_millis(100);

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Load {
    /// The format.
    pub format: Format,
    /// Where.
    pub place: Place,
    /// Level and window.
    pub effort: Effort,
    /// Threads.
    pub threads: usize,
    /// Contexts for each direction.
    pub contexts: usize,
    /// Jobs on their way in each context, for asynchronous requests; else one.
    pub depth: Option<usize>,
    /// All answers are compared with the data, not only the first of each thread.
    pub verify: bool,
    /// Each request is a stream, in one piece.
    pub stream: bool,
    /// Of a hundred requests so many decompress.
    pub mix: u64,
    /// How long.
    pub time: Duration,
    /// How many requests at most.
    pub requests: Option<u64>,
}

/// What was measured.
pub struct Measured {
    /// Who served, as the engine says.
    pub who: String,
    /// Seconds.
    pub elapsed: f64,
    /// Seconds of processor time: of the program, and of the system for it.
    pub cpu: [f64; 2],
    /// Of both directions: compress, decompress.
    pub ways: [Half; 2],
    /// Uncompressed bytes done in each slice of time.
    pub slices: Vec<u64>,
}

/// What was measured of a direction.
pub struct Half {
    /// Nanoseconds from sending a request to having its answer.
    pub latency: Histogram<u64>,
    /// Uncompressed bytes.
    pub plain: u64,
    /// Compressed bytes.
    pub packed: u64,
    /// Requests that failed or answered other data.
    pub errors: u64,
}

impl Half {
    fn new() -> Result<Half> {
        // From 1 ns to 100 s, to three digits.
        let latency = Histogram::new_with_bounds(1, 100_000_000_000, 3);
        Ok(Half {
            latency: latency.map_err(|error| Fail::new(error.to_string()))?,
            plain: 0,
            packed: 0,
            errors: 0,
        })
    }

    fn add(&mut self, other: &Half) -> Result<()> {
        self.latency
            .add(&other.latency)
            .map_err(|error| Fail::new(error.to_string()))?;
        self.plain += other.plain;
        self.packed += other.packed;
        self.errors += other.errors;
        Ok(())
    }
}

fn place_of(way: Way) -> usize {
    usize::from(way == Way::Decompress)
}

impl Load {
    /// The directions that occur.
    pub fn ways(&self) -> Vec<Way> {
        match self.mix {
            0 => vec![Way::Compress],
            100 => vec![Way::Decompress],
            _ => vec![Way::Compress, Way::Decompress],
        }
    }

    /// Runs it.
    pub fn run(&self, corpus: &Corpus) -> Result<Measured> {
        let ways: Vec<Way> = self
            .ways()
            .into_iter()
            .flat_map(|way| std::iter::repeat_n(way, self.contexts))
            .collect();
        let asynchronous = self.depth.is_some();
        let lanes = Lanes::open(list::bus()?, &self.place, self.format, &ways, asynchronous)?;
        let contexts = (0..ways.len()).map(|number| Context::new(self, &lanes, number));
        let shared = Shared {
            load: self,
            corpus,
            lanes: &lanes,
            contexts: contexts.collect::<Result<_>>()?,
            stop: AtomicBool::new(false),
            left: AtomicU64::new(self.requests.unwrap_or(u64::MAX)),
            start: Barrier::new(self.threads + 1),
        };
        let (elapsed, cpu, workers) = thread::scope(|scope| {
            let spawn = |number| {
                let shared = &shared;
                scope.spawn(move || Worker::new(shared, number).and_then(Worker::run))
            };
            let threads: Vec<_> = (0..self.threads).map(spawn).collect();
            let before = getrusage(UsageWho::RUSAGE_SELF);
            shared.start.wait();
            let start = Instant::now();
            let workers: Vec<_> = threads
                .into_iter()
                .map(|thread| {
                    let died = || Fail::new("a thread panicked");
                    thread.join().map_err(|_| died()).and_then(|done| done)
                })
                .collect();
            let after = getrusage(UsageWho::RUSAGE_SELF);
            (start.elapsed(), cpu(before.ok(), after.ok()), workers)
        });
        let mut measured = Measured {
            who: lanes.who(),
            elapsed: elapsed.as_secs_f64(),
            cpu,
            ways: [Half::new()?, Half::new()?],
            slices: Vec::new(),
        };
        for worker in workers {
            let (ways, slices) = worker?;
            for (sum, one) in measured.ways.iter_mut().zip(&ways) {
                sum.add(one)?;
            }
            let len = measured.slices.len().max(slices.len());
            measured.slices.resize(len, 0);
            for (sum, one) in measured.slices.iter_mut().zip(slices) {
                *sum += one;
            }
        }
        Ok(measured)
    }
}

fn cpu(before: Option<Usage>, after: Option<Usage>) -> [f64; 2] {
    let (Some(before), Some(after)) = (before, after) else {
        return [0.0; 2];
    };
    let seconds = |time: nix::sys::time::TimeVal| time.num_microseconds() as f64 / 1e6;
    [
        seconds(after.user_time()) - seconds(before.user_time()),
        seconds(after.system_time()) - seconds(before.system_time()),
    ]
}

/// What the threads share.
struct Shared<'a> {
    load: &'a Load,
    corpus: &'a Corpus,
    lanes: &'a Arc<Lanes>,
    contexts: Vec<Context>,
    /// A thread has failed.
    stop: AtomicBool,
    /// Requests that may still be begun.
    left: AtomicU64,
    start: Barrier,
}

/// A context, and what goes through it.
enum Context {
    /// Jobs, one after the other.
    Jobs,
    /// Streams.
    Stream(Box<Mutex<Stream>>),
    /// Asynchronous.
    Pipe(Box<Mutex<Pipe>>),
}

impl Context {
    fn new(load: &Load, lanes: &Lanes, number: usize) -> Result<Context> {
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
struct Worker<'a> {
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
    fn new(shared: &'a Shared<'a>, number: usize) -> Result<Worker<'a>> {
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

    fn run(mut self) -> Result<([Half; 2], Vec<u64>)> {
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
