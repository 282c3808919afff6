//! Numbers in a descriptor: what is asked for, how it ended, and limits.

/// What the engine is asked for (word 9, bits 0-7). Whether it compresses or
/// decompresses is a property of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Raw deflate, version 3 and later.
    Deflate,
    /// Deflate with an Adler-32 trailer.
    Zlib,
    /// Deflate with a CRC-32 and length trailer.
    Gzip,
    /// An LZ4 block, compressed only, version 5 and later.
    Lz4,
    /// Literals and sequences, version 5 and later.
    Lz77Only,
    /// The same with prices weighed (level 9).
    Lz77OnlyPrice,
    /// Literals, sequences and frequencies for a zstd encoder with prices weighed (level 9),
    /// version 3 and later.
    Lz77ZstdPrice,
    /// The same without prices.
    Lz77Zstd,
}

impl Request {
    /// All of them.
    const ALL: [Request; 8] = [
        Request::Deflate,
        Request::Zlib,
        Request::Gzip,
        Request::Lz4,
        Request::Lz77Only,
        Request::Lz77OnlyPrice,
        Request::Lz77ZstdPrice,
        Request::Lz77Zstd,
    ];

    /// The number in the descriptor (`HW_DEFLATE` and so on).
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Request::Deflate => 1,
            Request::Zlib => 2,
            Request::Gzip => 3,
            Request::Lz4 => 4,
            Request::Lz77Only => 0x40,
            Request::Lz77OnlyPrice => 0x41,
            Request::Lz77ZstdPrice => 0x42,
            Request::Lz77Zstd => 0x43,
        }
    }

    /// The request with this number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Request> {
        Request::ALL.into_iter().find(|r| r.code() == code)
    }

    /// Whether the output is literals and sequences.
    #[must_use]
    pub const fn is_lz77(self) -> bool {
        matches!(
            self,
            Request::Lz77Only | Request::Lz77OnlyPrice | Request::Lz77ZstdPrice | Request::Lz77Zstd
        )
    }
}

/// The kinds of descriptor (word 7, bits 28-31). They differ in where software's mark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqeType {
    /// Up to version 2: the mark is in word 13.
    Type0,
    /// From version 3 on: it is in words 26 and 27.
    Type3,
}

impl SqeType {
    /// The number in the descriptor.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            SqeType::Type0 => 0,
            SqeType::Type3 => 3,
        }
    }
}

/// What addresses are of (word 9, bits 8-11): plain memory.
pub const FLAT: u8 = 0;
/// What addresses are of: scatter-gather lists.
pub const LISTS: u8 = 1;

/// The most bytes of input or output of one request with plain addresses.
pub const LARGEST: u32 = 8 << 20;
/// The most bytes of input of a request for a zstd encoder.
pub const LARGEST_LZ77_ZSTD: u32 = 128 << 10;

/// How a request ended (word 3, bits 0-7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Ok,
    /// 0x0d: done, and the output is larger than the input.
    Expanded,
    /// 0x0e: the output space is too small.
    NoSpace,
    /// 0x10: the checksum in the trailer is not that of the data.
    Checksum,
    /// 0x13: the end of the stream was reached, in a stateful request.
    StreamEnd,
    /// Any other number: an error.
    Failed(u8),
}

impl Status {
    /// The number in the descriptor.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Status::Ok => 0,
            Status::Expanded => 0x0d,
            Status::NoSpace => 0x0e,
            Status::Checksum => 0x10,
            Status::StreamEnd => 0x13,
            Status::Failed(code) => code,
        }
    }

    /// The status with this number; every number is one.
    #[must_use]
    pub const fn from_code(code: u8) -> Status {
        match code {
            0 => Status::Ok,
            0x0d => Status::Expanded,
            0x0e => Status::NoSpace,
            0x10 => Status::Checksum,
            0x13 => Status::StreamEnd,
            code => Status::Failed(code),
        }
    }

    /// Whether the output is valid. The seed's driver accepts 0 and 0x0d; everything else is its -EIO.
    #[must_use]
    pub const fn is_good(self) -> bool {
        matches!(self, Status::Ok | Status::Expanded)
    }
}
