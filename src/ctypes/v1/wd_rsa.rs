//! `uadk/v1/wd_rsa.h`: RSA.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use super::wd::{wcrypto_cb, wd_mm_br};
use super::{__u8, __u16, __u32, __u64, CBool, Enum};
use core::ffi::{c_int, c_void};
use core::mem::offset_of;

/// What the generation of a key starts from: made by `wcrypto_new_kg_in`.
pub struct wcrypto_rsa_kg_in {
    _private: [u8; 0],
}

/// Room for what the generation of a key makes: made by `wcrypto_new_kg_out`.
pub struct wcrypto_rsa_kg_out {
    _private: [u8; 0],
}

/// The public key of a context.
pub struct wcrypto_rsa_pubkey {
    _private: [u8; 0],
}

/// The private key of a context.
pub struct wcrypto_rsa_prikey {
    _private: [u8; 0],
}

/// Operations.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_rsa_op_type {
    /// None.
    WCRYPTO_RSA_INVALID = 0,
    /// With the private key: sign, or decrypt.
    WCRYPTO_RSA_SIGN = 1,
    /// With the public key: verify, or encrypt.
    WCRYPTO_RSA_VERIFY = 2,
    /// Generate a key: the input is a `struct wcrypto_rsa_kg_in`, the output a
    /// `struct wcrypto_rsa_kg_out`.
    WCRYPTO_RSA_GENKEY = 3,
}

/// Kinds of keys.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_rsa_key_type {
    /// None.
    WCRYPTO_RSA_INVALID_KEY = 0,
    /// Public: e and n.
    WCRYPTO_RSA_PUBKEY = 1,
    /// Private: d and n.
    WCRYPTO_RSA_PRIKEY1 = 2,
    /// Private, for the Chinese remainder theorem: dq, dp, qinv, q and p.
    WCRYPTO_RSA_PRIKEY2 = 3,
}

/// What a context is to be.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_rsa_ctx_setup {
    /// Is told the results of asynchronous requests; may be NULL without them.
    pub cb: wcrypto_cb,
    /// How the buffers lie in memory, one of `enum wd_buff_type`.
    pub data_fmt: __u16,
    /// Bits of the modulus: 1024, 2048, 3072 or 4096.
    pub key_bits: __u16,
    /// Whether the private key is one for the Chinese remainder theorem.
    pub is_crt: CBool,
    /// The memory that the buffers and keys are in.
    pub br: wd_mm_br,
}

/// A request.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_rsa_op_data {
    /// The operation.
    pub op_type: Enum<wcrypto_rsa_op_type>,
    /// Out: 0, or an error number of `wd.h`.
    pub status: c_int,
    /// The input: a number of the modulus' length, big-endian.
    pub in_: *mut c_void,
    /// Room for the output, the same.
    pub out: *mut c_void,
    /// Bytes of input.
    pub in_bytes: __u32,
    /// Bytes of room. Out: bytes of output.
    pub out_bytes: __u32,
}

/// A request between the library and a driver, and what a callback is given.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_rsa_msg {
    /// The class, `WCRYPTO_RSA`; one of `enum wcrypto_rsa_op_type`; one of
    /// `enum wcrypto_rsa_key_type`; and one of `enum wd_buff_type`.
    pub alg_type_3_op_type_2_key_type_2_data_fmt_1: __u8,
    /// Out: 0, or an error number of `wd.h`.
    pub result: __u8,
    /// Bytes of input.
    pub in_bytes: __u16,
    /// Bytes of output.
    pub out_bytes: __u16,
    /// Bytes of the modulus.
    pub key_bytes: __u16,
    /// The input.
    pub in_: *mut __u8,
    /// Room for the output.
    pub out: *mut __u8,
    /// The key.
    pub key: *mut __u8,
    /// Where the library has the request's `struct wcrypto_cb_tag`.
    pub usr_data: __u64,
}

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<wcrypto_rsa_ctx_setup>() == 64);
    assert!(offset_of!(wcrypto_rsa_ctx_setup, is_crt) == 12);
    assert!(offset_of!(wcrypto_rsa_ctx_setup, br) == 16);
    assert!(size_of::<wcrypto_rsa_op_data>() == 32);
    assert!(offset_of!(wcrypto_rsa_op_data, in_bytes) == 24);
    assert!(size_of::<wcrypto_rsa_msg>() == 40);
    assert!(offset_of!(wcrypto_rsa_msg, in_bytes) == 2);
    assert!(offset_of!(wcrypto_rsa_msg, in_) == 8);
    assert!(offset_of!(wcrypto_rsa_msg, usr_data) == 32);
};
