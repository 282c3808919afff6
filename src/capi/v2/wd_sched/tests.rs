use super::*;
use core::sync::atomic::{AtomicU32, Ordering};

const RR: u8 = sched_policy_type::SCHED_POLICY_RR as u8;
const NONE: u8 = sched_policy_type::SCHED_POLICY_NONE as u8;
const SINGLE: u8 = sched_policy_type::SCHED_POLICY_SINGLE as u8;
const DEV: u8 = sched_policy_type::SCHED_POLICY_DEV as u8;
const SYNC: c_int = wd_ctx_mode::CTX_MODE_SYNC as c_int;
const ASYNC: c_int = wd_ctx_mode::CTX_MODE_ASYNC as c_int;
const INVALID: c_int = -libc::EINVAL;

fn alloc(policy: u8, types: u8, nodes: u16, poll: user_poll_func) -> *mut wd_sched {
    // SAFETY: numbers, and a function that takes what it is given.
    unsafe { wd_sched_rr_alloc(policy, types, nodes, poll) }
}

fn instance(sched: *const wd_sched, kind: u8, mode: u8, begin: u32, end: u32) -> c_int {
    let mut params = sched_params {
        numa_id: 0,
        type_: kind,
        mode,
        begin,
        end,
        dev_id: 4,
    };
    // SAFETY: NULL or a scheduler, and a structure.
    unsafe { wd_sched_rr_instance(sched, &raw mut params) }
}

fn release(sched: *mut wd_sched) {
    // SAFETY: NULL, or a scheduler that is not used any more.
    unsafe { wd_sched_rr_release(sched) };
}

/// What a scheduler's structure says.
fn content(sched: *mut wd_sched) -> wd_sched {
    assert!(!sched.is_null());
    // SAFETY: a scheduler.
    unsafe { *sched }
}

fn init_with(sched: &wd_sched, param: *mut c_void) -> isize {
    let init = sched.sched_init.expect("there");
    // SAFETY: the parameter is NULL or what the scheduler takes.
    unsafe { init(sched.h_sched_ctx, param) }.cast_signed()
}

fn pick(sched: &wd_sched, key: isize, mode: c_int) -> u32 {
    let key = ptr::with_exposed_provenance_mut(key.cast_unsigned());
    let pick = sched.pick_next_ctx.expect("there");
    // SAFETY: the key is NULL or the scheduler's.
    unsafe { pick(sched.h_sched_ctx, key, mode) }
}

fn poll(sched: &wd_sched, expect: u32, count: *mut u32) -> c_int {
    let poll = sched.poll_policy.expect("there");
    // SAFETY: NULL, or a number.
    unsafe { poll(sched.h_sched_ctx, expect, count) }
}

fn free_key(key: isize) {
    let key: *mut c_void = ptr::with_exposed_provenance_mut(key.cast_unsigned());
    // SAFETY: a key is of malloc's, and C programs free it so.
    unsafe { libc::free(key) };
}

#[test]
fn a_session_key_is_of_mallocs_and_picks_the_contexts_of_the_session() {
    let sched = alloc(RR, 2, 1, None);
    assert_eq!(instance(sched, 0, 0, 2, 3), 0);
    assert_eq!(instance(sched, 0, 1, 6, 6), 0);
    let copy = content(sched);
    for expected in [2, 3, 2] {
        let key = init_with(&copy, ptr::null_mut());
        assert!(key > 0);
        assert_eq!(pick(&copy, key, SYNC), expected);
        assert_eq!(pick(&copy, key, ASYNC), 6);
        free_key(key);
    }
    release(sched);
}

#[test]
fn what_is_no_scheduler_or_no_key_is_an_error() {
    let sched = alloc(RR, 1, 1, None);
    let mut copy = content(sched);
    assert_eq!(init_with(&copy, ptr::null_mut()), INVALID as isize, "empty");
    assert_eq!(instance(sched, 0, 0, 1, 1), 0);
    assert_eq!(pick(&copy, 0, SYNC), INVALID_POS);
    let mut stranger = [0_u32; 3];
    let stranger = stranger.as_mut_ptr().expose_provenance().cast_signed();
    assert_eq!(pick(&copy, stranger, SYNC), INVALID_POS);
    let key = init_with(&copy, ptr::null_mut());
    release(sched);
    for handle in [copy.h_sched_ctx, 0, 0xdead_beef] {
        copy.h_sched_ctx = handle;
        assert_eq!(init_with(&copy, ptr::null_mut()), INVALID as isize);
        assert_eq!(pick(&copy, key, SYNC), INVALID_POS);
        assert_eq!(poll(&copy, 1, &mut 0), INVALID);
        assert_eq!(instance(&raw const copy, 0, 0, 0, 0), INVALID);
        assert!(native(&copy).is_none());
    }
    free_key(key);
}

#[test]
fn null_is_an_error_or_does_nothing() {
    release(ptr::null_mut());
    assert_eq!(instance(ptr::null(), 0, 0, 0, 0), INVALID);
    let sched = alloc(RR, 1, 1, None);
    // SAFETY: a scheduler; NULL is allowed.
    let answer = unsafe { wd_sched_rr_instance(sched, ptr::null_mut()) };
    assert_eq!(answer, INVALID);
    let copy = content(sched);
    assert_eq!(poll(&copy, 1, &mut 0), INVALID, "it has no function");
    release(sched);
    assert!(alloc(4, 1, 1, None).is_null());
    assert!(alloc(RR, 0, 1, None).is_null());
    assert!(alloc(RR, 1, 0, None).is_null());
    assert!(alloc(NONE, 1, 0, None).is_null());
}

#[test]
fn more_nodes_than_the_machine_has_are_no_error() {
    let sched = alloc(RR, 2, 2000, None);
    assert_eq!(instance(sched, 0, 0, 0, 0), 0);
    release(sched);
    assert!(alloc(RR, 2, 2049, None).is_null());
}

#[test]
fn the_policies_that_do_not_choose_have_no_keys() {
    for (policy, contexts) in [(NONE, (0, 0)), (SINGLE, (0, 1))] {
        let sched = alloc(policy, 1, 1, None);
        let copy = content(sched);
        assert_eq!(init_with(&copy, ptr::null_mut()), 0);
        assert_eq!((pick(&copy, 0, SYNC), pick(&copy, 0, ASYNC)), contexts);
        assert_eq!(instance(sched, 0, 0, 0, 0), INVALID);
        release(sched);
    }
}

#[test]
fn the_last_field_of_a_parameter_is_read_only_where_it_counts() {
    // As a program built with the headers of 2.9 has it: at the end of a page that is followed by
    // nothing.
    let page = crate::sys::pages::size();
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: new memory.
    let map = unsafe { libc::mmap(ptr::null_mut(), 2 * page, libc::PROT_NONE, flags, -1, 0) };
    assert_ne!(map, libc::MAP_FAILED);
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: ours, see above.
    assert_eq!(unsafe { libc::mprotect(map, page, protection) }, 0);
    let old = map.wrapping_byte_add(page - 16).cast::<i32>();
    // SAFETY: four numbers end where the page ends: node -1, kind 0.
    unsafe { old.cast::<[i32; 4]>().write([-1, 0, 0, 0]) };
    let sched = alloc(RR, 1, 1, None);
    assert_eq!(instance(sched, 0, 0, 9, 9), 0);
    let copy = content(sched);
    let key = init_with(&copy, old.cast());
    assert_eq!(pick(&copy, key, SYNC), 9);
    free_key(key);
    release(sched);
    // SAFETY: ours, not used any more.
    unsafe { libc::munmap(map, 2 * page) };
}

#[test]
fn sessions_of_a_device_need_its_number() {
    let sched = alloc(DEV, 1, 0, None);
    assert_eq!(instance(sched, 0, 0, 3, 3), 0);
    let copy = content(sched);
    assert_eq!(init_with(&copy, ptr::null_mut()), INVALID as isize);
    let mut wish = sched_params {
        numa_id: -1,
        type_: 0,
        mode: 0,
        begin: 0,
        end: 0,
        dev_id: 4,
    };
    let key = init_with(&copy, (&raw mut wish).cast());
    assert_eq!(pick(&copy, key, SYNC), 3);
    free_key(key);
    release(sched);
}

#[test]
fn a_poll_asks_the_programs_function_for_one_at_a_time() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    unsafe extern "C" fn ask(context: u32, expect: u32, count: *mut u32) -> c_int {
        assert_eq!((context, expect), (7, 1));
        if CALLS.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            return -libc::EAGAIN;
        }
        // SAFETY: the scheduler's number.
        unsafe { count.write(1) };
        0
    }
    let sched = alloc(RR, 1, 1, Some(ask));
    assert_eq!(instance(sched, 0, 1, 7, 7), 0);
    let copy = content(sched);
    let mut count = 0;
    assert_eq!(poll(&copy, 3, &raw mut count), 0);
    assert_eq!((count, CALLS.load(Ordering::Relaxed)), (3, 6));
    assert_eq!(poll(&copy, 3, ptr::null_mut()), INVALID);
    release(sched);
}

#[test]
fn an_error_of_the_programs_function_goes_out_as_it_came() {
    unsafe extern "C" fn fail(_: u32, _: u32, _: *mut u32) -> c_int {
        -4242
    }
    for policy in [NONE, SINGLE] {
        let sched = alloc(policy, 1, 1, Some(fail));
        assert_eq!(poll(&content(sched), 1, &mut 0), -4242);
        release(sched);
    }
}

#[test]
fn our_own_schedulers_are_recognised_and_others_are_not() {
    unsafe extern "C" fn other(_: handle_t, _: *mut c_void, _: c_int) -> u32 {
        1
    }
    let sched = alloc(RR, 1, 1, None);
    let mut copy = content(sched);
    copy.name = ptr::null();
    assert!(native(&copy).is_some(), "programs change the name");
    copy.pick_next_ctx = Some(other);
    assert!(native(&copy).is_none());
    release(sched);
}

#[test]
fn a_fork_child_has_the_schedulers_of_its_parent() {
    let sched = alloc(RR, 1, 1, None);
    assert_eq!(instance(sched, 0, 0, 5, 5), 0);
    let copy = content(sched);
    // SAFETY: the child uses atomics and malloc only, and ends by _exit.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let key = init_with(&copy, ptr::null_mut());
        let own = alloc(RR, 1, 1, None);
        let good = pick(&copy, key, SYNC) == 5 && !own.is_null();
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(i32::from(!good)) };
    }
    let mut status = -1;
    // SAFETY: waits for the child made above.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(status, 0);
    release(sched);
}
