//! The contexts of a queue: numbers by which their answers are told apart, and the
//! memory operations that they have in common.

use super::Queue;
use super::cell::{self, Cell};
use super::program::{MOST, Places, Reach};
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::clock::{self, Deadline};
use crate::sys::inject::Inject;
use crate::sys::mm_br::MmBr;
use core::ops::Range;
use core::sync::atomic::Ordering;
use core::time::Duration;

/// How long the writing of an answer is waited for, which takes some microseconds.
const FINISH: Duration = Duration::from_secs(1);

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
