//! Stores of AArch64: `str`, `stur`, `sttr`, `stlr` and `stlur` of one general register, of 1 to 8
//! bytes, in all forms of the address. The Arm Architecture Reference Manual, chapter C4.1
//! ("Loads and stores"), has the codes.

use super::{Also, From, Store, Unknown};

/// The number of the register that is always zero; as an address it is the stack pointer.
pub const ZERO_OR_SP: u8 = 31;

/// Reads the store in an instruction.
///
/// # Errors
/// [`Unknown`].
pub fn decode(code: &[u8]) -> Result<Store, Unknown> {
    let word = code.first_chunk().ok_or(Unknown::Short)?;
    let word = u32::from_le_bytes(*word);
    let (data, base) = ((word & 31) as u8, (word >> 5 & 31) as u8);
    // Bits 31 and 30 are the width everywhere.
    let also = match word & 0x3fe0_0c00 {
        // STUR, STTR.
        0x3800_0000 | 0x3800_0800 => Also::Nothing,
        // STR, and the address moves behind or before.
        0x3800_0400 | 0x3800_0c00 => Also::Move(base, nine_bits(word >> 12)),
        // STR with an index register.
        0x3820_0800 => Also::Nothing,
        // STLUR.
        0x1900_0000 => Also::Nothing,
        // STR with an unsigned offset.
        _ if word & 0x3fc0_0000 == 0x3900_0000 => Also::Nothing,
        // STLR.
        _ if word & 0x3fff_fc00 == 0x089f_fc00 => Also::Nothing,
        _ => return Err(Unknown::Other),
    };
    let from = match data {
        ZERO_OR_SP => From::Value(0),
        number => From::Register(number),
    };
    Ok(Store {
        from,
        width: 1 << (word >> 30),
        len: 4,
        also,
    })
}

/// The low nine bits, sign-extended.
fn nine_bits(bits: u32) -> i16 {
    ((bits << 7) as u16 as i16) >> 7
}
