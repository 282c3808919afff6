//! `wd_bmm.h`: pools of memory for devices without SVA.

use super::__u32;
use super::wd::wd_mm_ops;

/// What a pool is to be.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_mempool_setup {
    /// Bytes of a block, 1 to 256 MiB.
    pub block_size: __u32,
    /// Blocks. Out: the blocks there are.
    pub block_num: __u32,
    /// The blocks' alignment, a power of two, 2 to 4096.
    pub align_size: __u32,
    /// Not used.
    pub ops: wd_mm_ops,
}

// The layout is ABI: the size of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<wd_mempool_setup>() == 72);
