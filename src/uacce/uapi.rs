//! The numbers of the kernel's uacce interface, one table for each generation.
//!
//! Version 6 of the patch series and the mainline kernel use the same ioctl
//! numbers for different things: mainline's START is version 6's SHARE_SVAS, and
//! mainline's PUT_Q is version 6's START. Which table is right is read from sysfs
//! before the first ioctl and never guessed.

use crate::sys::ioctl::{Request, io, ior, iowr};

/// One generation of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uapi {
    /// Its name, for logs.
    pub name: &'static str,
    /// `UACCE_CMD_START`.
    pub start: Request,
    /// `UACCE_CMD_PUT_Q`.
    pub put_queue: Request,
    /// `UACCE_CMD_SHARE_SVAS`; not in mainline.
    pub share_address_space: Option<Request>,
    /// The page of `mmap` where the MMIO region lies.
    pub mmio_page: u64,
    /// The page where the queue memory lies.
    pub dus_page: u64,
    /// The page where static shared memory lies.
    pub ss_page: u64,
}

/// Mainline since 5.7: `include/uapi/misc/uacce/uacce.h`.
pub const MAINLINE: Uapi = Uapi {
    name: "mainline",
    start: io(b'W', 0),
    put_queue: io(b'W', 1),
    share_address_space: None,
    mmio_page: 0,
    dus_page: 1,
    ss_page: 2,
};

/// Version 6 of the patch series (October 2019), as some vendor kernels carry it.
pub const V6: Uapi = Uapi {
    name: "v6",
    start: io(b'W', 1),
    put_queue: io(b'W', 2),
    share_address_space: Some(io(b'W', 0)),
    mmio_page: 0,
    dus_page: 2,
    ss_page: 3,
};

/// `UACCE_CMD_QM_SET_QP_CTX` of `misc/uacce/hisi_qm.h`: `{u16 id, u16 qc_type}`, in type, out id.
pub const SET_QP_CTX: Request = iowr(b'H', 10, 4);
/// `UACCE_CMD_QM_SET_QP_INFO`: `{u32 sqe_size, u16 sq_depth, u16 cq_depth, u64 reserved}`, all out.
pub const SET_QP_INFO: Request = iowr(b'H', 11, 16);
/// `UACCE_CMD_GET_SS_DMA`, a vendor extension: in slice number, out address and length.
pub const GET_SS_DMA: Request = ior(b'W', 3, 8);

/// The most slices that a static region is taken to have: more are a driver that never ends.
pub const MOST_SLICES: usize = 1 << 16;
/// `UACCE_GRAN_SHIFT`: the length of a slice counts in units of 64 KiB.
const GRANULE_SHIFT: u32 = 16;
/// `UACCE_GRAN_NUM_MASK`: the bits of the answer that are the length.
const GRANULES: u64 = 0xfff;

bitflags::bitflags! {
    /// The bits of a device's `flags` attribute. Other bits are kept as they are.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct DeviceFlags: u32 {
        /// `UACCE_DEV_SVA`: the device works on the process's own addresses.
        const SVA = 1 << 0;
        /// The device runs without an IOMMU (vendor kernels).
        const NOIOMMU = 1 << 1;
        /// The device knows processes apart (vendor kernels).
        const PASID = 1 << 2;
        /// The device is behind an IOMMU (vendor kernels).
        const IOMMU = 1 << 7;
        const _ = !0;
    }
}

/// The queue depth of kernels that do not answer [`SET_QP_INFO`].
pub const DEFAULT_DEPTH: u16 = 1024;

/// A piece of static memory that is in one piece for the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Where it begins on the bus.
    pub bus: u64,
    /// Its length in bytes; 0 for all the rest of the region.
    pub len: usize,
}

/// What an answer of [`GET_SS_DMA`] means. Behind an IOMMU it has no length.
#[must_use]
pub const fn slice(answer: u64, flags: DeviceFlags) -> Slice {
    let len = if flags.contains(DeviceFlags::IOMMU) {
        0
    } else {
        ((answer & GRANULES) as usize) << GRANULE_SHIFT
    };
    Slice {
        bus: answer & !GRANULES,
        len,
    }
}

/// The answer of [`GET_SS_DMA`] for a slice without an IOMMU.
#[must_use]
pub const fn slice_answer(slice: Slice) -> u64 {
    slice.bus | (slice.len >> GRANULE_SHIFT) as u64 & GRANULES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_has_its_length_in_the_low_bits_of_its_address() {
        let told = slice(0x1234_5000 | 3, DeviceFlags::NOIOMMU);
        let expected = Slice {
            bus: 0x1234_5000,
            len: 3 << 16,
        };
        assert_eq!(told, expected);
        assert_eq!(slice_answer(expected), 0x1234_5003);
        let told = slice(0x1234_5000 | 3, DeviceFlags::IOMMU);
        assert_eq!(told, Slice { len: 0, ..expected });
    }
}
