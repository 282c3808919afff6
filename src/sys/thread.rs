//! Threads of the library's own, that the program's signal handlers never run on.

#![forbid(unsafe_code)]

use crate::error::{Error, Result};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use std::thread::{Builder, JoinHandle};

/// Starts a thread in which all signals are blocked, except those that an instruction raises:
/// a blocked one of these would kill the process without a word.
///
/// # Errors
/// The `errno` of `pthread_create(3)`.
pub fn spawn(name: String, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let mut quiet = SigSet::all();
    for signal in [
        Signal::SIGSEGV,
        Signal::SIGBUS,
        Signal::SIGFPE,
        Signal::SIGILL,
        Signal::SIGTRAP,
    ] {
        quiet.remove(signal);
    }
    // A thread begins with the mask of the one that makes it: set before and not inside, so that
    // no signal comes in between.
    let before = quiet.thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
    let thread = Builder::new().name(name).spawn(run);
    before.thread_set_mask()?;
    thread.map_err(Error::from)
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_of_the_library_hears_no_signal_and_the_maker_still_does() {
        let before = SigSet::thread_get_mask().expect("mask");
        let thread = spawn("quiet".into(), || {
            let mask = SigSet::thread_get_mask().expect("mask");
            assert!(mask.contains(Signal::SIGUSR1) && mask.contains(Signal::SIGALRM));
            assert!(!mask.contains(Signal::SIGBUS));
        });
        thread
            .expect("spawned")
            .join()
            .expect("its assertions hold");
        assert_eq!(SigSet::thread_get_mask().expect("mask"), before);
    }
}
