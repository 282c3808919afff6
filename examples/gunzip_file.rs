//! Decompresses a file: `gunzip_file IN OUT`. A member may hold up to 8 MiB: the engine gives no
//! more in one answer, and this example keeps no state from one request to the next.

#![expect(unsafe_code, reason = "promises the device memory that stays")]

mod zip;

use std::fs::{self, File};
use std::io::Write;
use warpdrive::bd::zip::Request;
use warpdrive::queue::Direction;
use warpdrive::sys::lent::Promise;
use zip::{Result, Zip};

/// The engine takes and gives at most this much in one request.
const MOST: usize = 8 << 20;

/// The size of the header at the beginning of `bytes`, with its optional fields.
fn header(bytes: &[u8]) -> Option<usize> {
    let [0x1f, 0x8b, 8, flags, ..] = *bytes else {
        return None;
    };
    let mut at = 10;
    if flags & 4 != 0 {
        let extra = bytes.get(at..)?.first_chunk()?;
        at += 2 + usize::from(u16::from_le_bytes(*extra));
    }
    // The name, and a comment, end with a zero.
    for text in [8, 16] {
        if flags & text != 0 {
            at += bytes.get(at..)?.iter().position(|b| *b == 0)? + 1;
        }
    }
    // A checksum of the header.
    if flags & 2 != 0 {
        at += 2;
    }
    (at < bytes.len()).then_some(at)
}

fn main() -> Result<()> {
    let files: Vec<_> = std::env::args_os().skip(1).collect();
    let [from, to] = &files[..] else {
        return Err("usage: gunzip_file IN OUT".into());
    };
    let (mut data, mut to) = (fs::read(from)?, File::create(to)?);
    let mut space = vec![0; MOST];
    // SAFETY: `data` and `space` live longer than the queue, and are left alone until an answer is there.
    let promise = unsafe { Promise::given() };
    let zip = Zip::open(Request::Gzip, Direction::Decompress, promise)?;
    if !data.is_empty() {
        zip.share(&mut data)?;
    }
    zip.share(&mut space)?;
    let mut rest = &data[..];
    while !rest.is_empty() {
        let head = header(rest).ok_or("not a gzip header")?;
        rest = &rest[head..];
        zip.send(0, &rest[..rest.len().min(MOST)], &mut space)?;
        let (_, results) = zip.receive()?;
        to.write_all(&space[..results.produced as usize])?;
        rest = &rest[results.consumed as usize..];
    }
    println!("{}", zip.report()?);
    Ok(())
}
