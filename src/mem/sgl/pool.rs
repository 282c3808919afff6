//! A pool of lists: which are in use, in which chain, with how much data.

use super::layout::{Layout, Span};
use super::{Format, Setup};
use crate::error::{Error, Result};
use crate::log_error;
use crate::mem::bmm::area::Source;
use core::num::NonZeroU64;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

/// The most lists of a pool.
const MOST_LISTS: u16 = 2048;
/// The most entries of a list.
const MOST_ENTRIES: u8 = 60;
/// The fewest bytes of a buffer.
const LEAST_BUFFER: u32 = 2048;
/// What the alignment of buffers may be.
const ALIGNMENTS: core::ops::RangeInclusive<u32> = 8..=2048;

/// Bits of a part (see [`Pool::find`]) that say which list it is; those above count uses.
const LIST_BITS: u32 = MOST_LISTS.ilog2();
/// Bits that count uses.
const USE_BITS: u32 = 36;

/// A pool of lists.
pub struct Pool {
    layout: Arc<Layout>,
    lists: Vec<List>,
    /// Lists that are not in use.
    free: Vec<u16>,
    /// Entries of a list, with a buffer or without.
    entries: u8,
    /// Buffers that are in no list.
    spare: u32,
    /// Counts uses of lists.
    uses: u64,
}

/// What changes of a list.
#[derive(Clone, Copy)]
struct List {
    /// What names it while it is in use; else 0.
    part: usize,
    link: Link,
    /// Bytes of data in its buffers.
    data: usize,
    /// Bytes of data that it is said to have: those of the chain in its first list.
    told: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Alone,
    /// The first of a chain, with the second.
    First(usize),
    /// The second of a chain.
    Second,
}

/// What a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Where the device reads it.
    pub bus: NonZeroU64,
    /// Entries it has.
    pub entries: u32,
    /// Entries with a buffer.
    pub buffers: u32,
    /// Entries with a buffer in the whole chain.
    pub chain_buffers: u32,
    /// Bytes of a buffer.
    pub buffer_size: u32,
    /// Bytes of its buffers.
    pub size: usize,
    /// Bytes of all buffers of the chain.
    pub room: usize,
    /// Bytes of data, as the last copy into it has left them.
    pub data: usize,
    /// Where its first buffer is.
    pub first: usize,
    /// Where the last buffer of the chain is.
    pub last: usize,
}

/// An entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// Where the buffer is, if the entry has one.
    pub address: Option<usize>,
    /// Bytes of data in it.
    pub data: usize,
}

fn check(setup: &Setup, format: &Format) -> Result<()> {
    let Setup {
        buffers,
        buffer_size,
        entries,
        filled,
        lists,
        align,
    } = *setup;
    let good = (1..=MOST_LISTS).contains(&lists)
        && (1..=MOST_ENTRIES).contains(&entries)
        && (1..=entries).contains(&filled)
        && (LEAST_BUFFER..=format.largest).contains(&buffer_size)
        && ALIGNMENTS.contains(&align)
        && align.is_power_of_two()
        && buffers >= u32::from(lists) * u32::from(filled);
    if !good {
        log_error!("no pool of lists: {setup:?}");
        return Err(Error::Invalid);
    }
    Ok(())
}

impl Pool {
    /// A pool as `setup` says.
    ///
    /// # Errors
    /// [`Error::Invalid`], with a message, for a number out of its range: lists 1 to 2048, entries 1 to
    /// 60, filled 1 to entries, at least lists * filled buffers, bytes of a buffer 2048 to what `format`
    /// has, alignment a power of two from 8 to 2048. Else as [`crate::mem::bmm::blocks::create`].
    pub fn new(setup: &Setup, format: Format, source: Source<'_>) -> Result<Pool> {
        // Counted on in fork children, so that lists of a pool are none of another's.
        static POOLS: AtomicUsize = AtomicUsize::new(0);
        check(setup, &format)?;
        let (layout, spare) = Layout::new(setup, format, source)?;
        let unused = List {
            part: 0,
            link: Link::Alone,
            data: 0,
            told: 0,
        };
        Ok(Pool {
            layout: Arc::new(layout),
            lists: vec![unused; usize::from(setup.lists)],
            // The first one is given out first.
            free: (0..setup.lists).rev().collect(),
            entries: setup.entries,
            spare,
            uses: (POOLS.fetch_add(1, Ordering::Relaxed) as u64) << 20,
        })
    }

    /// The list in use that `part` names.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is none.
    #[inline]
    pub fn find(&self, part: usize) -> Result<usize> {
        let at = part & ((1 << LIST_BITS) - 1);
        let found = self.lists.get(at).filter(|list| list.part == part);
        found.filter(|_| part != 0).ok_or(Error::Invalid)?;
        Ok(at)
    }

    /// Takes a list: what names it.
    fn take(&mut self) -> Option<usize> {
        let at = usize::from(self.free.pop()?);
        // Never 0 in the bits that are kept.
        self.uses = (self.uses + 1) & ((1 << USE_BITS) - 1);
        self.uses = self.uses.max(1);
        self.lists[at].part = (self.uses as usize) << LIST_BITS | at;
        Some(at)
    }

    /// Takes a list with room for `size` bytes, or a chain of two: what names it.
    ///
    /// # Errors
    /// As [`super::allocate`].
    pub fn allocate(&mut self, size: usize) -> Result<usize> {
        let one = self.layout.size();
        if size == 0 || size > 2 * one {
            log_error!("no list of {size} bytes in a pool of lists of {one}");
            return Err(Error::Invalid);
        }
        let wanted = if size > one { 2 } else { 1 };
        if self.free.len() < wanted {
            return Err(Error::NoMemory);
        }
        let first = self.take().ok_or(Error::NoMemory)?;
        if wanted == 2 {
            let second = self.take().ok_or(Error::NoMemory)?;
            self.merge(first, second)?;
        }
        Ok(self.lists[first].part)
    }

    /// Gives back a list and the one that was joined to it.
    ///
    /// # Errors
    /// [`Error::Invalid`], with a message, for a list that was joined to another.
    pub fn free(&mut self, at: usize) -> Result<()> {
        match self.lists[at].link {
            Link::Alone => {}
            Link::First(second) => {
                // Before it can be another's: the device would go on to it.
                self.layout.link(at, None)?;
                self.give(second);
            }
            Link::Second => {
                log_error!("a list that was joined to another is not freed without it");
                return Err(Error::Invalid);
            }
        }
        self.give(at);
        Ok(())
    }

    fn give(&mut self, at: usize) {
        self.lists[at] = List {
            part: 0,
            link: Link::Alone,
            data: 0,
            told: 0,
        };
        // There is room: it held all lists.
        self.free.push(at as u16);
    }

    /// Joins the list `second` to `first`.
    ///
    /// # Errors
    /// [`Error::Invalid`], with a message, if they are the same or one is in a chain.
    pub fn merge(&mut self, first: usize, second: usize) -> Result<()> {
        let alone = |at: usize| self.lists[at].link == Link::Alone;
        if first == second || !alone(first) || !alone(second) {
            log_error!("lists that are the same or in a chain are not joined");
            return Err(Error::Invalid);
        }
        self.layout.link(first, Some(second))?;
        self.lists[first].link = Link::First(second);
        self.lists[second].link = Link::Second;
        Ok(())
    }

    /// The list that follows in the chain.
    fn next(&self, at: usize) -> Option<usize> {
        match self.lists[at].link {
            Link::First(second) => Some(second),
            Link::Alone | Link::Second => None,
        }
    }

    /// Where the device reads a list.
    #[must_use]
    pub fn bus(&self, at: usize) -> NonZeroU64 {
        self.layout.lists[at].bus
    }

    /// Bytes of all buffers of a chain.
    fn room(&self, at: usize) -> usize {
        match self.next(at) {
            Some(_) => 2 * self.layout.size(),
            None => self.layout.size(),
        }
    }

    /// What a list is.
    #[must_use]
    pub fn info(&self, at: usize) -> Info {
        let (layout, next) = (&*self.layout, self.next(at));
        let lists = if next.is_some() { 2 } else { 1 };
        let address = |list, number| layout.buffer(list, number).map_or(0, |place| place.address);
        Info {
            bus: self.bus(at),
            entries: u32::from(self.entries),
            buffers: layout.filled as u32,
            chain_buffers: lists * layout.filled as u32,
            buffer_size: layout.buffer_size as u32,
            size: layout.size(),
            room: self.room(at),
            data: self.lists[at].told + next.map_or(0, |next| self.lists[next].told),
            first: address(at, 0),
            last: address(next.unwrap_or(at), layout.filled - 1),
        }
    }

    /// The entry `number`, from 1 on, of a list.
    ///
    /// # Errors
    /// [`Error::Invalid`], with a message, if there is no such entry.
    pub fn buffer(&self, at: usize, number: u32) -> Result<Buffer> {
        if !(1..=u32::from(self.entries)).contains(&number) {
            log_error!("no entry {number} in a list of {}", self.entries);
            return Err(Error::Invalid);
        }
        let (number, size) = (number as usize - 1, self.layout.buffer_size);
        let address = self.layout.buffer(at, number).map(|place| place.address);
        let data = self.lists[at].data.saturating_sub(number * size).min(size);
        Ok(Buffer { address, data })
    }

    /// `len` bytes at `offset` of a list or chain, or as many as it has.
    pub(super) fn span(&self, at: usize, offset: usize, len: usize) -> Result<Span> {
        let room = self.room(at);
        if len == 0 || offset >= room {
            log_error!("no copy of {len} bytes at {offset} of a list of {room}");
            return Err(Error::Invalid);
        }
        Ok(Span {
            layout: Arc::clone(&self.layout),
            list: at,
            next: self.next(at),
            bytes: offset..offset + len.min(room - offset),
        })
    }

    /// Says that a list or chain has data up to `end`.
    pub(super) fn set_data(&mut self, at: usize, end: usize) {
        let size = self.layout.size();
        if let Some(next) = self.next(at) {
            self.lists[next].data = end.saturating_sub(size);
            self.lists[next].told = 0;
        }
        self.lists[at].data = end.min(size);
        self.lists[at].told = end;
    }

    /// Lists that are not in use.
    #[must_use]
    pub fn free_lists(&self) -> u32 {
        self.free.len() as u32
    }

    /// Buffers that are in no list.
    #[must_use]
    pub fn free_buffers(&self) -> u32 {
        self.spare
    }

    /// Whether no list is in use.
    #[must_use]
    pub fn unused(&self) -> bool {
        self.free.len() == self.lists.len()
    }
}
