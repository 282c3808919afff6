//! What one queue shares with its device.

use super::space::Space;
use super::{block, check};
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::fork;
use crate::sys::lock::Mutex;
use crate::uacce::channel::{Access, Memory};
use core::ops::Range;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The memory that one queue shares with its device. Dropping it gives everything back.
///
/// Every range grows outward to whole pages. Shares may overlap, be repeated, and be made by several
/// queues on one address space; a page stays reachable at least until the last share on it is given
/// back, and no longer than any share on the piece that it was mapped in, since a kernel does not
/// unmap parts of a piece.
/// Drop it before the channel: a kernel takes back all mappings when a queue closes.
pub struct Shares {
    space: Arc<dyn Space>,
    /// Every address of the process is good for this device, and a fault brings the page.
    everything: bool,
    /// Blocks are, or can be, attached.
    blocks: bool,
    /// How often each range of pages, by first and end, is shared.
    held: Mutex<BTreeMap<(usize, usize), usize>>,
    /// The fork generation that made it. A child must not touch the parent's mappings or locks.
    born: u64,
}

impl Shares {
    /// Nothing shared yet, but for the blocks of [`block::allocate`], which every queue reaches.
    #[must_use]
    pub fn new(memory: Memory) -> Shares {
        Shares {
            everything: matches!(memory, Memory::Sva),
            blocks: !matches!(memory, Memory::Static),
            space: block::join(memory),
            held: Mutex::default(),
            born: fork::generation(),
        }
    }

    /// Whether the device reaches the blocks of [`block::allocate`].
    #[must_use]
    pub fn reach_blocks(&self) -> bool {
        self.blocks
    }

    fn here(&self) -> Result<()> {
        let inherited = self.born != fork::generation();
        if inherited {
            Err(Error::Shutdown)
        } else {
            Ok(())
        }
    }

    /// Makes the pages that hold `len` bytes at `address` reachable for the device. The same ranges
    /// are refused with every kind of memory, also where nothing would have to be done.
    ///
    /// # Errors
    /// [`Error::Invalid`] for 0 bytes, overflow, pages that are not mapped, memory of devices or of
    /// the kernel, and more access than the process itself has. [`Error::Permission`] for write
    /// access to a shared mapping of a file. [`Error::NoMemory`] beyond `RLIMIT_MEMLOCK`.
    /// [`Error::Busy`] for write access to pages that are mapped read-only by another share on a
    /// device with mapped memory. [`Error::Unsupported`] for a device that takes only static memory.
    /// [`Error::Shutdown`] in a fork child; else the `errno` of the kernel's mapping call.
    pub fn share(&self, address: usize, len: usize, access: Access) -> Result<()> {
        self.here()?;
        let pages = check::rounded(address, len)?;
        check::allowed(&pages, access)?;
        block::hold(&pages);
        if let Err(error) = self.space.share(&pages, access) {
            block::release(&pages);
            return Err(error);
        }
        *self
            .held
            .lock()
            .entry((pages.start, pages.end))
            .or_default() += 1;
        Ok(())
    }

    /// Makes the whole address space reachable, once and for all.
    ///
    /// # Errors
    /// [`Error::Unsupported`] unless the device has shared virtual addressing with page faults,
    /// [`Error::Shutdown`] in a fork child.
    pub fn share_all(&self) -> Result<()> {
        self.here()?;
        if self.everything {
            Ok(())
        } else {
            Err(Error::Unsupported)
        }
    }

    /// Gives back one share of this range. No request may be using it.
    ///
    /// # Errors
    /// [`Error::Invalid`] if this queue holds no share of exactly these pages, [`Error::Shutdown`] in
    /// a fork child.
    pub fn unshare(&self, address: usize, len: usize) -> Result<()> {
        self.here()?;
        let pages = check::rounded(address, len)?;
        let key = (pages.start, pages.end);
        {
            let mut held = self.held.lock();
            let Some(count) = held.get_mut(&key) else {
                log_error!("{pages:#x?} is not shared by this queue and cannot be unshared");
                return Err(Error::Invalid);
            };
            *count -= 1;
            if *count == 0 {
                held.remove(&key);
            }
        }
        self.give_back(&pages);
        Ok(())
    }

    /// Gives everything back that this queue shares. In a fork child it does nothing.
    pub fn unshare_all(&self) {
        if self.here().is_err() {
            return;
        }
        let held = core::mem::take(&mut *self.held.lock());
        for ((start, end), count) in held {
            (0..count).for_each(|_| self.give_back(&(start..end)));
        }
    }

    fn give_back(&self, pages: &Range<usize>) {
        self.space.unshare(pages);
        block::release(pages);
    }

    /// How many shares this queue holds. A fork child holds none.
    #[must_use]
    pub fn held(&self) -> usize {
        self.here().map_or(0, |()| self.held.lock().values().sum())
    }
}

impl Drop for Shares {
    fn drop(&mut self) {
        if self.here().is_ok() {
            self.unshare_all();
            block::leave(&self.space);
        }
    }
}
