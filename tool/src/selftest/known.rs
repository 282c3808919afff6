//! Known answers, and data.

/// A compressed stream or block that this project has not made, and what is in it.
pub struct Known {
    /// What it is.
    pub name: &'static str,
    /// The compressed bytes, in hexadecimal.
    pub hex: &'static str,
    /// What they say.
    pub data: fn() -> Vec<u8>,
}

/// By zlib 1.2.13, level 9; the Adler-32 is the one published for this word.
pub const ZLIB: Known = Known {
    name: "zlib 1.2.13, Adler-32 11e60398",
    hex: "78da0bcfccce2c484dc94c040011e60398",
    data: || b"Wikipedia".to_vec(),
};

/// By zlib 1.2.13, level 9; the CRC-32 is the published check value.
pub const GZIP: Known = Known {
    name: "gzip by zlib 1.2.13, CRC-32 cbf43926",
    hex: "1f8b080000000000020333343236313533b7b004002639f4cb09000000",
    data: || b"123456789".to_vec(),
};

/// By zlib 1.2.13, level 9: a block with codes of its own.
pub const DEFLATE: Known = Known {
    name: "dynamic block by zlib 1.2.13",
    hex: "85d1bb0dc2501404d17cabb80510e0ffbe72b0f410818525b044fb1430c1c6a3134d6bb59fd775f46f9dcfda7b\
          ffd4f9aeebd5ebf7388e5b3574350762922d908d640d642559025948e6406692299089640c642419021948ee81a0\
          cbe13ebb1ceeb3cbe13ebb1ceeb3cbe13ebb1ceeb3cbe13ebb1ceeb3cbe13ebb1ceeb3eb0f",
    data: song,
};

/// By lz4 1.9, level 9.
pub const LZ4: Known = Known {
    name: "block by lz4 1.9",
    hex: "fe11393920626f74746c6573206f662062656572206f6e207468652077616c6c2c2020003f0a393833000c1e383300\
          1f3733000c1e3733001f3633000c1e3633001f3533000c1e3533001f3433000c1e3433001f3333000c1e3333001f\
          3233000c1e3233001f3133000c1e3133001f3033000c0d20002f0a38fe010c0e20002f0a38fe010c0e20002f0a38\
          fe010c0e20002f0a38fe010c0e20002f0a38fe010c0e20002f0a38fe010c0e20002f0a38fe010c0e20002f0a38fe\
          010c0e20002f0a38fe010c0e20002f0a38fe010c0a200050626565720a",
    data: song,
};

impl Known {
    /// The compressed bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let digits: Vec<u8> = self.hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let value = |digit: u8| (digit as char).to_digit(16).unwrap_or(0) as u8;
        let pairs = digits.chunks_exact(2);
        pairs
            .map(|pair| value(pair[0]) << 4 | value(pair[1]))
            .collect()
    }
}

fn song() -> Vec<u8> {
    let line = |n| format!("{n} bottles of beer on the wall, {n} bottles of beer\n");
    (80..100).rev().map(line).collect::<String>().into_bytes()
}

/// Text that compresses, with matches near and far.
pub fn text(len: usize) -> Vec<u8> {
    let line = |i: usize| format!("{i}: {} of {} sheep\n", i * 7919 % 1009, i / 3);
    (0..).flat_map(|i| line(i).into_bytes()).take(len).collect()
}

/// Bytes that do not compress; always the same.
pub fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut step = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| step()).collect()
}
