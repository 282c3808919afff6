//! Descriptors of deflate in its three containers.

use super::mark::Mark;
use super::{Facts, header, stream};
use crate::bd::zip::{LARGEST, Request, Sqe, context};
use crate::ctypes::v2::wd_comp::wd_comp_alg_type;
use crate::ctypes::v2::wd_comp_drv::{wd_comp_msg, wd_comp_state};
use crate::error::{Error, Result};
use crate::sys::lent::Promise;

/// A piece of memory: where it begins, and how long it is.
#[derive(Clone, Copy, Debug)]
struct Span {
    at: *mut u8,
    len: u32,
}

impl Span {
    /// Without its first bytes.
    fn without(self, count: usize) -> Result<Span> {
        let len = u32::try_from(count)
            .ok()
            .and_then(|n| self.len.checked_sub(n));
        Ok(Span {
            at: self.at.wrapping_add(count),
            len: len.ok_or(Error::Invalid)?,
        })
    }

    fn address(self) -> u64 {
        self.at.expose_provenance() as u64
    }
}

/// Whether the request is part of a stream.
pub(super) fn is_stateful(message: &wd_comp_msg) -> bool {
    message.stream_mode.0 == wd_comp_state::WD_COMP_STATEFUL as u32
}

/// What the engine is asked for, for the formats of this file.
fn request(format: wd_comp_alg_type) -> Request {
    match format {
        wd_comp_alg_type::WD_ZLIB => Request::Zlib,
        wd_comp_alg_type::WD_GZIP => Request::Gzip,
        _ => Request::Deflate,
    }
}

/// The descriptor of a request with plain addresses, and the mark that it gets. Its header is
/// written or skipped.
///
/// # Errors
/// [`Error::Invalid`] for sizes that the engine does not take, and for a header that does not end
/// in the input.
pub(super) fn encode(
    facts: &Facts,
    message: &wd_comp_msg,
    format: wd_comp_alg_type,
) -> Result<(Sqe, Mark)> {
    let stateful = is_stateful(message);
    let mut source = Span {
        at: message.req.src.cast(),
        len: message.req.src_len,
    };
    let mut room = Span {
        at: message.req.dst.cast(),
        len: message.avail_out,
    };
    let written = header::written(format);
    let new = stream::is_new(message);
    let least = if new && facts.compresses {
        stream::LEAST_ROOM + written.len() as u32
    } else {
        stream::LEAST_ROOM
    };
    let stored = stateful && room.len <= least;
    if stored {
        room = Span {
            at: stream::store_at(message),
            len: stream::STORE as u32,
        };
    }
    let mut header = 0;
    if new && facts.compresses {
        room = put_header(facts.promise, room, written)?;
        header = written.len() as u16;
    } else if new {
        let input = facts.promise.input(source.at, source.len as usize);
        header = header::length(format, input).ok_or(Error::Invalid)?;
        source = source.without(header.into())?;
    }
    room.len = room.len.min(LARGEST);
    let mut last = message.req.last == 1;
    if stateful && facts.compresses {
        (source.len, last) = what_fits(source.len, room.len, last);
    }
    if source.len > LARGEST || (source.len == 0 && !stateful) {
        return Err(Error::Invalid);
    }
    let mut sqe = Sqe {
        request: request(format).code(),
        source: source.address(),
        input_length: source.len,
        destination: room.address(),
        output_space: room.len,
        finish: last,
        stateful,
        new_stream: new,
        isize: message.isize,
        checksum: message.checksum,
        ..Sqe::default()
    };
    if facts.compresses {
        sqe.window = message.win_sz.0 as u8;
    }
    if source.len == 0 {
        // No byte of it is read; the engine wants an address that is mapped.
        sqe.source = sqe.destination;
    }
    if stateful {
        give_context(facts.promise, message, &mut sqe)?;
    }
    let mark = Mark {
        tag: message.tag,
        header,
        format,
        stored,
        record: 0,
    };
    Ok((sqe, mark))
}

/// Writes the header, and gives the room behind it.
fn put_header(promise: Promise, room: Span, header: &[u8]) -> Result<Span> {
    let rest = room.without(header.len())?;
    let place = promise.output(room.at, header.len());
    if place.len() < header.len() || rest.len == 0 {
        return Err(Error::Invalid);
    }
    for (to, byte) in place.iter_mut().zip(header) {
        to.write(*byte);
    }
    Ok(rest)
}

/// How much of the input of a stream is sure to fit when it is compressed: all of it, if the room
/// is 9/8 of it. Else less is sent, in whole words, and that cannot be the end.
fn what_fits(input: u32, room: u32, last: bool) -> (u32, bool) {
    if u64::from(room) >= (u64::from(input) * 9).div_ceil(8) {
        return (input, last);
    }
    ((u64::from(room) * 8 / 9) as u32 & !3, false)
}

/// Gives the engine the stream's context, and the words of it that travel in the descriptor.
fn give_context(promise: Promise, message: &wd_comp_msg, sqe: &mut Sqe) -> Result<()> {
    let words = message.ctx_buf.cast::<[u32; 3]>();
    sqe.ctx = promise.read(words).ok_or(Error::Invalid)?;
    let hardware = message.ctx_buf.cast::<u8>().wrapping_add(context::HARDWARE);
    sqe.stream_context = hardware.expose_provenance() as u64;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_that_may_not_fit_is_shortened_and_not_the_last() {
        assert_eq!(what_fits(200, 225, true), (200, true));
        assert_eq!(what_fits(200, 224, true), (196, false));
        assert_eq!(what_fits(u32::MAX, 226, true), (200, false));
        assert_eq!(what_fits(0, 0, true), (0, true));
        assert_eq!(what_fits(8 << 20, 9 << 20, false), (8 << 20, false));
    }
}
