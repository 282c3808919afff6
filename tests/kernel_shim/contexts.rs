//! Contexts of UADK v2 on devices of the kernel.

use super::fake::World;
use super::{in_child, inside, open_things};
use core::ffi::{c_int, c_ulong, c_void};
use core::ptr;
use std::io::Error;
use warpdrive::capi::v2::wd::*;
use warpdrive::ctypes::v2::Enum;
use warpdrive::ctypes::v2::uacce::uacce_qfrt;
use warpdrive::ctypes::v2::wd::uacce_dev;
use warpdrive::ctypes::v2::wd_internal::wd_ctx_h;

const MMIO: Enum<uacce_qfrt> = Enum::new(0);
const DUS: Enum<uacce_qfrt> = Enum::new(1);

/// One device, `hisi_zip-0`, of mainline.
fn world() -> World {
    let world = World::new().with("FAKE_UAPI", "mainline");
    for (name, content) in [
        ("api", "hisi_qm_v3\n"),
        ("flags", "1\n"),
        ("algorithms", "lz77_zstd\nzlib\n"),
        ("available_instances", "16\n"),
        ("region_mmio_size", "8192\n"),
        ("region_dus_size", "151552\n"),
        ("isolate", "0\n"),
        ("dev_usage", "DECOMPRESS: 3\nCOMPRESS: 42\n"),
        ("device/numa_node", "-1\n"),
    ] {
        world.file(&format!("class/uacce/hisi_zip-0/{name}"), content);
    }
    world
}

/// The device, for the rest of the process.
fn device() -> *mut uacce_dev {
    // SAFETY: a string.
    let list = unsafe { wd_get_accel_list(c"zlib".as_ptr()) };
    // SAFETY: NULL or a list.
    unsafe { list.as_ref() }.expect("one device").dev
}

fn open() -> usize {
    // SAFETY: a device of the library's.
    unsafe { wd_request_ctx(device()) }
}

fn release(handle: usize) {
    // SAFETY: handles may be any number.
    unsafe { wd_release_ctx(handle) }
}

fn call(handle: usize, command: c_ulong, argument: *mut c_void) -> c_int {
    // SAFETY: the tests give as many bytes as the number says.
    unsafe { wd_ctx_set_io_cmd(handle, command, argument) }
}

fn map(handle: usize, region: Enum<uacce_qfrt>) -> *mut u8 {
    // SAFETY: handles and regions may be any number.
    unsafe { wd_ctx_mmap_qfr(handle, region) }.cast()
}

fn errno() -> Option<i32> {
    Error::last_os_error().raw_os_error()
}

#[test]
fn a_driver_in_c_sets_a_context_up_by_control_calls_and_maps() {
    let world = inside(world(), || {
        let handle = open();
        assert_ne!(handle, 0);
        let mut qp = [9_u16, 1];
        assert_eq!(call(handle, 0xc004_480a, qp.as_mut_ptr().cast()), 0);
        assert_eq!(qp[1], 1);
        let mut info = [0_u32; 4];
        assert_eq!(call(handle, 0xc010_480b, info.as_mut_ptr().cast()), 0);
        assert_eq!(info[..2], [128, 1024 | 1024 << 16]);
        let (dus, mmio) = (map(handle, DUS), map(handle, MMIO));
        assert!(!dus.is_null() && !mmio.is_null());
        assert_eq!((map(handle, DUS), map(handle, MMIO)), (dus, mmio));
        // SAFETY: inside the region.
        let last = unsafe { dus.add(151_551) };
        // SAFETY: memory of the queue's.
        unsafe { last.write(1) };
        // SAFETY: an open context.
        let head = unsafe { &*(handle as *const wd_ctx_h) };
        assert_eq!(head.qfrs_base[..2], [mmio.cast(), dus.cast()]);
        // SAFETY: an open descriptor.
        assert_ne!(unsafe { libc::fcntl(head.fd, libc::F_GETFD) }, -1);
        // SAFETY: an open context.
        assert_eq!(unsafe { wd_ctx_start(handle) }, 0);
        // SAFETY: an open context.
        assert_eq!((unsafe { wd_ctx_start(handle) }, errno()), (-1, Some(22)));
        release(handle);
    });
    let Some(world) = world else { return };
    let calls = [
        "open hisi_zip-0 cloexec",
        "ioctl SET_QP_CTX = 0",
        "ioctl SET_QP_INFO = 0",
        "mmap DUS 151552 @4096 = 0",
        "mmap MMIO 8192 @0 = 0",
        "ioctl START = 0",
        "ioctl PUT_Q = 0",
        "close NODE",
    ];
    assert!(world.order(&calls).is_sorted(), "{}", world.log());
    assert_eq!((world.count("mmap"), world.count("munmap")), (2, 2));
}

#[test]
fn the_attributes_of_a_kernels_device_are_told_as_they_are_now() {
    inside(world(), || {
        let dev = device();
        // SAFETY: a device of the library's.
        assert_eq!(unsafe { wd_get_avail_ctx(dev) }, 16);
        // SAFETY: a device of the library's.
        assert_eq!(unsafe { wd_is_isolate(dev) }, 0);
        // SAFETY: a device of the library's, and a string.
        let usage = |op_type| unsafe { wd_get_dev_usage(dev, c"zlib".as_ptr(), op_type) };
        assert_eq!((usage(0), usage(1), usage(2)), (42, 3, -22));
        // SAFETY: a device of the library's.
        assert_eq!(unsafe { (*dev).numa_id }, 0);
        let root = std::env::var("WD_SYSFS_ROOT").expect("set outside");
        let attribute = |name: &str| format!("{root}/class/uacce/hisi_zip-0/{name}");
        let write = |name: &str, text: &str| {
            std::fs::write(attribute(name), text).expect("writable");
        };
        write("isolate", "1\n");
        // SAFETY: a device of the library's.
        assert_eq!(unsafe { wd_is_isolate(dev) }, 1);
        // SAFETY: a string.
        assert!(unsafe { wd_get_accel_list(c"zlib".as_ptr()) }.is_null());
        std::fs::remove_file(attribute("isolate")).expect("there");
        // SAFETY: a device of the library's.
        assert_eq!(unsafe { wd_is_isolate(dev) }, 0);
        for (text, expected) in [("3", 3), ("", -5), ("many", -5), ("-1", -5)] {
            write("available_instances", text);
            // SAFETY: a device of the library's.
            assert_eq!(unsafe { wd_get_avail_ctx(dev) }, expected, "{text:?}");
        }
        std::fs::remove_file(attribute("available_instances")).expect("there");
        // SAFETY: a device of the library's.
        assert_eq!(unsafe { wd_get_avail_ctx(dev) }, -19);
    });
}

#[test]
fn a_context_that_cannot_be_opened_is_0_and_leaves_nothing() {
    inside(world().with("FAKE_QUEUES", "1"), || {
        let first = open();
        let before = open_things();
        assert_eq!((open(), errno()), (0, Some(libc::EBUSY)));
        assert_eq!(open_things(), before);
        release(first);
        release(open());
    });
}

#[test]
fn a_queue_that_does_not_start_is_minus_one_with_its_errno() {
    inside(world().with("FAKE_FAULT", "START=-5@1"), || {
        let handle = open();
        // SAFETY: an open context.
        assert_eq!((unsafe { wd_ctx_start(handle) }, errno()), (-1, Some(5)));
        // SAFETY: an open context.
        assert_eq!(unsafe { wd_ctx_start(handle) }, 0);
        release(handle);
    });
}

#[test]
fn a_forced_release_gives_the_queue_back_and_the_handle_stays() {
    let world = inside(world(), || {
        let handle = open();
        // SAFETY: an open context.
        assert_eq!(unsafe { wd_ctx_start(handle) }, 0);
        // SAFETY: an open context.
        assert_eq!(unsafe { wd_release_ctx_force(handle) }, 0);
        // SAFETY: an open context.
        assert_eq!(unsafe { wd_is_sva(handle) }, 1);
        release(handle);
    });
    let Some(world) = world else { return };
    assert_eq!(
        (world.count("ioctl PUT_Q = 0"), world.count("close NODE")),
        (3, 1)
    );
}

#[test]
fn a_child_of_fork_does_not_stop_its_parents_context() {
    let world = inside(world(), || {
        let handle = open();
        // SAFETY: an open context.
        assert_eq!(unsafe { wd_ctx_start(handle) }, 0);
        // SAFETY: an open context.
        let fd = unsafe { &*(handle as *const wd_ctx_h) }.fd;
        in_child(|| {
            // SAFETY: takes integers; a number that is not open is its error.
            assert_eq!(unsafe { libc::fcntl(fd, libc::F_GETFD) }, -1, "closed here");
            // SAFETY: handles may be any number.
            assert_eq!(unsafe { wd_release_ctx_force(handle) }, -22);
            release(handle);
            assert_eq!(call(handle, 0x5701, ptr::null_mut()), -22);
        });
        // SAFETY: an open context, which runs still.
        assert_eq!((unsafe { wd_ctx_start(handle) }, errno()), (-1, Some(22)));
        release(handle);
    });
    let Some(world) = world else { return };
    let stops = world.log().matches("PUT_Q").count();
    assert_eq!(stops, 2, "by the parent's release: {}", world.log());
}
