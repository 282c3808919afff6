//! The memory of a context's scatter-gather lists, for devices with SVA.

use crate::bd::sgl::{ENTRY, HEAD, MOST_ENTRIES, MOST_LISTS};
use crate::error::{Error, Result};
use crate::sys::lock::Mutex;
use crate::sys::shared::SharedMemory;

/// Bytes of a list with all its entries.
pub(super) const LIST: usize = HEAD + MOST_ENTRIES * ENTRY;

/// Lists of a context for devices with SVA. It grows to [`MOST_LISTS`] with need.
#[derive(Default)]
pub(super) struct Pool(Mutex<Lists>);

#[derive(Default)]
struct Lists {
    all: Vec<SharedMemory>,
    free: Vec<u16>,
}

impl Pool {
    /// Takes a list: its number and its address.
    ///
    /// # Errors
    /// [`Error::Busy`] if all are in use.
    pub fn take(&self) -> Result<(u16, usize)> {
        let mut lists = self.0.lock();
        if let Some(number) = lists.free.pop() {
            return Ok((number, lists.all[usize::from(number)].address()));
        }
        if lists.all.len() >= MOST_LISTS {
            return Err(Error::Busy);
        }
        let memory = SharedMemory::own(LIST)?;
        let (number, address) = (lists.all.len() as u16, memory.address());
        // Room for all to come back to.
        lists.free.reserve(usize::from(number) + 1);
        lists.all.push(memory);
        Ok((number, address))
    }

    /// Takes lists back.
    pub fn give_back(&self, numbers: &mut Vec<u16>) {
        if !numbers.is_empty() {
            self.0.lock().free.append(numbers);
        }
    }
}
