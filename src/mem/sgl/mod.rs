//! Scatter-gather lists as UADK v1 has them: pools of lists, each with buffers that
//! never change, and a list of the same buffers that devices read, made once. Two
//! lists may be joined to a chain. C knows pools and lists by numbers.

mod layout;
mod pool;

#[cfg(all(test, not(miri)))]
mod tests;

pub use pool::{Buffer, Info, Pool};

use super::bmm::area::Source;
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::fork::PerProcess;
use crate::sys::handles::{self, Handles};
use core::mem::MaybeUninit;
use core::num::NonZeroU64;

/// The pools of this process; a fork child starts with none.
static POOLS: PerProcess<Handles<Pool>> = PerProcess::new();

/// What a pool is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Buffers: those of the lists, and more that are in none.
    pub buffers: u32,
    /// Bytes of a buffer.
    pub buffer_size: u32,
    /// Entries of a list.
    pub entries: u8,
    /// Entries of a list that have a buffer.
    pub filled: u8,
    /// Lists.
    pub lists: u16,
    /// The buffers' alignment in bytes.
    pub align: u32,
}

/// Bytes of a device's head of a list.
pub const HEAD: usize = 64;
/// Bytes of an entry, behind the head.
pub const ENTRY: usize = 32;

/// How a device reads lists.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// What the address of a list is a multiple of, a power of two.
    pub align: u32,
    /// The most bytes of an entry.
    pub largest: u32,
    /// The head of a list with `filled` entries, before `next` (0 for none) in a chain with
    /// `in_chain` of them.
    pub head: fn(next: u64, filled: u16, in_chain: u16) -> [u8; HEAD],
    /// An entry: so many bytes at this address of the device.
    pub entry: fn(bus: u64, length: u32) -> [u8; ENTRY],
}

#[cold]
#[inline(never)]
fn unknown(what: &str, number: usize, error: Error) -> Error {
    log_error!("{number:#x} is not a {what} that can be used: {error}");
    error
}

/// What `work` makes of the pool with this handle.
///
/// # Errors
/// [`Error::Invalid`], with a message, if there is none; [`Error::Busy`], with a message, if this very
/// thread is at work on it: in a signal handler. Else what `work` answers.
pub fn with<R>(handle: usize, work: impl FnOnce(&mut Pool) -> Result<R>) -> Result<R> {
    let pools = POOLS.get().ok_or(Error::Invalid);
    let answer = pools.and_then(|pools| pools.with(handle, |pool| Ok(work(pool))));
    answer.map_err(|error| unknown("pool of lists", handle, error))?
}

/// As [`with`], for the pool of a list.
fn with_list<R>(list: usize, work: impl FnOnce(&mut Pool, usize) -> Result<R>) -> Result<R> {
    let pools = POOLS.get().ok_or(Error::Invalid);
    let answer = pools.and_then(|pools| {
        pools.with_owner(list, |pool| {
            let at = pool.find(handles::part(list))?;
            Ok(work(pool, at))
        })
    });
    answer.map_err(|error| unknown("list", list, error))?
}

/// As [`with_list`], for a list that has to be of this pool.
fn with_own<R>(
    handle: usize,
    list: usize,
    work: impl FnOnce(&mut Pool, usize) -> Result<R>,
) -> Result<R> {
    with(handle, |pool| {
        let part = handles::part(list);
        let own = handles::part_of(handle, part) == list;
        let found = pool.find(part).ok().filter(|_| own);
        let at = found.ok_or_else(|| unknown("list of this pool", list, Error::Invalid))?;
        work(pool, at)
    })
}

/// Makes a pool: its handle.
///
/// # Errors
/// As [`Pool::new`].
pub fn create(setup: &Setup, format: Format, source: Source<'_>) -> Result<usize> {
    let pool = Pool::new(setup, format, source)?;
    POOLS.get_or(Handles::default).insert(pool)
}

/// Ends a pool.
///
/// # Errors
/// As [`with`]; [`Error::Busy`], with a message, while lists of it are in use.
pub fn destroy(handle: usize) -> Result<()> {
    let pools = POOLS.get().ok_or(Error::Invalid);
    let removed = pools.and_then(|pools| {
        pools.remove_if(handle, |pool| {
            if pool.unused() {
                Ok(())
            } else {
                Err(Error::Busy)
            }
        })
    });
    removed.map(drop).inspect_err(|error| {
        log_error!("{handle:#x} is not destroyed: no pool of lists, or in use: {error}");
    })
}

/// Takes a list with room for `size` bytes, or two of them as a chain: its number.
///
/// # Errors
/// As [`with`]; [`Error::Invalid`], with a message, for 0 bytes and more than two lists have room for;
/// [`Error::NoMemory`] if there are not enough lists.
pub fn allocate(handle: usize, size: usize) -> Result<usize> {
    let part = with(handle, |pool| pool.allocate(size))?;
    Ok(handles::part_of(handle, part))
}

/// Gives back a list, and the one that was joined to it.
///
/// # Errors
/// As [`with`]; [`Error::Invalid`], with a message, for what is no list of the pool in use, and for one
/// that was joined to another.
pub fn free(handle: usize, list: usize) -> Result<()> {
    with_own(handle, list, Pool::free)
}

/// Joins the list `second` to `first`, of the same pool.
///
/// # Errors
/// [`Error::Invalid`], with a message, if one is no list in use, if they are the same or of different
/// pools, and if one is in a chain already.
pub fn merge(first: usize, second: usize) -> Result<()> {
    with_list(first, |pool, at| {
        let part = handles::part(second);
        let same_pool = handles::part_of(first, part) == second;
        let other = pool.find(part).ok().filter(|_| same_pool);
        let other =
            other.ok_or_else(|| unknown("list of the same pool", second, Error::Invalid))?;
        pool.merge(at, other)
    })
}

/// What a list is.
///
/// # Errors
/// [`Error::Invalid`], with a message, if there is none with this number.
pub fn find(list: usize) -> Result<Info> {
    with_list(list, |pool, at| Ok(pool.info(at)))
}

/// The entry `number`, from 1 on, of a list.
///
/// # Errors
/// As [`find`]; [`Error::Invalid`], with a message, if the list has no such entry.
pub fn buffer(list: usize, number: u32) -> Result<Buffer> {
    with_list(list, |pool, at| pool.buffer(at, number))
}

/// The device's address of a list of this pool.
///
/// # Errors
/// As [`free`].
pub fn map(handle: usize, list: usize) -> Result<NonZeroU64> {
    with_own(handle, list, |pool, at| Ok(pool.bus(at)))
}

/// Fills `bytes` with what is at `offset` of a list or chain: how many it had, which is not more than
/// its room.
///
/// # Errors
/// As [`find`]; [`Error::Invalid`], with a message, for 0 bytes and an offset beyond the room.
pub fn read(list: usize, offset: usize, bytes: &mut [MaybeUninit<u8>]) -> Result<usize> {
    let span = with_list(list, |pool, at| pool.span(at, offset, bytes.len()))?;
    // The pool is free for others meanwhile, and the span keeps the memory.
    span.read(bytes)
}

/// Copies `bytes` to `offset` of a list or chain: how many had room. They and what is before them are
/// its data from now on.
///
/// # Errors
/// As [`read`].
pub fn write(list: usize, offset: usize, bytes: &[u8]) -> Result<usize> {
    let span = with_list(list, |pool, at| {
        let span = pool.span(at, offset, bytes.len())?;
        pool.set_data(at, span.end());
        Ok(span)
    })?;
    // As in `read`.
    span.write(bytes)
}
