//! A block pool: blocks of one size. Taking one and giving it back needs no lock
//! and no memory.

use super::memory::{MemoryPool, UNIT};
use super::stack::Stack;
use crate::error::{Error, Result};
use crate::log_error;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

/// In a pool's state: no more blocks are given out. The other bits count blocks in use.
const CLOSED: u64 = 1 << 63;

/// Blocks of one size, from one memory pool.
///
/// A block smaller than a unit of the memory pool lies within one, beside others; a greater one
/// begins at the beginning of a unit and has the units to itself.
pub struct BlockPool {
    memory: Arc<MemoryPool>,
    size: usize,
    count: usize,
    /// Blocks in a piece of memory: several in one unit, or one in several units.
    per_piece: usize,
    /// Units of a piece.
    span: usize,
    /// Where the pieces are, in order of unit and of block.
    runs: Vec<Run>,
    free: Stack,
    state: AtomicU64,
}

/// Neighbouring pieces.
struct Run {
    unit: usize,
    units: usize,
    /// The number of the first block.
    block: usize,
    blocks: usize,
}

/// What a block that was given back leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freed {
    /// Other blocks, or a pool that is open.
    More,
    /// A closed pool without a block in use.
    Last,
}

/// What a block pool is, and how many of its blocks are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockStats {
    /// Bytes of a block.
    pub size: usize,
    /// Blocks.
    pub count: usize,
    /// Blocks that are free.
    pub free: usize,
    /// 100 if all blocks are in use, else 0.
    pub usage_rate: usize,
    /// 100 if all memory is in no block, else 0.
    pub waste_rate: usize,
}

impl BlockPool {
    /// `count` blocks of `size` bytes from `memory`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a size or number of 0, [`Error::NoMemory`] if `memory` has no room;
    /// with a message.
    pub fn new(memory: Arc<MemoryPool>, size: usize, count: usize) -> Result<BlockPool> {
        if size == 0 || count == 0 {
            log_error!("no pool of {count} blocks of {size} bytes");
            return Err(Error::Invalid);
        }
        let per_piece = (UNIT / size).max(1);
        let span = size.div_ceil(UNIT);
        let pieces = count.div_ceil(per_piece);
        let Some(taken) = memory.take(pieces, span) else {
            log_error!("no room for {count} blocks of {size} bytes in the memory pool");
            return Err(Error::NoMemory);
        };
        let mut block = 0;
        let run = |units: core::ops::Range<usize>| {
            let blocks = (units.len() / span * per_piece).min(count - block);
            let (unit, units) = (units.start, units.len());
            block += blocks;
            Run {
                unit,
                units,
                block: block - blocks,
                blocks,
            }
        };
        let runs: Vec<Run> = taken.into_iter().map(run).collect();
        let free = Stack::full(count).inspect_err(|_| give_back(&memory, &runs))?;
        Ok(BlockPool {
            memory,
            size,
            count,
            per_piece,
            span,
            runs,
            free,
            state: AtomicU64::new(0),
        })
    }

    /// Takes a block: its address. `None` if none is free or the pool is closed.
    #[must_use]
    pub fn allocate(&self) -> Option<usize> {
        // A place is taken before the block, so that closing sees it. Acquire pairs with the Release
        // in `free`: a block that is counted as free is on the stack.
        let place = |state: u64| (state < self.count as u64).then(|| state + 1);
        self.state
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, place)
            .ok()?;
        self.free.pop().map(|block| self.address(block))
    }

    /// Gives a block back.
    ///
    /// # Errors
    /// [`Error::Invalid`], with a message, if `address` is not that of a block in use; nothing is
    /// changed.
    pub fn free(&self, address: usize) -> Result<Freed> {
        let block = self.block(address);
        if !block.is_some_and(|block| self.free.push(block)) {
            log_error!("{address:#x} is not a block in use of this pool");
            return Err(Error::Invalid);
        }
        // Release: see `allocate`.
        let before = self.state.fetch_sub(1, Ordering::Release);
        Ok(if before == CLOSED | 1 {
            Freed::Last
        } else {
            Freed::More
        })
    }

    /// Gives out no more blocks: how many are in use; `None` if it was closed already.
    pub fn close(&self) -> Option<usize> {
        // Relaxed: the count is all that is looked at, and memory goes by the Arc.
        let before = self.state.fetch_or(CLOSED, Ordering::Relaxed);
        (before & CLOSED == 0).then_some(before as usize)
    }

    /// Gives out no more blocks, if none is in use; whether that is so.
    pub fn close_unused(&self) -> bool {
        // Relaxed: as in `close`.
        let closed = self
            .state
            .compare_exchange(0, CLOSED, Ordering::Relaxed, Ordering::Relaxed);
        closed.is_ok()
    }

    /// Bytes of a memory pool that has room for `count` blocks of `size` bytes, neither of them 0.
    #[must_use]
    pub fn bytes(size: usize, count: usize) -> Option<usize> {
        let pieces = count.div_ceil((UNIT / size).max(1));
        size.checked_next_multiple_of(UNIT)?.checked_mul(pieces)
    }

    /// Blocks in use.
    #[must_use]
    pub fn used(&self) -> usize {
        (self.state.load(Ordering::Relaxed) & !CLOSED) as usize
    }

    /// Bytes of a block.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// What it is and how many blocks are in use.
    #[must_use]
    pub fn stats(&self) -> BlockStats {
        let used = self.used();
        let bytes = UNIT * self.runs.iter().map(|run| run.units).sum::<usize>();
        BlockStats {
            size: self.size,
            count: self.count,
            free: self.count - used,
            usage_rate: super::rate(used, self.count),
            waste_rate: super::rate(bytes - self.size * self.count, bytes),
        }
    }

    /// Where a block is.
    fn address(&self, block: usize) -> usize {
        let after = self.runs.partition_point(|run| run.block <= block);
        let run = &self.runs[after - 1];
        let (piece, inside) = (
            (block - run.block) / self.per_piece,
            (block - run.block) % self.per_piece,
        );
        self.memory.address(run.unit + piece * self.span) + inside * self.size
    }

    /// The block that begins at an address.
    fn block(&self, address: usize) -> Option<usize> {
        let unit = self.memory.unit(address)?;
        let after = self.runs.partition_point(|run| run.unit <= unit);
        let run = &self.runs[after.checked_sub(1)?];
        let piece = (unit - run.unit) / self.span;
        let offset = address - self.memory.address(run.unit + piece * self.span);
        let (inside, rest) = (offset / self.size, offset % self.size);
        let block = piece * self.per_piece + inside;
        let good = rest == 0 && inside < self.per_piece && block < run.blocks;
        good.then_some(run.block + block)
    }
}

fn give_back(memory: &MemoryPool, runs: &[Run]) {
    for run in runs {
        memory.give(run.unit..run.unit + run.units);
    }
}

impl Drop for BlockPool {
    fn drop(&mut self) {
        give_back(&self.memory, &self.runs);
    }
}
