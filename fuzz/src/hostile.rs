//! A device that does what an input says: it completes what it was asked and what it
//! was not, says of it what it likes, and writes anywhere in its queue's memory.

use super::input::Input;
use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use warpdrive::qm::doorbell::{self, Command};
use warpdrive::qm::layout::{CQE_SIZE, Layout, Version, cqe};
use warpdrive::sys::poll::{self, Event};
use warpdrive::sys::shared::SharedMemory;
use warpdrive::uacce::channel::{
    Bell, Channel, Doorbell, Memory, QueueId, QueueSetup, Region, Wake,
};
use warpdrive::uacce::device::Attributes;
use warpdrive::uacce::uapi::DeviceFlags;
use warpdrive::{Error, Result};

/// Bytes of a descriptor.
const SQE: usize = 128;
/// Words of a descriptor that a request's results are in.
const RESULTS: [usize; 9] = [0, 1, 2, 3, 7, 14, 15, 30, 31];

/// One queue of the device.
pub struct Hostile {
    version: Version,
    id: QueueId,
    memory: SharedMemory,
    layout: Option<Layout>,
    event: Event,
    state: Mutex<State>,
}

struct State {
    script: VecDeque<u8>,
    tail: u16,
    cq_tail: u16,
    lap: u16,
}

impl Hostile {
    /// A queue whose size, memory and doings are in `input`: it takes `script` bytes of it for them.
    pub fn new(version: Version, input: &mut Input<'_>, script: usize) -> Arc<Hostile> {
        let depths = [4, 5, 8, 16, 0, 1, 2, 3, 64, u16::MAX];
        let depth = input.one(&depths[..4]);
        let strange = input.u8() == 0x5a;
        let id = QueueId {
            number: if strange { input.u16() } else { 5 },
            sqe_size: if strange { input.u32() } else { 128 },
            sq_depth: if strange { input.one(&depths) } else { depth },
            cq_depth: if strange { input.one(&depths) } else { depth },
        };
        let len = if strange {
            1 + usize::from(input.u16())
        } else {
            usize::from(depth) * (SQE + CQE_SIZE) + 64
        };
        let memory = SharedMemory::own(len).expect("memory");
        Arc::new(Hostile {
            version,
            id,
            layout: Layout::new(&id, SQE, memory.len()).ok(),
            memory,
            event: Event::new().expect("a descriptor"),
            state: Mutex::new(State {
                script: input.bytes(script).iter().copied().collect(),
                tail: 0,
                cq_tail: 0,
                lap: 0,
            }),
        })
    }

    /// What sysfs would say of its device.
    pub fn device(&self) -> Attributes {
        Attributes {
            algorithms: vec!["zlib".into()],
            dus_size: self.memory.len(),
            ..Attributes::simulated("hisi_zip-0", self.version.api(), DeviceFlags::SVA)
        }
    }

    /// Does the next thing that the script says; without one left, completes `slot` in good faith.
    pub fn act(&self, slot: u16) {
        let mut state = self.state.lock().expect("no panic");
        match state.next() % 16 {
            0..=7 => self.complete(&mut state, slot, self.id.number),
            8 => {}
            9 => {
                let (slot, number) = (state.half(), self.id.number);
                self.complete(&mut state, slot % (self.id.sq_depth.max(1)), number);
            }
            10 => {
                let (slot, number) = (state.half(), state.half());
                self.complete(&mut state, slot, number);
            }
            11 => {
                let word = usize::from(state.half()) % (self.memory.len() / 4).max(1);
                let value = state.word();
                self.write(word * 4, value);
            }
            12 => {
                self.complete(&mut state, slot, self.id.number);
                self.complete(&mut state, slot, self.id.number);
            }
            13 if state.next() == 0x77 => self.memory.lose(),
            14 if state.next() == 0x77 => self.reset(),
            _ => self.event.raise(),
        }
    }

    /// Says that it was reset.
    pub fn reset(&self) {
        if let Some(status) = self.layout.and_then(|layout| layout.status) {
            self.write(status.tx, 1);
            self.write(status.rx, 1);
        }
    }

    fn write(&self, at: usize, value: u32) {
        if let Ok(word) = self.memory.word(at) {
            word.store(value, Ordering::Release);
        }
    }

    /// Changes a descriptor and posts a completion.
    fn complete(&self, state: &mut State, slot: u16, number: u16) {
        let Some(layout) = self.layout else { return };
        let changes = state.next() % 8;
        for _ in 0..changes {
            let choice = usize::from(state.next());
            let word = RESULTS.get(choice).copied().unwrap_or(choice % (SQE / 4));
            let value = state.word();
            self.write(usize::from(slot) * SQE + word * 4, value);
        }
        let at = layout.cq_offset + usize::from(state.cq_tail) * CQE_SIZE;
        let phase = u32::from(1 - state.lap % 2);
        let who = u32::from(number) << 16 | u32::from(slot);
        self.write(at + cqe::HEAD_AND_NUMBER * 4, who);
        self.write(at + cqe::PHASE_WORD * 4, phase << cqe::PHASE_SHIFT);
        state.cq_tail += 1;
        if state.cq_tail >= self.id.cq_depth {
            state.cq_tail = 0;
            state.lap = state.lap.wrapping_add(1);
        }
        self.event.raise();
    }
}

impl State {
    fn next(&mut self) -> u8 {
        self.script.pop_front().unwrap_or(0)
    }

    fn half(&mut self) -> u16 {
        u16::from_le_bytes([self.next(), self.next()])
    }

    /// Four bytes, or one for the small numbers that lengths are.
    fn word(&mut self) -> u32 {
        match self.next() {
            0xff => u32::from(self.half()) << 16 | u32::from(self.half()),
            0xfe => self.half().into(),
            small => small.into(),
        }
    }
}

/// An open queue.
#[derive(Clone)]
pub struct Open(pub Arc<Hostile>);

impl Channel for Open {
    fn configure(&self, _: QueueSetup) -> Result<QueueId> {
        Ok(self.0.id)
    }

    fn region(&self, region: Region) -> Result<SharedMemory> {
        match region {
            Region::Dus => Ok(self.0.memory.clone()),
            _ => Err(Error::Unsupported),
        }
    }

    fn doorbell(&self, _: usize) -> Result<Doorbell> {
        Ok(Doorbell::call(Arc::new(self.clone())))
    }

    fn start(&self) -> Result<()> {
        let mut state = self.0.state.lock().expect("no panic");
        (state.tail, state.cq_tail, state.lap) = (0, 0, 0);
        Ok(())
    }

    fn stop(&self) {}

    fn wait(&self, _: Duration) -> Result<Wake> {
        let woken = poll::readable(self.0.event.as_fd(), Duration::ZERO)?;
        Ok(if woken { Wake::Event } else { Wake::TimedOut })
    }

    fn event(&self) -> BorrowedFd<'_> {
        self.0.event.as_fd()
    }

    fn memory(&self) -> Memory {
        Memory::Sva
    }
}

impl Bell for Open {
    fn ring(&self, value: u64) {
        let value = doorbell::decode(self.0.version, value);
        if value.command != Command::Sq as u16 {
            return;
        }
        let depth = self.0.id.sq_depth.max(1);
        loop {
            let slot = {
                let mut state = self.0.state.lock().expect("no panic");
                if state.tail == value.index {
                    return;
                }
                let slot = state.tail;
                state.tail = (slot + 1) % depth;
                slot
            };
            self.0.act(slot);
            if value.index >= depth {
                return;
            }
        }
    }
}
