//! `uadk/v1/wd_digest.h`: hashes and message authentication codes.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use super::wd::{wcrypto_cb, wd_mm_br};
use super::{__u8, __u16, __u32, __u64, Enum};
use core::ffi::{c_int, c_void};
use core::mem::offset_of;

/// Hashes and codes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "names of published algorithms")]
pub enum wcrypto_digest_alg {
    WCRYPTO_SM3 = 0,
    WCRYPTO_MD5 = 1,
    WCRYPTO_SHA1 = 2,
    WCRYPTO_SHA256 = 3,
    WCRYPTO_SHA224 = 4,
    WCRYPTO_SHA384 = 5,
    WCRYPTO_SHA512 = 6,
    WCRYPTO_SHA512_224 = 7,
    WCRYPTO_SHA512_256 = 8,
    WCRYPTO_AES_XCBC_MAC_96 = 9,
    WCRYPTO_AES_XCBC_PRF_128 = 10,
    WCRYPTO_AES_CMAC = 11,
    WCRYPTO_AES_GMAC = 12,
    /// How many there are.
    WCRYPTO_MAX_DIGEST_TYPE = 13,
}

/// Without a key or with one.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_digest_mode {
    /// A hash.
    WCRYPTO_DIGEST_NORMAL = 0,
    /// A code, HMAC or one of AES: `wcrypto_set_digest_key` first.
    WCRYPTO_DIGEST_HMAC = 1,
}

/// Which piece of a text a request is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_digest_msg_state {
    /// The whole text, or the last piece.
    WCRYPTO_DIGEST_END = 0,
    /// Not the last piece.
    WCRYPTO_DIGEST_DOING = 1,
    /// The last piece, where each request brings the value so far itself.
    WCRYPTO_DIGEST_STREAM_END = 2,
    /// Neither first nor last piece, where each request brings the value so far itself.
    WCRYPTO_DIGEST_STREAM_DOING = 3,
    /// How many there are.
    WCRYPTO_DIGEST_MSG_STATE_MAX = 4,
}

/// What a context is to be.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_digest_ctx_setup {
    /// Is told the results of asynchronous requests; may be NULL without them.
    pub cb: wcrypto_cb,
    /// The hash or code.
    pub alg: Enum<wcrypto_digest_alg>,
    /// Without a key or with one.
    pub mode: Enum<wcrypto_digest_mode>,
    /// The memory that the buffers are in.
    pub br: wd_mm_br,
    /// How the input lies in memory, one of `enum wd_buff_type`.
    pub data_fmt: __u16,
}

/// A request.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_digest_op_data {
    /// The input: bytes, or a `struct wd_sgl`.
    pub in_: *mut c_void,
    /// Room for the value, in one piece.
    pub out: *mut c_void,
    /// Bytes of input.
    pub in_bytes: __u32,
    /// Bytes of the value that are wanted: `enum wd_digest_mac_len`, or for pieces before the last
    /// `enum wcrypto_digest_mac_full_len`.
    pub out_bytes: __u32,
    /// A driver's own parameters, or NULL.
    pub priv_: *mut c_void,
    /// Out: 0, or an error number of `wd.h`.
    pub status: c_int,
    /// One of `enum wcrypto_digest_msg_state`.
    pub has_next: c_int,
    /// The initialisation vector, for GMAC.
    pub iv: *mut c_void,
    /// Its bytes.
    pub iv_bytes: __u32,
}

/// A request between the library and a driver, and what a callback is given.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_digest_msg {
    /// The class, `WCRYPTO_DIGEST`.
    pub alg_type: __u8,
    /// One of `enum wcrypto_digest_alg`, whether more pieces follow, and one of
    /// `enum wcrypto_digest_mode`.
    pub alg_4_has_next_1_mode_3: __u8,
    /// How the input lies in memory, one of `enum wd_buff_type`.
    pub data_fmt: __u8,
    /// Out: 0, or an error number of `wd.h`.
    pub result: __u8,
    /// Bytes of the key.
    pub key_bytes: __u16,
    /// Bytes of the initialisation vector, or of the value so far.
    pub iv_bytes: __u16,
    /// The key.
    pub key: *mut __u8,
    /// The initialisation vector.
    pub iv: *mut __u8,
    /// The input.
    pub in_: *mut __u8,
    /// Room for the value.
    pub out: *mut __u8,
    /// Bytes of input.
    pub in_bytes: __u32,
    /// Bytes of the value.
    pub out_bytes: __u32,
    /// Where the library has the request's `struct wcrypto_cb_tag`.
    pub usr_data: __u64,
}

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<wcrypto_digest_ctx_setup>() == 72);
    assert!(offset_of!(wcrypto_digest_ctx_setup, br) == 16);
    assert!(offset_of!(wcrypto_digest_ctx_setup, data_fmt) == 64);
    assert!(size_of::<wcrypto_digest_op_data>() == 56);
    assert!(offset_of!(wcrypto_digest_op_data, status) == 32);
    assert!(offset_of!(wcrypto_digest_op_data, iv_bytes) == 48);
    assert!(size_of::<wcrypto_digest_msg>() == 56);
    assert!(offset_of!(wcrypto_digest_msg, alg_4_has_next_1_mode_3) == 1);
    assert!(offset_of!(wcrypto_digest_msg, key_bytes) == 4);
    assert!(offset_of!(wcrypto_digest_msg, key) == 8);
    assert!(offset_of!(wcrypto_digest_msg, in_bytes) == 40);
    assert!(offset_of!(wcrypto_digest_msg, usr_data) == 48);
};
