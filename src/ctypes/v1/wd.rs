//! `uadk/v1/wd.h`: queues, memory operations and error numbers.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use super::{__u8, __u32};
use core::ffi::{c_char, c_int, c_uint, c_void};
use core::mem::offset_of;

/// Length of a short attribute in sysfs.
pub const SYS_VAL_SIZE: c_int = 16;
/// Length of a path.
pub const PATH_STR_SIZE: usize = 256;
/// Length of a device's list of algorithms.
pub const MAX_ATTR_STR_SIZE: usize = 256;
/// Length of a short text in sysfs.
pub const WD_NAME_SIZE: usize = 64;
/// Requests that one call of `wcrypto_burst_*` takes.
pub const WCRYPTO_MAX_BURST_NUM: usize = 16;
/// Not used.
pub const WD_CAPA_PRIV_DATA_SIZE: c_int = 64;

/// Done.
pub const WD_SUCCESS: c_int = 0;
/// The end of a compressed stream was reached.
pub const WD_STREAM_END: c_int = 1;
/// A stream begins.
pub const WD_STREAM_START: c_int = 2;
/// Device or protocol error.
pub const WD_EIO: c_int = 5;
/// Nothing yet; try again.
pub const WD_EAGAIN: c_int = 11;
/// No memory.
pub const WD_ENOMEM: c_int = 12;
/// Not permitted.
pub const WD_EACCESS: c_int = 13;
/// A queue is full, or all requests of a context are under way.
pub const WD_EBUSY: c_int = 16;
/// No such device, or no driver for it.
pub const WD_ENODEV: c_int = 19;
/// An argument is not acceptable.
pub const WD_EINVAL: c_int = 22;
/// The wait was too long.
pub const WD_ETIMEDOUT: c_int = 110;
/// An address is not acceptable.
pub const WD_ADDR_ERR: c_int = 61;
/// The device was reset, or does not answer.
pub const WD_HW_EACCESS: c_int = 62;
/// A scatter-gather list is not acceptable.
pub const WD_SGL_ERR: c_int = 63;
/// A verification failed.
pub const WD_VERIFY_ERR: c_int = 64;
/// An output parameter is not acceptable.
pub const WD_OUT_EPARA: c_int = 66;
/// An input parameter, or the input, is not acceptable.
pub const WD_IN_EPARA: c_int = 67;
/// There is nothing to be done.
pub const WD_ENOPROC: c_int = 68;

/// Is told that an asynchronous request is finished. `msg` is the algorithm's message, for example
/// `struct wcrypto_comp_msg`, and valid during the call; `tag` is what the request was given.
pub type wcrypto_cb = Option<unsafe extern "C" fn(msg: *const c_void, tag: *mut c_void)>;
/// Prints a message.
pub type wd_log = Option<unsafe extern "C" fn(format: *const c_char, ...)>;
/// Allocates `size` bytes from `usr`.
pub type wd_alloc = Option<unsafe extern "C" fn(usr: *mut c_void, size: usize) -> *mut c_void>;
/// Gives back what `wd_alloc` gave.
pub type wd_free = Option<unsafe extern "C" fn(usr: *mut c_void, va: *mut c_void)>;
/// Tells the device's address of `va`; NULL if there is none.
pub type wd_map =
    Option<unsafe extern "C" fn(usr: *mut c_void, va: *mut c_void, sz: usize) -> *mut c_void>;
/// Ends the use of what `wd_map` answered.
pub type wd_unmap =
    Option<unsafe extern "C" fn(usr: *mut c_void, va: *mut c_void, dma: *mut c_void, sz: usize)>;
/// Tells the size of the blocks of `usr` in bytes.
pub type wd_bufsize = Option<unsafe extern "C" fn(usr: *mut c_void) -> __u32>;

/// Whose an asynchronous request is.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_cb_tag {
    /// The context.
    pub ctx: *mut c_void,
    /// What the request was given.
    pub tag: *mut c_void,
    /// The context's number in its queue, from 1.
    pub ctx_id: c_int,
}

/// What a queue is for.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_paras {
    /// Raw queues of a compression device: 0 compresses, 1 decompresses.
    pub direction: __u8,
    /// 1: `wd_wait` sleeps until the device has answered; 0: it is not used.
    pub is_poll: __u8,
}

/// How a buffer lies in memory.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wd_buff_type {
    /// In one piece.
    WD_FLAT_BUF = 0,
    /// As a list of pieces, `struct wd_sgl`.
    WD_SGL_BUF = 1,
}

impl TryFrom<c_uint> for wd_buff_type {
    type Error = ();

    fn try_from(number: c_uint) -> Result<Self, ()> {
        match number {
            0 => Ok(wd_buff_type::WD_FLAT_BUF),
            1 => Ok(wd_buff_type::WD_SGL_BUF),
            _ => Err(()),
        }
    }
}

/// Memory that a context or a pool works with: the caller's functions.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_mm_br {
    /// Allocates.
    pub alloc: wd_alloc,
    /// Frees.
    pub free: wd_free,
    /// From the process's address to the device's.
    pub iova_map: wd_map,
    /// Ends the use of a device's address.
    pub iova_unmap: wd_unmap,
    /// The first argument of all of them, for example a block pool.
    pub usr: *mut c_void,
    /// The size of a block; may be NULL.
    pub get_bufsize: wd_bufsize,
}

/// Bytes, and how many are used.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_dtb {
    /// The bytes.
    pub data: *mut c_char,
    /// Bytes used.
    pub dsize: __u32,
    /// Bytes there are.
    pub bsize: __u32,
}

/// Classes of algorithms.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_type {
    /// RSA.
    WCRYPTO_RSA = 0,
    /// Diffie-Hellman.
    WCRYPTO_DH = 1,
    /// Ciphers.
    WCRYPTO_CIPHER = 2,
    /// Hashes and message authentication codes.
    WCRYPTO_DIGEST = 3,
    /// Compression.
    WCRYPTO_COMP = 4,
    /// Erasure codes.
    WCRYPTO_EC = 5,
    /// Random numbers.
    WCRYPTO_RNG = 6,
    /// Diffie-Hellman on elliptic curves.
    WCRYPTO_ECDH = 7,
    /// Diffie-Hellman on curve 25519.
    WCRYPTO_X25519 = 8,
    /// Diffie-Hellman on curve 448.
    WCRYPTO_X448 = 9,
    /// Signatures on elliptic curves.
    WCRYPTO_ECDSA = 10,
    /// SM2.
    WCRYPTO_SM2 = 11,
    /// Authenticated encryption.
    WCRYPTO_AEAD = 12,
    /// How many there are.
    WCRYPTO_MAX_ALG = 13,
}

/// What a queue has to be able to do.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_capa {
    /// The algorithm as devices list it, for example `zlib`.
    pub alg: *const c_char,
    /// Not used.
    pub throughput: c_int,
    /// Not used.
    pub latency: c_int,
    /// Bits 0 to 15: how many asynchronous requests a context may have under way, 1 to 1024; another
    /// number is 64.
    pub flags: __u32,
    /// What the queue is for.
    pub priv_: wcrypto_paras,
}

/// A queue, allocated by the caller. Set it to zero, set `capa.alg` and what else is wanted, call
/// `wd_request_queue`. It must not be copied or moved while the queue is open.
#[repr(C)]
#[derive(Debug)]
pub struct wd_queue {
    /// What it has to be able to do.
    pub capa: wd_capa,
    /// In: a device's name, or empty. Out: the device's path.
    pub dev_path: [c_char; PATH_STR_SIZE],
    /// In: a set of NUMA nodes, a bit a node; 0 for any.
    pub node_mask: c_uint,
    /// The library's; NULL while the queue is not open.
    pub qinfo: *mut c_void,
}

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<wcrypto_cb_tag>() == 24 && offset_of!(wcrypto_cb_tag, ctx_id) == 16);
    assert!(size_of::<wcrypto_paras>() == 2 && offset_of!(wcrypto_paras, is_poll) == 1);
    assert!(size_of::<wd_mm_br>() == 48 && offset_of!(wd_mm_br, iova_map) == 16);
    assert!(offset_of!(wd_mm_br, usr) == 32 && offset_of!(wd_mm_br, get_bufsize) == 40);
    assert!(size_of::<wd_dtb>() == 16 && offset_of!(wd_dtb, bsize) == 12);
    assert!(size_of::<wd_capa>() == 24 && offset_of!(wd_capa, flags) == 16);
    assert!(offset_of!(wd_capa, priv_) == 20);
    assert!(size_of::<wd_queue>() == 296 && offset_of!(wd_queue, dev_path) == 24);
    assert!(offset_of!(wd_queue, node_mask) == 280 && offset_of!(wd_queue, qinfo) == 288);
};
