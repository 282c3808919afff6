//! Streams in pieces of any size over requests that are picky: the first one to
//! compress needs room for a header, the first one to decompress needs a header,
//! and devices take no more than some megabytes. What is too small goes through
//! buffers here. No session and no device is known.

use crate::ctypes::v2::wd::{WD_EAGAIN, WD_IN_EPARA, WD_STREAM_END, WD_SUCCESS};
use crate::ctypes::v2::wd_comp::wd_comp_alg_type::{self, WD_GZIP, WD_ZLIB};
use crate::error::{Error, Result};
use core::ffi::c_int;
use core::mem::MaybeUninit;

/// Less room than this is not shown to a session: no header, no trailer and no end of a block is as
/// long.
const LEAST_ROOM: usize = 256;
/// Input or output of one request; devices take 8 MiB.
const MOST: usize = 4 << 20;
/// The headers of zlib and gzip: a request to decompress needs one byte more.
const ZLIB_HEAD: usize = 2 + 1;
const GZIP_HEAD: usize = 10 + 1;

/// Where the output of a request goes.
pub enum Room<'a> {
    /// The caller's memory, whatever is in it.
    Lent(&'a mut [MaybeUninit<u8>]),
    /// A buffer of the stream's.
    Own(&'a mut [u8]),
}

impl Room<'_> {
    /// Bytes of it.
    pub fn len(&self) -> usize {
        match self {
            Room::Lent(place) => place.len(),
            Room::Own(place) => place.len(),
        }
    }

    /// Where it begins.
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        match self {
            Room::Lent(place) => place.as_mut_ptr().cast(),
            Room::Own(place) => place.as_mut_ptr(),
        }
    }

    /// The first bytes of it, at most `len`.
    fn first(&mut self, len: usize) -> Room<'_> {
        let len = len.min(self.len());
        match self {
            Room::Lent(place) => Room::Lent(&mut place[..len]),
            Room::Own(place) => Room::Own(&mut place[..len]),
        }
    }

    /// The first `count` bytes are written.
    fn advance(&mut self, count: usize) {
        match self {
            Room::Lent(place) => *place = core::mem::take(place).split_at_mut(count).1,
            Room::Own(place) => *place = core::mem::take(place).split_at_mut(count).1,
        }
    }

    /// Writes as many of `bytes` as have room, and says how many.
    fn put(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.len());
        match self {
            Room::Lent(place) => {
                for (to, byte) in place.iter_mut().zip(bytes) {
                    to.write(*byte);
                }
            }
            Room::Own(place) => place[..count].copy_from_slice(&bytes[..count]),
        }
        self.advance(count);
        count
    }
}

/// What a request of a stream did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Piece {
    /// Bytes of input taken.
    pub consumed: usize,
    /// Bytes of output written.
    pub produced: usize,
    /// 0, `WD_STREAM_END`, `WD_EAGAIN` or `WD_IN_EPARA`.
    pub status: c_int,
}

/// What does the requests of a stream, in order.
pub trait Pieces {
    /// Does the next one. `last`: no more input to compress follows.
    ///
    /// # Errors
    /// What the request answered. The stream is lost.
    fn piece(&mut self, input: &[u8], room: Room<'_>, last: bool) -> Result<Piece>;
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Something was done.
    Progress,
    /// Nothing can be done without more input or more room.
    Starved,
    /// The stream is complete, and all of it given out.
    End,
    /// The input is no such stream.
    BadData,
}

/// The input and output of a call. The pump moves both on.
pub struct Buffers<'a> {
    /// Input not taken yet.
    pub input: &'a [u8],
    /// Room not used yet.
    pub output: Room<'a>,
}

/// Where a stream stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// No request was made.
    New,
    /// There was one.
    Running,
    /// And it had more output than room.
    Owing,
    /// The session has no more to say.
    Ended,
    /// The input was bad.
    Bad,
    /// A request failed.
    Failed(Error),
}

/// A stream's state beside its session's.
pub struct Pump {
    compresses: bool,
    format: wd_comp_alg_type,
    state: State,
    /// Output that the caller had no room for: what `held` says of `store`.
    store: [u8; LEAST_ROOM],
    held: core::ops::Range<usize>,
    /// The beginning of a stream to decompress, until there is enough of it.
    head: [u8; GZIP_HEAD],
    gathered: usize,
}

impl Pump {
    /// The beginning of a stream.
    pub fn new(compresses: bool, format: wd_comp_alg_type) -> Pump {
        Pump {
            compresses,
            format,
            state: State::New,
            store: [0; LEAST_ROOM],
            held: 0..0,
            head: [0; GZIP_HEAD],
            gathered: 0,
        }
    }

    /// The beginning of another stream.
    pub fn reset(&mut self) {
        self.state = State::New;
        self.held = 0..0;
        self.gathered = 0;
    }

    /// Compresses or decompresses as far as input and room allow. `finish`: no more input to
    /// compress follows.
    ///
    /// # Errors
    /// What a request answered, from then on until [`Pump::reset`].
    pub fn run(
        &mut self,
        pieces: &mut impl Pieces,
        buffers: &mut Buffers<'_>,
        finish: bool,
    ) -> Result<Outcome> {
        let before = (buffers.input.len(), buffers.output.len());
        loop {
            self.hand_out(buffers);
            match self.state {
                State::Failed(error) => return Err(error),
                State::Bad if self.held.is_empty() => return Ok(Outcome::BadData),
                State::Ended if self.held.is_empty() => return Ok(Outcome::End),
                _ => {}
            }
            let stop = !self.held.is_empty() || !self.has_work(buffers, finish);
            if stop || !self.step(pieces, buffers, finish) {
                break;
            }
        }
        self.hand_out(buffers);
        Ok(if before == (buffers.input.len(), buffers.output.len()) {
            Outcome::Starved
        } else {
            Outcome::Progress
        })
    }

    /// Whether a request could do something.
    fn has_work(&mut self, buffers: &mut Buffers<'_>, finish: bool) -> bool {
        let more = !buffers.input.is_empty() || self.state == State::Owing;
        if self.compresses {
            // As zlib, which begins nothing without room.
            return buffers.output.len() > 0 && (more || finish);
        }
        let head = match self.format {
            WD_ZLIB => ZLIB_HEAD,
            WD_GZIP => GZIP_HEAD,
            _ => 0,
        };
        let whole = self.gathered == 0 && buffers.input.len() >= head;
        if self.state != State::New || whole {
            return more || self.gathered > 0;
        }
        // The beginning may come a byte at a time.
        let count = (head - self.gathered).min(buffers.input.len());
        let (taken, rest) = buffers.input.split_at(count);
        self.head[self.gathered..self.gathered + count].copy_from_slice(taken);
        self.gathered += count;
        buffers.input = rest;
        self.gathered == head
    }

    /// Gives the caller what is held, as far as there is room.
    fn hand_out(&mut self, buffers: &mut Buffers<'_>) {
        self.held.start += buffers.output.put(&self.store[self.held.clone()]);
    }

    /// One request. Whether there may be another.
    fn step(&mut self, pieces: &mut impl Pieces, buffers: &mut Buffers<'_>, finish: bool) -> bool {
        let headed = self.gathered > 0;
        let source = if headed {
            &self.head[..self.gathered]
        } else {
            &buffers.input[..buffers.input.len().min(MOST)]
        };
        let last = self.compresses && finish && source.len() == buffers.input.len();
        let direct = buffers.output.len() >= LEAST_ROOM;
        let room = if direct {
            buffers.output.first(MOST)
        } else {
            Room::Own(&mut self.store)
        };
        let (given, space) = (source.len(), room.len());
        let piece = match pieces.piece(source, room, last) {
            Ok(piece) if piece.consumed <= given && piece.produced <= space => piece,
            answer => {
                self.state = State::Failed(answer.err().unwrap_or(Error::Io));
                return true;
            }
        };
        if headed {
            self.head.copy_within(piece.consumed..given, 0);
            self.gathered -= piece.consumed;
        } else {
            buffers.input = &buffers.input[piece.consumed..];
        }
        if direct {
            buffers.output.advance(piece.produced);
        } else {
            self.held = 0..piece.produced;
        }
        self.state = match piece.status {
            WD_IN_EPARA => State::Bad,
            WD_STREAM_END if !self.compresses => State::Ended,
            WD_SUCCESS if last && piece.consumed == given => State::Ended,
            WD_EAGAIN => State::Owing,
            // A full buffer may mean that there is more.
            _ if !self.compresses && piece.produced == space => State::Owing,
            _ => State::Running,
        };
        let idle = piece.consumed == 0 && piece.produced == 0;
        !idle || matches!(self.state, State::Ended | State::Bad)
    }
}
