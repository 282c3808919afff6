//! The queue manager: doorbells, back-pressure, events, life and death of queues.

use super::*;
use crate::error::Error;
use crate::qm::doorbell::{self, Command as Bell};
use crate::sim::BUS_FAULT;
use crate::sys::shared::Word;
use crate::sys::{pages, poll};
use crate::uacce::channel::{Doorbell, Region, Wake};
use crate::uacce::device::Origin;
use core::sync::atomic::Ordering;

const SETUP: QueueSetup = QueueSetup {
    kind: COMPRESS,
    sqe_size: zip::SIZE as u32,
};

fn readable(rig: &Rig) -> bool {
    poll::readable(rig.channel.event(), Duration::ZERO).expect("poll")
}

fn bell(rig: &Rig) -> Doorbell {
    let offset = Version::V2.doorbell_offset();
    rig.channel.doorbell(offset).expect("a doorbell")
}

/// A completion doorbell as the kernel would ring it.
fn taken(rig: &Rig, head: u16) {
    let base = doorbell::base(Version::V2, rig.id.number, Bell::Cq);
    bell(rig).ring(PROMISE, doorbell::with_index(base, head.into(), false));
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn devices_describe_themselves_as_sysfs_would() {
    let world = world("hisi_zip,count=2;hisi_zip,api=5,node=3,queues=7,depth=100");
    let devices = world.devices().expect("devices");
    let names: Vec<_> = devices.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(names, ["hisi_zip-0", "hisi_zip-1", "hisi_zip-2"]);
    let (usual, other, page) = (&devices[0], &devices[2], pages::size());
    assert_eq!(usual.origin, Origin::Simulated);
    assert!(usual.sva() && !usual.no_iommu() && usual.usable());
    assert_eq!(usual.api, "hisi_qm_v2");
    assert_eq!(usual.algorithms, ["zlib", "gzip"]);
    assert_eq!((usual.numa_node, usual.available), (0, Some(256)));
    assert_eq!(usual.dus_size, 147_456_usize.next_multiple_of(page) + page);
    assert!(page != 4096 || (usual.dus_size, usual.mmio_size) == (151_552, 8192));
    assert_eq!(other.api, "hisi_qm_v5");
    let all = ["zlib", "gzip", "deflate", "lz77_zstd", "lz4", "lz77_only"];
    assert_eq!(other.algorithms, all);
    assert_eq!((other.numa_node, other.available), (3, Some(7)));
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_device_lists_the_algorithms_it_is_told_and_that_it_is_isolated() {
    let world = world("hisi_zip,api=5,algorithms=lz4+zlib,isolate=1");
    let device = world.devices().expect("devices").remove(0);
    assert_eq!(device.algorithms, ["zlib", "lz4"]);
    assert!(device.isolated && !device.usable());
}

#[test]
fn a_world_of_impossible_devices_is_refused() {
    let device = crate::sim::config::Device {
        depth: 2,
        ..Default::default()
    };
    let devices = vec![device];
    assert_eq!(World::new(Config { devices }).err(), Some(Error::Invalid));
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn free_queues_are_counted_and_their_numbers_used_again() {
    let world = world("hisi_zip,queues=2");
    let device = world.devices().expect("devices").remove(0);
    let free = || world.devices().expect("devices")[0].available;
    let number = |c: &Arc<dyn Channel>| c.configure(SETUP).expect("configured").number;
    let first = world.open(&device).expect("a queue");
    let second = world.open(&device).expect("a queue");
    assert_eq!((number(&first), number(&second)), (0, 1));
    assert_eq!(free(), Some(0));
    assert_eq!(world.open(&device).err(), Some(Error::Busy));
    // A stopped queue is still open, and memory alone keeps nothing.
    let memory = first.region(Region::Dus).expect("memory");
    first.stop();
    assert_eq!(free(), Some(0));
    drop(first);
    assert_eq!(free(), Some(1));
    assert_eq!(number(&world.open(&device).expect("a queue")), 0);
    assert_eq!(memory.len(), device.dus_size);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_queue_is_configured_before_it_is_started_and_started_once() {
    let world = world("hisi_zip");
    let device = world.devices().expect("devices").remove(0);
    let channel = world.open(&device).expect("a queue");
    for kind in [2, 3, 7, u16::MAX] {
        let answer = channel.configure(QueueSetup { kind, ..SETUP });
        assert_eq!(answer, Err(Error::Invalid), "type {kind}");
    }
    assert!(channel.configure(SETUP).is_ok());
    assert_eq!(channel.start(), Ok(()));
    assert_eq!(channel.start(), Err(Error::Invalid));
    assert_eq!(channel.configure(SETUP), Err(Error::Invalid));
    channel.stop();
    channel.stop();
    assert!(channel.configure(SETUP).is_ok());
    assert_eq!(channel.start(), Ok(()));
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_channel_has_one_region_and_one_doorbell() {
    for (api, offset) in [("1", 0x340), ("2", 0x1000), ("3", 0x1000), ("5", 0x1000)] {
        let world = world(&format!("hisi_zip,api={api}"));
        let channel = world.open(&world.devices().expect("devices")[0]);
        let channel = channel.expect("a queue");
        for other in [0, 0x300, 0x340, 0x1000, 0x1008] {
            let answer = channel.doorbell(other);
            assert_eq!(answer.is_ok(), other == offset, "v{api} {other:x}");
        }
        assert_eq!(channel.region(Region::Mmio).err(), Some(Error::Unsupported));
        assert_eq!(
            channel.region(Region::Ss(1)).err(),
            Some(Error::Unsupported)
        );
        assert!(channel.region(Region::Dus).is_ok());
    }
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn every_version_works_and_every_request_is_counted() {
    for api in ["1", "2", "3", "5"] {
        let world = world(&format!("hisi_zip,api={api}"));
        let mut rig = Rig::open(&world, COMPRESS);
        let (data, mut out) = (text(1000), vec![0; 1000]);
        let made = rig.run(&request(Request::Zlib, &data, &mut out)).produced;
        assert_eq!(rig.run(&wild()).status, BUS_FAULT);
        let counters = world.counters("hisi_zip-0").expect("device 0");
        assert_eq!((counters.opened, counters.descriptors), (1, 2));
        assert_eq!((counters.completions, counters.errors), (2, 1));
        assert_eq!(counters.bytes_in, 1000);
        assert_eq!(counters.bytes_out, u64::from(made));
        assert_eq!((counters.model_errors, counters.faults), (0, 0));
        assert_eq!(world.counters("hisi_zip-1"), None);
    }
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_ring_wraps_more_than_65536_times_without_losing_a_request() {
    let world = world("hisi_zip,depth=7");
    let mut rig = Rig::open(&world, COMPRESS);
    let (mut sent, mut expected) = (0, 1);
    while expected <= 66_000 {
        while sent < 66_000 && rig.write(&wild()).is_ok() {
            sent += 1;
        }
        rig.sender.commit().expect("a live queue");
        let (tag, sqe) = rig.receive().expect("an answer");
        assert_eq!((tag, sqe.status), (expected, BUS_FAULT));
        expected += 1;
    }
    assert_eq!(rig.poll(), Ok(None));
    let counters = world.counters("hisi_zip-0").expect("device 0");
    assert_eq!(
        (counters.descriptors, counters.completions),
        (66_000, 66_000)
    );
    assert_eq!((counters.model_errors, counters.stale_doorbells), (0, 0));
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn two_queues_of_one_device_do_not_disturb_each_other() {
    let world = world("hisi_zip,depth=8");
    let mut deflate = Rig::open(&world, COMPRESS);
    let mut inflate = Rig::open(&world, DECOMPRESS);
    assert_ne!(deflate.id.number, inflate.id.number);
    for len in 1..200 {
        let data = text(len * 10);
        let (mut small, mut back) = (vec![0; 4000], vec![0; len * 10]);
        let made = deflate.run(&request(Request::Zlib, &data, &mut small));
        small.truncate(made.produced as usize);
        let done = inflate.run(&request(Request::Zlib, &small, &mut back));
        assert_eq!(done.status, 0);
        assert_eq!(back, data);
    }
}

#[test]
#[cfg_attr(miri, ignore = "system calls and threads")]
fn many_threads_with_a_queue_each_share_the_engines() {
    let world = world("hisi_zip,engines=3,depth=16");
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let world = &world;
            scope.spawn(move || {
                let mut deflate = Rig::open(world, COMPRESS);
                let mut inflate = Rig::open(world, DECOMPRESS);
                let data = text(2000 + thread);
                for _ in 0..50 {
                    let (mut small, mut back) = (vec![0; 3000], vec![0; 3000]);
                    let made = deflate.run(&request(Request::Gzip, &data, &mut small));
                    small.truncate(made.produced as usize);
                    let done = inflate.run(&request(Request::Gzip, &small, &mut back));
                    assert_eq!(back[..done.produced as usize], data);
                }
            });
        }
    });
    let counters = world.counters("hisi_zip-0").expect("device 0");
    assert_eq!((counters.completions, counters.errors), (400, 0));
    assert_eq!(world.devices().expect("devices")[0].available, Some(256));
}

#[test]
#[cfg_attr(miri, ignore = "system calls and threads")]
fn several_engines_serve_one_queue_where_order_does_not_matter() {
    // The first request waits until the second is done: one engine could not finish this.
    let world = world("hisi_zip,engines=2,orders=out,fault=delay:3600000@1");
    let mut rig = Rig::open(&world, COMPRESS);
    rig.send(&wild());
    let second = rig.send(&wild());
    assert_eq!(rig.receive().expect("an answer").0, second);
}

#[test]
#[cfg_attr(miri, ignore = "system calls and threads")]
fn requests_complete_in_order_with_several_engines_if_asked_for() {
    let world = world("hisi_zip,engines=4,orders=in,fault=delay:2@every:3");
    let mut rig = Rig::open(&world, COMPRESS);
    for _ in 0..90 {
        rig.write(&wild()).expect("room");
    }
    rig.sender.commit().expect("a live queue");
    let tags: Vec<u64> = (0..90).map(|_| rig.receive().expect("one").0).collect();
    assert!(tags.is_sorted());
}

#[test]
#[cfg_attr(miri, ignore = "system calls and threads")]
fn an_engine_that_is_done_early_does_not_wait_but_its_completion_does() {
    let world = world("hisi_zip,engines=2,orders=in,fault=delay:3600000@1");
    let mut rig = Rig::open(&world, COMPRESS);
    let counters = || world.counters("hisi_zip-0").expect("device 0");
    rig.send(&wild());
    let second = rig.send(&wild());
    let third = rig.send(&wild());
    // One engine sleeps; the other executes what follows, and ends it with an error.
    while counters().errors < 2 {
        std::thread::yield_now();
    }
    assert_eq!(counters().completions, 0);
    // The first one is lost now, and nothing is before the others any more.
    rig.channel.stop();
    assert_eq!(counters().completions, 2);
    assert_eq!(rig.receive().expect("an answer").0, second);
    assert_eq!(rig.receive().expect("an answer").0, third);
}

#[test]
#[cfg_attr(miri, ignore = "system calls and threads")]
fn one_thread_sends_while_another_receives() {
    let world = world("hisi_zip,depth=32");
    let Rig {
        mut sender,
        mut receiver,
        channel,
        ..
    } = Rig::open(&world, COMPRESS);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for tag in 1..=20_000 {
                let mark = NonZeroU64::new(tag).expect("counted from 1");
                while sender.write(PROMISE, &wild().encode(), mark).is_err() {
                    std::thread::yield_now();
                }
                sender.commit().expect("a live queue");
            }
        });
        let mut expected = 1;
        while expected <= 20_000 {
            match receiver.receive(|tag, _| tag.get()).expect("a live queue") {
                Some(tag) => {
                    assert_eq!(tag, expected);
                    expected += 1;
                }
                None => {
                    receiver.arm();
                    if receiver.waiting() == 0 {
                        channel.wait(FOREVER).expect("poll");
                    }
                }
            }
        }
    });
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_full_completion_queue_holds_the_device_back() {
    let world = world("hisi_zip,depth=4");
    let mut rig = Rig::open(&world, COMPRESS);
    (0..3).for_each(|_| _ = rig.send(&wild()));
    until(&world, |c| c.completions == 3);
    // Three more by a doorbell alone. Whether the device fetches is decided when it returns.
    let base = doorbell::base(Version::V2, rig.id.number, Bell::Sq);
    bell(&rig).ring(PROMISE, doorbell::with_index(base, 2, false));
    assert_eq!(until(&world, |_| true).descriptors, 3);
    for _ in 0..3 {
        let taken = rig.receiver.receive(|_, _| ()).expect("a live queue");
        assert_eq!(taken, Some(()));
    }
    until(&world, |c| c.completions == 6);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn meaningless_doorbells_are_counted_and_ignored() {
    let world = world("hisi_zip,depth=16");
    let mut rig = Rig::open(&world, COMPRESS);
    let own = doorbell::base(Version::V2, rig.id.number, Bell::Sq);
    let other = doorbell::base(Version::V2, rig.id.number + 1, Bell::Sq);
    let unknown = own | 0x3000;
    for (value, errors) in [
        (other | 1 << 32, 1),
        (unknown, 2),
        (own | 16 << 32, 3),
        (own | 0xffff << 32, 4),
    ] {
        bell(&rig).ring(PROMISE, value);
        assert_eq!(until(&world, |_| true).model_errors, errors);
    }
    assert_eq!(rig.run(&wild()).status, BUS_FAULT);
    assert_eq!(until(&world, |_| true).descriptors, 1);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn the_kernels_own_completion_doorbells_do_no_harm() {
    let world = world("hisi_zip,depth=8");
    let mut rig = Rig::open(&world, COMPRESS);
    for round in 0..100_u16 {
        let tag = rig.send(&wild());
        until(&world, |c| c.completions == u64::from(round) + 1);
        let (old, new) = (round % 8, (round + 1) % 8);
        // As new as the device itself, before software has looked; then behind; then beyond.
        for head in [new, old, (new + 1) % 8] {
            taken(&rig, head);
        }
        assert_eq!(rig.poll().expect("a live queue").map(|d| d.0), Some(tag));
        taken(&rig, old);
    }
    assert!(until(&world, |_| true).stale_doorbells > 0);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn an_event_comes_once_for_each_arming() {
    let world = world("hisi_zip");
    let mut rig = Rig::open(&world, COMPRESS);
    assert!(!readable(&rig));
    assert_eq!(rig.channel.wait(Duration::ZERO), Ok(Wake::TimedOut));
    // Armed from the start.
    rig.send(&wild());
    assert_eq!(rig.channel.wait(FOREVER), Ok(Wake::Event));
    assert!(!readable(&rig));
    // Not armed any more.
    rig.send(&wild());
    until(&world, |c| c.completions == 2);
    assert!(!readable(&rig));
    // Arming fires at once, since something was posted meanwhile.
    rig.receiver.arm();
    assert!(readable(&rig));
    // Taking all of it makes the descriptor unreadable again.
    assert!(rig.poll().expect("live").is_some());
    assert!(readable(&rig));
    assert!(rig.poll().expect("live").is_some());
    assert!(!readable(&rig));
    // Armed with nothing to take: the next completion fires.
    rig.receiver.arm();
    assert!(!readable(&rig));
    rig.send(&wild());
    assert_eq!(rig.channel.wait(FOREVER), Ok(Wake::Event));
    assert_eq!(until(&world, |_| true).events, 3);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_stopped_queue_does_nothing_and_starts_afresh() {
    let world = world("hisi_zip,depth=8");
    let mut rig = Rig::open(&world, COMPRESS);
    for _ in 0..11 {
        rig.run(&wild());
    }
    rig.channel.stop();
    rig.write(&wild()).expect("the ring does not know");
    rig.sender.commit().expect("the ring does not know");
    assert_eq!(until(&world, |_| true).descriptors, 11);
    assert_eq!(rig.poll(), Ok(None));
    rig.restart();
    for _ in 0..11 {
        assert_eq!(rig.run(&wild()).status, BUS_FAULT);
    }
}

#[test]
#[cfg_attr(miri, ignore = "system calls and threads")]
fn a_queue_dropped_while_busy_writes_nothing_afterwards() {
    let world = world("hisi_zip,engines=2,level=9,orders=out");
    let data = text(1 << 20);
    for _ in 0..3 {
        let mut out = vec![0; 2 << 20];
        let mut rig = Rig::open(&world, COMPRESS);
        let before = until(&world, |_| true).descriptors;
        let half = out.len() / 2;
        rig.send(&request(Request::Zlib, &data, &mut out[..half]));
        rig.send(&request(Request::Zlib, &data, &mut out[half..]));
        until(&world, |c| c.descriptors > before);
        let memory = rig.channel.region(Region::Dus).expect("memory");
        let words: Vec<_> = (0..8)
            .map(|i| memory.word(i * 4).expect("inside"))
            .collect();
        drop(rig);
        out.fill(0xEE);
        let fill = |w: &Word| w.store(0xEEEE_EEEE, Ordering::Relaxed);
        words.iter().for_each(fill);
        // The next queue's request goes through the same engines, behind anything left over.
        Rig::open(&world, COMPRESS).run(&wild());
        assert!(out.iter().all(|b| *b == 0xEE));
        let kept = |w: &Word| w.load(Ordering::Relaxed) == 0xEEEE_EEEE;
        assert!(words.iter().all(kept));
    }
}

#[test]
#[cfg_attr(miri, ignore = "system calls and threads")]
fn a_channel_outlives_its_world_as_a_queue_of_a_removed_device() {
    let world = world("hisi_zip,fault=delay:3600000@1");
    let mut rig = Rig::open(&world, COMPRESS);
    rig.send(&wild());
    until(&world, |c| c.descriptors == 1);
    // Ends the engine although it is asleep in a request.
    drop(world);
    assert_eq!(rig.poll(), Err(Error::NoDevice));
    assert_eq!(rig.channel.wait(FOREVER), Err(Error::NoDevice));
    assert_eq!(rig.channel.start(), Err(Error::NoDevice));
    rig.channel.stop();
}
