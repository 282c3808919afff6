//! Stores of x86-64: `mov`, `movnti`, `movdiri` and `xchg` (what a sequentially consistent atomic
//! store is compiled to), of 1 to 8 bytes. Intel's manual, volume 2, chapter 2 has the format and
//! appendix A the codes.

use super::{Also, From, Store, Unknown};

/// The bytes of an instruction, read one after the other.
struct Reader<'a> {
    code: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Result<u8, Unknown> {
        self.code.get(self.at).copied().ok_or(Unknown::Short)
    }

    fn next(&mut self) -> Result<u8, Unknown> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    /// A little-endian number of `count` bytes, at most 8, sign-extended.
    fn signed(&mut self, count: usize) -> Result<i64, Unknown> {
        let mut value = 0_u64;
        for shift in 0..count {
            value |= u64::from(self.next()?) << (8 * shift);
        }
        let unused = 64 - 8 * count as u32;
        Ok((value << unused) as i64 >> unused)
    }

    fn skip(&mut self, count: usize) -> Result<(), Unknown> {
        (0..count).try_for_each(|_| self.next().map(drop))
    }
}

/// What stands before the code of the operation.
#[derive(Clone, Copy, Default)]
struct Prefixes {
    /// 66: operands of 16 bits.
    narrow: bool,
    /// 67: addresses of 32 bits.
    short_address: bool,
    /// 40 to 4f, with four bits more.
    rex: Option<u8>,
}

impl Prefixes {
    fn width(self) -> u8 {
        match (self.rex, self.narrow) {
            (Some(rex), _) if rex & 8 != 0 => 8,
            (_, true) => 2,
            _ => 4,
        }
    }

    /// The register that the middle bits of a ModRM byte name, for an operand of `width` bytes.
    fn register(self, modrm: u8, width: u8) -> From {
        let low = modrm >> 3 & 7;
        match self.rex {
            Some(rex) => From::Register(low | (rex & 4) << 1),
            None if width == 1 && low >= 4 => From::HighByte(low - 4),
            None => From::Register(low),
        }
    }
}

/// Reads the store that `code` begins with.
///
/// # Errors
/// [`Unknown`].
pub fn decode(code: &[u8]) -> Result<Store, Unknown> {
    let mut code = Reader { code, at: 0 };
    let prefixes = prefixes(&mut code)?;
    let wide = prefixes.width();
    let opcode = code.next()?;
    let (from, width, also) = match opcode {
        0x88 | 0x86 => (register(&mut code, prefixes, 1)?, 1, also(opcode)),
        0x89 | 0x87 => (register(&mut code, prefixes, wide)?, wide, also(opcode)),
        0xc6 => (immediate(&mut code, 1)?, 1, Also::Nothing),
        0xc7 => (immediate(&mut code, wide)?, wide, Also::Nothing),
        0xa2 | 0xa3 => {
            code.skip(if prefixes.short_address { 4 } else { 8 })?;
            let width = if opcode == 0xa2 { 1 } else { wide };
            (From::Register(0), width, Also::Nothing)
        }
        0x0f => (long_code(&mut code, prefixes)?, wide, Also::Nothing),
        _ => return Err(Unknown::Other),
    };
    Ok(Store {
        from,
        width,
        len: code.at as u8,
        also,
    })
}

fn also(opcode: u8) -> Also {
    match opcode {
        0x86 | 0x87 => Also::Exchange,
        _ => Also::Nothing,
    }
}

fn prefixes(code: &mut Reader<'_>) -> Result<Prefixes, Unknown> {
    let mut prefixes = Prefixes::default();
    loop {
        match code.peek()? {
            0x66 => prefixes.narrow = true,
            0x67 => prefixes.short_address = true,
            // Segments move the address, which is known. F2, F3 and F0 stand before `xchg` and
            // `mov` for hardware lock elision, and mean nothing else there.
            0x26 | 0x2e | 0x36 | 0x3e | 0x64 | 0x65 | 0xf0 | 0xf2 | 0xf3 => {}
            _ => break,
        }
        code.at += 1;
    }
    if code.peek()? & 0xf0 == 0x40 {
        prefixes.rex = Some(code.next()?);
    }
    Ok(prefixes)
}

/// The operations with codes of more than one byte: `movnti` and `movdiri`.
fn long_code(code: &mut Reader<'_>, prefixes: Prefixes) -> Result<From, Unknown> {
    let known = match code.next()? {
        0xc3 => true,
        0x38 => code.next()? == 0xf9,
        _ => false,
    };
    if !known || prefixes.narrow {
        return Err(Unknown::Other);
    }
    register(code, prefixes, prefixes.width())
}

fn register(code: &mut Reader<'_>, prefixes: Prefixes, width: u8) -> Result<From, Unknown> {
    let modrm = address(code)?;
    Ok(prefixes.register(modrm, width))
}

fn immediate(code: &mut Reader<'_>, width: u8) -> Result<From, Unknown> {
    if address(code)? >> 3 & 7 != 0 {
        return Err(Unknown::Other);
    }
    // One of 64 bits is stored as 32, and extended.
    let value = code.signed(width.min(4).into())?;
    Ok(From::Value(value as u64))
}

/// Reads over the operand in memory, and gives the ModRM byte.
fn address(code: &mut Reader<'_>) -> Result<u8, Unknown> {
    let modrm = code.next()?;
    let (mode, low) = (modrm >> 6, modrm & 7);
    if mode == 3 {
        // Into a register: that does not fault.
        return Err(Unknown::Other);
    }
    let base = if low == 4 { code.next()? & 7 } else { low };
    let displacement = match (mode, base) {
        // The address of the instruction, or no base at all.
        (0, 5) => 4,
        (0, _) => 0,
        (1, _) => 1,
        _ => 4,
    };
    code.skip(displacement)?;
    Ok(modrm)
}
