//! What the contexts of a queue have in common: the memory operations of the
//! program, which tell the device's addresses, and numbers by which answers are told
//! apart. And what requests have mapped by them, until they come back.

use super::cell::{self, Cell, Reach};
use super::{Owner, Queue};
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::clock::{self, Deadline};
use crate::sys::inject::Inject;
use crate::sys::mm_br::MmBr;
use core::num::NonZeroU64;
use core::ops::Range;
use core::sync::atomic::Ordering;
use core::time::Duration;

/// The most contexts of a queue (`WD_MAX_CTX_NUM`).
const MOST: u16 = 256;

/// How long the writing of an answer is waited for, which takes some microseconds.
const FINISH: Duration = Duration::from_secs(1);

/// Set in the tags of requests that stand in [`Program::flights`]: no address of a program has it.
const FLIGHT: u64 = 1 << 63;

/// What the program has brought.
#[derive(Default)]
pub(super) struct Program {
    /// Bit n: a context has the number n + 1.
    numbers: [u64; MOST as usize / 64],
    operations: Option<MmBr>,
    inject: Option<Inject>,
    /// Requests whose addresses the program has told.
    flights: Vec<Flight>,
    /// Places in it that are free.
    free: Vec<u32>,
    /// Memory of contexts that are gone, which the device may write to until it is stopped.
    left: Vec<Vec<u8>>,
}

/// Memory that a request uses, by both of its addresses.
#[derive(Clone, Copy)]
pub(super) struct Mapping {
    /// Where it is for the process.
    pub va: usize,
    /// Where it is for the device.
    pub iova: NonZeroU64,
    /// Bytes.
    pub len: usize,
}

/// What was mapped for a request, and is to be unmapped when it has come back or was not sent. At
/// most: input, output, a stream's context, and literals.
#[derive(Clone, Copy, Default)]
pub(super) struct Mapped([Option<Mapping>; 4]);

impl Mapped {
    /// Notes a mapping; `None` without room.
    #[inline(always)]
    pub fn add(&mut self, mapping: Mapping) -> Option<()> {
        *self.0.iter_mut().find(|place| place.is_none())? = Some(mapping);
        Some(())
    }

    /// Gives all back that `operations` have mapped.
    // Not inlined: a copy of the mappings is one of memory then, and not of each number in them.
    #[inline(never)]
    pub fn unmap(&self, operations: &MmBr) {
        for mapping in self.0.iter().map_while(Option::as_ref) {
            operations.unmap(mapping.va, mapping.iova, mapping.len);
        }
    }
}

/// A request on its way, and what is to be unmapped when it is back.
#[derive(Clone, Copy, Default)]
pub(super) struct Flight {
    /// The message's address; 0 if nobody wants it any more.
    pub message: usize,
    pub owner: Owner,
    pub mapped: Mapped,
}

/// Places for requests, made outside of the gate.
struct Places {
    flights: Vec<Flight>,
    free: Vec<u32>,
}

impl Places {
    fn new(count: u32) -> Result<Places> {
        let (mut flights, mut free) = (Vec::new(), Vec::new());
        flights
            .try_reserve_exact(count as usize)
            .map_err(|_| Error::NoMemory)?;
        free.try_reserve_exact(count as usize)
            .map_err(|_| Error::NoMemory)?;
        flights.resize(count as usize, Flight::default());
        free.extend((0..count).rev());
        Ok(Places { flights, free })
    }
}

/// What a request needs of the program.
#[derive(Default)]
pub(super) struct Own {
    pub operations: Option<MmBr>,
    pub inject: Option<Inject>,
}

impl Program {
    /// What requests need now.
    pub fn own(&self) -> Own {
        Own {
            operations: self.operations.clone(),
            inject: self.inject,
        }
    }

    fn contexts(&self) -> u32 {
        self.numbers.iter().map(|bits| bits.count_ones()).sum()
    }

    /// Notes a request: the tag that it is to be sent with.
    ///
    /// # Errors
    /// [`Error::Busy`] if there are as many as the ring takes.
    pub fn begin(&mut self, flight: &Flight) -> Result<NonZeroU64> {
        let place = self.free.pop().ok_or(Error::Busy)?;
        let entry = self.flights.get_mut(place as usize).ok_or(Error::Invalid)?;
        *entry = *flight;
        NonZeroU64::new(FLIGHT | u64::from(place)).ok_or(Error::Invalid)
    }

    /// The request with this tag, which is none any more; `None` if the tag is a message's address.
    #[inline]
    pub fn end(&mut self, tag: NonZeroU64) -> Option<&Flight> {
        let place = tag.get() & !FLIGHT;
        let flight = self.flights.get(usize::try_from(place).ok()?)?;
        // A queue gives each tag back once, so there is room.
        self.free.push(place as u32);
        Some(flight)
    }

    /// Forgets requests whose messages lie in `range`.
    fn forget(&mut self, range: &Range<usize>) {
        let gone = |flight: &&mut Flight| range.contains(&flight.message);
        for flight in self.flights.iter_mut().filter(gone) {
            flight.message = 0;
        }
    }

    /// What is mapped for requests on their way stays so: the operations that could end it are no more
    /// to be called, and those of later contexts know nothing of it.
    fn lose_mappings(&mut self) {
        if self.free.len() < self.flights.len() {
            for flight in &mut self.flights {
                flight.mapped = Mapped::default();
            }
        }
    }

    /// Ends the mappings of requests that the device was stopped over. With the last context their
    /// operations went, and they are lost.
    pub fn unmap_all(mut self) {
        for place in self.free {
            if let Some(flight) = self.flights.get_mut(place as usize) {
                flight.mapped = Mapped::default();
            }
        }
        if let Some(operations) = &self.operations {
            for flight in &self.flights {
                flight.mapped.unmap(operations);
            }
        }
    }

    /// Takes places for as many requests as the ring takes; if it has some, they are given back.
    fn prepare(&mut self, places: Places) -> Option<Places> {
        if !self.flights.is_empty() {
            return Some(places);
        }
        (self.flights, self.free) = (places.flights, places.free);
        None
    }

    fn reach(&self, sva: bool) -> Reach {
        if self.inject.is_some() {
            Reach::Injects
        } else if self.contexts() > 0 {
            Reach::Program
        } else if sva {
            Reach::Itself
        } else {
            Reach::Reserved
        }
    }
}

/// Whether a tag is that of a [`Flight`].
#[inline(always)]
pub(super) fn is_flight(tag: NonZeroU64) -> bool {
    tag.get() & FLIGHT != 0
}

impl Queue {
    /// A number for a new context, from 1 to 256. `operations`, which must be complete, become the
    /// queue's if it has none: then all addresses in messages are told to the device by them. A
    /// context without any is for devices that share addresses.
    ///
    /// # Errors
    /// [`Error::Invalid`], with a message, if the operations of the queue's contexts are called with
    /// something else; [`Error::Busy`] if there are 256; [`Error::Shutdown`] after release or fork.
    pub fn join(self, operations: Option<&MmBr>) -> Result<u16> {
        let cell = Cell::of(self)?;
        let control = cell.control(self)?;
        let places = Places::new(control.capacity)?;
        cell::with(&cell.program, self, |program| {
            let usr = program.operations.as_ref().map_or(0, MmBr::usr);
            if usr != 0 && operations.is_some_and(|own| own.usr() != usr) {
                return Err(Error::Invalid);
            }
            let number =
                (0..MOST).find(|n| program.numbers[usize::from(n / 64)] >> (n % 64) & 1 == 0);
            let number = number.ok_or(Error::Busy)?;
            program.numbers[usize::from(number / 64)] |= 1 << (number % 64);
            if program.operations.is_none() {
                program.operations = operations.cloned();
            }
            cell.set_reach(program.reach(control.facts.sva));
            // What is left of the places is dropped outside.
            Ok((number + 1, program.prepare(places)))
        })?
        .map(|(number, _)| number)
        .inspect_err(|error| log_error!("no context in this queue: {error}"))
    }

    /// The queue's memory operations. If it has some, they stay the same until the last context leaves.
    ///
    /// # Errors
    /// [`Error::Shutdown`] after release or fork.
    pub fn operations(self) -> Result<Option<MmBr>> {
        let cell = Cell::of(self)?;
        cell::with(&cell.program, self, |program| program.operations.clone())
    }

    /// Keeps memory that the device may still write to, until the queue is released.
    pub fn keep(self, memory: Vec<u8>) {
        let mut memory = Some(memory);
        let _ = Cell::of(self).and_then(|cell| {
            cell::with(&cell.program, self, |program| {
                program.left.extend(memory.take());
            })
        });
        // Still here if the queue is being released at this moment, and the device not stopped yet.
        core::mem::forget(memory);
    }

    /// Gives a context's number back. With the last one the memory operations go.
    ///
    /// # Errors
    /// [`Error::Invalid`] if no context has it; [`Error::Shutdown`] after release or fork.
    pub fn leave(self, number: u16) -> Result<()> {
        let cell = Cell::of(self)?;
        let sva = cell.control(self)?.facts.sva;
        cell::with(&cell.program, self, |program| {
            let at = number.checked_sub(1).filter(|n| *n < MOST);
            let at = at.ok_or(Error::Invalid)?;
            let (bits, bit) = (&mut program.numbers[usize::from(at / 64)], 1 << (at % 64));
            if *bits & bit == 0 {
                return Err(Error::Invalid);
            }
            *bits &= !bit;
            if program.contexts() == 0 {
                program.operations = None;
                program.lose_mappings();
            }
            cell.set_reach(program.reach(sva));
            Ok(())
        })?
    }

    /// Forgets requests of contexts whose messages lie in `range`: their answers go nowhere. When this
    /// returns nobody writes to the messages any more but the device, to what they name.
    ///
    /// # Errors
    /// [`Error::Busy`] in a signal handler that interrupted the use of the queue: somebody may still
    /// write; [`Error::Shutdown`] after release or fork, when no answer comes any more.
    pub fn forget(self, range: &Range<usize>) -> Result<()> {
        let cell = Cell::of(self)?;
        cell::with(&cell.program, self, |program| program.forget(range))?;
        // Answers that are being written now were taken before. Acquire pairs with the Release in
        // `finished`: what was written is there.
        let deadline = Deadline::after(Some(FINISH));
        while cell.finishing.load(Ordering::Acquire) != 0 {
            if deadline.passed() {
                log_error!("an answer is being written for longer than {FINISH:?}");
                return Err(Error::Busy);
            }
            clock::give_way();
        }
        cell::with(&cell.parking, self, |parking| {
            parking.forget(range);
            cell.parked.store(parking.len() as u32, Ordering::Release);
        })
    }

    /// Lets the program add to each descriptor before it is sent and look at it when it is back.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the device's queue interface is not `api`; [`Error::NoMemory`];
    /// [`Error::Shutdown`] after release or fork.
    pub fn inject(self, api: &str, inject: Inject) -> Result<()> {
        let cell = Cell::of(self)?;
        if cell.control(self)?.facts.api != api {
            log_error!("the queue interface of this device is not {api}");
            return Err(Error::Invalid);
        }
        let places = Places::new(cell.control(self)?.capacity)?;
        let left = cell::with(&cell.program, self, |program| {
            program.inject = Some(inject);
            cell.set_reach(Reach::Injects);
            program.prepare(places)
        })?;
        drop(left);
        Ok(())
    }

    /// Whether it does.
    pub fn injects(self) -> bool {
        Cell::of(self).is_ok_and(|cell| cell.reach() == Reach::Injects)
    }
}
