use super::*;
use crate::ctypes::v2::wd_sched::{INVALID_POS, sched_policy_type};
use crate::error::Error;
use proptest::prelude::*;
use sched_policy_type::*;
use std::collections::BTreeSet;

fn params(node: i32, kind: u8, mode: u8, begin: u32, end: u32) -> sched_params {
    sched_params {
        numa_id: node,
        type_: kind,
        mode,
        begin,
        end,
        dev_id: 0,
    }
}

fn of_device(device: u32, kind: u8, mode: u8, begin: u32, end: u32) -> sched_params {
    sched_params {
        dev_id: device,
        ..params(-1, kind, mode, begin, end)
    }
}

/// A scheduler with these contexts.
fn native(policy: sched_policy_type, nodes: u16, contexts: &[sched_params]) -> Native {
    let native = Native::new(policy, 2, nodes).expect("good numbers");
    for params in contexts {
        native.instance(params).expect("good numbers");
    }
    native
}

/// The synchronous and the asynchronous context of a new session.
fn session(native: &Native, node: i32, kind: u8) -> Result<(u32, u32)> {
    let wish = params(node, kind, 0xA5, 0xA5A5, 0);
    let key = native.key(Some(&wish))?;
    let contexts = (
        native.pick(&key, Mode::Sync),
        native.pick(&key, Mode::Async),
    );
    let again = (
        native.pick(&key, Mode::Sync),
        native.pick(&key, Mode::Async),
    );
    assert_eq!(contexts, again, "a session keeps its contexts");
    Ok(contexts)
}

#[test]
fn sessions_take_the_contexts_of_a_region_by_turns() {
    let contexts = [params(0, 0, 0, 3, 5), params(0, 0, 1, 8, 8)];
    let native = native(SCHED_POLICY_RR, 1, &contexts);
    for expected in [3, 4, 5, 3, 4, 5, 3] {
        assert_eq!(session(&native, 0, 0), Ok((expected, 8)));
    }
}

#[test]
fn a_session_without_a_wish_gets_the_kind_0_near_to_the_caller() {
    let contexts = [params(0, 0, 0, 7, 7), params(0, 1, 0, 9, 9)];
    let native = native(SCHED_POLICY_RR, 1, &contexts);
    let key = native.key(None).expect("there are contexts");
    assert_eq!((key.sync, key.asynchronous), (7, INVALID_POS));
    assert_eq!(session(&native, -1, 1), Ok((9, INVALID_POS)));
}

#[test]
fn a_node_without_such_contexts_is_served_by_the_first_that_has_them() {
    let contexts = [params(1, 0, 0, 10, 10), params(2, 1, 0, 20, 20)];
    let native = native(SCHED_POLICY_RR, 3, &contexts);
    assert_eq!(session(&native, 0, 0), Ok((10, INVALID_POS)));
    assert_eq!(session(&native, 1, 1), Ok((20, INVALID_POS)));
    assert_eq!(session(&native, 2, 0), Ok((10, INVALID_POS)));
    // Node 3 is none of the scheduler's, kind 2 neither.
    assert_eq!(session(&native, 3, 0), Err(Error::Invalid));
    assert_eq!(session(&native, 0, 2), Err(Error::Invalid));
}

#[test]
fn a_scheduler_without_contexts_has_none_for_a_session() {
    let empty = native(SCHED_POLICY_RR, 2, &[]);
    assert_eq!(session(&empty, 0, 0), Err(Error::Invalid));
    assert_eq!(empty.key(None), Err(Error::Invalid));
}

#[test]
fn a_machine_may_have_less_nodes_than_a_scheduler() {
    let far = native(SCHED_POLICY_RR, 2048, &[params(2047, 0, 0, 1, 1)]);
    assert_eq!(far.key(None).map(|key| key.sync), Ok(1));
    for (types, nodes) in [(0, 1), (1, 0), (1, 2049), (1, u16::MAX)] {
        let made = Native::new(SCHED_POLICY_RR, types, nodes);
        assert_eq!(made.err(), Some(Error::Invalid), "{types} {nodes}");
    }
    let none = Native::new(SCHED_POLICY_BUTT, 1, 1);
    assert_eq!(none.err(), Some(Error::Invalid));
}

#[test]
fn the_nearest_node_with_contexts_is_the_callers_own_or_the_one_at_the_least_distance() {
    let contexts = [1, 2, 3].map(|node| params(node, 0, 0, 0, 0));
    let native = native(SCHED_POLICY_RR, 5, &contexts);
    let distance = |node| [10, 40, 30, 20, 20][node as usize];
    assert_eq!(native.nearest(2, |_| panic!("its own")), Some(2));
    assert_eq!(native.nearest(0, distance), Some(3));
    assert_eq!(
        native.nearest(700, distance),
        Some(3),
        "no node of the scheduler's"
    );
    assert_eq!(native.nearest(0, |_| 20), Some(1), "the first of several");
}

#[test]
fn numbers_out_of_range_make_no_region() {
    let native = native(SCHED_POLICY_RR, 2, &[]);
    for wrong in [
        params(2, 0, 0, 0, 0),
        params(-1, 0, 0, 0, 0),
        params(0, 2, 0, 0, 0),
        params(0, 0, 2, 0, 0),
        params(0, 0, 0, 1, 0),
    ] {
        assert_eq!(native.instance(&wrong), Err(Error::Invalid), "{wrong:?}");
    }
    assert_eq!(native.key(None), Err(Error::Invalid));
}

#[test]
fn contexts_given_again_replace_those_of_a_node() {
    let native = native(SCHED_POLICY_RR, 1, &[params(0, 0, 0, 0, 9)]);
    for _ in 0..3 {
        session(&native, 0, 0).expect("there are contexts");
    }
    native.instance(&params(0, 0, 0, 4, 5)).expect("good");
    assert_eq!(
        session(&native, 0, 0),
        Ok((4, INVALID_POS)),
        "from the first"
    );
}

#[test]
fn the_policies_none_and_single_always_take_the_same_contexts() {
    for (policy, expected) in [(SCHED_POLICY_NONE, (0, 0)), (SCHED_POLICY_SINGLE, (0, 1))] {
        let native = native(policy, 1, &[]);
        assert_eq!(session(&native, 5, 9), Ok(expected));
        let key = native.key(None).expect("always");
        assert_eq!((key.sync, key.asynchronous), expected);
        let instance = native.instance(&params(0, 0, 0, 0, 0));
        assert_eq!(instance, Err(Error::Invalid), "they do not choose");
    }
}

#[test]
fn the_policy_dev_stays_with_the_device_of_the_session() {
    let contexts = [
        of_device(40, 0, 0, 0, 1),
        of_device(7, 0, 0, 2, 2),
        of_device(7, 0, 1, 3, 3),
    ];
    // The number of nodes does not matter.
    let native = native(SCHED_POLICY_DEV, 0, &contexts);
    let session = |device, kind| {
        let key = native.key(Some(&of_device(device, kind, 0, 0, 0)))?;
        Ok((key.sync, key.asynchronous))
    };
    assert_eq!(session(7, 0), Ok((2, 3)));
    assert_eq!(session(40, 0), Ok((0, INVALID_POS)));
    assert_eq!(session(40, 0), Ok((1, INVALID_POS)));
    assert_eq!(session(40, 1), Err(Error::Invalid), "no other's contexts");
    assert_eq!(session(8, 0), Err(Error::Invalid));
    assert_eq!(session(INVALID_POS, 0), Err(Error::Invalid));
    assert_eq!(native.key(None), Err(Error::Invalid), "it needs a device");
    native.instance(&of_device(7, 0, 0, 50, 50)).expect("known");
    assert_eq!(session(7, 0), Ok((2, 3)), "the first given count");
}

#[test]
fn the_policy_dev_knows_sixteen_devices() {
    let native = native(SCHED_POLICY_DEV, 0, &[]);
    for device in 0..16 {
        let params = of_device(device * 3, 0, 0, device, device);
        assert_eq!(native.instance(&params), Ok(()));
    }
    let next = of_device(99, 0, 0, 99, 99);
    assert_eq!(native.instance(&next), Err(Error::Invalid));
    let last = native.key(Some(&of_device(45, 0, 0, 0, 0)));
    assert_eq!(last.map(|key| key.sync), Ok(15));
    let no_device = of_device(INVALID_POS, 0, 0, 0, 0);
    assert_eq!(native.instance(&no_device), Err(Error::Invalid));
}

#[test]
fn threads_share_the_contexts_evenly() {
    let native = native(SCHED_POLICY_RR, 1, &[params(0, 0, 0, 0, 3)]);
    let counts = std::thread::scope(|scope| {
        let take = || {
            let one = |_| session(&native, 0, 0).expect("there are contexts").0;
            (0..100).map(one).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
        let taken = threads.into_iter().map(|t| t.join().expect("no panic"));
        taken.flatten().fold([0; 4], |mut counts, context| {
            counts[context as usize] += 1;
            counts
        })
    });
    assert_eq!(counts, [100; 4]);
}

/// What a poll asked, of contexts that have so many answers each.
fn polled(native: &Native, expect: u32, answers: &[u32]) -> (u32, Vec<u32>) {
    let (mut left, mut asked, mut count) = (answers.to_vec(), Vec::new(), 0);
    let one = |context: u32| -> core::result::Result<u32, ()> {
        asked.push(context);
        let left = left.get_mut(context as usize).ok_or(())?;
        let has = *left > 0;
        *left -= u32::from(has);
        Ok(u32::from(has))
    };
    let answer = native.poll(expect, &mut count, one);
    assert_eq!(answer, Ok(()));
    (count, asked)
}

#[test]
fn a_poll_stays_at_a_node_while_it_has_answers_and_ends_when_it_has_enough() {
    let contexts = [
        params(0, 0, 0, 0, 0),
        params(0, 0, 1, 1, 2),
        params(1, 1, 1, 3, 3),
    ];
    let native = native(SCHED_POLICY_RR, 2, &contexts);
    let (count, asked) = polled(&native, 3, &[9, 1, 1, 5]);
    assert_eq!((count, asked), (3, vec![1, 2, 1, 2, 3]));
    let (count, asked) = polled(&native, 1, &[9, 1, 1, 5]);
    assert_eq!((count, asked), (1, vec![1]));
}

#[test]
fn a_poll_that_finds_nothing_gives_up_after_999_sweeps() {
    let contexts = [params(0, 0, 1, 0, 1), params(1, 0, 1, 2, 2)];
    let native = native(SCHED_POLICY_RR, 2, &contexts);
    let (count, asked) = polled(&native, 1, &[0; 3]);
    assert_eq!((count, asked.len()), (0, 999 * 3));
}

#[test]
fn a_poll_of_one_context_gives_up_after_1000_calls_more_than_expected() {
    for (policy, context) in [(SCHED_POLICY_NONE, 0), (SCHED_POLICY_SINGLE, 1)] {
        let native = native(policy, 1, &[]);
        let (count, asked) = polled(&native, 5, &[2, 2]);
        assert_eq!((count, asked.len()), (2, 1005));
        assert!(asked.iter().all(|asked| *asked == context));
        let (count, asked) = polled(&native, 2, &[2, 2]);
        assert_eq!((count, asked.len()), (2, 2));
    }
}

#[test]
fn an_error_ends_a_poll_and_what_was_found_counts() {
    let native = native(SCHED_POLICY_RR, 1, &[params(0, 0, 1, 0, 3)]);
    let mut count = 0;
    let one = |context| if context < 2 { Ok(1) } else { Err("broken") };
    assert_eq!(native.poll(9, &mut count, one), Err("broken"));
    assert_eq!(count, 2);
}

#[test]
fn a_handle_is_good_until_it_is_closed_and_never_again() {
    let open = || handles::open(SCHED_POLICY_RR, 3, 7, None).expect("good numbers");
    let first = open();
    let native = &handles::find(first).expect("open").native;
    native.instance(&params(6, 2, 0, 5, 5)).expect("good");
    assert_eq!(handles::close(first), Ok(()));
    assert!(handles::find(first).is_none());
    assert_eq!(handles::close(first), Err(Error::Invalid));
    let second = open();
    assert_ne!(first, second);
    assert!(handles::find(first).is_none());
    let native = &handles::find(second).expect("open").native;
    assert_eq!(native.key(None), Err(Error::Invalid), "it begins empty");
    assert_eq!(handles::close(second), Ok(()));
    for garbage in [0, 1, second + (1 << 17), usize::MAX, 1 << 20] {
        assert!(handles::find(garbage).is_none(), "{garbage:#x}");
        assert_eq!(handles::close(garbage), Err(Error::Invalid));
    }
}

#[test]
fn a_scheduler_in_use_is_not_given_to_others() {
    let open = || handles::open(SCHED_POLICY_RR, 5, 11, None).expect("good numbers");
    let first = open();
    let user = std::sync::Arc::clone(&handles::find(first).expect("open").native);
    user.instance(&params(0, 0, 0, 1, 1)).expect("good");
    handles::close(first).expect("open");
    let second = open();
    let other = &handles::find(second).expect("open").native;
    assert!(!std::sync::Arc::ptr_eq(&user, other));
    assert_eq!(user.key(None).map(|key| key.sync), Ok(1));
    handles::close(second).expect("open");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_session_only_gets_contexts_that_were_given_for_its_mode_and_kind(
        given in prop::collection::vec((0..4_i32, 0..2_u8, 0..2_u8, 0..100_u32, 0..5_u32), 0..12),
        wishes in prop::collection::vec((-1..5_i32, 0..3_u8), 1..20),
    ) {
        let native = native(SCHED_POLICY_RR, 4, &[]);
        let mut last = std::collections::BTreeMap::new();
        for (node, kind, mode, begin, more) in given {
            let end = begin + more;
            native.instance(&params(node, kind, mode, begin, end)).expect("in range");
            last.insert((node, kind, mode), begin..=end);
        }
        for (node, kind) in wishes {
            let allowed = |mode: u8| -> BTreeSet<u32> {
                let fits = |key: &(i32, u8, u8)| key.1 == kind && key.2 == mode;
                let ranges = last.iter().filter(|(key, _)| fits(key));
                let all: BTreeSet<u32> = ranges.flat_map(|(_, range)| range.clone()).collect();
                let own = last.get(&(node, kind, mode));
                own.map_or(all, |own| own.clone().collect())
            };
            match session(&native, node, kind) {
                Ok((sync, asynchronous)) => {
                    for (context, mode) in [(sync, 0), (asynchronous, 1)] {
                        let allowed = allowed(mode);
                        prop_assert_eq!(context == INVALID_POS, allowed.is_empty());
                        prop_assert!(allowed.is_empty() || allowed.contains(&context));
                    }
                }
                Err(_) => {
                    let none = allowed(0).is_empty() && allowed(1).is_empty();
                    let absent = node >= 4 || kind >= 2 || (node < 0 && last.is_empty());
                    prop_assert!(none || absent);
                }
            }
        }
    }
}
