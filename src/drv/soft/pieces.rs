//! Buffers of requests: in one piece, or as a list of pieces. A [`Cursor`] goes
//! through one piece by piece and never past the length that the request says.

use crate::ctypes::v2::wd_internal::wd_datalist;
use crate::sys::lent::Promise;
use core::mem::MaybeUninit;

/// Pieces that a list has at most: 256 lists of 255 entries, as many as devices follow. What comes
/// behind is not looked at, so that a list which is a circle has an end.
pub const MAX_PIECES: u32 = 256 * 255;

/// A buffer: its address or that of its list, and its length in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Buffer {
    pub address: usize,
    pub len: usize,
    pub is_list: bool,
}

/// Why a request cannot be executed. The caller learns that its data or its buffers are not right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The output has no room for the result.
    NoRoom,
    /// The input is not in this format, or not complete.
    BadData,
    /// The list of the input ends before its length.
    ShortList,
    /// Output would be written over the input.
    Overlap,
}

/// A place in a buffer.
pub struct Cursor {
    promise: Promise,
    /// The rest of this piece.
    address: usize,
    len: usize,
    /// The next node of the list, or 0.
    next: usize,
    pieces: u32,
    /// Bytes from here to the end of the buffer.
    left: usize,
    passed: usize,
}

impl Cursor {
    /// The beginning of a buffer.
    pub fn new(promise: Promise, buffer: &Buffer) -> Cursor {
        let (address, len, next) = if buffer.is_list {
            (0, 0, buffer.address)
        } else {
            (buffer.address, buffer.len, 0)
        };
        Cursor {
            promise,
            address,
            len,
            next,
            pieces: 0,
            left: buffer.len,
            passed: 0,
        }
    }

    /// Bytes between here and the buffer's end.
    pub fn left(&self) -> usize {
        self.left
    }

    /// Bytes between the buffer's beginning and here.
    pub fn passed(&self) -> usize {
        self.passed
    }

    /// Goes to the next piece if this one is used up. Afterwards the piece is empty only at the
    /// end of the buffer or of its list.
    fn settle(&mut self) {
        while self.len == 0 && self.left > 0 && self.next != 0 && self.pieces < MAX_PIECES {
            let node = self.promise.read(self.next as *const wd_datalist);
            let Some(node) = node.filter(|n| n.len == 0 || !n.data.is_null()) else {
                self.next = 0;
                return;
            };
            self.pieces += 1;
            self.address = node.data as usize;
            self.len = (node.len as usize).min(self.left);
            self.next = node.next as usize;
        }
    }

    /// Whether the piece reaches to the end of the buffer.
    pub fn is_last(&mut self) -> bool {
        self.settle();
        self.len == self.left
    }

    /// The rest of the piece, to be read.
    pub fn input<'a>(&mut self) -> &'a [u8] {
        self.settle();
        self.promise.input(self.address as *const u8, self.len)
    }

    /// The rest of the piece, to be written.
    fn output<'a>(&mut self) -> &'a mut [MaybeUninit<u8>] {
        self.settle();
        self.promise.output(self.address as *mut u8, self.len)
    }

    /// Goes on by `n` bytes of the piece.
    pub fn skip(&mut self, n: usize) {
        debug_assert!(n <= self.len);
        self.address += n;
        self.len -= n;
        self.left -= n;
        self.passed += n;
    }

    /// Goes on by `n` bytes of the piece that have been written, and gives them to be read.
    pub fn written<'a>(&mut self, n: usize) -> &'a [u8] {
        let bytes = self.promise.input(self.address as *const u8, n);
        self.skip(n);
        bytes
    }

    /// Writes as many of `bytes` as there is room for; answers how many.
    pub fn put(&mut self, bytes: &[u8]) -> usize {
        let mut done = 0;
        while done < bytes.len() {
            let output = self.output();
            if output.is_empty() {
                break;
            }
            let n = output.len().min(bytes.len() - done);
            for (to, from) in output.iter_mut().zip(&bytes[done..]) {
                to.write(*from);
            }
            self.skip(n);
            done += n;
        }
        done
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// [`Fault::NoRoom`]; part of them may have been written.
    pub fn put_all(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if self.put(bytes) < bytes.len() {
            return Err(Fault::NoRoom);
        }
        Ok(())
    }

    /// All of the buffer in one piece: where it is, or copied into `copy`, which then has nothing
    /// else in it. The buffer is used up.
    ///
    /// # Errors
    /// [`Fault::ShortList`].
    pub fn gather<'a>(&mut self, copy: &'a mut Vec<u8>) -> Result<&'a [u8], Fault> {
        copy.clear();
        if self.is_last() {
            let input = self.input();
            self.skip(input.len());
            return Ok(input);
        }
        self.append_to(copy)?;
        Ok(copy)
    }

    /// Copies all of the buffer behind what is in `copy`.
    ///
    /// # Errors
    /// [`Fault::ShortList`].
    pub fn append_to(&mut self, copy: &mut Vec<u8>) -> Result<(), Fault> {
        while self.left > 0 {
            let piece = self.input();
            if piece.is_empty() {
                return Err(Fault::ShortList);
            }
            copy.extend_from_slice(piece);
            self.skip(piece.len());
        }
        Ok(())
    }
}

/// The rests of both pieces.
///
/// # Errors
/// [`Fault::Overlap`] if they have a byte in common.
pub fn both<'a>(
    source: &mut Cursor,
    sink: &mut Cursor,
) -> Result<(&'a [u8], &'a mut [MaybeUninit<u8>]), Fault> {
    source.settle();
    sink.settle();
    let apart = source.address + source.len <= sink.address
        || sink.address + sink.len <= source.address
        || source.len == 0
        || sink.len == 0;
    if !apart {
        return Err(Fault::Overlap);
    }
    Ok((source.input(), sink.output()))
}
