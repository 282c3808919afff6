//! A device whose clients are other processes: rings, addresses and interrupts are handed to it.

use super::PROMISE;
use crate::bd::zip::{self, Request, Sqe};
use crate::error::Error;
use crate::qm::doorbell::{Command, base, with_index};
use crate::qm::layout::{CQE_SIZE, Version};
use crate::sim::config::Config;
use crate::sim::served::{Line, Served, ServedQueue};
use crate::sys::peer::Process;
use crate::sys::shared::SharedMemory;
use core::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};

const DEPTH: usize = 64;
const NUMBER: u16 = 5;

struct Wire(Sender<()>);

impl Line for Wire {
    fn raise(&self) {
        // Nobody listens any more when a test has failed.
        let _ = self.0.send(());
    }
}

fn device() -> Served {
    let text = "hisi_zip,depth=64,queues=6";
    let mut config: Config = text.parse().expect("a valid text");
    Served::new("hisi_zip-0", config.devices.remove(0)).expect("a valid device")
}

fn open(device: &Served, client: Process) -> (ServedQueue, SharedMemory, Receiver<()>) {
    let memory = SharedMemory::own(device.attributes().dus_size).expect("memory");
    let (raise, raised) = channel();
    let wire = Box::new(Wire(raise));
    let queue = device.open(PROMISE, NUMBER, client, memory.clone(), wire);
    (queue.expect("free"), memory, raised)
}

/// Sends the descriptor in slot 0, and gives it back with its results.
fn run(queue: &ServedQueue, memory: &SharedMemory, raised: &Receiver<()>, sqe: Sqe) -> Sqe {
    assert_eq!(queue.configure(0).expect("compresses").number, NUMBER);
    queue.start().expect("not started");
    let sq = memory.entries::<{ zip::SIZE }>(0, DEPTH).expect("a ring");
    let cq = memory.entries::<CQE_SIZE>(DEPTH * zip::SIZE, DEPTH);
    sq.at(0).expect("a slot").store(&sqe.encode());
    let ring = base(Version::V2, NUMBER, Command::Sq);
    queue.doorbell(with_index(ring, 1, false));
    raised.recv().expect("an interrupt");
    let cq = cq.expect("a ring");
    // Acquire: pairs with the Release store of the phase in `model`.
    let phase = cq.at(0).expect("an entry").load_word(3, Ordering::Acquire);
    assert_eq!(phase >> 16 & 1, 1);
    let mut bytes = [0; zip::SIZE];
    sq.at(0).expect("a slot").load(&mut bytes);
    queue.stop();
    Sqe::decode(&bytes)
}

fn request(input: &[u8], output: &mut [u8]) -> Sqe {
    Sqe {
        input_length: input.len() as u32,
        output_space: output.len() as u32,
        source: input.as_ptr() as u64,
        destination: output.as_mut_ptr() as u64,
        request: Request::Zlib.code(),
        ..Sqe::default()
    }
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn descriptors_have_the_addresses_of_the_client() {
    let device = device();
    let (input, mut output) = (vec![b'x'; 5000], vec![0; 8192]);
    let asked = request(&input, &mut output);
    // This process, as if it were another.
    let me = Process::Other(std::process::id() as i32);
    let (queue, memory, raised) = open(&device, me);
    let answer = run(&queue, &memory, &raised, asked);
    assert_eq!((answer.status, answer.consumed), (0, 5000));
    assert!(answer.produced > 0 && output[..answer.produced as usize] != vec![0; 5000]);
    drop(queue);
    // A number that no process has.
    let (queue, memory, raised) = open(&device, Process::Other(i32::MAX));
    let answer = run(&queue, &memory, &raised, asked);
    assert_eq!(answer.status, crate::sim::BUS_FAULT);
    assert_eq!(device.counters().opened, 2);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_queue_is_open_once_and_has_room_for_its_rings() {
    let device = device();
    let len = device.attributes().dus_size;
    let try_open = |number, len| {
        let memory = SharedMemory::own(len).expect("memory");
        let wire = Box::new(Wire(channel().0));
        device
            .open(PROMISE, number, Process::Own, memory, wire)
            .map(drop)
    };
    assert_eq!(try_open(NUMBER, len - 1), Err(Error::Invalid));
    assert_eq!(try_open(6, len), Err(Error::Busy));
    let held = open(&device, Process::Own);
    assert_eq!(try_open(NUMBER, len), Err(Error::Busy));
    drop(held);
    assert_eq!(try_open(NUMBER, len), Ok(()));
}

#[test]
fn a_device_behind_vfio_is_not_served() {
    let text = "hisi_zip,transport=vfio";
    let mut config: Config = text.parse().expect("a valid text");
    let refused = Served::new("hisi_zip-0", config.devices.remove(0));
    assert_eq!(refused.err(), Some(Error::Invalid));
}
