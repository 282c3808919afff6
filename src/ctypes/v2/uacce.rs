//! `uacce.h`: the kernel's interface, as UADK installs it.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use core::ffi::{c_int, c_uint};

/// The device works on the process's own addresses.
pub const UACCE_DEV_SVA: c_int = 1;
/// Bytes of a unit of static memory's length.
pub const UACCE_GRAN_SIZE: c_int = 0x10000;
/// [`UACCE_GRAN_SIZE`] as a power of two.
pub const UACCE_GRAN_SHIFT: c_int = 16;
/// The bits of `UACCE_CMD_GET_SS_DMA`'s answer that hold the length.
pub const UACCE_GRAN_NUM_MASK: c_int = 0xfff;

/// The regions of a queue.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum uacce_qfrt {
    /// Doorbells and other device registers.
    UACCE_QFRT_MMIO = 0,
    /// The submission and completion queues.
    UACCE_QFRT_DUS = 1,
    /// Static shared memory, for devices without SVA.
    UACCE_QFRT_SS = 2,
    /// How many there are.
    UACCE_QFRT_MAX = 3,
}

impl TryFrom<c_uint> for uacce_qfrt {
    type Error = ();

    fn try_from(number: c_uint) -> Result<Self, ()> {
        match number {
            0 => Ok(uacce_qfrt::UACCE_QFRT_MMIO),
            1 => Ok(uacce_qfrt::UACCE_QFRT_DUS),
            2 => Ok(uacce_qfrt::UACCE_QFRT_SS),
            _ => Err(()),
        }
    }
}

/// Regions a queue has.
pub const REGIONS: usize = uacce_qfrt::UACCE_QFRT_MAX as usize;
