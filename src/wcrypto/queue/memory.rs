//! Memory that a queue of UADK v1 reserves for its data, and what its device may
//! use beside it.

use super::Queue;
use super::cell::{Cell, with};
use crate::error::{Error, Result};
use crate::log_error;
use crate::mem::reserved::Reserved;
use crate::uacce::channel::{Access, Memory};
use core::num::NonZeroU64;
use std::sync::Arc;

/// Static regions are multiples of it where there is no IOMMU (`UACCE_GRAN_SIZE`).
const GRANULE: usize = 64 << 10;

impl Queue {
    /// Reserves at least `len` bytes that the device reaches: a static region, or usual memory for a
    /// device that works on the process's own addresses. A queue does so once. The memory is there as
    /// long as the queue is open or somebody keeps it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for 0 bytes; [`Error::Exists`] if the queue has reserved memory;
    /// [`Error::NoMemory`]; [`Error::Unsupported`] if the kernel has no static regions; else its
    /// `errno`. [`Error::Shutdown`] after release or fork.
    pub fn reserve(self, len: usize) -> Result<Arc<Reserved>> {
        let cell = Cell::of(self)?;
        let control = cell.control(self)?;
        if len == 0 {
            return Err(Error::Invalid);
        }
        let _one_at_a_time = control.reserving.lock();
        if self.reserved(cell)?.is_some() {
            log_error!("{}: the queue has reserved memory", control.facts.device);
            return Err(Error::Exists);
        }
        let told = |error: &Error| {
            log_error!(
                "{}: no memory of {len} bytes: {error}",
                control.facts.device
            );
        };
        let memory = if control.facts.sva {
            Reserved::with_sva(len).inspect_err(told)?
        } else {
            let len = if control.facts.iommu {
                len
            } else {
                len.checked_next_multiple_of(GRANULE)
                    .ok_or(Error::NoMemory)?
            };
            let (memory, slices) = self.raw()?.static_memory(len).inspect_err(told)?;
            Reserved::new(memory, &slices)
        };
        let memory = Arc::new(memory);
        with(&cell.memory, self, |place| {
            *place = Some(Arc::clone(&memory))
        })?;
        Ok(memory)
    }

    /// The memory that the queue has reserved.
    fn reserved(self, cell: &Cell) -> Result<Option<Arc<Reserved>>> {
        with(&cell.memory, self, |memory| memory.clone())
    }

    /// The device's address of `len` bytes at `address`, at least one: of the queue's reserved
    /// memory, and with SVA of any.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the device does not reach them, or they are not in one piece for it;
    /// [`Error::Shutdown`] after release or fork.
    pub fn map(self, address: usize, len: usize) -> Result<NonZeroU64> {
        let cell = Cell::of(self)?;
        let found = if cell.control(self)?.facts.sva {
            NonZeroU64::new(address as u64)
        } else {
            with(&cell.memory, self, |memory| {
                memory.as_ref()?.map(address, len.max(1))
            })?
        };
        found.ok_or(Error::Invalid)
    }

    /// The process's address of what the device sees at `bus`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is not in the queue's reserved memory, except with SVA;
    /// [`Error::Shutdown`] after release or fork.
    pub fn address_of(self, bus: u64) -> Result<usize> {
        let cell = Cell::of(self)?;
        let found = if cell.control(self)?.facts.sva {
            usize::try_from(bus).ok().filter(|address| *address != 0)
        } else {
            with(&cell.memory, self, |memory| {
                memory.as_ref()?.address_of(bus)
            })?
        };
        found.ok_or(Error::Invalid)
    }

    /// Lets the device use `len` bytes at `address`, as [`crate::queue::QueueRef::share`] does. A
    /// device without SVA reaches the queue's reserved memory in any case, and shares of it count.
    ///
    /// # Errors
    /// As there; [`Error::Unsupported`] without SVA for other memory.
    pub fn share(self, address: usize, len: usize, access: Access) -> Result<()> {
        let raw = self.raw()?;
        if !matches!(raw.memory()?, Memory::Static) {
            return raw.share(address, len, access);
        }
        if len == 0 || address.checked_add(len).is_none() {
            return Err(Error::Invalid);
        }
        let cell = Cell::of(self)?;
        let inside = |memory: &Arc<Reserved>| memory.find(address, len).is_some();
        if !self.reserved(cell)?.as_ref().is_some_and(inside) {
            log_error!("{address:#x}: this device reaches only the reserved memory of its queue");
            return Err(Error::Unsupported);
        }
        let control = cell.control(self)?;
        *control.shares.lock().entry((address, len)).or_default() += 1;
        Ok(())
    }

    /// Lets the device use the whole address space: with SVA only, where it can already.
    ///
    /// # Errors
    /// [`Error::Unsupported`] without SVA; [`Error::Shutdown`] after release or fork.
    pub fn share_all(self) -> Result<()> {
        self.raw()?.share_all()
    }

    /// Takes one share back. Requests that use it must have come back.
    ///
    /// # Errors
    /// [`Error::Invalid`], with a message, if this queue does not share exactly this range;
    /// [`Error::Shutdown`] after release or fork.
    pub fn unshare(self, address: usize, len: usize) -> Result<()> {
        let raw = self.raw()?;
        if !matches!(raw.memory()?, Memory::Static) {
            return raw.unshare(address, len);
        }
        let control = Cell::of(self)?.control(self)?;
        let mut shares = control.shares.lock();
        let Some(count) = shares.get_mut(&(address, len)) else {
            drop(shares);
            log_error!("{len} bytes at {address:#x} are not shared by this queue");
            return Err(Error::Invalid);
        };
        *count -= 1;
        if *count == 0 {
            shares.remove(&(address, len));
        }
        Ok(())
    }

    /// Rings the doorbell for what is written and not announced, of which nothing is left between
    /// calls.
    ///
    /// # Errors
    /// As [`crate::queue::QueueRef::flush`].
    pub fn flush(self) -> Result<()> {
        self.raw()?.flush()
    }
}
