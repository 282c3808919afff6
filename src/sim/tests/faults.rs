//! Each fault, as a driver sees it at the ring or at the channel.

use super::*;
use crate::error::Error;
use crate::sim::BUS_FAULT;
use crate::sim::config::{Device, Orders};
use crate::sim::faults::{Fault, Kind, When};
use crate::uacce::channel::{Region, Wake};

/// A compressing queue of a device with these faults.
fn rig(faults: &str) -> (World, Rig) {
    let world = world(&format!("hisi_zip,depth=16,{faults}"));
    let rig = Rig::open(&world, COMPRESS);
    (world, rig)
}

/// Sends `count` requests with one doorbell, and gives the tags in the order of completion.
fn burst(rig: &mut Rig, count: usize, expected: usize) -> Vec<u64> {
    for _ in 0..count {
        rig.write(&wild()).expect("room");
    }
    rig.sender.commit().expect("a live queue");
    (0..expected)
        .map(|_| rig.receive().expect("one").0)
        .collect()
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_status_comes_on_the_nth_descriptor_only_and_nothing_is_executed() {
    let (world, mut rig) = rig("fault=status:0x12@2");
    let (data, mut out) = (text(1000), vec![0; 1000]);
    let sqe = request(Request::Zlib, &data, &mut out);
    assert_eq!(rig.run(&sqe).status, 0);
    out.fill(0);
    let done = rig.run(&sqe);
    assert_eq!((done.status, done.consumed, done.produced), (0x12, 0, 0));
    assert!(out.iter().all(|b| *b == 0));
    assert_eq!(rig.run(&sqe).status, 0);
    assert_eq!(until(&world, |_| true).faults, 1);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_dropped_request_never_completes_and_the_others_do() {
    let (world, mut rig) = rig("fault=drop@every:3");
    assert_eq!(burst(&mut rig, 9, 6), [1, 2, 4, 5, 7, 8]);
    until(&world, |c| c.descriptors == 9);
    assert_eq!(rig.poll(), Ok(None));
    assert_eq!(rig.sender.in_flight(), 3);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_delayed_request_takes_at_least_its_time() {
    let (_world, mut rig) = rig("fault=delay:50@1");
    let begin = Instant::now();
    rig.run(&wild());
    assert!(begin.elapsed() >= Duration::from_millis(50));
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_duplicate_completion_finds_no_request() {
    let (_world, mut rig) = rig("fault=duplicate@2");
    assert_eq!(burst(&mut rig, 2, 2), [1, 2]);
    assert_eq!(rig.receive(), Err(Error::Io));
    assert_eq!(rig.run(&wild()).status, BUS_FAULT);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_window_of_completions_comes_in_reverse() {
    let (_world, mut rig) = rig("fault=reorder:4@2");
    assert_eq!(burst(&mut rig, 7, 7), [1, 5, 4, 3, 2, 6, 7]);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_window_larger_than_the_ring_or_the_traffic_loses_nothing() {
    let (_world, mut rig) = rig("fault=reorder:1000@1,fault=reorder:1000@16");
    let first: Vec<u64> = (1..=15).rev().collect();
    assert_eq!(burst(&mut rig, 15, 15), first);
    assert_eq!(burst(&mut rig, 3, 3), [18, 17, 16]);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_bogus_sq_head_breaks_the_queue_or_hits_a_free_slot() {
    for (head, error) in [("16", Error::Io), ("0xffff", Error::Io)] {
        let (_world, mut rig) = rig(&format!("fault=sq_head:{head}@1"));
        rig.send(&wild());
        assert_eq!(rig.receive(), Err(error));
        // Out of range: the device cannot be believed any more.
        assert_eq!(rig.write(&wild()), Err(error));
    }
    let (_world, mut rig) = rig("fault=sq_head:9@1");
    rig.send(&wild());
    assert_eq!(rig.receive(), Err(Error::Io));
    // Only that slot was not in use.
    assert_eq!(rig.run(&wild()).status, BUS_FAULT);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_bogus_sq_num_breaks_the_queue() {
    let (_world, mut rig) = rig("fault=sq_num:77@1");
    rig.send(&wild());
    assert_eq!(rig.receive(), Err(Error::Io));
    assert_eq!(rig.write(&wild()), Err(Error::Io));
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_completion_with_the_wrong_phase_is_not_seen() {
    let (world, mut rig) = rig("fault=phase@2");
    assert_eq!(burst(&mut rig, 3, 1), [1]);
    until(&world, |c| c.completions == 3);
    assert_eq!(rig.poll(), Ok(None));
    assert_eq!(rig.receiver.waiting(), 0);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn an_oversize_result_is_claimed_and_not_written() {
    let (_world, mut rig) = rig("fault=produced:100@1");
    let (data, mut out) = (text(1000), vec![0; 1200]);
    let done = rig.run(&request(Request::Zlib, &data, &mut out[..1000]));
    assert_eq!((done.status, done.produced), (0, 1100));
    assert!(out[1000..].iter().all(|b| *b == 0));
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_reset_kills_the_open_queues_and_no_later_one() {
    let (world, mut rig) = rig("fault=reset@3");
    let mut bystander = Rig::open(&world, COMPRESS);
    assert_eq!(burst(&mut rig, 2, 2), [1, 2]);
    rig.send(&wild());
    // Raised although not armed, and for good.
    for rig in [&mut rig, &mut bystander] {
        assert_eq!(rig.channel.wait(FOREVER), Ok(Wake::Event));
        assert_eq!(rig.channel.wait(FOREVER), Ok(Wake::Event));
        assert_eq!(rig.poll(), Err(Error::DeviceReset));
        rig.write(&wild()).expect("room");
        assert_eq!(rig.sender.commit(), Err(Error::DeviceReset));
        rig.channel.stop();
        assert_eq!(rig.channel.start(), Err(Error::NoDevice));
    }
    assert_eq!(until(&world, |_| true).completions, 2);
    assert_eq!(Rig::open(&world, COMPRESS).run(&wild()).status, BUS_FAULT);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_removed_device_is_gone_for_all_calls() {
    let (world, mut rig) = rig("fault=remove@2");
    let device = world.devices().expect("devices").remove(0);
    assert_eq!(burst(&mut rig, 1, 1), [1]);
    rig.send(&wild());
    assert_eq!(rig.receive(), Err(Error::NoDevice));
    rig.write(&wild()).expect("a slot");
    assert_eq!(rig.sender.commit(), Err(Error::NoDevice));
    assert_eq!(rig.channel.wait(FOREVER), Err(Error::NoDevice));
    assert_eq!(rig.channel.start(), Err(Error::NoDevice));
    let lost = rig.channel.region(Region::Dus).err();
    assert_eq!(lost, Some(Error::NoDevice));
    assert_eq!(world.open(&device).err(), Some(Error::NoDevice));
    assert_eq!(world.devices(), Ok(Vec::new()));
}

#[test]
#[cfg_attr(miri, ignore = "system calls and threads")]
fn a_waiter_learns_of_a_removal_by_hand() {
    let world = world("hisi_zip");
    let rig = Rig::open(&world, COMPRESS);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| rig.channel.wait(FOREVER));
        world.remove("hisi_zip-0").expect("there is one");
        assert_eq!(waiter.join().expect("no panic"), Err(Error::NoDevice));
    });
    assert_eq!(world.remove("hisi_zip-1"), Err(Error::NoDevice));
}

#[test]
#[cfg_attr(miri, ignore = "system calls and threads")]
fn a_removal_that_a_waiter_has_learned_of_is_in_the_queue_memory_too() {
    for _ in 0..2000 {
        let world = world("hisi_zip");
        let mut rig = Rig::open(&world, COMPRESS);
        std::thread::scope(|scope| {
            scope.spawn(|| world.remove("hisi_zip-0").expect("there is one"));
            let end = Instant::now() + FOREVER;
            while rig.channel.wait(Duration::ZERO) != Err(Error::NoDevice) {
                assert!(Instant::now() < end, "nobody was told");
            }
            assert_eq!(rig.poll(), Err(Error::NoDevice));
        });
    }
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn each_call_of_opening_can_fail_as_told() {
    let steps = [
        ("open:ENOENT@1", Error::Os(libc::ENOENT)),
        ("open:EBUSY@1", Error::Busy),
        ("configure:EINVAL@1", Error::Invalid),
        ("region:ENOMEM@1", Error::NoMemory),
        ("start:ENXIO@1", Error::NoDevice),
    ];
    for (fault, error) in steps {
        let world = world(&format!("hisi_zip,queues=1,fault={fault}"));
        assert_eq!(
            Rig::try_open(&world, COMPRESS).err(),
            Some(error),
            "{fault}"
        );
        // Only once, and nothing was lost with it.
        let mut rig = Rig::open(&world, COMPRESS);
        assert_eq!(rig.run(&wild()).status, BUS_FAULT);
    }
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_device_with_garbage_in_sysfs_is_left_out_while_it_lasts() {
    let world = world("hisi_zip,fault=sysfs:flags@2;hisi_zip");
    let names = || {
        let devices = world.devices().expect("devices");
        devices.into_iter().map(|d| d.name).collect::<Vec<_>>()
    };
    assert_eq!(names(), ["hisi_zip-0", "hisi_zip-1"]);
    assert_eq!(names(), ["hisi_zip-1"]);
    assert_eq!(names(), ["hisi_zip-0", "hisi_zip-1"]);
}

#[test]
#[cfg_attr(miri, ignore = "system calls and threads")]
fn under_random_faults_every_request_is_accounted_for() {
    const ROUND: u64 = 40;
    let chance = |of, seed| When::Chance { of, seed };
    let (bad, drop, twice) = (chance(7, 1), chance(50, 2), chance(20, 3));
    let fault = |kind, when| Fault { kind, when };
    let device = Device {
        depth: 64,
        engines: 2,
        orders: Orders::Out,
        faults: vec![
            fault(Kind::Status(14), bad),
            fault(Kind::Drop, drop),
            fault(Kind::Duplicate, twice),
            fault(Kind::Reorder(5), chance(30, 4)),
        ],
        ..Device::default()
    };
    let world = World::new(Config {
        devices: vec![device],
    });
    let world = world.expect("a valid world");
    let mut rig = Rig::open(&world, COMPRESS);
    for round in 0..200 {
        burst(&mut rig, ROUND as usize, 0);
        until(&world, |c| c.descriptors == (round + 1) * ROUND);
        // Two requests may still be in the engines' hands: stopping waits for them.
        rig.channel.stop();
        let (mut seen, mut extra) = (Vec::new(), 0);
        loop {
            match rig.poll() {
                Ok(Some((tag, sqe))) => seen.push((tag, sqe.status)),
                Ok(None) => break,
                Err(Error::Io) => extra += 1,
                Err(error) => panic!("{error}"),
            }
        }
        seen.sort_unstable();
        let kept = (round * ROUND + 1..=(round + 1) * ROUND).filter(|n| !drop.due(*n));
        let status = |n| if bad.due(n) { 14 } else { BUS_FAULT };
        let expected: Vec<_> = kept.clone().map(|n| (n, status(n))).collect();
        assert_eq!(seen, expected);
        assert_eq!(extra, kept.filter(|n| twice.due(*n)).count());
        rig.restart();
    }
}
