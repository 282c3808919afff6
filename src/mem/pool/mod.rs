//! Pools of memory, of huge pages where there are some, and pools of equal blocks
//! cut from them; and the handles by which C knows them.
//!
//! Pools are destroyed in any order, with blocks in use too: memory stays where it
//! is until nothing of it is in use. Handles belong to the process that made them.
//! A fork child has a copy of the memory and none of the handles.

mod blocks;
mod memory;
mod ranges;
mod stack;

#[cfg(all(test, not(miri)))]
mod tests;

pub use blocks::{BlockPool, BlockStats, Freed};
pub use memory::{MemoryPool, MemoryStats};

use super::handles::Handles;
use crate::error::{Error, Result};
use crate::log_error;
use std::sync::Arc;

static MEMORY_POOLS: Handles<MemoryPool> = Handles::new(1);
static BLOCK_POOLS: Handles<BlockPool> = Handles::new(2);

/// Percentage of `part` in `whole`, as libwd computes it: 100 if it is all, else 0.
const fn rate(part: usize, whole: usize) -> usize {
    part / whole * 100
}

fn unknown(what: &str, handle: usize) -> Error {
    log_error!("{handle:#x} is not the handle of a {what} pool");
    Error::Invalid
}

/// Makes a memory pool: its handle.
///
/// # Errors
/// As [`MemoryPool::new`].
pub fn create_memory_pool(size: usize, node: i32) -> Result<usize> {
    MEMORY_POOLS.insert(Arc::new(MemoryPool::new(size, node)?))
}

/// The memory pool with this handle.
///
/// # Errors
/// [`Error::Invalid`], with a message, if there is none.
pub fn memory_pool(handle: usize) -> Result<Arc<MemoryPool>> {
    let found = MEMORY_POOLS.find(handle);
    found.ok_or_else(|| unknown("memory", handle))
}

/// Destroys a memory pool. Its memory stays for the block pools that were made from it.
///
/// # Errors
/// As [`memory_pool`].
pub fn destroy_memory_pool(handle: usize) -> Result<()> {
    let found = MEMORY_POOLS.remove(handle);
    found.map(drop).ok_or_else(|| unknown("memory", handle))
}

/// Makes a block pool from the memory pool `memory`: its handle.
///
/// # Errors
/// As [`memory_pool`] and [`BlockPool::new`].
pub fn create_block_pool(memory: usize, size: usize, count: usize) -> Result<usize> {
    let blocks = BlockPool::new(memory_pool(memory)?, size, count)?;
    BLOCK_POOLS.insert(Arc::new(blocks))
}

/// The block pool with this handle.
///
/// # Errors
/// [`Error::Invalid`], with a message, if there is none.
pub fn block_pool(handle: usize) -> Result<Arc<BlockPool>> {
    let found = BLOCK_POOLS.find(handle);
    found.ok_or_else(|| unknown("block", handle))
}

/// Takes a block from the block pool with this handle: its address.
///
/// # Errors
/// As [`block_pool`]; [`Error::NoMemory`] if none is free or the pool is closed.
pub fn allocate_block(handle: usize) -> Result<usize> {
    let taken = BLOCK_POOLS.with(handle, |pool| pool.allocate());
    taken
        .ok_or_else(|| unknown("block", handle))?
        .ok_or(Error::NoMemory)
}

/// Gives a block back to the block pool with this handle. The last one of a closed pool ends it.
///
/// # Errors
/// As [`block_pool`]; [`Error::Invalid`], with a message, if `address` is not that of a block in use.
pub fn free_block(handle: usize, address: usize) -> Result<()> {
    let freed = BLOCK_POOLS.with(handle, |pool| pool.free(address));
    if freed.ok_or_else(|| unknown("block", handle))?? == Freed::Last {
        BLOCK_POOLS.remove(handle);
    }
    Ok(())
}

/// Closes a block pool: it gives out no more blocks, and ends when none is in use.
///
/// # Errors
/// As [`block_pool`]; [`Error::Invalid`] if it is closed already.
pub fn destroy_block_pool(handle: usize) -> Result<()> {
    match block_pool(handle)?.close() {
        None => return Err(unknown("block", handle)),
        Some(0) => drop(BLOCK_POOLS.remove(handle)),
        Some(used) => {
            log_error!("block pool {handle:#x}: destroyed with {used} blocks in use, which stay");
        }
    }
    Ok(())
}
