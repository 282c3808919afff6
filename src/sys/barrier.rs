//! Memory barriers that Rust's own do not cover: between memory and a device,
//! and the one-sided pair that makes a rare writer pay for all readers.

#![expect(
    unsafe_code,
    reason = "barrier instructions, and the membarrier system call"
)]

use super::atomic::fence;
use core::sync::atomic::{AtomicU8, Ordering, compiler_fence};

/// Orders all accesses to queue memory before the doorbell store that follows.
///
/// Pairs with the device's accesses after it has seen the doorbell: a submission doorbell makes it
/// read what was stored, a completion doorbell lets it overwrite what was loaded. aarch64: `dmb osh`,
/// since `fence` only reaches the inner shareable domain. x86-64: a store is not reordered with
/// earlier stores or loads, uncached ones included, so only the compiler must be held.
#[inline(always)]
pub fn before_doorbell() {
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: a barrier instruction touches neither memory nor registers.
    unsafe {
        core::arch::asm!("dmb osh", options(nostack, preserves_flags));
    }
    fence(Ordering::Release);
}

/// Orders the load of a completion's phase before the loads of what it completes.
///
/// Pairs with the device's order of writes: results first, then the completion
/// with its phase bit. aarch64: `dmb oshld`. x86-64: loads are not reordered
/// with loads; only the compiler must be held.
#[inline(always)]
pub fn after_phase() {
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: a barrier instruction touches neither memory nor registers.
    unsafe {
        core::arch::asm!("dmb oshld", options(nostack, preserves_flags));
    }
    fence(Ordering::Acquire);
}

const MEMBARRIER_CMD_PRIVATE_EXPEDITED: libc::c_int = 1 << 3;
const MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;

const UNKNOWN: u8 = 0;
const AVAILABLE: u8 = 1;
const MISSING: u8 = 2;
static MEMBARRIER: AtomicU8 = AtomicU8::new(UNKNOWN);

fn membarrier(command: libc::c_int) -> bool {
    // SAFETY: membarrier takes three integers and no pointer; commands unknown to the kernel fail.
    let answer = unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) };
    answer == 0
}

/// Whether [`light`] and [`heavy`] may be used in this process. Asks the kernel once.
#[must_use]
pub fn asymmetric() -> bool {
    match MEMBARRIER.load(Ordering::Relaxed) {
        AVAILABLE => true,
        MISSING => false,
        _ => {
            let works = !cfg!(miri) && membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
            MEMBARRIER.store(if works { AVAILABLE } else { MISSING }, Ordering::Relaxed);
            works
        }
    }
}

/// The cheap side of an asymmetric fence: costs no instruction.
///
/// Pairs with [`heavy`]: if a thread stores A, calls `light`, and loads B, while
/// another stores B, calls `heavy`, and loads A, then at least one of the two
/// sees the other's store. Only where [`asymmetric`] is true.
#[inline(always)]
pub fn light() {
    compiler_fence(Ordering::SeqCst);
    // A model has no processors to interrupt: there both sides are fences.
    #[cfg(models)]
    fence(Ordering::SeqCst);
}

/// The dear side of an asymmetric fence: a full barrier on every processor that
/// now runs a thread of this process (`membarrier(2)`, some microseconds).
pub fn heavy() {
    fence(Ordering::SeqCst);
    if membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) {
        return;
    }
    // The registration belongs to the address space. A fork child has it by
    // inheritance on the kernels seen, but nothing promises so.
    membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
    if !membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) {
        // It worked before and cannot be done now (a filter installed since):
        // going on would break mutual exclusion, so give every other thread
        // time to have its store buffer drained. Interrupts and context switches
        // do that; 10 ms covers a tick on every configuration.
        std::thread::sleep(core::time::Duration::from_millis(10));
    }
    fence(Ordering::SeqCst);
}
