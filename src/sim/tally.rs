//! What a device has done, in numbers.

use core::sync::atomic::{AtomicU64, Ordering};

/// Counts of one device since its world was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Queues opened.
    pub opened: u64,
    /// Descriptors fetched.
    pub descriptors: u64,
    /// Completions posted, duplicates included.
    pub completions: u64,
    /// Bytes of input that requests consumed.
    pub bytes_in: u64,
    /// Bytes of output that requests produced.
    pub bytes_out: u64,
    /// Requests executed that ended with a status other than 0, 0x0d and 0x13.
    pub errors: u64,
    /// Requests among them that named memory which the device does not reach.
    pub bus_faults: u64,
    /// Events raised for waiters.
    pub events: u64,
    /// Doorbells that mean nothing: another queue, an unknown command, an index beyond the ring.
    pub model_errors: u64,
    /// Completion doorbells that were behind an earlier one, or ahead of the device.
    pub stale_doorbells: u64,
    /// Faults that have happened.
    pub faults: u64,
}

/// The counts as they are kept. Relaxed throughout: they order nothing.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub opened: Count,
    pub descriptors: Count,
    pub completions: Count,
    pub bytes_in: Count,
    pub bytes_out: Count,
    pub errors: Count,
    pub bus_faults: Count,
    pub events: Count,
    pub model_errors: Count,
    pub stale_doorbells: Count,
}

/// One number that only grows.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Tally {
    /// The numbers now; `faults` is counted elsewhere.
    pub fn read(&self, faults: u64) -> Counters {
        Counters {
            opened: self.opened.get(),
            descriptors: self.descriptors.get(),
            completions: self.completions.get(),
            bytes_in: self.bytes_in.get(),
            bytes_out: self.bytes_out.get(),
            errors: self.errors.get(),
            bus_faults: self.bus_faults.get(),
            events: self.events.get(),
            model_errors: self.model_errors.get(),
            stale_doorbells: self.stale_doorbells.get(),
            faults,
        }
    }
}
