//! `wd_zlibwrapper.h`: streams as zlib has them.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use super::{__u8, __u32, __u64};
use core::ffi::{c_char, c_int, c_void};
use core::mem::offset_of;

/// Give out what is convenient. Not supported.
pub const Z_NO_FLUSH: c_int = 0;
/// Not supported.
pub const Z_PARTIAL_FLUSH: c_int = 1;
/// Give out all there is, at a byte's edge.
pub const Z_SYNC_FLUSH: c_int = 2;
/// Not supported.
pub const Z_FULL_FLUSH: c_int = 3;
/// This is the end of the input.
pub const Z_FINISH: c_int = 4;

/// Done.
pub const Z_OK: c_int = 0;
/// The end of the stream.
pub const Z_STREAM_END: c_int = 1;
/// A dictionary is needed.
pub const Z_NEED_DICT: c_int = 2;
/// See `errno`.
pub const Z_ERRNO: c_int = -1;
/// The stream or an argument is not acceptable.
pub const Z_STREAM_ERROR: c_int = -2;
/// The input is not what it should be.
pub const Z_DATA_ERROR: c_int = -3;
/// No memory.
pub const Z_MEM_ERROR: c_int = -4;
/// No room for output, or no input.
pub const Z_BUF_ERROR: c_int = -5;
/// Another version of zlib.
pub const Z_VERSION_ERROR: c_int = -6;

/// The level that is a good compromise.
pub const Z_DEFAULT_COMPRESSION: c_int = -1;
/// The greatest window, as a power of two.
pub const MAX_WBITS: c_int = 15;
/// Not used.
pub const DEF_MEM_LEVEL: c_int = 0;
/// Not used.
pub const Z_DEFAULT_STRATEGY: c_int = 0;

/// Not called.
pub type alloc_func = Option<unsafe extern "C" fn(opaque: *mut c_void, items: __u32, size: __u32)>;
/// Not called.
pub type free_func = Option<unsafe extern "C" fn(opaque: *mut c_void, address: *mut c_void)>;

/// The library's part of a stream.
#[repr(C)]
#[derive(Debug)]
pub struct internal_state {
    /// Not used.
    dummy: [u8; 0],
}

/// A stream.
#[repr(C)]
#[derive(Debug)]
pub struct z_stream_s {
    /// The next byte of input.
    pub next_in: *const __u8,
    /// Bytes of input there.
    pub avail_in: __u32,
    /// Bytes of input so far.
    pub total_in: __u64,
    /// Where the next byte of output goes.
    pub next_out: *mut __u8,
    /// Room for output there.
    pub avail_out: __u32,
    /// Bytes of output so far.
    pub total_out: __u64,
    /// Not used.
    pub msg: *const c_char,
    /// Not used.
    pub state: *mut internal_state,
    /// Not called.
    pub zalloc: alloc_func,
    /// Not called.
    pub zfree: free_func,
    /// Not used.
    pub opaque: *mut c_void,
    /// Not used.
    pub data_type: c_int,
    /// Not used.
    pub adler: __u64,
    /// The library's session.
    pub reserved: __u64,
}

/// `struct z_stream_s`.
pub type z_stream = z_stream_s;
/// `struct z_stream_s *`.
pub type z_streamp = *mut z_stream;

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<z_stream_s>() == 112 && offset_of!(z_stream_s, next_out) == 24);
    assert!(offset_of!(z_stream_s, adler) == 96 && offset_of!(z_stream_s, reserved) == 104);
};
