//! `wd_sched.h`: the library's schedulers.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use super::{__u8, __u32};
use core::ffi::{c_int, c_uint};
use core::mem::offset_of;

/// No context.
pub const INVALID_POS: __u32 = 0xFFFF_FFFF;

/// Which context serves a request.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum sched_policy_type {
    /// Sessions are spread over the contexts, by turns.
    SCHED_POLICY_RR = 0,
    /// All requests go to context 0.
    SCHED_POLICY_NONE = 1,
    /// Synchronous requests go to context 0, asynchronous ones to context 1.
    SCHED_POLICY_SINGLE = 2,
    /// As `SCHED_POLICY_RR`, among the contexts of one device.
    SCHED_POLICY_DEV = 3,
    /// How many there are.
    SCHED_POLICY_BUTT = 4,
}

impl TryFrom<c_uint> for sched_policy_type {
    type Error = ();

    fn try_from(number: c_uint) -> Result<Self, ()> {
        match number {
            0 => Ok(sched_policy_type::SCHED_POLICY_RR),
            1 => Ok(sched_policy_type::SCHED_POLICY_NONE),
            2 => Ok(sched_policy_type::SCHED_POLICY_SINGLE),
            3 => Ok(sched_policy_type::SCHED_POLICY_DEV),
            _ => Err(()),
        }
    }
}

/// Contexts that a scheduler is given, or a session's wish.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct sched_params {
    /// The NUMA node; negative: the caller's.
    pub numa_id: c_int,
    /// The kind of operation.
    pub type_: __u8,
    /// One of `enum wd_ctx_mode`; not looked at for a session.
    pub mode: __u8,
    /// The first context; not looked at for a session.
    pub begin: __u32,
    /// The last context; not looked at for a session.
    pub end: __u32,
    /// The device's number, for `SCHED_POLICY_DEV`.
    pub dev_id: __u32,
}

/// Polls the context number `pos` for up to `expect` finished requests.
pub type user_poll_func =
    Option<unsafe extern "C" fn(pos: __u32, expect: __u32, count: *mut __u32) -> c_int>;

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
const _: () = {
    assert!(size_of::<sched_params>() == 20 && offset_of!(sched_params, begin) == 8);
};
