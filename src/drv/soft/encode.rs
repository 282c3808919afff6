//! Deflate streams: whole ones, and piece by piece.

use super::job::{Done, Status, register};
use super::pieces::{Cursor, Fault, both};
use crate::calc::deflate::{Deflater, Flush};
use crate::calc::wrap::{MAX_HEADER, MAX_TRAILER, Wrap};

/// Input that is compressed into the store where the output has less room than that may need. As
/// much as the C library's driver takes at a time for the same reason.
const SMALL: usize = 200;
const STORE: usize = 512;
const _: () = assert!(MAX_HEADER + bound(SMALL) <= STORE);

/// Bytes that suffice for `n` bytes of input with flush and trailer: 9 bits for a literal, a stored
/// block's header now and then, the blocks that end it, the trailer.
const fn bound(n: usize) -> usize {
    n + n / 8 + n / 256 + 64
}

/// The longest input for which `room` suffices; `None` if it may be too small for an end without
/// input.
fn fits(room: usize) -> Option<usize> {
    // 1 + 1/8 + 1/256 = 289/256, and rounding down loses less than the 64 have to spare.
    Some((room.checked_sub(64)? as u64 * 256 / 289) as usize)
}

/// Output that had no room yet.
struct Store {
    bytes: [u8; STORE],
    start: usize,
    end: usize,
}

impl Store {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.end..self.end + bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
    }

    /// Gives as much as there is room for; answers whether that was all.
    fn give(&mut self, sink: &mut Cursor) -> bool {
        self.start += sink.put(&self.bytes[self.start..self.end]);
        if self.start < self.end {
            return false;
        }
        (self.start, self.end) = (0, 0);
        true
    }
}

/// A compressor that is used again and again.
pub struct Encoder {
    deflater: Deflater,
    level: u8,
    bits: u8,
    wrap: Wrap,
    sum: u32,
    size: u32,
    /// The header has been written.
    begun: bool,
    /// The last block has been made.
    finished: bool,
    store: Store,
}

impl Encoder {
    /// A compressor of this level and window.
    pub fn new(level: u8, bits: u8) -> Encoder {
        Encoder {
            deflater: Deflater::new(level.into(), bits),
            level,
            bits,
            wrap: Wrap::Raw,
            sum: 0,
            size: 0,
            begun: false,
            finished: false,
            store: Store {
                bytes: [0; STORE],
                start: 0,
                end: 0,
            },
        }
    }

    /// Whether it is of this level and window.
    pub fn is(&self, level: u8, bits: u8) -> bool {
        (self.level, self.bits) == (level, bits)
    }

    /// Begins a stream.
    pub fn begin(&mut self, wrap: Wrap) {
        self.deflater.reset();
        (self.wrap, self.sum, self.size) = (wrap, wrap.start(), 0);
        (self.begun, self.finished) = (false, false);
        (self.store.start, self.store.end) = (0, 0);
    }

    /// Makes a whole stream.
    pub fn whole(&mut self, source: &mut Cursor, sink: &mut Cursor) -> Done {
        match self.all(source, sink) {
            Ok(()) => self.done(Status::Ok, source, sink),
            Err(fault) => Done::bad(fault),
        }
    }

    fn all(&mut self, source: &mut Cursor, sink: &mut Cursor) -> Result<(), Fault> {
        sink.put_all(self.wrap.header(self.bits).as_slice())?;
        loop {
            let last = source.is_last();
            let (input, output) = both(source, sink)?;
            if output.is_empty() {
                if source.left() > 0 || !self.is_complete() {
                    return Err(Fault::NoRoom);
                }
                break;
            }
            if input.is_empty() && !last {
                return Err(Fault::ShortList);
            }
            let flush = if last { Flush::Finish } else { Flush::None };
            let step = self.deflater.run_uninit(input, output, flush);
            let step = step.map_err(|_| Fault::BadData)?;
            self.count(&input[..step.consumed]);
            source.skip(step.consumed);
            sink.skip(step.produced);
            if step.end {
                break;
            }
        }
        sink.put_all(self.wrap.trailer(self.sum, self.size).as_slice())
    }

    /// Whether a stream that filled its output is complete: the compressor tells it only where there
    /// is room left.
    fn is_complete(&mut self) -> bool {
        let step = self.deflater.run(&[], &mut [0], Flush::Finish);
        step.is_ok_and(|step| step.end && step.produced == 0)
    }

    /// Goes on with the stream, whose input ends with this request's if `last`. What a request
    /// consumed is put out entirely and ends on a byte boundary. The stream is complete when the
    /// last request has consumed everything and its status is [`Status::Ok`].
    pub fn stream(&mut self, source: &mut Cursor, sink: &mut Cursor, last: bool) -> Done {
        loop {
            if !self.store.give(sink) {
                return self.done(Status::Again, source, sink);
            }
            let all = source.left() == 0;
            if self.finished || (all && !last) {
                return self.done(Status::Ok, source, sink);
            }
            if sink.left() == 0 {
                let status = if all { Status::Again } else { Status::Ok };
                return self.done(status, source, sink);
            }
            if let Err(fault) = self.advance(source, sink, last) {
                return Done::bad(fault);
            }
        }
    }

    /// Whether the stream is complete and has been put out.
    pub fn is_finished(&self) -> bool {
        self.finished && self.store.end == 0
    }

    /// Compresses as much as surely fits: nothing then stays behind in the compressor, which could
    /// not tell.
    fn advance(&mut self, source: &mut Cursor, sink: &mut Cursor, last: bool) -> Result<(), Fault> {
        let (input, output) = both(source, sink)?;
        let header = self.wrap.header(self.bits);
        let header = if self.begun { &[] } else { header.as_slice() };
        let fitting = fits(output.len().saturating_sub(header.len()));
        let fitting = fitting.filter(|most| input.len() <= *most || *most >= SMALL);
        let direct = fitting.is_some();
        let input = &input[..input.len().min(fitting.unwrap_or(SMALL))];
        let finish = last && input.len() == source.left();
        let flush = if finish { Flush::Finish } else { Flush::Sync };
        self.begun = true;
        let step = if direct {
            sink.put_all(header)?;
            let (_, output) = both(source, sink)?;
            self.deflater.run_uninit(input, output, flush)
        } else {
            self.store.push(header);
            let output = &mut self.store.bytes[self.store.end..];
            self.deflater.run(input, output, flush)
        };
        let step = step.map_err(|_| Fault::BadData)?;
        if step.consumed < input.len() || step.end != finish {
            debug_assert!(false, "the bound is wrong");
            return Err(Fault::NoRoom);
        }
        self.count(input);
        source.skip(input.len());
        let trailer = self.wrap.trailer(self.sum, self.size);
        let trailer = if finish { trailer.as_slice() } else { &[] };
        self.finished = finish;
        if direct {
            sink.skip(step.produced);
            return sink.put_all(trailer);
        }
        self.store.end += step.produced;
        self.store.push(trailer);
        Ok(())
    }

    fn count(&mut self, input: &[u8]) {
        self.sum = self.wrap.sum(self.sum, input);
        self.size = self.size.wrapping_add(input.len() as u32);
    }

    fn done(&self, status: Status, source: &Cursor, sink: &Cursor) -> Done {
        Done {
            status,
            consumed: source.passed(),
            produced: sink.passed(),
            size: self.size,
            checksum: register(self.wrap, self.sum),
        }
    }
}

const _: () = assert!(MAX_TRAILER < 64);
