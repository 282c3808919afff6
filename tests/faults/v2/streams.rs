//! Streams: `wd_do_comp_strm`.

use super::super::request::{Buffers, Counts, Random, unpack};
use super::{COMPRESS, DECOMPRESS, error, piece, session};
use warpdrive::capi::v2::wd_comp::*;
use warpdrive::ctypes::v2::wd::{WD_EAGAIN, WD_IN_EPARA, WD_STREAM_END, WD_SUCCESS};

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
        let mut asked = piece(&mut buffers, way);
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
        made.extend(buffers.output(asked.dst_len as usize));
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
pub fn streams(format: u32, random: &mut Random, counts: &mut Counts, lies: bool) {
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
