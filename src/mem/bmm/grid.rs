//! Memory cut into blocks of one size: where each of them is, for the program and for
//! the device. A region is in one piece for the program; for the device it may be in
//! several, and a block that would cross from one to the next cannot be used.

use super::Setup;
use crate::error::{Error, Result};
use crate::log_error;
use crate::uacce::channel::Slice;
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
    /// The blocks in `memory`, which lies at these addresses, from the first on until `most` of them
    /// can be used.
    ///
    /// # Errors
    /// [`Error::NoMemory`].
    pub fn over(
        memory: Range<usize>,
        slices: &[Slice],
        stride: usize,
        align: usize,
        most: u32,
    ) -> Result<Grid> {
        let pieces = pieces(slices, memory.len());
        let mut at = 0;
        Grid::new(memory.clone(), stride, align, most, |address| {
            let offset = address - memory.start;
            while pieces.get(at).is_some_and(|piece| piece.end() <= offset) {
                at += 1;
            }
            let bus = pieces.get(at).and_then(|piece| piece.bus(offset, stride));
            Ok(bus.unwrap_or(0))
        })
    }

    /// As [`Grid::over`], where `bus` tells where the block at an address is for the device.
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

/// A part of a region that is in one piece for the device.
struct Piece {
    offset: usize,
    len: usize,
    bus: u64,
}

impl Piece {
    fn end(&self) -> usize {
        self.offset + self.len
    }

    /// The device's address of `len` bytes at `offset` of the region, if they lie inside.
    fn bus(&self, offset: usize, len: usize) -> Option<u64> {
        let inside = offset.checked_sub(self.offset)?;
        (len <= self.end() - offset).then_some(self.bus + inside as u64)
    }
}

/// Slices one behind the other, joined where they touch on the bus too, no further than the region
/// goes.
fn pieces(slices: &[Slice], region: usize) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut offset = 0;
    for slice in slices {
        let rest = region - offset;
        let len = if slice.len == 0 {
            rest
        } else {
            slice.len.min(rest)
        };
        if slice.bus.checked_add(len as u64).is_none() {
            break;
        }
        match pieces.last_mut() {
            Some(last) if last.bus + last.len as u64 == slice.bus => last.len += len,
            _ => pieces.push(Piece {
                offset,
                len,
                bus: slice.bus,
            }),
        }
        offset += len;
    }
    pieces
}
