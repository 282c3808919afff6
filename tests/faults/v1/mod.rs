//! Queues and contexts of UADK v1, on devices with SVA and without: buffers lie in
//! blocks or lists of a pool in the queue's memory.

mod contexts;
mod lent;
mod line;
mod messages;
mod sequences;
mod streams;
mod threads;

use super::leaks::Leaks;
use super::plan::lies;
use super::request::{Counts, Random, pack, unpack};
use lent::Lent;
use line::{Form, Line};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use warpdrive::capi::v1::wd::*;
use warpdrive::capi::v1::wd_comp::*;
use warpdrive::ctypes::v1::wd::{
    WD_EBUSY, WD_EIO, WD_ETIMEDOUT, WD_HW_EACCESS, WD_IN_EPARA, WD_VERIFY_ERR,
};
use warpdrive::ctypes::v1::wd_comp::wcrypto_op_result::*;
use warpdrive::ctypes::v1::wd_comp::{wcrypto_comp_op_data, wcrypto_lz77_zstd_format};

/// How long an answer is waited for before it is given up.
const PATIENCE: Duration = Duration::from_millis(25);
/// How many requests in a row may time out before the queue is given up: an answer may be lost, but a
/// device that has lost count of them answers nothing any more.
const LATE: u32 = 3;
/// What a request may fail with, and with what it was not sent.
const FAILED: [i32; 3] = [-WD_ETIMEDOUT, -WD_HW_EACCESS, -WD_EIO];
const REFUSED: [i32; 3] = [-WD_EBUSY, -WD_HW_EACCESS, -WD_EIO];
/// Directions.
const COMPRESS: u8 = 0;

/// How requests are made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// `wd_send` and `wd_recv`.
    Messages,
    /// `wcrypto_do_comp` that waits.
    Sync,
    /// `wcrypto_do_comp` with a tag, and `wcrypto_comp_poll`.
    Async,
    /// Pieces of a stream, each waited for.
    Stream,
    /// As Sync and Async, from lists to lists.
    Lists,
    /// As Sync, Async and Stream, by LZ77.
    Sequences,
    /// As Sync and Async, by several threads.
    Threads,
}

/// All ways that deflate in blocks takes.
pub const ALL: [Way; 4] = [Way::Messages, Way::Sync, Way::Async, Way::Stream];

/// A whole request.
struct Task {
    lent: Lent,
    /// What is to come out of decompression.
    plain: Option<Vec<u8>>,
    format: u8,
    /// Of LZ77, where literals and sequences are.
    results: Box<wcrypto_lz77_zstd_format>,
}

/// What a request came to, as messages and requests say it.
#[derive(Clone, Copy, Debug)]
struct Ended {
    status: u32,
    consumed: u32,
    produced: u32,
}

impl Ended {
    fn of(request: &wcrypto_comp_op_data) -> Ended {
        Ended {
            status: request.status.into(),
            consumed: request.consumed,
            produced: request.produced,
        }
    }

    /// Whether the request was handed back while the device may still have it.
    fn is_late(self) -> bool {
        self.status == WD_HW_EACCESS as u32
    }
}

// SAFETY: its pointers are to memory of its own, and to a pool that any thread may use.
unsafe impl Send for Task {}

impl Task {
    /// `None` if no memory is left for it.
    fn new(line: &Line, random: &mut Random) -> Option<Task> {
        let (mut plain, mut room) = sequences::sizes(random);
        if line.form == Form::Lists {
            // More than a buffer, and than a list.
            plain = plain.repeat(1 + random.below(4) as usize);
        }
        if line.form != Form::Sequences {
            room = plain.len() + plain.len() / 4 + 100;
        }
        let format = line.format;
        let (input, plain) = match line.way {
            COMPRESS => (plain, None),
            // The header is the program's.
            _ => (
                pack(1 + u32::from(format), &plain)[header(format).len()..].to_vec(),
                Some(plain),
            ),
        };
        Some(Task {
            lent: Lent::new(line, &input, room)?,
            plain,
            format,
            results: sequences::results(),
        })
    }

    /// Counts what became of it.
    fn judge(&self, ended: Ended, counts: &mut Counts) {
        self.judge_behind(&[], ended, counts);
    }

    /// As [`judge`](Self::judge); sequences may refer to what was `before`.
    fn judge_behind(&self, before: &[u8], ended: Ended, counts: &mut Counts) {
        self.lent.check();
        let failed = [
            WD_IN_EPARA as u32,
            WD_VERIFY_ERR as u32,
            WD_HW_EACCESS as u32,
            WCRYPTO_SRC_DIF_ERR as u32,
            WCRYPTO_DST_DIF_ERR as u32,
        ];
        if failed.contains(&ended.status) {
            counts.failed += 1;
            return;
        }
        let good = [
            0,
            WCRYPTO_DECOMP_END as u32,
            WCRYPTO_NEGTIVE_COMP_ERR as u32,
        ];
        assert!(good.contains(&ended.status), "{ended:?}");
        assert!(ended.produced as usize <= self.lent.room, "{ended:?}");
        if ended.consumed == 0 {
            assert!(lies(), "answered early: {ended:?}");
            counts.early += 1;
            return;
        }
        let made = self.lent.output(ended.produced as usize);
        match &self.plain {
            Some(plain) => assert!(made == *plain, "wrong data"),
            None if self.format == sequences::LZ77 => {
                let back = sequences::rebuild(self, before);
                // Of a stream one may have been done in another's place.
                let lied = lies() && !before.is_empty();
                assert!(lied || back.as_ref() == Some(&self.lent.copy), "wrong data");
            }
            None => {
                let stream = [header(self.format), &made].concat();
                let back = unpack(1 + u32::from(self.format), &stream);
                assert!(back == self.lent.copy, "wrong data");
            }
        }
        counts.done += 1;
    }
}

/// What a program puts before the output.
fn header(format: u8) -> &'static [u8] {
    match format {
        0 => &[0x78, 0x9c],
        _ => &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3],
    }
}

/// A queue's time.
struct Life<'a> {
    line: Line,
    /// Messages of `wd_send`, by address.
    out: BTreeMap<usize, messages::Sent>,
    /// Asynchronous requests, by tag.
    posted: BTreeMap<usize, Task>,
    tags: usize,
    /// Requests that have timed out one after the other.
    late: u32,
    /// Answered or not: a device may still write to them.
    kept: Vec<(Task, Option<Box<messages::Message>>)>,
    /// Pieces of streams of which the same is true.
    pieces: Vec<Lent>,
    counts: &'a mut Counts,
}

impl Life<'_> {
    /// A request has ended, and the device may still write to it if it timed out or the device lies.
    fn keep(&mut self, task: Task, message: Option<Box<messages::Message>>, late: bool) {
        if late || lies() {
            self.kept.push((task, message));
        }
    }

    /// Counts a request that has failed with `answer`. Whether the queue may take more.
    fn failed(&mut self, answer: i32) -> bool {
        assert!(FAILED.contains(&answer), "a request: {answer}");
        self.counts.failed += 1;
        self.late += 1;
        answer == -WD_ETIMEDOUT && self.late < LATE
    }

    /// As [`keep`](Self::keep), for a piece of a stream.
    fn keep_piece(&mut self, lent: Lent, late: bool) {
        if late || lies() {
            self.pieces.push(lent);
        }
    }
}

/// Requests through queues that are opened again when they are dead.
pub fn round(ways: &[Way], seed: u64, number: u64) -> Counts {
    let (mut random, mut counts) = (Random(seed), Counts::default());
    let (mut leaks, mut failures) = (Leaks::new(number), 0);
    while counts.sent < number && failures < 8 {
        let form = match ways[0] {
            Way::Lists => Form::Lists,
            Way::Sequences => Form::Sequences,
            _ => Form::Blocks,
        };
        let Some(line) = Line::open(form, &mut random) else {
            (counts.not_begun, failures) = (counts.not_begun + 1, failures + 1);
            continue;
        };
        counts.begun += 1;
        if ways[0] == Way::Threads {
            let most = (number - counts.sent).min(300);
            threads::use_up(line, most, &mut random, &mut counts);
            leaks.check(counts.sent);
            continue;
        }
        let life = Life {
            line,
            out: BTreeMap::new(),
            posted: BTreeMap::new(),
            tags: 0,
            late: 0,
            kept: Vec::new(),
            pieces: Vec::new(),
            counts: &mut counts,
        };
        use_up(life, ways, &mut random, number);
        leaks.check(counts.sent);
    }
    counts.balance();
    counts
}

/// Uses a queue until it is dead, or for some hundreds of requests, and releases it.
fn use_up(mut life: Life<'_>, ways: &[Way], random: &mut Random, number: u64) {
    let most = number.min(life.counts.sent + 300);
    let (whole, posting) = (
        life.line.context(false, random),
        life.line.context(false, random),
    );
    let mut alive = true;
    while alive && life.counts.sent < most {
        alive = match ways[random.below(ways.len() as u64) as usize] {
            Way::Messages => life.messages(random),
            Way::Sync => life.synchronous(whole, random),
            Way::Async => life.asynchronous(posting, random),
            Way::Stream => life.stream(random),
            Way::Sequences if random.below(3) == 0 => life.sequences(random),
            Way::Lists | Way::Sequences if random.below(2) == 0 => life.synchronous(whole, random),
            Way::Lists | Way::Sequences | Way::Threads => life.asynchronous(posting, random),
        };
    }
    let end = Instant::now() + PATIENCE;
    while !(life.out.is_empty() && life.posted.is_empty()) && Instant::now() < end {
        life.receive(random);
        life.poll();
        std::thread::sleep(Duration::from_micros(100));
    }
    let Life {
        mut line,
        out,
        posted,
        kept,
        pieces,
        counts,
        ..
    } = life;
    let left = (out.len() + posted.len()) as u64;
    counts.given_up += left;
    let first = random.below(2) == 0;
    let delete = || {
        for context in [whole, posting] {
            // SAFETY: a context.
            unsafe { wcrypto_del_comp_ctx(context) };
        }
    };
    if first {
        delete();
    }
    // SAFETY: a queue of ours; messages and buffers stay until this returns.
    unsafe { wd_release_queue(&mut *line.queue) };
    if !first {
        delete();
    }
    contexts::nobody_was_called();
    let tasks = posted
        .into_values()
        .chain(out.into_values().map(|sent| sent.task))
        .chain(kept.into_iter().map(|(task, _)| task));
    let lent = tasks.map(|task| task.lent);
    lent.chain(pieces).for_each(|lent| lent.check());
    // Mappings of requests that were on their way when the last context went stay.
    line.close(first);
}
