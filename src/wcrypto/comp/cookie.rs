//! Cookies: the messages of contexts, which programs see in their callbacks. A
//! cookie never moves, and its memory is never used for anything else, so that the
//! address of a message can be looked up, whoever brings it.

use crate::ctypes::v1::wd::{wcrypto_cb, wcrypto_cb_tag};
use crate::ctypes::v1::wd_comp::{
    wcrypto_comp_msg, wcrypto_comp_op_data, wcrypto_lz77_zstd_format, wcrypto_zstd_out,
};
use crate::ctypes::v1::wd_util::wcrypto_comp_tag;
use crate::error::{Error, Result};
use crate::sys::lent::{Promise, Spot};
use crate::sys::lock::Mutex;
use crate::sys::table::Table;
use crate::wcrypto::queue::Queue;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// What a cookie is used for.
mod state {
    /// Nothing.
    pub const IDLE: u32 = 0;
    /// Its request is on its way, and a thread waits for it.
    pub const AWAITED: u32 = 1;
    /// The answer has come by way of another thread.
    pub const ANSWERED: u32 = 2;
    /// Its request is on its way, and will be called back for.
    pub const POSTED: u32 = 3;
    /// The callback runs.
    pub const CALLING: u32 = 4;
    /// Its request is on its way, and nobody wants the answer.
    pub const LOST: u32 = 5;
}

/// A message, and whose it is. The message comes first: its address is the cookie's.
#[repr(C, align(128))]
pub(super) struct Cookie {
    message: Spot<wcrypto_comp_msg>,
    tag: Spot<wcrypto_comp_tag>,
    callback: Spot<wcrypto_cb>,
    state: AtomicU32,
    /// Of the context that has it.
    queue: AtomicU64,
    copies: Copies,
}

/// Copies of what a request of LZ77 that is waited for has elsewhere in the program, mostly on the
/// stack of who waits. The answer may come when that is gone.
struct Copies {
    results: Spot<wcrypto_lz77_zstd_format>,
    room: Spot<wcrypto_zstd_out>,
}

const _: () = assert!(core::mem::offset_of!(Cookie, message) == 0);

impl Default for Cookie {
    fn default() -> Self {
        Cookie {
            message: Spot::new(BLANK),
            tag: Spot::new(wcrypto_comp_tag {
                wcrypto_tag: wcrypto_cb_tag {
                    ctx: ptr::null_mut(),
                    tag: ptr::null_mut(),
                    ctx_id: 0,
                },
                priv_: ptr::null_mut(),
            }),
            callback: Spot::new(None),
            state: AtomicU32::new(state::IDLE),
            queue: AtomicU64::new(0),
            copies: Copies {
                results: Spot::new(wcrypto_lz77_zstd_format {
                    literals_start: ptr::null_mut(),
                    sequences_start: ptr::null_mut(),
                    lit_num: 0,
                    seq_num: 0,
                    lit_length_overflow_cnt: 0,
                    lit_length_overflow_pos: 0,
                    freq: ptr::null_mut(),
                    blk_type: 0,
                }),
                room: Spot::new(wcrypto_zstd_out {
                    literal: ptr::null_mut(),
                    lit_sz: 0,
                    sequence: ptr::null_mut(),
                    seq_sz: 0,
                }),
            },
        }
    }
}

/// A message of nothing.
pub(super) const BLANK: wcrypto_comp_msg = wcrypto_comp_msg {
    alg_type: 0,
    op_type: 0,
    flush_type: 0,
    stream_mode: 0,
    stream_pos: 0,
    comp_lv: 0,
    data_fmt: 0,
    win_size: 0,
    in_size: 0,
    avail_out: 0,
    in_cons: 0,
    produced: 0,
    src: ptr::null_mut(),
    dst: ptr::null_mut(),
    tag: 0,
    status: 0,
    isize: 0,
    checksum: 0,
    ctx_buf: ptr::null_mut(),
    udata: 0,
};

/// What is to be done with a message that came back.
pub(super) enum Next {
    /// Its callback is to be called, and then the cookie to be put back.
    Call,
    /// Nothing: the thread that waits for it knows, or nobody wants it.
    Nothing,
}

impl Cookie {
    /// Where the message is.
    #[inline]
    pub fn message(&self) -> *mut wcrypto_comp_msg {
        self.message.as_ptr()
    }

    /// Whether it can be used for a request.
    #[inline]
    pub fn is_idle(&self) -> bool {
        // Acquire pairs with the Release stores of IDLE: the last use of the message is over.
        self.state.load(Ordering::Acquire) == state::IDLE
    }

    /// Makes it a request, which is then to be sent: `write` writes the message, but for `udata`.
    /// With a `callback` it will be called back for.
    #[inline]
    pub fn fill(
        &self,
        promise: Promise,
        tag: wcrypto_comp_tag,
        callback: Option<wcrypto_cb>,
        write: impl FnOnce(&mut wcrypto_comp_msg),
    ) {
        let udata = self.tag.as_ptr().expose_provenance() as u64;
        promise.write(self.tag.as_ptr(), tag);
        // In place: a message that is made beside is copied number by number.
        if let Some(message) = promise.borrow(self.message()) {
            write(message);
            message.udata = udata;
        }
        let next = match callback {
            Some(callback) => {
                promise.write(self.callback.as_ptr(), callback);
                state::POSTED
            }
            None => state::AWAITED,
        };
        // Release pairs with the Acquire in `answered`, should another thread receive the answer.
        self.state.store(next, Ordering::Release);
    }

    /// Copies the results of a request of LZ77, before it is filled in: the request is to name the
    /// copy, which is null where there are none.
    pub fn copy_results(&self, data: &wcrypto_comp_op_data, promise: Promise) -> *mut c_void {
        let to = self.copies.results.as_ptr();
        match promise.read(data.priv_.cast_const().cast()) {
            Some(results) if promise.write(to, results) => to.cast(),
            _ => ptr::null_mut(),
        }
    }

    /// As [`copy_results`](Self::copy_results): the description of the room, of a request with lists.
    pub fn copy_room(&self, data: &wcrypto_comp_op_data, promise: Promise) -> *mut u8 {
        let to = self.copies.room.as_ptr();
        match promise.read(data.out.cast_const().cast()) {
            Some(room) if promise.write(to, room) => to.cast(),
            _ => data.out,
        }
    }

    /// Gives the results to who has waited for them, if the request named the copy.
    pub fn hand_out_results(&self, data: &wcrypto_comp_op_data, promise: Promise) {
        let copy = self.copies.results.as_ptr();
        let tag = promise.read(self.tag.as_ptr());
        if tag.is_some_and(|tag| tag.priv_ == copy.cast())
            && let Some(results) = promise.read(copy)
        {
            promise.write(data.priv_.cast(), results);
        }
    }

    /// The request was not sent, or its answer has been read.
    #[inline]
    pub fn put_back(&self) {
        // Release pairs with the Acquire in `is_idle`.
        self.state.store(state::IDLE, Ordering::Release);
    }

    /// Whether another thread has received the answer that this one waits for.
    #[inline]
    pub fn was_answered(&self) -> bool {
        // Acquire pairs with the Release in `answered`: the answer is in the message.
        self.state.load(Ordering::Acquire) == state::ANSWERED
    }

    /// Nobody wants the answer any more. `false` if it has come meanwhile.
    pub fn give_up(&self) -> bool {
        let change = |from| {
            let (to, order) = (state::LOST, Ordering::AcqRel);
            self.state
                .compare_exchange(from, to, order, Ordering::Acquire)
        };
        change(state::AWAITED).is_ok() || change(state::POSTED).is_ok()
    }

    /// Whether it was given up, and its queue has been released since, so that no answer can come.
    fn is_forgotten(&self) -> bool {
        let queue = Queue::from_raw(self.queue.load(Ordering::Relaxed));
        self.is_lost() && !queue.is_some_and(Queue::is_open)
    }

    /// Whether it was given up, and may still be on its way.
    pub fn is_lost(&self) -> bool {
        self.state.load(Ordering::Relaxed) == state::LOST
    }

    /// The message has come back to a thread that took whatever came.
    #[inline]
    pub fn answered(&self) -> Next {
        // Release pairs with the Acquire in `was_answered`.
        let change = |from, to| {
            let order = (Ordering::AcqRel, Ordering::Acquire);
            self.state.compare_exchange(from, to, order.0, order.1)
        };
        if change(state::POSTED, state::CALLING).is_ok() {
            return Next::Call;
        }
        if change(state::AWAITED, state::ANSWERED).is_err() && self.is_lost() {
            self.put_back();
        }
        Next::Nothing
    }

    /// What to call: the program's function, and the tag that it gave the request.
    #[inline]
    pub fn callback(&self, promise: Promise) -> Result<(wcrypto_cb, *mut core::ffi::c_void)> {
        let callback = promise.read(self.callback.as_ptr());
        let tag = promise.read(self.tag.as_ptr());
        let (callback, tag) = callback.zip(tag).ok_or(Error::Invalid)?;
        Ok((callback, tag.wcrypto_tag.tag))
    }
}

/// All cookies of the process.
#[derive(Default)]
pub(super) struct Cookies {
    table: Table<Cookie>,
    spare: Mutex<Spare>,
}

/// Cookies of no context.
#[derive(Default)]
struct Spare {
    idle: Vec<&'static Cookie>,
    /// Those of contexts that were deleted while they were in use.
    used: Vec<&'static Cookie>,
}

impl Cookies {
    /// An idle cookie, for a context of this queue.
    ///
    /// # Errors
    /// [`Error::Busy`] if there are 65 536 already.
    pub fn take(&self, queue: Queue) -> Result<&'static Cookie> {
        let mut spare = self.spare.lock();
        if spare.idle.is_empty() {
            let Spare { idle, used } = &mut *spare;
            used.retain(|cookie| {
                if cookie.is_forgotten() {
                    cookie.put_back();
                }
                let now = cookie.is_idle();
                if now {
                    idle.push(cookie);
                }
                !now
            });
        }
        if spare.idle.is_empty() {
            let before = self.table.iter().count();
            if !self.table.grow() {
                return Err(Error::Busy);
            }
            let fresh = self.table.iter().skip(before);
            spare.idle.extend(fresh.map(|(_, cookie)| cookie));
        }
        let cookie = spare.idle.pop().ok_or(Error::Busy)?;
        cookie.queue.store(queue.to_raw(), Ordering::Relaxed);
        Ok(cookie)
    }

    /// Takes cookies of a context back.
    pub fn give_back(&self, cookies: &[&'static Cookie]) {
        let mut spare = self.spare.lock();
        for cookie in cookies {
            if cookie.is_idle() {
                spare.idle.push(cookie);
            } else {
                spare.used.push(cookie);
            }
        }
    }

    /// The cookie whose message is at this address; any number is safe to ask for.
    #[inline]
    pub fn of(&self, message: *const wcrypto_comp_msg) -> Option<&'static Cookie> {
        self.table.find(message.addr())
    }
}
