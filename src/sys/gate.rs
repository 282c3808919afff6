//! One thread at a time, and nearly free for the thread that always comes.
//!
//! A queue is used by one sender and one receiver in almost every program, but
//! C cannot promise it, and release must be safe at any moment. An ordinary lock
//! costs an atomic read-modify-write (7-8 ns measured) on each side of each
//! request. This lock leans towards the first thread that uses it: that thread
//! takes it with two plain stores and two loads. Any other thread first takes the
//! lean away, with `membarrier(2)`; from then on it is an ordinary spin lock, until
//! one thread has come many times in a row: then it leans towards that one. It does
//! so a few times only, so that threads that take turns do not fight for it.

#![expect(
    unsafe_code,
    reason = "a lock: gives out exclusive references to what it guards"
)]

use super::atomic::{AtomicU32, AtomicUsize};
#[cfg(models)]
use super::atomic::{token, yield_now};
use super::barrier;
use core::cell::{Cell, UnsafeCell};
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::Ordering;

/// `owner`: nobody has come yet.
const FREE: usize = 0;
/// `owner`: this bit beside a thread's token: that thread is taking the lean away, or visits. With
/// the token in one word, so that a signal handler on it finds itself there from the first moment.
const CLOSED_BY: usize = 1;
/// `owner`: an ordinary lock.
const PLAIN: usize = 2;
/// The bits at the top of `owner` that count how often it has leaned: addresses of programs have 0
/// there.
const PERIOD_BITS: u32 = 4;
/// How often a gate leans in its life.
const PERIODS: usize = if usize::BITS == 64 { 4 } else { 1 };
/// How often in a row a thread must have come for the gate to lean towards it.
const STREAK: u32 = if cfg!(models) { 1 } else { 64 };

/// A value that one thread at a time may use. Critical sections must be short: others spin.
pub struct Gate<T> {
    /// A thread's token and the period, or one of the states above.
    owner: AtomicUsize,
    /// 1 while the owner is inside, a word for each period. Written by the owner of that period only,
    /// who may do so, in vain, even after the next has begun.
    inside: [AtomicUsize; PERIODS],
    /// The token of the owner of each period, that it is known by while the lean is taken away.
    /// Written by that thread only.
    leaners: [AtomicUsize; PERIODS],
    /// In the plain state the token of the thread that is inside; 0 for none.
    holder: AtomicUsize,
    /// In the plain state the thread that was inside last, and how often in a row. Written by the
    /// holder only.
    last: AtomicUsize,
    streak: AtomicU32,
    /// The last period. Written by the holder only.
    period: AtomicUsize,
    value: UnsafeCell<T>,
}

// SAFETY: the value is only reached through `Pass`, and at most one `Pass` exists at a time, so
// sharing the gate moves the value between threads but never shares it.
unsafe impl<T: Send> Sync for Gate<T> {}

impl<T> Gate<T> {
    /// A gate before `value`, that no thread has entered yet.
    pub const fn new(value: T) -> Self {
        Gate {
            owner: AtomicUsize::new(FREE),
            inside: [const { AtomicUsize::new(0) }; PERIODS],
            leaners: [const { AtomicUsize::new(0) }; PERIODS],
            holder: AtomicUsize::new(0),
            last: AtomicUsize::new(0),
            streak: AtomicU32::new(0),
            period: AtomicUsize::new(0),
            value: UnsafeCell::new(value),
        }
    }

    /// Enters, waiting for another thread to leave. `None` if this very thread is
    /// inside already: a signal handler that uses the queue it interrupted.
    #[inline]
    pub fn enter(&self) -> Option<Pass<'_, T>> {
        let me = token();
        let owner = self.owner.load(Ordering::Relaxed);
        if let Some(inside) = self.inside_of(owner, me) {
            if inside.load(Ordering::Relaxed) != 0 {
                return None;
            }
            inside.store(1, Ordering::Relaxed);
            // Pairs with `heavy` in `revoke`: either this thread sees that the lean is gone, or
            // the revoker sees that it is inside.
            barrier::light();
            if self.owner.load(Ordering::Relaxed) == owner {
                return Some(self.pass(inside));
            }
            inside.store(0, Ordering::Release);
        }
        self.enter_slowly(me)
    }

    /// What tells that thread `me` is inside, if `owner` says that the gate leans towards it.
    #[inline(always)]
    fn inside_of(&self, owner: usize, me: usize) -> Option<&AtomicUsize> {
        // Nothing is left but the period if the token is the same: in the lowest bits, once rotated.
        self.inside.get((owner ^ me).rotate_left(PERIOD_BITS))
    }

    /// Enters as [`enter`](Self::enter) does, but leaves the lean to whoever comes next: for
    /// putting the value in place, and for taking it out.
    pub fn visit(&self) -> Option<Pass<'_, T>> {
        // A closed gate keeps all others out. From FREE only, since then nobody has leaned before: a
        // thread that has might still be on its way through `enter`, about to store to `inside`.
        let won = self.owner.compare_exchange(
            FREE,
            token() | CLOSED_BY,
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
        if won.is_ok() {
            return Some(self.pass(&self.owner));
        }
        self.enter()
    }

    #[inline(always)]
    fn pass<'a>(&'a self, word: &'a AtomicUsize) -> Pass<'a, T> {
        Pass {
            gate: Cell::new(self),
            word: Cell::new(word),
            stays: PhantomData,
        }
    }

    #[cold]
    fn enter_slowly(&self, me: usize) -> Option<Pass<'_, T>> {
        let mut turns = 0_u32;
        loop {
            match self.owner.load(Ordering::Acquire) {
                FREE => {
                    let next = if barrier::asymmetric() { me } else { PLAIN };
                    let won = self.owner.compare_exchange(
                        FREE,
                        next,
                        Ordering::AcqRel,
                        Ordering::Relaxed,
                    );
                    if won.is_ok() {
                        // Too late is no harm: it is looked at only while this thread is inside.
                        self.leaners[0].store(me, Ordering::Relaxed);
                        return self.enter();
                    }
                }
                PLAIN => {
                    if self.holder.load(Ordering::Relaxed) == me {
                        return None;
                    }
                    // Acquire pairs with the Release store in `Pass::drop` of the last holder.
                    let won = self.holder.compare_exchange_weak(
                        0,
                        me,
                        Ordering::Acquire,
                        Ordering::Relaxed,
                    );
                    if won.is_ok() {
                        // It may have begun to lean in between; see `lean`.
                        if self.owner.load(Ordering::Relaxed) == PLAIN {
                            return Some(self.lean(me).unwrap_or(self.pass(&self.holder)));
                        }
                        self.holder.store(0, Ordering::Relaxed);
                    }
                }
                owner if owner == me | CLOSED_BY => return None,
                owner if owner & CLOSED_BY != 0 => {
                    // The other thread may be waiting for this one, which cannot leave before the
                    // signal handler that runs here returns.
                    let periods = self.inside.iter().zip(&self.leaners);
                    let mut inside = periods.filter(|(word, _)| word.load(Ordering::Relaxed) != 0);
                    if inside.any(|(_, leaner)| leaner.load(Ordering::Relaxed) == me) {
                        return None;
                    }
                }
                owner if self.inside_of(owner, me).is_some() => return self.enter(),
                owner => self.revoke(owner, me),
            }
            pause(&mut turns);
        }
    }

    /// Counts an entry of `me`, who holds the lock in the plain state, and if it has come often enough
    /// leans towards it: then it is inside as the owner is.
    fn lean(&self, me: usize) -> Option<Pass<'_, T>> {
        let streak = match self.last.load(Ordering::Relaxed) == me {
            true => self.streak.load(Ordering::Relaxed).saturating_add(1),
            false => 0,
        };
        self.last.store(me, Ordering::Relaxed);
        self.streak.store(streak, Ordering::Relaxed);
        if streak != STREAK || !barrier::asymmetric() {
            return None;
        }
        let period = self.period.load(Ordering::Relaxed) + 1;
        let (inside, leaner) = (self.inside.get(period)?, self.leaners.get(period)?);
        self.period.store(period, Ordering::Relaxed);
        let owner = me | period << (usize::BITS - PERIOD_BITS);
        // A signal handler on this thread is told by `holder` that it is inside, and from the store
        // to `owner` on by this.
        inside.store(1, Ordering::Relaxed);
        leaner.store(me, Ordering::Relaxed);
        // Release: a revoker, whose exchange acquires it, sees that this thread is inside.
        self.owner.store(owner, Ordering::Release);
        // Release pairs with the Acquire of whoever takes `holder` next: it sees that the gate is no
        // longer plain.
        self.holder.store(0, Ordering::Release);
        Some(self.pass(inside))
    }

    /// Takes the lean away from `owner`; returns when nobody is inside on its strength.
    fn revoke(&self, owner: usize, me: usize) {
        let won =
            self.owner
                .compare_exchange(owner, me | CLOSED_BY, Ordering::AcqRel, Ordering::Relaxed);
        if won.is_err() {
            return;
        }
        // Pairs with `light` in `enter`.
        barrier::heavy();
        let mut turns = 0;
        let inside = self.inside.get(owner >> (usize::BITS - PERIOD_BITS));
        // Acquire pairs with the Release store in `Pass::drop`: what the owner did is visible.
        while inside.is_some_and(|inside| inside.load(Ordering::Acquire) != 0) {
            pause(&mut turns);
        }
        self.owner.store(PLAIN, Ordering::Release);
    }
}

impl<T: Default> Default for Gate<T> {
    fn default() -> Self {
        Gate::new(T::default())
    }
}

#[cfg(models)]
fn pause(_: &mut u32) {
    yield_now();
}

#[cfg(not(models))]
fn pause(turns: &mut u32) {
    *turns = turns.saturating_add(1);
    match *turns {
        0..64 => core::hint::spin_loop(),
        64..1024 => std::thread::yield_now(),
        // Whoever is inside may be of a lower real-time priority, and a yield does not let it run.
        _ => std::thread::sleep(core::time::Duration::from_micros(50)),
    }
}

/// The right to use the value; leaving is dropping it. Stays on its thread:
///
/// ```compile_fail
/// let gate = warpdrive::sys::gate::Gate::new(core::cell::Cell::new(0));
/// let pass = gate.enter();
/// std::thread::scope(|s| s.spawn(|| pass.as_ref().map(|p| p.set(1))).join());
/// ```
pub struct Pass<'a, T> {
    // Both in cells, whose values no `Option` looks into: one of a pass that was just had is known to
    // be `Some`, and is not asked whether a reference is null.
    gate: Cell<&'a Gate<T>>,
    /// What tells that the thread is inside, and is 0 when it has left: `inside` of the leaner,
    /// `holder` in the plain state, `owner` for a visitor.
    word: Cell<&'a AtomicUsize>,
    /// A gate may be shared where its value may not; and who is inside is known by thread.
    stays: PhantomData<*mut T>,
}

impl<T> Deref for Pass<'_, T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: only one Pass exists for a gate at a time (see `enter`), and it is borrowed.
        unsafe { &*self.gate.get().value.get() }
    }
}

impl<T> DerefMut for Pass<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: only one Pass exists for a gate at a time (see `enter`), and it is borrowed mutably.
        unsafe { &mut *self.gate.get().value.get() }
    }
}

impl<T> Drop for Pass<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        // Release pairs with the Acquire loads in `revoke` and `enter_slowly`. 0 is FREE, too.
        self.word.get().store(FREE, Ordering::Release);
    }
}

/// A number that no other living thread has, not 0 and a multiple of 8: an address.
#[inline(always)]
#[cfg(all(target_arch = "x86_64", not(any(miri, models))))]
fn token() -> usize {
    let token: usize;
    // SAFETY: on x86-64 Linux the word at fs:0 is the address of the thread's control block
    // (the psABI's TLS variant II), which is constant while the thread lives.
    unsafe {
        core::arch::asm!("mov {}, fs:0", out(reg) token, options(pure, readonly, nostack, preserves_flags));
    }
    token
}

/// A number that no other living thread has, not 0 and a multiple of 8: an address.
#[inline(always)]
#[cfg(all(target_arch = "aarch64", not(any(miri, models))))]
fn token() -> usize {
    let token: usize;
    // SAFETY: reading the thread pointer register has no effect; Linux sets it per thread.
    unsafe {
        core::arch::asm!("mrs {}, tpidr_el0", out(reg) token, options(pure, nomem, nostack, preserves_flags));
    }
    token
}

/// A number that no other living thread has, not 0 and a multiple of 8: an address.
#[cfg(all(
    not(models),
    any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64")))
))]
fn token() -> usize {
    thread_local!(static HERE: u64 = const { 0 });
    HERE.with(|here| core::ptr::from_ref(here) as usize)
}

#[cfg(all(test, models))]
mod models;
#[cfg(test)]
mod tests;
