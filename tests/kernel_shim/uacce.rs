//! Queues of the uacce class.

use super::fake::World;
use super::{Queue, expected, in_child, inside};
use core::time::Duration;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use warpdrive::qm::layout::Version;
use warpdrive::sys::fd;
use warpdrive::sys::lent::Promise;
use warpdrive::uacce::channel::{Bus, Region, Wake};
use warpdrive::uacce::node::Kernel;
use warpdrive::{Error, Result};

/// One device, `hisi_zip-0`, with SVA, of mainline or of version 6.
fn world(v6: bool) -> World {
    let world = World::new().with("FAKE_UAPI", if v6 { "v6" } else { "mainline" });
    let (prefix, more) = if v6 {
        ("qfrt", "qfrt_dko_size")
    } else {
        ("region", "isolate")
    };
    for (name, content) in [
        ("api", "hisi_qm_v2\n"),
        ("flags", "1\n"),
        ("algorithms", "zlib\ngzip\n"),
        ("available_instances", "16\n"),
        (&format!("{prefix}_mmio_size"), "8192\n"),
        (&format!("{prefix}_dus_size"), "151552\n"),
        (more, "0\n"),
        ("device/numa_node", "0\n"),
    ] {
        world.file(&format!("class/uacce/hisi_zip-0/{name}"), content);
    }
    world
}

/// A started queue of the first device.
fn node() -> Result<Queue> {
    let device = Kernel.devices()?.remove(0);
    Queue::start(Kernel.open(&device)?, Version::V2)
}

#[test]
fn a_mainline_queue_works_through_wraps_and_leaves_nothing_behind() {
    let world = inside(world(false), || {
        let mut queue = node().expect("opens");
        queue.echo(3000);
        queue.channel.stop();
    });
    let Some(world) = world else { return };
    world.order(&[
        "open hisi_zip-0 cloexec",
        "ioctl SET_QP_CTX = 0",
        "ioctl SET_QP_INFO = 0",
        "mmap DUS 151552 @4096 = 0",
        "mmap MMIO 8192 @0 = 0",
        "ioctl START = 0",
        "ioctl PUT_Q = 0",
        "munmap DUS 151552 = 0",
        "munmap MMIO 8192 = 0",
        "close NODE",
    ]);
    assert_eq!((world.count("mmap"), world.count("munmap")), (2, 2));
    // Every store went to the doorbell, and the data path made no call.
    assert_eq!(world.count("store"), 0);
    assert_eq!(world.count("ioctl"), 5, "{}", world.log());
}

#[test]
fn a_version_6_queue_uses_its_own_numbers_and_pages() {
    let world = inside(world(true), || {
        node().expect("opens").echo(5);
    });
    let Some(world) = world else { return };
    let calls = ["mmap DUS 151552 @8192 = 0", "ioctl START = 0"];
    assert!(world.order(&calls).is_sorted());
    assert_eq!(world.count("ioctl PUT_Q = 0"), 1);
    assert_eq!(world.count("ioctl SHARE_SVAS"), 0);
}

#[test]
fn a_queue_starts_once_and_again_after_a_stop() {
    inside(world(false), || {
        let queue = node().expect("opens");
        assert_eq!(queue.channel.start(), Err(Error::Invalid));
        queue.channel.stop();
        queue.channel.stop();
        assert_eq!(queue.channel.start(), Ok(()));
    });
}

#[test]
fn a_device_without_a_free_queue_is_busy_until_one_is_closed() {
    inside(world(false).with("FAKE_QUEUES", "1"), || {
        let first = node().expect("opens");
        assert_eq!(node().err(), Some(Error::Busy));
        // Its mappings hold the queue as its descriptor does.
        let memory = first.channel.region(Region::Dus).expect("mapped");
        drop(first);
        assert_eq!(node().err(), Some(Error::Busy));
        drop(memory);
        node().expect("free again").echo(1);
    });
}

#[test]
fn two_queues_of_a_process_do_not_disturb_each_other() {
    inside(world(false), || {
        let (mut one, mut two) = (node().expect("1"), node().expect("2"));
        one.echo(10);
        two.echo(10);
        drop(one);
        two.echo(10);
    });
}

#[test]
fn a_region_is_mapped_once_however_often_it_is_asked_for() {
    let world = inside(world(false), || {
        let queue = node().expect("opens");
        for _ in 0..3 {
            queue.channel.region(Region::Dus).expect("mapped before");
            queue.channel.doorbell(0x1000).expect("mapped before");
        }
        let none = queue.channel.region(Region::Ss(4096)).err();
        assert_eq!(none, Some(Error::Invalid));
    });
    let Some(world) = world else { return };
    assert_eq!((world.count("mmap DUS"), world.count("mmap MMIO")), (1, 1));
    assert_eq!(
        world.count("mmap SS 4096 @8192 = -22"),
        1,
        "{}",
        world.log()
    );
}

#[test]
fn a_kernel_without_queue_info_has_rings_of_1024() {
    let world = world(false).with("FAKE_FAULT", "SET_QP_INFO=-22");
    inside(world, || {
        let mut queue = node().expect("opens");
        assert_eq!(queue.sender.capacity(), 1023);
        queue.echo(1030);
    });
}

#[test]
fn completions_may_come_in_another_order() {
    let world = world(false).with("FAKE_FAULT", "swap");
    inside(world, || {
        let mut queue = node().expect("opens");
        let mut to = [[0_u8; 3]; 2];
        queue.send(7, b"one", &mut to[0]).expect("room");
        assert_eq!(queue.receive(), Ok(None));
        queue.send(8, b"tw", &mut to[1]).expect("room");
        assert_eq!(queue.receive(), Ok(Some((8, 2))));
        assert_eq!(queue.receive(), Ok(Some((7, 3))));
        assert_eq!(&to[0], b"one");
    });
}

#[test]
fn a_device_that_disappears_is_an_error_and_the_process_lives() {
    let world = world(false).with("FAKE_FAULT", "remove@3");
    let world = inside(world, || {
        let mut queue = node().expect("opens");
        queue.echo(2);
        let mut to = [0; 8];
        queue.send(3, &[1; 8], &mut to).expect("not noticed yet");
        assert_eq!(queue.receive(), Err(Error::NoDevice));
        assert_eq!(queue.send(4, &[1; 8], &mut to), Err(Error::NoDevice));
        assert_eq!(queue.channel.start(), Err(Error::NoDevice));
        let limit = Duration::from_millis(3);
        assert_eq!(queue.channel.wait(limit), Ok(Wake::TimedOut));
        queue.channel.stop();
        let device = Kernel.devices().expect("sysfs is still there").remove(0);
        assert_eq!(Kernel.open(&device).err(), Some(Error::NoDevice));
    });
    let Some(world) = world else { return };
    assert_eq!(world.count("munmap"), 2);
    assert_eq!(world.count("ioctl START = -6"), 1);
}

#[test]
fn a_doorbell_after_the_device_disappeared_does_not_kill() {
    let world = world(false).with("FAKE_FAULT", "remove@1");
    inside(world, || {
        let mut queue = node().expect("opens");
        let bell = queue.channel.doorbell(0x1000).expect("mapped");
        let mut to = [0; 8];
        queue.send(1, &[1; 8], &mut to).expect("not noticed yet");
        // Nothing has looked at the queue's memory since: the store itself meets the loss.
        // SAFETY: there is no device any more, and the one request names what is there.
        let promise = unsafe { Promise::given() };
        bell.ring(promise, 0);
        bell.ring(promise, 0);
        assert_eq!(queue.receive(), Err(Error::NoDevice));
    });
}

#[test]
fn a_full_ring_whose_device_disappeared_says_so_at_once() {
    let world = world(false).with("FAKE_FAULT", "remove@1023");
    inside(world, || {
        let mut queue = node().expect("opens");
        let mut to = [0; 8];
        for tag in 1..=1023 {
            queue.send(tag, &[1; 8], &mut to).expect("room");
        }
        // A full ring looks at no memory of the device but the status word.
        let answer = queue.send(1024, &[1; 8], &mut to);
        assert_eq!(answer, Err(Error::NoDevice));
    });
}

#[test]
fn a_wait_ends_with_a_completion_or_with_the_limit() {
    inside(world(false), || {
        let mut queue = node().expect("opens");
        let mut to = [0; 8];
        queue.send(1, &[1; 8], &mut to).expect("room");
        let long = Duration::from_secs(60);
        assert_eq!(queue.channel.wait(long), Ok(Wake::Event));
        let short = Duration::from_millis(2);
        assert_eq!(queue.channel.wait(short), Ok(Wake::TimedOut));
        assert_eq!(queue.receive(), Ok(Some((1, 8))));
    });
}

#[test]
fn a_failing_step_of_opening_leaves_nothing_behind() {
    for (fault, number) in [
        ("OPEN_NODE=-16", libc::EBUSY),
        // Who opens a device while it is removed.
        ("OPEN_NODE=-22", libc::ENODEV),
        ("SET_QP_CTX=-22", libc::EINVAL),
        ("MMAP_DUS=-12", libc::ENOMEM),
        ("MMAP_MMIO=-12", libc::ENOMEM),
        ("START=-6", libc::ENODEV),
    ] {
        let world = world(false).with("FAKE_FAULT", fault);
        let world = world.with("EXPECTED", &number.to_string());
        inside(world, || {
            let error = node().err().expect("a step fails");
            assert_eq!(Some(error.number()), expected());
        });
    }
}

#[test]
fn no_descriptor_is_one_of_the_standard_three() {
    inside(world(false), || {
        let input = fd::duplicate(0).expect("open");
        nix::unistd::close(0).expect("open");
        let queue = node().expect("opens");
        assert!(queue.channel.event().as_raw_fd() > 2);
        drop(queue);
        // As it was, for the comparison of what is open.
        let back = nix::fcntl::fcntl(&input, nix::fcntl::FcntlArg::F_DUPFD(0));
        assert_eq!(back, Ok(0));
    });
}

#[test]
fn a_fork_child_leaves_the_parents_queue_alone() {
    let world = inside(world(false), || {
        let mut queue = node().expect("opens");
        let channel = Arc::clone(&queue.channel);
        in_child(|| channel.stop());
        queue.echo(3);
    });
    let Some(world) = world else { return };
    // The one of the parent, when it dropped the queue.
    assert_eq!(world.count("ioctl PUT_Q"), 1);
}
