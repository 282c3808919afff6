//! Output smaller than the engine can work with goes through a store buffer in the
//! stream's context. What the caller has no room for it gets with its next
//! requests, which the engine ignores.

use super::Kind;
use crate::bd::zip::context;
use crate::ctypes::v1::wd::{WD_IN_EPARA, WD_SUCCESS, WD_VERIFY_ERR};
use crate::ctypes::v1::wd_comp::{wcrypto_comp_msg, wcrypto_op_result};
use crate::drv::hisi_zip::stream::{LEAST_ROOM, STORE};
use crate::sys::lent::Promise;
use core::mem::offset_of;

/// Where in the context the store buffer is: the C library's place, 64 bytes behind that of UADK v2.
pub(super) const AT: usize = context::STORE + context::HARDWARE;
/// Where in the context 16 bytes are that an ignored request is given for its output.
pub(super) const SCRATCH_AT: usize = AT + size_of::<Store>().next_multiple_of(16);
/// With so little room the engine ignores a request.
pub(super) const IGNORED: u32 = 16;

/// The store buffer, and what is in it. The layout is that of the C library.
#[repr(C)]
#[derive(Clone, Copy)]
struct Store {
    bytes: [u8; STORE],
    /// Not used here.
    skips: u8,
    /// Bytes that the caller has not got yet.
    pending: u32,
    /// Where they begin.
    offset: u32,
    /// What the request's status was, for when the caller has got all.
    status: u32,
}

const _: () = assert!(SCRATCH_AT + IGNORED as usize <= context::SIZE);
const _: () = assert!(offset_of!(Store, pending) == 240);

/// The output is longer than the input.
const NEGATIVE: u32 = wcrypto_op_result::WCRYPTO_NEGTIVE_COMP_ERR as u32;

/// Where the output of a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To where the caller wants it.
    Direct,
    /// To the store buffer, and then to the caller.
    Stored,
    /// Nowhere: the caller gets what is in the store buffer.
    Ignored,
}

fn at(message: &wcrypto_comp_msg) -> *mut Store {
    message.ctx_buf.wrapping_byte_add(AT).cast()
}

/// The way of a request's output. Until it is finished the answer is the same.
#[inline]
pub(super) fn way(promise: Promise, kind: Kind, message: &wcrypto_comp_msg) -> Way {
    if !kind.stateful || kind.lists || kind.is_lz77() {
        return Way::Direct;
    }
    let pending = at(message).wrapping_byte_add(offset_of!(Store, pending));
    if promise.read(pending.cast::<u32>()).unwrap_or_default() != 0 {
        Way::Ignored
    } else if message.avail_out <= LEAST_ROOM {
        Way::Stored
    } else {
        Way::Direct
    }
}

/// Gives the caller what the engine has put into the store buffer, `message.produced` bytes.
pub(super) fn fill(promise: Promise, message: &mut wcrypto_comp_msg) {
    let Some(mut store) = promise.read(at(message)) else {
        return;
    };
    (store.pending, store.offset) = (message.produced.min(STORE as u32), 0);
    store.status = message.status;
    if store.pending > message.avail_out && store.status == NEGATIVE {
        // That is told of output that is there at once.
        store.status = WD_SUCCESS as u32;
    }
    hand_out(promise, &mut store, message);
    promise.write(at(message), store);
}

/// Gives the caller more of what is in the store buffer.
pub(super) fn drain(promise: Promise, message: &mut wcrypto_comp_msg) {
    let Some(mut store) = promise.read(at(message)) else {
        return;
    };
    hand_out(promise, &mut store, message);
    promise.write(at(message), store);
}

/// A status as [`fill`] has stored it. A device that writes to contexts can put anything there.
fn known(status: u32) -> u32 {
    if status <= NEGATIVE || status == WD_VERIFY_ERR as u32 {
        status
    } else {
        WD_IN_EPARA as u32
    }
}

fn hand_out(promise: Promise, store: &mut Store, message: &mut wcrypto_comp_msg) {
    let from = (store.offset as usize).min(STORE);
    let count = (store.pending as usize)
        .min(STORE - from)
        .min(message.avail_out as usize);
    let place = promise.output(message.dst, count);
    let count = place.len();
    for (to, byte) in place.iter_mut().zip(&store.bytes[from..from + count]) {
        to.write(*byte);
    }
    message.produced = count as u32;
    store.offset = (from + count) as u32;
    // What lies behind the buffer's end never was in it.
    store.pending = store.pending.min((STORE - from) as u32) - count as u32;
    message.status = if store.pending == 0 {
        known(core::mem::replace(&mut store.status, WD_SUCCESS as u32))
    } else {
        wcrypto_op_result::WCRYPTO_DECOMP_END_NOSPACE as u32
    };
}
