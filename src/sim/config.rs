//! What is simulated: as values, and as the text of `WD_SIM`.
//!
//! ```text
//! WD_SIM  = devices | "@" path-of-a-file
//! devices = device *( ";" device )
//! device  = driver *( "," key "=" value )
//! driver  = "hisi_zip"
//! fault   = kind [ ":" argument ] "@" when
//! when    = N | "from:" N | "every:" N | "chance:" N [ ":" SEED ]
//! ```
//!
//! Keys, fault kinds and their meaning: docs/device-model.md. Numbers are
//! decimal, or hexadecimal behind `0x`.

use super::faults::{Fault, Kind, When};
use crate::error::{Error, Result};
use crate::log_error;
use crate::qm::layout::Version;
use crate::sys::env;
use core::str::FromStr;
use core::time::Duration;

/// The most devices of one simulation.
const DEVICES: usize = 64;
/// The most queues of one device: what 10 bits of a doorbell can name.
const QUEUES: u16 = 1024;
/// The most engines of one device.
const ENGINES: u16 = 64;

/// Algorithms of the device under the names of sysfs, each with the first version that has it.
const ALGORITHMS: [(&str, Version); 6] = [
    ("zlib", Version::V1),
    ("gzip", Version::V1),
    ("deflate", Version::V3),
    ("lz77_zstd", Version::V3),
    ("lz4", Version::V5),
    ("lz77_only", Version::V5),
];

/// Everything that is simulated. Not empty when parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The devices, in the order of their numbers.
    pub devices: Vec<Device>,
}

/// One simulated compression device. [`Device::default`] is what `WD_SIM=hisi_zip` gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The version of its queue interface.
    pub api: Version,
    /// Entries of each of a queue's two rings, 4 to 32768.
    pub depth: u16,
    /// The NUMA node it is attached to.
    pub node: u32,
    /// Queues that can be open at once, 1 to 1024.
    pub queues: u16,
    /// Requests that are executed at once: threads, 1 to 64. With 0 there are none, and the thread
    /// that rings a doorbell executes what it finds, delays included, before it returns.
    pub engines: u16,
    /// How hard it compresses, 0 to 9.
    pub level: u32,
    /// Whether requests of one queue are completed in the order of their submission. With one
    /// engine they are in any case.
    pub orders: Orders,
    /// Whether it works on the process's own addresses; else only in static regions.
    pub sva: bool,
    /// Whether an IOMMU makes one piece of each static region; never with `sva`.
    pub iommu: bool,
    /// Where programs find it.
    pub transport: Transport,
    /// The algorithms that it lists; if empty, all that its version has. It does not refuse the
    /// others: it is the list that programs go by.
    pub algorithms: Vec<&'static str>,
    /// Whether the kernel has isolated it for its errors.
    pub isolate: bool,
    /// What it does wrong.
    pub faults: Vec<Fault>,
}

/// Where programs find a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// In the uacce class.
    Uacce,
    /// Behind VFIO, as a mediated device of one queue.
    Vfio {
        /// How it reaches memory.
        dma: Dma,
        /// Whether its driver has the call that waits for completions.
        waits: bool,
    },
}

impl Transport {
    /// How a device behind VFIO reaches memory.
    pub(super) fn dma(self) -> Option<Dma> {
        match self {
            Transport::Uacce => None,
            Transport::Vfio { dma, .. } => Some(dma),
        }
    }

    pub(super) fn waits(self) -> bool {
        matches!(self, Transport::Vfio { waits: true, .. })
    }
}

/// How a device behind VFIO reaches memory: its `dma_flag`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dma {
    /// 1: what is mapped in its container.
    #[default]
    Single,
    /// 2: the same, where the device could serve several processes.
    Multi,
    /// 4: all of the process.
    Sva,
    /// 8: what of the process is in memory when it comes there.
    Pinned,
}

impl Dma {
    /// The number in the attribute `dma_flag` (`VFIO_SDMDEV_DMA_*`).
    #[must_use]
    pub const fn flag(self) -> u32 {
        match self {
            Dma::Single => 1,
            Dma::Multi => 2,
            Dma::Sva => 4,
            Dma::Pinned => 8,
        }
    }

    /// Whether the device is of a kernel that binds processes to devices.
    pub(super) fn has_sva(self) -> bool {
        matches!(self, Dma::Sva | Dma::Pinned)
    }
}

/// In which order requests of one queue are completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orders {
    /// As submitted, whichever engine is done first (the `orders` bit of the hardware's SQC).
    In,
    /// As they are done.
    Out,
}

impl Default for Device {
    fn default() -> Self {
        Device {
            api: Version::V2,
            depth: 1024,
            node: 0,
            queues: 256,
            engines: 1,
            level: 1,
            orders: Orders::In,
            sva: true,
            iommu: false,
            transport: Transport::Uacce,
            algorithms: Vec::new(),
            isolate: false,
            faults: Vec::new(),
        }
    }
}

impl Device {
    /// What sysfs lists.
    pub(super) fn algorithms(&self) -> impl Iterator<Item = &'static str> {
        let known = ALGORITHMS.iter().filter(|(name, since)| {
            let listed = self.algorithms.is_empty() || self.algorithms.contains(name);
            listed && self.api >= *since
        });
        known.map(|(name, _)| *name)
    }

    /// Whether all values lie in their ranges.
    pub(super) fn check(&self) -> core::result::Result<(), String> {
        let range = |name: &str, value: u32, low: u32, high: u32| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                Err(format!("{name}={value} is not in {low}..={high}"))
            }
        };
        range("depth", self.depth.into(), 4, 32768)?;
        range("queues", self.queues.into(), 1, QUEUES.into())?;
        range("engines", self.engines.into(), 0, ENGINES.into())?;
        range("level", self.level, 0, 9)?;
        let as_it_was = self.api == Version::V1 && self.depth == 1024 && self.queues == 1;
        if self.transport != Transport::Uacce && !(as_it_was && self.sva) {
            return Err("transport=vfio has api=1, depth=1024, queues=1 and no sva=0".into());
        }
        if self.iommu && self.sva {
            return Err("iommu=1 is for sva=0".to_owned());
        }
        match self
            .algorithms
            .iter()
            .find(|name| !self.algorithms().any(|one| one == **name))
        {
            Some(name) => Err(format!("algorithms: {} has no {name}", self.api.api())),
            None => Ok(()),
        }
    }
}

/// The simulation that the environment asks for: `None` if `WD_SIM` is unset or empty, or the
/// program runs with raised privileges.
#[must_use]
pub fn from_env() -> Option<Result<Config>> {
    let text = env::secure("WD_SIM")?;
    (!text.trim().is_empty()).then(|| text.parse())
}

impl FromStr for Config {
    type Err = Error;

    /// Reads the text of `WD_SIM`.
    ///
    /// # Errors
    /// [`Error::Invalid`] with one log line that says what is wrong.
    fn from_str(text: &str) -> Result<Config> {
        parse(text).map_err(|reason| {
            log_error!("WD_SIM: {reason}");
            Error::Invalid
        })
    }
}

/// What is wrong with a text.
type Reason = String;

/// Reads the text of `WD_SIM`, or the file that `@path` names.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse(text: &str) -> core::result::Result<Config, Reason> {
    match text.trim().strip_prefix('@') {
        Some(path) => {
            let file = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
            devices(&one_line(&file)).map_err(|reason| format!("{path}: {reason}"))
        }
        None => devices(text),
    }
}

/// The text of a file as `WD_SIM` would have it: a device a line, `#` begins a comment, and a line
/// that begins with a comma goes on with the line before.
fn one_line(file: &str) -> String {
    let mut text = String::new();
    for line in file.lines() {
        let line = line.split('#').next().unwrap_or("").trim();
        if line.is_empty() {
            continue;
        }
        if !text.is_empty() && !line.starts_with(',') {
            text.push(';');
        }
        text.push_str(line.trim_end_matches(';'));
    }
    text
}

fn devices(text: &str) -> core::result::Result<Config, Reason> {
    let mut config = Config::default();
    for part in text.split(';') {
        let (device, count) = device(part.trim())?;
        config
            .devices
            .extend(core::iter::repeat_n(device, usize::from(count)));
        if config.devices.len() > DEVICES {
            return Err(format!("more than {DEVICES} devices"));
        }
    }
    Ok(config)
}

/// One device description, and how many such devices.
fn device(text: &str) -> core::result::Result<(Device, u16), Reason> {
    let mut words = text.split(',').map(str::trim);
    match words.next().unwrap_or("") {
        "hisi_zip" => {}
        "" => return Err("a device without a name".into()),
        other => return Err(format!("no simulation of '{other}', only of 'hisi_zip'")),
    }
    let (mut device, mut count) = (Device::default(), 1);
    let words: Vec<_> = words.collect();
    if words.contains(&"transport=vfio") {
        device = behind_vfio();
    }
    for word in words {
        let (key, value) = word
            .split_once('=')
            .ok_or_else(|| format!("'{word}' is not key=value"))?;
        match key {
            "count" => count = number(value)?,
            "api" => device.api = version(value)?,
            "depth" => device.depth = number(value)?,
            "node" => device.node = number(value)?,
            "queues" => device.queues = number(value)?,
            "engines" => device.engines = number(value)?,
            "level" => device.level = number(value)?,
            "orders" => device.orders = orders(value)?,
            "sva" => device.sva = switch(key, value)?,
            "iommu" => device.iommu = switch(key, value)?,
            "transport" if ["uacce", "vfio"].contains(&value) => {}
            "transport" => return Err(format!("transport={value} is not one of uacce, vfio")),
            "dma" | "wait" => match &mut device.transport {
                Transport::Uacce => return Err(format!("{key}= is for transport=vfio")),
                Transport::Vfio { dma, .. } if key == "dma" => *dma = self::dma(value)?,
                Transport::Vfio { waits, .. } => *waits = switch(key, value)?,
            },
            "algorithms" => device.algorithms = algorithms(value)?,
            "isolate" => device.isolate = switch(key, value)?,
            "fault" => device.faults.push(fault(value)?),
            _ => return Err(format!("unknown key '{key}'")),
        }
    }
    if count == 0 {
        return Err("count=0".into());
    }
    device.check()?;
    Ok((device, count))
}

/// A device behind VFIO.
fn behind_vfio() -> Device {
    Device {
        api: Version::V1,
        queues: 1,
        transport: Transport::Vfio {
            dma: Dma::default(),
            waits: false,
        },
        ..Device::default()
    }
}

fn dma(value: &str) -> core::result::Result<Dma, Reason> {
    match value {
        "1" => Ok(Dma::Single),
        "2" => Ok(Dma::Multi),
        "4" => Ok(Dma::Sva),
        "8" => Ok(Dma::Pinned),
        _ => Err(format!("dma={value} is not one of 1, 2, 4, 8")),
    }
}

fn version(value: &str) -> core::result::Result<Version, Reason> {
    Version::from_api(&format!("hisi_qm_v{value}"))
        .map_err(|_| format!("api={value} is not one of 1, 2, 3, 5"))
}

/// Names with `+` between them.
fn algorithms(value: &str) -> core::result::Result<Vec<&'static str>, Reason> {
    let known = |name: &str| {
        let mut names = ALGORITHMS.iter().map(|(name, _)| *name);
        let found = names.find(|known| *known == name);
        found.ok_or_else(|| format!("algorithms={value}: '{name}' is not known"))
    };
    value.split('+').map(known).collect()
}

fn orders(value: &str) -> core::result::Result<Orders, Reason> {
    match value {
        "in" => Ok(Orders::In),
        "out" => Ok(Orders::Out),
        _ => Err(format!("orders={value} is not one of in, out")),
    }
}

fn switch(key: &str, value: &str) -> core::result::Result<bool, Reason> {
    match value {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(format!("{key}={value} is not one of 0, 1")),
    }
}

fn number<T: TryFrom<u64>>(text: &str) -> core::result::Result<T, Reason> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed
        .ok()
        .and_then(|n| T::try_from(n).ok())
        .ok_or_else(|| format!("'{text}' is not a number, or too large"))
}

fn fault(text: &str) -> core::result::Result<Fault, Reason> {
    let (what, when) = text
        .split_once('@')
        .ok_or_else(|| format!("fault '{text}' does not say when, as in '@3'"))?;
    let (name, argument) = match what.split_once(':') {
        Some((name, argument)) => (name, Some(argument)),
        None => (what, None),
    };
    Ok(Fault {
        kind: kind(name, argument)?,
        when: self::when(when)?,
    })
}

fn kind(name: &str, argument: Option<&str>) -> core::result::Result<Kind, Reason> {
    let needed = || argument.ok_or_else(|| format!("fault '{name}' needs an argument"));
    let kind = match name {
        "status" => Kind::Status(number(needed()?)?),
        "delay" => Kind::Delay(Duration::from_millis(number::<u32>(needed()?)?.into())),
        "reorder" => Kind::Reorder(number::<u16>(needed()?)?.into()),
        "sq_head" => Kind::SqHead(number(needed()?)?),
        "sq_num" => Kind::SqNumber(number(needed()?)?),
        "produced" => Kind::Produced(number(argument.unwrap_or("1"))?),
        "open" => Kind::Open(errno(needed()?)?),
        "configure" => Kind::Configure(errno(needed()?)?),
        "start" => Kind::Start(errno(needed()?)?),
        "region" => Kind::Region(errno(needed()?)?),
        "sysfs" => Kind::Sysfs(needed()?.to_owned()),
        _ => return plain(name, argument),
    };
    Ok(kind)
}

/// The faults without an argument.
fn plain(name: &str, argument: Option<&str>) -> core::result::Result<Kind, Reason> {
    let kind = match name {
        "drop" => Kind::Drop,
        "duplicate" => Kind::Duplicate,
        "phase" => Kind::Phase,
        "reset" => Kind::Reset,
        "remove" => Kind::Remove,
        _ => return Err(format!("unknown fault '{name}'")),
    };
    match argument {
        Some(_) => Err(format!("fault '{name}' takes no argument")),
        None => Ok(kind),
    }
}

/// The error names that a fault may be given; any other by its number.
const ERRNOS: &[(&str, i32)] = &[
    ("EACCES", libc::EACCES),
    ("EAGAIN", libc::EAGAIN),
    ("EBUSY", libc::EBUSY),
    ("EINTR", libc::EINTR),
    ("EINVAL", libc::EINVAL),
    ("EIO", libc::EIO),
    ("EMFILE", libc::EMFILE),
    ("ENODEV", libc::ENODEV),
    ("ENOENT", libc::ENOENT),
    ("ENOMEM", libc::ENOMEM),
    ("ENXIO", libc::ENXIO),
    ("EPERM", libc::EPERM),
];

fn errno(text: &str) -> core::result::Result<i32, Reason> {
    match ERRNOS.iter().find(|(name, _)| *name == text) {
        Some((_, number)) => Ok(*number),
        None => number::<u16>(text).map(i32::from),
    }
}

fn when(text: &str) -> core::result::Result<When, Reason> {
    let mut words = text.split(':');
    let first = words.next().unwrap_or("");
    let when = match (first, words.next(), words.next()) {
        ("from", Some(n), None) => When::From(number(n)?),
        ("every", Some(n), None) => When::Every(number(n)?),
        ("chance", Some(n), seed) => When::Chance {
            of: number(n)?,
            seed: number(seed.unwrap_or("0"))?,
        },
        (n, None, None) => When::Nth(number(n)?),
        _ => return Err(format!("'@{text}' is not a time")),
    };
    let never = matches!(
        when,
        When::Nth(0) | When::Every(0) | When::Chance { of: 0, .. }
    );
    if never || words.next().is_some() {
        return Err(format!("'@{text}' is not a time"));
    }
    Ok(when)
}

#[cfg(test)]
mod tests;
