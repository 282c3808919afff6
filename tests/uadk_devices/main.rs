//! The functions of UADK v2's `wd.h` over simulated devices, as a C program calls them. Each test
//! runs itself again with `WD_SIM` set.

#![cfg(not(miri))]
#![expect(unsafe_code, reason = "calls of the C entries, and fork")]
#![expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "sequences of C calls on the same things, as a C program makes them"
)]

mod contexts;
mod devices;

use core::ffi::{CStr, c_char, c_int, c_ulong, c_void};
use core::ptr;
use std::process::{Command, Stdio};
use warpdrive::capi::v2::wd::*;
use warpdrive::capi::v2::wd_internal::memcmp_consttime;
use warpdrive::ctypes::v2::Enum;
use warpdrive::ctypes::v2::uacce::uacce_qfrt;
use warpdrive::ctypes::v2::wd::{uacce_dev, uacce_dev_list};
use warpdrive::ctypes::v2::wd_alg_common::bitmask;
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
