//! Two threads that send and two that receive, on one queue.

use super::super::plan::lies;
use super::super::request::{Counts, Random};
use super::{Message, PATIENCE};
use std::collections::BTreeMap;
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use warpdrive::capi::v0::wd::*;
use warpdrive::ctypes::v0::wd_queue;

/// Threads of each kind.
const EACH: usize = 2;
/// Requests on their way beyond which nothing is sent.
const MANY: usize = 24;
const SHORT: Duration = Duration::from_micros(50);

struct Shared {
    queue: *mut wd_queue,
    /// By address. A message is here before it is sent, since it may be back before `wd_send` is.
    out: Mutex<BTreeMap<usize, Message>>,
    /// Answered: a device that lies may still write to them.
    kept: Mutex<Vec<Message>>,
    /// Threads that may still send.
    senders: AtomicUsize,
    received: AtomicU64,
    /// Nothing is sent or comes any more.
    ended: AtomicBool,
}

// SAFETY: any thread may use the queue, which is open while threads have this.
unsafe impl Sync for Shared {}

/// Makes so many requests through an open queue. What is still out when it is to be released, and what
/// a device may still write to.
pub fn use_up(
    queue: &mut wd_queue,
    number: u64,
    random: &mut Random,
    counts: &mut Counts,
) -> (BTreeMap<usize, Message>, Vec<Message>) {
    let shared = Shared {
        queue,
        out: Mutex::default(),
        kept: Mutex::default(),
        senders: AtomicUsize::new(EACH),
        received: AtomicU64::new(0),
        ended: AtomicBool::new(false),
    };
    let seeds: Vec<u64> = (0..2 * EACH).map(|_| random.next()).collect();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..)
            .zip(seeds)
            .map(|(thread, seed)| {
                let (shared, random) = (&shared, Random(seed));
                scope.spawn(move || match thread < EACH {
                    true => shared.sender(number.div_ceil(EACH as u64), random),
                    false => shared.receiver(random),
                })
            })
            .collect();
        for thread in threads {
            counts.add(&thread.join().expect("a panic ends the process"));
        }
    });
    let unlock = "no panic";
    (
        shared.out.into_inner().expect(unlock),
        shared.kept.into_inner().expect(unlock),
    )
}

impl Shared {
    fn on_their_way(&self) -> usize {
        self.out.lock().expect("no panic").len()
    }

    fn take(&self, at: usize) -> Message {
        let message = self.out.lock().expect("no panic").remove(&at);
        message.expect("sent, and not answered yet")
    }

    fn sender(&self, number: u64, mut random: Random) -> Counts {
        let mut counts = Counts::default();
        while counts.sent < number && !self.ended.load(Ordering::Relaxed) {
            if self.on_their_way() > MANY {
                std::thread::sleep(SHORT);
                continue;
            }
            let message = Message::new(&mut random);
            let at = message.sqe.as_ptr().cast_mut();
            counts.sent += 1;
            let mut out = self.out.lock().expect("no panic");
            assert!(out.insert(at.addr(), message).is_none());
            drop(out);
            // SAFETY: an open queue; message and buffers stay until it is released or they are back.
            let answer = unsafe { wd_send(self.queue, at.cast()) };
            if answer != 0 {
                let known = [-libc::EBUSY, -libc::ENODEV, -libc::EIO];
                assert!(known.contains(&answer), "sending: {answer}");
                drop(self.take(at.addr()));
                counts.refused += 1;
                if answer != -libc::EBUSY {
                    self.ended.store(true, Ordering::Relaxed);
                }
                std::thread::sleep(SHORT);
            }
        }
        self.senders.fetch_sub(1, Ordering::Relaxed);
        counts
    }

    fn receiver(&self, mut random: Random) -> Counts {
        let mut counts = Counts::default();
        let (mut seen, mut since) = (0, Instant::now());
        loop {
            let sending = self.senders.load(Ordering::Relaxed) > 0;
            if self.on_their_way() == 0 && !sending {
                return counts;
            }
            self.receive(&mut random, &mut counts);
            let received = self.received.load(Ordering::Relaxed);
            if received != seen || (sending && self.on_their_way() == 0) {
                (seen, since) = (received, Instant::now());
            }
            // Also after an error: completions of no request are told so, and others follow.
            if since.elapsed() > Duration::from_millis(PATIENCE.into()) {
                self.ended.store(true, Ordering::Relaxed);
                return counts;
            }
        }
    }

    /// Receives what there is, or waits a little.
    fn receive(&self, random: &mut Random, counts: &mut Counts) {
        let mut messages = [null_mut(); 4];
        let number = if random.below(2) == 0 {
            // SAFETY: an open queue, and room for so many pointers.
            unsafe { wd_recv_batch(self.queue, messages.as_mut_ptr(), 4) }
        } else {
            // SAFETY: an open queue, and a pointer of ours.
            let answer = unsafe { wd_recv_sync(self.queue, &mut messages[0], 2) };
            let known = [0, -libc::EIO, -libc::ENODEV, -libc::ETIMEDOUT];
            assert!(known.contains(&answer), "receiving: {answer}");
            i32::from(!messages[0].is_null())
        };
        for at in messages.iter().take(usize::try_from(number).unwrap_or(0)) {
            let message = self.take(at.addr());
            match message.is_good() {
                true => message.judge(counts),
                false => counts.failed += 1,
            }
            self.received.fetch_add(1, Ordering::Relaxed);
            message.buffers.check();
            if lies() {
                self.kept.lock().expect("no panic").push(message);
            }
        }
        if number <= 0 {
            std::thread::sleep(SHORT);
        }
    }
}
