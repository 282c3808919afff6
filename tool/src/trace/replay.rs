//! Replay: the descriptors of a trace, sent to a device again with memory of their
//! own, and their results held against the recorded ones. A trace comes from
//! elsewhere: no address in it and no length reaches the device unchecked.

#![expect(unsafe_code, reason = "promises the device memory that is there")]

use super::log::{self, Event};
use super::tap::{is_done, output_length};
use crate::fail::{Fail, Result};
use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::{Duration, Instant};
use warpdrive::bd::zip::{self, FLAT, Request, Sqe, SqeType, context};
use warpdrive::calc::deflate::{CRC32_START, crc32};
use warpdrive::qm::layout::Version;
use warpdrive::qm::ring::{self, Receiver, Sender};
use warpdrive::sys::lent::Promise;
use warpdrive::uacce::channel::{Bus, Channel, Memory, QueueSetup};
use warpdrive::uacce::device::Attributes;

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most memory for the output of one request, in bytes, and for its literals.
const MOST: u32 = 64 << 20;
/// Bytes behind an output, and behind literals: a device may write a little beyond what it makes.
const SPARE: usize = 4096;

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

impl Flying {
    /// Memory for a recorded request, as long as its descriptor says.
    fn new(number: usize, recorded: &Sqe, input: Vec<u8>) -> Result<Flying> {
        let length = u32::try_from(input.len()).unwrap_or(u32::MAX);
        if recorded.buffer_type != FLAT {
            return Err(Fail::new("lists are not replayed"));
        }
        let known = [SqeType::Type0, SqeType::Type3].map(SqeType::code);
        if length != recorded.input_length || !known.contains(&recorded.sqe_type) {
            return Err(broken());
        }
        let room = |bytes: u32| match bytes {
            0..=MOST => Ok(vec![0; bytes as usize + SPARE]),
            _ => Err(broken()),
        };
        Ok(Flying {
            number,
            output: room(recorded.output_space)?,
            literals: match is_lz77(recorded) {
                true => room(recorded.tag)?,
                false => Vec::new(),
            },
            stream: recorded.stateful.then_some(recorded.stream_context),
            input,
        })
    }

    /// The recorded descriptor with the addresses of this memory, and none else.
    fn descriptor(&mut self, recorded: &Sqe) -> Sqe {
        let destination = self.output.as_mut_ptr().expose_provenance() as u64;
        Sqe {
            source: match self.input.len() {
                0 => destination,
                _ => self.input.as_ptr().expose_provenance() as u64,
            },
            destination,
            literals: match is_lz77(recorded) {
                true => self.literals.as_mut_ptr().expose_provenance() as u64,
                false => 0,
            },
            stream_context: 0,
            // For lists only, and no more than numbers elsewhere.
            source_offset: 0,
            destination_offset: 0,
            ..*recorded
        }
    }
}

/// Whether the descriptor's tag is the room for literals.
fn is_lz77(sqe: &Sqe) -> bool {
    Request::from_code(sqe.request).is_some_and(Request::is_lz77)
}

/// What lasts from one request of a stream to the next.
struct Stream {
    memory: Vec<u64>,
    ctx: [u32; 3],
    isize: u32,
    checksum: u32,
}

impl Stream {
    fn new() -> Stream {
        Stream {
            memory: vec![0; context::SIZE / 8],
            ctx: [0; 3],
            isize: 0,
            checksum: 0,
        }
    }

    /// Gives a request the state that its stream has now. A new one has none, whatever was recorded.
    fn join(&mut self, sqe: &mut Sqe) {
        sqe.stream_context = self.memory.as_mut_ptr().expose_provenance() as u64;
        if sqe.new_stream {
            sqe.ctx = [0; 3];
        } else {
            sqe.ctx = self.ctx;
            (sqe.isize, sqe.checksum) = (self.isize, self.checksum);
        }
    }
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
        // Other devices take addresses of memory for numbers of another kind.
        if !matches!(channel.memory(), Memory::Sva | Memory::SvaPinned) {
            return Err(warpdrive::Error::Unsupported);
        }
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
        let mut flying = Flying::new(number, &recorded, input)?;
        let mut sqe = flying.descriptor(&recorded);
        if let Some(name) = flying.stream {
            let stream = self.streams.entry(name).or_insert_with(Stream::new);
            stream.join(&mut sqe);
        }
        let tag = NonZeroU64::new(number as u64).ok_or_else(broken)?;
        self.flying.insert(tag.get(), flying);
        self.slots.insert(slot, tag.get());
        // SAFETY: all addresses in the descriptor are those of `flying` and of its stream, which have
        // what the lengths in it say. They are kept until the answer is there or the queue is stopped.
        let promise = unsafe { Promise::given() };
        let sent = self.sender.write(promise, &sqe.encode(), tag);
        sent.and_then(|()| self.sender.commit())
            .map_err(|error| Fail::at(format!("request {number}"), error))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether `len` bytes at `address` lie in `memory`.
    fn lies_in<T>(address: u64, len: u32, memory: &[T]) -> bool {
        let start = memory.as_ptr().addr() as u64;
        let end = start + size_of_val(memory) as u64;
        (start..=end).contains(&address) && u64::from(len) <= end - address
    }

    /// A descriptor with nonsense wherever there may be an address, and a sensible length.
    fn hostile(request: u8, tag: u32) -> Sqe {
        let mut sqe = Sqe::decode(&[0xa5; zip::SIZE]);
        (sqe.request, sqe.tag) = (request, tag);
        (sqe.input_length, sqe.output_space) = (3, 100);
        (sqe.buffer_type, sqe.sqe_type) = (FLAT, SqeType::Type3.code());
        (sqe.stateful, sqe.new_stream) = (true, true);
        sqe
    }

    #[test]
    fn what_a_trace_says_of_memory_stays_within_the_memory_of_the_replay() {
        for (request, tag) in [(0x40, 0), (0x43, 5000), (0x43, MOST), (2, u32::MAX), (9, 1)] {
            let recorded = hostile(request, tag);
            let mut flying = Flying::new(1, &recorded, vec![1; 3]).expect("sensible");
            let (mut sqe, mut stream) = (flying.descriptor(&recorded), Stream::new());
            stream.join(&mut sqe);
            assert!(lies_in(sqe.source, sqe.input_length, &flying.input));
            assert!(lies_in(sqe.destination, sqe.output_space, &flying.output));
            match is_lz77(&sqe) {
                true => assert!(lies_in(sqe.literals, sqe.tag, &flying.literals)),
                false => assert_eq!(sqe.literals, 0),
            }
            let whole = context::SIZE as u32;
            assert!(lies_in(sqe.stream_context, whole, &stream.memory));
            let words = context::Words(sqe.ctx);
            assert_eq!((words.window_length(), sqe.source_offset), (0, 0));
            assert_eq!(sqe.destination_offset, 0);
        }
    }

    #[test]
    fn a_request_without_a_stream_names_no_context() {
        let recorded = Sqe {
            stateful: false,
            ..hostile(2, 0)
        };
        let mut flying = Flying::new(1, &recorded, vec![1; 3]).expect("sensible");
        assert_eq!(flying.descriptor(&recorded).stream_context, 0);
        assert_eq!(flying.stream, None);
    }

    #[test]
    fn lengths_that_are_too_great_or_wrong_are_refused() {
        let good = hostile(0x43, 16);
        let refused = |sqe: Sqe| Flying::new(1, &sqe, vec![1; 3]).is_err();
        assert!(!refused(good));
        let (tag, output_space) = (MOST + 1, u32::MAX);
        assert!(
            refused(Sqe { tag, ..good })
                && refused(Sqe {
                    output_space,
                    ..good
                })
        );
        let (input_length, buffer_type) = (4, zip::LISTS);
        assert!(
            refused(Sqe {
                input_length,
                ..good
            }) && refused(Sqe {
                buffer_type,
                ..good
            })
        );
        assert!(refused(Sqe {
            sqe_type: 1,
            ..good
        }));
    }
}
