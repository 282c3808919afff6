//! Deflate in its containers, as streams.

use super::{fill, put};
use crate::fail::{Fail, Result};
use crate::lane::{Done, Format, Lanes, Status, USUAL};
use std::io::{Read, Write};
use std::sync::Arc;
use warpdrive::alg::lane::Effort;

/// Bytes handed over at once.
const PIECE: usize = 1 << 20;
/// Room for what a piece becomes at worst, as devices want it.
const ROOM: usize = PIECE + PIECE / 8 + 1024;
/// A header of a gzip member is never longer here than a piece; look again below this many bytes.
const LOW: usize = 64 << 10;

/// Whether these are the first two bytes of a zlib stream (RFC 1950).
pub fn is_zlib(cmf: u8, flags: u8) -> bool {
    cmf & 15 == 8 && cmf >> 4 <= 7 && u16::from_be_bytes([cmf, flags]).is_multiple_of(31)
}

/// Compresses all of `reader`.
pub fn compress(
    lanes: &Arc<Lanes>,
    effort: Effort,
    reader: &mut impl Read,
    writer: &mut impl Write,
) -> Result<()> {
    let mut stream = lanes.stream(0, effort, (PIECE, ROOM))?;
    loop {
        let filled = fill(reader, stream.input())?;
        let last = filled < PIECE;
        let mut at = 0;
        let mut idle = 0;
        loop {
            let done = stream
                .step(at, filled, last)
                .map_err(|error| lanes.fail(error))?;
            put(writer, &stream.output()[..done.produced])?;
            at += done.consumed;
            if done.status == Status::Bad {
                return Err(Fail::at(lanes.who(), "cannot compress this"));
            }
            let all = if last {
                stream.is_fresh()
            } else {
                done.status == Status::Ok
            };
            if at == filled && all {
                break;
            }
            idle = count_idle(lanes, idle, done)?;
        }
        if last {
            return Ok(());
        }
    }
}

/// How often in a row nothing has moved; an error if that will not change.
fn count_idle(lanes: &Lanes, idle: u32, done: Done) -> Result<u32> {
    if done.consumed + done.produced > 0 {
        return Ok(0);
    }
    if idle > 1 {
        return Err(Fail::at(lanes.who(), "the stream does not go on"));
    }
    Ok(idle + 1)
}

/// Decompresses all of `reader`: a stream, or for gzip several. What is ignored behind them.
pub fn decompress(
    lanes: &Arc<Lanes>,
    format: Format,
    reader: &mut impl Read,
    writer: &mut impl Write,
) -> Result<Option<&'static str>> {
    let mut stream = lanes.stream(0, USUAL, (PIECE, ROOM))?;
    let (mut at, mut end, mut eof) = (0, 0, false);
    let mut members = 0_u64;
    let mut idle = 0;
    loop {
        if !eof && (end - at < LOW || stream.is_fresh()) {
            stream.input().copy_within(at..end, 0);
            (at, end) = (0, end - at);
            end += fill(reader, &mut stream.input()[end..])?;
            eof = end < PIECE;
        }
        if stream.is_fresh() {
            let rest = &stream.input()[at..end];
            if members > 0 && (rest.is_empty() || format == Format::Gzip && is_padding(rest, eof)) {
                return Ok(None);
            }
            match header(format, rest) {
                Ok(()) => {}
                Err(_) if members > 0 => return Ok(Some("ignored what is behind the stream")),
                Err(reason) => return Err(Fail::new(reason)),
            }
            if members > 0 && format != Format::Gzip {
                return Ok(Some("ignored what is behind the stream"));
            }
        }
        let done = stream
            .step(at, end, false)
            .map_err(|error| lanes.fail(error))?;
        put(writer, &stream.output()[..done.produced])?;
        at += done.consumed;
        match done.status {
            Status::Bad if eof && at == end => return Err(Fail::new("unexpected end of the data")),
            Status::Bad => return Err(Fail::new("corrupt data, or its checksum is wrong")),
            Status::End => members += 1,
            Status::Ok | Status::Full => {}
        }
        if done.consumed + done.produced == 0 && done.status != Status::End && eof && at == end {
            return Err(Fail::new("unexpected end of the data"));
        }
        idle = count_idle(lanes, idle, done)?;
    }
}

/// Tapes and blocks are filled up with zeros.
fn is_padding(rest: &[u8], eof: bool) -> bool {
    eof && rest.iter().all(|byte| *byte == 0)
}

/// Whether a stream of this format begins so; the drivers do not look.
fn header(format: Format, start: &[u8]) -> std::result::Result<(), &'static str> {
    match (format, start) {
        (_, []) => Err("unexpected end of the data"),
        (Format::Gzip, [0x1f, 0x8b, 8, flags, ..]) if flags & 0xe0 == 0 => Ok(()),
        (Format::Gzip, [0x1f, 0x8b, ..]) => Err("a kind of gzip that is not known"),
        (Format::Gzip, _) => Err("not in gzip format"),
        (Format::Zlib, [cmf, flags, ..]) if is_zlib(*cmf, *flags) => {
            if flags & 0x20 == 0 {
                Ok(())
            } else {
                Err("needs a dictionary, which is not supported")
            }
        }
        (Format::Zlib, _) => Err("not in zlib format"),
        _ => Ok(()),
    }
}
