//! The fault campaign: requests by the ten thousand over simulated devices that fail in
//! every way they know, by a schedule drawn from a seed. Each request is accounted
//! for exactly once, and nothing is written beside its buffers, and nothing leaks.
//!
//! `FAULTS_N` is the number of requests, `FAULTS_SEED` the seed; `make faults N=... SEED=...`
//! sets them. Rounds are processes of their own, since a process has one simulation.

#![expect(
    unsafe_code,
    reason = "a counting allocator, and calls of C entries as C programs make them"
)]

mod leaks;
mod request;
mod v0;
mod v2;

use request::{Counts, Random};
use std::process::{Command, Stdio};
use std::time::{Instant, SystemTime};

#[global_allocator]
static ALLOCATOR: leaks::Counting = leaks::Counting;

/// Requests of a round, if nothing ends it before.
const ROUND: u64 = 1000;
/// Requests of `cargo test`, which is not optimised; `make test` asks for more.
const USUAL: u64 = 3000;

/// The faults there are, and how often each may come at most: those that cost time are rare.
const FAULTS: [(&str, u64); 12] = [
    ("status:0x0e", 10),
    ("status:0x03", 10),
    ("drop", 400),
    ("delay:1", 100),
    ("duplicate", 20),
    ("reorder:3", 10),
    ("sq_head:1", 300),
    ("sq_num:999", 300),
    ("phase", 400),
    ("produced:100", 20),
    ("reset", 300),
    ("remove", 600),
];
/// Faults of calls.
const CALLS: [&str; 4] = [
    "open:EBUSY",
    "configure:EINVAL",
    "start:EIO",
    "region:ENOMEM",
];

/// What a round is to do, drawn from a seed.
fn simulation(random: &mut Random) -> String {
    let devices = 1 + random.below(3);
    let device = |random: &mut Random| {
        let mut text = format!(
            "hisi_zip,api={},depth={},engines={},orders={}",
            random.one(&["1", "2", "3", "5"]),
            random.one(&["8", "16", "33", "1024"]),
            random.one(&["1", "1", "2"]),
            random.one(&["in", "out"])
        );
        for _ in 0..1 + random.below(3) {
            let (fault, most) = FAULTS[random.below(FAULTS.len() as u64) as usize];
            let of = most + random.below(most * 4);
            text += &format!(",fault={fault}@chance:{of}:{}", random.below(1 << 20));
        }
        if random.below(4) == 0 {
            let (call, seed) = (random.one(&CALLS), random.below(1 << 20));
            text += &format!(",fault={call}@chance:3:{seed}");
        }
        if random.below(16) == 0 {
            text += ",fault=sysfs:api@chance:3";
        }
        text
    };
    let devices: Vec<String> = (0..devices).map(|_| device(random)).collect();
    devices.join(";")
}

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
    if let Ok(generation) = std::env::var("FAULTS_GENERATION") {
        let seed = number("FAULTS_SEED").expect("set by the parent");
        let counts = match generation.as_str() {
            "v0" => v0::round(seed, ROUND),
            _ => v2::round(seed, ROUND),
        };
        println!("{}", counts.line());
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
    let (mut random, mut sum, mut rounds) = (Random(seed), Counts::default(), 0_u64);
    let mut of = [Counts::default(), Counts::default()];
    while sum.sent < wanted {
        let generation = (rounds % 2) as usize;
        let counts = round(["v0", "v2"][generation], &mut random);
        sum.add(&counts);
        of[generation].add(&counts);
        rounds += 1;
        assert!(
            rounds < 1000 || sum.sent > rounds,
            "devices take no requests"
        );
    }
    println!("v0: {}\nv2: {}", of[0].text(), of[1].text());
    println!(
        "{rounds} rounds in {:.1} s: {}",
        start.elapsed().as_secs_f32(),
        sum.text()
    );
}

/// One process, and what it counted.
fn round(generation: &str, random: &mut Random) -> Counts {
    let (seed, simulation) = (random.next(), simulation(random));
    let fallback = random.one(&["", "soft"]);
    let epoll = random.one(&["0", "1"]);
    let mut command = Command::new(std::env::current_exe().expect("a path"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WD_")) {
        command.env_remove(name);
    }
    command
        .env("WD_SIM", &simulation)
        .env("WD_FALLBACK", fallback)
        .env("WD_COMP_EPOLL_EN", epoll)
        .env("WD_SYNC_TIMEOUT_MS", "25")
        .env("FAULTS_GENERATION", generation)
        .env("FAULTS_SEED", seed.to_string())
        .stderr(Stdio::inherit());
    let output = command.output().expect("runs");
    let line = String::from_utf8_lossy(&output.stdout);
    let again = format!(
        "FAULTS_GENERATION={generation} FAULTS_SEED={seed} WD_FALLBACK={fallback} \
         WD_COMP_EPOLL_EN={epoll} WD_SYNC_TIMEOUT_MS=25 WD_SIM='{simulation}'"
    );
    assert!(
        output.status.success(),
        "{}: {line}\nagain: {again}",
        output.status
    );
    Counts::of(&line).unwrap_or_else(|| panic!("no counts: {line}\nagain: {again}"))
}
