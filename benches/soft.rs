//! The software driver against the crates it uses, called directly: the best MB/s of rounds that
//! alternate, for requests of 8 and 64 KiB of text. Both reuse their states. `soft NAME COUNT` has
//! the driver do the 64 KiB of a row so often, or the crate with `crate-` before the name, for
//! counting instructions with callgrind.

#![expect(unsafe_code, reason = "promises the driver memory that is there")]

#[path = "../tests/common/messages.rs"]
mod messages;
mod results;

use core::hint::black_box;
use core::mem::MaybeUninit;
use lz4_flex::block::{self, CompressTable};
use messages::message;
use warpdrive::ctypes::v2::wd_comp_drv::wd_comp_msg;
use warpdrive::drv::{Engine, Seat, soft};
use warpdrive::sys::lent::Promise;
use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush, Status};

const ROUNDS: usize = 60;
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

/// One way of doing a piece: how much it makes.
type Way<'a> = Box<dyn FnMut(&[u8], &mut Output) -> usize + 'a>;

/// A row of the table.
struct Row<'a> {
    name: &'static str,
    what: &'static str,
    of: &'static str,
    pieces: Vec<Vec<u8>>,
    /// The crate's way, and the driver's.
    ways: [Way<'a>; 2],
}

impl Row<'_> {
    /// All pieces, so often; how much was made of them.
    fn run(&mut self, way: usize, times: u64) -> usize {
        let mut output = vec![MaybeUninit::uninit(); 80 << 10];
        let mut made = 0;
        for _ in 0..times {
            let run = &mut self.ways[way];
            made = self
                .pieces
                .iter()
                .map(|p| run(black_box(p), &mut output))
                .sum();
        }
        made
    }

    fn compare(&mut self, bytes: usize) {
        let mut best = [f64::MAX; 2];
        let mut made = [0; 2];
        for _ in 0..ROUNDS {
            for way in 0..2 {
                let time =
                    results::processor_seconds(results::THREAD, || made[way] = self.run(way, 1));
                best[way] = best[way].min(time);
            }
        }
        assert_eq!(made[0], made[1], "{}", self.what);
        let speed = best.map(|time| bytes as f64 / 1e6 / time);
        let what = format!("software, {}, {} KiB", self.what, self.size());
        results::row("driver", &what, "MB/s", speed[1], Some((self.of, speed[0])));
    }

    /// KiB of a piece of data. What is inflated is shorter.
    fn size(&self) -> usize {
        match self.pieces.len() {
            32 => 64,
            _ => 8,
        }
    }
}

fn deflate<'a>(engine: &'a dyn Engine<wd_comp_msg>, pieces: &[Vec<u8>], level: u32) -> Row<'a> {
    let mut alone = Deflate::new(level as i32, true, 15);
    let mut compress = message(ZLIB, 0, level);
    let (name, what) = match level {
        1 => ("zlib-1", "zlib level 1"),
        _ => ("zlib-6", "zlib level 6"),
    };
    Row {
        name,
        what,
        of: "zlib-rs",
        pieces: pieces.to_vec(),
        ways: [
            Box::new(move |input, output| {
                alone.reset();
                let status = alone.compress_uninit(input, output, DeflateFlush::Finish);
                assert_eq!(status, Ok(Status::StreamEnd));
                alone.total_out() as usize
            }),
            Box::new(move |input, output| driver(engine, &mut compress, input, output)),
        ],
    }
}

fn inflate<'a>(engine: &'a dyn Engine<wd_comp_msg>, pieces: &[Vec<u8>]) -> Row<'a> {
    let mut compress = Deflate::new(6, true, 15);
    let small = |piece: &Vec<u8>| {
        let mut output = vec![0; piece.len() * 2];
        compress.reset();
        let status = compress.compress(piece, &mut output, DeflateFlush::Finish);
        assert_eq!(status, Ok(Status::StreamEnd));
        output.truncate(compress.total_out() as usize);
        output
    };
    let pieces = pieces.iter().map(small).collect();
    let mut alone = Inflate::new(true, 15);
    let mut decompress = message(ZLIB, 1, 6);
    Row {
        name: "inflate",
        what: "inflate of level 6",
        of: "zlib-rs",
        pieces,
        ways: [
            Box::new(move |input, output| {
                alone.reset(true);
                let status = alone.decompress_uninit(input, output, InflateFlush::Finish);
                assert!(matches!(status, Ok(Status::StreamEnd)));
                alone.total_out() as usize
            }),
            Box::new(move |input, output| driver(engine, &mut decompress, input, output)),
        ],
    }
}

fn lz4<'a>(engine: &'a dyn Engine<wd_comp_msg>, pieces: &[Vec<u8>]) -> Row<'a> {
    let mut table = CompressTable::large();
    let mut made = vec![0; 80 << 10];
    let mut compress = message(LZ4, 0, 1);
    Row {
        name: "lz4",
        what: "LZ4",
        of: "lz4_flex",
        pieces: pieces.to_vec(),
        ways: [
            Box::new(move |input, _| {
                block::compress_into_with_table(input, &mut made, &mut table).expect("room")
            }),
            Box::new(move |input, output| driver(engine, &mut compress, input, output)),
        ],
    }
}

fn main() {
    let data = text();
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
    let only = results::only();
    for size in PIECES {
        let pieces: Vec<Vec<u8>> = data.chunks(size).map(<[u8]>::to_vec).collect();
        let rows = [
            deflate(&*engine, &pieces, 1),
            deflate(&*engine, &pieces, 6),
            inflate(&*engine, &pieces),
            lz4(&*engine, &pieces),
        ];
        for mut row in rows {
            match &only {
                None => row.compare(data.len()),
                Some((name, times)) if size == PIECES[1] => {
                    let alone = name.strip_prefix("crate-");
                    if alone.unwrap_or(name) == row.name {
                        row.run(usize::from(alone.is_none()), *times);
                    }
                }
                Some(_) => {}
            }
        }
    }
}
