//! The model against programs that we did not write, through the ring that
//! drivers use.

mod engine;
mod faults;
mod queue;
mod served;
mod streams;
mod threadless;
mod vfio;
mod without_sva;

use super::config::Config;
use super::{Counters, World};
use crate::bd::zip::{self, Request, Sqe};
use crate::error::Result;
use crate::qm::layout::Version;
use crate::qm::ring::{self, Receiver, Sender};
use crate::sys::lent::Promise;
use crate::uacce::channel::{Bus, Channel, QueueId, QueueSetup};
use core::num::NonZeroU64;
use core::time::Duration;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

/// Far beyond anything a busy machine needs; only a hang reaches it.
const FOREVER: Duration = Duration::from_secs(120);

/// Descriptors name memory of the test that waits for them, or addresses where nothing ever is.
const PROMISE: Promise = Promise::in_tests();

const COMPRESS: u16 = 0;
const DECOMPRESS: u16 = 1;

fn world(text: &str) -> World {
    World::new(text.parse::<Config>().expect("a valid text")).expect("a valid world")
}

/// A queue of a world's device 0, open and started, with its ring.
struct Rig {
    receiver: Receiver<{ zip::SIZE }>,
    sender: Sender<{ zip::SIZE }>,
    id: QueueId,
    channel: Arc<dyn Channel>,
    next_tag: u64,
}

impl Rig {
    fn try_open(world: &World, kind: u16) -> Result<Rig> {
        Rig::try_open_on(world, 0, kind)
    }

    /// Opens a queue of the device with this number, which none before it may be without.
    fn try_open_on(world: &World, number: usize, kind: u16) -> Result<Rig> {
        let device = world.devices()?.remove(number);
        let channel = world.open(&device)?;
        let sqe_size = zip::SIZE as u32;
        let id = channel.configure(QueueSetup { kind, sqe_size })?;
        let version = Version::from_api(&device.api)?;
        let (sender, receiver) = ring::open(&*channel, version, &id)?;
        channel.start()?;
        Ok(Rig {
            receiver,
            sender,
            id,
            channel,
            next_tag: 1,
        })
    }

    fn open(world: &World, kind: u16) -> Rig {
        Rig::try_open(world, kind).expect("a queue")
    }

    /// Starts a stopped queue again, with a new ring.
    fn restart(&mut self) {
        self.channel.start().expect("started again");
        let ring = ring::open(&*self.channel, Version::V2, &self.id);
        (self.sender, self.receiver) = ring.expect("a ring");
    }

    /// Puts a descriptor into the ring; its tag.
    fn write(&mut self, sqe: &Sqe) -> Result<u64> {
        let tag = self.next_tag;
        let mark = NonZeroU64::new(tag).expect("counted from 1");
        self.sender.write(PROMISE, &sqe.encode(), mark)?;
        self.next_tag += 1;
        Ok(tag)
    }

    fn send(&mut self, sqe: &Sqe) -> u64 {
        let tag = self.write(sqe).expect("room in the ring");
        self.sender.commit().expect("a live queue");
        tag
    }

    /// The next completion, if there is one now.
    fn poll(&mut self) -> Result<Option<(u64, Sqe)>> {
        let mut bytes = [0; zip::SIZE];
        let tag = self.receiver.receive(|tag, slot| {
            slot.read(&mut bytes);
            tag.get()
        })?;
        Ok(tag.map(|tag| (tag, Sqe::decode(&bytes))))
    }

    /// The next completion, asleep until there is one.
    fn receive(&mut self) -> Result<(u64, Sqe)> {
        let end = Instant::now() + FOREVER;
        loop {
            if let Some(done) = self.poll()? {
                return Ok(done);
            }
            self.receiver.arm();
            if let Some(done) = self.poll()? {
                return Ok(done);
            }
            assert!(Instant::now() < end, "the device does not answer");
            self.channel.wait(Duration::from_secs(1))?;
        }
    }

    /// Sends one descriptor and waits for it.
    fn run(&mut self, sqe: &Sqe) -> Sqe {
        let tag = self.send(sqe);
        let (got, sqe) = self.receive().expect("an answer");
        assert_eq!(got, tag);
        sqe
    }
}

/// Waits until the device's counters say so.
fn until(world: &World, done: impl Fn(&Counters) -> bool) -> Counters {
    let end = Instant::now() + FOREVER;
    loop {
        let counters = world.counters("hisi_zip-0").expect("device 0");
        if done(&counters) {
            return counters;
        }
        assert!(Instant::now() < end, "{counters:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A descriptor for `source` and `destination`.
fn request(request: Request, source: &[u8], destination: &mut [u8]) -> Sqe {
    Sqe {
        request: request.code(),
        source: source.as_ptr() as u64,
        input_length: source.len() as u32,
        destination: destination.as_mut_ptr() as u64,
        output_space: destination.len() as u32,
        ..Sqe::default()
    }
}

/// A descriptor that costs the device nothing: it names no memory that could be read.
fn wild() -> Sqe {
    Sqe {
        request: Request::Zlib.code(),
        source: 8,
        input_length: 1,
        output_space: 1,
        destination: 8,
        ..Sqe::default()
    }
}

/// Text that compresses, with matches near and far.
fn text(len: usize) -> Vec<u8> {
    let line = |i: usize| format!("{i}: {} of {} sheep\n", i * 7919 % 1009, i / 3);
    (0..).flat_map(|i| line(i).into_bytes()).take(len).collect()
}

/// Bytes that do not compress.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut step = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| step()).collect()
}

/// What a program makes of `input`.
fn filter(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect(program);
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    let feeder = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect(program);
    feeder.join().expect("no panic").expect("all input taken");
    assert!(output.status.success(), "{program} {arguments:?}");
    output.stdout
}

/// What Python's zlib makes of `input`: an expression of `d`, the bytes.
fn python(expression: &str, input: &[u8]) -> Vec<u8> {
    let script = format!(
        "import sys,zlib\nd=sys.stdin.buffer.read()\nsys.stdout.buffer.write({expression})"
    );
    filter("python3", &["-c", &script], input)
}
