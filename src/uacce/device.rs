//! Devices as `/sys/class/uacce` describes them, and which of them suits best.

use super::uapi::{DeviceFlags, MAINLINE, Uapi, V6};
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::{env, numa, sysfs};
use core::fmt;
use std::path::{Path, PathBuf};

/// Where a device is from. Every list and log shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The kernel's uacce class.
    Kernel,
    /// A simulation in this process.
    Simulated,
}

/// What is known of a device without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Its name in `/sys/class/uacce` and `/dev`: `hisi_zip-0`.
    pub name: String,
    /// Where it is from.
    pub origin: Origin,
    /// The device node to open; empty for a simulated device.
    pub node_path: PathBuf,
    /// The queue interface, exactly: `hisi_qm_v2`.
    pub api: String,
    /// What `flags` says.
    pub flags: DeviceFlags,
    /// Algorithm names, as listed.
    pub algorithms: Vec<String>,
    /// Free queues, when the kernel tells; it may change at any moment.
    pub available: Option<u32>,
    /// Bytes of the MMIO region.
    pub mmio_size: usize,
    /// Bytes of the queue memory.
    pub dus_size: usize,
    /// Taken out of service by error handling.
    pub isolated: bool,
    /// The error threshold of `isolate_strategy`, where there is one.
    pub isolate_strategy: Option<u32>,
    /// The NUMA node the device is attached to; unknown and -1 become 0.
    pub numa_node: u32,
    /// The NUMA node as vendor kernels tell it in `node_id`, else as `device/numa_node` does: -1 where
    /// the device is on none, `None` where nobody says.
    pub node_id: Option<i32>,
    /// How far the device is, as vendor kernels tell it in `numa_distance`.
    pub numa_distance: Option<u32>,
    /// Loads by kind of work, as `dev_usage` tells: name and percentage.
    pub usage: Vec<(String, u32)>,
    /// Which generation of the kernel interface it speaks.
    pub uapi: Uapi,
}

impl Attributes {
    /// What is known of a simulated device that tells no more than this. It has no algorithm.
    #[must_use]
    pub fn simulated(name: &str, api: &str, flags: DeviceFlags) -> Attributes {
        Attributes {
            name: name.to_owned(),
            origin: Origin::Simulated,
            node_path: PathBuf::new(),
            api: api.to_owned(),
            flags,
            algorithms: Vec::new(),
            available: None,
            mmio_size: 0,
            dus_size: 0,
            isolated: false,
            isolate_strategy: None,
            numa_node: 0,
            node_id: None,
            numa_distance: None,
            usage: Vec::new(),
            uapi: MAINLINE,
        }
    }

    /// Whether the device works on the process's own addresses.
    #[must_use]
    pub fn sva(&self) -> bool {
        self.flags.contains(DeviceFlags::SVA)
    }

    /// Whether the device runs without an IOMMU, where it could reach all of memory.
    #[must_use]
    pub fn no_iommu(&self) -> bool {
        self.flags.contains(DeviceFlags::NOIOMMU) || self.api.ends_with("_noiommu")
    }

    /// Whether `algorithm` is one of the device's, as a whole name.
    #[must_use]
    pub fn has(&self, algorithm: &str) -> bool {
        self.algorithms.iter().any(|a| a == algorithm)
    }

    /// Whether a queue could be had now, as far as sysfs tells.
    #[must_use]
    pub fn usable(&self) -> bool {
        !self.isolated && self.available != Some(0)
    }
}

impl fmt::Display for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let simulated = if self.origin == Origin::Simulated {
            ", simulated"
        } else {
            ""
        };
        let free = self
            .available
            .map(|n| format!(", {n} free"))
            .unwrap_or_default();
        write!(
            f,
            "{} ({}, node {}{free}{simulated}): {}",
            self.name,
            self.api,
            self.numa_node,
            self.algorithms.join(" ")
        )
    }
}

/// Reads all devices under `class`, by name. One that cannot be read is left out, with a log line:
/// it may be half registered, or leaving.
///
/// # Errors
/// [`Error::NoDevice`] if there is no such directory.
pub fn discover(class: &Path, dev_root: &Path) -> Result<Vec<Attributes>> {
    let names = sysfs::names(class).map_err(|_| Error::NoDevice)?;
    let read = |name: &std::ffi::OsString| {
        let name = name.to_str()?;
        let found = read(&class.join(name), name, dev_root);
        if let Err(error) = &found {
            log_error!("{name}: left out, its attributes cannot be read: {error}");
        }
        found.ok()
    };
    Ok(names.iter().filter_map(read).collect())
}

/// Reads the device of this name under `class`.
///
/// # Errors
/// [`Error::NoDevice`] if there is none, [`Error::Io`] if its attributes cannot be understood.
pub fn named(class: &Path, name: &str, dev_root: &Path) -> Result<Attributes> {
    // The name comes from a program, and must not lead elsewhere.
    if name.is_empty() || name.starts_with('.') || name.contains('/') {
        return Err(Error::NoDevice);
    }
    read(&class.join(name), name, dev_root).map_err(|error| {
        log_error!("{name}: its attributes cannot be read: {error}");
        match error {
            Error::Invalid | Error::Io => Error::Io,
            _ => Error::NoDevice,
        }
    })
}

/// Reads one device.
fn read(dir: &Path, name: &str, dev_root: &Path) -> Result<Attributes> {
    // The v1 library's kernels keep the attributes in a directory of their own.
    let attrs = dir.join("attrs");
    let dir = if sysfs::exists(&attrs) {
        attrs
    } else {
        dir.to_owned()
    };
    let file = |attribute: &str| dir.join(attribute);
    let uapi = if sysfs::exists(&file("qfrt_dko_size")) || sysfs::exists(&file("qfrt_ss_size")) {
        V6
    } else {
        MAINLINE
    };
    let size = |region: &str| -> Result<usize> {
        let named =
            |prefix: &str| sysfs::optional_number(&file(&format!("{prefix}_{region}_size")));
        // The kernel leaves the file of an absent region out.
        Ok(named("region")?.or(named("qfrt")?).unwrap_or(0))
    };
    let told = sysfs::optional_number::<i32>(&file("device/numa_node"))?;
    let node_id = sysfs::optional_number::<i32>(&file("node_id"));
    let numa_node = match told {
        Some(node) => node,
        None => node_id?.unwrap_or(0),
    };
    let api = sysfs::text(&file("api"))?;
    if api.is_empty() {
        return Err(Error::Invalid);
    }
    Ok(Attributes {
        name: name.to_owned(),
        origin: Origin::Kernel,
        node_path: dev_root.join(name),
        api,
        flags: DeviceFlags::from_bits_retain(sysfs::number(&file("flags"))?),
        algorithms: lines(&sysfs::text(&file("algorithms"))?),
        available: sysfs::optional_number(&file("available_instances"))?,
        mmio_size: size("mmio")?,
        dus_size: size("dus")?,
        isolated: sysfs::optional_number::<u32>(&file("isolate"))?.unwrap_or(0) == 1,
        isolate_strategy: sysfs::optional_number(&file("isolate_strategy")).unwrap_or(None),
        numa_node: u32::try_from(numa_node).unwrap_or(0),
        node_id: node_id.unwrap_or(None).or(told),
        numa_distance: sysfs::optional_number(&file("numa_distance")).unwrap_or(None),
        usage: sysfs::text(&file("dev_usage"))
            .map(|t| usage(&t))
            .unwrap_or_default(),
        uapi,
    })
}

fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .map(str::to_owned)
        .collect()
}

fn usage(text: &str) -> Vec<(String, u32)> {
    let load = |line: &str| {
        let (kind, percent) = line.split_once(':')?;
        Some((kind.trim().to_owned(), percent.trim().parse().ok()?))
    };
    text.lines().filter_map(load).collect()
}

/// What a program asks of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// This device and no other.
    pub name: Option<String>,
    /// A device that has this algorithm.
    pub algorithm: Option<String>,
    /// Devices without an IOMMU are acceptable. They can read and write all of memory.
    pub no_iommu: bool,
}

/// The devices that suit, best first: nearest to the caller's NUMA node, then with the most free
/// queues, then by name. A device named in `wanted` is tried even if sysfs says that it is busy.
///
/// # Errors
/// [`Error::NoDevice`] if none suits, [`Error::Busy`] if all that suit have no free queue,
/// [`Error::Permission`] if only devices without an IOMMU suit and these are not wanted.
pub fn candidates(devices: Vec<Attributes>, wanted: &Wanted) -> Result<Vec<Attributes>> {
    let (root, here) = (env::sysfs_root(), numa::here());
    rank(devices, wanted, |node| numa::distance(&root, here, node))
}

fn rank(
    devices: Vec<Attributes>,
    wanted: &Wanted,
    distance: impl Fn(u32) -> u32,
) -> Result<Vec<Attributes>> {
    let suits = |d: &Attributes| {
        wanted.name.as_ref().is_none_or(|n| *n == d.name)
            && wanted.algorithm.as_ref().is_none_or(|a| d.has(a))
    };
    let suiting: Vec<_> = devices.into_iter().filter(suits).collect();
    if suiting.is_empty() {
        return Err(Error::NoDevice);
    }
    let mut allowed: Vec<_> = suiting
        .into_iter()
        .filter(|d| wanted.no_iommu || !d.no_iommu())
        .collect();
    if allowed.is_empty() {
        log_error!(
            "only devices without an IOMMU suit; they can reach all of memory and must be asked for"
        );
        return Err(Error::Permission);
    }
    if wanted.name.is_none() {
        allowed.retain(Attributes::usable);
        if allowed.is_empty() {
            return Err(Error::Busy);
        }
    }
    allowed.sort_by_key(|d| {
        (
            distance(d.numa_node),
            core::cmp::Reverse(d.available.unwrap_or(0)),
            d.name.clone(),
        )
    });
    Ok(allowed)
}

#[cfg(test)]
mod tests;
