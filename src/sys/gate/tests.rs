use super::*;
use std::sync::Arc;
use std::thread;

#[test]
fn one_thread_enters_again_and_again() {
    let gate = Gate::new(0_u64);
    for _ in 0..1000 {
        *gate.enter().expect("not inside") += 1;
    }
    assert_eq!(*gate.enter().expect("not inside"), 1000);
}

#[test]
fn a_thread_that_is_inside_is_told_so() {
    let gate = Gate::new(());
    let pass = gate.enter();
    assert!(gate.enter().is_none());
    drop(pass);
    assert!(gate.enter().is_some());
}

#[test]
fn re_entry_is_seen_in_the_plain_state_too() {
    let gate = Arc::new(Gate::new(()));
    drop(gate.enter());
    let other = Arc::clone(&gate);
    thread::spawn(move || drop(other.enter()))
        .join()
        .expect("no panic");
    let pass = gate.enter();
    assert!(pass.is_some());
    assert!(gate.enter().is_none());
}

#[test]
fn a_visitor_leaves_the_lean_to_the_next_thread() {
    let gate = Arc::new(Gate::new(1));
    *gate.visit().expect("not inside") += 1;
    assert_eq!(gate.owner.load(Ordering::Relaxed), FREE);
    let other = Arc::clone(&gate);
    let leans = thread::spawn(move || {
        drop(other.enter());
        other.owner.load(Ordering::Relaxed) == token()
    });
    let expected = barrier::asymmetric();
    assert_eq!(leans.join().expect("no panic"), expected);
    let visit = gate.visit();
    assert_eq!(visit.as_deref(), Some(&2));
    assert!(gate.enter().is_none() && gate.visit().is_none());
}

#[test]
fn a_visitor_that_enters_again_is_told_so() {
    let gate = Gate::new(());
    let visit = gate.visit();
    assert!(gate.enter().is_none() && gate.visit().is_none());
    drop(visit);
    assert!(gate.enter().is_some());
}

#[test]
fn a_thread_that_is_interrupted_while_it_takes_the_lean_away_is_told_so() {
    let gate = Arc::new(Gate::new(()));
    let pass = gate.enter();
    let other = Arc::clone(&gate);
    let interrupted = thread::spawn(move || {
        // As a signal handler would find it, half-way through `revoke`.
        let owner = other.owner.load(Ordering::Relaxed);
        other.owner.store(token() | CLOSED_BY, Ordering::Relaxed);
        let told = other.enter().is_none() && other.visit().is_none();
        other.owner.store(owner, Ordering::Relaxed);
        told
    });
    assert!(interrupted.join().expect("no panic"));
    drop(pass);
    assert!(gate.enter().is_some());
}

#[test]
fn a_thread_that_is_interrupted_inside_while_another_takes_its_lean_is_told_so() {
    if !barrier::asymmetric() {
        return; // Then nobody leans.
    }
    let gate = Gate::new(());
    let pass = gate.enter();
    // As another thread leaves it that waits for this one to leave.
    let other = 8 | CLOSED_BY;
    gate.owner.store(other, Ordering::Relaxed);
    assert!(gate.enter().is_none() && gate.visit().is_none());
    gate.owner.store(token(), Ordering::Relaxed);
    drop(pass);
    assert!(gate.enter().is_some());
}

#[test]
fn a_gate_leans_again_towards_a_thread_that_comes_alone_and_not_for_ever() {
    if !barrier::asymmetric() {
        return; // Then nobody leans.
    }
    let gate = Arc::new(Gate::new(0_usize));
    // A thread that lives as long as the others, so that no two have the same token.
    let come = |gate: &Arc<Gate<usize>>| {
        let gate = Arc::clone(gate);
        thread::scope(|scope| {
            let come = || {
                for _ in 0..3 * STREAK {
                    *gate.enter().expect("not inside") += 1;
                }
                let leaning = gate.enter().expect("not inside");
                assert!(gate.enter().is_none(), "inside already");
                drop(leaning);
                gate.inside_of(gate.owner.load(Ordering::Relaxed), token())
                    .is_some()
            };
            scope.spawn(come).join().expect("no panic")
        })
    };
    drop(gate.enter());
    let mut leaned = 0;
    for _ in 0..PERIODS + 3 {
        leaned += usize::from(come(&gate));
        // This one takes it back.
        drop(gate.enter());
        assert_eq!(gate.owner.load(Ordering::Relaxed), PLAIN);
    }
    assert_eq!(leaned, PERIODS - 1, "the first lean was this thread's");
    assert_eq!(
        *gate.enter().expect("not inside"),
        (PERIODS + 3) * 3 * STREAK as usize
    );
}

#[test]
fn no_increment_is_lost_between_visitors_and_others() {
    const ROUNDS: u64 = if cfg!(miri) { 20 } else { 5_000 };
    for _ in 0..if cfg!(miri) { 1 } else { 10 } {
        let gate = Arc::new(Gate::new(0_u64));
        let work = |visits: bool, gate: Arc<Gate<u64>>| {
            for _ in 0..ROUNDS {
                let pass = if visits { gate.visit() } else { gate.enter() };
                let mut pass = pass.expect("not inside");
                let before = *pass;
                core::hint::spin_loop();
                *pass = before + 1;
            }
        };
        let threads: Vec<_> = (0..4)
            .map(|n| {
                let gate = Arc::clone(&gate);
                thread::spawn(move || work(n % 2 == 0, gate))
            })
            .collect();
        for thread in threads {
            thread.join().expect("no panic");
        }
        assert_eq!(*gate.enter().expect("not inside"), 4 * ROUNDS);
    }
}

#[test]
fn no_increment_is_lost_when_threads_fight_for_the_lean() {
    const ROUNDS: u64 = if cfg!(miri) { 20 } else { 20_000 };
    for _ in 0..if cfg!(miri) { 1 } else { 20 } {
        let gate = Arc::new(Gate::new(0_u64));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let gate = Arc::clone(&gate);
                thread::spawn(move || {
                    for _ in 0..ROUNDS {
                        let mut pass = gate.enter().expect("not inside");
                        let before = *pass;
                        core::hint::spin_loop();
                        *pass = before + 1;
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("no panic");
        }
        assert_eq!(*gate.enter().expect("not inside"), 4 * ROUNDS);
    }
}
