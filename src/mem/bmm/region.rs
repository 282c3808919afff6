//! A pool in the static region of a queue. The region is in one piece for the
//! program; for the device it may be in several, and no allocation crosses from
//! one to the next.

use super::super::reserved::Reserved;
use super::Setup;
use super::grid::{self, Grid};
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::lock::Mutex;
use crate::sys::shared::SharedMemory;
use crate::uacce::channel::{Channel, Region, Slice};
use crate::uacce::device::Attributes;
use crate::uacce::uapi::DeviceFlags;

/// Blocks in a static region.
pub(super) struct StaticPool {
    /// Kept mapped for the blocks; lost if the device is removed.
    memory: Reserved,
    grid: Grid,
    state: Mutex<State>,
}

struct State {
    used: Vec<Used>,
    /// No block before this one is free.
    first: usize,
    free: u32,
    closed: bool,
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
        let stride = grid::stride(setup)?;
        let iommu = device.flags.contains(DeviceFlags::IOMMU);
        let room = grid::room(stride, setup.blocks, setup.align);
        let len = room.and_then(|room| grid::region(room, iommu));
        let len = len.ok_or(Error::NoMemory)?;
        let told = |error: &Error| {
            log_error!("{}: no static memory of {len} bytes: {error}", device.name);
        };
        let memory = channel.region(Region::Ss(len)).inspect_err(told)?;
        let slices = channel.static_slices().inspect_err(told)?;
        let pool = StaticPool::over(memory, &slices, stride, setup.align as usize)?;
        pool.grid.enough(setup.blocks)?;
        Ok(pool)
    }

    /// As many blocks as `memory` has room for.
    pub fn over(
        memory: SharedMemory,
        slices: &[Slice],
        stride: usize,
        align: usize,
    ) -> Result<StaticPool> {
        let memory = Reserved::new(memory, slices);
        let grid = Grid::over(&memory, stride, align, u32::MAX)?;
        let mut used = Vec::new();
        used.try_reserve_exact(grid.count())
            .map_err(|_| Error::NoMemory)?;
        used.resize(grid.count(), Used::Not);
        Ok(StaticPool {
            memory,
            state: Mutex::new(State {
                used,
                first: 0,
                free: grid.usable(),
                closed: false,
            }),
            grid,
        })
    }

    /// Takes neighbouring blocks for `len` bytes, the first ones there are.
    pub fn allocate(&self, len: usize) -> Option<usize> {
        let count = len.div_ceil(self.grid.stride());
        let mut state = self.state.lock();
        if state.closed || self.memory.lost() || count > state.free as usize {
            return None;
        }
        let first = state.find(count, &self.grid)?;
        state.used[first] = Used::Head(count as u32);
        state.used[first + 1..first + count].fill(Used::Tail(first as u32));
        state.free -= count as u32;
        if first == state.first {
            state.first += count;
        }
        Some(self.grid.address(first))
    }

    pub fn free(&self, address: usize) -> Result<()> {
        let mut state = self.state.lock();
        let first = self.grid.find(address).filter(|(_, inside)| *inside == 0);
        let head = first.and_then(|(first, _)| Some((first, state.used.get(first)?)));
        let Some((first, &Used::Head(count))) = head else {
            drop(state);
            log_error!("{address:#x} is not the beginning of an allocation of this pool");
            return Err(Error::Invalid);
        };
        state.used[first..first + count as usize].fill(Used::Not);
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
        self.holds(address, bytes.len())?;
        self.memory.write(address, bytes)
    }

    /// See [`super::Pool::read`].
    pub fn read(&self, address: usize, bytes: &mut [u8]) -> Result<()> {
        self.holds(address, bytes.len())?;
        self.memory.read_over(address, bytes)
    }

    /// Whether bytes are inside one allocation.
    fn holds(&self, address: usize, len: usize) -> Result<()> {
        if len > 0 {
            self.map(address, len)?;
        }
        Ok(())
    }

    /// The address for the device, if the bytes lie inside one allocation.
    fn find(&self, address: usize, len: usize) -> Option<u64> {
        let (at, offset) = self.grid.find(address)?;
        let state = self.state.lock();
        let first = match *state.used.get(at)? {
            Used::Not => return None,
            Used::Head(_) => at,
            Used::Tail(first) => first as usize,
        };
        let Used::Head(count) = *state.used.get(first)? else {
            return None;
        };
        let end = self.grid.address(first + count as usize);
        let inside = len > 0 && len <= end - address;
        let bus = self.grid.bus(at).filter(|_| inside)?;
        Some(bus.get() + offset as u64)
    }

    pub fn blocks(&self) -> u32 {
        self.grid.usable()
    }

    pub fn free_blocks(&self) -> u32 {
        self.state.lock().free
    }

    pub fn block_size(&self) -> u32 {
        self.grid.stride() as u32
    }

    /// See [`super::Pool::close`].
    pub fn close(&self) -> bool {
        let mut state = self.state.lock();
        let unused = state.free == self.grid.usable();
        state.closed |= unused;
        unused
    }
}

impl State {
    /// The first of `count` free neighbours that are in one piece for the device.
    fn find(&self, count: usize, grid: &Grid) -> Option<usize> {
        let (mut length, mut expected) = (0, 0);
        for (at, used) in self.used.iter().enumerate().skip(self.first) {
            let bus = grid.bus(at).filter(|_| *used == Used::Not);
            let Some(bus) = bus else {
                length = 0;
                continue;
            };
            length = if bus.get() == expected { length + 1 } else { 1 };
            expected = bus.get() + grid.stride() as u64;
            if length == count {
                return Some(at + 1 - count);
            }
        }
        None
    }
}
