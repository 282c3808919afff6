//! Messages of UADK v1 as descriptors, and finished descriptors in their messages.
//!
//! Its programs see the engine as it is: no header is written or skipped, lists are
//! those that the program's own memory operations tell the address of, and what a
//! stream's state means is told by numbers of its own. What a stream needs beside the
//! engine is in its context, as with UADK v2.

mod decode;
mod encode;
mod store;

#[cfg(test)]
mod tests;

pub use decode::decode;
pub use encode::encode;

use crate::ctypes::v1::wd::wd_buff_type;
use crate::ctypes::v1::wd_comp::{
    wcrypto_comp_alg_type, wcrypto_comp_msg, wcrypto_comp_state, wcrypto_comp_win_type,
    wcrypto_lz77_zstd_format, wcrypto_stream_status,
};
use crate::ctypes::v1::wd_util::wcrypto_comp_tag;
use crate::error::{Error, Result};
use crate::qm::layout::Version;
use crate::sys::lent::Promise;
use core::num::NonZeroU64;

/// What the requests of a queue have in common.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The version of the device's queue interface.
    pub version: Version,
    /// For the memory that messages name.
    pub promise: Promise,
}

/// The device's address of `len` bytes, as `map` tells it.
///
/// # Errors
/// [`Error::Invalid`] if it has no answer, as the C library says, or one that so many bytes do not lie
/// behind.
#[inline(always)]
fn address(
    va: *const u8,
    len: usize,
    map: &mut impl FnMut(usize, usize) -> Option<NonZeroU64>,
) -> Result<u64> {
    let found = map(va.expose_provenance(), len).map(NonZeroU64::get);
    let found = found.filter(|at| at.checked_add(len as u64).is_some());
    found.ok_or(Error::Invalid)
}

/// The numbers of a message that have to be one of a few.
#[derive(Clone, Copy, Debug)]
struct Kind {
    format: u8,
    stateful: bool,
    new: bool,
    lists: bool,
}

impl Kind {
    /// What a message says of itself.
    ///
    /// # Errors
    /// [`Error::Invalid`] for numbers that mean nothing, and for a stream without a context.
    #[inline(always)]
    fn of(message: &wcrypto_comp_msg) -> Result<Kind> {
        let stateful = message.stream_mode == wcrypto_comp_state::WCRYPTO_COMP_STATEFUL as u8;
        // Each of the three is 0 or 1.
        let flags = message.stream_mode | message.stream_pos | message.data_fmt;
        if flags > 1
            || message.alg_type >= wcrypto_comp_alg_type::WCRYPTO_COMP_MAX_ALG as u8
            || stateful && message.ctx_buf.is_null()
        {
            return Err(Error::Invalid);
        }
        Ok(Kind {
            format: message.alg_type,
            stateful,
            new: message.stream_pos == wcrypto_stream_status::WCRYPTO_COMP_STREAM_NEW as u8,
            lists: message.data_fmt == wd_buff_type::WD_SGL_BUF as u8,
        })
    }

    #[inline(always)]
    fn is_lz77(self) -> bool {
        self.format == wcrypto_comp_alg_type::WCRYPTO_LZ77_ZSTD as u8
    }
}

/// The number of a window in a descriptor.
///
/// # Errors
/// [`Error::Invalid`] for one that there is not.
fn window(message: &wcrypto_comp_msg) -> Result<u8> {
    let known = wcrypto_comp_win_type::try_from(u32::from(message.win_size));
    known
        .map(|window| window as u8)
        .map_err(|()| Error::Invalid)
}

/// Where the results of LZ77 go: what the tag names, which the message names; or null.
fn results(facts: Facts, message: &wcrypto_comp_msg) -> *mut wcrypto_lz77_zstd_format {
    let tag = core::ptr::with_exposed_provenance::<wcrypto_comp_tag>(message.udata as usize);
    let tag = facts.promise.read(tag);
    tag.map_or(core::ptr::null_mut(), |tag| tag.priv_.cast())
}
