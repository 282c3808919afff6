//! Simulated time, for fuzzing: it moves on when it is looked at or waited for, and
//! nobody sleeps. A program in which nothing depends on another thread runs the same
//! way each time then, and limits of milliseconds cost it microseconds.
//!
//! There is none until it is asked for: `--cfg fuzzing` is for all crates of a build,
//! and a program of others that is fuzzed may have threads and devices to wait for.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::OnceLock;
use std::time::Instant;

/// How far each look moves the clock on.
const LOOK: Duration = Duration::from_micros(100);

static BEGIN: OnceLock<Instant> = OnceLock::new();
/// Nanoseconds since then. Relaxed wherever it is used: it is a number, and nothing follows from it.
static PASSED: AtomicU64 = AtomicU64::new(0);

/// From now on time is simulated, in the whole process.
pub fn begin() {
    BEGIN.get_or_init(Instant::now);
}

fn nanos(time: Duration) -> u64 {
    // Not the whole range: centuries of waiting must not make it overflow.
    u64::try_from(time.as_nanos()).map_or(u64::MAX >> 20, |nanos| nanos.min(u64::MAX >> 20))
}

/// The simulated time, moved on, if there is one.
pub(super) fn look() -> Option<Instant> {
    let begin = *BEGIN.get()?;
    let passed = PASSED.fetch_add(nanos(LOOK), Ordering::Relaxed);
    Some(begin + Duration::from_nanos(passed))
}

/// Lets `time` pass. Whether time is simulated.
pub(super) fn pass(time: Duration) -> bool {
    let simulated = BEGIN.get().is_some();
    if simulated {
        PASSED.fetch_add(nanos(time), Ordering::Relaxed);
    }
    simulated
}
