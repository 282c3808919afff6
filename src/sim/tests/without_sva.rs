//! A device without SVA: it reaches the static regions of its queues, under addresses
//! of the bus, and nothing else.

use super::*;
use crate::bd::zip::Status;
use crate::error::Error;
use crate::sim::BUS_FAULT;
use crate::sys::peer;
use crate::sys::shared::SharedMemory;
use crate::uacce::channel::{Memory, Region, Slice};
use crate::uacce::uapi::DeviceFlags;

const MIB: usize = 1 << 20;

/// The static region of a queue, and where its slices are.
struct Static {
    memory: SharedMemory,
    slices: Vec<Slice>,
}

impl Static {
    fn of(rig: &Rig, len: usize) -> Static {
        Static {
            memory: rig.channel.region(Region::Ss(len)).expect("memory"),
            slices: rig.channel.static_slices().expect("mapped"),
        }
    }

    fn put(&self, offset: usize, bytes: &[u8]) {
        let at = self.memory.address() + offset;
        peer::write(Promise::in_tests(), at as u64, bytes).expect("mapped");
    }

    fn get(&self, offset: usize, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        let at = self.memory.address() + offset;
        peer::read(at as u64, &mut bytes).expect("mapped");
        bytes
    }
}

/// A descriptor from the first slice to the second.
fn between(slices: &[Slice], len: usize) -> Sqe {
    Sqe {
        request: Request::Zlib.code(),
        source: slices[0].bus,
        input_length: len as u32,
        destination: slices[1].bus,
        output_space: MIB as u32,
        ..Sqe::default()
    }
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn a_device_without_sva_works_on_bus_addresses() {
    let world = world("hisi_zip,sva=0");
    let device = world.devices().expect("one").remove(0);
    assert!(!device.sva());
    let mut rig = Rig::open(&world, COMPRESS);
    assert!(matches!(rig.channel.memory(), Memory::Static));
    let region = Static::of(&rig, 2 * MIB);
    let data = text(300_000);
    region.put(0, &data);
    let done = rig.run(&between(&region.slices, data.len()));
    assert_eq!(Status::from_code(done.status), Status::Ok);
    let stream = region.get(MIB, done.produced as usize);
    let stream = [&[0x78, 0x9c], &stream[..]].concat();
    assert_eq!(python("zlib.decompress(d)", &stream), data);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn an_address_that_is_not_of_the_region_is_a_fault() {
    let world = world("hisi_zip,sva=0");
    let mut rig = Rig::open(&world, COMPRESS);
    let (data, mut out) = (text(1000), vec![0; 2000]);
    let process = request(Request::Zlib, &data, &mut out);
    assert_eq!(rig.run(&process).status, BUS_FAULT, "no region at all");
    let region = Static::of(&rig, 2 * MIB);
    assert_eq!(rig.run(&process).status, BUS_FAULT);
    assert_eq!(out, [0; 2000]);
    // No more are the process's addresses of the region itself.
    for offset in (0..region.memory.len()).step_by(64 << 10) {
        let at = region.memory.address() as u64 + offset as u64;
        let on_the_bus = |slice: &Slice| (slice.bus..slice.bus + slice.len as u64).contains(&at);
        assert!(!region.slices.iter().any(on_the_bus), "{at:#x}");
    }
    let good = between(&region.slices, 1000);
    let [source, destination] = [good.source, good.destination];
    let wild = [
        (source + MIB as u64 - 999, destination),
        (source - 1, destination),
        (region.memory.address() as u64, destination),
        (source, destination + MIB as u64),
        (source, 0),
        (u64::MAX - 10, destination),
    ];
    for (source, destination) in wild {
        let sqe = Sqe {
            source,
            destination,
            ..good
        };
        assert_eq!(
            rig.run(&sqe).status,
            BUS_FAULT,
            "{source:#x} {destination:#x}"
        );
    }
    assert!(Status::from_code(rig.run(&good).status).is_good());
    let did = world.counters("hisi_zip-0").expect("device 0");
    assert_eq!(
        (did.bus_faults, did.errors),
        (2 + wild.len() as u64, 2 + wild.len() as u64)
    );
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn a_region_that_is_replaced_is_out_of_reach() {
    let world = world("hisi_zip,sva=0");
    let mut rig = Rig::open(&world, COMPRESS);
    let region = Static::of(&rig, 2 * MIB);
    let sqe = between(&region.slices, 1000);
    assert!(Status::from_code(rig.run(&sqe).status).is_good());
    drop(region);
    // The next region of a queue begins at the same address, so this one is shorter.
    let region = Static::of(&rig, MIB / 2);
    assert_eq!(rig.run(&sqe).status, BUS_FAULT, "its second slice is gone");
    assert!(region.get(0, 64 << 10).iter().all(|byte| *byte == 0));
    let did = world.counters("hisi_zip-0").expect("device 0");
    assert_eq!(did.bus_faults, 1);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_queue_has_one_static_region_at_a_time_and_the_device_reaches_all() {
    let world = world("hisi_zip,sva=0");
    let mut rig = Rig::open(&world, COMPRESS);
    let unmapped = rig.channel.static_slices();
    assert_eq!(unmapped.err(), Some(Error::Invalid));
    let region = Static::of(&rig, MIB);
    let second = rig.channel.region(Region::Ss(MIB));
    assert_eq!(second.err(), Some(Error::Exists));
    let mut other = Rig::open(&world, COMPRESS);
    let theirs = Static::of(&other, 2 * MIB);
    let mut sqe = between(&theirs.slices, 100);
    assert!(Status::from_code(other.run(&sqe).status).is_good());
    assert!(Status::from_code(rig.run(&sqe).status).is_good());
    // The kernel unmaps it when the queue is closed.
    drop(other);
    assert_eq!(rig.run(&sqe).status, BUS_FAULT);
    drop((region, theirs));
    let region = Static::of(&rig, 3 * MIB);
    assert_eq!(region.memory.len(), 3 * MIB);
    sqe.source = region.slices[2].bus;
    sqe.destination = region.slices[0].bus;
    assert!(Status::from_code(rig.run(&sqe).status).is_good());
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn behind_an_iommu_a_region_is_in_one_piece() {
    let world = world("hisi_zip,sva=0,iommu=1");
    let device = world.devices().expect("one").remove(0);
    assert_eq!(device.flags, DeviceFlags::IOMMU);
    let mut rig = Rig::open(&world, COMPRESS);
    let region = Static::of(&rig, 4 * MIB);
    assert_eq!(region.slices.len(), 1);
    assert_ne!(region.slices[0].bus, region.memory.address() as u64);
    let data = text(2 * MIB);
    region.put(0, &data);
    let mut sqe = between(&[region.slices[0], region.slices[0]], data.len());
    sqe.destination += 2 * MIB as u64;
    sqe.output_space = 2 * MIB as u32;
    let done = rig.run(&sqe);
    let stream = region.get(2 * MIB, done.produced as usize);
    let stream = [&[0x78, 0x9c], &stream[..]].concat();
    assert_eq!(python("zlib.decompress(d)", &stream), data);
}

#[test]
fn a_device_with_sva_has_no_static_region() {
    let world = world("hisi_zip");
    let rig = Rig::open(&world, COMPRESS);
    let region = rig.channel.region(Region::Ss(MIB));
    assert_eq!(region.err(), Some(Error::Unsupported));
    let slices = rig.channel.static_slices();
    assert_eq!(slices.err(), Some(Error::Unsupported));
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_removed_device_loses_its_static_region() {
    let world = world("hisi_zip,sva=0");
    let rig = Rig::open(&world, COMPRESS);
    let region = Static::of(&rig, MIB);
    world.remove("hisi_zip-0").expect("there");
    assert!(region.memory.lost());
    assert_eq!(rig.channel.static_slices(), Err(Error::NoDevice));
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn streams_of_a_device_without_sva_are_its_own_and_go_with_the_queue() {
    let world = world("hisi_zip,sva=0,iommu=1;hisi_zip,sva=0,iommu=1");
    let stream = python("zlib.compress(d)[2:]", &text(3000));
    let mut both = [0, 1].map(|number| {
        let rig = Rig::try_open_on(&world, number, DECOMPRESS).expect("a queue");
        let region = Static::of(&rig, MIB);
        region.put(0, &stream);
        (rig, region)
    });
    let at = both[0].1.slices[0].bus;
    assert_eq!(at, both[1].1.slices[0].bus, "addresses are the same");
    let begin = Sqe {
        stateful: true,
        new_stream: true,
        finish: true,
        request: Request::Zlib.code(),
        source: at,
        input_length: 500,
        destination: at + (256 << 10),
        output_space: 10_000,
        stream_context: at + (512 << 10),
        ..Sqe::default()
    };
    let begun = [0, 1].map(|number| both[number].0.run(&begin));
    assert_eq!(begun.map(|sqe| (sqe.status, sqe.consumed)), [(0, 500); 2]);
    assert_eq!(world.streams(), 2);
    let rest = Sqe {
        new_stream: false,
        source: at + 500,
        input_length: stream.len() as u32 - 500,
        ctx: begun[0].ctx,
        isize: begun[0].isize,
        checksum: begun[0].checksum,
        ..begin
    };
    let [(first, _), (second, _)] = &mut both;
    assert_eq!(first.run(&rest).status, 0x13, "the end");
    assert_eq!(world.streams(), 1);
    assert_eq!(second.run(&begin).status, 0, "from the beginning");
    let [_, (second, _)] = both;
    drop(second);
    assert_eq!(world.streams(), 0);
}
