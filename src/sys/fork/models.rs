//! Values of a process, made by threads that race, and forks in the middle of it.

use super::super::atomic::{AtomicU32, Data, explore, fork, until_fork};
use super::*;
use loom::thread;

#[test]
fn threads_that_race_for_a_value_get_the_same_one_and_whole() {
    static VALUE: PerProcess<(Data, u32)> = PerProcess::new();
    fn get(n: u32) -> u32 {
        let value = VALUE.get_or(|| {
            let data = Data::default();
            data.write();
            (data, n)
        });
        value.0.read();
        value.1
    }
    explore(3, || {
        assert_eq!(current(), 1);
        let other = thread::spawn(|| get(1));
        let mine = get(2);
        assert_eq!(VALUE.get().map(|value| value.1), Some(mine));
        assert_eq!(other.join().expect("no panic"), mine);
    });
}

#[test]
fn a_child_has_no_value_of_its_parent_wherever_the_parents_threads_were() {
    static VALUE: PerProcess<u64> = PerProcess::new();
    explore(3, || {
        let before = generation();
        let other = thread::spawn(|| until_fork(|| *VALUE.get_or(current)));
        let parents = VALUE.get();
        assert!(parents.is_none_or(|of| *of == before));
        fork();
        in_child();
        let now = current();
        assert_ne!(now, before);
        assert_eq!(VALUE.get(), None);
        assert_eq!(*VALUE.get_or(|| now), now);
        assert_eq!(VALUE.get(), Some(&now));
        other.join().expect("no panic");
    });
}

#[test]
fn a_handler_runs_in_children_forked_after_its_registration() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    fn mine() {
        RUNS.fetch_add(1, Ordering::Relaxed);
    }
    fn other() {}
    explore(3, || {
        assert_eq!(RUNS.load(Ordering::Relaxed), 0);
        assert_eq!(current(), 1);
        let thread = thread::spawn(|| until_fork(|| in_children(other)));
        in_children(mine);
        fork();
        in_child();
        assert_eq!(RUNS.load(Ordering::Relaxed), 1);
        thread.join().expect("no panic");
    });
}
