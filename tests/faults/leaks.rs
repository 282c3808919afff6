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

/// Bytes that caches may grow by: states of streams on the software driver's shelves, and sets of
/// lists of the ZIP driver's contexts.
const CACHES: isize = 3 << 20;
/// Mappings that threads of simulated devices, which begin with the first queue of each, may add: a
/// stack with its guard, and an arena of the C library's allocator.
const THREADS: usize = 64;

impl Holdings {
    pub fn now() -> Holdings {
        let maps = std::fs::read_to_string("/proc/self/maps").expect("proc");
        Holdings {
            bytes: LIVE.load(Ordering::Relaxed),
            descriptors: std::fs::read_dir("/proc/self/fd").expect("proc").count(),
            mappings: maps.lines().count(),
        }
    }

    /// Fails if there is more than there was at the first call, which is the first to see it.
    pub fn compare(first: &mut Option<Holdings>) {
        let mut now = Holdings::now();
        let before = *first.get_or_insert(now);
        // An engine of a simulated device may hold the last reference to a queue for a moment.
        for _ in 0..5000 {
            if now.descriptors <= before.descriptors {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
            now = Holdings::now();
        }
        now.check(&before);
    }

    fn check(&self, before: &Holdings) {
        let more = self.descriptors > before.descriptors;
        assert!(!more, "descriptors leak: {before:?} {self:?}");
        assert!(
            self.mappings <= before.mappings + THREADS,
            "mappings leak: {before:?} {self:?}"
        );
        assert!(
            self.bytes <= before.bytes + CACHES,
            "memory leaks: {before:?} {self:?}"
        );
    }
}
