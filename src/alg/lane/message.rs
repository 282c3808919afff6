//! Requests as messages.

use super::{Direction, Effort, Format};
use crate::ctypes::v2::Enum;
use crate::ctypes::v2::wd_comp::{wd_comp_req, wd_lz77_zstd_data};
use crate::ctypes::v2::wd_comp_drv::{wd_comp_msg, wd_comp_state};
use core::ptr;

/// A message for a request that is whole. Its sender keeps `input`, `output` and `results` until
/// the request is over. What is longer than 32 bits tell is begun with.
pub(super) fn whole(
    format: Format,
    way: Direction,
    effort: Effort,
    input: &[u8],
    output: &mut [u8],
    results: Option<&mut wd_lz77_zstd_data>,
) -> wd_comp_msg {
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    let room = length(output.len());
    wd_comp_msg {
        req: wd_comp_req {
            src: ptr::from_ref(input).cast_mut().cast(),
            src_len: length(input.len()),
            dst: output.as_mut_ptr().cast(),
            dst_len: room,
            op_type: Enum::new(way as u32),
            last: 1,
            priv_: results.map_or(ptr::null_mut(), |at| ptr::from_mut(at).cast()),
            ..wd_comp_msg::BLANK.req
        },
        alg_type: Enum::new(format as u32),
        comp_lv: Enum::new(effort.level.into()),
        win_sz: Enum::new(effort.window.into()),
        stream_mode: Enum::new(wd_comp_state::WD_COMP_STATELESS as u32),
        avail_out: room,
        ..wd_comp_msg::BLANK
    }
}
