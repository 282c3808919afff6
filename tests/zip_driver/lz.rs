//! LZ4 blocks, and literals and sequences, held against the crate and against what the
//! sequences say.

use super::lists::{List, listed};
use super::rig::*;
use warpdrive::Error;
use warpdrive::ctypes::v2::Enum;
use warpdrive::ctypes::v2::wd_comp::{wd_comp_alg_type, wd_lz77_zstd_data};
use warpdrive::ctypes::v2::wd_comp_drv::wd_comp_msg;

const LZ4: u32 = wd_comp_alg_type::WD_LZ4 as u32;
const ZSTD: u32 = wd_comp_alg_type::WD_LZ77_ZSTD as u32;
const PLAIN: u32 = wd_comp_alg_type::WD_LZ77_ONLY as u32;
/// Frequencies, and the bytes between them and the sequences.
const BEHIND: usize = 784 + 8;

#[test]
fn lz4_blocks_are_read_by_the_crate() {
    let rig = Rig::new("hisi_zip,api=5");
    for data in [text(1), text(100_000), noise(5000), vec![0; 70_000]] {
        let room = data.len() + data.len() / 9 + 32;
        let (message, block) = rig.whole(LZ4, 0, &data, room);
        assert_eq!(
            (message.req.status, message.in_cons as usize),
            (0, data.len())
        );
        let back = lz4_flex::block::decompress(&block, data.len()).expect("a block");
        assert!(back == data);
        let mut input = List::of(&data, &[7; 20]);
        let mut output = List::of(&vec![0; room], &[50; 20]);
        let mut message = listed(LZ4, 0, &mut input, &mut output);
        rig.run(&mut message).expect("an answer");
        let listed = output.bytes();
        assert!(listed[..message.produced as usize] == block);
    }
}

#[test]
fn lz4_only_compresses_whole_blocks() {
    let rig = Rig::new("hisi_zip,api=5");
    let (data, mut out) = (text(100), [0; 300]);
    let mut message = whole(LZ4, 1, &data, &mut out);
    assert_eq!(rig.run(&mut message), Err(Error::Invalid));
    let mut message = whole(LZ4, 0, &data, &mut out);
    message.stream_mode = Enum::new(0);
    assert_eq!(rig.run(&mut message), Err(Error::Invalid));
    let (message, _) = rig.whole(LZ4, 0, &noise(1000), 900);
    assert_ne!(message.req.status, 0);
}

fn blank() -> wd_lz77_zstd_data {
    wd_lz77_zstd_data {
        literals_start: std::ptr::null_mut(),
        sequences_start: std::ptr::null_mut(),
        lit_num: 0,
        seq_num: 0,
        lit_length_overflow_cnt: 0,
        lit_length_overflow_pos: 0,
        freq: std::ptr::null_mut(),
        blk_type: 0,
    }
}

/// What literals and sequences say, behind `out`.
fn replay(
    format: u32,
    data: &wd_lz77_zstd_data,
    literals: &[u8],
    sequences: &[u8],
    out: &mut Vec<u8>,
) {
    let field = |bytes: &[u8]| bytes.iter().rev().fold(0, |n, b| n << 8 | usize::from(*b));
    let mut rest = &literals[..data.lit_num as usize];
    for (at, s) in sequences
        .chunks_exact(8)
        .take(data.seq_num as usize)
        .enumerate()
    {
        let (mut run, length) = (field(&s[..4]), field(&s[6..]) + 3);
        let mut distance = field(&s[4..6]) + 1;
        if format == ZSTD {
            (run, distance) = (field(&s[4..6]), field(&s[..4]) - 3);
            let long = data.lit_length_overflow_cnt == 1;
            if long && data.lit_length_overflow_pos as usize == at {
                run += 1 << 16;
            }
        }
        let (now, later) = rest.split_at(run);
        out.extend_from_slice(now);
        rest = later;
        for _ in 0..length {
            out.push(out[out.len() - distance]);
        }
    }
    out.extend_from_slice(rest);
}

fn lz77(
    format: u32,
    level: u32,
    data: &[u8],
    out: &mut [u8],
    into: &mut wd_lz77_zstd_data,
) -> wd_comp_msg {
    let mut message = whole(format, 0, data, out);
    message.comp_lv = Enum::new(level);
    message.req.priv_ = std::ptr::from_mut(into).cast();
    message
}

#[test]
fn literals_and_sequences_say_what_the_input_was() {
    let rig = Rig::new("hisi_zip,api=5");
    let far = [noise(70_000), noise(30_000), noise(30_000)].concat();
    for data in [text(60_000), noise(3000), far, vec![5; 131_072]] {
        for (format, level) in [(ZSTD, 8), (ZSTD, 9), (PLAIN, 8), (PLAIN, 9)] {
            let mut out = vec![0; data.len() * 3 + 6000];
            let (start, mut into) = (out.as_mut_ptr(), blank());
            let mut message = lz77(format, level, &data, &mut out, &mut into);
            rig.run(&mut message).expect("an answer");
            assert_eq!(
                (message.req.status, message.in_cons as usize),
                (0, data.len())
            );
            assert_eq!(message.produced, 0);
            let literals = data.len() + 16;
            assert_eq!(into.literals_start, start.cast());
            assert_eq!(into.sequences_start, start.wrapping_add(literals).cast());
            let freq = start.wrapping_add(literals + into.seq_num as usize * 8 + 8);
            assert_eq!(!into.freq.is_null(), format == ZSTD);
            assert!(format != ZSTD || into.freq == freq.cast());
            let mut back = Vec::new();
            replay(format, &into, &out[..literals], &out[literals..], &mut back);
            assert!(back == data, "{format} {level}");
        }
    }
}

#[test]
fn literals_and_sequences_may_go_to_lists() {
    let rig = Rig::new("hisi_zip,api=3");
    let data = text(20_000);
    let mut input = List::of(&data, &[999; 9]);
    // The literals end with the third piece.
    let mut output = List::of(&vec![0; 60_000], &[10_000, 10_000, 16, 0, 40, 39_944]);
    let (mut into, first) = (blank(), output.first());
    let mut message = listed(ZSTD, 0, &mut input, &mut output);
    message.req.priv_ = (&raw mut into).cast();
    rig.run(&mut message).expect("an answer");
    assert_eq!(message.req.status, 0);
    assert_eq!(into.literals_start, first.cast());
    assert_eq!(into.sequences_start, first.wrapping_add(4).cast());
    let (literals, sequences) = (output.pieces[..3].concat(), output.pieces[4..].concat());
    let mut back = Vec::new();
    replay(ZSTD, &into, &literals, &sequences, &mut back);
    assert!(back == data);
    let at = into.seq_num as usize * 8 + 8 - 40;
    assert_eq!(
        into.freq,
        output.pieces[5].as_mut_ptr().wrapping_add(at).cast()
    );
}

#[test]
fn sizes_and_levels_are_those_of_the_c_library() {
    let rig = Rig::new("hisi_zip,api=5");
    let (data, mut out) = (vec![1; (128 << 10) + 1], vec![0; 300_000]);
    let mut refused = |format: u32, level: u32, length: usize, room: usize, stream: bool| {
        let mut into = blank();
        let mut context = vec![0_u64; 0x1_0000 / 8];
        let mut message = lz77(format, level, &data[..length], &mut out[..room], &mut into);
        if stream {
            message.stream_mode = Enum::new(0);
            message.ctx_buf = context.as_mut_ptr().cast();
        }
        match rig.run(&mut message) {
            Ok(()) => false,
            Err(error) => error == Error::Invalid,
        }
    };
    for (format, level, length, room, stream) in [
        (ZSTD, 8, 1000, 1016 + 784, false),
        (PLAIN, 8, 1000, 1016 + 16, false),
        (ZSTD, 8, 128 << 10, 200_000, false),
        (ZSTD, 8, 1000, 1016 + 1001, true),
        (ZSTD, 9, 1000, 1016 + 4896 + 1, true),
        (PLAIN, 8, 1000, 1016 + 201, true),
        (PLAIN, 9, 1000, 1016 + 4097, true),
    ] {
        assert!(
            !refused(format, level, length, room, stream),
            "{format} {level} {room}"
        );
        assert!(refused(
            format,
            level,
            length,
            if stream { room - 1 } else { 1016 },
            stream
        ));
        assert!(refused(format, 7, length, room, stream));
        assert!(refused(format, 10, length, room, stream));
    }
    assert!(refused(ZSTD, 8, (128 << 10) + 1, 300_000, false));
    let mut message = whole(ZSTD, 0, &data[..100], &mut [0; 2000]);
    assert_eq!(rig.run(&mut message), Err(Error::Invalid));
}

#[test]
fn a_stream_of_blocks_refers_to_the_blocks_before() {
    let rig = Rig::new("hisi_zip,api=5");
    let block = noise(10_000);
    for format in [ZSTD, PLAIN] {
        let mut context = vec![0_u64; 0x1_0000 / 8];
        let mut back = Vec::new();
        for turn in 0..4 {
            let (mut out, mut into) = (vec![0; 30_000], blank());
            into.blk_type = turn % 3;
            let mut message = lz77(format, 8, &block, &mut out, &mut into);
            message.stream_mode = Enum::new(0);
            message.stream_pos = Enum::new(turn.min(1));
            message.ctx_buf = context.as_mut_ptr().cast();
            message.req.last = 0;
            rig.run(&mut message).expect("an answer");
            assert_eq!(message.req.status, 0);
            assert_eq!(into.lit_num == 10_000, turn == 0, "{format} {turn}");
            replay(format, &into, &out[..10_016], &out[10_016..], &mut back);
        }
        assert!(back == block.repeat(4));
    }
}

#[test]
fn asynchronous_results_reach_their_own_structures() {
    let rig = Rig::new("hisi_zip,api=3,orders=out,engines=2");
    let inputs: Vec<Vec<u8>> = (0..20).map(|i| text(500 + 700 * i)).collect();
    let mut outputs = vec![vec![0; 30_000]; inputs.len()];
    let mut results = vec![blank(); inputs.len()];
    for (tag, input) in inputs.iter().enumerate() {
        let mut message = lz77(ZSTD, 8, input, &mut outputs[tag], &mut results[tag]);
        message.tag = tag as u32;
        rig.post(ASYNC[0], &message).expect("room");
    }
    for _ in &inputs {
        let mut answer = whole(0, 0, &[], &mut []);
        rig.receive(ASYNC[0], &mut answer).expect("an answer");
        let tag = answer.tag as usize;
        let (data, out) = (&results[tag], &outputs[tag]);
        let (literals, mut back) = (inputs[tag].len() + 16, Vec::new());
        replay(ZSTD, data, &out[..literals], &out[literals..], &mut back);
        assert!(back == inputs[tag]);
        assert!(out.len() > literals + data.seq_num as usize * 8 + BEHIND);
    }
}
