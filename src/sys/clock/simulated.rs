//! Simulated time, for fuzzing: it moves on when it is looked at or waited for, and
//! nobody sleeps. A program in which nothing depends on another thread runs the same
//! way each time then, and limits of milliseconds cost it microseconds.
//!
//! There is none until it is asked for: `--cfg fuzzing` is for all crates of a build,
//! and a program of others that is fuzzed may have threads and devices to wait for.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
#[cfg(fuzzing)]
use std::sync::OnceLock;
use std::time::Instant;

/// How far each look moves the clock on.
const LOOK: Duration = Duration::from_micros(100);
/// The most that passes at once, about a year: a limit of "never" must not make the clock overflow.
const MOST: Duration = Duration::from_secs(1 << 25);

#[cfg(fuzzing)]
static CLOCK: OnceLock<Clock> = OnceLock::new();

/// From now on time is simulated, in the whole process.
#[cfg(fuzzing)]
pub fn begin() {
    CLOCK.get_or_init(Clock::new);
}

/// The simulated time, moved on, if there is one.
#[cfg(fuzzing)]
pub(super) fn look() -> Option<Instant> {
    CLOCK.get().map(Clock::look)
}

/// Lets `time` pass. Whether time is simulated.
#[cfg(fuzzing)]
pub(super) fn pass(time: Duration) -> bool {
    let clock = CLOCK.get();
    if let Some(clock) = clock {
        clock.pass(time);
    }
    clock.is_some()
}

struct Clock {
    begin: Instant,
    /// Nanoseconds since then. Relaxed, below: it is a number, and nothing follows from it.
    passed: AtomicU64,
}

impl Clock {
    fn new() -> Clock {
        Clock {
            begin: Instant::now(),
            passed: AtomicU64::new(0),
        }
    }

    fn look(&self) -> Instant {
        self.begin + Duration::from_nanos(self.pass(LOOK))
    }

    /// Lets `time` pass; what had passed before.
    fn pass(&self, time: Duration) -> u64 {
        let nanos = time.min(MOST).as_nanos() as u64;
        self.passed.fetch_add(nanos, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_moves_on_by_looks_and_by_waiting_only() {
        let clock = Clock::new();
        let (first, second) = (clock.look(), clock.look());
        assert_eq!(second - first, LOOK);
        clock.pass(Duration::from_secs(3600));
        assert_eq!(clock.look() - second, LOOK + Duration::from_secs(3600));
        clock.pass(Duration::MAX);
        assert_eq!(
            clock.look() - first,
            LOOK * 3 + Duration::from_secs(3600) + MOST
        );
    }
}
