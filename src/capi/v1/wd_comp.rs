//! The functions of `uadk/v1/wd_comp.h`. The comments below are the header's comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header"
)]

use super::queue_of;
use crate::capi::entry::entry;
use crate::ctypes::v1::wd::{wcrypto_cb, wd_queue};
use crate::ctypes::v1::wd_comp::{wcrypto_comp_ctx_setup, wcrypto_comp_msg, wcrypto_comp_op_data};
use crate::error::Error;
use crate::sys::lent::Promise;
use crate::wcrypto::comp;
use core::ffi::{c_int, c_uint, c_void};

/// Makes a compression context of an open queue. `setup` is only read. Of its `br` all functions but
/// `get_bufsize` are needed, except that on a device with SVA there may be none at all; and all
/// contexts of a queue have the same `br.usr`. How many requests may be on their way: 1 for a
/// stream, else what the low 16 bits of `capa.flags` said if that is 1 to 1024, else 64.
///
/// Returns a number that names it; NULL for a bad setup, a 257th context, or without memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wcrypto_create_comp_ctx(
    q: *mut wd_queue,
    setup: *mut wcrypto_comp_ctx_setup,
) -> *mut c_void {
    entry("wcrypto_create_comp_ctx", || {
        // SAFETY: the caller's promise.
        let queue = unsafe { queue_of(q) }?;
        // SAFETY: not NULL, so by the caller's promise a structure.
        let flags = unsafe { (*q).capa.flags };
        // SAFETY: NULL, or by the caller's promise a setup.
        let setup = unsafe { setup.as_ref() }.ok_or(Error::Invalid)?;
        // SAFETY: the caller's promise: the functions of `setup.br` are good.
        let promise = unsafe { Promise::given() };
        let context = comp::open(queue, setup, flags, promise)?;
        Ok(core::ptr::without_provenance_mut(context))
    })
}

/// Does a request. With `tag` NULL it waits, and the answer is in `opdata` then: `consumed`,
/// `produced`, `status`, `isize`, `checksum`. Else `wcrypto_comp_poll` calls the context's callback
/// when it is finished, with `tag`.
///
/// What the device makes is handed on as it is: the output of zlib and gzip begins without a header.
/// A `status` of `WCRYPTO_DECOMP_END_NOSPACE` or `WCRYPTO_DECOMP_BLK_NOSTART` asks for another
/// request, without input.
///
/// Returns 0; -WD_EINVAL for a bad request or context; -WD_EBUSY if too many requests are on their
/// way; -WD_ETIMEDOUT; -WD_HW_EACCESS if the device does not work.
///
/// After -WD_ETIMEDOUT input and output belong to the device until the queue is released; `opdata` and
/// what its `priv` names are not written to any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wcrypto_do_comp(
    ctx: *mut c_void,
    opdata: *mut wcrypto_comp_op_data,
    tag: *mut c_void,
) -> c_int {
    entry("wcrypto_do_comp", || {
        // SAFETY: NULL, or by the caller's promise a request that is the library's meanwhile.
        let data = unsafe { opdata.as_mut() }.ok_or(Error::Invalid)?;
        // SAFETY: the caller's promise: what the request names is the library's until it is finished.
        let promise = unsafe { Promise::given() };
        comp::run(ctx.addr(), data, tag, promise).map(|()| 0)
    })
}

/// Calls back for up to `num` finished requests of the contexts of `q`, or with 0 for all that are
/// finished, but not for more than 1024. The callback is given the request's message, which is good
/// until it returns, and may call any function. Messages of `wd_send` are left for `wd_recv`.
///
/// Returns for how many; -WD_EINVAL for a bad queue; -WD_HW_EACCESS if the device does not work:
/// then requests on their way are called back for with that status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wcrypto_comp_poll(q: *mut wd_queue, num: c_uint) -> c_int {
    entry("wcrypto_comp_poll", || {
        // SAFETY: the caller's promise.
        let queue = unsafe { queue_of(q) }?;
        // SAFETY: the caller's promise: what its requests named is the library's still.
        let promise = unsafe { Promise::given() };
        let count = comp::poll(queue, num, promise, call_back)?;
        Ok(c_int::try_from(count).unwrap_or(c_int::MAX))
    })
}

/// Calls the program's callback.
fn call_back(callback: wcrypto_cb, message: *const wcrypto_comp_msg, tag: *mut c_void) {
    if let Some(callback) = callback {
        // SAFETY: the program gave it with its context, and the tag with the request, for this.
        unsafe { callback(message.cast(), tag) };
    }
}

/// Deletes a context. Requests that are on their way get 250 ms; they are not called back for. The
/// memory of a stream goes back by `br.free` unless a device may still write to it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wcrypto_del_comp_ctx(ctx: *mut c_void) {
    entry("wcrypto_del_comp_ctx", || {
        // SAFETY: the caller's promise, as for its requests.
        let promise = unsafe { Promise::given() };
        comp::close(ctx.addr(), promise)
    })
}
