//! Many threads with queues of their own: `many_queues [THREADS [ROUNDS]]`. Each thread compresses
//! a text of its own, decompresses the result through a second queue, and compares.

#![expect(unsafe_code, reason = "promises the device memory that stays")]

mod zip;

use std::thread;
use warpdrive::bd::zip::Request;
use warpdrive::queue::Direction;
use warpdrive::sys::lent::Promise;
use zip::{Result, Zip};

const SIZE: usize = 256 << 10;
const SPACE: usize = SIZE + SIZE / 8;

/// One request there and back: how many bytes came out.
fn through(zip: &Zip, from: &[u8], to: &mut [u8]) -> Result<usize> {
    zip.send(0, from, to)?;
    let (_, results) = zip.receive()?;
    Ok(results.produced as usize)
}

/// The work of one thread: what its two queues say of themselves.
fn work(number: u32, rounds: u32) -> Result<[String; 2]> {
    let (mut text, mut packed, mut again) = (vec![0; SIZE], vec![0; SPACE], vec![0; SPACE]);
    // SAFETY: the three texts live longer than the queues, and are left alone until an answer is there.
    let promise = unsafe { Promise::given() };
    let compress = Zip::open(Request::Zlib, Direction::Compress, promise)?;
    let decompress = Zip::open(Request::Zlib, Direction::Decompress, promise)?;
    for zip in [&compress, &decompress] {
        for memory in [&mut text, &mut packed, &mut again] {
            zip.share(memory)?;
        }
    }
    let mut random = number + 1;
    for _ in 0..rounds {
        for byte in &mut text {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = b"etaoin shrdlu\n"[(random >> 16) as usize % 14];
        }
        let size = through(&compress, &text, &mut packed)?;
        let size = through(&decompress, &packed[..size], &mut again)?;
        if again[..size] != text {
            return Err("another text came back".into());
        }
    }
    Ok([compress.report()?, decompress.report()?])
}

fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1);
    let mut number = |else_: u32| numbers.next().map_or(Ok(else_), |text| text.parse());
    let (threads, rounds) = (number(4)?, number(20)?);
    let reports = thread::scope(|scope| {
        let start = |number| scope.spawn(move || work(number, rounds));
        let running: Vec<_> = (0..threads).map(start).collect();
        let results = running.into_iter().map(|thread| thread.join());
        let results = results.map(|result| result.map_err(|_| "a thread panicked")?);
        results.collect::<Result<Vec<_>>>()
    })?;
    for report in reports.concat() {
        println!("{report}");
    }
    println!("{threads} threads, {rounds} rounds each: all texts came back");
    Ok(())
}
