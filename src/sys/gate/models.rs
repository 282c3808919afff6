//! All that two or three threads can do to each other at a gate.

use super::super::atomic::{Data, explore};
use super::Gate;
use loom::thread;
use std::sync::Arc;

type Counter = Gate<(Data, u32)>;

fn counter() -> Arc<Counter> {
    Arc::new(Gate::default())
}

fn add(counter: &Counter) {
    let mut pass = counter.enter().expect("not inside");
    pass.0.write();
    pass.1 += 1;
}

fn adds(counter: &Arc<Counter>, times: u32) -> thread::JoinHandle<()> {
    let counter = Arc::clone(counter);
    thread::spawn(move || (0..times).for_each(|_| add(&counter)))
}

fn count(counter: &Counter) -> u32 {
    let pass = counter.visit().expect("not inside");
    pass.0.read();
    pass.1
}

#[test]
fn two_threads_are_never_inside_together() {
    explore(3, || {
        let counter = counter();
        let other = adds(&counter, 2);
        add(&counter);
        other.join().expect("no panic");
        assert_eq!(count(&counter), 3);
    });
}

#[test]
fn three_threads_are_never_inside_together() {
    explore(1, || {
        let counter = counter();
        let others = [adds(&counter, 1), adds(&counter, 1)];
        add(&counter);
        for other in others {
            other.join().expect("no panic");
        }
        assert_eq!(count(&counter), 3);
    });
}

/// In a model two entries in a row are enough.
#[test]
fn a_gate_that_leans_again_lets_nobody_in_beside_its_new_owner() {
    explore(2, || {
        let counter = counter();
        add(&counter);
        let other = adds(&counter, 4);
        add(&counter);
        add(&counter);
        other.join().expect("no panic");
        assert_eq!(count(&counter), 7);
    });
}

#[test]
fn a_visitor_and_the_first_thread_are_never_inside_together() {
    explore(3, || {
        let counter = counter();
        let other = adds(&counter, 2);
        if let Some(mut pass) = counter.visit() {
            pass.0.write();
            pass.1 += 1;
        }
        other.join().expect("no panic");
        assert_eq!(count(&counter), 3);
    });
}
