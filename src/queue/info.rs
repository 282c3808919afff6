//! What a queue tells of itself, so that a program can say which path served it.

use super::QueueRef;
use crate::error::Result;
use core::fmt;
use std::os::fd::RawFd;

/// Which way a queue's requests take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// A device of the kernel's uacce class.
    Uacce,
    /// A mediated device behind VFIO.
    Vfio,
    /// A simulated device in this process.
    Simulated,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Path::Uacce => "uacce",
            Path::Vfio => "vfio",
            Path::Simulated => "simulated",
        })
    }
}

/// The extra facts of a queue behind VFIO.
#[derive(Clone, Copy, Debug)]
pub struct Vfio {
    /// The container's descriptor.
    pub container: RawFd,
    /// The container is the library's: this queue opened it, or another one did, and it closes with
    /// the last of them.
    pub owned: bool,
    /// The group's descriptor.
    pub group: RawFd,
    /// The IOMMU type.
    pub iommu_type: i32,
    /// The process's address space as the device knows it; 0 if none is bound.
    pub pasid: u32,
}

/// What is known of an open queue.
#[derive(Clone, Debug)]
pub struct Info {
    /// Which way its requests take.
    pub path: Path,
    /// The device's name.
    pub device: String,
    /// The device's queue interface: `hisi_qm_v2`.
    pub api: String,
    /// The device's NUMA node.
    pub numa_node: u32,
    /// The hardware queue's number.
    pub number: u16,
    /// Requests that can be outstanding.
    pub capacity: u32,
    /// Requests that are outstanding.
    pub in_flight: u32,
    /// Requests sent so far.
    pub sent: u64,
    /// Answers received so far, good or bad.
    pub received: u64,
    /// Answers with an error of the device.
    pub failed: u64,
    /// How memory is shared, in the numbers of the seed API (`VFIO_SDMDEV_DMA_*`).
    pub dma_flag: i32,
    /// The descriptors and IOMMU type of a queue behind VFIO.
    pub vfio: Option<Vfio>,
}

/// See [`QueueRef::info`].
pub(super) fn of(queue: QueueRef) -> Result<Info> {
    let control = queue.control()?;
    let (sent, received, failed) = queue.cell()?.counts();
    let facts = control.facts.clone();
    Ok(Info {
        path: facts.path,
        device: facts.device,
        api: facts.api,
        numa_node: facts.numa_node,
        number: facts.number,
        capacity: facts.capacity,
        in_flight: u32::try_from(sent.saturating_sub(received)).unwrap_or(u32::MAX),
        sent,
        received,
        failed,
        dma_flag: facts.dma_flag,
        vfio: facts.vfio,
    })
}
