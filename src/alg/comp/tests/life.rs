//! Initialisation, its end, forks, and threads of the library.

use super::*;
use crate::alg::comp::start::{Own, with_contexts, with_devices};
use crate::alg::comp::{find, path, poll, poll_context, reset, stats, stream, sync_in_pieces};
use core::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

#[test]
fn before_initialisation_everything_is_refused() {
    let _one = ONE.lock();
    end();
    end();
    let mut count = 0;
    assert_eq!(
        open(&setup(), || Err(Error::Unsupported)),
        Err(Error::Invalid)
    );
    assert_eq!(poll(1, &mut count, |_| ()), Err(Error::Invalid));
    assert_eq!(poll_context(0, 1, &mut count, |_| ()), Err(Error::Invalid));
    assert!(find(0, 1).is_none());
    assert_eq!(stats(), Err(Error::Invalid));
}

#[test]
fn handles_that_name_no_session_are_refused() {
    let _world = world();
    let handle = session();
    assert_eq!(free(handle), Ok(()));
    for bad in [0, 1, handle, handle + 1, usize::MAX, 0x7fff_dead_beef] {
        assert_eq!(sync(bad, &mut request()), Err(Error::Invalid));
        assert_eq!(stream(bad, &mut request()), Err(Error::Invalid));
        assert_eq!(sync_in_pieces(bad, &mut request()), Err(Error::Invalid));
        assert_eq!(post(bad, &marked(1)), Err(Error::Invalid));
        assert_eq!(reset(bad), Err(Error::Invalid));
        assert_eq!(free(bad), Err(Error::Invalid));
        assert_eq!(path(bad), Err(Error::Invalid));
    }
}

#[test]
fn initialised_twice_is_told_at_once() {
    let _world = world();
    assert_eq!(here().class.begin().err(), Some(Error::Exists));
    let asked = |()| -> Result<Own> { panic!("not asked") };
    assert_eq!(with_contexts(|| asked(()), no_thread), Err(Error::Exists));
    let twice = with_devices("zlib", None, None, None, no_thread);
    assert_eq!(twice, Err(Error::Exists));
}

#[test]
fn the_arguments_of_an_initialisation_are_looked_at() {
    use crate::ctypes::v2::wd_alg_common::alg_task_type::TASK_MIX;
    let _one = ONE.lock();
    end();
    let good = (Some(SCHED_POLICY_RR), Some(TASK_MIX));
    for (name, policy, task) in [
        ("", good.0, good.1),
        ("zlib ", good.0, good.1),
        ("cbc(aes)", good.0, good.1),
        ("zlib", None, good.1),
        ("zlib", good.0, None),
    ] {
        let answer = with_devices(name, policy, task, None, no_thread);
        assert_eq!(answer, Err(Error::Invalid), "{name}");
    }
    assert!(here().class.begin().is_ok(), "nothing is left behind");
}

#[test]
fn an_initialisation_waits_for_another_one_that_fails() {
    let _one = ONE.lock();
    end();
    let begun = here().class.begin().expect("idle");
    let waiting = thread::spawn(|| here().class.begin().map(drop));
    thread::yield_now();
    drop(begun);
    assert_eq!(waiting.join().expect("no panic"), Ok(()));
}

#[test]
fn sessions_of_an_ended_initialisation_refuse_requests_in_the_next_one_too() {
    let first = world();
    let handle = session();
    assert_eq!(sync(handle, &mut request()), Ok(()));
    let knobs = Arc::clone(&first.knobs);
    drop(first);
    assert!(knobs.dropped.load(Ordering::Relaxed), "the engine is gone");
    assert_eq!(sync(handle, &mut request()), Err(Error::Invalid));
    let _second = world();
    assert_eq!(sync(handle, &mut request()), Err(Error::Invalid));
    assert_eq!(stream(handle, &mut request()), Err(Error::Invalid));
    assert_eq!(post(handle, &marked(1)), Err(Error::Invalid));
    assert_eq!(reset(handle), Ok(()));
    assert_eq!(free(handle), Ok(()));
    assert_eq!(sync(session(), &mut request()), Ok(()));
}

#[test]
fn the_end_waits_for_requests_and_gives_up_those_on_their_way() {
    let first = world();
    let handle = session();
    first.knobs.silent.store(true, Ordering::Relaxed);
    assert_eq!(post(handle, &marked(1)), Ok(()));
    let waiting = thread::spawn(move || sync(handle, &mut request()));
    while first.knobs.seen.lock().is_none() {
        thread::yield_now();
    }
    end();
    assert!(first.knobs.dropped.load(Ordering::Relaxed));
    assert_eq!(waiting.join().expect("no panic"), Err(Error::TimedOut));
    // One for the request that timed out, one for the posted one.
    assert_eq!(first.knobs.resets.load(Ordering::Relaxed), 2);
}

#[test]
fn requests_and_ends_at_the_same_time_disturb_nothing() {
    let native = || {
        Chooser::Native(Arc::new(
            Native::new(SCHED_POLICY_SINGLE, 1, 1).expect("good"),
        ))
    };
    let world = world();
    let stop = core::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let Ok(handle) = open(&setup(), || Err(Error::Unsupported)) else {
                        continue;
                    };
                    for _ in 0..20 {
                        let _ = post(handle, &marked(1));
                        let _ = sync(handle, &mut request());
                        let _ = poll(1, &mut 0, |_| ());
                    }
                    assert_eq!(free(handle), Ok(()));
                }
            });
        }
        for _ in 0..50 {
            end();
            let knobs = Arc::new(Knobs::default());
            let plan = Plan {
                engine: Puppet::engine(&knobs, 2),
                seats: vec![false, true],
                slots: 8,
                chooser: native(),
                helper: None,
                patience: Patience {
                    limit: Duration::from_millis(20),
                    sleeps: false,
                },
                sva: true,
                keep: Box::new(()),
                polled: Vec::new(),
            };
            let begun = here().class.begin().expect("only this thread begins");
            begun.finish(plan, no_thread).expect("initialised");
            thread::yield_now();
        }
        stop.store(true, Ordering::Relaxed);
    });
    drop(world);
}

#[test]
fn a_thread_of_the_library_polls_and_ends_with_the_initialisation() {
    static DONE: AtomicUsize = AtomicUsize::new(0);
    fn thread(index: u32) -> Result<bool> {
        super::super::work(index, |_| {
            DONE.fetch_add(1, Ordering::Relaxed);
        })
    }
    let world = world();
    end();
    let plan = Plan {
        engine: Puppet::engine(&world.knobs, 2),
        seats: vec![false, true],
        slots: 8,
        chooser: Chooser::Native(Arc::new(
            Native::new(SCHED_POLICY_SINGLE, 1, 1).expect("good"),
        )),
        helper: None,
        patience: Patience {
            limit: Duration::from_millis(20),
            sleeps: false,
        },
        sva: true,
        keep: Box::new(()),
        polled: vec![vec![1]],
    };
    let begun = here().class.begin().expect("idle");
    begun.finish(plan, thread).expect("initialised");
    let handle = session();
    for round in 1..=20 {
        for mark in 1..=8 {
            assert_eq!(post(handle, &marked(mark)), Ok(()));
        }
        while DONE.load(Ordering::Relaxed) < round * 8 {
            thread::yield_now();
        }
    }
}

/// A scheduler written in C, as far as this floor can tell.
#[derive(Default)]
struct Picky {
    freed: AtomicUsize,
    answer: core::sync::atomic::AtomicU32,
}

impl Foreign for Picky {
    fn key(&self, param: usize) -> Result<Key> {
        if param == 13 {
            return Err(Error::Invalid);
        }
        Ok(Key {
            sync: 99,
            asynchronous: 99,
            foreign: 7,
        })
    }

    fn pick(&self, key: &Key, _: Mode) -> u32 {
        assert_eq!(key.foreign, 7);
        self.answer.load(Ordering::Relaxed)
    }

    fn poll(&self, expect: u32, count: &mut u32) -> Result<()> {
        *count += expect;
        Ok(())
    }

    fn free(&self, key: Key) {
        assert_eq!(key.foreign, 7);
        self.freed.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_foreign_scheduler_chooses_and_polls_and_gets_its_keys_back() {
    let picky = Arc::new(Picky::default());
    let foreign: Arc<dyn Foreign> = Arc::<Picky>::clone(&picky);
    let _world = with(Chooser::Foreign(foreign), &[false, true], |_| ());
    let handle = session();
    assert_eq!(sync(handle, &mut request()), Ok(()));
    for wrong in [1, 2, 1000, u32::MAX] {
        picky.answer.store(wrong, Ordering::Relaxed);
        assert_eq!(sync(handle, &mut request()), Err(Error::Invalid), "{wrong}");
    }
    picky.answer.store(0, Ordering::Relaxed);
    assert_eq!(
        post(handle, &marked(1)),
        Err(Error::Invalid),
        "a synchronous context"
    );
    let mut count = 0;
    assert_eq!(poll(3, &mut count, |_| ()), Ok(()));
    assert_eq!(count, 3);
    assert_eq!(free(handle), Ok(()));
    assert_eq!(picky.freed.load(Ordering::Relaxed), 1);
    let mut refused = setup();
    refused.param.address = 13;
    assert_eq!(
        open(&refused, || Err(Error::Unsupported)),
        Err(Error::Invalid)
    );
    assert_eq!(picky.freed.load(Ordering::Relaxed), 1);
}
