//! Sessions of several threads, over the contexts of one initialisation.

use super::super::plan::lies;
use super::super::request::{Counts, Random};
use super::{ALL, Posted, Way, work};

const THREADS: usize = 4;
/// Requests of a thread.
const EACH: u64 = 60;

/// What a thread has done, and posted.
struct Work(Counts, Vec<*mut Posted>);

// SAFETY: the thread has ended, and what it posted is used when compression is.
unsafe impl Send for Work {}

/// Has threads make requests, some of which are `posted`.
pub fn work_together(random: &mut Random, counts: &mut Counts, posted: &mut Vec<*mut Posted>) {
    // With a device that lies lists go one after the other: see `work`.
    let ways: &[Way] = match lies() {
        true => &[Way::Sync, Way::Async, Way::Stream],
        false => &ALL,
    };
    std::thread::scope(|scope| {
        let start = |_| {
            let mut random = Random(random.next());
            scope.spawn(move || {
                let mut done = Work(Counts::default(), Vec::new());
                work(ways, EACH, &mut random, &mut done.0, &mut done.1);
                done
            })
        };
        let threads: Vec<_> = (0..THREADS).map(start).collect();
        for thread in threads {
            let Work(done, more) = thread.join().expect("a panic ends the process");
            counts.add(&done);
            posted.extend(more);
        }
    });
}
