//! The functions of UADK v2's `wd.h` over simulated devices, as a C program calls them. Each test
//! runs itself again with `WD_SIM` set.

#![cfg(not(miri))]
#![expect(unsafe_code, reason = "calls of the C entries, and fork")]
#![expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "sequences of C calls on the same things, as a C program makes them"
)]

use core::ffi::{CStr, c_char, c_int, c_ulong, c_void};
use core::ptr;
use std::process::{Command, Stdio};
use warpdrive::capi::v2::wd::*;
use warpdrive::capi::v2::wd_internal::memcmp_consttime;
use warpdrive::ctypes::v2::Enum;
use warpdrive::ctypes::v2::uacce::uacce_qfrt;
use warpdrive::ctypes::v2::wd::{uacce_dev, uacce_dev_list};
use warpdrive::ctypes::v2::wd_internal::{wd_ctx_h, wd_soft_ctx};

const DUS: Enum<uacce_qfrt> = Enum::new(1);
const MMIO: Enum<uacce_qfrt> = Enum::new(0);
const NO_REGION: Enum<uacce_qfrt> = Enum::new(77);

/// Runs `body`, a closure of a test, in a process of its own with variables set; what that printed.
/// `None` in that process.
fn inside<F: Fn()>(variables: &[(&str, &str)], body: F) -> Option<String> {
    if std::env::var_os("INSIDE").is_some() {
        body();
        return None;
    }
    let name = core::any::type_name::<F>().trim_end_matches("::{{closure}}");
    let (_, test) = name.split_once("::").expect("in a crate");
    let output = Command::new(std::env::current_exe().expect("known"))
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env_remove("WD_LOG_LEVEL")
        .env("INSIDE", "1")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("this program");
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told).into_owned();
    let good = output.status.success() && told.contains("1 passed");
    assert!(good, "{told}");
    Some(told)
}

fn errno() -> c_int {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

fn text<'a>(text: *const c_char) -> &'a CStr {
    assert!(!text.is_null());
    // SAFETY: strings of the library's, which the tests use while they are valid.
    unsafe { CStr::from_ptr(text) }
}

/// What `WD_IS_ERR` and `WD_HANDLE_ERR` make of a pointer.
fn error<T>(pointer: *mut T) -> Option<isize> {
    let number = pointer as isize;
    (-999..0).contains(&number).then_some(number)
}

/// The list of the devices that have `algorithm`.
fn list(algorithm: &CStr) -> *mut uacce_dev_list {
    // SAFETY: a string.
    unsafe { wd_get_accel_list(algorithm.as_ptr()) }
}

fn free(list: *mut uacce_dev_list) {
    // SAFETY: a list of the library's that nobody uses any more.
    unsafe { wd_free_list_accels(list) }
}

/// The devices of a list.
fn devices<'a>(mut list: *mut uacce_dev_list) -> Vec<&'a mut uacce_dev> {
    let mut all = Vec::new();
    // SAFETY: a list of the library's, which the tests free after they have used its devices.
    while let Some(node) = unsafe { list.as_mut() } {
        // SAFETY: as above; each device is in the list once.
        all.push(unsafe { &mut *node.dev });
        list = node.next;
    }
    all
}

/// A context of the first device that has zlib.
fn context() -> usize {
    let list = list(c"zlib");
    // SAFETY: a device of the list.
    let handle = unsafe { wd_request_ctx(devices(list).remove(0)) };
    free(list);
    assert_ne!(handle, 0);
    handle
}

#[test]
fn simulated_devices_are_listed_copied_and_freed() {
    let sim = ("WD_SIM", "hisi_zip,count=2;hisi_zip,api=3,node=1,queues=3");
    inside(&[sim], || {
        let zlib = list(c"zlib");
        assert_eq!(devices(zlib).len(), 3);
        let dev = devices(zlib).remove(2);
        assert_eq!(text(dev.dev_root.as_ptr()), c"/sys/class/uacce/hisi_zip-2");
        assert_eq!(text(dev.char_dev_path.as_ptr()), c"/dev/hisi_zip-2");
        assert_eq!(text(dev.algs.as_ptr()), c"zlib\ngzip\ndeflate");
        // SAFETY: a device of the list.
        unsafe {
            assert_eq!((wd_get_avail_ctx(dev), wd_is_isolate(dev)), (3, 0));
        }
        // SAFETY: a device of the list.
        let copy = unsafe { wd_clone_dev(dev) };
        free(zlib);
        // SAFETY: allocated for the caller.
        let copied = unsafe { &*copy };
        assert_eq!((copied.numa_id, copied.flags), (1, 1));
        // SAFETY: allocated by malloc and not used any more.
        unsafe { libc::free(copy.cast()) };
        assert!(list(c"rsa").is_null() && list(c"").is_null() && list(c"zli").is_null());
        let long = std::ffi::CString::new("z".repeat(400)).expect("no NUL");
        assert!(list(&long).is_null());
    });
}

#[test]
fn nodes_are_added_at_the_end_of_a_list_and_only_once() {
    inside(&[("WD_SIM", "hisi_zip,count=2")], || {
        let (one, two) = (list(c"zlib"), list(c"gzip"));
        // SAFETY: lists of the library's.
        unsafe {
            wd_add_dev_to_list(one, two);
            wd_add_dev_to_list(one, two);
            wd_add_dev_to_list(one, one);
            wd_add_dev_to_list(ptr::null_mut(), one);
            wd_add_dev_to_list(one, ptr::null_mut());
        }
        assert_eq!(devices(one).len(), 4);
        free(one);
    });
}

#[test]
fn devices_are_chosen_by_numa_node() {
    let sim = "hisi_zip,queues=2;hisi_zip,queues=5;hisi_zip,node=3";
    inside(&[("WD_SIM", sim)], || {
        let list = list(c"zlib");
        let found = |node| {
            // SAFETY: a list of the library's.
            let dev = unsafe { wd_find_dev_by_numa(list, node) };
            match error(dev) {
                Some(number) => Err(number),
                // SAFETY: a device of the list.
                None => Ok(text(unsafe { &*dev }.char_dev_path.as_ptr())),
            }
        };
        assert_eq!(found(0), Ok(c"/dev/hisi_zip-1"));
        assert_eq!(found(3), Ok(c"/dev/hisi_zip-2"));
        assert_eq!((found(1), found(-1)), (Err(-19), Err(-19)));
        // SAFETY: a string.
        let nearest = unsafe { wd_get_accel_dev(c"gzip".as_ptr()) };
        assert!(!nearest.is_null());
        // SAFETY: allocated by malloc for the caller.
        unsafe { libc::free(nearest.cast()) };
        // SAFETY: a string.
        assert!(unsafe { wd_get_accel_dev(c"sm2".as_ptr()) }.is_null());
        free(list);
    });
}

#[test]
fn a_set_of_nodes_has_the_shape_of_libnumas() {
    inside(&[("WD_SIM", "hisi_zip;hisi_zip,node=5")], || {
        let list = list(c"zlib");
        // SAFETY: a list of the library's.
        let set = unsafe { wd_create_device_nodemask(list) };
        assert_eq!(error(set), None);
        // SAFETY: a set of the library's.
        let (size, maskp) = unsafe { ((*set).size, (*set).maskp) };
        assert!(size >= 32 && size.is_multiple_of(32));
        // SAFETY: there is at least one word.
        assert_eq!(unsafe { *maskp }, 1 | 1 << 5);
        // SAFETY: a block of malloc's, or this is a crash.
        let room = unsafe { libc::malloc_usable_size(maskp.cast()) };
        assert!(room >= size.div_ceil(8) as usize);
        // As numa_bitmask_free does.
        // SAFETY: two blocks of malloc's, not used any more.
        unsafe {
            libc::free(maskp.cast());
            libc::free(set.cast());
        }
        // SAFETY: a set of the library's, and NULL.
        unsafe {
            wd_free_device_nodemask(wd_create_device_nodemask(list));
            wd_free_device_nodemask(ptr::null_mut());
        }
        free(list);
    });
}

#[test]
fn a_context_lives_from_request_to_release() {
    inside(&[("WD_SIM", "hisi_zip,queues=1")], || {
        let handle = context();
        let list = list(c"zlib");
        let dev = devices(list).remove(0);
        // SAFETY: a device of the list.
        unsafe {
            assert_eq!((wd_get_avail_ctx(dev), wd_request_ctx(dev)), (0, 0));
        }
        assert_eq!(errno(), libc::EBUSY);
        // SAFETY: handles may be any number.
        unsafe {
            assert_eq!((wd_is_sva(handle), wd_get_numa_id(handle)), (1, 0));
            assert_eq!(text(wd_ctx_get_api(handle)), c"hisi_qm_v2");
            assert_eq!(text(wd_ctx_get_dev_name(handle)), c"hisi_zip-0");
            assert!(wd_ctx_get_priv(handle).is_null());
            assert_eq!(wd_ctx_set_priv(handle, dev as *mut _ as *mut c_void), 0);
            assert_eq!(wd_ctx_get_priv(handle), dev as *mut _ as *mut c_void);
            assert_eq!(wd_ctx_start(handle), 0);
            assert_eq!((wd_ctx_start(handle), errno()), (-1, libc::EINVAL));
            assert_eq!(wd_ctx_wait(handle, 1), 0);
            assert_eq!(wd_release_ctx_force(handle), 0);
            wd_release_ctx(handle);
            wd_release_ctx(handle);
            assert_eq!(wd_get_avail_ctx(dev), 1);
        }
        free(list);
    });
}

#[test]
fn the_structure_behind_a_handle_is_true() {
    inside(&[("WD_SIM", "hisi_zip")], || {
        let handle = context();
        // SAFETY: an open context: the structure that drivers written in C read.
        let head = unsafe { &*(handle as *const wd_ctx_h) };
        assert!((0..65536).contains(&head.fd));
        assert_eq!(text(head.dev_path.as_ptr()), c"/dev/hisi_zip-0");
        assert_eq!(text(head.dev_name), c"hisi_zip-0");
        assert_eq!(text(head.drv_name), c"hisi_zip");
        // SAFETY: the context's device.
        assert_eq!(text(unsafe { &*head.dev }.api.as_ptr()), c"hisi_qm_v2");
        // SAFETY: handles may be any number.
        let size = |region| unsafe { wd_ctx_get_region_size(handle, region) };
        assert_eq!(head.qfrs_offs, [size(MMIO), size(DUS), 0]);
        assert_eq!(size(NO_REGION), 0);
        // SAFETY: handles may be any number.
        unsafe { wd_release_ctx(handle) };
    });
}

#[test]
fn regions_are_mapped_where_they_are_memory() {
    inside(&[("WD_SIM", "hisi_zip")], || {
        let handle = context();
        // SAFETY: handles and regions may be any number.
        unsafe {
            let size = wd_ctx_get_region_size(handle, DUS) as usize;
            let memory = wd_ctx_mmap_qfr(handle, DUS).cast::<u8>();
            assert!(!memory.is_null());
            // Memory of the queue's, of this size, and nobody else uses it.
            memory.add(size - 1).write(1);
            assert_eq!(wd_ctx_mmap_qfr(handle, DUS).cast(), memory);
            wd_ctx_unmap_qfr(handle, DUS);
            assert!(wd_ctx_mmap_qfr(handle, MMIO).is_null());
            assert_eq!(errno(), libc::EOPNOTSUPP);
            assert!(wd_ctx_mmap_qfr(handle, NO_REGION).is_null());
            assert_eq!(errno(), libc::EINVAL);
            wd_ctx_unmap_qfr(handle, NO_REGION);
            wd_release_ctx(handle);
        }
    });
}

#[test]
fn control_calls_answer_as_ioctl_does() {
    inside(&[("WD_SIM", "hisi_zip,depth=32")], || {
        let handle = context();
        let call = |command: c_ulong, argument: *mut c_void| {
            // SAFETY: as many bytes as each command's number says.
            let answer = unsafe { wd_ctx_set_io_cmd(handle, command, argument) };
            (answer, if answer == -1 { errno() } else { 0 })
        };
        let mut qp = [7_u16, 0];
        assert_eq!(call(0xc004_480a, qp.as_mut_ptr().cast()), (0, 0));
        assert_eq!(qp, [0, 0]);
        let mut info = [0_u32; 4];
        assert_eq!(call(0xc010_480b, info.as_mut_ptr().cast()), (0, 0));
        assert_eq!(info, [128, 32 | 32 << 16, 0, 0]);
        // As an int that was widened.
        let widened = 0xffff_ffff_c010_480b;
        assert_eq!(call(widened, info.as_mut_ptr().cast()), (0, 0));
        assert_eq!(call(0x5700, ptr::null_mut()), (0, 0));
        assert_eq!(call(0x5701, ptr::null_mut()), (0, 0));
        qp[1] = 5;
        let failed = (-1, libc::EINVAL);
        assert_eq!(call(0xc004_480a, qp.as_mut_ptr().cast()), failed);
        assert_eq!(call(0xc004_480a, ptr::null_mut()), failed);
        assert_eq!(call(0x5799, ptr::null_mut()), failed);
        // SAFETY: handles may be any number.
        unsafe { wd_release_ctx(handle) };
    });
}

/// What functions answer to a handle that names no open context.
fn refused(handle: usize) {
    // SAFETY: handles may be any number.
    unsafe {
        let is_sva = if handle == 0 { -22 } else { -62 };
        assert_eq!(wd_is_sva(handle), is_sva, "{handle:#x}");
        assert_eq!(wd_ctx_start(handle), -22, "{handle:#x}");
        assert_eq!(wd_release_ctx_force(handle), -22);
        assert_eq!(wd_ctx_set_io_cmd(handle, 0x5700, ptr::null_mut()), -22);
        assert_eq!(wd_ctx_set_priv(handle, ptr::null_mut()), -22);
        assert_eq!((wd_get_numa_id(handle), wd_ctx_wait(handle, 0)), (-22, -22));
        assert!(wd_ctx_get_priv(handle).is_null());
        assert!(wd_ctx_get_api(handle).is_null());
        assert!(wd_ctx_get_dev_name(handle).is_null());
        assert!(wd_ctx_mmap_qfr(handle, DUS).is_null());
        assert_eq!(wd_ctx_get_region_size(handle, DUS), 0);
        wd_ctx_unmap_qfr(handle, DUS);
        wd_release_ctx(handle);
    }
}

#[test]
fn what_is_no_context_of_a_device_is_refused_and_not_looked_into() {
    inside(&[("WD_SIM", "hisi_zip")], || {
        let released = context();
        // SAFETY: handles may be any number.
        unsafe { wd_release_ctx(released) };
        let mut soft = wd_soft_ctx {
            fd: -1,
            priv_: ptr::null_mut(),
        };
        let soft = (&raw mut soft).expose_provenance();
        for handle in [0, 1, released, released + 4, soft, usize::MAX] {
            refused(handle);
        }
    });
}

#[test]
fn null_and_empty_devices_are_refused() {
    inside(&[("WD_SIM", "hisi_zip")], || {
        // SAFETY: all-zero bytes are a valid structure: numbers and bytes.
        let mut empty: uacce_dev = unsafe { core::mem::zeroed() };
        for dev in [ptr::null_mut(), &raw mut empty] {
            // SAFETY: NULL or a device.
            unsafe {
                assert_eq!((wd_request_ctx(dev), errno()), (0, libc::EINVAL));
                assert_eq!((wd_is_isolate(dev), wd_get_avail_ctx(dev)), (-22, -22));
                assert_eq!(wd_get_dev_usage(dev, c"zlib".as_ptr(), 0), -22);
            }
        }
        // SAFETY: NULL is good.
        unsafe {
            assert!(wd_clone_dev(ptr::null_mut()).is_null());
            assert!(wd_get_accel_list(ptr::null()).is_null());
            assert!(wd_get_accel_dev(ptr::null()).is_null());
            assert_eq!(error(wd_find_dev_by_numa(ptr::null_mut(), 0)), Some(-22));
            assert_eq!(error(wd_create_device_nodemask(ptr::null_mut())), Some(-22));
            wd_free_list_accels(ptr::null_mut());
        }
        // A node without a device.
        let mut node = uacce_dev_list {
            dev: ptr::null_mut(),
            next: ptr::null_mut(),
        };
        // SAFETY: a list.
        unsafe {
            assert_eq!(error(wd_find_dev_by_numa(&raw mut node, 0)), Some(-19));
            wd_free_device_nodemask(wd_create_device_nodemask(&raw mut node));
        }
    });
}

#[test]
fn a_device_that_tells_no_usage_answers_minus_one() {
    inside(&[("WD_SIM", "hisi_zip")], || {
        let list = list(c"zlib");
        let dev: *mut uacce_dev = devices(list).remove(0);
        // SAFETY: a device of the list, and strings or NULL.
        unsafe {
            assert_eq!(wd_get_dev_usage(dev, c"zlib".as_ptr(), 0), -1);
            assert_eq!(wd_get_dev_usage(dev, c"rsa".as_ptr(), 0), -22);
            assert_eq!(wd_get_dev_usage(dev, ptr::null(), 0), -22);
        }
        free(list);
    });
}

#[test]
fn names_are_made_from_paths_for_the_caller_to_free() {
    let name = |path: &CStr, driver| {
        // SAFETY: a string, which is only read.
        let name = unsafe { wd_get_accel_name(path.as_ptr().cast_mut(), driver) };
        let copy = (!name.is_null()).then(|| text(name).to_owned());
        // SAFETY: NULL, or allocated by malloc for the caller.
        unsafe { libc::free(name.cast()) };
        copy
    };
    let path = c"/dev/hisi_zip-0";
    assert_eq!(name(path, 0).as_deref(), Some(c"hisi_zip-0"));
    assert_eq!(name(path, 1).as_deref(), Some(c"hisi_zip"));
    assert_eq!((name(path, 2), name(path, -1)), (None, None));
    assert_eq!((name(c"/dev/x", 0), name(c"a-1/", 1)), (None, None));
    // SAFETY: NULL is good.
    assert!(unsafe { wd_get_accel_name(ptr::null_mut(), 0) }.is_null());
}

#[test]
fn a_fork_child_cannot_use_or_stop_its_parents_context() {
    inside(&[("WD_SIM", "hisi_zip,queues=2")], || {
        let handle = context();
        // SAFETY: an open context.
        assert_eq!(unsafe { wd_ctx_start(handle) }, 0);
        // SAFETY: the child runs code that takes no lock of the parent's but malloc's, which glibc
        // makes usable after a fork, and leaves by _exit.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let good = std::panic::catch_unwind(|| {
                refused(handle);
                let own = context();
                // SAFETY: handles may be any number.
                unsafe {
                    assert_eq!((wd_ctx_start(own), wd_is_sva(own)), (0, 1));
                    wd_release_ctx(own);
                }
                assert_ne!(own, handle);
            });
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(good.is_err().into()) };
        }
        let mut status = -1;
        // SAFETY: waits for the child made above.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert_eq!(status, 0);
        // SAFETY: an open context, which runs still.
        let again = unsafe { wd_ctx_start(handle) };
        assert_eq!((again, errno()), (-1, libc::EINVAL));
        // SAFETY: as above.
        unsafe { wd_release_ctx(handle) };
    });
}

#[test]
fn the_version_is_printed_in_the_words_that_programs_read() {
    let told = inside(&[], || {
        // SAFETY: no precondition.
        unsafe { wd_get_version() };
        // SAFETY: NULL means all streams.
        unsafe { libc::fflush(ptr::null_mut()) };
    });
    let Some(told) = told else { return };
    let at = told.find("UADK version: 2.10.0\nReleased Dec 10, 2025\nwarpdrive ");
    assert!(at.is_some(), "{told}");
}

#[test]
fn the_log_level_is_that_of_the_environment() {
    let switches = || {
        // SAFETY: no precondition.
        unsafe { (wd_need_info(), wd_need_debug()) }
    };
    let expected = [
        ("", (false, false)),
        ("error", (false, false)),
        ("info", (true, false)),
        ("debug", (true, true)),
        ("loud", (false, false)),
    ];
    for (level, needs) in expected {
        inside(&[("WD_LOG_LEVEL", level)], || {
            // One of the runs, which all come here.
            let mine = std::env::var("WD_LOG_LEVEL").expect("set");
            if mine == level {
                assert_eq!(switches(), needs);
            }
        });
    }
}

#[test]
fn secrets_are_compared_whole() {
    let compare = |a: &[u8], b: &[u8], n| {
        // SAFETY: as many bytes.
        unsafe { memcmp_consttime(a.as_ptr().cast(), b.as_ptr().cast(), n) }
    };
    assert_eq!(compare(b"secret", b"secret", 6), 0);
    assert_eq!(compare(b"secret", b"secreT", 5), 0);
    assert_ne!(compare(b"secret", b"secreT", 6), 0);
    // SAFETY: NULL is good.
    unsafe {
        assert_eq!(memcmp_consttime(ptr::null(), ptr::null(), 0), 0);
        assert_ne!(memcmp_consttime(ptr::null(), ptr::null(), 1), 0);
    }
}
