//! Requests that are whole in themselves.

use super::message::{self, Message};
use super::{Done, Effort, Format, Lanes, Status, Way};
use crate::fail::{Fail, Result};
use std::sync::Arc;
use warpdrive::ctypes::v2::wd_comp::wd_lz77_zstd_data;
use warpdrive::sys::slots::Carried;

/// Beyond the input's length: literals, sequences and frequencies, as drivers want room for them.
const LZ77_SPARE: usize = 16 + 8 + 784 + 4096;

/// A request with its memory. The memory lives as long as a device may touch it: a job is moved and
/// never borrowed while it is on its way.
pub struct Job {
    /// What to work on.
    pub input: Arc<Vec<u8>>,
    /// Where the result goes.
    pub output: Vec<u8>,
    /// Where an LZ77 driver says what it has found, or nothing. Not a box: those may not move while
    /// somebody has their address.
    lz: Vec<Carried<wd_lz77_zstd_data>>,
}

/// Where the results of LZ77 are in a job's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Bytes of literals, at the beginning.
    pub literals: usize,
    /// Where the sequences begin.
    pub at: usize,
    /// How many there are, 8 bytes each.
    pub sequences: usize,
    /// Of format `lz77_zstd`: the sequence that has 65536 literals more than it says.
    pub long: Option<usize>,
}

impl Found {
    /// Bytes of literals and sequences.
    pub fn size(&self) -> usize {
        self.literals + 8 * self.sequences
    }
}

impl Job {
    /// A job with room for what the format makes of `input` in the worst case, or for `data` bytes
    /// when it decompresses.
    pub fn new(format: Format, way: Way, input: Arc<Vec<u8>>, data: usize) -> Job {
        let len = input.len();
        let room = match (way, format.is_lz77()) {
            (Way::Decompress, _) => data.max(64),
            // Eight bytes for each four of input, which no sequence is shorter than.
            (Way::Compress, true) => len * 3 + LZ77_SPARE,
            (Way::Compress, false) => len + len / 8 + 1024,
        };
        let blank = wd_lz77_zstd_data {
            literals_start: std::ptr::null_mut(),
            sequences_start: std::ptr::null_mut(),
            lit_num: 0,
            seq_num: 0,
            lit_length_overflow_cnt: 0,
            lit_length_overflow_pos: 0,
            freq: std::ptr::null_mut(),
            blk_type: 0,
        };
        Job {
            input,
            output: vec![0; room],
            lz: vec![Carried(blank); usize::from(format.is_lz77())],
        }
    }

    /// The message for this job.
    pub(super) fn message(&mut self, format: Format, way: Way, effort: Effort) -> Message {
        let lz = self.lz.first_mut().map(|lz| &mut lz.0);
        message::whole(format, way, effort, &self.input, &mut self.output, lz)
    }

    /// Gives up the memory for good.
    pub(super) fn leak(self) {
        std::mem::forget(self);
    }

    /// Where the results of LZ77 are.
    pub fn found(&self) -> Option<Found> {
        let lz = &self.lz.first()?.0;
        let base = self.output.as_ptr().addr();
        let overflow = lz.lit_length_overflow_cnt != 0;
        Some(Found {
            literals: lz.lit_num as usize,
            at: lz.sequences_start.addr().wrapping_sub(base),
            sequences: lz.seq_num as usize,
            long: overflow.then_some(lz.lit_length_overflow_pos as usize),
        })
    }
}

/// Has a job done and waits for it.
pub fn run(lanes: &Lanes, seat: usize, effort: Effort, job: &mut Job) -> Result<Done> {
    let mut message = job.message(lanes.format, lanes.way(seat), effort);
    if let Err(stuck) = lanes.run(seat, &mut message) {
        if stuck.unquiet {
            let (input, output) = (Arc::clone(&job.input), std::mem::take(&mut job.output));
            let lz = std::mem::take(&mut job.lz);
            Job { input, output, lz }.leak();
        }
        return Err(stuck.error);
    }
    Ok(Done::of(&message))
}

/// As [`run`]; what was made, of exactly its length.
pub fn transform(
    lanes: &Lanes,
    seat: usize,
    effort: Effort,
    input: &[u8],
    data: usize,
) -> Result<Vec<u8>> {
    let way = lanes.way(seat);
    let mut job = Job::new(lanes.format, way, Arc::new(input.to_vec()), data);
    let done = run(lanes, seat, effort, &mut job)?;
    if done.status == Status::Bad {
        return Err(Fail::at(lanes.who(), "refused the data"));
    }
    job.output.truncate(done.produced);
    Ok(job.output)
}
