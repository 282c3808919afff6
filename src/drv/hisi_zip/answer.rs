//! What a finished descriptor says, put into its message.

use super::mark::Mark;
use super::record::Record;
use super::{Facts, lz, stream, tail};
use crate::bd::zip::context::{self, State, Words};
use crate::bd::zip::{Sqe, Status};
use crate::ctypes::v2::Enum;
use crate::ctypes::v2::wd::{WD_EAGAIN, WD_IN_EPARA, WD_STREAM_END, WD_SUCCESS};
use crate::ctypes::v2::wd_comp::wd_comp_alg_type;
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::log_error;
use crate::sys::lent::Promise;
use core::ffi::c_void;

/// Puts the answer of a request into its message, or, for an asynchronous one, into any.
///
/// What a device could have changed in the descriptor only spoils the answer: where things are
/// written is known from the message, the mark and the record.
pub(super) fn decode(
    facts: &Facts,
    sqe: &Sqe,
    mark: Mark,
    record: Option<&Record>,
    message: &mut wd_comp_msg,
) {
    message.tag = mark.tag;
    message.alg_type = Enum::new(mark.format as u32);
    message.avail_out = sqe.output_space;
    message.isize = sqe.isize;
    message.checksum = sqe.checksum;
    message.in_cons = sqe.consumed;
    message.produced = sqe.produced;
    let header = u32::from(mark.header);
    if facts.compresses {
        message.produced = message.produced.saturating_add(header);
    } else {
        message.in_cons = message.in_cons.saturating_add(header);
    }
    let stateful = !facts.asynchronous && stream::is_stateful(message);
    message.req.status = status(facts, sqe, mark, record, message) as u32;
    if mark.stored && message.req.status == WD_IN_EPARA as u32 {
        // What is in the store buffer is not handed out.
        message.produced = 0;
    }
    if is_lz77(mark) {
        // Sequences are no bytes of output.
        message.produced = 0;
    }
    if let Some(record) = record.filter(|_| message.req.status != WD_IN_EPARA as u32) {
        let context = if stateful {
            message.ctx_buf
        } else {
            core::ptr::null_mut()
        };
        lz::answer(facts, sqe, mark.format, record, context);
    }
    if stateful {
        let words = message.ctx_buf.cast::<[u32; 3]>();
        facts.promise.write(words, sqe.ctx);
        if mark.stored && message.req.status != WD_IN_EPARA as u32 {
            let all = sqe.consumed == sqe.input_length;
            stream::from_store(
                facts.promise,
                message,
                facts.compresses && sqe.finish && all,
            );
        }
    }
}

fn is_lz77(mark: Mark) -> bool {
    use wd_comp_alg_type::{WD_LZ77_ONLY, WD_LZ77_ZSTD};
    matches!(mark.format, WD_LZ77_ZSTD | WD_LZ77_ONLY)
}

/// The most that can have been produced: from the message, where it is the request's own. What the
/// descriptor of an asynchronous request says is held against the request by its session.
fn room(facts: &Facts, sqe: &Sqe, mark: Mark, message: &wd_comp_msg) -> u32 {
    if is_lz77(mark) {
        u32::MAX
    } else if facts.asynchronous {
        sqe.output_space.saturating_add(mark.header.into())
    } else if mark.stored {
        stream::STORE as u32
    } else {
        message.req.dst_len
    }
}

/// How the request ended, as `req.status` says it.
fn status(
    facts: &Facts,
    sqe: &Sqe,
    mark: Mark,
    record: Option<&Record>,
    message: &mut wd_comp_msg,
) -> i32 {
    let status = Status::from_code(sqe.status);
    let results = record.is_none_or(|record| !is_lz77(mark) || lz::fits(sqe, mark.format, record));
    let input = if facts.asynchronous {
        u32::MAX
    } else {
        message.req.src_len
    };
    if !results
        || message.produced > room(facts, sqe, mark, message)
        || message.in_cons > input
        || sqe.consumed > sqe.input_length
    {
        log_error!("hisi_zip: a device claims more bytes than it was given");
        (message.produced, message.in_cons) = (0, 0);
        return WD_IN_EPARA;
    }
    let words = Words(sqe.ctx);
    let all = sqe.consumed == sqe.input_length;
    match (status, words.state()) {
        (Status::StreamEnd, _) if sqe.last_block => return WD_STREAM_END,
        (Status::Ok | Status::Expanded | Status::StreamEnd, _) => {}
        _ => return WD_IN_EPARA,
    }
    if facts.compresses || facts.asynchronous || !stream::is_stateful(message) {
        return WD_SUCCESS;
    }
    match words.state() {
        State::OutputPending => WD_EAGAIN,
        State::OutputFull if all && words.final_block() && words.stored_left() != 0 => WD_EAGAIN,
        State::BlockNotStarted if mark.format == wd_comp_alg_type::WD_DEFLATE => {
            match head_bits(facts.promise, words, message.ctx_buf) {
                Ok(true) => WD_EAGAIN,
                Ok(false) => WD_SUCCESS,
                Err(tail::Bad) => WD_IN_EPARA,
            }
        }
        _ => WD_SUCCESS,
    }
}

/// Whether the input that the engine has taken and not looked at is the end of the stream: then one
/// more request, without input, makes it do so.
///
/// # Errors
/// [`tail::Bad`] if no deflate stream goes on so.
pub(super) fn head_bits(
    promise: Promise,
    words: Words,
    context: *mut c_void,
) -> Result<bool, tail::Bad> {
    let at = context::HARDWARE + words.head_bits_at();
    if at + size_of::<u64>() > context::SIZE || context.is_null() {
        return Ok(false);
    }
    let cached = context.cast::<u8>().wrapping_add(at);
    let bytes = promise.read(cached.cast::<[u8; 8]>());
    let bits = u64::from_le_bytes(bytes.unwrap_or_default());
    tail::is_the_end(bits, words.head_bits())
}
