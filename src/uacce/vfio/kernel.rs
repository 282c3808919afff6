//! VFIO of the kernel: each call of `calls` is one system call.

use super::calls::{Container, Device, Group, Vfio};
use crate::error::{Error, Result};
use crate::sys::ioctl::{Request, io};
use crate::sys::shared::SharedMemory;
use crate::sys::{env, fd, ioctl, pages, sysfs};
use crate::uacce::channel::Access;
use core::ffi::{CStr, c_int};
use core::ops::Range;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

// `linux/vfio.h`: all requests are `_IO(';', 100 + n)`.
/// Which version of VFIO a container speaks.
pub const GET_API_VERSION: Request = io(b';', 100);
/// Whether a container can have an IOMMU of a type.
pub const CHECK_EXTENSION: Request = io(b';', 101);
/// Gives a container its IOMMU.
pub const SET_IOMMU: Request = io(b';', 102);
/// The flags of a group; 8 bytes.
pub const GROUP_GET_STATUS: Request = io(b';', 103);
/// Puts a group into the container whose descriptor is pointed to.
pub const GROUP_SET_CONTAINER: Request = io(b';', 104);
/// Takes a group out of its container.
pub const GROUP_UNSET_CONTAINER: Request = io(b';', 105);
/// Opens the device of this name.
pub const GROUP_GET_DEVICE_FD: Request = io(b';', 106);
/// What a container's IOMMU can do; 16 bytes or more.
pub const IOMMU_GET_INFO: Request = io(b';', 112);
/// Maps pages; 32 bytes.
pub const IOMMU_MAP_DMA: Request = io(b';', 113);
/// Unmaps pages; 24 bytes.
pub const IOMMU_UNMAP_DMA: Request = io(b';', 114);
/// Binds a process, of the patches "Shared Virtual Addressing for the IOMMU" (v2, 2018), which
/// were not merged; 20 bytes.
pub const IOMMU_BIND: Request = io(b';', 122);
/// Takes that back.
pub const IOMMU_UNBIND: Request = io(b';', 123);
/// Waits for a completion: a call of mediated devices.
pub const CMD_WAIT: Request = io(b'W', 1);
/// Starts a queue in an address space that is bound.
pub const CMD_BIND_PASID: Request = io(b'W', 2);

/// `VFIO_GROUP_FLAGS_VIABLE`.
pub const GROUP_VIABLE: u32 = 1 << 0;
/// `VFIO_GROUP_FLAGS_CONTAINER_SET`.
pub const GROUP_IN_CONTAINER: u32 = 1 << 1;
/// `VFIO_DMA_MAP_FLAG_READ`.
pub const MAP_READ: u32 = 1 << 0;
/// `VFIO_DMA_MAP_FLAG_WRITE`.
pub const MAP_WRITE: u32 = 1 << 1;
/// `VFIO_IOMMU_BIND_PROCESS`.
pub const BIND_PROCESS: u32 = 1 << 0;

/// The kernel's VFIO, below `/dev` and `/sys`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kernel;

/// An open container, group or device.
struct Open(OwnedFd);

impl AsFd for Open {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Vfio for Kernel {
    fn attribute(&self, path: &Path) -> Result<String> {
        sysfs::text(path)
    }

    fn open_group(&self, path: &Path) -> Result<Box<dyn Group>> {
        Ok(Box::new(Open(fd::open_read_write(path)?)))
    }

    fn open_container(&self) -> Result<Box<dyn Container>> {
        match fd::open_read_write(&env::dev_root().join("vfio/vfio")) {
            Err(Error::Os(libc::ENOENT)) => Err(Error::NoDevice),
            other => Ok(Box::new(Open(other?))),
        }
    }

    fn adopt_container(&self, fd: OwnedFd) -> Result<Box<dyn Container>> {
        Ok(Box::new(Open(fd)))
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

/// The field whose halves these are.
fn whole(halves: [u32; 2]) -> u64 {
    let ([a, b, c, d], [e, f, g, h]) = (halves[0].to_ne_bytes(), halves[1].to_ne_bytes());
    u64::from_ne_bytes([a, b, c, d, e, f, g, h])
}

impl Container for Open {
    fn version(&self) -> Result<c_int> {
        ioctl::with_value(self.as_fd(), GET_API_VERSION, 0)
    }

    fn has_type(&self, iommu_type: usize) -> Result<bool> {
        ioctl::with_value(self.as_fd(), CHECK_EXTENSION, iommu_type).map(|known| known > 0)
    }

    fn set_iommu(&self, iommu_type: usize) -> Result<()> {
        ioctl::with_value(self.as_fd(), SET_IOMMU, iommu_type).map(drop)
    }

    fn has_iommu(&self) -> bool {
        let mut info = [24_u32, 0, 0, 0, 0, 0]; // argsz, flags, page sizes, capabilities, padding
        ioctl::with_argument(self.as_fd(), IOMMU_GET_INFO, &mut info).is_ok()
    }

    fn map(&self, pages: &Range<usize>, access: Access) -> Result<()> {
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
        ioctl::with_argument(self.as_fd(), IOMMU_MAP_DMA, &mut argument).map(drop)
    }

    fn unmap(&self, pages: &Range<usize>) -> Result<usize> {
        let [iova_0, iova_1] = halves(pages.start);
        let [size_0, size_1] = halves(pages.len());
        // argsz, flags, iova, size; the kernel answers in size how much it unmapped
        let mut argument = [24, 0, iova_0, iova_1, size_0, size_1];
        ioctl::with_argument(self.as_fd(), IOMMU_UNMAP_DMA, &mut argument)?;
        usize::try_from(whole([argument[4], argument[5]])).map_err(|_| Error::Io)
    }

    fn bind(&self) -> Result<u32> {
        let mut argument = [20, BIND_PROCESS, 0, 0, 0]; // argsz, flags; flags, PASID, process
        ioctl::with_argument(self.as_fd(), IOMMU_BIND, &mut argument)?;
        Ok(argument[3])
    }

    fn unbind(&self, pasid: u32) -> Result<()> {
        let mut argument = [20, BIND_PROCESS, 0, pasid, 0];
        ioctl::with_argument(self.as_fd(), IOMMU_UNBIND, &mut argument).map(drop)
    }
}

impl Group for Open {
    fn is_viable(&self) -> Result<bool> {
        let mut status = [8_u32, 0]; // argsz, flags
        ioctl::with_argument(self.as_fd(), GROUP_GET_STATUS, &mut status)?;
        Ok(status[1] & GROUP_VIABLE != 0)
    }

    fn set_container(&self, container: &dyn Container) -> Result<()> {
        let mut number = container.as_fd().as_raw_fd();
        ioctl::with_argument(self.as_fd(), GROUP_SET_CONTAINER, &mut number).map(drop)
    }

    fn device(&self, name: &CStr) -> Result<Box<dyn Device>> {
        let device = ioctl::open_by_text(self.as_fd(), GROUP_GET_DEVICE_FD, name)?;
        Ok(Box::new(Open(device)))
    }
}

impl Device for Open {
    fn map(&self, page: u64, len: usize) -> Result<SharedMemory> {
        SharedMemory::map(self.as_fd(), page * pages::size() as u64, len)
    }

    fn wait(&self, ticks: usize) -> Result<c_int> {
        ioctl::with_value(self.as_fd(), CMD_WAIT, ticks)
    }

    fn bind_pasid(&self, pasid: u32) -> Result<c_int> {
        ioctl::with_value(self.as_fd(), CMD_BIND_PASID, pasid as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_numbers_are_those_of_the_kernel_headers() {
        assert_eq!(GET_API_VERSION, 0x3b64);
        assert_eq!(GROUP_GET_DEVICE_FD, 0x3b6a);
        assert_eq!(IOMMU_GET_INFO, 0x3b70);
        assert_eq!(IOMMU_UNMAP_DMA, 0x3b72);
        assert_eq!(IOMMU_UNBIND, 0x3b7b);
        assert_eq!((CMD_WAIT, CMD_BIND_PASID), (0x5701, 0x5702));
    }

    #[test]
    fn a_field_survives_its_halves() {
        assert_eq!(whole(halves(0x0123_4567_89ab_cdef)), 0x0123_4567_89ab_cdef);
    }
}
