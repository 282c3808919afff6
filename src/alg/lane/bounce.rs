//! Requests for devices without SVA: they work on copies, in a static region of one of the queues.

use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::error::Result;
use crate::mem::bmm::{Pool, Setup};
use crate::sys::mm_ops::OverMemory;
use crate::uacce::channel::Channel;
use crate::uacce::device::Attributes;
use core::ptr;
use std::sync::Arc;

/// Bytes of a block. Neighbours serve what is longer.
const BLOCK: u32 = 64 << 10;
/// How many: 6 MiB, for several requests of [`LONGEST`] with their room.
const BLOCKS: u32 = 96;
/// What lists and contexts have to be aligned to, and more.
const ALIGN: u32 = 4096;
/// The longest piece of a stream.
pub(super) const LONGEST: usize = 512 << 10;

/// The memory of a context.
pub(super) type Memory = OverMemory<Pool>;

/// Memory for the context on `channel`.
///
/// # Errors
/// As [`Pool::new`].
pub(super) fn memory(channel: &dyn Channel, device: &Attributes) -> Result<Arc<Memory>> {
    let setup = Setup {
        block_size: BLOCK,
        blocks: BLOCKS,
        align: ALIGN,
    };
    let pool = Pool::new(channel, device, &setup)?;
    Ok(Arc::new(OverMemory::new(Arc::new(pool))))
}

/// Some bytes of it; given back when this is dropped.
pub(super) struct Piece {
    memory: Arc<Memory>,
    address: usize,
    len: usize,
}

impl Piece {
    /// # Errors
    /// [`crate::Error::NoMemory`] if there are not so many in one piece.
    pub fn take(memory: &Arc<Memory>, len: usize) -> Result<Piece> {
        Ok(Piece {
            address: memory.memory().allocate(len.max(1))?,
            memory: Arc::clone(memory),
            len,
        })
    }

    pub fn address(&self) -> usize {
        self.address
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// Copies to its beginning.
    pub fn fill(&self, bytes: &[u8]) -> Result<()> {
        self.memory.memory().write(self.address, bytes)
    }

    /// Copies from its beginning.
    pub fn read(&self, bytes: &mut [u8]) -> Result<()> {
        self.memory.memory().read(self.address, bytes)
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        // It is of this pool.
        let _ = self.memory.memory().free(self.address);
    }
}

/// The address of a request's output, or of the copy that a device works on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room(pub usize);

/// The copies of a request's input and room.
pub(super) struct Bounce {
    input: Piece,
    output: Piece,
}

impl Bounce {
    /// Copies the input.
    ///
    /// # Errors
    /// [`crate::Error::NoMemory`] if there is no room for it now.
    pub fn new(memory: &Arc<Memory>, input: &[u8], room: usize) -> Result<Bounce> {
        let bounce = Bounce {
            input: Piece::take(memory, input.len())?,
            output: Piece::take(memory, room)?,
        };
        bounce.input.fill(input)?;
        Ok(bounce)
    }

    /// Has a message work on the copies.
    pub fn lend(&self, message: &mut wd_comp_msg) {
        lend(message, &self.input, &self.output);
    }

    /// Where the device puts its output.
    pub fn room(&self) -> Room {
        Room(self.output.address)
    }

    /// Takes the output, as far as it is there.
    ///
    /// # Errors
    /// None, if `output` is the room that this was made for.
    pub fn finish(&self, output: &mut [u8]) -> Result<()> {
        let len = output.len().min(self.output.len);
        self.output.read(&mut output[..len])
    }
}

/// Has a message work on copies.
pub(super) fn lend(message: &mut wd_comp_msg, input: &Piece, output: &Piece) {
    message.req.src = ptr::with_exposed_provenance_mut(input.address);
    message.req.dst = ptr::with_exposed_provenance_mut(output.address);
    message.mm_ops = output.memory.as_ptr();
}
