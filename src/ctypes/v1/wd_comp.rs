//! `uadk/v1/wd_comp.h`: compression contexts, requests and messages.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use super::wd::{wcrypto_cb, wd_mm_br};
use super::{__u8, __u16, __u32, __u64};
use core::ffi::{c_int, c_uint, c_void};
use core::mem::offset_of;

/// Bytes that a stream's context takes from the memory it was created with.
pub const MAX_CTX_RSV_SIZE: c_int = 65536;

/// Levels: the greater, the smaller the output and the slower the work.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "numbers of one scale")]
pub enum wcrypto_comp_level {
    WCRYPTO_COMP_L1 = 1,
    WCRYPTO_COMP_L2,
    WCRYPTO_COMP_L3,
    WCRYPTO_COMP_L4,
    WCRYPTO_COMP_L5,
    WCRYPTO_COMP_L6,
    WCRYPTO_COMP_L7,
    WCRYPTO_COMP_L8,
    WCRYPTO_COMP_L9,
}

/// How far back matches may reach.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_comp_win_type {
    /// 4 KiB.
    WCRYPTO_COMP_WS_4K = 0,
    /// 8 KiB.
    WCRYPTO_COMP_WS_8K = 1,
    /// 16 KiB.
    WCRYPTO_COMP_WS_16K = 2,
    /// 24 KiB.
    WCRYPTO_COMP_WS_24K = 3,
    /// 32 KiB.
    WCRYPTO_COMP_WS_32K = 4,
}

impl TryFrom<c_uint> for wcrypto_comp_win_type {
    type Error = ();

    fn try_from(number: c_uint) -> Result<Self, ()> {
        use wcrypto_comp_win_type::*;
        const ALL: [wcrypto_comp_win_type; 5] = [
            WCRYPTO_COMP_WS_4K,
            WCRYPTO_COMP_WS_8K,
            WCRYPTO_COMP_WS_16K,
            WCRYPTO_COMP_WS_24K,
            WCRYPTO_COMP_WS_32K,
        ];
        ALL.get(number as usize).copied().ok_or(())
    }
}

/// What the device does with its output behind the input.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_comp_flush_type {
    /// As `WCRYPTO_NO_FLUSH`.
    WCRYPTO_INVALID_FLUSH = 0,
    /// As much as compresses well is put out.
    WCRYPTO_NO_FLUSH = 1,
    /// All is put out, to a whole number of bytes.
    WCRYPTO_SYNC_FLUSH = 2,
    /// This is the last of the input.
    WCRYPTO_FINISH = 3,
}

impl TryFrom<c_uint> for wcrypto_comp_flush_type {
    type Error = ();

    fn try_from(number: c_uint) -> Result<Self, ()> {
        use wcrypto_comp_flush_type::*;
        const ALL: [wcrypto_comp_flush_type; 4] = [
            WCRYPTO_INVALID_FLUSH,
            WCRYPTO_NO_FLUSH,
            WCRYPTO_SYNC_FLUSH,
            WCRYPTO_FINISH,
        ];
        ALL.get(number as usize).copied().ok_or(())
    }
}

/// Formats.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum wcrypto_comp_alg_type {
    /// The deflate part of a zlib stream (RFC 1950), with its checksum. Header and trailer are the
    /// program's.
    WCRYPTO_ZLIB = 0,
    /// The deflate part of a gzip stream (RFC 1952), with its checksum. Header and trailer are the
    /// program's.
    WCRYPTO_GZIP = 1,
    /// Raw deflate (RFC 1951).
    WCRYPTO_RAW_DEFLATE = 2,
    /// Literals and sequences for a zstd encoder.
    WCRYPTO_LZ77_ZSTD = 3,
    /// How many there are.
    WCRYPTO_COMP_MAX_ALG = 4,
}

impl TryFrom<c_uint> for wcrypto_comp_alg_type {
    type Error = ();

    fn try_from(number: c_uint) -> Result<Self, ()> {
        use wcrypto_comp_alg_type::*;
        const ALL: [wcrypto_comp_alg_type; 4] = [
            WCRYPTO_ZLIB,
            WCRYPTO_GZIP,
            WCRYPTO_RAW_DEFLATE,
            WCRYPTO_LZ77_ZSTD,
        ];
        ALL.get(number as usize).copied().ok_or(())
    }
}

/// Directions.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_comp_optype {
    /// Compress.
    WCRYPTO_DEFLATE = 0,
    /// Decompress.
    WCRYPTO_INFLATE = 1,
}

impl TryFrom<c_uint> for wcrypto_comp_optype {
    type Error = ();

    fn try_from(number: c_uint) -> Result<Self, ()> {
        match number {
            0 => Ok(wcrypto_comp_optype::WCRYPTO_DEFLATE),
            1 => Ok(wcrypto_comp_optype::WCRYPTO_INFLATE),
            _ => Err(()),
        }
    }
}

/// What a request came to, beside the numbers `WD_*`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_op_result {
    /// Done; there may be more to do.
    WCRYPTO_STATUS_NULL = 0,
    /// Not used.
    WCRYPTO_COMP_END = 1,
    /// The end of the compressed stream was reached.
    WCRYPTO_DECOMP_END = 2,
    /// The room for the output is full, and there is more.
    WCRYPTO_DECOMP_END_NOSPACE = 3,
    /// The end of a raw deflate stream was reached, which has no checksum.
    WCRYPTO_DECOMP_NO_CRC = 4,
    /// The input ends before a block begins.
    WCRYPTO_DECOMP_BLK_NOSTART = 5,
    /// The input's integrity fields are wrong.
    WCRYPTO_SRC_DIF_ERR = 6,
    /// The output's integrity fields are wrong.
    WCRYPTO_DST_DIF_ERR = 7,
    /// The output is longer than the input.
    WCRYPTO_NEGTIVE_COMP_ERR = 8,
}

/// Whether a context's requests belong together.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_comp_state {
    /// Each is whole.
    WCRYPTO_COMP_STATELESS = 0,
    /// They are the pieces of one stream.
    WCRYPTO_COMP_STATEFUL = 1,
}

impl TryFrom<c_uint> for wcrypto_comp_state {
    type Error = ();

    fn try_from(number: c_uint) -> Result<Self, ()> {
        match number {
            0 => Ok(wcrypto_comp_state::WCRYPTO_COMP_STATELESS),
            1 => Ok(wcrypto_comp_state::WCRYPTO_COMP_STATEFUL),
            _ => Err(()),
        }
    }
}

/// Where in its stream a request stands.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wcrypto_stream_status {
    /// It goes on with a stream.
    WCRYPTO_COMP_STREAM_OLD = 0,
    /// It is the first.
    WCRYPTO_COMP_STREAM_NEW = 1,
}

impl TryFrom<c_uint> for wcrypto_stream_status {
    type Error = ();

    fn try_from(number: c_uint) -> Result<Self, ()> {
        match number {
            0 => Ok(wcrypto_stream_status::WCRYPTO_COMP_STREAM_OLD),
            1 => Ok(wcrypto_stream_status::WCRYPTO_COMP_STREAM_NEW),
            _ => Err(()),
        }
    }
}

/// What a context is to be.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_comp_ctx_setup {
    /// Is told the results of asynchronous requests; may be NULL without them.
    pub cb: wcrypto_cb,
    /// The format, one of `enum wcrypto_comp_alg_type`.
    pub alg_type: __u8,
    /// The direction, one of `enum wcrypto_comp_optype`.
    pub op_type: __u8,
    /// One of `enum wcrypto_comp_state`.
    pub stream_mode: __u8,
    /// The level, one of `enum wcrypto_comp_level`, or 0.
    pub comp_lv: __u8,
    /// The window, one of `enum wcrypto_comp_win_type`.
    pub win_size: __u16,
    /// How the buffers lie in memory, one of `enum wd_buff_type`.
    pub data_fmt: __u16,
    /// The memory that the buffers are in. `alloc`, `free`, `iova_map` and `iova_unmap` are needed.
    /// All contexts of a queue have the same.
    pub br: wd_mm_br,
}

/// The room for the output of lz77_zstd with lists: the request's `priv`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_zstd_out {
    /// Room for literals.
    pub literal: *mut c_void,
    /// Bytes of it, at least the input's and 16.
    pub lit_sz: __u32,
    /// Room for sequences and what comes behind them.
    pub sequence: *mut c_void,
    /// Bytes of it.
    pub seq_sz: __u32,
}

/// A request.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_comp_op_data {
    /// The format, as the context's.
    pub alg_type: __u8,
    /// One of `enum wcrypto_comp_flush_type`.
    pub flush: __u8,
    /// One of `enum wcrypto_stream_status`.
    pub stream_pos: __u8,
    /// Out: one of `enum wcrypto_op_result`, `WD_VERIFY_ERR` or `WD_IN_EPARA`.
    pub status: __u8,
    /// The input: bytes, or a `struct wd_sgl`.
    pub in_: *mut __u8,
    /// Room for the output: bytes, or a `struct wd_sgl`.
    pub out: *mut __u8,
    /// Bytes of input.
    pub in_len: __u32,
    /// Bytes of room.
    pub avail_out: __u32,
    /// Out: bytes of input consumed.
    pub consumed: __u32,
    /// Out: bytes of output produced.
    pub produced: __u32,
    /// Streams of gzip: the length so far, modulo 2^32. Out: with this request.
    pub isize: __u32,
    /// Streams: the checksum so far. Out: with this request. Of zlib the Adler-32, of gzip the
    /// complement of the CRC-32 with its bits in reverse order.
    pub checksum: __u32,
    /// lz77_zstd: a `struct wcrypto_lz77_zstd_format`, which the library fills, or with lists a
    /// `struct wcrypto_zstd_out`.
    pub priv_: *mut c_void,
}

/// A request between the library and a driver, and what a callback is given.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_comp_msg {
    /// The format, one of `enum wcrypto_comp_alg_type`.
    pub alg_type: __u8,
    /// The direction, one of `enum wcrypto_comp_optype`.
    pub op_type: __u8,
    /// One of `enum wcrypto_comp_flush_type`.
    pub flush_type: __u8,
    /// One of `enum wcrypto_comp_state`.
    pub stream_mode: __u8,
    /// One of `enum wcrypto_stream_status`.
    pub stream_pos: __u8,
    /// The level, one of `enum wcrypto_comp_level`, or 0.
    pub comp_lv: __u8,
    /// How the buffers lie in memory, one of `enum wd_buff_type`.
    pub data_fmt: __u8,
    /// The window, one of `enum wcrypto_comp_win_type`.
    pub win_size: __u8,
    /// Bytes of input.
    pub in_size: __u32,
    /// Bytes of room for the output.
    pub avail_out: __u32,
    /// Out: bytes of input consumed.
    pub in_cons: __u32,
    /// Out: bytes of output produced.
    pub produced: __u32,
    /// The input: bytes, or a `struct wd_sgl`.
    pub src: *mut __u8,
    /// Room for the output: bytes, or a `struct wd_sgl`.
    pub dst: *mut __u8,
    /// The context's number in its queue.
    pub tag: __u32,
    /// Out: one of `enum wcrypto_op_result`, `WD_VERIFY_ERR` or `WD_IN_EPARA`.
    pub status: __u32,
    /// As in the request.
    pub isize: __u32,
    /// As in the request.
    pub checksum: __u32,
    /// The stream's memory; NULL for a context without streams.
    pub ctx_buf: *mut c_void,
    /// Where the library has the request's tag.
    pub udata: __u64,
}

/// What a request of lz77_zstd produced.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_lz77_zstd_format {
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
    /// What the previous block became: 0 uncompressed, 1 one byte repeated, 2 compressed.
    pub blk_type: __u32,
}

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<wcrypto_comp_ctx_setup>() == 64);
    assert!(offset_of!(wcrypto_comp_ctx_setup, comp_lv) == 11);
    assert!(offset_of!(wcrypto_comp_ctx_setup, data_fmt) == 14);
    assert!(offset_of!(wcrypto_comp_ctx_setup, br) == 16);
    assert!(size_of::<wcrypto_zstd_out>() == 32 && offset_of!(wcrypto_zstd_out, sequence) == 16);
    assert!(size_of::<wcrypto_comp_op_data>() == 56);
    assert!(offset_of!(wcrypto_comp_op_data, in_) == 8);
    assert!(offset_of!(wcrypto_comp_op_data, in_len) == 24);
    assert!(offset_of!(wcrypto_comp_op_data, checksum) == 44);
    assert!(offset_of!(wcrypto_comp_op_data, priv_) == 48);
    assert!(size_of::<wcrypto_comp_msg>() == 72 && offset_of!(wcrypto_comp_msg, in_size) == 8);
    assert!(offset_of!(wcrypto_comp_msg, src) == 24 && offset_of!(wcrypto_comp_msg, tag) == 40);
    assert!(offset_of!(wcrypto_comp_msg, ctx_buf) == 56);
    assert!(offset_of!(wcrypto_comp_msg, udata) == 64);
    assert!(size_of::<wcrypto_lz77_zstd_format>() == 48);
    assert!(offset_of!(wcrypto_lz77_zstd_format, freq) == 32);
    assert!(offset_of!(wcrypto_lz77_zstd_format, blk_type) == 40);
};
