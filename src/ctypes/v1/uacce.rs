//! `uadk/v1/uacce.h`: the kernel's interface, as UADK v1 names it.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use core::ffi::c_int;

/// The device works on the process's own addresses.
pub const WD_UACCE_DEV_SVA: c_int = 1;
/// The device reaches all of the machine's memory: there is no IOMMU.
pub const WD_UACCE_DEV_NOIOMMU: c_int = 2;
/// Not used.
pub const WD_UACCE_DEV_PASID: c_int = 4;
/// The device reaches what was mapped for it.
pub const WD_UACCE_DEV_IOMMU: c_int = 128;
/// Not used.
pub const WD_UACCE_MODE_NOWD_UACCE: c_int = 0;
/// Not used.
pub const WD_UACCE_MODE_NOIOMMU: c_int = 2;
/// Bytes of a unit of static memory's length.
pub const WD_UACCE_GRAN_SIZE: c_int = 0x10000;
/// `WD_UACCE_GRAN_SIZE` as a power of two.
pub const WD_UACCE_GRAN_SHIFT: c_int = 16;
/// The bits of `WD_UACCE_CMD_GET_SS_DMA`'s answer that hold the length.
pub const WD_UACCE_GRAN_NUM_MASK: c_int = 0xfff;

/// The regions of a queue.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum uacce_qfrt {
    /// Doorbells and other device registers.
    WD_UACCE_QFRT_MMIO = 0,
    /// The submission and completion queues.
    WD_UACCE_QFRT_DUS = 1,
    /// Static shared memory, for devices without SVA.
    WD_UACCE_QFRT_SS = 2,
    /// How many there are.
    WD_UACCE_QFRT_MAX = 3,
}
