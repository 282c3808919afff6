//! A queue of the uacce class, as the kernel's uacce core and hisi_qm serve it.

#![forbid(unsafe_code)]

use crate::file::{Node, Result, tell};
use crate::place;
use crate::regions::What;
use crate::served::Served;
use core::ffi::c_int;
use core::sync::atomic::{AtomicBool, Ordering};
use std::os::fd::{AsRawFd, BorrowedFd};
use warpdrive::Error;
use warpdrive::bd::zip;
use warpdrive::qm::layout::Version;
use warpdrive::sim::Opened;
use warpdrive::sys::peer;
use warpdrive::sys::shared::SharedMemory;
use warpdrive::uacce::channel::{Channel, Doorbell, Memory, QueueSetup, Region};
use warpdrive::uacce::uapi::{GET_SS_DMA, MAINLINE, SET_QP_CTX, SET_QP_INFO};

/// An open queue.
pub struct Queue {
    /// The name of the device.
    device: String,
    mmio_size: usize,
    dus_size: usize,
    doorbell_offset: usize,
    bell: Doorbell,
    queue: Opened,
    /// Relaxed: calls of one queue in several threads are the program's to order.
    started: AtomicBool,
}

/// What a call of the device answers, as the kernel has it.
fn number(error: Error) -> c_int {
    match error {
        Error::NoDevice => libc::ENXIO,
        Error::Unsupported => libc::EINVAL,
        other => other.number(),
    }
}

/// Takes a queue of a device.
pub fn open(served: &Served, device: &str) -> Result<Queue> {
    let attributes = served.world.attributes(device).ok_or(libc::ENOENT)?;
    let version = Version::from_api(&attributes.api).map_err(number)?;
    let queue = served.world.take(device).map_err(number)?;
    let bell = queue.doorbell(version.doorbell_offset());
    let bell = bell.map_err(|_| libc::ENXIO)?;
    Ok(Queue {
        device: device.to_owned(),
        mmio_size: attributes.mmio_size,
        dus_size: attributes.dus_size,
        doorbell_offset: version.doorbell_offset(),
        bell,
        queue,
        started: AtomicBool::new(false),
    })
}

impl Node for Queue {
    fn device(&self) -> &str {
        &self.device
    }

    fn numbers(&self) -> Option<(u32, u32)> {
        Some(place::numbers(&self.device))
    }

    fn event(&self) -> BorrowedFd<'_> {
        self.queue.event()
    }

    fn descriptors(&self) -> Vec<c_int> {
        self.queue.descriptors().map(|fd| fd.as_raw_fd()).collect()
    }

    fn doorbell(&self) -> Option<(usize, &Doorbell)> {
        Some((self.doorbell_offset, &self.bell))
    }

    fn region(&self, page: usize) -> Result<What> {
        match page {
            0 => Ok(What::Mmio),
            1 => Ok(What::Dus),
            2 if matches!(self.queue.memory(), Memory::Static) => Ok(What::Static),
            _ => Err(libc::EINVAL),
        }
    }

    fn memory(&self, what: What, len: usize) -> Result<Option<SharedMemory>> {
        let memory = match what {
            What::Mmio if len <= self.mmio_size => return Ok(None),
            What::Dus if len == self.dus_size => self.queue.region(Region::Dus),
            What::Static => self.queue.region(Region::Ss(len)),
            _ => return Err(libc::EINVAL),
        };
        memory.map(Some).map_err(number)
    }

    fn ioctl(&self, _: &Served, request: u32, argument: u64) -> Result<c_int> {
        const START: u32 = MAINLINE.start;
        const PUT_QUEUE: u32 = MAINLINE.put_queue;
        match request {
            START => self.start(),
            PUT_QUEUE => self.put(),
            SET_QP_CTX => self.context(argument),
            SET_QP_INFO => self.info(argument),
            GET_SS_DMA => self.slice(argument),
            _ => Err(libc::EINVAL),
        }
    }
}

impl Queue {
    fn start(&self) -> Result<c_int> {
        self.queue.start().map_err(number)?;
        self.started.store(true, Ordering::Relaxed);
        Ok(0)
    }

    fn put(&self) -> Result<c_int> {
        self.queue.stop();
        self.started.store(false, Ordering::Relaxed);
        Ok(0)
    }

    fn context(&self, argument: u64) -> Result<c_int> {
        let mut context = [0; 4];
        peer::read(argument, &mut context).map_err(|_| libc::EFAULT)?;
        let kind = u16::from_ne_bytes([context[2], context[3]]);
        // The model does not configure a queue that is started. The kernel only notes the type for
        // the next start.
        if !(self.started.load(Ordering::Relaxed) && kind <= 1) {
            let sqe_size = zip::SIZE as u32;
            self.queue
                .configure(QueueSetup { kind, sqe_size })
                .map_err(number)?;
        }
        context[..2].copy_from_slice(&self.queue.id().number.to_ne_bytes());
        tell(argument, &context)?;
        Ok(0)
    }

    fn info(&self, argument: u64) -> Result<c_int> {
        let id = self.queue.id();
        let mut info = [0; 16];
        info[..4].copy_from_slice(&id.sqe_size.to_ne_bytes());
        info[4..6].copy_from_slice(&id.sq_depth.to_ne_bytes());
        info[6..8].copy_from_slice(&id.cq_depth.to_ne_bytes());
        tell(argument, &info)?;
        Ok(0)
    }

    /// Slice N of the static region: its address, and its length in units of 64 KiB in the low bits.
    /// Answers 1 while there are more.
    fn slice(&self, argument: u64) -> Result<c_int> {
        let mut told = [0; 8];
        peer::read(argument, &mut told).map_err(|_| libc::EFAULT)?;
        let slices = self.queue.static_slices().map_err(number)?;
        let wanted = usize::try_from(u64::from_ne_bytes(told)).map_err(|_| libc::EINVAL)?;
        let slice = slices.get(wanted).ok_or(libc::EINVAL)?;
        let answer = slice.bus | (slice.len >> 16) as u64;
        tell(argument, &answer.to_ne_bytes())?;
        Ok(c_int::from(wanted + 1 < slices.len()))
    }
}
