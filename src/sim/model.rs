//! The queue manager of a device, for one queue: doorbells in, descriptors
//! fetched, completions and events out. It does not know what a descriptor says.

mod event;

use super::config::Dma;
use super::device::Device;
use super::faults::Site;
use super::space::{LONGEST, SLICE, Space};
use super::state::{Completion, Job, Life, State};
use super::vfio::Shared;
use super::zip::{BUS_FAULT, Direction, Engine};
use crate::bd::zip::{self, Sqe, Status};
use crate::error::{Error, Result};
use crate::qm::doorbell::{Command, Value};
use crate::qm::layout::{CQE_SIZE, Layout, Version, cqe};
use crate::sys::clock;
use crate::sys::lock::{Condvar, Mutex};
use crate::sys::peer::Process;
use crate::sys::poll::Event;
use crate::sys::shared::{Entries, SharedMemory, Word};
use crate::uacce::channel::{QueueId, Slice};
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

/// Where a queue's interrupts go.
pub trait Line: Send + Sync {
    /// The device has an interrupt for the queue. Called with the queue locked: it must not block
    /// for long, nor call back into the queue.
    fn raise(&self);
}

/// Who opened a queue: where its memory is, whose addresses its descriptors have, and who hears of
/// its interrupts beside [`Queue::event`].
pub(super) struct Client {
    pub memory: SharedMemory,
    pub process: Process,
    pub line: Option<Box<dyn Line>>,
    /// What a mediated device is in.
    pub container: Option<Arc<Shared>>,
}

impl Client {
    /// This process, with memory of the device's.
    pub fn own(device: &Device) -> Result<Client> {
        Ok(Client {
            memory: device.memory(device.dus_size())?,
            process: Process::Own,
            line: None,
            container: None,
        })
    }
}

/// One queue of a device.
pub(super) struct Queue {
    device: Arc<Device>,
    number: u16,
    depth: u16,
    client: Client,
    sq: Entries<{ zip::SIZE }>,
    cq: Entries<CQE_SIZE>,
    /// The status words for the sender and for the receiver, where there are any.
    dead: Vec<Word>,
    /// The interrupt line.
    event: Event,
    state: Mutex<State>,
    /// An engine has left the queue, or the queue's life has changed.
    changed: Condvar,
}

impl Queue {
    pub fn new(device: Arc<Device>, number: u16, client: Client) -> Result<Queue> {
        let depth = device.config.depth;
        let memory = &client.memory;
        let layout = Layout::new(&id(number, depth), zip::SIZE, memory.len())?;
        let dead = match layout.status {
            Some(status) => vec![memory.word(status.tx)?, memory.word(status.rx)?],
            None => Vec::new(),
        };
        Ok(Queue {
            sq: memory.entries(0, depth.into())?,
            cq: memory.entries(layout.cq_offset, depth.into())?,
            dead,
            event: Event::new()?,
            state: Mutex::new(State::new(depth)),
            changed: Condvar::new(),
            device,
            number,
            depth,
            client,
        })
    }

    pub fn version(&self) -> Version {
        self.device.config.api
    }

    pub fn id(&self) -> QueueId {
        id(self.number, self.depth)
    }

    pub fn event(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }

    /// The file that the queue's memory lies in, where it lies in one.
    pub fn memory_file(&self) -> Option<BorrowedFd<'_>> {
        self.client.memory.file()
    }

    /// [`Error::NoDevice`] after the device was removed, and not before the queue's memory says so:
    /// whoever looks there next is to find the same.
    fn present(&self) -> Result<()> {
        self.state.lock().present()
    }

    /// The result of a call that a fault may spoil.
    fn call(&self, site: Site) -> Result<()> {
        self.present()?;
        match self.device.plan.call(site) {
            Some(errno) => Err(Error::from_errno(errno)),
            None => Ok(()),
        }
    }

    pub fn memory(&self) -> Result<SharedMemory> {
        self.call(Site::Region)?;
        Ok(self.client.memory.clone())
    }

    pub fn has_sva(&self) -> bool {
        self.device.config.sva
    }

    /// Makes the static region. There is one at a time.
    pub fn static_memory(&self, len: usize) -> Result<SharedMemory> {
        self.call(Site::Region)?;
        if self.has_sva() {
            return Err(Error::Unsupported);
        }
        let slice = if self.device.config.iommu {
            LONGEST
        } else {
            SLICE
        };
        let make = |len| self.device.static_memory(len);
        self.device.windows.open(self.number, len, slice, make)
    }

    pub fn static_slices(&self) -> Result<Vec<Slice>> {
        self.present()?;
        if self.has_sva() {
            return Err(Error::Unsupported);
        }
        let slices = self.device.windows.slices(self.number);
        slices.ok_or(Error::Invalid)
    }

    /// What the addresses in descriptors mean now.
    fn space(&self) -> Space {
        if let Some(container) = &self.client.container {
            return match self.device.reach(container) {
                Some(Dma::Pinned) => Space::Present(self.client.process),
                Some(_) => Space::Process(self.client.process),
                None => Space::Mapped(Arc::clone(&container.mappings)),
            };
        }
        if self.has_sva() {
            Space::Process(self.client.process)
        } else {
            self.device.windows.space()
        }
    }

    pub fn configure(&self, kind: u16) -> Result<QueueId> {
        self.call(Site::Configure)?;
        let direction = match kind {
            0 => Direction::Compress,
            1 => Direction::Decompress,
            _ => return Err(Error::Invalid),
        };
        let mut state = self.state.lock();
        if state.life != Life::Initial {
            return Err(Error::Invalid);
        }
        state.direction = direction;
        Ok(self.id())
    }

    pub fn start(&self) -> Result<()> {
        self.call(Site::Start)?;
        let mut state = self.state.lock();
        match state.life {
            Life::Initial => {}
            Life::Started | Life::Stopping => return Err(Error::Invalid),
            Life::Dead | Life::Gone => return Err(Error::NoDevice),
        }
        // Completions of an earlier run would look new.
        for at in 0..usize::from(self.depth) {
            self.write_entry(at, [0; 4]);
        }
        self.take_back(&mut state);
        let mut fresh = State::new(self.depth);
        (fresh.life, fresh.direction) = (Life::Started, state.direction);
        fresh.queued = state.queued;
        *state = fresh;
        Ok(())
    }

    /// After it returns no engine touches the rings or the client's memory for this queue. What was
    /// being executed is completed, but for requests that a delay holds.
    pub fn stop(&self) {
        let mut state = self.state.lock();
        if state.life == Life::Started {
            state.life = Life::Stopping;
            self.changed.notify_all();
        }
        while state.busy > 0 {
            self.changed.wait(&mut state);
        }
        if state.life == Life::Stopping {
            self.release_held(&mut state);
            state.life = Life::Initial;
        }
    }

    /// Stops the queue and gives it back to the device.
    pub fn close(&self) {
        self.stop();
        self.device.release(self.number);
    }

    /// The device was reset: the status words say so from now on.
    pub fn reset(&self) {
        let mut state = self.state.lock();
        if state.life != Life::Gone {
            // Relaxed: software looks at the words for their own sake, nothing else follows from them.
            self.dead.iter().for_each(|w| w.store(1, Ordering::Relaxed));
            self.die(&mut state, Life::Dead);
        }
    }

    /// The device was removed: its memory is lost.
    pub fn remove(&self) {
        let mut state = self.state.lock();
        // As the SIGBUS handler leaves a region: lost, and marked dead. Release pairs with the Acquire
        // loads of the rings: who finds a queue dead finds out why.
        self.client.memory.lose();
        self.dead.iter().for_each(|w| w.store(1, Ordering::Release));
        self.die(&mut state, Life::Gone);
    }

    fn die(&self, state: &mut State, life: Life) {
        state.life = life;
        // Not by `fire`: whoever waits must learn it, armed or not, and it stays raised.
        self.raise();
        self.changed.notify_all();
    }

    /// Takes a doorbell.
    pub fn ring(self: &Arc<Self>, value: Value) {
        const SQ: u16 = Command::Sq as u16;
        const CQ: u16 = Command::Cq as u16;
        let mut state = self.state.lock();
        if value.queue != self.number
            || !state.rings.has(value.index)
            || ![SQ, CQ].contains(&value.command)
        {
            self.device.tally.model_errors.add(1);
            return;
        }
        if state.life != Life::Started {
            return;
        }
        if value.command == SQ {
            state.rings.submitted(value.index);
        } else {
            self.taken(&mut state, value);
        }
        self.kick(&mut state);
        drop(state);
        self.device.work();
    }

    /// Calls an engine if there is something to do.
    fn kick(self: &Arc<Self>, state: &mut State) {
        if !state.queued && state.runnable() {
            state.queued = true;
            self.device.schedule(Arc::clone(self));
        }
    }

    /// Fetches one descriptor, has it executed, and completes it.
    pub fn step(self: &Arc<Self>, engine: &mut Engine) {
        let Some(mut job) = self.fetch() else {
            return;
        };
        if job.upset.reset {
            self.device.reset();
        }
        if job.upset.remove {
            self.device.remove();
        }
        if !job.upset.drop && self.pause(job.upset.delay) {
            self.execute(engine, &mut job);
        }
        self.complete(job);
    }

    fn fetch(self: &Arc<Self>) -> Option<Job> {
        let mut state = self.state.lock();
        state.queued = false;
        if !state.runnable() {
            return None;
        }
        let slot = state.fetch();
        let mut bytes = [0; zip::SIZE];
        if let Some(entry) = self.sq.at(slot.into()) {
            entry.load(&mut bytes);
        }
        self.device.tally.descriptors.add(1);
        let upset = self.device.plan.request();
        let direction = state.direction;
        self.kick(&mut state);
        Some(Job {
            slot,
            bytes,
            direction,
            upset,
            done: false,
        })
    }

    /// Sleeps. `false` if the queue dies, or is stopped while it sleeps.
    fn pause(&self, time: Duration) -> bool {
        let mut state = self.state.lock();
        if time.is_zero() {
            return state.completes();
        }
        let until = clock::now() + time;
        while state.life == Life::Started {
            if self.changed.wait_until(&mut state, until) {
                return state.life == Life::Started;
            }
        }
        false
    }

    fn execute(&self, engine: &mut Engine, job: &mut Job) {
        let sqe = match job.upset.status {
            Some(status) => {
                let sqe = Sqe {
                    consumed: 0,
                    produced: 0,
                    status,
                    ..Sqe::decode(&job.bytes)
                };
                sqe.write_results(&mut job.bytes);
                sqe
            }
            None => engine.execute(&self.space(), job.direction, &mut job.bytes),
        };
        job.done = true;
        let tally = &self.device.tally;
        tally.bytes_in.add(sqe.consumed.into());
        tally.bytes_out.add(sqe.produced.into());
        let status = Status::from_code(sqe.status);
        let bad = !status.is_good() && status != Status::StreamEnd;
        tally.errors.add(bad.into());
        let fault = job.upset.status.is_none() && sqe.status == BUS_FAULT;
        tally.bus_faults.add(u64::from(fault));
        if let Some(excess) = job.upset.produced {
            let produced = sqe.output_space.saturating_add(excess);
            Sqe { produced, ..sqe }.write_results(&mut job.bytes);
        }
    }

    fn complete(self: &Arc<Self>, job: Job) {
        let mut state = self.state.lock();
        let slot = self.sq.at(job.slot.into());
        if let Some(slot) = slot.filter(|_| job.done && state.completes()) {
            slot.store(&job.bytes);
        }
        state.leave(job);
        if state.completes() {
            while let Some(done) = state.due(self.device.config.orders) {
                self.hold_or_post(&mut state, done);
            }
            if state.busy == 0 && !state.runnable() {
                self.release_held(&mut state);
            }
            self.kick(&mut state);
        }
        drop(state);
        self.changed.notify_all();
    }

    fn hold_or_post(&self, state: &mut State, done: Completion) {
        if state.window == 0 {
            state.window = done.upset.reorder;
        }
        if state.window == 0 {
            self.post(state, &done);
            return;
        }
        state.held.push(done);
        if state.held.len() >= state.window {
            self.release_held(state);
        }
    }

    fn release_held(&self, state: &mut State) {
        state.window = 0;
        while let Some(done) = state.held.pop() {
            self.post(state, &done);
        }
    }

    fn post(&self, state: &mut State, done: &Completion) {
        self.write_completion(state, done);
        if done.upset.duplicate && state.room() {
            self.write_completion(state, done);
        }
        if state.rings.disarm() {
            self.fire(state);
        }
    }

    /// Writes an entry of the completion queue, the word with the phase last.
    fn write_entry(&self, at: usize, words: [u32; CQE_SIZE / 4]) {
        let Some(entry) = self.cq.at(at) else { return };
        for (word, value) in words.into_iter().enumerate() {
            // The last Release pairs with the Acquire load of the phase in `qm::ring`: whoever sees
            // the new phase sees the entry, the results in the submission slot and the output.
            entry.store_word(word, value, Ordering::Release);
        }
    }

    /// Writes one completion queue entry. Its slot of the submission queue is written before.
    fn write_completion(&self, state: &mut State, done: &Completion) {
        let (at, phase) = state.rings.post();
        let head = done.upset.sq_head.unwrap_or(done.slot);
        let number = done.upset.sq_number.unwrap_or(self.number);
        let who = u32::from(head) | u32::from(number) << 16;
        let word = u32::from(phase != done.upset.phase) << cqe::PHASE_SHIFT;
        self.write_entry(at.into(), [0, 0, who, word]);
        self.device.tally.completions.add(1);
    }
}

fn id(number: u16, depth: u16) -> QueueId {
    QueueId {
        number,
        sqe_size: zip::SIZE as u32,
        sq_depth: depth,
        cq_depth: depth,
    }
}
