//! `/dev/vfio`, as the kernel serves it to mediated devices: its control calls are read here, and
//! `warpdrive::sim::vfio` does what they say.

#![forbid(unsafe_code)]

use crate::file::{self, Node, Result, tell};
use crate::place;
use crate::regions::What;
use crate::served::Served;
use crate::table::{self, Kind};
use core::ffi::c_int;
use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use warpdrive::Error;
use warpdrive::sim::vfio::{Container, Group, Mdev};
use warpdrive::sys::shared::SharedMemory;
use warpdrive::sys::{pages, peer};
use warpdrive::uacce::channel::{Access, Doorbell};
use warpdrive::uacce::vfio::calls::Container as _;
use warpdrive::uacce::vfio::kernel::*;

/// The longest name of a device that is looked at.
const NAME_SIZE: usize = 64;

/// `VFIO_IOMMU_INFO_PGSIZES`.
const INFO_PAGE_SIZES: u32 = 1 << 0;

fn number(error: Error) -> c_int {
    error.number()
}

/// Opens `/dev/vfio/<name>`.
pub fn open(served: &Served, name: &str) -> Result<Box<dyn Node>> {
    if name == "vfio" {
        return Ok(Box::new(served.world.container().map_err(number)?));
    }
    let group = name.parse().map_err(|_| libc::ENOENT)?;
    let open = served.world.group(group).map_err(number)?;
    Ok(Box::new(OpenGroup {
        numbers: place::numbers(&format!("vfio/{name}")),
        open,
    }))
}

/// An argument of `N` words, of which the first says how many bytes the program gives.
fn words<const N: usize>(argument: u64) -> Result<[u32; N]> {
    let mut words = [0; N];
    for (at, word) in (argument..).step_by(4).zip(&mut words) {
        let mut bytes = [0; 4];
        peer::read(at, &mut bytes).map_err(|_| libc::EFAULT)?;
        *word = u32::from_ne_bytes(bytes);
    }
    if words.first().is_some_and(|size| (*size as usize) < 4 * N) {
        return Err(libc::EINVAL);
    }
    Ok(words)
}

/// The 64 bits that two words are.
fn long(words: &[u32], at: usize) -> u64 {
    let [low, high] = [words[at], words[at + 1]].map(u32::to_ne_bytes);
    let [a, b, c, d] = low;
    let [e, f, g, h] = high;
    u64::from_ne_bytes([a, b, c, d, e, f, g, h])
}

impl Node for Container {
    fn device(&self) -> &str {
        ""
    }

    fn numbers(&self) -> Option<(u32, u32)> {
        Some(place::numbers("vfio/vfio"))
    }

    fn event(&self) -> BorrowedFd<'_> {
        self.as_fd()
    }

    fn descriptors(&self) -> Vec<c_int> {
        vec![self.as_fd().as_raw_fd()]
    }

    fn ioctl(&self, _: &Served, request: u32, argument: u64) -> Result<c_int> {
        match request {
            GET_API_VERSION => return self.version().map_err(number),
            CHECK_EXTENSION => {
                let known = usize::try_from(argument).is_ok_and(|kind| self.knows(kind));
                return Ok(known.into());
            }
            SET_IOMMU => {
                let kind = usize::try_from(argument).map_err(|_| libc::ENODEV)?;
                return self.set_iommu(kind).map(|()| 0).map_err(number);
            }
            // The rest is the IOMMU's.
            _ if !self.has_iommu() => return Err(libc::EINVAL),
            IOMMU_GET_INFO => info(argument),
            IOMMU_MAP_DMA => map(self, argument),
            IOMMU_UNMAP_DMA => unmap(self, argument),
            IOMMU_BIND => bind(self, argument),
            IOMMU_UNBIND => unbind(self, argument),
            _ => Err(libc::ENOTTY),
        }?;
        Ok(0)
    }

    fn container(&self) -> Option<&Container> {
        Some(self)
    }
}

fn info(argument: u64) -> Result<()> {
    let [_, _, _, _] = words::<4>(argument)?;
    // Pages of the process's size and all larger ones.
    let sizes = !(pages::size() as u64 - 1);
    tell(argument + 4, &INFO_PAGE_SIZES.to_ne_bytes())?;
    tell(argument + 8, &sizes.to_ne_bytes())
}

fn map(container: &Container, argument: u64) -> Result<()> {
    let words = words::<8>(argument)?;
    let access = match words[1] {
        MAP_READ => Access::Read,
        // The model has no memory that can only be written.
        flags if flags != 0 && flags & !(MAP_READ | MAP_WRITE) == 0 => Access::ReadWrite,
        _ => return Err(libc::EINVAL),
    };
    let (address, bus, len) = (long(&words, 2), long(&words, 4), long(&words, 6));
    container.map_at(bus, address, len, access).map_err(number)
}

fn unmap(container: &Container, argument: u64) -> Result<()> {
    let words = words::<6>(argument)?;
    if words[1] != 0 {
        return Err(libc::EINVAL);
    }
    let done = container.unmap_at(long(&words, 2), long(&words, 4));
    tell(argument + 16, &done.map_err(number)?.to_ne_bytes())
}

/// Of the process that calls; other processes are not bound here.
fn bind(container: &Container, argument: u64) -> Result<()> {
    let [_, what, flags, _, _] = words::<5>(argument)?;
    if (what, flags) != (BIND_PROCESS, 0) {
        return Err(libc::EINVAL);
    }
    let pasid = container.bind().map_err(number)?;
    tell(argument + 12, &pasid.to_ne_bytes())
}

fn unbind(container: &Container, argument: u64) -> Result<()> {
    let [_, what, flags, pasid, _] = words::<5>(argument)?;
    if (what, flags) != (BIND_PROCESS, 0) {
        return Err(libc::EINVAL);
    }
    container.unbind(pasid).map_err(number)
}

/// An open group.
struct OpenGroup {
    numbers: (u32, u32),
    open: Group,
}

impl Node for OpenGroup {
    fn device(&self) -> &str {
        ""
    }

    fn numbers(&self) -> Option<(u32, u32)> {
        Some(self.numbers)
    }

    fn event(&self) -> BorrowedFd<'_> {
        self.open.as_fd()
    }

    fn descriptors(&self) -> Vec<c_int> {
        vec![self.open.as_fd().as_raw_fd()]
    }

    fn ioctl(&self, served: &Served, request: u32, argument: u64) -> Result<c_int> {
        match request {
            GROUP_GET_STATUS => {
                let [_, _] = words::<2>(argument)?;
                let attached = [0, GROUP_IN_CONTAINER][usize::from(self.open.is_attached())];
                tell(argument + 4, &(GROUP_VIABLE | attached).to_ne_bytes())?;
                Ok(0)
            }
            GROUP_SET_CONTAINER => self.attach(served, argument),
            GROUP_UNSET_CONTAINER => self.open.detach().map(|()| 0).map_err(number),
            GROUP_GET_DEVICE_FD => {
                let device = self.open.open_device(&text(argument)?).map_err(number)?;
                file::publish(served, Box::new(device), libc::O_CLOEXEC | libc::O_RDWR)
            }
            _ => Err(libc::ENOTTY),
        }
    }
}

impl OpenGroup {
    fn attach(&self, served: &Served, argument: u64) -> Result<c_int> {
        let mut fd = [0; 4];
        peer::read(argument, &mut fd).map_err(|_| libc::EFAULT)?;
        let Kind::Device { file, .. } = table::get(c_int::from_ne_bytes(fd)) else {
            return Err(libc::EINVAL);
        };
        let file = served.file(file).ok_or(libc::ESHUTDOWN)?;
        let container = file.node().container().ok_or(libc::EINVAL)?;
        self.open.attach(container).map(|()| 0).map_err(number)
    }
}

/// The text that the program names a device by.
fn text(argument: u64) -> Result<CString> {
    let mut text = Vec::new();
    // A byte at a time: what lies behind its end need not be there.
    while text.len() < NAME_SIZE {
        let mut byte = [0];
        peer::read(argument + text.len() as u64, &mut byte).map_err(|_| libc::EFAULT)?;
        if byte == [0] {
            break;
        }
        text.extend(byte);
    }
    CString::new(text).map_err(|_| libc::EINVAL)
}

impl Node for Mdev {
    fn device(&self) -> &str {
        self.name()
    }

    /// It has no node, only its group has.
    fn numbers(&self) -> Option<(u32, u32)> {
        None
    }

    fn event(&self) -> BorrowedFd<'_> {
        self.as_fd()
    }

    fn descriptors(&self) -> Vec<c_int> {
        let queue = self.queue().descriptors().map(|fd| fd.as_raw_fd());
        queue.chain([self.as_fd().as_raw_fd()]).collect()
    }

    fn ioctl(&self, _: &Served, request: u32, argument: u64) -> Result<c_int> {
        match request {
            CMD_BIND_PASID => {
                let pasid = usize::try_from(argument).map_err(|_| libc::EINVAL)?;
                self.bind(pasid).map_err(number)
            }
            _ => Err(libc::EINVAL),
        }
    }

    fn is_wait(&self, request: u32) -> bool {
        request == CMD_WAIT
    }

    fn wait(&self) -> Result<bool> {
        self.wait_ticks(1).map(|left| left > 0).map_err(number)
    }

    fn doorbell(&self) -> Option<(usize, &Doorbell)> {
        Some((self.doorbell_offset(), self.port()))
    }

    /// The kernel looks at four bits of the page's number.
    fn region(&self, page: usize) -> Result<What> {
        match page & 0xf {
            0 => Ok(What::Mmio),
            1 => Ok(What::Dus),
            _ => Err(libc::EINVAL),
        }
    }

    fn memory(&self, what: What, len: usize) -> Result<Option<SharedMemory>> {
        match what {
            What::Mmio if len <= pages::size() => Ok(None),
            What::Dus => self.rings(len).map(Some).map_err(number),
            _ => Err(libc::EINVAL),
        }
    }

    fn is_lenient(&self) -> bool {
        true
    }
}
