//! Counters of a context. They are this process's own: nobody else's initialisation
//! wipes them, and reading them needs no shared memory.

use core::sync::atomic::{AtomicU64, Ordering};

/// What a context has done. One thread at a time writes, except in contexts that are shared.
#[derive(Default)]
pub struct Tally {
    requests: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    errors: AtomicU64,
    /// Of the requests, those that the helper served.
    pub helped: AtomicU64,
    /// Synchronous requests whose answer did not come.
    pub timeouts: AtomicU64,
    /// Answers to no request.
    pub strays: AtomicU64,
}

/// Adds without a read-modify-write: see [`Tally`].
#[inline(always)]
pub(super) fn add(counter: &AtomicU64, n: u64) {
    let sum = counter.load(Ordering::Relaxed).wrapping_add(n);
    counter.store(sum, Ordering::Relaxed);
}

impl Tally {
    /// A request that is over, counted by the one thread that may write.
    #[inline(always)]
    pub fn count(&self, (input, output, failed): (u32, u32, bool)) {
        add(&self.requests, 1);
        add(&self.bytes_in, input.into());
        add(&self.bytes_out, output.into());
        if failed {
            add(&self.errors, 1);
        }
    }

    /// As `count`, from several threads at once.
    pub fn count_shared(&self, (input, output, failed): (u32, u32, bool)) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.bytes_in.fetch_add(input.into(), Ordering::Relaxed);
        self.bytes_out.fetch_add(output.into(), Ordering::Relaxed);
        self.errors.fetch_add(failed.into(), Ordering::Relaxed);
    }

    /// Requests, bytes of input, bytes of output, requests that failed.
    pub fn read(&self) -> [u64; 4] {
        [
            &self.requests,
            &self.bytes_in,
            &self.bytes_out,
            &self.errors,
        ]
        .map(|n| n.load(Ordering::Relaxed))
    }

    /// Nothing yet.
    pub fn clear(&self) {
        let counters = [
            &self.requests,
            &self.bytes_in,
            &self.bytes_out,
            &self.errors,
            &self.helped,
            &self.timeouts,
            &self.strays,
        ];
        for counter in counters {
            counter.store(0, Ordering::Relaxed);
        }
    }
}
