//! Device registers: one 64-bit store each, that no compiler may split, merge or drop.

#![expect(unsafe_code, reason = "volatile access to mapped device registers")]

use super::shared::Backing;
use core::ptr::NonNull;
use std::sync::Arc;

/// A write-only 64-bit register in a mapped region.
#[derive(Clone)]
pub struct Register {
    at: NonNull<u64>,
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
    pub fn store(&self, value: u64) {
        // SAFETY: `new` promises an aligned address in a mapping that `keep` holds.
        unsafe { store_doorbell(self.at.as_ptr(), value) };
    }

    /// Whether the device behind the register has disappeared (see [`super::lost`]).
    #[must_use]
    pub fn lost(&self) -> bool {
        self.keep.lost()
    }
}

/// The store itself. A function of its own, never inlined, so that a test can disassemble it and
/// find exactly one 64-bit store (tests/disassembly.rs); compilers have been seen to narrow
/// volatile accesses.
///
/// # Safety
/// `at` is aligned and writable.
#[inline(never)]
pub unsafe extern "C" fn store_doorbell(at: *mut u64, value: u64) {
    // SAFETY: the caller's promise.
    unsafe { at.write_volatile(value) };
}
