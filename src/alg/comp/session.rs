//! Sessions: the requests of C programs, from their checks to their results.

mod state;

use super::{Process, check, here};
use crate::alg::sched::{Key, Mode};
use crate::alg::seat::{Message, Patience, Seat, SharedEngine};
use crate::alg::setup::{Chooser, Foreign, Param};
use crate::ctypes::v2::Enum;
use crate::ctypes::v2::wd_alg_common::wd_mem_type::{self, UADK_MEM_AUTO};
use crate::ctypes::v2::wd_comp::wd_comp_alg_type::WD_COMP_ALG_MAX;
use crate::ctypes::v2::wd_comp::wd_comp_level::WD_COMP_L15;
use crate::ctypes::v2::wd_comp::wd_comp_op_type::{WD_DIR_COMPRESS, WD_DIR_DECOMPRESS};
use crate::ctypes::v2::wd_comp::wd_comp_winsz_type::WD_COMP_WS_32K;
use crate::ctypes::v2::wd_comp::{
    wd_comp_alg_type, wd_comp_level, wd_comp_op_type, wd_comp_req, wd_comp_winsz_type,
};
use crate::ctypes::v2::wd_comp_drv::{wd_comp_msg, wd_comp_state};
use crate::drv::Engine;
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::mm_ops::{Memory, MmOps};
use crate::sys::slots::Carried;
use core::ffi::c_void;
use core::ptr;
use std::sync::Arc;

/// Bytes of a stream's context.
const CONTEXT: usize = 64 << 10;

/// What a session is to be, as C says it: any numbers.
pub(crate) struct Setup {
    /// The format.
    pub format: Enum<wd_comp_alg_type>,
    /// The level; not looked at for decompression.
    pub level: Enum<wd_comp_level>,
    /// The window; not looked at for decompression.
    pub window: Enum<wd_comp_winsz_type>,
    /// The direction.
    pub direction: Enum<wd_comp_op_type>,
    /// For the scheduler.
    pub param: Param,
}

impl Setup {
    fn check(&self) -> Result<wd_comp_alg_type> {
        let format = self.format.get();
        let format = format.filter(|format| *format != WD_COMP_ALG_MAX);
        let numbers = match self.direction.get() {
            Some(WD_DIR_COMPRESS) => {
                self.level.0 <= WD_COMP_L15 as u32 && self.window.0 <= WD_COMP_WS_32K as u32
            }
            Some(WD_DIR_DECOMPRESS) => true,
            _ => false,
        };
        if !numbers {
            log_error!("a bad session: direction, level or window");
            return Err(Error::Invalid);
        }
        format.ok_or(Error::Invalid)
    }
}

/// The operations of sessions on devices that work on the process's own addresses.
static SVA: MmOps = MmOps::with_sva();

/// Memory for the context of a stream, which devices and engines know by its address.
enum Context {
    Own(Vec<u8>),
    /// From the operations of a session without SVA.
    Pool(Memory),
}

/// An open session.
pub(super) struct State {
    /// The initialisation that it belongs to.
    epoch: u64,
    patience: Patience,
    /// Synchronous requests need not take turns.
    shared: bool,
    key: Key,
    /// The contexts of the key, synchronous and asynchronous: seats stay where they are.
    seats: [Option<&'static Seat<wd_comp_msg>>; 2],
    /// A scheduler that is asked for each request.
    foreign: Option<Arc<dyn Foreign>>,
    format: wd_comp_alg_type,
    /// What messages of whole requests have in common.
    common: Carried<wd_comp_msg>,
    /// No stream is going on.
    fresh: bool,
    /// The stream that is going on is the helper's.
    helped: bool,
    isize: u32,
    checksum: u32,
    context: Context,
    /// Without SVA: the operations of messages.
    memory: Option<Arc<MmOps>>,
    /// The context that served the last synchronous request, and whether the helper had to.
    last: Option<(u32, bool)>,
    /// A driver may still use the session's memory.
    lost: bool,
}

/// What is left to be done of a request when the session is free for others.
enum Rest {
    Nothing,
    Shared(SharedEngine<wd_comp_msg>, u32),
}

/// Makes a session; its handle. `memory` makes the memory operations if devices have no SVA.
///
/// # Errors
/// [`Error::Invalid`] for a bad setup, no context for it, or if compression is not initialised;
/// [`Error::NoMemory`].
pub(crate) fn open(
    setup: &Setup,
    memory: impl FnOnce() -> Result<(MmOps, Enum<wd_mem_type>)>,
) -> Result<usize> {
    let process = here();
    let format = setup.check()?;
    let origin = process.class.origin().inspect_err(|_| {
        log_error!("a session before compression is initialised");
    })?;
    let (memory, kind, mut context) = if origin.sva {
        (None, Enum::new(UADK_MEM_AUTO as u32), Context::own()?)
    } else {
        let (ops, kind) = memory()?;
        let mut context = ops.allocate(CONTEXT)?;
        context.clear();
        let ops = process.keep(origin.epoch, ops);
        (Some(ops), kind, Context::Pool(context))
    };
    let common = wd_comp_msg {
        mm_ops: memory.as_ref().map_or(SVA.as_ptr(), |ops| ops.as_ptr()),
        mm_type: kind,
        ctx_buf: context.address(),
        alg_type: Enum::new(format as u32),
        comp_lv: setup.level,
        win_sz: setup.window,
        stream_mode: Enum::new(wd_comp_state::WD_COMP_STATELESS as u32),
        ..wd_comp_msg::BLANK
    };
    let key = origin.chooser.key(&setup.param).inspect_err(|_| {
        log_error!("the scheduler has no context for such a session");
    })?;
    let foreign = match origin.chooser {
        Chooser::Native(_) => None,
        Chooser::Foreign(foreign) => Some(foreign),
    };
    let state = State {
        epoch: origin.epoch,
        patience: origin.patience,
        shared: origin.shared,
        key,
        seats: [key.sync, key.asynchronous].map(|index| process.class.seat(index)),
        foreign: foreign.clone(),
        format,
        common: Carried(common),
        fresh: true,
        helped: false,
        isize: 0,
        checksum: 0,
        context,
        memory,
        last: None,
        lost: false,
    };
    process.sessions.insert(state).inspect_err(|_| {
        if let Some(foreign) = foreign {
            foreign.free(key);
        }
    })
}

/// Ends a session.
///
/// # Errors
/// [`Error::Invalid`] if there is no such session; [`Error::Busy`] from inside one of its requests.
pub(crate) fn free(handle: usize) -> Result<()> {
    let process = here();
    let mut state = process.sessions.remove(handle)?;
    state.forget(process);
    if let Some(foreign) = &state.foreign {
        foreign.free(state.key);
    }
    if state.lost {
        core::mem::forget(state.context);
        core::mem::forget(state.memory);
    }
    Ok(())
}

/// Gives up a session's stream: the next piece begins a new one.
///
/// # Errors
/// [`Error::Invalid`] if there is no such session.
pub(crate) fn reset(handle: usize) -> Result<()> {
    let process = here();
    process.sessions.with(handle, |state| {
        state.forget(process);
        state.begin_anew();
        match &mut state.context {
            Context::Own(bytes) => bytes.fill(0),
            Context::Pool(memory) => memory.clear(),
        }
        Ok(())
    })
}

/// Does a request that is whole in itself, and waits for it.
///
/// # Errors
/// [`Error::Invalid`] for a bad request or session; [`Error::Busy`], [`Error::TimedOut`],
/// [`Error::DeviceReset`], [`Error::Io`] as the context answered.
#[inline]
pub(crate) fn sync(handle: usize, request: &mut wd_comp_req) -> Result<()> {
    let process = here();
    let rest = process.sessions.with(handle, |state| {
        check::request(request, state.format, state.fresh, Mode::Sync, false)?;
        state.whole(process, request)
    })?;
    match rest {
        Rest::Nothing => Ok(()),
        Rest::Shared(engine, index) => shared(process, handle, &**engine, index, request),
    }
}

/// Does the next piece of a session's stream, and waits for it.
///
/// # Errors
/// As [`sync`].
pub(crate) fn stream(handle: usize, request: &mut wd_comp_req) -> Result<()> {
    let process = here();
    process.sessions.with(handle, |state| {
        check::request(request, state.format, state.fresh, Mode::Sync, true)?;
        state.piece(process, request)
    })
}

/// Does a request of any size that is whole in itself, as a stream of its own, and waits for it.
///
/// # Errors
/// As [`sync`]; [`Error::Invalid`] for input that ends too early or is not what it should be, and
/// where there is no room for more output.
pub(crate) fn sync_in_pieces(handle: usize, request: &mut wd_comp_req) -> Result<()> {
    let process = here();
    process.sessions.with(handle, |state| {
        check::request(request, state.format, state.fresh, Mode::Sync, false)?;
        let done = state.pieces(process, request);
        if done.is_err() {
            // What was begun cannot be gone on with.
            state.forget(process);
            state.begin_anew();
        }
        done
    })
}

/// Sends a request that is whole in itself.
///
/// # Errors
/// [`Error::Invalid`] for a bad request or session; [`Error::Busy`] if too many are on their way;
/// [`Error::DeviceReset`].
#[inline]
pub(crate) fn post(handle: usize, request: &wd_comp_req) -> Result<()> {
    let process = here();
    process.sessions.with(handle, |state| {
        check::request(request, state.format, state.fresh, Mode::Async, false)?;
        let (index, seat) = state.pick(process, Mode::Async)?;
        let sent = seat.post(index as usize, state.epoch, |message| {
            state.fill(message, request, ptr::null_mut());
        });
        if let Err(error) = sent {
            state.leave(process, (index, seat), error, request)?;
        }
        process.class.posted(index);
        Ok(())
    })
}

/// Has an engine that is shared do a request, while the session is free for others.
fn shared(
    process: &Process,
    handle: usize,
    engine: &dyn Engine<wd_comp_msg>,
    index: u32,
    request: &mut wd_comp_req,
) -> Result<()> {
    let mut message = wd_comp_msg::BLANK;
    process.sessions.with(handle, |state| {
        state.fill(&mut message, request, ptr::null_mut());
        Ok(())
    })?;
    engine.send(index as usize, &mut message)?;
    if let Some(seat) = process.class.seat(index) {
        seat.tally().count_shared(message.weight());
    }
    give(request, &message);
    Ok(())
}

/// Writes the results into the request.
#[inline]
fn give(request: &mut wd_comp_req, message: &wd_comp_msg) {
    request.src_len = message.in_cons;
    request.dst_len = message.produced;
    request.status = message.req.status;
}

impl Context {
    fn own() -> Result<Context> {
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(CONTEXT)
            .map_err(|_| Error::NoMemory)?;
        bytes.resize(CONTEXT, 0);
        Ok(Context::Own(bytes))
    }

    #[inline]
    fn address(&mut self) -> *mut c_void {
        match self {
            Context::Own(bytes) => bytes.as_mut_ptr().cast(),
            Context::Pool(memory) => ptr::with_exposed_provenance_mut(memory.address()),
        }
    }
}
