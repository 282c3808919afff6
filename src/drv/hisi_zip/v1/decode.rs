//! What a finished descriptor says, put into its message.

use super::encode::Room;
use super::store::{self, Way};
use super::{Facts, Kind, results};
use crate::bd::zip::context::{State, Words};
use crate::bd::zip::{Bytes, Sqe, Status};
use crate::ctypes::v1::wd::{WD_IN_EPARA, WD_SUCCESS, WD_VERIFY_ERR};
use crate::ctypes::v1::wd_comp::wcrypto_op_result::*;
use crate::ctypes::v1::wd_comp::{wcrypto_comp_alg_type, wcrypto_comp_msg};
use crate::drv::hisi_zip::lz::{self, FREQUENCIES, SEQUENCE, SEQUENCES_SPARE};
use crate::drv::hisi_zip::stream::STORE;
use crate::drv::hisi_zip::{answer, tail};
use crate::log_error;

/// Statuses of a descriptor whose integrity fields are wrong.
const SOURCE_DIF: u8 = 0x0f;
const DESTINATION_DIF: u8 = 0x12;

/// Puts the answer to a message into it. The message is as it was when it was sent; what a device
/// could have changed in the descriptor only spoils the answer.
#[inline(always)]
pub fn decode(facts: Facts, bytes: &Bytes, message: &mut wcrypto_comp_msg) {
    // Only the fields that are used are taken from the bytes.
    let sqe = Sqe::decode(bytes);
    match Kind::of(message) {
        Ok(kind) if kind.stateful || kind.is_lz77() => decode_more(facts, kind, bytes, message),
        // What almost every answer is.
        Ok(_)
            if sqe.status == Status::Ok.code()
                && sqe.consumed <= message.in_size
                && sqe.produced <= message.avail_out =>
        {
            (message.isize, message.checksum) = (sqe.isize, sqe.checksum);
            (message.in_cons, message.produced) = (sqe.consumed, sqe.produced);
            message.status = WD_SUCCESS as u32;
        }
        Ok(kind) => decode_more(facts, kind, bytes, message),
        Err(_) => {
            (message.in_cons, message.produced) = (0, 0);
            message.status = WD_IN_EPARA as u32;
        }
    }
}

/// Any answer to a message that means something.
#[inline(never)]
fn decode_more(facts: Facts, kind: Kind, bytes: &Bytes, message: &mut wcrypto_comp_msg) {
    let sqe = &Sqe::decode(bytes);
    (message.in_cons, message.produced) = (0, 0);
    let way = store::way(facts.promise, kind, message);
    if way == Way::Ignored {
        store::drain(facts.promise, message);
        return;
    }
    message.isize = sqe.isize;
    message.checksum = sqe.checksum;
    if kind.stateful {
        let words = message.ctx_buf.cast::<[u32; 3]>();
        facts.promise.write(words, sqe.ctx);
    }
    if let Some(wrong) = lies(facts, kind, way, sqe, message) {
        log_error!("hisi_zip: a device claims {wrong}");
        message.status = WD_IN_EPARA as u32;
        return;
    }
    message.in_cons = sqe.consumed;
    message.produced = sqe.produced;
    message.status = status(facts, kind, sqe, message);
    let failed = message.status == WD_IN_EPARA as u32;
    if way == Way::Stored {
        if failed {
            // What is in the store buffer is not handed out.
            message.produced = 0;
        } else {
            store::fill(facts.promise, message);
        }
    }
    if kind.is_lz77() && !failed {
        answer_lz77(facts, kind, sqe, message);
    }
}

/// What of a descriptor cannot be, if anything.
fn lies(
    facts: Facts,
    kind: Kind,
    way: Way,
    sqe: &Sqe,
    message: &mut wcrypto_comp_msg,
) -> Option<&'static str> {
    if sqe.consumed > message.in_size {
        return Some("more input than there was");
    }
    let fits = if kind.is_lz77() {
        // As it was when the request was sent, or the program has changed it since.
        let Ok(room) = Room::of(facts, kind, message) else {
            return Some("results that have no room");
        };
        let behind = SEQUENCES_SPARE + FREQUENCIES;
        let sequences = u64::from(sqe.produced) * u64::from(SEQUENCE) + u64::from(behind);
        sqe.comp_data_length <= room.literals_len && sequences <= room.sequences_len.into()
    } else if way == Way::Stored {
        sqe.produced <= STORE as u32
    } else {
        sqe.produced <= message.avail_out
    };
    (!fits).then_some("more output than there was room for")
}

/// How the request ended, as `status` says it.
fn status(facts: Facts, kind: Kind, sqe: &Sqe, message: &wcrypto_comp_msg) -> u32 {
    let ended = match Status::from_code(sqe.status) {
        Status::StreamEnd if sqe.last_block => WCRYPTO_DECOMP_END as u32,
        Status::Ok | Status::StreamEnd => WD_SUCCESS as u32,
        Status::Expanded => WCRYPTO_NEGTIVE_COMP_ERR as u32,
        Status::Checksum => return WD_VERIFY_ERR as u32,
        Status::Failed(SOURCE_DIF) => return WCRYPTO_SRC_DIF_ERR as u32,
        Status::Failed(DESTINATION_DIF) => return WCRYPTO_DST_DIF_ERR as u32,
        Status::NoSpace | Status::Failed(_) => {
            log_error!("hisi_zip: a request ended with status {:#x}", sqe.status);
            return WD_IN_EPARA as u32;
        }
    };
    if !kind.stateful {
        return ended;
    }
    let words = Words(sqe.ctx);
    let all = sqe.consumed == message.in_size;
    let deflate = kind.format == wcrypto_comp_alg_type::WCRYPTO_RAW_DEFLATE as u8;
    match words.state() {
        State::NoChecksum => WCRYPTO_DECOMP_NO_CRC as u32,
        State::OutputPending => WCRYPTO_DECOMP_END_NOSPACE as u32,
        State::OutputFull if all && words.final_block() && words.stored_left() != 0 => {
            WCRYPTO_DECOMP_BLK_NOSTART as u32
        }
        State::BlockNotStarted if sqe.last_block => WCRYPTO_DECOMP_BLK_NOSTART as u32,
        State::BlockNotStarted if deflate && ended == WD_SUCCESS as u32 => {
            match answer::head_bits(facts.promise, words, message.ctx_buf) {
                Ok(true) => WCRYPTO_DECOMP_BLK_NOSTART as u32,
                Ok(false) => ended,
                Err(tail::Bad) => WD_IN_EPARA as u32,
            }
        }
        _ => ended,
    }
}

/// Puts the results of LZ77 where the request's tag says.
fn answer_lz77(facts: Facts, kind: Kind, sqe: &Sqe, message: &mut wcrypto_comp_msg) {
    if kind.stateful {
        lz::keep_codes(facts.promise, message.ctx_buf);
    }
    let at = results(facts, message);
    let Some(mut data) = facts.promise.read(at) else {
        return;
    };
    let Ok(room) = Room::of(facts, kind, message) else {
        return;
    };
    data.literals_start = room.literals.cast_mut().cast();
    data.sequences_start = room.sequences.cast_mut().cast();
    (data.lit_num, data.seq_num) = (sqe.comp_data_length, sqe.produced);
    (data.lit_length_overflow_cnt, data.lit_length_overflow_pos) = lz::overflow(sqe);
    if !kind.lists {
        // Bounded by `lies`.
        let behind = sqe.produced * SEQUENCE + SEQUENCES_SPARE;
        data.freq = data.sequences_start.wrapping_byte_add(behind as usize);
    }
    facts.promise.write(at, data);
}
