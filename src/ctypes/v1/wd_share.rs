//! `uadk/v1/wd_share.h`: how memory is shared, with the numbers of the seed.

use core::ffi::c_int;

/// `wd_mem_share`: the device may read.
pub const WD_SHARE_READ: c_int = 1;
/// `wd_mem_share`: the device may write. Without either flag it may do both.
pub const WD_SHARE_WRITE: c_int = 2;
/// `wd_mem_share`: the whole address space, with SVA only; address and size are 0.
pub const WD_SHARE_ALL: c_int = 0x10000;
