//! A device for clients that are other processes. It has the queue manager and the
//! engines of a [`World`](super::World)'s device, and nothing around them: whoever
//! holds it lists it, opens its queues, and carries doorbells and interrupts between
//! it and its clients.

use super::config;
use super::device::Device;
pub use super::model::Line;
use super::model::{Client, Queue};
use super::tally::Counters;
use crate::error::{Error, Result};
use crate::log_error;
use crate::qm::doorbell;
use crate::sys::lent::Promise;
use crate::sys::peer::Process;
use crate::sys::shared::SharedMemory;
use crate::uacce::channel::QueueId;
use crate::uacce::device::Attributes;
use std::sync::Arc;

/// A device. Dropping it ends its engines; queues that are open then find it removed.
pub struct Served(Arc<Device>);

impl Served {
    /// A device of this name.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a value of the configuration is out of range, and for a device behind
    /// VFIO: whoever serves it would have to serve that.
    pub fn new(name: &str, config: config::Device) -> Result<Served> {
        config.check().map_err(|reason| {
            log_error!("{name}: {reason}");
            Error::Invalid
        })?;
        if config.transport != config::Transport::Uacce {
            log_error!("{name}: devices behind VFIO are not served to other processes");
            return Err(Error::Invalid);
        }
        let device = Device::new(name.to_owned(), config, None, Arc::default());
        Ok(Served(Arc::new(device)))
    }

    /// What sysfs is to say of it.
    #[must_use]
    pub fn attributes(&self) -> Attributes {
        self.0.attributes()
    }

    /// What it has done.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.0.tally.read(self.0.plan.happened())
    }

    /// Opens queue `number` for `client`, with rings in `memory`, which is as long as
    /// [`Attributes::dus_size`] says, and interrupts to `line`. What is promised is what the client's
    /// descriptors will name: memory of the client, which may be this process.
    ///
    /// # Errors
    /// [`Error::Busy`] if the queue is open, or there is none of this number; [`Error::Invalid`] if
    /// the memory is too short.
    pub fn open(
        &self,
        _promise: Promise,
        number: u16,
        client: Process,
        memory: SharedMemory,
        line: Box<dyn Line>,
    ) -> Result<ServedQueue> {
        if memory.len() < self.0.dus_size() {
            return Err(Error::Invalid);
        }
        let client = Client {
            memory,
            process: client,
            line: Some(line),
            container: None,
        };
        self.0.open_for(client, Some(number)).map(ServedQueue)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// An open queue. Dropping it stops it, and gives its number back.
pub struct ServedQueue(Arc<Queue>);

impl ServedQueue {
    /// Sets the queue's type: for ZIP 0 compresses and 1 decompresses.
    ///
    /// # Errors
    /// [`Error::Invalid`] for another type, or a queue that is started.
    pub fn configure(&self, kind: u16) -> Result<QueueId> {
        self.0.configure(kind)
    }

    /// Starts the queue, with empty rings.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is started, [`Error::NoDevice`] if it is dead.
    pub fn start(&self) -> Result<()> {
        self.0.start()
    }

    /// Stops the queue; afterwards the device touches neither its rings nor its client's memory.
    pub fn stop(&self) {
        self.0.stop();
    }

    /// Takes one 64-bit store to the queue's doorbell register.
    pub fn doorbell(&self, value: u64) {
        let value = doorbell::decode(self.0.version(), value);
        self.0.ring(value);
    }
}

impl Drop for ServedQueue {
    fn drop(&mut self) {
        self.0.close();
    }
}
