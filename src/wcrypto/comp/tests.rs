//! Contexts over simulated devices, and over the device of `qm::echo`, which
//! completes what it is told to. What they make of data, C programs check.

mod late;

use super::*;
use crate::ctypes::v1::wd::{WD_HW_EACCESS, wd_mm_br};
use crate::qm::echo::{Device, Mode, Open};
use crate::qm::layout::Version;
use crate::queue::Direction;
use crate::sim::World;
use crate::uacce::channel::{Bus, Channel};
use crate::uacce::device::Attributes;
use crate::uacce::uapi::DeviceFlags;
use crate::wcrypto::queue::{Owner, Wanted};
use core::cell::{Cell, RefCell};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;

const PROMISE: Promise = Promise::in_tests();

const ZLIB: Wanted<'static> = Wanted {
    algorithm: "zlib",
    device: None,
    nodes: 0,
    direction: Direction::Compress,
    no_iommu: false,
};

struct Shelf(Arc<Device>);

impl Bus for Shelf {
    fn devices(&self) -> Result<Vec<Attributes>> {
        Ok(vec![Attributes {
            algorithms: vec!["zlib".to_owned()],
            available: Some(1),
            ..Attributes::simulated("echo-0", "hisi_qm_v2", DeviceFlags::SVA)
        }])
    }
    fn open(&self, _: &Attributes) -> Result<Arc<dyn Channel>> {
        Ok(Arc::new(Open(Arc::clone(&self.0))))
    }
}

/// A queue of 15 requests on the echo device.
fn echo(mode: Mode) -> (Arc<Device>, Queue) {
    let device = Device::new(Version::V2, (16, 16), mode);
    let queue = Queue::request_on(&Shelf(Arc::clone(&device)), &ZLIB).expect("opens");
    (device, queue)
}

const NO_BR: wd_mm_br = wd_mm_br {
    alloc: None,
    free: None,
    iova_map: None,
    iova_unmap: None,
    usr: ptr::null_mut(),
    get_bufsize: None,
};

extern "C" fn callback(_: *const c_void, _: *mut c_void) {}

const SETUP: wcrypto_comp_ctx_setup = wcrypto_comp_ctx_setup {
    cb: Some(callback),
    alg_type: 0,
    op_type: 0,
    stream_mode: 0,
    comp_lv: 8,
    win_size: 4,
    data_fmt: 0,
    br: NO_BR,
};

/// How long contexts of the echo device wait, which answers only what it is told to.
const PATIENCE: Duration = Duration::from_millis(250);

/// A context without operations for so many requests.
fn context(queue: Queue, cookies: u32) -> usize {
    open_patient(queue, &SETUP, cookies, PATIENCE, PROMISE).expect("room")
}

fn data(input: &[u8], output: &mut [u8]) -> wcrypto_comp_op_data {
    wcrypto_comp_op_data {
        alg_type: 0,
        flush: 3,
        stream_pos: 1,
        status: 0,
        in_: input.as_ptr().cast_mut(),
        out: output.as_mut_ptr(),
        in_len: input.len() as u32,
        avail_out: output.len() as u32,
        consumed: 0,
        produced: 0,
        isize: 0,
        checksum: 0,
        priv_: ptr::null_mut(),
    }
}

/// A request whose data no device will ever look at.
fn nothing() -> wcrypto_comp_op_data {
    let (input, output) = (0x1000 as *mut u8, 0x2000 as *mut u8);
    wcrypto_comp_op_data {
        in_: input,
        out: output,
        in_len: 1,
        avail_out: 300,
        ..data(&[], &mut [])
    }
}

fn wait_for(context: usize) -> Result<()> {
    run(context, &mut nothing(), ptr::null_mut(), PROMISE)
}

fn post(context: usize, tag: usize) -> Result<()> {
    let tag = ptr::without_provenance_mut(tag);
    run(context, &mut nothing(), tag, PROMISE)
}

/// Polls; the tags that were called back for, and what their messages said.
fn polled(queue: Queue, most: u32) -> (Result<u32>, Vec<(usize, u32)>) {
    let seen = RefCell::new(Vec::new());
    let count = poll(queue, most, PROMISE, |_, message, tag| {
        let message = PROMISE.read(message).expect("a message");
        seen.borrow_mut().push((tag.addr(), message.status));
    });
    (count, seen.into_inner())
}

fn tags(seen: &[(usize, u32)]) -> Vec<usize> {
    seen.iter().map(|(tag, _)| *tag).collect()
}

#[test]
fn data_goes_there_and_back_through_contexts() {
    let world = World::new("hisi_zip,api=3".parse().expect("good")).expect("good");
    let inflate = Wanted {
        direction: Direction::Decompress,
        ..ZLIB
    };
    let there = Queue::request_on(&world, &ZLIB).expect("opens");
    let back = Queue::request_on(&world, &inflate).expect("opens");
    let compress = context(there, 0);
    let setup = wcrypto_comp_ctx_setup {
        op_type: 1,
        stream_mode: 1,
        ..SETUP
    };
    let decompress = open(back, &setup, 0, PROMISE).expect("room");
    let text = b"the same again, ".repeat(200);
    let (mut packed, mut plain) = (vec![0; 5000], vec![0; 5000]);
    let mut request = data(&text, &mut packed);
    assert_eq!(
        run(compress, &mut request, ptr::null_mut(), PROMISE),
        Ok(())
    );
    assert_eq!((request.consumed, request.status), (3200, 0));
    let made = request.produced as usize;
    let mut request = data(&packed[..made], &mut plain);
    assert_eq!(
        run(decompress, &mut request, ptr::null_mut(), PROMISE),
        Ok(())
    );
    assert_eq!((request.produced, request.status), (3200, 2), "the end");
    assert!(plain[..3200] == text);
    for (queue, context) in [(there, compress), (back, decompress)] {
        assert_eq!(close(context, PROMISE), Ok(()));
        assert_eq!(queue.release(), Ok(()));
    }
}

#[test]
fn a_context_is_a_number_that_names_it_until_it_is_deleted() {
    let (_device, queue) = echo(Mode::Instant);
    let own = context(queue, 0);
    assert_eq!(wait_for(own), Ok(()));
    for wrong in [0, 1, own + 1, usize::MAX, 0xdead_0000] {
        assert_eq!(wait_for(wrong), Err(Error::Invalid), "{wrong:#x}");
        assert_eq!(close(wrong, PROMISE), Err(Error::Invalid), "{wrong:#x}");
    }
    assert_eq!(close(own, PROMISE), Ok(()));
    assert_eq!(wait_for(own), Err(Error::Invalid));
    assert_eq!(close(own, PROMISE), Err(Error::Invalid));
    assert_ne!(context(queue, 0), own);
    queue.release().expect("open");
}

#[test]
fn setups_that_mean_nothing_are_invalid() {
    let (_device, queue) = echo(Mode::Instant);
    let spoil: [fn(&mut wcrypto_comp_ctx_setup); 8] = [
        |s| s.alg_type = 4,
        |s| s.alg_type = 255,
        |s| s.op_type = 2,
        |s| s.stream_mode = 2,
        |s| s.comp_lv = 10,
        |s| s.win_size = 5,
        |s| s.data_fmt = 2,
        // Some operations, and not all that are needed.
        |s| s.br.iova_map = Some(map),
    ];
    for (index, spoil) in spoil.iter().enumerate() {
        let mut setup = SETUP;
        spoil(&mut setup);
        let opened = open(queue, &setup, 0, PROMISE);
        assert_eq!(opened, Err(Error::Invalid), "{index}");
    }
    queue.release().expect("open");
}

#[test]
fn without_shared_addresses_a_context_needs_memory_operations() {
    let world = World::new("hisi_zip,sva=0".parse().expect("good")).expect("good");
    let queue = Queue::request_on(&world, &ZLIB).expect("opens");
    assert_eq!(open(queue, &SETUP, 0, PROMISE), Err(Error::Invalid));
    queue.release().expect("open");
}

#[test]
fn requests_without_data_and_without_a_callback_are_invalid() {
    let (_device, queue) = echo(Mode::Instant);
    let own = context(queue, 0);
    for spoil in [
        |d: &mut wcrypto_comp_op_data| d.in_ = ptr::null_mut(),
        |d: &mut wcrypto_comp_op_data| d.out = ptr::null_mut(),
        |d: &mut wcrypto_comp_op_data| d.stream_pos = 9,
        |d: &mut wcrypto_comp_op_data| d.avail_out = 0,
    ] {
        let mut request = nothing();
        spoil(&mut request);
        let done = run(own, &mut request, ptr::null_mut(), PROMISE);
        assert_eq!(done, Err(Error::Invalid));
    }
    let mute = wcrypto_comp_ctx_setup { cb: None, ..SETUP };
    let mute = open(queue, &mute, 0, PROMISE).expect("room");
    assert_eq!(post(mute, 1), Err(Error::Invalid));
    assert_eq!(wait_for(mute), Ok(()), "nothing is lost by it");
    queue.release().expect("open");
}

#[test]
fn no_more_requests_are_on_their_way_than_there_are_cookies() {
    let (device, queue) = echo(Mode::Held);
    // The bits above the 16 that count are not looked at.
    let own = context(queue, 0x7_0003);
    for tag in 1..=3 {
        assert_eq!(post(own, tag), Ok(()));
    }
    assert_eq!(post(own, 99), Err(Error::Busy));
    assert_eq!(wait_for(own), Err(Error::Busy));
    (0..3).for_each(|slot| device.complete(slot));
    let (count, seen) = polled(queue, 0);
    assert_eq!((count, tags(&seen)), (Ok(3), vec![1, 2, 3]));
    for tag in 4..=6 {
        assert_eq!(post(own, tag), Ok(()));
    }
    assert_eq!(post(own, 99), Err(Error::Busy));
    (3..6).for_each(|slot| device.complete(slot));
    assert_eq!(tags(&polled(queue, 2).1), [4, 5]);
    assert_eq!(tags(&polled(queue, 2).1), [6]);
    queue.release().expect("open");
}

#[test]
fn a_callback_finds_its_message_and_may_send_and_poll() {
    let (_device, queue) = echo(Mode::Instant);
    let own = context(queue, 1024);
    assert_eq!(post(own, 5), Ok(()));
    let calls = Cell::new(0);
    let count = poll(queue, 1, PROMISE, |callback, message, tag| {
        assert!(callback.is_some());
        let message = PROMISE.read(message).expect("a message");
        assert_eq!((message.in_size, message.tag, tag.addr()), (1, 1, 5));
        let name = message.udata as usize;
        let name = PROMISE.read(name as *const crate::ctypes::v1::wd_util::wcrypto_comp_tag);
        let name = name.expect("a tag").wcrypto_tag;
        assert_eq!((name.ctx.addr(), name.ctx_id, name.tag), (own, 1, tag));
        assert_eq!(post(own, 6), Ok(()));
        assert_eq!(wait_for(own), Ok(()));
        assert_eq!(tags(&polled(queue, 0).1), [6]);
        calls.set(calls.get() + 1);
    });
    assert_eq!((count, calls.get()), (Ok(1), 1));
    assert_eq!(polled(queue, 0).0, Ok(0));
    queue.release().expect("open");
}

#[test]
fn a_callback_that_sends_again_does_not_keep_a_poll_for_ever() {
    let (_device, queue) = echo(Mode::Instant);
    let own = context(queue, 2);
    assert_eq!(post(own, 1), Ok(()));
    let again = |_, _, _| assert_eq!(post(own, 1), Ok(()));
    assert_eq!(poll(queue, 0, PROMISE, again), Ok(ALL));
    assert_eq!(poll(queue, 3, PROMISE, again), Ok(3));
    queue.release().expect("open");
}

#[test]
fn a_context_may_be_deleted_by_its_own_callback() {
    let (_device, queue) = echo(Mode::Instant);
    let own = context(queue, 2);
    assert_eq!(post(own, 1), Ok(()));
    let count = poll(queue, 0, PROMISE, |_, message, _| {
        assert_eq!(close(own, PROMISE), Ok(()));
        let other = context(queue, 2);
        assert_eq!(wait_for(other), Ok(()));
        let message = PROMISE.read(message).expect("a message");
        assert_eq!(message.in_size, 1, "nobody else uses it");
    });
    assert_eq!(count, Ok(1));
    queue.release().expect("open");
}

#[test]
fn a_late_answer_gives_its_cookie_back_and_calls_nobody() {
    let (device, queue) = echo(Mode::Held);
    let own = context(queue, 1);
    assert_eq!(wait_for(own), Err(Error::TimedOut));
    assert_eq!(wait_for(own), Err(Error::Busy), "it is still on its way");
    device.complete(0);
    assert_eq!(polled(queue, 0), (Ok(0), vec![]));
    assert_eq!(wait_for(own), Err(Error::TimedOut));
    device.complete(1);
    // Found by whoever needs a cookie, too.
    assert_eq!(post(own, 7), Ok(()));
    device.complete(2);
    assert_eq!(tags(&polled(queue, 0).1), [7]);
    queue.release().expect("open");
}

#[test]
fn a_completion_of_no_request_is_passed_over() {
    let (device, queue) = echo(Mode::Instant);
    let own = context(queue, 1);
    for _ in 0..3 {
        device.post(9, device.id().number);
        assert_eq!(wait_for(own), Ok(()));
    }
    queue.release().expect("open");
}

#[test]
fn messages_of_the_program_are_left_for_it() {
    let (_device, queue) = echo(Mode::Instant);
    let own = context(queue, 4);
    let mut raw = cookie::BLANK;
    (raw.src, raw.dst) = (nothing().in_, nothing().out);
    (raw.in_size, raw.avail_out, raw.stream_pos) = (1, 300, 1);
    let sent = queue.send(PROMISE, &raw mut raw, Owner::Program);
    assert_eq!(sent, Ok(()));
    assert_eq!(post(own, 3), Ok(()));
    assert_eq!(wait_for(own), Ok(()));
    assert_eq!(tags(&polled(queue, 0).1), [3]);
    let received = queue.receive(PROMISE, Answer::Any).expect("works");
    assert_eq!(received, Some(&raw mut raw));
    queue.release().expect("open");
}

#[test]
fn a_thread_that_polls_hands_over_what_another_waits_for() {
    let (_device, queue) = echo(Mode::Instant);
    let done = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&done);
    let polling = thread::spawn(move || {
        let mut count = 0;
        // Once more after the last was posted.
        loop {
            let last = told.load(Ordering::Acquire);
            match polled(queue, 2) {
                (Ok(0), _) if last => return count,
                (Ok(some), _) => count += some,
                (other, _) => panic!("{other:?}"),
            }
        }
    });
    let (own, other) = (context(queue, 4), context(queue, 4));
    let mut posted = 0;
    let rounds = if cfg!(miri) { 20 } else { 5000 };
    for _ in 0..rounds {
        // A busy machine may make it wait too long.
        while wait_for(own) != Ok(()) {}
        posted += u32::from(post(other, 1).is_ok());
    }
    done.store(true, Ordering::Release);
    assert_eq!(polling.join().expect("no panic"), posted);
    queue.release().expect("open");
}

#[test]
fn a_released_queue_has_no_contexts() {
    let (device, queue) = echo(Mode::Held);
    let own = context(queue, 4);
    assert_eq!(post(own, 1), Ok(()));
    queue.release().expect("open");
    assert_eq!(post(own, 2), Err(Error::Shutdown));
    assert_eq!(wait_for(own), Err(Error::Shutdown));
    assert_eq!(polled(queue, 0), (Err(Error::Shutdown), vec![]));
    assert_eq!(open(queue, &SETUP, 0, PROMISE), Err(Error::Shutdown));
    assert_eq!(close(own, PROMISE), Ok(()));
    drop(device);
}

#[test]
fn requests_of_a_dead_device_are_called_back_for_with_a_status() {
    let (device, queue) = echo(Mode::Held);
    let own = context(queue, 4);
    for tag in 1..=3 {
        assert_eq!(post(own, tag), Ok(()));
    }
    device.reset();
    assert_eq!(wait_for(own), Err(Error::DeviceReset));
    let (count, seen) = polled(queue, 1);
    assert_eq!((count, seen.len()), (Err(Error::DeviceReset), 1));
    let (count, more) = polled(queue, 0);
    assert_eq!(count, Err(Error::DeviceReset));
    let all = [seen, more].concat();
    assert!(
        all.iter()
            .all(|(_, status)| *status == WD_HW_EACCESS as u32)
    );
    let mut all = tags(&all);
    all.sort_unstable();
    assert_eq!(all, [1, 2, 3]);
    assert_eq!(polled(queue, 0), (Err(Error::DeviceReset), vec![]));
    assert_eq!(close(own, PROMISE), Ok(()));
    queue.release().expect("open");
}

/// A stream's context, from memory operations that count what is out.
static OUT: AtomicUsize = AtomicUsize::new(0);

extern "C" fn alloc(_: *mut c_void, size: usize) -> *mut c_void {
    assert_eq!(size, 65536);
    OUT.fetch_add(1, Ordering::Relaxed);
    // Never freed: a device might write to it.
    vec![0_u64; size / 8].leak().as_mut_ptr().cast()
}
extern "C" fn free(_: *mut c_void, _: *mut c_void) {
    OUT.fetch_sub(1, Ordering::Relaxed);
}
extern "C" fn map(_: *mut c_void, va: *mut c_void, _: usize) -> *mut c_void {
    va
}
extern "C" fn unmap(_: *mut c_void, _: *mut c_void, _: *mut c_void, _: usize) {}

#[test]
fn memory_that_a_device_may_write_to_does_not_go_back() {
    let stream = wcrypto_comp_ctx_setup {
        stream_mode: 1,
        br: wd_mm_br {
            alloc: Some(alloc),
            free: Some(free),
            iova_map: Some(map),
            iova_unmap: Some(unmap),
            ..NO_BR
        },
        ..SETUP
    };
    let (device, queue) = echo(Mode::Held);
    let own = open(queue, &stream, 64, PROMISE).expect("room");
    assert_eq!(OUT.load(Ordering::Relaxed), 1);
    assert_eq!(close(own, PROMISE), Ok(()));
    assert_eq!(OUT.load(Ordering::Relaxed), 0);
    let own = open(queue, &stream, 64, PROMISE).expect("room");
    assert_eq!(post(own, 1), Ok(()));
    assert_eq!(post(own, 2), Err(Error::Busy), "a stream has one at a time");
    assert_eq!(close(own, PROMISE), Ok(()));
    assert_eq!(OUT.load(Ordering::Relaxed), 1, "it is on its way");
    device.complete(0);
    assert_eq!(polled(queue, 0), (Ok(0), vec![]), "and nobody is told");
    let own = open(queue, &stream, 64, PROMISE).expect("room");
    assert_eq!(post(own, 1), Ok(()));
    device.complete(1);
    assert_eq!(close(own, PROMISE), Ok(()));
    assert_eq!(OUT.load(Ordering::Relaxed), 1, "it came in time");
    queue.release().expect("open");
}
