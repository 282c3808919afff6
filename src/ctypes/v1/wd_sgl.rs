//! `uadk/v1/wd_sgl.h`: scatter-gather lists and pools of them.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use super::wd::wd_mm_br;
use super::{__u8, __u16, __u32};
use core::mem::offset_of;

/// A list of pieces of memory, of a pool. Programs only have pointers to it.
pub struct wd_sgl {
    _private: [u8; 0],
}

/// What a pool is to be.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_sglpool_setup {
    /// Buffers, at least `sgl_num * buf_num_in_sgl`.
    pub buf_num: __u32,
    /// Bytes of a buffer, at least 2048.
    pub buf_size: __u32,
    /// Entries of a list, 1 to 60.
    pub sge_num_in_sgl: __u8,
    /// Entries of a new list that have a buffer, 1 to `sge_num_in_sgl`.
    pub buf_num_in_sgl: __u8,
    /// Lists, 1 to 2048.
    pub sgl_num: __u16,
    /// The buffers' alignment, a power of two, 8 to 2048.
    pub align_size: __u32,
    /// The memory's functions, all or none: without them the memory is the queue's, reserved by the
    /// pool.
    pub br: wd_mm_br,
}

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<wd_sglpool_setup>() == 64);
    assert!(offset_of!(wd_sglpool_setup, sge_num_in_sgl) == 8);
    assert!(offset_of!(wd_sglpool_setup, buf_num_in_sgl) == 9);
    assert!(offset_of!(wd_sglpool_setup, sgl_num) == 10);
    assert!(offset_of!(wd_sglpool_setup, align_size) == 12);
    assert!(offset_of!(wd_sglpool_setup, br) == 16);
};
