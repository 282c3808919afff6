//! Signals: the program keeps its handler of SIGSEGV beside ours, and does not block the signal.

#![expect(unsafe_code, reason = "functions with the types of C")]

use crate::next;
use crate::served::active;
use crate::trap;
use core::ffi::c_int;
use core::ptr;
use libc::{sighandler_t, sigset_t};

#[unsafe(no_mangle)]
pub unsafe extern "C" fn sigaction(
    signal: c_int,
    new: *const libc::sigaction,
    old: *mut libc::sigaction,
) -> c_int {
    // SAFETY: the program's promise.
    if signal == libc::SIGSEGV && unsafe { trap::act(new, old) } {
        return 0;
    }
    // SAFETY: as above.
    let action = unsafe { new.as_ref() }.filter(|_| active());
    let Some(mut action) = action.copied() else {
        // SAFETY: as above.
        return unsafe { next::sigaction(signal, new, old) };
    };
    // Its handlers may ring doorbells.
    // SAFETY: a set within an action.
    let mask = unsafe { trap::unblocked(&raw const action.sa_mask) };
    action.sa_mask = mask.unwrap_or(action.sa_mask);
    // SAFETY: a valid action, and as above.
    unsafe { next::sigaction(signal, &raw const action, old) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn signal(signal: c_int, handler: sighandler_t) -> sighandler_t {
    // SAFETY: all-zero bytes are a valid sigaction.
    let mut action: libc::sigaction = unsafe { core::mem::zeroed() };
    let mut before = action;
    action.sa_sigaction = handler;
    action.sa_flags = libc::SA_RESTART;
    // SAFETY: both are valid.
    if signal == libc::SIGSEGV && unsafe { trap::act(&raw const action, &raw mut before) } {
        return before.sa_sigaction;
    }
    // SAFETY: the program's promise.
    unsafe { next::signal(signal, handler) }
}

/// The set to give to the function behind, for one that the program gives.
///
/// # Safety
/// Null, or a set.
unsafe fn mask(how: c_int, new: *const sigset_t) -> Option<sigset_t> {
    if how == libc::SIG_UNBLOCK || !active() {
        return None;
    }
    // SAFETY: the caller's promise.
    unsafe { trap::unblocked(new) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn sigprocmask(
    how: c_int,
    new: *const sigset_t,
    old: *mut sigset_t,
) -> c_int {
    // SAFETY: the program's promise.
    let mask = unsafe { mask(how, new) };
    let new = mask.as_ref().map_or(new, ptr::from_ref);
    // SAFETY: as above.
    unsafe { next::sigprocmask(how, new, old) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_sigmask(
    how: c_int,
    new: *const sigset_t,
    old: *mut sigset_t,
) -> c_int {
    // SAFETY: the program's promise.
    let mask = unsafe { mask(how, new) };
    let new = mask.as_ref().map_or(new, ptr::from_ref);
    // SAFETY: as above.
    unsafe { next::pthread_sigmask(how, new, old) }
}
