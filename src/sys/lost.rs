//! Survival when a device disappears. The kernel takes the pages of a removed
//! device away, and the next load or doorbell raises SIGBUS. A handler, installed
//! with the first device mapping, puts zeroed private memory in the place of the
//! whole region, marks its status words, and sets its `lost` flag; the interrupted instruction then
//! succeeds, and the queue sees the flag before it believes what it read. A SIGBUS
//! anywhere else goes to the handler that was there before, or kills as ever.

#![expect(
    unsafe_code,
    reason = "a signal handler, and a mapping placed over a lost one"
)]

use core::ffi::{c_int, c_void};
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};
use std::sync::Once;

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

/// Watches one mapped region until dropped.
pub struct Watch(Option<&'static Slot>);

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
        Watch(slot)
    }

    /// Starts watching `len` bytes at `base`; `lost` is set when the device behind them has gone.
    ///
    /// # Safety
    /// The region is a mapping of ours, and it and the flag stay until this watch is dropped.
    pub unsafe fn start(&self, base: NonNull<u8>, len: usize, lost: &AtomicU32) {
        if let Some(slot) = self.0 {
            slot.len.store(len, Ordering::Relaxed);
            slot.lost
                .store(ptr::from_ref(lost).cast_mut(), Ordering::Relaxed);
            // Release pairs with the Acquire load in the handler: length and flag are set.
            slot.base.store(base.as_ptr() as usize, Ordering::Release);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // No thread can be faulting in this region now: whoever touches it holds the `Backing`.
        if let Some(slot) = self.0 {
            slot.base.store(0, Ordering::Release);
        }
    }
}

fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if cfg!(miri) {
            return;
        }
        // SAFETY: all-zero bytes are a valid sigaction (default action, empty mask).
        let mut ours: libc::sigaction = unsafe { core::mem::zeroed() };
        ours.sa_sigaction = on_sigbus as *const () as usize;
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
        let before = Box::into_raw(Box::new(ours));
        // SAFETY: both point to valid sigactions; the handler is async-signal-safe (see there).
        if unsafe { libc::sigaction(libc::SIGBUS, ptr::null(), before) } == 0 {
            BEFORE.store(before, Ordering::Release);
            // SAFETY: as above.
            unsafe { libc::sigaction(libc::SIGBUS, &raw const ours, ptr::null_mut()) };
        }
    });
}

/// The handler. Uses atomics and system calls only.
extern "C" fn on_sigbus(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: with SA_SIGINFO the kernel passes a valid siginfo.
    let told = unsafe { &*info };
    // SAFETY: SIGBUS fills the address member.
    let address = unsafe { told.si_addr() } as usize;
    // A positive code says that a fault raised it, not kill() or sigqueue().
    if told.si_code > 0 && replace(address) {
        return;
    }
    pass_on(signal, info, context);
}

/// Puts zeroed memory where the region around `address` was. `false` if it is none of ours.
fn replace(address: usize) -> bool {
    for slot in &WATCHED {
        // Acquire pairs with the Release store in `start`.
        let base = slot.base.load(Ordering::Acquire);
        let len = slot.len.load(Ordering::Relaxed);
        if base <= FILLING || address.wrapping_sub(base) >= len {
            continue;
        }
        // The whole region at once: some kernels free twice when a queue's mapping goes in parts.
        // By system call, since libc's mmap may be a preloaded one that takes locks.
        // SAFETY: [base, base + len) is a mapping this library made and still owns (`Watch`), and the
        // faulting thread is inside an access to it, so it cannot be unmapped meanwhile.
        let answer = unsafe {
            libc::syscall(
                libc::SYS_mmap,
                base,
                len,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
                -1,
                0,
            )
        };
        if answer == -1 {
            return false;
        }
        // The last two words are where queues keep their status; a dead queue has 1 there. So who
        // looks at the status anyway sees the loss without looking anywhere else.
        for end in [4, 8] {
            let word = base.wrapping_add(len).wrapping_sub(end) as *mut u32;
            if end <= len && word.is_aligned() {
                // SAFETY: inside the pages that were just mapped writable.
                unsafe { AtomicU32::from_ptr(word) }.store(1, Ordering::Relaxed);
            }
        }
        let lost = slot.lost.load(Ordering::Relaxed);
        // SAFETY: `Watch::start` promises that the flag stays while the slot is filled.
        if let Some(lost) = unsafe { lost.as_ref() } {
            lost.store(1, Ordering::Release);
        }
        return true;
    }
    false
}

/// Does what would have happened without this library.
fn pass_on(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let before = BEFORE.load(Ordering::Acquire);
    // SAFETY: null or leaked by `install`.
    let before = unsafe { before.as_ref() };
    let action = before.map_or(libc::SIG_DFL, |b| b.sa_sigaction);
    if action == libc::SIG_DFL || action == libc::SIG_IGN {
        // Returning runs the faulting instruction again, now with the default action.
        // SAFETY: all-zero bytes are a valid sigaction: the default action.
        let default: libc::sigaction = unsafe { core::mem::zeroed() };
        // SAFETY: a valid sigaction; sigaction is async-signal-safe.
        unsafe { libc::sigaction(signal, &raw const default, ptr::null_mut()) };
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
mod tests {
    use crate::sys::shared::SharedMemory;
    use core::sync::atomic::Ordering;
    use nix::sys::memfd::{MFdFlags, memfd_create};
    use std::os::fd::AsFd;

    #[test]
    fn a_region_whose_pages_vanish_reads_as_a_dead_queue_and_says_that_it_is_lost() {
        let file = memfd_create(c"device", MFdFlags::MFD_CLOEXEC).expect("memfd");
        nix::unistd::ftruncate(&file, 8192).expect("two pages");
        let memory = SharedMemory::map(file.as_fd(), 0, 8192).expect("mapped");
        let word = memory.word(4096).expect("inside");
        word.store(7, Ordering::Relaxed);
        assert_eq!(word.load(Ordering::Relaxed), 7);
        assert!(!memory.lost());
        nix::unistd::ftruncate(&file, 0).expect("truncated");
        assert_eq!(word.load(Ordering::Relaxed), 0);
        assert!(memory.lost());
        assert_eq!(
            memory.word(8188).expect("inside").load(Ordering::Relaxed),
            1
        );
        assert_eq!(memory.lost_flag().load(Ordering::Relaxed), 1);
        memory.register(0).expect("inside").store(1);
    }

    #[test]
    fn the_loss_of_one_region_leaves_another_alone() {
        let (one, two) = (
            memfd_create(c"one", MFdFlags::MFD_CLOEXEC).expect("memfd"),
            memfd_create(c"two", MFdFlags::MFD_CLOEXEC).expect("memfd"),
        );
        nix::unistd::ftruncate(&one, 4096).expect("a page");
        nix::unistd::ftruncate(&two, 4096).expect("a page");
        let a = SharedMemory::map(one.as_fd(), 0, 4096).expect("mapped");
        let b = SharedMemory::map(two.as_fd(), 0, 4096).expect("mapped");
        nix::unistd::ftruncate(&one, 0).expect("truncated");
        a.word(0).expect("inside").store(1, Ordering::Relaxed);
        b.word(0).expect("inside").store(2, Ordering::Relaxed);
        assert!(a.lost());
        assert!(!b.lost());
    }
}
