//! Memory for devices without SVA: the static region of kernels that have one.

use super::fake::World;
use super::{expected, inside};
use std::sync::Arc;
use warpdrive::mem::bmm::{Pool, Setup};
use warpdrive::sys::pages;
use warpdrive::uacce::channel::{Bus, Channel, Region, Slice};
use warpdrive::uacce::device::Attributes;
use warpdrive::uacce::node::Kernel;
use warpdrive::{Error, Result};

/// One device without SVA, whose static memory has slices of 128 KiB.
fn world(flags: &str) -> World {
    let world = World::new().with("FAKE_SS", "2");
    for (name, content) in [
        ("api", "hisi_qm_v2\n"),
        ("flags", flags),
        ("algorithms", "zlib\ngzip\n"),
        ("available_instances", "16\n"),
        ("region_mmio_size", "8192\n"),
        ("region_dus_size", "151552\n"),
        ("isolate", "0\n"),
        ("device/numa_node", "0\n"),
    ] {
        world.file(&format!("class/uacce/hisi_zip-0/{name}"), content);
    }
    world
}

fn open() -> Result<(Attributes, Arc<dyn Channel>)> {
    let device = Kernel.devices()?.remove(0);
    let channel = Kernel.open(&device)?;
    Ok((device, channel))
}

const SETUP: Setup = Setup {
    block_size: 32 << 10,
    blocks: 4,
    align: 4096,
};

#[test]
fn a_static_region_is_mapped_asked_for_and_let_go_of() {
    let world = inside(world("0\n"), || {
        let (_, channel) = open().expect("opens");
        assert_eq!(channel.static_slices(), Err(Error::Invalid), "not mapped");
        for len in [320 << 10, 64 << 10] {
            let memory = channel.region(Region::Ss(len)).expect("static memory");
            let slices = channel.static_slices().expect("mapped");
            assert_eq!(slices.iter().map(|slice| slice.len).sum::<usize>(), len);
            let first = Slice {
                bus: 0x4000_0000,
                len: len.min(128 << 10),
            };
            assert_eq!(slices[0], first);
            let second = channel.region(Region::Ss(len));
            assert_eq!(second.err(), Some(Error::Exists));
            memory.write(0, &vec![7; len]).expect("mapped");
        }
    });
    let Some(world) = world else { return };
    let calls = world.order(&[
        "mmap SS 327680 @8192 = 0",
        "ioctl GET_SS_DMA = 1",
        "mmap SS 327680 @8192 = -17",
        "munmap SS 327680 = 0",
        "mmap SS 65536 @8192 = 0",
        "munmap SS 65536 = 0",
    ]);
    assert!(calls.is_sorted(), "{}", world.log());
}

#[test]
fn a_pool_of_static_memory_knows_the_bus_addresses_of_its_blocks() {
    let _ = inside(world("0\n"), || {
        let (device, channel) = open().expect("opens");
        let pool = Pool::new(&*channel, &device, &SETUP).expect("a pool");
        let first = pool.allocate(100).expect("room");
        // Blocks of 32 KiB, four to a slice.
        for block in 1..9 {
            let address = pool.allocate(100).expect("room");
            assert_eq!(address, first + block * (32 << 10));
            let bus = pool.map(address, 100).expect("in use").get();
            let (slice, inside) = (block as u64 / 4, block as u64 % 4);
            assert_eq!(bus, 0x4000_0000 + slice * 0x1000_0000 + inside * (32 << 10));
        }
        assert_eq!(
            pool.allocate((128 << 10) + 1),
            Err(Error::NoMemory),
            "no slice is so long"
        );
        let whole = pool.allocate(128 << 10).expect("a slice");
        assert_eq!((whole - first) % (128 << 10), 0);
        pool.free(whole).expect("in use");
        // The pool outlives the queue.
        drop(channel);
        pool.write(first, &[7; 100]).expect("in use");
    });
}

#[test]
fn behind_an_iommu_a_region_is_in_one_piece() {
    let _ = inside(world("128\n").with("FAKE_SS", "4095"), || {
        let (device, channel) = open().expect("opens");
        let pool = Pool::new(&*channel, &device, &SETUP).expect("a pool");
        let all = pool.allocate(4 * (32 << 10)).expect("room");
        assert!(pool.map(all, 4 * (32 << 10)).is_ok());
        let len = (4 * (32 << 10) + 4096_usize).next_multiple_of(64 << 10);
        assert_eq!(pool.blocks() as usize, len / (32 << 10));
        assert_eq!(len % pages::size(), 0);
    });
}

#[test]
fn what_the_kernel_refuses_is_its_own_error_and_leaves_nothing() {
    let faults = [
        ("2", "MMAP_SS=-12", libc::ENOMEM),
        ("2", "GET_SS_DMA=-5@1", libc::EIO),
        ("2", "GET_SS_DMA=-5@3", libc::EIO),
        // A kernel that never ends.
        ("2", "GET_SS_DMA=1", libc::EIO),
        // One without static memory, as mainline is.
        ("0", "", libc::EINVAL),
    ];
    for (slices, fault, number) in faults {
        let world = world("0\n")
            .with("FAKE_SS", slices)
            .with("FAKE_FAULT", fault)
            .with("EXPECTED", &number.to_string());
        let ran = inside(world, || {
            let (device, channel) = open().expect("opens");
            let pool = Pool::new(&*channel, &device, &SETUP);
            assert_eq!(pool.err().map(Error::number), expected());
        });
        if ran.is_none() {
            return;
        }
    }
}
