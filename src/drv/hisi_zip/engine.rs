//! The engine: a ring for each context, messages into it and answers out of it.

use super::mark::Mark;
use super::pool::Pool;
use super::record::{Record, Records};
use super::{Facts, answer, deflate, has, lz, stream};
use crate::bd::zip::{self, Sqe, SqeType};
use crate::ctypes::v2::wd_comp::{wd_comp_alg_type, wd_comp_op_type};
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::drv::{Engine, Path, Seat};
use crate::error::{Error, Result};
use crate::qm::layout::Version;
use crate::qm::ring::{self, Receiver, Sender};
use crate::sys::fork;
use crate::sys::gate::Gate;
use crate::sys::lent::Promise;
use crate::sys::lock::Mutex;
use crate::sys::slots::Posted;
use crate::uacce::channel::{Channel, QueueId, QueueSetup, Wake};
use crate::uacce::device::Origin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Arc;

/// The kind of operation of contexts that compress, and the type of their queues.
const COMPRESS: u8 = 0;

/// The driver, bound to contexts.
pub(super) struct Zip {
    queues: Vec<Queue>,
}

/// One half of a ring. The halves begin lines of their own: two threads use them.
#[repr(align(128))]
struct Half<T>(Gate<Option<T>>);

/// A context.
struct Queue {
    sender: Half<Sender<{ zip::SIZE }>>,
    receiver: Half<Receiver<{ zip::SIZE }>>,
    facts: Facts,
    path: Path,
    channel: Arc<dyn Channel>,
    id: QueueId,
    pool: Pool,
    records: Records,
    /// The device was reset or has gone, or starting the queue again has failed.
    dead: AtomicBool,
    /// The process that it works in.
    born: u64,
    /// Held while it is started again.
    resetting: Mutex<()>,
}

impl Zip {
    /// Configures and starts the queues of `seats`.
    ///
    /// # Errors
    /// [`Error::NoDevice`] for an interface that this driver does not know, else what the queue
    /// answered. Queues that were started are stopped then.
    pub fn bind(seats: Vec<Seat>, promise: Promise) -> Result<Zip> {
        fork::watch();
        let queues = seats.into_iter().map(|seat| Queue::start(seat, promise));
        Ok(Zip {
            queues: queues.collect::<Result<_>>()?,
        })
    }

    fn queue(&self, seat: usize) -> Result<&Queue> {
        self.queues.get(seat).ok_or(Error::Invalid)
    }
}

impl Engine<wd_comp_msg> for Zip {
    fn path(&self, seat: usize) -> Path {
        self.queues.get(seat).map_or(Path::Hardware, |q| q.path)
    }

    fn send(&self, seat: usize, message: &mut wd_comp_msg) -> Result<()> {
        let queue = self.queue(seat)?;
        let format = queue.accept(message)?;
        if is_deflate_stream(message, format)
            && stream::without_device(&queue.facts, message, format)?
        {
            message.skip_hw = true.into();
            return Ok(());
        }
        message.skip_hw = false.into();
        queue.submit(message, format)
    }

    fn post(&self, seat: usize, message: Posted<'_, wd_comp_msg>) -> Result<()> {
        let queue = self.queue(seat)?;
        let message = message.copy();
        let format = queue.accept(&message)?;
        if stream::is_stateful(&message) {
            return Err(Error::Invalid);
        }
        queue.submit(&message, format)
    }

    fn receive(&self, seat: usize, message: &mut wd_comp_msg) -> Result<()> {
        let queue = self.queue(seat)?;
        if !queue.facts.asynchronous && message.skip_hw.get() {
            message.skip_hw = false.into();
            return Ok(());
        }
        queue.receive(message)
    }

    fn reset(&self, seat: usize) -> Result<()> {
        self.queue(seat)?.reset()
    }

    fn wait(&self, seat: usize, limit: Duration) -> Result<Wake> {
        self.queue(seat)?.wait(limit)
    }
}

impl Queue {
    fn start(seat: Seat, promise: Promise) -> Result<Queue> {
        let hardware = seat.hardware.ok_or(Error::NoDevice)?;
        let (channel, device) = (hardware.channel, hardware.device);
        let version = Version::from_api(&device.api)?;
        let id = channel.configure(QueueSetup {
            kind: seat.op_type.into(),
            sqe_size: zip::SIZE as u32,
        })?;
        // It may have served an engine before.
        ring::clear::<{ zip::SIZE }>(&*channel, &id)?;
        let (sender, receiver) = ring::open(&*channel, version, &id)?;
        channel.start()?;
        Ok(Queue {
            sender: Half(Gate::new(Some(sender))),
            receiver: Half(Gate::new(Some(receiver))),
            facts: Facts {
                version,
                compresses: seat.op_type == COMPRESS,
                asynchronous: seat.asynchronous,
                sva: device.sva(),
                promise,
            },
            path: match device.origin {
                Origin::Kernel => Path::Hardware,
                Origin::Simulated => Path::Simulated,
            },
            channel,
            id,
            pool: Pool::default(),
            records: Records::default(),
            dead: AtomicBool::new(false),
            born: fork::generation(),
            resetting: Mutex::new(()),
        })
    }

    /// The format of a message, if this queue can serve it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is no request, or one for the other kind of queue;
    /// [`Error::Unsupported`] for a format that the device does not have.
    fn accept(&self, message: &wd_comp_msg) -> Result<wd_comp_alg_type> {
        let way = message.req.op_type.get().ok_or(Error::Invalid)?;
        let compresses = way == wd_comp_op_type::WD_DIR_COMPRESS;
        let format = message.alg_type.get().ok_or(Error::Invalid)?;
        if compresses != self.facts.compresses || format == wd_comp_alg_type::WD_COMP_ALG_MAX {
            return Err(Error::Invalid);
        }
        if has(self.facts.version, format) {
            Ok(format)
        } else {
            Err(Error::Unsupported)
        }
    }

    /// Makes a message a descriptor and sends it.
    fn submit(&self, message: &wd_comp_msg, format: wd_comp_alg_type) -> Result<()> {
        use wd_comp_alg_type::{WD_LZ4, WD_LZ77_ONLY, WD_LZ77_ZSTD};
        let mut job = match format {
            WD_LZ4 => lz::encode_lz4(&self.facts, message),
            WD_LZ77_ZSTD | WD_LZ77_ONLY => lz::encode_lz77(&self.facts, message, format),
            _ => deflate::encode(&self.facts, message, format),
        }?;
        job.place(&self.facts, message, &self.pool, &self.records)?;
        self.name(&mut job.sqe, job.mark.tag);
        let sent = self.send(&job.sqe, job.mark);
        if sent.is_err() {
            self.release(job.mark);
        }
        sent
    }

    /// Undoes what was done for a request.
    fn release(&self, mark: Mark) {
        if let Some(record) = self.records_of(mark) {
            self.records.give_back(mark.record, record, &self.pool);
        }
    }

    /// Gives a descriptor its type, and the tag where that type has it.
    fn name(&self, sqe: &mut Sqe, tag: u32) {
        let kind = if self.facts.version < Version::V3 {
            sqe.tag = tag;
            SqeType::Type0
        } else {
            sqe.tag_type3 = tag.into();
            SqeType::Type3
        };
        sqe.sqe_type = kind.code();
    }

    fn send(&self, sqe: &Sqe, mark: Mark) -> Result<()> {
        // A signal handler that interrupted a send finds the gate closed.
        let mut sender = self.sender.0.enter().ok_or(Error::Busy)?;
        let Some(sender) = sender.as_mut() else {
            return Err(self.unless_dead(Error::Busy));
        };
        let written = sender.write(self.facts.promise, &sqe.encode(), mark.pack());
        written.and_then(|()| sender.commit()).map_err(broken)
    }

    fn receive(&self, message: &mut wd_comp_msg) -> Result<()> {
        let mut bytes = [0; zip::SIZE];
        let mark = {
            let mut receiver = self.receiver.0.enter().ok_or(Error::Again)?;
            let Some(receiver) = receiver.as_mut() else {
                return Err(self.unless_dead(Error::Again));
            };
            let take = |mark, slot: ring::Slot<'_, { zip::SIZE }>| {
                slot.read(&mut bytes);
                mark
            };
            match receiver.receive(take) {
                // An answer to nothing. What else comes can be told from it.
                Err(Error::Io) if receiver.alive().is_ok() => Ok(None),
                received => received,
            }
        };
        let mark = mark.map_err(|error| self.lost(error))?;
        let mark = mark.ok_or_else(|| self.unless_dead(Error::Again))?;
        // Only marks of `Mark::pack` are in the ring.
        let mark = Mark::unpack(mark).ok_or(Error::Io)?;
        let sqe = Sqe::decode(&bytes);
        let record = self.records_of(mark);
        answer::decode(&self.facts, &sqe, mark, record.as_ref(), message);
        if let Some(record) = record {
            self.records.give_back(mark.record, record, &self.pool);
        }
        Ok(())
    }

    /// The record of a request, if it has one. Most have none, and no lock is taken for them.
    fn records_of(&self, mark: Mark) -> Option<Record> {
        if mark.record == 0 {
            return None;
        }
        self.records.find(mark.record)
    }

    fn wait(&self, limit: Duration) -> Result<Wake> {
        {
            let mut receiver = self.receiver.0.enter().ok_or(Error::Again)?;
            let Some(receiver) = receiver.as_mut() else {
                return Err(self.unless_dead(Error::Again));
            };
            receiver.arm();
            if receiver.waiting() > 0 || receiver.alive().is_err() {
                return Ok(Wake::Event);
            }
        }
        self.channel.wait(limit).map_err(gone)
    }

    /// Stops the queue, which waits for the device, and starts it with a new ring.
    fn reset(&self) -> Result<()> {
        let _alone = self.resetting.lock();
        self.take_ring()?;
        self.channel.stop();
        self.records.give_all_back(&self.pool);
        let again = self.start_again();
        if again.is_err() {
            // Release pairs with the Acquire in `unless_dead`.
            self.dead.store(true, Ordering::Release);
        }
        again.map_err(gone)
    }

    /// Takes both halves of the ring, or none in a signal handler that has interrupted one of them:
    /// while there is no ring, sending is busy and receiving finds nothing. One gate after the other,
    /// since whoever waits for one inside the other may be waited for.
    fn take_ring(&self) -> Result<()> {
        let sender = self.sender.0.enter().ok_or(Error::Busy)?.take();
        if let Some(mut receiver) = self.receiver.0.enter() {
            receiver.take();
            return Ok(());
        }
        *self.sender.0.enter().ok_or(Error::Busy)? = sender;
        Err(Error::Busy)
    }

    fn start_again(&self) -> Result<()> {
        ring::clear::<{ zip::SIZE }>(&*self.channel, &self.id)?;
        let (sender, receiver) = ring::open(&*self.channel, self.facts.version, &self.id)?;
        receiver.alive()?;
        self.channel.start()?;
        *self.receiver.0.enter().ok_or(Error::Busy)? = Some(receiver);
        *self.sender.0.enter().ok_or(Error::Busy)? = Some(sender);
        self.dead.store(false, Ordering::Release);
        Ok(())
    }

    /// What to answer when receiving has failed. When it says that no answer will ever come, the
    /// device touches no memory any more: the queue is stopped, once.
    #[cold]
    fn lost(&self, error: Error) -> Error {
        let error = broken(error);
        if error == Error::DeviceReset && !self.dead.swap(true, Ordering::AcqRel) {
            self.channel.stop();
        }
        error
    }

    /// What to answer while nothing can be done: `now`, or that nothing ever will be.
    fn unless_dead(&self, now: Error) -> Error {
        if self.dead.load(Ordering::Acquire) {
            Error::DeviceReset
        } else {
            now
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // In a fork child the queue is the parent's, and threads that it does not have may hold locks.
        if self.born == fork::generation() {
            self.channel.stop();
            self.records.give_all_back(&self.pool);
        }
    }
}

/// Whether the rules of `stream` are for this message.
fn is_deflate_stream(message: &wd_comp_msg, format: wd_comp_alg_type) -> bool {
    use wd_comp_alg_type::{WD_DEFLATE, WD_GZIP, WD_ZLIB};
    stream::is_stateful(message) && matches!(format, WD_DEFLATE | WD_ZLIB | WD_GZIP)
}

/// As [`gone`], and so is one that has broken the protocol of its ring.
fn broken(error: Error) -> Error {
    match error {
        Error::Io => Error::DeviceReset,
        other => gone(other),
    }
}

/// A device that has gone is to engines what one that was reset is.
fn gone(error: Error) -> Error {
    match error {
        Error::NoDevice => Error::DeviceReset,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drv::Hardware;
    use crate::qm::echo::{Device, Mode, Open};
    use crate::uacce::device::Attributes;
    use crate::uacce::uapi::DeviceFlags;

    #[test]
    #[cfg_attr(miri, ignore = "eventfd")]
    fn a_reset_in_a_handler_that_interrupted_receiving_leaves_the_queue_as_it_was() {
        let device = Device::new(Version::V2, (4, 4), Mode::Held);
        let seat = Seat {
            handle: 1,
            hardware: Some(Hardware {
                device: Arc::new(Attributes::simulated(
                    "zip",
                    Version::V2.api(),
                    DeviceFlags::SVA,
                )),
                channel: Arc::new(Open(device)),
            }),
            op_type: COMPRESS,
            asynchronous: true,
        };
        let queue = Queue::start(seat, Promise::in_tests()).expect("a device");
        let mark = Mark {
            tag: 7,
            header: 0,
            format: wd_comp_alg_type::WD_ZLIB,
            stored: false,
            record: 0,
        };
        let send = || queue.send(&Sqe::default(), mark);
        let inside = queue.receiver.0.enter().expect("nobody is inside");
        assert_eq!(queue.reset(), Err(Error::Busy));
        drop(inside);
        assert_eq!(send(), Ok(()));
        assert_eq!(queue.reset(), Ok(()));
        assert_eq!(send(), Ok(()));
    }
}
