//! Requests that are whole in themselves.

use super::bounce::{Bounce, Memory, Room};
use super::{Direction, Done, Effort, Format, message};
use crate::ctypes::v2::wd_comp::wd_lz77_zstd_data;
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::error::Result;
use crate::sys::slots::Carried;
use core::ptr;
use std::sync::Arc;

/// Beyond the input's length: literals, sequences and frequencies, as drivers want room for them.
const LZ77_SPARE: usize = 16 + 8 + 784 + 4096;

const BLANK: wd_lz77_zstd_data = wd_lz77_zstd_data {
    literals_start: ptr::null_mut(),
    sequences_start: ptr::null_mut(),
    lit_num: 0,
    seq_num: 0,
    lit_length_overflow_cnt: 0,
    lit_length_overflow_pos: 0,
    freq: ptr::null_mut(),
    blk_type: 0,
};

/// A request with its memory: it is moved, and not borrowed, while it is on its way.
#[derive(Debug)]
pub struct Job {
    /// What to work on.
    pub input: Arc<Vec<u8>>,
    /// Where the result goes.
    pub output: Vec<u8>,
    /// Where an LZ77 driver says what it has found, or nothing. Not a box: those may not move while
    /// somebody has their address.
    results: Vec<Carried<wd_lz77_zstd_data>>,
    /// Where the driver found the output: those results have addresses in it.
    room: Room,
}

/// Where the results of LZ77 are in a job's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Bytes of literals, at the beginning.
    pub literals: usize,
    /// Where the sequences begin.
    pub at: usize,
    /// How many there are, of 8 bytes each (see [`crate::calc::lz77`]).
    pub sequences: usize,
    /// Of `WD_LZ77_ZSTD`: the sequence that has 65536 literals more than it says.
    pub long: Option<usize>,
}

impl Found {
    /// Bytes of literals and sequences.
    #[must_use]
    pub fn size(&self) -> usize {
        self.literals + 8 * self.sequences
    }
}

impl Job {
    /// A job with room for what `format` makes of `input` at worst, or when it decompresses for
    /// `data` bytes.
    #[must_use]
    pub fn new(format: Format, way: Direction, input: Arc<Vec<u8>>, data: usize) -> Job {
        let len = input.len();
        let lz77 = matches!(format, Format::WD_LZ77_ZSTD | Format::WD_LZ77_ONLY);
        let room = match (way, lz77) {
            (Direction::WD_DIR_DECOMPRESS, _) => data.max(64),
            // Eight bytes for each four of input, which no sequence is shorter than.
            (_, true) => len * 3 + LZ77_SPARE,
            (_, false) => len + len / 8 + 1024,
        };
        Job {
            input,
            output: vec![0; room],
            results: vec![Carried(BLANK); usize::from(lz77)],
            room: Room(0),
        }
    }

    /// Where the results of LZ77 are, after the job was done.
    #[must_use]
    pub fn found(&self) -> Option<Found> {
        let results = &self.results.first()?.0;
        let overflow = results.lit_length_overflow_cnt != 0;
        Some(Found {
            literals: results.lit_num as usize,
            at: results.sequences_start.addr().wrapping_sub(self.room.0),
            sequences: results.seq_num as usize,
            long: overflow.then_some(results.lit_length_overflow_pos as usize),
        })
    }

    pub(super) fn message(
        &mut self,
        format: Format,
        way: Direction,
        effort: Effort,
        bounce: Option<&Bounce>,
    ) -> wd_comp_msg {
        let results = self.results.first_mut().map(|results| &mut results.0);
        let output = &mut self.output;
        self.room = bounce.map_or(Room(output.as_ptr().addr()), Bounce::room);
        let mut message = message::whole(format, way, effort, &self.input, output, results);
        if let Some(bounce) = bounce {
            bounce.lend(&mut message);
        }
        message
    }

    /// The copies that a device without SVA works on.
    pub(super) fn bounce(&self, memory: Option<&Arc<Memory>>) -> Result<Option<Bounce>> {
        let made = memory.map(|memory| Bounce::new(memory, &self.input, self.output.len()));
        made.transpose()
    }

    /// Takes over what a device has done to the copies.
    pub(super) fn finish(&mut self, bounce: Option<Bounce>, done: Done) -> Result<Done> {
        if let Some(bounce) = bounce {
            // The results of LZ77 are all over the room.
            let whole = !self.results.is_empty();
            let len = if whole {
                self.output.len()
            } else {
                done.produced
            };
            let len = len.min(self.output.len());
            bounce.finish(&mut self.output[..len])?;
        }
        Ok(done)
    }

    /// Gives up the memory for good.
    pub(super) fn leak(&mut self, bounce: Option<Bounce>) {
        core::mem::forget((
            Arc::clone(&self.input),
            core::mem::take(&mut self.output),
            core::mem::take(&mut self.results),
            bounce,
        ));
    }
}
