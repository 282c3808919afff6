//! Which faults there are, which of them a round has, and which happened.

use super::request::Random;
use warpdrive::bd::zip::Status;
use warpdrive::bus;
use warpdrive::sim::faults::Kind;

/// A kind of fault: its name, the arguments it is given, and how far apart it may be at least. Those
/// that cost time are rare.
pub struct Wrong(&'static str, fn(&mut Random) -> String, u64);

/// All kinds of faults that a simulated device knows.
pub const KINDS: [Wrong; 16] = [
    Wrong("status", code, 10),
    Wrong("drop", none, 400),
    Wrong("delay", |r| format!(":{}", 1 + r.below(3)), 100),
    Wrong("duplicate", none, 20),
    Wrong("reorder", |r| format!(":{}", 2 + r.below(6)), 10),
    Wrong("sq_head", |r| format!(":{}", r.below(40)), 300),
    Wrong("sq_num", |r| format!(":{}", r.below(1000)), 300),
    Wrong("phase", none, 400),
    Wrong("produced", |r| format!(":{}", 1 + r.below(5000)), 20),
    Wrong("reset", none, 300),
    Wrong("remove", none, 600),
    Wrong("open", errno, 3),
    Wrong("configure", errno, 3),
    Wrong("start", errno, 3),
    Wrong("region", errno, 3),
    Wrong("sysfs", |_| ":api".into(), 3),
];

fn none(_: &mut Random) -> String {
    String::new()
}

/// A status that is an error. Others are lies: see [`lies`].
fn code(random: &mut Random) -> String {
    let bad = |code: &u8| {
        !matches!(
            Status::from_code(*code),
            Status::Ok | Status::Expanded | Status::StreamEnd
        )
    };
    let codes: Vec<u8> = (1..=255).filter(bad).collect();
    format!(":{}", codes[random.below(codes.len() as u64) as usize])
}

fn errno(random: &mut Random) -> String {
    let errno = random.one(&["EBUSY", "EINVAL", "EIO", "ENOMEM", "ENODEV"]);
    format!(":{errno}")
}

/// What happens by the call or listing, of which there are few.
fn is_rare(kind: usize) -> bool {
    KINDS[kind].2 == 3
}

fn fault(kind: usize, random: &mut Random) -> String {
    let Wrong(name, argument, least) = &KINDS[kind];
    let of = least + random.below(least * 4);
    let seed = random.below(1 << 20);
    format!(",fault={name}{}@chance:{of}:{seed}", argument(random))
}

/// Devices that a way of requests is made for: for each setting the values that one is drawn from.
#[derive(Clone, Copy)]
pub struct Devices {
    pub sva: &'static [&'static str],
    pub api: &'static [&'static str],
}

impl Devices {
    /// For the seed API and UADK v2.
    pub const SHARED: Devices = Devices {
        sva: &["sva=1"],
        api: &["1", "2", "3", "5"],
    };
    /// Without SVA as well.
    pub const ALL: Devices = Devices {
        sva: &["sva=1", "sva=0", "sva=0,iommu=1"],
        ..Devices::SHARED
    };

    /// Of these versions only.
    pub const fn of(self, api: &'static [&'static str]) -> Devices {
        Devices { api, ..self }
    }
}

/// Devices as `WD_SIM` tells them: with faults of this kind, one of which comes early, and with others
/// by chance.
pub fn simulation(kind: usize, made: Devices, random: &mut Random) -> String {
    let devices = 1 + random.below(3);
    let device = |random: &mut Random| {
        let mut text = format!(
            "hisi_zip,{},api={},depth={},engines={},orders={}",
            random.one(made.sva),
            random.one(made.api),
            random.one(&["8", "16", "33", "1024"]),
            random.one(&["1", "1", "2"]),
            random.one(&["in", "out"])
        );
        let Wrong(name, argument, _) = &KINDS[kind];
        let first = 1 + random.below(if is_rare(kind) { 2 } else { 12 });
        text += &format!(",fault={name}{}@{first}", argument(random));
        text += &fault(kind, random);
        for _ in 0..random.below(3) {
            // The rare ones keep devices from being used at all.
            let other = random.below(KINDS.len() as u64) as usize;
            if !is_rare(other) || random.below(4) == 0 {
                text += &fault(other, random);
            }
        }
        text
    };
    let devices: Vec<String> = (0..devices).map(|_| device(random)).collect();
    devices.join(";")
}

/// Whether a device of this process may name requests as done that it has not begun. Nobody can find
/// that out, and a stream is spoiled by it.
pub fn lies() -> bool {
    let simulation = std::env::var("WD_SIM").unwrap_or_default();
    ["sq_head", "duplicate"]
        .iter()
        .any(|fault| simulation.contains(fault))
}

/// How often each kind of fault happened.
#[derive(Clone, Copy, Default)]
pub struct Happened([u64; KINDS.len()]);

impl Happened {
    /// In this process.
    pub fn here() -> Happened {
        let mut happened = Happened::default();
        for (fault, times) in bus::simulated()
            .into_iter()
            .flat_map(|world| world.faults())
        {
            let name = name(&fault.kind);
            let at = KINDS.iter().position(|kind| kind.0 == name);
            happened.0[at.expect("all kinds are known")] += times;
        }
        happened
    }

    /// Whether one has never happened.
    pub fn lacks(&self) -> bool {
        self.0.contains(&0)
    }

    pub fn add(&mut self, other: &Happened) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }

    /// As a round tells its parent.
    pub fn line(&self) -> String {
        self.0.map(|times| times.to_string()).join(" ")
    }

    pub fn of(line: &str) -> Option<Happened> {
        let numbers = line.split_whitespace().map(|word| word.parse().ok());
        let numbers: Vec<u64> = numbers.collect::<Option<_>>()?;
        Some(Happened(numbers.try_into().ok()?))
    }

    pub fn head() -> String {
        KINDS.map(|kind| format!("{:>10}", kind.0)).concat()
    }

    pub fn text(&self) -> String {
        self.0.map(|times| format!("{times:>10}")).concat()
    }
}

fn name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Status(_) => "status",
        Kind::Drop => "drop",
        Kind::Delay(_) => "delay",
        Kind::Duplicate => "duplicate",
        Kind::Reorder(_) => "reorder",
        Kind::SqHead(_) => "sq_head",
        Kind::SqNumber(_) => "sq_num",
        Kind::Phase => "phase",
        Kind::Produced(_) => "produced",
        Kind::Reset => "reset",
        Kind::Remove => "remove",
        Kind::Open(_) => "open",
        Kind::Configure(_) => "configure",
        Kind::Start(_) => "start",
        Kind::Region(_) => "region",
        Kind::Sysfs(_) => "sysfs",
    }
}
