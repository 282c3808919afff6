//! `drv/wd_comp_drv.h`, which is not installed and yet known: the message between
//! the library and a compression driver.

#![expect(non_camel_case_types, reason = "the names are those of the C header")]

use super::wd::{wd_buff_type, wd_mm_ops};
use super::wd_alg_common::wd_mem_type;
use super::wd_comp::{wd_comp_alg_type, wd_comp_level, wd_comp_req, wd_comp_winsz_type};
use super::wd_internal::wd_datalist;
use super::{__u32, CBool, Enum};
use core::ffi::c_void;
use core::mem::offset_of;
use core::ptr;

/// Where in its stream a request stands.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wd_comp_strm_pos {
    /// It is the first.
    WD_COMP_STREAM_NEW = 0,
    /// It is not.
    WD_COMP_STREAM_OLD = 1,
}

/// Whether a request is part of a stream.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum wd_comp_state {
    /// It is.
    WD_COMP_STATEFUL = 0,
    /// It is whole.
    WD_COMP_STATELESS = 1,
}

/// The hardware's lists, where the driver needs them again; the driver's own.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct comp_sgl {
    /// The list of the input.
    pub in_: *mut c_void,
    /// The list of the output.
    pub out: *mut c_void,
    /// The list of the sequences.
    pub out_seq: *mut c_void,
    /// The caller's list of the input.
    pub list_src: *mut wd_datalist,
    /// The caller's list of the output.
    pub list_dst: *mut wd_datalist,
    /// Where in it the sequences begin.
    pub seq_start: *mut wd_datalist,
}

/// A request on its way through a driver. Out: `req.status` and the fields said to be.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct wd_comp_msg {
    /// The caller's request; `last` is 1 for one that is whole.
    pub req: wd_comp_req,
    /// The session's memory operations.
    pub mm_ops: *mut wd_mm_ops,
    /// Whose memory.
    pub mm_type: Enum<wd_mem_type>,
    /// The driver's own.
    pub c_sgl: comp_sgl,
    /// The stream's context: 64 KiB.
    pub ctx_buf: *mut c_void,
    /// The format.
    pub alg_type: Enum<wd_comp_alg_type>,
    /// The level.
    pub comp_lv: Enum<wd_comp_level>,
    /// The window.
    pub win_sz: Enum<wd_comp_winsz_type>,
    /// Whether the request is part of a stream.
    pub stream_mode: Enum<wd_comp_state>,
    /// Where in its stream it stands.
    pub stream_pos: Enum<wd_comp_strm_pos>,
    /// How the buffers lie in memory. Not used; `req.data_fmt` is.
    pub data_fmt: Enum<wd_buff_type>,
    /// Bytes of room for the output.
    pub avail_out: __u32,
    /// Out: bytes of input consumed.
    pub in_cons: __u32,
    /// Out: bytes of output produced.
    pub produced: __u32,
    /// In and out: bytes of the stream so far, for gzip's trailer.
    pub isize: __u32,
    /// In and out: the stream's checksum so far.
    pub checksum: __u32,
    /// Which request it is. The driver gives it back.
    pub tag: __u32,
    /// The driver's own: it needs no answer of the device.
    pub skip_hw: CBool,
}

impl wd_comp_msg {
    /// A message with 0 in every field, as `{ 0 }` makes it in C.
    pub const BLANK: wd_comp_msg = wd_comp_msg {
        req: wd_comp_req {
            src: ptr::null_mut(),
            src_len: 0,
            dst: ptr::null_mut(),
            dst_len: 0,
            cb: None,
            cb_param: ptr::null_mut(),
            op_type: Enum::new(0),
            data_fmt: Enum::new(0),
            last: 0,
            status: 0,
            priv_: ptr::null_mut(),
        },
        mm_ops: ptr::null_mut(),
        mm_type: Enum::new(0),
        c_sgl: comp_sgl {
            in_: ptr::null_mut(),
            out: ptr::null_mut(),
            out_seq: ptr::null_mut(),
            list_src: ptr::null_mut(),
            list_dst: ptr::null_mut(),
            seq_start: ptr::null_mut(),
        },
        ctx_buf: ptr::null_mut(),
        alg_type: Enum::new(0),
        comp_lv: Enum::new(0),
        win_sz: Enum::new(0),
        stream_mode: Enum::new(0),
        stream_pos: Enum::new(0),
        data_fmt: Enum::new(0),
        avail_out: 0,
        in_cons: 0,
        produced: 0,
        isize: 0,
        checksum: 0,
        tag: 0,
        skip_hw: CBool(0),
    };
}

// The layout is ABI: sizes and offsets of UADK 2.10, LP64.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<comp_sgl>() == 48);
    assert!(size_of::<wd_comp_msg>() == 200 && offset_of!(wd_comp_msg, c_sgl) == 88);
    assert!(offset_of!(wd_comp_msg, ctx_buf) == 136 && offset_of!(wd_comp_msg, tag) == 188);
    assert!(offset_of!(wd_comp_msg, skip_hw) == 192);
};
