//! Slots for messages that are on their way.
//!
//! A context has as many as it may have requests in flight. One thread at a time
//! posts ([`Poster`]), one at a time takes answers ([`Taker`]), both without a
//! read-modify-write on shared memory: free slots go back through a ring that one
//! side fills and the other empties. A tag names a slot and how often it was used, so
//! that an answer that comes late, twice or from nowhere finds no request of others.

#![expect(unsafe_code, reason = "messages are shared with drivers written in C")]

use crate::error::{Error, Result};
use crate::sys::atomic::{AtomicPtr, AtomicU16, AtomicU32};
use crate::sys::lock::Mutex;
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::ptr::NonNull;
use core::sync::atomic::Ordering;
use std::sync::Arc;

/// The most slots there can be: a tag has room for as many numbers.
pub const MOST: usize = 1024;
/// The bits of a tag that say which slot it is: its number and 1, so that no tag is 0.
const PLACE: u32 = 0x7ff;
/// In a slot's word, beside the tag: the message is on its way. No tag has this bit.
const FLYING: u32 = 1 << 15;
/// A use of a slot, in a tag.
const USE: u32 = 1 << 16;

/// A message that goes from thread to thread. It is plain data: what its addresses name is the
/// concern of whoever follows them, and that needs a [`crate::sys::lent::Promise`] or is done in C.
#[derive(Clone, Copy, Debug, Default)]
pub struct Carried<M>(pub(crate) M);

// SAFETY: see above: moving the message does not access what it names.
unsafe impl<M: Copy> Send for Carried<M> {}
// SAFETY: as above.
unsafe impl<M: Copy> Sync for Carried<M> {}

/// A message in its slot, on its way: only copied, and by drivers written in C used in place.
pub struct Posted<'a, M> {
    message: NonNull<M>,
    slot: PhantomData<&'a M>,
}

impl<'a, M> Posted<'a, M> {
    /// A message that is posted in a test of an engine.
    #[cfg(test)]
    pub(crate) fn in_tests(message: &'a M) -> Posted<'a, M> {
        Posted {
            message: NonNull::from(message),
            slot: PhantomData,
        }
    }

    /// A message that is in no slot: for engines that take a copy of it.
    #[inline]
    #[must_use]
    pub fn outside(message: &'a mut M) -> Self {
        Posted {
            message: NonNull::from(message),
            slot: PhantomData,
        }
    }
}

impl<M: Copy> Posted<'_, M> {
    /// A copy of the message. An engine takes it before it hands anything to a device.
    #[inline]
    #[must_use]
    pub fn copy(&self) -> M {
        // SAFETY: ours: the slot outlives 'a, and nobody writes to it before a driver has answered.
        unsafe { self.message.read() }
    }

    /// Where the message is: for drivers written in C.
    #[inline]
    #[must_use]
    pub fn as_ptr(&self) -> *mut M {
        self.message.as_ptr()
    }
}

struct Slot<M> {
    /// The tag of its last use, and [`FLYING`] while that lasts.
    word: AtomicU32,
    message: UnsafeCell<M>,
}

/// The slots of a context.
pub struct Slots<M> {
    slots: Box<[Slot<M>]>,
    /// Numbers of free slots: a ring of a power of two.
    free: Box<[AtomicU16]>,
    /// How many numbers the taker has put into the ring: a count that wraps.
    given: Apart<AtomicU32>,
}

/// On a pair of cache lines of its own, which processors fetch together.
#[repr(align(128))]
struct Apart<T>(T);

// SAFETY: a message is written by the poster while its slot is free and read by the taker once it
// flies (see `Poster::post`, `Taker::take`); it may move between threads, see `Carried`.
unsafe impl<M: Copy> Sync for Slots<M> {}
// SAFETY: as above.
unsafe impl<M: Copy> Send for Slots<M> {}

/// Where drivers written in C look for messages while they answer: without a lock, and without
/// knowing whether the context still is in use. So what was shown here is kept as long as this is.
pub struct Window<M> {
    shown: AtomicPtr<Slots<M>>,
    kept: Mutex<Vec<Arc<Slots<M>>>>,
}

impl<M> Default for Window<M> {
    fn default() -> Self {
        Window {
            shown: AtomicPtr::default(),
            kept: Mutex::default(),
        }
    }
}

impl<M: Copy> Window<M> {
    /// Shows these slots from here on.
    pub fn show(&self, slots: &Arc<Slots<M>>) {
        let mut kept = self.kept.lock();
        if !kept.iter().any(|one| Arc::ptr_eq(one, slots)) {
            kept.push(Arc::clone(slots));
        }
        // Release pairs with the Acquire in `find`: the slots are made.
        self.shown
            .store(Arc::as_ptr(slots).cast_mut(), Ordering::Release);
    }

    /// Shows none.
    pub fn hide(&self) {
        self.shown.store(core::ptr::null_mut(), Ordering::Relaxed);
    }

    /// Where the flying message with this tag is.
    #[inline]
    #[must_use]
    pub fn find(&self, tag: u32) -> Option<NonNull<M>> {
        let shown = self.shown.load(Ordering::Acquire);
        // SAFETY: null, or ours: `show` stored it, and `kept` keeps it for as long as this is borrowed.
        unsafe { shown.as_ref() }?.find(tag)
    }
}

/// The side that posts messages.
pub struct Poster<M> {
    slots: Arc<Slots<M>>,
    /// How many numbers it has used: a count that wraps.
    turn: u32,
    /// As `given` when last looked at.
    seen: u32,
}

/// The side that takes answered messages.
pub struct Taker<M>(Arc<Slots<M>>);

/// A message that was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// Why.
    pub error: Error,
    /// Its tag, if it has a slot.
    pub tag: Option<u32>,
}

impl From<Error> for Unsent {
    fn from(error: Error) -> Self {
        Unsent { error, tag: None }
    }
}

impl<M: Copy> Slots<M> {
    /// `count` slots, at least 1 and at most [`MOST`], in which copies of `blank` lie.
    #[must_use]
    pub(crate) fn of(count: usize, blank: M) -> (Poster<M>, Taker<M>) {
        let count = count.clamp(1, MOST);
        let slot = |place: u32| Slot {
            word: AtomicU32::new(place),
            message: UnsafeCell::new(blank),
        };
        let number = |n: usize| AtomicU16::new(u16::try_from(n).unwrap_or(0));
        let all = u32::try_from(count).unwrap_or(1);
        let slots = Arc::new(Slots {
            slots: (1..=all).map(slot).collect(),
            free: (0..count.next_power_of_two()).map(number).collect(),
            given: Apart(AtomicU32::new(all)),
        });
        let poster = Poster {
            slots: Arc::clone(&slots),
            turn: 0,
            seen: all,
        };
        (poster, Taker(slots))
    }

    /// Makes two sides that were used before as good as new, but for the uses that tags count: what is
    /// still on its way is forgotten, and no answer finds it any more.
    pub fn renew(poster: &mut Poster<M>, taker: &mut Taker<M>) {
        while let Some(tag) = taker.any() {
            let _ = taker.take(tag, |_| ());
        }
        poster.seen = taker.0.given.0.load(Ordering::Relaxed);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.slots.len()
    }

    /// The place in the ring of the `n`th number.
    #[inline]
    fn ring(&self, n: u32) -> Option<&AtomicU16> {
        self.free.get(n as usize & (self.free.len() - 1))
    }

    /// The slot in which the message with this tag flies.
    #[inline]
    fn slot(&self, tag: u32) -> Option<&Slot<M>> {
        let place = (tag & PLACE).wrapping_sub(1);
        let slot = self.slots.get(place as usize)?;
        // Acquire pairs with the Release in `Poster::post`: the message is there.
        (slot.word.load(Ordering::Acquire) == tag | FLYING && tag & FLYING == 0).then_some(slot)
    }

    /// Where the flying message with this tag is: for drivers written in C.
    #[must_use]
    pub fn find(&self, tag: u32) -> Option<NonNull<M>> {
        NonNull::new(self.slot(tag)?.message.get())
    }
}

impl<M: Copy> Poster<M> {
    /// Takes a free slot, has `fill` write the message into it, given its tag and what was in the
    /// slot, and has `send` hand it over.
    ///
    /// # Errors
    /// [`Error::Busy`] if no slot is free; what `send` answered, and the tag of the message, which
    /// then is to be taken back with [`Taker::take`]: only a taker frees slots, and an answer from
    /// nowhere may have had it do so already.
    #[inline]
    pub fn post(
        &mut self,
        fill: impl FnOnce(&mut M, u32),
        send: impl FnOnce(Posted<'_, M>) -> Result<()>,
    ) -> core::result::Result<(), Unsent> {
        let slots = &*self.slots;
        let turn = self.turn;
        if turn == self.seen {
            // Acquire pairs with the Release in `Taker::take`: the number is in the ring, and nobody
            // reads the slot any more.
            self.seen = slots.given.0.load(Ordering::Acquire);
            if turn == self.seen {
                return Err(Error::Busy.into());
            }
        }
        let number = slots.ring(turn).ok_or(Error::Invalid)?;
        let number = number.load(Ordering::Relaxed) as usize;
        let slot = slots.slots.get(number).ok_or(Error::Invalid)?;
        let tag = slot.word.load(Ordering::Relaxed).wrapping_add(USE);
        let message = slot.message.get();
        // SAFETY: ours: the slot is free, so no taker and no driver uses it, and this is the only
        // poster, borrowed mutably.
        fill(unsafe { &mut *message }, tag);
        // Release pairs with the Acquire in `Slots::slot`.
        slot.word.store(tag | FLYING, Ordering::Release);
        self.turn = turn.wrapping_add(1);
        let posted = Posted {
            // SAFETY: the address of a cell in a slice.
            message: unsafe { NonNull::new_unchecked(message) },
            slot: PhantomData,
        };
        send(posted).map_err(|error| Unsent {
            error,
            tag: Some(tag),
        })
    }
}

impl<M: Copy> Taker<M> {
    /// The slots.
    #[must_use]
    pub fn slots(&self) -> &Arc<Slots<M>> {
        &self.0
    }

    /// What `read` makes of the answered message with this tag, whose slot then is free. `None` if
    /// no such message is on its way.
    #[inline]
    pub fn take<R>(&mut self, tag: u32, read: impl FnOnce(&M) -> R) -> Option<R> {
        let slots = &*self.0;
        let slot = slots.slot(tag)?;
        // There is one taker, borrowed mutably, and nobody else changes the word while it flies.
        slot.word.store(tag, Ordering::Relaxed);
        // SAFETY: ours: it was on its way and is answered, so no driver writes to it any more, and
        // no poster before its number is in the ring.
        let result = read(unsafe { &*slot.message.get() });
        let turn = slots.given.0.load(Ordering::Relaxed);
        if let Some(place) = slots.ring(turn) {
            place.store((tag & PLACE) as u16 - 1, Ordering::Relaxed);
        }
        // Release pairs with the Acquire in `Poster::post`.
        slots.given.0.store(turn.wrapping_add(1), Ordering::Release);
        Some(result)
    }

    /// The tag of a message that is on its way, the one in the slot with the least number.
    #[must_use]
    pub fn any(&self) -> Option<u32> {
        let words = self
            .0
            .slots
            .iter()
            .map(|slot| slot.word.load(Ordering::Relaxed));
        let mut flying = words.filter(|word| word & FLYING != 0);
        flying.next().map(|word| word & !FLYING)
    }
}

#[cfg(all(test, models))]
mod models;
#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn post(poster: &mut Poster<[u64; 2]>, value: u64) -> core::result::Result<u32, Unsent> {
        let mut told = 0;
        poster.post(
            |message, tag| {
                *message = [value; 2];
                told = tag;
            },
            |posted| {
                assert_eq!(posted.copy(), [value; 2]);
                Ok(())
            },
        )?;
        Ok(told)
    }

    #[test]
    fn a_message_is_taken_once_and_by_its_own_tag() {
        let (mut poster, mut taker) = Slots::of(2, [0; 2]);
        let first = post(&mut poster, 7).expect("free");
        let second = post(&mut poster, 8).expect("free");
        assert!(first != 0 && second != 0 && first != second);
        assert_eq!(post(&mut poster, 9), Err(Error::Busy.into()));
        for forged in [0, 3, first ^ USE, first | FLYING, u32::MAX] {
            assert_eq!(taker.take(forged, |m| m[0]), None);
        }
        assert_eq!(taker.take(second, |m| m[0]), Some(8));
        assert_eq!(taker.take(second, |m| m[0]), None, "twice");
        assert_eq!(taker.take(first, |m| m[0]), Some(7));
        assert_eq!(taker.any(), None);
    }

    #[test]
    fn a_late_answer_finds_no_request_of_the_next_use_of_its_slot() {
        let (mut poster, mut taker) = Slots::of(1, [0; 2]);
        let before = post(&mut poster, 1).expect("free");
        assert_eq!(taker.take(before, |m| m[0]), Some(1));
        let now = post(&mut poster, 2).expect("free");
        assert_ne!(before, now);
        assert!(taker.slots().find(before).is_none());
        assert_eq!(taker.take(before, |m| m[0]), None);
        assert_eq!(taker.any(), Some(now));
        assert_eq!(taker.take(now, |m| m[0]), Some(2));
        assert_eq!(taker.any(), None);
    }

    #[test]
    fn a_message_that_could_not_be_sent_is_taken_back() {
        let (mut poster, mut taker) = Slots::of(1, [0; 2]);
        for _ in 0..3 {
            let sent = poster.post(|message, _| *message = [1; 2], |_| Err(Error::DeviceReset));
            let unsent = sent.expect_err("not sent");
            assert_eq!(unsent.error, Error::DeviceReset);
            let full = poster.post(|_, _| (), |_| Ok(())).expect_err("full");
            assert_eq!(full, Error::Busy.into());
            let taken = unsent.tag.and_then(|tag| taker.take(tag, |m| m[0]));
            assert_eq!(taken, Some(1));
            assert_eq!(taker.any(), None);
        }
        assert!(post(&mut poster, 2).is_ok());
    }

    #[test]
    fn a_forged_answer_to_a_message_that_was_not_sent_loses_no_slot() {
        let (mut poster, mut taker) = Slots::of(1, [0; 2]);
        let sent = poster.post(
            |_, _| (),
            |_| {
                let tag = taker.any().expect("flies");
                assert!(taker.slots().find(tag).is_some());
                assert!(taker.take(tag, |m| m[0]).is_some());
                Err(Error::Io)
            },
        );
        let tag = sent.expect_err("not sent").tag.expect("has a slot");
        assert_eq!(taker.take(tag, |m| m[0]), None);
        assert_eq!(taker.any(), None);
        let next = post(&mut poster, 3).expect("free");
        assert_ne!(next, tag);
        assert_eq!(taker.take(next, |m| m[0]), Some(3));
    }

    #[test]
    fn slots_that_are_used_again_know_nothing_of_earlier_messages() {
        let window = Window::default();
        let (mut poster, mut taker) = Slots::of(3, [0; 2]);
        window.show(taker.slots());
        let old = [1, 2, 3].map(|value| post(&mut poster, value).expect("free"));
        assert!(old.iter().all(|tag| window.find(*tag).is_some()));
        Slots::renew(&mut poster, &mut taker);
        assert!(old.iter().all(|tag| window.find(*tag).is_none()));
        assert_eq!(taker.any(), None);
        let new = [4, 5, 6].map(|value| post(&mut poster, value).expect("free"));
        assert_eq!(post(&mut poster, 7), Err(Error::Busy.into()));
        assert!(old.iter().all(|tag| taker.take(*tag, |m| m[0]).is_none()));
        assert_eq!(
            new.map(|tag| taker.take(tag, |m| m[0])),
            [4, 5, 6].map(Some)
        );
        window.hide();
        assert!(new.iter().all(|tag| window.find(*tag).is_none()));
    }

    #[test]
    fn every_message_crosses_from_one_thread_to_another_once() {
        const ALL: u64 = if cfg!(miri) { 200 } else { 100_000 };
        let (mut poster, mut taker) = Slots::of(5, [0; 2]);
        let taking = thread::spawn(move || {
            let mut sum = 0;
            let mut taken = 0;
            while taken < ALL {
                let Some(tag) = taker.any() else {
                    std::hint::spin_loop();
                    continue;
                };
                let message = taker.take(tag, |m| *m).expect("only this thread takes");
                assert_eq!(message[0], message[1], "whole");
                sum += message[0];
                taken += 1;
            }
            sum
        });
        let mut sent = 0;
        while sent < ALL {
            match post(&mut poster, sent) {
                Ok(_) => sent += 1,
                Err(_) => thread::yield_now(),
            }
        }
        assert_eq!(taking.join().expect("no panic"), ALL * (ALL - 1) / 2);
    }
}
