//! An open queue of this process, as a channel.

use super::model::Queue;
use crate::error::{Error, Result};
use crate::qm::doorbell;
use crate::sys::shared::SharedMemory;
use crate::sys::{fork, ioctl};
use crate::uacce::channel::{
    Argument, Bell, Channel, Doorbell, Memory, QueueId, QueueSetup, Region, Slice, Wake,
};
use crate::uacce::uapi::{self, MAINLINE};
use core::ffi::c_int;
use core::time::Duration;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// An open queue: what an open file is to the kernel.
pub struct Opened {
    queue: Arc<Queue>,
    born: u64,
}

impl Opened {
    pub(super) fn of(queue: Arc<Queue>, born: u64) -> Opened {
        Opened { queue, born }
    }

    /// Whether a completion lies in the ring before `limit` has passed.
    pub(super) fn wait_for_completion(&self, limit: Option<Duration>) -> Result<bool> {
        self.queue()?.wait_for_completion(limit)
    }

    /// The queue's number and depths, whether it is configured or not.
    #[must_use]
    pub fn id(&self) -> QueueId {
        self.queue.id()
    }

    /// The descriptors that the queue is made of. They must stay open.
    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let file = self.queue.memory_file();
        core::iter::once(self.queue.event()).chain(file)
    }

    fn queue(&self) -> Result<&Arc<Queue>> {
        mine(self.born).map(|()| &self.queue)
    }
}

impl Channel for Opened {
    fn configure(&self, setup: QueueSetup) -> Result<QueueId> {
        self.queue()?.configure(setup.kind)
    }

    fn region(&self, region: Region) -> Result<SharedMemory> {
        let queue = self.queue()?;
        match region {
            Region::Dus => queue.memory(),
            Region::Ss(len) => queue.static_memory(len),
            // Doorbells are calls.
            Region::Mmio => Err(Error::Unsupported),
        }
    }

    fn doorbell(&self, offset: usize) -> Result<Doorbell> {
        let queue = self.queue()?;
        if offset != queue.version().doorbell_offset() {
            return Err(Error::Invalid);
        }
        Ok(Doorbell::call(Arc::new(Port {
            queue: Arc::clone(queue),
            born: self.born,
        })))
    }

    fn start(&self) -> Result<()> {
        self.queue()?.start()
    }

    fn stop(&self) {
        if let Ok(queue) = self.queue() {
            queue.stop();
        }
    }

    fn wait(&self, limit: Duration) -> Result<Wake> {
        let woken = self.queue()?.wait(limit)?;
        Ok(if woken { Wake::Event } else { Wake::TimedOut })
    }

    fn static_slices(&self) -> Result<Vec<Slice>> {
        self.queue()?.static_slices()
    }

    fn event(&self) -> BorrowedFd<'_> {
        self.queue.event()
    }

    fn memory(&self) -> Memory {
        if self.queue.has_sva() {
            Memory::Sva
        } else {
            Memory::Static
        }
    }

    fn command(&self, request: ioctl::Request, argument: Argument<'_>) -> Result<c_int> {
        let queue = self.queue()?;
        match (request, argument) {
            (uapi::SET_QP_CTX, Argument::Bytes([id_low, id_high, kind_low, kind_high])) => {
                let kind = u16::from_ne_bytes([*kind_low, *kind_high]);
                let id = queue.configure(kind)?;
                [*id_low, *id_high] = id.number.to_ne_bytes();
            }
            (uapi::SET_QP_INFO, Argument::Bytes(info)) if info.len() == 16 => {
                let id = queue.id();
                info[..4].copy_from_slice(&id.sqe_size.to_ne_bytes());
                info[4..6].copy_from_slice(&id.sq_depth.to_ne_bytes());
                info[6..8].copy_from_slice(&id.cq_depth.to_ne_bytes());
                info[8..].fill(0);
            }
            (uapi::GET_SS_DMA, Argument::Bytes(info)) => {
                return static_slice(&queue.static_slices()?, info);
            }
            (START, Argument::Value(..)) => queue.start()?,
            (PUT_QUEUE, Argument::Value(..)) => queue.stop(),
            _ => return Err(Error::Invalid),
        }
        Ok(0)
    }
}

/// `UACCE_CMD_GET_SS_DMA`: in `info` the number of a slice, then the slice; whether more follow.
fn static_slice(slices: &[Slice], info: &mut [u8]) -> Result<c_int> {
    let info: &mut [u8; 8] = info.try_into().map_err(|_| Error::Invalid)?;
    let number = usize::try_from(u64::from_ne_bytes(*info)).map_err(|_| Error::Invalid)?;
    let slice = slices.get(number).ok_or(Error::Invalid)?;
    *info = uapi::slice_answer(*slice).to_ne_bytes();
    Ok(c_int::from(number + 1 < slices.len()))
}

const START: ioctl::Request = MAINLINE.start;
const PUT_QUEUE: ioctl::Request = MAINLINE.put_queue;

impl Drop for Opened {
    fn drop(&mut self) {
        match self.queue() {
            Ok(queue) => queue.close(),
            // As for the world.
            Err(_) => core::mem::forget(Arc::clone(&self.queue)),
        }
    }
}

/// The doorbell register of a queue.
struct Port {
    queue: Arc<Queue>,
    born: u64,
}

impl Bell for Port {
    fn ring(&self, value: u64) {
        // A fork child has the port but none of the threads behind it.
        if mine(self.born).is_ok() {
            let value = doorbell::decode(self.queue.version(), value);
            self.queue.ring(value);
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        if mine(self.born).is_err() {
            core::mem::forget(Arc::clone(&self.queue));
        }
    }
}

/// [`Error::Shutdown`] in a child of the process that something belongs to. Its locks may be held
/// for ever there, by threads that the child does not have.
pub(super) fn mine(born: u64) -> Result<()> {
    if born == fork::generation() {
        Ok(())
    } else {
        Err(Error::Shutdown)
    }
}
