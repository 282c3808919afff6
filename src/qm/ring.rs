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
use crate::sys::lent::Promise;
use crate::sys::shared::{Entries, Entry, SharedMemory, Tagged, Word};
use crate::uacce::channel::{Channel, Doorbell, QueueId, Region};
use core::num::NonZeroU64;
use core::sync::atomic::{AtomicU32, Ordering, fence};
use std::sync::Arc;

/// A doorbell tells of descriptors that `Sender::write` was promised, or of completions.
const PROMISED: Promise = Promise::of_callers();

/// The tag of a free slot of a broken queue.
const CLOSED: u64 = u64::MAX;

/// Makes the two halves of a queue's ring. The memory must be zero, as the kernel hands it out.
///
/// # Errors
/// [`Error::NoDevice`] if `id` contradicts the region's size, or its number fits no doorbell;
/// [`Error::NoMemory`].
pub fn open<const N: usize>(
    channel: &dyn Channel,
    version: Version,
    id: &QueueId,
) -> Result<(Sender<N>, Receiver<N>)> {
    let memory = channel.region(Region::Dus)?;
    let bell = channel.doorbell(version.doorbell_offset())?;
    split(&memory, bell, version, id)
}

/// Forgets the completions of an earlier run, which would look new to the next ring. For a queue
/// that is stopped.
///
/// # Errors
/// As [`open`].
pub fn clear<const N: usize>(channel: &dyn Channel, id: &QueueId) -> Result<()> {
    let memory = channel.region(Region::Dus)?;
    let layout = Layout::new(id, N, memory.len())?;
    let cq = memory.entries::<CQE_SIZE>(layout.cq_offset, usize::from(layout.cq_depth))?;
    for entry in (0..cq.count()).filter_map(|at| cq.at(at)) {
        // Relaxed: nobody looks before the queue is started, which is a system call.
        entry.store_word(cqe::PHASE_WORD, 0, Ordering::Relaxed);
    }
    Ok(())
}

fn split<const N: usize>(
    memory: &SharedMemory,
    bell: Doorbell,
    version: Version,
    id: &QueueId,
) -> Result<(Sender<N>, Receiver<N>)> {
    let layout = Layout::new(id, N, memory.len())?;
    if !doorbell::names(version, id.number) {
        return Err(Error::NoDevice);
    }
    let broken = Arc::new(AtomicU32::new(0));
    // A region without status words still has the flag that says that it is lost.
    let (tx, rx) = match layout.status {
        Some(status) => (memory.word(status.tx)?, memory.word(status.rx)?),
        None => (memory.lost_flag(), memory.lost_flag()),
    };
    let slots = Tagged::new(memory.entries::<N>(0, layout.sq_depth.into())?)?;
    let sender = Sender {
        slots: slots.clone(),
        dead: tx,
        bell: bell.clone(),
        bell_base: doorbell::base(version, id.number, Command::Sq),
        broken: Arc::clone(&broken),
        depth: u32::from(layout.sq_depth),
        tail: 0,
        rung: 0,
    };
    let receiver = Receiver {
        slots,
        cq: memory.entries::<CQE_SIZE>(layout.cq_offset, usize::from(layout.cq_depth))?,
        dead: rx,
        bell,
        bell_base: doorbell::base(version, id.number, Command::Cq),
        broken,
        depth: u32::from(layout.cq_depth),
        number: u32::from(id.number),
        head: 0,
        phase: 1,
        owed: false,
    };
    Ok((sender, receiver))
}

/// The sending half of a ring.
pub struct Sender<const N: usize> {
    /// The submission queue, and for each slot the tag of its request, 0 for a free slot.
    slots: Tagged<N>,
    /// Not 0 when the device was reset or has gone.
    dead: Word,
    bell: Doorbell,
    bell_base: u64,
    broken: Arc<AtomicU32>,
    // Indexes are 32 bits wide here: two 16-bit neighbours stored one by one and loaded together
    // would stall on every request.
    depth: u32,
    /// The slot that the next descriptor goes to.
    tail: u32,
    /// The tail that the device was last told.
    rung: u32,
}

impl<const N: usize> Sender<N> {
    /// Copies a descriptor into the next slot; `tag`, any number but `u64::MAX`, names it when it
    /// comes back. The device does not look at it before [`commit`](Self::commit); then it reads and
    /// writes where the descriptor says, which is what is promised.
    ///
    /// # Errors
    /// [`Error::Invalid`] for that tag. [`Error::Busy`] if the ring is full: the slot's last request,
    /// or the one behind it, is not received yet. Where the device is dead as well, why it is. The
    /// descriptor is not taken then.
    #[inline(always)]
    pub fn write(&mut self, _promise: Promise, sqe: &[u8; N], tag: NonZeroU64) -> Result<()> {
        let (slot, behind) = (self.tail as usize, next(self.tail, self.depth));
        let (Some((entry, place)), Some((_, last))) =
            (self.slots.at(slot), self.slots.at(behind as usize))
        else {
            return Err(Error::Invalid);
        };
        // Acquire pairs with the Release store in `Receiver::receive`: its copy out of this slot is
        // finished before the copy into it below begins. One slot stays free, so that a full ring
        // does not look like an empty one.
        if place.load(Ordering::Acquire) | last.load(Ordering::Relaxed) != 0 {
            return self.full();
        }
        if tag.get() == CLOSED {
            return Err(Error::Invalid);
        }
        entry.store(sqe);
        // Release pairs with the Acquire load in `Receiver::receive`: whoever gets the tag sees what
        // the sender did to the message before, even if the device completes what it was not told of.
        place.store(tag.get(), Ordering::Release);
        self.tail = behind;
        Ok(())
    }

    /// Tells the device of all descriptors written since the last commit, with one doorbell.
    ///
    /// # Errors
    /// [`Error::DeviceReset`] or [`Error::NoDevice`] if the device was reset or has gone. The
    /// descriptors since the last commit are taken back then, and belong to the caller again.
    #[inline(always)]
    pub fn commit(&mut self) -> Result<()> {
        if self.tail == self.rung {
            return Ok(());
        }
        barrier::before_doorbell();
        if self.dead.load(Ordering::Relaxed) != 0 {
            return Err(self.take_back());
        }
        self.rung = self.tail;
        let value = doorbell::with_index(self.bell_base, self.tail, false);
        self.bell.ring(PROMISED, value);
        Ok(())
    }

    /// Descriptors that have been written and not received. Looks at every slot.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        let tags = self.slots.tags().iter();
        tags.filter(|tag| ![0, CLOSED].contains(&tag.load(Ordering::Relaxed)))
            .count() as u32
    }

    /// The most descriptors that can be in flight: one less than there are slots.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.depth - 1
    }

    /// Full, or dead: a dead ring never empties, and whoever waits for that must be told.
    #[cold]
    fn full(&self) -> Result<()> {
        alive(&self.dead, &self.broken).and(Err(Error::Busy))
    }

    /// Takes back what a dead device was not told of; how it is dead.
    #[cold]
    fn take_back(&mut self) -> Error {
        while self.tail != self.rung {
            self.tail = if self.tail == 0 {
                self.depth - 1
            } else {
                self.tail - 1
            };
            self.slots.tags()[self.tail as usize].store(0, Ordering::Relaxed);
        }
        // Acquire: the load that met the loss was before. The word is not loaded again: whatever it
        // says by now, nothing was sent.
        fence(Ordering::Acquire);
        if self.dead.lost() {
            Error::NoDevice
        } else {
            Error::DeviceReset
        }
    }
}

/// Whether a queue works, and if not, why.
#[cold]
fn alive(dead: &Word, broken: &AtomicU32) -> Result<()> {
    // First, since this load may be the one that meets the loss.
    let state = dead.load(Ordering::Acquire);
    if dead.lost() {
        return Err(Error::NoDevice);
    }
    if state != 0 {
        return Err(Error::DeviceReset);
    }
    if broken.load(Ordering::Relaxed) != 0 {
        return Err(Error::Io);
    }
    Ok(())
}

/// The receiving half of a ring.
pub struct Receiver<const N: usize> {
    slots: Tagged<N>,
    cq: Entries<CQE_SIZE>,
    dead: Word,
    bell: Doorbell,
    bell_base: u64,
    /// 1 when the device broke the protocol; what it says is no longer to be trusted.
    broken: Arc<AtomicU32>,
    depth: u32,
    number: u32,
    /// The entry that the next completion will be in.
    head: u32,
    /// The phase bit of a new completion: 1 in the first pass, changing with each wrap.
    phase: u32,
    /// A batch ended with an [`Error::Io`] that its caller was not told.
    owed: bool,
}

impl<const N: usize> Receiver<N> {
    /// Takes the next completion, if there is one, hands its tag and a way to copy its descriptor to
    /// `take`, and tells the device that the entry is free.
    ///
    /// # Errors
    /// [`Error::Io`] if the completion names another queue, a slot that does not exist, or one
    /// without a request; it is consumed, and the next call goes on behind it. After one of the
    /// first two the queue is broken: it takes no more descriptors. [`Error::DeviceReset`] and
    /// [`Error::NoDevice`] if the device was reset or has gone and nothing is left to receive.
    #[inline(always)]
    pub fn receive<R>(
        &mut self,
        take: impl FnOnce(NonZeroU64, Slot<'_, N>) -> R,
    ) -> Result<Option<R>> {
        self.take::<true, R>(take)
    }

    /// As [`receive`](Self::receive), up to `most` times, and tells the device once. How many were
    /// taken; an error that ended it comes later, when there is nothing else to receive.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    pub fn receive_batch(
        &mut self,
        most: usize,
        mut take: impl FnMut(NonZeroU64, Slot<'_, N>),
    ) -> Result<usize> {
        let mut taken = 0;
        while taken < most {
            match self.take::<false, ()>(&mut take) {
                Ok(Some(())) => taken += 1,
                Err(error) if taken == 0 => return Err(error),
                Err(Error::Io) => {
                    self.owed = true;
                    break;
                }
                // Other errors stay and come again.
                Ok(None) | Err(_) => break,
            }
        }
        if taken > 0 {
            self.tell(false);
        }
        Ok(taken)
    }

    /// Takes the next completion; tells the device of it at once or leaves that to the caller.
    #[inline(always)]
    fn take<const TELL: bool, R>(
        &mut self,
        take: impl FnOnce(NonZeroU64, Slot<'_, N>) -> R,
    ) -> Result<Option<R>> {
        let Some(entry) = self.cq.at(self.head as usize) else {
            return Err(Error::Invalid);
        };
        let phase = entry.load_word(cqe::PHASE_WORD, Ordering::Acquire) >> cqe::PHASE_SHIFT & 1;
        if phase != self.phase {
            return self.nothing();
        }
        barrier::after_phase();
        // Acquire: the memory of a lost device is replaced together with its status words, so who
        // reads zeros here reads the status of a dead queue below.
        let who = entry.load_word(cqe::HEAD_AND_NUMBER, Ordering::Acquire);
        self.still_there()?;
        self.advance();
        let (slot, number) = ((who & 0xffff) as usize, who >> 16);
        let Some((sqe, place)) = self.slots.at(slot) else {
            return self.refuse(true);
        };
        if number != self.number {
            return self.refuse(true);
        }
        // Acquire pairs with the Release store in `Sender::write`.
        let tag = NonZeroU64::new(place.load(Ordering::Acquire));
        let Some(tag) = tag.filter(|tag| tag.get() != CLOSED) else {
            return self.refuse(false);
        };
        let answer = take(tag, Slot(sqe));
        // A copy is loads, and they may have been of the zeros.
        fence(Ordering::Acquire);
        self.still_there()?;
        // Release pairs with the Acquire load in `Sender::write`: the slot is free only after the
        // copy out of it is finished.
        place.store(0, Ordering::Release);
        if TELL {
            self.tell(false);
        }
        Ok(Some(answer))
    }

    /// Whether what was read is the device's, and not the zeroed memory that took its place.
    #[inline(always)]
    fn still_there(&self) -> Result<()> {
        if self.dead.load(Ordering::Relaxed) != 0 && self.dead.lost() {
            return Err(Error::NoDevice);
        }
        Ok(())
    }

    /// Takes a descriptor back that a dead device will not complete: its tag, and `None` when there
    /// is none left. The sender must not be at work meanwhile.
    ///
    /// # Errors
    /// [`Error::Busy`] while the device works.
    pub fn recall(&mut self) -> Result<Option<NonZeroU64>> {
        if self.waiting() > 0 || !matches!(self.alive(), Err(Error::DeviceReset | Error::NoDevice))
        {
            return Err(Error::Busy);
        }
        let tags = self.slots.tags().iter();
        let mut found = tags.filter_map(|place| {
            let tag = place.load(Ordering::Relaxed);
            let tag = NonZeroU64::new(tag).filter(|tag| tag.get() != CLOSED)?;
            // Relaxed: the sender is kept out, and the device writes no slot any more.
            place.store(0, Ordering::Relaxed);
            Some(tag)
        });
        Ok(found.next())
    }

    /// Asks the device to raise an interrupt at the next completion. Look at the queue once more
    /// before sleeping: it may have completed something in between.
    pub fn arm(&mut self) {
        self.tell(true);
    }

    /// How many completions lie in the ring and were not received.
    #[must_use]
    pub fn waiting(&self) -> u32 {
        let (mut at, mut phase, mut count) = (self.head, self.phase, 0);
        let new = |at: u32, phase: u32| {
            let entry = self.cq.at(at as usize);
            entry.is_some_and(|e| {
                e.load_word(cqe::PHASE_WORD, Ordering::Relaxed) >> cqe::PHASE_SHIFT & 1 == phase
            })
        };
        while count < self.depth && new(at, phase) {
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
        alive(&self.dead, &self.broken)
    }

    /// Tells the device how far completions were taken, so that it may reuse their entries.
    #[inline(always)]
    fn tell(&mut self, arm: bool) {
        // What was read of the entries is read before the device may write them again.
        barrier::before_doorbell();
        let value = doorbell::with_index(self.bell_base, self.head, arm);
        self.bell.ring(PROMISED, value);
    }

    #[inline(always)]
    fn advance(&mut self) {
        self.head = next(self.head, self.depth);
        self.phase ^= u32::from(self.head == 0);
    }

    /// Nothing new; in a dead queue nothing ever.
    #[inline(always)]
    fn nothing<R>(&mut self) -> Result<Option<R>> {
        if core::mem::take(&mut self.owed) {
            return Err(Error::Io);
        }
        if self.dead.load(Ordering::Relaxed) == 0 {
            // A broken queue may still complete what it has.
            return Ok(None);
        }
        self.alive().map(|()| None)
    }

    /// Consumes a completion that is not of any request. A device that names what cannot be has
    /// broken the protocol: the free slots are closed, so that the sender finds none and looks why.
    #[cold]
    fn refuse<R>(&mut self, broken: bool) -> Result<Option<R>> {
        self.tell(false);
        if broken {
            self.broken.store(1, Ordering::Relaxed);
            for tag in self.slots.tags() {
                // Release pairs with the Acquire load in `Sender::write`: who finds a slot closed
                // finds the queue broken.
                let _ = tag.compare_exchange(0, CLOSED, Ordering::Release, Ordering::Relaxed);
            }
        }
        Err(Error::Io)
    }
}

/// A completed descriptor, still in queue memory.
pub struct Slot<'a, const N: usize>(Entry<'a, N>);

impl<const N: usize> Slot<'_, N> {
    /// Copies the descriptor, with the device's results in it.
    #[inline(always)]
    pub fn read(self, sqe: &mut [u8; N]) {
        self.0.load(sqe);
    }
}

#[inline(always)]
const fn next(index: u32, depth: u32) -> u32 {
    if index + 1 == depth { 0 } else { index + 1 }
}
