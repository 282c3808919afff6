//! Messages, as the library's drivers know them.

use super::{Effort, Format, Way};
use warpdrive::alg::seat::Message as _;
use warpdrive::ctypes::v2::Enum;
use warpdrive::ctypes::v2::wd_comp::{wd_comp_req, wd_lz77_zstd_data};
use warpdrive::ctypes::v2::wd_comp_drv::wd_comp_msg;

/// A request on its way through a driver.
pub type Message = wd_comp_msg;

/// `wd_comp_state`.
pub const STATEFUL: u32 = 0;
const STATELESS: u32 = 1;

/// A message for a request that is whole. Its caller keeps `input`, `output` and `lz` until the
/// request is over.
pub fn whole(
    format: Format,
    way: Way,
    effort: Effort,
    input: &[u8],
    output: &mut [u8],
    lz: Option<&mut wd_lz77_zstd_data>,
) -> Message {
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    let effort = effort.for_format(format);
    let room = length(output.len());
    Message {
        req: wd_comp_req {
            src: input.as_ptr().cast_mut().cast(),
            src_len: length(input.len()),
            dst: output.as_mut_ptr().cast(),
            dst_len: room,
            op_type: Enum::new(u32::from(way == Way::Decompress)),
            last: 1,
            priv_: lz.map_or(std::ptr::null_mut(), |lz| std::ptr::from_mut(lz).cast()),
            ..Message::BLANK.req
        },
        alg_type: Enum::new(format.number()),
        comp_lv: Enum::new(effort.level.into()),
        win_sz: Enum::new(effort.window.into()),
        stream_mode: Enum::new(STATELESS),
        avail_out: room,
        ..Message::BLANK
    }
}
