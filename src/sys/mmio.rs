//! Device registers: one 64-bit store each, that no compiler may split, merge or drop.

#![expect(unsafe_code, reason = "stores to mapped device registers")]

use super::backing::Backing;
use core::ptr::NonNull;
use std::sync::Arc;

/// A write-only 64-bit register in a mapped region.
#[derive(Clone)]
pub struct Register {
    at: NonNull<u64>,
    #[expect(dead_code, reason = "held for its Drop")]
    keep: Arc<Backing>,
}

// SAFETY: the register is only stored to, by a single store instruction, from any thread.
unsafe impl Send for Register {}
// SAFETY: as above.
unsafe impl Sync for Register {}

impl Register {
    /// # Safety
    /// `at` is aligned and inside the region that `keep` keeps mapped.
    pub(super) unsafe fn new(at: NonNull<u64>, keep: Arc<Backing>) -> Self {
        Register { at, keep }
    }

    /// Stores `value` with one instruction.
    #[inline(always)]
    pub(crate) fn store(&self, value: u64) {
        // SAFETY: `new` promises an aligned address in a mapping that `keep` holds.
        unsafe { store(self.at.as_ptr(), value) };
    }
}

/// The store itself, in the simplest form there is: simulators that trap doorbells decode it, and
/// compilers have been seen to narrow even volatile accesses.
///
/// # Safety
/// `at` is aligned and writable.
#[inline(always)]
unsafe fn store(at: *mut u64, value: u64) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: the caller's promise; flags and stack are left alone.
    unsafe {
        core::arch::asm!("mov qword ptr [{at}], {value}", at = in(reg) at, value = in(reg) value,
            options(nostack, preserves_flags));
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: the caller's promise; flags and stack are left alone.
    unsafe {
        core::arch::asm!("str {value}, [{at}]", at = in(reg) at, value = in(reg) value,
            options(nostack, preserves_flags));
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    // SAFETY: the caller's promise.
    unsafe {
        at.write_volatile(value);
    }
}

/// The same store as a function of its own, which a test disassembles (tests/disassembly.rs).
///
/// # Safety
/// `at` is aligned and writable.
#[inline(never)]
pub unsafe extern "C" fn store_doorbell(at: *mut u64, value: u64) {
    // SAFETY: the caller's promise.
    unsafe { store(at, value) };
}
