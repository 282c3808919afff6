//! A pool in the static region of a queue. The region is in one piece for the
//! program; for the device it may be in several, and no allocation crosses from
//! one to the next.

use super::Setup;
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::lock::Mutex;
use crate::sys::shared::SharedMemory;
use crate::uacce::channel::{Channel, Region, Slice};
use crate::uacce::device::Attributes;
use crate::uacce::uapi::DeviceFlags;

/// The greatest block in bytes.
const GREATEST_BLOCK: u32 = 256 << 20;
/// The greatest alignment in bytes.
const GREATEST_ALIGN: u32 = 4096;
/// Static regions are multiples of it (`UACCE_GRAN_SIZE`).
const GRANULE: usize = 64 << 10;
/// Without an IOMMU regions are multiples of it, twice as long as needed: the kernel finds memory
/// in pieces, and a piece should hold blocks of this size.
const BALANCE: usize = 1 << 20;

/// Blocks in a static region.
pub(super) struct StaticPool {
    /// Kept mapped for the blocks; lost if the device is removed.
    memory: SharedMemory,
    /// Where the first block is.
    start: usize,
    /// Bytes from one block to the next.
    stride: usize,
    /// Blocks that can be used.
    usable: u32,
    state: Mutex<State>,
}

struct State {
    blocks: Vec<Block>,
    /// No block before this one is free.
    first: usize,
    free: u32,
    closed: bool,
}

#[derive(Clone, Copy)]
struct Block {
    /// The address for the device; 0 if the block is not in one piece for it.
    bus: u64,
    used: Used,
}

/// What a block is used for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Used {
    Not,
    /// It begins an allocation of so many blocks.
    Head(u32),
    /// It belongs to the allocation that begins with this block.
    Tail(u32),
}

impl StaticPool {
    pub fn new(channel: &dyn Channel, device: &Attributes, setup: &Setup) -> Result<StaticPool> {
        let Setup {
            block_size,
            blocks,
            align,
        } = *setup;
        let good_align = (2..=GREATEST_ALIGN).contains(&align) && align.is_power_of_two();
        if block_size > GREATEST_BLOCK || !good_align {
            log_error!("no pool of blocks of {block_size} bytes aligned to {align}");
            return Err(Error::Invalid);
        }
        let stride = block_size.next_multiple_of(align) as usize;
        let balanced = !device.flags.contains(DeviceFlags::IOMMU);
        let len = reserve(stride, blocks as usize, align as usize, balanced);
        let len = len.ok_or(Error::NoMemory)?;
        let told = |error: &Error| {
            log_error!("{}: no static memory of {len} bytes: {error}", device.name);
        };
        let memory = channel.region(Region::Ss(len)).inspect_err(told)?;
        let slices = channel.static_slices().inspect_err(told)?;
        let pool = StaticPool::over(memory, &slices, stride, align as usize)?;
        if u64::from(pool.usable) <= u64::from(blocks) * 87 / 100 {
            log_error!(
                "{} of {blocks} blocks are in one piece for the device",
                pool.usable
            );
            return Err(Error::NoMemory);
        }
        Ok(pool)
    }

    /// As many blocks as `memory` has room for.
    pub fn over(
        memory: SharedMemory,
        slices: &[Slice],
        stride: usize,
        align: usize,
    ) -> Result<StaticPool> {
        let start = memory.address().next_multiple_of(align);
        let before = start - memory.address();
        let count = memory.len().saturating_sub(before) / stride;
        let count = count.min(u32::MAX as usize);
        let mut blocks = Vec::new();
        blocks
            .try_reserve_exact(count)
            .map_err(|_| Error::NoMemory)?;
        let pieces = pieces(slices, memory.len());
        let mut at = 0;
        for block in 0..count {
            let offset = before + block * stride;
            while pieces
                .get(at)
                .is_some_and(|piece: &Piece| piece.end() <= offset)
            {
                at += 1;
            }
            let bus = pieces.get(at).and_then(|piece| piece.bus(offset, stride));
            let used = Used::Not;
            blocks.push(Block {
                bus: bus.unwrap_or(0),
                used,
            });
        }
        let usable = blocks.iter().filter(|block| block.bus != 0).count() as u32;
        Ok(StaticPool {
            memory,
            start,
            stride,
            usable,
            state: Mutex::new(State {
                blocks,
                first: 0,
                free: usable,
                closed: false,
            }),
        })
    }

    /// Takes neighbouring blocks for `len` bytes, the first ones there are.
    pub fn allocate(&self, len: usize) -> Option<usize> {
        let count = len.div_ceil(self.stride);
        let mut state = self.state.lock();
        if state.closed || self.memory.lost() || count > state.free as usize {
            return None;
        }
        let first = state.find(count, self.stride as u64)?;
        state.blocks[first].used = Used::Head(count as u32);
        for block in &mut state.blocks[first + 1..first + count] {
            block.used = Used::Tail(first as u32);
        }
        state.free -= count as u32;
        if first == state.first {
            state.first += count;
        }
        Some(self.start + first * self.stride)
    }

    pub fn free(&self, address: usize) -> Result<()> {
        let mut state = self.state.lock();
        let first = self
            .block(address)
            .filter(|first| self.start + first * self.stride == address);
        let head = first.and_then(|first| Some((first, state.blocks.get(first)?.used)));
        let Some((first, Used::Head(count))) = head else {
            drop(state);
            log_error!("{address:#x} is not the beginning of an allocation of this pool");
            return Err(Error::Invalid);
        };
        for block in &mut state.blocks[first..first + count as usize] {
            block.used = Used::Not;
        }
        state.free += count;
        state.first = state.first.min(first);
        Ok(())
    }

    pub fn map(&self, address: usize, len: usize) -> Result<u64> {
        self.find(address, len).ok_or_else(|| {
            log_error!("{len} bytes at {address:#x} are not inside an allocation of this pool");
            Error::Invalid
        })
    }

    /// See [`super::Pool::write`].
    pub fn write(&self, address: usize, bytes: &[u8]) -> Result<()> {
        let offset = self.offset(address, bytes.len())?;
        self.memory.write(offset, bytes)
    }

    /// See [`super::Pool::read`].
    pub fn read(&self, address: usize, bytes: &mut [u8]) -> Result<()> {
        let offset = self.offset(address, bytes.len())?;
        self.memory.read(offset, bytes)
    }

    /// Where in the region bytes lie that are inside one allocation.
    fn offset(&self, address: usize, len: usize) -> Result<usize> {
        if len > 0 {
            self.map(address, len)?;
        }
        Ok(address.wrapping_sub(self.memory.address()))
    }

    /// The address for the device, if the bytes lie inside one allocation.
    fn find(&self, address: usize, len: usize) -> Option<u64> {
        let at = self.block(address)?;
        let state = self.state.lock();
        let block = state.blocks.get(at)?;
        let first = match block.used {
            Used::Not => return None,
            Used::Head(_) => at,
            Used::Tail(first) => first as usize,
        };
        let Used::Head(count) = state.blocks.get(first)?.used else {
            return None;
        };
        let end = self.start + (first + count as usize) * self.stride;
        let inside = len > 0 && len <= end - address;
        let offset = address - (self.start + at * self.stride);
        inside.then_some(block.bus + offset as u64)
    }

    /// The number of the block that an address lies in, if it is so small.
    fn block(&self, address: usize) -> Option<usize> {
        Some(address.checked_sub(self.start)? / self.stride)
    }

    pub fn blocks(&self) -> u32 {
        self.usable
    }

    pub fn free_blocks(&self) -> u32 {
        self.state.lock().free
    }

    pub fn block_size(&self) -> u32 {
        self.stride as u32
    }

    /// See [`super::Pool::close`].
    pub fn close(&self) -> bool {
        let mut state = self.state.lock();
        let unused = state.free == self.usable;
        state.closed |= unused;
        unused
    }
}

impl State {
    /// The first of `count` free neighbours that are in one piece for the device.
    fn find(&self, count: usize, stride: u64) -> Option<usize> {
        let (mut length, mut expected) = (0, 0);
        for (at, block) in self.blocks.iter().enumerate().skip(self.first) {
            if block.used != Used::Not || block.bus == 0 {
                length = 0;
                continue;
            }
            length = if block.bus == expected { length + 1 } else { 1 };
            expected = block.bus + stride;
            if length == count {
                return Some(at + 1 - count);
            }
        }
        None
    }
}

/// How long a region is to be for so many blocks: room for them wherever it begins.
fn reserve(stride: usize, blocks: usize, align: usize, balanced: bool) -> Option<usize> {
    let len = stride.checked_mul(blocks)?.checked_add(align)?;
    if balanced {
        len.checked_next_multiple_of(BALANCE)?.checked_mul(2)
    } else {
        len.checked_next_multiple_of(GRANULE)
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
