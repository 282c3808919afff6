//! The functions of `wd_comp.h`: compression. The comments below are the header's comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, where the first paragraph says what holds \
              for all: pointers are NULL or good"
)]

use crate::capi::entry::entry;
use crate::ctypes::v2::wd_alg_common::{wd_ctx_config, wd_ctx_params, wd_sched};
use crate::ctypes::v2::wd_comp::{wd_comp_req, wd_comp_sess_setup};
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::ctypes::v2::{__u8, __u32, handle_t};
use crate::error::Error;
use core::ffi::{c_char, c_int};

/// Initialises compression with contexts and a scheduler of the caller's, which stay until
/// `wd_comp_uninit` returns. The driver is the hardware driver of the algorithm "zlib".
///
/// Returns 0; -WD_EEXIST if it is initialised already; -WD_ETIMEDOUT if another thread has been
/// initialising it for three seconds; -WD_EINVAL for a bad argument, or where there is no driver.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_init(config: *mut wd_ctx_config, sched: *mut wd_sched) -> c_int {
    let _ = (config, sched);
    entry("wd_comp_init", || Err(Error::NoDevice))
}

/// Undoes `wd_comp_init`. Sessions answer -WD_EINVAL from then on. Requests that are on their way are
/// given up: their callbacks are not called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_uninit() {
    entry("wd_comp_uninit", || Ok(()))
}

/// Initialises compression with contexts and a scheduler of the library's. `alg` is "zlib", "gzip",
/// "deflate", "lz77_zstd", "lz4" or "lz77_only"; all of them can then be used. `sched_type` is one of
/// enum sched_policy_type, `task_type` one of enum alg_task_type, `ctx_params` how many contexts
/// there are to be, or NULL. The environment variable WD_COMP_CTX_NUM counts more.
///
/// Returns 0; -WD_EEXIST if it is initialised already; -WD_ETIMEDOUT if another thread has been
/// initialising it for three seconds; -WD_EINVAL for a bad argument, or where there is no driver;
/// -WD_ENODEV if no device can be used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_init2_(
    alg: *mut c_char,
    sched_type: __u32,
    task_type: c_int,
    ctx_params: *mut wd_ctx_params,
) -> c_int {
    let _ = (alg, sched_type, task_type, ctx_params);
    entry("wd_comp_init2_", || Err(Error::NoDevice))
}

/// Undoes `wd_comp_init2_`, as `wd_comp_uninit` does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_uninit2() {
    entry("wd_comp_uninit2", || Ok(()))
}

/// Makes a session. `setup` is only read.
///
/// Returns its handle; 0 for a bad setup, or if compression is not initialised.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_alloc_sess(setup: *mut wd_comp_sess_setup) -> handle_t {
    let _ = setup;
    entry("wd_comp_alloc_sess", || Err(Error::NoDevice))
}

/// Ends a session. Its asynchronous requests are finished all the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_free_sess(h_sess: handle_t) {
    let _ = h_sess;
    entry("wd_comp_free_sess", || Ok(()))
}

/// The next piece of a session's stream is the first of a new stream.
///
/// Returns 0, or -WD_EINVAL if there is no such session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_reset_sess(h_sess: handle_t) -> c_int {
    let _ = h_sess;
    entry("wd_comp_reset_sess", || Err(Error::NoDevice))
}

/// Does a request that is whole in itself, and waits for it. Out: `src_len` consumed, `dst_len`
/// produced, `status`.
///
/// Returns 0; -WD_EINVAL for a bad request; -WD_EBUSY if the device's queue is full; -WD_ETIMEDOUT if
/// the answer did not come in time, and then nothing touches the buffers any more;
/// -WD_HW_EACCESS if the device does not work.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_do_comp_sync(h_sess: handle_t, req: *mut wd_comp_req) -> c_int {
    let _ = (h_sess, req);
    entry("wd_do_comp_sync", || Err(Error::NoDevice))
}

/// Does the next piece of the session's stream, and waits for it. `last` is 1 for the last piece to
/// compress. Returns as `wd_do_comp_sync` does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_do_comp_strm(h_sess: handle_t, req: *mut wd_comp_req) -> c_int {
    let _ = (h_sess, req);
    entry("wd_do_comp_strm", || Err(Error::NoDevice))
}

/// Sends a request that is whole in itself. A poll function calls `cb` when it is finished, with a
/// copy of the request that is good until `cb` returns.
///
/// Returns 0; -WD_EINVAL for a bad request; -WD_EBUSY if too many are on their way; -WD_HW_EACCESS
/// if the device does not work.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_do_comp_async(h_sess: handle_t, req: *mut wd_comp_req) -> c_int {
    let _ = (h_sess, req);
    entry("wd_do_comp_async", || Err(Error::NoDevice))
}

/// Finishes up to `expt` requests of the asynchronous context number `idx`; `count` says how many.
///
/// Returns 0 if there were that many; -WD_EAGAIN if no more is ready, `count` says how many there
/// were; -WD_EINVAL for a bad argument; -WD_HW_EACCESS if the device does not work.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_poll_ctx(idx: __u32, expt: __u32, count: *mut __u32) -> c_int {
    let _ = (idx, expt, count);
    entry("wd_comp_poll_ctx", || Err(Error::NoDevice))
}

/// Finishes up to `expt` requests, whatever contexts they are of; adds how many to `count`.
///
/// Returns 0, also if there were fewer; else an error as `wd_comp_poll_ctx` does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_poll(expt: __u32, count: *mut __u32) -> c_int {
    let _ = (expt, count);
    entry("wd_comp_poll", || Err(Error::NoDevice))
}

/// Does a request of any size that is whole in itself piece by piece, and waits for it. Returns as
/// `wd_do_comp_sync` does, and -WD_EINVAL for input that is not what it should be.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_do_comp_sync2(h_sess: handle_t, req: *mut wd_comp_req) -> c_int {
    let _ = (h_sess, req);
    entry("wd_do_comp_sync2", || Err(Error::NoDevice))
}

/// Initialises compression as the environment variables WD_COMP_CTX_NUM, WD_COMP_ASYNC_POLL_EN and
/// WD_COMP_ASYNC_POLL_NUM say. `sched` is a scheduler to fill, or NULL for one of the library's.
///
/// Returns 0; -WD_EEXIST if compression is initialised already; -WD_EINVAL for a value that is not
/// acceptable; -WD_ENODEV if there is no device; -WD_EBUSY if contexts cannot be opened.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_env_init(sched: *mut wd_sched) -> c_int {
    let _ = sched;
    entry("wd_comp_env_init", || Err(Error::NoDevice))
}

/// Undoes `wd_comp_env_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_env_uninit() {
    entry("wd_comp_env_uninit", || Ok(()))
}

/// Initialises compression with `num` contexts of a kind: on the NUMA node `node`, for the operation
/// `type`, which is one of enum wd_comp_op_type, in the mode `mode`, one of enum wd_ctx_mode.
/// Returns as `wd_comp_env_init` does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_ctx_num_init(
    node: __u32,
    type_: __u32,
    num: __u32,
    mode: __u8,
) -> c_int {
    let _ = (node, type_, num, mode);
    entry("wd_comp_ctx_num_init", || Err(Error::NoDevice))
}

/// Undoes `wd_comp_ctx_num_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_ctx_num_uninit() {
    entry("wd_comp_ctx_num_uninit", || Ok(()))
}

/// Tells how many contexts of a kind `wd_comp_env_init` or `wd_comp_ctx_num_init` made, and whether
/// threads of the library poll.
///
/// Returns 0, or -WD_EINVAL for a bad argument or a node without devices.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_get_env_param(
    node: __u32,
    type_: __u32,
    mode: __u32,
    num: *mut __u32,
    is_enable: *mut __u8,
) -> c_int {
    let _ = (node, type_, mode, num, is_enable);
    entry("wd_comp_get_env_param", || Err(Error::NoDevice))
}

/// For drivers: the message of the asynchronous request with the tag `tag` in the context number
/// `idx`; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_get_msg(idx: __u32, tag: __u32) -> *mut wd_comp_msg {
    let _ = (idx, tag);
    entry("wd_comp_get_msg", || Err(Error::NoDevice))
}
