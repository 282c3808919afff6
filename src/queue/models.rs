//! Release against everything else, on the device of `qm::echo`, which answers at once. No
//! doorbell is rung while, or after, the device is stopped, and a name that is stale reaches no
//! other queue.

use super::*;
use crate::qm::echo::{self, Mode};
use crate::qm::layout::Version;
use crate::sys::atomic::{Data, explore};
use crate::sys::shared::SharedMemory;
use crate::uacce::channel::{Bell, Channel, Doorbell, Memory, QueueId, QueueSetup, Region, Wake};
use crate::uacce::device::Attributes;
use crate::uacce::uapi::DeviceFlags;
use core::sync::atomic::{AtomicU32, AtomicUsize};
use loom::thread;
use std::os::fd::BorrowedFd;

/// A device that watches who uses it. It is a bus, with itself as the device, and its one channel.
#[derive(Clone)]
struct Watched(Arc<Watch>);

struct Watch {
    channel: echo::Open,
    /// Read by doorbells, written by the stop.
    registers: Data,
    stops: AtomicU32,
    bells: AtomicUsize,
}

impl Watched {
    fn new() -> Watched {
        let device = echo::Device::new(Version::V2, (4, 4), Mode::Instant);
        Watched(Arc::new(Watch {
            channel: echo::Open(device),
            registers: Data::default(),
            stops: AtomicU32::new(0),
            bells: AtomicUsize::new(0),
        }))
    }

    fn queue(&self) -> QueueRef {
        let queue = Queue::open_on(self, &Options::default()).expect("opens");
        queue.into_ref()
    }

    fn stops(&self) -> u32 {
        self.0.stops.load(Ordering::Relaxed)
    }

    fn bells(&self) -> usize {
        self.0.bells.load(Ordering::Relaxed)
    }
}

impl Bus for Watched {
    fn devices(&self) -> Result<Vec<Attributes>> {
        Ok(vec![Attributes {
            algorithms: vec!["zlib".to_owned()],
            available: Some(1),
            ..Attributes::simulated("watched", Version::V2.api(), DeviceFlags::SVA)
        }])
    }

    fn open(&self, _: &Attributes) -> Result<Arc<dyn Channel>> {
        Ok(Arc::new(self.clone()))
    }
}

struct Line(Watched, Doorbell);

impl Bell for Line {
    fn ring(&self, value: u64) {
        let watch = &self.0.0;
        watch.registers.read();
        assert_eq!(self.0.stops(), 0, "a doorbell of a device that is stopped");
        watch.bells.fetch_add(1, Ordering::Relaxed);
        self.1.ring(Promise::in_tests(), value);
    }
}

impl Channel for Watched {
    fn configure(&self, setup: QueueSetup) -> Result<QueueId> {
        self.0.channel.configure(setup)
    }
    fn region(&self, region: Region) -> Result<SharedMemory> {
        self.0.channel.region(region)
    }
    fn doorbell(&self, offset: usize) -> Result<Doorbell> {
        let inner = self.0.channel.doorbell(offset)?;
        Ok(Doorbell::call(Arc::new(Line(self.clone(), inner))))
    }
    fn start(&self) -> Result<()> {
        Ok(())
    }
    fn stop(&self) {
        self.0.registers.write();
        self.0.stops.fetch_add(1, Ordering::Relaxed);
    }
    fn wait(&self, limit: Duration) -> Result<Wake> {
        self.0.channel.wait(limit)
    }
    fn event(&self) -> BorrowedFd<'_> {
        self.0.channel.event()
    }
    fn memory(&self) -> Memory {
        Memory::Sva
    }
}

fn send(queue: QueueRef) -> Result<()> {
    queue.send(Promise::in_tests(), &[0; DESCRIPTOR_SIZE], NonZeroU64::MIN)
}

fn receive(queue: QueueRef) -> Result<()> {
    queue.receive(&mut [0; DESCRIPTOR_SIZE]).map(|_| ())
}

#[test]
fn a_request_is_sent_before_the_release_or_not_at_all() {
    explore(3, || {
        let device = Watched::new();
        let queue = device.queue();
        let sender = thread::spawn(move || [send(queue), send(queue)]);
        assert_eq!(queue.close(), Ok(()));
        let sent = sender.join().expect("no panic");
        assert!(
            sent.iter()
                .all(|s| matches!(s, Ok(()) | Err(Error::Shutdown)))
        );
        assert!(sent != [Err(Error::Shutdown), Ok(())]);
        assert_eq!(device.bells(), sent.iter().filter(|s| s.is_ok()).count());
        assert_eq!(device.stops(), 1);
    });
}

#[test]
fn an_answer_is_received_before_the_release_or_not_at_all() {
    explore(3, || {
        let device = Watched::new();
        let queue = device.queue();
        assert_eq!(send(queue), Ok(()));
        let receiver = thread::spawn(move || receive(queue));
        assert_eq!(queue.close(), Ok(()));
        let received = receiver.join().expect("no panic");
        assert!(matches!(received, Ok(()) | Err(Error::Shutdown)));
        assert_eq!(device.stops(), 1);
    });
}

#[test]
fn one_of_two_threads_releases() {
    explore(3, || {
        let device = Watched::new();
        let queue = device.queue();
        let other = thread::spawn(move || queue.close());
        let mine = queue.close();
        let mut both = [mine, other.join().expect("no panic")];
        both.sort_by_key(|answer| answer.is_err());
        assert_eq!(both, [Ok(()), Err(Error::Shutdown)]);
        assert_eq!(device.stops(), 1);
    });
}

/// In a model a table's chunk has one cell, and the first that is free is taken.
#[test]
fn a_name_never_reaches_the_next_queue_in_its_cell() {
    explore(2, || {
        let (device, next) = (Watched::new(), Watched::new());
        let queue = device.queue();
        let sender = thread::spawn(move || send(queue));
        assert_eq!(queue.close(), Ok(()));
        let second = next.queue();
        assert_eq!((second.index, next.bells()), (queue.index, 0));
        let sent = sender.join().expect("no panic");
        assert!(matches!(sent, Ok(()) | Err(Error::Shutdown)));
        assert_eq!(device.bells(), usize::from(sent.is_ok()));
        assert_eq!(next.bells(), 0);
        assert_eq!(second.close(), Ok(()));
        assert_eq!(queue.close(), Err(Error::Shutdown));
    });
}
