//! Faults as data: what a device does wrong, and when. A plan counts the device's
//! requests and calls and says which faults are due; it does nothing itself.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

/// One fault of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// At which of the events that it concerns.
    pub when: When,
}

/// What a device can do wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request is not executed and ends with this status code.
    Status(u8),
    /// The request is never completed.
    Drop,
    /// The request is executed this much later.
    Delay(Duration),
    /// The completion is posted twice, if the completion queue has room.
    Duplicate,
    /// This completion and the next ones, this many together, are posted in reverse order. A queue
    /// that has nothing else to do posts a smaller number.
    Reorder(usize),
    /// The completion names this submission slot.
    SqHead(u16),
    /// The completion names this queue.
    SqNumber(u16),
    /// The completion has the phase bit of the pass before.
    Phase,
    /// The descriptor claims this many bytes more than it had space for. They are not written.
    Produced(u32),
    /// The device is reset: all its open queues are dead, and their status words say so. The
    /// request is dropped. Queues opened later work.
    Reset,
    /// The device is removed: its memory is lost, all calls answer that there is no device.
    Remove,
    /// Opening a queue fails with this `errno`.
    Open(i32),
    /// Configuring a queue fails.
    Configure(i32),
    /// Starting a queue fails.
    Start(i32),
    /// Mapping the queue memory fails.
    Region(i32),
    /// This attribute cannot be read, so that the device is left out of the list.
    Sysfs(String),
}

/// At which events a fault happens. Events are counted from 1, for each device and kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At this one only.
    Nth(u64),
    /// At this one and all later ones.
    From(u64),
    /// At each multiple of this number.
    Every(u64),
    /// At one in `of`, chosen by `seed`: the same seed chooses the same events again.
    Chance {
        /// The mean distance of two faults.
        of: u64,
        /// Which sequence.
        seed: u64,
    },
}

impl When {
    /// Whether the fault happens at event `n`.
    #[must_use]
    pub fn due(self, n: u64) -> bool {
        match self {
            When::Nth(nth) => n == nth,
            When::From(first) => n >= first,
            When::Every(step) => step != 0 && n.is_multiple_of(step),
            When::Chance { of, seed } => of != 0 && scramble(seed, n).is_multiple_of(of),
        }
    }
}

/// A number that looks random but depends on its arguments only (the mixing steps of SplitMix64),
/// so that two engines cannot change each other's luck.
fn scramble(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// The events that faults are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// A descriptor is fetched.
    Request,
    /// A queue is opened.
    Open,
    /// A queue is configured.
    Configure,
    /// A queue is started.
    Start,
    /// The queue memory is asked for.
    Region,
    /// The devices are listed.
    List,
}

/// How many sites there are.
const SITES: usize = 6;

impl Kind {
    /// The events that the fault is counted by.
    #[must_use]
    pub fn site(&self) -> Site {
        match self {
            Kind::Open(_) => Site::Open,
            Kind::Configure(_) => Site::Configure,
            Kind::Start(_) => Site::Start,
            Kind::Region(_) => Site::Region,
            Kind::Sysfs(_) => Site::List,
            _ => Site::Request,
        }
    }
}

/// Everything that is wrong with one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Upset {
    pub status: Option<u8>,
    pub drop: bool,
    pub delay: Duration,
    pub duplicate: bool,
    /// Completions to hold back and reverse, this one included; 0 for none.
    pub reorder: usize,
    pub sq_head: Option<u16>,
    pub sq_number: Option<u16>,
    pub phase: bool,
    pub produced: Option<u32>,
    pub reset: bool,
    pub remove: bool,
}

impl Upset {
    fn add(&mut self, kind: &Kind) {
        match kind {
            Kind::Status(code) => self.status = Some(*code),
            Kind::Drop => self.drop = true,
            Kind::Delay(time) => self.delay += *time,
            Kind::Duplicate => self.duplicate = true,
            Kind::Reorder(window) => self.reorder = *window,
            Kind::SqHead(head) => self.sq_head = Some(*head),
            Kind::SqNumber(number) => self.sq_number = Some(*number),
            Kind::Phase => self.phase = true,
            Kind::Produced(excess) => self.produced = Some(*excess),
            Kind::Reset => self.reset = true,
            Kind::Remove => self.remove = true,
            Kind::Open(_)
            | Kind::Configure(_)
            | Kind::Start(_)
            | Kind::Region(_)
            | Kind::Sysfs(_) => {}
        }
    }
}

/// The faults of one device, and how far their events have been counted.
#[derive(Debug, Default)]
pub(super) struct Plan {
    faults: Vec<Fault>,
    counts: [AtomicU64; SITES],
    /// How often each of the faults has happened.
    happened: Vec<AtomicU64>,
}

impl Plan {
    pub fn new(faults: Vec<Fault>) -> Plan {
        Plan {
            happened: faults.iter().map(|_| AtomicU64::new(0)).collect(),
            faults,
            ..Plan::default()
        }
    }

    /// Counts an event, and hands those faults to `each` that are due at it.
    fn at<'a>(&'a self, site: Site, mut each: impl FnMut(&'a Kind)) {
        // Relaxed: a number of its own for each event is all that is needed.
        let n = self.counts[site as usize].fetch_add(1, Ordering::Relaxed) + 1;
        for (fault, happened) in self.faults.iter().zip(&self.happened) {
            if fault.kind.site() == site && fault.when.due(n) {
                happened.fetch_add(1, Ordering::Relaxed);
                each(&fault.kind);
            }
        }
    }

    /// What is wrong with the request that is fetched now.
    pub fn request(&self) -> Upset {
        let mut upset = Upset::default();
        self.at(Site::Request, |kind| upset.add(kind));
        upset
    }

    /// The `errno` that the call made now fails with, if it does.
    pub fn call(&self, site: Site) -> Option<i32> {
        let mut errno = None;
        self.at(site, |kind| {
            if let Kind::Open(n) | Kind::Configure(n) | Kind::Start(n) | Kind::Region(n) = kind {
                errno = Some(*n);
            }
        });
        errno
    }

    /// The attribute that cannot be read this time, if there is one.
    pub fn garbage(&self) -> Option<&str> {
        let mut name = None;
        self.at(Site::List, |kind| {
            if let Kind::Sysfs(attribute) = kind {
                name = Some(attribute.as_str());
            }
        });
        name
    }

    /// How many faults have happened.
    pub fn happened(&self) -> u64 {
        self.each().map(|(_, times)| times).sum()
    }

    /// Each fault, and how often it has happened.
    pub fn each(&self) -> impl Iterator<Item = (&Fault, u64)> {
        let times = self.happened.iter().map(|n| n.load(Ordering::Relaxed));
        self.faults.iter().zip(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(when: When) -> Vec<u64> {
        (1..=12).filter(|n| when.due(*n)).collect()
    }

    #[test]
    fn a_fault_is_due_when_it_says() {
        assert_eq!(due(When::Nth(3)), [3]);
        assert_eq!(due(When::From(10)), [10, 11, 12]);
        assert_eq!(due(When::Every(5)), [5, 10]);
        assert_eq!(due(When::Every(0)), [0; 0]);
    }

    #[test]
    fn chance_hits_its_share_and_repeats_itself() {
        let when = |seed| When::Chance { of: 10, seed };
        let hits = |seed| (1..=10_000).filter(|n| when(seed).due(*n)).count();
        for seed in [0, 1, 42] {
            assert!((900..1100).contains(&hits(seed)), "{}", hits(seed));
        }
        assert_eq!(due(when(7)), due(when(7)));
        let differ = |n: &u64| when(1).due(*n) != when(2).due(*n);
        assert!((1..=10_000).any(|n| differ(&n)));
    }

    #[test]
    fn each_site_has_a_count_of_its_own() {
        let fault = |kind| Fault {
            kind,
            when: When::Nth(2),
        };
        let plan = Plan::new(vec![
            fault(Kind::Status(5)),
            fault(Kind::Duplicate),
            fault(Kind::Open(libc::EBUSY)),
            fault(Kind::Sysfs("api".into())),
        ]);
        assert_eq!(plan.request(), Upset::default());
        assert_eq!(plan.call(Site::Open), None);
        assert_eq!(plan.garbage(), None);
        let both = Upset {
            status: Some(5),
            duplicate: true,
            ..Upset::default()
        };
        assert_eq!(plan.request(), both);
        assert_eq!(plan.call(Site::Open), Some(libc::EBUSY));
        assert_eq!(plan.call(Site::Start), None);
        assert_eq!(plan.garbage(), Some("api"));
        assert_eq!(plan.happened(), 4);
        assert!(plan.each().all(|(_, times)| times == 1));
    }
}
