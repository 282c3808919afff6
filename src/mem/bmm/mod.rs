//! Pools of memory that one device can use, at which address it sees it, and the
//! handles by which C knows them. Without SVA they are made of the static region
//! of a queue, with SVA of usual memory.

pub mod area;
pub mod blocks;
mod grid;
mod region;

#[cfg(all(test, not(miri)))]
mod tests;

use super::handles::Handles;
use super::pool::{BlockPool, MemoryPool};
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::mm_ops::DeviceMemory;
use crate::uacce::channel::Channel;
use crate::uacce::device::Attributes;
use core::num::NonZeroU64;
use core::sync::atomic::{AtomicU32, Ordering};
use region::StaticPool;
use std::sync::Arc;

static POOLS: Handles<Pool> = Handles::new(3);

/// What a pool is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Bytes of a block.
    pub block_size: u32,
    /// Blocks.
    pub blocks: u32,
    /// The blocks' alignment in bytes; not looked at with SVA.
    pub align: u32,
}

/// A pool of memory for a device.
pub struct Pool {
    memory: Memory,
    /// The device's number.
    device: u32,
    failures: AtomicU32,
}

enum Memory {
    Static(StaticPool),
    Sva(BlockPool),
}

impl Pool {
    /// A pool for the device of `channel`. Without SVA it holds the queue's static region.
    ///
    /// # Errors
    /// [`Error::Invalid`], with a message, for what `setup` may not be: a size or number of 0, and
    /// without SVA a block of more than 256 MiB or an alignment that is not a power of two from 2 to
    /// 4096; for a device whose name ends with no number. [`Error::NoMemory`] if there is not enough
    /// memory, or without SVA at most 87 % of the blocks would be in one piece for the device. Else
    /// what [`Channel::region`] and [`Channel::static_slices`] answer.
    pub fn new(channel: &dyn Channel, device: &Attributes, setup: &Setup) -> Result<Pool> {
        if setup.block_size == 0 || setup.blocks == 0 {
            log_error!(
                "no pool of {} blocks of {} bytes",
                setup.blocks,
                setup.block_size
            );
            return Err(Error::Invalid);
        }
        let Some(number) = number(&device.name) else {
            log_error!("{}: the name ends with no number", device.name);
            return Err(Error::Invalid);
        };
        let memory = if device.sva() {
            let (size, count) = (setup.block_size as usize, setup.blocks as usize);
            let bytes = BlockPool::bytes(size, count).ok_or(Error::NoMemory)?;
            let node = i32::try_from(device.numa_node).map_err(|_| Error::Invalid)?;
            let memory = MemoryPool::new(bytes, node)?;
            Memory::Sva(BlockPool::new(Arc::new(memory), size, count)?)
        } else {
            Memory::Static(StaticPool::new(channel, device, setup)?)
        };
        Ok(Pool {
            memory,
            device: number,
            failures: AtomicU32::new(0),
        })
    }

    /// Takes `len` bytes: their address. Without SVA they are neighbouring blocks, in one piece for
    /// the device too; with SVA one block.
    ///
    /// # Errors
    /// [`Error::Invalid`] for 0 bytes; [`Error::NoMemory`], which is counted, if there is no such
    /// room or the device was removed.
    pub fn allocate(&self, len: usize) -> Result<usize> {
        if len == 0 {
            return Err(Error::Invalid);
        }
        let found = match &self.memory {
            Memory::Static(pool) => pool.allocate(len),
            Memory::Sva(pool) if len > pool.size() => None,
            Memory::Sva(pool) => pool.allocate(),
        };
        found.ok_or_else(|| {
            self.failures.fetch_add(1, Ordering::Relaxed);
            Error::NoMemory
        })
    }

    /// Gives back what [`Pool::allocate`] answered.
    ///
    /// # Errors
    /// [`Error::Invalid`], with a message, for any other address; nothing is changed.
    pub fn free(&self, address: usize) -> Result<()> {
        match &self.memory {
            Memory::Static(pool) => pool.free(address),
            Memory::Sva(pool) => pool.free(address).map(drop),
        }
    }

    /// The device's address of `len` bytes at `address`: without SVA they lie inside what one
    /// [`Pool::allocate`] answered, and with SVA any are good.
    ///
    /// # Errors
    /// [`Error::Invalid`], with a message, if they do not lie so.
    pub fn map(&self, address: usize, len: usize) -> Result<NonZeroU64> {
        let bus = match &self.memory {
            Memory::Static(pool) => pool.map(address, len)?,
            Memory::Sva(_) => address as u64,
        };
        NonZeroU64::new(bus).ok_or(Error::Invalid)
    }

    /// Copies `bytes` to `address`, inside what [`Pool::allocate`] answered without SVA.
    ///
    /// # Errors
    /// [`Error::Invalid`] for other memory, and with SVA.
    pub fn write(&self, address: usize, bytes: &[u8]) -> Result<()> {
        match &self.memory {
            Memory::Static(pool) => pool.write(address, bytes),
            Memory::Sva(_) => Err(Error::Invalid),
        }
    }

    /// Copies from `address` to `bytes`, as [`Pool::write`].
    ///
    /// # Errors
    /// As [`Pool::write`].
    pub fn read(&self, address: usize, bytes: &mut [u8]) -> Result<()> {
        match &self.memory {
            Memory::Static(pool) => pool.read(address, bytes),
            Memory::Sva(_) => Err(Error::Invalid),
        }
    }

    /// Blocks there are.
    #[must_use]
    pub fn blocks(&self) -> u32 {
        match &self.memory {
            Memory::Static(pool) => pool.blocks(),
            Memory::Sva(pool) => pool.stats().count as u32,
        }
    }

    /// Blocks that are free.
    #[must_use]
    pub fn free_blocks(&self) -> u32 {
        match &self.memory {
            Memory::Static(pool) => pool.free_blocks(),
            Memory::Sva(pool) => pool.stats().free as u32,
        }
    }

    /// Allocations that found no room.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Bytes of a block, alignment included.
    #[must_use]
    pub fn block_size(&self) -> u32 {
        match &self.memory {
            Memory::Static(pool) => pool.block_size(),
            Memory::Sva(pool) => pool.size() as u32,
        }
    }

    /// The number of the device: the 3 of `hisi_zip-3`.
    #[must_use]
    pub fn device(&self) -> u32 {
        self.device
    }

    /// Gives out no more blocks, if none is in use; whether that is so.
    fn close(&self) -> bool {
        match &self.memory {
            Memory::Static(pool) => pool.close(),
            Memory::Sva(pool) => pool.close_unused(),
        }
    }
}

impl DeviceMemory for Pool {
    fn take(&self, len: usize) -> Option<usize> {
        self.allocate(len).ok()
    }

    fn give(&self, address: usize) {
        // What is no allocation has been told of.
        let _ = self.free(address);
    }

    fn bus(&self, address: usize, len: usize) -> Option<NonZeroU64> {
        self.map(address, len).ok()
    }
}

/// The number at the end of a device's name.
fn number(name: &str) -> Option<u32> {
    name.rsplit_once('-')?.1.parse().ok()
}

/// Makes a pool: its handle, and the blocks there are.
///
/// # Errors
/// As [`Pool::new`].
pub fn create(channel: &dyn Channel, device: &Attributes, setup: &Setup) -> Result<(usize, u32)> {
    let pool = Arc::new(Pool::new(channel, device, setup)?);
    let blocks = pool.blocks();
    Ok((POOLS.insert(pool)?, blocks))
}

/// The pool with this handle.
///
/// # Errors
/// [`Error::Invalid`], with a message, if there is none.
pub fn find(handle: usize) -> Result<Arc<Pool>> {
    POOLS.find(handle).ok_or_else(|| unknown(handle))
}

/// What `look` makes of the pool with this handle. It must not look for the same handle again.
///
/// # Errors
/// As [`find`], and what `look` answers.
pub fn with<R>(handle: usize, look: impl FnOnce(&Pool) -> Result<R>) -> Result<R> {
    let answer = POOLS.with(handle, |pool| look(pool));
    answer.ok_or_else(|| unknown(handle))?
}

fn unknown(handle: usize) -> Error {
    log_error!("{handle:#x} is not the handle of a pool");
    Error::Invalid
}

/// Ends a pool.
///
/// # Errors
/// As [`find`]; [`Error::Busy`], with a message, while blocks of it are in use.
pub fn destroy(handle: usize) -> Result<()> {
    let pool = find(handle)?;
    if !pool.close() {
        let used = pool.blocks() - pool.free_blocks();
        log_error!("pool {handle:#x} is not freed: {used} blocks are in use");
        return Err(Error::Busy);
    }
    POOLS.remove(handle);
    Ok(())
}
