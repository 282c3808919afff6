//! The functions of `wd_zlibwrapper.h`: streams as zlib has them. The comments below are the
//! header's comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, where the first one says what holds for \
              all: streams are NULL or good, and so are the buffers that they name"
)]

use crate::alg::zlib;
use crate::capi::entry::{Reply, entry};
use crate::ctypes::v2::wd_comp::wd_comp_op_type::{self, WD_DIR_COMPRESS, WD_DIR_DECOMPRESS};
use crate::ctypes::v2::wd_zlibwrapper::{Z_STREAM_ERROR, z_stream, z_streamp};
use crate::error::Error;
use crate::sys::lent::Promise;
use core::ffi::c_int;

/// A number of zlib's; every failure of ours is [`Z_STREAM_ERROR`].
struct Code(c_int);

impl Reply for Code {
    type Value = c_int;

    fn yes(value: c_int) -> Code {
        Code(value)
    }

    fn no(_: Error) -> Code {
        Code(Z_STREAM_ERROR)
    }
}

/// Runs the C function `name` on a stream.
///
/// # Safety
/// `strm` is NULL or a stream that nobody else uses meanwhile, whose buffers are good.
unsafe fn on_stream(
    name: &str,
    strm: z_streamp,
    body: impl FnOnce(&mut z_stream, Promise) -> c_int,
) -> c_int {
    entry::<Code>(name, || {
        // SAFETY: NULL, or by the caller's promise a stream, which is good with any bytes in it.
        let stream = unsafe { strm.as_mut() }.ok_or(Error::Invalid)?;
        // SAFETY: the caller's promise: the stream's buffers are as it says.
        let promise = unsafe { Promise::given() };
        Ok(body(stream, promise))
    })
    .0
}

/// Frees what the C function `name` was given.
///
/// # Safety
/// As [`on_stream`].
unsafe fn end(name: &str, strm: z_streamp, direction: wd_comp_op_type) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { on_stream(name, strm, |stream, _| zlib::end(stream, direction)) }
}

/// Starts the compression of a stream. Streams are used by one thread at a time. `level` is 0 to 9, or
/// Z_DEFAULT_COMPRESSION; `windowbits` is the window as a power of two, 8 to 15 for zlib's format,
/// -15 to -8 for deflate without a frame, 24 to 31 for gzip's. The first stream prepares the
/// library for both directions, with devices where there are some.
///
/// Returns Z_OK, Z_STREAM_ERROR or Z_MEM_ERROR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_deflate_init(
    strm: z_streamp,
    level: c_int,
    windowbits: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        on_stream("wd_deflate_init", strm, |stream, _| {
            zlib::init(stream, WD_DIR_COMPRESS, level, windowbits)
        })
    }
}

/// Compresses what is at next_in to next_out, and moves both on. Input and output may come in
/// pieces of any size. `flush` is Z_SYNC_FLUSH, or Z_FINISH when there is no more input than this; it
/// stays Z_FINISH from then on.
///
/// Returns Z_OK; Z_STREAM_END when the stream is finished and all of it is at next_out; Z_BUF_ERROR
/// if nothing can be done without more input or more room, which is not fatal; Z_STREAM_ERROR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_deflate(strm: z_streamp, flush: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        on_stream("wd_deflate", strm, |stream, promise| {
            zlib::step(stream, WD_DIR_COMPRESS, flush, promise)
        })
    }
}

/// Makes a stream ready for new input, as after wd_deflate_init.
///
/// Returns Z_OK or Z_STREAM_ERROR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_deflate_reset(strm: z_streamp) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        on_stream("wd_deflate_reset", strm, |stream, _| {
            zlib::reset(stream, WD_DIR_COMPRESS)
        })
    }
}

/// Frees a stream.
///
/// Returns Z_OK, or Z_STREAM_ERROR for what is no stream of wd_deflate_init.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_deflate_end(strm: z_streamp) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { end("wd_deflate_end", strm, WD_DIR_COMPRESS) }
}

/// Starts the decompression of a stream. `windowbits` is as in wd_deflate_init.
///
/// Returns Z_OK, Z_STREAM_ERROR or Z_MEM_ERROR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_inflate_init(strm: z_streamp, windowbits: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        on_stream("wd_inflate_init", strm, |stream, _| {
            zlib::init(stream, WD_DIR_DECOMPRESS, 0, windowbits)
        })
    }
}

/// Decompresses what is at next_in to next_out, and moves both on. Input and output may come in
/// pieces of any size. `flush` is Z_SYNC_FLUSH or Z_FINISH.
///
/// Returns Z_OK; Z_STREAM_END at the end of the stream, what follows it stays at next_in;
/// Z_BUF_ERROR if nothing can be done without more input or more room, which is not fatal;
/// Z_DATA_ERROR for input that is no such stream; Z_STREAM_ERROR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_inflate(strm: z_streamp, flush: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        on_stream("wd_inflate", strm, |stream, promise| {
            zlib::step(stream, WD_DIR_DECOMPRESS, flush, promise)
        })
    }
}

/// Makes a stream ready for new input, as after wd_inflate_init.
///
/// Returns Z_OK or Z_STREAM_ERROR.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_inflate_reset(strm: z_streamp) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        on_stream("wd_inflate_reset", strm, |stream, _| {
            zlib::reset(stream, WD_DIR_DECOMPRESS)
        })
    }
}

/// Frees a stream.
///
/// Returns Z_OK, or Z_STREAM_ERROR for what is no stream of wd_inflate_init.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_inflate_end(strm: z_streamp) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { end("wd_inflate_end", strm, WD_DIR_DECOMPRESS) }
}
