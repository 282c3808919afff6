//! Sessions: wd_comp.h.

use super::leaks::Holdings;
use super::request::{Buffers, Counts, Random, unpack};
use std::collections::BTreeSet;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::time::{Duration, Instant};
use warpdrive::alg::comp;
use warpdrive::capi::v2::wd_comp::*;
use warpdrive::ctypes::v2::Enum;
use warpdrive::ctypes::v2::wd::{WD_EAGAIN, WD_IN_EPARA, WD_STREAM_END, WD_SUCCESS};
use warpdrive::ctypes::v2::wd_alg_common::{wd_ctx_nums, wd_ctx_params};
use warpdrive::ctypes::v2::wd_comp::{wd_comp_req, wd_comp_sess_setup};
use warpdrive::ctypes::v2::wd_sched::sched_params;

/// How long asynchronous answers are waited for before they are given up.
const PATIENCE: Duration = Duration::from_millis(25);
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

fn request(buffers: &mut Buffers, way: u32) -> wd_comp_req {
    wd_comp_req {
        src: buffers.source().as_ptr().cast_mut().cast(),
        src_len: buffers.source().len() as u32,
        dst: buffers.target().cast(),
        dst_len: buffers.room() as u32,
        cb: None,
        cb_param: null_mut(),
        op_type: Enum::new(way),
        data_fmt: Enum::new(0),
        last: 1,
        status: 99,
        priv_: null_mut(),
    }
}

/// Counts the answer to a request that compresses whole input.
fn judge(buffers: &Buffers, answer: &wd_comp_req, format: u32, counts: &mut Counts) {
    buffers.check();
    assert!(answer.dst_len as usize <= buffers.room());
    match answer.status as i32 {
        WD_SUCCESS if answer.src_len == 0 => counts.early += 1,
        WD_SUCCESS => {
            let data = unpack(format, buffers.output(answer.dst_len as usize));
            assert!(data == buffers.source(), "wrong data");
            counts.done += 1;
        }
        WD_IN_EPARA => counts.failed += 1,
        other => panic!("status {other}"),
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
    setup.comp_lv = Enum::new(8);
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
fn synchronous(handle: usize, format: u32, random: &mut Random, counts: &mut Counts) -> bool {
    for _ in 0..random.below(40) {
        let mut buffers = Buffers::new(random);
        let mut asked = request(&mut buffers, COMPRESS);
        counts.sent += 1;
        let pieces = random.below(8) == 0;
        let answer = match pieces {
            // SAFETY: a request whose buffers live, and are not touched after it was answered.
            true => unsafe { wd_do_comp_sync2(handle, &mut asked) },
            // SAFETY: as above.
            false => unsafe { wd_do_comp_sync(handle, &mut asked) },
        };
        match answer {
            0 => judge(&buffers, &asked, format, counts),
            // A piece of it ended with a status that is an error.
            error if pieces && error == -libc::EINVAL => {
                buffers.check();
                counts.failed += 1;
            }
            answer => {
                buffers.check();
                error(answer, counts);
                if answer == DEAD {
                    return false;
                }
            }
        }
    }
    true
}

/// A stream's pieces, each of which is a request. What comes out, if all of them were done.
fn stream(
    handle: usize,
    way: u32,
    input: &[u8],
    random: &mut Random,
    counts: &mut Counts,
) -> Option<Vec<u8>> {
    let (mut at, mut made, mut idle) = (0, Vec::new(), 0);
    loop {
        // The first piece has to be longer than a header.
        let least = if at == 0 { 19 } else { 1 };
        let end = (at + least + random.below(700) as usize).min(input.len());
        let room = 20 + random.below(900) as usize;
        let mut buffers = Buffers::of(&input[at..end], room);
        let mut asked = request(&mut buffers, way);
        asked.last = u32::from(end == input.len());
        let offered = asked.src_len;
        counts.sent += 1;
        // SAFETY: as in `synchronous`.
        let answer = unsafe { wd_do_comp_strm(handle, &mut asked) };
        buffers.check();
        if answer != 0 {
            error(answer, counts);
            return None;
        }
        assert!(asked.src_len <= offered && asked.dst_len as usize <= room);
        let status = asked.status as i32;
        if status == WD_IN_EPARA {
            counts.failed += 1;
            return None;
        }
        assert!(
            [WD_SUCCESS, WD_EAGAIN, WD_STREAM_END].contains(&status),
            "status {status}"
        );
        counts.done += 1;
        at += asked.src_len as usize;
        made.extend_from_slice(buffers.output(asked.dst_len as usize));
        let ended = match way {
            COMPRESS => status == WD_SUCCESS && asked.last == 1 && asked.src_len == offered,
            _ => status == WD_STREAM_END,
        };
        if ended {
            return Some(made);
        }
        idle = if asked.src_len == 0 && asked.dst_len == 0 {
            idle + 1
        } else {
            0
        };
        if idle > 3 {
            // Answered early, again and again: by a device that lies.
            return None;
        }
    }
}

/// A stream there and back. A device that answers requests early spoils it, and cannot be found
/// out; `lies` says that there is one.
fn streams(format: u32, random: &mut Random, counts: &mut Counts, lies: bool) {
    let writer = session(format, COMPRESS);
    let reader = session(format, DECOMPRESS);
    if writer != 0 && reader != 0 {
        for _ in 0..2 {
            let data: Vec<u8> = (0..random.below(5000)).map(|n| (n * n / 9) as u8).collect();
            let packed = stream(writer, COMPRESS, &data, random, counts);
            if let Some(packed) = packed.filter(|_| !data.is_empty()) {
                assert!(
                    lies || unpack(format, &packed) == data,
                    "a stream of wrong data"
                );
                let back = stream(reader, DECOMPRESS, &packed, random, counts);
                assert!(lies || back.is_none_or(|back| back == data), "wrong data");
            }
            // SAFETY: sessions.
            unsafe { wd_comp_reset_sess(writer) };
            // SAFETY: as above.
            unsafe { wd_comp_reset_sess(reader) };
        }
    }
    for handle in [writer, reader] {
        // SAFETY: a session, or 0.
        unsafe { wd_comp_free_sess(handle) };
    }
}

/// An asynchronous request, and the copies of it that came back.
struct Posted {
    buffers: Buffers,
    answers: Vec<wd_comp_req>,
}

/// The callback.
///
/// # Safety
/// `param` is a [`Posted`] that nobody else uses meanwhile.
unsafe extern "C" fn finished(request: *mut wd_comp_req, param: *mut c_void) -> *mut c_void {
    // SAFETY: the promise above.
    let posted = unsafe { &mut *param.cast::<Posted>() };
    // SAFETY: the library's copy, good until this returns.
    posted.answers.push(unsafe { *request });
    null_mut()
}

/// Asynchronous requests, some of them on their way together. They are added to `all`.
fn asynchronous(
    handle: usize,
    random: &mut Random,
    counts: &mut Counts,
    all: &mut Vec<(*mut Posted, u32)>,
    format: u32,
) {
    let mut on_their_way = 0;
    for _ in 0..random.below(60) {
        let posted = Box::new(Posted {
            buffers: Buffers::new(random),
            answers: Vec::new(),
        });
        let posted = Box::into_raw(posted);
        // SAFETY: ours, and no request of it is on its way yet.
        let mut asked = request(unsafe { &mut (*posted).buffers }, COMPRESS);
        asked.cb = Some(finished);
        asked.cb_param = posted.cast();
        counts.sent += 1;
        // SAFETY: the buffers stay until compression is ended.
        let answer = unsafe { wd_do_comp_async(handle, &mut asked) };
        if answer == 0 {
            all.push((posted, format));
            on_their_way += 1;
        } else {
            // SAFETY: ours again.
            drop(unsafe { Box::from_raw(posted) });
            error(answer, counts);
        }
        if random.below(4) == 0 {
            on_their_way -= i64::from(poll());
        }
    }
    let end = Instant::now() + PATIENCE;
    while on_their_way > 0 && Instant::now() < end {
        match poll() {
            0 => std::thread::sleep(Duration::from_micros(200)),
            n => on_their_way -= i64::from(n),
        }
    }
}

/// Polls once; how many were finished.
fn poll() -> u32 {
    let mut count = 0;
    // SAFETY: a count of ours.
    let answer = unsafe { wd_comp_poll(8, &mut count) };
    assert!(answer == 0 || FAILED.contains(&answer), "polling: {answer}");
    count
}

/// Requests through initialisations, as many as it takes.
pub fn round(seed: u64, number: u64) -> Counts {
    let (mut random, mut counts) = (Random(seed), Counts::default());
    let simulation = std::env::var("WD_SIM").unwrap_or_default();
    let lies = ["sq_head", "duplicate"]
        .iter()
        .any(|fault| simulation.contains(fault));
    let (mut before, mut failures) = (None, 0);
    while counts.sent < number && failures < 8 {
        let begun = begin(&mut random);
        if begun != 0 {
            assert!(NOT_BEGUN.contains(&begun), "beginning: {begun}");
            (counts.not_begun, failures) = (counts.not_begun + 1, failures + 1);
            continue;
        }
        counts.begun += 1;
        use_up(&mut random, &mut counts, lies);
        Holdings::compare(&mut before);
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
fn use_up(random: &mut Random, counts: &mut Counts, lies: bool) {
    let most = counts.sent + 250;
    let mut posted = Vec::new();
    while counts.sent < most {
        let before = counts.sent;
        let format = 1 + random.below(2) as u32;
        let handle = session(format, COMPRESS);
        assert_ne!(handle, 0, "no session");
        let alive = match random.below(3) {
            0 => synchronous(handle, format, random, counts),
            1 => {
                streams(format, random, counts, lies);
                true
            }
            _ => {
                asynchronous(handle, random, counts, &mut posted, format);
                true
            }
        };
        // SAFETY: a session.
        unsafe { wd_comp_free_sess(handle) };
        if !alive || (counts.sent == before && random.below(8) == 0) {
            break;
        }
    }
    if let Ok(stats) = comp::stats() {
        counts.helped += stats.fallbacks;
    }
    // SAFETY: no other thread is there.
    unsafe { wd_comp_uninit2() };
    let mut seen = BTreeSet::new();
    for (posted, format) in posted {
        assert!(seen.insert(posted as usize));
        // SAFETY: made by `Box::into_raw`; nothing is on its way any more.
        let posted = unsafe { Box::from_raw(posted) };
        assert!(posted.answers.len() <= 1, "called back twice");
        posted.buffers.check();
        match posted.answers.first() {
            None => counts.given_up += 1,
            Some(answer) => judge(&posted.buffers, answer, format, counts),
        }
    }
}
