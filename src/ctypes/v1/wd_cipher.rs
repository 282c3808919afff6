//! `uadk/v1/wd_cipher.h`: ciphers.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use super::wd::{wcrypto_cb, wd_mm_br};
use super::{__u8, __u16, __u32, __u64, Enum};
use core::ffi::{c_int, c_void};
use core::mem::offset_of;

/// Directions.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_cipher_op_type {
    /// Encrypt.
    WCRYPTO_CIPHER_ENCRYPTION = 0,
    /// Decrypt.
    WCRYPTO_CIPHER_DECRYPTION = 1,
}

/// Block ciphers.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_cipher_alg {
    /// SM4, keys of 16 bytes.
    WCRYPTO_CIPHER_SM4 = 0,
    /// AES, keys of 16, 24 or 32 bytes; twice that for XTS.
    WCRYPTO_CIPHER_AES = 1,
    /// DES, keys of 8 bytes.
    WCRYPTO_CIPHER_DES = 2,
    /// Triple DES, keys of 16 or 24 bytes.
    WCRYPTO_CIPHER_3DES = 3,
}

/// Modes of operation.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_cipher_mode {
    /// Each block for itself.
    WCRYPTO_CIPHER_ECB = 0,
    /// Chained blocks.
    WCRYPTO_CIPHER_CBC = 1,
    /// Counter.
    WCRYPTO_CIPHER_CTR = 2,
    /// Sectors, as IEEE 1619 has it.
    WCRYPTO_CIPHER_XTS = 3,
    /// Output feedback.
    WCRYPTO_CIPHER_OFB = 4,
    /// Cipher feedback.
    WCRYPTO_CIPHER_CFB = 5,
    /// Counter with CBC-MAC: `wd_aead.h`.
    WCRYPTO_CIPHER_CCM = 6,
    /// Galois/counter: `wd_aead.h`.
    WCRYPTO_CIPHER_GCM = 7,
    /// CBC with ciphertext stealing, last blocks in order.
    WCRYPTO_CIPHER_CBC_CS1 = 8,
    /// The same, last blocks swapped where one is not whole.
    WCRYPTO_CIPHER_CBC_CS2 = 9,
    /// The same, last blocks swapped always.
    WCRYPTO_CIPHER_CBC_CS3 = 10,
    /// Sectors, as GB/T 17964 has it.
    WCRYPTO_CIPHER_XTS_GB = 11,
    /// How many there are.
    WCRYPTO_CIPHER_MODE_MAX = 12,
}

/// What a context is to be.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_cipher_ctx_setup {
    /// Is told the results of asynchronous requests; may be NULL without them.
    pub cb: wcrypto_cb,
    /// The cipher.
    pub alg: Enum<wcrypto_cipher_alg>,
    /// Its mode.
    pub mode: Enum<wcrypto_cipher_mode>,
    /// The memory that the buffers are in.
    pub br: wd_mm_br,
    /// How the buffers lie in memory, one of `enum wd_buff_type`.
    pub data_fmt: __u16,
}

/// A request.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_cipher_op_data {
    /// The direction.
    pub op_type: Enum<wcrypto_cipher_op_type>,
    /// Out: 0, or an error number of `wd.h`.
    pub status: c_int,
    /// The input: bytes, or a `struct wd_sgl`.
    pub in_: *mut c_void,
    /// Room for the output: bytes, or a `struct wd_sgl`.
    pub out: *mut c_void,
    /// The initialisation vector; not looked at for ECB.
    pub iv: *mut c_void,
    /// Bytes of input.
    pub in_bytes: __u32,
    /// Bytes of room. Out: bytes of output.
    pub out_bytes: __u32,
    /// Bytes of the initialisation vector.
    pub iv_bytes: __u32,
    /// A driver's own parameters, or NULL.
    pub priv_: *mut c_void,
}

/// A request between the library and a driver, and what a callback is given.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_cipher_msg {
    /// The class, `WCRYPTO_CIPHER`, and one of `enum wcrypto_cipher_alg`.
    pub alg_type_4_alg_4: __u8,
    /// One of `enum wcrypto_cipher_op_type`, and one of `enum wcrypto_cipher_mode`.
    pub op_type_4_mode_4: __u8,
    /// How the buffers lie in memory, one of `enum wd_buff_type`.
    pub data_fmt: __u8,
    /// Out: 0, or an error number of `wd.h`.
    pub result: __u8,
    /// Bytes of the key.
    pub key_bytes: __u16,
    /// Bytes of the initialisation vector.
    pub iv_bytes: __u16,
    /// Bytes of input.
    pub in_bytes: __u32,
    /// Bytes of output.
    pub out_bytes: __u32,
    /// The key.
    pub key: *mut __u8,
    /// The initialisation vector.
    pub iv: *mut __u8,
    /// The input.
    pub in_: *mut __u8,
    /// Room for the output.
    pub out: *mut __u8,
    /// Where the library has the request's `struct wcrypto_cb_tag`.
    pub usr_data: __u64,
}

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<wcrypto_cipher_ctx_setup>() == 72);
    assert!(offset_of!(wcrypto_cipher_ctx_setup, br) == 16);
    assert!(offset_of!(wcrypto_cipher_ctx_setup, data_fmt) == 64);
    assert!(size_of::<wcrypto_cipher_op_data>() == 56);
    assert!(offset_of!(wcrypto_cipher_op_data, in_bytes) == 32);
    assert!(offset_of!(wcrypto_cipher_op_data, priv_) == 48);
    assert!(size_of::<wcrypto_cipher_msg>() == 56);
    assert!(offset_of!(wcrypto_cipher_msg, data_fmt) == 2);
    assert!(offset_of!(wcrypto_cipher_msg, in_bytes) == 8);
    assert!(offset_of!(wcrypto_cipher_msg, key) == 16);
    assert!(offset_of!(wcrypto_cipher_msg, usr_data) == 48);
};
