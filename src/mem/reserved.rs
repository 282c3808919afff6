//! Memory that a queue has reserved for its data, and where the device sees it.

use super::pieces::{self, Piece};
use crate::error::{Error, Result};
use crate::sys::shared::SharedMemory;
use crate::uacce::channel::Slice;
use core::mem::MaybeUninit;
use core::num::NonZeroU64;

/// Memory for a device. It stays where it is as long as this is kept, or until the device is removed.
pub struct Reserved {
    memory: SharedMemory,
    /// By offset; `None` where the device works on the process's own addresses.
    pieces: Option<Vec<Piece>>,
}

impl Reserved {
    /// A static region, of which the kernel told `slices`.
    #[must_use]
    pub fn new(memory: SharedMemory, slices: &[Slice]) -> Reserved {
        let pieces = Some(pieces::of(slices, memory.len()));
        Reserved { memory, pieces }
    }

    /// Usual memory, whole pages, all of it zero, for a device that works on the process's own
    /// addresses. Fork children do not have it, as they do not have a static region.
    ///
    /// # Errors
    /// [`crate::Error::NoMemory`]; [`crate::Error::Invalid`] for 0 bytes.
    pub fn with_sva(len: usize) -> Result<Reserved> {
        Ok(Reserved {
            memory: SharedMemory::pages(len)?,
            pieces: None,
        })
    }

    /// Where it begins.
    #[must_use]
    pub fn address(&self) -> usize {
        self.memory.address()
    }

    /// Bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.memory.len()
    }

    /// Whether there are none: never so.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the device was removed, and the memory with it.
    #[must_use]
    pub fn lost(&self) -> bool {
        self.memory.lost()
    }

    /// Copies `bytes` to an address inside. A device that is at work there finds any of both.
    ///
    /// # Errors
    /// [`Error::Invalid`] if they do not all lie inside; nothing is copied.
    pub fn write(&self, address: usize, bytes: &[u8]) -> Result<()> {
        let offset = address.checked_sub(self.address()).ok_or(Error::Invalid)?;
        self.memory.write(offset, bytes)
    }

    /// Fills `bytes` with what is at an address inside.
    ///
    /// # Errors
    /// As [`Reserved::write`].
    pub fn read(&self, address: usize, bytes: &mut [MaybeUninit<u8>]) -> Result<()> {
        let offset = address.checked_sub(self.address()).ok_or(Error::Invalid)?;
        self.memory.read(offset, bytes)
    }

    /// As [`Reserved::read`], over what is in `bytes`.
    ///
    /// # Errors
    /// As [`Reserved::write`].
    pub fn read_over(&self, address: usize, bytes: &mut [u8]) -> Result<()> {
        let offset = address.checked_sub(self.address()).ok_or(Error::Invalid)?;
        self.memory.read_over(offset, bytes)
    }

    /// The offset of `len` bytes at `address`, if all of them lie inside.
    #[inline]
    #[must_use]
    pub fn find(&self, address: usize, len: usize) -> Option<usize> {
        let offset = address.checked_sub(self.address())?;
        let room = self.len().checked_sub(offset)?;
        (len <= room && room > 0).then_some(offset)
    }

    /// The device's address of `len` bytes at `address`. `None` if they do not all lie inside, or
    /// are not in one piece for the device.
    #[inline]
    #[must_use]
    pub fn map(&self, address: usize, len: usize) -> Option<NonZeroU64> {
        let offset = self.find(address, len)?;
        let Some(pieces) = &self.pieces else {
            return NonZeroU64::new(address as u64);
        };
        let at = pieces.partition_point(|piece| piece.end() <= offset);
        NonZeroU64::new(pieces.get(at)?.bus(offset, len)?)
    }

    /// The process's address of what the device sees at `bus`.
    #[must_use]
    pub fn address_of(&self, bus: u64) -> Option<usize> {
        let Some(pieces) = &self.pieces else {
            let address = usize::try_from(bus).ok()?;
            return self.find(address, 1).map(|_| address);
        };
        pieces.iter().find_map(|piece| {
            let inside = usize::try_from(bus.checked_sub(piece.bus)?).ok()?;
            (inside < piece.len).then(|| self.address() + piece.offset + inside)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLICE: usize = 64 << 10;

    fn region() -> Reserved {
        let memory = SharedMemory::own(4 * SLICE).expect("memory");
        let at = |bus| Slice { bus, len: SLICE };
        // The second and third touch on the bus.
        let slices = [
            at(0x9000_0000),
            at(0x4000_0000),
            at(0x4001_0000),
            at(0x100_0000),
        ];
        Reserved::new(memory, &slices)
    }

    #[test]
    fn bytes_have_an_address_for_the_device_where_they_are_in_one_piece() {
        let region = region();
        let bus = |offset: usize, len| {
            region
                .map(region.address().wrapping_add(offset), len)
                .map(NonZeroU64::get)
        };
        assert_eq!(bus(0, SLICE), Some(0x9000_0000));
        assert_eq!(bus(5, 1), Some(0x9000_0005));
        assert_eq!(bus(0, SLICE + 1), None, "crosses to another place");
        assert_eq!(bus(SLICE, 2 * SLICE), Some(0x4000_0000));
        assert_eq!(bus(2 * SLICE - 1, 2), Some(0x4000_ffff));
        assert_eq!(bus(3 * SLICE, SLICE), Some(0x100_0000));
        assert_eq!(bus(3 * SLICE, SLICE + 1), None, "beyond the end");
        assert_eq!(bus(4 * SLICE, 0), None);
        assert_eq!(bus(usize::MAX, 1), None);
        assert_eq!(bus(1, usize::MAX), None);
    }

    #[test]
    fn addresses_of_the_device_come_back_as_the_process_has_them() {
        let region = region();
        for offset in [0, 7, SLICE, 3 * SLICE - 1, 4 * SLICE - 1] {
            let address = region.address() + offset;
            let bus = region.map(address, 1).expect("inside");
            assert_eq!(region.address_of(bus.get()), Some(address));
        }
        for elsewhere in [0, 0x9001_0000, 0x3fff_ffff, u64::MAX] {
            assert_eq!(region.address_of(elsewhere), None);
        }
    }

    #[test]
    fn a_slice_without_a_length_goes_to_the_end_and_more_is_not_taken() {
        let memory = SharedMemory::own(2 * SLICE).expect("memory");
        let whole = [
            Slice {
                bus: 0x1000,
                len: 0,
            },
            Slice {
                bus: 0x9000,
                len: 0,
            },
        ];
        let region = Reserved::new(memory, &whole);
        assert!(region.map(region.address(), 2 * SLICE).is_some());
        assert_eq!(region.address_of(0x9000), Some(region.address() + 0x8000));
        let memory = SharedMemory::own(2 * SLICE).expect("memory");
        let short = Reserved::new(
            memory,
            &[Slice {
                bus: 0x1000,
                len: SLICE,
            }],
        );
        assert!(
            short.map(short.address() + SLICE, 1).is_none(),
            "nobody told where"
        );
    }

    #[test]
    #[cfg_attr(miri, ignore = "maps memory")]
    fn with_shared_addresses_memory_is_where_it_is() {
        let region = Reserved::with_sva(100).expect("memory");
        assert!(region.len() >= 100);
        assert_eq!(region.address() % crate::sys::pages::size(), 0);
        let at = region.address() + region.len() - 1;
        assert_eq!(region.map(at, 1).map(NonZeroU64::get), Some(at as u64));
        assert_eq!(region.map(at, 2), None);
        assert_eq!(region.address_of(at as u64), Some(at));
        assert_eq!(region.address_of(at as u64 + 1), None);
    }
}
