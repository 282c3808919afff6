//! What was to be reached, and whether it is.

use super::results::Results;

/// A target: how it is called, how it is measured, and its bound.
type Target = (&'static str, fn(&Results) -> Option<f64>, Bound);

enum Bound {
    Most(f64),
    Least(f64),
}

use Bound::{Least, Most};

const TARGETS: [Target; 13] = [
    (
        "ring pair / hand-written loop",
        |r| ratio(r, "ring", "send and receive", "ns"),
        Most(1.1),
    ),
    (
        "simulated device / zlib-rs, 60 in flight",
        |r| device(r),
        Least(0.9),
    ),
    (
        "software / zlib-rs, level 1",
        |r| software(r, "zlib level 1"),
        Least(0.95),
    ),
    ("level 6", |r| software(r, "zlib level 6"), Least(0.95)),
    (
        "inflate",
        |r| software(r, "inflate of level 6"),
        Least(0.95),
    ),
    (
        "sync instructions / C",
        |r| ratio(r, "C entry", "synchronous", "instructions"),
        Most(0.8),
    ),
    (
        "sync ns / C",
        |r| ratio(r, "C entry", "synchronous", "ns"),
        Most(1.0),
    ),
    ("async ns, 1 context", |r| asynchronous(r, 1), Most(45.0)),
    ("async ns, 64 contexts", |r| asynchronous(r, 64), Most(60.0)),
    ("2 threads / 1", threads, Least(1.8)),
    ("allocations and system calls", allocations, Most(0.0)),
    (
        "preload, a doorbell, ns",
        |r| value(r, "preload", "a doorbell", "ns"),
        Most(20_000.0),
    ),
    ("preload, worst of other calls", preload, Most(1.1)),
];

/// One line: the figures, their bounds, and which are missed.
pub fn line(results: &Results) -> String {
    let told = TARGETS.iter().map(|(name, measure, bound)| {
        let (sign, limit) = match bound {
            Most(limit) => ("at most", limit),
            Least(limit) => ("at least", limit),
        };
        let Some(value) = measure(results) else {
            return format!("{name} not measured");
        };
        // As it is printed, so that nobody reads "1.10 (at most 1.1, missed)".
        let shown = (value * 100.0).round() / 100.0;
        let met = match bound {
            Most(limit) => shown <= *limit,
            Least(limit) => shown >= *limit,
        };
        let missed = if met { "" } else { ", missed" };
        format!("{name} {shown} ({sign} {limit}{missed})")
    });
    format!("Targets: {}.", told.collect::<Vec<_>>().join("; "))
}

fn ratio(results: &Results, floor: &str, what: &str, unit: &str) -> Option<f64> {
    results.find(floor, what, unit)?.ratio()
}

fn value(results: &Results, floor: &str, what: &str, unit: &str) -> Option<f64> {
    Some(results.find(floor, what, unit)?.ours)
}

fn device(results: &Results) -> Option<f64> {
    ratio(
        results,
        "simulated device",
        "one engine, 64 KiB, 60 in flight",
        "MB/s",
    )
}

fn software(results: &Results, what: &str) -> Option<f64> {
    ratio(
        results,
        "driver",
        &format!("software, {what}, 64 KiB"),
        "MB/s",
    )
}

/// The best of the batches.
fn asynchronous(results: &Results, contexts: u32) -> Option<f64> {
    let of = |batch: u32| {
        let what = format!("asynchronous and polled, {contexts} contexts, batches of {batch}");
        value(results, "C entry", &what, "ns")
    };
    [1, 8, 64].into_iter().filter_map(of).reduce(f64::min)
}

/// How much more two threads do than one.
fn threads(results: &Results) -> Option<f64> {
    let one = value(results, "C entry", "synchronous, one thread", "ns")?;
    let two = "synchronous, each of 2 threads with its own context";
    Some(2.0 * one / value(results, "C entry", two, "ns")?)
}

fn allocations(results: &Results) -> Option<f64> {
    let of = |how: &str| {
        let what = format!("{how}, 10000 requests without a system call");
        value(results, "C entry", &what, "allocations")
    };
    Some(of("synchronous")? + of("asynchronous")?)
}

fn preload(results: &Results) -> Option<f64> {
    let rows = results.rows.iter().filter(|row| row.floor == "preload");
    rows.filter_map(|row| row.ratio()).reduce(f64::max)
}
