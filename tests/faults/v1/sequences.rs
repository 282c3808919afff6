//! LZ77: literals and sequences, also of the pieces of a stream.

use super::super::request::{Random, data};
use super::super::sequences::{Format, replay};
use super::{COMPRESS, Ended, Life, Task, contexts};
use std::ptr::null_mut;
use warpdrive::capi::v1::wd_comp::*;
use warpdrive::ctypes::v1::wd::WD_EBUSY;
use warpdrive::ctypes::v1::wd_comp::wcrypto_comp_flush_type::{WCRYPTO_FINISH, WCRYPTO_SYNC_FLUSH};
use warpdrive::ctypes::v1::wd_comp::wcrypto_lz77_zstd_format;

/// `WCRYPTO_LZ77_ZSTD`.
pub const LZ77: u8 = 3;
/// Room for literals beyond the input's length.
const LITERALS_SPARE: usize = 16;
/// Room behind the sequences that is always there: frequencies, and what is between.
const BEHIND: usize = 8 + 784;

/// Input, and room for what is made of it.
pub fn sizes(random: &mut Random) -> (Vec<u8>, usize) {
    let data = data(random);
    let room = data.len() + LITERALS_SPARE + BEHIND + random.below(4000) as usize;
    (data, room)
}

/// Where literals and sequences are.
pub fn results() -> Box<wcrypto_lz77_zstd_format> {
    Box::new(wcrypto_lz77_zstd_format {
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
    let results = &task.results;
    let made = task.lent.output(task.lent.room);
    let (literals, sequences) = made.split_at(task.lent.copy.len() + LITERALS_SPARE);
    let first = task.lent.target().addr();
    assert_eq!(results.literals_start.addr(), first);
    assert_eq!(results.sequences_start.addr(), first + literals.len());
    let bytes = results.seq_num as usize * 8;
    let behind = results.sequences_start.addr() + bytes + 8;
    assert_eq!(results.freq.addr(), behind);
    assert_eq!(results.lit_length_overflow_cnt, 0, "so few literals");
    let literals = literals.get(..results.lit_num as usize)?;
    let mut out = before.to_vec();
    let format = Format::Zstd { long: None };
    replay(format, literals, sequences.get(..bytes)?, &mut out)?;
    Some(out.split_off(before.len()))
}

impl Life<'_> {
    /// A stream in a context of its own, whose blocks refer to those before. Whether the queue takes
    /// more.
    pub fn sequences(&mut self, random: &mut Random) -> bool {
        assert_eq!(self.line.way, COMPRESS);
        let context = self.line.context(true, random);
        if context.is_null() {
            return false;
        }
        let (mut before, mut alive, mut piece) = (Vec::new(), true, random.below(6));
        loop {
            let Some(mut task) = Task::new(&self.line, random) else {
                alive = false;
                break;
            };
            task.results.blk_type = random.below(3) as u32;
            let mut asked = contexts::request(&mut task);
            asked.stream_pos = u8::from(before.is_empty());
            asked.flush = match piece {
                0 => WCRYPTO_FINISH as u8,
                _ => WCRYPTO_SYNC_FLUSH as u8,
            };
            self.counts.sent += 1;
            // SAFETY: as in `synchronous`.
            let answer = unsafe { wcrypto_do_comp(context, &mut asked, null_mut()) };
            if answer == -WD_EBUSY {
                self.counts.refused += 1;
                self.poll();
                break;
            }
            if answer != 0 {
                alive = self.failed(answer);
                task.lent.check();
                self.keep(task, None, true);
                break;
            }
            self.late = 0;
            let done = self.counts.done;
            task.judge_behind(&before, Ended::of(&asked), self.counts);
            before.extend_from_slice(&task.lent.copy);
            self.keep(task, None, false);
            if self.counts.done == done || piece == 0 {
                break;
            }
            piece -= 1;
        }
        // SAFETY: a context.
        unsafe { wcrypto_del_comp_ctx(context) };
        alive
    }
}
