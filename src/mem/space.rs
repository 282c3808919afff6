//! The ways in which a device sees the process's memory, behind one trait.

use super::extents::Extents;
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::lock::Mutex;
use crate::sys::pages;
use crate::uacce::channel::{Access, Mapper};
use core::ops::Range;
use std::sync::Arc;

/// The address space of one or several queues. All ranges are whole pages.
pub trait Space: Send + Sync {
    /// Makes `pages` reachable once more.
    fn share(&self, pages: &Range<usize>, access: Access) -> Result<()>;

    /// Takes one share of exactly `pages` back.
    fn unshare(&self, pages: &Range<usize>);

    /// Takes everything back: no queue uses this space any more.
    fn clear(&self);
}

/// The process's own address space. Nothing is mapped for a device, and nothing can be.
pub struct Sva;

impl Space for Sva {
    fn share(&self, _: &Range<usize>, _: Access) -> Result<()> {
        Ok(())
    }

    fn unshare(&self, _: &Range<usize>) {}

    fn clear(&self) {}
}

/// The process's own address space, used by devices that cannot take a page fault. `mlock` does not
/// nest, so there is one of these in a process and it counts.
#[derive(Default)]
pub struct Pinned(Mutex<Extents>);

fn unpin(pages: &Range<usize>) {
    pages::unlock(pages.start, pages.len());
}

impl Space for Pinned {
    fn share(&self, pages: &Range<usize>, _: Access) -> Result<()> {
        let pin = |part: &Range<usize>| match pages::lock(part.start, part.len()) {
            // What mlock says when the limit is 0.
            Err(Error::NoMemory | Error::Permission) => Err(limited(part)),
            other => other,
        };
        // Pinning is the same for both kinds of access.
        let mut extents = self.0.lock();
        extents.share(pages, Access::ReadWrite, pin, unpin)
    }

    fn unshare(&self, pages: &Range<usize>) {
        self.0.lock().unshare(pages, unpin);
    }

    fn clear(&self) {
        self.0.lock().clear(unpin);
    }
}

/// A device's own address space, into which pages are mapped one by one.
pub struct Mapped {
    mapper: Arc<dyn Mapper>,
    extents: Mutex<Extents>,
}

impl Mapped {
    /// An empty space. There must be no other one of the same mapper.
    pub fn new(mapper: Arc<dyn Mapper>) -> Mapped {
        Mapped {
            mapper,
            extents: Mutex::default(),
        }
    }
}

impl Space for Mapped {
    fn share(&self, pages: &Range<usize>, access: Access) -> Result<()> {
        let map = |part: &Range<usize>| match self.mapper.map(part, access) {
            Err(Error::NoMemory) => Err(limited(part)),
            other => other,
        };
        let unmap = |part: &Range<usize>| self.mapper.unmap(part);
        let mut extents = self.extents.lock();
        extents.share(pages, access, map, unmap)
    }

    fn unshare(&self, pages: &Range<usize>) {
        let unmap = |part: &Range<usize>| self.mapper.unmap(part);
        self.extents.lock().unshare(pages, unmap);
    }

    fn clear(&self) {
        self.extents.lock().clear(|part| self.mapper.unmap(part));
    }
}

/// A device that reaches nothing but the static memory of its queue.
pub struct Static;

impl Space for Static {
    fn share(&self, _: &Range<usize>, _: Access) -> Result<()> {
        log_error!("this device reaches only the static memory of its queue");
        Err(Error::Unsupported)
    }

    fn unshare(&self, _: &Range<usize>) {}

    fn clear(&self) {}
}

/// Says which limit was most likely in the way.
fn limited(pages: &Range<usize>) -> Error {
    match pages::lock_limit() {
        Some(limit) => log_error!(
            "{} bytes cannot be pinned for a device; RLIMIT_MEMLOCK (ulimit -l) is {limit} bytes",
            pages.len()
        ),
        None => log_error!(
            "{} bytes cannot be pinned for a device; RLIMIT_MEMLOCK is unlimited, so memory is short",
            pages.len()
        ),
    }
    Error::NoMemory
}
