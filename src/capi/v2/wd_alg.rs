//! The functions of `wd_alg.h`: the registry of drivers. The comments below are the header's comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, where the first paragraph says what holds \
              for all: pointers are NULL or good"
)]

use crate::capi::entry::entry;
use crate::ctypes::v2::wd_alg::{wd_alg_driver, wd_alg_list};
use crate::ctypes::v2::{__u8, handle_t};
use crate::error::Error;
use core::ffi::{c_char, c_int, c_void};

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_alg_driver_register(drv: *mut wd_alg_driver) -> c_int {
    let _ = (drv,);
    entry("wd_alg_driver_register", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_alg_driver_unregister(drv: *mut wd_alg_driver) {
    let _ = (drv,);
    entry("wd_alg_driver_unregister", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_request_drv(
    alg_name: *const c_char,
    hw_mask: bool,
) -> *mut wd_alg_driver {
    let _ = (alg_name, hw_mask);
    entry("wd_request_drv", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_release_drv(drv: *mut wd_alg_driver) {
    let _ = (drv,);
    entry("wd_release_drv", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_drv_alg_support(
    alg_name: *const c_char,
    drv: *mut wd_alg_driver,
) -> bool {
    let _ = (alg_name, drv);
    entry("wd_drv_alg_support", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_enable_drv(drv: *mut wd_alg_driver) {
    let _ = (drv,);
    entry("wd_enable_drv", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_disable_drv(drv: *mut wd_alg_driver) {
    let _ = (drv,);
    entry("wd_disable_drv", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_alg_driver_init(drv: *mut wd_alg_driver, conf: *mut c_void) -> c_int {
    let _ = (drv, conf);
    entry("wd_alg_driver_init", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_alg_driver_exit(drv: *mut wd_alg_driver) {
    let _ = (drv,);
    entry("wd_alg_driver_exit", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_alg_driver_send(
    drv: *mut wd_alg_driver,
    ctx: handle_t,
    msg: *mut c_void,
) -> c_int {
    let _ = (drv, ctx, msg);
    entry("wd_alg_driver_send", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_alg_driver_recv(
    drv: *mut wd_alg_driver,
    ctx: handle_t,
    msg: *mut c_void,
) -> c_int {
    let _ = (drv, ctx, msg);
    entry("wd_alg_driver_recv", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_alg_get_dev_usage(
    dev_name: *const c_char,
    alg_type: *const c_char,
    op_type: __u8,
) -> c_int {
    let _ = (dev_name, alg_type, op_type);
    entry("wd_alg_get_dev_usage", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_alg_type(alg_name: *const c_char, alg_type: *mut c_char) -> c_int {
    let _ = (alg_name, alg_type);
    entry("wd_get_alg_type", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_alg_head() -> *mut wd_alg_list {
    entry("wd_get_alg_head", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_sec2_probe() {
    entry("hisi_sec2_probe", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_hpre_probe() {
    entry("hisi_hpre_probe", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_zip_probe() {
    entry("hisi_zip_probe", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_dae_probe() {
    entry("hisi_dae_probe", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_udma_probe() {
    entry("hisi_udma_probe", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_dae_join_gather_probe() {
    entry("hisi_dae_join_gather_probe", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_sec2_remove() {
    entry("hisi_sec2_remove", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_hpre_remove() {
    entry("hisi_hpre_remove", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_zip_remove() {
    entry("hisi_zip_remove", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_dae_remove() {
    entry("hisi_dae_remove", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_udma_remove() {
    entry("hisi_udma_remove", || Err(Error::NoDevice))
}

/// Not filled in yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_dae_join_gather_remove() {
    entry("hisi_dae_join_gather_remove", || Err(Error::NoDevice))
}
