//! Lanes: contexts of one device, or of software, for programs in Rust that say which.
//!
//! [`super::comp`] is initialised once a process and chooses devices by itself. Lanes
//! belong to whoever opens them, use the device they are told, of any bus, and never
//! another one. All memory that a device touches is theirs until it is through.

mod bounce;
mod job;
mod message;
mod pipe;
mod stream;
#[cfg(test)]
mod tests;

pub use super::comp::{Direction, Format};
pub use job::{Found, Job};
pub use pipe::{Back, Pipe};
pub use stream::Stream;

use crate::ctypes::v2::wd::{WD_EAGAIN, WD_STREAM_END, WD_SUCCESS};
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::drv::registry::{self, Kind, Lease};
use crate::drv::{Driver, Engine, Hardware, Path, Seat};
use crate::error::{Error, Result};
use crate::sys::clock;
use crate::sys::lock::{Mutex, MutexGuard};
use crate::uacce::channel::Bus;
use crate::uacce::device::Attributes;
use core::sync::atomic::AtomicBool;
use core::time::Duration;
use std::sync::Arc;

/// The longest that a request may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// A sleep between looks: an interrupt may get lost.
const SLICE: Duration = Duration::from_millis(100);
/// Looks before the first sleep.
const SPIN: u32 = 200;

/// What a context is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The direction.
    pub way: Direction,
    /// Whether its requests are asynchronous, for a [`Pipe`]; else for jobs and streams.
    pub asynchronous: bool,
}

/// How hard to compress, and how far back matches may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// 1 to 15. Devices know 8 and 9 for LZ77, and take no notice of it else.
    pub level: u8,
    /// 0 to 4: 4, 8, 16, 24 and 32 KiB.
    pub window: u8,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done, or as much of it as input and room allow.
    Ok,
    /// The end of a compressed stream.
    End,
    /// There is more output than room.
    Full,
    /// It was refused: bad data, mostly.
    Bad,
}

/// What a request has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// Bytes of input consumed.
    pub consumed: usize,
    /// Bytes of output produced; for LZ77 see [`Job::found`].
    pub produced: usize,
    /// How it ended.
    pub status: Status,
}

impl Done {
    fn of(message: &wd_comp_msg) -> Done {
        Done {
            consumed: message.in_cons as usize,
            produced: message.produced as usize,
            status: match message.req.status.cast_signed() {
                WD_SUCCESS => Status::Ok,
                WD_STREAM_END => Status::End,
                WD_EAGAIN => Status::Full,
                _ => Status::Bad,
            },
        }
    }
}

/// One context.
struct Lane {
    way: Direction,
    /// A pipe has it, if it is asynchronous.
    taken: Option<AtomicBool>,
    /// Held for a synchronous request: the answer that comes is its own.
    turn: Mutex<()>,
    /// What a device without SVA works on.
    memory: Option<Arc<bounce::Memory>>,
}

/// Contexts of one device and format.
pub struct Lanes {
    // Dropped first: the engine stops the queues.
    engine: Box<dyn Engine<wd_comp_msg>>,
    lanes: Vec<Lane>,
    format: Format,
    _driver: Lease,
}

impl Lanes {
    /// Opens a context for each of `uses`, numbered from 0: of a device of `bus`, or of software. A
    /// device without SVA gets static memory with each, into which requests are copied, and out of
    /// which their results are.
    ///
    /// # Errors
    /// [`Error::NoDevice`] if no driver of this library knows the device or the format; what opening
    /// a queue answered, or getting its memory.
    pub fn open(
        bus: &dyn Bus,
        device: Option<&Attributes>,
        format: Format,
        uses: &[Use],
    ) -> Result<Arc<Lanes>> {
        let driver = driver_of(device, format).ok_or(Error::NoDevice)?;
        let device = device.map(|device| Arc::new(device.clone()));
        let seat = |one: &Use| {
            let hardware = match &device {
                None => None,
                Some(device) => Some(Hardware {
                    channel: bus.open(device)?,
                    device: Arc::clone(device),
                }),
            };
            Ok(Seat {
                handle: 0,
                hardware,
                op_type: u8::from(one.way == Direction::WD_DIR_DECOMPRESS),
                asynchronous: one.asynchronous,
            })
        };
        let seats: Vec<Seat> = uses.iter().map(seat).collect::<Result<_>>()?;
        let lane = |(one, seat): (&Use, &Seat)| {
            let memory = match seat.hardware.as_ref().filter(|held| !held.device.sva()) {
                Some(held) => Some(bounce::memory(&*held.channel, &held.device)?),
                None => None,
            };
            Ok(Lane {
                way: one.way,
                taken: one.asynchronous.then(AtomicBool::default),
                turn: Mutex::new(()),
                memory,
            })
        };
        let lanes = uses.iter().zip(&seats).map(lane).collect::<Result<_>>()?;
        Ok(Arc::new(Lanes {
            engine: driver.bind_comp(seats, true)?,
            lanes,
            format,
            _driver: driver,
        }))
    }

    /// Bytes of input that a request may have here: all there are with SVA and in software.
    #[must_use]
    pub fn longest(&self) -> usize {
        let lz77 = matches!(self.format, Format::WD_LZ77_ZSTD | Format::WD_LZ77_ONLY);
        match self.lanes.first().and_then(|lane| lane.memory.as_ref()) {
            None => usize::MAX,
            // Its room is three times as long.
            Some(_) if lz77 => bounce::LONGEST / 4,
            Some(_) => bounce::LONGEST,
        }
    }

    /// Who serves a context.
    #[must_use]
    pub fn path(&self, number: usize) -> Path {
        self.engine.path(number)
    }

    /// Has a job done in a synchronous context, and waits for it. Threads take turns, unless the
    /// work is software's.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no such context, and for a job that cannot be a request;
    /// [`Error::NoMemory`] if a device without SVA has no room for it in one piece, which it has for
    /// [`Lanes::longest`]; [`Error::TimedOut`] after a minute; [`Error::DeviceReset`]. After the last
    /// two the job's output may be lost: it is empty then.
    pub fn run(&self, number: usize, effort: Effort, job: &mut Job) -> Result<Done> {
        let lane = self.synchronous(number)?;
        let _turn = self.turn(lane);
        let bounce = job.bounce(lane.memory.as_ref())?;
        let mut message = job.message(self.format, lane.way, effort, bounce.as_ref());
        match self.exchange(number, &mut message) {
            Ok(()) => job.finish(bounce, Done::of(&message)),
            Err(stuck) => {
                if stuck.unquiet {
                    job.leak(bounce);
                }
                Err(stuck.error)
            }
        }
    }

    /// A context for synchronous requests.
    fn synchronous(&self, number: usize) -> Result<&Lane> {
        let lane = self.lanes.get(number).ok_or(Error::Invalid)?;
        if lane.taken.is_some() {
            return Err(Error::Invalid);
        }
        Ok(lane)
    }

    /// A turn at a synchronous context. Requests of software need none.
    fn turn<'a>(&self, lane: &'a Lane) -> Option<MutexGuard<'a, ()>> {
        (!self.engine.is_shared()).then(|| lane.turn.lock())
    }

    /// Has a synchronous message done. Whoever calls has the context's turn.
    fn exchange(
        &self,
        number: usize,
        message: &mut wd_comp_msg,
    ) -> core::result::Result<(), Stuck> {
        let mut answer = self.engine.send(number, message);
        if answer.is_ok() && !self.engine.is_shared() {
            answer = self.wait_until(number, || self.engine.receive(number, message));
        }
        answer.map_err(|error| self.give_up(number, error))
    }

    /// Waits until `look` answers something other than [`Error::Again`].
    fn wait_until<R>(&self, number: usize, mut look: impl FnMut() -> Result<R>) -> Result<R> {
        let start = clock::now();
        let mut turn = 0_u32;
        loop {
            match look() {
                Err(Error::Again) => {}
                answer => return answer,
            }
            turn = turn.saturating_add(1);
            if turn < SPIN {
                core::hint::spin_loop();
                continue;
            }
            if clock::now() - start > PATIENCE {
                return Err(Error::TimedOut);
            }
            // A context that has nothing to wait for is looked at again.
            if self.engine.wait(number, SLICE).is_err() {
                clock::give_way();
            }
        }
    }

    /// Takes back what is on its way in a context whose requests do not come to an end.
    fn give_up(&self, number: usize, error: Error) -> Stuck {
        let lost = matches!(error, Error::TimedOut | Error::DeviceReset | Error::Io);
        let unquiet = lost && self.engine.reset(number) == Err(Error::Unsupported);
        Stuck { error, unquiet }
    }
}

/// Requests that were not answered.
struct Stuck {
    error: Error,
    /// The device may still touch their memory, which then is never freed.
    unquiet: bool,
}

/// The driver with the greatest priority that this device gets, or software.
fn driver_of(device: Option<&Attributes>, format: Format) -> Option<Lease> {
    let kind = match device {
        Some(_) => Kind::Hardware,
        None => Kind::Software,
    };
    let here = |driver: &str| {
        let rest = device.and_then(|device| device.name.strip_prefix(driver));
        rest.is_some_and(|rest| rest.starts_with('-'))
    };
    let mut others = Vec::new();
    loop {
        let lease = registry::request_but(&others, name(format)?, kind, &here)?;
        // Drivers written in C know contexts by other handles.
        let foreign = !Driver::in_c(&*lease).is_null();
        if !foreign {
            return Some(lease);
        }
        others.push(lease);
    }
}

/// Whether a driver of this library serves this device and format.
#[must_use]
pub fn is_served(device: &Attributes, format: Format) -> bool {
    driver_of(Some(device), format).is_some()
}

/// The algorithm's name, as devices list it.
fn name(format: Format) -> Option<&'static str> {
    Some(match format {
        Format::WD_DEFLATE => "deflate",
        Format::WD_ZLIB => "zlib",
        Format::WD_GZIP => "gzip",
        Format::WD_LZ77_ZSTD => "lz77_zstd",
        Format::WD_LZ4 => "lz4",
        Format::WD_LZ77_ONLY => "lz77_only",
        Format::WD_COMP_ALG_MAX => return None,
    })
}
