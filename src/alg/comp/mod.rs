//! Compression: sessions, and the requests that go through them.
//!
//! [`start`] initialises, with the caller's contexts or the library's own; [`Session`]
//! is the API for Rust. The functions that take requests as C lays them out are for
//! `capi`: the addresses in those are somebody's promise, which the engines hold.

mod api;
mod check;
mod environment;
mod session;
pub mod start;
#[cfg(test)]
mod tests;

pub use api::{Direction, Format, Progress, Session};
pub(crate) use environment::{contexts_of, end_environment, from_environment, one_kind};
pub(crate) use session::{Setup, free, open, post, reset, stream, sync, sync_in_pieces};

use super::seat::Message;
use super::setup::Class;
use crate::ctypes::v2::wd::WD_IN_EPARA;
use crate::ctypes::v2::wd_comp::wd_comp_req;
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::drv::Path;
use crate::error::{Error, Result};
use crate::sys::fork::PerProcess;
use crate::sys::handles::Handles;
use crate::sys::lock::Mutex;
use crate::sys::mm_ops::MmOps;
use core::ptr::NonNull;
use core::sync::atomic::Ordering;
use std::sync::Arc;

/// What this process has of compression. A fork child starts with nothing.
#[derive(Default)]
pub(super) struct Process {
    pub(super) class: Class<wd_comp_msg>,
    sessions: Handles<session::State>,
    environment: Mutex<Option<environment::Table>>,
    /// Memory operations of sessions without SVA: asynchronous messages name them, and may be on
    /// their way when their session is freed.
    /// Those of one initialisation.
    memories: Mutex<(u64, Vec<Arc<MmOps>>)>,
}

impl Process {
    /// Keeps memory operations of a session of the initialisation `epoch` until there is another one.
    fn keep(&self, epoch: u64, ops: MmOps) -> Arc<MmOps> {
        let (of, all) = &mut *self.memories.lock();
        if *of != epoch {
            // Of the one before nothing is on its way any more.
            all.clear();
            *of = epoch;
        }
        if let Some(known) = all.iter().find(|known| known.same(&ops)) {
            return Arc::clone(known);
        }
        let ops = Arc::new(ops);
        all.push(Arc::clone(&ops));
        ops
    }
}

static PROCESS: PerProcess<Process> = PerProcess::new();

/// This process's.
#[inline]
fn here() -> &'static Process {
    PROCESS.get().unwrap_or_else(|| first())
}

// Not inlined: making the tables takes some stack.
#[cold]
#[inline(never)]
fn first() -> &'static Process {
    PROCESS.get_or(Process::default)
}

impl Message for wd_comp_msg {
    type Request = wd_comp_req;

    const BLANK: wd_comp_msg = wd_comp_msg::BLANK;

    #[inline]
    fn tag(&self) -> u32 {
        self.tag
    }

    #[inline]
    fn set_tag(&mut self, tag: u32) {
        self.tag = tag;
    }

    #[inline]
    fn finish(&self, answer: &Self) -> wd_comp_req {
        if answer.in_cons > self.req.src_len || answer.produced > self.req.dst_len {
            // An engine knows of asynchronous requests only what a device could have changed.
            return refused(&self.req);
        }
        wd_comp_req {
            src_len: answer.in_cons,
            dst_len: answer.produced,
            status: answer.req.status,
            ..self.req
        }
    }

    fn fail(&mut self) {
        self.req.status = WD_IN_EPARA as u32;
        (self.in_cons, self.produced) = (0, 0);
    }

    #[inline]
    fn weight(&self) -> (u32, u32, bool) {
        let failed = self.req.status == WD_IN_EPARA as u32;
        (self.in_cons, self.produced, failed)
    }
}

/// A request with the results of one that failed.
#[cold]
fn refused(request: &wd_comp_req) -> wd_comp_req {
    wd_comp_req {
        src_len: 0,
        dst_len: 0,
        status: WD_IN_EPARA as u32,
        ..*request
    }
}

/// Undoes an initialisation; does nothing if there is none. Sessions stay, and refuse requests.
/// Asynchronous requests that are on their way are given up, and their callbacks not called.
pub fn end() {
    here().class.end();
}

/// Takes up to `expect` finished requests of a context and calls `deliver` with each, when nothing is
/// locked; `count` says how many.
///
/// # Errors
/// [`Error::Invalid`] for `expect` 0, a context that there is not, and a synchronous one;
/// [`Error::Again`] if fewer are finished; [`Error::DeviceReset`].
pub(crate) fn poll_context(
    index: u32,
    expect: u32,
    count: &mut u32,
    mut deliver: impl FnMut(&mut wd_comp_req),
) -> Result<()> {
    *count = 0;
    if expect == 0 {
        return Err(Error::Invalid);
    }
    here().class.poll_one(index, expect, count, &mut deliver)
}

/// Takes finished requests of all contexts; adds to `count` how many.
///
/// # Errors
/// [`Error::Invalid`] if compression is not initialised; [`Error::DeviceReset`]; what a scheduler
/// written in C answers.
pub(crate) fn poll(
    expect: u32,
    count: &mut u32,
    mut deliver: impl FnMut(&mut wd_comp_req),
) -> Result<()> {
    here().class.poll(expect, count, &mut deliver)
}

/// Takes what is finished in a context, for threads of the library. Whether more is on its way.
///
/// # Errors
/// As [`poll_context`], but for [`Error::Again`].
pub(crate) fn work(index: u32, deliver: impl FnMut(&mut wd_comp_req)) -> Result<bool> {
    let mut count = 0;
    match poll_context(index, u32::MAX, &mut count, deliver) {
        Ok(()) | Err(Error::Again) => {}
        Err(error) => return Err(error),
    }
    let seat = here().class.seat(index);
    Ok(seat.is_some_and(|seat| seat.flying() != 0))
}

/// For drivers written in C: where the asynchronous message with a tag is, while it is on its way.
pub(crate) fn find(index: u32, tag: u32) -> Option<NonNull<wd_comp_msg>> {
    here().class.seat(index)?.find(tag)
}

/// What compression has done in this process since it was initialised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Contexts.
    pub contexts: u64,
    /// Requests that are over.
    pub requests: u64,
    /// Bytes that they consumed.
    pub bytes_in: u64,
    /// Bytes that they produced.
    pub bytes_out: u64,
    /// Those that failed.
    pub errors: u64,
    /// Those that devices, simulated devices, this library's software, and other drivers served.
    pub served: [u64; 4],
    /// Those that a device failed and software then served.
    pub fallbacks: u64,
    /// Synchronous requests whose answer did not come in time.
    pub timeouts: u64,
    /// Answers to no request.
    pub strays: u64,
}

/// What compression has done in this process.
///
/// # Errors
/// [`Error::Invalid`] if it is not initialised.
pub fn stats() -> Result<Stats> {
    let class = &here().class;
    let paths = class.paths();
    if paths.is_empty() {
        return Err(Error::Invalid);
    }
    let mut sum = Stats::default();
    for (seat, path) in class.seats().zip(paths) {
        let tally = seat.tally();
        let [requests, bytes_in, bytes_out, errors] = tally.read();
        let helped = tally.helped.load(Ordering::Relaxed);
        sum.contexts += 1;
        sum.requests += requests;
        sum.bytes_in += bytes_in;
        sum.bytes_out += bytes_out;
        sum.errors += errors;
        let place = path.unwrap_or(Path::Foreign) as usize;
        sum.served[place] += requests.saturating_sub(helped);
        sum.served[Path::Software as usize] += helped;
        sum.fallbacks += helped;
        sum.timeouts += tally.timeouts.load(Ordering::Relaxed);
        sum.strays += tally.strays.load(Ordering::Relaxed);
    }
    Ok(sum)
}

/// Who served the session's last synchronous request; `None` before the first.
///
/// # Errors
/// [`Error::Invalid`] if there is no such session.
pub(crate) fn path(handle: usize) -> Result<Option<Path>> {
    let process = here();
    let last = process
        .sessions
        .with(handle, |session| Ok(session.last()))?;
    Ok(match last {
        None => None,
        Some((_, true)) => Some(Path::Software),
        Some((index, false)) => {
            let seat = process.class.seat(index);
            seat.and_then(|seat| seat.path(index as usize))
        }
    })
}
