//! Queues of raw descriptors: the ring below them, and the C functions of the seed API.

use super::hostile::{Hostile, Open};
use super::input::Input;
use super::simulated::{Simulated, VERSIONS};
use std::collections::BTreeSet;
use std::ffi::{CString, c_void};
use std::num::NonZeroU64;
use std::ptr::{null, null_mut};
use std::sync::Arc;
use warpdrive::bd::zip::Sqe;
use warpdrive::capi::v0::wd::*;
use warpdrive::ctypes::v0::wd_queue;
use warpdrive::queue::{DESCRIPTOR_SIZE, Descriptor, Options, Queue, QueueRef};
use warpdrive::sys::lent::Promise;
use warpdrive::uacce::channel::{Bus, Channel};
use warpdrive::uacce::device::Attributes;
use warpdrive::{Error, Result};

/// A bus with one device of one queue.
struct One(Arc<Hostile>);

impl Bus for One {
    fn devices(&self) -> Result<Vec<Attributes>> {
        Ok(vec![self.0.device()])
    }

    fn open(&self, _: &Attributes) -> Result<Arc<dyn Channel>> {
        Ok(Arc::new(Open(Arc::clone(&self.0))))
    }
}

/// What a request can fail with.
fn is_documented(error: Error) -> bool {
    use Error::{Again, Busy, DeviceReset, Io, NoDevice, Shutdown, TimedOut};
    matches!(
        error,
        Again | Busy | DeviceReset | Io | NoDevice | Shutdown | TimedOut
    )
}

/// A queue over a hostile device: each tag comes back once at most, and none that was not sent.
pub fn ring(data: &[u8]) {
    super::set_up();
    let mut input = Input::new(data);
    let version = input.one(&VERSIONS);
    let script = usize::from(input.u8()) * 4;
    let device = Hostile::new(version, &mut input, script);
    let Ok(queue) = Queue::open_on(&One(Arc::clone(&device)), &Options::default()) else {
        return;
    };
    // SAFETY: the hostile device follows no address, and all in the descriptors are 0.
    let promise = unsafe { Promise::given() };
    let (mut outstanding, mut next) = (BTreeSet::new(), NonZeroU64::MIN);
    let mut open = true;
    while !input.is_empty() {
        let mut taken = Vec::new();
        let mut space = [0; DESCRIPTOR_SIZE];
        let answer = match input.u8() % 8 {
            0 | 1 => {
                next = next.saturating_add(1);
                let sent = queue.send(promise, &Sqe::default().encode(), next);
                if sent.is_ok() {
                    outstanding.insert(next);
                }
                sent
            }
            2 => {
                let sqe = Sqe::default().encode();
                let first = next.saturating_add(1);
                let batch = (0..input.below(8) as u64).map(|n| (&sqe, first.saturating_add(n)));
                let sent = queue.send_batch(promise, batch);
                for _ in 0..*sent.as_ref().unwrap_or(&0) {
                    next = next.saturating_add(1);
                    outstanding.insert(next);
                }
                sent.map(|_| ())
            }
            3 | 4 => queue
                .receive(&mut space)
                .map(|received| taken.push(received.tag)),
            5 => {
                let mut spaces = [[0; DESCRIPTOR_SIZE]; 4];
                let mut left = spaces.iter_mut();
                let place = |tag| {
                    taken.push(tag);
                    left.next().expect("no more than asked for")
                };
                queue.receive_batch(4, place, |_| {}).map(|_| ())
            }
            6 => queue.arm().map(|_| ()),
            _ if input.u8() == 0xc1 => {
                open = false;
                queue.close()
            }
            _ => {
                device.act(u16::from(input.u8()));
                Ok(())
            }
        };
        let _ = queue.info();
        for tag in taken {
            assert!(outstanding.remove(&tag), "{tag} was not on its way");
        }
        assert!(
            answer.is_ok() || is_documented(answer.unwrap_err()),
            "{answer:?}"
        );
        assert!(open || !queue.is_open());
    }
    // A queue that is closed waits for what is on its way, unless its device is dead.
    device.reset();
}

/// Guard bytes before and behind each buffer.
const GUARD: usize = 32;
const MARK: u8 = 0xa5;

/// A message of the seed API, and its buffers.
struct Request {
    message: Descriptor,
    source: Vec<u8>,
    target: Vec<u8>,
}

impl Request {
    fn new(input: &mut Input<'_>) -> Box<Request> {
        let (len, room) = (input.below(600), input.below(600));
        let mut request = Box::new(Request {
            message: [0; DESCRIPTOR_SIZE],
            source: (0..len).map(|n| (n * 7 % 31) as u8).collect(),
            target: vec![MARK; room + 2 * GUARD],
        });
        let mut sqe = Sqe {
            input_length: len as u32,
            output_space: room as u32,
            source: request.source.as_ptr() as u64,
            destination: request.target[GUARD..].as_mut_ptr() as u64,
            request: input.one(&[2, 3, 1, 4, 0xff]),
            window: 4,
            ..Sqe::default()
        };
        if input.u8() == 0x5b {
            // Addresses at which there is nothing, ever.
            (sqe.source, sqe.destination) = (input.u64() | 1 << 63, 4096);
        }
        request.message = sqe.encode();
        request
    }

    /// Nothing was written beside the room.
    fn check(&self) {
        let (before, rest) = self.target.split_at(GUARD);
        let behind = &rest[rest.len() - GUARD..];
        assert!(
            before.iter().chain(behind).all(|byte| *byte == MARK),
            "beside the buffer"
        );
    }
}

/// The C functions of the seed API in any order, over simulated and hostile devices.
pub fn api_v0(data: &[u8]) {
    super::set_up();
    let mut input = Input::new(data);
    let mut run = Run::new(&mut input);
    while !input.is_empty() && run.requests.len() < 256 {
        run.step(&mut input);
    }
    run.end();
}

/// What calls are made with, and what is known of it.
struct Run {
    world: Simulated,
    hostile: One,
    /// Queues are released while their devices work.
    waits: bool,
    queues: [wd_queue; 3],
    /// They stay until all queues are closed.
    #[expect(clippy::vec_box, reason = "requests must not move when there are more")]
    requests: Vec<Box<Request>>,
    /// The messages on their way, by queue.
    outstanding: [BTreeSet<usize>; 3],
}

impl Run {
    fn new(input: &mut Input<'_>) -> Run {
        let world = Simulated::new(input, false);
        let version = input.one(&VERSIONS);
        let script = usize::from(input.u8());
        let waits = input.u8() == 0x5c;
        let hostile = One(Hostile::new(version, input, script));
        // SAFETY: for a structure of numbers and pointers zeros are a value.
        let empty = || unsafe { std::mem::zeroed::<wd_queue>() };
        Run {
            world,
            hostile,
            waits,
            queues: [empty(), empty(), empty()],
            requests: Vec::new(),
            outstanding: Default::default(),
        }
    }

    /// Called before queues go: one that is closed waits for what is on its way, unless its device
    /// is dead.
    fn stop(&self) {
        if !self.waits {
            self.hostile.0.reset();
            self.world.reset();
        }
    }

    /// One call.
    fn step(&mut self, input: &mut Input<'_>) {
        let which = input.below(3);
        let call = input.u8();
        let q: *mut wd_queue = if call == 0xff {
            null_mut()
        } else {
            &mut self.queues[which]
        };
        // SAFETY, for all calls: `q` is NULL or a structure of ours; messages stay in `requests`
        // until all queues are closed, and buffers with them.
        let answer = match call % 16 {
            0 | 1 if !q.is_null() && !is_open(&self.queues[which]) => {
                self.open(which, call);
                0
            }
            2..=5 => self.send(which, q, input),
            6..=9 => self.receive(which, q, call),
            10 => self.receive_batch(which, q, call),
            11 => {
                self.stop();
                unsafe { wd_release_queue(q) };
                0
            }
            12 => {
                let (address, size) = (self.requests.as_ptr().cast(), input.below(99));
                unsafe { wd_mem_share(q, address, size, call.into()) }
            }
            13 => {
                let text = CString::new(input.bytes(12).split(|b| *b == 0).next().unwrap_or(&[]));
                let mut value = *b"compress\0";
                let name = text.expect("no NUL in it");
                unsafe { wd_set_queue_attr(q, name.as_ptr(), value.as_mut_ptr().cast()) }
            }
            14 => self.send_to_another(which, input),
            _ => unsafe { wd_queue_arm(q) },
        };
        assert!(answer > -200, "{answer}");
    }

    /// Opens a queue.
    fn open(&mut self, which: usize, call: u8) {
        let bus: &dyn Bus = if call & 15 == 0 {
            &self.world
        } else {
            &self.hostile
        };
        let opened = Queue::open_on(bus, &Options::default());
        self.outstanding[which].clear();
        if let Ok(queue) = opened {
            self.queues[which].priv_ = queue.into_ref().to_raw() as usize as *mut c_void;
        }
    }

    fn send(&mut self, which: usize, q: *mut wd_queue, input: &mut Input<'_>) -> i32 {
        let request = Request::new(input);
        let message = request.message.as_ptr() as usize;
        self.requests.push(request);
        // SAFETY: as in `step`.
        let sent = unsafe { wd_send(q, message as *mut c_void) };
        if sent == 0 {
            self.outstanding[which].insert(message);
        }
        sent
    }

    fn receive(&mut self, which: usize, q: *mut wd_queue, call: u8) -> i32 {
        let mut resp = null_mut();
        // SAFETY, for both calls: as in `step`.
        let answer = match call % 16 {
            6 => unsafe { wd_recv_sync(q, &mut resp, 1 + u16::from(call >> 4)) },
            _ => unsafe { wd_recv(q, &mut resp) },
        };
        self.came_back(which, &[resp]);
        answer
    }

    fn receive_batch(&mut self, which: usize, q: *mut wd_queue, call: u8) -> i32 {
        let mut resps = [null_mut(); 8];
        // SAFETY: as in `step`; there is room for more than are asked for.
        let answer = unsafe { wd_recv_batch(q, resps.as_mut_ptr(), u32::from(call >> 5)) };
        self.came_back(which, &resps);
        answer
    }

    fn came_back(&mut self, which: usize, resps: &[*mut c_void]) {
        for resp in resps.iter().filter(|resp| !resp.is_null()) {
            let sent = self.outstanding[which].remove(&(*resp as usize));
            assert!(sent, "not on its way");
        }
    }

    /// Sends with a stale or a wild number, while the queue behind it stays open or is closed.
    fn send_to_another(&mut self, which: usize, input: &mut Input<'_>) -> i32 {
        let queues = &mut self.queues;
        let kept = queues[which].priv_;
        queues[which].priv_ = match input.flip() {
            true => input.u64() as usize as *mut c_void,
            false => queues[input.below(3)].priv_,
        };
        let wild = &raw mut queues[which];
        let known = queues.iter().enumerate();
        let mut others = known.filter(|(n, q)| *n != which && q.priv_ == queues[which].priv_);
        let answer = match others.next() {
            Some(_) => 0,
            // SAFETY: a structure of ours; NULL is refused.
            None => unsafe { wd_send(wild, null_mut()) },
        };
        queues[which].priv_ = kept;
        answer
    }

    fn end(mut self) {
        self.stop();
        for queue in &mut self.queues {
            // SAFETY: a structure of ours.
            unsafe { wd_release_queue(queue) };
        }
        // SAFETY: NULL is refused.
        assert!(unsafe { wd_send(null_mut(), null::<u8>().cast_mut().cast()) } < 0);
        drop(self.world);
        self.requests.iter().for_each(|request| request.check());
    }
}

fn is_open(queue: &wd_queue) -> bool {
    QueueRef::from_raw(queue.priv_ as u64).is_some_and(QueueRef::is_open)
}
