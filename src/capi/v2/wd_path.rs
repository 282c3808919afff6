//! The functions of `wd_path.h`: who served the requests. The comments below are the header's
//! comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, where the first paragraph says what holds \
              for all: pointers are NULL or good"
)]

use crate::capi::entry::entry;
use crate::ctypes::v2::handle_t;
use crate::ctypes::v2::wd_path::wd_comp_stats;
use crate::error::Error;
use core::ffi::c_int;

/// Tells what compression has done in this process. `stats->size` is the size in bytes of the caller's
/// structure; no more is written.
///
/// Returns 0, or -WD_EINVAL for NULL, a size less than 8, or if compression is not initialised.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_get_stats(stats: *mut wd_comp_stats) -> c_int {
    let _ = stats;
    entry("wd_comp_get_stats", || Err(Error::NoDevice))
}

/// Tells who served the session's last finished synchronous request: one of WD_PATH_*.
///
/// Returns it, or -WD_EINVAL if there is no such session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_sess_path(h_sess: handle_t) -> c_int {
    let _ = h_sess;
    entry("wd_comp_sess_path", || Err(Error::NoDevice))
}
