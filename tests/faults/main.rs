//! The fault campaign: requests by the ten thousand over simulated devices that fail in
//! every way they know, by a schedule drawn from a seed. Each request is accounted
//! for exactly once, nothing is written beside its buffers, and nothing leaks. A
//! large campaign goes on until every fault has happened to every way of requests.
//!
//! `FAULTS_N` is the number of requests, `FAULTS_SEED` the seed, `FAULTS_JOBS` how many rounds go on at
//! once, and `FAULTS_ONLY` a part of the names of the ways that are wanted;
//! `make faults N=... SCHEDULE=... JOBS=... ONLY=...` sets them. Rounds are processes of their own, since
//! a process has one simulation. What they are to do is drawn one after the other before each begins, so
//! that it follows from the seed whatever they take.

#![expect(
    unsafe_code,
    reason = "a counting allocator, and calls of C entries as C programs make them"
)]

mod leaks;
mod plan;
mod request;
mod rounds;
mod sequences;
mod v0;
mod v1;
mod v2;

use plan::{Devices, Happened, KINDS, simulation};
use request::{Counts, Random};
use rounds::Rounds;
use std::time::{Instant, SystemTime};

#[global_allocator]
static ALLOCATOR: leaks::Counting = leaks::Counting;

/// Makes so many requests by a schedule that follows from a seed: the seed comes first.
type Round = fn(u64, u64) -> Counts;

/// A way that requests take: its name, the devices that it is made for, and its rounds.
struct Way(&'static str, Devices, Round);

impl Way {
    fn is_wanted(&self) -> bool {
        let only = std::env::var("FAULTS_ONLY").unwrap_or_default();
        self.0.contains(&only)
    }
}

/// All ways: each generation of the API, as it is called. A generation that comes later has its rows
/// here.
const WAYS: [Way; 19] = {
    const SHARED: Devices = Devices::SHARED;
    const ALL: Devices = Devices::ALL;
    [
        Way("v0 one by one", SHARED, |s, n| {
            v0::round(v0::Way::One, s, n)
        }),
        Way("v0 batches", SHARED, |s, n| v0::round(v0::Way::Many, s, n)),
        Way("v0 streams", SHARED, |s, n| {
            v0::round(v0::Way::Stream, s, n)
        }),
        Way("v0 threads", SHARED, |s, n| {
            v0::round(v0::Way::Threads, s, n)
        }),
        Way("v1 messages", ALL, |s, n| {
            v1::round(&[v1::Way::Messages], s, n)
        }),
        Way("v1 sync", ALL, |s, n| v1::round(&[v1::Way::Sync], s, n)),
        Way("v1 async", ALL, |s, n| v1::round(&[v1::Way::Async], s, n)),
        Way("v1 streams", ALL, |s, n| {
            v1::round(&[v1::Way::Stream], s, n)
        }),
        Way("v1 mixed", ALL, |s, n| v1::round(&v1::ALL, s, n)),
        Way("v1 lists", ALL, |s, n| v1::round(&[v1::Way::Lists], s, n)),
        Way("v1 lz77", ALL.of(&["3", "5"]), |s, n| {
            v1::round(&[v1::Way::Sequences], s, n)
        }),
        Way("v1 threads", ALL, |s, n| {
            v1::round(&[v1::Way::Threads], s, n)
        }),
        Way("v2 sync", SHARED, |s, n| v2::round(&[v2::Way::Sync], s, n)),
        Way("v2 async", SHARED, |s, n| {
            v2::round(&[v2::Way::Async], s, n)
        }),
        Way("v2 streams", SHARED, |s, n| {
            v2::round(&[v2::Way::Stream], s, n)
        }),
        Way("v2 lists", SHARED, |s, n| {
            v2::round(&[v2::Way::Lists], s, n)
        }),
        Way("v2 mixed", SHARED, |s, n| v2::round(&v2::ALL, s, n)),
        Way("v2 blocks", SHARED.of(&["5"]), |s, n| {
            v2::round(&[v2::Way::Blocks], s, n)
        }),
        Way("v2 threads", SHARED, |s, n| {
            v2::round(&[v2::Way::Threads], s, n)
        }),
    ]
};

/// Requests of a round, if nothing ends it before.
const ROUND: u64 = 500;
/// One round in so many is long, so that small leaks add up.
const LONG_EACH: u64 = 64;
/// Requests of `cargo test`, which is not optimised; `make test` asks for more.
const USUAL: u64 = 3000;
/// Rounds at once for each processor, if nobody says: they sleep more than they work.
const JOBS: usize = 3;
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
        // It goes with its parent, and by a panic of any thread while others wait for that.
        // SAFETY: a number.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            told(panic);
            std::process::exit(101);
        }));
        let asked = |name| number(name).expect("set by the parent");
        let counts = WAYS[way as usize].2(asked("FAULTS_SEED"), asked("FAULTS_N"));
        println!("{}\n{}", counts.line(), Happened::here().line());
        return;
    }
    let clock = || {
        SystemTime::UNIX_EPOCH
            .elapsed()
            .map_or(0, |time| time.as_millis() as u64)
    };
    let processors = || std::thread::available_parallelism().map_or(1, |number| number.get());
    let jobs = number("FAULTS_JOBS").map_or_else(|| JOBS * processors(), |jobs| jobs as usize);
    let campaign = Campaign::new(number("FAULTS_N").unwrap_or(USUAL));
    let seed = number("FAULTS_SEED").unwrap_or_else(clock);
    println!(
        "fault campaign: {} requests, seed {seed}, {jobs} rounds at once",
        campaign.wanted
    );
    campaign.run(Schedule::new(seed), jobs.max(1)).print();
}

/// The rounds that there are to be.
struct Schedule {
    random: Random,
    /// Ways with faults that come next.
    pairs: Vec<(usize, usize)>,
}

impl Schedule {
    fn new(seed: u64) -> Schedule {
        Schedule {
            random: Random(seed),
            pairs: Vec::new(),
        }
    }

    /// The way and the settings of the next round.
    fn next(&mut self) -> (usize, [(&'static str, String); 7]) {
        let random = &mut self.random;
        if self.pairs.is_empty() {
            self.pairs = shuffled(random);
        }
        let (way, kind) = self.pairs.pop().expect("a way that is wanted");
        let (seed, simulation) = (random.next(), simulation(kind, WAYS[way].1, random));
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
        (way, settings)
    }
}

/// All ways that are wanted with all faults, in a random order.
fn shuffled(random: &mut Random) -> Vec<(usize, usize)> {
    let kinds = |way| (0..KINDS.len()).map(move |kind| (way, kind));
    let ways = (0..WAYS.len()).filter(|way| WAYS[*way].is_wanted());
    let mut pairs: Vec<_> = ways.flat_map(kinds).collect();
    for at in (1..pairs.len()).rev() {
        pairs.swap(at, random.below(at as u64 + 1) as usize);
    }
    pairs
}

/// What rounds came to.
struct Campaign {
    wanted: u64,
    start: Instant,
    of: [(Counts, Happened); WAYS.len()],
    sent: u64,
    rounds: u64,
}

impl Campaign {
    fn new(wanted: u64) -> Campaign {
        Campaign {
            wanted,
            start: Instant::now(),
            of: [(Counts::default(), Happened::default()); WAYS.len()],
            sent: 0,
            rounds: 0,
        }
    }

    /// Whether something has never happened that is to.
    fn lacks(&self) -> bool {
        let ways = WAYS.iter().zip(&self.of);
        let mut wanted = ways.filter(|(way, _)| way.is_wanted());
        self.wanted >= WHOLE && wanted.any(|(_, (_, happened))| happened.lacks())
    }

    fn goes_on(&self) -> bool {
        self.sent < self.wanted || (self.lacks() && self.rounds < ENOUGH)
    }

    /// Makes rounds, so many at once, until there were enough.
    fn run(mut self, mut schedule: Schedule, jobs: usize) -> Campaign {
        let mut rounds = Rounds::new();
        while self.goes_on() || rounds.len() > 0 {
            while self.goes_on() && rounds.len() < jobs {
                let (way, settings) = schedule.next();
                rounds.start(way, &settings);
            }
            let (way, counts, happened) = rounds.next();
            self.add(way, &counts, &happened);
        }
        self
    }

    fn add(&mut self, way: usize, counts: &Counts, happened: &Happened) {
        self.of[way].0.add(counts);
        self.of[way].1.add(happened);
        let before = self.sent;
        (self.sent, self.rounds) = (before + counts.sent, self.rounds + 1);
        if self.sent / STEP > before / STEP {
            let seconds = self.start.elapsed().as_secs_f32();
            println!("{} requests after {seconds:.0} s", self.sent);
        }
        let idle = self.rounds >= 1000 && self.sent <= self.rounds;
        assert!(!idle, "devices take no requests");
    }

    /// Prints all, and fails if something is missing.
    fn print(&self) {
        let ways = || WAYS.iter().zip(&self.of).filter(|(way, _)| way.is_wanted());
        let mut sum = Counts::default();
        println!("{:14}{}", "", Happened::head());
        for (Way(name, ..), (counts, happened)) in ways() {
            println!("{name:14}{}", happened.text());
            sum.add(counts);
        }
        for (Way(name, ..), (counts, _)) in ways() {
            println!("{name}: {}", counts.text());
        }
        println!(
            "{} rounds in {:.1} s: {}",
            self.rounds,
            self.start.elapsed().as_secs_f32(),
            sum.text()
        );
        assert!(!self.lacks(), "something never happened");
    }
}
