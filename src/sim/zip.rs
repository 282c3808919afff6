//! The compression engine: takes a descriptor, does what it says with the
//! client's memory, and writes the results into the descriptor. It knows no ring.
//!
//! Headers are software's job: input and output begin behind them. Trailers are
//! the engine's.

use super::space::Space;
use crate::bd::zip::{Bytes, Request, Sqe, Status};
use crate::calc::deflate::{
    ADLER32_START, BadData, CRC32_START, Deflater, Flush, Inflater, MAX_WINDOW_BITS, adler32, crc32,
};
use crate::qm::layout::Version;

/// Status of a request that the engine does not understand or take. The number is the model's.
pub const BAD_REQUEST: u8 = 0x05;
/// Status of a request with an address that the process may not access so. The number is the model's.
pub const BUS_FAULT: u8 = 0x06;
/// Status of input that is not deflate. The number is the model's.
pub const BAD_DATA: u8 = 0x08;
/// Status of input that ends before its stream does. The number is the model's.
pub const TRUNCATED: u8 = 0x09;

/// The longest input and output in bytes. The hardware's limit is 8 MiB; the seed's own sample
/// sends more.
pub const MAX_LENGTH: u32 = 16 << 20;

/// How much of the client's memory is copied at a time: enough to make the copying cheap, and
/// little enough to stay in a processor's cache with the rest of the engine.
const CHUNK: usize = 128 << 10;

/// Buffer type 0: source and destination are plain addresses.
const FLAT: u8 = 0;
/// The types of descriptor that differ in software's fields only: of version 2, and of 3 and later.
const TYPES: [u8; 2] = [0, 3];

/// Which way a queue's requests go: its type, set when it is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Compress,
    Decompress,
}

/// One engine, with memory that it uses for request after request.
pub(super) struct Engine {
    version: Version,
    level: u32,
    /// The last compressor, and its window.
    deflater: Option<(u8, Deflater)>,
    inflater: Inflater,
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Engine {
    pub fn new(version: Version, level: u32) -> Engine {
        Engine {
            version,
            level,
            deflater: None,
            inflater: Inflater::new(),
            input: vec![0; CHUNK],
            output: vec![0; CHUNK],
        }
    }

    /// Executes a descriptor, and gives it with its results as fields too.
    pub fn execute(&mut self, space: &Space, direction: Direction, bytes: &mut Bytes) -> Sqe {
        let mut sqe = Sqe::decode(bytes);
        (sqe.consumed, sqe.produced, sqe.last_block) = (0, 0, false);
        let ended = match (self.accept(&sqe), direction) {
            (None, _) => Err(Status::Failed(BAD_REQUEST)),
            (Some(request), Direction::Compress) => self.compress(space, request, &mut sqe),
            (Some(request), Direction::Decompress) => self.decompress(space, request, &mut sqe),
        };
        sqe.status = ended.unwrap_or_else(|failed| failed).code();
        sqe.write_results(bytes);
        sqe
    }

    /// What is asked for, if this engine can do it.
    fn accept(&self, sqe: &Sqe) -> Option<Request> {
        let request = Request::from_code(sqe.request)?;
        let good = (request != Request::Deflate || self.version >= Version::V3)
            && TYPES.contains(&sqe.sqe_type)
            && sqe.buffer_type == FLAT
            && !sqe.stateful
            && (1..=MAX_LENGTH).contains(&sqe.input_length)
            && sqe.output_space <= MAX_LENGTH;
        good.then_some(request)
    }

    /// The window that a descriptor asks for, in bits. Before version 3 there is no choice.
    fn window_bits(&self, sqe: &Sqe) -> u8 {
        match sqe.window {
            _ if self.version < Version::V3 => MAX_WINDOW_BITS,
            0 => 12,
            1 => 13,
            // 24 KiB is no power of two; matches within 16 KiB are within 24 as well.
            2 | 3 => 14,
            _ => MAX_WINDOW_BITS,
        }
    }

    fn compress(
        &mut self,
        space: &Space,
        request: Request,
        sqe: &mut Sqe,
    ) -> Result<Status, Status> {
        let bits = self.window_bits(sqe);
        let mut source = Source::of(space, sqe);
        let mut sink = Sink::of(space, sqe);
        let mut sum = Sum::new(request);
        // Before the compressor is reset, which costs more than to learn that an address is wild.
        let mut rest = source.next(&mut self.input)?;
        let deflater = match &mut self.deflater {
            Some((had, deflater)) if *had == bits => {
                deflater.reset();
                deflater
            }
            other => &mut other.insert((bits, Deflater::new(self.level, bits))).1,
        };
        let mut end = false;
        while !end {
            sum.add(rest);
            let flush = if source.left == 0 {
                Flush::Finish
            } else {
                Flush::None
            };
            while !end && (flush == Flush::Finish || !rest.is_empty()) {
                let room = sink.room(&mut self.output);
                let step = deflater.run(rest, room, flush).map_err(bad_data)?;
                sink.put(&room[..step.produced], sqe)?;
                sqe.consumed += step.consumed as u32;
                rest = &rest[step.consumed..];
                end = step.end;
            }
            if !end {
                rest = source.next(&mut self.input)?;
            }
        }
        sum.report(sqe);
        sink.put(sum.trailer().bytes(), sqe)?;
        if sqe.produced > sqe.consumed {
            return Ok(Status::Expanded);
        }
        Ok(Status::Ok)
    }

    fn decompress(
        &mut self,
        space: &Space,
        request: Request,
        sqe: &mut Sqe,
    ) -> Result<Status, Status> {
        self.inflater.reset();
        let mut source = Source::of(space, sqe);
        let mut sink = Sink::of(space, sqe);
        let mut sum = Sum::new(request);
        let mut rest: &[u8] = &[];
        loop {
            if rest.is_empty() {
                rest = source.next(&mut self.input)?;
            }
            let room = sink.room(&mut self.output);
            let step = self.inflater.run(rest, room).map_err(bad_data)?;
            let fresh = &room[..step.produced];
            sink.put(fresh, sqe)?;
            sum.add(fresh);
            sqe.consumed += step.consumed as u32;
            rest = &rest[step.consumed..];
            if step.end {
                break;
            }
            if step.consumed + step.produced == 0 && source.left == 0 {
                return Err(Status::Failed(TRUNCATED));
            }
        }
        sum.report(sqe);
        let trailer = sum.trailer();
        let mut found = trailer;
        let place = Source {
            space,
            at: sqe.source.wrapping_add(sqe.consumed.into()),
            left: sqe.input_length - sqe.consumed,
        };
        place.exactly(found.bytes_mut())?;
        sqe.consumed += trailer.len as u32;
        if found != trailer {
            return Err(Status::Checksum);
        }
        // Never "stream end", which stateless callers take for an error.
        Ok(Status::Ok)
    }
}

fn bad_data(_: BadData) -> Status {
    Status::Failed(BAD_DATA)
}

fn bus_fault(_: crate::Error) -> Status {
    Status::Failed(BUS_FAULT)
}

/// Input in the client's memory, and how much of it is left.
struct Source<'a> {
    space: &'a Space,
    at: u64,
    left: u32,
}

impl<'s> Source<'s> {
    fn of(space: &'s Space, sqe: &Sqe) -> Source<'s> {
        Source {
            space,
            at: sqe.source,
            left: sqe.input_length,
        }
    }

    /// The next piece, as long as the buffer or the rest.
    fn next<'a>(&mut self, buffer: &'a mut [u8]) -> Result<&'a [u8], Status> {
        let len = buffer.len().min(self.left as usize);
        let piece = &mut buffer[..len];
        self.space.read(self.at, piece).map_err(bus_fault)?;
        self.at = self.at.wrapping_add(len as u64);
        self.left -= len as u32;
        Ok(piece)
    }

    /// All of `bytes`, if there is so much.
    fn exactly(&self, bytes: &mut [u8]) -> Result<(), Status> {
        if bytes.len() > self.left as usize {
            return Err(Status::Failed(TRUNCATED));
        }
        self.space.read(self.at, bytes).map_err(bus_fault)
    }
}

/// The place for output in the client's memory, and how much of it is left.
struct Sink<'a> {
    space: &'a Space,
    at: u64,
    left: u32,
}

impl<'s> Sink<'s> {
    fn of(space: &'s Space, sqe: &Sqe) -> Sink<'s> {
        Sink {
            space,
            at: sqe.destination,
            left: sqe.output_space,
        }
    }

    /// Where to make the next output: one byte longer than what is left, so that output which does
    /// not fit shows.
    fn room<'a>(&self, buffer: &'a mut [u8]) -> &'a mut [u8] {
        let len = buffer.len().min(self.left as usize + 1);
        &mut buffer[..len]
    }

    /// Writes all of `bytes` and counts them in `sqe`, or nothing.
    fn put(&mut self, bytes: &[u8], sqe: &mut Sqe) -> Result<(), Status> {
        if bytes.len() > self.left as usize {
            return Err(Status::NoSpace);
        }
        self.space.write(self.at, bytes).map_err(bus_fault)?;
        self.at = self.at.wrapping_add(bytes.len() as u64);
        self.left -= bytes.len() as u32;
        sqe.produced += bytes.len() as u32;
        Ok(())
    }
}

/// The running checksum and length of the uncompressed data.
struct Sum {
    request: Request,
    value: u32,
    length: u32,
}

impl Sum {
    fn new(request: Request) -> Sum {
        let value = match request {
            Request::Zlib => ADLER32_START,
            Request::Gzip | Request::Deflate => CRC32_START,
        };
        Sum {
            request,
            value,
            length: 0,
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        self.length = self.length.wrapping_add(bytes.len() as u32);
        self.value = match self.request {
            Request::Zlib => adler32(self.value, bytes),
            Request::Gzip => crc32(self.value, bytes),
            Request::Deflate => 0,
        };
    }

    /// Fills the result registers: the Adler-32 as it is; the CRC-32 as the engine's shift register
    /// holds it, not inverted and the other way round.
    fn report(&self, sqe: &mut Sqe) {
        sqe.isize = self.length;
        sqe.checksum = match self.request {
            Request::Gzip => (!self.value).reverse_bits(),
            Request::Zlib | Request::Deflate => self.value,
        };
    }

    fn trailer(&self) -> Trailer {
        let mut trailer = Trailer {
            bytes: [0; 8],
            len: 0,
        };
        match self.request {
            Request::Deflate => {}
            Request::Zlib => {
                trailer.bytes[..4].copy_from_slice(&self.value.to_be_bytes());
                trailer.len = 4;
            }
            Request::Gzip => {
                trailer.bytes[..4].copy_from_slice(&self.value.to_le_bytes());
                trailer.bytes[4..].copy_from_slice(&self.length.to_le_bytes());
                trailer.len = 8;
            }
        }
        trailer
    }
}

/// What follows a stream.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Trailer {
    bytes: [u8; 8],
    len: usize,
}

impl Trailer {
    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }
}
