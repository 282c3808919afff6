//! The functions of `wd_sched.h`: schedulers. The comments below are the header's comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, where the first paragraph says what holds \
              for all: pointers are NULL or good"
)]

use super::memory;
use crate::alg::sched::{Key, Mode, Native, Scheduler, handles};
use crate::capi::entry::{HandleOrError, Reply, entry};
use crate::ctypes::v2::wd_alg_common::{wd_ctx_mode, wd_sched};
use crate::ctypes::v2::wd_sched::{INVALID_POS, sched_params, sched_policy_type, user_poll_func};
use crate::ctypes::v2::{__u8, __u16, __u32, handle_t};
use crate::error::{Error, Result};
use crate::log_error;
use core::ffi::{CStr, c_int, c_uint, c_void};
use core::ptr;
use std::sync::Arc;

/// Gives the scheduler the contexts `param->begin` to `param->end`, for requests of the kind
/// `param->type` and the mode `param->mode`, on the NUMA node `param->numa_id`; with
/// `SCHED_POLICY_DEV` on the device `param->dev_id`, which other policies do not look at.
///
/// Returns 0, or -WD_EINVAL for NULL, a number out of its range, a seventeenth device, and the
/// policies that do not choose.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_sched_rr_instance(
    sched: *const wd_sched,
    param: *mut sched_params,
) -> c_int {
    entry("wd_sched_rr_instance", || {
        // SAFETY: NULL, or the caller's structure.
        let sched = unsafe { sched.as_ref() }.ok_or(Error::Invalid)?;
        let native = &handles::find(sched.h_sched_ctx)
            .ok_or(Error::Invalid)?
            .native;
        // SAFETY: NULL, or the caller's structure.
        let params = unsafe { params(param, native) }.ok_or(Error::Invalid)?;
        native.instance(&params)?;
        Ok(0)
    })
}

/// Makes a scheduler of the policy `sched_type` for `type_num` kinds of operation and `numa_num` NUMA
/// nodes, which may be more than the machine has. With `SCHED_POLICY_DEV`, `numa_num` is not looked
/// at. `func` polls a context; without it the scheduler cannot poll.
///
/// Returns the scheduler, which `wd_sched_rr_release` frees, or NULL for a policy that there is not,
/// 0 kinds or nodes, and more than 2048 nodes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_sched_rr_alloc(
    sched_type: __u8,
    type_num: __u8,
    numa_num: __u16,
    func: user_poll_func,
) -> *mut wd_sched {
    entry("wd_sched_rr_alloc", || {
        let policy = sched_policy_type::try_from(c_uint::from(sched_type));
        let policy = policy.map_err(|()| Error::Invalid)?;
        let handle = handles::open(policy, type_num, numa_num, func)?;
        let content = wd_sched {
            name: name(policy).as_ptr(),
            sched_policy: c_int::from(sched_type),
            sched_init: Some(sched_init),
            pick_next_ctx: Some(pick_next_ctx),
            poll_policy: Some(poll_policy),
            h_sched_ctx: handle,
        };
        memory::give(content).inspect_err(|_| {
            let _ = handles::close(handle);
        })
    })
}

/// Frees a scheduler of `wd_sched_rr_alloc`. Sessions that it has chosen contexts for keep them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_sched_rr_release(sched: *mut wd_sched) {
    entry::<()>("wd_sched_rr_release", || {
        // SAFETY: NULL, or the caller's structure.
        let handle = unsafe { sched.as_ref() }.ok_or(Error::Invalid)?.h_sched_ctx;
        if handle != 0 && handles::close(handle).is_err() {
            log_error!("wd_sched_rr_release: not a scheduler of this library, left alone");
            return Err(Error::Invalid);
        }
        // SAFETY: of malloc in `wd_sched_rr_alloc`, and the caller's promise not to use it again.
        unsafe { memory::free(sched) };
        Ok(())
    });
}

type Init = unsafe extern "C" fn(handle_t, *mut c_void) -> handle_t;
type Pick = unsafe extern "C" fn(handle_t, *mut c_void, c_int) -> __u32;
type Poll = unsafe extern "C" fn(handle_t, __u32, *mut __u32) -> c_int;

/// The library's own scheduler behind a structure, if it is one of `wd_sched_rr_alloc` whose
/// functions are in place.
pub(crate) fn native(sched: &wd_sched) -> Option<Arc<Native>> {
    // A function may have two addresses in one process; then its scheduler is taken for another's,
    // and works all the same.
    let own = sched
        .sched_init
        .is_some_and(|f| ptr::fn_addr_eq(f, sched_init as Init))
        && sched
            .pick_next_ctx
            .is_some_and(|f| ptr::fn_addr_eq(f, pick_next_ctx as Pick))
        && sched
            .poll_policy
            .is_some_and(|f| ptr::fn_addr_eq(f, poll_policy as Poll));
    let open = handles::find(sched.h_sched_ctx).filter(|_| own)?;
    Some(Arc::clone(&open.native))
}

/// What a structure of the caller's says; `None` for NULL. Its last field is read only for the policy
/// that needs it: programs built with older headers do not have it.
///
/// # Safety
/// `param` is NULL or points to a structure.
pub(crate) unsafe fn params(param: *const sched_params, native: &Native) -> Option<sched_params> {
    if param.is_null() {
        return None;
    }
    let dev_id = match native.policy() {
        // SAFETY: not NULL, so by the caller's promise a structure.
        sched_policy_type::SCHED_POLICY_DEV => unsafe { (*param).dev_id },
        _ => 0,
    };
    Some(sched_params {
        // SAFETY: as above.
        numa_id: unsafe { (*param).numa_id },
        // SAFETY: as above.
        type_: unsafe { (*param).type_ },
        // SAFETY: as above.
        mode: unsafe { (*param).mode },
        // SAFETY: as above.
        begin: unsafe { (*param).begin },
        // SAFETY: as above.
        end: unsafe { (*param).end },
        dev_id,
    })
}

fn name(policy: sched_policy_type) -> &'static CStr {
    match policy {
        sched_policy_type::SCHED_POLICY_NONE => c"None scheduler",
        sched_policy_type::SCHED_POLICY_SINGLE => c"Single scheduler",
        sched_policy_type::SCHED_POLICY_DEV => c"Device RR scheduler",
        _ => c"RR scheduler",
    }
}

/// A session's key as C holds it: of malloc's, since C frees it.
#[repr(C)]
struct SessionKey {
    /// [`MARK`]: tells it from what is no key.
    mark: u32,
    sync: u32,
    asynchronous: u32,
}

const MARK: u32 = 0x5C4E_D001;

/// `sched_init` of a scheduler. The policies that do not choose have no keys: NULL, which is no error.
unsafe extern "C" fn sched_init(handle: handle_t, param: *mut c_void) -> handle_t {
    let answer: HandleOrError = entry("sched_init", || {
        let native = &handles::find(handle).ok_or(Error::Invalid)?.native;
        // SAFETY: NULL, or the session's parameter, which is such a structure for our schedulers.
        let params = unsafe { params(param.cast(), native) };
        let chosen = native.key(params.as_ref())?;
        if is_fixed(native) {
            return Ok(0);
        }
        let content = SessionKey {
            mark: MARK,
            sync: chosen.sync,
            asynchronous: chosen.asynchronous,
        };
        Ok(memory::give(content)?.expose_provenance())
    });
    answer.0
}

/// Whether a scheduler gives all sessions the same contexts.
fn is_fixed(native: &Native) -> bool {
    use sched_policy_type::{SCHED_POLICY_NONE, SCHED_POLICY_SINGLE};
    matches!(native.policy(), SCHED_POLICY_NONE | SCHED_POLICY_SINGLE)
}

/// The number of a context, or `INVALID_POS`.
struct Position(u32);

impl Reply for Position {
    type Value = u32;

    fn yes(value: u32) -> Position {
        Position(value)
    }

    fn no(_: Error) -> Position {
        Position(INVALID_POS)
    }
}

/// `pick_next_ctx` of a scheduler.
unsafe extern "C" fn pick_next_ctx(handle: handle_t, key: *mut c_void, mode: c_int) -> __u32 {
    let answer: Position = entry("pick_next_ctx", || {
        let native = &handles::find(handle).ok_or(Error::Invalid)?.native;
        let key = if is_fixed(native) {
            native.key(None)?
        } else {
            // SAFETY: NULL, or what `sched_init` gave to the session.
            unsafe { session_key(key.cast()) }?
        };
        let sync = mode == wd_ctx_mode::CTX_MODE_SYNC as c_int;
        let mode = if sync { Mode::Sync } else { Mode::Async };
        Ok(native.pick(&key, mode))
    });
    answer.0
}

/// # Safety
/// `key` is NULL or points to 12 readable bytes.
unsafe fn session_key(key: *const SessionKey) -> Result<Key> {
    // SAFETY: the promise above.
    let key = unsafe { key.as_ref() }.filter(|key| key.mark == MARK);
    let key = key.ok_or(Error::Invalid)?;
    Ok(Key {
        sync: key.sync,
        asynchronous: key.asynchronous,
        foreign: 0,
    })
}

/// `poll_policy` of a scheduler.
unsafe extern "C" fn poll_policy(handle: handle_t, expect: __u32, count: *mut __u32) -> c_int {
    entry("poll_policy", || {
        let open = handles::find(handle).ok_or(Error::Invalid)?;
        let poll = open.poll.ok_or(Error::Invalid)?;
        if count.is_null() {
            return Err(Error::Invalid);
        }
        // SAFETY: not NULL, so by the caller's promise a number.
        let mut total = unsafe { count.read() };
        let one = |context| {
            let mut found = 0;
            // SAFETY: the program's function, made for this.
            match unsafe { poll(context, 1, &raw mut found) } {
                answer if answer >= 0 => Ok(found),
                answer if answer == -libc::EAGAIN => Ok(0),
                answer => Err(answer),
            }
        };
        let polled = open.native.poll(expect, &mut total, one);
        // SAFETY: as above.
        unsafe { count.write(total) };
        // The program's own error goes out as it came.
        Ok(polled.err().unwrap_or(0))
    })
}

#[cfg(test)]
mod tests;
