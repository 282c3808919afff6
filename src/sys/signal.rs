//! A signal that the program is told with, such as SIGUSR1: a function of the library's runs in its
//! handler.

#![expect(unsafe_code, reason = "sigaction, and errno")]

use crate::error::{Error, Result};
use core::ffi::c_int;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

/// What runs. It must be async-signal-safe: atomics, `write(2)` and the like; no lock, no allocation.
pub type Handler = fn();

static HANDLER: AtomicUsize = AtomicUsize::new(0);

/// The signals that may be asked for: those that a program leaves to others.
const NAMES: [(&str, c_int); 6] = [
    ("USR1", libc::SIGUSR1),
    ("USR2", libc::SIGUSR2),
    ("HUP", libc::SIGHUP),
    ("QUIT", libc::SIGQUIT),
    ("WINCH", libc::SIGWINCH),
    ("PWR", libc::SIGPWR),
];

/// The number of a signal: `USR1`, or with its `SIG`.
///
/// # Errors
/// In words, which names there are.
pub fn number(name: &str) -> core::result::Result<c_int, String> {
    let short = name.strip_prefix("SIG").unwrap_or(name);
    let found = NAMES.iter().find(|(known, _)| *known == short);
    found.map(|(_, number)| *number).ok_or_else(|| {
        let names: Vec<_> = NAMES.iter().map(|(name, _)| *name).collect();
        format!("'{name}' is not one of {}", names.join(", "))
    })
}

/// Has `handler` run whenever the signal comes. One handler a process.
///
/// # Errors
/// [`Error::Busy`] if the program has a handler for this signal, or ignores it: that stays.
pub fn on(signal: c_int, handler: Handler) -> Result<()> {
    // SAFETY: all-zero bytes are a valid sigaction.
    let mut ours: libc::sigaction = unsafe { core::mem::zeroed() };
    let mut before = ours;
    ours.sa_sigaction = run as *const () as usize;
    ours.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
    // SAFETY: a structure to be filled.
    if unsafe { libc::sigaction(signal, ptr::null(), &raw mut before) } != 0 {
        return Err(Error::Invalid);
    }
    if before.sa_sigaction != libc::SIG_DFL && before.sa_sigaction != ours.sa_sigaction {
        return Err(Error::Busy);
    }
    // Release pairs with the Acquire in `run`. Before the handler: a signal may come at once.
    HANDLER.store(handler as usize, Ordering::Release);
    // SAFETY: a valid action, whose handler is async-signal-safe as `Handler` says.
    unsafe { libc::sigaction(signal, &raw const ours, ptr::null_mut()) };
    Ok(())
}

extern "C" fn run(_: c_int) {
    // SAFETY: the C library gives a pointer to an integer of this thread.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    let before = unsafe { errno.read() };
    let address = HANDLER.load(Ordering::Acquire);
    if address != 0 {
        // SAFETY: only `on` stores a value that is not 0: the address of a `Handler`.
        let handler = unsafe { core::mem::transmute::<usize, Handler>(address) };
        handler();
    }
    // SAFETY: as above.
    unsafe { errno.write(before) };
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn signals_have_names() {
        assert_eq!(number("USR1"), Ok(libc::SIGUSR1));
        assert_eq!(number("SIGUSR2"), Ok(libc::SIGUSR2));
        for bad in ["", "KILL", "SEGV", "10"] {
            assert!(number(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_signal_runs_the_handler_and_a_programs_own_stays() {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count: Handler = || {
            COUNT.fetch_add(1, Ordering::Relaxed);
        };
        assert_eq!(on(libc::SIGWINCH, count), Ok(()));
        // SAFETY: a signal that has a handler; raise returns when it has run.
        unsafe { libc::raise(libc::SIGWINCH) };
        assert_eq!(COUNT.load(Ordering::Relaxed), 1);
        // SAFETY: the simplest action.
        unsafe { libc::signal(libc::SIGPWR, libc::SIG_IGN) };
        assert_eq!(on(libc::SIGPWR, count), Err(Error::Busy));
    }
}
