//! Streams of the deflate formats: requests whose state lasts from one to the next.

use super::message::{self, Message, STATEFUL};
use super::{Done, Effort, Lanes, Status};
use crate::fail::Result;
use std::sync::Arc;
use warpdrive::ctypes::v2::Enum;

/// Bytes of the context that drivers keep a stream's state in.
const CONTEXT: usize = 64 << 10;

/// One stream after the other in a synchronous context. It owns all memory that a device touches.
pub struct Stream {
    lanes: Arc<Lanes>,
    seat: usize,
    effort: Effort,
    memory: Memory,
    fresh: bool,
    isize: u32,
    checksum: u32,
}

struct Memory {
    context: Vec<u64>,
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Stream {
    /// A stream over the context `seat`, with buffers of these sizes in bytes.
    pub fn new(lanes: &Arc<Lanes>, seat: usize, effort: Effort, sizes: (usize, usize)) -> Stream {
        Stream {
            lanes: Arc::clone(lanes),
            seat,
            effort,
            memory: Memory {
                context: vec![0; CONTEXT / 8],
                input: vec![0; sizes.0],
                output: vec![0; sizes.1],
            },
            fresh: true,
            isize: 0,
            checksum: 0,
        }
    }

    /// Where input goes.
    pub fn input(&mut self) -> &mut [u8] {
        &mut self.memory.input
    }

    /// Where output is.
    pub fn output(&self) -> &[u8] {
        &self.memory.output
    }

    /// Whether the next piece begins a stream.
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// The next piece: the input buffer from `from` to `to`. `last` is for compression.
    pub fn step(&mut self, from: usize, to: usize, last: bool) -> Result<Done> {
        let context = self.memory.context.as_mut_ptr();
        let (lanes, way) = (&self.lanes, self.lanes.way(self.seat));
        let input = &self.memory.input[from..to];
        let output = &mut self.memory.output;
        let mut message: Message =
            message::whole(lanes.format, way, self.effort, input, output, None);
        message.req.last = u32::from(last);
        message.ctx_buf = context.cast();
        message.stream_mode = Enum::new(STATEFUL);
        message.stream_pos = Enum::new(u32::from(!self.fresh));
        (message.isize, message.checksum) = (self.isize, self.checksum);
        if let Err(stuck) = lanes.run(self.seat, &mut message) {
            if stuck.unquiet {
                let memory = Memory {
                    context: std::mem::take(&mut self.memory.context),
                    input: std::mem::take(&mut self.memory.input),
                    output: std::mem::take(&mut self.memory.output),
                };
                std::mem::forget(memory);
            }
            return Err(stuck.error);
        }
        (self.isize, self.checksum) = (message.isize, message.checksum);
        let done = Done::of(&message);
        let over = match way {
            super::Way::Compress => last && done.consumed == to - from && done.status == Status::Ok,
            super::Way::Decompress => done.status == Status::End,
        };
        self.fresh = over;
        Ok(done)
    }

    /// Gives up a stream: the next piece begins a new one.
    pub fn begin_anew(&mut self) {
        self.lanes
            .engine
            .forget(self.memory.context.as_ptr().addr());
        self.fresh = true;
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if !self.memory.context.is_empty() {
            self.begin_anew();
        }
    }
}
