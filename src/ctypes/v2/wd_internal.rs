//! `wd_internal.h`: what contexts look like to drivers.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use super::uacce::REGIONS;
use super::wd::{MAX_DEV_NAME_LEN, uacce_dev};
use super::{__u8, __u16, __u32, CBool, handle_t};
use core::ffi::{c_char, c_int, c_ulong, c_void};
use core::mem::offset_of;

/// Devices that `SCHED_POLICY_DEV` tells apart.
pub const DEVICE_REGION_MAX: usize = 16;
/// The base of numbers in texts.
pub const DECIMAL_NUMBER: c_int = 10;
/// The greatest descriptor.
pub const MAX_FD_NUM: c_int = 65535;

/// `pthread_spinlock_t`.
pub type pthread_spinlock_t = c_int;

/// A context of a device.
#[repr(C)]
pub struct wd_ctx_h {
    /// The queue's descriptor.
    pub fd: c_int,
    /// The device's file.
    pub dev_path: [c_char; MAX_DEV_NAME_LEN],
    /// The device's name, for example `hisi_zip-0`.
    pub dev_name: *mut c_char,
    /// The driver's name, for example `hisi_zip`.
    pub drv_name: *mut c_char,
    /// The sizes in bytes of the regions.
    pub qfrs_offs: [c_ulong; REGIONS],
    /// Where the regions are mapped, or NULL.
    pub qfrs_base: [*mut c_void; REGIONS],
    /// The device.
    pub dev: *mut uacce_dev,
    /// The driver's own.
    pub priv_: *mut c_void,
}

/// A context without a device, of a software driver.
#[repr(C)]
#[derive(Debug)]
pub struct wd_soft_ctx {
    /// -1.
    pub fd: c_int,
    /// The driver's own.
    pub priv_: *mut c_void,
}

/// A context without a device, of a driver that uses the processor's instructions.
#[repr(C)]
#[derive(Debug)]
pub struct wd_ce_ctx {
    /// -1.
    pub fd: c_int,
    /// The driver's name.
    pub drv_name: *mut c_char,
    /// The driver's own.
    pub priv_: *mut c_void,
}

/// A context of an initialised algorithm.
#[repr(C)]
#[derive(Debug)]
pub struct wd_ctx_internal {
    /// The context.
    pub ctx: handle_t,
    /// The kind of operation.
    pub op_type: __u8,
    /// One of `enum wd_ctx_mode`.
    pub ctx_mode: __u8,
    /// The hardware queue's number; the driver writes it.
    pub sqn: __u16,
    /// Not used by this library, initialised for drivers.
    pub lock: pthread_spinlock_t,
}

/// What a driver's `init` is given.
#[repr(C)]
#[derive(Debug)]
pub struct wd_ctx_config_internal {
    /// Contexts.
    pub ctx_num: __u32,
    /// Not used by this library.
    pub shmid: c_int,
    /// The contexts.
    pub ctxs: *mut wd_ctx_internal,
    /// The caller's own.
    pub priv_: *mut c_void,
    /// Whether synchronous requests sleep instead of spinning.
    pub epoll_en: CBool,
    /// Not used by this library.
    pub msg_cnt: *mut c_ulong,
    /// The algorithms, separated by blanks.
    pub alg_name: *mut c_char,
}

/// A piece of a buffer, and the rest of it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_datalist {
    /// The bytes.
    pub data: *mut c_void,
    /// How many.
    pub len: __u32,
    /// The next piece, or NULL.
    pub next: *mut wd_datalist,
}

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<wd_ctx_h>() == 344 && offset_of!(wd_ctx_h, dev_name) == 264);
    assert!(offset_of!(wd_ctx_h, qfrs_offs) == 280 && offset_of!(wd_ctx_h, dev) == 328);
    assert!(size_of::<wd_soft_ctx>() == 16 && size_of::<wd_ce_ctx>() == 24);
    assert!(size_of::<wd_ctx_internal>() == 16 && offset_of!(wd_ctx_internal, lock) == 12);
    assert!(size_of::<wd_ctx_config_internal>() == 48);
    assert!(offset_of!(wd_ctx_config_internal, alg_name) == 40);
    assert!(size_of::<wd_datalist>() == 24);
};
