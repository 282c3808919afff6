//! Threads on one queue: two whose requests are waited for, and two that post and
//! poll, each in a context of its own. Any of them may receive any answer.

use super::super::request::{Counts, Random};
use super::{Ended, FAILED, LATE, Line, REFUSED, Task, contexts, lies};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use warpdrive::capi::v1::wd::*;
use warpdrive::capi::v1::wd_comp::*;
use warpdrive::ctypes::v1::wd::{WD_EBUSY, WD_ETIMEDOUT, wd_queue};

/// Threads of each kind.
const EACH: usize = 2;
/// Requests that are posted and not back, beyond which nothing is posted.
const MANY: usize = 16;
const SHORT: Duration = Duration::from_micros(50);

struct Shared<'a> {
    line: &'a Line,
    queue: *mut wd_queue,
    contexts: Vec<*mut c_void>,
    /// By tag. A request is here before it is posted, since it may be back before the call is.
    posted: Mutex<BTreeMap<usize, Task>>,
    tags: AtomicUsize,
    answered: AtomicU64,
    /// Given up, or answered by a device that lies: it may still write to them.
    kept: Mutex<Vec<Task>>,
    /// The queue takes no more.
    ended: AtomicBool,
}

// SAFETY: any thread may use the queue, its pool and its contexts, which are there while threads have
// this.
unsafe impl Sync for Shared<'_> {}

/// Makes so many requests through an open queue, and releases it.
pub fn use_up(mut line: Line, number: u64, random: &mut Random, counts: &mut Counts) {
    let queue = &raw mut *line.queue;
    let shared = Shared {
        contexts: (0..2 * EACH).map(|_| line.context(false, random)).collect(),
        line: &line,
        queue,
        posted: Mutex::default(),
        tags: AtomicUsize::new(1),
        answered: AtomicU64::new(0),
        kept: Mutex::default(),
        ended: AtomicBool::new(false),
    };
    std::thread::scope(|scope| {
        let start = |thread| {
            let (shared, random) = (&shared, Random(random.next()));
            let number = number.div_ceil(2 * EACH as u64);
            scope.spawn(move || match thread < EACH {
                true => shared.synchronous(shared.contexts[thread], number, random),
                false => shared.asynchronous(shared.contexts[thread], number, random),
            })
        };
        let threads: Vec<_> = (0..2 * EACH).map(start).collect();
        for thread in threads {
            counts.add(&thread.join().expect("a panic ends the process"));
        }
    });
    let dead = !shared.poll(counts);
    let Shared {
        contexts,
        posted,
        kept,
        ..
    } = shared;
    let posted = posted.into_inner().expect("no panic");
    assert!(!dead || posted.is_empty(), "requests are missing");
    counts.given_up += posted.len() as u64;
    let first = random.below(2) == 0;
    let delete = || {
        for context in contexts {
            // SAFETY: a context.
            unsafe { wcrypto_del_comp_ctx(context) };
        }
    };
    if first {
        delete();
        // SAFETY: a queue of ours; buffers stay until this returns.
        unsafe { wd_release_queue(queue) };
    } else {
        // SAFETY: as above.
        unsafe { wd_release_queue(queue) };
        delete();
    }
    contexts::nobody_was_called();
    let kept = kept.into_inner().expect("no panic");
    let tasks = posted.into_values().chain(kept);
    tasks.for_each(|task| task.lent.check());
    line.close(first);
}

impl Shared<'_> {
    fn goes_on(&self) -> bool {
        !self.ended.load(Ordering::Relaxed)
    }

    fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    fn keep(&self, task: Task) {
        self.kept.lock().expect("no panic").push(task);
    }

    /// Requests that are waited for.
    fn synchronous(&self, context: *mut c_void, number: u64, mut random: Random) -> Counts {
        let (mut counts, mut late) = (Counts::default(), 0);
        while counts.sent < number && self.goes_on() {
            // Without memory the queue can only be released.
            let Some(mut task) = Task::new(self.line, &mut random) else {
                self.end();
                break;
            };
            let mut asked = contexts::request(&mut task);
            counts.sent += 1;
            // SAFETY: a context; buffers stay until its queue is released if it times out.
            let answer = unsafe { wcrypto_do_comp(context, &mut asked, null_mut()) };
            if answer == 0 {
                late = 0;
                task.judge(Ended::of(&asked), &mut counts);
                if lies() {
                    self.keep(task);
                }
                continue;
            }
            task.lent.check();
            if answer == -WD_EBUSY {
                counts.refused += 1;
                std::thread::sleep(SHORT);
                continue;
            }
            assert!(FAILED.contains(&answer), "synchronous: {answer}");
            counts.failed += 1;
            self.keep(task);
            late += 1;
            if answer != -WD_ETIMEDOUT || late == LATE {
                self.end();
            }
        }
        counts
    }

    /// Requests that are posted, and polling for them.
    fn asynchronous(&self, context: *mut c_void, number: u64, mut random: Random) -> Counts {
        let mut counts = Counts::default();
        while counts.sent < number && self.goes_on() {
            if self.on_their_way() < MANY {
                self.post(context, &mut random, &mut counts);
            }
            if random.below(3) == 0 || self.on_their_way() >= MANY {
                self.wait(MANY / 2, &mut counts);
            }
        }
        self.wait(0, &mut counts);
        counts
    }

    fn on_their_way(&self) -> usize {
        self.posted.lock().expect("no panic").len()
    }

    fn post(&self, context: *mut c_void, random: &mut Random, counts: &mut Counts) {
        let Some(mut task) = Task::new(self.line, random) else {
            return self.end();
        };
        let mut asked = contexts::request(&mut task);
        let tag = self.tags.fetch_add(1, Ordering::Relaxed);
        self.posted.lock().expect("no panic").insert(tag, task);
        counts.sent += 1;
        // SAFETY: a context; buffers stay until the callback, or the queue's release.
        let answer = unsafe { wcrypto_do_comp(context, &mut asked, tag as *mut c_void) };
        if answer == 0 {
            return;
        }
        assert!(REFUSED.contains(&answer), "posting: {answer}");
        let task = self.posted.lock().expect("no panic").remove(&tag);
        task.expect("refused, and not called back for").lent.check();
        counts.refused += 1;
        if answer != -WD_EBUSY {
            self.end();
        }
    }

    /// Polls until no more than so many are on their way, or nothing comes any more.
    fn wait(&self, left: usize, counts: &mut Counts) {
        let (mut seen, mut since) = (0, Instant::now());
        while self.on_their_way() > left {
            if !self.poll(counts) {
                return self.end();
            }
            let answered = self.answered.load(Ordering::Relaxed);
            if answered != seen {
                (seen, since) = (answered, Instant::now());
            } else if since.elapsed() > super::PATIENCE {
                return self.end();
            } else {
                std::thread::sleep(SHORT);
            }
        }
    }

    /// Polls once. Whether the device works.
    fn poll(&self, counts: &mut Counts) -> bool {
        let (works, answers) = contexts::poll(self.queue);
        for (tag, ended) in answers {
            let task = self.posted.lock().expect("no panic").remove(&tag);
            let task = task.expect("posted, and not answered yet");
            task.judge(ended, counts);
            self.answered.fetch_add(1, Ordering::Relaxed);
            if lies() || ended.is_late() {
                self.keep(task);
            }
        }
        works
    }
}
