//! Free blocks by number, for many threads without a lock.

use crate::error::{Error, Result};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// No block below this one.
const END: u32 = u32::MAX;
/// The block is not in the stack.
const OUT: u32 = u32::MAX - 1;
/// The block is on its way back.
const RETURNING: u32 = u32::MAX - 2;

/// A stack of block numbers. Each number knows whether it is in the stack.
pub(super) struct Stack {
    /// The number on top, and above it, in the upper half, a count of changes: a thread that was
    /// stopped between looking and taking finds it different, even if the same number is on top.
    top: AtomicU64,
    /// For each number the one below it, or [`END`], [`OUT`] or [`RETURNING`].
    below: Box<[AtomicU32]>,
}

const fn word(changes: u64, number: u32) -> u64 {
    changes << 32 | number as u64
}

impl Stack {
    /// All numbers below `count`, which is not 0, the smallest on top.
    ///
    /// # Errors
    /// [`Error::NoMemory`], also for more than 2^32 - 4 numbers.
    pub fn full(count: usize) -> Result<Stack> {
        let last = u32::try_from(count - 1).map_err(|_| Error::NoMemory)?;
        if last >= RETURNING {
            return Err(Error::NoMemory);
        }
        let mut below = Vec::new();
        below
            .try_reserve_exact(count)
            .map_err(|_| Error::NoMemory)?;
        below.extend((1..=last).map(AtomicU32::new));
        below.push(AtomicU32::new(END));
        Ok(Stack {
            top: AtomicU64::new(word(0, 0)),
            below: below.into_boxed_slice(),
        })
    }

    /// Takes a number.
    pub fn pop(&self) -> Option<usize> {
        // Acquire pairs with the Release in `push`: what its thread wrote, here and into the block,
        // is seen. Exchanges by other threads in between continue its release sequence.
        let mut top = self.top.load(Ordering::Acquire);
        loop {
            let number = top as u32;
            let slot = self.below.get(number as usize)?;
            // If another thread has taken the number meanwhile this is nonsense, and not used.
            let next = word((top >> 32) + 1, slot.load(Ordering::Relaxed));
            let swapped =
                self.top
                    .compare_exchange_weak(top, next, Ordering::Acquire, Ordering::Acquire);
            match swapped {
                Ok(_) => {
                    // Whoever gives the number back has it from this thread, and so sees this.
                    slot.store(OUT, Ordering::Relaxed);
                    return Some(number as usize);
                }
                Err(seen) => top = seen,
            }
        }
    }

    /// Puts a number back. `false`, and nothing is changed, if it is not out.
    pub fn push(&self, number: usize) -> bool {
        let Some(slot) = self.below.get(number) else {
            return false;
        };
        // Of two threads that give the same number back, one wins.
        let won = slot.compare_exchange(OUT, RETURNING, Ordering::Relaxed, Ordering::Relaxed);
        if won.is_err() {
            return false;
        }
        let mut top = self.top.load(Ordering::Relaxed);
        loop {
            slot.store(top as u32, Ordering::Relaxed);
            let next = word((top >> 32) + 1, number as u32);
            // Release pairs with the Acquire in `pop`.
            let swapped =
                self.top
                    .compare_exchange_weak(top, next, Ordering::Release, Ordering::Relaxed);
            match swapped {
                Ok(_) => return true,
                Err(seen) => top = seen,
            }
        }
    }
}
