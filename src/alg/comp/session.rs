//! Sessions: the requests of C programs, from their checks to their results.

use super::{Process, check, here};
use crate::alg::sched::{Key, Mode};
use crate::alg::seat::{Failure, Message, Patience, Seat};
use crate::alg::setup::{Chooser, Foreign, Param};
use crate::ctypes::v2::Enum;
use crate::ctypes::v2::wd::{WD_IN_EPARA, WD_STREAM_END, WD_SUCCESS};
use crate::ctypes::v2::wd_alg_common::wd_mem_type;
use crate::ctypes::v2::wd_comp::wd_comp_alg_type::WD_COMP_ALG_MAX;
use crate::ctypes::v2::wd_comp::wd_comp_level::WD_COMP_L15;
use crate::ctypes::v2::wd_comp::wd_comp_op_type::{WD_DIR_COMPRESS, WD_DIR_DECOMPRESS};
use crate::ctypes::v2::wd_comp::wd_comp_winsz_type::WD_COMP_WS_32K;
use crate::ctypes::v2::wd_comp::{
    wd_comp_alg_type, wd_comp_level, wd_comp_op_type, wd_comp_req, wd_comp_winsz_type,
};
use crate::ctypes::v2::wd_comp_drv::{wd_comp_msg, wd_comp_state, wd_comp_strm_pos};
use crate::drv::Engine;
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::mm_ops::{Memory, MmOps};
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::Ordering;
use std::sync::Arc;

/// Bytes of a stream's context.
const CONTEXT: usize = 64 << 10;
/// The most that [`sync_in_pieces`] hands over at once, in bytes.
const PIECE: u32 = 128 << 10;

/// The operations of sessions on devices that work on the process's own addresses.
static SVA: MmOps = MmOps::with_sva();

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
    level: Enum<wd_comp_level>,
    window: Enum<wd_comp_winsz_type>,
    /// No stream is going on.
    fresh: bool,
    /// The stream that is going on is the helper's.
    helped: bool,
    isize: u32,
    checksum: u32,
    context: Context,
    /// Without SVA: the operations of messages, and whose memory.
    memory: Option<(Box<MmOps>, Enum<wd_mem_type>)>,
    /// The context that served the last synchronous request, and whether the helper had to.
    last: Option<(u32, bool)>,
    /// A driver may still use the session's memory.
    lost: bool,
}

/// What is left to be done of a request when the session is free for others.
enum Rest {
    Nothing,
    Shared(Arc<dyn Engine<wd_comp_msg>>, u32),
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
    let (memory, context) = if origin.sva {
        (None, Context::own()?)
    } else {
        let (ops, kind) = memory()?;
        let context = Context::Pool(ops.allocate(CONTEXT)?);
        (Some((Box::new(ops), kind)), context)
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
        level: setup.level,
        window: setup.window,
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
        if let Context::Own(bytes) = &mut state.context {
            bytes.fill(0);
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
        Rest::Shared(engine, index) => shared(process, handle, &*engine, index, request),
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
        seat.post(index as usize, state.epoch, |message| {
            state.fill(message, request, ptr::null_mut());
        })?;
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

/// Whether software may do what failed like this.
fn can_be_helped(failure: &Failure) -> bool {
    let device = matches!(
        failure.error,
        Error::DeviceReset | Error::Io | Error::TimedOut | Error::NoDevice
    );
    device && !failure.unquiet
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

impl State {
    /// The last synchronous request: the context, and whether the helper had to serve it.
    pub(super) fn last(&self) -> Option<(u32, bool)> {
        self.last
    }

    /// The context for the next request: its number, and its seat.
    #[inline]
    fn pick(&self, process: &Process, mode: Mode) -> Result<(u32, &'static Seat<wd_comp_msg>)> {
        let (index, seat) = match &self.foreign {
            None => (self.key.context(mode), self.seats[mode as usize]),
            Some(foreign) => {
                let index = foreign.pick(&self.key, mode);
                (index, process.class.seat(index))
            }
        };
        Ok((index, seat.ok_or(Error::Invalid)?))
    }

    fn begin_anew(&mut self) {
        self.fresh = true;
        self.helped = false;
    }

    /// Has the engines drop what they keep of the session's stream.
    fn forget(&mut self, process: &Process) {
        let address = self.context.address().addr();
        let Some((index, _)) = self.last else {
            return;
        };
        if let Some(seat) = process.class.seat(index) {
            seat.forget(self.epoch, address);
        }
        if let Some(helper) = self.helper(process).filter(|_| self.helped) {
            helper.forget(address);
        }
    }

    /// The helper of the session's initialisation.
    #[cold]
    fn helper(&self, process: &Process) -> Option<Arc<dyn Engine<wd_comp_msg>>> {
        let origin = process.class.origin().ok()?;
        origin.helper.filter(|_| origin.epoch == self.epoch)
    }

    /// Writes the message of a request that is whole in itself.
    #[inline]
    fn fill(&self, message: &mut wd_comp_msg, request: &wd_comp_req, context: *mut c_void) {
        let (mm_ops, mm_type) = match &self.memory {
            None => (SVA.as_ptr(), Enum::new(wd_mem_type::UADK_MEM_AUTO as u32)),
            Some((ops, kind)) => (ops.as_ptr(), *kind),
        };
        // Field by field, in place: a whole message is made beside and then copied. All are written.
        message.req = *request;
        message.req.last = 1;
        message.mm_ops = mm_ops;
        message.mm_type = mm_type;
        message.c_sgl = wd_comp_msg::BLANK.c_sgl;
        message.ctx_buf = context;
        message.alg_type = Enum::new(self.format as u32);
        message.comp_lv = self.level;
        message.win_sz = self.window;
        message.stream_mode = Enum::new(wd_comp_state::WD_COMP_STATELESS as u32);
        message.stream_pos = wd_comp_msg::BLANK.stream_pos;
        message.data_fmt = wd_comp_msg::BLANK.data_fmt;
        message.avail_out = request.dst_len;
        message.in_cons = 0;
        message.produced = 0;
        message.isize = 0;
        message.checksum = 0;
        message.tag = 0;
        message.skip_hw = wd_comp_msg::BLANK.skip_hw;
    }

    /// Writes the message of the next piece of a stream.
    fn fill_piece(&self, message: &mut wd_comp_msg, request: &wd_comp_req, context: *mut c_void) {
        self.fill(message, request, context);
        let place = if self.fresh {
            wd_comp_strm_pos::WD_COMP_STREAM_NEW
        } else {
            wd_comp_strm_pos::WD_COMP_STREAM_OLD
        };
        message.req.last = request.last;
        message.stream_mode = Enum::new(wd_comp_state::WD_COMP_STATEFUL as u32);
        message.stream_pos = Enum::new(place as u32);
        message.isize = self.isize;
        message.checksum = self.checksum;
    }

    #[inline]
    fn whole(&mut self, process: &Process, request: &mut wd_comp_req) -> Result<Rest> {
        let (index, seat) = self.pick(process, Mode::Sync)?;
        self.last = Some((index, false));
        if self.shared {
            return Ok(Rest::Shared(seat.shared(self.epoch)?, index));
        }
        let context = self.context.address();
        let input = &*request;
        let done = seat.run(
            index as usize,
            self.epoch,
            &self.patience,
            |message| self.fill(message, input, context),
            |message| (message.in_cons, message.produced, message.req.status),
        );
        match done {
            Ok((consumed, produced, status)) => {
                request.src_len = consumed;
                request.dst_len = produced;
                request.status = status;
                Ok(Rest::Nothing)
            }
            Err(failure) => {
                let mut message = wd_comp_msg::BLANK;
                self.fill(&mut message, request, context);
                self.help(process, index, failure, &mut message)?;
                give(request, &message);
                Ok(Rest::Nothing)
            }
        }
    }

    /// Has the helper do a request that a context could not.
    ///
    /// # Errors
    /// The context's if there is no helper, or the device might disturb it.
    #[cold]
    fn help(
        &mut self,
        process: &Process,
        index: u32,
        failure: Failure,
        message: &mut wd_comp_msg,
    ) -> Result<()> {
        self.lost |= failure.unquiet;
        let tally = process.class.seat(index).ok_or(Error::Invalid)?.tally();
        // What came before of a stream is in the device's context: only a beginning can be done anew.
        let whole = message.stream_mode.0 == wd_comp_state::WD_COMP_STATELESS as u32;
        let possible = can_be_helped(&failure) && (whole || self.fresh);
        let helper = self.helper(process).filter(|_| possible);
        let done = match helper {
            Some(helper) => helper.send(0, message),
            None => Err(failure.error),
        };
        if done.is_err() {
            tally.count_shared((0, 0, true));
            log_error!("context {index}: a request failed: {}", failure.error);
            return done;
        }
        tally.count_shared(message.weight());
        tally.helped.fetch_add(1, Ordering::Relaxed);
        self.last = Some((index, true));
        Ok(())
    }

    /// The next piece of the session's stream.
    fn piece(&mut self, process: &Process, request: &mut wd_comp_req) -> Result<()> {
        let (index, seat) = self.pick(process, Mode::Sync)?;
        self.last = Some((index, self.helped));
        let offered = request.src_len;
        let context = self.context.address();
        let mut message = wd_comp_msg::BLANK;
        if self.helped {
            self.fill_piece(&mut message, request, context);
            self.helper(process)
                .ok_or(Error::Invalid)?
                .send(0, &mut message)?;
            seat.tally().count_shared(message.weight());
            seat.tally().helped.fetch_add(1, Ordering::Relaxed);
        } else if self.shared {
            let engine = seat.shared(self.epoch)?;
            self.fill_piece(&mut message, request, context);
            engine.send(index as usize, &mut message)?;
            seat.tally().count_shared(message.weight());
        } else {
            let done = seat.run(
                index as usize,
                self.epoch,
                &self.patience,
                |message| self.fill_piece(message, request, context),
                |answer| message = *answer,
            );
            if let Err(failure) = done {
                self.fill_piece(&mut message, request, context);
                self.help(process, index, failure, &mut message)?;
                self.helped = true;
            }
        }
        give(request, &message);
        self.isize = message.isize;
        self.checksum = message.checksum;
        self.fresh = self.is_over(request, offered);
        self.helped &= !self.fresh;
        Ok(())
    }

    /// Whether a piece was its stream's last.
    fn is_over(&self, request: &wd_comp_req, offered: u32) -> bool {
        if request.op_type.0 == WD_DIR_COMPRESS as u32 {
            let all = request.src_len == offered;
            request.last == 1 && all && request.status == WD_SUCCESS as u32
        } else {
            request.status == WD_STREAM_END as u32
        }
    }

    /// A request as a stream.
    fn pieces(&mut self, process: &Process, request: &mut wd_comp_req) -> Result<()> {
        let compresses = request.op_type.0 == WD_DIR_COMPRESS as u32;
        let (mut input, mut room) = (request.src_len, request.dst_len);
        let mut piece = *request;
        request.dst_len = 0;
        loop {
            (piece.src_len, piece.dst_len) = (input.min(PIECE), room.min(PIECE));
            piece.last = u32::from(compresses && input <= PIECE);
            let checked = check::request(&piece, self.format, self.fresh, Mode::Sync, true);
            let done = checked.and_then(|()| self.piece(process, &mut piece));
            let refused = piece.status == WD_IN_EPARA as u32;
            if done.is_err() || refused {
                request.status = piece.status;
                log_error!("a request in pieces: status {}", piece.status);
                return done.and(Err(Error::Invalid));
            }
            let (consumed, produced) = (piece.src_len.min(input), piece.dst_len.min(room));
            request.dst_len += produced;
            piece.dst = piece.dst.wrapping_byte_add(produced as usize);
            piece.src = piece.src.wrapping_byte_add(consumed as usize);
            input -= consumed;
            room -= produced;
            if self.fresh {
                request.status = 0;
                return Ok(());
            }
            if consumed == 0 && produced == 0 {
                log_error!("a request in pieces: its input ends too early");
                request.status = piece.status;
                return Err(Error::Invalid);
            }
        }
    }
}
