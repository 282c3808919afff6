//! Raw queues: the seed API.

mod threads;

use super::leaks::Leaks;
use super::plan::lies;
use super::request::{Buffers, Counts, NO_QUEUE, Random, data, unpack};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ptr::null_mut;
use warpdrive::bd::zip::context::STORE;
use warpdrive::bd::zip::{Request, SIZE, Sqe};
use warpdrive::capi::v0::wd::*;
use warpdrive::ctypes::v0::wd_queue;

/// How long an answer is waited for, in milliseconds, before the queue is given up.
const PATIENCE: u16 = 25;
/// The queue's zlib header, which is software's.
const HEADER: [u8; 2] = [0x78, 0x9c];

/// How requests are made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Sent and waited for, one after the other.
    One,
    /// Several on their way, alone and in batches.
    Many,
    /// As One; each is a piece of a stream.
    Stream,
    /// By threads that send and threads that receive.
    Threads,
}

struct Message {
    sqe: Box<[u8; SIZE]>,
    buffers: Buffers,
}

impl Message {
    fn new(random: &mut Random) -> Message {
        Message::of(Buffers::new(random), Sqe::default())
    }

    /// A request that compresses; `more` has what else is in the descriptor.
    fn of(mut buffers: Buffers, more: Sqe) -> Message {
        let sqe = Sqe {
            input_length: buffers.source().len() as u32,
            output_space: buffers.room() as u32,
            source: buffers.source().as_ptr() as u64,
            destination: buffers.target() as u64,
            request: Request::Zlib.code(),
            window: 4,
            ..more
        };
        Message {
            sqe: Box::new(sqe.encode()),
            buffers,
        }
    }

    /// Whether its answer says that it is good.
    fn is_good(&self) -> bool {
        warpdrive::bd::zip::status(&self.sqe).is_good()
    }

    /// Counts an answer that says it is good.
    fn judge(&self, counts: &mut Counts) {
        let sqe = Sqe::decode(&self.sqe);
        if sqe.produced > sqe.output_space {
            // A lie that any caller can see.
            counts.failed += 1;
        } else if sqe.consumed == 0 {
            assert!(lies(), "answered early");
            counts.early += 1;
        } else {
            if !sqe.stateful {
                let made = self.buffers.output(sqe.produced as usize);
                let data = unpack(1, &[&HEADER[..], &made].concat());
                assert!(data == self.buffers.source(), "wrong data");
            }
            counts.done += 1;
        }
    }
}

/// A queue's time.
struct Life<'a> {
    queue: Box<wd_queue>,
    out: BTreeMap<usize, Message>,
    /// Answered: a device that named them in another's place may still write to them.
    kept: Vec<Message>,
    /// The memory in which streams are kept, which a device may still write to as well.
    contexts: Vec<Vec<u64>>,
    counts: &'a mut Counts,
}

impl Life<'_> {
    fn answered(&mut self, at: *mut c_void, good: bool) {
        let message = self
            .out
            .remove(&(at as usize))
            .expect("sent, and not answered yet");
        match good {
            true => message.judge(self.counts),
            false => self.counts.failed += 1,
        }
        self.kept.push(message);
    }

    /// Sends some messages, one by one or together. Whether the queue takes more.
    fn send(&mut self, messages: Vec<Message>) -> bool {
        let number = messages.len() as u64;
        self.counts.sent += number;
        let mut pointers: Vec<*mut c_void> = messages
            .iter()
            .map(|m| m.sqe.as_ptr().cast_mut().cast())
            .collect();
        let first = pointers.as_mut_ptr();
        let answer = match number {
            // SAFETY: messages and buffers stay until the queue is released.
            1 => unsafe { wd_send(&mut *self.queue, pointers[0]) },
            // SAFETY: as above.
            _ => unsafe { wd_send_batch(&mut *self.queue, first, number as u32) },
        };
        let taken = match (answer, number) {
            (0, 1) => 1,
            (n, _) => u64::try_from(n).unwrap_or(0),
        };
        let known = [-libc::EBUSY, -libc::ENODEV, -libc::EIO];
        assert!(answer >= 0 || known.contains(&answer), "sending: {answer}");
        self.counts.refused += number - taken;
        for (place, message) in messages.into_iter().enumerate() {
            if (place as u64) < taken {
                self.out.insert(message.sqe.as_ptr() as usize, message);
            }
        }
        answer >= 0 || answer == -libc::EBUSY
    }

    /// Takes several answers. Whether the queue may have more.
    fn receive_batch(&mut self) -> bool {
        let mut messages = [null_mut(); 8];
        // SAFETY: as in `send`.
        let n = unsafe { wd_recv_batch(&mut *self.queue, messages.as_mut_ptr(), 8) };
        for message in messages.into_iter().take(usize::try_from(n).unwrap_or(0)) {
            let status = self.status(message);
            self.answered(message, status);
        }
        n >= 0 || n == -libc::EAGAIN
    }

    /// Waits for an answer. Whether the queue may have more.
    fn receive(&mut self) -> bool {
        let mut message = null_mut();
        // SAFETY: as in `send`.
        let answer = unsafe { wd_recv_sync(&mut *self.queue, &mut message, PATIENCE) };
        if !message.is_null() {
            assert!(answer == 0 || answer == -libc::EIO, "receiving: {answer}");
            self.answered(message, answer == 0);
            return true;
        }
        let known = [-libc::EIO, -libc::ENODEV, -libc::ETIMEDOUT];
        assert!(known.contains(&answer), "receiving: {answer}");
        // A completion of no request is told and skipped; others follow.
        answer == -libc::EIO && !self.out.is_empty()
    }

    /// Compresses a stream piece by piece. Whether the queue takes more.
    fn stream(&mut self, random: &mut Random) -> bool {
        let whole = data(random);
        let context = vec![0; STORE / 8];
        let mut next = Sqe {
            stateful: true,
            new_stream: true,
            stream_context: context.as_ptr() as u64,
            ..Sqe::default()
        };
        self.contexts.push(context);
        let (mut at, mut made) = (0, HEADER.to_vec());
        while at < whole.len() {
            let end = (at + 1 + random.below(700) as usize).min(whole.len());
            let room = (end - at) * 9 / 8 + 64;
            next.finish = end == whole.len();
            let before = (self.counts.done, self.kept.len());
            if !self.send(vec![Message::of(Buffers::of(&whole[at..end], room), next)]) {
                return false;
            }
            while !self.out.is_empty() {
                if !self.receive() {
                    return false;
                }
            }
            if self.counts.done == before.0 {
                return true;
            }
            let message = &self.kept[before.1];
            let done = Sqe::decode(&message.sqe);
            made.extend(message.buffers.output(done.produced as usize));
            at += done.consumed as usize;
            next = Sqe {
                stateful: true,
                stream_context: next.stream_context,
                ctx: done.ctx,
                isize: done.isize,
                checksum: done.checksum,
                ..Sqe::default()
            };
        }
        assert!(
            lies() || unpack(1, &made) == whole,
            "a stream of wrong data"
        );
        true
    }

    fn status(&self, message: *mut c_void) -> bool {
        let message = self.out.get(&(message as usize)).expect("on its way");
        message.is_good()
    }
}

/// Requests through queues that are opened again when they are dead.
pub fn round(way: Way, seed: u64, number: u64) -> Counts {
    let (mut random, mut counts) = (Random(seed), Counts::default());
    let (mut leaks, mut failures) = (Leaks::new(number), 0);
    while counts.sent < number && failures < 8 {
        // SAFETY: for a structure of numbers and pointers zeros are a value.
        let mut queue: Box<wd_queue> = Box::new(unsafe { std::mem::zeroed() });
        // SAFETY: a structure of ours, which stays where it is while the queue is open.
        let opened = unsafe { wd_request_queue(&mut *queue) };
        if opened != 0 {
            assert!(NO_QUEUE.contains(&opened), "opening: {opened}");
            (counts.not_begun, failures) = (counts.not_begun + 1, failures + 1);
            continue;
        }
        counts.begun += 1;
        let mut life = Life {
            queue,
            out: BTreeMap::new(),
            kept: Vec::new(),
            contexts: Vec::new(),
            counts: &mut counts,
        };
        use_up(&mut life, way, &mut random, number);
        // SAFETY: as above.
        unsafe { wd_release_queue(&mut *life.queue) };
        let (out, kept, contexts) = (life.out, life.kept, life.contexts);
        counts.given_up += out.len() as u64;
        for message in out.into_values().chain(kept) {
            message.buffers.check();
        }
        drop(contexts);
        leaks.check(counts.sent);
    }
    counts.balance();
    counts
}

/// Uses a queue until it is dead, or for some hundreds of requests.
fn use_up(life: &mut Life<'_>, way: Way, random: &mut Random, number: u64) {
    let most = number.min(life.counts.sent + 300);
    if way == Way::Threads {
        let more = most - life.counts.sent;
        (life.out, life.kept) = threads::use_up(&mut life.queue, more, random, life.counts);
        return;
    }
    let mut alive = true;
    while alive && life.counts.sent < most {
        if way == Way::Stream {
            alive = life.stream(random);
            continue;
        }
        let many = way == Way::Many;
        let together = match random.below(2) {
            1 if many => 2 + random.below(6),
            _ => 1,
        };
        alive = life.send((0..together).map(|_| Message::new(random)).collect());
        let until = if many { random.below(8) as usize } else { 0 };
        while alive && life.out.len() > until {
            alive = match random.below(3) {
                0 if many => life.receive_batch(),
                _ => life.receive(),
            };
        }
    }
    while alive && !life.out.is_empty() {
        alive = life.receive();
    }
}
