//! The memory that a device reaches with the addresses in descriptors: all of the
//! client's, or only what the static regions of its queues have, under addresses of
//! the bus, or what is mapped in a container of VFIO.

use super::vfio::Mappings;
use crate::error::{Error, Result};
use crate::sys::lent::Promise;
use crate::sys::lock::Mutex;
use crate::sys::pages;
use crate::sys::peer::{self, Process};
use crate::sys::shared::SharedMemory;
use crate::uacce::channel::Slice;
use core::ops::Range;
use std::sync::{Arc, Weak};

/// Bytes of a granule: static regions and their slices are multiples of it.
const GRANULE: usize = 64 << 10;
/// Bytes of a slice without an IOMMU, but for the last of a region.
pub(super) const SLICE: usize = 1 << 20;
/// The bus address of the first slice of queue 0. It is beyond the addresses that processes get, so
/// that none of them is good by chance.
const BASE: u64 = 1 << 48;
/// How far apart the first slices of two queues are.
const QUEUE: u64 = 1 << 34;
/// The longest static region in bytes: what fits between two queues.
pub(super) const LONGEST: usize = 4 << 30;

/// A static region, and where it lies for the device.
pub(super) struct Window {
    number: u16,
    memory: SharedMemory,
    slices: Vec<Slice>,
}

/// The static regions of a device's queues: each queue reaches all, as the kernel maps them for the
/// device. The lock is taken alone.
#[derive(Default)]
pub(super) struct Windows(Mutex<Arc<Vec<Arc<Window>>>>);

impl Windows {
    /// Makes the region of a queue; there is one at a time. `slice` as in [`Window::new`].
    ///
    /// # Errors
    /// [`Error::Exists`] while there is one; as [`Window::new`].
    pub fn open(
        &self,
        number: u16,
        len: usize,
        slice: usize,
        memory: impl FnOnce(usize) -> Result<SharedMemory>,
    ) -> Result<SharedMemory> {
        let mut all = self.0.lock();
        let free = |had: &Arc<Window>| Arc::strong_count(had) == 1 && had.memory.is_last();
        if !all.iter().filter(|had| had.number == number).all(free) {
            return Err(Error::Exists);
        }
        let made = Arc::new(Window::new(number, len, slice, memory)?);
        let memory = made.memory.clone();
        replace(&mut all, number, Some(made));
        Ok(memory)
    }

    /// The device does not reach the region of a queue any more.
    pub fn close(&self, number: u16) {
        let mut all = self.0.lock();
        if all.iter().any(|had| had.number == number) {
            replace(&mut all, number, None);
        }
    }

    /// Where the region of a queue lies.
    pub fn slices(&self, number: u16) -> Option<Vec<Slice>> {
        let all = self.0.lock();
        let window = all.iter().find(|window| window.number == number)?;
        Some(window.slices.clone())
    }

    /// The device was removed, and the regions with it.
    pub fn lose(&self) {
        for window in self.0.lock().iter() {
            window.memory.lose();
        }
    }

    /// What the device reaches now.
    pub fn space(&self) -> Space {
        Space::Static(Arc::clone(&self.0.lock()))
    }
}

/// Another list: engines may be at work with the one that was.
fn replace(all: &mut Arc<Vec<Arc<Window>>>, number: u16, made: Option<Arc<Window>>) {
    let others = all.iter().filter(|had| had.number != number).cloned();
    *all = Arc::new(others.chain(made).collect());
}

/// Where slice `index` of `count` lies among them: changed places with its neighbour, if it has one.
fn scattered(index: usize, count: usize) -> u64 {
    if count == 1 { 0 } else { index as u64 ^ 1 }
}

impl Window {
    /// Memory, of `memory`, for a region of `len` bytes of queue `number`, scattered over the bus in
    /// slices of `slice` bytes: they are apart, and later ones at lower addresses in every second pair.
    pub fn new(
        number: u16,
        len: usize,
        slice: usize,
        memory: impl FnOnce(usize) -> Result<SharedMemory>,
    ) -> Result<Window> {
        if len == 0 || len > LONGEST {
            return Err(Error::Invalid);
        }
        let len = len.next_multiple_of(GRANULE);
        let base = BASE + u64::from(number) * QUEUE;
        let count = len.div_ceil(slice);
        let slices = (0..count).map(|index| Slice {
            bus: base + scattered(index, count) * 2 * slice as u64,
            len: slice.min(len - index * slice),
        });
        Ok(Window {
            number,
            memory: memory(len)?,
            slices: slices.collect(),
        })
    }

    /// Where in the memory bus address `at` lies, and how many bytes lie there in one piece.
    fn find(&self, at: u64) -> Option<Range<usize>> {
        let mut place = 0;
        for slice in &self.slices {
            let inside = at.wrapping_sub(slice.bus);
            if inside < slice.len as u64 {
                return Some(place + inside as usize..place + slice.len);
            }
            place += slice.len;
        }
        None
    }
}

/// Addresses here come out of descriptors. Whoever put those into a ring has promised.
const PROMISE: Promise = Promise::of_callers();

/// What the addresses in a queue's descriptors mean.
#[derive(Clone)]
pub(super) enum Space {
    /// They are those of the queue's client.
    Process(Process),
    /// They are those of the client, which is this process, and the device cannot wait for a page.
    Present(Process),
    /// They are bus addresses of these regions.
    Static(Arc<Vec<Arc<Window>>>),
    /// They are bus addresses of what is mapped in a container.
    Mapped(Arc<Mappings>),
}

/// Whose an address is: it is another one in another process, region or container.
pub(super) enum Home {
    Process(Process),
    Window(Weak<Window>),
    Container(Weak<Mappings>),
}

impl Home {
    /// A number that no other home has while there is something that knows this one.
    pub fn number(&self) -> usize {
        match self {
            Home::Process(Process::Own) => 0,
            Home::Process(Process::Other(id)) => id.unsigned_abs() as usize,
            Home::Window(window) => window.as_ptr().addr(),
            Home::Container(mappings) => mappings.as_ptr().addr(),
        }
    }

    /// Whether its memory may still be there.
    pub fn is_there(&self) -> bool {
        match self {
            Home::Process(_) => true,
            Home::Window(window) => window.strong_count() > 0,
            Home::Container(mappings) => mappings.strong_count() > 0,
        }
    }
}

impl Space {
    /// Whose `address` is.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a bus address that is in no region.
    pub fn home(&self, address: u64) -> Result<Home> {
        Ok(match self {
            Space::Process(client) | Space::Present(client) => Home::Process(*client),
            Space::Mapped(mappings) => Home::Container(Arc::downgrade(mappings)),
            Space::Static(windows) => {
                let mut all = windows.iter();
                let window = all.find(|window| window.find(address).is_some());
                Home::Window(Arc::downgrade(window.ok_or(Error::Invalid)?))
            }
        })
    }

    /// Copies from `address` into `bytes`.
    ///
    /// # Errors
    /// As [`peer::read_of`], and [`Error::Invalid`] for a bus address that is not mapped.
    pub fn read(&self, address: u64, bytes: &mut [u8]) -> Result<()> {
        let windows = match self {
            Space::Process(client) => return peer::read_of(*client, address, bytes),
            Space::Present(client) => {
                present(address, bytes.len())?;
                return peer::read_of(*client, address, bytes);
            }
            Space::Mapped(mappings) => return mappings.read(address, bytes),
            Space::Static(windows) => windows,
        };
        let mut done = 0;
        while done < bytes.len() {
            let (memory, here) = piece(windows, address, done)?;
            let end = bytes.len().min(done + here.len());
            memory.read_over(here.start, &mut bytes[done..end])?;
            done = end;
        }
        Ok(())
    }

    /// Copies `bytes` to `address`.
    ///
    /// # Errors
    /// As [`peer::write_of`], and [`Error::Invalid`] for a bus address that is not mapped.
    pub fn write(&self, address: u64, bytes: &[u8]) -> Result<()> {
        let windows = match self {
            Space::Process(client) => return peer::write_of(PROMISE, *client, address, bytes),
            Space::Present(client) => {
                present(address, bytes.len())?;
                return peer::write_of(PROMISE, *client, address, bytes);
            }
            Space::Mapped(mappings) => return mappings.write(address, bytes),
            Space::Static(windows) => windows,
        };
        let mut done = 0;
        while done < bytes.len() {
            let (memory, here) = piece(windows, address, done)?;
            let end = bytes.len().min(done + here.len());
            memory.write(here.start, &bytes[done..end])?;
            done = end;
        }
        Ok(())
    }
}

/// Whether the pages of `len` bytes at `address` are in memory, so that no fault has to bring them.
fn present(address: u64, len: usize) -> Result<()> {
    let start = usize::try_from(address).map_err(|_| Error::Invalid)?;
    let end = start.checked_add(len).ok_or(Error::Invalid)?;
    if pages::present(&(start..end)) {
        Ok(())
    } else {
        Err(Error::Invalid)
    }
}

/// The memory in which bus address `address + done` lies, and where.
fn piece(
    windows: &[Arc<Window>],
    address: u64,
    done: usize,
) -> Result<(&SharedMemory, Range<usize>)> {
    let at = address.checked_add(done as u64).ok_or(Error::Invalid)?;
    let mut found = windows
        .iter()
        .filter_map(|window| Some((&window.memory, window.find(at)?)));
    found.next().ok_or(Error::Invalid)
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_over_two_slices_of_a_bus_in_one_piece_is_in_the_region() {
        let memory = SharedMemory::own(256).expect("256 bytes");
        let slices = vec![
            Slice {
                bus: 0x9000,
                len: 100,
            },
            Slice {
                bus: 0x9064,
                len: 28,
            },
            Slice {
                bus: 0x1000,
                len: 128,
            },
        ];
        let number = 0;
        let window = Arc::new(Window {
            number,
            memory,
            slices,
        });
        let start = window.memory.address() as u64;
        let space = Space::Static(Arc::new(vec![window]));
        let data: Vec<u8> = (0..128).collect();
        space.write(0x9000, &data).expect("mapped");
        let mut back = vec![0; 128];
        peer::read(start, &mut back).expect("ours");
        assert_eq!(back, data);
        space.read(0x9000, &mut back).expect("mapped");
        assert_eq!(back, data);
        assert_eq!(space.write(0x9000, &[0; 129]), Err(Error::Invalid));
        assert_eq!(space.read(0x0fff, &mut back), Err(Error::Invalid));
        assert_eq!(space.read(start, &mut back), Err(Error::Invalid));
        assert_eq!(space.read(u64::MAX, &mut back), Err(Error::Invalid));
    }

    #[test]
    fn behind_an_iommu_a_region_is_one_slice() {
        let window = Window::new(1, 9 << 20, LONGEST, SharedMemory::own).expect("9 MiB");
        let bus = BASE + QUEUE;
        assert_eq!(window.slices, [Slice { bus, len: 9 << 20 }]);
    }

    #[test]
    fn slices_are_apart_and_cover_the_region() {
        let window = Window::new(3, (5 << 20) + 1, SLICE, SharedMemory::own).expect("5 MiB");
        assert_eq!(window.memory.len(), (5 << 20) + GRANULE);
        let sum: usize = window.slices.iter().map(|slice| slice.len).sum();
        assert_eq!(sum, window.memory.len());
        let mut sorted = window.slices.clone();
        sorted.sort_by_key(|slice| slice.bus);
        let first = window.memory.address() as u64;
        assert!(first + (window.memory.len() as u64) < sorted[0].bus);
        for pair in sorted.windows(2) {
            assert!(pair[0].bus + (pair[0].len as u64) < pair[1].bus);
        }
        assert!(Window::new(0, 0, SLICE, SharedMemory::own).is_err());
        assert!(Window::new(0, LONGEST + 1, SLICE, SharedMemory::own).is_err());
    }
}
