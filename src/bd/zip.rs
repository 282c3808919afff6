//! The ZIP engine's descriptor: 32 little-endian words. Results are written back
//! into the descriptor itself.

mod codes;
pub mod context;

pub use codes::{FLAT, LARGEST, LARGEST_LZ77_ZSTD, LISTS, Request, SqeType, Status};

/// Bytes of a descriptor.
pub const SIZE: usize = 128;

/// The descriptor as the queue moves it.
pub type Bytes = [u8; SIZE];

/// Words by their index (byte offset / 4).
mod dw {
    pub const CONSUMED: usize = 0;
    pub const PRODUCED: usize = 1;
    pub const COMP_DATA_LENGTH: usize = 2;
    pub const STATUS: usize = 3;
    pub const INPUT_LENGTH: usize = 4;
    pub const FLAGS: usize = 7;
    pub const DESTINATION_OFFSET: usize = 8;
    pub const REQUEST: usize = 9;
    pub const TAG: usize = 13;
    pub const OUTPUT_SPACE: usize = 14;
    pub const CTX_DW0: usize = 15;
    pub const SOURCE: usize = 18;
    pub const DESTINATION: usize = 20;
    pub const STREAM_CONTEXT: usize = 22;
    pub const LITERALS: usize = 24;
    pub const TAG_TYPE3: usize = 26;
    pub const CTX_DW1: usize = 28;
    pub const CTX_DW2: usize = 29;
    pub const ISIZE: usize = 30;
    pub const CHECKSUM: usize = 31;
}

/// Bits of word 7.
const OFFSET_MASK: u32 = 0x00ff_ffff;
const FLUSH: u32 = 1 << 25;
const STATEFUL: u32 = 1 << 26;
const NEW_STREAM: u32 = 1 << 27;
const TYPE_SHIFT: u32 = 28;
/// Bit 8 of word 3.
const LAST_BLOCK: u32 = 1 << 8;
/// Fields of word 9.
const BUFFER_TYPE_SHIFT: u32 = 8;
const WINDOW_SHIFT: u32 = 12;

/// The status of a completed descriptor, without decoding the rest.
#[inline]
#[must_use]
pub fn status(bytes: &Bytes) -> Status {
    Status::from_code(status_code(bytes))
}

/// The number of the status of a completed descriptor: for [`Status::from_code`].
#[inline]
#[must_use]
pub fn status_code(bytes: &Bytes) -> u8 {
    bytes[dw::STATUS * 4]
}

/// A descriptor, field by field. What no field names is zero in [`Sqe::encode`]
/// and ignored by [`Sqe::decode`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sqe {
    /// Out: input bytes eaten.
    pub consumed: u32,
    /// Out: output bytes written; for LZ77 the number of sequences.
    pub produced: u32,
    /// Out: compressed data length; for LZ77 the number of literals.
    pub comp_data_length: u32,
    /// Out: see [`Status`].
    pub status: u8,
    /// Out: the last block of the stream was reached.
    pub last_block: bool,
    /// Input bytes.
    pub input_length: u32,
    /// Byte offset into the source scatter list, 24 bits.
    pub source_offset: u32,
    /// Finish the stream (else: sync flush).
    pub finish: bool,
    /// The request is part of a stream.
    pub stateful: bool,
    /// The first request of a stream.
    pub new_stream: bool,
    /// See [`SqeType`]. 4 bits.
    pub sqe_type: u8,
    /// Byte offset into the destination scatter list, 24 bits.
    pub destination_offset: u32,
    /// See [`Request`].
    pub request: u8,
    /// 0 flat, 1 scatter-gather. 4 bits.
    pub buffer_type: u8,
    /// 0 = 4 KiB, 1 = 8, 2 = 16, 3 = 24, 4 = 32. 4 bits.
    pub window: u8,
    /// The software's mark, type 0; for LZ77 the literal buffer's size.
    pub tag: u32,
    /// The software's mark, type 3.
    pub tag_type3: u64,
    /// Output space in bytes.
    pub output_space: u32,
    /// The engine's state between requests of a stream.
    pub ctx: [u32; 3],
    /// Address of the input.
    pub source: u64,
    /// Address of the output.
    pub destination: u64,
    /// Address of the stream's context.
    pub stream_context: u64,
    /// Address of the literals, for LZ77. Shares its place with a cipher key that is not used here.
    pub literals: u64,
    /// In and out: bytes of the stream so far.
    pub isize: u32,
    /// In and out: checksum of the stream so far. For LZ77, bits 0-23 the position of a sequence
    /// whose literals are more than 65535, bits 24-31 how many there are.
    pub checksum: u32,
}

impl Sqe {
    /// The descriptor's bytes. Fields wider than their place are cut to it.
    #[inline]
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut bytes = [0; SIZE];
        self.put(&mut bytes);
        bytes
    }

    /// Puts the fields into bytes that were zero.
    #[inline]
    pub fn put(&self, bytes: &mut Bytes) {
        let mut address = |at: usize, value: u64| {
            bytes[at * 4..at * 4 + 8].copy_from_slice(&value.to_le_bytes());
        };
        address(dw::SOURCE, self.source);
        address(dw::DESTINATION, self.destination);
        address(dw::STREAM_CONTEXT, self.stream_context);
        address(dw::LITERALS, self.literals);
        address(dw::TAG_TYPE3, self.tag_type3);
        let mut word = |at: usize, value: u32| {
            bytes[at * 4..at * 4 + 4].copy_from_slice(&value.to_le_bytes());
        };
        let bit = |mask: u32, set: bool| if set { mask } else { 0 };
        word(dw::CONSUMED, self.consumed);
        word(dw::PRODUCED, self.produced);
        word(dw::COMP_DATA_LENGTH, self.comp_data_length);
        word(
            dw::STATUS,
            u32::from(self.status) | bit(LAST_BLOCK, self.last_block),
        );
        word(dw::INPUT_LENGTH, self.input_length);
        word(
            dw::FLAGS,
            self.source_offset & OFFSET_MASK
                | bit(FLUSH, self.finish)
                | bit(STATEFUL, self.stateful)
                | bit(NEW_STREAM, self.new_stream)
                | u32::from(self.sqe_type & 0xf) << TYPE_SHIFT,
        );
        word(
            dw::DESTINATION_OFFSET,
            self.destination_offset & OFFSET_MASK,
        );
        word(
            dw::REQUEST,
            u32::from(self.request)
                | u32::from(self.buffer_type & 0xf) << BUFFER_TYPE_SHIFT
                | u32::from(self.window & 0xf) << WINDOW_SHIFT,
        );
        word(dw::TAG, self.tag);
        word(dw::OUTPUT_SPACE, self.output_space);
        word(dw::CTX_DW0, self.ctx[0]);
        word(dw::CTX_DW1, self.ctx[1]);
        word(dw::CTX_DW2, self.ctx[2]);
        word(dw::ISIZE, self.isize);
        word(dw::CHECKSUM, self.checksum);
    }

    /// The fields of a descriptor's bytes. Any bytes are a descriptor.
    #[inline]
    #[must_use]
    pub fn decode(bytes: &Bytes) -> Sqe {
        let word = |at: usize| {
            let at = at * 4;
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let address = |at: usize| u64::from(word(at)) | u64::from(word(at + 1)) << 32;
        let (flags, request) = (word(dw::FLAGS), word(dw::REQUEST));
        Sqe {
            consumed: word(dw::CONSUMED),
            produced: word(dw::PRODUCED),
            comp_data_length: word(dw::COMP_DATA_LENGTH),
            status: word(dw::STATUS) as u8,
            last_block: word(dw::STATUS) & LAST_BLOCK != 0,
            input_length: word(dw::INPUT_LENGTH),
            source_offset: flags & OFFSET_MASK,
            finish: flags & FLUSH != 0,
            stateful: flags & STATEFUL != 0,
            new_stream: flags & NEW_STREAM != 0,
            sqe_type: (flags >> TYPE_SHIFT) as u8,
            destination_offset: word(dw::DESTINATION_OFFSET) & OFFSET_MASK,
            request: request as u8,
            buffer_type: (request >> BUFFER_TYPE_SHIFT) as u8 & 0xf,
            window: (request >> WINDOW_SHIFT) as u8 & 0xf,
            tag: word(dw::TAG),
            tag_type3: address(dw::TAG_TYPE3),
            output_space: word(dw::OUTPUT_SPACE),
            ctx: [word(dw::CTX_DW0), word(dw::CTX_DW1), word(dw::CTX_DW2)],
            source: address(dw::SOURCE),
            destination: address(dw::DESTINATION),
            stream_context: address(dw::STREAM_CONTEXT),
            literals: address(dw::LITERALS),
            isize: word(dw::ISIZE),
            checksum: word(dw::CHECKSUM),
        }
    }

    /// Writes only what the device writes back into a descriptor: the results. All other bytes
    /// stay as the caller sent them.
    pub fn write_results(&self, bytes: &mut Bytes) {
        let full = self.encode();
        let outputs = [
            dw::CONSUMED,
            dw::PRODUCED,
            dw::COMP_DATA_LENGTH,
            dw::STATUS,
            dw::CTX_DW0,
            dw::CTX_DW1,
            dw::CTX_DW2,
            dw::ISIZE,
            dw::CHECKSUM,
        ];
        for at in outputs {
            bytes[at * 4..at * 4 + 4].copy_from_slice(&full[at * 4..at * 4 + 4]);
        }
    }
}

#[cfg(test)]
mod tests;
