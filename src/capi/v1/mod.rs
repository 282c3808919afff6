//! UADK v1: one file for each of its headers.

#![expect(unsafe_code, reason = "reads the caller's structures")]

pub mod hisi_qm_udrv;
pub mod wd;
pub mod wd_bmm;
pub mod wd_comp;
pub mod wd_sgl;
pub mod wd_share;

use crate::ctypes::v1::wd::wd_queue;
use crate::error::{Error, Result};
use crate::wcrypto::queue::Queue;
use core::ffi::{c_char, c_void};
use core::mem::offset_of;
use core::sync::atomic::{AtomicPtr, Ordering};

/// The queue that the caller's structure names.
///
/// # Errors
/// [`Error::Invalid`] for NULL and for a structure that names none; whether it is open is asked of
/// the queue.
///
/// # Safety
/// `q` is NULL or points to a `wd_queue`.
#[inline(always)]
unsafe fn queue_of(q: *const wd_queue) -> Result<Queue> {
    if q.is_null() {
        return Err(Error::Invalid);
    }
    // Only this field is read: another thread may be releasing the queue.
    // SAFETY: not NULL, so by the caller's promise a structure.
    let handle = unsafe { handle(q.cast_mut()) };
    Queue::from_raw(handle.load(Ordering::Relaxed) as u64).ok_or(Error::Invalid)
}

/// The field that the threads of a queue read while one of them may release it.
///
/// # Safety
/// `q` points to a `wd_queue` that outlives `'a`.
#[inline(always)]
unsafe fn handle<'a>(q: *mut wd_queue) -> &'a AtomicPtr<c_void> {
    let place = q.wrapping_byte_add(offset_of!(wd_queue, qinfo));
    // SAFETY: the promise above: at this offset lies an aligned pointer; while threads share the
    // queue, the library touches it through here only.
    unsafe { AtomicPtr::from_ptr(place.cast()) }
}

/// The text in a field of fixed size; `None` if it does not end there or is not UTF-8.
fn field(chars: &[c_char]) -> Option<String> {
    let end = chars.iter().position(|c| *c == 0)?;
    let bytes = chars[..end].iter().map(|c| *c as u8).collect();
    String::from_utf8(bytes).ok()
}

/// Fills a field of fixed size, cut to fit, terminated.
fn set_field(chars: &mut [c_char], text: &str) {
    let room = chars.len() - 1;
    chars.fill(0);
    for (place, byte) in chars.iter_mut().zip(text.bytes().take(room)) {
        *place = byte as c_char;
    }
}
