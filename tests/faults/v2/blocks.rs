//! What devices make of whole inputs: LZ4 blocks, and literals with sequences, also
//! of the pieces of a stream.

use super::super::request::{Buffers, Counts, Random, data};
use super::super::sequences::{Format, replay};
use super::{COMPRESS, Task, error, request, session};
use std::ffi::c_void;
use std::ptr::null_mut;
use warpdrive::capi::v2::wd_comp::*;
use warpdrive::ctypes::v2::wd::{WD_IN_EPARA, WD_SUCCESS};
use warpdrive::ctypes::v2::wd_comp::wd_comp_alg_type::{WD_LZ4, WD_LZ77_ONLY, WD_LZ77_ZSTD};
use warpdrive::ctypes::v2::wd_comp::wd_lz77_zstd_data;

pub const ZSTD: u32 = WD_LZ77_ZSTD as u32;
pub const PLAIN: u32 = WD_LZ77_ONLY as u32;
pub const LZ4: u32 = WD_LZ4 as u32;
/// Room for literals beyond the input's length.
const LITERALS_SPARE: usize = 16;
/// Room behind the sequences that is always there.
const BEHIND: usize = 8 + 784;
/// More than any stream wants for its sequences.
const STREAM: usize = 6000;
/// More literals than the 16 bits of a sequence tell.
const MANY: u64 = 70_000;

/// Input for a format, and room for what is made of it.
pub fn task(format: u32, lists: bool, random: &mut Random) -> Task {
    let data = match random.below(64) {
        0 => (0..MANY).map(|_| random.next() as u8).collect(),
        _ => data(random),
    };
    let room = match format {
        LZ4 => data.len() + data.len() / 4 + 100,
        _ => data.len() + LITERALS_SPARE + BEHIND + random.below(4000) as usize,
    };
    Task::of(
        format,
        COMPRESS,
        Buffers::of(&data, room),
        data,
        lists,
        random,
    )
}

/// Where literals and sequences are.
pub fn results() -> Box<wd_lz77_zstd_data> {
    Box::new(wd_lz77_zstd_data {
        literals_start: null_mut(),
        sequences_start: null_mut(),
        lit_num: 0,
        seq_num: 0,
        lit_length_overflow_cnt: 0,
        lit_length_overflow_pos: 0,
        freq: null_mut(),
        blk_type: 0,
    })
}

/// What was made sequences, behind `before`.
pub fn rebuild(task: &Task, before: &[u8]) -> Option<Vec<u8>> {
    let (results, len) = (&task.results, task.data.len());
    let made = task.buffers.output(usize::MAX);
    let (literals, sequences) = made.split_at(len + LITERALS_SPARE);
    let first: *const c_void = task.buffers.target_address();
    let at = |place: *mut c_void| place.addr() - first.addr();
    assert_eq!(at(results.literals_start), 0);
    assert_eq!(at(results.sequences_start), literals.len());
    let bytes = results.seq_num as usize * 8;
    let format = match task.format {
        ZSTD => {
            assert_eq!(at(results.freq), literals.len() + bytes + 8);
            let long = results.lit_length_overflow_cnt > 0;
            let place = results.lit_length_overflow_pos as usize;
            Format::Zstd {
                long: long.then_some(place),
            }
        }
        _ => Format::Plain,
    };
    let literals = literals.get(..results.lit_num as usize)?;
    let mut out = before.to_vec();
    replay(format, literals, sequences.get(..bytes)?, &mut out)?;
    Some(out.split_off(before.len()))
}

/// A stream of sequences for zstd, whose blocks refer to those before.
pub fn stream(random: &mut Random, counts: &mut Counts) {
    let handle = session(ZSTD, COMPRESS);
    let (mut before, pieces) = (Vec::new(), 1 + random.below(6));
    for piece in 1..=pieces {
        let data = data(random);
        let buffers = Buffers::of(&data, data.len() + LITERALS_SPARE + STREAM);
        let mut task = Task::of(ZSTD, COMPRESS, buffers, data, false, random);
        task.results.blk_type = random.below(3) as u32;
        let mut asked = request(&mut task, COMPRESS);
        asked.last = u32::from(piece == pieces);
        counts.sent += 1;
        // SAFETY: as in `synchronous`.
        let answer = unsafe { wd_do_comp_strm(handle, &mut asked) };
        task.buffers.check();
        if answer != 0 {
            error(answer, counts);
            break;
        }
        if asked.status as i32 == WD_IN_EPARA {
            counts.failed += 1;
            break;
        }
        assert_eq!(asked.status as i32, WD_SUCCESS);
        if asked.src_len == 0 {
            assert!(super::lies(), "answered early");
            counts.early += 1;
            break;
        }
        let made = rebuild(&task, &before);
        assert!(
            super::lies() || made.as_ref() == Some(&task.data),
            "wrong data"
        );
        counts.done += 1;
        before.append(&mut task.data);
    }
    // SAFETY: a session.
    unsafe { wd_comp_free_sess(handle) };
}
