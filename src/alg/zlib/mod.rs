//! Streams as zlib has them, over sessions of compression: `wd_zlibwrapper.h`.
//!
//! A stream begins with preparing compression, unless somebody has done so. That
//! stays: another user may count on it by then.

mod pump;
#[cfg(test)]
mod tests;

use super::comp;
use super::setup::Param;
use crate::ctypes::v2::Enum;
use crate::ctypes::v2::wd::wd_buff_type::WD_FLAT_BUF;
use crate::ctypes::v2::wd_alg_common::alg_task_type::TASK_MIX;
use crate::ctypes::v2::wd_alg_common::wd_ctx_nums;
use crate::ctypes::v2::wd_comp::wd_comp_alg_type::{self, WD_DEFLATE, WD_GZIP, WD_ZLIB};
use crate::ctypes::v2::wd_comp::wd_comp_op_type::{self, WD_DIR_COMPRESS, WD_DIR_DECOMPRESS};
use crate::ctypes::v2::wd_comp::wd_comp_req;
use crate::ctypes::v2::wd_comp::wd_comp_winsz_type::{
    self, WD_COMP_WS_4K, WD_COMP_WS_8K, WD_COMP_WS_16K, WD_COMP_WS_32K,
};
use crate::ctypes::v2::wd_sched::sched_params;
use crate::ctypes::v2::wd_sched::sched_policy_type::SCHED_POLICY_RR;
use crate::ctypes::v2::wd_zlibwrapper::*;
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::fork::PerProcess;
use crate::sys::handles::Handles;
use crate::sys::lent::Promise;
use core::ffi::c_int;
use core::ptr;
use pump::{Buffers, Outcome, Piece, Pieces, Pump, Room};

/// What [`Z_DEFAULT_COMPRESSION`] stands for.
const DEFAULT_LEVEL: c_int = 6;
/// The greatest level of zlib.
const MOST_LEVEL: c_int = 9;

/// A stream that C holds by the number in its `reserved`.
struct Stream {
    session: usize,
    direction: wd_comp_op_type,
    pump: Pump,
    /// The end was announced: the flush stays [`Z_FINISH`].
    finishing: bool,
}

/// The streams of this process; a fork child starts with none.
static STREAMS: PerProcess<Handles<Stream>> = PerProcess::new();

fn streams() -> &'static Handles<Stream> {
    STREAMS.get_or(Handles::default)
}

/// Format and window of zlib's `windowBits`; `None` for a number that it does not have.
fn format_of(bits: c_int) -> Option<(wd_comp_alg_type, wd_comp_winsz_type)> {
    let (format, bits) = match bits {
        -15..=-8 => (WD_DEFLATE, -bits),
        8..=15 => (WD_ZLIB, bits),
        24..=31 => (WD_GZIP, bits - 16),
        _ => return None,
    };
    // zlib has no window of 24 KiB, and devices have none of less than 4.
    let window = match bits {
        ..=12 => WD_COMP_WS_4K,
        13 => WD_COMP_WS_8K,
        14 => WD_COMP_WS_16K,
        _ => WD_COMP_WS_32K,
    };
    Some((format, window))
}

/// The number in zlib's convention.
fn number(error: Error) -> c_int {
    match error {
        Error::NoMemory => Z_MEM_ERROR,
        _ => Z_STREAM_ERROR,
    }
}

/// Begins a stream, and prepares compression if nobody has.
pub(crate) fn init(
    stream: &mut z_stream,
    direction: wd_comp_op_type,
    level: c_int,
    window_bits: c_int,
) -> c_int {
    stream.reserved = 0;
    match open(direction, level, window_bits) {
        Ok(handle) => {
            (stream.total_in, stream.total_out) = (0, 0);
            stream.msg = ptr::null();
            stream.reserved = handle as u64;
            Z_OK
        }
        Err(error) => number(error),
    }
}

/// Prepares compression for both directions: two synchronous contexts of each, on devices where
/// there are some, else in software.
fn prepare() -> Result<()> {
    let synchronous = wd_ctx_nums {
        sync_ctx_num: 2,
        async_ctx_num: 0,
    };
    let wanted = comp::start::Wanted {
        numbers: vec![synchronous; 2],
        nodes: None,
        slots: 0,
    };
    let (policy, task) = (Some(SCHED_POLICY_RR), Some(TASK_MIX));
    // There are no asynchronous requests that a thread could find finished.
    let nothing = |_| Ok(false);
    match comp::start::with_devices("zlib", policy, task, Some(&wanted), nothing) {
        Err(Error::Exists) => Ok(()),
        done => done,
    }
}

/// What a stream tells the scheduler: a context near the caller.
const fn wish(direction: wd_comp_op_type) -> sched_params {
    sched_params {
        numa_id: -1,
        type_: direction as u8,
        mode: 0,
        begin: 0,
        end: 0,
        dev_id: 0,
    }
}

fn open(direction: wd_comp_op_type, level: c_int, window_bits: c_int) -> Result<usize> {
    let (format, window) = format_of(window_bits).ok_or_else(|| {
        log_error!("{window_bits} are no window bits of zlib");
        Error::Invalid
    })?;
    let level = match level {
        Z_DEFAULT_COMPRESSION => DEFAULT_LEVEL,
        0..=MOST_LEVEL => level,
        _ => return Err(Error::Invalid),
    };
    prepare()?;
    let param = wish(direction);
    let setup = comp::Setup {
        format: Enum::new(format as u32),
        level: Enum::new(level as u32),
        window: Enum::new(window as u32),
        direction: Enum::new(direction as u32),
        param: Param {
            address: (&raw const param).expose_provenance(),
            read: match direction {
                WD_DIR_COMPRESS => |_, _| Some(wish(WD_DIR_COMPRESS)),
                _ => |_, _| Some(wish(WD_DIR_DECOMPRESS)),
            },
        },
    };
    // Devices without SVA need memory operations, which this interface has no place for.
    let session = comp::open(&setup, || Err(Error::Invalid))?;
    let stream = Stream {
        session,
        direction,
        pump: Pump::new(direction == WD_DIR_COMPRESS, format),
        finishing: false,
    };
    streams().insert(stream).inspect_err(|_| {
        let _ = comp::free(session);
    })
}

/// What `work` makes of the stream, if it is one of this direction.
fn with<R>(
    stream: &z_stream,
    direction: wd_comp_op_type,
    work: impl FnOnce(&mut Stream) -> Result<R>,
) -> Result<R> {
    let handle = usize::try_from(stream.reserved).map_err(|_| Error::Invalid)?;
    streams().with(handle, |open| {
        if open.direction == direction {
            work(open)
        } else {
            Err(Error::Invalid)
        }
    })
}

/// Compresses or decompresses what there is and has room.
pub(crate) fn step(
    stream: &mut z_stream,
    direction: wd_comp_op_type,
    flush: c_int,
    promise: Promise,
) -> c_int {
    let finish = flush == Z_FINISH;
    if !finish && flush != Z_SYNC_FLUSH {
        log_error!("flush {flush} is not supported: Z_SYNC_FLUSH and Z_FINISH are");
        return Z_STREAM_ERROR;
    }
    if (stream.next_in.is_null() && stream.avail_in > 0)
        || (stream.next_out.is_null() && stream.avail_out > 0)
    {
        return Z_STREAM_ERROR;
    }
    let mut buffers = Buffers {
        input: promise.input(stream.next_in, stream.avail_in as usize),
        output: Room::Lent(promise.output(stream.next_out, stream.avail_out as usize)),
    };
    let done = with(stream, direction, |open| {
        if open.finishing && !finish && direction == WD_DIR_COMPRESS {
            return Err(Error::Invalid);
        }
        open.finishing = finish;
        let mut session = Session(open.session, direction);
        open.pump.run(&mut session, &mut buffers, finish)
    });
    let left = (buffers.input.len() as u32, buffers.output.len() as u32);
    advance(stream, left);
    match done {
        Ok(Outcome::Progress) => Z_OK,
        Ok(Outcome::Starved) => Z_BUF_ERROR,
        Ok(Outcome::End) => Z_STREAM_END,
        Ok(Outcome::BadData) => Z_DATA_ERROR,
        Err(error) => number(error),
    }
}

/// Moves the stream on to where `(avail_in, avail_out)` are left.
fn advance(stream: &mut z_stream, (left_in, left_out): (u32, u32)) {
    let (taken, given) = (stream.avail_in - left_in, stream.avail_out - left_out);
    stream.next_in = stream.next_in.wrapping_add(taken as usize);
    stream.next_out = stream.next_out.wrapping_add(given as usize);
    (stream.avail_in, stream.avail_out) = (left_in, left_out);
    // The caller's own counts, which may have wrapped.
    stream.total_in = stream.total_in.wrapping_add(u64::from(taken));
    stream.total_out = stream.total_out.wrapping_add(u64::from(given));
}

/// Makes a stream ready for other data.
pub(crate) fn reset(stream: &mut z_stream, direction: wd_comp_op_type) -> c_int {
    let done = with(stream, direction, |open| {
        comp::reset(open.session)?;
        open.pump.reset();
        open.finishing = false;
        Ok(())
    });
    if let Err(error) = done {
        return number(error);
    }
    (stream.total_in, stream.total_out) = (0, 0);
    Z_OK
}

/// Ends a stream.
pub(crate) fn end(stream: &mut z_stream, direction: wd_comp_op_type) -> c_int {
    let done = with(stream, direction, |_| Ok(())).and_then(|()| {
        let open = streams().remove(stream.reserved as usize)?;
        stream.reserved = 0;
        // Where compression was undone meanwhile, the session went with it.
        let _ = comp::free(open.session);
        Ok(())
    });
    done.map_or_else(number, |()| Z_OK)
}

/// The requests of a session's stream.
struct Session(usize, wd_comp_op_type);

impl Pieces for Session {
    fn piece(&mut self, input: &[u8], mut room: Room<'_>, last: bool) -> Result<Piece> {
        let length = |len: usize| u32::try_from(len).map_err(|_| Error::Invalid);
        let mut request = wd_comp_req {
            src: input.as_ptr().cast_mut().cast(),
            src_len: length(input.len())?,
            dst_len: length(room.len())?,
            dst: room.as_mut_ptr().cast(),
            cb: None,
            cb_param: ptr::null_mut(),
            op_type: Enum::new(self.1 as u32),
            data_fmt: Enum::new(WD_FLAT_BUF as u32),
            last: last.into(),
            status: 0,
            priv_: ptr::null_mut(),
        };
        comp::stream(self.0, &mut request)?;
        Ok(Piece {
            consumed: request.src_len as usize,
            produced: request.dst_len as usize,
            status: request.status as c_int,
        })
    }
}
