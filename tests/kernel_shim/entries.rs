//! The C entries over mediated devices: whose a container is, and what a fork child is left with.

use super::fake::World;
use super::{in_child, inside, open_things};
use core::mem::MaybeUninit;
use std::ffi::{CString, c_char, c_int};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use warpdrive::capi::v0::wd::{wd_mem_share, wd_release_queue, wd_request_queue, wd_send};
use warpdrive::ctypes::v0::wd_queue;
use warpdrive::sys::{fd, pages};

fn root() -> PathBuf {
    PathBuf::from(std::env::var_os("WD_DEV_ROOT").expect("set outside"))
}

/// A string for the rest of the process.
fn text(text: &str) -> *mut c_char {
    CString::new(text).expect("no NUL").into_raw()
}

fn below_root(name: &str) -> *mut c_char {
    text(&root().join(name).to_string_lossy())
}

/// A queue's structure for the device in `group`.
fn prepared(group: u32, container: c_int) -> Box<wd_queue> {
    // SAFETY: all-zero bytes are a valid structure: numbers, and pointers that are NULL.
    let mut q = unsafe { Box::new(MaybeUninit::<wd_queue>::zeroed().assume_init()) };
    q.container = container;
    q.mdev_name = text("00000000-0000-0000-0000-000000000001");
    q.vfio_group_path = below_root(&format!("vfio/{group}"));
    q.iommu_ext_path = below_root("iommu_type");
    q.dmaflag_ext_path = below_root("dma_flag");
    q.device_api_path = below_root("device_api");
    q
}

fn opened(group: u32, container: c_int) -> Box<wd_queue> {
    let mut q = prepared(group, container);
    // SAFETY: a structure of our own.
    assert_eq!(unsafe { wd_request_queue(&raw mut *q) }, 0);
    q
}

fn release(q: &mut wd_queue) {
    // SAFETY: a structure of our own.
    unsafe { wd_release_queue(q) };
    assert!(q.priv_.is_null() && (q.mdev, q.group) == (-1, -1));
}

fn is_open(fd: c_int) -> bool {
    // SAFETY: takes integers; a number that is not open is its error.
    unsafe { libc::fcntl(fd, libc::F_GETFD) != -1 }
}

fn open_containers() -> usize {
    let named = |name: &&String| name.contains("fake-vfio/vfio");
    open_things().0.iter().filter(named).count()
}

#[test]
fn a_queues_own_container_leaves_no_number_behind_in_the_last_of_two() {
    inside(World::vfio("1"), || {
        let mut one = opened(10, -1);
        let container = one.container;
        let mut two = opened(11, container);
        assert_eq!(two.container, container);
        release(&mut one);
        assert_eq!(one.container, -1);
        assert!(is_open(container), "the second queue still needs it");
        release(&mut two);
        assert_eq!(two.container, -1);
        assert!(!is_open(container));
    });
}

#[test]
fn a_container_of_the_callers_stays_in_the_structure() {
    inside(World::vfio("1"), || {
        let container = fd::open_read_write(&root().join("vfio/vfio")).expect("opens");
        let mut q = opened(10, container.as_raw_fd());
        release(&mut q);
        assert_eq!(q.container, container.as_raw_fd());
        assert!(is_open(container.as_raw_fd()));
        release(&mut q);
        assert_eq!(q.container, container.as_raw_fd());
    });
}

#[test]
fn a_fork_child_has_no_descriptor_of_a_queue_and_a_structure_to_use_again() {
    let world = inside(World::vfio("1"), || {
        let container = fd::open_read_write(&root().join("vfio/vfio")).expect("opens");
        let (mut one, mut two) = (opened(10, -1), opened(11, container.as_raw_fd()));
        in_child(|| {
            // The program's own is left.
            assert_eq!(open_containers(), 1);
            for q in [&mut one, &mut two] {
                assert!(!is_open(q.mdev) && !is_open(q.group));
                let mut message = [0_u8; 128];
                // SAFETY: a structure and a message of our own.
                let answer = unsafe { wd_send(&raw mut **q, message.as_mut_ptr().cast()) };
                assert_eq!(answer, -libc::ESHUTDOWN);
                release(q);
                assert_eq!(q.container, -1);
            }
        });
        assert!(!one.priv_.is_null() && !two.priv_.is_null());
        release(&mut one);
        release(&mut two);
    });
    let Some(world) = world else { return };
    assert_eq!(world.count("ioctl SET_IOMMU"), 2);
}

#[test]
fn release_takes_back_whatever_is_still_shared() {
    let world = inside(World::vfio("1"), || {
        let page = pages::size();
        let memory = pages::Pages::allocate(4 * page).expect("memory");
        let mut q = opened(10, -1);
        for at in [0, 0, 2] {
            let address = (memory.address() + at * page) as *const _;
            // SAFETY: a structure and memory of our own.
            let answer = unsafe { wd_mem_share(&raw mut *q, address, page, 0) };
            assert_eq!(answer, 0);
        }
        release(&mut q);
    });
    let Some(world) = world else { return };
    assert_eq!(world.count("ioctl MAP_DMA = 0"), 2, "{}", world.log());
    assert_eq!(world.count("ioctl UNMAP_DMA = 0"), 2);
    let order = ["ioctl UNMAP_DMA = 0", "close MDEV", "close CONTAINER"];
    assert!(world.order(&order).is_sorted(), "{}", world.log());
}

#[test]
fn a_memory_limit_is_no_memory_to_a_program() {
    let world = World::vfio("1").with("FAKE_FAULT", "MAP_DMA=-12@1");
    inside(world, || {
        let page = pages::size();
        let memory = pages::Pages::allocate(page).expect("memory");
        let mut q = opened(10, -1);
        let address = memory.address() as *const _;
        // SAFETY: a structure and memory of our own.
        let share = |q: &mut wd_queue| unsafe { wd_mem_share(q, address, page, 0) };
        assert_eq!(share(&mut q), -libc::ENOMEM);
        assert_eq!(share(&mut q), 0);
        release(&mut q);
    });
}
