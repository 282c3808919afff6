//! Whole requests through contexts: `wcrypto_do_comp` and `wcrypto_comp_poll`.

use super::super::request::Random;
use super::{Ended, Life, PATIENCE, REFUSED, Task};
use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::time::{Duration, Instant};
use warpdrive::capi::v1::wd_comp::*;
use warpdrive::ctypes::v1::wd::{WD_EBUSY, WD_EIO, WD_HW_EACCESS, wd_queue};
use warpdrive::ctypes::v1::wd_comp::wcrypto_comp_flush_type::WCRYPTO_FINISH;
use warpdrive::ctypes::v1::wd_comp::{wcrypto_comp_msg, wcrypto_comp_op_data};

thread_local! {
    /// What this thread was called back for, by tag, and is not counted yet.
    static ANSWERS: RefCell<Vec<(usize, Ended)>> = const { RefCell::new(Vec::new()) };
}

/// The callback of all contexts.
///
/// # Safety
/// `message` is a message.
pub unsafe extern "C" fn finished(message: *const c_void, tag: *mut c_void) {
    // SAFETY: the promise above: good until this returns.
    let message = unsafe { &*message.cast::<wcrypto_comp_msg>() };
    let ended = Ended {
        status: message.status,
        consumed: message.in_cons,
        produced: message.produced,
    };
    ANSWERS.with_borrow_mut(|answers| answers.push((tag.addr(), ended)));
}

/// Without a poll there is no callback.
pub fn nobody_was_called() {
    assert!(ANSWERS.take().is_empty());
}

/// Polls a queue once for all: whether its device works, and what was called back for.
pub fn poll(queue: *mut wd_queue) -> (bool, Vec<(usize, Ended)>) {
    // SAFETY: an open queue, whose requests' buffers are there.
    let answer = unsafe { wcrypto_comp_poll(queue, 0) };
    let known = [-WD_HW_EACCESS, -WD_EIO];
    assert!(answer >= 0 || known.contains(&answer), "polling: {answer}");
    let answers = ANSWERS.take();
    assert!(answer < 0 || answers.len() == answer as usize, "{answer}");
    (answer != -WD_HW_EACCESS, answers)
}

/// A request for what a task has lent.
pub fn request(task: &mut Task) -> wcrypto_comp_op_data {
    // SAFETY: for a structure of numbers and pointers zeros are a value.
    let mut request: wcrypto_comp_op_data = unsafe { std::mem::zeroed() };
    (request.alg_type, request.flush) = (task.format, WCRYPTO_FINISH as u8);
    request.stream_pos = 1;
    (request.in_, request.in_len) = (task.lent.source(), task.lent.copy.len() as u32);
    (request.out, request.avail_out) = (task.lent.target(), task.lent.room as u32);
    request.priv_ = (&raw mut *task.results).cast();
    request
}

impl Life<'_> {
    /// Requests one after the other. Whether the queue takes more.
    pub fn synchronous(&mut self, context: *mut c_void, random: &mut Random) -> bool {
        for _ in 0..random.below(8) {
            let Some(mut task) = Task::new(&self.line, random) else {
                return false;
            };
            let mut asked = request(&mut task);
            self.counts.sent += 1;
            // SAFETY: a context; buffers stay until its queue is released if it times out.
            let answer = unsafe { wcrypto_do_comp(context, &mut asked, null_mut()) };
            if answer == 0 {
                self.late = 0;
                task.judge(Ended::of(&asked), self.counts);
                self.keep(task, None, false);
                continue;
            }
            task.lent.check();
            if answer == -WD_EBUSY {
                self.counts.refused += 1;
                // Places of the ring that others have.
                self.receive(random);
                self.poll();
                continue;
            }
            let alive = self.failed(answer);
            self.keep(task, None, true);
            if !alive {
                return false;
            }
        }
        true
    }

    /// Posts some requests and polls for some. Whether the queue takes more.
    pub fn asynchronous(&mut self, context: *mut c_void, random: &mut Random) -> bool {
        for _ in 0..random.below(12) {
            let Some(mut task) = Task::new(&self.line, random) else {
                return false;
            };
            self.tags += 1;
            let mut asked = request(&mut task);
            let tag = self.tags as *mut c_void;
            self.counts.sent += 1;
            // SAFETY: a context; buffers stay until the callback, or the queue's release.
            let answer = unsafe { wcrypto_do_comp(context, &mut asked, tag) };
            if answer == 0 {
                self.posted.insert(self.tags, task);
                continue;
            }
            assert!(REFUSED.contains(&answer), "posting: {answer}");
            self.counts.refused += 1;
            if answer != -WD_EBUSY {
                self.poll();
                return false;
            }
        }
        let left = random.below(8) as usize;
        let mut end = Instant::now() + PATIENCE;
        while self.posted.len() > left {
            let before = self.posted.len();
            if !self.poll() {
                return false;
            }
            match self.posted.len() < before {
                true => end = Instant::now() + PATIENCE,
                false if Instant::now() > end => return false,
                false => std::thread::sleep(Duration::from_micros(50)),
            }
        }
        true
    }

    /// Polls once for all. Whether the device works.
    pub fn poll(&mut self) -> bool {
        let (works, answers) = poll(&mut *self.line.queue);
        for (tag, ended) in answers {
            let task = self
                .posted
                .remove(&tag)
                .expect("posted, and not answered yet");
            task.judge(ended, self.counts);
            self.keep(task, None, ended.is_late());
        }
        assert!(works || self.posted.is_empty(), "requests are missing");
        works
    }
}
