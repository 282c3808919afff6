//! A queue, a pool of blocks in its memory, and operations that count what they do.

use super::super::request::Random;
use std::ffi::{CStr, c_void};
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use warpdrive::capi::v1::wd::*;
use warpdrive::capi::v1::wd_bmm::*;
use warpdrive::capi::v1::wd_comp::*;
use warpdrive::ctypes::v1::wd::{wd_mm_br, wd_queue};
use warpdrive::ctypes::v1::wd_bmm::wd_blkpool_setup;
use warpdrive::ctypes::v1::wd_comp::wcrypto_comp_ctx_setup;

/// Bytes of a block: as many as a stream's context needs.
const BLOCK: u32 = 64 << 10;
const BLOCKS: u32 = 120;
/// Where in a block the output is. The input is at its beginning.
const OUTPUT: usize = 16 << 10;
const GUARD: usize = 64;
const MARK: u8 = 0xa5;
/// What opening a queue may answer.
const NO_QUEUE: [i32; 6] = [
    -libc::EBUSY,
    -libc::EINVAL,
    -libc::EIO,
    -libc::ENODEV,
    -libc::ENOMEM,
    -libc::ENXIO,
];

/// What the operations of contexts are called with.
struct Operations {
    pool: usize,
    /// Mapped and not unmapped.
    mapped: AtomicI64,
    /// Allocated and not freed.
    taken: Mutex<Vec<usize>>,
}

/// A queue and its pool.
pub struct Line {
    pub queue: Box<wd_queue>,
    pool: *mut c_void,
    operations: Box<Operations>,
    /// Whether contexts have operations; on devices with SVA they need none.
    told: bool,
    /// 0 is zlib, 1 gzip.
    pub format: u8,
    /// The direction.
    pub way: u8,
}

impl Line {
    /// `None` if there is no queue, or no memory of it.
    pub fn open(random: &mut Random) -> Option<Line> {
        // SAFETY: for a structure of numbers and pointers zeros are a value.
        let mut queue: Box<wd_queue> = Box::new(unsafe { std::mem::zeroed() });
        let format = random.below(2) as u8;
        let way = random.below(2) as u8;
        let names: [&CStr; 2] = [c"zlib", c"gzip"];
        queue.capa.alg = names[usize::from(format)].as_ptr();
        queue.capa.flags = random.below(100) as u32;
        (queue.capa.priv_.direction, queue.capa.priv_.is_poll) = (way, 1);
        // SAFETY: a structure of ours, which stays where it is while the queue is open.
        let opened = unsafe { wd_request_queue(&mut *queue) };
        if opened != 0 {
            assert!(NO_QUEUE.contains(&opened), "opening: {opened}");
            return None;
        }
        // SAFETY: as above.
        let mut setup: wd_blkpool_setup = unsafe { std::mem::zeroed() };
        (setup.block_size, setup.block_num, setup.align_size) = (BLOCK, BLOCKS, 64);
        // SAFETY: an open queue, and a setup of ours.
        let pool = unsafe { wd_blkpool_create(&mut *queue, &mut setup) };
        if pool.is_null() {
            // SAFETY: an open queue.
            unsafe { wd_release_queue(&mut *queue) };
            return None;
        }
        let place = &raw mut *queue.as_mut();
        // SAFETY: a pool.
        let block = unsafe { wd_alloc_blk(pool) };
        // SAFETY: an open queue, and an address that is not used.
        let bus = unsafe { wd_iova_map(place, block, 1) };
        // SAFETY: a block of the pool.
        unsafe { wd_free_blk(pool, block) };
        let sva = bus == block;
        Some(Line {
            queue,
            pool,
            operations: Box::new(Operations {
                pool: pool.addr(),
                mapped: AtomicI64::new(0),
                taken: Mutex::default(),
            }),
            told: !sva || random.below(2) == 0,
            format,
            way,
        })
    }

    /// A context of the queue.
    pub fn context(&mut self, stateful: bool, random: &mut Random) -> *mut c_void {
        // SAFETY: for a structure of numbers and pointers zeros are a value.
        let mut setup: wcrypto_comp_ctx_setup = unsafe { std::mem::zeroed() };
        (setup.alg_type, setup.op_type) = (self.format, self.way);
        (setup.stream_mode, setup.win_size) = (u8::from(stateful), 4);
        setup.comp_lv = 1 + random.below(9) as u8;
        setup.cb = Some(super::contexts::finished);
        if self.told {
            setup.br = wd_mm_br {
                alloc: Some(alloc),
                free: Some(free),
                iova_map: Some(map),
                iova_unmap: Some(unmap),
                usr: (&raw const *self.operations).cast_mut().cast(),
                get_bufsize: None,
            };
        }
        // SAFETY: an open queue; the operations outlive its contexts.
        let context = unsafe { wcrypto_create_comp_ctx(&mut *self.queue, &mut setup) };
        assert!(!context.is_null() || self.free_blocks() == 0, "no context");
        context
    }

    fn free_blocks(&self) -> u32 {
        let mut number = 0;
        // SAFETY: a pool, and a number of ours.
        assert_eq!(unsafe { wd_get_free_blk_num(self.pool, &mut number) }, 0);
        number
    }

    /// Checks that everything has come back, when the queue is released, its contexts are deleted and
    /// nothing is lent. Of requests that were on their way when the contexts went before their queue,
    /// mappings may be left, and a stream's memory.
    pub fn close(self, contexts_first: bool) {
        let mapped = self.operations.mapped.load(Ordering::Relaxed);
        assert!(
            mapped == 0 || (mapped > 0 && contexts_first),
            "{mapped} mappings are left"
        );
        let taken = std::mem::take(&mut *self.operations.taken.lock().expect("no panic"));
        for block in taken {
            // SAFETY: the queue was released: it is the program's again.
            unsafe { wd_free_blk(self.pool, block as *mut c_void) };
        }
        assert!(self.free_blocks() >= BLOCKS * 87 / 100, "blocks are in use");
        // SAFETY: a pool. With a block in use it would stay, and leak.
        unsafe { wd_blkpool_destroy(self.pool) };
        let mut number = 0;
        // SAFETY: as above: it is none any more.
        let gone = unsafe { wd_get_free_blk_num(self.pool, &mut number) };
        assert!(gone < 0, "blocks are in use");
    }
}

/// # Safety
/// `usr` is what [`Line::context`] gave.
unsafe fn operations<'a>(usr: *mut c_void) -> &'a Operations {
    // SAFETY: the promise above; they outlive the contexts.
    unsafe { &*usr.cast::<Operations>() }
}

unsafe extern "C" fn alloc(usr: *mut c_void, size: usize) -> *mut c_void {
    assert!(size <= BLOCK as usize);
    // SAFETY: of a context.
    let own = unsafe { operations(usr) };
    // SAFETY: a pool.
    let block = unsafe { wd_alloc_blk(own.pool as *mut c_void) };
    if !block.is_null() {
        own.taken.lock().expect("no panic").push(block.addr());
    }
    block
}

unsafe extern "C" fn free(usr: *mut c_void, block: *mut c_void) {
    // SAFETY: of a context.
    let own = unsafe { operations(usr) };
    let mut taken = own.taken.lock().expect("no panic");
    let at = taken.iter().position(|other| *other == block.addr());
    taken.remove(at.expect("allocated, and not freed yet"));
    // SAFETY: a pool, and its block.
    unsafe { wd_free_blk(own.pool as *mut c_void, block) };
}

unsafe extern "C" fn map(usr: *mut c_void, va: *mut c_void, _: usize) -> *mut c_void {
    // SAFETY: of a context.
    let own = unsafe { operations(usr) };
    // SAFETY: a pool; any address is good.
    let bus = unsafe { wd_blk_iova_map(own.pool as *mut c_void, va) };
    own.mapped
        .fetch_add(i64::from(!bus.is_null()), Ordering::Relaxed);
    bus
}

unsafe extern "C" fn unmap(usr: *mut c_void, va: *mut c_void, bus: *mut c_void, _: usize) {
    // SAFETY: of a context.
    let own = unsafe { operations(usr) };
    let before = own.mapped.fetch_sub(1, Ordering::Relaxed);
    assert!(before > 0, "unmapped more often than mapped");
    // SAFETY: a pool; any address is good.
    unsafe { wd_blk_iova_unmap(own.pool as *mut c_void, bus, va) };
}

/// Input and output of a request in a block, with guards around the output.
pub struct Lent {
    pool: usize,
    block: *mut u8,
    pub copy: Vec<u8>,
    pub room: usize,
}

impl Lent {
    /// `None` if there is no block.
    pub fn new(line: &Line, input: &[u8], room: usize) -> Option<Lent> {
        assert!(input.len() <= OUTPUT && OUTPUT + 2 * GUARD + room <= BLOCK as usize);
        // SAFETY: a pool.
        let block: *mut u8 = unsafe { wd_alloc_blk(line.pool) }.cast();
        if block.is_null() {
            return None;
        }
        // SAFETY: inside of the block, which nobody else uses yet.
        unsafe { block.copy_from_nonoverlapping(input.as_ptr(), input.len()) };
        let output = block.wrapping_add(OUTPUT);
        // SAFETY: as above.
        unsafe { output.write_bytes(MARK, room + 2 * GUARD) };
        Some(Lent {
            pool: line.pool.addr(),
            block,
            copy: input.to_vec(),
            room,
        })
    }

    pub fn source(&self) -> *mut u8 {
        self.block
    }

    pub fn target(&self) -> *mut u8 {
        self.block.wrapping_add(OUTPUT + GUARD)
    }

    fn read(&self, at: usize, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        let from = self.block.wrapping_add(at);
        // SAFETY: inside of the block.
        unsafe { from.copy_to_nonoverlapping(bytes.as_mut_ptr(), len) };
        bytes
    }

    /// The first bytes of the output.
    pub fn output(&self, len: usize) -> Vec<u8> {
        self.read(OUTPUT + GUARD, len.min(self.room))
    }

    /// The input is as it was, and nothing was written beside the room.
    pub fn check(&self) {
        assert!(
            self.read(0, self.copy.len()) == self.copy,
            "the input was changed"
        );
        for at in [OUTPUT, OUTPUT + GUARD + self.room] {
            let guard = self.read(at, GUARD);
            assert!(guard == [MARK; GUARD], "written beside the buffer");
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let pool = self.pool as *mut c_void;
        // SAFETY: its block, which is given back once.
        unsafe { wd_free_blk(pool, self.block.cast()) };
        self.block = null_mut();
    }
}
