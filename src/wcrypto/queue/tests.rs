//! Messages through simulated devices, and through the device of `qm::echo`, which
//! completes what it is told to.

mod contexts;
mod memory;

use super::*;
use crate::ctypes::v1::wd_comp::wcrypto_comp_flush_type::WCRYPTO_FINISH;
use crate::ctypes::v1::wd_comp::wcrypto_comp_msg;
use crate::qm::echo::{Device, Mode, Open};
use crate::sim::World;
use crate::sys::lent::Promise;
use crate::uacce::channel::Channel;
use core::ptr;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

/// Far beyond anything a busy machine needs; only a hang reaches it.
const FOREVER: Duration = Duration::from_secs(120);

const PROMISE: Promise = Promise::in_tests();

const ZLIB: Wanted<'static> = Wanted {
    algorithm: "zlib",
    device: None,
    nodes: 0,
    direction: Direction::Compress,
    no_iommu: false,
};

const INFLATE: Wanted<'static> = Wanted {
    direction: Direction::Decompress,
    ..ZLIB
};

fn world(text: &str) -> World {
    World::new(text.parse().expect("a valid text")).expect("a valid world")
}

/// A bus with the echo device, so that a test says what completes and when.
struct Shelf(Arc<Device>);

impl Bus for Shelf {
    fn devices(&self) -> Result<Vec<Attributes>> {
        Ok(vec![attributes("echo-0")])
    }
    fn open(&self, _: &Attributes) -> Result<Arc<dyn Channel>> {
        Ok(Arc::new(Open(Arc::clone(&self.0))))
    }
}

fn attributes(name: &str) -> Attributes {
    Attributes {
        algorithms: vec!["zlib".to_owned()],
        available: Some(1),
        ..Attributes::simulated(name, "hisi_qm_v2", DeviceFlags::SVA)
    }
}

/// A queue of 15 requests on the echo device.
fn echo(mode: Mode) -> (Arc<Device>, Queue) {
    let device = Device::new(Version::V2, (16, 16), mode);
    let queue = Queue::request_on(&Shelf(Arc::clone(&device)), &ZLIB).expect("opens");
    (device, queue)
}

/// A message that names these addresses.
fn message(tag: u32, from: (usize, usize), to: (usize, usize)) -> Box<wcrypto_comp_msg> {
    Box::new(wcrypto_comp_msg {
        alg_type: 0,
        op_type: 0,
        flush_type: WCRYPTO_FINISH as u8,
        stream_mode: 0,
        stream_pos: 1,
        comp_lv: 0,
        data_fmt: 0,
        win_size: 4,
        in_size: from.1 as u32,
        avail_out: to.1 as u32,
        in_cons: 0,
        produced: 0,
        src: ptr::with_exposed_provenance_mut(from.0),
        dst: ptr::with_exposed_provenance_mut(to.0),
        tag,
        status: 77,
        isize: 0,
        checksum: 0,
        ctx_buf: ptr::null_mut(),
        udata: 0,
    })
}

/// A message whose data no device will ever look at.
fn empty(tag: u32) -> Box<wcrypto_comp_msg> {
    message(tag, (0x1000, 1), (0x2000, 100))
}

fn send(queue: Queue, message: &mut wcrypto_comp_msg) -> Result<()> {
    queue.send(PROMISE, message, Owner::Program)
}

fn receive(queue: Queue, wanted: Answer) -> Result<Option<usize>> {
    let message = queue.receive(PROMISE, wanted)?;
    Ok(message.map(|message| message.addr()))
}

fn at(message: &wcrypto_comp_msg) -> Option<usize> {
    Some(ptr::from_ref(message).addr())
}

/// Sends one message and waits for it.
fn run(queue: Queue, message: &mut wcrypto_comp_msg) {
    send(queue, message).expect("room");
    let begin = Instant::now();
    loop {
        assert!(begin.elapsed() < FOREVER, "no answer");
        queue.wait(Duration::from_millis(100)).expect("waits");
        if let Some(came) = receive(queue, Answer::Any).expect("works") {
            assert_eq!(Some(came), at(message));
            return;
        }
    }
}

#[test]
fn a_message_comes_back_with_its_answer() {
    let world = world("hisi_zip,api=3");
    let deflate = Queue::request_on(&world, &ZLIB).expect("a queue");
    let inflate = Queue::request_on(&world, &INFLATE).expect("a queue");
    let text = b"to be, or not to be, that is the question ".repeat(50);
    let (mut packed, mut unpacked) = (vec![0_u8; 8192], vec![0_u8; 8192]);
    let room = (packed.as_mut_ptr().expose_provenance(), packed.len());
    let from = text.as_ptr().expose_provenance();
    let mut there = message(1, (from, text.len()), room);
    run(deflate, &mut there);
    assert_eq!((there.status, there.in_cons as usize), (0, text.len()));
    assert!((10..500).contains(&there.produced), "{}", there.produced);
    let to = (unpacked.as_mut_ptr().expose_provenance(), unpacked.len());
    let mut back = message(1, (room.0, there.produced as usize), to);
    back.op_type = 1;
    run(inflate, &mut back);
    assert_eq!(back.produced as usize, text.len());
    assert_eq!(unpacked[..text.len()], text);
    deflate.release().expect("open");
    inflate.release().expect("open");
}

#[test]
fn a_queue_is_refused_for_what_no_message_can_be_made_of() {
    let device = Device::new(Version::V2, (16, 16), Mode::Held);
    let shelf = Shelf(device);
    for algorithm in ["", "zli", "zlib\n", "cipher", "lz4"] {
        let answer = Queue::request_on(&shelf, &Wanted { algorithm, ..ZLIB });
        assert_eq!(answer.err(), Some(Error::NoDevice), "{algorithm}");
    }
}

#[test]
fn an_answer_waits_for_whom_it_belongs_to() {
    let (device, queue) = echo(Mode::Held);
    let mut all = [empty(1), empty(2), empty(1), empty(3)];
    for message in &mut all {
        send(queue, message).expect("room");
    }
    (0..4).for_each(|slot| device.complete(slot));
    assert_eq!(receive(queue, Answer::Tagged(3)), Ok(at(&all[3])));
    assert_eq!(receive(queue, Answer::Tagged(4)), Ok(None));
    assert_eq!(receive(queue, Answer::Tagged(1)), Ok(at(&all[0])));
    assert_eq!(
        receive(queue, Answer::Message(at(&all[2]).unwrap_or(0))),
        Ok(at(&all[2]))
    );
    assert_eq!(receive(queue, Answer::Any), Ok(at(&all[1])));
    assert_eq!(receive(queue, Answer::Any), Ok(None));
    assert!(all.iter().all(|message| message.status == 0));
    queue.release().expect("open");
}

#[test]
fn a_waiter_learns_of_answers_that_wait_and_of_those_that_come() {
    let (device, queue) = echo(Mode::Held);
    assert_eq!(queue.wait(Duration::from_millis(1)), Ok(false));
    let (mut first, mut second) = (empty(1), empty(2));
    send(queue, &mut first).expect("room");
    send(queue, &mut second).expect("room");
    device.complete(0);
    assert_eq!(queue.wait(Duration::ZERO), Ok(true));
    assert_eq!(receive(queue, Answer::Tagged(2)), Ok(None));
    let bells = device.bell_count();
    assert_eq!(queue.wait(FOREVER), Ok(true), "parked");
    assert_eq!(device.bell_count(), bells, "without asking the device");
    assert_eq!(receive(queue, Answer::Any), Ok(at(&first)));
    thread::scope(|scope| {
        let waiter = scope.spawn(|| queue.wait(FOREVER));
        thread::sleep(Duration::from_millis(5));
        device.complete(1);
        assert_eq!(waiter.join().expect("no panic"), Ok(true));
    });
    assert_eq!(receive(queue, Answer::Any), Ok(at(&second)));
    queue.release().expect("open");
}

#[test]
fn answers_that_nobody_takes_stay_in_the_ring_at_last() {
    let (device, queue) = echo(Mode::Instant);
    let mut all: Vec<_> = (0..100).map(|_| empty(1)).collect();
    let mut sent = 0;
    for message in &mut all {
        match send(queue, message) {
            Ok(()) => sent += 1,
            Err(error) => assert_eq!(error, Error::Busy),
        }
        assert_eq!(receive(queue, Answer::Tagged(2)), Ok(None));
    }
    assert_eq!(sent, 30, "as many as the ring has, twice");
    for message in &all[..30] {
        assert_eq!(receive(queue, Answer::Any), Ok(at(message)));
    }
    assert_eq!(receive(queue, Answer::Any), Ok(None));
    drop(device);
    queue.release().expect("open");
}

#[test]
fn what_cannot_be_a_message_is_refused_and_costs_nothing() {
    let (_device, queue) = echo(Mode::Instant);
    assert_eq!(
        queue.send(PROMISE, ptr::null_mut(), Owner::Program),
        Err(Error::Invalid)
    );
    let odd = ptr::without_provenance_mut(0x1001);
    assert_eq!(
        queue.send(PROMISE, odd, Owner::Program),
        Err(Error::Invalid)
    );
    let mut bad = empty(1);
    bad.alg_type = 9;
    assert_eq!(send(queue, &mut bad), Err(Error::Invalid));
    let mut all: Vec<_> = (0..15).map(|_| empty(1)).collect();
    for message in &mut all {
        send(queue, message).expect("room for fifteen");
    }
    assert_eq!(send(queue, &mut bad), Err(Error::Invalid));
    assert_eq!(send(queue, &mut empty(1)), Err(Error::Busy));
    queue.release().expect("open");
}

#[test]
fn a_dead_device_gives_its_messages_back_one_by_one() {
    let (device, queue) = echo(Mode::Held);
    let mut all = [empty(1), empty(2), empty(3)];
    for message in &mut all {
        send(queue, message).expect("room");
    }
    assert_eq!(queue.recall(PROMISE, Answer::Any), Err(Error::Busy));
    device.complete(0);
    device.reset();
    assert_eq!(queue.wait(FOREVER), Ok(true));
    assert_eq!(
        receive(queue, Answer::Any),
        Ok(at(&all[0])),
        "it was answered"
    );
    assert_eq!(receive(queue, Answer::Any), Err(Error::DeviceReset));
    assert_eq!(send(queue, &mut empty(1)), Err(Error::DeviceReset));
    let recall = |wanted| {
        let message = queue.recall(PROMISE, wanted);
        message.map(|message| message.map(|message| message.addr()))
    };
    assert_eq!(recall(Answer::Tagged(3)), Ok(at(&all[2])));
    assert_eq!(recall(Answer::Contexts), Ok(None));
    assert_eq!(recall(Answer::Any), Ok(at(&all[1])));
    assert_eq!(recall(Answer::Any), Ok(None));
    assert_eq!((all[0].status, all[1].status, all[2].status), (0, 62, 62));
    queue.release().expect("open");
}

#[test]
fn a_released_queue_and_what_is_no_queue_answer_shutdown() {
    let (_device, queue) = echo(Mode::Held);
    let mut left = empty(1);
    send(queue, &mut left).expect("room");
    assert_eq!(queue.release(), Ok(()));
    let raw = queue::Queue::open_on(
        &Shelf(Device::new(Version::V2, (16, 16), Mode::Held)),
        &queue::Options::default(),
    );
    let raw = raw.expect("opens");
    let foreign = Queue::from_raw(raw.to_raw()).expect("a name");
    let copy = Queue::from_raw(queue.to_raw()).expect("a name");
    let made_up = Queue::from_raw(u64::MAX - (1 << 32)).or(Queue::from_raw(u64::MAX));
    for stale in [queue, copy, foreign, made_up.expect("a name")] {
        assert!(!stale.is_open());
        assert_eq!(stale.release(), Err(Error::Shutdown));
        assert_eq!(send(stale, &mut left), Err(Error::Shutdown));
        assert_eq!(receive(stale, Answer::Any), Err(Error::Shutdown));
        assert_eq!(stale.recall(PROMISE, Answer::Any), Err(Error::Shutdown));
        assert_eq!(stale.wait(Duration::ZERO), Err(Error::Shutdown));
        assert_eq!(stale.facts().err(), Some(Error::Shutdown));
        assert_eq!(stale.reserve(1).err(), Some(Error::Shutdown));
        assert_eq!(stale.map(0x1000, 1), Err(Error::Shutdown));
        assert_eq!(
            stale.share(0x1000, 1, crate::uacce::channel::Access::Read),
            Err(Error::Shutdown)
        );
        assert_eq!(stale.flush(), Err(Error::Shutdown));
        assert_eq!(stale.forget(&(0..1)), Err(Error::Shutdown));
        assert_eq!(stale.leave(1), Err(Error::Shutdown));
    }
    assert!(raw.is_open(), "no business of ours");
    assert!(Queue::from_raw(0).is_none() && Queue::from_raw(5).is_none());
}

#[test]
fn a_queue_is_released_under_its_users() {
    for _ in 0..20 {
        let (_device, queue) = echo(Mode::Instant);
        thread::scope(|scope| {
            for tag in 1..4 {
                scope.spawn(move || {
                    let mut message = empty(tag);
                    loop {
                        let sent = send(queue, &mut message);
                        let wanted = Answer::Message(at(&message).unwrap_or(0));
                        while sent.is_ok() {
                            match receive(queue, wanted) {
                                Ok(Some(_)) => break,
                                Ok(None) => core::hint::spin_loop(),
                                Err(error) => return assert_eq!(error, Error::Shutdown),
                            }
                        }
                        if sent == Err(Error::Shutdown) {
                            return;
                        }
                    }
                });
            }
            thread::sleep(Duration::from_millis(2));
            assert_eq!(queue.release(), Ok(()));
        });
    }
}

#[test]
fn many_threads_each_get_their_own_answers() {
    const EACH: u32 = 2000;
    let (_device, queue) = echo(Mode::Instant);
    thread::scope(|scope| {
        for tag in 1..5 {
            scope.spawn(move || {
                let mut message = empty(tag);
                let wanted = Answer::Message(at(&message).unwrap_or(0));
                for _ in 0..EACH {
                    send(queue, &mut message).expect("room");
                    let begin = Instant::now();
                    while receive(queue, wanted).expect("works").is_none() {
                        assert!(begin.elapsed() < FOREVER, "lost");
                        thread::yield_now();
                    }
                    assert_eq!(message.status, 0);
                    message.status = 77;
                }
            });
        }
    });
    queue.release().expect("open");
}
