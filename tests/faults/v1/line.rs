//! A queue, a pool of blocks or of lists in its memory, and operations that count what
//! they do.

use super::super::request::{NO_QUEUE, Random};
use std::ffi::{CStr, c_void};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use warpdrive::capi::v1::wd::*;
use warpdrive::capi::v1::wd_bmm::*;
use warpdrive::capi::v1::wd_comp::*;
use warpdrive::capi::v1::wd_sgl::*;
use warpdrive::ctypes::v1::wd::{wd_buff_type, wd_mm_br, wd_queue};
use warpdrive::ctypes::v1::wd_bmm::wd_blkpool_setup;
use warpdrive::ctypes::v1::wd_comp::wcrypto_comp_ctx_setup;
use warpdrive::ctypes::v1::wd_sgl::wd_sglpool_setup;

/// Bytes of a block: as many as a stream's context needs.
pub const BLOCK: u32 = 64 << 10;
const BLOCKS: u32 = 120;
/// Lists, their buffers, and bytes of a buffer.
const LISTS: u16 = 300;
const BUFFERS: u8 = 3;
const BUFFER: u32 = 2048;
/// Bytes of a list.
pub const LIST: usize = BUFFERS as usize * BUFFER as usize;

/// What a queue is for, and how buffers lie in its memory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Deflate, in blocks.
    Blocks,
    /// Deflate, in lists.
    Lists,
    /// LZ77, in blocks.
    Sequences,
}

/// What the operations of contexts are called with.
struct Operations {
    pool: usize,
    lists: bool,
    /// Mapped and not unmapped.
    mapped: AtomicI64,
    /// Allocated and not freed.
    taken: Mutex<Vec<usize>>,
    /// There was nothing to allocate.
    refused: AtomicBool,
}

/// A queue and its pool.
pub struct Line {
    pub queue: Box<wd_queue>,
    pub pool: *mut c_void,
    pub form: Form,
    operations: Box<Operations>,
    /// Whether contexts have operations; on devices with SVA they need none, but for lists.
    told: bool,
    /// 0 is zlib, 1 gzip, 3 LZ77.
    pub format: u8,
    /// The direction.
    pub way: u8,
}

impl Line {
    /// `None` if there is no queue, or no memory of it.
    pub fn open(form: Form, random: &mut Random) -> Option<Line> {
        // SAFETY: for a structure of numbers and pointers zeros are a value.
        let mut queue: Box<wd_queue> = Box::new(unsafe { std::mem::zeroed() });
        let names: [&CStr; 4] = [c"zlib", c"gzip", c"deflate", c"lz77_zstd"];
        let (format, way) = match form {
            Form::Sequences => (3, 0),
            _ => (random.below(2) as u8, random.below(2) as u8),
        };
        queue.capa.alg = names[usize::from(format)].as_ptr();
        queue.capa.flags = random.below(100) as u32;
        (queue.capa.priv_.direction, queue.capa.priv_.is_poll) = (way, 1);
        // SAFETY: a structure of ours, which stays where it is while the queue is open.
        let opened = unsafe { wd_request_queue(&mut *queue) };
        if opened != 0 {
            assert!(NO_QUEUE.contains(&opened), "opening: {opened}");
            return None;
        }
        let lists = form == Form::Lists;
        let pool = if lists {
            list_pool(&mut queue)
        } else {
            block_pool(&mut queue)
        };
        if pool.is_null() {
            // SAFETY: an open queue.
            unsafe { wd_release_queue(&mut *queue) };
            return None;
        }
        let told = lists || !shares(&mut queue, pool) || random.below(2) == 0;
        Some(Line {
            queue,
            pool,
            form,
            operations: Box::new(Operations {
                pool: pool.addr(),
                lists,
                mapped: AtomicI64::new(0),
                taken: Mutex::default(),
                refused: AtomicBool::new(false),
            }),
            told,
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
        // LZ77 has two levels.
        setup.comp_lv = match self.form {
            Form::Sequences => 8 + random.below(2) as u8,
            _ => 1 + random.below(9) as u8,
        };
        if self.form == Form::Lists {
            setup.data_fmt = wd_buff_type::WD_SGL_BUF as u16;
        }
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
        // A pool has no memory when all of it is in use, and when its device was removed.
        let refused = self.operations.refused.swap(false, Ordering::Relaxed);
        assert!(!context.is_null() || refused, "no context");
        context
    }

    /// Blocks or lists that are not in use; `None` without a pool.
    fn free(&self) -> Option<u32> {
        let mut number = 0;
        let answer = if self.form == Form::Lists {
            // SAFETY: a number of ours; any pool may be asked.
            unsafe { wd_get_free_sgl_num(self.pool, &mut number) }
        } else {
            // SAFETY: as above.
            unsafe { wd_get_free_blk_num(self.pool, &mut number) }
        };
        (answer == 0).then_some(number)
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
        let least = match self.form {
            Form::Lists => LISTS.into(),
            _ => BLOCKS * 87 / 100,
        };
        assert!(self.free() >= Some(least), "memory is in use");
        if self.form == Form::Lists {
            // SAFETY: a pool. With a list in use it would stay, and leak.
            unsafe { wd_sglpool_destroy(self.pool) };
        } else {
            // SAFETY: as above.
            unsafe { wd_blkpool_destroy(self.pool) };
        }
        assert_eq!(self.free(), None, "memory is in use");
    }
}

/// NULL if there is no memory.
fn block_pool(queue: &mut wd_queue) -> *mut c_void {
    // SAFETY: for a structure of numbers and pointers zeros are a value.
    let mut setup: wd_blkpool_setup = unsafe { std::mem::zeroed() };
    (setup.block_size, setup.block_num, setup.align_size) = (BLOCK, BLOCKS, 64);
    // SAFETY: an open queue, and a setup of ours.
    unsafe { wd_blkpool_create(queue, &mut setup) }
}

/// As [`block_pool`].
fn list_pool(queue: &mut wd_queue) -> *mut c_void {
    // SAFETY: for a structure of numbers and pointers zeros are a value.
    let mut setup: wd_sglpool_setup = unsafe { std::mem::zeroed() };
    (setup.sgl_num, setup.align_size) = (LISTS, 64);
    (setup.sge_num_in_sgl, setup.buf_num_in_sgl) = (BUFFERS, BUFFERS);
    (setup.buf_size, setup.buf_num) = (BUFFER, u32::from(LISTS) * u32::from(BUFFERS));
    // SAFETY: an open queue, and a setup of ours.
    unsafe { wd_sglpool_create(queue, &mut setup) }
}

/// Whether the device of a queue reaches blocks of this pool by the process's own addresses.
fn shares(queue: &mut wd_queue, pool: *mut c_void) -> bool {
    // SAFETY: a pool.
    let block = unsafe { wd_alloc_blk(pool) };
    // SAFETY: an open queue, and an address that is not used.
    let bus = unsafe { wd_iova_map(queue, block, 1) };
    // SAFETY: a block of the pool.
    unsafe { wd_free_blk(pool, block) };
    bus == block
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
    own.refused.store(block.is_null(), Ordering::Relaxed);
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

unsafe extern "C" fn map(usr: *mut c_void, va: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: of a context.
    let own = unsafe { operations(usr) };
    let pool = own.pool as *mut c_void;
    let bus = if own.lists {
        // SAFETY: a pool; any address is good.
        unsafe { wd_sgl_iova_map(pool, va.cast(), size) }
    } else {
        // SAFETY: as above.
        unsafe { wd_blk_iova_map(pool, va) }
    };
    own.mapped
        .fetch_add(i64::from(!bus.is_null()), Ordering::Relaxed);
    bus
}

unsafe extern "C" fn unmap(usr: *mut c_void, va: *mut c_void, bus: *mut c_void, _: usize) {
    // SAFETY: of a context.
    let own = unsafe { operations(usr) };
    let before = own.mapped.fetch_sub(1, Ordering::Relaxed);
    assert!(before > 0, "unmapped more often than mapped");
    let pool = own.pool as *mut c_void;
    if own.lists {
        // SAFETY: a pool; any address is good.
        unsafe { wd_sgl_iova_unmap(pool, bus, va.cast()) };
    } else {
        // SAFETY: as above.
        unsafe { wd_blk_iova_unmap(pool, bus, va) };
    }
}
