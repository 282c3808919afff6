//! The load of a benchmark: threads that keep contexts busy, and what they measured.

use super::corpus::Corpus;
use super::worker::{Context, Shared, Worker};
use crate::fail::{Fail, Result};
use crate::lane::{Format, Lanes, Place, Way};
use crate::list;
use hdrhistogram::Histogram;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64};
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
    pub fn new() -> Result<Half> {
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
        let most = lanes.longest();
        if corpus.blocks.iter().any(|block| block.len() > most) {
            let reason =
                format!("without shared virtual addressing a request takes {most} bytes at most");
            return Err(lanes.fail(reason));
        }
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
