//! Memory that blocks lie in: of a queue, or the program's own.

use super::super::reserved::Reserved;
use super::Setup;
use super::grid::{self, Grid};
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::mm_br::MmBr;
use crate::sys::mm_ops;
use core::mem::MaybeUninit;
use core::num::NonZeroU64;
use std::sync::Arc;

/// Where the memory of a pool comes from.
pub enum Source<'a> {
    /// From a queue, which reserves so many bytes.
    Queue {
        /// Whether there is an IOMMU before its device; without one the memory is in pieces for it.
        iommu: bool,
        /// Reserves at least so many bytes. The pool keeps them mapped.
        reserve: &'a mut dyn FnMut(usize) -> Result<Arc<Reserved>>,
    },
    /// From the program's own operations, which have to allocate, to free and to map.
    Program(MmBr),
}

/// Blocks of one size in memory that devices reach. The memory goes back when this is dropped.
pub struct Area {
    memory: Memory,
    grid: Grid,
    /// Bytes of a block that were asked for.
    size: usize,
}

enum Memory {
    Queue(Arc<Reserved>),
    Program(mm_ops::Memory, MmBr),
}

impl Area {
    /// Room for the blocks of `setup`; of a queue's memory there may be fewer.
    ///
    /// # Errors
    /// [`Error::Invalid`], with a message, for what `setup` may not be (see [`super::blocks::create`]),
    /// and operations that are not there; [`Error::NoMemory`]; what reserving answers.
    pub fn new(setup: &Setup, source: Source<'_>) -> Result<Area> {
        let stride = grid::stride(setup)?;
        let room = grid::room(stride, setup.blocks, setup.align).ok_or(Error::NoMemory)?;
        let (memory, grid) = match source {
            Source::Queue { iommu, reserve } => {
                let len = grid::region(room, iommu).ok_or(Error::NoMemory)?;
                let memory = reserve(len).inspect_err(|error| {
                    log_error!("no memory of {len} bytes of the queue: {error}");
                })?;
                let grid = Grid::over(&memory, stride, setup.align as usize, setup.blocks)?;
                grid.enough(setup.blocks)?;
                (Memory::Queue(memory), grid)
            }
            Source::Program(br) => of_program(setup, stride, room, br)?,
        };
        Ok(Area {
            memory,
            grid,
            size: setup.block_size as usize,
        })
    }

    pub(super) fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Whether the device has disappeared that the memory was of.
    #[inline]
    pub(super) fn lost(&self) -> bool {
        match &self.memory {
            Memory::Queue(memory) => memory.lost(),
            Memory::Program(..) => false,
        }
    }

    /// Copies `bytes` to an address of the area. A device that is at work there finds any of both.
    ///
    /// # Errors
    /// [`Error::Invalid`] if they do not fit; nothing is copied.
    pub fn write(&self, address: usize, bytes: &[u8]) -> Result<()> {
        match &self.memory {
            Memory::Queue(memory) => memory.write(address, bytes),
            Memory::Program(memory, _) => memory.write(offset(address, memory.address())?, bytes),
        }
    }

    /// Fills `bytes` with what is at an address of the area.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there are not so many; nothing is copied.
    pub fn read(&self, address: usize, bytes: &mut [MaybeUninit<u8>]) -> Result<()> {
        match &self.memory {
            Memory::Queue(memory) => memory.read(address, bytes),
            Memory::Program(memory, _) => memory.read(offset(address, memory.address())?, bytes),
        }
    }
}

fn offset(address: usize, start: usize) -> Result<usize> {
    address.checked_sub(start).ok_or(Error::Invalid)
}

/// Memory of the program, each block mapped for itself.
fn of_program(setup: &Setup, stride: usize, room: usize, br: MmBr) -> Result<(Memory, Grid)> {
    if !br.allocates() || !br.maps() {
        log_error!("no pool of memory that cannot be allocated, freed and mapped");
        return Err(Error::Invalid);
    }
    let memory = br
        .allocate(room)
        .inspect_err(|_| log_error!("the program has no memory of {room} bytes for a pool"))?;
    let (size, align) = (setup.block_size as usize, setup.align as usize);
    let mut mapped = Vec::new();
    let map = |address| {
        let bus = br.map(address, size).ok_or(Error::NoMemory)?;
        mapped.push((address, bus));
        Ok(bus.get())
    };
    let range = memory.address()..memory.address().saturating_add(memory.len());
    match Grid::new(range, stride, align, setup.blocks, map) {
        Ok(grid) => Ok((Memory::Program(memory, br), grid)),
        Err(error) => {
            log_error!("the program's memory cannot be mapped for the device");
            for (address, bus) in mapped {
                br.unmap(address, bus, size);
            }
            Err(error)
        }
    }
}

impl Drop for Area {
    fn drop(&mut self) {
        if let Memory::Program(_, br) = &self.memory {
            for block in 0..self.grid.count() {
                if let Some(bus) = self.grid.bus(block) {
                    br.unmap(self.grid.address(block), bus, self.size);
                }
            }
        }
    }
}

/// Where a block of an area is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// For the program.
    pub address: usize,
    /// For the device.
    pub bus: NonZeroU64,
}
