//! The checksum and length of the uncompressed data, as the engine's registers hold
//! them and as trailers have them.

use crate::bd::zip::{Request, Sqe};
use crate::calc::deflate::{ADLER32_START, CRC32_START, adler32, crc32};

/// The running checksum and length of the uncompressed data.
pub(super) struct Sum {
    request: Request,
    value: u32,
    length: u32,
}

impl Sum {
    pub fn new(request: Request) -> Sum {
        let value = match request {
            Request::Zlib => ADLER32_START,
            _ => CRC32_START,
        };
        Sum {
            request,
            value,
            length: 0,
        }
    }

    /// Goes on where the registers say that an earlier request of the stream has left off.
    pub fn resume(request: Request, sqe: &Sqe) -> Sum {
        let value = match request {
            Request::Gzip => !sqe.checksum.reverse_bits(),
            _ => sqe.checksum,
        };
        Sum {
            request,
            value,
            length: sqe.isize,
        }
    }

    pub fn add(&mut self, bytes: &[u8]) {
        self.length = self.length.wrapping_add(bytes.len() as u32);
        self.value = match self.request {
            Request::Zlib => adler32(self.value, bytes),
            Request::Gzip => crc32(self.value, bytes),
            _ => 0,
        };
    }

    /// Fills the result registers: the Adler-32 as it is; the CRC-32 as the engine's shift register
    /// holds it, not inverted and the other way round.
    pub fn report(&self, sqe: &mut Sqe) {
        sqe.isize = self.length;
        sqe.checksum = match self.request {
            Request::Gzip => (!self.value).reverse_bits(),
            _ => self.value,
        };
    }

    pub fn trailer(&self) -> Trailer {
        let mut trailer = Trailer {
            bytes: [0; 8],
            len: 0,
        };
        match self.request {
            Request::Zlib => {
                trailer.bytes[..4].copy_from_slice(&self.value.to_be_bytes());
                trailer.len = 4;
            }
            Request::Gzip => {
                trailer.bytes[..4].copy_from_slice(&self.value.to_le_bytes());
                trailer.bytes[4..].copy_from_slice(&self.length.to_le_bytes());
                trailer.len = 8;
            }
            _ => {}
        }
        trailer
    }
}

/// What follows a stream.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Trailer {
    bytes: [u8; 8],
    pub len: usize,
}

impl Trailer {
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }
}
