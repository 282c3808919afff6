//! The last bits of a raw deflate stream (RFC 1951). The engine may take the rest of
//! the input into its context and look at it only with the next request; whether
//! such a request is needed can be told from the bits themselves.

/// Bits that are not deflate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bad;

/// With so many bits or more the engine is not waiting for the end.
const MANY: u32 = 40;

/// Bits yet to be read, the first in bit 0. The last of them is the last of a byte.
struct Bits {
    value: u64,
    left: u32,
}

impl Bits {
    /// The next `count` bits, fewer than 32; `None` if there are not so many.
    fn take(&mut self, count: u32) -> Option<u32> {
        self.left = self.left.checked_sub(count)?;
        let taken = self.value & ((1 << count) - 1);
        self.value >>= count;
        Some(taken as u32)
    }

    /// The next bits of a fixed code, which begin with the most significant one.
    fn take_code(&mut self, count: u32) -> Option<u32> {
        let bits = self.take(count)?;
        Some(bits.reverse_bits() >> (32 - count))
    }
}

/// Whether the first `count` of `bits` are whole blocks without data of their own, or short ones
/// with the fixed codes, and the last of them is the stream's last.
///
/// # Errors
/// [`Bad`] if no deflate stream goes on so.
pub(super) fn is_the_end(bits: u64, count: u32) -> Result<bool, Bad> {
    if count == 0 || count >= MANY {
        return Ok(false);
    }
    let mut bits = Bits {
        value: bits,
        left: count,
    };
    loop {
        let (Some(last), Some(kind)) = (bits.take(1), bits.take(2)) else {
            return Ok(false);
        };
        let whole = match kind {
            0 => stored(&mut bits)?,
            1 => fixed(&mut bits)?,
            // The codes of a dynamic block do not fit into so few bits.
            2 => None,
            _ => return Err(Bad),
        };
        if whole.is_none() || last == 1 {
            return Ok(whole.is_some());
        }
    }
}

/// Reads a stored block; `None` if it does not end here.
fn stored(bits: &mut Bits) -> Result<Option<()>, Bad> {
    let padding = bits.left % 8;
    bits.take(padding);
    let (Some(length), Some(complement)) = (bits.take(16), bits.take(16)) else {
        return Ok(None);
    };
    if length ^ complement != 0xffff {
        return Err(Bad);
    }
    // There is no room for data behind it.
    Ok((length == 0).then_some(()))
}

/// Reads a block with fixed codes; `None` if it does not end here.
fn fixed(bits: &mut Bits) -> Result<Option<()>, Bad> {
    loop {
        let Some(symbol) = literal_or_length(bits) else {
            return Ok(None);
        };
        let extra = match symbol {
            0..=255 => continue,
            256 => return Ok(Some(())),
            257..=264 | 285 => 0,
            265..=284 => (symbol - 261) / 4,
            _ => return Err(Bad),
        };
        let Some(distance) = bits.take(extra).and_then(|_| bits.take_code(5)) else {
            return Ok(None);
        };
        let extra = match distance {
            0..=3 => 0,
            4..=29 => distance / 2 - 1,
            _ => return Err(Bad),
        };
        if bits.take(extra).is_none() {
            return Ok(None);
        }
    }
}

/// The next symbol of the fixed code for literals and lengths (RFC 1951, 3.2.6).
fn literal_or_length(bits: &mut Bits) -> Option<u32> {
    let mut code = bits.take_code(7)?;
    if code < 0x18 {
        return Some(256 + code);
    }
    code = code << 1 | bits.take(1)?;
    match code {
        0x30..=0xbf => Some(code - 0x30),
        0xc0..=0xc7 => Some(280 + code - 0xc0),
        _ => Some(144 + (code << 1 | bits.take(1)?) - 0x190),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(bytes: &[u8], from: u32) -> Result<bool, Bad> {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        is_the_end(
            u64::from_le_bytes(word) >> from,
            bytes.len() as u32 * 8 - from,
        )
    }

    #[test]
    fn an_empty_last_block_is_the_end() {
        assert_eq!(end(&[0x03, 0x00], 0), Ok(true));
        assert_eq!(end(&[0x01, 0x00, 0x00, 0xff], 0), Ok(false));
        // Three bits of the stored block's first byte belong to the block before.
        assert_eq!(end(&[0x08, 0, 0, 0xff, 0xff], 3), Ok(true));
        // 40 bits and more are not looked at.
        assert_eq!(end(&[1, 0, 0, 0xff, 0xff], 0), Ok(false));
    }

    #[test]
    fn short_blocks_before_the_last_are_passed_over() {
        // Not last, fixed, end of block; then last, fixed, end of block: 10 bits each.
        let bits = 0b00_0000_0011_u64 << 10 | 0b00_0000_0010;
        assert_eq!(is_the_end(bits, 24), Ok(true));
        assert_eq!(is_the_end(bits, 19), Ok(false));
        assert_eq!(is_the_end(bits & 0x3ff, 13), Ok(false));
    }

    #[test]
    fn literals_and_matches_are_read() {
        // "a" and the end, and six times "a" and the end, as zlib writes them.
        assert_eq!(end(&[0x4b, 0x04, 0x00], 0), Ok(true));
        let six = u64::from_le_bytes([0x4b, 0x4c, 0x04, 0x01, 0, 0, 0, 0]);
        assert_eq!(is_the_end(six, 39), Ok(true));
        assert_eq!(is_the_end(six, 37), Ok(false));
        assert_eq!(end(&[0x4b, 0x04], 0), Ok(false));
    }

    #[test]
    fn what_cannot_be_deflate_is_bad() {
        assert_eq!(end(&[0x07], 0), Err(Bad));
        assert_eq!(end(&[0x08, 1, 2, 3, 4], 3), Err(Bad));
        // A dynamic block is never whole here.
        assert_eq!(end(&[0x05, 0, 0, 0], 0), Ok(false));
        assert_eq!(is_the_end(u64::MAX, 0), Ok(false));
    }
}
