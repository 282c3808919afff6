//! Devices as UADK v2 describes them: a structure of texts. A device is known by
//! the names in its paths; everything else is asked of the bus again.

use crate::bus;
use crate::calc::algorithms;
use crate::ctypes::v2::uacce::REGIONS;
use crate::ctypes::v2::wd::uacce_dev;
use crate::ctypes::v2::wd::{MAX_ATTR_STR_SIZE, MAX_DEV_NAME_LEN, PATH_STR_SIZE, WD_NAME_SIZE};
use crate::drv::registry;
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::env;
use crate::uacce::channel::Bus;
use crate::uacce::device::{self, Attributes, Wanted};
use core::cmp::Reverse;
use core::ffi::{c_char, c_int, c_ulong};

/// The devices that have `algorithm`, as a whole name, and are in service; sorted by name.
///
/// # Errors
/// [`Error::NoDevice`] if there is none.
pub fn list(algorithm: &str) -> Result<Vec<uacce_dev>> {
    list_on(bus::system()?, algorithm)
}

fn list_on(bus: &dyn Bus, algorithm: &str) -> Result<Vec<uacce_dev>> {
    let devices = bus.devices()?.into_iter();
    let suiting = devices.filter(|device| device.has(algorithm) && !device.isolated);
    let found: Vec<uacce_dev> = suiting.filter_map(|device| twin(&device).ok()).collect();
    if found.is_empty() {
        log_error!("no device for {algorithm}");
        return Err(Error::NoDevice);
    }
    Ok(found)
}

/// The device with free queues that has `algorithm` and is nearest to the caller's processor; among
/// those equally near the one with the most free queues.
///
/// # Errors
/// [`Error::NoDevice`] if none has the algorithm, [`Error::Busy`] if none has a free queue.
pub fn nearest(algorithm: &str) -> Result<uacce_dev> {
    nearest_on(bus::system()?, algorithm)
}

fn nearest_on(bus: &dyn Bus, algorithm: &str) -> Result<uacce_dev> {
    let wanted = Wanted {
        name: None,
        algorithm: Some(algorithm.to_owned()),
        no_iommu: true,
    };
    let best = device::candidates(bus.devices()?, &wanted)?;
    twin(best.first().ok_or(Error::NoDevice)?)
}

/// Which of `devices` is on NUMA node `node` and has the most free queues; the first of those that
/// have as many.
///
/// # Errors
/// [`Error::NoDevice`] if none on this node has a free queue.
pub fn freest<'a>(devices: impl Iterator<Item = &'a uacce_dev>, node: c_int) -> Result<usize> {
    freest_on(bus::system()?, devices, node)
}

fn freest_on<'a>(
    bus: &dyn Bus,
    devices: impl Iterator<Item = &'a uacce_dev>,
    node: c_int,
) -> Result<usize> {
    let there = devices.enumerate().filter(|(_, d)| d.numa_id == node);
    let free = there.filter_map(|(place, d)| Some((place, available_on(bus, d).ok()?)));
    let best = free.min_by_key(|(_, count)| Reverse(*count));
    match best.filter(|(_, count)| *count > 0) {
        Some((place, _)) => Ok(place),
        None => {
            log_error!("no device on node {node} has a free queue");
            Err(Error::NoDevice)
        }
    }
}

/// Queues of a device that are free now.
///
/// # Errors
/// [`Error::Invalid`] for a device without a name; [`Error::NoDevice`] if it is not there or does not
/// tell; [`Error::Io`] if its attributes cannot be understood.
pub fn available(device: &uacce_dev) -> Result<u32> {
    available_on(bus::system()?, device)
}

fn available_on(bus: &dyn Bus, device: &uacce_dev) -> Result<u32> {
    let now = bus.device(&name(&device.dev_root)?)?;
    now.available.ok_or(Error::NoDevice)
}

/// Whether error handling has taken a device out of service. One that is not there was not.
///
/// # Errors
/// [`Error::Invalid`] for a device without a name; [`Error::Io`] if its attributes cannot be
/// understood.
pub fn isolated(device: &uacce_dev) -> Result<bool> {
    isolated_on(bus::system()?, device)
}

fn isolated_on(bus: &dyn Bus, device: &uacce_dev) -> Result<bool> {
    match bus.device(&name(&device.dev_root)?) {
        Ok(now) => Ok(now.isolated),
        Err(Error::NoDevice) => Ok(false),
        Err(error) => Err(error),
    }
}

/// How busy a device is with a kind of operation of `algorithm`, in percent, as its driver tells, or
/// else the kernel; `None` if neither does.
///
/// # Errors
/// [`Error::Invalid`] for an algorithm that the device does not have, or a kind of operation that
/// devices of its driver do not have or do not tell of; else what the driver answered.
pub fn usage(device: &uacce_dev, algorithm: &str, op_type: u8) -> Result<Option<u32>> {
    let driver = |name: &str, class: &str| registry::usage(name, class, op_type, &bus::has);
    usage_on(bus::system()?, &driver, device, algorithm, op_type)
}

/// `driver` asks the driver of a device and a class of algorithms, and answers `EACCES` if there is
/// none that knows.
fn usage_on(
    bus: &dyn Bus,
    driver: &dyn Fn(&str, &str) -> Result<u32>,
    device: &uacce_dev,
    algorithm: &str,
    op_type: u8,
) -> Result<Option<u32>> {
    let class = algorithms::class(algorithm).unwrap_or(algorithm);
    let listed = text(&device.algs);
    let mut lines = listed.lines().filter(|line| !line.is_empty());
    if !lines.any(|line| line == algorithm || line == class) {
        log_error!("usage: the device does not have {algorithm}");
        return Err(Error::Invalid);
    }
    let name = name(&device.char_dev_path)?;
    match driver(&name, class) {
        Err(Error::Os(libc::EACCES)) => told_by_kernel(bus, &name, algorithm, op_type),
        answer => answer.map(Some),
    }
}

fn told_by_kernel(bus: &dyn Bus, name: &str, algorithm: &str, op_type: u8) -> Result<Option<u32>> {
    let usage = bus.device(name).map(|now| now.usage).unwrap_or_default();
    if usage.is_empty() {
        log_error!("{name}: it does not tell how busy it is");
        return Ok(None);
    }
    let label = label(name, algorithm, op_type).ok_or(Error::Invalid)?;
    let told = usage.iter().find(|(kind, _)| kind == label);
    told.map(|(_, percent)| Some(*percent))
        .ok_or(Error::Invalid)
}

/// The word in `dev_usage` for an operation of an algorithm, by the name of the device's driver.
fn label(device: &str, algorithm: &str, op_type: u8) -> Option<&'static str> {
    const TABLES: [&str; 4] = ["udma", "hashagg", "hashjoin", "gather"];
    const CURVES: [&str; 5] = ["sm2", "ecdh", "x448", "x25519", "ecdsa"];
    let driver = |name: &str| device.starts_with(name);
    match op_type {
        0 if driver("hisi_zip") && TABLES.contains(&algorithm) => Some("DAE"),
        0 if driver("hisi_zip") => Some("COMPRESS"),
        1 if driver("hisi_zip") && !TABLES.contains(&algorithm) => Some("DECOMPRESS"),
        0 if driver("hisi_sec") => Some("SEC"),
        0 if driver("hisi_hpre") && CURVES.contains(&algorithm) => Some("ECC"),
        0 if driver("hisi_hpre") => Some("RSA"),
        _ => None,
    }
}

/// The device's name in its path, `hisi_zip-0` in `/dev/hisi_zip-0`; with `driver` the driver's,
/// `hisi_zip`, which is the name without its number. `None` where there is no `-`, or no name.
#[must_use]
pub fn short_name(path: &[u8], driver: bool) -> Option<&[u8]> {
    if !path.contains(&b'-') {
        return None;
    }
    let name = path.rsplit(|byte| *byte == b'/').next()?;
    let dash = name.iter().rposition(|byte| *byte == b'-');
    let numbered = dash.filter(|at| {
        let number = &name[at + 1..];
        !number.is_empty() && number.iter().all(u8::is_ascii_digit)
    });
    let end = numbered.filter(|_| driver).unwrap_or(name.len());
    (!name.is_empty()).then(|| &name[..end])
}

/// What C programs see of a device. A list of algorithms that is too long loses whole names.
///
/// # Errors
/// [`Error::Invalid`] if a path is too long.
pub fn twin(device: &Attributes) -> Result<uacce_dev> {
    let root = env::sysfs_root().join("class/uacce").join(&device.name);
    // A simulated device has no file, but programs take its name from the file's.
    let file = match device.node_path.to_str() {
        Some("") => format!("/dev/{}", device.name),
        Some(path) => path.to_owned(),
        None => return Err(Error::Invalid),
    };
    let mut qfrs_offs = [0; REGIONS];
    qfrs_offs[0] = device.mmio_size as c_ulong;
    qfrs_offs[1] = device.dus_size as c_ulong;
    let node = c_int::try_from(device.numa_node);
    Ok(uacce_dev {
        flags: device.flags.bits().cast_signed(),
        numa_id: node.map_err(|_| Error::Invalid)?,
        api: chars::<WD_NAME_SIZE>(&device.api)?,
        algs: chars::<MAX_ATTR_STR_SIZE>(&joined(&device.algorithms))?,
        dev_root: chars::<PATH_STR_SIZE>(root.to_str().ok_or(Error::Invalid)?)?,
        char_dev_path: chars::<MAX_DEV_NAME_LEN>(&file)?,
        qfrs_offs,
    })
}

/// Names of algorithms, one a line, as many as fit.
fn joined(names: &[String]) -> String {
    let mut text = String::new();
    for name in names {
        let separator = if text.is_empty() { "" } else { "\n" };
        if text.len() + separator.len() + name.len() >= MAX_ATTR_STR_SIZE {
            log_error!("the list of algorithms is cut before {name}");
            break;
        }
        text.push_str(separator);
        text.push_str(name);
    }
    text
}

/// The device's name: the last part of a path in a structure.
///
/// # Errors
/// [`Error::Invalid`] if it is empty.
pub(super) fn name(path: &[c_char]) -> Result<String> {
    let path = text(path);
    let name = path.rsplit('/').next().unwrap_or("");
    if name.is_empty() {
        log_error!("a device without a name");
        return Err(Error::Invalid);
    }
    Ok(name.to_owned())
}

/// The text in a field of fixed size, up to the first NUL or the field's end.
fn text(field: &[c_char]) -> String {
    let bytes: Vec<u8> = field.iter().map(|c| *c as u8).collect();
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// A field of fixed size with a text in it.
fn chars<const N: usize>(text: &str) -> Result<[c_char; N]> {
    if text.len() >= N {
        log_error!("a text is too long for its field of {N} bytes: {text}");
        return Err(Error::Invalid);
    }
    let mut field = [0; N];
    for (place, byte) in field.iter_mut().zip(text.bytes()) {
        *place = byte as c_char;
    }
    Ok(field)
}

#[cfg(test)]
mod tests;
