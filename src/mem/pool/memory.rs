//! A memory pool: memory of a NUMA node, in units of 4096 bytes.

use super::ranges::Ranges;
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::huge::Area;
use crate::sys::lock::Mutex;
use crate::sys::{env, numa};
use core::ops::Range;
use std::path::Path;

/// Bytes of a unit (`WD_MEMPOOL_BLOCK_SIZE`), whatever the size of a page is.
pub(super) const UNIT: usize = 4096;

/// Memory that block pools are made from.
pub struct MemoryPool {
    area: Area,
    units: usize,
    free: Mutex<Ranges>,
}

/// What a memory pool is, and how much of it is in block pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryStats {
    /// Whether it is made of huge pages.
    pub huge: bool,
    /// Bytes of a page.
    pub page_size: usize,
    /// Pages.
    pub pages: usize,
    /// Bytes of a unit.
    pub unit_size: usize,
    /// Units.
    pub units: usize,
    /// Units that are in no block pool.
    pub free_units: usize,
    /// 100 if all units are in block pools, else 0.
    pub usage_rate: usize,
}

impl MemoryPool {
    /// `size` bytes, rounded up to whole units, on a node: of the smallest huge pages of which enough
    /// are free there, or else of usual pages.
    ///
    /// # Errors
    /// [`Error::Invalid`], with a message, for size 0 and a node that there is not;
    /// [`Error::NoMemory`].
    pub fn new(size: usize, node: i32) -> Result<MemoryPool> {
        MemoryPool::of(&env::sysfs_root(), size, node)
    }

    pub(super) fn of(sysfs_root: &Path, size: usize, node: i32) -> Result<MemoryPool> {
        let there = u32::try_from(node).ok();
        let there = there.filter(|node| *node <= numa::highest(sysfs_root));
        let Some(node) = there.filter(|_| size > 0) else {
            log_error!("no memory pool of {size} bytes on node {node}");
            return Err(Error::Invalid);
        };
        let size = size.checked_next_multiple_of(UNIT).ok_or(Error::NoMemory)?;
        let area = Area::map(sysfs_root, size, node)?;
        let units = size / UNIT;
        Ok(MemoryPool {
            area,
            units,
            free: Mutex::new(Ranges::all(units)),
        })
    }

    /// What it is and how much is used.
    #[must_use]
    pub fn stats(&self) -> MemoryStats {
        let free_units = self.free.lock().count();
        MemoryStats {
            huge: self.area.is_huge(),
            page_size: self.area.page_size(),
            pages: self.area.pages(),
            unit_size: UNIT,
            units: self.units,
            free_units,
            usage_rate: super::rate(self.units - free_units, self.units),
        }
    }

    /// Where a unit is.
    pub(super) fn address(&self, unit: usize) -> usize {
        self.area.address() + unit * UNIT
    }

    /// The unit that an address lies in.
    pub(super) fn unit(&self, address: usize) -> Option<usize> {
        let unit = address.checked_sub(self.area.address())? / UNIT;
        (unit < self.units).then_some(unit)
    }

    /// See [`Ranges::take`].
    pub(super) fn take(&self, pieces: usize, length: usize) -> Option<Vec<Range<usize>>> {
        self.free.lock().take(pieces, length)
    }

    pub(super) fn give(&self, units: Range<usize>) {
        self.free.lock().give(units);
    }
}
