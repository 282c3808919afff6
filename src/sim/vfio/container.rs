//! An open `/dev/vfio/vfio`.

use super::mappings::Mappings;
use crate::error::{Error, Result};
use crate::sim::config::Dma;
use crate::sys::lock::Mutex;
use crate::sys::poll::Event;
use crate::uacce::channel::Access;
use crate::uacce::vfio::calls;
use core::ffi::c_int;
use core::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

/// `VFIO_TYPE1_IOMMU`: what devices name in `iommu_type`.
pub(super) const TYPE1: usize = 1;
/// `VFIO_TYPE1v2_IOMMU`: the same, and strict about unmapping.
const TYPE1_V2: usize = 3;
/// The number of the process's address space, where devices know it by one.
const PASID: u32 = 1;

/// What the groups in a container have together.
#[derive(Debug, Default)]
pub(in crate::sim) struct Shared {
    pub mappings: Arc<Mappings>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    groups: usize,
    /// Those whose device knows address spaces by number.
    with_sva: usize,
    iommu: Option<usize>,
    bound: bool,
}

impl Shared {
    /// A group comes in.
    pub fn attach(&self, dma: Dma) {
        let mut state = self.state.lock();
        state.groups += 1;
        state.with_sva += usize::from(dma.has_sva());
    }

    /// A group goes out. With the last one the container forgets its IOMMU, and all that is mapped.
    pub fn detach(&self, dma: Dma) {
        let mut state = self.state.lock();
        state.groups -= 1;
        state.with_sva -= usize::from(dma.has_sva());
        if state.groups == 0 {
            *state = State::default();
            self.mappings.clear();
        }
    }

    pub fn has_iommu(&self) -> bool {
        self.state.lock().iommu.is_some()
    }

    /// Whether the process is bound, under this number if one is told.
    pub fn is_bound(&self, pasid: Option<u32>) -> bool {
        self.state.lock().bound && pasid.is_none_or(|pasid| pasid == PASID)
    }
}

/// An open container. Dropping it closes it; what is in it stays until the last group leaves.
#[derive(Debug)]
pub struct Container {
    pub(super) shared: Arc<Shared>,
    /// Gives it a number. As readable as a file without a `poll` is.
    file: Event,
    born: u64,
}

impl Container {
    pub(super) fn new(born: u64) -> Result<Container> {
        let file = Event::new()?;
        file.raise();
        Ok(Container {
            shared: Arc::default(),
            file,
            born,
        })
    }

    fn here(&self) -> Result<&Shared> {
        super::mine(self.born).map(|()| &*self.shared)
    }

    /// `CHECK_EXTENSION`.
    #[must_use]
    pub fn knows(&self, iommu_type: usize) -> bool {
        [TYPE1, TYPE1_V2].contains(&iommu_type)
    }

    /// `MAP_DMA` of `len` bytes at `address` to `bus`.
    ///
    /// # Errors
    /// [`Error::Invalid`] without an IOMMU, and for what are no whole pages; [`Error::Exists`];
    /// `EFAULT`; [`Error::Shutdown`] in a fork child.
    pub fn map_at(&self, bus: u64, address: u64, len: u64, access: Access) -> Result<()> {
        let shared = self.here()?;
        // Held: the last group must not leave meanwhile.
        let state = shared.state.lock();
        state.iommu.ok_or(Error::Invalid)?;
        shared.mappings.map(bus, address, len, access)
    }

    /// `UNMAP_DMA`; how many bytes were mapped.
    ///
    /// # Errors
    /// [`Error::Invalid`] without an IOMMU, for what are no whole pages, and, with an IOMMU of type 3,
    /// if a mapping lies in it partly; [`Error::Shutdown`] in a fork child.
    pub fn unmap_at(&self, bus: u64, len: u64) -> Result<u64> {
        let shared = self.here()?;
        let iommu = shared.state.lock().iommu.ok_or(Error::Invalid)?;
        shared.mappings.unmap(bus, len, iommu == TYPE1_V2)
    }
}

impl AsFd for Container {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl calls::Container for Container {
    fn version(&self) -> Result<c_int> {
        Ok(0)
    }

    fn has_type(&self, iommu_type: usize) -> Result<bool> {
        Ok(self.knows(iommu_type))
    }

    fn set_iommu(&self, iommu_type: usize) -> Result<()> {
        let mut state = self.here()?.state.lock();
        if state.groups == 0 || state.iommu.is_some() {
            return Err(Error::Invalid);
        }
        if !self.knows(iommu_type) {
            return Err(Error::NoDevice);
        }
        state.iommu = Some(iommu_type);
        Ok(())
    }

    fn has_iommu(&self) -> bool {
        self.here().is_ok_and(Shared::has_iommu)
    }

    fn map(&self, pages: &Range<usize>, access: Access) -> Result<()> {
        let at = pages.start as u64;
        self.map_at(at, at, pages.len() as u64, access)
    }

    fn unmap(&self, pages: &Range<usize>) -> Result<usize> {
        let gone = self.unmap_at(pages.start as u64, pages.len() as u64)?;
        Ok(gone as usize)
    }

    fn bind(&self) -> Result<u32> {
        let mut state = self.here()?.state.lock();
        if state.iommu.is_none() {
            return Err(Error::Invalid);
        }
        if state.with_sva == 0 {
            // The kernel of such a device does not know the call.
            return Err(Error::Os(libc::ENOTTY));
        }
        if state.with_sva < state.groups {
            return Err(Error::NoDevice);
        }
        state.bound = true;
        Ok(PASID)
    }

    fn unbind(&self, pasid: u32) -> Result<()> {
        let mut state = self.here()?.state.lock();
        if !state.bound || pasid != PASID {
            return Err(Error::Invalid);
        }
        state.bound = false;
        Ok(())
    }
}
