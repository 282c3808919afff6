//! The software driver against the crates it uses, called directly: MB/s and their ratio, for
//! requests of 8 and 64 KiB of text (or of the file given as argument). Both reuse their states;
//! rounds alternate, and medians are compared.

#![expect(unsafe_code, reason = "promises the driver memory that is there")]

#[path = "../tests/common/messages.rs"]
mod messages;

use core::hint::black_box;
use core::mem::MaybeUninit;
use lz4_flex::block::{self, CompressTable};
use messages::message;
use std::time::Instant;
use warpdrive::ctypes::v2::wd_comp_drv::wd_comp_msg;
use warpdrive::drv::{Engine, Seat, soft};
use warpdrive::sys::lent::Promise;
use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush, Status};

const ROUNDS: usize = 31;
const DATA: usize = 2 << 20;
const PIECES: [usize; 2] = [8 << 10, 64 << 10];
const ZLIB: u32 = 1;
const LZ4: u32 = 4;

/// Lines of text with numbers in them, always the same.
fn text() -> Vec<u8> {
    let line = |i: usize| format!("{i} goes to {}, as {} did\n", i * 7919 % 10_007, i / 3);
    let lines = (0..).flat_map(|i| line(i).into_bytes());
    lines.take(DATA).collect()
}

/// Executes a request; how much it produced.
fn driver(
    engine: &dyn Engine<wd_comp_msg>,
    message: &mut wd_comp_msg,
    input: &[u8],
    output: &mut Output,
) -> usize {
    messages::lend(message, input, output);
    engine.send(0, message).expect("a sensible request");
    assert_eq!(message.req.status, 0);
    message.produced as usize
}

type Output = [MaybeUninit<u8>];

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// One line of the table: `one` is the crate's way, `two` the driver's.
fn compare(
    name: &str,
    pieces: &[Vec<u8>],
    bytes: usize,
    mut one: impl FnMut(&[u8], &mut Output) -> usize,
    mut two: impl FnMut(&[u8], &mut Output) -> usize,
) {
    let mut output = vec![MaybeUninit::uninit(); 80 << 10];
    let mut times = [Vec::new(), Vec::new()];
    let mut made = [0, 0];
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        made[0] = pieces.iter().map(|p| one(black_box(p), &mut output)).sum();
        times[0].push(begin.elapsed().as_secs_f64());
        let begin = Instant::now();
        made[1] = pieces.iter().map(|p| two(black_box(p), &mut output)).sum();
        times[1].push(begin.elapsed().as_secs_f64());
    }
    assert_eq!(made[0], made[1], "{name}");
    let speed = times.map(|times| bytes as f64 / 1e6 / median(times));
    println!(
        "| {name} | {:.0} | {:.0} | {:.3} |",
        speed[0],
        speed[1],
        speed[1] / speed[0]
    );
}

/// Compresses, and inflates what that made.
fn deflate(engine: &dyn Engine<wd_comp_msg>, pieces: &[Vec<u8>], bytes: usize, level: u32) {
    let size = pieces[0].len() / 1024;
    let mut crate_alone = Deflate::new(level as i32, true, 15);
    let mut small = Vec::new();
    let mut compress = message(ZLIB, 0, level);
    compare(
        &format!("zlib level {level}, {size} KiB"),
        pieces,
        bytes,
        |input, output| {
            crate_alone.reset();
            let status = crate_alone.compress_uninit(input, output, DeflateFlush::Finish);
            assert_eq!(status, Ok(Status::StreamEnd));
            crate_alone.total_out() as usize
        },
        |input, output| driver(engine, &mut compress, input, output),
    );
    for piece in pieces {
        let mut output = vec![0; piece.len() * 2];
        crate_alone.reset();
        let status = crate_alone.compress(piece, &mut output, DeflateFlush::Finish);
        assert_eq!(status, Ok(Status::StreamEnd));
        output.truncate(crate_alone.total_out() as usize);
        small.push(output);
    }
    let mut crate_alone = Inflate::new(true, 15);
    let mut decompress = message(ZLIB, 1, level);
    compare(
        &format!("inflate of level {level}, {size} KiB"),
        &small,
        bytes,
        |input, output| {
            crate_alone.reset(true);
            let status = crate_alone.decompress_uninit(input, output, InflateFlush::Finish);
            assert!(matches!(status, Ok(Status::StreamEnd)));
            crate_alone.total_out() as usize
        },
        |input, output| driver(engine, &mut decompress, input, output),
    );
}

fn lz4(engine: &dyn Engine<wd_comp_msg>, pieces: &[Vec<u8>], bytes: usize) {
    let mut table = CompressTable::large();
    let mut made = vec![0; 80 << 10];
    let mut compress = message(LZ4, 0, 1);
    compare(
        &format!("LZ4, {} KiB", pieces[0].len() / 1024),
        pieces,
        bytes,
        |input, _| block::compress_into_with_table(input, &mut made, &mut table).expect("room"),
        |input, output| driver(engine, &mut compress, input, output),
    );
}

fn main() {
    let file = std::env::args().skip(1).find(|a| a != "--bench");
    let data = file.map_or_else(text, |file| std::fs::read(file).expect("readable"));
    // SAFETY: the caller's promise: `driver` gives slices, and no lists.
    let promise = unsafe { Promise::given() };
    let seat = Seat {
        handle: 0,
        hardware: None,
        op_type: 0,
        asynchronous: false,
    };
    let engine = soft::drivers(promise)[0].bind_comp(vec![seat], false);
    let engine = engine.expect("software can always be had");
    println!("| request | crate MB/s | driver MB/s | ratio |");
    println!("|---|---|---|---|");
    for size in PIECES {
        let pieces: Vec<Vec<u8>> = data.chunks(size).map(<[u8]>::to_vec).collect();
        for level in [1, 6] {
            deflate(&*engine, &pieces, data.len(), level);
        }
        lz4(&*engine, &pieces, data.len());
    }
}
