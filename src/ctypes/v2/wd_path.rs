//! `wd_path.h`, a header of this library's own: who served the requests. Additive;
//! the C library has no such functions.

use super::__u64;

/// No request yet.
pub const WD_PATH_NONE: u32 = 0;
/// A device of the kernel's.
pub const WD_PATH_HARDWARE: u32 = 1;
/// A simulated device in this process.
pub const WD_PATH_SIMULATED: u32 = 2;
/// Software in this library.
pub const WD_PATH_SOFTWARE: u32 = 3;
/// A driver from elsewhere, of which no more is known.
pub const WD_PATH_FOREIGN: u32 = 4;

/// What an algorithm of this process has done since it was initialised. Other processes have
/// counters of their own.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct wd_comp_stats {
    /// In: the size in bytes of the caller's structure. Out: how much of it was filled in.
    pub size: __u64,
    /// Contexts.
    pub contexts: __u64,
    /// Requests that were finished, failed ones included.
    pub requests: __u64,
    /// Bytes of input that finished requests consumed.
    pub bytes_in: __u64,
    /// Bytes of output that finished requests produced.
    pub bytes_out: __u64,
    /// Requests that failed, or ended with the status `WD_IN_EPARA`.
    pub errors: __u64,
    /// Requests that devices served.
    pub hardware: __u64,
    /// Requests that simulated devices served.
    pub simulated: __u64,
    /// Requests that software in this library served.
    pub software: __u64,
    /// Requests that drivers from elsewhere served.
    pub foreign: __u64,
    /// Of the requests that software served: those that a device had failed.
    pub fallbacks: __u64,
    /// Synchronous requests whose answer did not come in time.
    pub timeouts: __u64,
    /// Answers to no request: late, forged or twice.
    pub strays: __u64,
}

// The layout is ABI of this library.
const _: () = assert!(size_of::<wd_comp_stats>() == 104);
