//! LZ4 blocks, and LZ77 as literals and sequences.

use super::place::{Sink, Source};
use super::{CHUNK, Engine};
use crate::bd::zip::{Request, Sqe, Status};
use crate::calc::lz4::Lz4;
use crate::calc::lz77::{
    FREQUENCIES, Format, LITERALS_SPARE, Lz77, MAX_WINDOW, SEQUENCE, SEQUENCES_SPARE, Search,
};
use crate::sim::space::Space;

/// Bits 24-31 of the last word count sequences with 65536 literals more.
const LONG_LITERALS_COUNT: u32 = 1 << 24;

impl Engine {
    /// Makes an LZ4 block.
    pub(super) fn lz4(&mut self, space: &Space, sqe: &mut Sqe) -> Result<Status, Status> {
        self.whole.clear();
        self.gather(space, sqe)?;
        let mut sink = Sink::of(space, sqe)?;
        let lz4 = self.lz4.get_or_insert_with(Lz4::new);
        sink.put(lz4.compress(&self.whole), sqe)?;
        sqe.consumed = sqe.input_length;
        self.shrink();
        if sqe.produced > sqe.consumed {
            return Ok(Status::Expanded);
        }
        Ok(Status::Ok)
    }

    /// Finds literals and sequences.
    pub(super) fn lz77(
        &mut self,
        space: &Space,
        request: Request,
        sqe: &mut Sqe,
    ) -> Result<Status, Status> {
        self.whole.clear();
        if sqe.stateful {
            self.load_window(space, sqe)?;
        }
        let history = self.whole.len();
        self.gather(space, sqe)?;
        let (format, thorough) = match request {
            Request::Lz77ZstdPrice => (Format::Zstd, true),
            Request::Lz77Zstd => (Format::Zstd, false),
            Request::Lz77OnlyPrice => (Format::Plain, true),
            _ => (Format::Plain, false),
        };
        let behind = match format {
            Format::Zstd => SEQUENCES_SPARE + FREQUENCIES,
            Format::Plain => LITERALS_SPARE,
        };
        let room = (sqe.output_space as usize).checked_sub(behind);
        let search = Search {
            format,
            history,
            window: (1 << self.window_bits(sqe)).min(MAX_WINDOW),
            thorough,
            most: room.ok_or(Status::NoSpace)? / SEQUENCE,
        };
        let lz77 = self.lz77.get_or_insert_with(Lz77::new);
        let parsed = lz77.run(&self.whole, &search);
        let (literals, sequences) = (parsed.literals, parsed.sequences.as_flattened());
        Sink::at(space, sqe, sqe.literals, sqe.tag)?.write(literals)?;
        let mut sink = Sink::of(space, sqe)?;
        sink.write(sequences)?;
        if format == Format::Zstd {
            sink.write(&[0; SEQUENCES_SPARE + FREQUENCIES])?;
        }
        sqe.comp_data_length = literals.len() as u32;
        sqe.produced = parsed.sequences.len() as u32;
        sqe.checksum = parsed
            .long_literals
            .map_or(0, |at| at | LONG_LITERALS_COUNT);
        sqe.consumed = sqe.input_length;
        if sqe.stateful {
            self.save_window(space, sqe)?;
        }
        self.shrink();
        Ok(Status::Ok)
    }

    /// Adds all input to `whole`.
    fn gather(&mut self, space: &Space, sqe: &Sqe) -> Result<(), Status> {
        let mut source = Source::of(space, sqe)?;
        while source.left > 0 {
            let piece = source.next(&mut self.input)?;
            self.whole.extend_from_slice(piece);
        }
        Ok(())
    }

    /// Does not keep the memory of a long request for ever.
    fn shrink(&mut self) {
        self.whole.clear();
        self.whole.shrink_to(4 * CHUNK);
    }
}
