//! The functions of `wd_comp.h`: compression. The comments below are the header's comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, where the first paragraph says what holds \
              for all: pointers are NULL or good"
)]

use super::foreign_sched::ForeignScheduler;
use super::numa;
use super::room_for;
use super::wd_bmm::{wd_get_bufsize, wd_mem_alloc, wd_mem_free, wd_mem_map, wd_mem_unmap};
use super::wd_sched::{native, params};
use crate::alg::comp;
use crate::alg::comp::start::{Given, Own, Wanted};
use crate::alg::sched::Native;
use crate::alg::setup::{Chooser, Param};
use crate::capi::entry::entry;
use crate::capi::out;
use crate::capi::text::text;
use crate::ctypes::v2::wd::wd_mm_ops;
use crate::ctypes::v2::wd_alg_common::{
    alg_task_type, wd_cap_config, wd_ctx, wd_ctx_config, wd_ctx_mode, wd_ctx_nums, wd_ctx_params,
    wd_sched,
};
use crate::ctypes::v2::wd_comp::{
    wd_comp_alg_type, wd_comp_level, wd_comp_op_type, wd_comp_req, wd_comp_sess_setup,
    wd_comp_winsz_type,
};
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::ctypes::v2::wd_sched::{sched_params, sched_policy_type};
use crate::ctypes::v2::{__u8, __u32, CBool, Enum, handle_t};
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::mm_ops::MmOps;
use core::ffi::{c_char, c_int, c_void};
use core::mem::offset_of;
use core::{ptr, slice};
use std::sync::Arc;

/// The fields of a session's setup that programs built with older headers have.
#[repr(C)]
struct OldSetup {
    alg_type: Enum<wd_comp_alg_type>,
    comp_lv: Enum<wd_comp_level>,
    win_sz: Enum<wd_comp_winsz_type>,
    op_type: Enum<wd_comp_op_type>,
    sched_param: *mut c_void,
}

const _: () = assert!(size_of::<OldSetup>() == offset_of!(wd_comp_sess_setup, mm_ops));

/// What `UADK_MEM_PROXY` stands for.
static POOLS: Pools = Pools(wd_mm_ops {
    alloc: Some(wd_mem_alloc),
    free: Some(wd_mem_free),
    iova_map: Some(wd_mem_map),
    iova_unmap: Some(wd_mem_unmap),
    get_bufsize: Some(wd_get_bufsize),
    usr: ptr::null_mut(),
    sva_mode: CBool(0),
});

struct Pools(wd_mm_ops);

// SAFETY: functions, and a pointer that is NULL.
unsafe impl Sync for Pools {}

/// Calls the callback of a finished asynchronous request.
fn call_back(request: &mut wd_comp_req) {
    let (callback, param) = (request.cb, request.cb_param);
    if let Some(callback) = callback {
        // SAFETY: the promise of whoever made the request; the copy is good until it returns.
        unsafe { callback(request, param) };
    }
}

/// Polls a context, for threads of the library.
fn poll_thread(index: u32) -> Result<bool> {
    comp::work(index, call_back)
}

/// The scheduler behind a structure.
///
/// # Safety
/// As [`ForeignScheduler::adopt`].
unsafe fn chooser(sched: &wd_sched) -> Result<Chooser> {
    // SAFETY: the promise above.
    let foreign = unsafe { ForeignScheduler::adopt(sched) }.inspect_err(|_| {
        log_error!("the scheduler has no name, or not all of its functions");
    })?;
    Ok(match native(sched) {
        Some(native) => Chooser::Native(native),
        None => Chooser::Foreign(Arc::new(foreign)),
    })
}

/// What `wd_comp_init` is given.
///
/// # Safety
/// Both are NULL or good, with as many contexts as `ctx_num` says; and as [`chooser`].
unsafe fn own(config: *const wd_ctx_config, sched: *const wd_sched) -> Result<Own> {
    // SAFETY: the promise above.
    let config = unsafe { config.as_ref() }.ok_or(Error::Invalid)?;
    // SAFETY: the promise above.
    let sched = unsafe { sched.as_ref() }.ok_or(Error::Invalid)?;
    if config.ctxs.is_null() || config.ctx_num == 0 {
        return Err(Error::Invalid);
    }
    let mut contexts = room_for(config.ctx_num)?;
    // SAFETY: the promise above.
    let ctxs = unsafe { slice::from_raw_parts(config.ctxs, config.ctx_num as usize) };
    let given = |ctx: &wd_ctx| -> Result<Given> {
        let mode = wd_ctx_mode::try_from(u32::from(ctx.ctx_mode)).map_err(|()| Error::Invalid)?;
        Ok(Given {
            handle: Some(ctx.ctx)
                .filter(|ctx| *ctx != 0)
                .ok_or(Error::Invalid)?,
            op_type: ctx.op_type,
            asynchronous: mode == wd_ctx_mode::CTX_MODE_ASYNC,
        })
    };
    for ctx in ctxs {
        contexts.push(given(ctx)?);
    }
    Ok(Own {
        contexts,
        // SAFETY: the promise above.
        slots: unsafe { slots(config.cap) },
        // SAFETY: the promise above.
        chooser: unsafe { chooser(sched) }?,
    })
}

/// Asynchronous requests of a context.
///
/// # Safety
/// `cap` is NULL or good.
unsafe fn slots(cap: *const wd_cap_config) -> u32 {
    // SAFETY: the promise above.
    unsafe { cap.as_ref() }.map_or(0, |cap| cap.ctx_msg_num)
}

/// What `wd_comp_init2_` is given, if it is given anything.
///
/// # Safety
/// `params` is NULL or good, with as many numbers as `op_type_num` says.
unsafe fn wanted(params: *const wd_ctx_params) -> Result<Option<Wanted>> {
    // SAFETY: the promise above.
    let Some(params) = (unsafe { params.as_ref() }) else {
        return Ok(None);
    };
    // More than there can be are refused, and need not be read.
    let count = params.op_type_num.min(MOST_KINDS) as usize;
    let numbers = match count {
        0 => Vec::new(),
        _ if params.ctx_set_num.is_null() => return Err(Error::Invalid),
        _ if params.op_type_num >= MOST_KINDS => vec![wd_ctx_nums::default(); count],
        // SAFETY: the promise above.
        _ => unsafe { slice::from_raw_parts(params.ctx_set_num, count) }.to_vec(),
    };
    // SAFETY: the promise above.
    let nodes = unsafe { numa::nodes(params.bmp) };
    Ok(Some(Wanted {
        numbers,
        nodes: (!params.bmp.is_null()).then_some(nodes),
        // SAFETY: the promise above.
        slots: unsafe { slots(params.cap) },
    }))
}

/// One more kind of operation than compression has.
const MOST_KINDS: u32 = 3;

/// The parameter of a session for the library's scheduler.
fn read_param(address: usize, native: &Native) -> Option<sched_params> {
    // SAFETY: the address is what the caller of `wd_comp_alloc_sess` gave, NULL or a parameter for
    // the scheduler in use.
    unsafe { params(ptr::with_exposed_provenance(address), native) }
}

/// Initialises compression with contexts and a scheduler of the caller's, which stay until
/// `wd_comp_uninit` returns. The driver is the hardware driver of the algorithm "zlib".
///
/// Returns 0; -WD_EEXIST if it is initialised already; -WD_ETIMEDOUT if another thread has been
/// initialising it for three seconds; -WD_EINVAL for a bad argument, or where there is no driver;
/// -WD_ENOMEM for more than 65536 contexts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_init(config: *mut wd_ctx_config, sched: *mut wd_sched) -> c_int {
    entry("wd_comp_init", || {
        // SAFETY: the caller's promise.
        comp::start::with_contexts(|| unsafe { own(config, sched) }, poll_thread)?;
        Ok(0)
    })
}

/// Undoes `wd_comp_init`. Sessions answer -WD_EINVAL from then on. Requests that are on their way are
/// given up: their callbacks are not called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_uninit() {
    entry("wd_comp_uninit", || {
        comp::end();
        Ok(())
    })
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
    entry("wd_comp_init2_", || {
        // SAFETY: the caller's promise.
        let name = unsafe { text(alg) };
        // SAFETY: as above.
        let wanted = unsafe { wanted(ctx_params) }?;
        comp::start::with_devices(
            name.unwrap_or_default(),
            sched_policy_type::try_from(sched_type).ok(),
            alg_task_type::try_from(task_type).ok(),
            wanted.as_ref(),
            poll_thread,
        )?;
        Ok(0)
    })
}

/// Undoes `wd_comp_init2_`, as `wd_comp_uninit` does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_uninit2() {
    entry("wd_comp_uninit2", || {
        comp::end();
        Ok(())
    })
}

/// Makes a session. `setup` is only read.
///
/// Returns its handle; 0 for a bad setup, or if compression is not initialised.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_alloc_sess(setup: *mut wd_comp_sess_setup) -> handle_t {
    entry("wd_comp_alloc_sess", || {
        if setup.is_null() {
            return Err(Error::Invalid);
        }
        // SAFETY: not NULL, so by the caller's promise a setup, of which older programs have only
        // the fields up to this one.
        let known = unsafe { &*setup.cast::<OldSetup>() };
        let asked = comp::Setup {
            format: known.alg_type,
            level: known.comp_lv,
            window: known.win_sz,
            direction: known.op_type,
            param: Param {
                address: known.sched_param.expose_provenance(),
                read: read_param,
            },
        };
        comp::open(&asked, || {
            // SAFETY: devices without SVA are of no use to older programs; so it is a whole setup.
            let whole = unsafe { &*setup };
            // SAFETY: the caller's promise: the functions in it are good.
            let ops = unsafe { MmOps::without_sva(&whole.mm_ops, whole.mm_type.get(), &POOLS.0) };
            Ok((ops?, whole.mm_type))
        })
    })
}

/// Ends a session. Its asynchronous requests are finished all the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_free_sess(h_sess: handle_t) {
    entry("wd_comp_free_sess", || match h_sess {
        0 => Ok(()),
        handle => comp::free(handle),
    })
}

/// The next piece of a session's stream is the first of a new stream.
///
/// Returns 0, or -WD_EINVAL if there is no such session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_reset_sess(h_sess: handle_t) -> c_int {
    entry("wd_comp_reset_sess", || comp::reset(h_sess).map(|()| 0))
}

/// Does a request that is whole in itself, and waits for it. Out: `src_len` consumed, `dst_len`
/// produced, `status`.
///
/// Returns 0; -WD_EINVAL for a bad request; -WD_EBUSY if the device's queue is full; -WD_ETIMEDOUT if
/// the answer did not come in time, and then nothing touches the buffers any more;
/// -WD_HW_EACCESS if the device does not work.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_do_comp_sync(h_sess: handle_t, req: *mut wd_comp_req) -> c_int {
    entry("wd_do_comp_sync", || {
        // SAFETY: NULL, or by the caller's promise a request that is the library's meanwhile.
        let request = unsafe { req.as_mut() }.ok_or(Error::Invalid)?;
        comp::sync(h_sess, request).map(|()| 0)
    })
}

/// Does the next piece of the session's stream, and waits for it. `last` is 1 for the last piece to
/// compress. Returns as `wd_do_comp_sync` does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_do_comp_strm(h_sess: handle_t, req: *mut wd_comp_req) -> c_int {
    entry("wd_do_comp_strm", || {
        // SAFETY: NULL, or by the caller's promise a request that is the library's meanwhile.
        let request = unsafe { req.as_mut() }.ok_or(Error::Invalid)?;
        comp::stream(h_sess, request).map(|()| 0)
    })
}

/// Sends a request that is whole in itself. A poll function calls `cb` when it is finished, with a
/// copy of the request that is good until `cb` returns.
///
/// Returns 0; -WD_EINVAL for a bad request; -WD_EBUSY if too many are on their way; -WD_HW_EACCESS
/// if the device does not work.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_do_comp_async(h_sess: handle_t, req: *mut wd_comp_req) -> c_int {
    entry("wd_do_comp_async", || {
        // SAFETY: NULL, or by the caller's promise a request.
        let request = unsafe { req.as_ref() }.ok_or(Error::Invalid)?;
        comp::post(h_sess, request).map(|()| 0)
    })
}

/// Finishes up to `expt` requests of the asynchronous context number `idx`; `count` says how many.
///
/// Returns 0 if there were that many; -WD_EAGAIN if no more is ready, `count` says how many there
/// were; -WD_EINVAL for a bad argument; -WD_HW_EACCESS if the device does not work.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_poll_ctx(idx: __u32, expt: __u32, count: *mut __u32) -> c_int {
    entry("wd_comp_poll_ctx", || {
        let count = out::place(count)?;
        let mut taken = 0;
        let polled = comp::poll_context(idx, expt, &mut taken, call_back);
        // SAFETY: by the caller's promise writable, whatever is in it.
        unsafe { count.write(taken) };
        polled.map(|()| 0)
    })
}

/// Finishes up to `expt` requests, whatever contexts they are of; adds how many to `count`.
///
/// Returns 0, also if there were fewer; else an error as `wd_comp_poll_ctx` does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_poll(expt: __u32, count: *mut __u32) -> c_int {
    entry("wd_comp_poll", || {
        let count = out::place(count)?;
        // SAFETY: by the caller's promise a number.
        let mut total = unsafe { count.read() };
        let polled = comp::poll(expt, &mut total, call_back);
        // SAFETY: as above.
        unsafe { count.write(total) };
        polled.map(|()| 0)
    })
}

/// Does a request of any size that is whole in itself piece by piece, and waits for it. Returns as
/// `wd_do_comp_sync` does, and -WD_EINVAL for input that is not what it should be.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_do_comp_sync2(h_sess: handle_t, req: *mut wd_comp_req) -> c_int {
    entry("wd_do_comp_sync2", || {
        // SAFETY: NULL, or by the caller's promise a request that is the library's meanwhile.
        let request = unsafe { req.as_mut() }.ok_or(Error::Invalid)?;
        comp::sync_in_pieces(h_sess, request).map(|()| 0)
    })
}

/// Initialises compression as the environment variables WD_COMP_CTX_NUM, WD_COMP_ASYNC_POLL_EN and
/// WD_COMP_ASYNC_POLL_NUM say. `sched` is a scheduler to fill, or NULL for one of the library's.
///
/// Returns 0; -WD_EEXIST if compression is initialised already; -WD_EINVAL for a value that is not
/// acceptable; -WD_ENODEV if there is no device; -WD_EBUSY if contexts cannot be opened.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_env_init(sched: *mut wd_sched) -> c_int {
    entry("wd_comp_env_init", || {
        // SAFETY: NULL, or by the caller's promise a scheduler.
        let sched = unsafe { sched.as_ref() };
        // SAFETY: the caller's promise.
        let chooser = || sched.map(|sched| unsafe { chooser(sched) }).transpose();
        comp::from_environment(chooser, poll_thread)?;
        Ok(0)
    })
}

/// Undoes `wd_comp_env_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_env_uninit() {
    entry("wd_comp_env_uninit", || {
        comp::end_environment();
        Ok(())
    })
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
    entry("wd_comp_ctx_num_init", || {
        comp::one_kind(node, type_, num, mode.into(), poll_thread)?;
        Ok(0)
    })
}

/// Undoes `wd_comp_ctx_num_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_ctx_num_uninit() {
    entry("wd_comp_ctx_num_uninit", || {
        comp::end_environment();
        Ok(())
    })
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
    entry("wd_comp_get_env_param", || {
        let (num, is_enable) = (out::place(num)?, out::place(is_enable)?);
        let (number, polls) = comp::contexts_of(node, type_, mode)?;
        // SAFETY: by the caller's promise writable, whatever is in it.
        unsafe { is_enable.write(polls.into()) };
        let number = number.ok_or(Error::Invalid)?;
        // SAFETY: as above.
        unsafe { num.write(number) };
        Ok(0)
    })
}

/// For drivers: the message of the asynchronous request with the tag `tag` in the context number
/// `idx`; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_comp_get_msg(idx: __u32, tag: __u32) -> *mut wd_comp_msg {
    entry("wd_comp_get_msg", || {
        let message = comp::find(idx, tag).ok_or(Error::Invalid)?;
        Ok(message.as_ptr())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alg::setup::MOST_SEATS;

    #[test]
    fn more_contexts_than_there_can_be_are_refused_unread() {
        // SAFETY: zeros are a context: numbers.
        let mut one: wd_ctx = unsafe { core::mem::zeroed() };
        // SAFETY: zeros are a configuration without contexts.
        let mut config: wd_ctx_config = unsafe { core::mem::zeroed() };
        // SAFETY: zeros are a scheduler without functions.
        let sched: wd_sched = unsafe { core::mem::zeroed() };
        config.ctxs = &raw mut one;
        for count in [MOST_SEATS as u32 + 1, u32::MAX] {
            config.ctx_num = count;
            // SAFETY: so many are not read.
            let answer = unsafe { own(&raw const config, &raw const sched) };
            assert_eq!(answer.err(), Some(Error::NoMemory));
        }
    }
}
