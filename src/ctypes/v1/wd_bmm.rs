//! `uadk/v1/wd_bmm.h`: pools of blocks.

use super::__u32;
use super::wd::wd_mm_br;
use core::mem::offset_of;

/// What a pool is to be.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_blkpool_setup {
    /// Bytes of a block, 1 to 256 MiB.
    pub block_size: __u32,
    /// Blocks. Out, without the functions of `br`: those there are.
    pub block_num: __u32,
    /// The blocks' alignment, a power of two, 2 to 4096.
    pub align_size: __u32,
    /// The memory's functions, all or none: without them the memory is the queue's, reserved by the
    /// pool.
    pub br: wd_mm_br,
}

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () =
    assert!(size_of::<wd_blkpool_setup>() == 64 && offset_of!(wd_blkpool_setup, br) == 16);
