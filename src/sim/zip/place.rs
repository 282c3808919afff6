//! Input and output in the client's memory: plain, or pieces that a scatter-gather
//! list names.

use super::{BAD_REQUEST, TRUNCATED, bus_fault};
use crate::bd::sgl::{
    ALIGNMENT, ENTRY, Entry, HEAD, Head, LARGEST_ENTRY, MOST_ENTRIES, MOST_LISTS,
};
use crate::bd::zip::{LISTS, Sqe, Status};
use crate::sim::space::Space;
use core::ops::Range;

/// A place in the client's memory, moving forward.
#[derive(Clone)]
struct Place<'s> {
    space: &'s Space,
    at: u64,
    /// Bytes at `at` that lie in one piece.
    here: u64,
    /// What comes behind them.
    list: Option<List>,
}

/// Where in a chain of lists a place is.
#[derive(Clone)]
struct List {
    address: u64,
    head: Head,
    /// The next entry.
    entry: usize,
    /// Lists so far, this one included.
    lists: usize,
}

fn bad_list() -> Status {
    Status::Failed(BAD_REQUEST)
}

impl<'s> Place<'s> {
    /// The place at `address`, or `offset` bytes from the beginning of the lists that are there.
    fn new(space: &'s Space, address: u64, sqe: &Sqe, offset: u32) -> Result<Place<'s>, Status> {
        let mut place = Place {
            space,
            at: address,
            here: u64::MAX,
            list: None,
        };
        if sqe.buffer_type == LISTS {
            place.here = 0;
            place.list = Some(place.list(address, 1)?);
            place.skip(offset as usize)?;
        }
        Ok(place)
    }

    fn list(&self, address: u64, lists: usize) -> Result<List, Status> {
        if !address.is_multiple_of(ALIGNMENT as u64) || lists > MOST_LISTS {
            return Err(bad_list());
        }
        let mut head = [0; HEAD];
        self.space.read(address, &mut head).map_err(bus_fault)?;
        let head = Head::decode(&head);
        if usize::from(head.used) > MOST_ENTRIES || head.used > head.present {
            return Err(bad_list());
        }
        Ok(List {
            address,
            head,
            entry: 0,
            lists,
        })
    }

    /// Sees to it that there are bytes at the place. `false` at the end of the last list.
    fn more(&mut self) -> Result<bool, Status> {
        while self.here == 0 {
            let Some(list) = &mut self.list else {
                return Ok(false);
            };
            if list.entry < usize::from(list.head.used) {
                let at = list.address + (HEAD + list.entry * ENTRY) as u64;
                list.entry += 1;
                let mut entry = [0; ENTRY];
                self.space.read(at, &mut entry).map_err(bus_fault)?;
                let entry = Entry::decode(&entry);
                if entry.length > LARGEST_ENTRY {
                    return Err(bad_list());
                }
                (self.at, self.here) = (entry.address, entry.length.into());
            } else if list.head.next == 0 {
                return Ok(false);
            } else {
                let (next, lists) = (list.head.next, list.lists + 1);
                self.list = Some(self.list(next, lists)?);
            }
        }
        Ok(true)
    }

    fn advance(&mut self, count: usize) {
        self.at = self.at.wrapping_add(count as u64);
        self.here -= count as u64;
    }

    fn skip(&mut self, mut count: usize) -> Result<(), Status> {
        while count > 0 && self.more()? {
            let step = count.min(usize::try_from(self.here).unwrap_or(usize::MAX));
            self.advance(step);
            count -= step;
        }
        Ok(())
    }

    /// Calls `work` with each piece of the next `count` bytes: the address, and which of the bytes
    /// lie there. How many there were.
    fn pieces(
        &mut self,
        count: usize,
        mut work: impl FnMut(u64, Range<usize>) -> crate::Result<()>,
    ) -> Result<usize, Status> {
        let mut done = 0;
        while done < count && self.more()? {
            let step = (count - done).min(usize::try_from(self.here).unwrap_or(usize::MAX));
            work(self.at, done..done + step).map_err(bus_fault)?;
            self.advance(step);
            done += step;
        }
        Ok(done)
    }
}

/// Input, and how much of it is left.
#[derive(Clone)]
pub(super) struct Source<'s> {
    place: Place<'s>,
    pub left: u32,
}

impl<'s> Source<'s> {
    /// The input of a descriptor.
    pub fn of(space: &'s Space, sqe: &Sqe) -> Result<Source<'s>, Status> {
        Ok(Source {
            place: Place::new(space, sqe.source, sqe, sqe.source_offset)?,
            left: sqe.input_length,
        })
    }

    /// Without its first `count` bytes, at most all of them.
    pub fn without(mut self, count: u32) -> Result<Source<'s>, Status> {
        let count = count.min(self.left);
        self.place.skip(count as usize)?;
        self.left -= count;
        Ok(self)
    }

    /// The next piece, as long as the buffer or the rest.
    pub fn next<'a>(&mut self, buffer: &'a mut [u8]) -> Result<&'a [u8], Status> {
        let len = buffer.len().min(self.left as usize);
        let piece = &mut buffer[..len];
        self.exactly(piece)?;
        Ok(piece)
    }

    /// All of `bytes`, if there is so much.
    pub fn exactly(&mut self, bytes: &mut [u8]) -> Result<(), Status> {
        if bytes.len() > self.left as usize {
            return Err(Status::Failed(TRUNCATED));
        }
        let (space, count) = (self.place.space, bytes.len());
        let read = |at, which: Range<usize>| space.read(at, &mut bytes[which]);
        let done = self.place.pieces(count, read)?;
        self.left -= count as u32;
        // A list that has less than the descriptor says.
        if done < count {
            Err(bad_list())
        } else {
            Ok(())
        }
    }
}

/// Room for output, and how much of it is left.
#[derive(Clone)]
pub(super) struct Sink<'s> {
    place: Place<'s>,
    pub left: u32,
}

impl<'s> Sink<'s> {
    /// The output of a descriptor.
    pub fn of(space: &'s Space, sqe: &Sqe) -> Result<Sink<'s>, Status> {
        Sink::at(space, sqe, sqe.destination, sqe.output_space)
    }

    /// Other output of a descriptor.
    pub fn at(space: &'s Space, sqe: &Sqe, address: u64, left: u32) -> Result<Sink<'s>, Status> {
        Ok(Sink {
            place: Place::new(space, address, sqe, sqe.destination_offset)?,
            left,
        })
    }

    /// Where to make the next output: one byte longer than what is left, so that output which does
    /// not fit shows.
    pub fn room<'a>(&self, buffer: &'a mut [u8]) -> &'a mut [u8] {
        let len = buffer.len().min(self.left as usize + 1);
        &mut buffer[..len]
    }

    /// Writes all of `bytes`, or nothing.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Status> {
        if bytes.len() > self.left as usize {
            return Err(Status::NoSpace);
        }
        let space = self.place.space;
        let write = |at, which: Range<usize>| space.write(at, &bytes[which]);
        let done = self.place.pieces(bytes.len(), write)?;
        self.left -= done as u32;
        if done < bytes.len() {
            return Err(Status::NoSpace);
        }
        Ok(())
    }

    /// Writes all of `bytes` and counts them in `sqe`, or nothing.
    pub fn put(&mut self, bytes: &[u8], sqe: &mut Sqe) -> Result<(), Status> {
        self.write(bytes)?;
        sqe.produced += bytes.len() as u32;
        Ok(())
    }
}
