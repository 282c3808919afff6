//! The functions of `wd_sched.h`: schedulers. The comments below are the header's comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, where the first paragraph says what holds \
              for all: pointers are NULL or good"
)]

use crate::capi::entry::entry;
use crate::ctypes::v2::wd_alg_common::wd_sched;
use crate::ctypes::v2::wd_sched::{sched_params, user_poll_func};
use crate::ctypes::v2::{__u8, __u16};
use crate::error::Error;
use core::ffi::c_int;

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_sched_rr_instance(
    sched: *const wd_sched,
    param: *mut sched_params,
) -> c_int {
    let _ = (sched, param);
    entry("wd_sched_rr_instance", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_sched_rr_alloc(
    sched_type: __u8,
    type_num: __u8,
    numa_num: __u16,
    func: user_poll_func,
) -> *mut wd_sched {
    let _ = (sched_type, type_num, numa_num, func);
    entry("wd_sched_rr_alloc", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_sched_rr_release(sched: *mut wd_sched) {
    let _ = (sched,);
    entry("wd_sched_rr_release", || Err(Error::NoDevice))
}
