//! Raw deflate and inflate, piece by piece, and the two checksums that go with
//! them. Containers (zlib and gzip headers and trailers) are the caller's.

use core::fmt;
use core::mem::MaybeUninit;
use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush, Status};

/// The largest window of the format: 15 bits, 32 KiB.
pub const MAX_WINDOW_BITS: u8 = 15;
/// The smallest window that [`Deflater`] takes: 9 bits, 512 bytes.
pub const MIN_WINDOW_BITS: u8 = 9;

/// The data is not a deflate stream, or refers to bytes before its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadData;

impl fmt::Display for BadData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a deflate stream")
    }
}

impl std::error::Error for BadData {}

/// What one call has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Input bytes taken.
    pub consumed: usize,
    /// Output bytes written.
    pub produced: usize,
    /// The stream is complete; nothing more comes out.
    pub end: bool,
}

/// What a [`Deflater`] is to do after the input it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// More input follows; output may be kept back.
    None,
    /// Put everything out and end on a byte boundary with an empty stored block.
    Sync,
    /// End the stream.
    Finish,
}

/// Makes a raw deflate stream.
pub struct Deflater {
    stream: Deflate,
    level: u32,
    window_bits: u8,
    /// A stream has begun and not ended.
    inside: bool,
}

impl Deflater {
    /// A new stream. `level` is 0 (stored) to 9 (smallest), `window_bits` 9 to 15; values beyond
    /// are brought into range.
    #[must_use]
    pub fn new(level: u32, window_bits: u8) -> Deflater {
        let bits = window_bits.clamp(MIN_WINDOW_BITS, MAX_WINDOW_BITS);
        Deflater {
            stream: Deflate::new(level.min(9) as i32, false, bits),
            level,
            window_bits,
            inside: false,
        }
    }

    /// Begins another stream with the same level and window, in the same memory unless the last one
    /// was given up.
    pub fn reset(&mut self) {
        if self.inside {
            // zlib-rs 0.6 forgets neither an open block of level 1 nor how far pending output was
            // taken: the next stream would be corrupt, or panic.
            *self = Deflater::new(self.level, self.window_bits);
        } else {
            self.stream.reset();
        }
    }

    /// Lets a new stream refer to `history`, the bytes before its beginning, of which no more than
    /// the window counts. The reader must have them too.
    ///
    /// # Errors
    /// [`BadData`] if the stream has begun.
    pub fn remember(&mut self, history: &[u8]) -> Result<(), BadData> {
        let known = self.stream.set_dictionary(history);
        known.map(|_| ()).map_err(|_| BadData)
    }

    /// Compresses. If `output` is filled, or `input` not taken entirely, call again with the rest
    /// and the same `flush`.
    ///
    /// # Errors
    /// [`BadData`] if the stream has been finished before.
    pub fn run(&mut self, input: &[u8], output: &mut [u8], flush: Flush) -> Result<Step, BadData> {
        let before = self.begin();
        let status = self.stream.compress(input, output, flush.into());
        Ok(self.step(before, status.map_err(|_| BadData)?))
    }

    /// As [`Deflater::run`], into memory that need not have been written before. What was produced
    /// has been; of the rest nothing is known.
    ///
    /// # Errors
    /// As [`Deflater::run`].
    pub fn run_uninit(
        &mut self,
        input: &[u8],
        output: &mut [MaybeUninit<u8>],
        flush: Flush,
    ) -> Result<Step, BadData> {
        let before = self.begin();
        let status = self.stream.compress_uninit(input, output, flush.into());
        Ok(self.step(before, status.map_err(|_| BadData)?))
    }

    /// The totals before a step.
    fn begin(&mut self) -> (u64, u64) {
        self.inside = true;
        (self.stream.total_in(), self.stream.total_out())
    }

    fn step(&mut self, before: (u64, u64), status: Status) -> Step {
        self.inside = status != Status::StreamEnd;
        let after = (self.stream.total_in(), self.stream.total_out());
        step(before, after, status)
    }
}

impl From<Flush> for DeflateFlush {
    fn from(flush: Flush) -> Self {
        match flush {
            Flush::None => DeflateFlush::NoFlush,
            Flush::Sync => DeflateFlush::SyncFlush,
            Flush::Finish => DeflateFlush::Finish,
        }
    }
}

/// Reads a raw deflate stream of any window.
pub struct Inflater {
    stream: Inflate,
}

impl Inflater {
    /// A new stream.
    #[must_use]
    pub fn new() -> Inflater {
        Inflater {
            stream: Inflate::new(false, MAX_WINDOW_BITS),
        }
    }

    /// Begins another stream in the same memory.
    pub fn reset(&mut self) {
        self.stream.reset(false);
    }

    /// Decompresses. Input behind the end of the stream is not taken. A step that neither takes nor
    /// makes anything needs more of what it was short of.
    ///
    /// # Errors
    /// [`BadData`], after which only [`Inflater::reset`] helps.
    pub fn run(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, BadData> {
        let before = (self.stream.total_in(), self.stream.total_out());
        let flush = InflateFlush::NoFlush;
        let status = self.stream.decompress(input, output, flush);
        Ok(self.step(before, status.map_err(|_| BadData)?))
    }

    /// As [`Inflater::run`], into memory that need not have been written before. What was produced
    /// has been; of the rest nothing is known. `only` says that all input is there and all output has
    /// room, which saves keeping the window; if it was not so, no other step may follow.
    ///
    /// # Errors
    /// As [`Inflater::run`].
    pub fn run_uninit(
        &mut self,
        input: &[u8],
        output: &mut [MaybeUninit<u8>],
        only: bool,
    ) -> Result<Step, BadData> {
        let before = (self.stream.total_in(), self.stream.total_out());
        let flush = if only {
            InflateFlush::Finish
        } else {
            InflateFlush::NoFlush
        };
        let status = self.stream.decompress_uninit(input, output, flush);
        Ok(self.step(before, status.map_err(|_| BadData)?))
    }

    fn step(&self, before: (u64, u64), status: Status) -> Step {
        let after = (self.stream.total_in(), self.stream.total_out());
        step(before, after, status)
    }
}

impl Default for Inflater {
    fn default() -> Self {
        Inflater::new()
    }
}

/// The totals are of 64 bits, but one call cannot take or make more than a slice holds.
fn step(before: (u64, u64), after: (u64, u64), status: Status) -> Step {
    Step {
        consumed: (after.0 - before.0) as usize,
        produced: (after.1 - before.1) as usize,
        end: status == Status::StreamEnd,
    }
}

/// The Adler-32 of no bytes.
pub const ADLER32_START: u32 = 1;
/// The CRC-32 of no bytes.
pub const CRC32_START: u32 = 0;

/// Adler-32 (RFC 1950) of bytes whose beginning has the checksum `start`, followed by `bytes`.
#[must_use]
pub fn adler32(start: u32, bytes: &[u8]) -> u32 {
    zlib_rs::adler32::adler32(start, bytes)
}

/// CRC-32 (RFC 1952) of bytes whose beginning has the checksum `start`, followed by `bytes`.
#[must_use]
pub fn crc32(start: u32, bytes: &[u8]) -> u32 {
    zlib_rs::crc32::crc32(start, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text that compresses, with matches near and far.
    fn sample(len: usize) -> Vec<u8> {
        let line = |i: usize| format!("{i} goes to {}, as {} did\n", i * 7 % 1000, i / 3);
        (0..).flat_map(|i| line(i).into_bytes()).take(len).collect()
    }

    fn deflate(data: &[u8], level: u32, bits: u8, piece: usize, room: usize) -> Vec<u8> {
        let mut deflater = Deflater::new(level, bits);
        let (mut at, mut out, mut space) = (0, Vec::new(), vec![0; room]);
        loop {
            let end = (at + piece).min(data.len());
            let flush = if end == data.len() {
                Flush::Finish
            } else {
                Flush::None
            };
            let step = deflater.run(&data[at..end], &mut space, flush).expect("ok");
            at += step.consumed;
            out.extend_from_slice(&space[..step.produced]);
            if step.end {
                return out;
            }
        }
    }

    fn inflate(data: &[u8], piece: usize, room: usize) -> Result<Vec<u8>, BadData> {
        let mut inflater = Inflater::new();
        let (mut at, mut out, mut space) = (0, Vec::new(), vec![0; room]);
        loop {
            let end = (at + piece).min(data.len());
            let step = inflater.run(&data[at..end], &mut space)?;
            at += step.consumed;
            out.extend_from_slice(&space[..step.produced]);
            if step.end || step.consumed + step.produced == 0 {
                return Ok(out);
            }
        }
    }

    #[test]
    fn pieces_of_any_size_make_the_same_data() {
        let data = sample(20_000);
        for (level, bits, piece, room) in [(1, 15, 1, 3), (6, 12, 777, 64), (0, 9, 20_000, 9)] {
            let small = deflate(&data, level, bits, piece, room);
            assert_eq!(inflate(&small, 5, 7).expect("valid"), data);
        }
    }

    #[test]
    fn a_stream_reads_as_rfc_1951_prescribes() {
        // One final block with fixed codes: "a", end of block.
        assert_eq!(inflate(&[0x4b, 0x04, 0x00], 1, 4).expect("valid"), b"a");
        // One final stored block of three bytes.
        let stored = [1, 3, 0, 0xfc, 0xff, b'x', b'y', b'z'];
        assert_eq!(inflate(&stored, 8, 1).expect("valid"), b"xyz");
        // Block type 3 does not exist.
        assert_eq!(inflate(&[0x07], 1, 4), Err(BadData));
    }

    #[test]
    fn input_behind_the_end_is_left() {
        let mut inflater = Inflater::new();
        let step = inflater.run(&[0x4b, 0x04, 0x00, 0xaa, 0xbb], &mut [0; 8]);
        let (consumed, produced, end) = (3, 1, true);
        assert_eq!(
            step,
            Ok(Step {
                consumed,
                produced,
                end
            })
        );
    }

    #[test]
    fn a_reset_stream_is_as_good_as_a_new_one() {
        let (data, mut out) = (sample(3000), vec![0; 4000]);
        let mut deflater = Deflater::new(6, 15);
        let first = deflater.run(&data, &mut out, Flush::Finish).expect("fits");
        let fresh = out.clone();
        deflater.reset();
        assert_eq!(deflater.run(&data, &mut out, Flush::Finish), Ok(first));
        assert_eq!(out, fresh);
        let mut inflater = Inflater::new();
        assert_eq!(inflater.run(&[0x07], &mut [0; 4]), Err(BadData));
        inflater.reset();
        assert!(inflater.run(&out, &mut [0; 4000]).expect("valid").end);
    }

    #[test]
    fn a_stream_may_go_on_where_another_was_flushed() {
        let (data, mut out) = (sample(6000), vec![0; 8000]);
        let mut deflater = Deflater::new(6, 15);
        let first = deflater.run(&data[..4000], &mut out, Flush::Sync);
        let at = first.expect("fits").produced;
        deflater.reset();
        deflater.remember(&data[..4000]).expect("new");
        let second = deflater.run(&data[4000..], &mut out[at..], Flush::Finish);
        let end = at + second.expect("fits").produced;
        assert_eq!(inflate(&out[..end], 999, 999).expect("valid"), data);
        assert!(end < deflate(&data[..4000], 6, 15, 4000, 99).len() * 3 / 2);
    }

    #[test]
    fn a_sync_flush_ends_with_an_empty_stored_block() {
        let mut out = [0; 64];
        let step = Deflater::new(1, 15).run(b"abc", &mut out, Flush::Sync);
        let step = step.expect("fits");
        assert!(!step.end);
        assert_eq!(
            out[..step.produced][step.produced - 4..],
            [0, 0, 0xff, 0xff]
        );
    }

    #[test]
    fn checksums_have_their_published_values() {
        // The usual worked example of Adler-32, and the check value of CRC catalogues.
        assert_eq!(adler32(ADLER32_START, b"Wikipedia"), 0x11e6_0398);
        assert_eq!(adler32(ADLER32_START, b""), 1);
        assert_eq!(crc32(CRC32_START, b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(CRC32_START, b""), 0);
    }

    #[test]
    fn checksums_may_be_made_in_pieces() {
        let data = sample(9000);
        let (a, b) = data.split_at(4321);
        assert_eq!(
            adler32(adler32(ADLER32_START, a), b),
            adler32(ADLER32_START, &data)
        );
        assert_eq!(crc32(crc32(CRC32_START, a), b), crc32(CRC32_START, &data));
    }

    #[test]
    fn a_stream_that_is_given_up_leaves_nothing_for_the_next() {
        let mut state = 1_u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let noise: Vec<u8> = (0..200_000).map(|_| byte()).collect();
        for level in 0..=9 {
            let mut deflater = Deflater::new(level, 15);
            let mut space = vec![0; 300_000];
            deflater.run(&noise, &mut space, Flush::Finish).expect("ok");
            for room in [1, 40_000, 65_000, 100_000, 165_000] {
                deflater.reset();
                let step = deflater.run(&noise, &mut space[..room], Flush::Finish);
                assert!(!step.expect("ok").end);
                deflater.reset();
                let step = deflater.run(&noise, &mut space, Flush::Finish).expect("ok");
                assert!(step.end, "{level} {room}");
                let mut back = vec![0; noise.len()];
                let told = Inflater::new().run(&space[..step.produced], &mut back);
                assert!(told.expect("ok").end && back == noise, "{level} {room}");
            }
        }
    }
}
