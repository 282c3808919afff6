//! Memory cut into blocks of one size: where each of them is, for the program and for
//! the device. A region is in one piece for the program; for the device it may be in
//! several, and a block that would cross from one to the next cannot be used.

use super::super::reserved::Reserved;
use super::Setup;
use crate::error::{Error, Result};
use crate::log_error;
use core::num::NonZeroU64;
use core::ops::Range;

/// The greatest block in bytes.
const GREATEST_BLOCK: u32 = 256 << 20;
/// The greatest alignment in bytes.
const GREATEST_ALIGN: u32 = 4096;
/// Static regions are multiples of it (`UACCE_GRAN_SIZE`).
const GRANULE: usize = 64 << 10;
/// Without an IOMMU regions are multiples of it, twice as long as needed: the kernel finds memory
/// in pieces, and a piece should hold blocks of this size.
const BALANCE: usize = 1 << 20;

/// Blocks in memory.
pub(super) struct Grid {
    /// Where the first block is.
    start: usize,
    /// Bytes from one block to the next.
    stride: usize,
    /// Where each block is for the device; 0 for one that is not in one piece for it.
    bus: Vec<u64>,
    usable: u32,
}

impl Grid {
    /// The blocks in reserved memory, from the first on until `most` of them can be used.
    ///
    /// # Errors
    /// [`Error::NoMemory`].
    pub fn over(memory: &Reserved, stride: usize, align: usize, most: u32) -> Result<Grid> {
        let range = memory.address()..memory.address() + memory.len();
        let bus = |address| Ok(memory.map(address, stride).map_or(0, NonZeroU64::get));
        Grid::new(range, stride, align, most, bus)
    }

    /// The blocks in the memory at these addresses, from the first on until `most` of them can be
    /// used; `bus` tells where the block at an address is for the device, or 0.
    ///
    /// # Errors
    /// [`Error::NoMemory`], and what `bus` answers.
    pub fn new(
        memory: Range<usize>,
        stride: usize,
        align: usize,
        most: u32,
        mut bus: impl FnMut(usize) -> Result<u64>,
    ) -> Result<Grid> {
        let start = memory.start.next_multiple_of(align);
        let count = memory.end.saturating_sub(start) / stride;
        let mut grid = Grid {
            start,
            stride,
            bus: Vec::new(),
            usable: 0,
        };
        let room = count.min(most as usize);
        let reserved = grid.bus.try_reserve(room);
        reserved.map_err(|_| Error::NoMemory)?;
        for block in 0..count {
            if grid.usable == most {
                break;
            }
            let bus = bus(start + block * stride)?;
            grid.bus.push(bus);
            grid.usable += u32::from(bus != 0);
        }
        Ok(grid)
    }

    /// Blocks there are, usable or not.
    pub fn count(&self) -> usize {
        self.bus.len()
    }

    /// Blocks that can be used.
    pub fn usable(&self) -> u32 {
        self.usable
    }

    /// Bytes from one block to the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Where a block is.
    pub fn address(&self, block: usize) -> usize {
        self.start + block * self.stride
    }

    /// Where a block is for the device, if it can be used.
    pub fn bus(&self, block: usize) -> Option<NonZeroU64> {
        NonZeroU64::new(*self.bus.get(block)?)
    }

    /// The block that an address lies in, usable or not, and how far inside.
    pub fn find(&self, address: usize) -> Option<(usize, usize)> {
        let offset = address.checked_sub(self.start)?;
        let (block, inside) = (offset / self.stride, offset % self.stride);
        (block < self.bus.len()).then_some((block, inside))
    }

    /// Blocks that can be used must be more than 87 % of those wanted.
    ///
    /// # Errors
    /// [`Error::NoMemory`], with a message, if they are not.
    pub fn enough(&self, wanted: u32) -> Result<()> {
        if u64::from(self.usable) <= u64::from(wanted) * 87 / 100 {
            log_error!(
                "{} of {wanted} blocks are in one piece for the device",
                self.usable
            );
            return Err(Error::NoMemory);
        }
        Ok(())
    }
}

/// Bytes from one block to the next.
///
/// # Errors
/// [`Error::Invalid`], with a message, for a size or number of 0, a block of more than 256 MiB, and an
/// alignment that is not a power of two from 2 to 4096.
pub(super) fn stride(setup: &Setup) -> Result<usize> {
    let Setup {
        block_size,
        blocks,
        align,
    } = *setup;
    let good_align = (2..=GREATEST_ALIGN).contains(&align) && align.is_power_of_two();
    let good_size = (1..=GREATEST_BLOCK).contains(&block_size);
    if !good_size || !good_align || blocks == 0 {
        log_error!("no pool of {blocks} blocks of {block_size} bytes aligned to {align}");
        return Err(Error::Invalid);
    }
    Ok(block_size.next_multiple_of(align) as usize)
}

/// How long memory is to be for so many blocks: room for them wherever it begins.
pub(super) fn room(stride: usize, blocks: u32, align: u32) -> Option<usize> {
    stride
        .checked_mul(blocks as usize)?
        .checked_add(align as usize)
}

/// How long a static region is to be for so many bytes of room.
pub(super) fn region(room: usize, iommu: bool) -> Option<usize> {
    if iommu {
        room.checked_next_multiple_of(GRANULE)
    } else {
        room.checked_next_multiple_of(BALANCE)?.checked_mul(2)
    }
}
