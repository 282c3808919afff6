//! What stands around a deflate stream: the headers, checksums and trailers of
//! zlib (RFC 1950) and gzip (RFC 1952).

use crate::calc::deflate::{ADLER32_START, BadData, CRC32_START, MAX_WINDOW_BITS, adler32, crc32};

/// The longest header that [`Wrap::header`] makes.
pub const MAX_HEADER: usize = 10;
/// The longest trailer.
pub const MAX_TRAILER: usize = 8;

/// A format of a deflate stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrap {
    /// Nothing around it.
    Raw,
    /// zlib.
    Zlib,
    /// gzip: a member without name, comment and time.
    Gzip,
}

/// A few bytes.
#[derive(Clone, Copy, Debug)]
pub struct Few {
    bytes: [u8; MAX_HEADER],
    len: usize,
}

impl Few {
    fn new(parts: &[&[u8]]) -> Few {
        let (mut bytes, mut len) = ([0; MAX_HEADER], 0);
        for part in parts {
            bytes[len..len + part.len()].copy_from_slice(part);
            len += part.len();
        }
        Few { bytes, len }
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Wrap {
    /// The header of a stream whose matches reach back at most 2^`window_bits` bytes.
    #[must_use]
    pub fn header(self, window_bits: u8) -> Few {
        match self {
            Wrap::Raw => Few::new(&[]),
            Wrap::Zlib => {
                // CM 8, CINFO, FLEVEL 2 ("default", as the devices say), and the check bits.
                let first = 8 | (window_bits.clamp(8, MAX_WINDOW_BITS) - 8) << 4;
                let rest = (u16::from(first) << 8 | 2 << 6) % 31;
                Few::new(&[&[first, 2 << 6 | (31 - rest) as u8]])
            }
            // No flags, no time, no hint of the level; the system is Unix.
            Wrap::Gzip => Few::new(&[&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]]),
        }
    }

    /// The checksum of no bytes.
    #[must_use]
    pub fn start(self) -> u32 {
        match self {
            Wrap::Raw => 0,
            Wrap::Zlib => ADLER32_START,
            Wrap::Gzip => CRC32_START,
        }
    }

    /// The checksum of bytes whose beginning has the checksum `start`, followed by `bytes`.
    #[must_use]
    pub fn sum(self, start: u32, bytes: &[u8]) -> u32 {
        match self {
            Wrap::Raw => start,
            Wrap::Zlib => adler32(start, bytes),
            Wrap::Gzip => crc32(start, bytes),
        }
    }

    /// The trailer of data of this checksum and length, modulo 2^32.
    #[must_use]
    pub fn trailer(self, sum: u32, size: u32) -> Few {
        match self {
            Wrap::Raw => Few::new(&[]),
            Wrap::Zlib => Few::new(&[&sum.to_be_bytes()]),
            Wrap::Gzip => Few::new(&[&sum.to_le_bytes(), &size.to_le_bytes()]),
        }
    }
}

/// Flags of a gzip header.
const FHCRC: u8 = 1 << 1;
const FEXTRA: u8 = 1 << 2;
const FNAME: u8 = 1 << 3;
const FCOMMENT: u8 = 1 << 4;
const FRESERVED: u8 = 0xe0;

/// Bytes of a gzip header before its optional fields.
const FIXED: usize = 10;

/// Reads headers, however they are cut into pieces. Names and comments are passed over.
#[derive(Debug)]
pub struct HeaderReader {
    wrap: Wrap,
    part: Part,
    /// Bytes of this part so far.
    at: usize,
    flags: u8,
    extra: usize,
    crc: u32,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Fixed,
    ExtraLength,
    Extra,
    Name,
    Comment,
    Crc,
    Done,
}

impl HeaderReader {
    /// Nothing has been read yet.
    #[must_use]
    pub fn new(wrap: Wrap) -> HeaderReader {
        let done = wrap == Wrap::Raw;
        HeaderReader {
            wrap,
            part: if done { Part::Done } else { Part::Fixed },
            at: 0,
            flags: 0,
            extra: 0,
            crc: CRC32_START,
        }
    }

    /// Whether the header has been read.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.part == Part::Done
    }

    /// Reads on, to the header's end or that of `input`; answers how many bytes were taken.
    ///
    /// # Errors
    /// [`BadData`] for what is no header, and for zlib streams that need a dictionary.
    pub fn run(&mut self, input: &[u8]) -> Result<usize, BadData> {
        for (taken, byte) in input.iter().enumerate() {
            if self.is_done() {
                return Ok(taken);
            }
            match self.wrap {
                Wrap::Gzip => self.gzip(*byte)?,
                Wrap::Raw | Wrap::Zlib => self.zlib(*byte)?,
            }
        }
        Ok(input.len())
    }

    fn zlib(&mut self, byte: u8) -> Result<(), BadData> {
        if self.at == 0 {
            // The first of the two bytes is kept where gzip keeps its flags.
            (self.flags, self.at) = (byte, 1);
            return Ok(());
        }
        let [method, window] = [self.flags & 15, self.flags >> 4];
        let check = u16::from(self.flags) << 8 | u16::from(byte);
        let dictionary = byte & 1 << 5 != 0;
        if method != 8 || window > 7 || check % 31 != 0 || dictionary {
            return Err(BadData);
        }
        self.part = Part::Done;
        Ok(())
    }

    fn gzip(&mut self, byte: u8) -> Result<(), BadData> {
        let at = self.at;
        self.at += 1;
        let end = match self.part {
            Part::Fixed => {
                let wrong = match at {
                    0 => byte != 0x1f,
                    1 => byte != 0x8b,
                    2 => byte != 8,
                    3 => byte & FRESERVED != 0,
                    _ => false,
                };
                if wrong {
                    return Err(BadData);
                }
                if at == 3 {
                    self.flags = byte;
                }
                self.at == FIXED
            }
            Part::ExtraLength => {
                self.extra |= usize::from(byte) << (8 * at);
                self.at == 2
            }
            Part::Extra => self.at == self.extra,
            Part::Name | Part::Comment => byte == 0,
            Part::Crc => {
                if byte != (self.crc >> (8 * at)) as u8 {
                    return Err(BadData);
                }
                self.at == 2
            }
            Part::Done => return Ok(()),
        };
        if self.part != Part::Crc {
            self.crc = crc32(self.crc, &[byte]);
        }
        if end {
            self.part = self.after(self.part);
            self.at = 0;
        }
        Ok(())
    }

    /// The next part that this header has.
    fn after(&self, part: Part) -> Part {
        let (next, there) = match part {
            Part::Fixed => (Part::ExtraLength, self.flags & FEXTRA != 0),
            Part::ExtraLength => (Part::Extra, self.extra > 0),
            Part::Extra => (Part::Name, self.flags & FNAME != 0),
            Part::Name => (Part::Comment, self.flags & FCOMMENT != 0),
            Part::Comment => (Part::Crc, self.flags & FHCRC != 0),
            Part::Crc | Part::Done => (Part::Done, true),
        };
        if there { next } else { self.after(next) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(wrap: Wrap, header: &[u8], piece: usize) -> Result<(usize, bool), BadData> {
        let (mut reader, mut taken) = (HeaderReader::new(wrap), 0);
        for piece in header.chunks(piece) {
            taken += reader.run(piece)?;
        }
        Ok((taken, reader.is_done()))
    }

    #[test]
    fn a_zlib_header_tells_the_window() {
        assert_eq!(Wrap::Zlib.header(15).as_slice(), [0x78, 0x9c]);
        for bits in 8..=15 {
            let header = Wrap::Zlib.header(bits);
            let [first, second] = header.as_slice().try_into().expect("two bytes");
            assert_eq!((first >> 4, first & 15), (bits - 8, 8));
            assert_eq!((u32::from(first) << 8 | u32::from(second)) % 31, 0);
            assert_eq!(read(Wrap::Zlib, header.as_slice(), 1), Ok((2, true)));
        }
    }

    #[test]
    fn what_is_no_zlib_header_is_an_error() {
        // Check bits, method, window, dictionary.
        for bad in [[0x78, 0x9d], [0x79, 0x9b], [0x88, 0x1c], [0x78, 0x20]] {
            assert_eq!(read(Wrap::Zlib, &bad, 1), Err(BadData), "{bad:x?}");
        }
        assert_eq!(read(Wrap::Zlib, &[0x78], 1), Ok((1, false)));
    }

    #[test]
    fn gzip_headers_with_every_combination_of_fields_are_passed_over() {
        for flags in 0..32_u8 {
            for extra in [0_u16, 3] {
                let mut header = vec![0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 255];
                if flags & FEXTRA != 0 {
                    header.extend_from_slice(&extra.to_le_bytes());
                    header.extend_from_slice(&[0; 3][..extra.into()]);
                }
                if flags & FNAME != 0 {
                    header.extend_from_slice(b"name\0");
                }
                if flags & FCOMMENT != 0 {
                    header.push(0);
                }
                if flags & FHCRC != 0 {
                    let crc = crc32(CRC32_START, &header) as u16;
                    header.extend_from_slice(&crc.to_le_bytes());
                }
                let len = header.len();
                header.extend_from_slice(b"what follows");
                for piece in [1, 2, 7, 100] {
                    assert_eq!(read(Wrap::Gzip, &header, piece), Ok((len, true)));
                    let cut = read(Wrap::Gzip, &header[..len - 1], piece);
                    assert_eq!(cut, Ok((len - 1, false)));
                }
            }
        }
    }

    #[test]
    fn what_is_no_gzip_header_is_an_error() {
        let good = Wrap::Gzip.header(15);
        for (at, byte) in [(0, 0), (1, 0), (2, 7), (3, 0x20)] {
            let mut header = good.as_slice().to_vec();
            header[at] = byte;
            assert_eq!(read(Wrap::Gzip, &header, 3), Err(BadData), "byte {at}");
        }
        let mut wrong_crc = good.as_slice().to_vec();
        wrong_crc[3] = FHCRC;
        wrong_crc.extend_from_slice(&[0, 0]);
        assert_eq!(read(Wrap::Gzip, &wrong_crc, 3), Err(BadData));
    }

    #[test]
    fn a_raw_stream_has_nothing_around_it() {
        assert!(Wrap::Raw.header(15).as_slice().is_empty());
        assert!(Wrap::Raw.trailer(1, 2).as_slice().is_empty());
        assert_eq!(read(Wrap::Raw, b"abc", 1), Ok((0, true)));
    }

    #[test]
    fn trailers_are_as_the_rfcs_say() {
        let sum = Wrap::Zlib.sum(Wrap::Zlib.start(), b"Wikipedia");
        assert_eq!(Wrap::Zlib.trailer(sum, 9).as_slice(), [0x11, 0xe6, 3, 0x98]);
        let sum = Wrap::Gzip.sum(Wrap::Gzip.start(), b"123456789");
        let trailer = [0x26, 0x39, 0xf4, 0xcb, 9, 0, 0, 0];
        assert_eq!(Wrap::Gzip.trailer(sum, 9).as_slice(), trailer);
    }
}
