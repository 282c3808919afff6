//! Queues on the device of `qm::echo`, through the table and the gates.

use super::*;
use crate::qm::echo::{Device, Mode, NUMBER, Open};
use crate::qm::layout::Version;
use crate::sim::World;
use crate::uacce::channel::{Bus, Channel};
use crate::uacce::device::{Attributes, Wanted};
use crate::uacce::uapi::DeviceFlags;
use core::sync::atomic::AtomicUsize;
use std::thread;
use std::time::Instant;

/// The devices here follow no address, or refuse descriptors that ask for nothing.
const PROMISE: Promise = Promise::in_tests();

/// A bus of one working device and, before it, devices that cannot be used.
struct Shelf {
    device: Arc<Device>,
    opened: AtomicUsize,
    others: Vec<(&'static str, &'static str, Error)>,
}

impl Shelf {
    fn new(device: &Arc<Device>) -> Shelf {
        Shelf {
            device: Arc::clone(device),
            opened: AtomicUsize::new(0),
            others: Vec::new(),
        }
    }
}

fn attributes(name: &str, api: &str) -> Attributes {
    Attributes {
        algorithms: vec!["zlib".to_owned()],
        available: Some(1),
        ..Attributes::simulated(name, api, DeviceFlags::SVA)
    }
}

impl Bus for Shelf {
    fn devices(&self) -> Result<Vec<Attributes>> {
        let mut all: Vec<_> = self
            .others
            .iter()
            .map(|(name, api, _)| attributes(name, api))
            .collect();
        all.push(attributes("z-works", self.device.version.api()));
        Ok(all)
    }
    fn open(&self, device: &Attributes) -> Result<Arc<dyn Channel>> {
        if let Some((_, _, error)) = self.others.iter().find(|(name, _, _)| *name == device.name) {
            return Err(*error);
        }
        self.opened.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(Open(Arc::clone(&self.device))))
    }
}

fn queue_on(device: &Arc<Device>) -> Queue {
    Queue::open_on(&Shelf::new(device), &Options::default()).expect("opens")
}

fn opened(bus: &Shelf, options: &Options) -> Result<()> {
    Queue::open_on(bus, options).map(drop)
}

fn device(mode: Mode) -> Arc<Device> {
    Device::new(Version::V2, (16, 16), mode)
}

fn tag(n: u64) -> NonZeroU64 {
    NonZeroU64::new(n).expect("not 0")
}

fn sqe(n: u8) -> Descriptor {
    let mut bytes = [0; DESCRIPTOR_SIZE];
    bytes[100] = n;
    bytes
}

#[test]
fn what_is_sent_comes_back_with_its_tag() {
    let queue = queue_on(&device(Mode::Instant));
    let mut answer = [0; DESCRIPTOR_SIZE];
    for n in 1..100 {
        queue
            .send(PROMISE, &sqe(n), tag(u64::from(n)))
            .expect("room");
        let received = queue.receive(&mut answer).expect("complete");
        assert_eq!((received.tag.get(), answer[100]), (u64::from(n), n));
        assert!(received.status.is_good());
    }
    assert_eq!(queue.receive(&mut answer), Err(Error::Again));
    let info = queue.info().expect("open");
    assert_eq!(
        (info.sent, info.received, info.failed, info.in_flight),
        (99, 99, 0, 0)
    );
    assert_eq!(
        (info.path, info.number, info.capacity),
        (Path::Simulated, NUMBER, 15)
    );
    assert_eq!(info.device, "z-works");
}

#[test]
fn a_bad_status_is_reported_once_with_its_message_and_the_queue_goes_on() {
    let queue = queue_on(&device(Mode::Instant));
    let mut bad = sqe(1);
    bad[12] = 4;
    queue.send(PROMISE, &bad, tag(1)).expect("room");
    queue.send(PROMISE, &sqe(2), tag(2)).expect("room");
    let mut answer = [0; DESCRIPTOR_SIZE];
    let received = queue.receive(&mut answer).expect("complete");
    assert_eq!(
        (received.tag.get(), received.status),
        (1, zip::Status::Failed(4))
    );
    assert_eq!(answer[12], 4);
    assert!(
        queue
            .receive(&mut answer)
            .expect("complete")
            .status
            .is_good()
    );
    assert_eq!(queue.info().expect("open").failed, 1);
}

#[test]
fn a_batch_is_sent_and_received_with_one_doorbell_each() {
    let device = device(Mode::Instant);
    let queue = queue_on(&device);
    let messages: Vec<_> = (1..=20).map(sqe).collect();
    let batch = messages.iter().zip((1..).map(tag));
    assert_eq!(
        queue.send_batch(PROMISE, batch),
        Ok(15),
        "the ring takes 15"
    );
    assert_eq!(
        queue.send_batch(PROMISE, messages.iter().zip((1..).map(tag))),
        Err(Error::Busy)
    );
    let mut places = vec![[0; DESCRIPTOR_SIZE]; 20];
    let mut free = places.iter_mut();
    let mut tags = Vec::new();
    let taken = queue.receive_batch(
        20,
        |_| free.next().expect("20 places"),
        |r| tags.push(r.tag.get()),
    );
    assert_eq!(taken, Ok(15));
    assert_eq!(tags, (1..=15).collect::<Vec<_>>());
    assert_eq!(device.bells().len(), 2);
    let none = queue.receive_batch(1, |_| unreachable!("nothing to place"), |_| ());
    assert_eq!(none, Err(Error::Again));
}

#[test]
fn an_error_that_ends_a_batch_is_told_once_the_ring_is_empty() {
    let device = device(Mode::Held);
    let queue = queue_on(&device);
    for n in 1..=2 {
        queue.send(PROMISE, &sqe(n), tag(n.into())).expect("room");
    }
    // The second completes nothing.
    [0, 0, 1].into_iter().for_each(|slot| device.complete(slot));
    let mut places = [sqe(0); 2];
    let mut free = places.iter_mut();
    let mut batch = || queue.receive_batch(8, |_| free.next().expect("two"), |_| ());
    assert_eq!((batch(), batch()), (Ok(1), Ok(1)));
    assert_eq!(queue.receive(&mut sqe(0)), Err(Error::Io));
    assert_eq!(queue.receive(&mut sqe(0)), Err(Error::Again));
}

#[test]
fn a_device_that_cannot_be_used_is_passed_over_for_the_next() {
    let device = device(Mode::Instant);
    let mut shelf = Shelf::new(&device);
    shelf.others = vec![
        ("a-busy", "hisi_qm_v2", Error::Busy),
        ("b-unknown", "virtio_v9", Error::Io),
        ("c-gone", "hisi_qm_v2", Error::NoDevice),
    ];
    let queue = Queue::open_on(&shelf, &Options::default()).expect("the last works");
    assert_eq!(queue.info().expect("open").device, "z-works");
    let named = |name: &str| Options {
        wanted: Wanted {
            name: Some(name.to_owned()),
            ..Wanted::default()
        },
        ..Options::default()
    };
    assert_eq!(opened(&shelf, &named("a-busy")), Err(Error::Busy));
    assert_eq!(opened(&shelf, &named("b-unknown")), Err(Error::NoDevice));
    assert_eq!(opened(&shelf, &named("nobody")), Err(Error::NoDevice));
}

#[test]
fn a_released_queue_answers_shutdown_to_everything() {
    let device = device(Mode::Instant);
    let queue = queue_on(&device).into_ref();
    assert_eq!(queue.close(), Ok(()));
    assert!(device.stopped.load(Ordering::Relaxed));
    assert_eq!(queue.close(), Err(Error::Shutdown));
    assert_eq!(queue.send(PROMISE, &sqe(1), tag(1)), Err(Error::Shutdown));
    assert_eq!(queue.receive(&mut sqe(0)), Err(Error::Shutdown));
    assert_eq!(queue.receive_wait(None, &mut sqe(0)), Err(Error::Shutdown));
    assert_eq!(queue.flush(), Err(Error::Shutdown));
    assert_eq!(queue.arm(), Err(Error::Shutdown));
    assert_eq!(queue.event_fd(), Err(Error::Shutdown));
    assert_eq!(queue.share(0, 1, Access::Read), Err(Error::Shutdown));
    assert_eq!(queue.unshare(0, 1), Err(Error::Shutdown));
    assert!(queue.info().is_err());
    assert!(!queue.is_open());
}

#[test]
fn a_stale_name_does_not_reach_the_next_queue_in_its_cell() {
    let stale: Vec<_> = (0..200)
        .map(|_| {
            let queue = queue_on(&device(Mode::Instant)).into_ref();
            queue.close().expect("open");
            queue
        })
        .collect();
    let alive: Vec<_> = (0..100).map(|_| queue_on(&device(Mode::Instant))).collect();
    for queue in stale {
        assert_eq!(queue.send(PROMISE, &sqe(1), tag(1)), Err(Error::Shutdown));
    }
    for queue in alive {
        assert_eq!(queue.info().expect("open").sent, 0);
    }
}

#[test]
fn any_number_is_safe_as_a_name() {
    for raw in [0, 1, 7, 0x2_0000_0001, 1 << 63, 0xffff_ffff_0000_0000] {
        assert!(QueueRef::from_raw(raw).is_none(), "{raw:#x}");
    }
    for raw in [
        u64::MAX,
        0xdead_beef_0000_0001,
        0x7fff_ffff_0001_0000,
        0x7fff_ffff_0001_0001,
    ] {
        let queue = QueueRef::from_raw(raw).expect("odd epoch");
        assert_eq!(queue.to_raw(), raw);
        assert_eq!(
            queue.send(PROMISE, &sqe(1), tag(1)),
            Err(Error::Shutdown),
            "{raw:#x}"
        );
        assert_eq!(queue.close(), Err(Error::Shutdown), "{raw:#x}");
    }
}

#[test]
fn a_wait_ends_at_its_deadline_and_not_before() {
    let queue = queue_on(&device(Mode::Held));
    let begin = Instant::now();
    let limit = Duration::from_millis(100);
    assert_eq!(
        queue.receive_wait(Some(limit), &mut sqe(0)),
        Err(Error::TimedOut)
    );
    assert!(begin.elapsed() >= limit, "{:?}", begin.elapsed());
}

#[test]
fn a_sleeping_receiver_is_woken_by_a_completion() {
    let device = device(Mode::Held);
    let queue = queue_on(&device);
    queue.send(PROMISE, &sqe(7), tag(7)).expect("room");
    let later = {
        let device = Arc::clone(&device);
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            device.complete(0);
        })
    };
    let mut answer = [0; DESCRIPTOR_SIZE];
    let received = queue.receive_wait(None, &mut answer).map(|r| r.tag.get());
    later.join().expect("no panic");
    assert_eq!((received, answer[100]), (Ok(7), 7));
}

#[test]
fn release_wakes_a_receiver_that_would_wait_for_ever() {
    let queue = queue_on(&device(Mode::Held));
    let name = *queue;
    let waiter = thread::spawn(move || name.receive_wait(None, &mut sqe(0)));
    thread::sleep(Duration::from_millis(20));
    queue.close().expect("open");
    assert_eq!(waiter.join().expect("no panic"), Err(Error::Shutdown));
}

#[test]
fn release_gives_requests_in_flight_time_to_complete() {
    let device = device(Mode::Held);
    let queue = queue_on(&device);
    queue.send(PROMISE, &sqe(1), tag(1)).expect("room");
    let closer = {
        let name = *queue;
        thread::spawn(move || name.close())
    };
    thread::sleep(Duration::from_millis(20));
    assert!(
        !device.stopped.load(Ordering::Relaxed),
        "stopped under a request in flight"
    );
    device.complete(0);
    assert_eq!(closer.join().expect("no panic"), Ok(()));
    assert!(device.stopped.load(Ordering::Relaxed));
}

#[test]
fn release_of_a_stuck_device_is_bounded() {
    let device = device(Mode::Held);
    let queue = queue_on(&device);
    queue.send(PROMISE, &sqe(1), tag(1)).expect("room");
    assert_eq!(queue.close(), Ok(()));
    assert!(device.stopped.load(Ordering::Relaxed));
}

#[test]
fn release_returns_while_an_engine_is_delayed_and_a_thread_sleeps() {
    let world = "hisi_zip,fault=delay:3600000@1".parse();
    let world = World::new(world.expect("valid")).expect("a world");
    let queue = Queue::open_on(&world, &Options::default()).expect("opens");
    queue.send(PROMISE, &sqe(1), tag(1)).expect("room");
    let name = *queue;
    let waiter = thread::spawn(move || name.receive_wait(None, &mut sqe(0)));
    thread::sleep(Duration::from_millis(5));
    assert_eq!(queue.close(), Ok(()));
    assert_eq!(waiter.join().expect("no panic"), Err(Error::Shutdown));
}

#[test]
fn a_reset_device_is_reported_and_released_at_once() {
    let device = device(Mode::Held);
    let queue = queue_on(&device);
    queue.send(PROMISE, &sqe(1), tag(1)).expect("room");
    device.reset();
    assert_eq!(
        queue.send(PROMISE, &sqe(2), tag(2)),
        Err(Error::DeviceReset)
    );
    assert_eq!(queue.receive(&mut sqe(0)), Err(Error::DeviceReset));
    assert_eq!(
        queue.receive_wait(None, &mut sqe(0)),
        Err(Error::DeviceReset)
    );
    assert_eq!(queue.close(), Ok(()));
}

#[test]
fn arming_tells_whether_something_is_there_already() {
    let device = device(Mode::Held);
    let queue = queue_on(&device);
    assert_eq!(queue.arm(), Ok(true));
    queue.send(PROMISE, &sqe(1), tag(1)).expect("room");
    device.complete(0);
    assert_eq!(queue.arm(), Ok(false));
    assert!(queue.event_fd().expect("open") > 2);
}

#[test]
fn nobody_is_sent_to_sleep_on_a_device_that_will_not_wake_him() {
    for remove in [false, true] {
        let device = device(Mode::Held);
        let queue = queue_on(&device);
        queue.send(PROMISE, &sqe(1), tag(1)).expect("room");
        let error = if remove {
            device.memory.lose();
            device.reset();
            Error::NoDevice
        } else {
            device.reset();
            Error::DeviceReset
        };
        assert_eq!(queue.arm(), Err(error));
    }
}

#[test]
fn senders_receivers_and_a_release_may_meet_at_any_moment() {
    for round in 0..200 {
        let queue = queue_on(&device(Mode::Instant)).into_ref();
        let sender = thread::spawn(move || {
            let mut sent = 0_u64;
            loop {
                match queue.send(PROMISE, &sqe(1), tag(sent + 1)) {
                    Ok(()) => sent += 1,
                    Err(Error::Busy) => thread::yield_now(),
                    Err(error) => return (sent, error),
                }
            }
        });
        let receivers: Vec<_> = (0..2)
            .map(|_| {
                thread::spawn(move || {
                    let (mut answer, mut received) = ([0; DESCRIPTOR_SIZE], 0_u64);
                    loop {
                        match queue.receive(&mut answer) {
                            Ok(_) => received += 1,
                            Err(Error::Again) => thread::yield_now(),
                            Err(error) => return (received, error),
                        }
                    }
                })
            })
            .collect();
        thread::sleep(Duration::from_micros(round * 10));
        assert_eq!(queue.close(), Ok(()));
        let (sent, error) = sender.join().expect("no panic");
        assert_eq!(error, Error::Shutdown);
        let mut received = 0;
        for receiver in receivers {
            let (n, error) = receiver.join().expect("no panic");
            assert_eq!(error, Error::Shutdown);
            received += n;
        }
        assert!(received <= sent, "{received} of {sent}");
    }
}

#[test]
fn several_threads_may_send_on_one_queue_and_none_of_it_is_lost() {
    let queue = queue_on(&device(Mode::Instant));
    let name = *queue;
    const EACH: u64 = 2_000;
    let senders: Vec<_> = (0..3_u64)
        .map(|who| {
            thread::spawn(move || {
                for n in 0..EACH {
                    while name.send(PROMISE, &sqe(1), tag(who * EACH + n + 1)) == Err(Error::Busy) {
                        thread::yield_now();
                    }
                }
            })
        })
        .collect();
    let mut seen = vec![false; 3 * EACH as usize];
    let mut answer = [0; DESCRIPTOR_SIZE];
    for _ in 0..3 * EACH {
        let received = queue.receive_wait(None, &mut answer).expect("alive");
        assert!(
            !core::mem::replace(&mut seen[received.tag.get() as usize - 1], true),
            "twice"
        );
    }
    for sender in senders {
        sender.join().expect("no panic");
    }
    assert!(seen.iter().all(|s| *s));
}
