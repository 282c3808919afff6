//! Threads of the library's own that poll asynchronous contexts. They sleep while
//! nothing is on its way in theirs, hear no signals, and end with the initialisation
//! that started them. A fork child has none.

use crate::error::Result;
use crate::log_error;
use crate::sys::fork;
use crate::sys::lock::{Condvar, Mutex};
use crate::sys::thread;
use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread::JoinHandle;

/// Polls a context once. Whether requests of it are still on their way.
///
/// # Errors
/// What the engine answered: the context is not polled any more until the next request.
pub type Poll = fn(u32) -> Result<bool>;

/// Turns without a result before the processor is given to others.
const SPIN: u32 = 256;

struct Shared {
    /// Something was posted since the thread last looked.
    posted: Mutex<bool>,
    changed: Condvar,
    stop: AtomicBool,
    contexts: Vec<u32>,
}

/// The threads. Dropping them stops them.
pub struct Workers {
    threads: Vec<(Arc<Shared>, JoinHandle<()>)>,
    born: u64,
}

impl Workers {
    /// Starts a thread for each entry of `contexts`; none for no entries.
    ///
    /// # Errors
    /// The `errno` of starting a thread.
    pub fn start(contexts: Vec<Vec<u32>>, poll: Poll) -> Result<Option<Workers>> {
        if contexts.is_empty() {
            return Ok(None);
        }
        let mut workers = Workers {
            threads: Vec::new(),
            born: fork::generation(),
        };
        for (number, contexts) in contexts.into_iter().enumerate() {
            let shared = Arc::new(Shared {
                posted: Mutex::new(false),
                changed: Condvar::new(),
                stop: AtomicBool::new(false),
                contexts,
            });
            let own = Arc::clone(&shared);
            let thread = thread::spawn(format!("wd-poll-{number}"), move || work(&own, poll))?;
            workers.threads.push((shared, thread));
        }
        Ok(Some(workers))
    }

    /// Wakes the thread that polls a context.
    pub fn wake(&self, context: u32) {
        for (shared, _) in &self.threads {
            if shared.contexts.contains(&context) {
                let mut posted = shared.posted.lock();
                if !*posted {
                    *posted = true;
                    shared.changed.notify_one();
                }
            }
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        if self.born != fork::generation() {
            return;
        }
        for (shared, _) in &self.threads {
            shared.stop.store(true, Ordering::Relaxed);
            *shared.posted.lock() = true;
            shared.changed.notify_one();
        }
        for (_, thread) in self.threads.drain(..) {
            // A callback may end the initialisation: its thread ends when the callback returns.
            if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
                log_error!("a polling thread has panicked");
            }
        }
    }
}

fn work(shared: &Shared, poll: Poll) {
    let stopped = || shared.stop.load(Ordering::Relaxed);
    while !stopped() {
        let mut posted = shared.posted.lock();
        // The flag is set after a request was counted, and under the lock: a request that the last
        // look at the counts missed is seen here.
        while !*posted {
            shared.changed.wait(&mut posted);
        }
        *posted = false;
        drop(posted);
        let mut turn = 0_u32;
        while !stopped() {
            let busy = |&context: &u32| match poll(context) {
                Ok(busy) => busy,
                Err(error) => {
                    log_error!("polling context {context}: {error}");
                    false
                }
            };
            // All of them, not only up to the first that is busy.
            if shared
                .contexts
                .iter()
                .filter(|context| busy(context))
                .count()
                == 0
            {
                break;
            }
            turn = turn.saturating_add(1);
            if turn < SPIN {
                core::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;
    use core::sync::atomic::AtomicU32;

    #[test]
    fn a_thread_polls_when_it_is_woken_and_ends_when_it_is_dropped() {
        static LEFT: AtomicU32 = AtomicU32::new(0);
        fn poll(context: u32) -> Result<bool> {
            assert_eq!(context, 7);
            let took =
                LEFT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
            Ok(took.is_ok_and(|before| before > 1))
        }
        let workers = Workers::start(vec![vec![7]], poll).expect("starts");
        let workers = workers.expect("has a thread");
        for _ in 0..50 {
            LEFT.fetch_add(3, Ordering::Relaxed);
            workers.wake(7);
            while LEFT.load(Ordering::Relaxed) != 0 {
                std::thread::yield_now();
            }
        }
        drop(workers);
    }

    #[test]
    fn no_contexts_need_no_threads() {
        let none = Workers::start(Vec::new(), |_| Ok(false));
        assert!(none.expect("nothing to start").is_none());
    }
}
