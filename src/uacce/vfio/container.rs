//! VFIO containers: address spaces that one or several groups are put into. A
//! program may supply one of its own for several queues, so a process knows the
//! containers it uses and has one object for each.

use super::{
    Access, GROUP_SET_CONTAINER, IOMMU_GET_INFO, IOMMU_MAP_DMA, IOMMU_UNMAP_DMA, Mapper, SET_IOMMU,
};
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::fork::{self, PerProcess};
use crate::sys::lock::{Mutex, MutexGuard};
use crate::sys::{fd, ioctl};
use core::ops::Range;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;
use std::sync::{Arc, Weak};

/// `VFIO_DMA_MAP_FLAG_READ`.
const MAP_READ: u32 = 1 << 0;
/// `VFIO_DMA_MAP_FLAG_WRITE`.
const MAP_WRITE: u32 = 1 << 1;

/// A container, closed when the last queue and the last share in it have gone.
pub struct Container {
    /// Ours: opened by us, or a duplicate of the caller's, which so stays the caller's to close.
    fd: OwnedFd,
    /// The number that callers know it by.
    number: RawFd,
    /// Groups in it that this process attached. The kernel sets the IOMMU up for the first and
    /// forgets it with the last.
    groups: Mutex<usize>,
    /// The fork generation that made it. A child must not touch the parent's mappings.
    born: u64,
}

/// The containers in use.
fn in_use() -> MutexGuard<'static, Vec<Weak<Container>>> {
    static IN_USE: PerProcess<Mutex<Vec<Weak<Container>>>> = PerProcess::new();
    IN_USE.get_or(Mutex::default).lock()
}

fn enter(list: &mut Vec<Weak<Container>>, fd: OwnedFd, number: RawFd) -> Arc<Container> {
    let container = Arc::new(Container {
        fd,
        number,
        groups: Mutex::new(0),
        born: fork::generation(),
    });
    list.retain(|c| c.strong_count() > 0);
    list.push(Arc::downgrade(&container));
    container
}

/// Opens a container of our own.
///
/// # Errors
/// [`Error::NoDevice`] if the kernel has no VFIO, else the `errno` of `open(2)`.
pub fn open(path: &Path) -> Result<Arc<Container>> {
    let fd = match fd::open_read_write(path) {
        Err(Error::Os(libc::ENOENT)) => return Err(Error::NoDevice),
        other => other?,
    };
    let number = fd.as_raw_fd();
    Ok(enter(&mut in_use(), fd, number))
}

/// The container that a caller's descriptor names: the one in use, if it is the same open file.
///
/// # Errors
/// `EBADF` if the descriptor is not open.
pub fn supplied(number: RawFd) -> Result<Arc<Container>> {
    let fd = fd::duplicate(number)?;
    let mut list = in_use();
    let same = |c: &Arc<Container>| fd::same_file(&c.fd, &fd).unwrap_or(c.number == number);
    let known = list.iter().filter_map(Weak::upgrade).find(same);
    Ok(known.unwrap_or_else(|| enter(&mut list, fd, number)))
}

impl Container {
    /// Sets the IOMMU up, unless the container has one already: from a caller who did so itself,
    /// or from a group of ours that is just being closed.
    fn set_iommu(&self, iommu_type: usize) -> Result<()> {
        let Err(error) = ioctl::with_value(self.as_fd(), SET_IOMMU, iommu_type) else {
            return Ok(());
        };
        let mut info = [24_u32, 0, 0, 0, 0, 0]; // argsz, flags, page sizes, capabilities, padding
        let refused = matches!(error, Error::Busy | Error::Invalid);
        if refused && ioctl::with_argument(self.as_fd(), IOMMU_GET_INFO, &mut info).is_ok() {
            return Ok(());
        }
        log_error!("VFIO: the container does not take IOMMU type {iommu_type}: {error}");
        Err(error)
    }
}

impl AsFd for Container {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// The 32-bit halves of a 64-bit field, as they lie in memory.
fn halves(value: usize) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = (value as u64).to_ne_bytes();
    [
        u32::from_ne_bytes([a, b, c, d]),
        u32::from_ne_bytes([e, f, g, h]),
    ]
}

impl Mapper for Container {
    fn map(&self, pages: &Range<usize>, access: Access) -> Result<()> {
        if self.born != fork::generation() {
            return Err(Error::Shutdown);
        }
        let flags = match access {
            Access::Read => MAP_READ,
            Access::ReadWrite => MAP_READ | MAP_WRITE,
        };
        let [vaddr_0, vaddr_1] = halves(pages.start);
        let [size_0, size_1] = halves(pages.len());
        // argsz, flags, vaddr, iova = vaddr, size
        let mut argument = [
            32, flags, vaddr_0, vaddr_1, vaddr_0, vaddr_1, size_0, size_1,
        ];
        ioctl::with_argument(self.as_fd(), IOMMU_MAP_DMA, &mut argument)
            .map(drop)
            .inspect_err(|error| log_error!("VFIO: {pages:#x?} cannot be mapped: {error}"))
    }

    fn unmap(&self, pages: &Range<usize>) {
        if self.born != fork::generation() {
            return;
        }
        let [iova_0, iova_1] = halves(pages.start);
        let [size_0, size_1] = halves(pages.len());
        // argsz, flags, iova, size; the kernel answers in size how much it unmapped
        let mut argument = [24, 0, iova_0, iova_1, size_0, size_1];
        let answer = ioctl::with_argument(self.as_fd(), IOMMU_UNMAP_DMA, &mut argument);
        if answer.is_err() || argument[4..] != [size_0, size_1] {
            log_error!("VFIO: {pages:#x?} cannot be unmapped: {answer:?}");
        }
    }
}

/// A group in a container. Closing the group takes it out. Field order is drop order.
pub struct Attachment {
    container: Arc<Container>,
    group: OwnedFd,
}

impl Attachment {
    /// Puts a group into a container and makes sure that the container has an IOMMU.
    ///
    /// # Errors
    /// The `errno` of either step; the group is closed then.
    pub fn new(container: Arc<Container>, group: OwnedFd, iommu_type: usize) -> Result<Attachment> {
        {
            let mut groups = container.groups.lock();
            let mut number = container.fd.as_raw_fd();
            ioctl::with_argument(group.as_fd(), GROUP_SET_CONTAINER, &mut number)?;
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

    /// The group's descriptor.
    pub fn group(&self) -> BorrowedFd<'_> {
        self.group.as_fd()
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
