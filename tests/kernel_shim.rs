//! The kernel interface against a fake kernel that is as strict as the real ones.
//! Each test runs itself again with that kernel preloaded, and then looks at the
//! kernel's log from outside.

#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(unsafe_code, reason = "forks")]

#[path = "common/fake.rs"]
mod fake;

use core::num::NonZeroU64;
use core::time::Duration;
use fake::World;
use std::os::fd::{AsRawFd, RawFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use warpdrive::mem::block;
use warpdrive::mem::share::Shares;
use warpdrive::qm::layout::Version;
use warpdrive::qm::ring::{self, Receiver, Sender};
use warpdrive::sys::fd;
use warpdrive::uacce::channel::{Access, Bus, Channel, Memory, QueueSetup, Region, Wake};
use warpdrive::uacce::node::Kernel;
use warpdrive::uacce::vfio::{self, Opened, Paths};
use warpdrive::{Error, Result};

/// Runs `body` in a process of its own under the fake kernel. `test` is the caller's name.
/// `None` in that process, the world after it outside.
fn inside(test: &str, world: World, body: fn()) -> Option<World> {
    if std::env::var_os("FAKE_INSIDE").is_some() {
        let before = open_things();
        body();
        assert_eq!(open_things(), before, "left behind");
        return None;
    }
    let output = world
        .command(&std::env::current_exe().expect("known"))
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env("FAKE_INSIDE", "1")
        .env("WD_LOG_LEVEL", "info")
        .output()
        .expect("this program");
    let (told, log) = (fake::text(&output), world.log());
    let ran = told.contains("1 passed");
    assert!(output.status.success() && ran, "{told}\n--- log\n{log}");
    Some(world)
}

/// The open descriptors and the mapped device files of this process.
fn open_things() -> (Vec<String>, usize) {
    let list = std::fs::read_dir("/proc/self/fd").expect("/proc is mounted");
    let mut fds: Vec<String> = list
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .map(|target| target.to_string_lossy().into_owned())
        // The list itself.
        .filter(|target| !target.starts_with("/proc/"))
        .collect();
    fds.sort();
    let maps = std::fs::read_to_string("/proc/self/maps").expect("/proc is mounted");
    (fds, maps.matches("/memfd:fake-").count())
}

struct Queue {
    sender: Sender<128>,
    receiver: Receiver<128>,
    channel: Arc<dyn Channel>,
}

impl Queue {
    fn start(channel: Arc<dyn Channel>, version: Version) -> Result<Queue> {
        let setup = QueueSetup {
            kind: 0,
            sqe_size: 128,
        };
        let id = channel.configure(setup)?;
        let (sender, receiver) = ring::open::<128>(&*channel, version, &id)?;
        channel.start()?;
        Ok(Queue {
            sender,
            receiver,
            channel,
        })
    }

    fn node() -> Result<Queue> {
        let device = Kernel.devices()?.remove(0);
        Queue::start(Kernel.open(&device)?, Version::V2)
    }

    /// Sends a request that copies `from` to `to`.
    fn send(&mut self, tag: u64, from: &[u8], to: &mut [u8]) -> Result<()> {
        let mut sqe = [0_u8; 128];
        let mut put = |word: usize, bytes: &[u8]| {
            sqe[word * 4..word * 4 + bytes.len()].copy_from_slice(bytes);
        };
        put(4, &(from.len() as u32).to_le_bytes());
        put(14, &(to.len() as u32).to_le_bytes());
        put(18, &(from.as_ptr() as u64).to_le_bytes());
        put(20, &(to.as_mut_ptr() as u64).to_le_bytes());
        self.sender
            .write(&sqe, NonZeroU64::new(tag).expect("not 0"))?;
        self.sender.commit()
    }

    /// The tag and the produced length of the next completion.
    fn receive(&mut self) -> Result<Option<(u64, u32)>> {
        let mut sqe = [0; 128];
        let answer = self.receiver.receive(|tag, slot| {
            slot.read(&mut sqe);
            tag.get()
        });
        self.receiver.acknowledge();
        let produced = u32::from_le_bytes([sqe[4], sqe[5], sqe[6], sqe[7]]);
        Ok(answer?.map(|tag| (tag, produced)))
    }

    fn echo(&mut self, rounds: u64) {
        for round in 1..=rounds {
            let from = round.to_le_bytes();
            let mut to = [0_u8; 8];
            self.send(round, &from, &mut to).expect("room");
            assert_eq!(self.receive(), Ok(Some((round, 8))));
            assert_eq!(to, from);
        }
    }
}

#[test]
fn a_mainline_queue_works_through_wraps_and_leaves_nothing_behind() {
    let name = "a_mainline_queue_works_through_wraps_and_leaves_nothing_behind";
    let world = inside(name, World::uacce(false), || {
        let mut queue = Queue::node().expect("opens");
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
    let name = "a_version_6_queue_uses_its_own_numbers_and_pages";
    let world = inside(name, World::uacce(true), || {
        Queue::node().expect("opens").echo(5);
    });
    let Some(world) = world else { return };
    let calls = ["mmap DUS 151552 @8192 = 0", "ioctl START = 0"];
    assert!(world.order(&calls).is_sorted());
    assert_eq!(world.count("ioctl PUT_Q = 0"), 1);
    assert_eq!(world.count("ioctl SHARE_SVAS"), 0);
}

#[test]
fn a_queue_starts_once_and_again_after_a_stop() {
    let name = "a_queue_starts_once_and_again_after_a_stop";
    inside(name, World::uacce(false), || {
        let queue = Queue::node().expect("opens");
        assert_eq!(queue.channel.start(), Err(Error::Invalid));
        queue.channel.stop();
        queue.channel.stop();
        assert_eq!(queue.channel.start(), Ok(()));
    });
}

#[test]
fn a_device_without_a_free_queue_is_busy_until_one_is_closed() {
    let name = "a_device_without_a_free_queue_is_busy_until_one_is_closed";
    inside(name, World::uacce(false).with("FAKE_QUEUES", "1"), || {
        let first = Queue::node().expect("opens");
        assert_eq!(Queue::node().err(), Some(Error::Busy));
        // Its mappings hold the queue as its descriptor does.
        let memory = first.channel.region(Region::Dus).expect("mapped");
        drop(first);
        assert_eq!(Queue::node().err(), Some(Error::Busy));
        drop(memory);
        Queue::node().expect("free again").echo(1);
    });
}

#[test]
fn two_queues_of_a_process_do_not_disturb_each_other() {
    let name = "two_queues_of_a_process_do_not_disturb_each_other";
    inside(name, World::uacce(false), || {
        let (mut one, mut two) = (Queue::node().expect("1"), Queue::node().expect("2"));
        one.echo(10);
        two.echo(10);
        drop(one);
        two.echo(10);
    });
}

#[test]
fn a_region_is_mapped_once_however_often_it_is_asked_for() {
    let name = "a_region_is_mapped_once_however_often_it_is_asked_for";
    let world = inside(name, World::uacce(false), || {
        let queue = Queue::node().expect("opens");
        for _ in 0..3 {
            queue.channel.region(Region::Dus).expect("mapped before");
            queue.channel.doorbell(0x1000).expect("mapped before");
        }
        let none = queue.channel.region(Region::Ss(4096)).err();
        assert_eq!(none, Some(Error::Invalid));
    });
    let Some(world) = world else { return };
    assert_eq!((world.count("mmap DUS"), world.count("mmap MMIO")), (2, 1));
}

#[test]
fn a_kernel_without_queue_info_has_rings_of_1024() {
    let name = "a_kernel_without_queue_info_has_rings_of_1024";
    let world = World::uacce(false).with("FAKE_FAULT", "SET_QP_INFO=-22");
    inside(name, world, || {
        let mut queue = Queue::node().expect("opens");
        assert_eq!(queue.sender.capacity(), 1023);
        queue.echo(1030);
    });
}

#[test]
fn completions_may_come_in_another_order() {
    let name = "completions_may_come_in_another_order";
    let world = World::uacce(false).with("FAKE_FAULT", "swap");
    inside(name, world, || {
        let mut queue = Queue::node().expect("opens");
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
    let name = "a_device_that_disappears_is_an_error_and_the_process_lives";
    let world = World::uacce(false).with("FAKE_FAULT", "remove@3");
    let world = inside(name, world, || {
        let mut queue = Queue::node().expect("opens");
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
        assert!(Kernel.open(&device).is_err());
    });
    let Some(world) = world else { return };
    assert_eq!(world.count("munmap"), 2);
    assert_eq!(world.count("ioctl START = -6"), 1);
}

#[test]
fn a_doorbell_after_the_device_disappeared_does_not_kill() {
    let name = "a_doorbell_after_the_device_disappeared_does_not_kill";
    let world = World::uacce(false).with("FAKE_FAULT", "remove@1");
    inside(name, world, || {
        let mut queue = Queue::node().expect("opens");
        let bell = queue.channel.doorbell(0x1000).expect("mapped");
        let mut to = [0; 8];
        queue.send(1, &[1; 8], &mut to).expect("not noticed yet");
        // Nothing has looked at the queue's memory since: the store itself meets the loss.
        bell.ring(0);
        bell.ring(0);
        assert_eq!(queue.receive(), Err(Error::NoDevice));
    });
}

#[test]
fn a_wait_ends_with_a_completion_or_with_the_limit() {
    let name = "a_wait_ends_with_a_completion_or_with_the_limit";
    inside(name, World::uacce(false), || {
        let mut queue = Queue::node().expect("opens");
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
    let name = "a_failing_step_of_opening_leaves_nothing_behind";
    for (fault, number) in [
        ("OPEN_NODE=-16", libc::EBUSY),
        ("SET_QP_CTX=-22", libc::EINVAL),
        ("MMAP_DUS=-12", libc::ENOMEM),
        ("MMAP_MMIO=-12", libc::ENOMEM),
        ("START=-6", libc::ENODEV),
    ] {
        let world = World::uacce(false).with("FAKE_FAULT", fault);
        let world = world.with("EXPECTED", &number.to_string());
        inside(name, world, || {
            let error = Queue::node().err().expect("a step fails");
            assert_eq!(Some(error.number()), expected());
        });
    }
}

fn expected() -> Option<i32> {
    std::env::var("EXPECTED").ok()?.parse().ok()
}

#[test]
fn no_descriptor_is_one_of_the_standard_three() {
    let name = "no_descriptor_is_one_of_the_standard_three";
    inside(name, World::uacce(false), || {
        let input = fd::duplicate(0).expect("open");
        nix::unistd::close(0).expect("open");
        let queue = Queue::node().expect("opens");
        assert!(queue.channel.event().as_raw_fd() > 2);
        drop(queue);
        // As it was, for the comparison of what is open.
        let back = nix::fcntl::fcntl(&input, nix::fcntl::FcntlArg::F_DUPFD(0));
        assert_eq!(back, Ok(0));
    });
}

#[test]
fn a_fork_child_leaves_the_parents_queue_alone() {
    let name = "a_fork_child_leaves_the_parents_queue_alone";
    let world = inside(name, World::uacce(false), || {
        let mut queue = Queue::node().expect("opens");
        let channel = Arc::clone(&queue.channel);
        in_child(|| channel.stop());
        queue.echo(3);
    });
    let Some(world) = world else { return };
    // The one of the parent, when it dropped the queue.
    assert_eq!(world.count("ioctl PUT_Q"), 1);
}

/// Runs `body` in a fork child, which must not panic.
fn in_child(body: impl FnOnce()) {
    // SAFETY: the test has no other thread that holds locks; the child leaves by _exit.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let good = std::panic::catch_unwind(core::panic::AssertUnwindSafe(body)).is_ok();
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(i32::from(!good)) };
    }
    let mut status = 0;
    // SAFETY: waits for the child made above; `status` is writable.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(status, 0);
}

// ---- VFIO ----

fn root() -> PathBuf {
    PathBuf::from(std::env::var_os("WD_DEV_ROOT").expect("set outside"))
}

fn paths(group: u32, container: Option<RawFd>) -> Paths {
    Paths {
        mdev: c"00000000-0000-0000-0000-000000000001".to_owned(),
        group: root().join(format!("vfio/{group}")),
        iommu_type: root().join("iommu_type"),
        dma_flag: root().join("dma_flag"),
        device_api: root().join("device_api"),
        container,
    }
}

fn mdev(group: u32, container: Option<RawFd>) -> Result<(Queue, Opened)> {
    let opened = vfio::open(&paths(group, container))?;
    let version = Version::from_api(&opened.api)?;
    let queue = Queue::start(Arc::clone(&opened.channel), version)?;
    Ok((queue, opened))
}

fn close_on_exec(fd: RawFd) -> bool {
    let path = format!("/proc/self/fdinfo/{fd}");
    let text = std::fs::read_to_string(path).expect("open");
    let flags = text.lines().find_map(|l| l.strip_prefix("flags:"));
    let flags = i32::from_str_radix(flags.expect("a line of flags").trim(), 8);
    flags.expect("octal") & libc::O_CLOEXEC != 0
}

#[test]
fn a_mediated_device_opens_in_order_and_closes_in_order() {
    let name = "a_mediated_device_opens_in_order_and_closes_in_order";
    let world = inside(name, World::vfio("1\n"), || {
        let (mut queue, opened) = mdev(10, None).expect("opens");
        assert_eq!((opened.api.as_str(), opened.dma_flag), ("hisi_qm_v1", 1));
        for fd in [opened.container, opened.group, opened.device] {
            assert!(fd > 2 && close_on_exec(fd));
        }
        queue.echo(2100);
        let limit = Duration::from_millis(1);
        assert_eq!(queue.channel.wait(limit), Ok(Wake::TimedOut));
        assert_eq!(queue.channel.wait(limit * 2), Ok(Wake::Event));
    });
    let Some(world) = world else { return };
    let order = world.order(&[
        "open vfio/10 cloexec",
        "open vfio/vfio cloexec",
        "ioctl GET_API_VERSION = 0",
        "ioctl CHECK_EXTENSION = 1",
        "ioctl GROUP_GET_STATUS = 0",
        "ioctl SET_CONTAINER = 0",
        "ioctl SET_IOMMU = 0",
        "ioctl GET_DEVICE_FD",
        "mmap DUS 147456 @4096 = 0",
        "mmap MMIO 4096 @0 = 0",
        "munmap DUS 147456 = 0",
        "close MDEV",
        "close CONTAINER",
        "close GROUP",
    ]);
    assert!(order.is_sorted(), "{}", world.log());
    assert_eq!((world.count("mmap"), world.count("munmap")), (2, 2));
    assert_eq!((world.count("close"), world.count("store")), (3, 0));
}

#[test]
fn every_failing_step_of_a_mediated_device_is_undone() {
    let name = "every_failing_step_of_a_mediated_device_is_undone";
    for (fault, number) in [
        ("OPEN_GROUP=-16", libc::EBUSY),
        ("OPEN_CONTAINER=-2", libc::ENODEV),
        ("GET_API_VERSION=1", libc::EINVAL),
        ("CHECK_EXTENSION=0", libc::EOPNOTSUPP),
        ("CHECK_EXTENSION=-22", libc::EOPNOTSUPP),
        ("notviable", libc::EPERM),
        ("GROUP_GET_STATUS=-5", libc::EIO),
        ("SET_CONTAINER=-16", libc::EBUSY),
        ("SET_IOMMU=-1", libc::EPERM),
        ("SET_IOMMU=-22", libc::EINVAL),
        ("GET_DEVICE_FD=-19", libc::ENODEV),
        ("MMAP_DUS=-12", libc::ENOMEM),
        ("MMAP_MMIO=-12", libc::ENOMEM),
        ("dirty", libc::ENODEV),
    ] {
        let world = World::vfio("1").with("FAKE_FAULT", fault);
        let world = world.with("EXPECTED", &number.to_string());
        inside(name, world, || {
            let error = mdev(10, None).err().expect("a step fails");
            assert_eq!(Some(error.number()), expected());
        });
    }
}

#[test]
fn attributes_are_read_strictly() {
    let name = "attributes_are_read_strictly";
    for (file, content, number) in [
        ("dma_flag", "garbage", libc::EINVAL),
        ("dma_flag", "", libc::EINVAL),
        ("dma_flag", "0\n", libc::EINVAL),
        ("dma_flag", "64\n", libc::EINVAL),
        ("dma_flag", "16\n", libc::EPERM),
        ("iommu_type", "one", libc::EINVAL),
        ("iommu_type", "8\n", libc::EPERM),
        ("device_api", "hisi_qm_v9", libc::ENODEV),
        ("device_api", " hisi_qm_v1 \n", 0),
    ] {
        let world = World::vfio("1").with("EXPECTED", &number.to_string());
        world.file(file, content);
        inside(name, world, || {
            let number = mdev(10, None).err().map_or(0, Error::number);
            assert_eq!(Some(number), expected());
        });
    }
}

#[test]
fn missing_attributes_are_errors() {
    let name = "missing_attributes_are_errors";
    inside(name, World::vfio("1"), || {
        for (file, expected) in [
            ("dma_flag", Error::Invalid),
            ("iommu_type", Error::Invalid),
            ("device_api", Error::Os(libc::ENOENT)),
        ] {
            let (here, away) = (root().join(file), root().join("away"));
            std::fs::rename(&here, &away).expect("there");
            assert_eq!(mdev(10, None).err(), Some(expected));
            std::fs::rename(&away, &here).expect("there");
        }
    });
}

#[test]
fn a_mediated_device_only_compresses() {
    let name = "a_mediated_device_only_compresses";
    inside(name, World::vfio("4"), || {
        let opened = vfio::open(&paths(10, None)).expect("opens");
        let decompress = QueueSetup {
            kind: 1,
            sqe_size: 128,
        };
        let answer = opened.channel.configure(decompress);
        assert_eq!(answer, Err(Error::Unsupported));
        assert_eq!(vfio::open(&paths(10, None)).err(), Some(Error::Busy));
    });
}

/// Memory that nothing else shares a page with.
fn buffer(pages: usize) -> (warpdrive::sys::pages::Pages, usize, usize) {
    let page = warpdrive::sys::pages::size();
    let memory = warpdrive::sys::pages::Pages::allocate(pages * page).expect("memory");
    let base = memory.address();
    (memory, base, page)
}

#[test]
fn shares_of_a_mediated_device_are_mapped_and_unmapped() {
    let name = "shares_of_a_mediated_device_are_mapped_and_unmapped";
    let world = inside(name, World::vfio("1"), || {
        let (_memory, base, page) = buffer(8);
        let (queue, _opened) = mdev(10, None).expect("opens");
        let shares = Shares::new(queue.channel.memory());
        shares.share(base, 3 * page, Access::Read).expect("maps");
        shares.share(base + page, page, Access::Read).expect("maps");
        shares
            .share(base + 2 * page, 3 * page, Access::Read)
            .expect("maps");
        shares.unshare(base, 3 * page).expect("shared");
        shares.unshare(base + page, page).expect("shared");
        shares.unshare(base + 2 * page, 3 * page).expect("shared");
        assert_eq!(shares.unshare(base, page), Err(Error::Invalid));
        // Left to the end of the queue.
        shares.share(base, page, Access::ReadWrite).expect("maps");
    });
    let Some(world) = world else { return };
    let count = |call| world.count(call);
    assert_eq!(count("ioctl MAP_DMA = 0"), 3, "{}", world.log());
    assert_eq!(count("ioctl UNMAP_DMA = 0"), 3);
    assert_eq!((count("ioctl MAP_DMA"), count("ioctl UNMAP_DMA")), (3, 3));
}

#[test]
fn a_memory_limit_is_no_memory() {
    let name = "a_memory_limit_is_no_memory";
    let world = World::vfio("1").with("FAKE_FAULT", "MAP_DMA=-12@1");
    inside(name, world, || {
        let (_memory, base, page) = buffer(1);
        let (queue, _opened) = mdev(10, None).expect("opens");
        let shares = Shares::new(queue.channel.memory());
        let answer = shares.share(base, page, Access::Read);
        assert_eq!(answer, Err(Error::NoMemory));
        assert_eq!(shares.held(), 0);
        shares.share(base, page, Access::Read).expect("room now");
    });
}

#[test]
fn shared_virtual_addresses_need_no_call() {
    let name = "shared_virtual_addresses_need_no_call";
    let world = inside(name, World::vfio("4"), || {
        let (_memory, base, page) = buffer(2);
        let (queue, _opened) = mdev(10, None).expect("opens");
        assert!(matches!(queue.channel.memory(), Memory::Sva));
        let shares = Shares::new(queue.channel.memory());
        shares.share(base, page, Access::ReadWrite).expect("valid");
        shares.share_all().expect("with SVA");
        let block = block::allocate(page).expect("memory");
        block::free(block).expect("not shared");
        shares.unshare(base, page).expect("shared");
    });
    let Some(world) = world else { return };
    assert_eq!(world.count("ioctl MAP_DMA"), 0);
    assert_eq!(world.count("ioctl UNMAP_DMA"), 0);
}

#[test]
fn queues_in_a_container_of_the_callers_count_together_and_leave_it_open() {
    let name = "queues_in_a_container_of_the_callers_count_together_and_leave_it_open";
    let world = inside(name, World::vfio("1"), || {
        let (_memory, base, page) = buffer(4);
        let container = fd::open_read_write(&root().join("vfio/vfio")).expect("opens");
        let other = fd::duplicate(container.as_raw_fd()).expect("open");
        let (mut one, opened) = mdev(10, Some(container.as_raw_fd())).expect("opens");
        assert_eq!(opened.container, container.as_raw_fd());
        // By another number, and still the same container.
        let (mut two, also) = mdev(11, Some(other.as_raw_fd())).expect("opens");
        let shares = Shares::new(one.channel.memory());
        let more = Shares::new(two.channel.memory());
        shares
            .share(base, 2 * page, Access::ReadWrite)
            .expect("maps");
        more.share(base, 2 * page, Access::ReadWrite)
            .expect("there");
        let block = block::allocate(page).expect("mapped once");
        one.echo(3);
        drop((shares, one, opened));
        two.echo(3);
        drop((more, two, also));
        block::free(block).expect("not shared");
        // With its last group the kernel forgot the container's IOMMU; it is set up again.
        let (mut three, _opened) = mdev(10, Some(container.as_raw_fd())).expect("opens");
        three.echo(3);
        assert!(Path::new(&format!("/proc/self/fd/{}", other.as_raw_fd())).exists());
    });
    let Some(world) = world else { return };
    let count = |call| world.count(call);
    assert_eq!(count("ioctl SET_IOMMU"), 2, "{}", world.log());
    assert_eq!(count("ioctl MAP_DMA = 0"), 2);
    assert_eq!(count("ioctl UNMAP_DMA = 0"), 2);
    assert_eq!((count("ioctl MAP_DMA"), count("ioctl UNMAP_DMA")), (2, 2));
}

#[test]
fn a_queues_own_container_can_be_given_to_another_queue() {
    let name = "a_queues_own_container_can_be_given_to_another_queue";
    let world = inside(name, World::vfio("1"), || {
        let (one, opened) = mdev(10, None).expect("opens");
        let (mut two, also) = mdev(11, Some(opened.container)).expect("opens");
        drop((one, opened));
        two.echo(3);
        let (_memory, base, page) = buffer(1);
        let shares = Shares::new(two.channel.memory());
        shares.share(base, page, Access::Read).expect("maps");
        drop(shares);
        drop((two, also));
    });
    let Some(world) = world else { return };
    assert_eq!(world.count("ioctl SET_IOMMU"), 1);
}

#[test]
fn a_container_that_has_an_iommu_already_is_taken_as_it_is() {
    let name = "a_container_that_has_an_iommu_already_is_taken_as_it_is";
    let world = World::vfio("1").with("FAKE_FAULT", "SET_IOMMU=-16@2");
    inside(name, world, || {
        use warpdrive::sys::ioctl;
        let container = fd::open_read_write(&root().join("vfio/vfio")).expect("opens");
        let group = fd::open_read_write(&root().join("vfio/12")).expect("opens");
        use std::os::fd::AsFd;
        let mut number = container.as_raw_fd();
        ioctl::with_argument(group.as_fd(), 0x3b68, &mut number).expect("attached");
        ioctl::with_value(container.as_fd(), 0x3b66, 1).expect("set by the program");
        let (mut queue, _opened) = mdev(10, Some(number)).expect("opens");
        queue.echo(1);
    });
}

#[test]
fn a_container_that_is_none_is_refused_and_left_open() {
    let name = "a_container_that_is_none_is_refused_and_left_open";
    inside(name, World::vfio("1"), || {
        let null = fd::open_read_write(Path::new("/dev/null")).expect("there");
        let refused = mdev(10, Some(null.as_raw_fd())).err();
        assert_eq!(refused, Some(Error::Invalid));
        assert!(close_on_exec(null.as_raw_fd()));
        let closed = mdev(10, Some(999)).err();
        assert_eq!(closed, Some(Error::Os(libc::EBADF)));
    });
}

#[test]
fn a_fork_child_unmaps_nothing_of_its_parent() {
    let name = "a_fork_child_unmaps_nothing_of_its_parent";
    let world = inside(name, World::vfio("1"), || {
        let (_memory, base, page) = buffer(2);
        let address = block::allocate(page).expect("memory");
        let (mut queue, opened) = mdev(10, None).expect("opens");
        let shares = Shares::new(queue.channel.memory());
        shares.share(base, page, Access::ReadWrite).expect("maps");
        let (held, channel) = (&shares, &queue.channel);
        in_child(|| {
            assert_eq!(held.share(base, page, Access::Read), Err(Error::Shutdown));
            assert_eq!(held.unshare(base, page), Err(Error::Shutdown));
            assert_eq!(held.share_all(), Err(Error::Shutdown));
            held.unshare_all();
            assert_eq!(held.held(), 0);
            assert_eq!(channel.start(), Err(Error::Shutdown));
            let moment = Duration::from_millis(1);
            assert_eq!(channel.wait(moment), Err(Error::Shutdown));
            assert_eq!(block::free(address), Err(Error::Invalid));
        });
        queue.echo(2);
        drop((shares, queue, opened));
        block::free(address).expect("of this process");
    });
    let Some(world) = world else { return };
    assert_eq!(world.count("ioctl UNMAP_DMA"), 2, "{}", world.log());
}
