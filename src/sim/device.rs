//! One simulated device: its queues, and the threads that work for them.

use super::config::{self, Dma, Transport};
use super::faults::{Plan, Site};
use super::model::{Client, Queue};
use super::space::Windows;
use super::tally::Tally;
use super::vfio::Shared;
use super::zip::{Engine, Streams};
use crate::error::{Error, Result};
use crate::log_error;
use crate::qm::layout::{CQE_SIZE, Version};
use crate::sys::lock::{Condvar, Mutex};
use crate::sys::shared::SharedMemory;
use crate::sys::{pages, thread};
use crate::uacce::device::Attributes;
use crate::uacce::uapi::DeviceFlags;
use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

/// One device.
///
/// Locks are taken in this order: `slots` alone; `lent`, a queue's state, `ready`. `engines` is
/// taken alone.
pub(super) struct Device {
    pub name: String,
    pub config: config::Device,
    pub plan: Plan,
    pub tally: Tally,
    /// The open queues by number.
    slots: Mutex<Vec<Option<Weak<Queue>>>>,
    ready: Mutex<Ready>,
    /// Something was put into `ready`, or it was closed.
    work: Condvar,
    engines: Mutex<Vec<JoinHandle<()>>>,
    /// The engine of a device without threads: whoever rings works with it.
    lent: Mutex<Option<Engine>>,
    gone: AtomicBool,
    /// Who hears that the device has disappeared, where it is served as the kernel's would be.
    removed: Option<fn(&str)>,
    pub windows: Windows,
    streams: Arc<Streams>,
}

/// The queues that have something to fetch, each once.
#[derive(Default)]
struct Ready {
    queues: VecDeque<Arc<Queue>>,
    closed: bool,
}

impl Device {
    pub fn new(
        name: String,
        mut config: config::Device,
        removed: Option<fn(&str)>,
        streams: Arc<Streams>,
    ) -> Device {
        let plan = Plan::new(core::mem::take(&mut config.faults));
        Device {
            name,
            config,
            plan,
            tally: Tally::default(),
            slots: Mutex::default(),
            ready: Mutex::default(),
            work: Condvar::new(),
            engines: Mutex::default(),
            lent: Mutex::default(),
            gone: AtomicBool::new(false),
            removed,
            windows: Windows::default(),
            streams,
        }
    }

    /// What sysfs would say.
    pub fn attributes(&self) -> Attributes {
        let open = self.slots.lock().iter().flatten().count();
        let flags = match (self.config.sva, self.config.iommu) {
            (true, _) => DeviceFlags::SVA,
            (false, true) => DeviceFlags::IOMMU,
            (false, false) => DeviceFlags::empty(),
        };
        Attributes {
            algorithms: self.config.algorithms().map(str::to_owned).collect(),
            available: Some(u32::from(self.config.queues) - open as u32),
            mmio_size: self.mmio_size(),
            dus_size: self.dus_size(),
            isolated: self.config.isolate,
            numa_node: self.config.node,
            node_id: i32::try_from(self.config.node).ok(),
            // As kernels say that tell it, of devices without SVA.
            numa_distance: (!self.config.sva).then_some(0),
            ..Attributes::simulated(&self.name, self.config.api.api(), flags)
        }
    }

    /// Whether it is behind VFIO.
    pub fn is_mediated(&self) -> bool {
        self.config.transport != Transport::Uacce
    }

    /// The size of the region with the doorbell.
    pub fn mmio_size(&self) -> usize {
        mmio_size(self.config.api)
    }

    /// The size of a queue's memory: the two rings, and a page in which the status words lie. The
    /// kernels with mediated devices have no such words.
    pub fn dus_size(&self) -> usize {
        let entry = crate::bd::zip::SIZE + CQE_SIZE;
        let rings = entry * usize::from(self.config.depth);
        let status = if self.is_mediated() { 0 } else { pages::size() };
        rings.next_multiple_of(pages::size()) + status
    }

    /// Takes a queue for this process, as opening the device node does.
    pub fn open(self: &Arc<Self>) -> Result<Arc<Queue>> {
        self.open_for(Client::own(self)?, None)
    }

    /// Takes the queue of a mediated device for this process, in a container.
    pub fn open_in(self: &Arc<Self>, container: &Arc<Shared>) -> Result<Arc<Queue>> {
        let mut client = Client::own(self)?;
        client.container = Some(Arc::clone(container));
        self.open_for(client, Some(0))
    }

    /// How the device reaches memory from this container: `None` for what is mapped there.
    pub fn reach(&self, container: &Shared) -> Option<Dma> {
        let dma = self.config.transport.dma();
        dma.filter(|dma| dma.has_sva() && container.is_bound(None))
    }

    /// Takes a queue for `client`: that of this number, or any.
    pub fn open_for(self: &Arc<Self>, client: Client, number: Option<u16>) -> Result<Arc<Queue>> {
        self.present()?;
        if let Some(errno) = self.plan.call(Site::Open) {
            return Err(Error::from_errno(errno));
        }
        self.hire()?;
        let mut slots = self.slots.lock();
        // Once more, behind the lock under which a removal looks for open queues.
        self.present()?;
        let number = match number {
            Some(asked) => usize::from(asked),
            None => slots
                .iter()
                .position(Option::is_none)
                .unwrap_or(slots.len()),
        };
        if number >= usize::from(self.config.queues) {
            return Err(Error::Busy);
        }
        if number >= slots.len() {
            slots.resize_with(number + 1, || None);
        }
        if slots[number].is_some() {
            return Err(Error::Busy);
        }
        let queue = Arc::new(Queue::new(Arc::clone(self), number as u16, client)?);
        slots[number] = Some(Arc::downgrade(&queue));
        self.tally.opened.add(1);
        Ok(queue)
    }

    /// Gives a queue's number back.
    pub fn release(&self, number: u16) {
        self.windows.close(number);
        if let Some(slot) = self.slots.lock().get_mut(usize::from(number)) {
            *slot = None;
        }
    }

    /// [`Error::NoDevice`] after the device was removed.
    pub fn present(&self) -> Result<()> {
        if self.is_gone() {
            return Err(Error::NoDevice);
        }
        Ok(())
    }

    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    /// Kills the queues that are open now, as a reset of the device does.
    pub fn reset(&self) {
        for queue in self.open_queues() {
            queue.reset();
        }
    }

    /// Makes the device disappear.
    pub fn remove(&self) {
        // Before the open queues are looked for: none comes after them.
        self.gone.store(true, Ordering::Relaxed);
        self.windows.lose();
        for queue in self.open_queues() {
            queue.remove();
        }
        if let Some(removed) = self.removed {
            removed(&self.name);
        }
    }

    /// Memory that a program maps or is given.
    pub fn memory(&self, len: usize) -> Result<SharedMemory> {
        match self.removed {
            Some(_) => SharedMemory::own_file(&self.name, len),
            None => SharedMemory::own(len),
        }
    }

    /// Memory of a static region, which begins with a page as the kernel's does.
    pub fn static_memory(&self, len: usize) -> Result<SharedMemory> {
        match self.removed {
            Some(_) => self.memory(len),
            None => SharedMemory::pages(len),
        }
    }

    fn open_queues(&self) -> Vec<Arc<Queue>> {
        let slots = self.slots.lock();
        slots.iter().flatten().filter_map(Weak::upgrade).collect()
    }

    /// Puts a queue on the engines' list. The queue sees to it that it is there once.
    pub fn schedule(&self, queue: Arc<Queue>) {
        let mut ready = self.ready.lock();
        if !ready.closed {
            ready.queues.push_back(queue);
            self.work.notify_one();
        }
    }

    /// Starts the engines that are not running yet.
    fn hire(self: &Arc<Self>) -> Result<()> {
        let mut engines = self.engines.lock();
        while engines.len() < usize::from(self.config.engines) {
            let device = Arc::clone(self);
            let name = format!("{}/{}", self.name, engines.len());
            engines.push(thread::spawn(name, move || device.serve())?);
        }
        Ok(())
    }

    fn engine(&self) -> Engine {
        let streams = Arc::clone(&self.streams);
        Engine::new(self.config.api, self.config.level, streams)
    }

    /// The life of an engine.
    fn serve(&self) {
        let mut engine = self.engine();
        while let Some(queue) = self.next() {
            queue.step(&mut engine);
        }
    }

    /// Called behind each doorbell, without a lock: does the work if there are no threads for it.
    pub fn work(&self) {
        if self.config.engines > 0 {
            return;
        }
        let mut lent = self.lent.lock();
        let engine = lent.get_or_insert_with(|| self.engine());
        loop {
            // Let go of before the step, which takes it for what it finds behind.
            let next = self.ready.lock().queues.pop_front();
            let Some(queue) = next else { return };
            queue.step(engine);
        }
    }

    /// The next queue with something to do; sleeps until there is one. `None` at the end.
    fn next(&self) -> Option<Arc<Queue>> {
        let mut ready = self.ready.lock();
        loop {
            if ready.closed {
                return None;
            }
            if let Some(queue) = ready.queues.pop_front() {
                return Some(queue);
            }
            self.work.wait(&mut ready);
        }
    }

    /// Ends the device: queues that are still open find it removed, and its threads end.
    pub fn close(&self) {
        self.remove();
        {
            let mut ready = self.ready.lock();
            ready.closed = true;
            ready.queues.clear();
            self.work.notify_all();
        }
        for engine in self.engines.lock().drain(..) {
            if engine.join().is_err() {
                log_error!("{}: an engine of the simulation has panicked", self.name);
            }
        }
    }
}

/// The size of the doorbell region: one page, then a doorbell page behind it, then 64 KiB.
fn mmio_size(version: Version) -> usize {
    match version {
        Version::V1 => pages::size(),
        Version::V2 => 2 * pages::size(),
        Version::V3 | Version::V5 => (64 << 10_usize).max(2 * pages::size()),
    }
}
