//! `uadk/v1/wd_dh.h`: Diffie-Hellman.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use super::wd::{wcrypto_cb, wd_mm_br};
use super::{__u8, __u16, __u32, __u64, CBool, Enum};
use core::ffi::c_void;
use core::mem::offset_of;

/// Operations.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_dh_op_type {
    /// None.
    WCRYPTO_DH_INVALID = 0,
    /// The public value: g to the power of x, modulo p.
    WCRYPTO_DH_PHASE1 = 1,
    /// The shared secret: the other's public value to the power of x, modulo p.
    WCRYPTO_DH_PHASE2 = 2,
}

/// What a context is to be.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_dh_ctx_setup {
    /// Is told the results of asynchronous requests; may be NULL without them.
    pub cb: wcrypto_cb,
    /// How the buffers lie in memory, one of `enum wd_buff_type`.
    pub data_fmt: __u16,
    /// Bits of p: 768, 1024, 1536, 2048, 3072 or 4096.
    pub key_bits: __u16,
    /// Whether g is 2.
    pub is_g2: CBool,
    /// The memory that the buffers are in.
    pub br: wd_mm_br,
}

/// A request. Numbers are big-endian.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_dh_op_data {
    /// x, and p behind it at the distance of the key's length.
    pub x_p: *mut c_void,
    /// Phase 2: the other's public value.
    pub pv: *mut c_void,
    /// Room for the output.
    pub pri: *mut c_void,
    /// Bytes of room. Out: bytes of output.
    pub pri_bytes: __u16,
    /// Bytes of p.
    pub pbytes: __u16,
    /// Bytes of x.
    pub xbytes: __u16,
    /// Bytes of the other's public value.
    pub pvbytes: __u16,
    /// The operation.
    pub op_type: Enum<wcrypto_dh_op_type>,
    /// Out: 0, or an error number of `wd.h`.
    pub status: __u32,
}

/// A request between the library and a driver, and what a callback is given.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_dh_msg {
    /// The class, `WCRYPTO_DH`; one of `enum wcrypto_dh_op_type`; one of `enum wd_buff_type`; and
    /// whether g is 2.
    pub alg_type_3_op_type_2_data_fmt_1_is_g2_2: __u8,
    /// Out: 0, or an error number of `wd.h`.
    pub result: __u8,
    /// Bytes of the key.
    pub key_bytes: __u16,
    /// x and p.
    pub x_p: *mut __u8,
    /// g, or in phase 2 the other's public value.
    pub g: *mut __u8,
    /// Room for the output.
    pub out: *mut __u8,
    /// Bytes of x.
    pub xbytes: __u16,
    /// Bytes of p.
    pub pbytes: __u16,
    /// Bytes of g.
    pub gbytes: __u16,
    /// Bytes of output.
    pub out_bytes: __u16,
    /// Where the library has the request's `struct wcrypto_cb_tag`.
    pub usr_data: __u64,
}

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<wcrypto_dh_ctx_setup>() == 64);
    assert!(offset_of!(wcrypto_dh_ctx_setup, is_g2) == 12);
    assert!(offset_of!(wcrypto_dh_ctx_setup, br) == 16);
    assert!(size_of::<wcrypto_dh_op_data>() == 40);
    assert!(offset_of!(wcrypto_dh_op_data, pri_bytes) == 24);
    assert!(offset_of!(wcrypto_dh_op_data, op_type) == 32);
    assert!(size_of::<wcrypto_dh_msg>() == 48);
    assert!(offset_of!(wcrypto_dh_msg, key_bytes) == 2);
    assert!(offset_of!(wcrypto_dh_msg, x_p) == 8);
    assert!(offset_of!(wcrypto_dh_msg, xbytes) == 32);
    assert!(offset_of!(wcrypto_dh_msg, usr_data) == 40);
};
