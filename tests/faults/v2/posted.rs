//! Asynchronous requests.

use super::super::request::{Counts, Random};
use super::{FAILED, Task, error, request};
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};
use warpdrive::capi::v2::wd_comp::*;
use warpdrive::ctypes::v2::wd_comp::wd_comp_req;

/// How long answers are waited for before they are given up.
const PATIENCE: Duration = Duration::from_millis(25);

/// Requests of all threads, which poll for each other.
static ON_THEIR_WAY: AtomicI64 = AtomicI64::new(0);

/// Nothing is on its way any more.
pub fn forget() {
    ON_THEIR_WAY.store(0, Ordering::Relaxed);
}

/// An asynchronous request, and the copies of it that came back.
pub struct Posted {
    task: Task,
    answers: Vec<wd_comp_req>,
}

impl Posted {
    /// Counts what became of it.
    pub fn judge(&self, counts: &mut Counts) {
        assert!(self.answers.len() <= 1, "called back twice");
        self.task.buffers.check();
        match self.answers.first() {
            None => counts.given_up += 1,
            Some(answer) => self.task.judge(answer, counts),
        }
    }
}

/// The callback.
///
/// # Safety
/// `param` is a [`Posted`] that nobody else uses meanwhile.
unsafe extern "C" fn finished(request: *mut wd_comp_req, param: *mut c_void) -> *mut c_void {
    // SAFETY: the promise above.
    let posted = unsafe { &mut *param.cast::<Posted>() };
    // SAFETY: the library's copy, good until this returns.
    posted.answers.push(unsafe { *request });
    null_mut()
}

/// Asynchronous requests, some of them on their way together. They are added to `all`.
pub fn asynchronous(
    handle: usize,
    (format, way): (u32, u32),
    lists: bool,
    random: &mut Random,
    counts: &mut Counts,
    all: &mut Vec<*mut Posted>,
) {
    for _ in 0..random.below(60) {
        let posted = Box::into_raw(Box::new(Posted {
            task: Task::new(format, way, lists, random),
            answers: Vec::new(),
        }));
        // SAFETY: ours, and no request of it is on its way yet.
        let mut asked = request(unsafe { &mut (*posted).task }, way);
        asked.cb = Some(finished);
        asked.cb_param = posted.cast();
        counts.sent += 1;
        // SAFETY: the buffers stay until compression is ended.
        let answer = unsafe { wd_do_comp_async(handle, &mut asked) };
        if answer == 0 {
            all.push(posted);
            ON_THEIR_WAY.fetch_add(1, Ordering::Relaxed);
        } else {
            // SAFETY: ours again.
            drop(unsafe { Box::from_raw(posted) });
            error(answer, counts);
        }
        if random.below(4) == 0 {
            poll();
        }
    }
    let end = Instant::now() + PATIENCE;
    while ON_THEIR_WAY.load(Ordering::Relaxed) > 0 && Instant::now() < end {
        if poll() == 0 {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

/// Polls once; how many were finished.
fn poll() -> u32 {
    let mut count = 0;
    // SAFETY: a count of ours.
    let answer = unsafe { wd_comp_poll(8, &mut count) };
    assert!(answer == 0 || FAILED.contains(&answer), "polling: {answer}");
    ON_THEIR_WAY.fetch_sub(count.into(), Ordering::Relaxed);
    count
}
