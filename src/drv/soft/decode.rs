//! Reading deflate streams: whole ones, and piece by piece.

use super::job::{Done, Status, register};
use super::pieces::{Cursor, Fault, both};
use crate::calc::deflate::Inflater;
use crate::calc::wrap::{HeaderReader, MAX_TRAILER, Wrap};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Header,
    Body,
    Trailer,
    End,
}

/// A decompressor that is used again and again.
pub struct Decoder {
    inflater: Inflater,
    wrap: Wrap,
    stage: Stage,
    header: HeaderReader,
    trailer: [u8; MAX_TRAILER],
    /// Bytes of the trailer so far.
    trailer_len: usize,
    sum: u32,
    size: u32,
}

impl Decoder {
    /// A decompressor.
    pub fn new() -> Decoder {
        Decoder {
            inflater: Inflater::new(),
            wrap: Wrap::Raw,
            stage: Stage::Header,
            header: HeaderReader::new(Wrap::Raw),
            trailer: [0; MAX_TRAILER],
            trailer_len: 0,
            sum: 0,
            size: 0,
        }
    }

    /// Begins a stream.
    pub fn begin(&mut self, wrap: Wrap) {
        self.inflater.reset();
        (self.wrap, self.stage) = (wrap, Stage::Header);
        self.header = HeaderReader::new(wrap);
        (self.trailer_len, self.sum, self.size) = (0, wrap.start(), 0);
    }

    /// Whether the end of the stream has been reached.
    pub fn is_finished(&self) -> bool {
        self.stage == Stage::End
    }

    /// Reads a whole stream. Input behind its end is not consumed.
    pub fn whole(&mut self, source: &mut Cursor, sink: &mut Cursor) -> Done {
        let fault = match self.run(source, sink, true) {
            Ok(()) if self.is_finished() => return self.done(Status::Ok, source, sink),
            // It stopped where it was, short of one of them.
            Ok(()) if sink.left() == 0 => Fault::NoRoom,
            Ok(()) => Fault::BadData,
            Err(fault) => fault,
        };
        Done::bad(fault)
    }

    /// Goes on with the stream.
    pub fn stream(&mut self, source: &mut Cursor, sink: &mut Cursor) -> Done {
        if let Err(fault) = self.run(source, sink, false) {
            return Done::bad(fault);
        }
        let full = sink.left() == 0 && source.left() == 0;
        let status = match self.stage {
            Stage::End => Status::StreamEnd,
            Stage::Body if full => Status::Again,
            Stage::Header | Stage::Body | Stage::Trailer => Status::Ok,
        };
        self.done(status, source, sink)
    }

    /// Reads until it is short of input or room, or at the end.
    fn run(&mut self, source: &mut Cursor, sink: &mut Cursor, whole: bool) -> Result<(), Fault> {
        loop {
            let progress = match self.stage {
                Stage::Header => self.header(source)?,
                Stage::Body => self.body(source, sink, whole)?,
                Stage::Trailer => self.trailer(source)?,
                Stage::End => false,
            };
            if !progress {
                return Ok(());
            }
        }
    }

    fn header(&mut self, source: &mut Cursor) -> Result<bool, Fault> {
        let taken = self.header.run(source.input());
        let taken = taken.map_err(|_| Fault::BadData)?;
        source.skip(taken);
        if self.header.is_done() {
            self.stage = Stage::Body;
        }
        Ok(taken > 0 || self.header.is_done())
    }

    fn body(&mut self, source: &mut Cursor, sink: &mut Cursor, whole: bool) -> Result<bool, Fault> {
        // An empty output is no reason to stop: what is left may make no more of it.
        let only = whole && self.size == 0 && source.is_last() && sink.is_last();
        let (input, output) = both(source, sink)?;
        let step = self.inflater.run_uninit(input, output, only);
        let step = step.map_err(|_| Fault::BadData)?;
        source.skip(step.consumed);
        let made = sink.written(step.produced);
        self.sum = self.wrap.sum(self.sum, made);
        self.size = self.size.wrapping_add(made.len() as u32);
        if step.end {
            self.stage = Stage::Trailer;
        }
        Ok(step.end || (!only && step.consumed + step.produced > 0))
    }

    fn trailer(&mut self, source: &mut Cursor) -> Result<bool, Fault> {
        let expected = self.wrap.trailer(self.sum, self.size);
        let expected = expected.as_slice();
        let input = source.input();
        let n = input.len().min(expected.len() - self.trailer_len);
        self.trailer[self.trailer_len..self.trailer_len + n].copy_from_slice(&input[..n]);
        self.trailer_len += n;
        source.skip(n);
        if self.trailer_len < expected.len() {
            return Ok(n > 0);
        }
        if self.trailer[..self.trailer_len] != *expected {
            return Err(Fault::BadData);
        }
        self.stage = Stage::End;
        Ok(true)
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
