//! The fault campaign: requests by the ten thousand over simulated devices that fail in
//! every way they know, by a schedule drawn from a seed. Each request is accounted
//! for exactly once, nothing is written beside its buffers, and nothing leaks. A
//! large campaign goes on until every fault has happened to every way of requests.
//!
//! `FAULTS_N` is the number of requests, `FAULTS_SEED` the seed; `make faults N=... SCHEDULE=...`
//! sets them. Rounds are processes of their own, since a process has one simulation.

#![expect(
    unsafe_code,
    reason = "a counting allocator, and calls of C entries as C programs make them"
)]

mod leaks;
mod plan;
mod request;
mod v0;
mod v1;
mod v2;

use plan::{Happened, KINDS, simulation};
use request::{Counts, Random};
use std::process::{Command, Stdio};
use std::time::{Instant, SystemTime};

#[global_allocator]
static ALLOCATOR: leaks::Counting = leaks::Counting;

/// Makes so many requests by a schedule that follows from a seed: the seed comes first.
type Round = fn(u64, u64) -> Counts;

/// The ways that requests take: each generation of the API, as it is called. A generation that
/// comes later has its rows here.
const WAYS: [(&str, Round); 13] = [
    ("v0 one by one", |seed, n| v0::round(v0::Way::One, seed, n)),
    ("v0 batches", |seed, n| v0::round(v0::Way::Many, seed, n)),
    ("v0 streams", |seed, n| v0::round(v0::Way::Stream, seed, n)),
    ("v1 messages", |seed, n| {
        v1::round(&[v1::Way::Messages], seed, n)
    }),
    ("v1 sync", |seed, n| v1::round(&[v1::Way::Sync], seed, n)),
    ("v1 async", |seed, n| v1::round(&[v1::Way::Async], seed, n)),
    ("v1 streams", |seed, n| {
        v1::round(&[v1::Way::Stream], seed, n)
    }),
    ("v1 mixed", |seed, n| v1::round(&v1::ALL, seed, n)),
    ("v2 sync", |seed, n| v2::round(&[v2::Way::Sync], seed, n)),
    ("v2 async", |seed, n| v2::round(&[v2::Way::Async], seed, n)),
    ("v2 streams", |seed, n| {
        v2::round(&[v2::Way::Stream], seed, n)
    }),
    ("v2 lists", |seed, n| v2::round(&[v2::Way::Lists], seed, n)),
    ("v2 mixed", |seed, n| v2::round(&v2::ALL, seed, n)),
];

/// Requests of a round, if nothing ends it before.
const ROUND: u64 = 500;
/// One round in so many is long, so that small leaks add up.
const LONG_EACH: u64 = 64;
/// Requests of `cargo test`, which is not optimised; `make test` asks for more.
const USUAL: u64 = 3000;
/// A campaign of so many goes on until everything has happened.
const WHOLE: u64 = 100_000;
/// How often it tells how far it has got.
const STEP: u64 = 1_000_000;
/// Rounds in which it must have.
const ENOUGH: u64 = 20 * (WAYS.len() * KINDS.len()) as u64;

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .filter(|text| !text.is_empty())
        .map(|text| {
            text.parse()
                .unwrap_or_else(|_| panic!("{name}={text} is not a number"))
        })
}

fn main() {
    if let Some(way) = number("FAULTS_WAY") {
        let asked = |name| number(name).expect("set by the parent");
        let counts = WAYS[way as usize].1(asked("FAULTS_SEED"), asked("FAULTS_N"));
        println!("{}\n{}", counts.line(), Happened::here().line());
        return;
    }
    let wanted = number("FAULTS_N").unwrap_or(USUAL);
    let clock = || {
        SystemTime::UNIX_EPOCH
            .elapsed()
            .map_or(0, |time| time.as_millis() as u64)
    };
    let seed = number("FAULTS_SEED").unwrap_or_else(clock);
    println!("fault campaign: {wanted} requests, seed {seed}");
    let start = Instant::now();
    let mut random = Random(seed);
    let mut of = [(Counts::default(), Happened::default()); WAYS.len()];
    let mut pairs = Vec::new();
    let (mut sent, mut rounds) = (0, 0_u64);
    let missing = |of: &[(Counts, Happened)]| of.iter().any(|(_, happened)| happened.lacks());
    while sent < wanted || (wanted >= WHOLE && missing(&of) && rounds < ENOUGH) {
        if pairs.is_empty() {
            pairs = shuffled(&mut random);
        }
        let (way, kind) = pairs.pop().expect("not empty");
        let (counts, happened) = round(way, kind, &mut random);
        of[way].0.add(&counts);
        of[way].1.add(&happened);
        if (sent + counts.sent) / STEP > sent / STEP {
            println!(
                "{} requests after {:.0} s",
                sent + counts.sent,
                start.elapsed().as_secs_f32()
            );
        }
        (sent, rounds) = (sent + counts.sent, rounds + 1);
        assert!(rounds < 1000 || sent > rounds, "devices take no requests");
    }
    let mut sum = Counts::default();
    println!("{:14}{}", "", Happened::head());
    for ((name, _), (counts, happened)) in WAYS.iter().zip(&of) {
        println!("{name:14}{}", happened.text());
        sum.add(counts);
    }
    for ((name, _), (counts, _)) in WAYS.iter().zip(&of) {
        println!("{name}: {}", counts.text());
    }
    println!(
        "{rounds} rounds in {:.1} s: {}",
        start.elapsed().as_secs_f32(),
        sum.text()
    );
    assert!(wanted < WHOLE || !missing(&of), "something never happened");
}

/// All ways with all faults, in a random order.
fn shuffled(random: &mut Random) -> Vec<(usize, usize)> {
    let kinds = |way| (0..KINDS.len()).map(move |kind| (way, kind));
    let mut pairs: Vec<_> = (0..WAYS.len()).flat_map(kinds).collect();
    for at in (1..pairs.len()).rev() {
        pairs.swap(at, random.below(at as u64 + 1) as usize);
    }
    pairs
}

/// One process: what it counted, and which faults happened.
fn round(way: usize, kind: usize, random: &mut Random) -> (Counts, Happened) {
    // Of the ways, those of v1 are made for devices without SVA.
    let sva: &[&str] = match WAYS[way].0.starts_with("v1") {
        true => &["sva=1", "sva=0", "sva=0,iommu=1"],
        false => &["sva=1"],
    };
    let (seed, simulation) = (random.next(), simulation(kind, sva, random));
    let number = match random.below(LONG_EACH) {
        0 => leaks::LONG,
        _ => ROUND,
    };
    let settings = [
        ("WD_SIM", simulation),
        ("WD_FALLBACK", random.one(&["", "soft"]).into()),
        ("WD_COMP_EPOLL_EN", random.one(&["0", "1"]).into()),
        ("WD_SYNC_TIMEOUT_MS", "25".into()),
        ("FAULTS_WAY", way.to_string()),
        ("FAULTS_SEED", seed.to_string()),
        ("FAULTS_N", number.to_string()),
    ];
    let mut command = Command::new(std::env::current_exe().expect("a path"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WD_")) {
        command.env_remove(name);
    }
    let again = settings
        .iter()
        .map(|(name, text)| format!("{name}='{text}'"));
    let again = again.collect::<Vec<_>>().join(" ");
    command.envs(settings).stderr(Stdio::inherit());
    let output = command.output().expect("runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}: {said}\nagain: {again}",
        output.status
    );
    let mut lines = said.lines();
    let counts = lines.next().and_then(Counts::of);
    let happened = lines.next().and_then(Happened::of);
    let both = counts.zip(happened);
    both.unwrap_or_else(|| panic!("no counts: {said}\nagain: {again}"))
}
