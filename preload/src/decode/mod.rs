//! What an instruction stores, read from its bytes: the stores that compilers emit for a doorbell.
//! Pure functions; where the instruction stores is known from the fault.

#![forbid(unsafe_code)]

#[cfg(any(target_arch = "aarch64", test))]
pub mod aarch64;
#[cfg(any(target_arch = "x86_64", test))]
pub mod x86_64;

/// An instruction that stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Store {
    /// What is stored.
    pub from: From,
    /// How many bytes of it: 1, 2, 4 or 8.
    pub width: u8,
    /// The length of the instruction in bytes.
    pub len: u8,
    /// What it does besides.
    pub also: Also,
}

/// Where the value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "each machine has some of them")]
pub enum From {
    /// The low bytes of a register, by the number that the machine gives it.
    Register(u8),
    /// Bits 8 to 15 of a register (`ah`, `ch`, `dh`, `bh`).
    HighByte(u8),
    /// The instruction itself.
    Value(u64),
}

/// What a store does to a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "each machine has some of them")]
pub enum Also {
    /// Nothing.
    Nothing,
    /// The register that the value came from gets what was in memory.
    Exchange,
    /// The register with this number, an address, moves by so many bytes.
    Move(u8, i16),
}

/// Why there is no [`Store`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// There are too few bytes to tell.
    Short,
    /// It is another instruction, or a store of another kind.
    Other,
}

#[cfg(test)]
mod tests;
