//! Compresses a file without any device: `gzip_alone IN OUT`. The deflate crate on one thread, at
//! the level that simulated devices have by default: what `make demo` compares the device with.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::File;
use std::io::{self, Read, Write};

/// How much is read at a time, as in `gzip_file`.
const PIECE: usize = 512 << 10;

fn main() -> io::Result<()> {
    let files: Vec<_> = std::env::args_os().skip(1).collect();
    let [from, to] = &files[..] else {
        return Err(io::Error::other("usage: gzip_alone IN OUT"));
    };
    let mut from = File::open(from)?;
    let mut to = GzEncoder::new(File::create(to)?, Compression::new(1));
    let mut piece = vec![0; PIECE];
    loop {
        let size = from.read(&mut piece)?;
        if size == 0 {
            break;
        }
        to.write_all(&piece[..size])?;
    }
    to.finish()?;
    Ok(())
}
