//! Opening a queue: choosing the device, and the steps from an open file to a
//! started ring. Every failing step undoes those before it by dropping them.

use super::QueueRef;
use super::cell::{self, Control, FDS, Facts};
use super::info::{Path, Vfio};
use crate::bd::zip;
use crate::error::{Error, Result};
use crate::mem::share::Shares;
use crate::qm::layout::Version;
use crate::qm::ring;
use crate::uacce::channel::{Bus, Channel, Memory, QueueSetup};
use crate::uacce::device::{self, Attributes, Origin, Wanted};
use crate::uacce::vfio;
use crate::{bus, log_error, log_info};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;

/// What a ZIP queue does: a property of the queue, not of its descriptors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Queue type 0.
    #[default]
    Compress,
    /// Queue type 1.
    Decompress,
}

impl Direction {
    /// The hardware queue type (`qc_type`).
    #[must_use]
    pub const fn kind(self) -> u16 {
        match self {
            Direction::Compress => 0,
            Direction::Decompress => 1,
        }
    }
}

/// What kind of queue is wanted, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Which devices suit.
    pub wanted: Wanted,
    /// What the queue is to do.
    pub direction: Direction,
    /// A mediated device behind VFIO instead of a uacce device.
    pub vfio: Option<vfio::Paths>,
}

/// What marks a text of attributes, so that an unset field is not taken for one.
const MARK: &str = "wd:";

impl Options {
    /// Sets one option by name: `algorithm` (a name as devices list it), `direction` (`compress`,
    /// `decompress`), `noiommu` (`allow`, `deny`).
    ///
    /// # Errors
    /// [`Error::Invalid`] for another name or value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match (name, value) {
            ("algorithm", value) => {
                let fits =
                    !value.is_empty() && value.len() < 64 && !value.contains([';', '=', '\n']);
                self.wanted.algorithm = Some(fits.then(|| value.to_owned()).ok_or(Error::Invalid)?);
            }
            ("direction", "compress") => self.direction = Direction::Compress,
            ("direction", "decompress") => self.direction = Direction::Decompress,
            ("noiommu", "allow") => self.wanted.no_iommu = true,
            ("noiommu", "deny") => self.wanted.no_iommu = false,
            _ => return Err(Error::Invalid),
        }
        Ok(())
    }

    /// The options that [`Options::set`] changes, as one line that fits a field of 256 bytes.
    #[must_use]
    pub fn attributes(&self) -> String {
        let direction = if self.direction == Direction::Decompress {
            "decompress"
        } else {
            "compress"
        };
        let noiommu = if self.wanted.no_iommu {
            "allow"
        } else {
            "deny"
        };
        let algorithm = self
            .wanted
            .algorithm
            .as_ref()
            .map(|a| format!("algorithm={a};"))
            .unwrap_or_default();
        format!("{MARK}{algorithm}direction={direction};noiommu={noiommu}")
    }

    /// The options from such a line. A text without the mark sets nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a marked text that [`Options::attributes`] would not make.
    pub fn from_attributes(text: &str) -> Result<Options> {
        let mut options = Options::default();
        let Some(list) = text.strip_prefix(MARK) else {
            return Ok(options);
        };
        for item in list.split(';') {
            let (name, value) = item.split_once('=').ok_or(Error::Invalid)?;
            options.set(name, value)?;
        }
        Ok(options)
    }
}

/// See [`super::Queue::open`].
pub(super) fn open(options: &Options) -> Result<QueueRef> {
    match &options.vfio {
        Some(paths) => open_vfio(paths, options.direction),
        None => open_on(bus::system()?, options),
    }
}

/// Opens a queue on the best device of `bus` that can be had. A device that turns out to be busy,
/// gone or without a driver is passed over for the next.
pub(super) fn open_on(bus: &dyn Bus, options: &Options) -> Result<QueueRef> {
    let mut last = Error::NoDevice;
    for device in device::candidates(bus.devices()?, &options.wanted)? {
        match open_device(bus, &device, options.direction) {
            Ok(queue) => return Ok(queue),
            Err(error) => {
                log_error!("{}: no queue: {error}", device.name);
                last = error;
            }
        }
    }
    Err(last)
}

fn open_device(bus: &dyn Bus, device: &Attributes, direction: Direction) -> Result<QueueRef> {
    // Before the device is opened: without a driver for its interface there is no point.
    let version = Version::from_api(&device.api)?;
    open_as(bus, device, version, direction)
}

/// See [`super::Queue::open_device`].
pub(super) fn open_as(
    bus: &dyn Bus,
    device: &Attributes,
    version: Version,
    direction: Direction,
) -> Result<QueueRef> {
    let channel = bus.open(device)?;
    let path = match device.origin {
        Origin::Kernel => Path::Uacce,
        Origin::Simulated => Path::Simulated,
    };
    let facts = Facts {
        path,
        device: device.name.clone(),
        api: device.api.clone(),
        numa_node: device.numa_node,
        number: 0,
        capacity: 0,
        dma_flag: dma_flag(&channel.memory()),
        vfio: None,
    };
    let fds = [channel.event().as_raw_fd(), -1, -1];
    finish(channel, version, facts, direction, fds)
}

fn open_vfio(paths: &vfio::Paths, direction: Direction) -> Result<QueueRef> {
    let vfio = bus::vfio()?;
    let opened = vfio::open(vfio, paths)?;
    let version = Version::from_api(&opened.api)?;
    let facts = Facts {
        path: if vfio.is_simulated() {
            Path::Simulated
        } else {
            Path::Vfio
        },
        device: paths.mdev.to_string_lossy().into_owned(),
        api: opened.api.clone(),
        numa_node: 0,
        number: 0,
        capacity: 0,
        dma_flag: opened.dma_flag,
        vfio: Some(Vfio {
            container: opened.container,
            owned: opened.container == opened.own_container,
            group: opened.group,
            iommu_type: opened.iommu_type,
            pasid: opened.pasid,
        }),
    };
    // A container of the caller's is the caller's business in a child, too; our descriptor of it is
    // not. Queues in one container have the same; a child closes it once and then finds it closed.
    let fds = [opened.device, opened.own_container, opened.group];
    finish(opened.channel, version, facts, direction, fds)
}

/// From an open channel to a queue in the table.
fn finish(
    channel: Arc<dyn Channel>,
    version: Version,
    mut facts: Facts,
    direction: Direction,
    fds: [RawFd; FDS],
) -> Result<QueueRef> {
    let setup = QueueSetup {
        kind: direction.kind(),
        sqe_size: zip::SIZE as u32,
    };
    let id = channel.configure(setup)?;
    let (sender, receiver) = ring::open(&*channel, version, &id)?;
    channel.start()?;
    facts.number = id.number;
    facts.capacity = sender.capacity();
    log_info!(
        "{}: queue {} opened ({}, {}, {} requests deep)",
        facts.device,
        facts.number,
        facts.path,
        facts.api,
        facts.capacity
    );
    let shares = Shares::new(channel.memory());
    let (index, cell) = cell::take()?;
    match cell.publish(
        Control {
            shares,
            channel,
            facts,
        },
        sender,
        receiver,
        fds,
    ) {
        Ok(epoch) => Ok(QueueRef { index, epoch }),
        Err(error) => {
            cell.give_back();
            Err(error)
        }
    }
}

/// The memory mode in the seed API's numbers (`VFIO_SDMDEV_DMA_*`).
fn dma_flag(memory: &Memory) -> i32 {
    match memory {
        Memory::Sva => 4,
        Memory::SvaPinned => 8,
        Memory::Mapped(_) | Memory::Static => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_survive_their_text() {
        let mut options = Options::default();
        options.set("algorithm", "gzip").expect("known");
        options.set("direction", "decompress").expect("known");
        options.set("noiommu", "allow").expect("known");
        assert_eq!(Options::from_attributes(&options.attributes()), Ok(options));
        assert_eq!(Options::from_attributes(""), Ok(Options::default()));
        assert_eq!(
            Options::from_attributes("hisi_qm_v1"),
            Ok(Options::default())
        );
    }

    #[test]
    fn options_refuse_what_they_do_not_know() {
        for (name, value) in [
            ("algorithm", ""),
            ("algorithm", "a;b=c"),
            ("direction", "up"),
            ("noiommu", ""),
            ("colour", "red"),
        ] {
            assert_eq!(
                Options::default().set(name, value),
                Err(Error::Invalid),
                "{name}={value}"
            );
        }
        for text in ["wd:", "wd:algorithm", "wd:direction=sideways", "wd:;"] {
            assert_eq!(
                Options::from_attributes(text),
                Err(Error::Invalid),
                "{text}"
            );
        }
        let longest = Options {
            wanted: Wanted {
                algorithm: Some("a".repeat(63)),
                ..Wanted::default()
            },
            ..Options::default()
        };
        assert!(longest.attributes().len() < 256);
    }
}
