//! What has to be undone or filled in when a request comes back, for those requests
//! that need more than their mark: lists, devices without SVA, LZ77.

use super::mark::RECORDS;
use super::pool::Pool;
use crate::error::{Error, Result};
use crate::sys::lock::Mutex;
use crate::sys::mm_ops::{Memory, MmOps};
use core::num::NonZeroU64;

/// Records of a context. There are as many as were ever needed at once.
#[derive(Default)]
pub(super) struct Records(Mutex<Table>);

#[derive(Default)]
struct Table {
    /// `None` while one is not in use: it is in `free` then.
    all: Vec<Option<Record>>,
    /// Records and their numbers. They keep the memory of their lists.
    free: Vec<(u16, Record)>,
}

/// The record of one request.
#[derive(Default)]
pub(super) struct Record {
    /// What was mapped, and how.
    pub ops: Option<MmOps>,
    mapped: Vec<Mapping>,
    /// Lists of the context's pool.
    pub lists: Vec<u16>,
    /// Memory of the session.
    pub memory: Vec<Memory>,
    /// Where the results of LZ77 go, by address; 0 for nowhere.
    pub results: usize,
    /// The buffers were lists.
    pub has_lists: bool,
    /// LZ77: bytes of room for literals, and for sequences with what is behind them. A device may
    /// have changed what its descriptor says of them.
    pub literals: u32,
    pub sequences: u32,
}

struct Mapping {
    va: usize,
    iova: NonZeroU64,
    len: usize,
}

impl Record {
    /// The device's address of `len` bytes at `va`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it cannot reach them.
    pub fn map(&mut self, ops: &MmOps, va: usize, len: usize) -> Result<u64> {
        let iova = ops.map(va, len).ok_or(Error::Invalid)?;
        self.mapped.push(Mapping { va, iova, len });
        Ok(iova.get())
    }

    /// Undoes what was done with memory. It keeps its own.
    fn undo(&mut self, pool: &Pool) {
        pool.give_back(&mut self.lists);
        for mapping in self.mapped.drain(..) {
            if let Some(ops) = &self.ops {
                ops.unmap(mapping.va, mapping.iova, mapping.len);
            }
        }
        self.memory.clear();
        self.ops = None;
        self.results = 0;
        self.has_lists = false;
        (self.literals, self.sequences) = (0, 0);
    }
}

impl Records {
    /// An empty record and its number, which is not 0.
    ///
    /// # Errors
    /// [`Error::Busy`] if there are no more.
    pub fn take(&self) -> Result<(u16, Record)> {
        let mut table = self.0.lock();
        if let Some(free) = table.free.pop() {
            return Ok(free);
        }
        if table.all.len() >= RECORDS {
            return Err(Error::Busy);
        }
        table.all.push(None);
        let count = table.all.len();
        // Room for all to come back to.
        table.free.reserve(count);
        Ok((count as u16, Record::default()))
    }

    /// Keeps a record while its request is on its way.
    pub fn keep(&self, number: u16, record: Record) {
        if let Some(place) = self
            .0
            .lock()
            .all
            .get_mut(usize::from(number).wrapping_sub(1))
        {
            *place = Some(record);
        }
    }

    /// Takes the record of a request that has come back; `None` if it has none.
    pub fn find(&self, number: u16) -> Option<Record> {
        let at = usize::from(number).checked_sub(1)?;
        self.0.lock().all.get_mut(at)?.take()
    }

    /// Undoes what a record is for, and takes it back.
    pub fn give_back(&self, number: u16, mut record: Record, pool: &Pool) {
        // Calls functions of the program: not under a lock.
        record.undo(pool);
        self.0.lock().free.push((number, record));
    }

    /// Takes back all that is kept.
    pub fn give_all_back(&self, pool: &Pool) {
        let count = self.0.lock().all.len() as u16;
        for number in 1..=count {
            if let Some(record) = self.find(number) {
                self.give_back(number, record, pool);
            }
        }
    }
}
