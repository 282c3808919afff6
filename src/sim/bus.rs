//! A world of simulated devices.

use super::config::Config;
use super::device::Device;
use super::faults::Fault;
use super::opened::{Opened, mine};
use super::tally::Counters;
use super::vfio::Vfio;
use super::zip::Streams;
use crate::error::{Error, Result};
use crate::sys::fork;
use crate::uacce::channel::{Bus, Channel};
use crate::uacce::device::Attributes;
use crate::{log_error, log_info};
use std::sync::Arc;

/// Simulated devices of one process.
///
/// Threads, of devices that have some, start with the first queue and end when the world is dropped;
/// channels that are open then find their devices removed. After a fork the world is still the parent's:
/// in the child every call answers [`Error::Shutdown`], and dropping does nothing.
pub struct World {
    devices: Vec<Arc<Device>>,
    /// Where those of them are that are not in the uacce class.
    pub(super) vfio: Vfio,
    /// Known to all of them: a stream may go on at another device, since its context is in the client's
    /// memory.
    streams: Arc<Streams>,
    /// The process that it works in.
    pub(super) born: u64,
}

impl World {
    /// Makes the devices of `config`, named `hisi_zip-0` and so on.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a value of a device is out of range.
    pub fn new(config: Config) -> Result<World> {
        World::make(config, None)
    }

    /// As [`World::new`], for a program that takes the devices for the kernel's: the memory of
    /// queues lies in files ([`file`](crate::sys::shared::SharedMemory::file)), so that it can be
    /// mapped as a device's is, and `removed` hears the name of a device that has disappeared, from
    /// whichever thread it happened in. It must not call the world.
    ///
    /// # Errors
    /// As [`World::new`].
    pub fn served(config: Config, removed: fn(&str)) -> Result<World> {
        World::make(config, Some(removed))
    }

    fn make(config: Config, removed: Option<fn(&str)>) -> Result<World> {
        fork::watch();
        let streams = Arc::<Streams>::default();
        let mut devices = Vec::new();
        for (number, device) in config.devices.into_iter().enumerate() {
            let name = format!("hisi_zip-{number}");
            device.check().map_err(|reason| {
                log_error!("{name}: {reason}");
                Error::Invalid
            })?;
            log_info!("{name}: simulated device");
            devices.push(Arc::new(Device::new(
                name,
                device,
                removed,
                Arc::clone(&streams),
            )));
        }
        Ok(World {
            vfio: Vfio::new(&devices),
            devices,
            streams,
            born: fork::generation(),
        })
    }

    /// What the device of this name has done; `None` if there never was one.
    #[must_use]
    pub fn counters(&self, device: &str) -> Option<Counters> {
        let device = self.find(device)?;
        Some(device.tally.read(device.plan.happened()))
    }

    /// The faults of all devices, and how often each has happened.
    pub fn faults(&self) -> impl Iterator<Item = (&Fault, u64)> {
        self.devices.iter().flat_map(|device| device.plan.each())
    }

    /// How many streams the devices know that are decompressed and have not ended. Clients may have
    /// given them up: only without SVA a device knows when the memory of their contexts has gone.
    #[must_use]
    pub fn streams(&self) -> usize {
        self.streams.count()
    }

    /// The names of all devices that ever were, in the order of their numbers.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.devices.iter().map(|device| device.name.as_str())
    }

    /// What the uacce class would say of a device; `None` if there is none of this name in it, or in
    /// a fork child. Unlike [`Bus::devices`] it is no listing that a fault counts.
    #[must_use]
    pub fn attributes(&self, device: &str) -> Option<Attributes> {
        self.mine().ok()?;
        let device = self.classed().find(|known| known.name == device)?;
        Some(device.attributes())
    }

    /// Takes a queue, as [`Bus::open`] does.
    ///
    /// # Errors
    /// As [`Bus::open`].
    pub fn take(&self, device: &str) -> Result<Opened> {
        self.mine()?;
        let found = self.classed().find(|known| known.name == device);
        let queue = found.ok_or(Error::NoDevice)?.open()?;
        log_info!("{device}: queue opened, simulated");
        Ok(Opened::of(queue, self.born))
    }

    /// Resets a device, as the fault of that name does: queues that are open now are dead.
    ///
    /// # Errors
    /// [`Error::NoDevice`] if there is none, [`Error::Shutdown`] in a fork child.
    pub fn reset(&self, device: &str) -> Result<()> {
        self.mine()?;
        self.find(device).ok_or(Error::NoDevice)?.reset();
        Ok(())
    }

    /// Removes a device, as the fault of that name does.
    ///
    /// # Errors
    /// [`Error::NoDevice`] if there is none, [`Error::Shutdown`] in a fork child.
    pub fn remove(&self, device: &str) -> Result<()> {
        self.mine()?;
        self.find(device).ok_or(Error::NoDevice)?.remove();
        Ok(())
    }

    fn find(&self, name: &str) -> Option<&Arc<Device>> {
        self.devices.iter().find(|device| device.name == name)
    }

    /// The devices of the uacce class.
    fn classed(&self) -> impl Iterator<Item = &Arc<Device>> {
        let all = self.devices.iter();
        all.filter(|device| !device.is_gone() && !device.is_mediated())
    }

    pub(super) fn mine(&self) -> Result<()> {
        mine(self.born)
    }
}

impl Bus for World {
    fn devices(&self) -> Result<Vec<Attributes>> {
        self.mine()?;
        let mut found = Vec::new();
        for device in self.classed() {
            match device.plan.garbage() {
                Some(attribute) => log_error!(
                    "{}: left out, its attribute {attribute} cannot be read (simulated fault)",
                    device.name
                ),
                None => found.push(device.attributes()),
            }
        }
        Ok(found)
    }

    fn open(&self, device: &Attributes) -> Result<Arc<dyn Channel>> {
        Ok(Arc::new(self.take(&device.name)?))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for device in &self.devices {
            if self.mine().is_ok() {
                device.close();
            } else {
                // Never dropped in a child: it holds locks and handles of threads that are not there.
                core::mem::forget(Arc::clone(device));
            }
        }
    }
}
