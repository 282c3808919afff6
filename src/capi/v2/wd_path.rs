//! The functions of `wd_path.h`: who served the requests. The comments below are the header's
//! comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, where the first paragraph says what holds \
              for all: pointers are NULL or good"
)]

use crate::alg::comp::{self, Stats};
use crate::capi::entry::entry;
use crate::ctypes::v2::handle_t;
use crate::ctypes::v2::wd_path::*;
use crate::drv::Path;
use crate::error::Error;
use core::ffi::c_int;
use core::ptr;

fn filled(stats: &Stats, size: u64) -> wd_comp_stats {
    let [hardware, simulated, software, foreign] = stats.served;
    wd_comp_stats {
        size,
        contexts: stats.contexts,
        requests: stats.requests,
        bytes_in: stats.bytes_in,
        bytes_out: stats.bytes_out,
        errors: stats.errors,
        hardware,
        simulated,
        software,
        foreign,
        fallbacks: stats.fallbacks,
        timeouts: stats.timeouts,
        strays: stats.strays,
    }
}

/// Tells what compression has done in this process. `stats->size` is the size in bytes of the caller's
/// structure; no more is written.
///
/// Returns 0, or -WD_EINVAL for NULL, a size less than 8, or if compression is not initialised.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_get_stats(stats: *mut wd_comp_stats) -> c_int {
    entry("wd_comp_get_stats", || {
        if stats.is_null() {
            return Err(Error::Invalid);
        }
        // SAFETY: not NULL, so by the caller's promise a structure of the size it says, which is
        // its first field.
        let size = unsafe { (*stats).size };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let size = size.min(size_of::<wd_comp_stats>());
        if size < size_of::<u64>() {
            return Err(Error::Invalid);
        }
        let told = filled(&comp::stats()?, size as u64);
        // SAFETY: as above; no more is written than the structure has.
        unsafe { ptr::copy_nonoverlapping((&raw const told).cast::<u8>(), stats.cast(), size) };
        Ok(0)
    })
}

/// Tells who served the session's last finished synchronous request: one of WD_PATH_*.
///
/// Returns it, or -WD_EINVAL if there is no such session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_sess_path(h_sess: handle_t) -> c_int {
    entry("wd_comp_sess_path", || {
        let number = match comp::path(h_sess)? {
            None => WD_PATH_NONE,
            Some(Path::Hardware) => WD_PATH_HARDWARE,
            Some(Path::Simulated) => WD_PATH_SIMULATED,
            Some(Path::Software) => WD_PATH_SOFTWARE,
            Some(Path::Foreign) => WD_PATH_FOREIGN,
        };
        c_int::try_from(number).map_err(|_| Error::Io)
    })
}
