//! Streams of the deflate formats: requests whose state lasts from one to the next.

use super::{Direction, Done, Effort, Lanes, Status, message};
use crate::ctypes::v2::Enum;
use crate::ctypes::v2::wd_comp_drv::{wd_comp_state, wd_comp_strm_pos};
use crate::error::{Error, Result};
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

impl Stream {
    /// A stream over the context `number`, with buffers for so many bytes of input and output.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no such synchronous context.
    pub fn new(
        lanes: &Arc<Lanes>,
        number: usize,
        effort: Effort,
        sizes: (usize, usize),
    ) -> Result<Stream> {
        lanes.synchronous(number)?;
        Ok(Stream {
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

    /// The next piece: the input buffer from `from` to `to`. `last` says that it is the last one to
    /// compress; it has to be said again until all is consumed and the status is [`Status::Ok`].
    ///
    /// # Errors
    /// [`Error::Invalid`] for a range outside of the buffer, and for what cannot be a request;
    /// [`Error::TimedOut`] after a minute; [`Error::DeviceReset`].
    pub fn step(&mut self, from: usize, to: usize, last: bool) -> Result<Done> {
        let lane = self.lanes.synchronous(self.number)?;
        let memory = &mut self.memory;
        let input = memory.input.get(from..to).ok_or(Error::Invalid)?;
        let (format, output) = (self.lanes.format, &mut memory.output);
        let mut message = message::whole(format, lane.way, self.effort, input, output, None);
        let position = if self.fresh {
            wd_comp_strm_pos::WD_COMP_STREAM_NEW
        } else {
            wd_comp_strm_pos::WD_COMP_STREAM_OLD
        };
        message.req.last = u32::from(last);
        message.ctx_buf = memory.context.as_mut_ptr().cast();
        message.stream_mode = Enum::new(wd_comp_state::WD_COMP_STATEFUL as u32);
        message.stream_pos = Enum::new(position as u32);
        (message.isize, message.checksum) = (self.isize, self.checksum);
        if let Err(stuck) = self.lanes.exchange(self.number, lane, &mut message) {
            if stuck.unquiet {
                core::mem::forget(core::mem::take(&mut self.memory));
            }
            return Err(stuck.error);
        }
        (self.isize, self.checksum) = (message.isize, message.checksum);
        let done = Done::of(&message);
        self.fresh = match lane.way {
            Direction::WD_DIR_DECOMPRESS => done.status == Status::End,
            _ => last && done.consumed == to - from && done.status == Status::Ok,
        };
        Ok(done)
    }

    /// Gives up a stream: the next piece begins a new one.
    pub fn begin_anew(&mut self) {
        let context = self.memory.context.as_ptr().addr();
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
