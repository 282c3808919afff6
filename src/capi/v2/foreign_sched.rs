//! Schedulers written in C: a `struct wd_sched` of a program.

#![expect(
    unsafe_code,
    reason = "calls C functions through the structure that names them"
)]

use crate::alg::sched::{Key, Mode};
use crate::alg::setup::Foreign;
use crate::ctypes::v2::handle_t;
use crate::ctypes::v2::wd_alg_common::{wd_ctx_mode, wd_sched};
use crate::ctypes::v2::wd_sched::INVALID_POS;
use crate::error::{Error, Result};
use core::ffi::{c_int, c_void};
use core::ptr;

/// A scheduler of a program's. The structure itself is not needed any more.
pub(super) struct ForeignScheduler {
    init: unsafe extern "C" fn(handle_t, *mut c_void) -> handle_t,
    pick: unsafe extern "C" fn(handle_t, *mut c_void, c_int) -> u32,
    poll: unsafe extern "C" fn(handle_t, u32, *mut u32) -> c_int,
    own: handle_t,
}

/// Whether a handle of C's is an error: what `WD_IS_ERR` asks.
fn is_error(handle: usize) -> bool {
    handle > 1000_usize.wrapping_neg()
}

impl ForeignScheduler {
    /// Takes a scheduler as C describes it.
    ///
    /// # Errors
    /// [`Error::Invalid`] if its name or a function is missing.
    ///
    /// # Safety
    /// The functions do what `wd_alg_common.h` says, from any thread, until the algorithm they are
    /// for is not initialised any more and its sessions are freed.
    pub(super) unsafe fn adopt(sched: &wd_sched) -> Result<ForeignScheduler> {
        if sched.name.is_null() {
            return Err(Error::Invalid);
        }
        Ok(ForeignScheduler {
            init: sched.sched_init.ok_or(Error::Invalid)?,
            pick: sched.pick_next_ctx.ok_or(Error::Invalid)?,
            poll: sched.poll_policy.ok_or(Error::Invalid)?,
            own: sched.h_sched_ctx,
        })
    }
}

impl Foreign for ForeignScheduler {
    fn key(&self, param: usize) -> Result<Key> {
        let param = ptr::with_exposed_provenance_mut(param);
        // SAFETY: the promise of `adopt`; the parameter is the caller's of `wd_comp_alloc_sess`.
        let key = unsafe { (self.init)(self.own, param) };
        if is_error(key) {
            return Err(Error::Invalid);
        }
        Ok(Key {
            sync: INVALID_POS,
            asynchronous: INVALID_POS,
            foreign: key,
        })
    }

    #[inline]
    fn pick(&self, key: &Key, mode: Mode) -> u32 {
        let mode = match mode {
            Mode::Sync => wd_ctx_mode::CTX_MODE_SYNC,
            Mode::Async => wd_ctx_mode::CTX_MODE_ASYNC,
        };
        let key = ptr::with_exposed_provenance_mut(key.foreign);
        // SAFETY: the promise of `adopt`; the key is what `init` answered.
        unsafe { (self.pick)(self.own, key, mode as c_int) }
    }

    fn poll(&self, expect: u32, count: &mut u32) -> Result<()> {
        // SAFETY: the promise of `adopt`; the count outlives the call.
        let answer = unsafe { (self.poll)(self.own, expect, count) };
        match answer {
            0.. => Ok(()),
            _ => Err(Error::from_errno(answer.saturating_neg())),
        }
    }

    fn free(&self, key: Key) {
        // SAFETY: `init` made the key with malloc, as `wd_alg_common.h` says, or answered 0.
        unsafe { libc::free(ptr::with_exposed_provenance_mut(key.foreign)) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_negative_numbers_are_errors() {
        assert!(is_error(usize::MAX) && is_error(22_usize.wrapping_neg()));
        assert!(!is_error(0) && !is_error(1000_usize.wrapping_neg()));
    }
}
