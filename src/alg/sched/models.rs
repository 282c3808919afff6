//! Sessions that threads make together, while contexts are given to their scheduler, and the
//! schedulers that C programs hold.

use super::{Native, Scheduler, handles};
use crate::ctypes::v2::wd_sched::{sched_params, sched_policy_type};
use crate::error::Result;
use crate::sys::atomic::explore;
use loom::thread;
use std::sync::Arc;

fn params(device: u32, begin: u32, end: u32) -> sched_params {
    sched_params {
        numa_id: 0,
        type_: 0,
        mode: 0,
        begin,
        end,
        dev_id: device,
    }
}

fn scheduler() -> Arc<Native> {
    let native = Native::new(sched_policy_type::SCHED_POLICY_DEV, 1, 1);
    Arc::new(native.expect("in range"))
}

fn key(scheduler: &Native, device: u32) -> Result<u32> {
    scheduler
        .key(Some(&params(device, 0, 0)))
        .map(|key| key.sync)
}

#[test]
fn sessions_made_together_take_turns() {
    explore(3, || {
        let one = scheduler();
        one.instance(&params(9, 4, 6)).expect("good");
        let others = [Arc::clone(&one), Arc::clone(&one)];
        let others = others.map(|other| thread::spawn(move || key(&other, 9)));
        let mut all = vec![key(&one, 9)];
        all.extend(others.map(|other| other.join().expect("no panic")));
        all.sort_by_key(|context| context.unwrap_or(0));
        assert_eq!(all, [Ok(4), Ok(5), Ok(6)]);
    });
}

#[test]
fn contexts_that_are_just_given_are_seen_all_or_not_at_all() {
    explore(3, || {
        let one = scheduler();
        let other = Arc::clone(&one);
        let session = thread::spawn(move || key(&other, 9));
        one.instance(&params(9, 70, 71)).expect("good");
        let context = session.join().expect("no panic");
        assert!(context.is_err() || context == Ok(70), "{context:?}");
    });
}

#[test]
fn devices_that_come_together_have_places_of_their_own() {
    explore(3, || {
        let one = scheduler();
        let other = Arc::clone(&one);
        let second = thread::spawn(move || other.instance(&params(8, 20, 20)));
        one.instance(&params(9, 10, 10)).expect("good");
        second.join().expect("no panic").expect("good");
        assert_eq!((key(&one, 9), key(&one, 8)), (Ok(10), Ok(20)));
    });
}

fn open() -> usize {
    handles::open(sched_policy_type::SCHED_POLICY_DEV, 1, 1, None).expect("room")
}

#[test]
fn schedulers_made_and_closed_together_are_not_confused() {
    explore(2, || {
        let first = open();
        let other = thread::spawn(|| {
            let mine = open();
            let native = &handles::find(mine).expect("open").native;
            native.instance(&params(9, 1, 1)).expect("good");
            assert_eq!(key(native, 9), Ok(1));
            mine
        });
        handles::close(first).expect("open");
        let second = open();
        let native = &handles::find(second).expect("open").native;
        assert!(key(native, 9).is_err(), "contexts of another scheduler");
        let third = other.join().expect("no panic");
        assert!(first != second && second != third && first != third);
        assert!(handles::find(first).is_none() && handles::close(first).is_err());
        for handle in [second, third] {
            assert!(handles::close(handle).is_ok() && handles::close(handle).is_err());
        }
    });
}
