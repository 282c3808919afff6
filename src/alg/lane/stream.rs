//! Streams of the deflate formats: requests whose state lasts from one to the next.

use super::bounce::{self, LONGEST, Piece};
use super::{Direction, Done, Effort, Lanes, Status, message};
use crate::ctypes::v2::Enum;
use crate::ctypes::v2::wd_comp_drv::{wd_comp_state, wd_comp_strm_pos};
use crate::error::{Error, Result};
use core::ptr;
use std::sync::Arc;

/// Bytes of the context that drivers keep a stream's state in.
const CONTEXT: usize = 64 << 10;

/// One stream after the other in a synchronous context.
pub struct Stream {
    lanes: Arc<Lanes>,
    number: usize,
    effort: Effort,
    /// All that a device touches. Empty after a device did not let go of it.
    memory: Memory,
    /// What a device without SVA works on instead.
    copies: Option<Copies>,
    fresh: bool,
    isize: u32,
    checksum: u32,
}

#[derive(Default)]
struct Memory {
    context: Vec<u64>,
    input: Vec<u8>,
    output: Vec<u8>,
}

/// Buffers that may be shorter than the caller's: what does not fit is left for the next piece.
struct Copies {
    context: Piece,
    input: Piece,
    output: Piece,
}

impl Copies {
    fn new(memory: &Arc<bounce::Memory>, sizes: (usize, usize)) -> Result<Copies> {
        let copies = Copies {
            context: Piece::take(memory, CONTEXT)?,
            input: Piece::take(memory, sizes.0.min(LONGEST))?,
            output: Piece::take(memory, sizes.1.min(LONGEST + LONGEST / 8))?,
        };
        copies.context.fill(&[0; CONTEXT])?;
        Ok(copies)
    }
}

impl Stream {
    /// A stream over the context `number`, with buffers for so many bytes of input and output.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no such synchronous context; [`Error::NoMemory`] if a device
    /// without SVA has no more memory.
    pub fn new(
        lanes: &Arc<Lanes>,
        number: usize,
        effort: Effort,
        sizes: (usize, usize),
    ) -> Result<Stream> {
        let memory = lanes.synchronous(number)?.memory.as_ref();
        let copies = memory
            .map(|memory| Copies::new(memory, sizes))
            .transpose()?;
        Ok(Stream {
            copies,
            lanes: Arc::clone(lanes),
            number,
            effort,
            memory: Memory {
                context: vec![0; CONTEXT / 8],
                input: vec![0; sizes.0],
                output: vec![0; sizes.1],
            },
            fresh: true,
            isize: 0,
            checksum: 0,
        })
    }

    /// Where input goes.
    pub fn input(&mut self) -> &mut [u8] {
        &mut self.memory.input
    }

    /// Where output is.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        &self.memory.output
    }

    /// Whether the next piece begins a stream.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// The next piece: the input buffer from `from` to `to`, of which less may be consumed. `last`
    /// says that it is the last one to compress; it has to be said again until all is consumed and
    /// the status is [`Status::Ok`].
    ///
    /// # Errors
    /// [`Error::Invalid`] for a range outside of the buffer, and for what cannot be a request;
    /// [`Error::TimedOut`] after a minute; [`Error::DeviceReset`].
    pub fn step(&mut self, from: usize, to: usize, last: bool) -> Result<Done> {
        let lanes = Arc::clone(&self.lanes);
        let lane = lanes.synchronous(self.number)?;
        let _turn = lanes.turn(lane);
        let mut input = self.memory.input.get(from..to).ok_or(Error::Invalid)?;
        let most = self
            .copies
            .as_ref()
            .map_or(usize::MAX, |copies| copies.input.len());
        let cut = input.len() > most;
        input = &input[..input.len().min(most)];
        let (format, output) = (lanes.format, &mut self.memory.output);
        let mut message = message::whole(format, lane.way, self.effort, input, output, None);
        message.ctx_buf = self.memory.context.as_mut_ptr().cast();
        if let Some(copies) = &self.copies {
            copies.input.fill(input)?;
            bounce::lend(&mut message, &copies.input, &copies.output);
            message.ctx_buf = ptr::with_exposed_provenance_mut(copies.context.address());
            let room = copies.output.len().min(self.memory.output.len()) as u32;
            (message.req.dst_len, message.avail_out) = (room, room);
        }
        let position = if self.fresh {
            wd_comp_strm_pos::WD_COMP_STREAM_NEW
        } else {
            wd_comp_strm_pos::WD_COMP_STREAM_OLD
        };
        let last = last && !cut;
        message.req.last = u32::from(last);
        message.stream_mode = Enum::new(wd_comp_state::WD_COMP_STATEFUL as u32);
        message.stream_pos = Enum::new(position as u32);
        (message.isize, message.checksum) = (self.isize, self.checksum);
        let given = input.len();
        if let Err(stuck) = lanes.exchange(self.number, &mut message) {
            if stuck.unquiet {
                core::mem::forget((core::mem::take(&mut self.memory), self.copies.take()));
            }
            return Err(stuck.error);
        }
        (self.isize, self.checksum) = (message.isize, message.checksum);
        let done = Done::of(&message);
        if let Some(copies) = &self.copies {
            let produced = done.produced.min(self.memory.output.len());
            copies.output.read(&mut self.memory.output[..produced])?;
        }
        self.fresh = match lane.way {
            Direction::WD_DIR_DECOMPRESS => done.status == Status::End,
            _ => last && done.consumed == given && done.status == Status::Ok,
        };
        Ok(done)
    }

    /// Gives up a stream: the next piece begins a new one.
    pub fn begin_anew(&mut self) {
        let context = match &self.copies {
            Some(copies) => copies.context.address(),
            None => self.memory.context.as_ptr().addr(),
        };
        self.lanes.engine.forget(context);
        self.fresh = true;
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // Before the memory goes, by whose address the engine knows the stream.
        self.begin_anew();
    }
}
