//! A queue of a real device: one open file of `/dev/<name>`.

use super::channel::{
    Argument, Bus, Channel, Doorbell, Memory, QueueId, QueueSetup, Region, Slice, Wake,
};
use super::device::{self, Attributes};
use super::uapi;
use crate::error::{Error, Result};
use crate::sys::lock::Mutex;
use crate::sys::shared::SharedMemory;
use crate::sys::{env, fd, fork, ioctl, pages, poll};
use crate::{log_error, log_info};
use core::ffi::c_int;
use core::time::Duration;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// The devices of the kernel's uacce class.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kernel;

impl Bus for Kernel {
    fn devices(&self) -> Result<Vec<Attributes>> {
        device::discover(&env::sysfs_root().join("class/uacce"), &env::dev_root())
    }

    fn device(&self, name: &str) -> Result<Attributes> {
        let class = env::sysfs_root().join("class/uacce");
        device::named(&class, name, &env::dev_root())
    }

    fn open(&self, device: &Attributes) -> Result<Arc<dyn Channel>> {
        let fd = fd::open_read_write(&device.node_path).map_err(|error| match error {
            // It has gone since it was listed.
            Error::Os(libc::ENOENT) => {
                log_error!("{} does not exist", device.node_path.display());
                Error::NoDevice
            }
            // It is going: what the kernel says to who came before the node went, and had to wait.
            Error::Invalid => {
                log_error!("{} is being removed", device.name);
                Error::NoDevice
            }
            other => other,
        })?;
        log_info!(
            "{}: queue opened, {} interface",
            device.name,
            device.uapi.name
        );
        Ok(Arc::new(Node {
            device: device.clone(),
            regions: Mutex::default(),
            born: fork::generation(),
            fd,
        }))
    }
}

/// The queue's own regions, mapped so far. Each may be mapped once in the life of an open file: some
/// kernels refuse a second time even after `munmap`.
#[derive(Default)]
struct Regions {
    mmio: Option<SharedMemory>,
    dus: Option<SharedMemory>,
}

/// One open file of a device node. Field order is drop order: unmapped, then closed.
struct Node {
    device: Attributes,
    regions: Mutex<Regions>,
    /// The fork generation of the process that opened it. A child must not touch the parent's queue.
    born: u64,
    fd: OwnedFd,
}

impl Node {
    /// The open file. In a child of the process that opened it the number may be another file's.
    ///
    /// # Errors
    /// [`Error::Shutdown`] in a child.
    fn fd(&self) -> Result<BorrowedFd<'_>> {
        if self.born == fork::generation() {
            Ok(self.fd.as_fd())
        } else {
            Err(Error::Shutdown)
        }
    }

    fn map(&self, page: u64, len: usize) -> Result<SharedMemory> {
        if len == 0 {
            return Err(Error::Unsupported);
        }
        SharedMemory::map(self.fd()?, page * pages::size() as u64, len)
    }
}

impl Channel for Node {
    fn configure(&self, setup: QueueSetup) -> Result<QueueId> {
        let mut context = [0_u16, setup.kind];
        ioctl::with_argument(self.fd()?, uapi::SET_QP_CTX, &mut context)?;
        let mut info = [0_u32; 4];
        let told = ioctl::with_argument(self.fd()?, uapi::SET_QP_INFO, &mut info).is_ok();
        // Kernels before this request have rings of 1024 entries of the driver's own size.
        let default = u32::from(uapi::DEFAULT_DEPTH) << 16 | u32::from(uapi::DEFAULT_DEPTH);
        let (sqe_size, depths) = if told {
            (info[0], info[1])
        } else {
            (setup.sqe_size, default)
        };
        let [a, b, c, d] = depths.to_ne_bytes();
        let (sq_depth, cq_depth) = (u16::from_ne_bytes([a, b]), u16::from_ne_bytes([c, d]));
        if sq_depth < 2 || cq_depth < 2 || sqe_size == 0 {
            return Err(Error::NoDevice);
        }
        Ok(QueueId {
            number: context[0],
            sqe_size,
            sq_depth,
            cq_depth,
        })
    }

    fn region(&self, region: Region) -> Result<SharedMemory> {
        let uapi = &self.device.uapi;
        let mut regions = self.regions.lock();
        let (slot, page, len) = match region {
            Region::Mmio => (&mut regions.mmio, uapi.mmio_page, self.device.mmio_size),
            Region::Dus => (&mut regions.dus, uapi.dus_page, self.device.dus_size),
            Region::Ss(len) => return self.map(uapi.ss_page, len),
        };
        if let Some(mapped) = slot {
            return Ok(mapped.clone());
        }
        let mapped = self.map(page, len)?;
        *slot = Some(mapped.clone());
        Ok(mapped)
    }

    fn doorbell(&self, offset: usize) -> Result<Doorbell> {
        Ok(Doorbell::mapped(
            self.region(Region::Mmio)?.register(offset)?,
        ))
    }

    fn start(&self) -> Result<()> {
        ioctl::with_value(self.fd()?, self.device.uapi.start, 0).map(drop)
    }

    fn stop(&self) {
        if let Ok(fd) = self.fd() {
            // Fails with ENXIO when the device has gone, and then there is nothing to stop.
            let _ = ioctl::with_value(fd, self.device.uapi.put_queue, 0);
        }
    }

    fn wait(&self, limit: Duration) -> Result<Wake> {
        let woken = poll::readable(self.fd()?, limit)?;
        Ok(if woken { Wake::Event } else { Wake::TimedOut })
    }

    fn static_slices(&self) -> Result<Vec<Slice>> {
        let mut slices = Vec::new();
        loop {
            let mut told = slices.len() as u64;
            let more = ioctl::with_argument(self.fd.as_fd(), uapi::GET_SS_DMA, &mut told)? > 0;
            slices.push(uapi::slice(told, self.device.flags));
            if !more {
                return Ok(slices);
            }
            if slices.len() == uapi::MOST_SLICES {
                log_error!("{}: no end of static memory", self.device.name);
                return Err(Error::Io);
            }
        }
    }

    fn event(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    fn memory(&self) -> Memory {
        if self.device.sva() {
            Memory::Sva
        } else {
            Memory::Static
        }
    }

    fn command(&self, request: ioctl::Request, argument: Argument<'_>) -> Result<c_int> {
        let fd = self.fd()?;
        match argument {
            Argument::Value(_promise, value) => ioctl::with_value(fd, request, value),
            Argument::Bytes(bytes) => ioctl::with_bytes(fd, request, bytes),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop();
    }
}
