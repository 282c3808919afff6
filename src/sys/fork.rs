//! What happens at `fork`: handlers that run in the child, and values that each
//! process has for itself. The child handlers only store to atomics and close
//! descriptors; nothing here takes a lock or allocates in the child.

#![expect(
    unsafe_code,
    reason = "pthread_atfork, and references to leaked per-process values"
)]

use super::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize};
use core::ptr;
use core::sync::atomic::Ordering;

/// What a child handler is. It must be async-signal-safe, and may be called twice.
pub type Handler = fn();

const HANDLERS: usize = 8;
static HANDLER: [AtomicUsize; HANDLERS] = [const { AtomicUsize::new(0) }; HANDLERS];
static GENERATION: AtomicU64 = AtomicU64::new(1);

extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    for slot in &HANDLER {
        let address = slot.load(Ordering::Relaxed);
        if address != 0 {
            // SAFETY: only `in_children` stores non-zero values, and they are addresses of `Handler`s.
            let handler = unsafe { core::mem::transmute::<usize, Handler>(address) };
            handler();
        }
    }
}

/// Makes [`generation`] notice forks from here on.
pub fn watch() {
    // Not a `Once`: a child that is forked while another thread is inside would wait for it for
    // ever. Two threads may both register; running the handlers twice does nothing more.
    static REGISTERED: AtomicBool = AtomicBool::new(false);
    // Acquire and Release: who sees the flag has its forks noticed.
    if !REGISTERED.load(Ordering::Acquire) {
        if !cfg!(any(miri, models)) {
            // SAFETY: the handler is a function of this library, which is never unloaded (nodelete).
            unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        }
        REGISTERED.store(true, Ordering::Release);
    }
}

/// Registers `handler` to run in the child after each fork. The same handler counts once.
///
/// At most eight different handlers; each is a static part of this library.
pub fn in_children(handler: Handler) {
    watch();
    for slot in &HANDLER {
        let won = slot.compare_exchange(0, handler as usize, Ordering::Relaxed, Ordering::Relaxed);
        if won.is_ok() || won == Err(handler as usize) {
            return;
        }
    }
    debug_assert!(false, "more fork handlers than slots");
}

/// A number that differs between a process and each of its ancestors from which it has been asked
/// for. Starts at 1.
#[must_use]
pub fn generation() -> u64 {
    watch();
    GENERATION.load(Ordering::Relaxed)
}

/// As [`generation`], for those who have a number of it already: forks are noticed since then.
#[inline(always)]
#[must_use]
pub fn current() -> u64 {
    GENERATION.load(Ordering::Relaxed)
}

struct Stamped<T> {
    generation: u64,
    value: T,
}

/// A global value that a fork child starts afresh, because threads and locks of
/// the parent's value did not survive the fork. The parent's is left alone there.
pub struct PerProcess<T: 'static> {
    current: AtomicPtr<Stamped<T>>,
}

impl<T: Sync + Send> PerProcess<T> {
    /// No value yet.
    #[must_use]
    pub const fn new() -> Self {
        PerProcess {
            current: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// This process's value, made by `make` at its first use. Two threads may both make one; one is
    /// kept.
    pub fn get_or(&self, make: impl FnOnce() -> T) -> &'static T {
        let now = generation();
        // Acquire pairs with the AcqRel exchange below: the value is initialised.
        let seen = self.current.load(Ordering::Acquire);
        // SAFETY: non-null pointers come from Box::into_raw below and are never freed.
        if let Some(stamped) = unsafe { seen.as_ref() }.filter(|s| s.generation == now) {
            return &stamped.value;
        }
        let fresh = Box::into_raw(Box::new(Stamped {
            generation: now,
            value: make(),
        }));
        match self
            .current
            .compare_exchange(seen, fresh, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => {
                // SAFETY: just leaked, valid for ever, shared from here on.
                unsafe { &(*fresh).value }
            }
            Err(winner) => {
                // SAFETY: `fresh` was not published; this is its only owner.
                drop(unsafe { Box::from_raw(fresh) });
                // SAFETY: the exchange failed, so another thread of this process published a value,
                // non-null and never freed.
                unsafe { &(*winner).value }
            }
        }
    }

    /// This process's value, if it has been made.
    #[inline]
    pub fn get(&self) -> Option<&'static T> {
        let seen = self.current.load(Ordering::Acquire);
        // SAFETY: non-null pointers come from Box::into_raw in `get_or` and are never freed.
        let stamped = unsafe { seen.as_ref() }?;
        // Forks are watched since `get_or` asked for the generation.
        (stamped.generation == GENERATION.load(Ordering::Relaxed)).then_some(&stamped.value)
    }
}

impl<T: Sync + Send> Default for PerProcess<T> {
    fn default() -> Self {
        PerProcess::new()
    }
}

#[cfg(all(test, models))]
mod models;
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_in_a_process() {
        static VALUE: PerProcess<u32> = PerProcess::new();
        assert!(VALUE.get().is_none());
        assert_eq!(*VALUE.get_or(|| 7), 7);
        assert_eq!(*VALUE.get_or(|| 8), 7);
        assert_eq!(VALUE.get(), Some(&7));
    }

    #[test]
    #[cfg_attr(miri, ignore = "forks")]
    fn a_child_has_another_generation_and_a_fresh_value() {
        static VALUE: PerProcess<u32> = PerProcess::new();
        assert_eq!(*VALUE.get_or(|| 1), 1);
        let before = generation();
        // SAFETY: the child only reads atomics, allocates one box (glibc's malloc is usable after
        // fork) and leaves by _exit.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            let good = generation() != before && VALUE.get().is_none() && *VALUE.get_or(|| 2) == 2;
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(i32::from(!good)) };
        }
        let mut status = 0;
        // SAFETY: waits for the child made above; `status` is writable.
        unsafe { libc::waitpid(pid, &raw mut status, 0) };
        assert_eq!(status, 0);
        assert_eq!(generation(), before);
        assert_eq!(VALUE.get(), Some(&1));
    }
}
