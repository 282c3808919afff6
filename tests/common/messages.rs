//! Messages as sessions send them to compression drivers.

use core::mem::MaybeUninit;
use core::ptr::null_mut;
use warpdrive::ctypes::v2::wd_comp::wd_comp_req;
use warpdrive::ctypes::v2::wd_comp_drv::{comp_sgl, wd_comp_msg};
use warpdrive::ctypes::v2::{CBool, Enum};

/// A whole request without buffers: the format, 0 to compress, the level; of the greatest window.
pub fn message(alg: u32, op: u32, level: u32) -> wd_comp_msg {
    let nothing = null_mut();
    wd_comp_msg {
        req: wd_comp_req {
            src: nothing,
            src_len: 0,
            dst: nothing,
            dst_len: 0,
            cb: None,
            cb_param: nothing,
            op_type: Enum::new(op),
            data_fmt: Enum::new(0),
            last: 1,
            status: 0,
            priv_: nothing,
        },
        mm_ops: null_mut(),
        mm_type: Enum::new(0),
        c_sgl: comp_sgl {
            in_: nothing,
            out: nothing,
            out_seq: nothing,
            list_src: null_mut(),
            list_dst: null_mut(),
            seq_start: null_mut(),
        },
        ctx_buf: nothing,
        alg_type: Enum::new(alg),
        comp_lv: Enum::new(level),
        win_sz: Enum::new(4),
        stream_mode: Enum::new(1),
        stream_pos: Enum::new(0),
        data_fmt: Enum::new(0),
        avail_out: 0,
        in_cons: 0,
        produced: 0,
        isize: 0,
        checksum: 0,
        tag: 0,
        skip_hw: CBool::default(),
    }
}

/// Gives a message its buffers, which have to live until it is answered.
pub fn lend(message: &mut wd_comp_msg, input: &[u8], output: &mut [MaybeUninit<u8>]) {
    message.req.src = input.as_ptr().cast_mut().cast();
    message.req.src_len = input.len() as u32;
    message.req.dst = output.as_mut_ptr().cast();
    message.req.dst_len = output.len() as u32;
    message.avail_out = output.len() as u32;
}
