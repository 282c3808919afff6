//! The seam between queues and where devices come from: the kernel, or a
//! simulation. Calls through it happen when a queue is opened, closed or waited
//! for; sending and receiving touch [`SharedMemory`] and [`Doorbell`] directly.

use super::device::Attributes;
pub use super::uapi::Slice;
use crate::error::{Error, Result};
use crate::sys::ioctl::Request;
use crate::sys::lent::Promise;
use crate::sys::mmio::Register;
use crate::sys::shared::SharedMemory;
use core::ffi::c_int;
use core::fmt;
use core::ops::Range;
use core::time::Duration;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// Where devices come from.
pub trait Bus: Send + Sync {
    /// The devices there are now, by name.
    ///
    /// # Errors
    /// [`Error::NoDevice`] where there is no uacce class at all.
    fn devices(&self) -> Result<Vec<Attributes>>;

    /// The device of this name, as it is now.
    ///
    /// # Errors
    /// [`Error::NoDevice`] if there is none, [`Error::Io`] if its attributes cannot be
    /// understood.
    fn device(&self, name: &str) -> Result<Attributes> {
        let found = self
            .devices()?
            .into_iter()
            .find(|device| device.name == name);
        found.ok_or(Error::NoDevice)
    }

    /// Takes a queue of a device. Nothing is mapped or started yet.
    ///
    /// # Errors
    /// [`Error::Busy`] when no queue is free, else the `errno` of opening it.
    fn open(&self, device: &Attributes) -> Result<Arc<dyn Channel>>;
}

/// One queue of one device. Dropping it stops the queue and gives it back.
///
/// Its memory is the device's: what a ring holds when the doorbell is rung, the device believes. So
/// doorbells take a [`Promise`], and whoever implements this is trusted with the rings as a driver is.
///
/// The order of calls is `configure`, `region` and `doorbell` in any order, `start`; then `wait` at
/// any time, and `stop`.
pub trait Channel: Send + Sync {
    /// Sets the queue's type and learns its number and depths.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a type that the device does not have.
    fn configure(&self, setup: QueueSetup) -> Result<QueueId>;

    /// A region of the queue, mapped on first use; later calls share the mapping. The static region
    /// belongs to its caller and is mapped anew after it was dropped.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the queue has no such region, [`Error::Exists`] for a
    /// static region that is in use, else the `errno` of mapping it.
    fn region(&self, region: Region) -> Result<SharedMemory>;

    /// The doorbell register at `offset` of the MMIO region.
    ///
    /// # Errors
    /// As [`Channel::region`].
    fn doorbell(&self, offset: usize) -> Result<Doorbell>;

    /// Starts the queue.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is started, [`Error::NoDevice`] if the device has gone.
    fn start(&self) -> Result<()>;

    /// Stops the queue: the device fetches no further descriptor. Harmless when stopped.
    fn stop(&self);

    /// Waits until the device may have completed something, or `limit` has passed. A wake-up is a
    /// hint: it may be spurious, stale, or, if the device disappears, missing. Callers look at the
    /// queue, wait for a bounded time, and look again.
    ///
    /// # Errors
    /// The `errno` of `poll(2)`.
    fn wait(&self, limit: Duration) -> Result<Wake>;

    /// Where the static region lies for the device, from its beginning on: the slices follow each
    /// other in the process and need not on the bus.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the queue has no such region, [`crate::Error::Invalid`] if it
    /// is not mapped, else the `errno` of asking.
    fn static_slices(&self) -> Result<Vec<Slice>> {
        Err(Error::Unsupported)
    }

    /// A descriptor that becomes readable when [`Channel::wait`] would return.
    fn event(&self) -> BorrowedFd<'_>;

    /// How the device reaches the process's memory.
    fn memory(&self) -> Memory;

    /// An `ioctl(2)` of the caller's own on the queue. What the driver answered.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where no ioctl can be passed on, [`Error::Invalid`] for one that is
    /// unknown or whose argument has another size, else the driver's `errno`.
    fn command(&self, request: Request, argument: Argument<'_>) -> Result<c_int> {
        let _ = (request, argument);
        Err(Error::Unsupported)
    }
}

/// What goes with [`Channel::command`].
#[derive(Debug)]
pub enum Argument<'a> {
    /// A number, for requests whose own number says of no pointer. Some take it for an address all
    /// the same, so that it is a good one then is promised.
    Value(Promise, usize),
    /// What the request reads and writes.
    Bytes(&'a mut [u8]),
}

/// What a queue is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSetup {
    /// The hardware queue type (`qc_type`): for ZIP 0 compresses and 1 decompresses.
    pub kind: u16,
    /// The size in bytes of the descriptors the caller will write, used where the kernel tells none.
    pub sqe_size: u32,
}

/// What the kernel says of a configured queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueId {
    /// The hardware queue number, part of every doorbell and completion.
    pub number: u16,
    /// The size of a submission queue entry in bytes.
    pub sqe_size: u32,
    /// Entries in the submission queue.
    pub sq_depth: u16,
    /// Entries in the completion queue.
    pub cq_depth: u16,
}

/// The regions of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// Doorbells and other device registers (`UACCE_QFRT_MMIO`).
    Mmio,
    /// The submission and completion queues (`UACCE_QFRT_DUS`).
    Dus,
    /// Memory for data that the device reaches without SVA, of this many bytes (`UACCE_QFRT_SS`).
    Ss(usize),
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// The device may have completed something.
    Event,
    /// The time is over.
    TimedOut,
}

/// A queue's doorbell.
#[derive(Clone)]
pub struct Doorbell(Way);

/// How a doorbell reaches the device.
#[derive(Clone)]
enum Way {
    Mapped(Register),
    Call(Arc<dyn Bell>),
}

/// The receiving end of a simulated doorbell.
pub trait Bell: Send + Sync {
    /// Takes one 64-bit store. Must not block for long and must not call back into the queue.
    fn ring(&self, value: u64);
}

impl Doorbell {
    /// A mapped register of a device.
    #[must_use]
    pub fn mapped(register: Register) -> Doorbell {
        Doorbell(Way::Mapped(register))
    }

    /// A call into a simulation. Submission and completion doorbells share one register: a
    /// simulation that watched memory would lose the first of two quick stores.
    #[must_use]
    pub fn call(bell: Arc<dyn Bell>) -> Doorbell {
        Doorbell(Way::Call(bell))
    }

    /// Stores `value`. The caller has ordered the queue memory before it, and promises what the
    /// descriptors name that lie there.
    #[inline(always)]
    pub fn ring(&self, _promise: Promise, value: u64) {
        match &self.0 {
            Way::Mapped(register) => register.store(value),
            Way::Call(bell) => bell.ring(value),
        }
    }
}

impl fmt::Debug for Doorbell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Way::Mapped(_) => "Doorbell::mapped",
            Way::Call(_) => "Doorbell::call",
        })
    }
}

/// What a device may do with shared pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read only.
    Read,
    /// Read and write.
    ReadWrite,
}

/// Maps pages of the process into a device's address space, at the same addresses.
pub trait Mapper: Send + Sync {
    /// Maps whole pages that are not mapped yet.
    ///
    /// # Errors
    /// The `errno` of the kernel's mapping call; [`Error::NoMemory`] for `RLIMIT_MEMLOCK`.
    fn map(&self, pages: &Range<usize>, access: Access) -> Result<()>;

    /// Unmaps exactly what one call of [`Mapper::map`] mapped.
    fn unmap(&self, pages: &Range<usize>);
}

/// How a device reaches the process's memory.
#[derive(Clone)]
pub enum Memory {
    /// Shared virtual addressing with device page faults: every address of the process is good.
    Sva,
    /// Shared virtual addressing without page faults: pages in use must be pinned.
    SvaPinned,
    /// Only pages that were mapped, through this mapper.
    Mapped(Arc<dyn Mapper>),
    /// Only the static region ([`Region::Ss`]) of the queue.
    Static,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Memory::Sva => "Sva",
            Memory::SvaPinned => "SvaPinned",
            Memory::Mapped(_) => "Mapped",
            Memory::Static => "Static",
        })
    }
}
