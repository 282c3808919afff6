//! LZ4 blocks: no frame, no checksum, no length before them.

use core::fmt;
use lz4_flex::block::{self, CompressTable};

/// The bytes are not an LZ4 block, or what comes out of it is longer than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadBlock;

impl fmt::Display for BadBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an LZ4 block of this length")
    }
}

impl std::error::Error for BadBlock {}

/// Makes and reads LZ4 blocks. It is made once and used again: after the longest block so far it
/// does not allocate.
pub struct Lz4 {
    table: CompressTable,
    /// What the last call produced is at its beginning. It only grows.
    output: Vec<u8>,
}

impl Lz4 {
    /// A coder that can be used for any number of blocks.
    #[must_use]
    pub fn new() -> Lz4 {
        // One kind of table for all lengths: a block does not depend on those before it.
        Lz4 {
            table: CompressTable::large(),
            output: Vec::new(),
        }
    }

    /// The block that has `input` in it, at most `input.len() * 1.1 + 20` bytes. Matches reach back
    /// 64 KiB. An empty input is the block `[0]`.
    pub fn compress(&mut self, input: &[u8]) -> &[u8] {
        let bound = block::get_maximum_output_size(input.len());
        let output = room(&mut self.output, bound);
        let length = block::compress_into_with_table(input, output, &mut self.table);
        let length = length.expect("the bound suffices for any input");
        &self.output[..length]
    }

    /// What is in the block `input`, if it is at most `most` bytes.
    ///
    /// # Errors
    /// [`BadBlock`].
    pub fn decompress(&mut self, input: &[u8], most: usize) -> Result<&[u8], BadBlock> {
        // A byte of a block stands for at most 255 of data.
        let most = most.min(input.len().saturating_mul(255));
        let output = room(&mut self.output, most);
        let length = block::decompress_into(input, output).map_err(|_| BadBlock)?;
        Ok(&self.output[..length])
    }
}

impl Default for Lz4 {
    fn default() -> Self {
        Lz4::new()
    }
}

fn room(buffer: &mut Vec<u8>, len: usize) -> &mut [u8] {
    if buffer.len() < len {
        buffer.resize(len, 0);
    }
    &mut buffer[..len]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_block_reads_as_the_format_prescribes() {
        // Five literals, a match of seven at distance 1, five literals.
        let block = b"\x53aaaab\x01\x00\x50cdefg";
        let mut lz4 = Lz4::new();
        assert_eq!(lz4.decompress(block, 100), Ok(&b"aaaabbbbbbbbcdefg"[..]));
        assert_eq!(lz4.decompress(block, 17).map(<[u8]>::len), Ok(17));
        assert_eq!(lz4.decompress(block, 16), Err(BadBlock));
    }

    #[test]
    fn what_is_no_block_is_an_error() {
        let mut lz4 = Lz4::new();
        // A distance of 0, one before the beginning, too few literals, nothing at all.
        for bad in [
            &b"\x13a\x00\x00\x10z"[..],
            b"\x13a\x02\x00\x10z",
            b"\x50ab",
            b"",
        ] {
            assert_eq!(lz4.decompress(bad, 100), Err(BadBlock), "{bad:?}");
        }
    }

    #[test]
    fn a_block_does_not_depend_on_those_before_it() {
        let long = b"as long as it takes to fill the table ".repeat(4000);
        let mut used = Lz4::new();
        used.compress(&long);
        assert_eq!(
            used.compress(&long[..999]),
            Lz4::new().compress(&long[..999])
        );
        assert_eq!(used.compress(b""), [0]);
    }

    proptest! {
        #[test]
        fn a_block_comes_back_as_the_same_bytes(
            data in proptest::collection::vec(0_u8..4, 0..5000), most in 0_usize..6000,
        ) {
            let mut lz4 = Lz4::new();
            let block = lz4.compress(&data).to_vec();
            let back = lz4.decompress(&block, most);
            prop_assert_eq!(back, if most < data.len() { Err(BadBlock) } else { Ok(&data[..]) });
        }

        #[test]
        fn any_bytes_are_a_block_or_an_error(data in any::<Vec<u8>>()) {
            if let Ok(made) = Lz4::new().decompress(&data, 3000) {
                prop_assert!(made.len() <= 3000);
            }
        }
    }
}
