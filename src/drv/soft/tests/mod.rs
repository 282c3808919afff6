//! The engine as a session sees it: messages in, messages out.

mod blocks;
mod engine;
mod streams;
mod whole;

use super::*;
use crate::ctypes::v2::Enum;
use crate::ctypes::v2::wd_comp::wd_comp_req;
use crate::ctypes::v2::wd_internal::wd_datalist;
use core::ptr::{null, null_mut};

const DEFLATE: u32 = 0;
const ZLIB: u32 = 1;
const GZIP: u32 = 2;
const LZ77_ZSTD: u32 = 3;
const LZ4: u32 = 4;
const LZ77_ONLY: u32 = 5;

const COMPRESS: u32 = 0;
const DECOMPRESS: u32 = 1;

const OK: u32 = 0;
const STREAM_END: u32 = 1;
const AGAIN: u32 = 11;
const BAD: u32 = 67;

/// What guard bytes are.
const GUARD: u8 = 0xa5;

/// An engine with a synchronous and an asynchronous context.
fn engine() -> Box<dyn Engine<wd_comp_msg>> {
    let seat = |asynchronous| Seat {
        handle: 0,
        hardware: None,
        op_type: 0,
        asynchronous,
    };
    let driver = drivers(Promise::in_tests()).swap_remove(0);
    let engine = driver.bind_comp(vec![seat(false), seat(true)], false);
    engine.expect("software can always be had")
}

/// A whole request of level 6 and the greatest window.
fn message(alg: u32, op: u32, src: &[u8], dst: &mut [u8]) -> wd_comp_msg {
    wd_comp_msg {
        req: wd_comp_req {
            src: src.as_ptr().cast_mut().cast(),
            src_len: src.len() as u32,
            dst: dst.as_mut_ptr().cast(),
            dst_len: dst.len() as u32,
            op_type: Enum::new(op),
            last: 1,
            status: 99,
            ..wd_comp_msg::BLANK.req
        },
        alg_type: Enum::new(alg),
        comp_lv: Enum::new(6),
        win_sz: Enum::new(4),
        stream_mode: Enum::new(1),
        avail_out: dst.len() as u32,
        ..wd_comp_msg::BLANK
    }
}

/// Executes a whole request; its answer, what it produced, and proof that it wrote no further.
fn run(
    engine: &dyn Engine<wd_comp_msg>,
    (alg, op): (u32, u32),
    src: &[u8],
    room: usize,
    change: impl FnOnce(&mut wd_comp_msg),
) -> (wd_comp_msg, Vec<u8>) {
    let mut dst = vec![GUARD; room + 64];
    let mut message = message(alg, op, src, &mut dst[..room]);
    change(&mut message);
    engine.send(0, &mut message).expect("a sensible request");
    assert!(dst[room..].iter().all(|b| *b == GUARD), "beyond the output");
    assert!(message.produced as usize <= room && message.in_cons as usize <= src.len());
    dst.truncate(message.produced as usize);
    (message, dst)
}

/// A list of pieces, in the order given.
fn list(pieces: impl Iterator<Item = (*const u8, usize)>) -> Vec<wd_datalist> {
    let node = |(data, len): (*const u8, usize)| wd_datalist {
        data: data.cast_mut().cast(),
        len: len as u32,
        next: null_mut(),
    };
    let mut nodes: Vec<_> = pieces.map(node).collect();
    for n in 1..nodes.len() {
        nodes[n - 1].next = &raw mut nodes[n];
    }
    nodes
}

/// Pieces of at most `piece` bytes, with empty ones between.
fn cut(bytes: &[u8], piece: usize) -> Vec<wd_datalist> {
    let chunks = bytes.chunks(piece.max(1));
    let pieces = chunks.flat_map(|c| [(c.as_ptr(), c.len()), (null(), 0)]);
    list(pieces.chain([(null(), 0)]))
}

/// Text that compresses, with matches near and far.
fn text(len: usize) -> Vec<u8> {
    let line = |i: usize| format!("{i} goes to {}, as {} did\n", i * 7 % 1000, i / 3);
    (0..).flat_map(|i| line(i).into_bytes()).take(len).collect()
}

/// Bytes without a pattern.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// Inflates with the crate alone, a window of 2^`bits` and output in small pieces, so that nothing
/// behind the window can be reached. `Err` has what came out.
fn inflate(alg: u32, data: &[u8], bits: u8) -> core::result::Result<Vec<u8>, Vec<u8>> {
    use zlib_rs::{Inflate, InflateFlush, Status};
    let bits = if alg == GZIP { bits + 16 } else { bits };
    let mut inflate = Inflate::new(alg != DEFLATE, bits);
    let (mut out, mut piece) = (Vec::new(), [0; 100]);
    loop {
        let (taken, made) = (inflate.total_in() as usize, out.len());
        let result = inflate.decompress(&data[taken..], &mut piece, InflateFlush::NoFlush);
        out.extend_from_slice(&piece[..inflate.total_out() as usize - made]);
        match result {
            Ok(Status::StreamEnd) => return Ok(out),
            Ok(_) if out.len() > made || inflate.total_in() as usize > taken => {}
            _ => return Err(out),
        }
    }
}
