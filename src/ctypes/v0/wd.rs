//! `warpdrive/wd.h`: the queue, and what goes with it.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use super::{__u32, __u64};
use core::ffi::{c_char, c_int, c_void};
use core::mem::offset_of;

/// Length of a short text in sysfs.
pub const SYS_VAL_SIZE: c_int = 16;
/// Length of `wd_queue.hw_type`.
pub const PATH_STR_SIZE: usize = 256;
/// Length of an algorithm's name.
pub const WD_NAME_SIZE: usize = 64;
/// Entries of a memory list.
pub const WD_MAX_MEMLIST_SZ: c_int = 128;
/// Length of an algorithm's private data.
pub const WD_CAPA_PRIV_DATA_SIZE: c_int = 64;
/// Prefer a device on the caller's NUMA node.
pub const WD_FLAGS_FW_PREFER_LOCAL_ZONE: c_int = 1;
/// The framework's half of the flags; the high 16 bits are the algorithm's.
pub const WD_FLAGS_FW_MASK: c_int = 0xFFFF;

/// `wd_mem_share`: the device may read.
pub const WD_SHARE_READ: c_int = 1;
/// `wd_mem_share`: the device may write. Without either flag it may do both.
pub const WD_SHARE_WRITE: c_int = 2;
/// `wd_mem_share`: the whole address space, with SVA only; address and size are 0.
pub const WD_SHARE_ALL: c_int = 0x10000;

/// `wd_queue.dma_flag`: the transport said nothing.
pub const VFIO_SDMDEV_DMA_INVALID: c_int = 0;
/// `wd_queue.dma_flag`: one process a device, pages are mapped.
pub const VFIO_SDMDEV_DMA_SINGLE_PROC_MAP: c_int = 1;
/// `wd_queue.dma_flag`: many processes, pages are mapped for each.
pub const VFIO_SDMDEV_DMA_MULTI_PROC_MAP: c_int = 2;
/// `wd_queue.dma_flag`: shared virtual addresses with device page faults.
pub const VFIO_SDMDEV_DMA_SVM: c_int = 4;
/// `wd_queue.dma_flag`: shared virtual addresses, pages must be pinned.
pub const VFIO_SDMDEV_DMA_SVM_NO_FAULT: c_int = 8;
/// `wd_queue.dma_flag`: physical addresses; refused.
pub const VFIO_SDMDEV_DMA_PHY: c_int = 16;

/// What an address in a message is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wd_addr_flags {
    /// Nothing.
    WD_AATTR_INVALID = 0,
    /// A virtual address of the process.
    _WD_AATTR_COM_VIRT = 1,
    /// A physical address.
    _WD_AATTR_PHYS = 2,
    /// An I/O virtual address.
    _WD_AATTR_IOVA = 4,
    /// A scatter-gather list.
    WD_AATTR_SGL = 8,
}

/// Which way a queue's requests take.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wd_path {
    /// The queue is not open.
    WD_PATH_NONE = 0,
    /// A device of the kernel's uacce class.
    WD_PATH_UACCE = 1,
    /// A mediated device behind VFIO.
    WD_PATH_VFIO = 2,
    /// A simulated device in this process; no hardware is involved.
    WD_PATH_SIMULATED = 3,
}

/// A queue, allocated by the caller. Set it to zero, set the fields marked *in*, call
/// `wd_request_queue`. It must not be copied or moved while the queue is open.
#[repr(C)]
pub struct wd_queue {
    /// In: with `vfio_group_path` the mdev's UUID; else the device's name, or NULL for the best.
    pub mdev_name: *const c_char,
    /// Out: the device's queue interface. In: what `wd_set_queue_attr` wrote.
    pub hw_type: [c_char; PATH_STR_SIZE],
    /// Out: the interface's number in the library's table.
    pub hw_type_id: c_int,
    /// Out: how memory is shared, one of `VFIO_SDMDEV_DMA_*`.
    pub dma_flag: c_int,
    /// Out: the library's handle; not a pointer.
    pub priv_: *mut c_void,
    /// In: a VFIO container to use, 0 or less for none. Out: the container, -1 without VFIO.
    pub container: c_int,
    /// Out: the VFIO group, -1 without VFIO.
    pub group: c_int,
    /// Out: the queue's descriptor.
    pub mdev: c_int,
    /// Out: the process's number at the device, where the transport tells it, else 0.
    pub pasid: c_int,
    /// Out: the VFIO IOMMU type, 0 without VFIO.
    pub iommu_type: c_int,
    /// In: `/dev/vfio/<group>`; NULL for a uacce device.
    pub vfio_group_path: *mut c_char,
    /// In, VFIO: the sysfs file `iommu_type`.
    pub iommu_ext_path: *mut c_char,
    /// In, VFIO: the sysfs file `dma_flag`.
    pub dmaflag_ext_path: *mut c_char,
    /// In, VFIO: the sysfs file `device_api`.
    pub device_api_path: *mut c_char,
}

/// What `wd_get_queue_info` tells.
#[repr(C)]
pub struct wd_queue_info {
    /// In: `sizeof(struct wd_queue_info)`. Out: the bytes filled.
    pub size: __u32,
    /// One of `enum wd_path`.
    pub path: __u32,
    /// The device's name.
    pub device: [c_char; WD_NAME_SIZE],
    /// Its queue interface.
    pub api: [c_char; WD_NAME_SIZE],
    /// Its NUMA node.
    pub numa_node: __u32,
    /// The hardware queue's number.
    pub number: __u32,
    /// Requests that can be outstanding.
    pub capacity: __u32,
    /// Requests that are outstanding.
    pub in_flight: __u32,
    /// Requests sent so far.
    pub sent: __u64,
    /// Answers received so far, good or bad.
    pub received: __u64,
    /// Answers with an error of the device.
    pub failed: __u64,
}

/// A function that receives messages: level as in `syslog(3)`, and the text.
pub type wd_log_hook = Option<unsafe extern "C" fn(level: c_int, text: *const c_char)>;

// The layout is ABI: offsets as measured on the seed's header, LP64.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<wd_queue>() == 336 && align_of::<wd_queue>() == 8);
    assert!(offset_of!(wd_queue, hw_type) == 8);
    assert!(offset_of!(wd_queue, hw_type_id) == 264);
    assert!(offset_of!(wd_queue, dma_flag) == 268);
    assert!(offset_of!(wd_queue, priv_) == 272);
    assert!(offset_of!(wd_queue, container) == 280);
    assert!(offset_of!(wd_queue, group) == 284);
    assert!(offset_of!(wd_queue, mdev) == 288);
    assert!(offset_of!(wd_queue, pasid) == 292);
    assert!(offset_of!(wd_queue, iommu_type) == 296);
    assert!(offset_of!(wd_queue, vfio_group_path) == 304);
    assert!(offset_of!(wd_queue, iommu_ext_path) == 312);
    assert!(offset_of!(wd_queue, dmaflag_ext_path) == 320);
    assert!(offset_of!(wd_queue, device_api_path) == 328);
    assert!(size_of::<wd_queue_info>() == 176);
};
