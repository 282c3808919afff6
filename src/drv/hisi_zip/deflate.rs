//! Descriptors of deflate in its three containers.

use super::buffer::{Buffer, Place};
use super::job::{Job, buffers};
use super::mark::Mark;
use super::{Facts, header, stream};
use crate::bd::zip::{LARGEST, Request, Sqe};
use crate::ctypes::v2::wd_comp::wd_comp_alg_type;
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::error::{Error, Result};

/// What the engine is asked for, for the formats of this file.
fn request(format: wd_comp_alg_type) -> Request {
    match format {
        wd_comp_alg_type::WD_ZLIB => Request::Zlib,
        wd_comp_alg_type::WD_GZIP => Request::Gzip,
        _ => Request::Deflate,
    }
}

/// A request for deflate as a descriptor. Its header is written or skipped.
///
/// # Errors
/// [`Error::Invalid`] for sizes that the engine does not take, and for a header that does not end
/// in the input.
pub(super) fn encode(
    facts: &Facts,
    message: &wd_comp_msg,
    format: wd_comp_alg_type,
) -> Result<Job> {
    let stateful = stream::is_stateful(message);
    let new = stream::is_new(message);
    let (source, room) = buffers(message)?;
    if stateful && room.is_list() {
        return Err(Error::Invalid);
    }
    let (room, stored) = room_or_store(facts, message, format, room);
    let (mut source, mut room, header) = if new {
        behind_header(facts, format, source, room)?
    } else {
        (source, room, 0)
    };
    if !room.is_list() {
        room.len = room.len.min(LARGEST);
    }
    let mut last = message.req.last == 1;
    if stateful && facts.compresses {
        (source.len, last) = what_fits(source.len, room.len, last);
    }
    if source.len > LARGEST && !source.is_list() || source.len == 0 && !stateful {
        return Err(Error::Invalid);
    }
    let mut sqe = Sqe {
        request: request(format).code(),
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
    if stateful {
        sqe.ctx = stream::context_words(facts.promise, message)?;
    }
    Ok(Job {
        sqe,
        mark: Mark {
            tag: message.tag,
            header,
            format,
            stored,
            record: 0,
        },
        source,
        destination: room,
        literals: None,
        results: core::ptr::null_mut(),
    })
}

/// Where the engine writes: to the room of the message, or for a stream that has too little there to
/// the store buffer; whether it is that.
fn room_or_store(
    facts: &Facts,
    message: &wd_comp_msg,
    format: wd_comp_alg_type,
    room: Buffer,
) -> (Buffer, bool) {
    let header = if stream::is_new(message) && facts.compresses {
        header::written(format).len() as u32
    } else {
        0
    };
    if !stream::is_stateful(message) || room.len > stream::LEAST_ROOM + header {
        return (room, false);
    }
    let store = Place::Flat(stream::store_at(message));
    (Buffer::new(store, stream::STORE as u32), true)
}

/// What the engine works on at the beginning of a stream: input and room behind the header, which is
/// written or skipped, and its length.
///
/// # Errors
/// As [`encode`].
fn behind_header(
    facts: &Facts,
    format: wd_comp_alg_type,
    source: Buffer,
    room: Buffer,
) -> Result<(Buffer, Buffer, u16)> {
    let written = header::written(format);
    if facts.compresses {
        let header = written.len() as u16;
        let rest = room.without(header.into())?;
        if rest.len == 0 {
            return Err(Error::Invalid);
        }
        room.put(facts.promise, written)?;
        return Ok((source, rest, header));
    }
    let found = source.beginning(facts.promise, |input| header::length(format, input));
    if found.is_none() && !written.is_empty() {
        return Err(Error::Invalid);
    }
    let header = found.unwrap_or_default();
    Ok((source.without(header.into())?, room, header))
}

/// How much of the input of a stream is sure to fit when it is compressed: all of it, if the room
/// is 9/8 of it. Else less is sent, in whole words, and that cannot be the end.
fn what_fits(input: u32, room: u32, last: bool) -> (u32, bool) {
    if u64::from(room) >= (u64::from(input) * 9).div_ceil(8) {
        return (input, last);
    }
    ((u64::from(room) * 8 / 9) as u32 & !3, false)
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
