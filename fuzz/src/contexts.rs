//! The C functions of UADK v1 in any order, with stale and foreign numbers, over
//! simulated devices with faults and over hostile ones.

use super::hostile::{Hostile, Open};
use super::input::Input;
use super::simulated::{Simulated, VERSIONS};
use super::soft::{GUARD, MARK};
use std::collections::BTreeSet;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::{Arc, Mutex, Once};
use warpdrive::Result;
use warpdrive::capi::v1::wd::*;
use warpdrive::capi::v1::wd_bmm::*;
use warpdrive::capi::v1::wd_comp::*;
use warpdrive::capi::v1::wd_sgl::*;
use warpdrive::ctypes::v1::wd::{wd_mm_br, wd_queue};
use warpdrive::ctypes::v1::wd_bmm::wd_blkpool_setup;
use warpdrive::ctypes::v1::wd_comp::{
    wcrypto_comp_ctx_setup, wcrypto_comp_msg, wcrypto_comp_op_data,
};
use warpdrive::ctypes::v1::wd_sgl::wd_sglpool_setup;
use warpdrive::uacce::channel::{Bus, Channel};
use warpdrive::uacce::device::Attributes;
use warpdrive::wcrypto::queue::{Queue, Wanted};

/// Bytes of a block: as many as a stream's context needs.
const BLOCK: u32 = 64 << 10;

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

/// Tags that were called back for.
static CALLED: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// The callback.
///
/// # Safety
/// `message` is a message.
unsafe extern "C" fn finished(message: *const c_void, tag: *mut c_void) {
    // SAFETY: the promise above: good until this returns.
    let message = unsafe { &*message.cast::<wcrypto_comp_msg>() };
    assert!(message.in_cons <= message.in_size, "{message:?}");
    assert!(message.produced <= message.avail_out, "{message:?}");
    CALLED.lock().expect("no panic").push(tag.addr());
}

unsafe extern "C" fn alloc(pool: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: any number is good.
    if unsafe { wd_blksize(pool) } < size as u32 {
        return null_mut();
    }
    // SAFETY: as above.
    unsafe { wd_alloc_blk(pool) }
}

unsafe extern "C" fn free(pool: *mut c_void, block: *mut c_void) {
    // SAFETY: any numbers are good.
    unsafe { wd_free_blk(pool, block) };
}

unsafe extern "C" fn map(pool: *mut c_void, va: *mut c_void, _: usize) -> *mut c_void {
    // SAFETY: any numbers are good.
    unsafe { wd_blk_iova_map(pool, va) }
}

unsafe extern "C" fn unmap(pool: *mut c_void, va: *mut c_void, bus: *mut c_void, _: usize) {
    // SAFETY: any numbers are good.
    unsafe { wd_blk_iova_unmap(pool, bus, va) };
}

/// A message and its buffers, which stay until all queues are released.
struct Request {
    message: wcrypto_comp_msg,
    /// The block, or NULL.
    block: *mut c_void,
    source: Vec<u8>,
    target: Vec<u8>,
}

impl Request {
    /// The buffers are blocks of `pool`, which are never given back, if it has some.
    fn new(input: &mut Input<'_>, pool: *mut c_void) -> Box<Request> {
        let (len, room) = (input.below(600), input.below(600));
        let wild = input.u8();
        let number = |input: &mut Input<'_>, usual: u8| match wild {
            0xff => input.u8(),
            _ => usual,
        };
        // SAFETY: numbers and pointers, for which zeros are a value.
        let message: wcrypto_comp_msg = unsafe { std::mem::zeroed() };
        let mut request = Box::new(Request {
            message,
            block: null_mut(),
            source: (0..len).map(|n| (n * 7 % 31) as u8).collect(),
            target: vec![MARK; room + 2 * GUARD],
        });
        // SAFETY: any number is good.
        let block: *mut u8 = unsafe { alloc(pool, BLOCK as usize) }.cast();
        request.block = block.cast();
        let source = request.source.as_mut_ptr();
        let target = request.target[GUARD..].as_mut_ptr();
        let message = &mut request.message;
        (message.alg_type, message.op_type) = (number(input, 0), number(input, wild & 1));
        (message.flush_type, message.stream_pos) = (number(input, 3), number(input, 1));
        (message.comp_lv, message.win_size) = (number(input, 8), number(input, 4));
        (message.in_size, message.avail_out) = (len as u32, room as u32);
        (message.src, message.dst) = match wild {
            0xfe => (null_mut(), target),
            0xfd => (source, null_mut()),
            // Addresses at which there is nothing, ever.
            0xfc => (((input.u64() | 1 << 63) as usize) as *mut u8, target),
            _ if !block.is_null() => (block, block.wrapping_add(4096)),
            _ => (source, target),
        };
        message.tag = u32::from(input.u8() % 4);
        request
    }

    /// The same as a request to a context.
    fn data(&self, input: &mut Input<'_>) -> wcrypto_comp_op_data {
        let message = &self.message;
        // SAFETY: numbers and pointers, for which zeros are a value.
        let mut data: wcrypto_comp_op_data = unsafe { std::mem::zeroed() };
        (data.flush, data.stream_pos) = (message.flush_type, input.u8() & 1);
        (data.in_, data.in_len) = (message.src, message.in_size);
        (data.out, data.avail_out) = (message.dst, message.avail_out);
        (data.isize, data.checksum) = (input.u8().into(), input.u8().into());
        data
    }

    fn check(&self) {
        let (before, rest) = self.target.split_at(GUARD);
        let behind = &rest[rest.len() - GUARD..];
        let mut guards = before.iter().chain(behind);
        assert!(guards.all(|byte| *byte == MARK), "beside the buffer");
    }
}

/// What there is of each kind, and was: numbers, stale ones too.
#[derive(Default)]
struct Numbers {
    contexts: Vec<*mut c_void>,
    pools: Vec<*mut c_void>,
    blocks: Vec<*mut c_void>,
    lists: Vec<*mut c_void>,
}

/// One of them, or any number.
fn pick(all: &[*mut c_void], input: &mut Input<'_>) -> *mut c_void {
    match input.u8() {
        0xff => input.u64() as usize as *mut c_void,
        0xfe => null_mut(),
        _ if all.is_empty() => null_mut(),
        at => all[usize::from(at) % all.len()],
    }
}

fn context(q: *mut wd_queue, pools: &[*mut c_void], input: &mut Input<'_>) -> *mut c_void {
    let wild = input.u8();
    // SAFETY: numbers, pointers and functions that may be absent, for which zeros are a value.
    let mut setup: wcrypto_comp_ctx_setup = unsafe { std::mem::zeroed() };
    (setup.alg_type, setup.op_type) = (0, wild & 1);
    (setup.stream_mode, setup.comp_lv, setup.win_size) = (wild >> 1 & 1, 8, 4);
    setup.cb = (wild & 4 == 0).then_some(finished);
    if wild >= 0xf8 {
        (setup.alg_type, setup.win_size) = (input.u8(), input.u16());
    }
    if wild & 8 != 0 {
        setup.br = wd_mm_br {
            alloc: Some(alloc),
            free: Some(free),
            iova_map: Some(map),
            iova_unmap: (wild & 0x70 != 0x70).then_some(unmap),
            usr: pick(pools, input),
            get_bufsize: None,
        };
    }
    // SAFETY: `q` as in `api_v1`; the functions take any numbers.
    unsafe { wcrypto_create_comp_ctx(q, &mut setup) }
}

fn blocks(q: *mut wd_queue, input: &mut Input<'_>) -> *mut c_void {
    // SAFETY: numbers and functions that may be absent, for which zeros are a value.
    let mut setup: wd_blkpool_setup = unsafe { std::mem::zeroed() };
    setup.block_size = input.one(&[BLOCK, BLOCK, BLOCK, 100, 0]);
    // Few: they are in memory from the beginning, and it is cleared for each pool.
    setup.block_num = input.one(&[4, 4, 1, 0]);
    setup.align_size = input.one(&[64, 64, 4096, 3]);
    // SAFETY: `q` as in `api_v1`, and a setup.
    unsafe { wd_blkpool_create(q, &mut setup) }
}

fn lists(q: *mut wd_queue, input: &mut Input<'_>) -> *mut c_void {
    // SAFETY: as in `blocks`.
    let mut setup: wd_sglpool_setup = unsafe { std::mem::zeroed() };
    setup.buf_num = input.one(&[24, 24, 5, 0]);
    setup.buf_size = input.one(&[2048, 2048, 4096, 1]);
    setup.sge_num_in_sgl = input.u8() % 5;
    setup.buf_num_in_sgl = input.u8() % 5;
    setup.sgl_num = input.one(&[6, 6, 1, 0]);
    setup.align_size = input.one(&[64, 64, 8, 3]);
    // SAFETY: as in `blocks`.
    unsafe { wd_sglpool_create(q, &mut setup) }
}

/// A call about memory.
fn memory(q: *mut wd_queue, numbers: &mut Numbers, input: &mut Input<'_>) {
    let (pool, block) = (pick(&numbers.pools, input), pick(&numbers.blocks, input));
    let (list, other) = (pick(&numbers.lists, input), pick(&numbers.lists, input));
    let (list, other): (*mut _, *mut _) = (list.cast(), other.cast());
    let mut bytes = [7_u8; 300];
    let (at, len) = (input.below(5000), input.below(300));
    let place = bytes.as_mut_ptr().cast();
    // SAFETY, for all calls: numbers may be any; other pointers are NULL or good.
    match input.u8() % 16 {
        0 => numbers.pools.push(blocks(q, input)),
        1 => numbers.pools.push(lists(q, input)),
        2 | 3 => numbers.blocks.push(unsafe { wd_alloc_blk(pool) }),
        4 => unsafe { wd_free_blk(pool, block) },
        5 => unsafe { wd_blkpool_destroy(pool) },
        6 | 7 => numbers
            .lists
            .push(unsafe { wd_alloc_sgl(pool, at as u32 * 2) }.cast()),
        8 => unsafe { wd_free_sgl(pool, list) },
        9 => unsafe { wd_sglpool_destroy(pool) },
        10 => assert!(unsafe { wd_sgl_merge(list, other) } <= 0),
        11 => assert!(unsafe { wd_sgl_cp_to_pbuf(list, at, place, len) } < len.max(1) as i32),
        12 => assert!(unsafe { wd_sgl_cp_from_pbuf(list, at, place, len) } < len.max(1) as i32),
        13 => {
            let bus = unsafe { wd_sgl_iova_map(pool, list, len) };
            unsafe { wd_sgl_iova_unmap(pool, bus, list) };
        }
        14 => {
            let bus = unsafe { wd_iova_map(q, block, len) };
            let back = unsafe { wd_dma_to_va(q, bus) };
            assert!(bus.is_null() || back == block, "another address came back");
        }
        _ => {
            unsafe { wd_get_sge_buf(list, len as u32) };
            assert!(
                unsafe { wd_reserve_memory(q, at) }
                    .addr()
                    .is_multiple_of(4096)
            );
        }
    }
}

/// See the top of the file.
pub fn api_v1(data: &[u8]) {
    super::set_up();
    static ONCE: Once = Once::new();
    // SAFETY: no other thread is there yet that looks at the environment.
    ONCE.call_once(|| unsafe { std::env::set_var("WD_SYNC_TIMEOUT_MS", "1") });
    let mut input = Input::new(data);
    let mut run = Run::new(&mut input);
    while !input.is_empty() && run.requests.len() < 128 {
        run.step(&mut input);
    }
    run.end();
}

/// What calls are made with, and what is known of it.
struct Run {
    world: Simulated,
    hostile: One,
    queues: [wd_queue; 3],
    numbers: Numbers,
    /// They stay until all queues are closed.
    #[expect(clippy::vec_box, reason = "requests must not move when there are more")]
    requests: Vec<Box<Request>>,
    /// The messages on their way, by queue.
    outstanding: [BTreeSet<usize>; 3],
    /// The tags that are to be called back for.
    posted: BTreeSet<usize>,
}

impl Run {
    fn new(input: &mut Input<'_>) -> Run {
        let world = Simulated::new(input, true);
        let version = input.one(&VERSIONS);
        let script = usize::from(input.u8());
        let hostile = One(Hostile::new(version, input, script));
        // SAFETY: for a structure of numbers and pointers zeros are a value.
        let empty = || unsafe { std::mem::zeroed::<wd_queue>() };
        Run {
            world,
            hostile,
            queues: [empty(), empty(), empty()],
            numbers: Numbers::default(),
            requests: Vec::new(),
            outstanding: Default::default(),
            posted: BTreeSet::new(),
        }
    }

    /// Called before queues or contexts go: who releases or deletes waits for what is on its way,
    /// unless the device is dead.
    fn stop(&self) {
        self.hostile.0.reset();
        self.world.reset();
    }

    /// One call.
    fn step(&mut self, input: &mut Input<'_>) {
        let which = input.below(3);
        let call = input.u8();
        let kept = self.queues[which].qinfo;
        if call >= 0xf0 {
            // A stale or a wild number, while the queue behind it stays open or is closed.
            self.queues[which].qinfo = input.u64() as usize as *mut c_void;
        }
        let answer = self.call(which, call, input);
        assert!((-200..=0).contains(&answer), "{answer}");
        if call >= 0xf0 {
            self.queues[which].qinfo = kept;
        }
    }

    fn call(&mut self, which: usize, call: u8, input: &mut Input<'_>) -> i32 {
        let open = is_open(&self.queues[which]);
        let q: *mut wd_queue = match call {
            0xef => null_mut(),
            _ => &mut self.queues[which],
        };
        match call % 16 {
            0 | 1 if !q.is_null() && call < 0xf0 && !open => self.open(which, call, input),
            2..=4 => return self.send(which, q, input),
            5..=7 => return self.receive(which, q, call),
            8 => {
                let context = context(q, &self.numbers.pools, input);
                self.numbers.contexts.push(context);
            }
            9..=12 => return self.request(call, input),
            13 => return self.poll(q, call),
            14 if call & 0x30 == 0 => {
                self.stop();
                let handle = pick(&self.numbers.contexts, input);
                // SAFETY: any number is good.
                unsafe { wcrypto_del_comp_ctx(handle) };
            }
            14 if call & 0x30 == 0x10 => {
                self.stop();
                // SAFETY: NULL or a structure of ours.
                unsafe { wd_release_queue(q) };
            }
            _ => memory(q, &mut self.numbers, input),
        }
        0
    }

    /// Opens a queue.
    fn open(&mut self, which: usize, call: u8, input: &mut Input<'_>) {
        let bus: &dyn Bus = if call & 1 == 0 {
            &self.world
        } else {
            &self.hostile
        };
        let wanted = Wanted {
            algorithm: "zlib",
            ..Wanted::default()
        };
        self.outstanding[which].clear();
        let q = &mut self.queues[which];
        if let Ok(queue) = Queue::request_on(bus, &wanted) {
            q.qinfo = queue.to_raw() as usize as *mut c_void;
        }
        q.capa.priv_.is_poll = 1;
        q.capa.flags = input.u8().into();
    }

    /// Sends a message.
    fn send(&mut self, which: usize, q: *mut wd_queue, input: &mut Input<'_>) -> i32 {
        let pool = pick(&self.numbers.pools, input);
        let asks = self.requests.len();
        self.requests.push(Request::new(input, pool));
        let message = &raw mut self.requests[asks].message;
        // SAFETY: `q` is NULL or a structure of ours; the message and its buffers stay in `requests`.
        let sent = unsafe { wd_send(q, message.cast()) };
        if sent == 0 {
            self.outstanding[which].insert(message.addr());
        }
        sent
    }

    /// Receives a message, or only one with the tag that `call` has.
    fn receive(&mut self, which: usize, q: *mut wd_queue, call: u8) -> i32 {
        let mut back = usize::from(call >> 4 & 3) as *mut c_void;
        let asked = back;
        // SAFETY, for both calls: `q` is NULL or a structure of ours.
        let answer = match call % 16 {
            7 => unsafe { wd_recv_sync(q, &mut back, 1) },
            _ => unsafe { wd_recv(q, &mut back) },
        };
        if answer == 1 || (answer != 0 && back != asked && !back.is_null()) {
            let sent = self.outstanding[which].remove(&back.addr());
            assert!(sent, "not on its way");
        }
        answer.min(0)
    }

    /// A request to a context.
    fn request(&mut self, call: u8, input: &mut Input<'_>) -> i32 {
        let handle = pick(&self.numbers.contexts, input);
        let pool = pick(&self.numbers.pools, input);
        let asks = self.requests.len();
        self.requests.push(Request::new(input, pool));
        let mut data = self.requests[asks].data(input);
        let tag = if call & 1 == 0 { asks + 1 } else { 0 };
        // SAFETY: any number is good; buffers stay in `requests`.
        let answer = unsafe { wcrypto_do_comp(handle, &mut data, tag as *mut c_void) };
        if answer == 0 && tag != 0 {
            self.posted.insert(tag);
        } else if answer == 0 {
            assert!(data.consumed <= data.in_len && data.produced <= data.avail_out);
        }
        answer
    }

    /// Has contexts call back.
    fn poll(&mut self, q: *mut wd_queue, call: u8) -> i32 {
        // SAFETY: `q` is NULL or a structure of ours.
        let answer = unsafe { wcrypto_comp_poll(q, u32::from(call >> 5)) };
        for tag in CALLED.lock().expect("no panic").drain(..) {
            let posted = self.posted.remove(&tag);
            assert!(posted, "called back for nothing, or twice");
        }
        answer.min(0)
    }

    /// Releases queues and deletes contexts, in an order that depends on what there is.
    fn end(mut self) {
        self.stop();
        let first = self.numbers.contexts.len() % 2;
        for step in [first, 1 - first] {
            if step == 0 {
                for q in &mut self.queues {
                    // SAFETY: a structure of ours.
                    unsafe { wd_release_queue(q) };
                }
                continue;
            }
            for handle in &self.numbers.contexts {
                // SAFETY: any number is good.
                unsafe { wcrypto_del_comp_ctx(*handle) };
            }
        }
        let none = CALLED.lock().expect("no panic").is_empty();
        assert!(none, "called back without a poll");
        drop(self.world);
        self.requests.iter().for_each(|request| request.check());
        give_back(&self.numbers, &self.requests);
    }
}

fn is_open(queue: &wd_queue) -> bool {
    Queue::from_raw(queue.qinfo as u64).is_some_and(Queue::is_open)
}

/// Gives everything back, so that pools go.
fn give_back(numbers: &Numbers, requests: &[Box<Request>]) {
    let blocks = requests.iter().map(|request| request.block);
    let blocks: Vec<*mut c_void> = blocks.chain(numbers.blocks.iter().copied()).collect();
    // SAFETY, for all calls: any numbers are good.
    for pool in &numbers.pools {
        for block in &blocks {
            unsafe { wd_free_blk(*pool, *block) };
        }
        for list in &numbers.lists {
            unsafe { wd_free_sgl(*pool, list.cast()) };
        }
        unsafe { wd_blkpool_destroy(*pool) };
        unsafe { wd_sglpool_destroy(*pool) };
        let mut number = 0;
        let gone = unsafe { wd_get_free_sgl_num(*pool, &mut number) };
        assert!(gone < 0, "a pool of lists stays");
    }
}
