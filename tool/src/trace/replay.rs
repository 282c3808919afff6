//! Replay: the descriptors of a trace, sent to a device again with memory of their
//! own, and their results held against the recorded ones.

use super::log::{self, Event};
use super::tap::{is_done, output_length};
use crate::fail::{Fail, Result};
use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::{Duration, Instant};
use warpdrive::bd::zip::{self, Request, Sqe, context};
use warpdrive::calc::deflate::{CRC32_START, crc32};
use warpdrive::qm::layout::Version;
use warpdrive::qm::ring::{self, Receiver, Sender};
use warpdrive::uacce::channel::{Bus, Channel, QueueSetup};
use warpdrive::uacce::device::Attributes;

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most memory for the output of one request, in bytes.
const MOST: u32 = 64 << 20;

/// A result that is another than the recorded one.
pub struct Difference {
    /// Which submission of the trace, counted from 1.
    pub number: usize,
    /// What differs: name, recorded, now.
    pub fields: Vec<(&'static str, String, String)>,
}

/// What a replay found.
pub struct Replayed {
    /// Requests that were sent.
    pub requests: usize,
    /// Those that ended otherwise.
    pub differences: Vec<Difference>,
}

/// A queue that stands for one of the trace. The channel is first: it is stopped before the memory
/// goes.
struct Queue {
    channel: Stopping,
    sender: Sender<{ zip::SIZE }>,
    receiver: Receiver<{ zip::SIZE }>,
    /// On their way: by tag.
    flying: HashMap<u64, Flying>,
    /// The tag of the last request in each slot of the recorded ring.
    slots: HashMap<u16, u64>,
    /// Answers, by tag.
    answers: HashMap<u64, zip::Bytes>,
    /// Streams, by the recorded address of their context.
    streams: HashMap<u64, Stream>,
}

/// Stops its queue when dropped: from then on the device touches no memory.
struct Stopping(Arc<dyn Channel>);

impl Drop for Stopping {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// A request's memory.
struct Flying {
    number: usize,
    input: Vec<u8>,
    output: Vec<u8>,
    literals: Vec<u8>,
    /// The recorded address of its stream's context.
    stream: Option<u64>,
}

/// What lasts from one request of a stream to the next.
struct Stream {
    memory: Vec<u64>,
    ctx: [u32; 3],
    isize: u32,
    checksum: u32,
}

/// Replays a trace on a device.
pub fn run(bus: &dyn Bus, device: &Attributes, events: &[Event]) -> Result<Replayed> {
    let mut queues: HashMap<u32, Queue> = HashMap::new();
    let mut replayed = Replayed {
        requests: 0,
        differences: Vec::new(),
    };
    for event in events {
        match event {
            Event::Queue { queue, kind, .. } => {
                queues.insert(*queue, open(bus, device, *kind)?);
            }
            Event::Submit {
                queue,
                slot,
                descriptor,
                input,
                ..
            } => {
                replayed.requests += 1;
                let number = replayed.requests;
                let sqe = sqe(descriptor)?;
                let input = input.as_ref().ok_or_else(without_data)?;
                let input = log::unhex(input).ok_or_else(broken)?;
                let queue = queues.get_mut(queue).ok_or_else(broken)?;
                queue.submit(number, *slot, sqe, input)?;
            }
            Event::Complete {
                queue,
                slot,
                descriptor,
                output_crc32,
                ..
            } => {
                let queue = queues.get_mut(queue).ok_or_else(broken)?;
                let recorded = sqe(descriptor)?;
                let difference = queue.complete(*slot, &recorded, *output_crc32)?;
                replayed.differences.extend(difference);
            }
        }
    }
    Ok(replayed)
}

fn sqe(descriptor: &str) -> Result<Sqe> {
    let bytes = log::descriptor(descriptor).ok_or_else(broken)?;
    Ok(Sqe::decode(&bytes))
}

fn broken() -> Fail {
    Fail::new("the trace is broken: a bad descriptor, or no such queue or request")
}

fn without_data() -> Fail {
    Fail::new("the trace was recorded without its data")
}

fn open(bus: &dyn Bus, device: &Attributes, kind: u16) -> Result<Queue> {
    let opened = || -> warpdrive::Result<Queue> {
        let channel = bus.open(device)?;
        let id = channel.configure(QueueSetup {
            kind,
            sqe_size: zip::SIZE as u32,
        })?;
        let version = Version::from_api(&device.api)?;
        let (sender, receiver) = ring::open(&*channel, version, &id)?;
        channel.start()?;
        Ok(Queue {
            channel: Stopping(channel),
            sender,
            receiver,
            flying: HashMap::new(),
            slots: HashMap::new(),
            answers: HashMap::new(),
            streams: HashMap::new(),
        })
    };
    opened().map_err(|error| Fail::at(&device.name, error))
}

impl Queue {
    /// Sends a recorded descriptor with memory of its own. Nothing in the trace is an address.
    fn submit(&mut self, number: usize, slot: u16, recorded: Sqe, input: Vec<u8>) -> Result<()> {
        let length = u32::try_from(input.len()).unwrap_or(u32::MAX);
        if recorded.buffer_type != 0 {
            return Err(Fail::new("lists are not replayed"));
        }
        if length != recorded.input_length || recorded.output_space > MOST {
            return Err(broken());
        }
        let lz77 = Request::from_code(recorded.request).is_some_and(Request::is_lz77);
        // Literals are at most the input, and a few bytes that are written beyond.
        let literals = if lz77 { input.len() + 64 } else { 0 };
        let mut flying = Flying {
            number,
            output: vec![0; recorded.output_space as usize + 4096],
            literals: vec![0; literals],
            stream: recorded.stateful.then_some(recorded.stream_context),
            input,
        };
        let mut sqe = Sqe {
            destination: flying.output.as_mut_ptr().expose_provenance() as u64,
            literals: flying.literals.as_mut_ptr().expose_provenance() as u64,
            stream_context: 0,
            ..recorded
        };
        sqe.source = match flying.input.len() {
            0 => sqe.destination,
            _ => flying.input.as_ptr().expose_provenance() as u64,
        };
        if !lz77 {
            sqe.literals = 0;
        }
        if let Some(name) = flying.stream {
            self.join_stream(name, &mut sqe);
        }
        let tag = NonZeroU64::new(number as u64).ok_or_else(broken)?;
        self.flying.insert(tag.get(), flying);
        self.slots.insert(slot, tag.get());
        let sent = self.sender.write(&sqe.encode(), tag);
        sent.and_then(|()| self.sender.commit())
            .map_err(|error| Fail::at(format!("request {number}"), error))
    }

    /// Gives a request the state that its stream has now.
    fn join_stream(&mut self, name: u64, sqe: &mut Sqe) {
        let stream = self.streams.entry(name).or_insert_with(|| Stream {
            memory: vec![0; context::SIZE / 8],
            ctx: [0; 3],
            isize: 0,
            checksum: 0,
        });
        sqe.stream_context = stream.memory.as_mut_ptr().expose_provenance() as u64;
        if !sqe.new_stream {
            sqe.ctx = stream.ctx;
            (sqe.isize, sqe.checksum) = (stream.isize, stream.checksum);
        }
    }

    /// Waits for the answer to the request in a slot, and holds it against the recorded one.
    fn complete(
        &mut self,
        slot: u16,
        recorded: &Sqe,
        sum: Option<u32>,
    ) -> Result<Option<Difference>> {
        let tag = self.slots.remove(&slot).ok_or_else(broken)?;
        let sqe = Sqe::decode(&self.answer(tag)?);
        let flying = self.flying.remove(&tag).ok_or_else(broken)?;
        if let Some(stream) = flying.stream.and_then(|name| self.streams.get_mut(&name)) {
            stream.ctx = sqe.ctx;
            (stream.isize, stream.checksum) = (sqe.isize, sqe.checksum);
        }
        let mut fields = Vec::new();
        let mut compare = |name, before: u32, now: u32| {
            if before != now {
                fields.push((name, format!("{before:#x}"), format!("{now:#x}")));
            }
        };
        compare("status", recorded.status.into(), sqe.status.into());
        compare("consumed", recorded.consumed, sqe.consumed);
        compare("produced", recorded.produced, sqe.produced);
        compare("isize", recorded.isize, sqe.isize);
        compare("checksum", recorded.checksum, sqe.checksum);
        if let Some(before) = sum.filter(|_| is_done(&sqe)) {
            let made = flying.output.get(..output_length(&sqe) as usize);
            compare(
                "crc32 of output",
                before,
                crc32(CRC32_START, made.unwrap_or(&[])),
            );
        }
        Ok((!fields.is_empty()).then_some(Difference {
            number: flying.number,
            fields,
        }))
    }

    fn answer(&mut self, tag: u64) -> Result<zip::Bytes> {
        let start = Instant::now();
        let fail = |error| Fail::at(format!("request {tag}"), error);
        loop {
            if let Some(answer) = self.answers.remove(&tag) {
                return Ok(answer);
            }
            let mut bytes = [0; zip::SIZE];
            let take = |tag: NonZeroU64, slot: ring::Slot<'_, { zip::SIZE }>| {
                slot.read(&mut bytes);
                tag.get()
            };
            match self.receiver.receive(take).map_err(fail)? {
                Some(other) => {
                    self.answers.insert(other, bytes);
                }
                None if start.elapsed() > PATIENCE => {
                    return Err(fail(warpdrive::Error::TimedOut));
                }
                None => {
                    self.receiver.arm();
                    if self.receiver.waiting() == 0 {
                        let slice = Duration::from_millis(100);
                        self.channel.0.wait(slice).map_err(fail)?;
                    }
                }
            }
        }
    }
}
