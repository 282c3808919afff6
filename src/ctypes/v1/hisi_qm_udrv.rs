//! `drv/hisi_qm_udrv.h`, which is not installed: what `hisi_qm_inject_op_register` takes.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use core::ffi::{c_char, c_int, c_uint, c_void};
use core::mem::offset_of;

/// Adds to the descriptor `hw_msg`, of the class `atype` (a `wcrypto_type`), what the request's `priv`
/// says. Answers 0, or a negative error number.
pub type hisi_qm_sqe_fill_priv =
    Option<unsafe extern "C" fn(hw_msg: *mut c_void, atype: c_uint, opdata: *mut c_void) -> c_int>;
/// As [`hisi_qm_sqe_fill_priv`], for a descriptor that came back.
pub type hisi_qm_sqe_parse_priv =
    Option<unsafe extern "C" fn(hw_msg: *mut c_void, atype: c_uint, opdata: *mut c_void) -> c_int>;

/// A program's own part in the making of descriptors.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hisi_qm_inject_op {
    /// The queue interface it is for, for example `hisi_qm_v2`.
    pub hw_type: *const c_char,
    /// Is called with each descriptor before it is sent.
    pub sqe_fill_priv: hisi_qm_sqe_fill_priv,
    /// Is called with each descriptor that came back.
    pub sqe_parse_priv: hisi_qm_sqe_parse_priv,
}

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<hisi_qm_inject_op>() == 24);
    assert!(offset_of!(hisi_qm_inject_op, sqe_parse_priv) == 16);
};
