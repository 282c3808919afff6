//! Messages as sessions send them to compression drivers.

use core::mem::MaybeUninit;
use warpdrive::ctypes::v2::Enum;
use warpdrive::ctypes::v2::wd_comp::wd_comp_req;
use warpdrive::ctypes::v2::wd_comp_drv::wd_comp_msg;

/// A whole request without buffers: the format, 0 to compress, the level; of the greatest window.
pub fn message(alg: u32, op: u32, level: u32) -> wd_comp_msg {
    wd_comp_msg {
        req: wd_comp_req {
            op_type: Enum::new(op),
            last: 1,
            ..wd_comp_msg::BLANK.req
        },
        alg_type: Enum::new(alg),
        comp_lv: Enum::new(level),
        win_sz: Enum::new(4),
        stream_mode: Enum::new(1),
        ..wd_comp_msg::BLANK
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
