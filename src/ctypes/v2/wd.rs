//! `wd.h`: devices, contexts, memory operations and error numbers.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use super::uacce::REGIONS;
use super::{__u32, CBool, Enum};
use core::ffi::{c_char, c_int, c_uchar, c_uint, c_ulong, c_void};
use core::mem::offset_of;

/// Length of a path in sysfs.
pub const PATH_STR_SIZE: usize = 256;
/// Length of a device's list of algorithms.
pub const MAX_ATTR_STR_SIZE: usize = 384;
/// Length of a short text in sysfs.
pub const WD_NAME_SIZE: usize = 64;
/// Length of a device's path.
pub const MAX_DEV_NAME_LEN: usize = 256;
/// Length of `"."`.
pub const LINUX_CRTDIR_SIZE: c_int = 1;
/// Length of `".."`.
pub const LINUX_PRTDIR_SIZE: c_int = 2;
/// Counters of messages.
pub const WD_CTX_CNT_NUM: c_int = 1024;
/// The System V key of libwd's counters. This library keeps its counters to itself.
pub const WD_IPC_KEY: c_int = 0x500011;
/// Length of an algorithm's name.
pub const CRYPTO_MAX_ALG_NAME: usize = 128;
/// Any NUMA node.
pub const NUMA_NO_NODE: c_int = -1;

/// Done.
pub const WD_SUCCESS: c_int = 0;
/// The end of a compressed stream was reached.
pub const WD_STREAM_END: c_int = 1;
/// A stream begins.
pub const WD_STREAM_START: c_int = 2;
/// Software has to do it.
pub const WD_SOFT_COMPUTING: c_int = 3;
/// Device or protocol error.
pub const WD_EIO: c_int = 5;
/// Nothing yet; try again.
pub const WD_EAGAIN: c_int = 11;
/// No memory.
pub const WD_ENOMEM: c_int = 12;
/// Not permitted.
pub const WD_EACCES: c_int = 13;
/// No free queue, or a queue is full.
pub const WD_EBUSY: c_int = 16;
/// Done already.
pub const WD_EEXIST: c_int = 17;
/// No such device, or no driver for it.
pub const WD_ENODEV: c_int = 19;
/// An argument is not acceptable.
pub const WD_EINVAL: c_int = 22;
/// The wait was too long.
pub const WD_ETIMEDOUT: c_int = 110;
/// An address is not acceptable.
pub const WD_ADDR_ERR: c_int = 61;
/// The device was reset, or does not answer.
pub const WD_HW_EACCESS: c_int = 62;
/// A scatter-gather list is not acceptable.
pub const WD_SGL_ERR: c_int = 63;
/// A verification failed.
pub const WD_VERIFY_ERR: c_int = 64;
/// An output parameter is not acceptable.
pub const WD_OUT_EPARA: c_int = 66;
/// An input parameter, or the input, is not acceptable.
pub const WD_IN_EPARA: c_int = 67;
/// There is nothing to be done.
pub const WD_ENOPROC: c_int = 68;

/// Prints a message.
pub type wd_log = Option<unsafe extern "C" fn(format: *const c_char, ...)>;
/// Allocates `size` bytes from `usr`.
pub type wd_alloc = Option<unsafe extern "C" fn(usr: *mut c_void, size: usize) -> *mut c_void>;
/// Gives back what `wd_alloc` gave.
pub type wd_free = Option<unsafe extern "C" fn(usr: *mut c_void, va: *mut c_void)>;
/// Tells the device's address of `va`.
pub type wd_map =
    Option<unsafe extern "C" fn(usr: *mut c_void, va: *mut c_void, sz: usize) -> *mut c_void>;
/// Ends the use of what `wd_map` answered.
pub type wd_unmap =
    Option<unsafe extern "C" fn(usr: *mut c_void, va: *mut c_void, dma: *mut c_void, sz: usize)>;
/// Tells the size of the blocks of `usr`.
pub type wd_bufsize = Option<unsafe extern "C" fn(usr: *mut c_void) -> __u32>;

/// Memory for devices without SVA: whose it is, and how to use it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_mm_ops {
    /// Allocates.
    pub alloc: wd_alloc,
    /// Frees.
    pub free: wd_free,
    /// From the process's address to the device's.
    pub iova_map: wd_map,
    /// Ends the use of a device's address.
    pub iova_unmap: wd_unmap,
    /// The size of a block.
    pub get_bufsize: wd_bufsize,
    /// The first argument of all of them.
    pub usr: *mut c_void,
    /// Whether the device works on the process's own addresses.
    pub sva_mode: CBool,
}

/// Bytes, and how many are used.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_dtb {
    /// The bytes.
    pub data: *mut c_char,
    /// Bytes used.
    pub dsize: __u32,
    /// Bytes there are.
    pub bsize: __u32,
}

/// How a buffer lies in memory.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wd_buff_type {
    /// In one piece.
    WD_FLAT_BUF = 0,
    /// As a list of pieces, `struct wd_datalist`.
    WD_SGL_BUF = 1,
}

impl TryFrom<c_uint> for wd_buff_type {
    type Error = ();

    fn try_from(number: c_uint) -> Result<Self, ()> {
        match number {
            0 => Ok(wd_buff_type::WD_FLAT_BUF),
            1 => Ok(wd_buff_type::WD_SGL_BUF),
            _ => Err(()),
        }
    }
}

/// Classes of symmetric algorithms.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wd_alg_type {
    /// Ciphers.
    WD_CIPHER = 0,
    /// Hashes and message authentication codes.
    WD_DIGEST = 1,
    /// Authenticated encryption.
    WD_AEAD = 2,
}

/// The pages of a memory pool.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wd_page_type {
    /// Huge pages.
    WD_HUGE_PAGE = 0,
    /// Pages of the usual size.
    WD_NORMAL_PAGE = 1,
}

/// A device, as sysfs describes it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct uacce_dev {
    /// `UACCE_DEV_SVA` and other bits of the attribute `flags`.
    pub flags: c_int,
    /// The NUMA node; 0 where the kernel knows none.
    pub numa_id: c_int,
    /// The queue interface, for example `hisi_qm_v3`.
    pub api: [c_char; WD_NAME_SIZE],
    /// The algorithms, one a line.
    pub algs: [c_char; MAX_ATTR_STR_SIZE],
    /// The device's directory in sysfs.
    pub dev_root: [c_char; PATH_STR_SIZE],
    /// The device's file.
    pub char_dev_path: [c_char; MAX_DEV_NAME_LEN],
    /// The sizes in bytes of the regions of a queue.
    pub qfrs_offs: [c_ulong; REGIONS],
}

/// A list of devices.
#[repr(C)]
pub struct uacce_dev_list {
    /// The device; it belongs to the list.
    pub dev: *mut uacce_dev,
    /// The rest of the list.
    pub next: *mut uacce_dev_list,
}

/// A set of devices.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_dev_mask {
    /// A bit a device.
    pub mask: *mut c_uchar,
    /// Bytes of `mask`.
    pub len: c_int,
    /// Which kind of set.
    pub magic: c_uint,
}

/// `struct wd_dev_mask`.
pub type wd_dev_mask_t = wd_dev_mask;

/// What `wd_mempool_stats` tells.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_mempool_stats {
    /// The pages the pool is made of.
    pub page_type: Enum<wd_page_type>,
    /// Bytes of a page.
    pub page_size: c_ulong,
    /// Pages.
    pub page_num: c_ulong,
    /// Bytes of a block.
    pub blk_size: c_ulong,
    /// Blocks.
    pub blk_num: c_ulong,
    /// Blocks that are free.
    pub free_blk_num: c_ulong,
    /// Percentage of blocks in use.
    pub blk_usage_rate: c_ulong,
}

/// What `wd_blockpool_stats` tells.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_blockpool_stats {
    /// Bytes of a block.
    pub block_size: c_ulong,
    /// Blocks.
    pub block_num: c_ulong,
    /// Blocks that are free.
    pub free_block_num: c_ulong,
    /// Percentage of blocks in use.
    pub block_usage_rate: c_ulong,
    /// Percentage of the memory that is in no block.
    pub mem_waste_rate: c_ulong,
}

/// An algorithm of a driver.
#[repr(C)]
pub struct wd_capability {
    /// The algorithm's name.
    pub alg_name: [c_char; CRYPTO_MAX_ALG_NAME],
    /// The driver's name.
    pub drv_name: [c_char; CRYPTO_MAX_ALG_NAME],
    /// Whether it can be used.
    pub available: CBool,
    /// The greatest is used.
    pub priority: c_int,
    /// One of `enum alg_dev_type`.
    pub calc_type: c_int,
    /// The rest of the list.
    pub next: *mut wd_capability,
}

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<wd_mm_ops>() == 56 && offset_of!(wd_mm_ops, sva_mode) == 48);
    assert!(size_of::<wd_dtb>() == 16);
    assert!(size_of::<uacce_dev>() == 992 && offset_of!(uacce_dev, qfrs_offs) == 968);
    assert!(offset_of!(uacce_dev, algs) == 72 && offset_of!(uacce_dev, dev_root) == 456);
    assert!(offset_of!(uacce_dev, char_dev_path) == 712);
    assert!(size_of::<uacce_dev_list>() == 16 && size_of::<wd_dev_mask>() == 16);
    assert!(size_of::<wd_mempool_stats>() == 56 && size_of::<wd_blockpool_stats>() == 40);
    assert!(size_of::<wd_capability>() == 280 && offset_of!(wd_capability, next) == 272);
};
