//! `wd_alg.h`: drivers, and the list of what they can do.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use super::{__u8, CBool, handle_t};
use core::ffi::{c_char, c_int, c_uint, c_void};
use core::mem::offset_of;

/// Length of an algorithm's name.
pub const ALG_NAME_SIZE: usize = 128;
/// Length of a driver's name.
pub const DEV_NAME_LEN: usize = 128;

/// What a driver computes with.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum alg_dev_type {
    /// Plain software.
    UADK_ALG_SOFT = 0,
    /// The processor's cryptographic instructions.
    UADK_ALG_CE_INSTR = 1,
    /// The processor's vector instructions.
    UADK_ALG_SVE_INSTR = 2,
    /// A device.
    UADK_ALG_HW = 3,
}

impl TryFrom<c_uint> for alg_dev_type {
    type Error = ();

    fn try_from(number: c_uint) -> Result<Self, ()> {
        match number {
            0 => Ok(alg_dev_type::UADK_ALG_SOFT),
            1 => Ok(alg_dev_type::UADK_ALG_CE_INSTR),
            2 => Ok(alg_dev_type::UADK_ALG_SVE_INSTR),
            3 => Ok(alg_dev_type::UADK_ALG_HW),
            _ => Err(()),
        }
    }
}

/// Prepares a driver for the contexts of a `struct wd_ctx_config_internal`. Negative: an error.
pub type drv_init =
    Option<unsafe extern "C" fn(drv: *mut wd_alg_driver, conf: *mut c_void) -> c_int>;
/// Undoes `drv_init`.
pub type drv_exit = Option<unsafe extern "C" fn(drv: *mut wd_alg_driver)>;
/// Sends or receives one message. Negative: an error; `-WD_EBUSY` and `-WD_EAGAIN` are no failures.
pub type drv_move = Option<
    unsafe extern "C" fn(drv: *mut wd_alg_driver, ctx: handle_t, drv_msg: *mut c_void) -> c_int,
>;
/// Asks for something.
pub type drv_ask = Option<unsafe extern "C" fn(param: *mut c_void) -> c_int>;

/// A driver of one algorithm.
#[repr(C)]
#[derive(Debug)]
pub struct wd_alg_driver {
    /// The driver's name. For devices: what names of their devices begin with.
    pub drv_name: *const c_char,
    /// The algorithm's name.
    pub alg_name: *const c_char,
    /// The greatest is used.
    pub priority: c_int,
    /// One of `enum alg_dev_type`.
    pub calc_type: c_int,
    /// Contexts of each kind that the algorithm needs.
    pub queue_num: c_int,
    /// Kinds of operation that need contexts of their own.
    pub op_type_num: c_int,
    /// The driver's own.
    pub priv_: *mut c_void,
    /// The driver that helps out, a `struct wd_alg_driver *`, or 0.
    pub fallback: handle_t,
    /// Prepares the driver.
    pub init: drv_init,
    /// Undoes `init`.
    pub exit: drv_exit,
    /// Sends a message.
    pub send: drv_move,
    /// Receives a message.
    pub recv: drv_move,
    /// How busy a device is; the parameter is a `struct hisi_dev_usage *`.
    pub get_usage: drv_ask,
    /// Fills in functions of the algorithm's class.
    pub get_extend_ops: drv_ask,
}

/// What `get_usage` is asked.
#[repr(C)]
#[derive(Debug)]
pub struct hisi_dev_usage {
    /// The driver.
    pub drv: *mut wd_alg_driver,
    /// The device's name.
    pub dev_name: *const c_char,
    /// The kind of operation.
    pub alg_op_type: __u8,
}

/// A driver in the list of all.
#[repr(C)]
pub struct wd_alg_list {
    /// The algorithm's name.
    pub alg_name: [c_char; ALG_NAME_SIZE],
    /// The driver's name.
    pub drv_name: [c_char; DEV_NAME_LEN],
    /// Whether it can be used.
    pub available: CBool,
    /// The greatest is used.
    pub priority: c_int,
    /// One of `enum alg_dev_type`.
    pub calc_type: c_int,
    /// How many use it.
    pub refcnt: c_int,
    /// The driver.
    pub drv: *mut wd_alg_driver,
    /// The rest of the list.
    pub next: *mut wd_alg_list,
    /// The class of the algorithm, as devices name it.
    pub alg_type: [c_char; ALG_NAME_SIZE],
}

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<wd_alg_driver>() == 96 && offset_of!(wd_alg_driver, init) == 48);
    assert!(offset_of!(wd_alg_driver, get_extend_ops) == 88);
    assert!(size_of::<hisi_dev_usage>() == 24);
    assert!(size_of::<wd_alg_list>() == 416 && offset_of!(wd_alg_list, drv) == 272);
    assert!(offset_of!(wd_alg_list, alg_type) == 288);
};
