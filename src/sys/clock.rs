//! The monotonic clock, sleeping, and deadlines.
//!
//! Built for fuzzing (`--cfg fuzzing`) the library can do without real time: `simulated`.

#![forbid(unsafe_code)]

#[cfg(any(fuzzing, test))]
pub mod simulated;

use core::time::Duration;
use std::time::Instant;

/// The time.
#[inline(always)]
#[must_use]
pub fn now() -> Instant {
    #[cfg(fuzzing)]
    if let Some(now) = simulated::look() {
        return now;
    }
    Instant::now()
}

/// How long a system call has to wait so that `time` passes: so long. With simulated time it passes
/// in this call, and nothing is left to wait for.
#[inline(always)]
#[must_use]
pub fn wait(time: Duration) -> Duration {
    #[cfg(fuzzing)]
    if simulated::pass(time) {
        return Duration::ZERO;
    }
    time
}

/// Gives the processor to other threads. With simulated time nothing waits for them.
#[inline(always)]
pub fn give_way() {
    #[cfg(fuzzing)]
    if simulated::pass(Duration::ZERO) {
        return;
    }
    std::thread::yield_now();
}

/// Sleeps.
pub fn sleep(time: Duration) {
    std::thread::sleep(wait(time));
}

/// A point in time, or never.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// The time `limit` from now; `None` and spans that overflow mean never.
    #[must_use]
    pub fn after(limit: Option<Duration>) -> Self {
        Deadline(limit.and_then(|l| now().checked_add(l)))
    }

    /// The time left: `None` for ever, zero when the deadline has passed.
    #[must_use]
    pub fn left(self) -> Option<Duration> {
        self.0.map(|at| at.saturating_duration_since(now()))
    }

    /// Whether the deadline has passed.
    #[must_use]
    pub fn passed(self) -> bool {
        self.left() == Some(Duration::ZERO)
    }

    /// The time left, but at most `slice`.
    #[must_use]
    pub fn slice(self, slice: Duration) -> Duration {
        self.left().map_or(slice, |left| left.min(slice))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_does_not_pass() {
        let never = Deadline::after(None);
        assert!(!never.passed());
        assert_eq!(
            never.slice(Duration::from_millis(5)),
            Duration::from_millis(5)
        );
    }

    #[test]
    fn a_deadline_of_nothing_has_passed() {
        let now = Deadline::after(Some(Duration::ZERO));
        assert!(now.passed());
        assert_eq!(now.slice(Duration::from_millis(5)), Duration::ZERO);
    }

    #[test]
    fn a_span_beyond_the_clock_means_never() {
        assert!(Deadline::after(Some(Duration::MAX)).left().is_none());
    }
}
