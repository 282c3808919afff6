//! Compresses a file: `gzip_file IN OUT`. Each piece becomes a gzip member of its own, and gzip
//! takes members one behind the other as one file. Several pieces are at the device at a time.

#![expect(unsafe_code, reason = "promises the device memory that stays")]

mod zip;

use std::fs::File;
use std::io::{self, Read, Write};
use warpdrive::bd::zip::Request;
use warpdrive::queue::Direction;
use warpdrive::sys::lent::Promise;
use zip::{Result, Zip};

const PIECE: usize = 512 << 10;
/// What cannot be compressed grows a little.
const SPACE: usize = PIECE + PIECE / 8;
const SLOTS: usize = 8;

const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
/// An empty stream, its checksum and length.
const NOTHING: [u8; 10] = [3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

#[derive(Clone, Copy, PartialEq)]
enum State {
    Free,
    Sent,
    /// So many bytes came out.
    Done(usize),
}

struct Slot {
    state: State,
    input: Vec<u8>,
    output: Vec<u8>,
}

/// Writes a slot's member when it is done. The device may finish others before it.
fn finish(zip: &Zip, slots: &mut [Slot], at: usize, out: &mut File) -> Result<()> {
    while slots[at].state == State::Sent {
        let (tag, results) = zip.receive()?;
        slots[tag].state = State::Done(results.produced as usize);
    }
    if let State::Done(produced) = slots[at].state {
        out.write_all(&HEADER)?;
        out.write_all(&slots[at].output[..produced])?;
        slots[at].state = State::Free;
    }
    Ok(())
}

fn main() -> Result<()> {
    let files: Vec<_> = std::env::args_os().skip(1).collect();
    let [from, to] = &files[..] else {
        return Err("usage: gzip_file IN OUT".into());
    };
    let (mut from, mut to) = (File::open(from)?, File::create(to)?);
    let slot = |_| Slot {
        state: State::Free,
        input: vec![0; PIECE],
        output: vec![0; SPACE],
    };
    let mut slots: Vec<Slot> = (0..SLOTS).map(slot).collect();
    // SAFETY: slots live longer than the queue, and one that is sent is left alone until it is done.
    let promise = unsafe { Promise::given() };
    let zip = Zip::open(Request::Gzip, Direction::Compress, promise)?;
    for slot in &mut slots {
        zip.share(&mut slot.input)?;
        zip.share(&mut slot.output)?;
    }
    let (mut next, mut total) = (0, 0);
    loop {
        finish(&zip, &mut slots, next, &mut to)?;
        let slot = &mut slots[next];
        let mut piece = Read::by_ref(&mut from).take(PIECE as u64);
        let size = io::copy(&mut piece, &mut &mut slot.input[..])? as usize;
        if size == 0 {
            break;
        }
        zip.send(next, &slot.input[..size], &mut slot.output)?;
        slot.state = State::Sent;
        total += size;
        next = (next + 1) % SLOTS;
    }
    for at in (next..SLOTS).chain(0..next) {
        finish(&zip, &mut slots, at, &mut to)?;
    }
    if total == 0 {
        to.write_all(&[HEADER, NOTHING].concat())?;
    }
    println!("{}, {total} bytes", zip.report()?);
    Ok(())
}
