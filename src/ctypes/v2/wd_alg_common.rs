//! `wd_alg_common.h`: contexts and schedulers, as the algorithms' `init` functions take them.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use super::{__u8, __u32, handle_t};
use core::ffi::{c_char, c_int, c_uint, c_ulong, c_void};
use core::mem::offset_of;

/// Bits of a byte.
pub const BYTE_BITS: c_int = 8;
/// [`BYTE_BITS`] as a power of two.
pub const BYTE_BITS_SHIFT: c_int = 3;
/// Length of a text.
pub const MAX_STR_LEN: c_int = 256;
/// No kind of context.
pub const CTX_TYPE_INVALID: c_int = 9999;
/// Milliseconds of one wait for a device.
pub const POLL_TIME: c_int = 1000;

/// What may serve the requests.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum alg_task_type {
    /// Devices, with software where they cannot.
    TASK_MIX = 0,
    /// Devices only.
    TASK_HW = 1,
    /// Software only.
    TASK_INSTR = 2,
    /// How many there are.
    TASK_MAX_TYPE = 3,
}

impl TryFrom<c_int> for alg_task_type {
    type Error = ();

    fn try_from(number: c_int) -> Result<Self, ()> {
        match number {
            0 => Ok(alg_task_type::TASK_MIX),
            1 => Ok(alg_task_type::TASK_HW),
            2 => Ok(alg_task_type::TASK_INSTR),
            _ => Err(()),
        }
    }
}

/// How a context is used.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wd_ctx_mode {
    /// The call waits for the result.
    CTX_MODE_SYNC = 0,
    /// The result comes through a poll function.
    CTX_MODE_ASYNC = 1,
    /// How many there are.
    CTX_MODE_MAX = 2,
}

impl TryFrom<c_uint> for wd_ctx_mode {
    type Error = ();

    fn try_from(number: c_uint) -> Result<Self, ()> {
        match number {
            0 => Ok(wd_ctx_mode::CTX_MODE_SYNC),
            1 => Ok(wd_ctx_mode::CTX_MODE_ASYNC),
            _ => Err(()),
        }
    }
}

/// The two families of `init` functions.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wd_init_type {
    /// The caller brings contexts and scheduler.
    WD_TYPE_V1 = 0,
    /// The library makes them.
    WD_TYPE_V2 = 1,
}

/// Where memory for devices without SVA comes from.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wd_mem_type {
    /// The library decides.
    UADK_MEM_AUTO = 0,
    /// The caller's own functions.
    UADK_MEM_USER = 1,
    /// A pool of `wd_mempool_alloc`.
    UADK_MEM_PROXY = 2,
    /// How many there are.
    UADK_MEM_MAX = 3,
}

impl TryFrom<c_uint> for wd_mem_type {
    type Error = ();

    fn try_from(number: c_uint) -> Result<Self, ()> {
        match number {
            0 => Ok(wd_mem_type::UADK_MEM_AUTO),
            1 => Ok(wd_mem_type::UADK_MEM_USER),
            2 => Ok(wd_mem_type::UADK_MEM_PROXY),
            _ => Err(()),
        }
    }
}

/// A context, and what it is for.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_ctx {
    /// What `wd_request_ctx` answered.
    pub ctx: handle_t,
    /// The kind of operation; compression: 0 compresses, 1 decompresses.
    pub op_type: __u8,
    /// One of `enum wd_ctx_mode`.
    pub ctx_mode: __u8,
}

/// Limits of an algorithm.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_cap_config {
    /// Asynchronous requests of a context, 1 to 1024; 0 is 1024.
    pub ctx_msg_num: __u32,
    /// Not used.
    pub resv: __u32,
}

/// All contexts of an algorithm.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_ctx_config {
    /// Contexts.
    pub ctx_num: __u32,
    /// The contexts.
    pub ctxs: *mut wd_ctx,
    /// The caller's own.
    pub priv_: *mut c_void,
    /// Limits, or NULL.
    pub cap: *mut wd_cap_config,
}

/// Contexts of one kind of operation.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct wd_ctx_nums {
    /// Contexts for synchronous requests.
    pub sync_ctx_num: __u32,
    /// Contexts for asynchronous requests.
    pub async_ctx_num: __u32,
}

/// A set of NUMA nodes, as libnuma lays it out.
#[repr(C)]
#[derive(Debug)]
pub struct bitmask {
    /// Bits.
    pub size: c_ulong,
    /// The bits, in words of `unsigned long`.
    pub maskp: *mut c_ulong,
}

/// How many contexts an algorithm gets, and where.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_ctx_params {
    /// Entries of `ctx_set_num`.
    pub op_type_num: __u32,
    /// The numbers for each kind of operation.
    pub ctx_set_num: *mut wd_ctx_nums,
    /// The NUMA nodes, or NULL for all.
    pub bmp: *mut bitmask,
    /// Limits, or NULL.
    pub cap: *mut wd_cap_config,
}

/// Makes a session's key. An error is a small negative number, as a pointer.
pub type sched_init_fn =
    Option<unsafe extern "C" fn(h_sched_ctx: handle_t, sched_param: *mut c_void) -> handle_t>;
/// Tells the number of the context for the next request.
pub type pick_next_ctx_fn = Option<
    unsafe extern "C" fn(h_sched_ctx: handle_t, sched_key: *mut c_void, sched_mode: c_int) -> __u32,
>;
/// Polls contexts until `expect` requests are finished or it has tried long enough.
pub type poll_policy_fn =
    Option<unsafe extern "C" fn(h_sched_ctx: handle_t, expect: __u32, count: *mut __u32) -> c_int>;

/// A scheduler: which context serves which request.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_sched {
    /// Its name.
    pub name: *const c_char,
    /// One of `enum sched_policy_type`.
    pub sched_policy: c_int,
    /// Makes a session's key, with `malloc`.
    pub sched_init: sched_init_fn,
    /// Picks a context.
    pub pick_next_ctx: pick_next_ctx_fn,
    /// Polls.
    pub poll_policy: poll_policy_fn,
    /// The scheduler's own.
    pub h_sched_ctx: handle_t,
}

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<wd_ctx>() == 16 && offset_of!(wd_ctx, ctx_mode) == 9);
    assert!(size_of::<wd_ctx_config>() == 32 && size_of::<wd_ctx_params>() == 32);
    assert!(size_of::<wd_cap_config>() == 8 && size_of::<wd_ctx_nums>() == 8);
    assert!(size_of::<wd_sched>() == 48 && offset_of!(wd_sched, h_sched_ctx) == 40);
};
