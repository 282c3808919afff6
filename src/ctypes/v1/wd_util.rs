//! `wd_util.h`, which is not installed: what the messages' `udata` points to.

use super::wd::wcrypto_cb_tag;
use core::ffi::c_void;
use core::mem::offset_of;

/// What `udata` of a `struct wcrypto_comp_msg` points to.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wcrypto_comp_tag {
    /// Whose the request is.
    pub wcrypto_tag: wcrypto_cb_tag,
    /// The request's `priv`.
    pub priv_: *mut c_void,
}

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () =
    assert!(size_of::<wcrypto_comp_tag>() == 32 && offset_of!(wcrypto_comp_tag, priv_) == 24);
