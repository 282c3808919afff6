//! A bus whose queues note what goes through them. The tap sits at the doorbell: at
//! that moment the rings hold what the device is about to see, or what the program
//! has just taken. Queues of other buses know nothing of it.

#![expect(unsafe_code, reason = "passes doorbells on")]

use super::log::{Event, hex};
use std::ffi::c_int;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use warpdrive::bd::zip::{self, Sqe, Status};
use warpdrive::calc::deflate::{CRC32_START, crc32};
use warpdrive::qm::doorbell::{self, Command};
use warpdrive::qm::layout::{CQE_SIZE, Layout, Version, cqe};
use warpdrive::sys::ioctl::Request;
use warpdrive::sys::lent::Promise;
use warpdrive::sys::peer;
use warpdrive::sys::shared::{Entries, SharedMemory};
use warpdrive::uacce::channel::{
    Argument, Bell, Bus, Channel, Doorbell, Memory, QueueId, QueueSetup, Region, Slice, Wake,
};
use warpdrive::uacce::device::{Attributes, Origin};
use warpdrive::{Error, Result};

/// Input is not kept beyond this many bytes of one request.
const MOST: u32 = 16 << 20;

/// What was noted.
struct Log {
    start: Instant,
    /// Whether input is kept.
    with_data: bool,
    events: Mutex<Vec<Event>>,
}

impl Log {
    fn add(&self, event: Event) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.push(event);
    }

    fn ns(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// A bus over another one.
pub struct Tap {
    inner: &'static dyn Bus,
    log: Arc<Log>,
    queues: AtomicU32,
}

impl Tap {
    /// A tap of `inner`. `with_data`: the input of each request is kept too.
    pub fn new(inner: &'static dyn Bus, with_data: bool) -> Tap {
        Tap {
            inner,
            log: Arc::new(Log {
                start: Instant::now(),
                with_data,
                events: Mutex::new(Vec::new()),
            }),
            queues: AtomicU32::new(0),
        }
    }

    /// What was noted so far.
    pub fn events(&self) -> Vec<Event> {
        let events = self.log.events.lock();
        events.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Bus for Tap {
    fn devices(&self) -> Result<Vec<Attributes>> {
        self.inner.devices()
    }

    fn open(&self, device: &Attributes) -> Result<Arc<dyn Channel>> {
        Ok(Arc::new(Tapped {
            version: Version::from_api(&device.api)?,
            inner: self.inner.open(device)?,
            device: device.clone(),
            log: Arc::clone(&self.log),
            number: self.queues.fetch_add(1, Ordering::Relaxed),
            id: Mutex::new(None),
        }))
    }
}

/// A queue that is tapped.
struct Tapped {
    inner: Arc<dyn Channel>,
    device: Attributes,
    version: Version,
    log: Arc<Log>,
    number: u32,
    id: Mutex<Option<QueueId>>,
}

impl Channel for Tapped {
    fn configure(&self, setup: QueueSetup) -> Result<QueueId> {
        let id = self.inner.configure(setup)?;
        *self.id.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
        self.log.add(Event::Queue {
            queue: self.number,
            device: self.device.name.clone(),
            simulated: self.device.origin == Origin::Simulated,
            api: self.device.api.clone(),
            kind: setup.kind,
            sq_depth: id.sq_depth,
            cq_depth: id.cq_depth,
        });
        Ok(id)
    }

    fn region(&self, region: Region) -> Result<SharedMemory> {
        self.inner.region(region)
    }

    fn doorbell(&self, offset: usize) -> Result<Doorbell> {
        let id = *self.id.lock().unwrap_or_else(PoisonError::into_inner);
        let id = id.ok_or(Error::Invalid)?;
        let memory = self.inner.region(Region::Dus)?;
        let layout = Layout::new(&id, zip::SIZE, memory.len())?;
        Ok(Doorbell::call(Arc::new(Listener {
            inner: self.inner.doorbell(offset)?,
            version: self.version,
            log: Arc::clone(&self.log),
            queue: self.number,
            sq: memory.entries(0, layout.sq_depth.into())?,
            cq: memory.entries(layout.cq_offset, layout.cq_depth.into())?,
            seen: Mutex::default(),
        })))
    }

    fn start(&self) -> Result<()> {
        self.inner.start()
    }

    fn stop(&self) {
        self.inner.stop();
    }

    fn wait(&self, limit: Duration) -> Result<Wake> {
        self.inner.wait(limit)
    }

    fn static_slices(&self) -> Result<Vec<Slice>> {
        self.inner.static_slices()
    }

    fn event(&self) -> BorrowedFd<'_> {
        self.inner.event()
    }

    fn memory(&self) -> Memory {
        self.inner.memory()
    }

    fn command(&self, request: Request, argument: Argument<'_>) -> Result<c_int> {
        self.inner.command(request, argument)
    }
}

/// What hears the doorbell.
struct Listener {
    inner: Doorbell,
    version: Version,
    log: Arc<Log>,
    queue: u32,
    sq: Entries<{ zip::SIZE }>,
    cq: Entries<CQE_SIZE>,
    seen: Mutex<Seen>,
}

/// Up to where the rings were noted.
#[derive(Default)]
struct Seen {
    tail: u16,
    head: u16,
}

impl Bell for Listener {
    fn ring(&self, value: u64) {
        let told = doorbell::decode(self.version, value);
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if told.command == Command::Sq as u16 {
                let mut tail = seen.tail;
                self.walk(&mut tail, told.index, self.sq.count(), Self::submitted);
                seen.tail = tail;
            } else if told.command == Command::Cq as u16 {
                let mut head = seen.head;
                self.walk(&mut head, told.index, self.cq.count(), Self::completed);
                seen.head = head;
            }
        }
        // SAFETY: this is called through a doorbell, and so with a promise, and tells the same.
        let promise = unsafe { Promise::given() };
        self.inner.ring(promise, value);
    }
}

impl Listener {
    fn walk(&self, at: &mut u16, end: u16, count: usize, note: fn(&Self, u16)) {
        if usize::from(end) >= count {
            return;
        }
        while *at != end {
            note(self, *at);
            *at = (*at + 1) % u16::try_from(count).unwrap_or(u16::MAX);
        }
    }

    fn descriptor(&self, slot: u16) -> zip::Bytes {
        let mut bytes = [0; zip::SIZE];
        if let Some(entry) = self.sq.at(slot.into()) {
            entry.load(&mut bytes);
        }
        bytes
    }

    fn submitted(&self, slot: u16) {
        let bytes = self.descriptor(slot);
        let sqe = Sqe::decode(&bytes);
        let wanted = self.log.with_data && sqe.buffer_type == 0;
        let input = wanted.then(|| copy(sqe.source, sqe.input_length)).flatten();
        self.log.add(Event::Submit {
            queue: self.queue,
            ns: self.log.ns(),
            slot,
            descriptor: hex(&bytes),
            input: input.map(|input| hex(&input)),
        });
    }

    fn completed(&self, entry: u16) {
        let ns = self.log.ns();
        let mut completion = [0; CQE_SIZE];
        for (number, word) in completion.chunks_exact_mut(4).enumerate() {
            if let Some(entry) = self.cq.at(entry.into()) {
                let value = entry.load_word(number, Ordering::Relaxed);
                word.copy_from_slice(&value.to_le_bytes());
            }
        }
        let at = cqe::HEAD_AND_NUMBER * 4;
        let slot = u16::from_le_bytes([completion[at], completion[at + 1]]);
        // The program has copied the results, and only the thread that rings now could reuse the
        // slot: a run that is traced has one thread for each queue.
        let bytes = self.descriptor(slot);
        self.log.add(Event::Complete {
            queue: self.queue,
            ns,
            entry,
            slot,
            completion: hex(&completion),
            descriptor: hex(&bytes),
            output_crc32: output(&Sqe::decode(&bytes)).map(|bytes| crc32(CRC32_START, &bytes)),
        });
    }
}

/// The output of a request that went well. Its memory is still there: the program learns of the
/// completion only after the doorbell.
fn output(sqe: &Sqe) -> Option<Vec<u8>> {
    if !is_done(sqe) || sqe.buffer_type != 0 {
        return None;
    }
    copy(sqe.destination, output_length(sqe))
}

/// Whether a request ended with output: also a stream's, at its end or with its room used up.
pub fn is_done(sqe: &Sqe) -> bool {
    let status = Status::from_code(sqe.status);
    status.is_good() || sqe.stateful && matches!(status, Status::StreamEnd | Status::NoSpace)
}

/// Bytes of output at the destination: for LZ77 sequences of 8 bytes.
pub fn output_length(sqe: &Sqe) -> u32 {
    let lz77 = zip::Request::from_code(sqe.request).is_some_and(zip::Request::is_lz77);
    sqe.produced.saturating_mul(if lz77 { 8 } else { 1 })
}

/// A copy of memory that a descriptor names.
fn copy(address: u64, len: u32) -> Option<Vec<u8>> {
    if len > MOST {
        return None;
    }
    let mut bytes = vec![0; len as usize];
    peer::read(address, &mut bytes).ok()?;
    Some(bytes)
}
