//! Asynchronous requests.

use super::*;
use crate::alg::comp::{find, poll, poll_context, stats, work};
use crate::alg::seat::Message;
use crate::ctypes::v2::wd::WD_IN_EPARA;
use core::sync::atomic::Ordering;

/// Polls context 1; the marks of the requests that came back.
fn polled(expect: u32) -> (Result<()>, Vec<usize>) {
    let mut marks = Vec::new();
    let mut count = 77;
    let answer = poll_context(1, expect, &mut count, |request| {
        marks.push(request.cb_param.addr())
    });
    assert_eq!(count as usize, marks.len());
    (answer, marks)
}

#[test]
fn requests_come_back_with_their_results_and_parameters() {
    let world = world();
    let handle = session();
    for mark in 1..=3 {
        assert_eq!(post(handle, &marked(mark)), Ok(()));
    }
    assert!(world.knobs.tags.lock().iter().all(|tag| *tag != 0));
    let mut count = 0;
    let told = poll_context(1, 1, &mut count, |request| {
        assert_eq!(
            (request.src_len, request.dst_len, request.status),
            (100, 100, 0)
        );
        assert!(request.cb.is_some());
    });
    assert_eq!((told, count), (Ok(()), 1));
    assert_eq!(polled(5), (Err(Error::Again), vec![2, 3]));
    assert_eq!(polled(1), (Err(Error::Again), vec![]));
}

#[test]
fn a_bad_poll_is_refused() {
    let _world = world();
    let mut count = 9;
    for (index, expect) in [(1, 0), (0, 1), (2, 1), (u32::MAX, 1), (65_536, 1)] {
        let answer = poll_context(index, expect, &mut count, |_| ());
        assert_eq!(answer, Err(Error::Invalid), "{index} {expect}");
    }
}

#[test]
fn a_request_without_callback_or_parameter_is_refused() {
    let _world = world();
    let handle = session();
    assert_eq!(post(handle, &request()), Err(Error::Invalid));
    assert_eq!(post(handle, &marked(0)), Err(Error::Invalid));
    let mut empty = marked(1);
    empty.src_len = 0;
    assert_eq!(post(handle, &empty), Err(Error::Invalid));
}

#[test]
fn more_requests_than_slots_are_busy_and_the_others_come_back() {
    let _world = world();
    let handle = session();
    for mark in 1..=8 {
        assert_eq!(post(handle, &marked(mark)), Ok(()));
    }
    assert_eq!(post(handle, &marked(9)), Err(Error::Busy));
    assert_eq!(polled(8).1.len(), 8);
    for mark in 1..=8 {
        assert_eq!(post(handle, &marked(mark)), Ok(()));
    }
    assert_eq!(polled(8), (Ok(()), (1..=8).collect()));
}

#[test]
fn a_request_that_the_driver_refuses_leaves_its_slot_free() {
    let world = world();
    let handle = session();
    for _ in 0..20 {
        *world.knobs.refuse.lock() = Some(Error::Busy);
        assert_eq!(post(handle, &marked(1)), Err(Error::Busy));
    }
    let mut count = 0;
    assert_eq!(poll(1, &mut count, |_| ()), Ok(()));
    for mark in 1..=8 {
        assert_eq!(post(handle, &marked(mark)), Ok(()));
    }
    assert_eq!(polled(8).1.len(), 8);
}

#[test]
fn forged_late_and_double_answers_reach_no_request() {
    let world = world();
    let handle = session();
    assert_eq!(post(handle, &marked(1)), Ok(()));
    let before = world.knobs.tags.lock()[0];
    assert_eq!(polled(1), (Ok(()), vec![1]));
    for mark in 2..=8 {
        assert_eq!(post(handle, &marked(mark)), Ok(()));
    }
    let forged = [0, before, before, 9, 0x7ff, 1 << 15, u32::MAX, 0xdead_beef];
    world.knobs.forged.lock().extend(forged);
    assert_eq!(polled(100), (Err(Error::Again), (2..=8).collect()));
    let told = stats().expect("initialised");
    assert_eq!((told.requests, told.strays), (8, forged.len() as u64));
}

#[test]
fn an_answer_of_more_than_the_request_had_is_a_failure() {
    let mut sent = engine::Msg::BLANK;
    sent.req = marked(1);
    for (consumed, produced, good) in [(100, 200, true), (101, 200, false), (100, 201, false)] {
        let mut answer = engine::Msg::BLANK;
        (answer.in_cons, answer.produced) = (consumed, produced);
        let request = sent.finish(&answer);
        let told = (request.src_len, request.dst_len, request.status as i32);
        let expected = if good {
            (100, 200, 0)
        } else {
            (0, 0, WD_IN_EPARA)
        };
        assert_eq!(told, expected);
    }
}

#[test]
fn an_endless_flood_of_forged_answers_ends_the_poll() {
    let world = world();
    let handle = session();
    assert_eq!(post(handle, &marked(1)), Ok(()));
    world.knobs.forged.lock().extend([9; 1024]);
    assert_eq!(polled(1), (Err(Error::Again), vec![]));
    assert_eq!(polled(1), (Ok(()), vec![1]));
}

#[test]
fn a_driver_finds_a_message_while_it_is_on_its_way() {
    let world = world();
    let handle = session();
    assert_eq!(post(handle, &marked(1)), Ok(()));
    let tag = world.knobs.tags.lock()[0];
    assert!(find(1, tag).is_some());
    for (index, other) in [
        (0, tag),
        (2, tag),
        (1, 0),
        (1, tag + 1),
        (1, tag ^ (1 << 16)),
    ] {
        assert!(find(index, other).is_none());
    }
    assert_eq!(polled(1).1, [1]);
    assert!(find(1, tag).is_none());
}

#[test]
fn poll_adds_to_the_count_and_fewer_than_expected_is_no_error() {
    let _world = world();
    let handle = session();
    for mark in 1..=5 {
        assert_eq!(post(handle, &marked(mark)), Ok(()));
    }
    let mut count = 0;
    assert_eq!(poll(2, &mut count, |_| ()), Ok(()));
    assert_eq!(count, 2);
    assert_eq!(poll(3, &mut count, |_| ()), Ok(()));
    assert_eq!(count, 3);
    assert_eq!(poll(9, &mut count, |_| ()), Ok(()));
    assert_eq!(count, 5);
    assert_eq!(poll(9, &mut count, |_| ()), Ok(()));
    assert_eq!(count, 5);
}

#[test]
fn a_poll_waits_a_while_for_what_is_on_its_way() {
    let world = world();
    let handle = session();
    assert_eq!(post(handle, &marked(1)), Ok(()));
    world.knobs.delay.store(500, Ordering::Relaxed);
    let mut count = 0;
    assert_eq!(poll(1, &mut count, |_| ()), Ok(()));
    assert_eq!(count, 1);
    assert_eq!(post(handle, &marked(2)), Ok(()));
    world.knobs.silent.store(true, Ordering::Relaxed);
    assert_eq!(poll(1, &mut count, |_| ()), Ok(()));
    assert_eq!(count, 1);
    assert_eq!(work(1, |_| ()), Ok(true));
    world.knobs.silent.store(false, Ordering::Relaxed);
    assert_eq!(work(1, |_| ()), Ok(false));
}

/// Sessions by turns over 64 asynchronous contexts, and 64 more beyond the first word of hints.
fn many(contexts: u32) -> World {
    let native = Native::new(SCHED_POLICY_RR, 1, 1).expect("good numbers");
    let all = sched_params {
        numa_id: 0,
        type_: 0,
        mode: 1,
        begin: 0,
        end: contexts - 1,
        dev_id: 0,
    };
    native.instance(&all).expect("good range");
    let seats = vec![true; contexts as usize];
    with(Chooser::Native(Arc::new(native)), &seats, |_| ())
}

#[test]
fn requests_of_all_contexts_come_back_each_once() {
    for contexts in [1, 63, 64, 65, 130] {
        let _world = many(contexts);
        let sessions: Vec<usize> = (0..contexts).map(|_| session()).collect();
        for round in 0..5 {
            for (mark, handle) in (1..).zip(&sessions) {
                for _ in 0..=round {
                    assert_eq!(post(*handle, &marked(mark)), Ok(()));
                }
            }
            let mut marks = vec![0; contexts as usize + 1];
            let mut count = 0;
            let all = contexts * (round + 1);
            while count < all {
                let wanted = (count + 7).min(all);
                let mark = |request: &mut wd_comp_req| marks[request.cb_param.addr()] += 1;
                assert_eq!(poll(wanted, &mut count, mark), Ok(()));
                assert_eq!(count, wanted);
            }
            assert!(marks[1..].iter().all(|n| *n == round + 1), "{marks:?}");
        }
        for handle in sessions {
            assert_eq!(free(handle), Ok(()));
        }
    }
}

#[test]
fn a_busy_context_does_not_keep_others_waiting() {
    let _world = many(3);
    let sessions: Vec<usize> = (0..3).map(|_| session()).collect();
    let mut marks = [0; 4];
    for _ in 0..30 {
        for (mark, handle) in (1..).zip(&sessions) {
            let _ = post(*handle, &marked(mark));
        }
        let mark = |request: &mut wd_comp_req| marks[request.cb_param.addr()] += 1;
        assert_eq!(poll(1, &mut 0, mark), Ok(()));
    }
    assert_eq!(marks, [0, 10, 10, 10]);
}

#[test]
fn a_callback_may_post_and_poll_and_free_its_session() {
    let _world = world();
    let handle = session();
    for _ in 0..8 {
        assert_eq!(post(handle, &marked(1)), Ok(()));
    }
    let mut again = 0;
    let mut count = 0;
    let answer = poll_context(1, 10, &mut count, |_| {
        if again < 2 {
            again += 1;
            assert_eq!(post(handle, &marked(2)), Ok(()), "its slot is free");
        } else {
            let _ = free(handle);
            let mut inner = 0;
            assert_eq!(poll_context(1, 1, &mut inner, |_| ()).is_ok(), inner == 1);
        }
    });
    assert!(count >= 5);
    assert_eq!(answer, Err(Error::Again));
    assert_eq!(post(handle, &marked(3)), Err(Error::Invalid));
}

#[test]
fn a_callback_may_end_the_initialisation() {
    let _world = world();
    let handle = session();
    for mark in 1..=3 {
        assert_eq!(post(handle, &marked(mark)), Ok(()));
    }
    let mut count = 0;
    let answer = poll_context(1, 3, &mut count, |_| end());
    assert_eq!((answer, count), (Err(Error::Invalid), 1));
    assert_eq!(post(handle, &marked(4)), Err(Error::Invalid));
}

#[test]
fn requests_of_a_freed_session_are_finished() {
    let _world = world();
    let handle = session();
    assert_eq!(post(handle, &marked(1)), Ok(()));
    assert_eq!(free(handle), Ok(()));
    assert_eq!(polled(1), (Ok(()), vec![1]));
}

#[test]
fn without_a_helper_a_broken_device_is_an_error() {
    let world = world();
    let handle = session();
    assert_eq!(post(handle, &marked(1)), Ok(()));
    *world.knobs.broken.lock() = Some(Error::DeviceReset);
    assert_eq!(polled(1), (Err(Error::DeviceReset), vec![]));
    let mut count = 0;
    assert_eq!(poll(1, &mut count, |_| ()), Err(Error::DeviceReset));
}

/// A world with a helper, whose strings are those given.
fn helped(knobs: &Arc<Knobs>) -> World {
    let native = Native::new(SCHED_POLICY_SINGLE, 1, 1).expect("good numbers");
    knobs.shared.store(true, Ordering::Relaxed);
    with(Chooser::Native(Arc::new(native)), &[false, true], |plan| {
        plan.helper = Some(Puppet::engine(knobs, 1));
    })
}

/// What the helper does, it does in the order of the slots, which earlier uses have mixed.
fn sorted((answer, mut marks): (Result<()>, Vec<usize>)) -> (Result<()>, Vec<usize>) {
    marks.sort_unstable();
    (answer, marks)
}

#[test]
fn what_a_device_cannot_do_comes_back_once_among_the_others() {
    let world = helped(&Arc::default());
    let handle = session();
    for mark in 1..=8 {
        if mark % 2 == 0 {
            *world.knobs.refuse.lock() = Some(Error::Unsupported);
        }
        assert_eq!(post(handle, &marked(mark)), Ok(()));
    }
    assert_eq!(post(handle, &marked(9)), Err(Error::Busy));
    let (answer, mut marks) = polled(9);
    marks.sort_unstable();
    assert_eq!((answer, marks), (Err(Error::Again), (1..=8).collect()));
    assert_eq!(stats().expect("initialised").fallbacks, 4);
    // Left, and then the whole context is: each comes back once all the same.
    assert_eq!(post(handle, &marked(10)), Ok(()));
    *world.knobs.refuse.lock() = Some(Error::Unsupported);
    assert_eq!(post(handle, &marked(11)), Ok(()));
    *world.knobs.broken.lock() = Some(Error::DeviceReset);
    assert_eq!(sorted(polled(3)), (Err(Error::Again), vec![10, 11]));
    assert_eq!(post(handle, &marked(12)), Ok(()));
    assert_eq!(polled(3), (Err(Error::Again), vec![12]));
}

#[test]
fn what_a_device_cannot_do_without_a_helper_is_unsupported_and_takes_no_slot() {
    let world = world();
    let handle = session();
    for _ in 0..20 {
        *world.knobs.refuse.lock() = Some(Error::Unsupported);
        assert_eq!(post(handle, &marked(1)), Err(Error::Unsupported));
    }
    assert_eq!(post(handle, &marked(2)), Ok(()));
    assert_eq!(polled(2), (Err(Error::Again), vec![2]));
}

#[test]
fn what_the_helper_cannot_do_either_comes_back_as_failed() {
    let knobs = Arc::default();
    let world = helped(&knobs);
    let handle = session();
    assert_eq!(post(handle, &marked(1)), Ok(()));
    *world.knobs.broken.lock() = Some(Error::DeviceReset);
    *knobs.refuse.lock() = Some(Error::Invalid);
    let mut count = 0;
    let answer = poll_context(1, 1, &mut count, |request| {
        let failed = crate::ctypes::v2::wd::WD_IN_EPARA as u32;
        assert_eq!((request.dst_len, request.status), (0, failed));
    });
    assert_eq!((answer, count), (Ok(()), 1));
    assert_eq!(stats().expect("initialised").errors, 1);
}

#[test]
fn what_a_broken_device_leaves_the_helper_finishes_once() {
    let world = helped(&Arc::default());
    let handle = session();
    for mark in 1..=3 {
        assert_eq!(post(handle, &marked(mark)), Ok(()));
    }
    assert_eq!(polled(1), (Ok(()), vec![1]));
    *world.knobs.broken.lock() = Some(Error::DeviceReset);
    assert_eq!(sorted(polled(3)), (Err(Error::Again), vec![2, 3]));
    assert_eq!(post(handle, &marked(4)), Ok(()));
    assert_eq!(polled(1), (Ok(()), vec![4]));
    assert_eq!(world.knobs.resets.load(Ordering::Relaxed), 1);
    assert_eq!(stats().expect("initialised").fallbacks, 3);
}

#[test]
fn one_thread_posts_while_another_polls() {
    const ALL: usize = 20_000;
    let _world = world();
    let handle = session();
    let seen = std::thread::scope(|scope| {
        let poller = scope.spawn(|| {
            let mut marks = Vec::new();
            while marks.len() < ALL {
                let mut count = 0;
                let mark = |request: &mut wd_comp_req| marks.push(request.cb_param.addr());
                assert_eq!(poll(1, &mut count, mark), Ok(()));
            }
            marks
        });
        for mark in 1..=ALL {
            while let Err(error) = post(handle, &marked(mark)) {
                assert_eq!(error, Error::Busy);
                std::thread::yield_now();
            }
        }
        poller.join().expect("no panic")
    });
    assert_eq!(seen, (1..=ALL).collect::<Vec<_>>());
}
