//! Descriptors of LZ4 blocks and of LZ77, and where the results of LZ77 go.

use super::buffer::{Buffer, Place};
use super::job::{Job, buffers};
use super::mark::Mark;
use super::record::Record;
use super::{Facts, stream};
use crate::bd::zip::context::{HARDWARE, REPEAT_CODES};
use crate::bd::zip::{LARGEST, LARGEST_LZ77_ZSTD, Request, Sqe};
use crate::ctypes::v2::wd_comp::{wd_comp_alg_type, wd_comp_level, wd_lz77_zstd_data};
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::ctypes::v2::wd_internal::wd_datalist;
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::lent::Promise;
use core::ffi::c_void;

/// Room for literals beyond the input's length.
pub(super) const LITERALS_SPARE: u32 = 16;
/// Bytes of a sequence.
pub(super) const SEQUENCE: u32 = 8;
/// Bytes between the sequences and the frequencies.
pub(super) const SEQUENCES_SPARE: u32 = 8;
/// Bytes of frequencies, for zstd.
pub(super) const FREQUENCIES: u32 = 784;
/// Room for what the engine notes of itself, for `lz77_only`.
const NOTES: u32 = 16;
/// `blk_type` of a block that the caller has compressed with the last results.
pub(super) const COMPRESSED: u32 = 2;
/// Repeat codes: three words.
type Codes = [u32; 3];
/// Where in software's words of the context the codes lie that the engine has answered, and those
/// that its last request began with.
const CODES_AFTER: usize = 12;
const CODES_BEFORE: usize = 24;

/// A request for an LZ4 block.
///
/// # Errors
/// [`Error::Invalid`] in a stream, and for sizes that the engine does not take.
pub(super) fn encode_lz4(facts: &Facts, message: &wd_comp_msg) -> Result<Job> {
    let (source, mut destination) = buffers(message)?;
    if !facts.compresses || stream::is_stateful(message) || source.len == 0 {
        return Err(Error::Invalid);
    }
    if !source.is_list() {
        if source.len > LARGEST {
            return Err(Error::Invalid);
        }
        destination.len = destination.len.min(LARGEST);
    }
    let sqe = Sqe {
        request: Request::Lz4.code(),
        finish: message.req.last == 1,
        new_stream: stream::is_new(message),
        window: message.win_sz.0 as u8,
        ..Sqe::default()
    };
    Ok(Job {
        sqe,
        mark: mark(message, wd_comp_alg_type::WD_LZ4),
        source,
        destination,
        literals: None,
        results: core::ptr::null_mut(),
    })
}

fn mark(message: &wd_comp_msg, format: wd_comp_alg_type) -> Mark {
    Mark {
        tag: message.tag,
        header: 0,
        format,
        stored: false,
        record: 0,
    }
}

/// A request for LZ77. Where literals and sequences go is in the caller's structure then.
///
/// # Errors
/// [`Error::Invalid`] without that structure, for other levels than 8 and 9, and for sizes that the
/// engine does not take.
pub(super) fn encode_lz77(
    facts: &Facts,
    message: &wd_comp_msg,
    format: wd_comp_alg_type,
) -> Result<Job> {
    let results = message.req.priv_.cast::<wd_lz77_zstd_data>();
    let mut data = facts.promise.read(results).ok_or(Error::Invalid)?;
    let request = request(format, message)?;
    let (source, room) = buffers(message)?;
    if !facts.compresses || source.len == 0 {
        return Err(Error::Invalid);
    }
    let (literals, sequences) = split(facts.promise, source, room)?;
    check_sizes(format, message, source, sequences)?;
    let stateful = stream::is_stateful(message);
    let mut sqe = Sqe {
        request: request.code(),
        finish: message.req.last == 1,
        stateful,
        new_stream: stream::is_new(message),
        window: message.win_sz.0 as u8,
        // Where other requests of old devices have their mark.
        tag: literals.len,
        isize: message.isize,
        checksum: message.checksum,
        ..Sqe::default()
    };
    if stateful {
        sqe.ctx = stream::context_words(facts.promise, message)?;
        let zstd = format == wd_comp_alg_type::WD_LZ77_ZSTD;
        let block = zstd.then_some(data.blk_type);
        prepare_codes(facts.promise, message.ctx_buf, block);
    }
    data.literals_start = literals.start();
    data.sequences_start = sequences.start();
    facts.promise.write(results, data);
    Ok(Job {
        sqe,
        mark: mark(message, format),
        source,
        destination: sequences,
        literals: Some(literals),
        results,
    })
}

fn request(format: wd_comp_alg_type, message: &wd_comp_msg) -> Result<Request> {
    const PLAIN: u32 = wd_comp_level::WD_COMP_L8 as u32;
    const PRICE: u32 = wd_comp_level::WD_COMP_L9 as u32;
    match (format, message.comp_lv.0) {
        (wd_comp_alg_type::WD_LZ77_ZSTD, PLAIN) => Ok(Request::Lz77Zstd),
        (wd_comp_alg_type::WD_LZ77_ZSTD, PRICE) => Ok(Request::Lz77ZstdPrice),
        (_, PLAIN) => Ok(Request::Lz77Only),
        (_, PRICE) => Ok(Request::Lz77OnlyPrice),
        (_, level) => {
            log_error!("hisi_zip: level {level} is none of LZ77's, which are 8 and 9");
            Err(Error::Invalid)
        }
    }
}

/// The room for literals and that for sequences behind it: of a list the pieces that the literals
/// need, and the rest.
fn split(promise: Promise, source: Buffer, room: Buffer) -> Result<(Buffer, Buffer)> {
    let least = source
        .len
        .checked_add(LITERALS_SPARE)
        .ok_or(Error::Invalid)?;
    match room.place {
        Place::Flat(_) => {
            let sequences = room.without(least)?;
            let literals = Buffer { len: least, ..room };
            let len = sequences.len.min(LARGEST);
            Ok((literals, Buffer { len, ..sequences }))
        }
        Place::List(first) => {
            let (mut node, mut len) = (first, 0_u32);
            // As long as `room` says, so that a list that bites its tail has an end.
            while len < least && len < room.len {
                let piece = promise.read(node).ok_or(Error::Invalid)?;
                len = len.saturating_add(piece.len);
                node = skip_empty(promise, piece.next, room.len)?;
            }
            let left = room.len.checked_sub(len).filter(|_| len >= least);
            if node.is_null() {
                return Err(Error::Invalid);
            }
            let sequences = Buffer::new(Place::List(node), left.ok_or(Error::Invalid)?);
            Ok((Buffer { len, ..room }, sequences))
        }
    }
}

/// The first node from `node` on that has bytes; at most `most` are looked at.
fn skip_empty(promise: Promise, node: *mut wd_datalist, most: u32) -> Result<*mut wd_datalist> {
    let mut node = node;
    for _ in 0..most {
        match promise.read(node) {
            Some(piece) if piece.len == 0 => node = piece.next,
            _ => return Ok(node),
        }
    }
    Err(Error::Invalid)
}

impl Buffer {
    /// As results tell it: the first byte, or the first node.
    fn start(self) -> *mut c_void {
        match self.place {
            Place::Flat(at) => at.cast(),
            Place::List(node) => node.cast(),
        }
    }
}

/// The limits of the driver in C.
fn check_sizes(
    format: wd_comp_alg_type,
    message: &wd_comp_msg,
    source: Buffer,
    sequences: Buffer,
) -> Result<()> {
    let zstd = format == wd_comp_alg_type::WD_LZ77_ZSTD;
    let price = message.comp_lv.0 == wd_comp_level::WD_COMP_L9 as u32;
    let longest = if zstd {
        LARGEST_LZ77_ZSTD
    } else {
        LARGEST - LITERALS_SPARE
    };
    let least = if zstd { FREQUENCIES } else { NOTES };
    // In a stream the room has to be greater than this.
    let stream = match (zstd, price) {
        (true, false) => 1000,
        (true, true) => 4096 + FREQUENCIES + LITERALS_SPARE,
        (false, false) => 200,
        (false, true) => 4096,
    };
    if source.len > longest
        || sequences.len < least
        || (stream::is_stateful(message) && sequences.len <= stream)
    {
        log_error!(
            "hisi_zip: {} bytes are too many for LZ77, or {} too few for its sequences",
            source.len,
            sequences.len
        );
        return Err(Error::Invalid);
    }
    Ok(())
}

/// Gives the engine the repeat codes that the block begins with: those of the last block, if the
/// caller has compressed it with them (`block`, for zstd), else those before it.
pub(super) fn prepare_codes(promise: Promise, context: *mut c_void, block: Option<u32>) {
    let at = |offset: usize| context.wrapping_byte_add(offset).cast::<Codes>();
    let hardware = HARDWARE + REPEAT_CODES;
    if let Some(block) = block {
        let (from, to) = if block == COMPRESSED {
            (CODES_AFTER, CODES_BEFORE)
        } else {
            (CODES_BEFORE, hardware)
        };
        if let Some(codes) = promise.read(at(from)) {
            promise.write(at(to), codes);
        }
    }
    // The literal length behind them is of the last descriptor.
    promise.write(at(hardware + size_of::<Codes>()).cast::<u32>(), 0);
}

/// Keeps the repeat codes that the engine has answered.
pub(super) fn keep_codes(promise: Promise, context: *mut c_void) {
    let at = |offset: usize| context.wrapping_byte_add(offset).cast::<Codes>();
    if let Some(codes) = promise.read(at(HARDWARE + REPEAT_CODES)) {
        promise.write(at(CODES_AFTER), codes);
    }
}

/// How many sequences have a longer literal length than fits, and the position of the last.
pub(super) fn overflow(sqe: &Sqe) -> (u32, u32) {
    (sqe.checksum >> 24, sqe.checksum & 0x00ff_ffff)
}

/// Whether the results lie in the room that the request had for them.
pub(super) fn fits(sqe: &Sqe, format: wd_comp_alg_type, record: &Record) -> bool {
    let behind = if format == wd_comp_alg_type::WD_LZ77_ZSTD {
        SEQUENCES_SPARE + FREQUENCIES
    } else {
        0
    };
    let sequences = u64::from(sqe.produced) * u64::from(SEQUENCE) + u64::from(behind);
    sqe.comp_data_length <= record.literals && sequences <= record.sequences.into()
}

/// Puts the results into the caller's structure. `context` is the stream's, if it is one.
pub(super) fn answer(
    facts: &Facts,
    sqe: &Sqe,
    format: wd_comp_alg_type,
    record: &Record,
    context: *mut c_void,
) {
    let promise = facts.promise;
    let results = core::ptr::with_exposed_provenance_mut::<wd_lz77_zstd_data>(record.results);
    let Some(mut data) = promise.read(results) else {
        return;
    };
    data.lit_num = sqe.comp_data_length;
    data.seq_num = sqe.produced;
    if format == wd_comp_alg_type::WD_LZ77_ZSTD {
        (data.lit_length_overflow_cnt, data.lit_length_overflow_pos) = overflow(sqe);
        let behind = data
            .seq_num
            .saturating_mul(SEQUENCE)
            .saturating_add(SEQUENCES_SPARE);
        data.freq = frequencies(promise, record, data.sequences_start, behind);
        if !context.is_null() {
            keep_codes(promise, context);
        }
    }
    promise.write(results, data);
}

/// Where the frequencies are: `behind` bytes from the first sequence. In a list they may be in two
/// pieces, which a pointer cannot tell; it is null then.
fn frequencies(promise: Promise, record: &Record, start: *mut c_void, behind: u32) -> *mut c_void {
    if !record.has_lists {
        return start.wrapping_byte_add(behind as usize);
    }
    let list = Buffer::new(
        Place::List(start.cast()),
        behind.saturating_add(FREQUENCIES),
    );
    let rest = list.without(behind).ok();
    let piece = rest.and_then(|rest| rest.first(promise));
    match piece {
        Some(piece) if piece.len >= FREQUENCIES => piece.at.cast(),
        _ => core::ptr::null_mut(),
    }
}
