//! What a stream needs beside the engine: output smaller than the engine can work
//! with goes through a store buffer, and the end of a stream without input is
//! written here. Both live in the stream's context, in the part that the engine
//! does not use.

use super::{Facts, header};
use crate::bd::zip::context;
use crate::ctypes::v2::wd::{WD_EAGAIN, WD_IN_EPARA, WD_STREAM_END, WD_SUCCESS};
use crate::ctypes::v2::wd_comp::wd_comp_alg_type;
use crate::ctypes::v2::wd_comp_drv::{wd_comp_msg, wd_comp_state, wd_comp_strm_pos};
use crate::error::{Error, Result};
use crate::sys::lent::Promise;

/// The engine needs more room than this for the output of a stream.
pub(super) const LEAST_ROOM: u32 = 200;
/// The store buffer: 200 * 9 / 8 and a gzip header, in whole words.
pub(super) const STORE: usize = 236;

/// An empty stored block that is the last one.
const LAST_BLOCK: [u8; 5] = [1, 0, 0, 0xff, 0xff];

/// The store buffer, and what is in it.
#[repr(C)]
#[derive(Clone, Copy)]
struct Store {
    bytes: [u8; STORE],
    /// Bytes that the caller has not got yet.
    pending: u32,
    /// Where they begin.
    offset: u32,
    /// What the request's status was, for when the caller has got all.
    status: u32,
    /// Not 0: they are the end of a stream that was compressed.
    last: u32,
}

const _: () = assert!(context::STORE + size_of::<Store>() <= context::SIZE);

/// Whether the request is part of a stream.
pub(super) fn is_stateful(message: &wd_comp_msg) -> bool {
    message.stream_mode.0 == wd_comp_state::WD_COMP_STATEFUL as u32
}

/// Whether this is the first request of a stream, or one that is whole.
pub(super) fn is_new(message: &wd_comp_msg) -> bool {
    message.stream_pos.0 == wd_comp_strm_pos::WD_COMP_STREAM_NEW as u32
}

/// Where the store buffer of the message's stream is.
pub(super) fn store_at(message: &wd_comp_msg) -> *mut u8 {
    message.ctx_buf.cast::<u8>().wrapping_add(context::STORE)
}

/// The words of a stream's context that travel in the descriptor.
///
/// # Errors
/// [`Error::Invalid`] if it has none.
pub(super) fn context_words(promise: Promise, message: &wd_comp_msg) -> Result<[u32; 3]> {
    let words = message.ctx_buf.cast::<[u32; 3]>();
    promise.read(words).ok_or(Error::Invalid)
}

/// Serves a request of a stream without the device, if that is possible. The answer is in
/// `message` then.
///
/// # Errors
/// [`Error::Invalid`] without a context.
pub(super) fn without_device(
    facts: &Facts,
    message: &mut wd_comp_msg,
    format: wd_comp_alg_type,
) -> Result<bool> {
    let at = store_at(message).cast::<Store>();
    if message.ctx_buf.is_null() {
        return Err(Error::Invalid);
    }
    let mut store = facts.promise.read(at).ok_or(Error::Invalid)?;
    if is_new(message) {
        // Left of a stream that nobody finished.
        store.pending = 0;
    }
    let nothing = message.req.src_len == 0;
    if store.pending == 0 {
        if !(facts.compresses && nothing && message.req.last == 1) {
            return Ok(false);
        }
        put_end(&mut store, message, format);
    }
    hand_out(facts.promise, &mut store, message);
    message.in_cons = 0;
    if facts.compresses && nothing && message.req.last == 1 && store.last == 0 {
        // All that was stored is handed out, and the end is not written yet: that is for the next
        // call. The C library said here that the stream was complete.
        message.req.status = WD_EAGAIN as u32;
    }
    facts.promise.write(at, store);
    Ok(true)
}

/// Puts the end of a stream without more input into the store buffer.
fn put_end(store: &mut Store, message: &wd_comp_msg, format: wd_comp_alg_type) {
    let new = is_new(message);
    let (mut len, mut sum, mut isize) = (0, message.checksum, message.isize);
    let mut put = |bytes: &[u8]| {
        store.bytes[len..len + bytes.len()].copy_from_slice(bytes);
        len += bytes.len();
    };
    if new {
        put(header::written(format));
        // Of no bytes: Adler-32 is 1, and the register with CRC-32 0 is all ones.
        isize = 0;
        sum = if format == wd_comp_alg_type::WD_ZLIB {
            1
        } else {
            u32::MAX
        };
    }
    put(&LAST_BLOCK);
    match format {
        wd_comp_alg_type::WD_ZLIB => put(&sum.to_be_bytes()),
        wd_comp_alg_type::WD_GZIP => {
            put(&(!sum).reverse_bits().to_le_bytes());
            put(&isize.to_le_bytes());
        }
        _ => {}
    }
    (store.pending, store.offset) = (len as u32, 0);
    (store.status, store.last) = (WD_SUCCESS as u32, 1);
}

/// A status as it was stored. A device that writes to contexts can put anything there.
fn known(status: u32) -> u32 {
    match status as i32 {
        WD_SUCCESS | WD_STREAM_END | WD_EAGAIN => status,
        _ => WD_IN_EPARA as u32,
    }
}

/// Gives the caller what it has room for.
fn hand_out(promise: Promise, store: &mut Store, message: &mut wd_comp_msg) {
    let from = (store.offset as usize).min(STORE);
    let count = (store.pending as usize)
        .min(STORE - from)
        .min(message.req.dst_len as usize);
    let place = promise.output(message.req.dst.cast(), count);
    let count = place.len();
    for (to, byte) in place.iter_mut().zip(&store.bytes[from..from + count]) {
        to.write(*byte);
    }
    message.produced = count as u32;
    store.offset = (from + count) as u32;
    // What lies behind the buffer's end never was in it.
    store.pending = store.pending.min((STORE - from) as u32) - count as u32;
    message.req.status = if store.pending == 0 {
        known(store.status)
    } else {
        WD_EAGAIN as u32
    };
}

/// Gives the caller what the engine has put into the store buffer. `last`: it is the end of a
/// stream that was compressed.
pub(super) fn from_store(promise: Promise, message: &mut wd_comp_msg, last: bool) {
    let at = store_at(message).cast::<Store>();
    let Some(mut store) = promise.read(at) else {
        return;
    };
    (store.pending, store.offset) = (message.produced.min(STORE as u32), 0);
    (store.status, store.last) = (message.req.status, u32::from(last));
    hand_out(promise, &mut store, message);
    promise.write(at, store);
}
