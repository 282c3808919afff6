//! `wd_comp.h` from its C entries down to software and simulated devices. Each test is a process of
//! its own: compression is initialised once in a process, and the environment is read there.

#![cfg(not(miri))]
#![expect(
    unsafe_code,
    reason = "calls the C entries as a C program does, and fork"
)]
#![expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "sequences of C calls on the same things, as a C program makes them"
)]

use core::ffi::{CStr, c_int, c_void};
use core::mem::MaybeUninit;
use core::ptr;
use std::process::Command;
use warpdrive::capi::v2::wd_comp::*;
use warpdrive::capi::v2::wd_path::*;
use warpdrive::ctypes::v2::Enum;
use warpdrive::ctypes::v2::wd_comp::{wd_comp_req, wd_comp_sess_setup};
use warpdrive::ctypes::v2::wd_path::*;

const COMPRESS: u32 = 0;
const DECOMPRESS: u32 = 1;
const TASK_MIX: c_int = 0;
const TASK_HW: c_int = 1;
const TASK_INSTR: c_int = 2;

/// Runs one of the parts below in a process of its own.
fn apart(part: &str, environment: &[(&str, &str)]) {
    let own = std::env::current_exe().expect("a path");
    let mut command = Command::new(own);
    command.args(["--exact", "parts", "--nocapture"]);
    for name in [
        "WD_SIM",
        "WD_FALLBACK",
        "WD_COMP_CTX_NUM",
        "WD_COMP_EPOLL_EN",
    ] {
        command.env_remove(name);
    }
    command.envs(environment.iter().copied()).env("PART", part);
    let ended = command.status().expect("runs");
    assert!(ended.success(), "{part}: {ended}");
}

#[test]
fn parts() {
    match std::env::var("PART").as_deref() {
        Ok("round") => round(TASK_INSTR, WD_PATH_SOFTWARE),
        Ok("mix") => round(TASK_MIX, WD_PATH_SOFTWARE),
        Ok("fallback") => round(TASK_HW, WD_PATH_SOFTWARE),
        Ok("simulated") => round(TASK_HW, WD_PATH_SIMULATED),
        Ok("none") => {
            assert_eq!(init(TASK_HW), -22);
            assert_eq!(init(TASK_INSTR), 0);
        }
        Ok("environment") => environment(),
        Ok("bad") => assert_eq!(init(TASK_HW), -22),
        Ok("node") => {
            assert_eq!([init(TASK_HW), init(TASK_HW)], [-19, -19]);
            // SAFETY: one thread.
            unsafe { std::env::remove_var("WD_COMP_CTX_NUM") };
            assert_eq!(init(TASK_HW), 0, "the driver was not to blame");
        }
        Ok("short") => short(),
        Ok("policies") => policies(),
        Ok("fork") => forks(),
        _ => {}
    }
}

#[test]
fn software_serves_what_is_to_be_served_by_software() {
    apart("round", &[]);
    apart("mix", &[]);
    apart("fallback", &[("WD_FALLBACK", "soft")]);
}

#[test]
fn a_simulated_device_serves_what_is_to_be_served_by_devices() {
    apart("simulated", &[("WD_SIM", "hisi_zip")]);
    apart(
        "simulated",
        &[("WD_SIM", "hisi_zip"), ("WD_COMP_EPOLL_EN", "1")],
    );
    let contexts = "sync-comp:2@0,sync-decomp:1@0,async-comp:3@0,async-decomp:1@0";
    apart(
        "simulated",
        &[("WD_SIM", "hisi_zip"), ("WD_COMP_CTX_NUM", contexts)],
    );
}

#[test]
fn without_devices_and_fallback_it_is_an_error() {
    apart("none", &[]);
}

#[test]
fn a_malformed_environment_is_an_error() {
    apart(
        "bad",
        &[("WD_SIM", "hisi_zip"), ("WD_COMP_CTX_NUM", "sync:1@0")],
    );
    apart(
        "bad",
        &[("WD_SIM", "hisi_zip"), ("WD_COMP_EPOLL_EN", "yes")],
    );
    apart(
        "node",
        &[("WD_SIM", "hisi_zip"), ("WD_COMP_CTX_NUM", "sync-comp:1@7")],
    );
}

#[test]
fn devices_without_free_queues_are_asked_again_by_the_next_initialisation() {
    apart("short", &[("WD_SIM", "hisi_zip,queues=4")]);
}

#[test]
fn the_simple_policies_use_the_first_contexts_of_devices_too() {
    apart("policies", &[("WD_SIM", "hisi_zip")]);
}

#[test]
fn the_environment_family_makes_what_it_says_and_threads_poll() {
    apart(
        "environment",
        &[
            ("WD_SIM", "hisi_zip"),
            ("WD_COMP_ASYNC_POLL_EN", "1"),
            ("WD_COMP_ASYNC_POLL_NUM", "2@0"),
        ],
    );
}

#[test]
fn a_child_of_fork_initialises_anew_and_its_parents_sessions_are_refused() {
    apart("fork", &[]);
    apart("fork", &[("WD_SIM", "hisi_zip")]);
}

fn init(task: c_int) -> c_int {
    // SAFETY: good arguments.
    unsafe { wd_comp_init2_(c"zlib".as_ptr().cast_mut(), 0, task, ptr::null_mut()) }
}

/// Queues that are taken now may be free next time.
fn short() {
    use warpdrive::alg::{context::Context, device};
    let devices = device::list("zlib").expect("one");
    let taken = Context::request(&devices[0]).expect("free");
    assert_eq!([init(TASK_HW), init(TASK_HW)], [-19, -19]);
    taken.release().expect("open");
    drop(taken);
    assert_eq!(init(TASK_HW), 0);
}

/// NONE is 1 and SINGLE 2. Context 0 compresses synchronously, context 1 asynchronously.
fn policies() {
    for policy in [1, 2] {
        let name = c"zlib".as_ptr().cast_mut();
        // SAFETY: good arguments.
        let answer = unsafe { wd_comp_init2_(name, policy, TASK_HW, ptr::null_mut()) };
        assert_eq!(answer, 0);
        let (plain, mut packed) = (text(), vec![0; 100_000]);
        let mut asked = request(COMPRESS, &plain[..50_000], &mut packed);
        let mut done = 0_u32;
        let pack = session(COMPRESS);
        // SAFETY: good sessions and requests.
        unsafe {
            assert_eq!(wd_do_comp_sync(pack, &raw mut asked), 0);
            let mut back = request(DECOMPRESS, &plain[..100], &mut []);
            back.dst = asked.dst;
            back.dst_len = 100_000;
            assert_eq!(wd_do_comp_sync(session(DECOMPRESS), &raw mut back), -22);
            asked = request(COMPRESS, &plain[..50_000], &mut packed);
            asked.cb = Some(note);
            asked.cb_param = (&raw mut done).cast();
            let expected = if policy == 1 { -22 } else { 0 };
            assert_eq!(wd_do_comp_async(pack, &raw mut asked), expected);
            let mut count = 0;
            while expected == 0 && count == 0 {
                assert_eq!(wd_comp_poll(1, &raw mut count), 0);
            }
            assert_eq!(done != 0, expected == 0);
            wd_comp_uninit2();
        }
    }
}

fn session(direction: u32) -> usize {
    // Garbage where nobody is to look.
    let mut setup = MaybeUninit::<wd_comp_sess_setup>::uninit();
    // SAFETY: room of this size.
    unsafe { ptr::write_bytes(setup.as_mut_ptr().cast::<u8>(), 0xa5, size_of_val(&setup)) };
    let mut param = warpdrive::ctypes::v2::wd_sched::sched_params {
        numa_id: 0,
        type_: direction as u8,
        mode: 0xa5,
        begin: 0xa5a5_a5a5,
        end: 0,
        dev_id: 0xa5a5_a5a5,
    };
    let place = setup.as_mut_ptr();
    // SAFETY: the fields of the structure above.
    unsafe {
        (*place).alg_type = Enum::new(1);
        (*place).comp_lv = Enum::new(6);
        (*place).win_sz = Enum::new(4);
        (*place).op_type = Enum::new(direction);
        (*place).sched_param = (&raw mut param).cast();
    }
    // SAFETY: as much of a setup as older programs have.
    let handle = unsafe { wd_comp_alloc_sess(place) };
    assert_ne!(handle, 0);
    handle
}

fn request(direction: u32, input: &[u8], output: &mut [u8]) -> wd_comp_req {
    wd_comp_req {
        src: input.as_ptr().cast_mut().cast(),
        src_len: input.len() as u32,
        dst: output.as_mut_ptr().cast(),
        dst_len: output.len() as u32,
        cb: None,
        cb_param: ptr::null_mut(),
        op_type: Enum::new(direction),
        data_fmt: Enum::new(0),
        last: 1,
        status: 99,
        priv_: ptr::null_mut(),
    }
}

unsafe extern "C" fn note(request: *mut wd_comp_req, place: *mut c_void) -> *mut c_void {
    // SAFETY: the library's copy, and the place that the request was made with.
    unsafe { place.cast::<u32>().write_volatile((*request).dst_len) };
    ptr::null_mut()
}

/// Text that compresses.
fn text() -> Vec<u8> {
    (0..20_000_u32)
        .flat_map(|n| n.wrapping_mul(n).to_string().into_bytes())
        .collect()
}

type Do = unsafe extern "C" fn(usize, *mut wd_comp_req) -> c_int;

/// Does a request in as many calls as it takes; the length of the output.
fn whole(way: Do, handle: usize, mut asked: wd_comp_req) -> usize {
    let (input, room) = (asked.src_len, asked.dst_len);
    let (mut consumed, mut produced) = (0, 0);
    for _ in 0..1000 {
        // SAFETY: a good session and request.
        assert_eq!(unsafe { way(handle, &raw mut asked) }, 0);
        consumed += asked.src_len;
        produced += asked.dst_len;
        // For output that waits for room, and at the end of pieces of input.
        let goes_on = asked.status == 11 || (asked.status == 0 && consumed < input);
        if !goes_on {
            assert!(asked.status <= 1, "{}", asked.status);
            return produced as usize;
        }
        asked.src = asked.src.wrapping_byte_add(asked.src_len as usize);
        asked.dst = asked.dst.wrapping_byte_add(asked.dst_len as usize);
        (asked.src_len, asked.dst_len) = (input - consumed, room - produced);
    }
    panic!("no end");
}

/// There and back by each function that waits.
fn waited_for(pack: usize, unpack: usize, input: &[u8]) {
    let mut small = vec![0; input.len()];
    let mut back = vec![0; input.len() + 100];
    for way in [wd_do_comp_sync, wd_do_comp_strm, wd_do_comp_sync2] as [Do; 3] {
        let packed = whole(way, pack, request(COMPRESS, input, &mut small));
        let length = whole(
            way,
            unpack,
            request(DECOMPRESS, &small[..packed], &mut back),
        );
        assert!(back[..length] == *input);
    }
}

/// Eight requests at a time there, and each of them back.
fn polled_for(pack: usize, unpack: usize, input: &[u8]) {
    let mut back = vec![0; input.len() + 100];
    let mut produced = [0_u32; 8];
    let mut outputs = vec![vec![0; input.len()]; 8];
    for (place, output) in produced.iter_mut().zip(&mut outputs) {
        let mut asked = request(COMPRESS, input, output);
        asked.cb = Some(note);
        asked.cb_param = ptr::from_mut(place).cast();
        // SAFETY: a good session and request; the copy in the library is used until it is polled.
        assert_eq!(unsafe { wd_do_comp_async(pack, &raw mut asked) }, 0);
    }
    let mut count = 0;
    while count < 8 {
        // SAFETY: a good count.
        assert_eq!(unsafe { wd_comp_poll(8, &raw mut count) }, 0);
    }
    for (length, output) in produced.iter().zip(&outputs) {
        let mut inverse = request(DECOMPRESS, &output[..*length as usize], &mut back);
        // SAFETY: as above.
        assert_eq!(unsafe { wd_do_comp_sync(unpack, &raw mut inverse) }, 0);
        assert!(back[..inverse.dst_len as usize] == *input);
    }
}

fn round(task: c_int, path: u32) {
    assert_eq!(init(task), 0);
    assert_eq!(init(task), -17);
    let (pack, unpack) = (session(COMPRESS), session(DECOMPRESS));
    let input = text();
    waited_for(pack, unpack, &input);
    polled_for(pack, unpack, &input);
    let mut stats = wd_comp_stats {
        size: size_of::<wd_comp_stats>() as u64,
        ..wd_comp_stats::default()
    };
    // SAFETY: a good structure.
    assert_eq!(unsafe { wd_comp_get_stats(&raw mut stats) }, 0);
    let served = match path {
        WD_PATH_SOFTWARE => stats.software,
        _ => stats.simulated,
    };
    assert!(served == stats.requests && served >= 22, "{stats:?}");
    // SAFETY: good handles.
    unsafe {
        assert_eq!(wd_comp_sess_path(pack), path as c_int);
        wd_comp_uninit2();
        wd_comp_uninit2();
    }
    let mut small = vec![0; input.len()];
    let mut late = request(COMPRESS, &input, &mut small);
    // SAFETY: a good request; the session is one of before.
    assert_eq!(unsafe { wd_do_comp_sync(pack, &raw mut late) }, -22);
    // SAFETY: good handles, the second time not any more.
    unsafe {
        wd_comp_free_sess(pack);
        wd_comp_free_sess(pack);
        wd_comp_free_sess(unpack);
    }
    assert_eq!(init(task), 0);
    let again = session(COMPRESS);
    // SAFETY: as above.
    assert_eq!(unsafe { wd_do_comp_sync(again, &raw mut late) }, 0);
}

fn environment() {
    // SAFETY: no arguments.
    assert_eq!(unsafe { wd_comp_env_init(ptr::null_mut()) }, 0);
    // SAFETY: as above.
    assert_eq!(unsafe { wd_comp_env_init(ptr::null_mut()) }, -17);
    let (mut number, mut polls) = (9, 9);
    // SAFETY: good places.
    let told = unsafe { wd_comp_get_env_param(0, 1, 1, &raw mut number, &raw mut polls) };
    assert_eq!((told, number, polls), (0, 1, 1));
    // SAFETY: as above.
    let told = unsafe { wd_comp_get_env_param(5, 0, 0, &raw mut number, &raw mut polls) };
    assert_eq!(told, -22);
    let pack = session(COMPRESS);
    let input = text();
    let mut output = vec![0; input.len()];
    let mut produced = 0_u32;
    let mut asked = request(COMPRESS, &input, &mut output);
    asked.cb = Some(note);
    let place = &raw mut produced;
    asked.cb_param = place.cast();
    // SAFETY: a good session and request.
    assert_eq!(unsafe { wd_do_comp_async(pack, &raw mut asked) }, 0);
    // SAFETY: a thread of the library writes there.
    while unsafe { place.read_volatile() } == 0 {
        std::thread::yield_now();
    }
    // SAFETY: no arguments.
    unsafe { wd_comp_env_uninit() };
    // SAFETY: good numbers.
    assert_eq!(unsafe { wd_comp_ctx_num_init(0, 0, 2, 0) }, 0);
    // SAFETY: good places.
    let told = unsafe { wd_comp_get_env_param(0, 0, 0, &raw mut number, &raw mut polls) };
    assert_eq!((told, number, polls), (0, 2, 0));
    // SAFETY: no arguments.
    unsafe { wd_comp_ctx_num_uninit() };
    // SAFETY: numbers that are not good.
    unsafe {
        assert_eq!(wd_comp_ctx_num_init(0, 2, 1, 0), -22);
        assert_eq!(wd_comp_ctx_num_init(0, 0, 1, 2), -22);
        assert_eq!(wd_comp_ctx_num_init(9, 0, 1, 0), -22);
    }
}

fn forks() {
    let name: &CStr = c"zlib";
    let start = || {
        // SAFETY: good arguments.
        unsafe { wd_comp_init2_(name.as_ptr().cast_mut(), 0, TASK_MIX, ptr::null_mut()) }
    };
    assert_eq!(start(), 0);
    let handle = session(COMPRESS);
    let input = text();
    let mut output = vec![0; input.len()];
    let mut asked = request(COMPRESS, &input, &mut output);
    // SAFETY: a good session and request.
    assert_eq!(unsafe { wd_do_comp_sync(handle, &raw mut asked) }, 0);
    for _ in 0..5 {
        // SAFETY: the child leaves by _exit.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let mut asked = request(COMPRESS, &input, &mut output);
            // SAFETY: a good request; the session is the parent's.
            let inherited = unsafe { wd_do_comp_sync(handle, &raw mut asked) };
            let begun = start();
            let own = session(COMPRESS);
            // SAFETY: a good session and request.
            let done = unsafe { wd_do_comp_sync(own, &raw mut asked) };
            let good = (inherited, begun, done) == (-22, 0, 0);
            // SAFETY: ends the child.
            unsafe { libc::_exit(i32::from(!good)) };
        }
        let mut status = 0;
        // SAFETY: the child made above.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert_eq!(status, 0);
        let mut asked = request(COMPRESS, &input, &mut output);
        // SAFETY: a good session and request.
        assert_eq!(unsafe { wd_do_comp_sync(handle, &raw mut asked) }, 0);
    }
}
