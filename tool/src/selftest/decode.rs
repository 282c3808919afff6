//! Decoders that share nothing with the library: for deflate a crate that the
//! library does not use, and a few lines for LZ4 and for sequences.

use crate::fail::{Fail, Result};
use crate::lane::Format;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use warpdrive::alg::lane::Found;

/// More than any test has.
const MOST: usize = 64 << 20;

/// What a complete stream or block says; everything around it is checked too.
pub fn decode(format: Format, bytes: &[u8]) -> Result<Vec<u8>> {
    match format {
        Format::Zlib => zlib(bytes),
        Format::Gzip => gzip(bytes),
        Format::Deflate => inflate(bytes),
        Format::Lz4 => lz4(bytes).ok_or_else(|| Fail::new("no LZ4 block")),
        Format::Lz77Zstd | Format::Lz77Only => Err(Fail::new("no stream")),
    }
}

fn inflate(bytes: &[u8]) -> Result<Vec<u8>> {
    decompress_to_vec_with_limit(bytes, MOST).map_err(|error| Fail::at("no deflate stream", error))
}

fn zlib(bytes: &[u8]) -> Result<Vec<u8>> {
    let (head, rest) = bytes.split_at_checked(2).ok_or_else(short)?;
    let (body, sum) = rest.split_last_chunk::<4>().ok_or_else(short)?;
    if head[0] & 15 != 8 || u16::from_be_bytes([head[0], head[1]]) % 31 != 0 {
        return Err(Fail::new("no zlib header"));
    }
    let data = inflate(body)?;
    if adler32(&data) != u32::from_be_bytes(*sum) {
        return Err(Fail::new("the Adler-32 is wrong"));
    }
    Ok(data)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let (head, rest) = bytes.split_at_checked(10).ok_or_else(short)?;
    let (rest, size) = rest.split_last_chunk::<4>().ok_or_else(short)?;
    let (body, sum) = rest.split_last_chunk::<4>().ok_or_else(short)?;
    if head[..4] != [0x1f, 0x8b, 8, 0] {
        return Err(Fail::new("no plain gzip header"));
    }
    let data = inflate(body)?;
    if crc32(&data) != u32::from_le_bytes(*sum) {
        return Err(Fail::new("the CRC-32 is wrong"));
    }
    if data.len() as u32 != u32::from_le_bytes(*size) {
        return Err(Fail::new("the length is wrong"));
    }
    Ok(data)
}

fn short() -> Fail {
    Fail::new("too short")
}

/// RFC 1950, as it is written there.
fn adler32(data: &[u8]) -> u32 {
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in data {
        a = (a + u32::from(*byte)) % 65521;
        b = (b + a) % 65521;
    }
    b << 16 | a
}

/// RFC 1952, bit by bit.
fn crc32(data: &[u8]) -> u32 {
    let step = |crc: u32, _: u32| crc >> 1 ^ 0xedb8_8320 & (crc & 1).wrapping_neg();
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), step);
    !data.iter().fold(!0, byte)
}

/// A block (`lz4_Block_format.md`).
fn lz4(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut data: Vec<u8> = Vec::new();
    let mut at = 0;
    loop {
        let token = *bytes.get(at)?;
        at += 1;
        let literals = length(bytes, &mut at, token >> 4)?;
        data.extend_from_slice(bytes.get(at..at.checked_add(literals)?)?);
        at += literals;
        if at == bytes.len() {
            return Some(data);
        }
        let distance = u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]);
        at += 2;
        let count = length(bytes, &mut at, token & 15)? + 4;
        copy(&mut data, distance.into(), count)?;
    }
}

fn length(bytes: &[u8], at: &mut usize, nibble: u8) -> Option<usize> {
    let mut length = usize::from(nibble);
    let mut more = nibble == 15;
    while more {
        let byte = *bytes.get(*at)?;
        *at += 1;
        length += usize::from(byte);
        more = byte == 255;
    }
    Some(length)
}

/// A match.
fn copy(data: &mut Vec<u8>, distance: usize, count: usize) -> Option<()> {
    if distance == 0 || count > MOST {
        return None;
    }
    for _ in 0..count {
        data.push(*data.get(data.len().checked_sub(distance)?)?);
    }
    Some(())
}

/// What literals and sequences say. The encoding of both formats is in `calc::lz77` of the library.
pub fn rebuild(format: Format, output: &[u8], found: &Found) -> Result<Vec<u8>> {
    sequences(format, output, found).ok_or_else(|| Fail::new("impossible literals or sequences"))
}

fn sequences(format: Format, output: &[u8], found: &Found) -> Option<Vec<u8>> {
    let mut literals = output.get(..found.literals)?;
    let bytes = found.sequences.checked_mul(8)?;
    let encoded = output.get(found.at..found.at.checked_add(bytes)?)?;
    let mut data = Vec::new();
    for (number, bytes) in encoded.chunks_exact(8).enumerate() {
        let first = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
        let middle = usize::from(u16::from_le_bytes([bytes[4], bytes[5]]));
        let count = usize::from(u16::from_le_bytes([bytes[6], bytes[7]])) + 3;
        let (plain, distance) = match format {
            Format::Lz77Zstd => {
                let long = if found.long == Some(number) {
                    1 << 16
                } else {
                    0
                };
                (middle + long, first.checked_sub(3)?)
            }
            _ => (first, middle + 1),
        };
        let (before, rest) = literals.split_at_checked(plain)?;
        data.extend_from_slice(before);
        literals = rest;
        copy(&mut data, distance, count)?;
    }
    data.extend_from_slice(literals);
    Some(data)
}

#[cfg(test)]
mod tests {
    use super::super::known;
    use super::*;

    #[test]
    fn known_answers_are_known_here_too() {
        for (format, known) in [
            (Format::Zlib, known::ZLIB),
            (Format::Gzip, known::GZIP),
            (Format::Deflate, known::DEFLATE),
            (Format::Lz4, known::LZ4),
        ] {
            let data = decode(format, &known.bytes());
            assert_eq!(data.expect(known.name), (known.data)(), "{}", known.name);
        }
    }

    #[test]
    fn damage_is_seen() {
        let mut bytes = known::GZIP.bytes();
        for at in [0, 18, 22, 26] {
            bytes[at] ^= 1;
            assert!(decode(Format::Gzip, &bytes).is_err(), "byte {at}");
            bytes[at] ^= 1;
        }
        assert!(decode(Format::Gzip, &bytes).is_ok());
    }
}
