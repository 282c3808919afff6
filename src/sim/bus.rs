//! A world of simulated devices, and its queues as channels.

use super::config::Config;
use super::device::Device;
use super::faults::Fault;
use super::model::Queue;
use super::tally::Counters;
use super::vfio::Vfio;
use crate::error::{Error, Result};
use crate::qm::doorbell;
use crate::sys::shared::SharedMemory;
use crate::sys::{fork, ioctl};
use crate::uacce::channel::{
    Argument, Bell, Bus, Channel, Doorbell, Memory, QueueId, QueueSetup, Region, Slice, Wake,
};
use crate::uacce::device::Attributes;
use crate::uacce::uapi::{self, MAINLINE};
use crate::{log_error, log_info};
use core::ffi::c_int;
use core::time::Duration;
use std::os::fd::BorrowedFd;
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
    /// queues lies in files ([`SharedMemory::file`]), so that it can be mapped as a device's is,
    /// and `removed` hears the name of a device that has disappeared, from whichever thread it
    /// happened in. It must not call the world.
    ///
    /// # Errors
    /// As [`World::new`].
    pub fn served(config: Config, removed: fn(&str)) -> Result<World> {
        World::make(config, Some(removed))
    }

    fn make(config: Config, removed: Option<fn(&str)>) -> Result<World> {
        fork::watch();
        // A stream may go on at another device: its context is in the client's memory.
        let streams = Arc::default();
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

/// [`Error::Shutdown`] in a child of the process that something belongs to. Its locks may be held
/// for ever there, by threads that the child does not have.
pub(super) fn mine(born: u64) -> Result<()> {
    if born == fork::generation() {
        Ok(())
    } else {
        Err(Error::Shutdown)
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

/// An open queue: what an open file is to the kernel.
pub struct Opened {
    queue: Arc<Queue>,
    born: u64,
}

impl Opened {
    pub(super) fn of(queue: Arc<Queue>, born: u64) -> Opened {
        Opened { queue, born }
    }

    /// Whether a completion lies in the ring before `limit` has passed.
    pub(super) fn wait_for_completion(&self, limit: Option<Duration>) -> Result<bool> {
        self.queue()?.wait_for_completion(limit)
    }

    /// The queue's number and depths, whether it is configured or not.
    #[must_use]
    pub fn id(&self) -> QueueId {
        self.queue.id()
    }

    /// The descriptors that the queue is made of. They must stay open.
    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let file = self.queue.memory_file();
        core::iter::once(self.queue.event()).chain(file)
    }

    fn queue(&self) -> Result<&Arc<Queue>> {
        mine(self.born).map(|()| &self.queue)
    }
}

impl Channel for Opened {
    fn configure(&self, setup: QueueSetup) -> Result<QueueId> {
        self.queue()?.configure(setup.kind)
    }

    fn region(&self, region: Region) -> Result<SharedMemory> {
        let queue = self.queue()?;
        match region {
            Region::Dus => queue.memory(),
            Region::Ss(len) => queue.static_memory(len),
            // Doorbells are calls.
            Region::Mmio => Err(Error::Unsupported),
        }
    }

    fn doorbell(&self, offset: usize) -> Result<Doorbell> {
        let queue = self.queue()?;
        if offset != queue.version().doorbell_offset() {
            return Err(Error::Invalid);
        }
        Ok(Doorbell::Call(Arc::new(Port {
            queue: Arc::clone(queue),
            born: self.born,
        })))
    }

    fn start(&self) -> Result<()> {
        self.queue()?.start()
    }

    fn stop(&self) {
        if let Ok(queue) = self.queue() {
            queue.stop();
        }
    }

    fn wait(&self, limit: Duration) -> Result<Wake> {
        let woken = self.queue()?.wait(limit)?;
        Ok(if woken { Wake::Event } else { Wake::TimedOut })
    }

    fn static_slices(&self) -> Result<Vec<Slice>> {
        self.queue()?.static_slices()
    }

    fn event(&self) -> BorrowedFd<'_> {
        self.queue.event()
    }

    fn memory(&self) -> Memory {
        if self.queue.has_sva() {
            Memory::Sva
        } else {
            Memory::Static
        }
    }

    fn command(&self, request: ioctl::Request, argument: Argument<'_>) -> Result<c_int> {
        let queue = self.queue()?;
        match (request, argument) {
            (uapi::SET_QP_CTX, Argument::Bytes([id_low, id_high, kind_low, kind_high])) => {
                let kind = u16::from_ne_bytes([*kind_low, *kind_high]);
                let id = queue.configure(kind)?;
                [*id_low, *id_high] = id.number.to_ne_bytes();
            }
            (uapi::SET_QP_INFO, Argument::Bytes(info)) if info.len() == 16 => {
                let id = queue.id();
                info[..4].copy_from_slice(&id.sqe_size.to_ne_bytes());
                info[4..6].copy_from_slice(&id.sq_depth.to_ne_bytes());
                info[6..8].copy_from_slice(&id.cq_depth.to_ne_bytes());
                info[8..].fill(0);
            }
            (uapi::GET_SS_DMA, Argument::Bytes(info)) => {
                return static_slice(&queue.static_slices()?, info);
            }
            (START, Argument::Value(_)) => queue.start()?,
            (PUT_QUEUE, Argument::Value(_)) => queue.stop(),
            _ => return Err(Error::Invalid),
        }
        Ok(0)
    }
}

/// `UACCE_CMD_GET_SS_DMA`: in `info` the number of a slice, then the slice; whether more follow.
fn static_slice(slices: &[Slice], info: &mut [u8]) -> Result<c_int> {
    let info: &mut [u8; 8] = info.try_into().map_err(|_| Error::Invalid)?;
    let number = usize::try_from(u64::from_ne_bytes(*info)).map_err(|_| Error::Invalid)?;
    let slice = slices.get(number).ok_or(Error::Invalid)?;
    *info = uapi::slice_answer(*slice).to_ne_bytes();
    Ok(c_int::from(number + 1 < slices.len()))
}

const START: ioctl::Request = MAINLINE.start;
const PUT_QUEUE: ioctl::Request = MAINLINE.put_queue;

impl Drop for Opened {
    fn drop(&mut self) {
        match self.queue() {
            Ok(queue) => queue.close(),
            // As for the world.
            Err(_) => core::mem::forget(Arc::clone(&self.queue)),
        }
    }
}

/// The doorbell register of a queue.
struct Port {
    queue: Arc<Queue>,
    born: u64,
}

impl Bell for Port {
    fn ring(&self, value: u64) {
        // A fork child has the port but none of the threads behind it.
        if mine(self.born).is_ok() {
            let value = doorbell::decode(self.queue.version(), value);
            self.queue.ring(value);
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        if mine(self.born).is_err() {
            core::mem::forget(Arc::clone(&self.queue));
        }
    }
}
