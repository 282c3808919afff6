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
    /// Requests that are executed at once: threads, 1 to 64.
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
    /// What it does wrong.
    pub faults: Vec<Fault>,
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
            faults: Vec::new(),
        }
    }
}

impl Device {
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
        range("engines", self.engines.into(), 1, ENGINES.into())?;
        range("level", self.level, 0, 9)?;
        if self.iommu && self.sva {
            return Err("iommu=1 is for sva=0".to_owned());
        }
        Ok(())
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

fn version(value: &str) -> core::result::Result<Version, Reason> {
    Version::from_api(&format!("hisi_qm_v{value}"))
        .map_err(|_| format!("api={value} is not one of 1, 2, 3, 5"))
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
mod tests {
    use super::*;

    #[test]
    fn a_driver_name_alone_is_one_usual_device() {
        let devices = vec![Device::default()];
        assert_eq!(parse("hisi_zip"), Ok(Config { devices }));
    }

    #[test]
    fn every_key_sets_its_value() {
        let text = "hisi_zip , count=2,api=3,depth=64,node=1,queues=4,engines=3,level=9,orders=out,sva=0,iommu=1 ; hisi_zip";
        let one = Device {
            api: Version::V3,
            depth: 64,
            node: 1,
            queues: 4,
            engines: 3,
            level: 9,
            orders: Orders::Out,
            sva: false,
            iommu: true,
            faults: Vec::new(),
        };
        let devices = vec![one.clone(), one, Device::default()];
        assert_eq!(parse(text), Ok(Config { devices }));
    }

    #[test]
    fn every_fault_has_a_text() {
        let faults = [
            ("status:0x0e@3", Kind::Status(14), When::Nth(3)),
            ("drop@every:5", Kind::Drop, When::Every(5)),
            (
                "delay:20@from:2",
                Kind::Delay(Duration::from_millis(20)),
                When::From(2),
            ),
            (
                "duplicate@chance:50:9",
                Kind::Duplicate,
                When::Chance { of: 50, seed: 9 },
            ),
            ("reorder:4@1", Kind::Reorder(4), When::Nth(1)),
            ("sq_head:0xffff@1", Kind::SqHead(0xffff), When::Nth(1)),
            (
                "sq_num:7@chance:2",
                Kind::SqNumber(7),
                When::Chance { of: 2, seed: 0 },
            ),
            ("phase@1", Kind::Phase, When::Nth(1)),
            ("produced@1", Kind::Produced(1), When::Nth(1)),
            ("produced:100@1", Kind::Produced(100), When::Nth(1)),
            ("reset@4", Kind::Reset, When::Nth(4)),
            ("remove@4", Kind::Remove, When::Nth(4)),
            ("open:EBUSY@1", Kind::Open(libc::EBUSY), When::Nth(1)),
            ("configure:22@1", Kind::Configure(22), When::Nth(1)),
            ("start:ENXIO@1", Kind::Start(libc::ENXIO), When::Nth(1)),
            ("region:ENOMEM@1", Kind::Region(libc::ENOMEM), When::Nth(1)),
            (
                "sysfs:flags@from:1",
                Kind::Sysfs("flags".into()),
                When::From(1),
            ),
        ];
        for (text, kind, when) in faults {
            assert_eq!(fault(text), Ok(Fault { kind, when }), "{text}");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "files")]
    fn a_file_has_a_device_a_line() {
        let path = std::env::temp_dir().join(format!("wd-sim-config-{}", std::process::id()));
        let text = "# a comment\n\nhisi_zip,depth=64  # the first\n  ,node=1\nhisi_zip;\n";
        std::fs::write(&path, text).expect("writable");
        let named = format!("@{}", path.display());
        assert_eq!(parse(&named), parse("hisi_zip,depth=64,node=1;hisi_zip"));
        std::fs::write(&path, "# nothing\n").expect("writable");
        let reason = format!("{}: a device without a name", path.display());
        assert_eq!(parse(&named), Err(reason));
        std::fs::remove_file(&path).expect("there");
        assert!(parse(&named).is_err_and(|reason| reason.contains("No such file")));
    }

    #[test]
    fn a_malformed_text_is_refused_whole_and_says_why() {
        let refused = [
            ("", "a device without a name"),
            ("hisi_zip;", "a device without a name"),
            (
                "hisi_sec2",
                "no simulation of 'hisi_sec2', only of 'hisi_zip'",
            ),
            ("hisi_zip,depth", "'depth' is not key=value"),
            ("hisi_zip,colour=red", "unknown key 'colour'"),
            ("hisi_zip,depth=3", "depth=3 is not in 4..=32768"),
            (
                "hisi_zip,depth=65536",
                "'65536' is not a number, or too large",
            ),
            ("hisi_zip,depth=-4", "'-4' is not a number, or too large"),
            ("hisi_zip,api=4", "api=4 is not one of 1, 2, 3, 5"),
            ("hisi_zip,queues=0", "queues=0 is not in 1..=1024"),
            ("hisi_zip,engines=65", "engines=65 is not in 1..=64"),
            ("hisi_zip,level=10", "level=10 is not in 0..=9"),
            ("hisi_zip,orders=any", "orders=any is not one of in, out"),
            ("hisi_zip,sva=no", "sva=no is not one of 0, 1"),
            ("hisi_zip,iommu=1", "iommu=1 is for sva=0"),
            ("hisi_zip,count=0", "count=0"),
            ("hisi_zip,count=65", "more than 64 devices"),
            (
                "hisi_zip,fault=drop",
                "fault 'drop' does not say when, as in '@3'",
            ),
            ("hisi_zip,fault=drop:1@1", "fault 'drop' takes no argument"),
            (
                "hisi_zip,fault=status@1",
                "fault 'status' needs an argument",
            ),
            (
                "hisi_zip,fault=status:256@1",
                "'256' is not a number, or too large",
            ),
            ("hisi_zip,fault=melt@1", "unknown fault 'melt'"),
            ("hisi_zip,fault=drop@0", "'@0' is not a time"),
            ("hisi_zip,fault=drop@often:3", "'@often:3' is not a time"),
            (
                "hisi_zip,fault=drop@chance:3:4:5",
                "'@chance:3:4:5' is not a time",
            ),
            (
                "hisi_zip,fault=open:EWHAT@1",
                "'EWHAT' is not a number, or too large",
            ),
        ];
        for (text, reason) in refused {
            assert_eq!(parse(text), Err(reason.to_owned()), "{text}");
            assert_eq!(text.parse::<Config>(), Err(Error::Invalid));
        }
    }
}
