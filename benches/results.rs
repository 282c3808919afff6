//! The form in which benchmarks tell what they have measured.

#![allow(dead_code, reason = "no benchmark uses all of it")]

use nix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// The processor time of this thread.
pub const THREAD: ClockId = ClockId::CLOCK_THREAD_CPUTIME_ID;
/// The processor time of all threads.
pub const PROCESS: ClockId = ClockId::CLOCK_PROCESS_CPUTIME_ID;

/// Prints a result: floor, what, unit, ours, and what it is compared with, separated by tabs.
/// benches/run.sh puts these lines together, tool/examples/performance.rs makes the table of them.
pub fn row(floor: &str, what: &str, unit: &str, ours: f64, against: Option<(&str, f64)>) {
    let (name, theirs) = against.unwrap_or_default();
    println!("{floor}\t{what}\t{unit}\t{ours:.3}\t{name}\t{theirs:.3}");
}

/// Seconds of something, by the clock on the wall.
pub fn seconds(run: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    run();
    begin.elapsed().as_secs_f64()
}

/// Seconds of the processor that something takes: of this thread, or of all threads. A machine with
/// other work on it adds less to them.
pub fn processor_seconds(clock: ClockId, run: impl FnOnce()) -> f64 {
    let now = || Duration::from(clock_gettime(clock).expect("a clock of this process"));
    let begin = now();
    run();
    (now() - begin).as_secs_f64()
}

/// For each of `runs`, the least nanoseconds of this thread's processor time that one of `count` has taken, in `rounds` rounds in
/// which they take turns. What other programs do to the machine only ever adds.
pub fn least(runs: &mut [&mut dyn FnMut(u64)], count: u64, rounds: usize) -> Vec<f64> {
    let mut best = vec![f64::MAX; runs.len()];
    for _ in 0..rounds {
        for (run, best) in runs.iter_mut().zip(&mut best) {
            let time = processor_seconds(THREAD, || run(count));
            *best = best.min(time * 1e9 / count as f64);
        }
    }
    best
}

/// `NAME COUNT` on the command line: only this is to be run, and so often.
pub fn only() -> Option<(String, u64)> {
    let mut arguments = std::env::args().skip(1).filter(|word| word != "--bench");
    let name = arguments.next()?;
    let count = arguments.next().and_then(|count| count.parse().ok());
    count.map(|count| (name, count))
}
