//! Requests that are whole: the stream begins and ends with them, whatever their
//! flush bit says.

use super::place::{Sink, Source};
use super::sum::Sum;
use super::{Engine, TRUNCATED, bad_data, fresh};
use crate::bd::zip::{Request, Sqe, Status};
use crate::calc::deflate::Flush;
use crate::sim::space::Space;

impl Engine {
    pub(super) fn compress(
        &mut self,
        space: &Space,
        request: Request,
        sqe: &mut Sqe,
    ) -> Result<Status, Status> {
        let bits = self.window_bits(sqe);
        let mut source = Source::of(space, sqe)?;
        let mut sink = Sink::of(space, sqe)?;
        let mut sum = Sum::new(request);
        // Before the compressor is reset, which costs more than to learn that an address is wild.
        let mut rest = source.next(&mut self.input)?;
        let deflater = fresh(&mut self.deflater, self.level, bits);
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

    pub(super) fn decompress(
        &mut self,
        space: &Space,
        request: Request,
        sqe: &mut Sqe,
    ) -> Result<Status, Status> {
        self.inflater.reset();
        let mut source = Source::of(space, sqe)?;
        let mut sink = Sink::of(space, sqe)?;
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
        let mut place = Source::of(space, sqe)?.without(sqe.consumed)?;
        place.exactly(found.bytes_mut())?;
        sqe.consumed += trailer.len as u32;
        if found != trailer {
            return Err(Status::Checksum);
        }
        // Never "stream end", which stateless callers take for an error.
        Ok(Status::Ok)
    }
}
