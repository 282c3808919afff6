//! The parts of a static region that are in one piece for the device. For the
//! process they lie one behind the other.

use crate::uacce::channel::Slice;

/// A part of a region.
pub(super) struct Piece {
    /// Where in the region it begins.
    pub offset: usize,
    /// Bytes.
    pub len: usize,
    /// Where it begins for the device.
    pub bus: u64,
}

impl Piece {
    /// Where in the region it ends.
    pub fn end(&self) -> usize {
        self.offset + self.len
    }

    /// The device's address of `len` bytes at `offset` of the region, if they lie inside.
    pub fn bus(&self, offset: usize, len: usize) -> Option<u64> {
        let inside = offset.checked_sub(self.offset)?;
        let room = self.len.checked_sub(inside)?;
        (len <= room).then_some(self.bus + inside as u64)
    }
}

/// Slices one behind the other, joined where they touch on the bus too, no further than the region
/// of so many bytes goes.
pub(super) fn of(slices: &[Slice], region: usize) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut offset = 0;
    for slice in slices {
        let rest = region - offset;
        let len = if slice.len == 0 {
            rest
        } else {
            slice.len.min(rest)
        };
        if slice.bus.checked_add(len as u64).is_none() {
            break;
        }
        match pieces.last_mut() {
            Some(last) if last.bus + last.len as u64 == slice.bus => last.len += len,
            _ => pieces.push(Piece {
                offset,
                len,
                bus: slice.bus,
            }),
        }
        offset += len;
    }
    pieces
}
