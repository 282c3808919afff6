//! Descriptors and scatter-gather lists as a client could write them, executed by the
//! simulated device, which must not believe them.

use super::input::Input;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use warpdrive::bd::sgl::{ALIGNMENT, ENTRY, Entry, HEAD, Head};
use warpdrive::bd::zip::{self, Sqe};
use warpdrive::qm::layout::Version;
use warpdrive::qm::ring::{self, Receiver, Sender};
use warpdrive::sim::World;
use warpdrive::sim::config::{Config, Device};
use warpdrive::sys::lent::Promise;
use warpdrive::sys::shared::SharedMemory;
use warpdrive::uacce::channel::{Bus, Channel, QueueSetup, Region};

/// Bytes of the memory that the device reaches, and those of them that are looked at.
const REGION: usize = 64 << 10;
const LEN: usize = 8 << 10;
/// Far beyond what a busy machine needs.
const FOREVER: Duration = Duration::from_secs(60);

struct Queue {
    channel: Arc<dyn Channel>,
    sender: Sender<{ zip::SIZE }>,
    receiver: Receiver<{ zip::SIZE }>,
    memory: SharedMemory,
    bus: u64,
}

/// Queues that compress and decompress, of a device that reaches only their static memory.
fn queues() -> &'static [Mutex<Queue>; 2] {
    static QUEUES: OnceLock<(World, [Mutex<Queue>; 2])> = OnceLock::new();
    let made = QUEUES.get_or_init(|| {
        let device = Device {
            api: Version::V5,
            sva: false,
            engines: 0,
            ..Device::default()
        };
        let devices = vec![device];
        let world = World::new(Config { devices }).expect("valid");
        let queues = [0, 1].map(|kind| Mutex::new(open(&world, kind)));
        (world, queues)
    });
    &made.1
}

fn open(world: &World, kind: u16) -> Queue {
    let device = world.devices().expect("ours").remove(0);
    let channel = world.open(&device).expect("a queue");
    let sqe_size = zip::SIZE as u32;
    let id = channel
        .configure(QueueSetup { kind, sqe_size })
        .expect("new");
    let memory = channel.region(Region::Ss(REGION)).expect("memory");
    let (sender, receiver) = ring::open(&*channel, Version::V5, &id).expect("a ring");
    channel.start().expect("configured");
    let bus = channel.static_slices().expect("mapped")[0].bus;
    Queue {
        channel,
        sender,
        receiver,
        memory,
        bus,
    }
}

/// An address: mostly one that the device reaches.
fn address(input: &mut Input<'_>, bus: u64, align: usize) -> u64 {
    match input.u8() {
        0xff => input.u64(),
        0xfe => bus + u64::from(input.u32()),
        _ => bus + (input.below(LEN) / align * align) as u64,
    }
}

/// Writes lists, entries and data all over the memory.
fn prepare(queue: &Queue, input: &mut Input<'_>) -> Vec<u8> {
    let mut image = vec![0; LEN];
    for _ in 0..input.below(8) {
        let at = input.below(LEN) / ALIGNMENT * ALIGNMENT;
        let next = match input.u8() {
            0..0x80 => 0,
            _ => address(input, queue.bus, ALIGNMENT),
        };
        let head = Head {
            next,
            in_chain: u16::from(input.u8()),
            used: u16::from(input.u8()) * if input.u8() == 0xff { 257 } else { 1 },
            present: u16::from(input.u8()) * 257,
        };
        put(&mut image, at, &head.encode());
        for entry in 0..input.below(6) {
            let length = match input.u8() {
                0xff => input.u32(),
                0xfe => input.u16().into(),
                small => small.into(),
            };
            let address = address(input, queue.bus, 1);
            let bytes = Entry { address, length }.encode();
            put(&mut image, at + HEAD + entry * ENTRY, &bytes);
        }
    }
    let at = input.below(LEN);
    let data = input.rest();
    put(&mut image, at, data);
    queue.memory.write(0, &image).expect("inside");
    image
}

fn put(image: &mut [u8], at: usize, bytes: &[u8]) {
    let at = at.min(image.len());
    let len = bytes.len().min(image.len() - at);
    image[at..at + len].copy_from_slice(&bytes[..len]);
}

/// Any descriptor over any memory: it is answered, and nothing is written where it does not say.
pub fn sgl(data: &[u8]) {
    let mut input = Input::new(data);
    let kind = input.below(2);
    let mut queue = queues()[kind].lock().expect("no panic");
    let queue = &mut *queue;
    let length = |input: &mut Input<'_>| match input.u8() {
        0xff => input.u32(),
        _ => u32::from(input.u16() >> 2),
    };
    let sqe = Sqe {
        input_length: length(&mut input),
        output_space: length(&mut input),
        source: address(&mut input, queue.bus, ALIGNMENT),
        destination: address(&mut input, queue.bus, ALIGNMENT),
        literals: address(&mut input, queue.bus, ALIGNMENT),
        tag: length(&mut input),
        source_offset: u32::from(input.u8()),
        destination_offset: u32::from(input.u8()),
        request: input.one(&[2, 3, 1, 4, 0x40, 0x41, 0x42, 0x43, 0, 0xff]),
        buffer_type: input.one(&[0, 1, 1, 2]),
        sqe_type: input.one(&[3, 0, 5]),
        window: input.u8() % 8,
        finish: input.flip(),
        stateful: input.u8() % 4 == 1,
        new_stream: input.flip(),
        stream_context: address(&mut input, queue.bus, ALIGNMENT),
        ctx: [input.u8().into(), 0, input.u16().into()],
        ..Sqe::default()
    };
    let before = prepare(queue, &mut input);
    let answer = execute(queue, &sqe);
    assert!(answer.consumed <= sqe.input_length, "{answer:?}");
    let sequences = zip::Request::from_code(sqe.request).is_some_and(zip::Request::is_lz77);
    let entry = if sequences { 8 } else { 1 };
    assert!(
        u64::from(answer.produced) * entry <= sqe.output_space.into(),
        "{answer:?}"
    );
    if sqe.buffer_type == 0 && !sqe.stateful && !sequences {
        let first = sqe.destination.wrapping_sub(queue.bus);
        let room = first..first.saturating_add(sqe.output_space.into());
        let mut after = vec![0; LEN];
        queue.memory.read_over(0, &mut after).expect("inside");
        let room = (room.start.min(LEN as u64) as usize)..(room.end.min(LEN as u64) as usize);
        let same =
            before[..room.start] == after[..room.start] && before[room.end..] == after[room.end..];
        assert!(same, "written beside the room: {sqe:?} {answer:?}");
    }
}

/// Has the device execute a descriptor.
fn execute(queue: &mut Queue, sqe: &Sqe) -> Sqe {
    // SAFETY: a device without SVA reaches nothing but its static memory, which is only copied.
    let promise = unsafe { Promise::given() };
    queue
        .sender
        .write(promise, &sqe.encode(), NonZeroU64::MIN)
        .expect("empty");
    queue.sender.commit().expect("alive");
    let end = Instant::now() + FOREVER;
    loop {
        let mut bytes = [0; zip::SIZE];
        let taken = queue.receiver.receive(|_, slot| slot.read(&mut bytes));
        if taken
            .expect("a device that keeps to the protocol")
            .is_some()
        {
            return Sqe::decode(&bytes);
        }
        assert!(Instant::now() < end, "the device does not answer {sqe:?}");
        queue.receiver.arm();
        if queue.receiver.waiting() == 0 {
            let _ = queue.channel.wait(Duration::from_millis(100));
        }
    }
}
