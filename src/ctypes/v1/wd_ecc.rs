//! `uadk/v1/wd_ecc.h`: elliptic curves.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use super::wd::{wcrypto_cb, wd_dtb, wd_mm_br};
use super::{__u8, __u16, __u32, __u64, Enum};
use core::ffi::{c_char, c_int, c_void};
use core::mem::offset_of;

/// Writes `out_len` random bytes to `out`; answers 0, or an error.
pub type wcrypto_rand =
    Option<unsafe extern "C" fn(out: *mut c_char, out_len: usize, usr: *mut c_void) -> c_int>;
/// Writes the hash of `in_len` bytes at `in_` to `out`, `out_len` bytes; answers 0, or an error.
pub type wcrypto_hash = Option<
    unsafe extern "C" fn(
        in_: *const c_char,
        in_len: usize,
        out: *mut c_char,
        out_len: usize,
        usr: *mut c_void,
    ) -> c_int,
>;

/// The input of a request: made by `wcrypto_new_*_in`.
pub struct wcrypto_ecc_in {
    _private: [u8; 0],
}

/// The keys of a context.
pub struct wcrypto_ecc_key {
    _private: [u8; 0],
}

/// Room for the output of a request: made by `wcrypto_new_*_out`.
pub struct wcrypto_ecc_out {
    _private: [u8; 0],
}

/// A point. Numbers are big-endian.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_ecc_point {
    /// The first coordinate.
    pub x: wd_dtb,
    /// The second coordinate.
    pub y: wd_dtb,
}

/// Operations.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_ecc_op_type {
    /// None.
    WCRYPTO_EC_OP_INVALID = 0,
    /// ECDH, X25519, X448: the public key.
    WCRYPTO_ECXDH_GEN_KEY = 1,
    /// ECDH, X25519, X448: the shared secret.
    WCRYPTO_ECXDH_COMPUTE_KEY = 2,
    /// ECDSA: sign.
    WCRYPTO_ECDSA_SIGN = 3,
    /// ECDSA: verify.
    WCRYPTO_ECDSA_VERIFY = 4,
    /// SM2: sign.
    WCRYPTO_SM2_SIGN = 5,
    /// SM2: verify.
    WCRYPTO_SM2_VERIFY = 6,
    /// SM2: encrypt.
    WCRYPTO_SM2_ENCRYPT = 7,
    /// SM2: decrypt.
    WCRYPTO_SM2_DECRYPT = 8,
    /// SM2: generate a pair of keys.
    WCRYPTO_SM2_KG = 9,
    /// How many there are.
    WCRYPTO_EC_OP_MAX = 10,
}

/// Curves that the library knows.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "names of published curves")]
pub enum wcrypto_ecc_curve_id {
    WCRYPTO_SECP128R1 = 0x10,
    WCRYPTO_SECP192K1 = 0x11,
    WCRYPTO_SECP256K1 = 0x12,
    WCRYPTO_BRAINPOOLP320R1 = 0x13,
    WCRYPTO_BRAINPOOLP384R1 = 0x14,
    WCRYPTO_SECP521R1 = 0x15,
}

/// Hashes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "names of published algorithms")]
pub enum wcrypto_ecc_hash_type {
    WCRYPTO_HASH_SM3 = 0,
    WCRYPTO_HASH_SHA1 = 1,
    WCRYPTO_HASH_SHA224 = 2,
    WCRYPTO_HASH_SHA256 = 3,
    WCRYPTO_HASH_SHA384 = 4,
    WCRYPTO_HASH_SHA512 = 5,
    WCRYPTO_HASH_MD4 = 6,
    WCRYPTO_HASH_MD5 = 7,
    /// How many there are.
    WCRYPTO_HASH_MAX = 8,
}

/// A curve: y^2 = x^3 + ax + b modulo p, or what the algorithm has in its place.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_ecc_curve {
    /// The prime.
    pub p: wd_dtb,
    /// The coefficient a.
    pub a: wd_dtb,
    /// The coefficient b.
    pub b: wd_dtb,
    /// The base point.
    pub g: wcrypto_ecc_point,
    /// The base point's order.
    pub n: wd_dtb,
}

/// How a curve is said.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_ecc_curve_cfg_type {
    /// By its number.
    WCRYPTO_CV_CFG_ID = 0,
    /// By its parameters.
    WCRYPTO_CV_CFG_PARAM = 1,
}

/// A curve, said in one of two ways.
#[repr(C)]
#[derive(Clone, Copy)]
pub union wcrypto_ecc_curve_choice {
    /// Its number.
    pub id: Enum<wcrypto_ecc_curve_id>,
    /// Its parameters.
    pub pparam: *mut wcrypto_ecc_curve,
}

/// Which curve. Looked at for ECDH and ECDSA: the other algorithms have one of their own.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct wcrypto_ecc_curve_cfg {
    /// One of `enum wcrypto_ecc_curve_cfg_type`.
    pub type_: __u32,
    /// The curve.
    pub cfg: wcrypto_ecc_curve_choice,
    /// Not used.
    pub resv: [__u8; 4],
}

/// The program's source of random numbers.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_rand_mt {
    /// The function.
    pub cb: wcrypto_rand,
    /// Its last argument.
    pub usr: *mut c_void,
}

/// The program's hash function.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_hash_mt {
    /// The function.
    pub cb: wcrypto_hash,
    /// Its last argument.
    pub usr: *mut c_void,
    /// Which hash it makes, one of `enum wcrypto_ecc_hash_type`.
    pub type_: __u8,
    /// Not used.
    pub rsv: [__u8; 3],
}

/// What a context is to be.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct wcrypto_ecc_ctx_setup {
    /// Is told the results of asynchronous requests; may be NULL without them.
    pub cb: wcrypto_cb,
    /// How the buffers lie in memory, one of `enum wd_buff_type`.
    pub data_fmt: __u16,
    /// Bits of the curve's numbers.
    pub key_bits: __u16,
    /// The curve.
    pub cv: wcrypto_ecc_curve_cfg,
    /// The memory that the buffers and keys are in.
    pub br: wd_mm_br,
    /// Random numbers, for requests that need one and bring none.
    pub rand: wcrypto_rand_mt,
    /// The hash, for SM2.
    pub hash: wcrypto_hash_mt,
}

/// A request.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_ecc_op_data {
    /// The operation.
    pub op_type: Enum<wcrypto_ecc_op_type>,
    /// Out: 0, or an error number of `wd.h`.
    pub status: c_int,
    /// The input, a `struct wcrypto_ecc_in`.
    pub in_: *mut c_void,
    /// Room for the output, a `struct wcrypto_ecc_out`.
    pub out: *mut c_void,
    /// Bytes of input.
    pub in_bytes: __u32,
    /// Bytes of room. Out: bytes of output.
    pub out_bytes: __u32,
}

/// A request between the library and a driver, and what a callback is given.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_ecc_msg {
    /// The class, one of `enum wcrypto_type`, and one of `enum wcrypto_ecc_op_type`.
    pub alg_type_4_op_type_4: __u8,
    /// The curve's number, and one of `enum wd_buff_type`.
    pub curve_id_7_data_fmt_1: __u8,
    /// Not used.
    pub mtype: __u8,
    /// Out: 0, or an error number of `wd.h`.
    pub result: __u8,
    /// Bytes of the key.
    pub key_bytes: __u16,
    /// Bytes of input.
    pub in_bytes: __u16,
    /// Bytes of output.
    pub out_bytes: __u16,
    /// One of `enum wcrypto_ecc_hash_type`.
    pub hash_type: __u8,
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
    assert!(size_of::<wcrypto_ecc_point>() == 32 && size_of::<wcrypto_ecc_curve>() == 96);
    assert!(offset_of!(wcrypto_ecc_curve, g) == 48 && offset_of!(wcrypto_ecc_curve, n) == 80);
    assert!(size_of::<wcrypto_ecc_curve_cfg>() == 24);
    assert!(offset_of!(wcrypto_ecc_curve_cfg, cfg) == 8);
    assert!(offset_of!(wcrypto_ecc_curve_cfg, resv) == 16);
    assert!(size_of::<wcrypto_rand_mt>() == 16 && size_of::<wcrypto_hash_mt>() == 24);
    assert!(offset_of!(wcrypto_hash_mt, rsv) == 17);
    assert!(size_of::<wcrypto_ecc_ctx_setup>() == 128);
    assert!(offset_of!(wcrypto_ecc_ctx_setup, cv) == 16);
    assert!(offset_of!(wcrypto_ecc_ctx_setup, br) == 40);
    assert!(offset_of!(wcrypto_ecc_ctx_setup, rand) == 88);
    assert!(offset_of!(wcrypto_ecc_ctx_setup, hash) == 104);
    assert!(size_of::<wcrypto_ecc_op_data>() == 32);
    assert!(offset_of!(wcrypto_ecc_op_data, in_bytes) == 24);
    assert!(size_of::<wcrypto_ecc_msg>() == 48);
    assert!(offset_of!(wcrypto_ecc_msg, result) == 3);
    assert!(offset_of!(wcrypto_ecc_msg, hash_type) == 10);
    assert!(offset_of!(wcrypto_ecc_msg, in_) == 16);
    assert!(offset_of!(wcrypto_ecc_msg, usr_data) == 40);
};
