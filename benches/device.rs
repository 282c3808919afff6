//! Throughput of the simulated device against the deflate crate alone: the same
//! input in the same pieces at the same level, in turns within one run. The crate
//! runs on the thread that calls it; the device has a queue around it. Both make
//! raw deflate, without checksums. The queue must not be what a program waits for:
//! one engine is to reach 0.9 of the crate; two do more where a second processor
//! is free.

#![expect(unsafe_code, reason = "promises the device memory that stays")]

mod results;

use core::num::NonZeroU64;
use flate2::{Compress, Compression, FlushCompress, Status};
use warpdrive::bd::zip::{Request, Sqe};
use warpdrive::queue::{Descriptor, Options, Queue};
use warpdrive::sim::World;
use warpdrive::sys::lent::Promise;

/// Bytes of the made-up text that a round works on, unless one request is longer. Rounds are short, so
/// that some of many fall into a quiet moment of a busy machine.
const INPUT: usize = 4 << 20;
/// Bytes of a request: the most that the device takes is a little more than the first; the third
/// is what examples/gzip_file.c sends.
const PIECES: [usize; 4] = [10_000_000, 1 << 20, 512 << 10, 64 << 10];
/// Requests in flight, as in examples/gzip_file.c, and many small ones.
const SLOTS: [usize; 4] = [8, 8, 8, 60];
/// Measurements of each, of which the best counts.
const ROUNDS: usize = 80;
/// The device's default.
const LEVEL: u32 = 1;

/// Lines of text with words and numbers in them, always the same. Deflate makes 0.4 of it.
fn text(len: usize) -> Vec<u8> {
    const WORDS: [&str; 16] = [
        "queue",
        "the",
        "device",
        "of",
        "descriptor",
        "doorbell",
        "and",
        "memory",
        "a",
        "ring",
        "completion",
        "in",
        "kernel",
        "process",
        "to",
        "address",
    ];
    let mut text = Vec::with_capacity(len + 64);
    let mut state = 1_u64;
    while text.len() < len {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let random = state >> 33;
        text.extend_from_slice(WORDS[random as usize % 16].as_bytes());
        match random >> 4 & 15 {
            0 => text.extend_from_slice(format!(" {}\n", random >> 8).as_bytes()),
            1 => text.push(b'\n'),
            _ => text.push(b' '),
        }
    }
    text.truncate(len);
    text
}

/// The crate alone: one compressor for all pieces, and a buffer for each slot as the device has.
/// Bytes made.
fn alone(data: &[u8], piece: usize, compress: &mut Compress, outputs: &mut [Vec<u8>]) -> u64 {
    let mut produced = 0;
    for (piece, slot) in data.chunks(piece).zip((0..outputs.len()).cycle()) {
        compress.reset();
        let status = compress.compress(piece, &mut outputs[slot], FlushCompress::Finish);
        assert_eq!(status.expect("valid"), Status::StreamEnd);
        produced += compress.total_out();
    }
    produced
}

/// The device: pieces are sent while a slot is free, and an answer is taken when none is. Bytes
/// made.
fn device(data: &[u8], piece: usize, queue: &Queue, outputs: &mut [Vec<u8>]) -> u64 {
    let (mut produced, slots) = (0, outputs.len());
    let mut free: Vec<usize> = (0..outputs.len()).rev().collect();
    let mut receive = || {
        let mut answer: Descriptor = [0; 128];
        let done = queue.receive_wait(None, &mut answer).expect("alive");
        assert!(done.status.is_good());
        produced += u64::from(Sqe::decode(&answer).produced);
        done.tag.get() as usize - 1
    };
    // SAFETY: input is only read, an output is used again when its answer is there, and no request is
    // left when this returns; else the program ends.
    let promise = unsafe { Promise::given() };
    for piece in data.chunks(piece) {
        let slot = free.pop().unwrap_or_else(&mut receive);
        let request = Sqe {
            input_length: piece.len() as u32,
            output_space: outputs[slot].len() as u32,
            source: piece.as_ptr() as u64,
            destination: outputs[slot].as_mut_ptr() as u64,
            request: Request::Deflate.code(),
            finish: true,
            sqe_type: 3,
            window: 4,
            ..Sqe::default()
        };
        let tag = NonZeroU64::MIN.saturating_add(slot as u64);
        queue.send(promise, &request.encode(), tag).expect("room");
    }
    while free.len() < slots {
        free.push(receive());
    }
    produced
}

fn open(config: &str) -> (World, Queue) {
    let world = World::new(config.parse().expect("valid")).expect("valid");
    let queue = Queue::open_on(&world, &Options::default()).expect("a queue");
    (world, queue)
}

/// The rows of one size.
fn compare(data: &[u8], piece: usize, slots: usize, queues: [&Queue; 2]) {
    let mut compress = Compress::new(Compression::new(LEVEL), false);
    let mut outputs = vec![vec![1; piece + piece / 8]; slots];
    // By the clock on the wall, and of processors.
    let mut best = [[f64::MAX; 2]; 3];
    let least = |best: &mut [f64; 2], run: &mut dyn FnMut()| {
        let mut wall = 0.0;
        let processor =
            results::processor_seconds(results::PROCESS, || wall = results::seconds(run));
        *best = [best[0].min(wall), best[1].min(processor)];
    };
    for _ in 0..ROUNDS {
        let mut made = 0;
        least(&mut best[0], &mut || {
            made = alone(data, piece, &mut compress, &mut outputs);
        });
        for (queue, best) in queues.iter().zip(&mut best[1..]) {
            let mut by_device = 0;
            least(best, &mut || {
                by_device = device(data, piece, queue, &mut outputs);
            });
            // It gives the compressor its input in pieces, which ends some blocks elsewhere.
            assert!(by_device.abs_diff(made) < made / 100, "{by_device} {made}");
        }
    }
    let [alone, one, two] = best.map(|times| times.map(|time| data.len() as f64 / 1e6 / time));
    for (engines, speed) in [("one engine", one), ("two engines", two)] {
        let what = format!("{engines}, {} KiB, {slots} in flight", piece / 1024);
        let floor = "simulated device";
        results::row(floor, &what, "MB/s", speed[0], Some(("zlib-rs", alone[0])));
        let unit = "MB for each second of a processor";
        results::row(floor, &what, unit, speed[1], Some(("zlib-rs", alone[1])));
    }
}

fn main() {
    let (one, two) = (
        open("hisi_zip,api=3,engines=1"),
        open("hisi_zip,api=3,engines=2"),
    );
    for (piece, slots) in PIECES.into_iter().zip(SLOTS) {
        let data = text(piece.max(INPUT));
        compare(&data, piece, slots, [&one.1, &two.1]);
    }
}
