//! LZ4 frames around blocks (the frame format 1.6 of lz4). Frames whose blocks refer
//! to earlier ones are not decoded: drivers know blocks that are whole.

use super::{fill, put};
use crate::fail::{Fail, Result};
use crate::lane::{Format, Lanes, Status, USUAL, Way};
use std::hash::Hasher;
use std::io::{Read, Write};
use std::sync::Arc;
use twox_hash::XxHash32;
use warpdrive::alg::lane::Effort;

const MAGIC: u32 = 0x184d_2204;
/// 16 numbers from here on: frames of users, to be skipped.
const SKIPPABLE: u32 = 0x184d_2a50;
/// Version 1, independent blocks, a checksum of the content.
const FLAGS: u8 = 0b0110_0100;
/// The greatest blocks that a frame may have, and those for devices that cannot take these; each with
/// the byte that says so.
const BLOCKS: [(usize, u8); 2] = [(4 << 20, 0x70), (256 << 10, 0x50)];
/// In a block's size: it is not compressed.
const STORED: u32 = 1 << 31;

const LINKED: &str = "an LZ4 frame with linked blocks, which are not supported";

fn check_byte(descriptor: &[u8]) -> u8 {
    (XxHash32::oneshot(0, descriptor) >> 8) as u8
}

/// Compresses all of `reader` to one frame.
pub fn compress(
    lanes: &Arc<Lanes>,
    effort: Effort,
    reader: &mut impl Read,
    writer: &mut impl Write,
) -> Result<()> {
    let fits = |(size, _): &&(usize, u8)| *size <= lanes.longest();
    let (size, descriptor) = *BLOCKS.iter().find(fits).unwrap_or(&BLOCKS[1]);
    let descriptor = [FLAGS, descriptor];
    put(writer, &MAGIC.to_le_bytes())?;
    put(writer, &descriptor)?;
    put(writer, &[check_byte(&descriptor)])?;
    let mut sum = XxHash32::with_seed(0);
    let mut block = vec![0; size];
    loop {
        block.resize(size, 0);
        let count = fill(reader, &mut block)?;
        if count == 0 {
            break;
        }
        block.truncate(count);
        sum.write(&block);
        let input = Arc::new(std::mem::take(&mut block));
        let mut job = Format::Lz4.job(Way::Compress, Arc::clone(&input), 0);
        let done = lanes.run(0, effort, &mut job)?;
        let made = &job.output[..done.produced];
        if done.status == Status::Bad {
            return Err(Fail::at(lanes.who(), "cannot compress this"));
        }
        // Both are at most 4 MiB and a little.
        if made.len() < input.len() {
            put(writer, &(made.len() as u32).to_le_bytes())?;
            put(writer, made)?;
        } else {
            put(writer, &(input.len() as u32 | STORED).to_le_bytes())?;
            put(writer, &input)?;
        }
    }
    put(writer, &0_u32.to_le_bytes())?;
    put(writer, &sum.finish_32().to_le_bytes())
}

/// Decompresses all of `reader`: one frame after the other. What is ignored behind them.
pub fn decompress(
    lanes: &Arc<Lanes>,
    reader: &mut impl Read,
    writer: &mut impl Write,
) -> Result<Option<&'static str>> {
    for frames in 0_u64.. {
        let mut magic = [0; 4];
        let count = fill(reader, &mut magic)?;
        if count == 0 && frames > 0 {
            return Ok(None);
        }
        let number = u32::from_le_bytes(magic);
        if count == 4 && number & !15 == SKIPPABLE {
            let length = word(reader)?;
            let skipped = std::io::copy(&mut reader.take(length.into()), &mut std::io::sink());
            if skipped.map_err(|error| Fail::at("input", error))? < length.into() {
                return Err(truncated());
            }
        } else if count == 4 && number == MAGIC {
            frame(lanes, reader, writer)?;
        } else if frames > 0 {
            break;
        } else {
            return Err(Fail::new("not in LZ4 frame format"));
        }
    }
    Ok(Some("ignored what is behind the frame"))
}

/// Decompresses a frame behind its magic number.
fn frame(lanes: &Arc<Lanes>, reader: &mut impl Read, writer: &mut impl Write) -> Result<()> {
    let mut descriptor = [0; 14];
    exactly(reader, &mut descriptor[..2])?;
    let has = |bit: u8| descriptor[0] & 1 << bit != 0;
    let (version, size, dictionary) = (descriptor[0] >> 6, has(3), has(0));
    let (independent, sums, sum_of_all) = (has(5), has(4), has(2));
    let code = descriptor[1] >> 4;
    if version != 1 || !(4..=7).contains(&code) {
        return Err(Fail::new("a kind of LZ4 frame that is not known"));
    }
    if dictionary {
        return Err(Fail::new("needs a dictionary, which is not supported"));
    }
    let end = 2 + if size { 8 } else { 0 };
    exactly(reader, &mut descriptor[2..end])?;
    let mut check = [0];
    exactly(reader, &mut check)?;
    if check[0] != check_byte(&descriptor[..end]) {
        return Err(Fail::new("a corrupt LZ4 header"));
    }
    let most = 1_usize << (8 + 2 * code);
    let mut sum = XxHash32::with_seed(0);
    let mut length = 0_u64;
    for number in 0_u64.. {
        let word_of_block = word(reader)?;
        if word_of_block == 0 {
            break;
        }
        if !independent && number > 0 {
            return Err(Fail::new(LINKED));
        }
        let stored = word_of_block & STORED != 0;
        let count = (word_of_block & !STORED) as usize;
        if count > most {
            return Err(corrupt());
        }
        let mut block = vec![0; count];
        exactly(reader, &mut block)?;
        if sums && word(reader)? != XxHash32::oneshot(0, &block) {
            return Err(corrupt());
        }
        let data = if stored {
            block
        } else {
            lanes
                .transform(Way::Decompress, USUAL, &block, most)
                .map_err(|_| corrupt())?
        };
        sum.write(&data);
        length += data.len() as u64;
        put(writer, &data)?;
    }
    if sum_of_all && word(reader)? != sum.finish_32() {
        return Err(Fail::new("corrupt data: its checksum is wrong"));
    }
    let mut told = [0; 8];
    if size {
        told.copy_from_slice(&descriptor[2..10]);
    }
    if size && u64::from_le_bytes(told) != length {
        return Err(Fail::new("corrupt data: its length is wrong"));
    }
    Ok(())
}

fn corrupt() -> Fail {
    Fail::new("corrupt data")
}

fn truncated() -> Fail {
    Fail::new("unexpected end of the data")
}

fn exactly(reader: &mut impl Read, bytes: &mut [u8]) -> Result<()> {
    if fill(reader, bytes)? < bytes.len() {
        return Err(truncated());
    }
    Ok(())
}

fn word(reader: &mut impl Read) -> Result<u32> {
    let mut bytes = [0; 4];
    exactly(reader, &mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_byte_is_that_of_the_lz4_tool() {
        // The beginning of what `lz4 -9` 1.9 writes: 04224d18 64 40 a7.
        assert_eq!(check_byte(&[0x64, 0x40]), 0xa7);
    }
}
