//! Requests of streams. Where a device keeps all of a stream in its context, the
//! model keeps there what a compressor needs, the window, and of a decompressor
//! only a number: the rest stays in a table of the model's own.

use super::place::{Sink, Source};
use super::sum::{Sum, Trailer};
use super::{BAD_REQUEST, Engine, bad_data, bus_fault, fresh};
use crate::bd::zip::context::{State, Words};
use crate::bd::zip::{Request, Sqe, Status};
use crate::calc::deflate::{Flush, Inflater};
use crate::sim::space::{Home, Space};
use crate::sys::lock::Mutex;
use std::collections::HashMap;

/// With so little room the engine ignores a request of a stream.
const IGNORED: u32 = 16;
/// Where in the engine's part of the context the window lies.
const WINDOW_AT: u64 = 0x1000;
/// The longest window.
const WINDOW: usize = 32 << 10;
/// The most bytes of a stored block.
const STORED: usize = 0xffff;
/// Streams that are kept. A device would know any number; beyond this one the oldest is forgotten.
const MOST: usize = 1024;

/// What is known of streams that are decompressed.
#[derive(Default)]
pub(in crate::sim) struct Streams(Mutex<Table>);

#[derive(Default)]
struct Table {
    /// By the home and the address of their contexts.
    streams: HashMap<(usize, u64), Stream>,
    /// Counts streams and uses.
    clock: u64,
}

/// A stream that is decompressed.
struct Stream {
    /// Whose memory its context is in.
    home: Home,
    /// The number that its context has in it.
    name: u64,
    /// When it was used last.
    used: u64,
    inflater: Inflater,
    /// A byte of output that had no room.
    left_over: Option<u8>,
    /// The end of the deflate stream was reached.
    inflated: bool,
    /// How much of the trailer has been read, and what it says.
    trailer: [u8; 8],
    trailer_read: usize,
}

impl Table {
    /// A program may leave streams unfinished when it closes a queue, and their contexts go with it.
    fn forget(&mut self) {
        self.streams.retain(|_, stream| stream.home.is_there());
    }
}

impl Streams {
    /// Forgets those whose contexts have gone with their memory; how many there are then.
    pub fn count(&self) -> usize {
        let mut table = self.0.lock();
        table.forget();
        table.streams.len()
    }

    /// Begins a stream whose context is at `address`.
    fn begin(&self, space: &Space, address: u64) -> Result<Stream, Status> {
        let home = space.home(address).map_err(bus_fault)?;
        let name = {
            let mut table = self.0.lock();
            table.clock += 1;
            table.streams.remove(&(home.number(), address));
            table.forget();
            table.clock
        };
        let bytes = name.to_le_bytes();
        space.write(address, &bytes).map_err(bus_fault)?;
        Ok(Stream {
            home,
            name,
            used: name,
            inflater: Inflater::new(),
            left_over: None,
            inflated: false,
            trailer: [0; 8],
            trailer_read: 0,
        })
    }

    /// Takes out the stream whose context is at `address`, if the context is still that stream's.
    fn take(&self, space: &Space, address: u64) -> Result<Stream, Status> {
        let mut name = [0; 8];
        space.read(address, &mut name).map_err(bus_fault)?;
        let home = space.home(address).map_err(bus_fault)?.number();
        let stream = self.0.lock().streams.remove(&(home, address));
        let same = |s: &Stream| s.name == u64::from_le_bytes(name);
        stream.filter(same).ok_or(Status::Failed(BAD_REQUEST))
    }

    /// Puts a stream back for its next request.
    fn put(&self, address: u64, mut stream: Stream) {
        let mut table = self.0.lock();
        table.clock += 1;
        stream.used = table.clock;
        if table.streams.len() >= MOST {
            let oldest = table.streams.iter().min_by_key(|(_, s)| s.used);
            if let Some(oldest) = oldest.map(|(place, _)| *place) {
                table.streams.remove(&oldest);
            }
        }
        table
            .streams
            .insert((stream.home.number(), address), stream);
    }
}

fn sum(request: Request, sqe: &Sqe) -> Sum {
    if sqe.new_stream {
        Sum::new(request)
    } else {
        Sum::resume(request, sqe)
    }
}

/// How much of the input is sure to fit: all, or 8/9 of the room in whole words.
fn share(sqe: &Sqe) -> u32 {
    let room = u64::from(sqe.output_space);
    if room >= (u64::from(sqe.input_length) * 9).div_ceil(8) {
        return sqe.input_length;
    }
    (room * 8 / 9) as u32 & !3
}

impl Engine {
    /// Compresses more of a stream, up to a byte boundary or the end.
    pub(super) fn compress_more(
        &mut self,
        space: &Space,
        request: Request,
        sqe: &mut Sqe,
    ) -> Result<Status, Status> {
        if sqe.output_space <= IGNORED {
            return Ok(Status::Ok);
        }
        let taken = share(sqe);
        let last = sqe.finish && taken == sqe.input_length;
        self.load_window(space, sqe)?;
        let mut source = Source::of(space, sqe)?;
        source.left = taken;
        let sink = Sink::of(space, sqe)?;
        let mut sum = sum(request, sqe);
        let trailer = request_trailer(request, last);
        let mut made = match self.deflate_more(source.clone(), sink.clone(), sqe, last)? {
            Some(made) if made.left as usize >= trailer => made,
            // It has grown by more than the driver has left room for.
            _ => self.store(source.clone(), sink.clone(), last)?,
        };
        let before = sink.left;
        while source.left > 0 {
            let piece = source.next(&mut self.input)?;
            sum.add(piece);
            slide(&mut self.whole, piece);
        }
        sum.report(sqe);
        if last {
            made.write(sum.trailer().bytes())?;
        }
        sqe.produced = before - made.left;
        sqe.consumed = taken;
        self.save_window(space, sqe)?;
        if taken > 0 && sqe.produced > taken {
            return Ok(Status::Expanded);
        }
        Ok(Status::Ok)
    }

    /// Compresses `source`; `None` if it does not fit.
    fn deflate_more<'s>(
        &mut self,
        mut source: Source<'s>,
        mut sink: Sink<'s>,
        sqe: &Sqe,
        last: bool,
    ) -> Result<Option<Sink<'s>>, Status> {
        let bits = self.window_bits(sqe);
        let deflater = fresh(&mut self.deflater, self.level, bits);
        if !self.whole.is_empty() {
            deflater.remember(&self.whole).map_err(bad_data)?;
        }
        loop {
            let mut rest = source.next(&mut self.input)?;
            let flush = match source.left {
                0 if last => Flush::Finish,
                0 => Flush::Sync,
                _ => Flush::None,
            };
            loop {
                let room = sink.room(&mut self.output);
                let step = deflater.run(rest, room, flush).map_err(bad_data)?;
                let full = step.produced == room.len();
                match sink.write(&room[..step.produced]) {
                    Err(Status::NoSpace) => return Ok(None),
                    other => other?,
                }
                rest = &rest[step.consumed..];
                if rest.is_empty() && !full {
                    break;
                }
            }
            if source.left == 0 {
                return Ok(Some(sink));
            }
        }
    }

    /// Puts `source` into stored blocks.
    fn store<'s>(
        &mut self,
        mut source: Source<'s>,
        mut sink: Sink<'s>,
        last: bool,
    ) -> Result<Sink<'s>, Status> {
        loop {
            let longest = STORED.min(self.input.len());
            let piece = source.next(&mut self.input[..longest])?;
            let length = piece.len() as u16;
            let final_bit = u8::from(last && source.left == 0);
            let [a, b] = length.to_le_bytes();
            sink.write(&[final_bit, a, b, !a, !b])?;
            sink.write(piece)?;
            if source.left == 0 {
                return Ok(sink);
            }
        }
    }

    /// Reads what the stream may refer to.
    pub(super) fn load_window(&mut self, space: &Space, sqe: &Sqe) -> Result<(), Status> {
        self.whole.clear();
        if sqe.new_stream {
            return Ok(());
        }
        let length = Words(sqe.ctx).window_length() as usize;
        if length > WINDOW {
            return Err(Status::Failed(BAD_REQUEST));
        }
        self.whole.resize(length, 0);
        let at = sqe.stream_context.wrapping_add(WINDOW_AT);
        space.read(at, &mut self.whole).map_err(bus_fault)
    }

    /// Keeps what the next request of the stream may refer to.
    pub(super) fn save_window(&mut self, space: &Space, sqe: &mut Sqe) -> Result<(), Status> {
        let from = self.whole.len().saturating_sub(WINDOW);
        let window = &self.whole[from..];
        sqe.ctx = [0, 0, window.len() as u32];
        let at = sqe.stream_context.wrapping_add(WINDOW_AT);
        space.write(at, window).map_err(bus_fault)
    }

    /// Decompresses more of a stream.
    pub(super) fn decompress_more(
        &mut self,
        space: &Space,
        request: Request,
        sqe: &mut Sqe,
    ) -> Result<Status, Status> {
        if sqe.output_space <= IGNORED {
            return Ok(Status::Ok);
        }
        let streams = self.streams.clone();
        let address = sqe.stream_context;
        let mut stream = if sqe.new_stream {
            streams.begin(space, address)?
        } else {
            streams.take(space, address)?
        };
        let mut sum = sum(request, sqe);
        self.inflate_more(space, sqe, &mut stream, &mut sum)?;
        sum.report(sqe);
        let done = stream.inflated && stream.left_over.is_none();
        if done && stream.read_trailer(space, sqe, &sum.trailer())? {
            sqe.last_block = true;
            sqe.ctx = [0; 3];
            return Ok(Status::StreamEnd);
        }
        let state = match stream.left_over {
            Some(_) if sqe.consumed == sqe.input_length => State::OutputPending,
            Some(_) => State::OutputFull,
            None => State::Other(0),
        };
        sqe.ctx = Words::default().with_state(state).0;
        streams.put(address, stream);
        Ok(Status::Ok)
    }

    /// Inflates until input or room is used up, or the stream has ended.
    fn inflate_more(
        &mut self,
        space: &Space,
        sqe: &mut Sqe,
        stream: &mut Stream,
        sum: &mut Sum,
    ) -> Result<(), Status> {
        let mut source = Source::of(space, sqe)?;
        let mut sink = Sink::of(space, sqe)?;
        if let Some(byte) = stream.left_over.filter(|_| sink.left > 0) {
            sink.put(&[byte], sqe)?;
            sum.add(&[byte]);
            stream.left_over = None;
        }
        let mut rest: &[u8] = &[];
        while !stream.inflated && stream.left_over.is_none() {
            if rest.is_empty() {
                rest = source.next(&mut self.input)?;
            }
            let room = sink.room(&mut self.output);
            let step = stream.inflater.run(rest, room).map_err(bad_data)?;
            let (fits, over) =
                room[..step.produced].split_at(step.produced.min(sink.left as usize));
            sink.put(fits, sqe)?;
            sum.add(fits);
            stream.left_over = over.first().copied();
            stream.inflated = step.end;
            sqe.consumed += step.consumed as u32;
            rest = &rest[step.consumed..];
            if step.consumed + step.produced == 0 && source.left == 0 {
                break;
            }
        }
        Ok(())
    }
}

impl Stream {
    /// Reads the trailer, as far as it has come. Whether it is complete.
    fn read_trailer(
        &mut self,
        space: &Space,
        sqe: &mut Sqe,
        expected: &Trailer,
    ) -> Result<bool, Status> {
        let mut source = Source::of(space, sqe)?.without(sqe.consumed)?;
        // More of it has come where it began as that of another format.
        let missing = expected.len.checked_sub(self.trailer_read);
        let missing = missing.ok_or(Status::Failed(BAD_REQUEST))?;
        let count = missing.min(source.left as usize);
        source.exactly(&mut self.trailer[self.trailer_read..][..count])?;
        self.trailer_read += count;
        sqe.consumed += count as u32;
        if count < missing {
            return Ok(false);
        }
        if self.trailer[..expected.len] != *expected.bytes() {
            return Err(Status::Checksum);
        }
        Ok(true)
    }
}

/// Bytes of the trailer behind a request that is the last.
fn request_trailer(request: Request, last: bool) -> usize {
    match request {
        _ if !last => 0,
        Request::Zlib => 4,
        Request::Gzip => 8,
        _ => 0,
    }
}

/// Adds `piece` to the end of `window`, and drops what is too far from it.
fn slide(window: &mut Vec<u8>, piece: &[u8]) {
    let piece = &piece[piece.len().saturating_sub(WINDOW)..];
    let excess = (window.len() + piece.len()).saturating_sub(WINDOW);
    window.drain(..excess);
    window.extend_from_slice(piece);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::space::{LONGEST, Windows};
    use crate::sys::shared::SharedMemory;

    /// A device with the region of queue 1, and a bus address in it.
    fn device() -> (Windows, u64) {
        let windows = Windows::default();
        let memory = windows.open(1, 1 << 16, LONGEST, SharedMemory::own);
        assert!(memory.is_ok());
        let slices = windows.slices(1).expect("just made");
        (windows, slices[0].bus)
    }

    fn begin(streams: &Streams, space: &Space, address: u64) {
        let stream = streams.begin(space, address);
        streams.put(address, stream.unwrap_or_else(|_| panic!("mapped")));
    }

    #[test]
    fn equal_bus_addresses_of_two_devices_are_two_streams() {
        let ((one, at), (other, same)) = (device(), device());
        assert_eq!(at, same);
        let streams = Streams::default();
        begin(&streams, &one.space(), at);
        begin(&streams, &other.space(), at);
        for windows in [&one, &other] {
            assert!(streams.take(&windows.space(), at).is_ok());
            assert!(streams.take(&windows.space(), at).is_err(), "taken");
        }
    }

    #[test]
    fn unfinished_streams_are_forgotten_with_the_memory_of_their_contexts() {
        let ((one, at), (other, _)) = (device(), device());
        let streams = Streams::default();
        let count = || streams.0.lock().streams.len();
        for step in 0..5 {
            begin(&streams, &one.space(), at + step * 0x1000);
        }
        assert_eq!(count(), 5);
        one.close(1);
        begin(&streams, &other.space(), at);
        assert_eq!(count(), 1);
    }
}
