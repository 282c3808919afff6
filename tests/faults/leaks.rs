//! What a process has: memory, descriptors, mappings.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering};
use std::time::Duration;
use warpdrive::bus;
use warpdrive::sim::World;

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
    /// Streams that were given up in the middle, and simulated devices know: those with SVA, which
    /// cannot know when their contexts go, up to 1024.
    streams: usize,
}

/// Bytes of such a stream: the state of a decompressor, 47 552, and its place in a table.
const STREAM: isize = 48 << 10;

/// Bytes that caches may grow by in a round: states of streams on the software driver's shelves, sets
/// of lists of the ZIP driver's contexts, and half a MiB for each engine of a simulated device that is
/// used for the first time, of which there are six.
const CACHES: isize = 6 << 20;
/// Mappings that threads of simulated devices, which begin with the first queue of each, may add: a
/// stack with its guard, and an arena of the C library's allocator.
const THREADS: usize = 64;
/// Parts of a long round. In one or the other a device may be used for the first time, or a cache
/// become larger, but not in all behind the first.
const PARTS: usize = 5;
/// Bytes and mappings that a round may have more behind each part: 32 bytes a request.
const PART: (isize, usize) = (64 << 10, 2);

impl Holdings {
    pub fn now() -> Holdings {
        let maps = std::fs::read_to_string("/proc/self/maps").expect("proc");
        Holdings {
            bytes: LIVE.load(Ordering::Relaxed),
            descriptors: std::fs::read_dir("/proc/self/fd").expect("proc").count(),
            mappings: maps.lines().count(),
            streams: bus::simulated().map_or(0, World::streams),
        }
    }

    /// Bytes that are not those of streams.
    fn others(&self) -> isize {
        self.bytes - STREAM * self.streams as isize
    }

    /// Fails if this is more than there was before.
    fn check(&self, before: &Holdings) {
        let more = self.descriptors > before.descriptors;
        assert!(!more, "descriptors leak: {before:?} {self:?}");
        assert!(
            self.mappings <= before.mappings + THREADS,
            "mappings leak: {before:?} {self:?}"
        );
        assert!(
            self.others() <= before.others() + CACHES,
            "memory leaks: {before:?} {self:?}"
        );
    }
}

/// Requests of a long round.
pub const LONG: u64 = 10_000;

/// What there was at earlier moments of a round.
pub struct Leaks {
    number: u64,
    first: Option<Holdings>,
    /// Behind each part, if the round is long.
    parts: Vec<Holdings>,
}

impl Leaks {
    /// For a round of so many requests.
    pub fn new(number: u64) -> Leaks {
        Leaks {
            number,
            first: None,
            parts: Vec::with_capacity(PARTS),
        }
    }

    /// Fails if there is more than there was, when nothing is open. `sent` are the requests so far.
    pub fn check(&mut self, sent: u64) {
        let mut now = Holdings::now();
        let first = *self.first.get_or_insert(now);
        // An engine of a simulated device may hold the last reference to a queue for a moment.
        for _ in 0..5000 {
            if now.descriptors <= first.descriptors {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
            now = Holdings::now();
        }
        now.check(&first);
        let part = self.parts.len() as u64 + 1;
        if self.number >= LONG && sent >= part * self.number / PARTS as u64 {
            self.parts.push(now);
            self.look_back();
        }
    }

    /// Fails if each part has left something behind.
    fn look_back(&self) {
        let pairs = || self.parts.iter().zip(self.parts.iter().skip(1));
        if self.parts.len() == PARTS {
            let bytes = pairs().any(|(a, b)| b.others() <= a.others() + PART.0);
            assert!(bytes, "memory leaks, bit by bit: {:?}", self.parts);
            let mappings = pairs().any(|(a, b)| b.mappings <= a.mappings + PART.1);
            assert!(mappings, "mappings leak, bit by bit: {:?}", self.parts);
        }
    }
}
