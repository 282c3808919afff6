//! The two rings of a queue: descriptors out, completions in.
//!
//! A [`Sender`] writes descriptors and then commits them with one doorbell. A
//! [`Receiver`] finds completions by their phase bit and matches them to the
//! submission they name. The two halves may be used by two threads at once. A
//! slot is the sender's while its tag is 0, and the receiver's from the commit
//! until it has copied the result and set the tag back.

use super::doorbell::{self, Command};
use super::layout::{CQE_SIZE, Layout, Version, cqe};
use crate::error::{Error, Result};
use crate::sys::barrier;
use crate::sys::shared::{Entries, SharedMemory, Word};
use crate::uacce::channel::{Channel, Doorbell, QueueId, Region};
use core::num::NonZeroU64;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::Arc;

/// What the halves have in common, on cache lines of its own.
#[repr(align(128))]
struct Common {
    /// For each slot the tag of its request, 0 for a free slot.
    tags: Box<[AtomicU64]>,
    /// Completions taken so far, wrapping; written by the receiver only.
    received: AtomicU32,
    /// The device broke the protocol; what it says is no longer to be trusted.
    broken: AtomicBool,
}

/// Makes the two halves of a queue's ring. The memory must be zero, as the kernel hands it out.
///
/// # Errors
/// [`Error::NoDevice`] if `id` contradicts the region's size, [`Error::NoMemory`].
pub fn open<const N: usize>(
    channel: &dyn Channel,
    version: Version,
    id: &QueueId,
) -> Result<(Sender<N>, Receiver<N>)> {
    let memory = channel.region(Region::Dus)?;
    let bell = channel.doorbell(version.doorbell_offset())?;
    split(&memory, bell, version, id)
}

fn split<const N: usize>(
    memory: &SharedMemory,
    bell: Doorbell,
    version: Version,
    id: &QueueId,
) -> Result<(Sender<N>, Receiver<N>)> {
    let layout = Layout::new(id, N, memory.len())?;
    let depth = usize::from(layout.sq_depth);
    let mut tags = Vec::new();
    tags.try_reserve_exact(depth).map_err(|_| Error::NoMemory)?;
    tags.resize_with(depth, || AtomicU64::new(0));
    let common = Arc::new(Common {
        tags: tags.into(),
        received: AtomicU32::new(0),
        broken: AtomicBool::new(false),
    });
    let word = |offset| memory.word(offset);
    let sq = memory.entries::<N>(0, depth)?;
    let sender = Sender {
        sq: sq.clone(),
        dead: layout.status.map(|s| word(s.tx)).transpose()?,
        bell: bell.clone(),
        bell_base: doorbell::base(version, id.number, Command::Sq),
        common: Arc::clone(&common),
        capacity: u32::from(layout.capacity()),
        depth: layout.sq_depth,
        tail: 0,
        rung: 0,
        sent: 0,
        received: 0,
    };
    let receiver = Receiver {
        sq,
        cq: memory.entries::<CQE_SIZE>(layout.cq_offset, usize::from(layout.cq_depth))?,
        dead: layout.status.map(|s| word(s.rx)).transpose()?,
        bell,
        bell_base: doorbell::base(version, id.number, Command::Cq),
        common,
        depth: layout.cq_depth,
        number: id.number,
        head: 0,
        told: 0,
        phase: 1,
    };
    Ok((sender, receiver))
}

/// The sending half of a ring.
pub struct Sender<const N: usize> {
    sq: Entries<N>,
    dead: Option<Word>,
    bell: Doorbell,
    bell_base: u64,
    common: Arc<Common>,
    capacity: u32,
    depth: u16,
    /// The slot that the next descriptor goes to.
    tail: u16,
    /// The tail that the device was last told.
    rung: u16,
    /// Descriptors written so far, wrapping.
    sent: u32,
    /// `Common::received` as it was last seen; looked up again only when the ring seems full.
    received: u32,
}

impl<const N: usize> Sender<N> {
    /// Copies a descriptor into the next slot. The device does not look at it before [`commit`](Self::commit).
    ///
    /// # Errors
    /// [`Error::Busy`] if the ring is full, or the slot's last request is not completed yet while
    /// later ones are; where the device is dead as well, why it is. [`Error::NoDevice`] if the device
    /// has gone. The descriptor is not taken then.
    #[inline]
    pub fn write(&mut self, sqe: &[u8; N], tag: NonZeroU64) -> Result<()> {
        if self.sent.wrapping_sub(self.received) >= self.capacity {
            // Acquire is not needed here, since the tag below is what hands the slot over.
            self.received = self.common.received.load(Ordering::Relaxed);
            if self.sent.wrapping_sub(self.received) >= self.capacity {
                return self.full();
            }
        }
        let slot = usize::from(self.tail);
        let place = &self.common.tags[slot];
        // Acquire pairs with the Release store in `Receiver::receive`: its copy out of this slot is
        // finished before the copy into it below begins.
        if place.load(Ordering::Acquire) != 0 {
            return self.full();
        }
        self.sq.store(slot, sqe);
        if self.sq.lost() {
            return Err(Error::NoDevice);
        }
        // Relaxed: the receiver looks at the tag only after the device has answered the doorbell,
        // and between the two threads that is ordered by `before_doorbell` and `after_phase`.
        place.store(tag.get(), Ordering::Relaxed);
        self.tail = next(self.tail, self.depth);
        self.sent = self.sent.wrapping_add(1);
        Ok(())
    }

    /// Tells the device of all descriptors written since the last commit, with one doorbell.
    ///
    /// # Errors
    /// [`Error::DeviceReset`], [`Error::NoDevice`] or [`Error::Io`] if the device was reset, has gone,
    /// or broke the protocol. The descriptors since the last commit are taken back then, and
    /// belong to the caller again.
    #[inline]
    pub fn commit(&mut self) -> Result<()> {
        if self.tail == self.rung {
            return Ok(());
        }
        barrier::before_doorbell();
        if let Err(error) = self.alive() {
            self.take_back();
            return Err(error);
        }
        self.rung = self.tail;
        self.bell
            .ring(doorbell::with_index(self.bell_base, self.tail, false));
        Ok(())
    }

    /// Descriptors that have been written and not received.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.sent
            .wrapping_sub(self.common.received.load(Ordering::Relaxed))
    }

    /// The most descriptors that can be in flight.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    #[inline(always)]
    fn alive(&self) -> Result<()> {
        check(self.dead.as_ref(), &self.common)
    }

    /// Full, or dead: a dead ring never empties, and whoever waits for that must be told.
    #[cold]
    fn full(&self) -> Result<()> {
        self.alive().and(Err(Error::Busy))
    }

    #[cold]
    fn take_back(&mut self) {
        while self.tail != self.rung {
            self.tail = if self.tail == 0 {
                self.depth - 1
            } else {
                self.tail - 1
            };
            self.common.tags[usize::from(self.tail)].store(0, Ordering::Relaxed);
            self.sent = self.sent.wrapping_sub(1);
        }
    }
}

/// Whether a queue still works.
#[inline(always)]
fn check(dead: Option<&Word>, common: &Common) -> Result<()> {
    if dead.is_some_and(|word| word.load(Ordering::Relaxed) != 0) {
        return Err(Error::DeviceReset);
    }
    if dead.is_some_and(Word::lost) {
        return Err(Error::NoDevice);
    }
    if common.broken.load(Ordering::Relaxed) {
        return Err(Error::Io);
    }
    Ok(())
}

/// The receiving half of a ring.
pub struct Receiver<const N: usize> {
    sq: Entries<N>,
    cq: Entries<CQE_SIZE>,
    dead: Option<Word>,
    bell: Doorbell,
    bell_base: u64,
    common: Arc<Common>,
    depth: u16,
    number: u16,
    /// The entry that the next completion will be in.
    head: u16,
    /// The head that the device was last told.
    told: u16,
    /// The phase bit of a new completion: 1 in the first pass, changing with each wrap.
    phase: u32,
}

impl<const N: usize> Receiver<N> {
    /// Takes the next completion, if there is one, and hands its tag and a way to copy its
    /// descriptor to `take`. The device is told by [`acknowledge`](Self::acknowledge).
    ///
    /// # Errors
    /// [`Error::Io`] if the completion names another queue, a slot that does not exist, or one
    /// without a request; it is consumed, and the next call goes on behind it. After one of the
    /// first two the queue is broken: it takes no more descriptors. [`Error::DeviceReset`] and
    /// [`Error::NoDevice`] if the device was reset or has gone and nothing is left to receive.
    #[inline]
    pub fn receive<R>(
        &mut self,
        take: impl FnOnce(NonZeroU64, Slot<'_, N>) -> R,
    ) -> Result<Option<R>> {
        let at = usize::from(self.head);
        let phase =
            self.cq.load_word(at, cqe::PHASE_WORD, Ordering::Acquire) >> cqe::PHASE_SHIFT & 1;
        if phase != self.phase {
            return self.nothing();
        }
        barrier::after_phase();
        let who = self
            .cq
            .load_word(at, cqe::HEAD_AND_NUMBER, Ordering::Relaxed);
        if self.cq.lost() {
            // What was read is the zeroed memory that took the place of the device's.
            return Err(Error::NoDevice);
        }
        self.advance();
        let (slot, number) = ((who & 0xffff) as usize, (who >> 16) as u16);
        let Some(place) = self.common.tags.get(slot).filter(|_| number == self.number) else {
            return self.broken();
        };
        let Some(tag) = NonZeroU64::new(place.load(Ordering::Relaxed)) else {
            return Err(Error::Io);
        };
        let answer = take(tag, Slot { sq: &self.sq, slot });
        // Release pairs with the Acquire load in `Sender::write`: the slot is free only after the
        // copy out of it is finished.
        place.store(0, Ordering::Release);
        let received = self.common.received.load(Ordering::Relaxed);
        self.common
            .received
            .store(received.wrapping_add(1), Ordering::Release);
        Ok(Some(answer))
    }

    /// Tells the device how far completions have been taken, so that it may reuse their entries.
    #[inline]
    pub fn acknowledge(&mut self) {
        if self.told != self.head {
            self.tell(false);
        }
    }

    /// Tells the device the same, and asks it to raise an interrupt at the next completion. Look
    /// at the queue once more before sleeping: it may have completed something in between.
    pub fn arm(&mut self) {
        self.tell(true);
    }

    /// How many new completions lie in the ring, received or not being of no matter to the device.
    #[must_use]
    pub fn waiting(&self) -> u16 {
        let (mut at, mut phase, mut count) = (self.head, self.phase, 0);
        while count < self.depth
            && self
                .cq
                .load_word(usize::from(at), cqe::PHASE_WORD, Ordering::Relaxed)
                >> cqe::PHASE_SHIFT
                & 1
                == phase
        {
            at = next(at, self.depth);
            phase ^= u32::from(at == 0);
            count += 1;
        }
        if self.cq.lost() { 0 } else { count }
    }

    /// Whether the device still works.
    ///
    /// # Errors
    /// [`Error::DeviceReset`], [`Error::NoDevice`] or [`Error::Io`] if not.
    pub fn alive(&self) -> Result<()> {
        check(self.dead.as_ref(), &self.common)
    }

    fn tell(&mut self, arm: bool) {
        // Release: the copies out of the entries are finished before the device may reuse them.
        // x86-64 does not move loads behind later stores.
        barrier::before_doorbell();
        self.told = self.head;
        self.bell
            .ring(doorbell::with_index(self.bell_base, self.head, arm));
    }

    #[inline(always)]
    fn advance(&mut self) {
        self.head = next(self.head, self.depth);
        self.phase ^= u32::from(self.head == 0);
    }

    #[inline(always)]
    fn nothing<R>(&self) -> Result<Option<R>> {
        if self.cq.lost() {
            return Err(Error::NoDevice);
        }
        match self.alive() {
            // A broken queue may still complete what it has.
            Ok(()) | Err(Error::Io) => Ok(None),
            Err(error) => Err(error),
        }
    }

    #[cold]
    fn broken<R>(&self) -> Result<Option<R>> {
        self.common.broken.store(true, Ordering::Relaxed);
        Err(Error::Io)
    }
}

/// A completed descriptor, still in queue memory.
pub struct Slot<'a, const N: usize> {
    sq: &'a Entries<N>,
    slot: usize,
}

impl<const N: usize> Slot<'_, N> {
    /// Copies the descriptor, with the device's results in it.
    #[inline(always)]
    pub fn read(self, sqe: &mut [u8; N]) {
        self.sq.load(self.slot, sqe);
    }
}

#[inline(always)]
const fn next(index: u16, depth: u16) -> u16 {
    if index + 1 == depth { 0 } else { index + 1 }
}
