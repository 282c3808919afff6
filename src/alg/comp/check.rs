//! Whether a request is one: the checks that the C library makes.

use crate::alg::sched::Mode;
use crate::ctypes::v2::wd::wd_buff_type::{self, WD_FLAT_BUF, WD_SGL_BUF};
use crate::ctypes::v2::wd_comp::wd_comp_alg_type::{WD_GZIP, WD_ZLIB};
use crate::ctypes::v2::wd_comp::wd_comp_op_type::{WD_DIR_COMPRESS, WD_DIR_DECOMPRESS};
use crate::ctypes::v2::wd_comp::{wd_comp_alg_type, wd_comp_req};
use crate::error::{Error, Result};
use crate::log_error;

/// Bytes of a zlib header.
const ZLIB_HEADER: u32 = 2;
/// Bytes of a gzip header.
const GZIP_HEADER: u32 = 10;

/// Checks a request of a session of `format`; `fresh` says that no stream is going on in it, `pieces`
/// that the request is part of one.
///
/// # Errors
/// [`Error::Invalid`], with a message that says what is wrong.
#[inline]
pub fn request(
    request: &wd_comp_req,
    format: wd_comp_alg_type,
    fresh: bool,
    mode: Mode,
    pieces: bool,
) -> Result<()> {
    // One look for those that are right, and no header's size to be thought of.
    let flat = request.data_fmt.0 == WD_FLAT_BUF as u32;
    let list = request.data_fmt.0 == WD_SGL_BUF as u32;
    let called_back = match mode {
        Mode::Sync => request.cb.is_none(),
        Mode::Async => request.cb.is_some() && !request.cb_param.is_null(),
    };
    if (flat || list && !pieces)
        && request.op_type.0 <= WD_DIR_DECOMPRESS as u32
        && !request.src.is_null()
        && !request.dst.is_null()
        && request.dst_len > GZIP_HEADER
        && request.src_len > GZIP_HEADER
        && called_back
    {
        return Ok(());
    }
    match fault(request, format, fresh, mode, pieces) {
        None => Ok(()),
        Some(fault) => {
            log_error!("a bad request: {fault}");
            Err(Error::Invalid)
        }
    }
}

/// What is wrong with a request.
#[cold]
fn fault(
    request: &wd_comp_req,
    format: wd_comp_alg_type,
    fresh: bool,
    mode: Mode,
    pieces: bool,
) -> Option<&'static str> {
    let layout: Option<wd_buff_type> = request.data_fmt.get();
    let direction = request.op_type.get();
    let header = match format {
        WD_ZLIB if fresh => ZLIB_HEADER,
        WD_GZIP if fresh => GZIP_HEADER,
        _ => 0,
    };
    let faults = [
        (layout.is_none(), "data_fmt"),
        (request.src.is_null(), "src is NULL"),
        (request.dst.is_null(), "dst is NULL"),
        (request.dst_len == 0, "dst_len is 0"),
        (
            direction == Some(WD_DIR_COMPRESS) && request.dst_len <= header,
            "no room for a header",
        ),
        (
            direction == Some(WD_DIR_DECOMPRESS) && request.src_len <= header && header != 0,
            "no more than a header",
        ),
        (direction.is_none(), "op_type"),
        (mode == Mode::Async && request.cb.is_none(), "cb is NULL"),
        (
            mode == Mode::Async && request.cb_param.is_null(),
            "cb_param is NULL",
        ),
        (mode == Mode::Sync && request.cb.is_some(), "cb is not NULL"),
        (!pieces && request.src_len == 0, "src_len is 0"),
        (
            pieces && layout == Some(WD_SGL_BUF),
            "a stream's pieces cannot be lists",
        ),
    ];
    let wrong = faults.iter().find(|(wrong, _)| *wrong);
    wrong.map(|(_, what)| *what)
}
