//! What the client of VFIO calls: traits with one function for each control call.
//! The kernel implements them ([`super::Kernel`]), and so does the simulation of it.

use crate::error::Result;
use crate::sys::shared::SharedMemory;
use crate::uacce::channel::{Access, Doorbell};
use core::ffi::{CStr, c_int};
use core::ops::Range;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// Where containers and groups come from.
pub trait Vfio: Send + Sync {
    /// Whether nothing of it is the kernel's.
    fn is_simulated(&self) -> bool {
        false
    }

    /// The text of a sysfs file, without white space at its ends.
    ///
    /// # Errors
    /// The `errno` of reading it.
    fn attribute(&self, path: &Path) -> Result<String>;

    /// Opens a group by the path of its node. It can be open once.
    ///
    /// # Errors
    /// [`crate::Error::Busy`] while it is open, or a device of it; else the `errno` of `open(2)`.
    fn open_group(&self, path: &Path) -> Result<Box<dyn Group>>;

    /// Opens a new container.
    ///
    /// # Errors
    /// [`crate::Error::NoDevice`] where there is no VFIO, else the `errno` of `open(2)`.
    fn open_container(&self) -> Result<Box<dyn Container>>;

    /// A container of the program's, by a descriptor for the same open file.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] if that can be told not to be a container.
    fn adopt_container(&self, fd: OwnedFd) -> Result<Box<dyn Container>>;
}

/// An open container: the address space of the groups in it. Dropping it closes it.
pub trait Container: AsFd + Send + Sync {
    /// `GET_API_VERSION`.
    ///
    /// # Errors
    /// The `errno` of what is no container.
    fn version(&self) -> Result<c_int>;

    /// `CHECK_EXTENSION`: whether there is an IOMMU of this type.
    ///
    /// # Errors
    /// The kernel's `errno`.
    fn has_type(&self, iommu_type: usize) -> Result<bool>;

    /// `SET_IOMMU`, once, after the first group is in the container.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] if it has an IOMMU already, or no group; else the kernel's `errno`.
    fn set_iommu(&self, iommu_type: usize) -> Result<()>;

    /// `IOMMU_GET_INFO`: whether it has an IOMMU.
    fn has_iommu(&self) -> bool;

    /// `MAP_DMA`: whole pages, at the same addresses.
    ///
    /// # Errors
    /// [`crate::Error::Exists`] if one of them is mapped; else the kernel's `errno`.
    fn map(&self, pages: &Range<usize>, access: Access) -> Result<()>;

    /// `UNMAP_DMA`: all mappings inside a range. How many bytes they had.
    ///
    /// # Errors
    /// The kernel's `errno`.
    fn unmap(&self, pages: &Range<usize>) -> Result<usize>;

    /// `BIND` of this process: the number that its address space has for the devices.
    ///
    /// # Errors
    /// The `errno` of a kernel that has no such call, or of a device without it.
    fn bind(&self) -> Result<u32>;

    /// `UNBIND`.
    ///
    /// # Errors
    /// The kernel's `errno`.
    fn unbind(&self, pasid: u32) -> Result<()>;
}

/// An open group. Dropping it closes it, which takes it out of its container unless a device of it
/// is open.
pub trait Group: AsFd + Send + Sync {
    /// `GROUP_GET_STATUS`: whether all devices of the group are in safe hands.
    ///
    /// # Errors
    /// The kernel's `errno`.
    fn is_viable(&self) -> Result<bool>;

    /// `GROUP_SET_CONTAINER`.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] if it is in one; else the kernel's `errno`.
    fn set_container(&self, container: &dyn Container) -> Result<()>;

    /// `GROUP_GET_DEVICE_FD`: opens the mediated device of this name.
    ///
    /// # Errors
    /// [`crate::Error::NoDevice`] if the group has no such device; else the kernel's `errno`.
    fn device(&self, name: &CStr) -> Result<Box<dyn Device>>;
}

/// An open mediated device. Dropping it closes it.
pub trait Device: AsFd + Send + Sync {
    /// Maps `len` bytes of the region in page `page`: 0 has the doorbell, 1 the rings.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] for other regions, more than there is, and a queue that was not
    /// started; else the `errno` of `mmap(2)`.
    fn map(&self, page: u64, len: usize) -> Result<SharedMemory>;

    /// What takes doorbells at this offset instead of a store to region 0, where it is a simulation.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] if there is no doorbell.
    fn bell(&self, offset: usize) -> Result<Option<Doorbell>> {
        let _ = offset;
        Ok(None)
    }

    /// `CMD_WAIT`: sleeps until a completion lies in the ring, or so many ticks of the kernel have
    /// passed; 0 waits for ever. 0 when the time was over.
    ///
    /// # Errors
    /// [`crate::Error::NoDevice`] where the device's driver cannot wait, and no driver can.
    fn wait(&self, ticks: usize) -> Result<c_int>;

    /// `CMD_BIND_PASID`: lets the queue work in a bound address space, and starts it. The number
    /// that the kernel answers: the queue's.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] for an address space that is not this process's, and without SVA.
    fn bind_pasid(&self, pasid: u32) -> Result<c_int>;
}
