//! A message as a descriptor.

use super::store::{self, Way};
use super::{Facts, Kind, address, results, window};
use crate::bd::zip::{
    Bytes, FLAT, LARGEST, LARGEST_LZ77_ZSTD, LISTS, Request, Sqe, SqeType, context,
};
use crate::ctypes::v1::wd_comp::{
    wcrypto_comp_alg_type, wcrypto_comp_flush_type, wcrypto_comp_level, wcrypto_comp_msg,
    wcrypto_comp_optype, wcrypto_zstd_out,
};
use crate::drv::hisi_zip::lz::{self, FREQUENCIES, LITERALS_SPARE};
use crate::drv::hisi_zip::stream::STORE;
use crate::error::{Error, Result};
use crate::log_error;
use crate::qm::layout::Version;
use core::num::NonZeroU64;

/// Puts the descriptor of a message into bytes that were zero. `map` tells the device's address of so
/// many bytes at an address of the process; what it told before an error is mapped all the same. More
/// room for output than the engine takes is not used: `message.avail_out` says afterwards how much is.
///
/// # Errors
/// [`Error::Invalid`] for numbers that mean nothing, for a format that the device does not have, for
/// sizes that it does not take, and for memory that it cannot reach.
#[inline(always)]
pub fn encode(
    facts: Facts,
    message: &mut wcrypto_comp_msg,
    bytes: &mut Bytes,
    mut map: impl FnMut(usize, usize) -> Option<NonZeroU64>,
) -> Result<()> {
    let kind = Kind::of(message)?;
    let mut sqe = Sqe {
        request: request(facts, kind, message)?.code(),
        finish: message.flush_type == wcrypto_comp_flush_type::WCRYPTO_FINISH as u8,
        stateful: kind.stateful,
        new_stream: kind.new,
        buffer_type: if kind.lists { LISTS } else { FLAT },
        isize: message.isize,
        checksum: message.checksum,
        ..Sqe::default()
    };
    if facts.version >= Version::V3 {
        sqe.sqe_type = SqeType::Type3.code();
        sqe.tag_type3 = message.tag.into();
        if message.op_type != wcrypto_comp_optype::WCRYPTO_INFLATE as u8 {
            sqe.window = window(message)?;
        }
    } else {
        sqe.sqe_type = SqeType::Type0.code();
        sqe.tag = message.tag;
    }
    if kind.stateful {
        let words = message.ctx_buf.cast::<[u32; 3]>();
        sqe.ctx = facts.promise.read(words).ok_or(Error::Invalid)?;
    }
    if kind.is_lz77() {
        sqe = lz77(facts, kind, message, &mut map, sqe)?;
    } else {
        deflate(facts, kind, message, &mut map, &mut sqe)?;
    }
    sqe.put(bytes);
    Ok(())
}

/// What the engine is asked for.
#[inline(always)]
fn request(facts: Facts, kind: Kind, message: &wcrypto_comp_msg) -> Result<Request> {
    const ZLIB: u8 = wcrypto_comp_alg_type::WCRYPTO_ZLIB as u8;
    const GZIP: u8 = wcrypto_comp_alg_type::WCRYPTO_GZIP as u8;
    match kind.format {
        ZLIB => Ok(Request::Zlib),
        GZIP => Ok(Request::Gzip),
        _ => request_of_new(facts, kind, message),
    }
}

/// The same for the formats that came with version 3.
fn request_of_new(facts: Facts, kind: Kind, message: &wcrypto_comp_msg) -> Result<Request> {
    const PLAIN: u8 = wcrypto_comp_level::WCRYPTO_COMP_L8 as u8;
    const PRICE: u8 = wcrypto_comp_level::WCRYPTO_COMP_L9 as u8;
    let new = facts.version >= Version::V3;
    match (kind.is_lz77(), message.comp_lv) {
        (false, _) if new => Ok(Request::Deflate),
        (true, 0 | PLAIN) if new => Ok(Request::Lz77Zstd),
        (true, PRICE) if new => Ok(Request::Lz77ZstdPrice),
        (_, level) => {
            log_error!(
                "hisi_zip: no format {} of level {level} on this device",
                message.alg_type
            );
            Err(Error::Invalid)
        }
    }
}

#[inline(always)]
fn deflate(
    facts: Facts,
    kind: Kind,
    message: &mut wcrypto_comp_msg,
    map: &mut impl FnMut(usize, usize) -> Option<NonZeroU64>,
    sqe: &mut Sqe,
) -> Result<()> {
    if message.avail_out == 0 || !kind.lists && message.in_size > LARGEST {
        return Err(bad_size(message));
    }
    if !kind.lists {
        message.avail_out = message.avail_out.min(LARGEST);
    }
    (sqe.input_length, sqe.output_space) = (message.in_size, message.avail_out);
    let way = store::way(facts.promise, kind, message);
    let mut context = 0;
    if kind.stateful {
        context = address(message.ctx_buf.cast(), context::SIZE, map)?;
        sqe.stream_context = context + context::HARDWARE as u64;
    }
    match way {
        Way::Direct => {
            sqe.destination = address(message.dst, message.avail_out as usize, map)?;
        }
        Way::Stored => {
            sqe.destination = context + store::AT as u64;
            sqe.output_space = STORE as u32;
        }
        Way::Ignored => {
            let scratch = context + store::SCRATCH_AT as u64;
            (sqe.source, sqe.destination) = (scratch, scratch);
            (sqe.input_length, sqe.output_space) = (0, store::IGNORED);
            return Ok(());
        }
    }
    sqe.source = if message.in_size == 0 {
        // No byte of it is read; the engine wants an address that is mapped.
        sqe.destination
    } else {
        address(message.src, message.in_size as usize, map)?
    };
    Ok(())
}

/// By value, so that the other formats' descriptors need not lie in memory.
fn lz77(
    facts: Facts,
    kind: Kind,
    message: &mut wcrypto_comp_msg,
    map: &mut impl FnMut(usize, usize) -> Option<NonZeroU64>,
    mut sqe: Sqe,
) -> Result<Sqe> {
    let room = Room::of(facts, kind, message)?;
    let block = facts.promise.read(results(facts, message));
    if kind.stateful {
        let context = address(message.ctx_buf.cast(), context::SIZE, map)?;
        sqe.stream_context = context + context::HARDWARE as u64;
    }
    sqe.source = address(message.src, message.in_size as usize, map)?;
    if kind.lists {
        sqe.literals = address(room.literals, room.literals_len as usize, map)?;
        sqe.destination = address(room.sequences, room.sequences_len as usize, map)?;
    } else {
        sqe.literals = address(message.dst, message.avail_out as usize, map)?;
        sqe.destination = sqe.literals + u64::from(room.literals_len);
    }
    sqe.input_length = message.in_size;
    // Where other requests of old devices have their mark.
    sqe.tag = room.literals_len;
    sqe.output_space = room.sequences_len;
    if kind.stateful {
        let block = block.ok_or(Error::Invalid)?.blk_type;
        lz::prepare_codes(facts.promise, message.ctx_buf, Some(block));
    }
    Ok(sqe)
}

/// The room for the output of LZ77.
#[derive(Clone, Copy)]
pub(super) struct Room {
    pub literals: *const u8,
    pub literals_len: u32,
    pub sequences: *const u8,
    pub sequences_len: u32,
}

impl Room {
    /// The room that a message has. Of plain memory the sequences get what the literals leave, and
    /// `message.avail_out` is how much of it is used.
    ///
    /// # Errors
    /// [`Error::Invalid`] for sizes that the engine does not take.
    pub fn of(facts: Facts, kind: Kind, message: &mut wcrypto_comp_msg) -> Result<Room> {
        if message.in_size == 0 || message.in_size > LARGEST_LZ77_ZSTD {
            return Err(bad_size(message));
        }
        let literals_len = message.in_size + LITERALS_SPARE;
        if kind.lists {
            let out = message.dst.cast::<wcrypto_zstd_out>();
            let out = facts.promise.read(out).ok_or(Error::Invalid)?;
            if out.lit_sz < literals_len || out.seq_sz < FREQUENCIES {
                return Err(bad_size(message));
            }
            return Ok(Room {
                literals: out.literal.cast(),
                literals_len: out.lit_sz,
                sequences: out.sequence.cast(),
                sequences_len: out.seq_sz,
            });
        }
        message.avail_out = message.avail_out.min(LARGEST + literals_len);
        let left = message.avail_out.checked_sub(literals_len);
        let Some(sequences_len) = left.filter(|left| *left >= FREQUENCIES) else {
            return Err(bad_size(message));
        };
        Ok(Room {
            literals: message.dst,
            literals_len,
            sequences: message.dst.wrapping_add(literals_len as usize),
            sequences_len,
        })
    }
}

#[cold]
fn bad_size(message: &wcrypto_comp_msg) -> Error {
    log_error!(
        "hisi_zip: {} bytes of input or {} of room are no sizes for this request",
        message.in_size,
        message.avail_out
    );
    Error::Invalid
}
