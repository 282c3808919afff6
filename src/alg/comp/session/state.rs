//! What a session does with a request that is one: the message, the context, the
//! helper where the context fails, and where its stream stands.

use super::{Rest, State, give};
use crate::alg::comp::{Process, check};
use crate::alg::sched::Mode;
use crate::alg::seat::{Failure, Message, Seat, SharedEngine};
use crate::ctypes::v2::Enum;
use crate::ctypes::v2::wd::{WD_IN_EPARA, WD_STREAM_END, WD_SUCCESS};
use crate::ctypes::v2::wd_comp::wd_comp_op_type::WD_DIR_COMPRESS;
use crate::ctypes::v2::wd_comp::wd_comp_req;
use crate::ctypes::v2::wd_comp_drv::{wd_comp_msg, wd_comp_state, wd_comp_strm_pos};
use crate::error::{Error, Result};
use crate::log_error;
use core::ffi::c_void;
use core::sync::atomic::Ordering;

/// The most that [`super::sync_in_pieces`] hands over at once, in bytes.
const PIECE: u32 = 128 << 10;

/// Whether software may do what failed like this.
fn can_be_helped(failure: &Failure) -> bool {
    let device = matches!(
        failure.error,
        Error::DeviceReset | Error::Io | Error::TimedOut | Error::NoDevice | Error::Unsupported
    );
    device && !failure.unquiet
}

impl State {
    /// The last synchronous request: the context, and whether the helper had to serve it.
    pub(in crate::alg::comp) fn last(&self) -> Option<(u32, bool)> {
        self.last
    }

    /// The context for the next request: its number, and its seat.
    #[inline]
    pub(super) fn pick(
        &self,
        process: &Process,
        mode: Mode,
    ) -> Result<(u32, &'static Seat<wd_comp_msg>)> {
        let (index, seat) = match &self.foreign {
            None => (self.key.context(mode), self.seats[mode as usize]),
            Some(foreign) => {
                let index = foreign.pick(&self.key, mode);
                (index, process.class.seat(index))
            }
        };
        Ok((index, seat.ok_or(Error::Invalid)?))
    }

    pub(super) fn begin_anew(&mut self) {
        self.fresh = true;
        self.helped = false;
    }

    /// Has the engines drop what they keep of the session's stream.
    pub(super) fn forget(&mut self, process: &Process) {
        let address = self.common.0.ctx_buf.addr();
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
    fn helper(&self, process: &Process) -> Option<SharedEngine<wd_comp_msg>> {
        let origin = process.class.origin().ok()?;
        origin.helper.filter(|_| origin.epoch == self.epoch)
    }

    /// Writes the message of a request that is whole in itself.
    #[inline]
    pub(super) fn fill(
        &self,
        message: &mut wd_comp_msg,
        request: &wd_comp_req,
        context: *mut c_void,
    ) {
        let common = &self.common.0;
        // Field by field, in place: a whole message is made beside and then copied. All are written.
        message.req = *request;
        message.req.last = 1;
        message.mm_ops = common.mm_ops;
        message.mm_type = common.mm_type;
        message.c_sgl = wd_comp_msg::BLANK.c_sgl;
        message.ctx_buf = context;
        message.alg_type = common.alg_type;
        message.comp_lv = common.comp_lv;
        message.win_sz = common.win_sz;
        message.stream_mode = common.stream_mode;
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
    pub(super) fn whole(&mut self, process: &Process, request: &mut wd_comp_req) -> Result<Rest> {
        let (index, seat) = self.pick(process, Mode::Sync)?;
        self.last = Some((index, false));
        if self.shared {
            return Ok(Rest::Shared(seat.shared(self.epoch)?, index));
        }
        let context = self.common.0.ctx_buf;
        let done = seat.run(
            index as usize,
            self.epoch,
            &self.patience,
            request,
            |message, request| self.fill(message, request, context),
            |message, request| give(request, message),
        );
        if let Err(failure) = done {
            self.help_whole(process, index, failure, request)?;
        }
        Ok(Rest::Nothing)
    }

    /// Has the helper do a request that is whole in itself and that a context could not.
    ///
    /// # Errors
    /// As [`State::help`].
    #[cold]
    fn help_whole(
        &mut self,
        process: &Process,
        index: u32,
        failure: Failure,
        request: &mut wd_comp_req,
    ) -> Result<()> {
        let mut message = wd_comp_msg::BLANK;
        self.fill(&mut message, request, self.common.0.ctx_buf);
        self.help(process, index, failure, &mut message)?;
        give(request, &message);
        Ok(())
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

    /// Leaves an asynchronous request that the context has refused with `error` to the helper.
    ///
    /// # Errors
    /// `error` if the helper is not for that, or there is none; as [`Seat::leave`].
    #[cold]
    pub(super) fn leave(
        &self,
        process: &Process,
        (index, seat): (u32, &Seat<wd_comp_msg>),
        error: Error,
        request: &wd_comp_req,
    ) -> Result<()> {
        let possible = can_be_helped(&Failure::from(error));
        if !possible || self.helper(process).is_none() {
            if error != Error::Busy {
                log_error!("context {index}: a request cannot be sent: {error}");
            }
            return Err(error);
        }
        seat.leave(self.epoch, |message| {
            self.fill(message, request, core::ptr::null_mut());
        })
    }

    /// The next piece of the session's stream.
    pub(super) fn piece(&mut self, process: &Process, request: &mut wd_comp_req) -> Result<()> {
        let (index, seat) = self.pick(process, Mode::Sync)?;
        self.last = Some((index, self.helped));
        let offered = request.src_len;
        let context = self.common.0.ctx_buf;
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
                request,
                |message, request| self.fill_piece(message, request, context),
                |answer, _| message = *answer,
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
    pub(super) fn pieces(&mut self, process: &Process, request: &mut wd_comp_req) -> Result<()> {
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
