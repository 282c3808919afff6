//! Rings against the device of `echo.rs`. The eventfd in it keeps most of these
//! from Miri; the ring itself is covered there by the property test.

mod changing;

use super::doorbell::Value;
use super::echo::{Device, Mode, NUMBER, Open};
use super::layout::{Layout, Version};
use super::ring::{self, Receiver, Sender};
use crate::error::Error;
use crate::sys::lent::Promise;
use crate::uacce::channel::QueueId;
use core::num::NonZeroU64;
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// The device of `echo.rs` follows no address.
const PROMISE: Promise = Promise::in_tests();

fn ring_on(device: &Arc<Device>) -> (Sender<128>, Receiver<128>) {
    ring::open(&Open(Arc::clone(device)), device.version, &device.id()).expect("consistent")
}

fn tag(n: u64) -> NonZeroU64 {
    NonZeroU64::new(n).expect("not 0")
}

fn sqe(n: u64) -> [u8; 128] {
    let mut bytes = [0; 128];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    bytes[120..].copy_from_slice(&n.to_le_bytes());
    bytes
}

fn send(sender: &mut Sender<128>, n: u64) -> Result<(), Error> {
    sender.write(PROMISE, &sqe(n), tag(n))?;
    sender.commit()
}

/// The tag of the next completion, after checking that its descriptor is the one that was sent.
fn receive(receiver: &mut Receiver<128>) -> Result<Option<u64>, Error> {
    receiver.receive(|tag, slot| {
        let mut bytes = [0; 128];
        slot.read(&mut bytes);
        assert_eq!(bytes, sqe(tag.get()), "the descriptor of another request");
        tag.get()
    })
}

#[test]
fn an_api_text_names_a_version_with_or_without_newline() {
    assert_eq!(Version::from_api("hisi_qm_v1\n"), Ok(Version::V1));
    assert_eq!(Version::from_api("hisi_qm_v5_noiommu"), Ok(Version::V5));
    for unknown in [
        "",
        "hisi_qm_v",
        "hisi_qm_v4",
        "hisi_qm_v22",
        "HISI_QM_V1",
        "virtio",
    ] {
        assert_eq!(
            Version::from_api(unknown),
            Err(Error::NoDevice),
            "{unknown}"
        );
    }
    for version in [Version::V1, Version::V2, Version::V3, Version::V5] {
        assert_eq!(Version::from_api(version.api()), Ok(version));
        assert_eq!(Version::at_most(version.api()), Ok(version));
    }
}

#[test]
fn a_version_that_is_not_known_yet_is_the_latest_before_it() {
    assert_eq!(Version::at_most("hisi_qm_v4\n"), Ok(Version::V3));
    assert_eq!(Version::at_most("hisi_qm_v22_noiommu"), Ok(Version::V5));
    for none in ["", "hisi_qm_v", "hisi_qm_v0", "hisi_qm_v-1", "virtio"] {
        assert_eq!(Version::at_most(none), Err(Error::NoDevice), "{none}");
    }
}

#[test]
fn a_layout_puts_the_completion_queue_behind_the_submission_queue() {
    let id = QueueId {
        number: 0,
        sqe_size: 128,
        sq_depth: 1024,
        cq_depth: 1024,
    };
    let layout = Layout::new(&id, 128, 151_552).expect("the usual size");
    assert_eq!(layout.cq_offset, 131_072);
    let status = layout.status.expect("room behind the rings");
    assert_eq!((status.tx, status.rx), (151_548, 151_544));
    let seed = Layout::new(&id, 128, 147_456).expect("the seed's size");
    assert_eq!(seed.status, None);
}

#[test]
fn numbers_from_the_kernel_that_contradict_each_other_are_refused() {
    let id = QueueId {
        number: 0,
        sqe_size: 128,
        sq_depth: 1024,
        cq_depth: 1024,
    };
    for (id, region) in [
        (QueueId { sqe_size: 64, ..id }, 151_552),
        (QueueId { sq_depth: 1, ..id }, 151_552),
        (QueueId { cq_depth: 0, ..id }, 151_552),
        (
            QueueId {
                cq_depth: 512,
                ..id
            },
            151_552,
        ),
        (
            QueueId {
                sq_depth: 2048,
                ..id
            },
            151_552,
        ),
        (id, 147_455),
        (id, 0),
    ] {
        assert_eq!(
            Layout::new(&id, 128, region),
            Err(Error::NoDevice),
            "{id:?} in {region}"
        );
    }
}

#[test]
#[cfg_attr(miri, ignore = "eventfd")]
fn a_ring_takes_depth_minus_one_and_then_is_busy() {
    let device = Device::new(Version::V1, (1024, 1024), Mode::Held);
    let (mut sender, mut receiver) = ring_on(&device);
    let accepted = (1..=1100)
        .take_while(|n| send(&mut sender, *n).is_ok())
        .count();
    assert_eq!(accepted, 1023);
    assert_eq!(send(&mut sender, 2000), Err(Error::Busy));
    assert_eq!(device.bells().last().map(|b| b.index), Some(1023));
    device.complete(0);
    assert_eq!(receive(&mut receiver), Ok(Some(1)));
    assert_eq!(send(&mut sender, 2000), Ok(()));
    assert_eq!(send(&mut sender, 2001), Err(Error::Busy));
}

#[test]
#[cfg_attr(miri, ignore = "eventfd")]
fn the_tag_that_stands_for_a_closed_slot_is_refused_and_no_slot_is_lost() {
    let device = Device::new(Version::V2, (4, 4), Mode::Held);
    let (mut sender, _receiver) = ring_on(&device);
    for _ in 0..8 {
        assert_eq!(send(&mut sender, u64::MAX), Err(Error::Invalid));
    }
    for n in 1..4 {
        assert_eq!(send(&mut sender, n), Ok(()));
    }
    assert_eq!(send(&mut sender, 4), Err(Error::Busy));
}

#[test]
#[cfg_attr(miri, ignore = "eventfd")]
fn an_empty_ring_has_nothing_to_receive() {
    let device = Device::new(Version::V2, (8, 8), Mode::Held);
    let (_sender, mut receiver) = ring_on(&device);
    assert_eq!(receive(&mut receiver), Ok(None));
    assert!(device.bells().is_empty(), "an empty receive must not ring");
}

#[test]
#[cfg_attr(miri, ignore = "eventfd")]
fn completions_in_another_order_come_back_with_their_own_request() {
    let device = Device::new(Version::V1, (8, 8), Mode::Held);
    let (mut sender, mut receiver) = ring_on(&device);
    for n in 1..=3 {
        send(&mut sender, n).expect("room");
    }
    for slot in [1, 2, 0] {
        device.complete(slot);
    }
    let order: Vec<_> = (0..3).map(|_| receive(&mut receiver)).collect();
    assert_eq!(order, [Ok(Some(2)), Ok(Some(3)), Ok(Some(1))]);
}

#[test]
#[cfg_attr(miri, ignore = "eventfd")]
fn a_slot_whose_request_is_late_is_not_overwritten() {
    let device = Device::new(Version::V2, (4, 4), Mode::Held);
    let (mut sender, mut receiver) = ring_on(&device);
    for n in 1..=3 {
        send(&mut sender, n).expect("room");
    }
    device.complete(1);
    device.complete(2);
    assert_eq!(receive(&mut receiver), Ok(Some(2)));
    assert_eq!(receive(&mut receiver), Ok(Some(3)));
    // The next slot is 3, and the one behind it is 0, whose request is late.
    assert_eq!(send(&mut sender, 4), Err(Error::Busy));
    assert_eq!(sender.in_flight(), 1);
    device.complete(0);
    assert_eq!(receive(&mut receiver), Ok(Some(1)));
    assert_eq!(send(&mut sender, 4), Ok(()));
}

#[test]
#[cfg_attr(miri, ignore = "eventfd")]
fn a_slot_number_beyond_the_ring_is_an_error_and_breaks_the_queue() {
    let device = Device::new(Version::V2, (8, 8), Mode::Held);
    let (mut sender, mut receiver) = ring_on(&device);
    send(&mut sender, 1).expect("room");
    device.post(8, NUMBER);
    device.post(0xffff, NUMBER);
    device.complete(0);
    assert_eq!(receive(&mut receiver), Err(Error::Io));
    assert_eq!(receive(&mut receiver), Err(Error::Io));
    assert_eq!(
        receive(&mut receiver),
        Ok(Some(1)),
        "what is good still comes back"
    );
    assert_eq!(send(&mut sender, 2), Err(Error::Io));
    assert_eq!(sender.in_flight(), 0, "a refused request is not in flight");
}

#[test]
#[cfg_attr(miri, ignore = "eventfd")]
fn a_completion_for_another_queue_is_an_error_and_breaks_the_queue() {
    let device = Device::new(Version::V2, (8, 8), Mode::Held);
    let (mut sender, mut receiver) = ring_on(&device);
    send(&mut sender, 1).expect("room");
    device.post(0, NUMBER + 1);
    assert_eq!(receive(&mut receiver), Err(Error::Io));
    assert_eq!(send(&mut sender, 2), Err(Error::Io));
}

#[test]
#[cfg_attr(miri, ignore = "eventfd")]
fn a_completion_of_nothing_is_an_error_once() {
    let device = Device::new(Version::V2, (8, 8), Mode::Held);
    let (mut sender, mut receiver) = ring_on(&device);
    send(&mut sender, 1).expect("room");
    device.complete(0);
    device.complete(0);
    device.post(3, NUMBER);
    assert_eq!(receive(&mut receiver), Ok(Some(1)));
    assert_eq!(receive(&mut receiver), Err(Error::Io), "a duplicate");
    assert_eq!(receive(&mut receiver), Err(Error::Io), "never sent");
    assert_eq!(receive(&mut receiver), Ok(None));
    assert_eq!(send(&mut sender, 2), Ok(()), "and the queue goes on");
}

#[test]
#[cfg_attr(miri, ignore = "eventfd")]
fn a_reset_device_takes_nothing_more_but_gives_what_it_completed() {
    let device = Device::new(Version::V3, (8, 8), Mode::Held);
    let (mut sender, mut receiver) = ring_on(&device);
    send(&mut sender, 1).expect("room");
    send(&mut sender, 2).expect("room");
    device.complete(0);
    device.reset();
    let bells = device.bells().len();
    assert_eq!(send(&mut sender, 3), Err(Error::DeviceReset));
    assert_eq!(device.bells().len(), bells, "a dead queue must not be rung");
    assert_eq!(sender.in_flight(), 2);
    assert_eq!(receive(&mut receiver), Ok(Some(1)));
    assert_eq!(receive(&mut receiver), Err(Error::DeviceReset));
    assert_eq!(receive(&mut receiver), Err(Error::DeviceReset));
}

#[test]
#[cfg_attr(miri, ignore = "eventfd")]
fn a_result_that_is_read_while_the_device_disappears_is_not_believed() {
    let device = Device::new(Version::V2, (8, 8), Mode::Instant);
    let (mut sender, mut receiver) = ring_on(&device);
    send(&mut sender, 1).expect("room");
    let answer = receiver.receive(|_, slot| {
        // Between the completion and its result, as a removal may come.
        device.memory.lose();
        device.reset();
        slot.read(&mut [0; 128]);
    });
    assert_eq!(answer, Err(Error::NoDevice));
    assert_eq!(sender.in_flight(), 1);
}

#[test]
#[cfg_attr(miri, ignore = "eventfd")]
fn a_queue_number_that_no_doorbell_can_name_is_refused() {
    let open = |version, number| {
        let device = Device::new(version, (8, 8), Mode::Held);
        let id = QueueId {
            number,
            ..device.id()
        };
        ring::open::<128>(&Open(Arc::clone(&device)), version, &id).err()
    };
    assert_eq!(open(Version::V2, 1023), None);
    assert_eq!(open(Version::V2, 1024), Some(Error::NoDevice));
    assert_eq!(open(Version::V1, u16::MAX), None);
}

#[test]
#[cfg_attr(miri, ignore = "eventfd")]
fn a_full_ring_of_a_dead_device_says_that_it_is_dead() {
    let device = Device::new(Version::V3, (4, 4), Mode::Held);
    let (mut sender, _receiver) = ring_on(&device);
    while send(&mut sender, 1).is_ok() {}
    device.reset();
    assert_eq!(send(&mut sender, 1), Err(Error::DeviceReset));
}

#[test]
#[cfg_attr(miri, ignore = "eventfd")]
fn many_writes_need_one_doorbell() {
    let device = Device::new(Version::V2, (8, 8), Mode::Instant);
    let (mut sender, mut receiver) = ring_on(&device);
    for n in 1..=5 {
        sender.write(PROMISE, &sqe(n), tag(n)).expect("room");
    }
    assert!(device.bells().is_empty());
    sender.commit().expect("alive");
    sender.commit().expect("alive");
    assert_eq!(device.bells().len(), 1);
    assert_eq!(device.bells()[0].index, 5);
    assert_eq!(
        (1..=5)
            .map(|_| receive(&mut receiver))
            .filter(|r| matches!(r, Ok(Some(_))))
            .count(),
        5
    );
}

#[test]
#[cfg_attr(miri, ignore = "eventfd")]
fn writes_that_cannot_be_announced_are_taken_back() {
    let device = Device::new(Version::V2, (4, 4), Mode::Held);
    let (mut sender, _receiver) = ring_on(&device);
    send(&mut sender, 1).expect("room");
    sender.write(PROMISE, &sqe(2), tag(2)).expect("room");
    sender.write(PROMISE, &sqe(3), tag(3)).expect("room");
    device.reset();
    assert_eq!(sender.commit(), Err(Error::DeviceReset));
    assert_eq!(sender.in_flight(), 1);
}

#[test]
#[cfg_attr(miri, ignore = "eventfd")]
fn arming_rings_the_completion_doorbell_with_the_interrupt_bit() {
    let device = Device::new(Version::V2, (8, 8), Mode::Instant);
    let (mut sender, mut receiver) = ring_on(&device);
    send(&mut sender, 1).expect("room");
    assert_eq!(receiver.waiting(), 1);
    assert_eq!(receive(&mut receiver), Ok(Some(1)));
    receiver.arm();
    let bells = device.bells();
    assert_eq!(
        bells[1],
        Value {
            queue: NUMBER,
            command: 1,
            index: 1,
            priority: 0
        }
    );
    assert_eq!(
        bells[2],
        Value {
            queue: NUMBER,
            command: 1,
            index: 1,
            priority: 1
        }
    );
}

#[test]
#[cfg_attr(miri, ignore = "eventfd")]
fn ten_million_completions_through_wrap_and_reorder_without_a_mismatch() {
    // CI runs a tenth; WD_SOAK=10000000 runs them all, in half a minute.
    let total: u64 = std::env::var("WD_SOAK")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(1_000_000);
    let device = Device::new(Version::V2, (64, 64), Mode::Held);
    let (mut sender, mut receiver) = ring_on(&device);
    let (mut random, mut next_slot, mut sent, mut back) = (1_u64, 0_u16, 0_u64, 0_u64);
    let mut flying: Vec<(u16, u64)> = Vec::new();
    while back < total {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        if random >> 63 == 0 && send(&mut sender, sent + 1).is_ok() {
            sent += 1;
            flying.push((next_slot, sent));
            next_slot = (next_slot + 1) % 64;
        } else if !flying.is_empty() {
            // Mostly one of the oldest, so that the ring moves on.
            let window = flying.len().min(8);
            let (slot, n) = flying.remove((random >> 40) as usize % window);
            device.complete(slot);
            assert_eq!(receive(&mut receiver), Ok(Some(n)));
            back += 1;
        }
        if device.bell_count() > 1000 {
            device.forget_bells();
        }
    }
    assert_eq!(sender.in_flight() as usize, flying.len());
}

/// What a random test does next.
#[derive(Clone, Debug)]
enum Step {
    Send,
    Complete(usize),
    Lie(u16),
    Receive,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Send),
        4 => any::<usize>().prop_map(Step::Complete),
        1 => any::<u16>().prop_map(Step::Lie),
        4 => Just(Step::Receive),
    ];
    proptest::collection::vec(step, 1..400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn whatever_the_device_does_each_request_comes_back_at_most_once_and_as_itself(steps in steps(), depth in 2_u16..9) {
        let device = Device::new(Version::V2, (depth, depth), Mode::Held);
        let (mut sender, mut receiver) = ring_on(&device);
        let (mut next, mut slot, mut posted) = (1, 0, 0_u32);
        let mut flying: HashMap<u64, u16> = HashMap::new();
        let mut incomplete: Vec<u16> = Vec::new();
        for step in steps {
            match step {
                Step::Send if send(&mut sender, next).is_ok() => {
                    prop_assert!(flying.len() < usize::from(depth));
                    flying.insert(next, slot);
                    incomplete.push(slot);
                    slot = (slot + 1) % depth;
                    next += 1;
                }
                // A device does not post more than its ring holds.
                Step::Complete(which) if !incomplete.is_empty() && posted < u32::from(depth) - 1 => {
                    let at = which % incomplete.len();
                    device.complete(incomplete.swap_remove(at));
                    posted += 1;
                }
                Step::Lie(head) if posted < u32::from(depth) - 1 => {
                    device.post(head % (depth + 2), NUMBER);
                    posted += 1;
                }
                Step::Receive => {
                    let before = receiver.waiting();
                    match receive(&mut receiver) {
                        Ok(Some(n)) => prop_assert!(flying.remove(&n).is_some()),
                        Ok(None) => prop_assert_eq!(before, 0),
                        Err(error) => prop_assert_eq!(error, Error::Io),
                    }
                    posted -= u32::from(before > 0);
                }
                _ => {}
            }
        }
    }
}
