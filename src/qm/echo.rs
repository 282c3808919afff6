//! A device for the tests of rings and queues: it completes what it is told to,
//! in the order it is told to, and can lie. It knows nothing of descriptors.

use super::doorbell::{self, Value};
use super::layout::{CQE_SIZE, Version, cqe};
use crate::error::{Error, Result};
use crate::sys::lock::Mutex;
use crate::sys::poll::{self, Event};
use crate::sys::shared::{Entries, SharedMemory, Word};
use crate::uacce::channel::{Bell, Channel, Doorbell, Memory, QueueId, QueueSetup, Region, Wake};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

/// The number of the device's queue.
pub const NUMBER: u16 = 5;

/// How the device answers doorbells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// At once, in order.
    Instant,
    /// When the test says so.
    Held,
}

/// The device. It has one queue.
pub struct Device {
    pub version: Version,
    pub memory: SharedMemory,
    pub event: Event,
    pub stopped: AtomicBool,
    cq: Entries<CQE_SIZE>,
    status: [Word; 2],
    depths: (u16, u16),
    mode: Mode,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tail: u16,
    cq_tail: u16,
    lap: u16,
    bells: Vec<Value>,
}

impl Device {
    pub fn new(version: Version, depths: (u16, u16), mode: Mode) -> Arc<Device> {
        let (sq, cq) = (usize::from(depths.0), usize::from(depths.1));
        let size = sq * 128 + cq * CQE_SIZE + 64;
        let memory = SharedMemory::own(size).expect("memory");
        Arc::new(Device {
            version,
            event: Event::new().expect("eventfd"),
            stopped: AtomicBool::new(false),
            cq: memory.entries(sq * 128, cq).expect("fits"),
            status: [
                memory.word(size - 4).expect("fits"),
                memory.word(size - 8).expect("fits"),
            ],
            memory,
            depths,
            mode,
            state: Mutex::default(),
        })
    }

    pub fn id(&self) -> QueueId {
        QueueId {
            number: NUMBER,
            sqe_size: 128,
            sq_depth: self.depths.0,
            cq_depth: self.depths.1,
        }
    }

    /// Completes the request in `slot`, honestly.
    pub fn complete(&self, slot: u16) {
        self.post(slot, NUMBER);
    }

    /// Posts a completion that says what it is told to say.
    pub fn post(&self, head: u16, number: u16) {
        let mut state = self.state.lock();
        let (at, phase) = (usize::from(state.cq_tail), u32::from(1 - state.lap % 2));
        let entry = self.cq.at(at).expect("inside");
        let who = u32::from(number) << 16 | u32::from(head);
        entry.store_word(cqe::HEAD_AND_NUMBER, who, Ordering::Relaxed);
        // Release pairs with the Acquire load of the phase in `Receiver::receive`.
        entry.store_word(
            cqe::PHASE_WORD,
            phase << cqe::PHASE_SHIFT,
            Ordering::Release,
        );
        state.cq_tail += 1;
        if state.cq_tail == self.depths.1 {
            state.cq_tail = 0;
            state.lap += 1;
        }
        self.event.raise();
    }

    /// Sets both status words, as the kernel does at a reset.
    pub fn reset(&self) {
        for word in &self.status {
            word.store(1, Ordering::Relaxed);
        }
    }

    /// Takes [`Device::reset`] back, as no kernel does.
    pub fn forget_reset(&self) {
        for word in &self.status {
            word.store(0, Ordering::Relaxed);
        }
    }

    /// How many doorbells are remembered.
    pub fn bell_count(&self) -> usize {
        self.state.lock().bells.len()
    }

    /// Forgets the doorbells, for long runs.
    pub fn forget_bells(&self) {
        self.state.lock().bells.clear();
    }

    /// All doorbells so far.
    pub fn bells(&self) -> Vec<Value> {
        self.state.lock().bells.clone()
    }
}

/// One open queue of the device.
pub struct Open(pub Arc<Device>);

struct Line(Arc<Device>);

impl Bell for Line {
    fn ring(&self, value: u64) {
        let value = doorbell::decode(self.0.version, value);
        let mut slots = Vec::new();
        {
            let mut state = self.0.state.lock();
            state.bells.push(value);
            if value.command == 0 {
                while state.tail != value.index {
                    slots.push(state.tail);
                    state.tail = (state.tail + 1) % self.0.depths.0;
                }
            }
        }
        if self.0.mode == Mode::Instant {
            slots.into_iter().for_each(|slot| self.0.complete(slot));
        }
    }
}

impl Channel for Open {
    fn configure(&self, _: QueueSetup) -> Result<QueueId> {
        Ok(self.0.id())
    }
    fn region(&self, region: Region) -> Result<SharedMemory> {
        if region == Region::Dus {
            Ok(self.0.memory.clone())
        } else {
            Err(Error::Unsupported)
        }
    }
    fn doorbell(&self, offset: usize) -> Result<Doorbell> {
        assert_eq!(offset, self.0.version.doorbell_offset());
        Ok(Doorbell::call(Arc::new(Line(Arc::clone(&self.0)))))
    }
    fn start(&self) -> Result<()> {
        Ok(())
    }
    fn stop(&self) {
        self.0.stopped.store(true, Ordering::Relaxed);
    }
    fn wait(&self, limit: Duration) -> Result<Wake> {
        let woken = poll::readable(self.0.event.as_fd(), limit)?;
        self.0.event.clear();
        Ok(if woken { Wake::Event } else { Wake::TimedOut })
    }
    fn event(&self) -> BorrowedFd<'_> {
        self.0.event.as_fd()
    }
    fn memory(&self) -> Memory {
        Memory::Sva
    }
}
