//! The compression engine: takes a descriptor, does what it says with the
//! client's memory, and writes the results into the descriptor. It knows no ring.
//!
//! Headers are software's job: input and output begin behind them. Trailers are
//! the engine's.

mod lz;
mod place;
mod stream;
mod sum;
mod whole;

use super::space::Space;
use crate::bd::zip::{Bytes, FLAT, LARGEST_LZ77_ZSTD, LISTS, Request, Sqe, Status};
use crate::calc::deflate::{BadData, Deflater, Inflater, MAX_WINDOW_BITS};
use crate::calc::lz4::Lz4;
use crate::calc::lz77::Lz77;
use crate::qm::layout::Version;
use std::sync::Arc;

pub(super) use stream::Streams;

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

/// How much of the client's memory is copied at a time at most: enough to make the copying cheap, and
/// little enough to stay in a processor's cache with the rest of the engine.
const CHUNK: usize = 128 << 10;

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
    lz4: Option<Lz4>,
    lz77: Option<Lz77>,
    input: Vec<u8>,
    output: Vec<u8>,
    /// Data that is needed in one piece: what a stream may refer to, the input of LZ4 and LZ77.
    whole: Vec<u8>,
    streams: Arc<Streams>,
}

impl Engine {
    pub fn new(version: Version, level: u32, streams: Arc<Streams>) -> Engine {
        Engine {
            version,
            level,
            deflater: None,
            inflater: Inflater::new(),
            lz4: None,
            lz77: None,
            input: Vec::new(),
            output: Vec::new(),
            whole: Vec::new(),
            streams,
        }
    }

    /// Executes a descriptor, and gives it with its results as fields too.
    pub fn execute(&mut self, space: &Space, direction: Direction, bytes: &mut Bytes) -> Sqe {
        let mut sqe = Sqe::decode(bytes);
        (sqe.consumed, sqe.produced, sqe.last_block) = (0, 0, false);
        let ended = match self.accept(&sqe, direction) {
            Some(request) => {
                grow(&mut self.input, sqe.input_length);
                grow(&mut self.output, sqe.output_space + 1);
                self.serve(space, direction, request, &mut sqe)
            }
            None => Err(Status::Failed(BAD_REQUEST)),
        };
        sqe.status = ended.unwrap_or_else(|failed| failed).code();
        sqe.write_results(bytes);
        sqe
    }

    fn serve(
        &mut self,
        space: &Space,
        direction: Direction,
        request: Request,
        sqe: &mut Sqe,
    ) -> Result<Status, Status> {
        match (request, direction) {
            (Request::Lz4, _) => self.lz4(space, sqe),
            (request, _) if request.is_lz77() => self.lz77(space, request, sqe),
            (_, Direction::Compress) if sqe.stateful => self.compress_more(space, request, sqe),
            (_, Direction::Compress) => self.compress(space, request, sqe),
            (_, Direction::Decompress) if sqe.stateful => self.decompress_more(space, request, sqe),
            (_, Direction::Decompress) => self.decompress(space, request, sqe),
        }
    }

    /// What is asked for, if this engine can do it.
    fn accept(&self, sqe: &Sqe, direction: Direction) -> Option<Request> {
        let request = Request::from_code(sqe.request)?;
        let (since, both_ways) = match request {
            Request::Zlib | Request::Gzip => (Version::V1, true),
            Request::Deflate => (Version::V3, true),
            Request::Lz77Zstd | Request::Lz77ZstdPrice => (Version::V3, false),
            Request::Lz4 | Request::Lz77Only | Request::Lz77OnlyPrice => (Version::V5, false),
        };
        let longest = match request {
            Request::Lz77Zstd | Request::Lz77ZstdPrice => LARGEST_LZ77_ZSTD,
            _ => MAX_LENGTH,
        };
        let good = self.version >= since
            && (both_ways || direction == Direction::Compress)
            && (request != Request::Lz4 || !sqe.stateful)
            && TYPES.contains(&sqe.sqe_type)
            && [FLAT, LISTS].contains(&sqe.buffer_type)
            && (sqe.stateful || sqe.input_length > 0)
            && sqe.input_length <= longest
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
}

/// Makes a buffer long enough for `len` bytes, or for the most that are copied at a time.
fn grow(buffer: &mut Vec<u8>, len: u32) {
    let len = CHUNK.min(len as usize);
    if buffer.len() < len {
        buffer.resize(len, 0);
    }
}

/// The compressor, for a new stream with a window of `bits`.
fn fresh(deflater: &mut Option<(u8, Deflater)>, level: u32, bits: u8) -> &mut Deflater {
    if deflater.as_ref().is_some_and(|(had, _)| *had != bits) {
        *deflater = None;
    }
    let (_, deflater) = deflater.get_or_insert_with(|| (bits, Deflater::new(level, bits)));
    deflater.reset();
    deflater
}

fn bad_data(_: BadData) -> Status {
    Status::Failed(BAD_DATA)
}

fn bus_fault(_: crate::Error) -> Status {
    Status::Failed(BUS_FAULT)
}
