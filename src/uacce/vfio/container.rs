//! VFIO containers: address spaces that one or several groups are put into. A
//! program may supply one of its own for several queues, so a process knows the
//! containers it uses and has one object for each.

use super::calls::{self, Vfio};
use super::{Access, Mapper};
use crate::error::{Error, Result};
use crate::sys::fd;
use crate::sys::fork::{self, PerProcess};
use crate::sys::lock::{Mutex, MutexGuard};
use crate::{log_error, log_info};
use core::ops::Range;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::{Arc, Weak};

/// A container, closed when the last queue and the last share in it have gone.
pub struct Container {
    /// Ours: opened by us, or a duplicate of the caller's, which so stays the caller's to close.
    calls: Box<dyn calls::Container>,
    /// The number that callers know it by.
    number: RawFd,
    /// Groups in it that this process attached. The kernel sets the IOMMU up for the first and
    /// forgets it with the last.
    groups: Mutex<usize>,
    /// The process's address space as its devices know it, and how many queues use it.
    bond: Mutex<(u32, usize)>,
    /// The fork generation that made it. A child must not touch the parent's mappings.
    born: u64,
}

/// The containers in use.
fn in_use() -> MutexGuard<'static, Vec<Weak<Container>>> {
    static IN_USE: PerProcess<Mutex<Vec<Weak<Container>>>> = PerProcess::new();
    IN_USE.get_or(Mutex::default).lock()
}

fn enter(
    list: &mut Vec<Weak<Container>>,
    calls: Box<dyn calls::Container>,
    number: RawFd,
) -> Arc<Container> {
    let container = Arc::new(Container {
        calls,
        number,
        groups: Mutex::new(0),
        bond: Mutex::new((0, 0)),
        born: fork::generation(),
    });
    list.retain(|c| c.strong_count() > 0);
    list.push(Arc::downgrade(&container));
    container
}

/// Opens a container of our own.
///
/// # Errors
/// [`Error::NoDevice`] if there is no VFIO, else the `errno` of `open(2)`.
pub fn open(vfio: &dyn Vfio) -> Result<Arc<Container>> {
    let calls = vfio.open_container()?;
    let number = calls.as_fd().as_raw_fd();
    Ok(enter(&mut in_use(), calls, number))
}

/// The container that a caller's descriptor names: the one in use, if it is the same open file.
///
/// # Errors
/// `EBADF` if the descriptor is not open, [`Error::Invalid`] if it is no container.
pub fn supplied(vfio: &dyn Vfio, number: RawFd) -> Result<Arc<Container>> {
    let fd = fd::duplicate(number)?;
    let mut list = in_use();
    let same =
        |c: &Arc<Container>| fd::same_file(c.as_fd(), fd.as_fd()).unwrap_or(c.number == number);
    match list.iter().filter_map(Weak::upgrade).find(same) {
        Some(known) => Ok(known),
        None => Ok(enter(&mut list, vfio.adopt_container(fd)?, number)),
    }
}

impl Container {
    /// The calls of the container.
    pub fn calls(&self) -> &dyn calls::Container {
        &*self.calls
    }

    /// Sets the IOMMU up, unless the container has one already: from a caller who did so itself,
    /// or from a group of ours that is just being closed.
    fn set_iommu(&self, iommu_type: usize) -> Result<()> {
        let Err(error) = self.calls.set_iommu(iommu_type) else {
            return Ok(());
        };
        let refused = matches!(error, Error::Busy | Error::Invalid);
        if refused && self.calls.has_iommu() {
            return Ok(());
        }
        log_error!("VFIO: the container does not take IOMMU type {iommu_type}: {error}");
        Err(error)
    }
}

impl AsFd for Container {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.calls.as_fd()
    }
}

impl Mapper for Container {
    fn map(&self, pages: &Range<usize>, access: Access) -> Result<()> {
        if self.born != fork::generation() {
            return Err(Error::Shutdown);
        }
        let mapped = self.calls.map(pages, access);
        mapped.inspect_err(|error| log_error!("VFIO: {pages:#x?} cannot be mapped: {error}"))
    }

    fn unmap(&self, pages: &Range<usize>) {
        if self.born != fork::generation() {
            return;
        }
        let answer = self.calls.unmap(pages);
        if answer != Ok(pages.len()) {
            log_error!("VFIO: {pages:#x?} cannot be unmapped: {answer:?}");
        }
    }
}

/// A group in a container. Closing the group takes it out. Field order is drop order.
pub struct Attachment {
    container: Arc<Container>,
    group: Box<dyn calls::Group>,
}

impl Attachment {
    /// Puts a group into a container and makes sure that the container has an IOMMU.
    ///
    /// # Errors
    /// The `errno` of either step; the group is closed then.
    pub fn new(
        container: Arc<Container>,
        group: Box<dyn calls::Group>,
        iommu_type: usize,
    ) -> Result<Attachment> {
        {
            let mut groups = container.groups.lock();
            group.set_container(container.calls())?;
            if *groups == 0 {
                container.set_iommu(iommu_type)?;
            }
            *groups += 1;
        }
        Ok(Attachment { container, group })
    }

    /// The container.
    pub fn container(&self) -> &Arc<Container> {
        &self.container
    }

    /// The group.
    pub fn group(&self) -> &dyn calls::Group {
        &*self.group
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        // In a child another thread of the parent may hold the lock for ever.
        if self.container.born == fork::generation() {
            *self.container.groups.lock() -= 1;
        }
    }
}

/// The process's address space, bound to a container for one queue. Dropping the last one of a
/// container unbinds it.
pub struct Bond(Arc<Container>);

impl Bond {
    /// Binds the process, once for all queues in the container. `None` where the kernel cannot: the
    /// calls are of patches that were never merged.
    pub fn new(container: &Arc<Container>) -> Option<Bond> {
        let mut bond = container.bond.lock();
        if bond.1 == 0 {
            match container.calls.bind() {
                Ok(pasid) => bond.0 = pasid,
                Err(error) => {
                    log_info!("VFIO: the process is not bound to the container: {error}");
                    return None;
                }
            }
        }
        bond.1 += 1;
        Some(Bond(Arc::clone(container)))
    }

    /// The number of the address space.
    pub fn pasid(&self) -> u32 {
        self.0.bond.lock().0
    }
}

impl Drop for Bond {
    fn drop(&mut self) {
        if self.0.born != fork::generation() {
            return;
        }
        let mut bond = self.0.bond.lock();
        bond.1 -= 1;
        if bond.1 == 0
            && let Err(error) = self.0.calls.unbind(bond.0)
        {
            log_error!("VFIO: the process cannot be unbound: {error}");
        }
    }
}
