//! What the program has brought for the contexts of a queue: memory operations, which
//! tell the device's addresses, and functions that add to descriptors. And what
//! requests have mapped by the operations, until they come back.

use super::Owner;
use crate::error::{Error, Result};
use crate::sys::inject::Inject;
use crate::sys::mm_br::MmBr;
use core::num::NonZeroU64;
use core::ops::Range;

/// How the device's addresses are found.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Reach {
    /// They are the process's own.
    Itself,
    /// They are those of the queue's reserved memory.
    Reserved,
    /// The program is asked for addresses.
    Program,
    /// It adds to descriptors, too.
    Injects,
}

/// The most contexts of a queue (`WD_MAX_CTX_NUM`).
pub(super) const MOST: u16 = 256;

/// Set in the tags of requests that stand in [`Program::flights`]: no address of a program has it.
const FLIGHT: u64 = 1 << 63;

/// What the program has brought.
#[derive(Default)]
pub(super) struct Program {
    /// Bit n: a context has the number n + 1.
    pub numbers: [u64; MOST as usize / 64],
    pub operations: Option<MmBr>,
    pub inject: Option<Inject>,
    /// Requests whose addresses the program has told.
    flights: Vec<Flight>,
    /// Places in it that are free.
    free: Vec<u32>,
    /// Memory of contexts that are gone, which the device may write to until it is stopped.
    pub left: Vec<Vec<u8>>,
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
pub(super) struct Places {
    flights: Vec<Flight>,
    free: Vec<u32>,
}

impl Places {
    /// So many.
    ///
    /// # Errors
    /// [`Error::NoMemory`].
    pub fn new(count: u32) -> Result<Places> {
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

    /// How many contexts there are.
    pub fn contexts(&self) -> u32 {
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
    pub fn forget(&mut self, range: &Range<usize>) {
        let gone = |flight: &&mut Flight| range.contains(&flight.message);
        for flight in self.flights.iter_mut().filter(gone) {
            flight.message = 0;
        }
    }

    /// What is mapped for requests on their way stays so: the operations that could end it are no more
    /// to be called, and those of later contexts know nothing of it.
    pub fn lose_mappings(&mut self) {
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
    pub fn prepare(&mut self, places: Places) -> Option<Places> {
        if !self.flights.is_empty() {
            return Some(places);
        }
        (self.flights, self.free) = (places.flights, places.free);
        None
    }

    /// How the device's addresses are found, on a device with or without SVA.
    pub fn reach(&self, sva: bool) -> Reach {
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
