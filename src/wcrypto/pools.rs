//! Pools of blocks and of scatter-gather lists, made of the memory of a queue or of
//! the program's own.

use super::queue::Queue;
use crate::bd::sgl::{ALIGNMENT, Entry, Head, LARGEST_ENTRY};
use crate::error::{Error, Result};
use crate::log_error;
use crate::mem::bmm::area::Source;
use crate::mem::bmm::{self, blocks};
use crate::mem::sgl;
use crate::sys::mm_br::MmBr;

/// How the devices of this library read lists.
const FORMAT: sgl::Format = sgl::Format {
    align: ALIGNMENT as u32,
    largest: LARGEST_ENTRY,
    head: |next, filled, in_chain| {
        let head = Head {
            next,
            in_chain,
            used: filled,
            present: filled,
        };
        head.encode()
    },
    entry: |address, length| Entry { address, length }.encode(),
};

/// What `make` makes with memory from the program's operations, if they allocate and free, or else
/// from the queue.
fn made<R>(
    queue: Option<Queue>,
    operations: MmBr,
    make: impl FnOnce(Source<'_>) -> Result<R>,
) -> Result<R> {
    if operations.allocates() {
        return make(Source::Program(operations));
    }
    let Some(queue) = queue else {
        log_error!("neither a queue nor operations that allocate and free, and so no memory");
        return Err(Error::Invalid);
    };
    let facts = queue.facts()?;
    make(Source::Queue {
        iommu: facts.iommu || facts.sva,
        reserve: &mut |len| queue.reserve(len),
    })
}

/// Makes a pool of blocks: its handle, and the blocks there are if the memory is the queue's.
///
/// # Errors
/// [`Error::Invalid`], with a message, if there is neither a queue nor `operations`; else as
/// [`blocks::create`], and for a queue [`Queue::facts`] and [`Queue::reserve`].
pub fn blocks(queue: Option<Queue>, setup: &bmm::Setup, operations: MmBr) -> Result<(usize, u32)> {
    made(queue, operations, |source| blocks::create(setup, source))
}

/// Makes a pool of lists as the device of `queue` reads them: its handle.
///
/// # Errors
/// As [`sgl::create`] and [`Queue::facts`]; without operations that allocate and free as
/// [`Queue::reserve`], too.
pub fn lists(queue: Queue, setup: &sgl::Setup, operations: MmBr) -> Result<usize> {
    queue.facts()?;
    made(Some(queue), operations, |source| {
        sgl::create(setup, FORMAT, source)
    })
}

#[cfg(all(test, not(miri)))]
mod tests;
