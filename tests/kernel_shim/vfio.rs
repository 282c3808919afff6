//! Mediated devices behind VFIO, and the memory shared with them.

use super::fake::World;
use super::{Queue, expected, in_child, inside};
use core::time::Duration;
use std::os::fd::{AsRawFd, RawFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use warpdrive::mem::block;
use warpdrive::mem::share::Shares;
use warpdrive::qm::layout::Version;
use warpdrive::sys::{fd, pages};
use warpdrive::uacce::channel::{Access, Memory, QueueSetup, Wake};
use warpdrive::uacce::vfio::{self, Opened, Paths};
use warpdrive::{Error, Result};

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
    let opened = vfio::open(&vfio::Kernel, &paths(group, container))?;
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
    let world = inside(World::vfio("1\n"), || {
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
fn a_process_is_bound_before_the_queue_and_unbound_behind_it() {
    let faults = "BIND=0,BIND_PASID=0,UNBIND=0";
    let world = inside(World::vfio("4").with("FAKE_FAULT", faults), || {
        let container = fd::open_read_write(&root().join("vfio/vfio")).expect("opens");
        let (mut one, opened) = mdev(10, Some(container.as_raw_fd())).expect("opens");
        let (mut two, also) = mdev(11, Some(container.as_raw_fd())).expect("opens");
        one.echo(2);
        drop((one, opened));
        two.echo(2);
        drop((two, also));
    });
    let Some(world) = world else { return };
    let order = world.order(&[
        "ioctl GET_DEVICE_FD",
        "ioctl BIND = 0",
        "ioctl BIND_PASID = 0",
        "mmap DUS",
        "close MDEV",
        "ioctl UNBIND = 0",
    ]);
    // The first queue closes before the process is unbound for the second.
    assert!(order.is_sorted(), "{}", world.log());
    let count = |call| world.count(call);
    assert_eq!((count("ioctl BIND ="), count("ioctl UNBIND")), (1, 1));
    assert_eq!(count("ioctl BIND_PASID"), 2);
    let log = world.log();
    let lines: Vec<_> = log.lines().collect();
    let last = |call: &str| lines.iter().rposition(|l| l.starts_with(call));
    assert!(last("munmap") < last("ioctl UNBIND"), "{log}");
    assert!(last("ioctl UNBIND") < last("close MDEV"), "{log}");
}

#[test]
fn a_queue_that_cannot_be_bound_or_has_no_number_is_undone() {
    for (answer, number) in [(-22, libc::EINVAL), (4096, libc::EIO)] {
        let faults = format!("BIND=0,UNBIND=0,BIND_PASID={answer}");
        let world = World::vfio("8").with("FAKE_FAULT", &faults);
        let world = inside(world.with("EXPECTED", &number.to_string()), || {
            let error = mdev(10, None).err().expect("refused");
            assert_eq!(Some(error.number()), expected());
        });
        let Some(world) = world else { return };
        assert_eq!(world.count("ioctl UNBIND"), 1, "{}", world.log());
        assert_eq!(world.count("mmap"), 0);
    }
}

#[test]
fn the_number_that_the_binding_tells_is_the_queues() {
    let faults = "BIND=0,UNBIND=0,BIND_PASID=7";
    inside(World::vfio("4").with("FAKE_FAULT", faults), || {
        let opened = vfio::open(&vfio::Kernel, &paths(10, None)).expect("opens");
        let compress = QueueSetup {
            kind: 0,
            sqe_size: 128,
        };
        let id = opened.channel.configure(compress).expect("compresses");
        assert_eq!(id.number, 7);
    });
}

#[test]
fn a_wait_is_the_drivers_where_it_can() {
    for (faults, waits) in [("WAIT=3", 2), ("WAIT=-19", 1)] {
        let world = inside(World::vfio("1").with("FAKE_FAULT", faults), || {
            let (queue, _opened) = mdev(10, None).expect("opens");
            let wait = |ms| queue.channel.wait(Duration::from_millis(ms));
            // Shorter than a tick may be: asked of nobody.
            assert_eq!(wait(9), Ok(Wake::Event));
            assert_eq!((wait(60_000), wait(10)), (Ok(Wake::Event), Ok(Wake::Event)));
        });
        let Some(world) = world else { return };
        assert_eq!(world.count("ioctl WAIT"), waits, "{}", world.log());
    }
}

#[test]
fn every_failing_step_of_a_mediated_device_is_undone() {
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
        inside(world, || {
            let error = mdev(10, None).err().expect("a step fails");
            assert_eq!(Some(error.number()), expected());
        });
    }
}

#[test]
fn attributes_are_read_strictly() {
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
        inside(world, || {
            let number = mdev(10, None).err().map_or(0, Error::number);
            assert_eq!(Some(number), expected());
        });
    }
}

#[test]
fn missing_attributes_are_errors() {
    inside(World::vfio("1"), || {
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
    inside(World::vfio("4"), || {
        let opened = vfio::open(&vfio::Kernel, &paths(10, None)).expect("opens");
        let decompress = QueueSetup {
            kind: 1,
            sqe_size: 128,
        };
        let answer = opened.channel.configure(decompress);
        assert_eq!(answer, Err(Error::Unsupported));
        assert_eq!(
            vfio::open(&vfio::Kernel, &paths(10, None)).err(),
            Some(Error::Busy)
        );
    });
}

/// Memory that nothing else shares a page with.
fn buffer(pages: usize) -> (pages::Pages, usize, usize) {
    let page = pages::size();
    let memory = pages::Pages::allocate(pages * page).expect("memory");
    let base = memory.address();
    (memory, base, page)
}

#[test]
fn shares_of_a_mediated_device_are_mapped_and_unmapped() {
    let world = inside(World::vfio("1"), || {
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
    let world = World::vfio("1").with("FAKE_FAULT", "MAP_DMA=-12@1");
    inside(world, || {
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
    let world = inside(World::vfio("4"), || {
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
    let world = inside(World::vfio("1"), || {
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
    let world = inside(World::vfio("1"), || {
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
    let world = World::vfio("1").with("FAKE_FAULT", "SET_IOMMU=-16@2");
    inside(world, || {
        let container = fd::open_read_write(&root().join("vfio/vfio")).expect("opens");
        let group = fd::open_read_write(&root().join("vfio/12")).expect("opens");
        let mut number = container.as_raw_fd();
        // SAFETY: `GROUP_SET_CONTAINER` takes the address of a descriptor's number.
        let attached = unsafe { libc::ioctl(group.as_raw_fd(), 0x3b68, &raw mut number) };
        // SAFETY: `SET_IOMMU` takes a number.
        let set = unsafe { libc::ioctl(number, 0x3b66, 1) };
        assert_eq!((attached, set), (0, 0), "by the program");
        let (mut queue, _opened) = mdev(10, Some(number)).expect("opens");
        queue.echo(1);
    });
}

#[test]
fn a_container_that_is_none_is_refused_and_left_open() {
    inside(World::vfio("1"), || {
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
    let world = inside(World::vfio("1"), || {
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
