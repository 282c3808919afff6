//! The software driver: everything the ZIP devices do, on any machine.
//!
//! Requests are executed by the thread that sends them, asynchronous ones by the
//! thread that receives. States of compressors are kept and used again, so that a
//! request allocates nothing once a context has had one like it. Streams keep
//! their state here, by the address of their session's context buffer, until they
//! end, begin anew, or are forgotten.

mod block;
mod decode;
mod encode;
mod job;
mod pieces;
mod shelf;

use super::{Driver, Engine, Identity, Path, Seat};
use crate::ctypes::v2::wd_alg::alg_dev_type;
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::error::{Error, Result};
use crate::sys::lent::Promise;
use crate::sys::lock::Mutex;
use crate::sys::slots::Posted;
use block::{Blocks, Finder};
use decode::Decoder;
use encode::Encoder;
use job::{Done, Job, Status, Work};
use pieces::{Cursor, Fault};
use shelf::{Shelf, Streams};
use std::collections::VecDeque;
use std::sync::Arc;

/// The driver's name.
pub const NAME: &str = "soft";

/// Asynchronous requests of a context that wait to be executed; as many as it has messages.
const QUEUE: usize = 1024;

const ALGORITHMS: [&str; 6] = ["zlib", "gzip", "deflate", "lz77_zstd", "lz4", "lz77_only"];

/// A software driver for each algorithm. The messages that reach them are under `promise`.
#[must_use]
pub fn drivers(promise: Promise) -> Vec<Arc<dyn Driver>> {
    let driver = |algorithm: &&str| {
        let identity = Identity {
            driver: NAME.to_owned(),
            algorithm: (*algorithm).to_owned(),
            priority: 0,
            kind: alg_dev_type::UADK_ALG_SOFT,
            queue_num: 1,
            op_type_num: 2,
        };
        Arc::new(Soft { identity, promise }) as Arc<dyn Driver>
    };
    ALGORITHMS.iter().map(driver).collect()
}

struct Soft {
    identity: Identity,
    promise: Promise,
}

impl Driver for Soft {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn bind_comp(&self, seats: Vec<Seat>, _sleeps: bool) -> Result<Box<dyn Engine<wd_comp_msg>>> {
        Ok(Box::new(Software {
            promise: self.promise,
            seats: seats.iter().map(Bench::new).collect(),
            streams: Streams::new(),
        }))
    }
}

/// What a context has to work with.
struct Bench {
    encoders: Shelf<Encoder>,
    decoders: Shelf<Decoder>,
    finders: Shelf<Finder>,
    blocks: Shelf<Blocks>,
    /// Requests to be executed, for asynchronous contexts.
    queue: Option<Mutex<VecDeque<Job>>>,
}

impl Bench {
    fn new(seat: &Seat) -> Bench {
        let queue = || Mutex::new(VecDeque::with_capacity(QUEUE));
        Bench {
            encoders: Shelf::new(),
            decoders: Shelf::new(),
            finders: Shelf::new(),
            blocks: Shelf::new(),
            queue: seat.asynchronous.then(queue),
        }
    }

    fn encoder(&self, level: u8, bits: u8) -> Box<Encoder> {
        let suits = |encoder: &Encoder| encoder.is(level, bits);
        self.encoders.take(suits, || Encoder::new(level, bits))
    }

    fn decoder(&self) -> Box<Decoder> {
        self.decoders.take(|_| true, Decoder::new)
    }

    fn finder(&self) -> Box<Finder> {
        self.finders.take(|_| true, Finder::default)
    }

    fn blocks(&self) -> Box<Blocks> {
        self.blocks.take(|_| true, Blocks::default)
    }

    fn put(&self, stream: Stream) {
        match stream {
            Stream::Encode(state) => self.encoders.put(state),
            Stream::Decode(state) => self.decoders.put(state),
            Stream::Find(state) => self.finders.put(state),
        }
    }
}

/// The state of a stream.
enum Stream {
    Encode(Box<Encoder>),
    Decode(Box<Decoder>),
    Find(Box<Finder>),
}

/// The engine.
struct Software {
    promise: Promise,
    seats: Vec<Bench>,
    streams: Streams<Stream>,
}

impl Engine<wd_comp_msg> for Software {
    fn path(&self, _seat: usize) -> Path {
        Path::Software
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn send(&self, seat: usize, message: &mut wd_comp_msg) -> Result<()> {
        let bench = self.seats.get(seat).ok_or(Error::Invalid)?;
        let job = Job::of(message)?;
        self.run(bench, &job).give(message);
        Ok(())
    }

    fn post(&self, seat: usize, message: Posted<'_, wd_comp_msg>) -> Result<()> {
        let job = Job::of(&message.copy())?;
        let mut queue = self.queue(seat)?.lock();
        if queue.len() == QUEUE {
            return Err(Error::Busy);
        }
        queue.push_back(job);
        Ok(())
    }

    fn receive(&self, seat: usize, message: &mut wd_comp_msg) -> Result<()> {
        let job = self.queue(seat)?.lock().pop_front().ok_or(Error::Again)?;
        self.run(&self.seats[seat], &job).give(message);
        message.tag = job.tag;
        Ok(())
    }

    fn reset(&self, seat: usize) -> Result<()> {
        if let Some(queue) = &self.seats.get(seat).ok_or(Error::Invalid)?.queue {
            queue.lock().clear();
        }
        Ok(())
    }

    fn forget(&self, ctx_buf: usize) {
        drop(self.streams.take(ctx_buf));
    }
}

impl Software {
    fn queue(&self, seat: usize) -> Result<&Mutex<VecDeque<Job>>> {
        let bench = self.seats.get(seat).ok_or(Error::Invalid)?;
        bench.queue.as_ref().ok_or(Error::Invalid)
    }

    fn run(&self, bench: &Bench, job: &Job) -> Done {
        if let Some(name) = job.stream {
            return self.run_stream(bench, job, name);
        }
        let source = &mut Cursor::new(self.promise, &job.source);
        let sink = &mut Cursor::new(self.promise, &job.sink);
        match job.work {
            Work::Deflate { wrap, level, bits } => {
                let mut state = bench.encoder(level, bits);
                state.begin(wrap);
                let done = state.whole(source, sink);
                bench.encoders.put(state);
                done
            }
            Work::Inflate { wrap } => {
                let mut state = bench.decoder();
                state.begin(wrap);
                let done = state.whole(source, sink);
                bench.decoders.put(state);
                done
            }
            Work::Find(find) => {
                let mut state = bench.finder();
                let done = state.whole(self.promise, job, &find);
                bench.finders.put(state);
                done
            }
            Work::Lz4Block => {
                let mut state = bench.blocks();
                let done = state.make(source, sink);
                bench.blocks.put(state);
                done
            }
            Work::Lz4Unblock => {
                let mut state = bench.blocks();
                let done = state.read(source, sink, job.room());
                bench.blocks.put(state);
                done
            }
        }
    }

    /// Executes a request of a stream, and keeps the stream's state unless it has ended. A request
    /// that cannot be done ends it too: what it has put out and taken is not known.
    fn run_stream(&self, bench: &Bench, job: &Job, name: usize) -> Done {
        let before = self.streams.take(name);
        let state = if job.is_new {
            before.into_iter().for_each(|state| bench.put(state));
            Self::begin(bench, job.work)
        } else {
            before
        };
        let Some(mut state) = state else {
            return Done::bad(Fault::BadData);
        };
        let source = &mut Cursor::new(self.promise, &job.source);
        let sink = &mut Cursor::new(self.promise, &job.sink);
        let (done, ended) = match (&mut state, job.work) {
            (Stream::Encode(state), Work::Deflate { .. }) => {
                (state.stream(source, sink, job.last), state.is_finished())
            }
            (Stream::Decode(state), Work::Inflate { .. }) => {
                (state.stream(source, sink), state.is_finished())
            }
            (Stream::Find(state), Work::Find(find)) => {
                (state.stream(self.promise, job, &find), job.last)
            }
            _ => (Done::bad(Fault::BadData), true),
        };
        if ended || matches!(done.status, Status::Bad(_)) {
            bench.put(state);
        } else {
            self.streams.put(name, state);
        }
        done
    }

    fn begin(bench: &Bench, work: Work) -> Option<Stream> {
        match work {
            Work::Deflate { wrap, level, bits } => {
                let mut state = bench.encoder(level, bits);
                state.begin(wrap);
                Some(Stream::Encode(state))
            }
            Work::Inflate { wrap } => {
                let mut state = bench.decoder();
                state.begin(wrap);
                Some(Stream::Decode(state))
            }
            Work::Find(_) => {
                let mut state = bench.finder();
                state.begin();
                Some(Stream::Find(state))
            }
            Work::Lz4Block | Work::Lz4Unblock => None,
        }
    }
}

#[cfg(test)]
mod tests;
