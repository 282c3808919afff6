//! Pools of UADK v1 as C programs use them, in the memory of a queue on a device that
//! answers at once.

use crate::instant::Instant;
use core::ffi::c_void;
use core::ptr;
use warpdrive::capi::v1::wd_bmm::{wd_alloc_blk, wd_blk_iova_map, wd_blkpool_create, wd_free_blk};
use warpdrive::capi::v1::wd_sgl::{
    wd_alloc_sgl, wd_free_sgl, wd_sgl_cp_from_pbuf, wd_sgl_cp_to_pbuf, wd_sgl_iova_map,
    wd_sglpool_create,
};
use warpdrive::ctypes::v1::wd::wd_queue;
use warpdrive::ctypes::v1::wd_bmm::wd_blkpool_setup;
use warpdrive::ctypes::v1::wd_sgl::wd_sglpool_setup;
use warpdrive::wcrypto::queue::{Queue, Wanted};

/// A pool of blocks and one of lists.
pub struct Pools {
    blocks: *mut c_void,
    lists: *mut c_void,
    _device: Instant,
}

/// A queue as C has it. A queue has memory for one pool.
fn request(device: &Instant) -> wd_queue {
    let wanted = Wanted {
        algorithm: "zlib",
        ..Wanted::default()
    };
    let queue = Queue::request_on(device, &wanted).expect("opens");
    // SAFETY: all-zero bytes are a valid queue, as C programs begin with.
    let mut q = unsafe { std::mem::zeroed::<wd_queue>() };
    q.qinfo = queue.to_raw() as *mut _;
    q
}

impl Pools {
    pub fn new() -> Pools {
        let device = Instant::new().expect("memory");
        // SAFETY: all-zero bytes are a valid setup without memory operations.
        let mut setup = unsafe { std::mem::zeroed::<wd_blkpool_setup>() };
        (setup.block_size, setup.block_num, setup.align_size) = (1000, 64, 64);
        let mut q = request(&device);
        // SAFETY: an open queue, and a setup of our own.
        let blocks = unsafe { wd_blkpool_create(&raw mut q, &raw mut setup) };
        // SAFETY: as above.
        let mut setup = unsafe { std::mem::zeroed::<wd_sglpool_setup>() };
        (setup.buf_num, setup.buf_size, setup.align_size) = (100, 2048, 64);
        (setup.sge_num_in_sgl, setup.buf_num_in_sgl, setup.sgl_num) = (4, 4, 16);
        let device_of_lists = Instant::new().expect("memory");
        let mut q = request(&device_of_lists);
        // SAFETY: an open queue, and a setup of our own.
        let lists = unsafe { wd_sglpool_create(&raw mut q, &raw mut setup) };
        assert!(!blocks.is_null() && !lists.is_null());
        Pools {
            blocks,
            lists,
            _device: device,
        }
    }

    /// Takes, maps and gives back a block, and a chain through which bytes go, so many times.
    pub fn run(&self, count: usize) -> bool {
        let (mut out, mut back) = ([7_u8; 100], [0_u8; 100]);
        (0..count).all(|_| {
            // SAFETY: a pool.
            let block = unsafe { wd_alloc_blk(self.blocks) };
            // SAFETY: a pool.
            let bus = unsafe { wd_blk_iova_map(self.blocks, block) };
            // SAFETY: a pool, and its block.
            unsafe { wd_free_blk(self.blocks, block) };
            // SAFETY: a pool.
            let list = unsafe { wd_alloc_sgl(self.lists, 10_000) };
            // SAFETY: bytes of our own.
            let written =
                unsafe { wd_sgl_cp_from_pbuf(list, 8150, ptr::from_mut(&mut out).cast(), 100) };
            // SAFETY: bytes of our own.
            let read =
                unsafe { wd_sgl_cp_to_pbuf(list, 8150, ptr::from_mut(&mut back).cast(), 100) };
            // SAFETY: a pool, and its list.
            let place = unsafe { wd_sgl_iova_map(self.lists, list, 1) };
            // SAFETY: a pool, and its list.
            unsafe { wd_free_sgl(self.lists, list) };
            !bus.is_null() && !place.is_null() && (written, read) == (0, 0) && out == back
        })
    }
}
