//! A queue of UADK v1: it takes messages, makes descriptors of them, and gives the
//! messages back with the answers in them. Devices, rings, waiting and release are
//! those of [`crate::queue`]; what is here is what messages need beside them.
//!
//! An answer goes to whom it belongs: one that comes while somebody waits for
//! another is kept for later.

mod cell;
mod choice;
mod contexts;
mod memory;
mod messages;
mod parking;
mod program;

#[cfg(all(test, not(miri)))]
mod tests;

use crate::bus;
use crate::error::{Error, Result};
use crate::log_error;
use crate::qm::layout::Version;
use crate::queue::{self, Direction, QueueRef};
use crate::sys::env;
use crate::uacce::channel::Bus;
use crate::uacce::device::Attributes;
use crate::uacce::uapi::DeviceFlags;
use cell::Cell;
use core::sync::atomic::Ordering;
use core::time::Duration;
use parking::Parked;

/// The algorithms whose messages can be made descriptors of, as devices list them.
const ALGORITHMS: [&str; 4] = ["zlib", "gzip", "deflate", "lz77_zstd"];

/// What a program asks of a queue.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// An algorithm, as devices list it.
    pub algorithm: &'a str,
    /// A device, if it can be had; else another one.
    pub device: Option<&'a str>,
    /// NUMA nodes that are preferred, a bit each; 0 for none.
    pub nodes: u32,
    /// What the queue does with data.
    pub direction: Direction,
    /// Devices without an IOMMU are acceptable. They can read and write all of memory.
    pub no_iommu: bool,
}

/// What is known of an open queue.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What it was asked for, as devices list it.
    pub algorithm: &'static str,
    /// The device's name.
    pub device: String,
    /// Its queue interface, as it names it.
    pub api: String,
    /// The version whose requests it takes.
    pub version: Version,
    /// Its NUMA node as the kernel tells it: -1 for none or unknown.
    pub node_id: i32,
    /// Whether it works on the process's own addresses.
    pub sva: bool,
    /// Whether static memory is in one piece for it.
    pub iommu: bool,
}

/// Who sent a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Owner {
    /// The program, by `wd_send`.
    #[default]
    Program,
    /// One of the queue's contexts.
    Context,
}

/// Which answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Any to the program.
    Any,
    /// One to the program whose message has this tag.
    Tagged(u16),
    /// Any to a context.
    Contexts,
    /// That to the message at this address.
    Message(usize),
}

impl Answer {
    #[inline]
    fn is(self, answer: &Parked) -> bool {
        let program = answer.owner == Owner::Program;
        match self {
            Answer::Any => program,
            Answer::Tagged(tag) => program && u32::from(tag) == answer.context,
            Answer::Contexts => !program,
            Answer::Message(address) => address == answer.message,
        }
    }
}

/// The name of a queue: a number, which C has in `qinfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue(QueueRef);

impl Queue {
    /// Opens a queue on the best device that suits, and names it. `WD_NOIOMMU=allow` in the
    /// environment allows devices without an IOMMU, except to privileged programs.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a device and nodes are asked for; [`Error::NoDevice`] if no device suits or
    /// the algorithm is none that this library has messages for; [`Error::Permission`] if only
    /// devices without an IOMMU suit; else what the last of the devices that suit answered.
    pub fn request(wanted: &Wanted<'_>) -> Result<Queue> {
        // The program's structure has no place for it.
        let no_iommu = wanted.no_iommu || env::secure("WD_NOIOMMU").as_deref() == Some("allow");
        Queue::request_on(
            bus::system()?,
            &Wanted {
                no_iommu,
                ..*wanted
            },
        )
    }

    /// As [`Queue::request`], on a device of `bus`, and whatever the environment says.
    ///
    /// # Errors
    /// As [`Queue::request`].
    pub fn request_on(bus: &dyn Bus, wanted: &Wanted<'_>) -> Result<Queue> {
        let known = ALGORITHMS
            .into_iter()
            .find(|name| *name == wanted.algorithm);
        let Some(algorithm) = known else {
            log_error!("queues for {:?} are not in this release", wanted.algorithm);
            return Err(Error::NoDevice);
        };
        let mut last = Error::NoDevice;
        for device in choice::devices(bus, wanted)? {
            match open(bus, &device, algorithm, wanted.direction) {
                Ok(queue) => return Ok(queue),
                Err(error) => {
                    log_error!("{}: no queue: {error}", device.name);
                    last = error;
                }
            }
        }
        Err(last)
    }

    /// How many devices have a free queue for `algorithm`, if it is one that this library has
    /// messages for.
    ///
    /// # Errors
    /// [`Error::NoDevice`] where there is no uacce class at all.
    pub fn devices(algorithm: &str) -> Result<usize> {
        let count = choice::count(bus::system()?, algorithm)?;
        Ok(if ALGORITHMS.contains(&algorithm) {
            count
        } else {
            0
        })
    }

    /// The queue's name as a number, never 0.
    #[inline]
    #[must_use]
    pub fn to_raw(self) -> u64 {
        self.0.to_raw()
    }

    /// The name from its number; `None` for a number that never names a queue. Any other is safe to
    /// use: one that names no open queue of UADK v1 answers [`Error::Shutdown`] to every call.
    #[inline]
    #[must_use]
    pub fn from_raw(raw: u64) -> Option<Queue> {
        QueueRef::from_raw(raw).map(Queue)
    }

    /// The queue as one of raw descriptors, if it is open.
    ///
    /// # Errors
    /// [`Error::Shutdown`] after release or fork, and for what is no queue of UADK v1.
    pub(super) fn raw(self) -> Result<QueueRef> {
        Cell::of(self).map(|_| self.0)
    }

    /// Whether the queue is open.
    #[must_use]
    pub fn is_open(self) -> bool {
        Cell::of(self).is_ok()
    }

    /// What is known of the queue.
    ///
    /// # Errors
    /// [`Error::Shutdown`] after release or fork.
    pub fn facts(self) -> Result<Facts> {
        Ok(Cell::of(self)?.control(self)?.facts.clone())
    }

    /// Waits for `limit` at most until there is something to receive, or to be told by it; whether
    /// there is.
    ///
    /// # Errors
    /// [`Error::Shutdown`] after release or fork; the `errno` of `poll(2)`.
    pub fn wait(self, limit: Duration) -> Result<bool> {
        let cell = Cell::of(self)?;
        let parked = || cell.parked.load(Ordering::Relaxed) != 0;
        if parked() {
            return Ok(true);
        }
        self.0.wait(limit, parked)
    }

    /// Releases the queue, from any thread and at any moment, as [`QueueRef::close`] does. Memory
    /// that it has reserved goes, unless somebody keeps it.
    ///
    /// # Errors
    /// [`Error::Shutdown`] if it is released already or inherited by a fork child: nothing is done;
    /// [`Error::Busy`] in a signal handler that interrupted this very queue.
    pub fn release(self) -> Result<()> {
        let cell = Cell::of(self)?;
        self.0.close()?;
        cell.close(self);
        Ok(())
    }

    /// Whether this is a fork child, and the queue its parent's.
    #[must_use]
    pub fn is_inherited(self) -> bool {
        self.0.is_inherited()
    }
}

fn open(
    bus: &dyn Bus,
    device: &Attributes,
    algorithm: &'static str,
    direction: Direction,
) -> Result<Queue> {
    let version = Version::at_most(&device.api)?;
    let opened = queue::Queue::open_device(bus, device, version, direction)?;
    let queue = Queue(*opened);
    let facts = Facts {
        algorithm,
        device: device.name.clone(),
        api: device.api.clone(),
        version,
        node_id: device.node_id.unwrap_or(-1),
        sva: device.sva(),
        iommu: device.flags.contains(DeviceFlags::IOMMU),
    };
    Cell::open(queue, facts, opened.info()?.capacity)?;
    let _ = opened.into_ref();
    Ok(queue)
}
