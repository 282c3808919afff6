//! Scatter-gather lists of the hardware: chains of lists, each a head of 64 bytes
//! and entries of 32 bytes behind it. ZIP and SEC engines read the same.

/// What the address of a head is a multiple of.
pub const ALIGNMENT: usize = 64;
/// Bytes of a head.
pub const HEAD: usize = 64;
/// Bytes of an entry.
pub const ENTRY: usize = 32;
/// The most entries of one list (`HISI_SGE_NUM_IN_SGL`).
pub const MOST_ENTRIES: usize = 255;
/// The most lists of one chain (`HISI_SGL_NUM_IN_BD`).
pub const MOST_LISTS: usize = 256;
/// The most bytes of one entry.
pub const LARGEST_ENTRY: u32 = 8 << 20;

/// The head of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The device's address of the next list, or 0.
    pub next: u64,
    /// Entries of all lists from here on, used or not; hardware does not rely on it.
    pub in_chain: u16,
    /// Entries of this list that are used.
    pub used: u16,
    /// Entries that this list has.
    pub present: u16,
}

impl Head {
    /// The head's bytes. What software may put there is zero.
    #[must_use]
    pub fn encode(&self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[..8].copy_from_slice(&self.next.to_le_bytes());
        bytes[8..10].copy_from_slice(&self.in_chain.to_le_bytes());
        bytes[10..12].copy_from_slice(&self.used.to_le_bytes());
        bytes[12..14].copy_from_slice(&self.present.to_le_bytes());
        bytes
    }

    /// The fields of a head's bytes.
    #[must_use]
    pub fn decode(bytes: &[u8; HEAD]) -> Head {
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        Head {
            next: word(&bytes[..8]),
            in_chain: half(8),
            used: half(10),
            present: half(12),
        }
    }
}

/// An entry: one piece of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The device's address of the first byte.
    pub address: u64,
    /// Bytes.
    pub length: u32,
}

impl Entry {
    /// The entry's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; ENTRY] {
        let mut bytes = [0; ENTRY];
        bytes[..8].copy_from_slice(&self.address.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.length.to_le_bytes());
        bytes
    }

    /// The fields of an entry's bytes.
    #[must_use]
    pub fn decode(bytes: &[u8; ENTRY]) -> Entry {
        Entry {
            address: word(&bytes[..8]),
            length: word(&bytes[16..20]) as u32,
        }
    }
}

/// Up to eight bytes, little-endian.
fn word(bytes: &[u8]) -> u64 {
    let byte = |word: u64, byte: &u8| word << 8 | u64::from(*byte);
    bytes.iter().rev().fold(0, byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_lie_where_the_driver_in_c_has_them() {
        let head = Head {
            next: 0x1122_3344_5566_7788,
            in_chain: 0x0102,
            used: 0x0304,
            present: 0x0506,
        };
        let bytes = head.encode();
        assert_eq!(bytes[..8], 0x1122_3344_5566_7788_u64.to_le_bytes());
        assert_eq!(bytes[8..16], [2, 1, 4, 3, 6, 5, 0, 0]);
        assert!(bytes[16..].iter().all(|b| *b == 0));
        assert_eq!(Head::decode(&bytes), head);
        let entry = Entry {
            address: 0x99aa_bbcc_ddee_ff00,
            length: 0x0123_4567,
        };
        let bytes = entry.encode();
        assert_eq!(bytes[..8], 0x99aa_bbcc_ddee_ff00_u64.to_le_bytes());
        assert_eq!(bytes[16..20], [0x67, 0x45, 0x23, 1]);
        assert_eq!(Entry::decode(&bytes), entry);
    }
}
