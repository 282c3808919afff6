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

use super::barrier;
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

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
const STREAK: u32 = 64;

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
            gate: self,
            word,
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
    gate: &'a Gate<T>,
    /// What tells that the thread is inside, and is 0 when it has left: `inside` of the leaner,
    /// `holder` in the plain state, `owner` for a visitor.
    word: &'a AtomicUsize,
    /// A gate may be shared where its value may not; and who is inside is known by thread.
    stays: PhantomData<*mut T>,
}

impl<T> Deref for Pass<'_, T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: only one Pass exists for a gate at a time (see `enter`), and it is borrowed.
        unsafe { &*self.gate.value.get() }
    }
}

impl<T> DerefMut for Pass<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: only one Pass exists for a gate at a time (see `enter`), and it is borrowed mutably.
        unsafe { &mut *self.gate.value.get() }
    }
}

impl<T> Drop for Pass<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        // Release pairs with the Acquire loads in `revoke` and `enter_slowly`. 0 is FREE, too.
        self.word.store(FREE, Ordering::Release);
    }
}

/// A number that no other living thread has, not 0 and a multiple of 8: an address.
#[inline(always)]
#[cfg(all(target_arch = "x86_64", not(miri)))]
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
#[cfg(all(target_arch = "aarch64", not(miri)))]
fn token() -> usize {
    let token: usize;
    // SAFETY: reading the thread pointer register has no effect; Linux sets it per thread.
    unsafe {
        core::arch::asm!("mrs {}, tpidr_el0", out(reg) token, options(pure, nomem, nostack, preserves_flags));
    }
    token
}

/// A number that no other living thread has, not 0 and a multiple of 8: an address.
#[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn token() -> usize {
    thread_local!(static HERE: u64 = const { 0 });
    HERE.with(|here| core::ptr::from_ref(here) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::thread;

    #[test]
    fn one_thread_enters_again_and_again() {
        let gate = Gate::new(0_u64);
        for _ in 0..1000 {
            *gate.enter().expect("not inside") += 1;
        }
        assert_eq!(*gate.enter().expect("not inside"), 1000);
    }

    #[test]
    fn a_thread_that_is_inside_is_told_so() {
        let gate = Gate::new(());
        let pass = gate.enter();
        assert!(gate.enter().is_none());
        drop(pass);
        assert!(gate.enter().is_some());
    }

    #[test]
    fn re_entry_is_seen_in_the_plain_state_too() {
        let gate = Arc::new(Gate::new(()));
        drop(gate.enter());
        let other = Arc::clone(&gate);
        thread::spawn(move || drop(other.enter()))
            .join()
            .expect("no panic");
        let pass = gate.enter();
        assert!(pass.is_some());
        assert!(gate.enter().is_none());
    }

    #[test]
    fn a_visitor_leaves_the_lean_to_the_next_thread() {
        let gate = Arc::new(Gate::new(1));
        *gate.visit().expect("not inside") += 1;
        assert_eq!(gate.owner.load(Ordering::Relaxed), FREE);
        let other = Arc::clone(&gate);
        let leans = thread::spawn(move || {
            drop(other.enter());
            other.owner.load(Ordering::Relaxed) == token()
        });
        let expected = barrier::asymmetric();
        assert_eq!(leans.join().expect("no panic"), expected);
        let visit = gate.visit();
        assert_eq!(visit.as_deref(), Some(&2));
        assert!(gate.enter().is_none() && gate.visit().is_none());
    }

    #[test]
    fn a_visitor_that_enters_again_is_told_so() {
        let gate = Gate::new(());
        let visit = gate.visit();
        assert!(gate.enter().is_none() && gate.visit().is_none());
        drop(visit);
        assert!(gate.enter().is_some());
    }

    #[test]
    fn a_thread_that_is_interrupted_while_it_takes_the_lean_away_is_told_so() {
        let gate = Arc::new(Gate::new(()));
        let pass = gate.enter();
        let other = Arc::clone(&gate);
        let interrupted = thread::spawn(move || {
            // As a signal handler would find it, half-way through `revoke`.
            let owner = other.owner.load(Ordering::Relaxed);
            other.owner.store(token() | CLOSED_BY, Ordering::Relaxed);
            let told = other.enter().is_none() && other.visit().is_none();
            other.owner.store(owner, Ordering::Relaxed);
            told
        });
        assert!(interrupted.join().expect("no panic"));
        drop(pass);
        assert!(gate.enter().is_some());
    }

    #[test]
    fn a_thread_that_is_interrupted_inside_while_another_takes_its_lean_is_told_so() {
        if !barrier::asymmetric() {
            return; // Then nobody leans.
        }
        let gate = Gate::new(());
        let pass = gate.enter();
        // As another thread leaves it that waits for this one to leave.
        let other = 8 | CLOSED_BY;
        gate.owner.store(other, Ordering::Relaxed);
        assert!(gate.enter().is_none() && gate.visit().is_none());
        gate.owner.store(token(), Ordering::Relaxed);
        drop(pass);
        assert!(gate.enter().is_some());
    }

    #[test]
    fn a_gate_leans_again_towards_a_thread_that_comes_alone_and_not_for_ever() {
        if !barrier::asymmetric() {
            return; // Then nobody leans.
        }
        let gate = Arc::new(Gate::new(0_usize));
        // A thread that lives as long as the others, so that no two have the same token.
        let come = |gate: &Arc<Gate<usize>>| {
            let gate = Arc::clone(gate);
            thread::scope(|scope| {
                let come = || {
                    for _ in 0..3 * STREAK {
                        *gate.enter().expect("not inside") += 1;
                    }
                    let leaning = gate.enter().expect("not inside");
                    assert!(gate.enter().is_none(), "inside already");
                    drop(leaning);
                    gate.inside_of(gate.owner.load(Ordering::Relaxed), token())
                        .is_some()
                };
                scope.spawn(come).join().expect("no panic")
            })
        };
        drop(gate.enter());
        let mut leaned = 0;
        for _ in 0..PERIODS + 3 {
            leaned += usize::from(come(&gate));
            // This one takes it back.
            drop(gate.enter());
            assert_eq!(gate.owner.load(Ordering::Relaxed), PLAIN);
        }
        assert_eq!(leaned, PERIODS - 1, "the first lean was this thread's");
        assert_eq!(
            *gate.enter().expect("not inside"),
            (PERIODS + 3) * 3 * STREAK as usize
        );
    }

    #[test]
    fn no_increment_is_lost_between_visitors_and_others() {
        const ROUNDS: u64 = if cfg!(miri) { 20 } else { 5_000 };
        for _ in 0..if cfg!(miri) { 1 } else { 10 } {
            let gate = Arc::new(Gate::new(0_u64));
            let work = |visits: bool, gate: Arc<Gate<u64>>| {
                for _ in 0..ROUNDS {
                    let pass = if visits { gate.visit() } else { gate.enter() };
                    let mut pass = pass.expect("not inside");
                    let before = *pass;
                    core::hint::spin_loop();
                    *pass = before + 1;
                }
            };
            let threads: Vec<_> = (0..4)
                .map(|n| {
                    let gate = Arc::clone(&gate);
                    thread::spawn(move || work(n % 2 == 0, gate))
                })
                .collect();
            for thread in threads {
                thread.join().expect("no panic");
            }
            assert_eq!(*gate.enter().expect("not inside"), 4 * ROUNDS);
        }
    }

    #[test]
    fn no_increment_is_lost_when_threads_fight_for_the_lean() {
        const ROUNDS: u64 = if cfg!(miri) { 20 } else { 20_000 };
        for _ in 0..if cfg!(miri) { 1 } else { 20 } {
            let gate = Arc::new(Gate::new(0_u64));
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    let gate = Arc::clone(&gate);
                    thread::spawn(move || {
                        for _ in 0..ROUNDS {
                            let mut pass = gate.enter().expect("not inside");
                            let before = *pass;
                            core::hint::spin_loop();
                            *pass = before + 1;
                        }
                    })
                })
                .collect();
            for thread in threads {
                thread.join().expect("no panic");
            }
            assert_eq!(*gate.enter().expect("not inside"), 4 * ROUNDS);
        }
    }
}
