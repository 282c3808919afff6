//! Sessions: wd_comp.h.

mod blocks;
mod posted;
mod streams;
mod threads;

use super::leaks::Leaks;
use super::plan::lies;
use super::request::{Buffers, Counts, Random, data, pack, unpack};
use posted::{Posted, asynchronous};
use std::collections::BTreeSet;
use std::ptr::null_mut;
use streams::streams;
use warpdrive::alg::comp;
use warpdrive::capi::v2::wd_comp::*;
use warpdrive::ctypes::v2::Enum;
use warpdrive::ctypes::v2::wd::{WD_IN_EPARA, WD_STREAM_END, WD_SUCCESS};
use warpdrive::ctypes::v2::wd_alg_common::{wd_ctx_nums, wd_ctx_params};
use warpdrive::ctypes::v2::wd_comp::{wd_comp_req, wd_comp_sess_setup, wd_lz77_zstd_data};
use warpdrive::ctypes::v2::wd_sched::sched_params;

/// `-WD_HW_EACCESS`: the device does not work.
const DEAD: i32 = -62;
/// What a request that was sent may answer, beside -EBUSY for one that was not.
const FAILED: [i32; 2] = [-libc::ETIMEDOUT, DEAD];
/// What an initialisation may answer.
const NOT_BEGUN: [i32; 6] = [
    -libc::EINVAL,
    -libc::ENODEV,
    -libc::EBUSY,
    -libc::ENOMEM,
    -libc::ETIMEDOUT,
    -libc::EIO,
];
const COMPRESS: u32 = 0;
const DECOMPRESS: u32 = 1;

/// How requests are made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Whole ones that are waited for, in one step or in pieces.
    Sync,
    /// Whole ones whose answers are polled for.
    Async,
    /// Pieces of streams.
    Stream,
    /// As Sync and Async, from lists to lists.
    Lists,
    /// As Sync and Async, to the formats that new devices have beside deflate; and streams of one.
    Blocks,
    /// All that any device has, by several threads.
    Threads,
}

/// All ways that any device has.
pub const ALL: [Way; 4] = [Way::Sync, Way::Async, Way::Stream, Way::Lists];

/// What a whole request is to do.
struct Task {
    buffers: Buffers,
    /// 1 zlib, 2 gzip, or one of `blocks`.
    format: u32,
    way: u32,
    /// What is compressed, or should come out.
    data: Vec<u8>,
    /// Where literals and sequences are.
    results: Box<wd_lz77_zstd_data>,
}

impl Task {
    fn new(format: u32, way: u32, lists: bool, random: &mut Random) -> Task {
        if format > 2 {
            return blocks::task(format, lists, random);
        }
        let data = data(random);
        let buffers = match way {
            COMPRESS => Buffers::of(&data, data.len() + data.len() / 4 + 100),
            _ => Buffers::of(&pack(format, &data), data.len() + 16),
        };
        Task::of(format, way, buffers, data, lists, random)
    }

    fn of(
        format: u32,
        way: u32,
        buffers: Buffers,
        data: Vec<u8>,
        lists: bool,
        random: &mut Random,
    ) -> Task {
        Task {
            buffers: if lists {
                buffers.in_pieces(random)
            } else {
                buffers
            },
            format,
            way,
            data,
            results: blocks::results(),
        }
    }

    /// Counts the answer.
    fn judge(&self, answer: &wd_comp_req, counts: &mut Counts) {
        self.buffers.check();
        assert!(answer.dst_len as usize <= self.buffers.room());
        // Headers are software's, and counted.
        let nothing = match self.way {
            COMPRESS => answer.src_len == 0,
            _ => answer.dst_len == 0,
        };
        match answer.status as i32 {
            WD_SUCCESS | WD_STREAM_END if nothing => {
                assert!(lies(), "answered early");
                counts.early += 1;
            }
            WD_SUCCESS | WD_STREAM_END => {
                let made = self.buffers.output(answer.dst_len as usize);
                let data = match (self.format, self.way) {
                    (blocks::ZSTD | blocks::PLAIN, _) => blocks::rebuild(self, &[]),
                    (blocks::LZ4, _) => lz4_flex::block::decompress(&made, self.data.len()).ok(),
                    (format, COMPRESS) => Some(unpack(format, &made)),
                    _ => Some(made),
                };
                assert!(data.as_ref() == Some(&self.data), "wrong data");
                counts.done += 1;
            }
            WD_IN_EPARA => counts.failed += 1,
            other => panic!("status {other}"),
        }
    }
}

fn request(task: &mut Task, way: u32) -> wd_comp_req {
    let request = piece(&mut task.buffers, way);
    wd_comp_req {
        priv_: (&raw mut *task.results).cast(),
        ..request
    }
}

/// As [`request`], for what has no results beside its output.
fn piece(buffers: &mut Buffers, way: u32) -> wd_comp_req {
    let (src, dst) = buffers.addresses();
    wd_comp_req {
        src,
        src_len: buffers.source().len() as u32,
        dst,
        dst_len: buffers.room() as u32,
        cb: None,
        cb_param: null_mut(),
        op_type: Enum::new(way),
        data_fmt: Enum::new(u32::from(!buffers.lists.is_empty())),
        last: 1,
        status: 99,
        priv_: null_mut(),
    }
}

/// Counts an error.
fn error(answer: i32, counts: &mut Counts) {
    if answer == -libc::EBUSY {
        counts.refused += 1;
    } else {
        assert!(FAILED.contains(&answer), "a request: {answer}");
        counts.failed += 1;
    }
}

fn session(format: u32, way: u32) -> usize {
    // SAFETY: numbers, pointers and functions that may be absent, for which zeros are a value.
    let mut setup: wd_comp_sess_setup = unsafe { std::mem::zeroed() };
    setup.alg_type = Enum::new(format);
    // LZ77 has two levels, of which this is the thorough one; of deflate devices have one.
    setup.comp_lv = Enum::new(if format > 2 { 9 } else { 8 });
    setup.win_sz = Enum::new(4);
    setup.op_type = Enum::new(way);
    let mut param = sched_params {
        numa_id: -1,
        type_: way as u8,
        mode: 0,
        begin: 0,
        end: 0,
        dev_id: 0,
    };
    setup.sched_param = (&raw mut param).cast();
    // SAFETY: a setup, which is only read.
    unsafe { wd_comp_alloc_sess(&mut setup) }
}

/// Whole requests, one after the other. Whether the context still works.
fn synchronous(
    handle: usize,
    (format, way): (u32, u32),
    lists: bool,
    random: &mut Random,
    counts: &mut Counts,
) -> bool {
    for _ in 0..random.below(40) {
        let mut task = Task::new(format, way, lists, random);
        let mut asked = request(&mut task, way);
        counts.sent += 1;
        let pieces = format <= 2 && !lists && random.below(8) == 0;
        let answer = match pieces {
            // SAFETY: a request whose buffers live, and are not touched after it was answered.
            true => unsafe { wd_do_comp_sync2(handle, &mut asked) },
            // SAFETY: as above.
            false => unsafe { wd_do_comp_sync(handle, &mut asked) },
        };
        match answer {
            0 => task.judge(&asked, counts),
            // A piece of it ended with a status that is an error.
            error if pieces && error == -libc::EINVAL => {
                task.buffers.check();
                counts.failed += 1;
            }
            answer => {
                task.buffers.check();
                error(answer, counts);
                if answer == DEAD {
                    return false;
                }
            }
        }
    }
    true
}

/// Requests through initialisations, as many as it takes.
pub fn round(ways: &[Way], seed: u64, number: u64) -> Counts {
    let (mut random, mut counts) = (Random(seed), Counts::default());
    let (mut leaks, mut failures) = (Leaks::new(number), 0);
    while counts.sent < number && failures < 8 {
        let begun = begin(&mut random);
        if begun != 0 {
            assert!(NOT_BEGUN.contains(&begun), "beginning: {begun}");
            (counts.not_begun, failures) = (counts.not_begun + 1, failures + 1);
            continue;
        }
        counts.begun += 1;
        use_up(ways, &mut random, &mut counts);
        leaks.check(counts.sent);
    }
    counts.balance();
    counts
}

fn begin(random: &mut Random) -> i32 {
    let mut numbers = [0; 2].map(|_| wd_ctx_nums {
        sync_ctx_num: 1 + random.below(2) as u32,
        async_ctx_num: 1 + random.below(2) as u32,
    });
    let mut params = wd_ctx_params {
        op_type_num: 2,
        ctx_set_num: numbers.as_mut_ptr(),
        bmp: null_mut(),
        cap: null_mut(),
    };
    // Hardware, as far as there is some.
    // SAFETY: a name, and parameters of ours.
    unsafe { wd_comp_init2_(c"zlib".as_ptr().cast_mut(), 0, 1, &mut params) }
}

/// Uses an initialisation for some hundreds of requests, and ends it.
fn use_up(ways: &[Way], random: &mut Random, counts: &mut Counts) {
    let mut posted = Vec::new();
    match ways {
        [Way::Threads] => threads::work_together(random, counts, &mut posted),
        _ => work(ways, 250, random, counts, &mut posted),
    }
    if let Ok(stats) = comp::stats() {
        counts.helped += stats.fallbacks;
    }
    // SAFETY: no other thread is there.
    unsafe { wd_comp_uninit2() };
    posted::forget();
    let mut seen = BTreeSet::new();
    for at in posted {
        assert!(seen.insert(at as usize));
        // SAFETY: made by `Box::into_raw`; nothing is on its way any more.
        let posted: Box<Posted> = unsafe { Box::from_raw(at) };
        posted.judge(counts);
    }
}

/// Makes so many requests, some of which are `posted`.
fn work(
    ways: &[Way],
    number: u64,
    random: &mut Random,
    counts: &mut Counts,
    posted: &mut Vec<*mut Posted>,
) {
    let most = counts.sent + number;
    let lies = lies();
    while counts.sent < most {
        let before = counts.sent;
        let way = ways[random.below(ways.len() as u64) as usize];
        let kind = match way {
            Way::Blocks => (3 + random.below(3) as u32, COMPRESS),
            _ => (1 + random.below(2) as u32, random.below(2) as u32),
        };
        let handle = session(kind.0, kind.1);
        assert_ne!(handle, 0, "no session");
        let lists = way == Way::Lists || (kind.0 == blocks::LZ4 && random.below(2) == 0);
        // The library's own lists of a request that was answered early serve others, while the device
        // still follows them: one after the other.
        let waits = random.below(2) == 0 || lies;
        let alive = match way {
            Way::Stream => {
                streams(kind.0, random, counts, lies);
                true
            }
            Way::Blocks if random.below(4) == 0 => {
                blocks::stream(random, counts);
                true
            }
            Way::Lists | Way::Sync | Way::Blocks if waits || way == Way::Sync => {
                synchronous(handle, kind, lists, random, counts)
            }
            _ => {
                asynchronous(handle, kind, lists, random, counts, posted);
                true
            }
        };
        // SAFETY: a session.
        unsafe { wd_comp_free_sess(handle) };
        if !alive || (counts.sent == before && random.below(8) == 0) {
            break;
        }
    }
}
