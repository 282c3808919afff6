//! `uadk/v1/wd_share.h`: how memory is shared.

use core::ffi::c_int;

/// Sharing: the device reads the memory.
pub const WD_SHARE_READ: c_int = 1;
/// Sharing: the device writes the memory.
pub const WD_SHARE_WRITE: c_int = 2;
/// Sharing: the whole address space; needs SVA.
pub const WD_SHARE_ALL: c_int = 0x10000;
