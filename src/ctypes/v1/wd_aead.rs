//! `uadk/v1/wd_aead.h`: authenticated encryption.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use super::wd::{wcrypto_cb, wd_mm_br};
use super::wd_cipher::{wcrypto_cipher_alg, wcrypto_cipher_mode};
use super::wd_digest::{wcrypto_digest_alg, wcrypto_digest_mode};
use super::{__u8, __u16, __u32, __u64, Enum};
use core::ffi::{c_int, c_void};
use core::mem::offset_of;

/// Which piece of a text a request is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_aead_msg_state {
    /// The whole text.
    WCRYPTO_AEAD_MSG_BLOCK = 0,
    /// The first piece.
    WCRYPTO_AEAD_MSG_FIRST = 1,
    /// Neither first nor last.
    WCRYPTO_AEAD_MSG_MIDDLE = 2,
    /// The last piece.
    WCRYPTO_AEAD_MSG_END = 3,
    /// How many there are.
    WCRYPTO_AEAD_MSG_INVALID = 4,
}

/// Directions, and what is done first.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_aead_op_type {
    /// Encrypt, then authenticate the ciphertext.
    WCRYPTO_CIPHER_ENCRYPTION_DIGEST = 0,
    /// Decrypt what that made.
    WCRYPTO_CIPHER_DECRYPTION_DIGEST = 1,
    /// Authenticate the plaintext, then encrypt.
    WCRYPTO_DIGEST_CIPHER_ENCRYPTION = 2,
    /// Decrypt what that made.
    WCRYPTO_DIGEST_CIPHER_DECRYPTION = 3,
}

/// What a context is to be.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_aead_ctx_setup {
    /// Is told the results of asynchronous requests; may be NULL without them.
    pub cb: wcrypto_cb,
    /// The cipher.
    pub calg: Enum<wcrypto_cipher_alg>,
    /// Its mode.
    pub cmode: Enum<wcrypto_cipher_mode>,
    /// The hash, for modes that need one.
    pub dalg: Enum<wcrypto_digest_alg>,
    /// With a key or without.
    pub dmode: Enum<wcrypto_digest_mode>,
    /// The memory that the buffers are in.
    pub br: wd_mm_br,
    /// How the buffers lie in memory, one of `enum wd_buff_type`.
    pub data_fmt: __u16,
}

/// A request. The input is associated data and text, to decrypt also the tag; the output is
/// associated data and text, of encryption also the tag.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_aead_op_data {
    /// The direction.
    pub op_type: Enum<wcrypto_aead_op_type>,
    /// Out: 0, or an error number of `wd.h`; `WD_VERIFY_ERR`: the tag is wrong.
    pub status: c_int,
    /// The input: bytes, or a `struct wd_sgl`.
    pub in_: *mut c_void,
    /// Room for the output: bytes, or a `struct wd_sgl`.
    pub out: *mut c_void,
    /// The initialisation vector.
    pub iv: *mut c_void,
    /// Bytes of text.
    pub in_bytes: __u32,
    /// Bytes of text in the output.
    pub out_bytes: __u32,
    /// Bytes of room.
    pub out_buf_bytes: __u32,
    /// Bytes of the initialisation vector.
    pub iv_bytes: __u16,
    /// Bytes of associated data.
    pub assoc_size: __u16,
    /// A driver's own parameters, or NULL.
    pub priv_: *mut c_void,
    /// Which piece this is.
    pub state: Enum<wcrypto_aead_msg_state>,
}

/// A request between the library and a driver, and what a callback is given.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_aead_msg {
    /// The class, `WCRYPTO_AEAD`, and one of `enum wcrypto_aead_op_type`.
    pub alg_type_4_op_type_4: __u8,
    /// One of `enum wcrypto_cipher_alg`, and one of `enum wcrypto_cipher_mode`.
    pub calg_4_cmode_4: __u8,
    /// One of `enum wcrypto_digest_alg`, and one of `enum wcrypto_digest_mode`.
    pub dalg_4_dmode_4: __u8,
    /// How the buffers lie in memory, one of `enum wd_buff_type`.
    pub data_fmt: __u8,
    /// Out: 0, or an error number of `wd.h`.
    pub result: __u8,
    /// Bytes of the cipher's key.
    pub ckey_bytes: __u16,
    /// Bytes of the key of the code.
    pub akey_bytes: __u16,
    /// Bytes of associated data.
    pub assoc_bytes: __u16,
    /// Bytes of the tag.
    pub auth_bytes: __u16,
    /// Bytes of the initialisation vector.
    pub iv_bytes: __u16,
    /// Bytes of text.
    pub in_bytes: __u32,
    /// Bytes of text in the output.
    pub out_bytes: __u32,
    /// The cipher's key.
    pub ckey: *mut __u8,
    /// The key of the code.
    pub akey: *mut __u8,
    /// The initialisation vector.
    pub iv: *mut __u8,
    /// The initialisation vector of the code.
    pub aiv: *mut __u8,
    /// The input.
    pub in_: *mut __u8,
    /// Room for the output.
    pub out: *mut __u8,
    /// Where the library has the request's `struct wcrypto_cb_tag`.
    pub usr_data: __u64,
    /// The tag.
    pub mac: *mut __u8,
    /// Bytes of text so far, with this piece.
    pub long_data_len: __u64,
    /// Which piece this is.
    pub msg_state: Enum<wcrypto_aead_msg_state>,
}

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<wcrypto_aead_ctx_setup>() == 80);
    assert!(offset_of!(wcrypto_aead_ctx_setup, br) == 24);
    assert!(offset_of!(wcrypto_aead_ctx_setup, data_fmt) == 72);
    assert!(size_of::<wcrypto_aead_op_data>() == 64);
    assert!(offset_of!(wcrypto_aead_op_data, in_bytes) == 32);
    assert!(offset_of!(wcrypto_aead_op_data, assoc_size) == 46);
    assert!(offset_of!(wcrypto_aead_op_data, state) == 56);
    assert!(size_of::<wcrypto_aead_msg>() == 104);
    assert!(offset_of!(wcrypto_aead_msg, data_fmt) == 3);
    assert!(offset_of!(wcrypto_aead_msg, ckey_bytes) == 6);
    assert!(offset_of!(wcrypto_aead_msg, in_bytes) == 16);
    assert!(offset_of!(wcrypto_aead_msg, ckey) == 24);
    assert!(offset_of!(wcrypto_aead_msg, usr_data) == 72);
    assert!(offset_of!(wcrypto_aead_msg, msg_state) == 96);
};
