//! Send + receive pairs on a ring whose device answers at once: a loop written by
//! hand against the same memory, the ring, the queue behind its handle, and the C
//! entries. Tells the least nanoseconds a pair, of rounds in turns within one run.
//! `ring NAME COUNT` runs one of them alone, for counting instructions with callgrind.

#![expect(unsafe_code, reason = "the hand-written loop, and calls of C entries")]
#![expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "the hand-written loop is what a C programmer would write"
)]

#[path = "../tests/common/instant.rs"]
mod instant;
mod results;

use instant::{CQ_OFFSET, DEPTH, DUS_SIZE, Instant};
use std::alloc::{Layout, alloc_zeroed};
use std::hint::black_box;
use std::num::NonZeroU64;
use std::sync::atomic::{Ordering, fence};
use warpdrive::capi::v0::wd::{wd_recv, wd_send};
use warpdrive::ctypes::v0::wd_queue;
use warpdrive::qm::layout::Version;
use warpdrive::qm::ring::{self, Receiver, Sender};
use warpdrive::queue::{Options, Queue};
use warpdrive::sys::lent::Promise;

/// The same protocol written by hand: the loads, stores and fences of the ring and of libwd's own
/// (full?, request table, copy in, barrier, status word, doorbell; phase, barrier, status word, index
/// checks, copy out, doorbell), on raw pointers. Depth and addresses are the kernel's to choose, so
/// they are loaded and not built in; nothing else is around them.
struct ByHand {
    sq: *mut u8,
    cq: *mut u32,
    status: [*mut u32; 2],
    doorbell: *mut u64,
    bell_base: [u64; 2],
    requests: Box<[*mut u8]>,
    depth: u32,
    number: u32,
    tail: u32,
    head: u32,
    phase: u32,
}

impl ByHand {
    fn new() -> ByHand {
        let layout = Layout::from_size_align(DUS_SIZE, 128).expect("a valid layout");
        // SAFETY: the size is not 0.
        let dus = unsafe { alloc_zeroed(layout) };
        let at = |offset: usize| dus.wrapping_add(offset).cast::<u32>();
        ByHand {
            sq: dus,
            cq: at(CQ_OFFSET),
            status: [at(DUS_SIZE - 4), at(DUS_SIZE - 8)],
            doorbell: Box::leak(Box::new(0_u64)),
            bell_base: black_box([0, 0x1000]),
            requests: vec![std::ptr::null_mut(); DEPTH.into()].into(),
            depth: black_box(DEPTH.into()),
            number: black_box(0),
            tail: 0,
            head: 0,
            phase: 1,
        }
    }

    fn next(&self, index: u32) -> u32 {
        if index + 1 == self.depth {
            0
        } else {
            index + 1
        }
    }

    #[inline(always)]
    unsafe fn send(&mut self, request: *mut u8) -> bool {
        let (slot, behind) = (self.tail as usize, self.next(self.tail));
        if !self.requests[slot].is_null() || !self.requests[behind as usize].is_null() {
            return false;
        }
        // SAFETY: the slot lies in the ring, the request has 128 bytes.
        unsafe { std::ptr::copy_nonoverlapping(request, self.sq.add(slot * 128), 128) };
        self.requests[slot] = request;
        self.tail = behind;
        fence(Ordering::Release);
        // SAFETY: inside the memory.
        if unsafe { self.status[0].read_volatile() } != 0 {
            return false;
        }
        // SAFETY: leaked by `new`.
        unsafe {
            self.doorbell
                .write_volatile(self.bell_base[0] | u64::from(self.tail) << 32);
        }
        true
    }

    #[inline(always)]
    unsafe fn receive(&mut self) -> *mut u8 {
        // SAFETY: the entry lies in the ring.
        let entry = unsafe { self.cq.add(self.head as usize * 4) };
        // SAFETY: as above.
        if unsafe { entry.add(3).read_volatile() } >> 16 & 1 != self.phase {
            return std::ptr::null_mut();
        }
        fence(Ordering::Acquire);
        // SAFETY: as above.
        let who = unsafe { entry.add(2).read_volatile() };
        // SAFETY: inside the memory.
        if unsafe { self.status[1].read_volatile() } != 0 || who >> 16 != self.number {
            return std::ptr::null_mut();
        }
        let slot = (who & 0xffff) as usize;
        let request = std::mem::replace(&mut self.requests[slot], std::ptr::null_mut());
        if request.is_null() {
            return request;
        }
        // SAFETY: `requests` has checked the slot; the request has 128 bytes.
        unsafe { std::ptr::copy_nonoverlapping(self.sq.add(slot * 128), request, 128) };
        self.head = self.next(self.head);
        self.phase ^= u32::from(self.head == 0);
        // SAFETY: leaked by `new`.
        unsafe {
            self.doorbell
                .write_volatile(self.bell_base[1] | u64::from(self.head) << 32);
        }
        request
    }
}

/// The hand-written loop's device: what [`instant::Completer`] does, on raw pointers.
struct HandDevice {
    cq: *mut u32,
    depth: u32,
    posted: u32,
}

impl HandDevice {
    #[inline(always)]
    unsafe fn complete(&mut self) {
        let (at, lap) = (
            self.posted % u32::from(DEPTH),
            self.posted / u32::from(DEPTH),
        );
        self.posted = self.posted.wrapping_add(1);
        if at >= self.depth {
            return;
        }
        // SAFETY: the entry lies in the ring.
        let entry = unsafe { self.cq.add(at as usize * 4) };
        // SAFETY: as above.
        unsafe { entry.add(2).write_volatile(at) };
        fence(Ordering::Release);
        // SAFETY: as above.
        unsafe { entry.add(3).write_volatile(((lap + 1) % 2) << 16) };
    }
}

/// One way of doing it: runs so many pairs.
type Run<'a> = (&'static str, Box<dyn FnMut(u64) + 'a>);

fn by_hand() -> Run<'static> {
    let mut hand = ByHand::new();
    let mut device = HandDevice {
        cq: hand.cq,
        depth: hand.depth,
        posted: 0,
    };
    let mut message = Box::new([0_u8; 128]);
    let run = move |pairs| {
        for _ in 0..pairs {
            // Sending and receiving are apart in every real program, so their state is in memory.
            let hand = black_box(&mut hand);
            // SAFETY: the message lives.
            assert!(unsafe { hand.send(black_box(message.as_mut_ptr())) });
            // SAFETY: one request is in flight.
            unsafe { device.complete() };
            let hand = black_box(hand);
            // SAFETY: as above.
            assert!(!black_box(unsafe { hand.receive() }).is_null());
        }
    };
    ("hand", Box::new(run))
}

/// The device that answers at once follows no address.
fn promise() -> Promise {
    // SAFETY: so nothing is read or written.
    unsafe { Promise::given() }
}

fn on_ring() -> Run<'static> {
    let device = Instant::new().expect("memory");
    let mut completer = device.completer();
    let opened = ring::open::<128>(&device, Version::V2, &Instant::id()).expect("consistent");
    let (mut sender, mut receiver): (Sender<128>, Receiver<128>) = opened;
    let mut message = Box::new([0_u8; 128]);
    let run = move |pairs| {
        for _ in 0..pairs {
            let tag = NonZeroU64::new(message.as_ptr() as u64).expect("not null");
            sender
                .write(promise(), black_box(&message), tag)
                .expect("room");
            sender.commit().expect("alive");
            completer.complete();
            let place = &mut message;
            let tag = receiver.receive(|tag, slot| {
                slot.read(place);
                tag
            });
            assert!(black_box(tag.ok().flatten()).is_some());
        }
    };
    ("ring", Box::new(run))
}

fn on_queue() -> Run<'static> {
    let device = Instant::new().expect("memory");
    let mut completer = device.completer();
    let queue = Queue::open_on(&device, &Options::default()).expect("opens");
    let mut message = Box::new([0_u8; 128]);
    let run = move |pairs| {
        for _ in 0..pairs {
            let tag = NonZeroU64::new(message.as_ptr() as u64).expect("not null");
            queue
                .send(promise(), black_box(&message), tag)
                .expect("room");
            completer.complete();
            black_box(queue.receive(&mut message)).expect("complete");
        }
    };
    ("queue", Box::new(run))
}

fn in_c() -> Run<'static> {
    let device = Instant::new().expect("memory");
    let mut completer = device.completer();
    let queue = Queue::open_on(&device, &Options::default()).expect("opens");
    // SAFETY: all-zero bytes are a valid wd_queue, as C programs begin with.
    let mut q = Box::new(unsafe { std::mem::zeroed::<wd_queue>() });
    q.priv_ = queue.into_ref().to_raw() as *mut _;
    let mut message = Box::new([0_u8; 128]);
    let run = move |pairs| {
        for _ in 0..pairs {
            // SAFETY: an open queue and a message that lives.
            let sent = unsafe { wd_send(&raw mut *q, black_box(message.as_mut_ptr()).cast()) };
            assert_eq!(sent, 0);
            completer.complete();
            let mut back = std::ptr::null_mut();
            // SAFETY: an open queue and a pointer of our own.
            assert_eq!(unsafe { wd_recv(&raw mut *q, &raw mut back) }, 0);
            black_box(back);
        }
    };
    ("c-entry", Box::new(run))
}

/// What the others are compared with comes first.
const WHAT: [&str; 4] = [
    "send and receive, hand-written loop",
    "send and receive",
    "send and receive, by a queue's handle",
    "send and receive, C entries of the seed",
];

fn main() {
    let mut runs = [by_hand(), on_ring(), on_queue(), in_c()];
    if let Some((name, pairs)) = results::only() {
        let run = runs.iter_mut().find(|(known, _)| *known == name);
        run.expect("hand, ring, queue or c-entry").1(pairs);
        return;
    }
    const PAIRS: u64 = 100_000;
    const ROUNDS: usize = 120;
    let mut all: Vec<&mut dyn FnMut(u64)> = Vec::new();
    for (_, run) in &mut runs {
        all.push(run);
    }
    let times = results::least(&mut all, PAIRS, ROUNDS);
    for (what, time) in WHAT.iter().zip(&times).skip(1) {
        let hand = ("hand-written loop", times[0]);
        results::row("ring", what, "ns", *time, Some(hand));
    }
}
