//! Messages on their way: sent as descriptors, and back with their answers.

use super::cell::{self, Cell};
use super::parking::Parked;
use super::program::{self, Flight, Mapping, Own, Reach};
use super::{Answer, Owner, Queue};
use crate::ctypes::v1::wd::WD_HW_EACCESS;
use crate::ctypes::v1::wd_comp::wcrypto_comp_msg;
use crate::drv::hisi_zip::v1;
use crate::error::{Error, Result};
use crate::queue::{DESCRIPTOR_SIZE, Descriptor};
use crate::sys::inject::Inject;
use crate::sys::lent::Promise;
use crate::sys::mm_br::MmBr;
use core::num::NonZeroU64;
use core::ptr;
use core::sync::atomic::Ordering;

impl Queue {
    /// Sends a message. It stays where it is, and what it names is the device's, until it comes back.
    /// Contexts send only between [`join`](Self::join) and [`leave`](Self::leave).
    ///
    /// # Errors
    /// [`Error::Invalid`] for a message that no descriptor can be made of; [`Error::Busy`] if the
    /// ring is full; [`Error::DeviceReset`] if the device was reset or has gone; [`Error::Io`] if it
    /// broke the protocol; [`Error::Shutdown`] after release or fork. The message was not sent then.
    #[inline]
    pub fn send(
        self,
        promise: Promise,
        message: *mut wcrypto_comp_msg,
        owner: Owner,
    ) -> Result<()> {
        let cell = Cell::of(self)?;
        let facts = facts(cell, promise);
        let reach = cell.reach();
        let mut copy = match reach {
            Reach::Program | Reach::Injects => {
                return self.send_as_told(cell, promise, message, owner);
            }
            _ => promise.read(message).ok_or(Error::Invalid)?,
        };
        let mut sqe = [0; DESCRIPTOR_SIZE];
        let encoded = match reach {
            Reach::Itself => v1::encode(facts, &mut copy, &mut sqe, |va, _| {
                NonZeroU64::new(va as u64)
            }),
            // Inside once for all addresses.
            _ => cell::with(&cell.memory, self, |memory| {
                v1::encode(facts, &mut copy, &mut sqe, |va, len| {
                    memory.as_ref()?.map(va, len)
                })
            })?,
        };
        // Whatever it is about.
        encoded.map_err(|_| Error::Invalid)?;
        self.0.send(promise, &sqe, tag(message)?).map_err(gone)
    }

    /// Sends a message of a context, as [`send`](Self::send) does. With `operations`, which are those
    /// of the queue, it need not look for them.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    #[inline]
    pub fn send_with(
        self,
        promise: Promise,
        message: *mut wcrypto_comp_msg,
        operations: Option<&MmBr>,
    ) -> Result<()> {
        let cell = Cell::of(self)?;
        if operations.is_none() || cell.reach() != Reach::Program {
            return self.send(promise, message, Owner::Context);
        }
        let owner = Owner::Context;
        self.send_mapped(cell, promise, (message, owner), operations, None)
    }

    /// The device's address of memory that the program was not asked about.
    #[inline(never)]
    fn find(self, cell: &Cell, reach: Reach, va: usize, len: usize) -> Option<NonZeroU64> {
        match reach {
            Reach::Itself => NonZeroU64::new(va as u64),
            _ => cell::with(&cell.memory, self, |memory| memory.as_ref()?.map(va, len)).ok()?,
        }
    }

    /// Sends a message whose addresses the program tells, or to whose descriptor it adds.
    #[inline(never)]
    fn send_as_told(
        self,
        cell: &Cell,
        promise: Promise,
        message: *mut wcrypto_comp_msg,
        owner: Owner,
    ) -> Result<()> {
        // Copied, so that no gate is held while the program's functions run.
        let own = cell::with(&cell.program, self, |program| program.own())?;
        let operations = own.operations.as_ref();
        self.send_mapped(cell, promise, (message, owner), operations, own.inject)
    }

    /// The same, with what is needed of the program.
    #[inline]
    fn send_mapped(
        self,
        cell: &Cell,
        promise: Promise,
        (message, owner): (*mut wcrypto_comp_msg, Owner),
        operations: Option<&MmBr>,
        inject: Option<Inject>,
    ) -> Result<()> {
        let mut flight = Flight {
            message: message.expose_provenance(),
            owner,
            ..Flight::default()
        };
        let mut copy;
        let message = match owner {
            Owner::Program => {
                copy = promise.read(message).ok_or(Error::Invalid)?;
                &mut copy
            }
            // The library's own. Nobody else uses it before it is sent, nor this afterwards.
            Owner::Context => promise.borrow(message).ok_or(Error::Invalid)?,
        };
        let mut sqe = [0; DESCRIPTOR_SIZE];
        let encoded = v1::encode(facts(cell, promise), message, &mut sqe, |va, len| {
            let iova = match operations {
                Some(operations) => operations.map(va, len)?,
                None => self.find(cell, self.base(cell), va, len)?,
            };
            flight.mapped.add(Mapping { va, iova, len })?;
            Some(iova)
        });
        let sent = encoded.map_err(|_| Error::Invalid).and_then(|()| {
            if let Some(inject) = inject
                && let Some(tag) = Inject::tag(promise, message.udata)
            {
                inject.fill(&mut sqe, tag);
            }
            let tag = cell::with(&cell.program, self, |program| program.begin(&flight))??;
            let sent = self.0.send(promise, &sqe, tag);
            if sent.is_err()
                && cell::with(&cell.program, self, |program| program.end(tag).is_some()).is_err()
            {
                // Whoever has released the queue meanwhile unmaps what stood there.
                flight.mapped = Default::default();
            }
            sent
        });
        if sent.is_err()
            && let Some(operations) = operations
        {
            flight.mapped.unmap(operations);
        }
        sent.map_err(gone)
    }

    /// How addresses are found where the program has no operations for it.
    fn base(self, cell: &Cell) -> Reach {
        let sva = cell.control(self).is_ok_and(|control| control.facts.sva);
        if sva { Reach::Itself } else { Reach::Reserved }
    }

    /// The message of the answer that is wanted, with the answer in it; `None` if it has not come.
    /// Answers that were not wanted when they came go first. Other answers that come meanwhile are
    /// kept for those who want them, as long as there are fewer than the ring has places.
    ///
    /// # Errors
    /// [`Error::DeviceReset`] if the device was reset or has gone, and nothing is left to receive:
    /// see [`recall`](Self::recall). [`Error::Io`] if the device named a request that there is not;
    /// the next call goes on behind it. [`Error::Busy`] in a signal handler that interrupted this
    /// very queue, which may lose an answer; [`Error::Shutdown`] after release or fork.
    #[inline]
    pub fn receive(
        self,
        promise: Promise,
        wanted: Answer,
    ) -> Result<Option<*mut wcrypto_comp_msg>> {
        let cell = Cell::of(self)?;
        // Acquire pairs with the Release in `park`: the answer is in its message.
        if cell.parked.load(Ordering::Acquire) != 0 {
            let (found, room) = self.parked(cell, wanted)?;
            if found.is_some() {
                return Ok(found);
            }
            if !room {
                return Ok(None);
            }
        }
        let mut sqe = [0; DESCRIPTOR_SIZE];
        loop {
            let tag = match self.0.receive(&mut sqe) {
                Ok(received) => received.tag,
                Err(Error::Again) => return Ok(None),
                Err(error) => return Err(gone(error)),
            };
            let Some(answer) = self.finish(cell, promise, tag, &mut sqe)? else {
                continue;
            };
            if wanted.is(&answer) {
                return Ok(Some(ptr::with_exposed_provenance_mut(answer.message)));
            }
            if !self.park(cell, answer)? {
                return Ok(None);
            }
        }
    }

    /// Puts an answer into its message; `None` if nobody wants it any more.
    #[inline]
    fn finish(
        self,
        cell: &Cell,
        promise: Promise,
        tag: NonZeroU64,
        sqe: &mut Descriptor,
    ) -> Result<Option<Parked>> {
        if program::is_flight(tag) {
            return self.finish_as_told(cell, promise, tag, sqe);
        }
        let message = ptr::with_exposed_provenance_mut::<wcrypto_comp_msg>(tag.get() as usize);
        let answered = promise.borrow(message).ok_or(Error::Io)?;
        v1::decode(facts(cell, promise), sqe, answered);
        Ok(Some(Parked {
            message: message.addr(),
            context: answered.tag,
            owner: Owner::Program,
        }))
    }

    /// As [`finish`](Self::finish), for a message that was sent by
    /// [`send_as_told`](Self::send_as_told).
    fn finish_as_told(
        self,
        cell: &Cell,
        promise: Promise,
        tag: NonZeroU64,
        sqe: &mut Descriptor,
    ) -> Result<Option<Parked>> {
        // Assigned inside: what comes out of the closure is copied once more.
        let mut flight = Flight::default();
        let mut own = Own::default();
        let finishing = cell::with(&cell.program, self, |program| {
            if let Some(ended) = program.end(tag) {
                flight = *ended;
            }
            own = program.own();
            // Inside, so that `forget` sees either the flight or that it is being finished.
            cell.finishing()
        })?;
        let message = ptr::with_exposed_provenance_mut::<wcrypto_comp_msg>(flight.message);
        let answer = promise.borrow(message).map(|message| {
            let udata = message.udata;
            let tag = own.inject.and_then(|_| Inject::tag(promise, udata));
            if own.inject.is_some() {
                // What the request's tag names is of the program's own kind.
                message.udata = 0;
            }
            v1::decode(facts(cell, promise), sqe, message);
            message.udata = udata;
            let parked = Parked {
                message: flight.message,
                context: message.tag,
                owner: flight.owner,
            };
            (parked, tag)
        });
        drop(finishing);
        if let Some(operations) = &own.operations {
            flight.mapped.unmap(operations);
        }
        let Some((parked, tag)) = answer else {
            return Ok(None);
        };
        if let (Some(inject), Some(tag)) = (own.inject, tag) {
            inject.parse(sqe, tag);
        }
        Ok(Some(parked))
    }

    /// The parked answer that is wanted, and whether another one can be parked.
    #[cold]
    fn parked(self, cell: &Cell, wanted: Answer) -> Result<(Option<*mut wcrypto_comp_msg>, bool)> {
        cell::with(&cell.parking, self, |parking| {
            let found = parking.take(wanted);
            cell.parked.store(parking.len() as u32, Ordering::Release);
            let message = found.map(|answer| ptr::with_exposed_provenance_mut(answer.message));
            (message, parking.has_room())
        })
    }

    /// Keeps an answer; whether there is room for another one.
    #[cold]
    fn park(self, cell: &Cell, answer: Parked) -> Result<bool> {
        cell::with(&cell.parking, self, |parking| {
            let count = parking.park(answer);
            cell.parked.store(count as u32, Ordering::Release);
            parking.has_room()
        })
    }

    /// After [`Error::DeviceReset`]: a message that was sent and will never be answered, and is wanted.
    /// Its status is `WD_HW_EACCESS`, and it belongs to the caller again. `None` if there is none left.
    ///
    /// # Errors
    /// [`Error::Busy`] while the device works; [`Error::Shutdown`] after release or fork.
    #[cold]
    pub fn recall(self, promise: Promise, wanted: Answer) -> Result<Option<*mut wcrypto_comp_msg>> {
        let cell = Cell::of(self)?;
        let (found, _) = self.parked(cell, wanted)?;
        if found.is_some() {
            return Ok(found);
        }
        while let Some(tag) = self.0.recall()? {
            let flight = if program::is_flight(tag) {
                let (flight, own) = cell::with(&cell.program, self, |program| {
                    let flight = program.end(tag).copied().unwrap_or_default();
                    (flight, program.own())
                })?;
                if let Some(operations) = &own.operations {
                    flight.mapped.unmap(operations);
                }
                flight
            } else {
                Flight {
                    message: tag.get() as usize,
                    ..Flight::default()
                }
            };
            let message = ptr::with_exposed_provenance_mut::<wcrypto_comp_msg>(flight.message);
            let Some(mut copy) = promise.read(message) else {
                continue;
            };
            copy.status = WD_HW_EACCESS as u32;
            promise.write(message, copy);
            let answer = Parked {
                message: flight.message,
                context: copy.tag,
                owner: flight.owner,
            };
            if wanted.is(&answer) {
                return Ok(Some(message));
            }
            self.park(cell, answer)?;
        }
        Ok(None)
    }
}

/// What the making of descriptors needs to know.
#[inline(always)]
fn facts(cell: &Cell, promise: Promise) -> v1::Facts {
    v1::Facts {
        version: cell.version(),
        promise,
    }
}

/// The tag of a message that is known by its address.
fn tag(message: *mut wcrypto_comp_msg) -> Result<NonZeroU64> {
    NonZeroU64::new(message.expose_provenance() as u64).ok_or(Error::Invalid)
}

/// To programs of UADK v1 a device that has gone is one that was reset.
fn gone(error: Error) -> Error {
    match error {
        Error::NoDevice => Error::DeviceReset,
        other => other,
    }
}
