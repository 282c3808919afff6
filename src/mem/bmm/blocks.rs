//! Pools of blocks as UADK v1 has them: a block at a time, of a queue's memory or of
//! memory that the program's own operations allocate and map.

use super::Setup;
use super::area::{Area, Place};
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::fork::PerProcess;
use crate::sys::handles::Handles;
use core::num::NonZeroU64;
use std::sync::Arc;

pub use super::area::Source;

/// The pools of this process; a fork child starts with none.
static POOLS: PerProcess<Handles<Blocks>> = PerProcess::new();

/// A pool of blocks.
pub struct Blocks {
    area: Arc<Area>,
    /// Those to give out, from the end on.
    free: Vec<u32>,
    /// For each block whether it is given out.
    out: Vec<bool>,
    failures: u32,
}

impl Blocks {
    /// A pool as `setup` says; of a queue's memory with as many blocks as are in one piece for its
    /// device.
    ///
    /// # Errors
    /// As [`create`].
    pub fn new(setup: &Setup, source: Source<'_>) -> Result<Blocks> {
        let area = Area::new(setup, source)?;
        let grid = area.grid();
        let (mut free, mut out) = (Vec::new(), Vec::new());
        free.try_reserve_exact(grid.usable() as usize)
            .map_err(|_| Error::NoMemory)?;
        out.try_reserve_exact(grid.count())
            .map_err(|_| Error::NoMemory)?;
        out.resize(grid.count(), false);
        let usable = (0..grid.count()).filter(|block| grid.bus(*block).is_some());
        // The first one is given out first.
        free.extend(usable.rev().map(|block| block as u32));
        Ok(Blocks {
            area: Arc::new(area),
            free,
            out,
            failures: 0,
        })
    }

    /// The memory that the blocks lie in.
    #[must_use]
    pub fn area(&self) -> &Arc<Area> {
        &self.area
    }

    /// Takes a block.
    ///
    /// # Errors
    /// [`Error::NoMemory`], which is counted, if none is free or the device was removed.
    #[inline]
    pub fn allocate(&mut self) -> Result<Place> {
        let taken = self.take();
        if taken.is_none() {
            self.failures = self.failures.saturating_add(1);
        }
        taken.ok_or(Error::NoMemory)
    }

    fn take(&mut self) -> Option<Place> {
        if self.area.lost() {
            return None;
        }
        let block = self.free.pop()? as usize;
        *self.out.get_mut(block)? = true;
        let grid = self.area.grid();
        Some(Place {
            address: grid.address(block),
            bus: grid.bus(block)?,
        })
    }

    /// Gives back the block that an address lies in.
    ///
    /// # Errors
    /// [`Error::Invalid`], with a message, if that is none that is given out; nothing is changed.
    #[inline]
    pub fn free(&mut self, address: usize) -> Result<()> {
        let Some((block, _)) = self.find(address) else {
            return Err(no_block(address));
        };
        self.out[block] = false;
        // There is room: it held all blocks.
        self.free.push(block as u32);
        Ok(())
    }

    /// The device's address of what is at `address`, in a block that is given out.
    ///
    /// # Errors
    /// As [`Blocks::free`].
    #[inline]
    pub fn map(&self, address: usize) -> Result<NonZeroU64> {
        let found = self.find(address).and_then(|(block, inside)| {
            let bus = self.area.grid().bus(block)?;
            bus.checked_add(inside as u64)
        });
        found.ok_or_else(|| no_block(address))
    }

    /// The block, given out, that an address lies in, and how far inside.
    #[inline]
    fn find(&self, address: usize) -> Option<(usize, usize)> {
        let found = self.area.grid().find(address);
        found.filter(|(block, _)| self.out.get(*block) == Some(&true))
    }

    /// Blocks there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.area.grid().usable()
    }

    /// Blocks that are free.
    #[must_use]
    pub fn free_blocks(&self) -> u32 {
        self.free.len() as u32
    }

    /// How often none was free.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Bytes of a block, alignment included.
    #[must_use]
    pub fn block_size(&self) -> u32 {
        self.area.grid().stride() as u32
    }
}

#[cold]
#[inline(never)]
fn no_block(address: usize) -> Error {
    log_error!("{address:#x} is in no block in use of this pool");
    Error::Invalid
}

#[cold]
#[inline(never)]
fn unknown(handle: usize, error: Error) -> Error {
    log_error!("{handle:#x} is not a block pool that can be used: {error}");
    error
}

/// Makes a pool: its handle, and the blocks there are.
///
/// # Errors
/// [`Error::Invalid`], with a message, for a size or number of 0, a block of more than 256 MiB, an
/// alignment that is not a power of two from 2 to 4096, and operations of the program that cannot
/// allocate, free and map; [`Error::NoMemory`] if there is no memory, if it cannot be mapped, and if
/// at most 87 % of the blocks would be in one piece for the device; else what reserving answers.
pub fn create(setup: &Setup, source: Source<'_>) -> Result<(usize, u32)> {
    let blocks = Blocks::new(setup, source)?;
    let count = blocks.count();
    Ok((POOLS.get_or(Handles::default).insert(blocks)?, count))
}

/// What `work` makes of the pool with this handle, while other threads that come for it wait.
///
/// # Errors
/// [`Error::Invalid`], with a message, if there is none; [`Error::Busy`], with a message, if this very
/// thread is at work on it: in a signal handler. Else what `work` answers.
#[inline]
pub fn with<R>(handle: usize, work: impl FnOnce(&mut Blocks) -> Result<R>) -> Result<R> {
    let pools = POOLS.get().ok_or(Error::Invalid);
    let answer = pools.and_then(|pools| pools.with(handle, |blocks| Ok(work(blocks))));
    answer.map_err(|error| unknown(handle, error))?
}

/// Ends a pool. Its memory goes back, unless it is the queue's.
///
/// # Errors
/// As [`with`]; [`Error::Busy`], with a message, while blocks of it are in use.
pub fn destroy(handle: usize) -> Result<()> {
    let pools = POOLS.get().ok_or(Error::Invalid);
    let pools = pools.map_err(|error| unknown(handle, error))?;
    let unused = |blocks: &Blocks| {
        if blocks.free_blocks() == blocks.count() {
            Ok(())
        } else {
            Err(Error::Busy)
        }
    };
    let removed = pools.remove_if(handle, unused);
    removed.map(drop).inspect_err(|error| {
        log_error!("block pool {handle:#x} is not destroyed: no pool, or in use: {error}");
    })
}

#[cfg(all(test, not(miri)))]
mod tests;
