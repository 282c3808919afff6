//! Times in which no signal handler runs on this thread.

#![expect(unsafe_code, reason = "signal sets are C structures")]

use crate::next;
use core::mem::MaybeUninit;
use libc::sigset_t;

/// While it lives, all signals of this thread are blocked but those that an instruction raises.
pub struct Quiet {
    before: sigset_t,
    /// `errno` is kept too: what is served may fail inside and succeed.
    errno: i32,
}

impl Quiet {
    /// Blocks the signals.
    pub fn new() -> Quiet {
        let all = without_faults(full());
        let mut before = full();
        // SAFETY: both are sets; `before` is to be filled.
        unsafe { next::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before) };
        Quiet {
            before,
            errno: next::errno(),
        }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        next::set_errno(self.errno);
        // SAFETY: the set that was filled by `new`.
        unsafe {
            next::pthread_sigmask(
                libc::SIG_SETMASK,
                &raw const self.before,
                core::ptr::null_mut(),
            )
        };
    }
}

/// The set of all signals.
pub fn full() -> sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigfillset initialises the set.
    unsafe { libc::sigfillset(set.as_mut_ptr()) };
    // SAFETY: as said.
    unsafe { set.assume_init() }
}

/// A set without the signals that instructions raise: where they are blocked the kernel kills.
pub fn without_faults(mut set: sigset_t) -> sigset_t {
    for signal in [
        libc::SIGSEGV,
        libc::SIGBUS,
        libc::SIGFPE,
        libc::SIGILL,
        libc::SIGTRAP,
    ] {
        // SAFETY: an initialised set and the number of a signal.
        unsafe { libc::sigdelset(&raw mut set, signal) };
    }
    set
}
