//! Queues of UADK v1 on kernels that have attributes of their own, with the system calls they
//! make.

use super::fake::World;
use super::{expected, inside};
use core::time::Duration;
use warpdrive::Error;
use warpdrive::queue::Direction;
use warpdrive::wcrypto::queue::{Queue, Wanted};

const ZLIB: Wanted<'static> = Wanted {
    algorithm: "zlib",
    device: None,
    nodes: 0,
    direction: Direction::Compress,
    no_iommu: false,
};

/// A device of a vendor's kernel, with its attributes where such kernels have them.
fn device(world: &World, name: &str, other: &[(&str, &str)]) {
    let files = [
        ("api", "hisi_qm_v2\n"),
        ("flags", "0\n"),
        ("algorithms", "zlib\ngzip\n"),
        ("available_instances", "16\n"),
        ("region_mmio_size", "8192\n"),
        ("region_dus_size", "151552\n"),
        ("isolate", "0\n"),
        ("node_id", "1\n"),
        ("numa_distance", "10\n"),
    ];
    let changed = |attribute: &str| other.iter().find(|(name, _)| *name == attribute);
    for (attribute, text) in files {
        let text = changed(attribute).map_or(text, |(_, text)| text);
        world.file(&format!("class/uacce/{name}/attrs/{attribute}"), text);
    }
}

fn world() -> World {
    World::new().with("FAKE_SS", "2")
}

/// The device of a queue, which is released.
fn device_of(wanted: &Wanted<'_>) -> Result<String, Error> {
    let queue = Queue::request(wanted)?;
    let device = queue.facts()?.device;
    queue.release()?;
    Ok(device)
}

#[test]
fn a_queue_is_opened_used_and_released_in_order() {
    let world = world();
    device(&world, "hisi_zip-0", &[]);
    let world = inside(world, || {
        let queue = Queue::request(&ZLIB).expect("a queue");
        assert_eq!(queue.facts().expect("open").node_id, 1);
        let memory = queue.reserve(200_000).expect("memory");
        assert_eq!(memory.len(), 256 << 10, "whole granules");
        let (at, slice) = (memory.address(), 128 << 10);
        assert_eq!(queue.map(at + 5, 1).map(|bus| bus.get()), Ok(0x4000_0005));
        assert_eq!(queue.map(at + slice - 1, 2), Err(Error::Invalid));
        assert_eq!(
            queue.map(at + slice, 1).map(|bus| bus.get()),
            Ok(0x5000_0000)
        );
        assert_eq!(queue.address_of(0x5000_0007), Ok(at + slice + 7));
        assert_eq!(queue.wait(Duration::ZERO), Ok(false));
        drop(memory);
        assert_eq!(queue.release(), Ok(()));
    });
    let Some(world) = world else { return };
    let calls = world.order(&[
        "ioctl SET_QP_CTX = 0",
        "mmap DUS",
        "ioctl START = 0",
        "mmap SS 262144",
        "ioctl GET_SS_DMA = 1",
        "ioctl PUT_Q = 0",
        "munmap SS 262144 = 0",
    ]);
    assert!(calls.is_sorted(), "{}", world.log());
}

#[test]
fn behind_an_iommu_reserved_memory_is_one_slice_of_whole_pages() {
    let world = world();
    device(&world, "hisi_zip-0", &[("flags", "128\n")]);
    let _ = inside(world.with("FAKE_SS", "4095"), || {
        let queue = Queue::request(&ZLIB).expect("a queue");
        let memory = queue.reserve(100_000).expect("memory");
        assert!(memory.len() < 128 << 10, "no granules");
        assert!(queue.map(memory.address(), memory.len()).is_ok());
        drop(memory);
        queue.release().expect("open");
    });
}

#[test]
fn algorithms_are_compared_by_the_line_and_names_and_nodes_decide() {
    let world = world();
    device(
        &world,
        "hisi_zip-0",
        &[
            ("algorithms", "zlib-deflate\ngzip2\nzli\n"),
            ("numa_distance", "0\n"),
        ],
    );
    device(&world, "hisi_zip-1", &[("algorithms", "lz77_zstd\nzlib")]);
    device(
        &world,
        "hisi_zip-2",
        &[("node_id", "3\n"), ("numa_distance", "20\n")],
    );
    device(
        &world,
        "hisi_zip-3",
        &[("available_instances", "0\n"), ("numa_distance", "0\n")],
    );
    device(
        &world,
        "hisi_zip-4",
        &[("isolate", "1\n"), ("numa_distance", "0\n")],
    );
    let _ = inside(world, || {
        let one = |wanted: Wanted<'_>| device_of(&wanted).expect("a queue");
        assert_eq!(one(ZLIB), "hisi_zip-1");
        assert_eq!(
            one(Wanted {
                nodes: 1 << 3,
                ..ZLIB
            }),
            "hisi_zip-2"
        );
        assert_eq!(
            one(Wanted {
                nodes: 1 << 7,
                ..ZLIB
            }),
            "hisi_zip-1"
        );
        assert_eq!(
            one(Wanted {
                device: Some("hisi_zip-2"),
                ..ZLIB
            }),
            "hisi_zip-2"
        );
        assert_eq!(
            one(Wanted {
                device: Some("hisi_zip-3"),
                ..ZLIB
            }),
            "hisi_zip-1"
        );
        assert_eq!(
            one(Wanted {
                device: Some(".."),
                ..ZLIB
            }),
            "hisi_zip-1"
        );
        assert_eq!(
            one(Wanted {
                algorithm: "gzip",
                ..ZLIB
            }),
            "hisi_zip-2"
        );
        assert_eq!(Queue::devices("zlib"), Ok(2));
        assert_eq!(Queue::devices("deflate"), Ok(0));
        let deflate = Wanted {
            algorithm: "deflate",
            ..ZLIB
        };
        assert_eq!(device_of(&deflate), Err(Error::NoDevice));
    });
}

#[test]
fn a_device_without_an_iommu_needs_a_word_in_the_environment() {
    for (word, number) in [("", libc::EPERM), ("deny", libc::EPERM), ("allow", 0)] {
        let world = world();
        device(
            &world,
            "hisi_zip-0",
            &[("api", "hisi_qm_v2_noiommu\n"), ("flags", "2\n")],
        );
        let world = world
            .with("WD_NOIOMMU", word)
            .with("EXPECTED", &number.to_string());
        let ran = inside(world, || {
            let answer = device_of(&ZLIB).map_or_else(Error::number, |_| 0);
            assert_eq!(Some(answer), expected());
        });
        if ran.is_none() {
            return;
        }
    }
}

#[test]
fn attributes_that_are_missing_or_garbage_leave_a_device_out_and_the_others_in() {
    for garbage in ["algorithms", "api", "flags", "available_instances"] {
        let world = world();
        let text = if garbage == "algorithms" {
            "\n\n"
        } else {
            "\u{1}x;-9\n"
        };
        device(
            &world,
            "hisi_zip-0",
            &[(garbage, text), ("numa_distance", "0\n")],
        );
        device(
            &world,
            "hisi_zip-1",
            &[
                ("numa_distance", "-77777777777777\n"),
                ("node_id", "here\n"),
                ("isolate", "0"),
            ],
        );
        device(
            &world,
            "hisi_zip-2",
            &[
                ("numa_distance", "99999999999999\n"),
                ("api", "hisi_qm_v77\n"),
            ],
        );
        let ran = inside(world, || {
            let found = device_of(&ZLIB).expect("one of the others");
            assert_eq!(
                found, "hisi_zip-2",
                "the newest interface is driven as the latest known"
            );
        });
        if ran.is_none() {
            return;
        }
    }
}

#[test]
fn what_the_kernel_refuses_is_its_own_error_and_leaves_nothing() {
    for (fault, number) in [
        ("OPEN_NODE=-13", libc::EACCES),
        ("OPEN_NODE=-16", libc::EBUSY),
        ("SET_QP_CTX=-22", libc::EINVAL),
        ("MMAP_DUS=-12", libc::ENOMEM),
        ("MMAP_MMIO=-12", libc::ENOMEM),
        ("START=-19", libc::ENODEV),
    ] {
        let world = world();
        device(&world, "hisi_zip-0", &[]);
        let world = world
            .with("FAKE_FAULT", fault)
            .with("EXPECTED", &number.to_string());
        let ran = inside(world, || {
            assert_eq!(device_of(&ZLIB).err().map(Error::number), expected());
        });
        if ran.is_none() {
            return;
        }
    }
}

#[test]
fn a_device_that_cannot_be_opened_is_passed_over_for_the_next_one() {
    let world = world();
    device(&world, "hisi_zip-0", &[]);
    device(&world, "hisi_zip-1", &[]);
    let world = inside(world.with("FAKE_FAULT", "START=-5@1"), || {
        assert_eq!(device_of(&ZLIB), Ok("hisi_zip-1".to_owned()));
    });
    let Some(world) = world else { return };
    assert_eq!(world.count("ioctl START"), 2, "{}", world.log());
}
