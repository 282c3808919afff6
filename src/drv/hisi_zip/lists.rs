//! Scatter-gather lists for the engine, made from the lists of a message.

use super::buffer::{Buffer, Piece};
use super::pool::{LIST, Pool};
use super::record::Record;
use crate::bd::sgl::{
    ALIGNMENT, ENTRY, Entry, HEAD, Head, LARGEST_ENTRY, MOST_ENTRIES, MOST_LISTS,
};
use crate::error::{Error, Result};
use crate::sys::lent::Promise;
use crate::sys::mm_ops::MmOps;

/// A list that is being filled.
struct Open {
    /// Where it is for the program.
    at: *mut u8,
    /// Where it is for the device.
    bus: u64,
    used: usize,
}

/// Makes a chain of lists of `buffer`; where it is for the device. `record` notes what it needs.
///
/// # Errors
/// [`Error::Busy`] if no list is free, [`Error::Invalid`] if the buffer's list is shorter than the
/// buffer, has a piece of more than 8 MiB or more pieces than a chain, or the device cannot reach
/// one; [`Error::NoMemory`].
pub(super) fn make(
    promise: Promise,
    pool: &Pool,
    ops: Option<&MmOps>,
    buffer: Buffer,
    record: &mut Record,
) -> Result<u64> {
    let mut pieces = buffer.whole_pieces(promise);
    let mut list = open(pool, ops, record)?;
    let (first, head, mut lists) = (list.bus, list.at.cast::<[u8; HEAD]>(), 1);
    for piece in pieces.by_ref() {
        if list.used == MOST_ENTRIES {
            if lists == MOST_LISTS {
                return Err(Error::Invalid);
            }
            let next = open(pool, ops, record)?;
            close(promise, &list, next.bus);
            (list, lists) = (next, lists + 1);
        }
        put(promise, ops, &mut list, piece, record)?;
    }
    close(promise, &list, 0);
    if pieces.left > 0 || list.used == 0 {
        return Err(Error::Invalid);
    }
    // The first head has the entries of all lists, used or not, as the driver in C leaves it.
    let bytes = promise.read(head).ok_or(Error::Invalid)?;
    let whole = Head {
        in_chain: (lists * MOST_ENTRIES) as u16,
        ..Head::decode(&bytes)
    };
    promise.write(head, whole.encode());
    Ok(first)
}

/// An empty list: of the pool, or of the session's own memory.
fn open(pool: &Pool, ops: Option<&MmOps>, record: &mut Record) -> Result<Open> {
    let Some(ops) = ops else {
        let taken = pool.take().map_err(|error| match error {
            // It will not be better when other requests are finished.
            Error::Busy if record.lists.len() >= MOST_LISTS => Error::Invalid,
            other => other,
        });
        let (number, address) = taken?;
        record.lists.push(number);
        return Ok(Open {
            at: core::ptr::with_exposed_provenance_mut(address),
            bus: address as u64,
            used: 0,
        });
    };
    let memory = ops.allocate(LIST + ALIGNMENT)?;
    let address = memory.address();
    record.memory.push(memory);
    let bus = record.map(ops, address, LIST + ALIGNMENT)?;
    let aligned = bus.checked_next_multiple_of(ALIGNMENT as u64);
    let aligned = aligned.ok_or(Error::Invalid)?;
    let at = address + (aligned - bus) as usize;
    Ok(Open {
        at: core::ptr::with_exposed_provenance_mut(at),
        bus: aligned,
        used: 0,
    })
}

fn put(
    promise: Promise,
    ops: Option<&MmOps>,
    list: &mut Open,
    piece: Piece,
    record: &mut Record,
) -> Result<()> {
    if piece.len > LARGEST_ENTRY {
        return Err(Error::Invalid);
    }
    let address = piece.at.expose_provenance();
    let entry = Entry {
        address: match ops {
            Some(ops) => record.map(ops, address, piece.len as usize)?,
            None => address as u64,
        },
        length: piece.len,
    };
    let place = list.at.wrapping_add(HEAD + list.used * ENTRY);
    promise.write(place.cast::<[u8; ENTRY]>(), entry.encode());
    list.used += 1;
    Ok(())
}

fn close(promise: Promise, list: &Open, next: u64) {
    let head = Head {
        next,
        in_chain: MOST_ENTRIES as u16,
        used: list.used as u16,
        present: MOST_ENTRIES as u16,
    };
    promise.write(list.at.cast::<[u8; HEAD]>(), head.encode());
}
