//! The interface of the module `uacce_sim`, as far as it is used here.

use warpdrive::sys::ioctl::{Request, io, iowr};

/// The control device.
pub const PATH: &str = "/dev/uacce-sim";
/// Queue numbers there are.
pub const QUEUES: u16 = 256;

const NAME: usize = 32;
const ALGORITHMS: usize = 256;
/// Words of the argument of [`CREATE`]: three texts, and nine numbers.
const WORDS: usize = (2 * NAME + ALGORITHMS) / 4 + 9;
const NUMBERS: usize = WORDS - 9;
const SVA: u32 = 1;

/// Makes a device.
pub const CREATE: Request = iowr(b'S', 0xA0, WORDS * 4);
/// Wakes those who poll a queue.
pub const IRQ: Request = io(b'S', 0xA1);

/// The offset at which a queue's memory is mapped.
pub fn offset(queue: u16) -> u64 {
    u64::from(queue) << 32
}

/// What a device is to be.
pub struct Create {
    pub name: String,
    pub api: String,
    pub algorithms: String,
    pub sva: bool,
    pub instances: u32,
    pub sqe_size: u32,
    pub mmio_pages: u32,
    pub doorbell_offset: u32,
    pub depth: u16,
    pub node: u32,
}

impl Create {
    pub fn encode(&self) -> [u32; WORDS] {
        let mut words = [0; WORDS];
        put(&mut words[..NAME / 4], &self.name);
        put(&mut words[NAME / 4..NAME / 2], &self.api);
        put(&mut words[NAME / 2..NUMBERS], &self.algorithms);
        let depth = self.depth.to_ne_bytes();
        let depths = u32::from_ne_bytes([depth[0], depth[1], depth[0], depth[1]]);
        words[NUMBERS..NUMBERS + 7].copy_from_slice(&[
            if self.sva { SVA } else { 0 },
            self.instances,
            self.sqe_size,
            self.mmio_pages,
            self.doorbell_offset,
            depths,
            self.node,
        ]);
        words
    }
}

/// Writes a text with its end: one that is too long is cut.
fn put(words: &mut [u32], text: &str) {
    let last = words.len() * 4 - 1;
    for (at, byte) in text.bytes().take(last).enumerate() {
        let mut bytes = words[at / 4].to_ne_bytes();
        bytes[at % 4] = byte;
        words[at / 4] = u32::from_ne_bytes(bytes);
    }
}

/// What was made.
pub struct Created {
    /// The number in the device's name.
    pub number: u32,
    /// Bytes of a queue's memory.
    pub memory_size: usize,
}

pub fn created(words: &[u32; WORDS]) -> Created {
    Created {
        number: words[WORDS - 2],
        memory_size: words[WORDS - 1] as usize,
    }
}

/// What a client did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Open,
    Context,
    Start,
    Stop,
    Put,
    Doorbell,
    /// A store to the doorbell region that is no doorbell; the value is where.
    Stray,
}

pub const EVENT_SIZE: usize = 24;

pub struct Event {
    pub what: What,
    pub queue: u16,
    /// The process that opened the queue.
    pub pid: i32,
    pub value: u64,
}

impl Event {
    /// Reads an event; `None` for one that this program does not know.
    pub fn decode(bytes: &[u8]) -> Option<Event> {
        let word = |at: usize| Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let what = match word(0)? {
            1 => What::Open,
            2 => What::Context,
            3 => What::Start,
            4 => What::Stop,
            5 => What::Put,
            6 => What::Doorbell,
            7 => What::Stray,
            _ => return None,
        };
        Some(Event {
            what,
            queue: u16::try_from(word(4)?).ok()?,
            pid: word(8)?.cast_signed(),
            value: u64::from_ne_bytes(bytes.get(16..24)?.try_into().ok()?),
        })
    }
}
