//! `wd_comp.h`: compression sessions and requests.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use super::wd::{wd_buff_type, wd_mm_ops};
use super::wd_alg_common::wd_mem_type;
use super::wd_internal::wd_datalist;
use super::{__u32, Enum};
use core::ffi::{c_uint, c_void};
use core::mem::offset_of;

/// Formats.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum wd_comp_alg_type {
    /// Raw deflate (RFC 1951).
    WD_DEFLATE = 0,
    /// Deflate with a zlib header and trailer (RFC 1950).
    WD_ZLIB = 1,
    /// Deflate with a gzip header and trailer (RFC 1952).
    WD_GZIP = 2,
    /// Literals and sequences for a zstd encoder.
    WD_LZ77_ZSTD = 3,
    /// An LZ4 block.
    WD_LZ4 = 4,
    /// Literals and sequences.
    WD_LZ77_ONLY = 5,
    /// How many there are.
    WD_COMP_ALG_MAX = 6,
}

impl TryFrom<c_uint> for wd_comp_alg_type {
    type Error = ();

    fn try_from(number: c_uint) -> Result<Self, ()> {
        use wd_comp_alg_type::*;
        const ALL: [wd_comp_alg_type; 6] = [
            WD_DEFLATE,
            WD_ZLIB,
            WD_GZIP,
            WD_LZ77_ZSTD,
            WD_LZ4,
            WD_LZ77_ONLY,
        ];
        ALL.get(number as usize).copied().ok_or(())
    }
}

/// Directions.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wd_comp_op_type {
    /// Compress.
    WD_DIR_COMPRESS = 0,
    /// Decompress.
    WD_DIR_DECOMPRESS = 1,
    /// How many there are.
    WD_DIR_MAX = 2,
}

impl TryFrom<c_uint> for wd_comp_op_type {
    type Error = ();

    fn try_from(number: c_uint) -> Result<Self, ()> {
        match number {
            0 => Ok(wd_comp_op_type::WD_DIR_COMPRESS),
            1 => Ok(wd_comp_op_type::WD_DIR_DECOMPRESS),
            _ => Err(()),
        }
    }
}

/// Levels: the greater, the smaller the output and the slower the work.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "numbers of one scale")]
pub enum wd_comp_level {
    WD_COMP_L1 = 1,
    WD_COMP_L2,
    WD_COMP_L3,
    WD_COMP_L4,
    WD_COMP_L5,
    WD_COMP_L6,
    WD_COMP_L7,
    WD_COMP_L8,
    WD_COMP_L9,
    WD_COMP_L10,
    WD_COMP_L11,
    WD_COMP_L12,
    WD_COMP_L13,
    WD_COMP_L14,
    WD_COMP_L15,
}

/// How far back matches may reach.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wd_comp_winsz_type {
    /// 4 KiB.
    WD_COMP_WS_4K = 0,
    /// 8 KiB.
    WD_COMP_WS_8K = 1,
    /// 16 KiB.
    WD_COMP_WS_16K = 2,
    /// 24 KiB.
    WD_COMP_WS_24K = 3,
    /// 32 KiB.
    WD_COMP_WS_32K = 4,
}

impl TryFrom<c_uint> for wd_comp_winsz_type {
    type Error = ();

    fn try_from(number: c_uint) -> Result<Self, ()> {
        use wd_comp_winsz_type::*;
        const ALL: [wd_comp_winsz_type; 5] = [
            WD_COMP_WS_4K,
            WD_COMP_WS_8K,
            WD_COMP_WS_16K,
            WD_COMP_WS_24K,
            WD_COMP_WS_32K,
        ];
        ALL.get(number as usize).copied().ok_or(())
    }
}

/// Is told that an asynchronous request is finished. `req` is the library's copy of it.
pub type wd_alg_comp_cb_t =
    unsafe extern "C" fn(req: *mut wd_comp_req, cb_param: *mut c_void) -> *mut c_void;

/// A request.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_comp_req {
    /// The input: bytes, or as `list_src` the first `struct wd_datalist` of a list.
    pub src: *mut c_void,
    /// Bytes of input. Out: how many were consumed.
    pub src_len: __u32,
    /// Room for the output: bytes, or as `list_dst` the first `struct wd_datalist` of a list.
    pub dst: *mut c_void,
    /// Bytes of room. Out: how many were produced.
    pub dst_len: __u32,
    /// Asynchronous requests: is told the result.
    pub cb: Option<wd_alg_comp_cb_t>,
    /// The callback's second argument.
    pub cb_param: *mut c_void,
    /// The direction.
    pub op_type: Enum<wd_comp_op_type>,
    /// How both buffers lie in memory.
    pub data_fmt: Enum<wd_buff_type>,
    /// Streams: whether this is the last piece of input, 0 or 1.
    pub last: __u32,
    /// Out: 0, `WD_STREAM_END`, `WD_EAGAIN` or `WD_IN_EPARA`.
    pub status: __u32,
    /// lz77 formats: a `struct wd_lz77_zstd_data`, which the driver fills.
    pub priv_: *mut c_void,
}

impl wd_comp_req {
    /// The input as a list.
    #[must_use]
    pub fn list_src(&self) -> *mut wd_datalist {
        self.src.cast()
    }

    /// The room for the output as a list.
    #[must_use]
    pub fn list_dst(&self) -> *mut wd_datalist {
        self.dst.cast()
    }
}

/// What a request of the lz77 formats produces.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_lz77_zstd_data {
    /// The literals.
    pub literals_start: *mut c_void,
    /// The sequences.
    pub sequences_start: *mut c_void,
    /// Bytes of literals.
    pub lit_num: __u32,
    /// Sequences.
    pub seq_num: __u32,
    /// Sequences whose literal length needs more than 16 bits, 0 or 1.
    pub lit_length_overflow_cnt: __u32,
    /// Which one.
    pub lit_length_overflow_pos: __u32,
    /// Frequencies of codes, behind the sequences.
    pub freq: *mut c_void,
    /// The block's type.
    pub blk_type: __u32,
}

/// What a session is to be. The library only reads it, and reads the last two fields only for
/// devices without SVA: programs built with older headers have neither.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_comp_sess_setup {
    /// The format.
    pub alg_type: Enum<wd_comp_alg_type>,
    /// The level; not looked at for decompression.
    pub comp_lv: Enum<wd_comp_level>,
    /// The window; not looked at for decompression.
    pub win_sz: Enum<wd_comp_winsz_type>,
    /// The direction.
    pub op_type: Enum<wd_comp_op_type>,
    /// The scheduler's parameter, `struct sched_params *` for the library's own, or NULL.
    pub sched_param: *mut c_void,
    /// Without SVA: memory operations.
    pub mm_ops: wd_mm_ops,
    /// Without SVA: whose memory.
    pub mm_type: Enum<wd_mem_type>,
}

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<wd_comp_req>() == 72 && offset_of!(wd_comp_req, dst) == 16);
    assert!(offset_of!(wd_comp_req, cb) == 32 && offset_of!(wd_comp_req, op_type) == 48);
    assert!(offset_of!(wd_comp_req, priv_) == 64);
    assert!(size_of::<wd_lz77_zstd_data>() == 48 && offset_of!(wd_lz77_zstd_data, freq) == 32);
    assert!(size_of::<wd_comp_sess_setup>() == 88);
    assert!(offset_of!(wd_comp_sess_setup, sched_param) == 16);
    assert!(offset_of!(wd_comp_sess_setup, mm_ops) == 24);
    assert!(offset_of!(wd_comp_sess_setup, mm_type) == 80);
};
