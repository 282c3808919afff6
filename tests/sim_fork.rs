//! A simulated device after a fork: it stays the parent's, and a child that
//! inherits it neither hangs, nor crashes, nor disturbs it.

#![cfg(not(miri))]
#![expect(unsafe_code, reason = "fork, waitpid and _exit")]

use core::num::NonZeroU64;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use warpdrive::Error;
use warpdrive::bd::zip::{self, Request, Sqe, Status};
use warpdrive::qm::layout::Version;
use warpdrive::qm::ring::{self, Receiver, Sender};
use warpdrive::sim::World;
use warpdrive::sys::lent::Promise;
use warpdrive::uacce::channel::{Bus, Channel, QueueSetup, Region};

const SETUP: QueueSetup = QueueSetup {
    kind: 0,
    sqe_size: zip::SIZE as u32,
};

/// Long enough for any machine; a child that hangs is killed by then.
const PATIENCE: u32 = 60;

/// Runs `check` in a forked child; whether it was content.
fn in_child(check: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child runs code that takes no lock of the parent's but malloc's, which glibc
    // makes usable after a fork, and ends by _exit.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: alarm has no precondition; its signal ends a child that hangs.
        unsafe { libc::alarm(PATIENCE) };
        // A panic must not unwind into a second copy of the test harness.
        let good = catch_unwind(AssertUnwindSafe(check)).unwrap_or(false);
        // SAFETY: ends the child without running the parent's destructors.
        unsafe { libc::_exit(i32::from(!good)) };
    }
    let mut status = -1;
    // SAFETY: waits for the child made above; `status` is writable.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    status == 0
}

type Rings = (Sender<{ zip::SIZE }>, Receiver<{ zip::SIZE }>);

fn open(world: &World) -> (Arc<dyn Channel>, Rings) {
    let device = world.devices().expect("devices").remove(0);
    let channel = world.open(&device).expect("a queue");
    let id = channel.configure(SETUP).expect("configured");
    let rings = ring::open(&*channel, Version::V2, &id).expect("rings");
    channel.start().expect("started");
    (channel, rings)
}

fn send(rings: &mut Rings) {
    let wild = Sqe {
        request: Request::Zlib.code(),
        source: 8,
        input_length: 1,
        ..Sqe::default()
    };
    // SAFETY: at these addresses there never is anything.
    let promise = unsafe { Promise::given() };
    rings
        .0
        .write(promise, &wild.encode(), NonZeroU64::MIN)
        .expect("room");
    rings.0.commit().expect("a live queue");
}

fn receive(channel: &dyn Channel, rings: &mut Rings) -> Status {
    let mut bytes = [0; zip::SIZE];
    loop {
        let taken = rings.1.receive(|_, slot| slot.read(&mut bytes));
        if taken.expect("a live queue").is_some() {
            return zip::status(&bytes);
        }
        rings.1.arm();
        if rings.1.waiting() == 0 {
            channel.wait(Duration::from_secs(1)).expect("poll");
        }
    }
}

#[test]
fn a_child_is_refused_everywhere_and_drops_what_it_inherits_without_effect() {
    // Engines are asleep in a request, so that whatever they hold is held in the child for ever.
    let text = "hisi_zip,engines=2,orders=out,fault=delay:3600000@1";
    let world = World::new(text.parse().expect("valid")).expect("a world");
    let (channel, mut rings) = open(&world);
    let device = world.devices().expect("devices").remove(0);
    send(&mut rings);

    let mut inherited = Some((world, channel, rings));
    let refused = in_child(|| {
        let (world, channel, mut rings) = inherited.take().expect("a copy");
        let gone = Some(Error::Shutdown);
        let good = world.devices().err() == gone
            && world.open(&device).err() == gone
            && world.reset("hisi_zip-0").err() == gone
            && channel.configure(SETUP).err() == gone
            && channel.start().err() == gone
            && channel.region(Region::Dus).err() == gone
            && channel.doorbell(Version::V2.doorbell_offset()).err() == gone
            && channel.wait(Duration::from_secs(3600)).err() == gone;
        channel.stop();
        // Rings the parent's doorbell, in the child's copy of memory: nobody hears it.
        send(&mut rings);
        drop((rings, channel, world));
        good
    });
    assert!(refused);

    let (world, channel, mut rings) = inherited.take().expect("the parent's");
    send(&mut rings);
    assert_eq!(receive(&*channel, &mut rings), Status::Failed(0x06));
    let counters = world.counters("hisi_zip-0").expect("device 0");
    assert_eq!((counters.opened, counters.descriptors), (1, 2));
}

#[test]
fn a_child_makes_a_world_of_its_own() {
    let world = World::new("hisi_zip".parse().expect("valid")).expect("a world");
    let (channel, mut rings) = open(&world);
    send(&mut rings);
    assert_eq!(receive(&*channel, &mut rings), Status::Failed(0x06));
    let worked = in_child(|| {
        let own = World::new("hisi_zip".parse().expect("valid")).expect("a world");
        let (channel, mut rings) = open(&own);
        send(&mut rings);
        receive(&*channel, &mut rings) == Status::Failed(0x06)
    });
    assert!(worked);
}
