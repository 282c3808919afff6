//! What a process has: memory, descriptors, mappings.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering};
use std::time::Duration;

/// Counts bytes that are allocated and not given back, of all threads.
pub struct Counting;

static LIVE: AtomicIsize = AtomicIsize::new(0);

// SAFETY: hands everything on to the system's allocator; the counter is an atomic.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller's promise, handed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller's promise, handed on.
        unsafe { System.dealloc(at, layout) }
    }
}

/// What the process has at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Holdings {
    bytes: isize,
    descriptors: usize,
    mappings: usize,
}

/// Bytes that caches may grow by in a round: states of streams on the software driver's shelves, and
/// sets of lists of the ZIP driver's contexts.
const CACHES: isize = 3 << 20;
/// Bytes that they may grow by after the first half of a long round.
const LATER: isize = 256 << 10;
/// Mappings that threads of simulated devices, which begin with the first queue of each, may add: a
/// stack with its guard, and an arena of the C library's allocator.
const THREADS: usize = 64;
/// As [`LATER`], for mappings.
const FEW: usize = 8;

impl Holdings {
    pub fn now() -> Holdings {
        let maps = std::fs::read_to_string("/proc/self/maps").expect("proc");
        Holdings {
            bytes: LIVE.load(Ordering::Relaxed),
            descriptors: std::fs::read_dir("/proc/self/fd").expect("proc").count(),
            mappings: maps.lines().count(),
        }
    }

    /// Fails if this is more than there was before, and so much on top.
    fn check(&self, before: &Holdings, bytes: isize, mappings: usize) {
        let more = self.descriptors > before.descriptors;
        assert!(!more, "descriptors leak: {before:?} {self:?}");
        assert!(
            self.mappings <= before.mappings + mappings,
            "mappings leak: {before:?} {self:?}"
        );
        assert!(
            self.bytes <= before.bytes + bytes,
            "memory leaks: {before:?} {self:?}"
        );
    }
}

/// Requests of a round after whose first half caches have become as large as they do.
pub const LONG: u64 = 10_000;

/// What there was at earlier moments of a round.
pub struct Leaks {
    half: u64,
    first: Option<Holdings>,
    later: Option<Holdings>,
}

impl Leaks {
    /// For a round of so many requests.
    pub fn new(number: u64) -> Leaks {
        Leaks {
            half: if number < LONG { u64::MAX } else { number / 2 },
            first: None,
            later: None,
        }
    }

    /// Fails if there is more than there was, when nothing is open. `sent` are the requests so far.
    pub fn check(&mut self, sent: u64) {
        let mut now = Holdings::now();
        let first = *self.first.get_or_insert(now);
        let most = self.later.unwrap_or(first).descriptors;
        // An engine of a simulated device may hold the last reference to a queue for a moment.
        for _ in 0..5000 {
            if now.descriptors <= most {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
            now = Holdings::now();
        }
        now.check(&first, CACHES, THREADS);
        if sent >= self.half {
            now.check(self.later.get_or_insert(now), LATER, FEW);
        }
    }
}
