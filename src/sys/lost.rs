//! Survival when a device disappears. The kernel takes the pages of a removed
//! device away, and the next load or doorbell raises SIGBUS. A handler, installed
//! with the first device mapping, sets the region's `lost` flag and puts private memory in
//! the place of all of it: zeros, and status words that say that the queue is dead. The interrupted
//! instruction then succeeds, and the queue looks at words and flag before it
//! believes what it read. A SIGBUS anywhere else goes to the handler that was there before, or kills
//! as ever.

#![expect(
    unsafe_code,
    reason = "a signal handler, and a mapping placed over a lost one"
)]

use super::fork;
use core::ffi::{c_int, c_void};
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering, fence};

/// A watched region. `base` 0 is a free slot, 1 one that is being filled.
struct Slot {
    base: AtomicUsize,
    len: AtomicUsize,
    lost: AtomicPtr<AtomicU32>,
}

/// Two regions a queue, so 2048 queues of one process are watched.
const SLOTS: usize = 4096;
const FILLING: usize = 1;
static WATCHED: [Slot; SLOTS] = [const {
    Slot {
        base: AtomicUsize::new(0),
        len: AtomicUsize::new(0),
        lost: AtomicPtr::new(ptr::null_mut()),
    }
}; SLOTS];

/// The action for SIGBUS before ours, leaked.
static BEFORE: AtomicPtr<libc::sigaction> = AtomicPtr::new(ptr::null_mut());

impl Slot {
    /// The region, unless the slot is changing hands. A thread that faults in a region keeps it
    /// mapped and its slot filled, so a slot that changes is not that of the fault.
    fn region(&self) -> Option<(usize, usize)> {
        // Acquire pairs with the Release store in `start`.
        let base = self.base.load(Ordering::Acquire);
        let len = self.len.load(Ordering::Relaxed);
        // Pairs with the fence in `start`: if that was the length of the slot's next user, this
        // base is seen to be no longer there.
        fence(Ordering::Acquire);
        (base > FILLING && self.base.load(Ordering::Relaxed) == base).then_some((base, len))
    }
}

/// Watches one mapped region until stopped.
pub struct Watch {
    slot: Option<&'static Slot>,
    /// The fork generation that maps the region: a child does not have it.
    born: u64,
}

impl Watch {
    /// A place for a watch. When all are taken, the region will simply not be watched.
    #[must_use]
    pub fn claim() -> Watch {
        install();
        let claim = |slot: &&Slot| {
            slot.base
                .compare_exchange(0, FILLING, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
        };
        let slot = WATCHED.iter().find(claim);
        if slot.is_none() {
            crate::log_error!(
                "{SLOTS} device regions are mapped; one more is not guarded against removal"
            );
        }
        Watch {
            slot,
            born: fork::generation(),
        }
    }

    /// Starts watching `len` bytes at `base`; `lost` is set when the device behind them has gone.
    ///
    /// # Safety
    /// The region is a mapping of ours that begins with a page, and it and the flag stay until this
    /// watch is stopped.
    pub unsafe fn start(&self, base: NonNull<u8>, len: usize, lost: &AtomicU32) {
        if let Some(slot) = self.slot {
            // Pairs with the fence in `Slot::region`: the claim is seen before the new length.
            fence(Ordering::Release);
            slot.len.store(len, Ordering::Relaxed);
            slot.lost
                .store(ptr::from_ref(lost).cast_mut(), Ordering::Relaxed);
            // Release pairs with the Acquire load in the handler: length and flag are set.
            slot.base.store(base.as_ptr() as usize, Ordering::Release);
        }
    }

    /// Stops watching, before the region is unmapped. `false` in a fork child, which does not have
    /// the region: what lies at its addresses there must be left alone.
    pub fn stop(&self) -> bool {
        let here = self.born == fork::generation();
        // No thread can be faulting in this region now: whoever touches it holds the `Backing`.
        if let Some(slot) = self.slot.filter(|_| here) {
            slot.base.store(0, Ordering::Release);
        }
        here
    }
}

/// In a fork child: the addresses of the parent's regions may soon be those of other mappings.
fn forget_all() {
    for slot in &WATCHED {
        slot.base.store(0, Ordering::Relaxed);
    }
}

fn install() {
    // Not a `Once`, for the reason in `fork::watch`. Two threads may both do it.
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    if INSTALLED.load(Ordering::Acquire) || cfg!(miri) {
        return;
    }
    fork::in_children(forget_all);
    // SAFETY: all-zero bytes are a valid sigaction (default action, empty mask).
    let mut ours: libc::sigaction = unsafe { core::mem::zeroed() };
    let mut before = ours;
    ours.sa_sigaction = on_sigbus as *const () as usize;
    ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
    // SAFETY: `before` is a sigaction to be filled.
    let known = unsafe { libc::sigaction(libc::SIGBUS, ptr::null(), &raw mut before) } == 0;
    if known && before.sa_sigaction != ours.sa_sigaction {
        BEFORE.store(Box::into_raw(Box::new(before)), Ordering::Release);
        // SAFETY: a valid sigaction; the handler is async-signal-safe (see there).
        unsafe { libc::sigaction(libc::SIGBUS, &raw const ours, ptr::null_mut()) };
    }
    INSTALLED.store(true, Ordering::Release);
}

/// The handler. Uses atomics and system calls only.
extern "C" fn on_sigbus(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: with SA_SIGINFO the kernel passes a valid siginfo.
    let told = unsafe { &*info };
    // SAFETY: SIGBUS fills the address member.
    let address = unsafe { told.si_addr() } as usize;
    // A positive code says that a fault raised it, not kill() or sigqueue().
    let fault = told.si_code > 0;
    if !(fault && replace(address)) {
        pass_on(fault, signal, info, context);
    }
}

/// Puts zeroed memory where the region around `address` was. `false` if it is none of ours.
fn replace(address: usize) -> bool {
    for slot in &WATCHED {
        let Some((base, len)) = slot.region() else {
            continue;
        };
        if address.wrapping_sub(base) >= len {
            continue;
        }
        let lost = slot.lost.load(Ordering::Relaxed);
        // SAFETY: `Watch::start` promises that the flag stays while the slot is filled.
        if let Some(lost) = unsafe { lost.as_ref() } {
            // Before the memory is replaced: whoever sees that finds the flag set.
            lost.store(1, Ordering::Release);
        }
        return put_dead_memory(base, len);
    }
    false
}

/// Puts the memory of a dead queue in the place of a region: zeros, and status words that say so.
///
/// It is made elsewhere and moved there in one step, so that no thread sees the zeros without the
/// words. The whole region at once: some kernels free twice when a queue's mapping goes in parts. By
/// system calls, since libc's functions may be preloaded ones that take locks.
fn put_dead_memory(base: usize, len: usize) -> bool {
    const ACCESS: c_int = libc::PROT_READ | libc::PROT_WRITE;
    const KIND: c_int = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping at an address that the kernel chooses.
    let fresh = unsafe { libc::syscall(libc::SYS_mmap, 0_usize, len, ACCESS, KIND, -1, 0_usize) };
    if fresh == -1 {
        return false;
    }
    let fresh = fresh as usize;
    // The last two words are where queues keep their status; a dead queue has 1 there. So who
    // looks at the status anyway sees the loss without looking anywhere else.
    for end in [4, 8] {
        let word = fresh.wrapping_add(len).wrapping_sub(end) as *mut u32;
        if end <= len && word.is_aligned() {
            // SAFETY: inside the pages that were just mapped writable.
            unsafe { AtomicU32::from_ptr(word) }.store(1, Ordering::Relaxed);
        }
    }
    const MOVE: c_int = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
    // SAFETY: `fresh` is the mapping just made. [base, base + len) is one that this library made and
    // still owns (`Watch`); the faulting thread is inside an access to it, so it stays owned.
    let moved = unsafe { libc::syscall(libc::SYS_mremap, fresh, len, len, MOVE, base) };
    if moved == -1 {
        // SAFETY: the mapping just made, which nobody else knows.
        unsafe { libc::syscall(libc::SYS_munmap, fresh, len) };
    }
    moved != -1
}

/// Does what would have happened without this library.
fn pass_on(fault: bool, signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let before = BEFORE.load(Ordering::Acquire);
    // SAFETY: null or leaked by `install`.
    let before = unsafe { before.as_ref() };
    let action = before.map_or(libc::SIG_DFL, |b| b.sa_sigaction);
    if action == libc::SIG_IGN && !fault {
        return;
    }
    if action == libc::SIG_DFL || action == libc::SIG_IGN {
        // Returning runs the faulting instruction again, now with the default action, as the kernel
        // does also where the signal is ignored.
        // SAFETY: all-zero bytes are a valid sigaction: the default action.
        let default: libc::sigaction = unsafe { core::mem::zeroed() };
        // SAFETY: a valid sigaction; sigaction is async-signal-safe.
        unsafe { libc::sigaction(signal, &raw const default, ptr::null_mut()) };
        if !fault {
            // No instruction raises it again. It waits until this handler has returned.
            // SAFETY: raise takes an integer, and is async-signal-safe.
            unsafe { libc::raise(signal) };
        }
        return;
    }
    if before.is_some_and(|b| b.sa_flags & libc::SA_SIGINFO != 0) {
        // SAFETY: the program installed this address with SA_SIGINFO, so it has this type.
        let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) =
            unsafe { core::mem::transmute(action) };
        handler(signal, info, context);
    } else {
        // SAFETY: the program installed this address without SA_SIGINFO, so it has this type.
        let handler: extern "C" fn(c_int) = unsafe { core::mem::transmute(action) };
        handler(signal);
    }
}

#[cfg(all(test, not(miri)))]
mod tests;
