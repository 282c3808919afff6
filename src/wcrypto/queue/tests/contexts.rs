//! Contexts of a queue: numbers, memory operations of the program, and what they
//! leave behind.

use super::*;
use crate::ctypes::v1::hisi_qm_udrv::hisi_qm_inject_op;
use crate::ctypes::v1::wd::{wcrypto_cb_tag, wd_mm_br};
use crate::ctypes::v1::wd_util::wcrypto_comp_tag;
use crate::sys::inject::Inject;
use crate::sys::mm_br::MmBr;
use core::ffi::{c_int, c_uint, c_void};
use core::sync::atomic::{AtomicUsize, Ordering};

/// Memory operations that add 0x10_0000 to addresses and count in a static what is mapped.
macro_rules! counting {
    ($mapped:ident, $br:ident) => {
        counting!($mapped, $br, map, unmap);
    };
    ($mapped:ident, $br:ident, $map:ident, $unmap:ident) => {
        static $mapped: AtomicUsize = AtomicUsize::new(0);
        extern "C" fn $map(_: *mut c_void, va: *mut c_void, _: usize) -> *mut c_void {
            if va.addr() == 0xbad0 {
                return ptr::null_mut();
            }
            $mapped.fetch_add(1, Ordering::Relaxed);
            va.wrapping_byte_add(0x10_0000)
        }
        extern "C" fn $unmap(_: *mut c_void, va: *mut c_void, dma: *mut c_void, _: usize) {
            assert_eq!(va.wrapping_byte_add(0x10_0000), dma);
            $mapped.fetch_sub(1, Ordering::Relaxed);
        }
        let $br = |usr: usize| {
            let br = wd_mm_br {
                alloc: None,
                free: None,
                iova_map: Some($map),
                iova_unmap: Some($unmap),
                usr: ptr::without_provenance_mut(usr),
                get_bufsize: None,
            };
            MmBr::lent(PROMISE, &raw const br).expect("there")
        };
    };
}

#[test]
fn numbers_are_the_least_free_ones_and_memory_is_that_of_the_first() {
    counting!(MAPPED, br);
    let (_device, queue) = echo(Mode::Held);
    assert_eq!(queue.join(Some(&br(7))), Ok(1));
    assert_eq!(queue.join(Some(&br(7))), Ok(2));
    assert_eq!(
        queue.join(Some(&br(8))),
        Err(Error::Invalid),
        "another pool"
    );
    assert_eq!(queue.leave(1), Ok(()));
    assert_eq!(queue.leave(1), Err(Error::Invalid), "twice");
    for wrong in [0, 3, 256, 257, u16::MAX] {
        assert_eq!(queue.leave(wrong), Err(Error::Invalid));
    }
    assert_eq!(queue.join(Some(&br(7))), Ok(1));
    for number in 3..=256 {
        assert_eq!(queue.join(Some(&br(7))), Ok(number));
    }
    assert_eq!(queue.join(Some(&br(7))), Err(Error::Busy));
    for number in 1..=256 {
        assert_eq!(queue.leave(number), Ok(()));
    }
    assert_eq!(queue.join(Some(&br(8))), Ok(1), "all are gone");
    queue.release().expect("open");
}

#[test]
fn what_the_program_maps_for_a_request_is_unmapped_once() {
    counting!(MAPPED, br);
    let mapped = || MAPPED.load(Ordering::Relaxed);
    let (device, queue) = echo(Mode::Held);
    let number = queue.join(Some(&br(7))).expect("room");
    let mut all: Vec<_> = (0..15).map(|_| empty(number.into())).collect();
    for message in &mut all {
        assert_eq!(
            queue.send(PROMISE, &raw mut **message, Owner::Context),
            Ok(())
        );
    }
    assert_eq!(mapped(), 30);
    let one_more = queue.send(PROMISE, &raw mut *empty(1), Owner::Context);
    assert_eq!((one_more, mapped()), (Err(Error::Busy), 30));
    let mut bad = message(1, (0xbad0, 1), (0x2000, 100));
    let bad = queue.send(PROMISE, &raw mut *bad, Owner::Context);
    assert_eq!((bad, mapped()), (Err(Error::Invalid), 30));
    (0..10).for_each(|slot| device.complete(slot));
    assert_eq!(
        receive(queue, Answer::Any),
        Ok(None),
        "none is the program's"
    );
    for message in &all[..10] {
        assert_eq!(receive(queue, Answer::Contexts), Ok(at(message)));
        assert_eq!(message.status, 0);
    }
    assert_eq!(mapped(), 10);
    device.reset();
    assert_eq!(receive(queue, Answer::Contexts), Err(Error::DeviceReset));
    for _ in 0..5 {
        let message = queue.recall(PROMISE, Answer::Contexts).expect("dead");
        assert!(message.is_some());
    }
    assert_eq!(queue.recall(PROMISE, Answer::Contexts), Ok(None));
    assert_eq!(mapped(), 0);
    queue.release().expect("open");
}

#[test]
fn places_of_requests_are_used_again() {
    counting!(MAPPED, br);
    let (_device, queue) = echo(Mode::Instant);
    queue.join(Some(&br(7))).expect("room");
    let mut message = empty(1);
    for _ in 0..100 {
        message.status = 77;
        assert_eq!(
            queue.send(PROMISE, &raw mut *message, Owner::Context),
            Ok(())
        );
        assert_eq!(receive(queue, Answer::Contexts), Ok(at(&message)));
        assert_eq!(message.status, 0);
    }
    assert_eq!(MAPPED.load(Ordering::Relaxed), 0);
    queue.release().expect("open");
}

#[test]
fn a_forgotten_request_is_written_to_no_more() {
    counting!(MAPPED, br);
    let (device, queue) = echo(Mode::Held);
    queue.join(Some(&br(7))).expect("room");
    let mut all = [empty(1), empty(1), empty(1)];
    for message in &mut all {
        assert_eq!(
            queue.send(PROMISE, &raw mut **message, Owner::Context),
            Ok(())
        );
    }
    let range = |message: &wcrypto_comp_msg| {
        let begin = at(message).expect("somewhere");
        begin..begin + size_of::<wcrypto_comp_msg>()
    };
    assert_eq!(queue.forget(&range(&all[0])), Ok(()));
    (0..3).for_each(|slot| device.complete(slot));
    assert_eq!(receive(queue, Answer::Any), Ok(None));
    assert_eq!(queue.forget(&range(&all[1])), Ok(()), "it waits already");
    assert_eq!(receive(queue, Answer::Contexts), Ok(at(&all[2])));
    assert_eq!(receive(queue, Answer::Contexts), Ok(None));
    assert_eq!(all[0].status, 77, "as it was");
    assert_eq!(MAPPED.load(Ordering::Relaxed), 0);
    queue.release().expect("open");
}

#[test]
fn what_is_mapped_for_requests_on_their_way_ends_with_the_queue() {
    counting!(MAPPED, br);
    let (device, queue) = echo(Mode::Held);
    queue.join(Some(&br(7))).expect("room");
    let mut all = [empty(1), empty(1), empty(1)];
    for message in &mut all {
        let sent = queue.send(PROMISE, &raw mut **message, Owner::Context);
        assert_eq!(sent, Ok(()));
    }
    device.complete(0);
    assert_eq!(receive(queue, Answer::Contexts), Ok(at(&all[0])));
    assert_eq!(MAPPED.load(Ordering::Relaxed), 4);
    queue.release().expect("open");
    assert_eq!(MAPPED.load(Ordering::Relaxed), 0);
}

#[test]
fn later_contexts_unmap_nothing_of_earlier_ones() {
    counting!(MAPPED, br);
    counting!(OF_OTHERS, others, map_others, unmap_others);
    let (device, queue) = echo(Mode::Held);
    let number = queue.join(Some(&br(7))).expect("room");
    let mut message = empty(1);
    let sent = queue.send(PROMISE, &raw mut *message, Owner::Context);
    assert_eq!(sent, Ok(()));
    queue.leave(number).expect("a context");
    queue.join(Some(&others(8))).expect("room");
    device.complete(0);
    assert_eq!(receive(queue, Answer::Contexts), Ok(at(&message)));
    queue.release().expect("open");
    assert_eq!(OF_OTHERS.load(Ordering::Relaxed), 0);
    assert_eq!(
        MAPPED.load(Ordering::Relaxed),
        2,
        "not to be called any more"
    );
}

#[test]
fn a_programs_own_functions_see_each_descriptor() {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    extern "C" fn fill(sqe: *mut c_void, class: c_uint, given: *mut c_void) -> c_int {
        assert!(sqe.addr().is_multiple_of(8) && class == 4);
        SEEN.fetch_add(given.addr(), Ordering::Relaxed);
        0
    }
    extern "C" fn parse(_: *mut c_void, _: c_uint, given: *mut c_void) -> c_int {
        SEEN.fetch_sub(given.addr() - 1, Ordering::Relaxed);
        0
    }
    let (_device, queue) = echo(Mode::Instant);
    let operations = |parse| hisi_qm_inject_op {
        hw_type: ptr::null(),
        sqe_fill_priv: Some(fill),
        sqe_parse_priv: parse,
    };
    assert!(Inject::lent(PROMISE, &operations(None)).is_none());
    let inject = Inject::lent(PROMISE, &operations(Some(parse))).expect("both");
    assert_eq!(queue.inject("hisi_qm_v3", inject), Err(Error::Invalid));
    assert_eq!(queue.inject("hisi_qm_v2", inject), Ok(()));
    let tag = wcrypto_comp_tag {
        wcrypto_tag: wcrypto_cb_tag {
            ctx: ptr::null_mut(),
            tag: ptr::null_mut(),
            ctx_id: 1,
        },
        priv_: ptr::without_provenance_mut(5),
    };
    let mut message = empty(1);
    message.udata = (&raw const tag).expose_provenance() as u64;
    send(queue, &mut message).expect("room");
    assert_eq!(SEEN.load(Ordering::Relaxed), 5);
    assert_eq!(receive(queue, Answer::Any), Ok(at(&message)));
    assert_eq!(SEEN.load(Ordering::Relaxed), 1);
    message.udata = 0;
    send(queue, &mut message).expect("room");
    assert_eq!(receive(queue, Answer::Any), Ok(at(&message)));
    assert_eq!(
        SEEN.load(Ordering::Relaxed),
        1,
        "without a tag there is nothing to tell"
    );
    queue.release().expect("open");
}
