//! Buffers of a message: one piece of memory, or a list of pieces.

use crate::bd::sgl::{MOST_ENTRIES, MOST_LISTS};
use crate::ctypes::v2::wd_internal::wd_datalist;
use crate::error::{Error, Result};
use crate::sys::lent::Promise;

/// Where a buffer is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// At this address.
    Flat(*mut u8),
    /// In the pieces of this list.
    List(*mut wd_datalist),
}

/// A buffer, or the rest of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Buffer {
    pub place: Place,
    /// Bytes at the beginning of a list that do not belong to it.
    pub skip: u32,
    /// Bytes that do.
    pub len: u32,
}

impl Buffer {
    pub fn new(place: Place, len: u32) -> Buffer {
        Buffer {
            place,
            skip: 0,
            len,
        }
    }

    pub fn is_list(self) -> bool {
        matches!(self.place, Place::List(_))
    }

    /// Without its first bytes.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is shorter.
    pub fn without(self, count: u32) -> Result<Buffer> {
        let len = self.len.checked_sub(count).ok_or(Error::Invalid)?;
        Ok(match self.place {
            Place::Flat(at) => Buffer::new(Place::Flat(at.wrapping_add(count as usize)), len),
            Place::List(_) => Buffer {
                skip: self.skip + count,
                len,
                ..self
            },
        })
    }

    /// Writes `bytes` at the beginning.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is shorter.
    pub fn put(self, promise: Promise, bytes: &[u8]) -> Result<()> {
        let mut rest = bytes;
        for piece in self.pieces(promise) {
            if rest.is_empty() {
                break;
            }
            let count = rest.len().min(piece.len as usize);
            let room = promise.output(piece.at, count);
            for (to, byte) in room.iter_mut().zip(rest) {
                to.write(*byte);
            }
            rest = &rest[room.len()..];
        }
        if rest.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid)
        }
    }

    /// Calls `read` with the first bytes: with all that lie in one piece, and if `read` has no answer
    /// to them with some from several pieces.
    pub fn beginning<T>(self, promise: Promise, read: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        let first = self.first(promise)?;
        if let Some(answer) = read(promise.input(first.at, first.len as usize)) {
            return Some(answer);
        }
        let (mut bytes, mut len) = ([0; 256], 0);
        for piece in self.pieces(promise) {
            let count = (bytes.len() - len).min(piece.len as usize);
            let input = promise.input(piece.at, count);
            bytes[len..len + input.len()].copy_from_slice(input);
            len += input.len();
            if len == bytes.len() {
                break;
            }
        }
        read(&bytes[..len])
    }

    /// The first piece.
    pub fn first(self, promise: Promise) -> Option<Piece> {
        self.pieces(promise).next()
    }

    /// The pieces, without what is skipped and what is behind the buffer.
    fn pieces(self, promise: Promise) -> Pieces {
        Pieces {
            promise,
            place: Some(self.place),
            skip: self.skip,
            nodes: MOST_LISTS * MOST_ENTRIES,
            left: self.len,
        }
    }

    /// The pieces of a list from its very beginning up to the buffer's end.
    pub fn whole_pieces(self, promise: Promise) -> Pieces {
        let whole = Buffer {
            skip: 0,
            len: self.len.saturating_add(self.skip),
            ..self
        };
        whole.pieces(promise)
    }
}

/// A piece of memory; never empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub at: *mut u8,
    pub len: u32,
}

/// The pieces of a buffer, one after the other.
pub(super) struct Pieces {
    promise: Promise,
    /// What comes next.
    place: Option<Place>,
    skip: u32,
    /// Nodes that are still looked at, so that a list that is a circle of empty ones has an end.
    nodes: usize,
    /// Bytes that are still to come.
    pub left: u32,
}

impl Iterator for Pieces {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        while self.left > 0 && self.nodes > 0 {
            self.nodes -= 1;
            let (at, len) = match self.place.take()? {
                Place::Flat(at) => (at, self.left),
                Place::List(node) => {
                    let node = self.promise.read(node)?;
                    self.place = (!node.next.is_null()).then_some(Place::List(node.next));
                    (node.data.cast::<u8>(), node.len)
                }
            };
            let skipped = self.skip.min(len);
            self.skip -= skipped;
            let len = (len - skipped).min(self.left);
            if !at.is_null() && len > 0 {
                self.left -= len;
                let at = at.wrapping_add(skipped as usize);
                return Some(Piece { at, len });
            }
        }
        None
    }
}
