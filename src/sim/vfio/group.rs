//! An open `/dev/vfio/<group>`, and the mediated device in it.

use super::container::{Container, Shared};
use super::{Mediated, mine};
use crate::error::{Error, Result};
use crate::sim::config::Dma;
use crate::sim::opened::Opened;
use crate::sys::poll::Event;
use crate::sys::shared::SharedMemory;
use crate::uacce::channel::{Channel, Doorbell, Region};
use crate::uacce::vfio::calls;
use core::ffi::{CStr, c_int};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::Arc;

/// Where a group is in its life. Under the lock of its [`Mediated`].
#[derive(Debug, Default)]
pub(super) struct State {
    /// Its node is open.
    open: bool,
    /// Its device is open.
    device: bool,
    container: Option<Arc<Shared>>,
}

/// An open group. Dropping it closes it.
pub struct Group {
    of: Arc<Mediated>,
    /// Gives it a number.
    file: Event,
    born: u64,
}

impl Group {
    pub(super) fn open(of: &Arc<Mediated>, born: u64) -> Result<Group> {
        of.device.present()?;
        let file = Event::new()?;
        file.raise();
        let mut state = of.state.lock();
        // A device that outlives its group keeps it in the container.
        if state.open || state.container.is_some() {
            return Err(Error::Busy);
        }
        state.open = true;
        Ok(Group {
            of: Arc::clone(of),
            file,
            born,
        })
    }

    /// Whether it is in a container.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        mine(self.born).is_ok() && self.of.state.lock().container.is_some()
    }

    /// `SET_CONTAINER`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is in one, [`Error::Shutdown`] in a fork child.
    pub fn attach(&self, container: &Container) -> Result<()> {
        mine(self.born)?;
        self.attach_to(&container.shared)
    }

    fn attach_to(&self, shared: &Arc<Shared>) -> Result<()> {
        let mut state = self.of.state.lock();
        if state.container.is_some() {
            return Err(Error::Invalid);
        }
        shared.attach(self.of.dma());
        state.container = Some(Arc::clone(shared));
        Ok(())
    }

    /// `UNSET_CONTAINER`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is in none, [`Error::Busy`] while its device is open,
    /// [`Error::Shutdown`] in a fork child.
    pub fn detach(&self) -> Result<()> {
        mine(self.born)?;
        let mut state = self.of.state.lock();
        if state.device {
            return Err(Error::Busy);
        }
        let container = state.container.take().ok_or(Error::Invalid)?;
        container.detach(self.of.dma());
        Ok(())
    }

    /// `GET_DEVICE_FD`.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a container that has an IOMMU, [`Error::NoDevice`] for another
    /// name, [`Error::Busy`] while it is open, [`Error::Shutdown`] in a fork child; else as faults say.
    pub fn open_device(&self, name: &CStr) -> Result<Mdev> {
        mine(self.born)?;
        let mut state = self.of.state.lock();
        let container = state.container.clone();
        let container = container
            .filter(|container| container.has_iommu())
            .ok_or(Error::Invalid)?;
        if name.to_bytes() != self.of.uuid().as_bytes() {
            return Err(Error::NoDevice);
        }
        if state.device {
            return Err(Error::Busy);
        }
        let file = Event::new()?;
        file.raise();
        // From here on dropping it closes the queue.
        let opened = Opened::of(self.of.device.open_in(&container)?, self.born);
        let doorbell = self.of.device.config.api.doorbell_offset();
        let device = Mdev {
            port: opened.doorbell(doorbell)?,
            file,
            doorbell,
            opened,
            container,
            started: AtomicBool::new(false),
            closing: Closing {
                of: Arc::clone(&self.of),
                born: self.born,
            },
        };
        if !self.of.dma().has_sva() {
            // The kernel does not look at what became of it.
            let _ = device.start();
        }
        state.device = true;
        Ok(device)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if mine(self.born).is_err() {
            return;
        }
        let mut state = self.of.state.lock();
        state.open = false;
        self.of.leave(&mut state);
    }
}

impl AsFd for Group {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl calls::Group for Group {
    fn is_viable(&self) -> Result<bool> {
        mine(self.born).map(|()| true)
    }

    fn set_container(&self, container: &dyn calls::Container) -> Result<()> {
        mine(self.born)?;
        let number = container.as_fd().as_raw_fd();
        self.attach_to(&self.of.container(number).ok_or(Error::Invalid)?)
    }

    fn device(&self, name: &CStr) -> Result<Box<dyn calls::Device>> {
        Ok(Box::new(self.open_device(name)?))
    }
}

impl Mediated {
    /// Takes the group out of its container when nothing of it is open any more.
    fn leave(&self, state: &mut State) {
        if !state.open
            && !state.device
            && let Some(container) = state.container.take()
        {
            container.detach(self.dma());
        }
    }

    pub(super) fn dma(&self) -> Dma {
        self.device.config.transport.dma().unwrap_or_default()
    }
}

/// An open mediated device: one queue. Dropping it closes it. Field order is drop order.
pub struct Mdev {
    port: Doorbell,
    opened: Opened,
    /// Where the doorbell is in region 0.
    doorbell: usize,
    /// Gives it a number. Always readable: the kernel has no `poll` for it.
    file: Event,
    container: Arc<Shared>,
    started: AtomicBool,
    closing: Closing,
}

/// The end of a device, behind that of its queue.
struct Closing {
    of: Arc<Mediated>,
    born: u64,
}

impl Drop for Closing {
    fn drop(&mut self) {
        if mine(self.born).is_ok() {
            let mut state = self.of.state.lock();
            state.device = false;
            self.of.leave(&mut state);
        }
    }
}

impl Mdev {
    /// Its queue.
    #[must_use]
    pub fn queue(&self) -> &Opened {
        &self.opened
    }

    /// The name that the simulation has for the device.
    #[must_use]
    pub fn name(&self) -> &str {
        self.closing.of.name()
    }

    /// The doorbell register in region 0.
    #[must_use]
    pub fn doorbell_offset(&self) -> usize {
        self.doorbell
    }

    /// What takes doorbells.
    #[must_use]
    pub fn port(&self) -> &Doorbell {
        &self.port
    }

    fn start(&self) -> Result<()> {
        self.opened.start()?;
        // Relaxed: it says nothing of other memory.
        self.started.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// The memory of region 1, which a started queue has.
    ///
    /// # Errors
    /// [`Error::Invalid`] before the queue is started and for more than there is; else as faults say.
    pub fn rings(&self, len: usize) -> Result<SharedMemory> {
        let memory = self.opened.region(Region::Dus)?;
        let started = self.started.load(Ordering::Relaxed);
        if started && (1..=memory.len()).contains(&len) {
            Ok(memory)
        } else {
            Err(Error::Invalid)
        }
    }

    /// `CMD_WAIT`, with ticks of 4 ms: 1 if there is something before so many have passed, 0 if not.
    /// With 0 it waits until there is, and answers 0.
    ///
    /// # Errors
    /// [`Error::NoDevice`] unless the configuration gives it a driver that can wait, and when the
    /// device has gone; [`Error::Shutdown`] in a fork child.
    pub fn wait_ticks(&self, ticks: usize) -> Result<c_int> {
        const TICK: Duration = Duration::from_millis(4);
        if !self.closing.of.device.config.transport.waits() {
            return Err(Error::NoDevice);
        }
        let ticks = u32::try_from(ticks).unwrap_or(u32::MAX);
        let limit = (ticks != 0).then(|| TICK * ticks);
        let woken = self.opened.wait_for_completion(limit)?;
        Ok(c_int::from(woken && ticks != 0))
    }

    /// `CMD_BIND_PASID`: starts the queue. The queue's number, which is 0.
    ///
    /// # Errors
    /// [`Error::Invalid`] without SVA and for a number that the process is not bound under; else as
    /// faults say; [`Error::Shutdown`] in a fork child.
    pub fn bind(&self, pasid: usize) -> Result<c_int> {
        let of = &self.closing.of;
        mine(self.closing.born)?;
        let pasid = u32::try_from(pasid).map_err(|_| Error::Invalid)?;
        if !of.dma().has_sva() || !self.container.is_bound(Some(pasid)) {
            return Err(Error::Invalid);
        }
        if !self.started.load(Ordering::Relaxed) {
            self.start()?;
        }
        Ok(self.opened.id().number.into())
    }
}

impl AsFd for Mdev {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl calls::Device for Mdev {
    fn map(&self, page: u64, len: usize) -> Result<SharedMemory> {
        match page {
            1 => self.rings(len),
            // Doorbells are calls.
            0 => Err(Error::Unsupported),
            _ => Err(Error::Invalid),
        }
    }

    fn bell(&self, offset: usize) -> Result<Option<Doorbell>> {
        mine(self.closing.born)?;
        if offset == self.doorbell {
            Ok(Some(self.port.clone()))
        } else {
            Err(Error::Invalid)
        }
    }

    fn wait(&self, ticks: usize) -> Result<c_int> {
        self.wait_ticks(ticks)
    }

    fn bind_pasid(&self, pasid: u32) -> Result<c_int> {
        self.bind(pasid as usize)
    }
}
