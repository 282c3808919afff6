//! A queue of raw descriptors: opened on the device that suits, used by any
//! number of threads, released at any moment. What the descriptors mean is the
//! caller's business, except that a ZIP descriptor's status is read.
//!
//! A [`Queue`] owns its queue; [`QueueRef`] is a number that names one, as C
//! holds it. Every call looks the number up in a table whose cells never move
//! (`cell.rs`), so a stale one is an error and never a wild pointer.

#![forbid(unsafe_code)]

mod cell;
mod close;
mod info;
mod open;
mod wait;

pub use info::{Info, Path, Vfio};
pub use open::{Direction, Options};

use crate::bd::zip;
use crate::error::{Error, Result};
use crate::mem;
use crate::qm::layout::Version;
use crate::sys::lent::Promise;
use crate::sys::shared::SharedMemory;
use crate::uacce::channel::{Access, Bus, Memory, Region, Slice};
use crate::uacce::device::Attributes;
use cell::{Cell, Control};
use core::num::NonZeroU64;
use core::ops::Deref;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;

/// Bytes of a descriptor.
pub const DESCRIPTOR_SIZE: usize = zip::SIZE;

/// A descriptor.
pub type Descriptor = zip::Bytes;

/// An open queue; dropping it releases it.
#[derive(Debug)]
pub struct Queue(QueueRef);

impl Queue {
    /// Opens a queue on the best device that suits `options`.
    ///
    /// # Errors
    /// [`Error::NoDevice`] if no device suits, [`Error::Busy`] if none has a free queue,
    /// [`Error::Permission`] if only a device without an IOMMU suits, else what opening it answered.
    pub fn open(options: &Options) -> Result<Queue> {
        open::open(options).map(Queue)
    }

    /// Opens a queue on the best device of a bus of the caller's own: a simulated world, or a device
    /// that the caller made up.
    ///
    /// # Errors
    /// As [`Queue::open`].
    pub fn open_on(bus: &dyn Bus, options: &Options) -> Result<Queue> {
        open::open_on(bus, options).map(Queue)
    }

    /// Opens a queue on this device of `bus`. `version` is what its descriptors and doorbells are like:
    /// that of its interface, or an earlier one which it understands too.
    ///
    /// # Errors
    /// What opening it answered.
    pub fn open_device(
        bus: &dyn Bus,
        device: &Attributes,
        version: Version,
        direction: Direction,
    ) -> Result<Queue> {
        open::open_as(bus, device, version, direction).map(Queue)
    }

    /// Gives up ownership: the queue stays open until [`QueueRef::close`].
    #[must_use]
    pub fn into_ref(self) -> QueueRef {
        let queue = self.0;
        core::mem::forget(self);
        queue
    }
}

impl Deref for Queue {
    type Target = QueueRef;
    fn deref(&self) -> &QueueRef {
        &self.0
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // Shutdown means that somebody closed it before, or that this is a fork child.
        let _ = self.0.close();
    }
}

/// The name of a queue: the number of its cell, and which of the cell's queues it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueRef {
    index: u32,
    epoch: u32,
}

/// A request that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// The tag it was sent with.
    pub tag: NonZeroU64,
    /// How the device says it went.
    pub status: zip::Status,
}

impl QueueRef {
    /// The queue's name as one number, never 0.
    #[must_use]
    pub fn to_raw(self) -> u64 {
        u64::from(self.epoch) << 32 | (u64::from(self.index) + 1)
    }

    /// The name from its number; `None` for a number that never names a queue, such as 0. Any
    /// other is safe to use: one that names no open queue answers [`Error::Shutdown`] to every call.
    #[must_use]
    pub fn from_raw(raw: u64) -> Option<QueueRef> {
        let index = (raw as u32).checked_sub(1)?;
        let epoch = (raw >> 32) as u32;
        // A cell with an even epoch holds no queue.
        (epoch % 2 == 1).then_some(QueueRef { index, epoch })
    }

    /// A number that no other open queue has, below 65 536: for tables beside this one.
    #[must_use]
    pub const fn index(self) -> usize {
        self.index as usize
    }

    #[inline(always)]
    fn cell(self) -> Result<&'static Cell> {
        let cell = cell::TABLE
            .get(self.index as usize)
            .ok_or(Error::Shutdown)?;
        self.current(cell)?;
        Ok(cell)
    }

    /// Whether the cell still holds this queue. Asked again inside a gate: the queue may have been
    /// released, and another opened in its cell, while the thread waited for the gate.
    #[inline(always)]
    fn current(self, cell: &Cell) -> Result<()> {
        if cell.epoch.load(Ordering::Acquire) == self.epoch {
            Ok(())
        } else {
            Err(Error::Shutdown)
        }
    }

    fn control(self) -> Result<Arc<Control>> {
        let cell = self.cell()?;
        let control = cell.control.lock();
        self.current(cell)?;
        control.clone().ok_or(Error::Shutdown)
    }

    /// Whether the queue is open.
    #[must_use]
    pub fn is_open(self) -> bool {
        self.cell().is_ok()
    }

    /// Whether this is a fork child, and the queue its parent's.
    #[must_use]
    pub fn is_inherited(self) -> bool {
        let cell = cell::TABLE.get(self.index as usize);
        // A child's own queues live in other cells.
        cell.is_some_and(Cell::is_abandoned)
    }

    /// Copies `sqe` into the ring and rings the doorbell. Never blocks and makes no system call.
    /// [`Received::tag`] names the request when it comes back; `tag` is any number but `u64::MAX`.
    /// The device reads and writes where the descriptor says until the request comes back or the
    /// queue is released. Nothing here can check that, so the caller promises it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for that tag; [`Error::Busy`] if the ring is full or a signal handler
    /// interrupted this very queue; [`Error::Shutdown`] after release or fork;
    /// [`Error::DeviceReset`], [`Error::NoDevice`] and [`Error::Io`] if the device was reset, has gone,
    /// or broke the protocol. The request was not sent then.
    #[inline]
    pub fn send(self, promise: Promise, sqe: &Descriptor, tag: NonZeroU64) -> Result<()> {
        let cell = self.cell()?;
        let mut pass = cell.tx.enter().ok_or(Error::Busy)?;
        self.current(cell)?;
        let sender = pass.as_mut().ok_or(Error::Shutdown)?;
        sender.write(promise, sqe, tag)?;
        sender.commit()?;
        cell.count_sent(1);
        Ok(())
    }

    /// Sends as many of `requests` as the ring takes, with one doorbell. How many it took: the
    /// first so many. What is promised is as for [`send`](Self::send).
    ///
    /// # Errors
    /// As [`send`](Self::send), if it took none.
    pub fn send_batch<'a>(
        self,
        promise: Promise,
        requests: impl Iterator<Item = (&'a Descriptor, NonZeroU64)>,
    ) -> Result<usize> {
        let cell = self.cell()?;
        let mut pass = cell.tx.enter().ok_or(Error::Busy)?;
        self.current(cell)?;
        let sender = pass.as_mut().ok_or(Error::Shutdown)?;
        let mut taken = 0;
        for (sqe, tag) in requests {
            match sender.write(promise, sqe, tag) {
                Ok(()) => taken += 1,
                Err(error) if taken == 0 => return Err(error),
                Err(_) => break,
            }
        }
        sender.commit()?;
        cell.count_sent(taken as u64);
        Ok(taken)
    }

    /// Rings the doorbell for descriptors that are written and not announced; does nothing if there
    /// are none, which is always so between the calls of this type.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn flush(self) -> Result<()> {
        let cell = self.cell()?;
        let mut pass = cell.tx.enter().ok_or(Error::Busy)?;
        self.current(cell)?;
        pass.as_mut().ok_or(Error::Shutdown)?.commit()
    }

    /// Takes the next completion and copies its descriptor to where `place` says for its tag.
    /// Never blocks and makes no system call.
    ///
    /// # Errors
    /// [`Error::Again`] if there is none; [`Error::Io`] if the device named a request that does not
    /// exist, which is skipped; [`Error::Shutdown`] after release or fork; [`Error::DeviceReset`] and
    /// [`Error::NoDevice`] if the device was reset or has gone and nothing is left to receive.
    #[inline]
    pub fn receive_at<'a>(
        self,
        place: impl FnOnce(NonZeroU64) -> &'a mut Descriptor,
    ) -> Result<Received> {
        let cell = self.cell()?;
        let mut pass = cell.rx.enter().ok_or(Error::Busy)?;
        self.current(cell)?;
        let receiver = pass.as_mut().ok_or(Error::Shutdown)?;
        let answer = receiver.receive(|tag, slot| {
            let sqe = place(tag);
            slot.read(sqe);
            // These two come back in registers. A structure would be written to memory in parts and
            // read as a whole at once, for which a processor waits.
            (tag, zip::status_code(sqe))
        })?;
        let (tag, code) = answer.ok_or(Error::Again)?;
        let status = zip::Status::from_code(code);
        let received = Received { tag, status };
        cell.count_received(1, u64::from(!received.status.is_good()));
        Ok(received)
    }

    /// Takes the next completion and copies its descriptor to `sqe`.
    ///
    /// # Errors
    /// As [`receive_at`](Self::receive_at).
    pub fn receive(self, sqe: &mut Descriptor) -> Result<Received> {
        self.receive_at(|_| sqe)
    }

    /// Takes up to `most` completions and acknowledges them with one doorbell. Each is handed to
    /// `each` after its descriptor was copied to where `place` says.
    ///
    /// # Errors
    /// As [`receive_at`](Self::receive_at), if there was none.
    pub fn receive_batch<'a>(
        self,
        most: usize,
        mut place: impl FnMut(NonZeroU64) -> &'a mut Descriptor,
        mut each: impl FnMut(Received),
    ) -> Result<usize> {
        let cell = self.cell()?;
        let mut pass = cell.rx.enter().ok_or(Error::Busy)?;
        self.current(cell)?;
        let receiver = pass.as_mut().ok_or(Error::Shutdown)?;
        let mut failed = 0;
        let taken = receiver.receive_batch(most, |tag, slot| {
            let sqe = place(tag);
            slot.read(sqe);
            let status = zip::status(sqe);
            failed += u64::from(!status.is_good());
            each(Received { tag, status });
        })?;
        cell.count_received(taken as u64, failed);
        if taken > 0 || most == 0 {
            Ok(taken)
        } else {
            Err(Error::Again)
        }
    }

    /// As [`receive`](Self::receive), and waits for a completion: spins for some microseconds, then
    /// sleeps on the device's interrupt. `None` waits as long as the queue lives.
    ///
    /// # Errors
    /// As [`receive_at`](Self::receive_at) without [`Error::Again`]; [`Error::TimedOut`].
    pub fn receive_wait(self, limit: Option<Duration>, sqe: &mut Descriptor) -> Result<Received> {
        wait::until(self, limit, || self.receive(sqe))
    }

    /// As [`receive_wait`](Self::receive_wait), into the place for the request's tag.
    ///
    /// # Errors
    /// As [`receive_wait`](Self::receive_wait).
    pub fn receive_wait_at<'a>(
        self,
        limit: Option<Duration>,
        mut place: impl FnMut(NonZeroU64) -> &'a mut Descriptor,
    ) -> Result<Received> {
        wait::until(self, limit, || self.receive_at(&mut place))
    }

    /// Waits until there is a completion, `limit` has passed, or `done` says that there is nothing to
    /// wait for any more; whether there is one, or something else to tell. Also a device that was
    /// reset or has gone is told by [`receive`](Self::receive).
    ///
    /// # Errors
    /// [`Error::Shutdown`] after release or fork; the `errno` of `poll(2)`.
    pub fn wait(self, limit: Duration, done: impl FnMut() -> bool) -> Result<bool> {
        wait::for_something(self, limit, done)
    }

    /// Takes back a request that will never be answered, since the device was reset or has gone: its
    /// tag. In no order; `None` if there is none.
    ///
    /// # Errors
    /// [`Error::Busy`] while the device works, and in a signal handler that interrupted this very
    /// queue; [`Error::Shutdown`] after release or fork.
    pub fn recall(self) -> Result<Option<NonZeroU64>> {
        let cell = self.cell()?;
        // Both halves, so that no send is between its slot and its doorbell.
        let mut tx = cell.tx.enter().ok_or(Error::Busy)?;
        let mut rx = cell.rx.enter().ok_or(Error::Busy)?;
        self.current(cell)?;
        let (Some(_), Some(receiver)) = (tx.as_mut(), rx.as_mut()) else {
            return Err(Error::Shutdown);
        };
        let tag = receiver.recall()?;
        cell.count_received(u64::from(tag.is_some()), u64::from(tag.is_some()));
        Ok(tag)
    }

    /// Asks for the descriptor of [`event_fd`](Self::event_fd) to become readable at the next
    /// completion. `false` if one is there already: receive first.
    ///
    /// # Errors
    /// [`Error::Shutdown`] after release or fork; [`Error::DeviceReset`] and [`Error::NoDevice`] if
    /// nothing is there and nothing will come, because the device was reset or has gone; the `errno`
    /// of `poll(2)`.
    pub fn arm(self) -> Result<bool> {
        wait::arm(self)
    }

    /// A descriptor for `poll(2)`, valid until the queue is released. Readiness is a hint; see
    /// [`arm`](Self::arm). The removal of a device wakes no sleeper, so sleep for a limited time.
    ///
    /// # Errors
    /// [`Error::Shutdown`] after release or fork.
    pub fn event_fd(self) -> Result<RawFd> {
        Ok(self.control()?.channel.event().as_raw_fd())
    }

    /// Lets the device use `len` bytes at `address`, rounded outward to pages.
    ///
    /// # Errors
    /// See [`crate::mem::share::Shares::share`]; [`Error::Shutdown`] after release or fork.
    pub fn share(self, address: usize, len: usize, access: Access) -> Result<()> {
        self.control()?.shares.share(address, len, access)
    }

    /// Lets the device use the whole address space: with SVA only, where it can already.
    ///
    /// # Errors
    /// [`Error::Unsupported`] without SVA; [`Error::Shutdown`] after release or fork.
    pub fn share_all(self) -> Result<()> {
        self.control()?.shares.share_all()
    }

    /// Takes one share back. Requests that use it must have come back.
    ///
    /// # Errors
    /// [`Error::Invalid`] if this queue does not share exactly this range; [`Error::Shutdown`].
    pub fn unshare(self, address: usize, len: usize) -> Result<()> {
        self.control()?.shares.unshare(address, len)
    }

    /// Allocates memory that every queue of the process can use, see [`mem::block::allocate`].
    ///
    /// # Errors
    /// As there; [`Error::Unsupported`] if this queue could not, [`Error::Shutdown`].
    pub fn allocate(self, len: usize) -> Result<usize> {
        if !self.control()?.shares.reach_blocks() {
            return Err(Error::Unsupported);
        }
        mem::block::allocate(len)
    }

    /// How the device reaches the process's memory.
    ///
    /// # Errors
    /// [`Error::Shutdown`] after release or fork.
    pub fn memory(self) -> Result<Memory> {
        Ok(self.control()?.channel.memory())
    }

    /// Static memory of at least `len` bytes that the device reaches, and where. There is one such
    /// region at a time.
    ///
    /// # Errors
    /// As [`crate::uacce::channel::Channel::region`] and
    /// [`crate::uacce::channel::Channel::static_slices`]; [`Error::Shutdown`] after release or fork.
    pub fn static_memory(self, len: usize) -> Result<(SharedMemory, Vec<Slice>)> {
        let control = self.control()?;
        let memory = control.channel.region(Region::Ss(len))?;
        let slices = control.channel.static_slices()?;
        Ok((memory, slices))
    }

    /// What is known of the queue.
    ///
    /// # Errors
    /// [`Error::Shutdown`] after release or fork.
    pub fn info(self) -> Result<Info> {
        info::of(self)
    }

    /// Releases the queue: no call gets in any more, those inside finish, requests in flight get
    /// 250 ms to complete, the device is stopped, everything the queue shared is taken back, its
    /// memory is unmapped and its descriptors closed. Waiters return within 50 ms.
    ///
    /// # Errors
    /// [`Error::Shutdown`] if it is released already, or inherited by a fork child: nothing is done;
    /// [`Error::Busy`] from a signal handler that interrupted this very queue.
    pub fn close(self) -> Result<()> {
        close::close(self)
    }
}

#[cfg(all(test, models))]
mod models;
#[cfg(test)]
mod tests;
