//! A queue of a mediated device behind VFIO: the transport of the first
//! WarpDrive kernels (sdmdev), which the seed API was made for.
//!
//! An administrator makes the mediated device; one group holds one queue. A kernel
//! without SVA starts the queue when the device is opened and tells no queue number:
//! only queue 0 of a device can be driven then. One with SVA starts it when the
//! process's address space is bound to it, and tells the number. Both stop it when
//! the device is closed. The calls go through `calls`, so that a simulation can take
//! the kernel's place.

pub mod calls;
mod container;
pub mod kernel;

pub use kernel::Kernel;

use self::calls::Vfio;
use self::container::{Attachment, Bond};
use super::channel::{
    Access, Channel, Doorbell, Mapper, Memory, QueueId, QueueSetup, Region, Wake,
};
use super::uapi::DEFAULT_DEPTH;
use crate::error::{Error, Result};
use crate::sys::lock::Mutex;
use crate::sys::shared::SharedMemory;
use crate::sys::{clock, fork, pages};
use crate::{log_error, log_info};
use core::ffi::c_int;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// `VFIO_API_VERSION`.
const API_VERSION: c_int = 0;
/// `VFIO_NOIOMMU_IOMMU`: no IOMMU at all.
const NOIOMMU: i32 = 8;

/// Bits of the `dma_flag` attribute (`VFIO_SDMDEV_DMA_*`).
mod dma {
    pub const SINGLE_PROCESS: i32 = 1;
    pub const MULTI_PROCESS: i32 = 2;
    pub const SVM: i32 = 4;
    pub const SVM_NO_FAULT: i32 = 8;
    pub const PHYSICAL: i32 = 16;
}

/// The pages of `mmap` where the regions lie.
const MMIO_PAGE: u64 = 0;
const DUS_PAGE: u64 = 1;
/// Bytes of a descriptor of the only device with this transport.
const SQE_SIZE: u32 = 128;
/// Bytes of queue memory: descriptors, then completions of 16 bytes; the kernel tells no size.
const DUS_SIZE: usize = (SQE_SIZE as usize + 16) * DEFAULT_DEPTH as usize;
/// The longest that a tick of the kernel (`CMD_WAIT` counts in them) lasts: CONFIG_HZ is 100 or more.
const TICK: Duration = Duration::from_millis(10);

/// Where a mediated device is: the fields of the seed's `struct wd_queue`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The mediated device's UUID.
    pub mdev: CString,
    /// `/dev/vfio/<group>`.
    pub group: PathBuf,
    /// The sysfs file `iommu_type`.
    pub iommu_type: PathBuf,
    /// The sysfs file `dma_flag`.
    pub dma_flag: PathBuf,
    /// The sysfs file `device_api`.
    pub device_api: PathBuf,
    /// A container of the caller's to put the group into. It stays open and the caller's.
    pub container: Option<RawFd>,
}

/// An open queue, and what was learned on the way.
pub struct Opened {
    /// The queue.
    pub channel: Arc<dyn Channel>,
    /// The queue interface, without white space around it: `hisi_qm_v1`.
    pub api: String,
    /// The `dma_flag` attribute.
    pub dma_flag: i32,
    /// The `iommu_type` attribute: the VFIO IOMMU type.
    pub iommu_type: i32,
    /// The process's address space as the device knows it; 0 if the kernel binds none.
    pub pasid: u32,
    /// The container: the caller's number, or ours. Ours closes with the last queue in it.
    pub container: RawFd,
    /// The descriptor of the container that is ours in any case, the same number or another.
    pub own_container: RawFd,
    /// The group's descriptor, ours.
    pub group: RawFd,
    /// The device's descriptor, ours.
    pub device: RawFd,
}

/// Opens the queue that a mediated device is. Every failing step undoes those before it.
///
/// # Errors
/// [`Error::Invalid`] for another VFIO version, and for a `dma_flag` or `iommu_type` that cannot be
/// read, is no number, or names nothing known. [`Error::NoDevice`] without VFIO in the kernel.
/// [`Error::Unsupported`] if it lacks the IOMMU type. [`Error::Permission`] for a group that is not
/// viable, and for devices that take physical addresses. [`Error::Busy`] if the group is open. Else the
/// `errno` of the step that failed.
pub fn open(vfio: &dyn Vfio, paths: &Paths) -> Result<Opened> {
    let group = vfio.open_group(&paths.group)?;
    let container = match paths.container {
        Some(number) => container::supplied(vfio, number)?,
        None => container::open(vfio)?,
    };
    let terms = agree(vfio, container.calls(), paths)?;
    let api = vfio.attribute(&paths.device_api)?;
    viable(&*group)?;
    let attached = Attachment::new(container, group, terms.iommu_argument)?;
    let device = attached.group().device(&paths.mdev)?;
    let (bond, number) = bind(terms.kind, &attached, &*device)?;
    let pasid = bond.as_ref().map_or(0, Bond::pasid);
    let simulated = if vfio.is_simulated() {
        ", simulated"
    } else {
        ""
    };
    log_info!(
        "{:?}: queue opened behind VFIO, {api}{simulated}",
        paths.mdev
    );
    let own_container = attached.container().as_fd().as_raw_fd();
    let group = attached.group().as_fd().as_raw_fd();
    let raw_device = device.as_fd().as_raw_fd();
    Ok(Opened {
        channel: Arc::new(Queue {
            regions: Mutex::default(),
            bond,
            device,
            attached,
            kind: terms.kind,
            number,
            polls: AtomicBool::new(false),
            born: fork::generation(),
        }),
        api,
        dma_flag: terms.dma_flag,
        iommu_type: terms.iommu_type,
        pasid,
        container: paths.container.unwrap_or(own_container),
        own_container,
        group,
        device: raw_device,
    })
}

/// Binds the process to a device with SVA, and so starts the queue, where the kernel can. The queue's
/// number; 0 where no call tells it.
fn bind(
    kind: Kind,
    attached: &Attachment,
    device: &dyn calls::Device,
) -> Result<(Option<Bond>, u16)> {
    let bond = match kind {
        Kind::Sva | Kind::SvaPinned => Bond::new(attached.container()),
        Kind::Mapped => None,
    };
    let number = match &bond {
        Some(bond) => queue_number(device.bind_pasid(bond.pasid())?)?,
        None => 0,
    };
    Ok((bond, number))
}

/// What `CMD_BIND_PASID` answered, if it can be a queue's number: some kernels answer anything.
fn queue_number(answer: c_int) -> Result<u16> {
    const QUEUES: u16 = 4096; // of the hardware that has this interface
    let number = u16::try_from(answer).ok().filter(|n| *n < QUEUES);
    number.ok_or_else(|| {
        log_error!("the kernel says that the queue's number is {answer}");
        Error::Io
    })
}

/// What the container and the device's attributes say, and what it means.
struct Terms {
    dma_flag: i32,
    kind: Kind,
    iommu_type: i32,
    iommu_argument: usize,
}

/// Whether the container can do what the device needs.
fn agree(vfio: &dyn Vfio, container: &dyn calls::Container, paths: &Paths) -> Result<Terms> {
    let version = container.version();
    if version != Ok(API_VERSION) {
        log_error!("the container speaks no known version of VFIO: {version:?}");
        return Err(Error::Invalid);
    }
    let dma_flag = attribute(vfio, &paths.dma_flag)?;
    let kind = kind(dma_flag)?;
    let iommu_type = attribute(vfio, &paths.iommu_type)?;
    let iommu_argument = iommu_argument(iommu_type)?;
    let known = container.has_type(iommu_argument);
    if known != Ok(true) {
        log_error!("VFIO has no IOMMU of type {iommu_type} here: {known:?}");
        return Err(Error::Unsupported);
    }
    Ok(Terms {
        dma_flag,
        kind,
        iommu_type,
        iommu_argument,
    })
}

/// The number in an attribute.
fn attribute(vfio: &dyn Vfio, path: &Path) -> Result<i32> {
    let text = vfio.attribute(path).unwrap_or_default();
    text.parse().map_err(|_| {
        log_error!("{}: no number: {text:?}", path.display());
        Error::Invalid
    })
}

/// How a device reaches memory, without the container that maps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sva,
    SvaPinned,
    Mapped,
}

/// What `dma_flag` means; of several ways the one that asks least of the program.
fn kind(dma_flag: i32) -> Result<Kind> {
    let has = |bits| dma_flag & bits != 0;
    if dma_flag < 0 {
        Err(Error::Invalid)
    } else if has(dma::PHYSICAL) {
        log_error!("dma_flag {dma_flag}: the device takes physical addresses, which is refused");
        Err(Error::Permission)
    } else if has(dma::SVM) {
        Ok(Kind::Sva)
    } else if has(dma::SVM_NO_FAULT) {
        Ok(Kind::SvaPinned)
    } else if has(dma::SINGLE_PROCESS | dma::MULTI_PROCESS) {
        Ok(Kind::Mapped)
    } else {
        log_error!("dma_flag {dma_flag} names no known way to reach memory");
        Err(Error::Invalid)
    }
}

/// The IOMMU type as VFIO takes it.
fn iommu_argument(iommu_type: i32) -> Result<usize> {
    if iommu_type == NOIOMMU {
        log_error!("iommu_type {NOIOMMU}: there is no IOMMU, which is refused");
        return Err(Error::Permission);
    }
    let positive = usize::try_from(iommu_type).ok().filter(|t| *t > 0);
    positive.ok_or(Error::Invalid)
}

/// Whether all devices of the group are in safe hands.
fn viable(group: &dyn calls::Group) -> Result<()> {
    if group.is_viable()? {
        return Ok(());
    }
    log_error!("the group is not viable: another driver holds a device of it");
    Err(Error::Permission)
}

#[derive(Default)]
struct Regions {
    mmio: Option<SharedMemory>,
    dus: Option<SharedMemory>,
}

/// An open device in its group and container. Field order is drop order: unmapped, then closed.
struct Queue {
    regions: Mutex<Regions>,
    /// With it the device reaches the process's addresses.
    #[expect(dead_code, reason = "held for its Drop")]
    bond: Option<Bond>,
    device: Box<dyn calls::Device>,
    attached: Attachment,
    kind: Kind,
    number: u16,
    /// The device's driver cannot wait.
    polls: AtomicBool,
    /// The fork generation of the process that opened it. A child must not touch the parent's queue.
    born: u64,
}

impl Queue {
    fn here(&self) -> Result<()> {
        let inherited = self.born != fork::generation();
        if inherited {
            Err(Error::Shutdown)
        } else {
            Ok(())
        }
    }
}

impl Channel for Queue {
    fn configure(&self, setup: QueueSetup) -> Result<QueueId> {
        self.here()?;
        if setup.kind != 0 {
            log_error!("queues behind VFIO can only compress: their kernel driver makes no others");
            return Err(Error::Unsupported);
        }
        Ok(QueueId {
            number: self.number,
            sqe_size: SQE_SIZE,
            sq_depth: DEFAULT_DEPTH,
            cq_depth: DEFAULT_DEPTH,
        })
    }

    fn region(&self, region: Region) -> Result<SharedMemory> {
        self.here()?;
        let mut regions = self.regions.lock();
        let (slot, page, len) = match region {
            Region::Mmio => (&mut regions.mmio, MMIO_PAGE, pages::size()),
            Region::Dus => (&mut regions.dus, DUS_PAGE, DUS_SIZE),
            Region::Ss(_) => return Err(Error::Unsupported),
        };
        if let Some(mapped) = slot {
            return Ok(mapped.clone());
        }
        let mapped = self.device.map(page, len)?;
        *slot = Some(mapped.clone());
        Ok(mapped)
    }

    fn doorbell(&self, offset: usize) -> Result<Doorbell> {
        self.here()?;
        Ok(match self.device.bell(offset)? {
            Some(bell) => bell,
            None => Doorbell::mapped(self.region(Region::Mmio)?.register(offset)?),
        })
    }

    /// The queue runs since its device was opened. But the kernel ignores it if that failed, and
    /// what is mapped then is not the memory of a fresh queue.
    fn start(&self) -> Result<()> {
        let memory = self.region(Region::Dus)?;
        for offset in (0..memory.len()).step_by(4) {
            if memory.word(offset)?.load(Ordering::Relaxed) != 0 {
                log_error!("the queue's memory is not zero: the kernel did not start the queue");
                return Err(Error::NoDevice);
            }
        }
        Ok(())
    }

    /// There is no such call; the queue stops when its device is closed.
    fn stop(&self) {}

    /// The transport's own wait counts in ticks of unknown length and cannot be ended, so it is told
    /// of few, and only if the longest tick there is fits. The only kernel driver there is cannot
    /// wait; then, and for shorter times, this sleeps for 1 ms at most and says that the caller
    /// should look, or that the time is over.
    fn wait(&self, limit: Duration) -> Result<Wake> {
        const SLICE: Duration = Duration::from_millis(1);
        const MOST_TICKS: u128 = 5;
        self.here()?;
        let begin = clock::now();
        let ticks = (limit.as_nanos() / TICK.as_nanos()).min(MOST_TICKS) as usize;
        // Relaxed: whoever does not see it yet asks once more.
        if ticks > 0 && !self.polls.load(Ordering::Relaxed) {
            match self.device.wait(ticks) {
                Ok(left) if left > 0 || clock::now() - begin < limit => return Ok(Wake::Event),
                Ok(_) => return Ok(Wake::TimedOut),
                Err(error) => {
                    log_info!("the device's driver cannot wait: {error}");
                    self.polls.store(true, Ordering::Relaxed);
                }
            }
        }
        clock::sleep(limit.min(SLICE));
        Ok(if limit > SLICE {
            Wake::Event
        } else {
            Wake::TimedOut
        })
    }

    /// The device's descriptor. Without a poll of its own it is always readable, so a program that
    /// sleeps on it looks at the queue again and again.
    fn event(&self) -> BorrowedFd<'_> {
        self.device.as_fd()
    }

    fn memory(&self) -> Memory {
        match self.kind {
            Kind::Sva => Memory::Sva,
            Kind::SvaPinned => Memory::SvaPinned,
            Kind::Mapped => {
                let container = Arc::clone(self.attached.container());
                Memory::Mapped(container as Arc<dyn Mapper>)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dma_flags_choose_the_way_to_memory_and_unknown_ones_are_invalid() {
        for (flag, expected) in [
            (1, Ok(Kind::Mapped)),
            (2, Ok(Kind::Mapped)),
            (4, Ok(Kind::Sva)),
            (8, Ok(Kind::SvaPinned)),
            (1 | 4, Ok(Kind::Sva)),
            (1 | 32, Ok(Kind::Mapped)),
            (16, Err(Error::Permission)),
            (4 | 16, Err(Error::Permission)),
            (0, Err(Error::Invalid)),
            (32, Err(Error::Invalid)),
            (-1, Err(Error::Invalid)),
        ] {
            assert_eq!(kind(flag), expected, "dma_flag {flag}");
        }
    }

    #[test]
    fn a_device_without_an_iommu_is_refused() {
        assert_eq!(iommu_argument(NOIOMMU), Err(Error::Permission));
        assert_eq!(iommu_argument(0), Err(Error::Invalid));
        assert_eq!(iommu_argument(-1), Err(Error::Invalid));
        assert_eq!(iommu_argument(1), Ok(1));
    }

    #[test]
    fn the_queue_memory_is_that_of_the_seed() {
        assert_eq!(DUS_SIZE, 147_456);
    }

    #[test]
    fn a_queue_number_that_the_hardware_does_not_have_is_not_believed() {
        assert_eq!(queue_number(0), Ok(0));
        assert_eq!(queue_number(4095), Ok(4095));
        assert_eq!(queue_number(4096), Err(Error::Io));
        assert_eq!(queue_number(-1), Err(Error::Io));
    }
}
