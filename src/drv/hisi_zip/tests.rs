//! Answers that the simulated device does not give: how a stream may leave off in
//! the middle of deflate's blocks, and what is done with repeat codes. And marks.

use super::mark::{Mark, RECORDS};
use super::record::Record;
use super::{Facts, answer, lz, stream};
use crate::bd::zip::Sqe;
use crate::bd::zip::context::{HARDWARE, REPEAT_CODES, SIZE, Words};
use crate::ctypes::v2::Enum;
use crate::ctypes::v2::wd::{WD_EAGAIN, WD_IN_EPARA, WD_STREAM_END, WD_SUCCESS};
use crate::ctypes::v2::wd_comp::wd_comp_alg_type::{self, *};
use crate::ctypes::v2::wd_comp::{wd_comp_req, wd_lz77_zstd_data};
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::qm::layout::Version;
use crate::sys::lent::Promise;
use core::ptr::null_mut;
use proptest::prelude::*;

const FACTS: Facts = Facts {
    version: Version::V3,
    compresses: false,
    asynchronous: false,
    sva: true,
    promise: Promise::in_tests(),
};

/// A stream's context, aligned for any of its words.
type Context = [u64; SIZE / 8];

fn blank() -> wd_comp_msg {
    wd_comp_msg {
        req: wd_comp_req {
            status: 99,
            ..wd_comp_msg::BLANK.req
        },
        comp_lv: Enum::new(8),
        stream_pos: Enum::new(1),
        ..wd_comp_msg::BLANK
    }
}

fn mark(format: wd_comp_alg_type) -> Mark {
    Mark {
        tag: 7,
        header: 0,
        format,
        stored: false,
        record: 0,
    }
}

/// The status of a request of a stream that left off with these words and `consumed` of 5 bytes.
fn left_off(
    format: wd_comp_alg_type,
    words: [u32; 3],
    consumed: u32,
    context: &mut Context,
) -> i32 {
    let sqe = Sqe {
        stateful: true,
        consumed,
        input_length: 5,
        ctx: words,
        ..Sqe::default()
    };
    let mut message = blank();
    message.ctx_buf = context.as_mut_ptr().cast();
    message.req.src_len = 5;
    answer::decode(&FACTS, &sqe, mark(format), None, &mut message);
    assert_eq!(message.tag, 7);
    assert_eq!(context[0] as u32, words[0]);
    message.req.status as i32
}

#[test]
fn output_that_is_left_asks_for_another_call() {
    let mut context = [0; SIZE / 8];
    for format in [WD_DEFLATE, WD_ZLIB, WD_GZIP] {
        let mut status = |words, consumed| left_off(format, words, consumed, &mut context);
        assert_eq!(status([1, 0, 0], 5), WD_EAGAIN);
        // The output is full inside the last block, which is stored, and the input is used up.
        assert_eq!(status([2 | 0x80, 9, 0], 5), WD_EAGAIN);
        assert_eq!(status([2 | 0x80, 9, 0], 4), WD_SUCCESS);
        assert_eq!(status([2 | 0x80, 0, 0], 5), WD_SUCCESS);
        assert_eq!(status([2, 9, 0], 5), WD_SUCCESS);
        assert_eq!(status([4, 9, 0], 5), WD_SUCCESS);
    }
}

#[test]
fn the_rest_of_raw_deflate_is_looked_at_where_the_engine_keeps_it() {
    let window = 0x7ff1_u32;
    let mut context = [0; SIZE / 8];
    let mut status = |format, bits: u32, byte: u64| {
        let at = HARDWARE + 0xc00 + window.next_multiple_of(16) as usize;
        context[at / 8] = byte;
        left_off(format, [3 | bits << 10, 0, window], 5, &mut context)
    };
    // An empty last block with fixed codes, one that is not the last, and what is no block.
    assert_eq!(status(WD_DEFLATE, 16, 0x0003), WD_EAGAIN);
    assert_eq!(status(WD_DEFLATE, 16, 0x0002), WD_SUCCESS);
    assert_eq!(status(WD_DEFLATE, 8, 0x03), WD_SUCCESS);
    assert_eq!(status(WD_DEFLATE, 16, 0x0007), WD_IN_EPARA);
    assert_eq!(status(WD_DEFLATE, 0, 0x0007), WD_SUCCESS);
    // The other formats have a trailer, so the engine knows itself.
    assert_eq!(status(WD_ZLIB, 16, 0x0003), WD_SUCCESS);
}

#[test]
fn a_window_that_no_context_has_room_for_is_not_followed() {
    let mut context = [0; SIZE / 8];
    let words = [3 | 16 << 10, 0, 0xffff];
    assert_eq!(left_off(WD_DEFLATE, words, 5, &mut context), WD_SUCCESS);
}

#[test]
fn a_store_buffer_that_is_nonsense_is_empty_soon_and_no_good_end() {
    let mut context: Context = [u64::MAX; SIZE / 8];
    let mut output = [0; 1000];
    let mut message = blank();
    message.ctx_buf = context.as_mut_ptr().cast();
    message.req.dst = output.as_mut_ptr().cast();
    message.req.dst_len = 1000;
    assert_eq!(
        stream::without_device(&FACTS, &mut message, WD_ZLIB),
        Ok(true)
    );
    assert_eq!(message.produced, 0);
    assert_eq!(message.req.status, WD_IN_EPARA as u32);
    assert_eq!(
        stream::without_device(&FACTS, &mut message, WD_ZLIB),
        Ok(false)
    );
}

#[test]
fn the_end_of_a_stream_needs_both_its_signs() {
    let status = |status: u8, last_block: bool| {
        let sqe = Sqe {
            status,
            last_block,
            ..Sqe::default()
        };
        let mut message = blank();
        answer::decode(&FACTS, &sqe, mark(WD_ZLIB), None, &mut message);
        message.req.status as i32
    };
    assert_eq!(status(0x13, true), WD_STREAM_END);
    assert_eq!(status(0x13, false), WD_SUCCESS);
    assert_eq!(status(0x00, true), WD_SUCCESS);
    assert_eq!(status(0x10, true), WD_IN_EPARA);
}

/// Sends a block of a stream of LZ77 for zstd; the words 3 to 8 of the context, and the engine's
/// codes with the length behind them.
fn send_block(context: &mut Context, block: u32) -> ([u32; 6], [u32; 4]) {
    let (input, mut output) = ([1_u8; 100], [0_u8; 3000]);
    let mut data = wd_lz77_zstd_data {
        literals_start: null_mut(),
        sequences_start: null_mut(),
        lit_num: 0,
        seq_num: 0,
        lit_length_overflow_cnt: 0,
        lit_length_overflow_pos: 0,
        freq: null_mut(),
        blk_type: block,
    };
    let mut message = blank();
    message.req.src = input.as_ptr().cast_mut().cast();
    message.req.src_len = 100;
    message.req.dst = output.as_mut_ptr().cast();
    message.avail_out = 3000;
    message.req.priv_ = (&raw mut data).cast();
    message.ctx_buf = context.as_mut_ptr().cast();
    let facts = Facts {
        compresses: true,
        ..FACTS
    };
    let job = lz::encode_lz77(&facts, &message, WD_LZ77_ZSTD);
    assert_eq!(job.map(|job| job.sqe.tag), Ok(116));
    let word = |at: usize| (context[at / 8] >> (at % 8 * 8)) as u32;
    (
        core::array::from_fn(|at| word(12 + 4 * at)),
        core::array::from_fn(|at| word(HARDWARE + REPEAT_CODES + 4 * at)),
    )
}

#[test]
fn repeat_codes_go_on_behind_compressed_blocks_and_are_taken_back_behind_others() {
    let mut fresh = [0; SIZE / 8];
    // Software's words 3 to 8, codes after and before the last block; the engine's 5, 6, 7 and 9.
    fresh[1] = 11 << 32;
    fresh[2] = 12 | 13 << 32;
    fresh[3] = 21 | 22 << 32;
    fresh[4] = 23;
    let engine = (HARDWARE + REPEAT_CODES) / 8;
    fresh[engine] = 5 | 6 << 32;
    fresh[engine + 1] = 7 | 9 << 32;
    let compressed = send_block(&mut fresh.clone(), 2);
    assert_eq!(compressed, ([11, 12, 13, 11, 12, 13], [5, 6, 7, 0]));
    for other in [0, 1] {
        let taken_back = send_block(&mut fresh.clone(), other);
        assert_eq!(taken_back, ([11, 12, 13, 21, 22, 23], [21, 22, 23, 0]));
    }
}

#[test]
fn what_a_device_changes_in_a_descriptor_makes_no_answer_greater() {
    let mut context = [0; SIZE / 8];
    let mut output = [0xa5_u8; 30];
    // Outputs of streams that small go through the store buffer.
    let stored = Mark {
        stored: true,
        ..mark(WD_ZLIB)
    };
    for (stateful, status) in [(true, 0), (false, 0), (true, 4), (false, 4)] {
        let sqe = Sqe {
            stateful,
            status,
            consumed: 5,
            input_length: 4000,
            produced: 200,
            output_space: 4000,
            ..Sqe::default()
        };
        for (marked, input) in [(stored, 5), (mark(WD_ZLIB), 5), (stored, 4)] {
            let mut message = blank();
            message.ctx_buf = context.as_mut_ptr().cast();
            message.req.dst = output[10..].as_mut_ptr().cast();
            (message.req.src_len, message.req.dst_len) = (input, 10);
            answer::decode(&FACTS, &sqe, marked, None, &mut message);
            assert!(message.produced <= 10 && message.in_cons <= input);
            assert_eq!((output[9], output[20]), (0xa5, 0xa5));
        }
    }
}

#[test]
fn results_of_lz77_lie_in_their_room() {
    let mut record = Record::default();
    (record.literals, record.sequences) = (100, 1000);
    let fits = |literals, sequences, format| {
        let sqe = Sqe {
            comp_data_length: literals,
            produced: sequences,
            ..Sqe::default()
        };
        lz::fits(&sqe, format, &record)
    };
    assert!(fits(100, 125, WD_LZ77_ONLY));
    assert!(!fits(101, 125, WD_LZ77_ONLY));
    assert!(!fits(100, 126, WD_LZ77_ONLY));
    assert!(!fits(0, u32::MAX, WD_LZ77_ONLY));
    // 8 bytes and 784 of frequencies lie behind them.
    assert!(fits(100, 26, WD_LZ77_ZSTD));
    assert!(!fits(100, 27, WD_LZ77_ZSTD));
}

proptest! {
    #[test]
    fn a_mark_comes_back_as_it_was(
        tag in any::<u32>(),
        header in any::<u16>(),
        format in 0_u32..6,
        stored in any::<bool>(),
        record in 0..=RECORDS as u16,
    ) {
        let format = wd_comp_alg_type::try_from(format).expect("one of six");
        let mark = Mark { tag, header, format, stored, record };
        prop_assert_ne!(mark.pack().get(), u64::MAX);
        prop_assert_eq!(Mark::unpack(mark.pack()), Some(mark));
    }

    #[test]
    fn any_answer_of_a_device_is_taken(bytes in proptest::collection::vec(any::<u8>(), 128)) {
        let sqe = Sqe::decode(&bytes.try_into().expect("128 bytes"));
        let mut context = [0; SIZE / 8];
        for compresses in [false, true] {
            for format in [WD_DEFLATE, WD_GZIP, WD_LZ4] {
                let mut message = blank();
                message.ctx_buf = context.as_mut_ptr().cast();
                let facts = Facts { compresses, ..FACTS };
                let stored = Mark { stored: true, ..mark(format) };
                answer::decode(&facts, &sqe, stored, None, &mut message);
                let words = Words(sqe.ctx);
                prop_assert!(words.head_bits() < 64);
                prop_assert_ne!(message.req.status, 99);
            }
        }
    }
}
