//! A context: what its requests have in common, and how they are sent and waited for.

use super::Process;
use super::cookie::{BLANK, Cookie};
use crate::bd::zip::context;
use crate::ctypes::v1::wd::{wcrypto_cb, wcrypto_cb_tag, wd_buff_type};
use crate::ctypes::v1::wd_comp::{
    wcrypto_comp_alg_type, wcrypto_comp_ctx_setup, wcrypto_comp_level, wcrypto_comp_msg,
    wcrypto_comp_op_data, wcrypto_comp_optype, wcrypto_comp_state, wcrypto_comp_win_type,
    wcrypto_stream_status,
};
use crate::ctypes::v1::wd_util::wcrypto_comp_tag;
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::clock::{self, Deadline};
use crate::sys::env;
use crate::sys::lent::Promise;
use crate::sys::mm_br::MmBr;
use crate::sys::mm_ops::Memory;
use crate::sys::slots::Carried;
use crate::wcrypto::queue::{Answer, Queue};
use core::ffi::c_void;
use core::time::Duration;

/// How long a synchronous request is waited for if `WD_SYNC_TIMEOUT_MS` does not say.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a context that is deleted waits for its requests.
const FAREWELL: Duration = Duration::from_millis(250);
/// Looks at the queue before the processor is given to others.
const SPIN: u32 = 2048;
/// Looks at the queue before the thread sleeps.
const YIELD: u32 = SPIN + 256;
/// The longest sleep between two looks. The device's interrupt ends it.
const SLICE: Duration = Duration::from_millis(1);

/// How long a synchronous request is waited for in this process.
pub(super) fn patience() -> Duration {
    let told = env::secure("WD_SYNC_TIMEOUT_MS").and_then(|text| text.parse().ok());
    let told = told.filter(|ms| *ms > 0);
    told.map_or(PATIENCE, Duration::from_millis)
}

/// Whether no answer comes after this error of a queue.
fn is_final(error: Error) -> bool {
    matches!(error, Error::DeviceReset | Error::Shutdown)
}

/// Refuses numbers that mean nothing.
///
/// # Errors
/// [`Error::Invalid`] for them.
pub(super) fn check(setup: &wcrypto_comp_ctx_setup) -> Result<()> {
    let format = wcrypto_comp_alg_type::try_from(u32::from(setup.alg_type));
    let known = format.is_ok_and(|format| format != wcrypto_comp_alg_type::WCRYPTO_COMP_MAX_ALG)
        && setup.comp_lv <= wcrypto_comp_level::WCRYPTO_COMP_L9 as u8
        && wcrypto_comp_optype::try_from(u32::from(setup.op_type)).is_ok()
        && wcrypto_comp_state::try_from(u32::from(setup.stream_mode)).is_ok()
        && wcrypto_comp_win_type::try_from(u32::from(setup.win_size)).is_ok()
        && wd_buff_type::try_from(u32::from(setup.data_fmt)).is_ok();
    if !known {
        log_error!("a number in a compression context's setup means nothing");
        return Err(Error::Invalid);
    }
    Ok(())
}

/// Memory for what the engine keeps of a stream.
enum Stream {
    /// There is no stream.
    None,
    /// From the program's operations.
    Lent(Memory),
    /// Of a context without operations.
    Own(Vec<u8>),
}

impl Stream {
    /// # Errors
    /// [`Error::NoMemory`].
    fn new(br: Option<&MmBr>) -> Result<Stream> {
        if let Some(br) = br {
            let mut memory = br.allocate(context::SIZE)?;
            memory.clear();
            return Ok(Stream::Lent(memory));
        }
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(context::SIZE)
            .map_err(|_| Error::NoMemory)?;
        bytes.resize(context::SIZE, 0);
        Ok(Stream::Own(bytes))
    }

    fn address(&mut self) -> *mut c_void {
        match self {
            Stream::None => core::ptr::null_mut(),
            Stream::Lent(memory) => core::ptr::with_exposed_provenance_mut(memory.address()),
            Stream::Own(bytes) => bytes.as_mut_ptr().cast(),
        }
    }
}

/// An open context.
pub(super) struct Context {
    queue: Queue,
    /// Its number in the queue.
    number: u16,
    /// The queue's, if it had some when the context was made.
    operations: Option<MmBr>,
    /// What all its messages say.
    blank: Carried<wcrypto_comp_msg>,
    callback: wcrypto_cb,
    /// How long a synchronous request is waited for.
    patience: Duration,
    stream: Stream,
    cookies: Vec<&'static Cookie>,
    /// The cookie that was used last.
    last: usize,
    /// How many cookies it may have.
    most: usize,
}

impl Context {
    /// A context of `queue`, which maps with the operations of its first context from then on. On
    /// devices that share addresses there need not be any.
    ///
    /// # Errors
    /// As [`super::open`].
    pub fn new(
        queue: Queue,
        setup: &wcrypto_comp_ctx_setup,
        cookies: u32,
        patience: Duration,
        promise: Promise,
    ) -> Result<Context> {
        check(setup)?;
        let br = MmBr::lent(promise, &raw const setup.br).ok_or(Error::Invalid)?;
        let br = if br.complete() {
            Some(br)
        } else if queue.facts()?.sva && !br.allocates() && !br.maps() {
            None
        } else {
            log_error!("a context's memory operations are incomplete");
            return Err(Error::Invalid);
        };
        let number = queue.join(br.as_ref())?;
        let stateful = setup.stream_mode == wcrypto_comp_state::WCRYPTO_COMP_STATEFUL as u8;
        let stream = if stateful {
            Stream::new(br.as_ref())
        } else {
            Ok(Stream::None)
        };
        let made = stream.and_then(|stream| Ok((stream, queue.operations()?)));
        let (mut stream, operations) = made.inspect_err(|_| {
            let _ = queue.leave(number);
        })?;
        let most = if stateful { 1 } else { cookies as usize };
        Ok(Context {
            queue,
            number,
            operations,
            blank: Carried(wcrypto_comp_msg {
                alg_type: setup.alg_type,
                op_type: setup.op_type,
                stream_mode: setup.stream_mode,
                comp_lv: setup.comp_lv,
                data_fmt: setup.data_fmt as u8,
                win_size: setup.win_size as u8,
                tag: number.into(),
                ctx_buf: stream.address(),
                ..BLANK
            }),
            callback: setup.cb,
            patience,
            stream,
            cookies: Vec::with_capacity(most),
            last: 0,
            most,
        })
    }

    /// Does a request and waits for it; the answer is in `data` then.
    ///
    /// # Errors
    /// As [`super::run`].
    #[inline]
    pub fn wait_for(
        &mut self,
        process: &Process,
        handle: usize,
        data: &mut wcrypto_comp_op_data,
        promise: Promise,
    ) -> Result<()> {
        let cookie = self.cookie(process, promise)?;
        let tag = core::ptr::null_mut();
        self.fill(cookie, handle, data, tag, None, promise);
        self.send(cookie, promise)?;
        let wanted = Answer::Message(cookie.message().addr());
        match self.queue.receive(promise, wanted) {
            Ok(Some(_)) => {}
            // Also after an error: that may be about something else.
            _ => self.wait(cookie, promise)?,
        }
        let message = promise.read(cookie.message()).ok_or(Error::Invalid)?;
        if self.is_lz77() {
            cookie.hand_out_results(data, promise);
        }
        cookie.put_back();
        data.consumed = message.in_cons;
        data.produced = message.produced;
        data.flush = message.flush_type;
        data.status = message.status as u8;
        data.isize = message.isize;
        data.checksum = message.checksum;
        Ok(())
    }

    /// Sends a request that will be called back for.
    ///
    /// # Errors
    /// As [`super::run`].
    #[inline]
    pub fn post(
        &mut self,
        process: &Process,
        handle: usize,
        data: &wcrypto_comp_op_data,
        tag: *mut c_void,
        promise: Promise,
    ) -> Result<()> {
        if self.callback.is_none() {
            log_error!("a request with a tag, and a context without a callback");
            return Err(Error::Invalid);
        }
        let cookie = self.cookie(process, promise)?;
        self.fill(cookie, handle, data, tag, Some(self.callback), promise);
        self.send(cookie, promise)
    }

    fn send(&self, cookie: &Cookie, promise: Promise) -> Result<()> {
        let sent = self
            .queue
            .send_with(promise, cookie.message(), self.operations.as_ref());
        sent.inspect_err(|_| cookie.put_back())
    }

    /// Makes a cookie the message of a request.
    #[inline]
    fn fill(
        &self,
        cookie: &Cookie,
        handle: usize,
        data: &wcrypto_comp_op_data,
        tag: *mut c_void,
        callback: Option<wcrypto_cb>,
        promise: Promise,
    ) {
        let new = wcrypto_stream_status::WCRYPTO_COMP_STREAM_NEW as u8;
        let stream = self.blank.0.ctx_buf;
        if data.stream_pos == new && !stream.is_null() {
            let room = promise.output(stream.cast(), context::SIZE);
            room.fill(core::mem::MaybeUninit::new(0));
        }
        let (priv_, out) = if self.is_lz77() && callback.is_none() {
            self.copies(cookie, data, promise)
        } else {
            (data.priv_, data.out)
        };
        let tag = wcrypto_comp_tag {
            wcrypto_tag: wcrypto_cb_tag {
                ctx: core::ptr::without_provenance_mut(handle),
                tag,
                ctx_id: self.number.into(),
            },
            priv_,
        };
        cookie.fill(promise, tag, callback, |message| {
            *message = self.blank.0;
            message.flush_type = data.flush;
            message.stream_pos = data.stream_pos;
            message.in_size = data.in_len;
            message.avail_out = data.avail_out;
            message.src = data.in_;
            message.dst = out;
            message.isize = data.isize;
            message.checksum = data.checksum;
        });
    }

    #[inline(always)]
    fn is_lz77(&self) -> bool {
        self.blank.0.alg_type == wcrypto_comp_alg_type::WCRYPTO_LZ77_ZSTD as u8
    }

    /// What a request of LZ77 that is waited for names instead of what the program gave: its results,
    /// and its output.
    #[inline(never)]
    fn copies(
        &self,
        cookie: &Cookie,
        data: &wcrypto_comp_op_data,
        promise: Promise,
    ) -> (*mut c_void, *mut u8) {
        // For functions of the program's it is of a kind of their own, and no results are written.
        let results = match self.queue.injects() {
            true => data.priv_,
            false => cookie.copy_results(data, promise),
        };
        let lists = self.blank.0.data_fmt == wd_buff_type::WD_SGL_BUF as u8;
        let out = match lists {
            true => cookie.copy_room(data, promise),
            false => data.out,
        };
        (results, out)
    }

    /// A cookie for a request.
    ///
    /// # Errors
    /// [`Error::Busy`] if all are in use.
    #[inline(always)]
    fn cookie(&mut self, process: &Process, promise: Promise) -> Result<&'static Cookie> {
        match self.cookies.get(self.last) {
            Some(cookie) if cookie.is_idle() => Ok(cookie),
            _ => self.another(process, promise),
        }
    }

    #[inline(never)]
    fn another(&mut self, process: &Process, promise: Promise) -> Result<&'static Cookie> {
        let count = self.cookies.len();
        for step in 1..=count {
            let at = (self.last + step) % count;
            if self.cookies[at].is_idle() {
                self.last = at;
                return Ok(self.cookies[at]);
            }
        }
        if count < self.most {
            let fresh = process.cookies.take(self.queue)?;
            self.cookies.push(fresh);
            self.last = count;
            return Ok(fresh);
        }
        self.collect(promise);
        let idle = self.cookies.iter().find(|cookie| cookie.is_idle());
        idle.copied().ok_or(Error::Busy)
    }

    /// Waits for an answer that is not there at once.
    ///
    /// # Errors
    /// [`Error::TimedOut`], [`Error::DeviceReset`].
    #[cold]
    fn wait(&self, cookie: &Cookie, promise: Promise) -> Result<()> {
        let limit = Deadline::after(Some(self.patience));
        let wanted = Answer::Message(cookie.message().addr());
        let mut turn = 0_u32;
        loop {
            match self.queue.receive(promise, wanted) {
                Ok(Some(_)) => return Ok(()),
                _ if cookie.was_answered() => return Ok(()),
                Err(error) if is_final(error) => return self.lose(cookie, error),
                // A completion of no request is passed over.
                _ => {}
            }
            turn = turn.saturating_add(1);
            if turn < SPIN {
                core::hint::spin_loop();
                continue;
            }
            if limit.passed() {
                return self.lose(cookie, Error::TimedOut);
            }
            clock::give_way();
            // An interrupt may get lost, or another thread receive the answer meanwhile.
            if turn > YIELD && self.queue.wait(limit.slice(SLICE)).is_err() {
                clock::sleep(limit.slice(SLICE));
            }
        }
    }

    /// An answer will not be waited for any longer, unless it has come at this very moment.
    #[cold]
    fn lose(&self, cookie: &Cookie, error: Error) -> Result<()> {
        let too_late = !cookie.give_up();
        if is_final(error) {
            self.forget(cookie);
        } else if too_late {
            return Ok(());
        }
        Err(error)
    }

    /// Receives late answers that nobody waits for.
    fn collect(&self, promise: Promise) {
        for cookie in self.cookies.iter().filter(|cookie| cookie.is_lost()) {
            let wanted = Answer::Message(cookie.message().addr());
            match self.queue.receive(promise, wanted) {
                Ok(Some(_)) => cookie.put_back(),
                Err(error) if is_final(error) => self.forget(cookie),
                _ => {}
            }
        }
    }

    /// Has the answer of a request go nowhere, if it comes; the cookie can be used again then.
    fn forget(&self, cookie: &Cookie) {
        let at = cookie.message().addr();
        // Else somebody may still write to the message.
        if self.queue.forget(&(at..at + 1)) != Err(Error::Busy) {
            cookie.put_back();
        }
    }

    /// Ends the context: waits for its requests, and gives back what it has.
    pub fn end(self, process: &Process, promise: Promise) {
        for cookie in &self.cookies {
            cookie.give_up();
        }
        let limit = Deadline::after(Some(FAREWELL));
        self.collect(promise);
        while self.cookies.iter().any(|cookie| cookie.is_lost()) && !limit.passed() {
            clock::sleep(limit.slice(SLICE));
            self.collect(promise);
        }
        let left = self.cookies.iter().filter(|cookie| cookie.is_lost());
        let mut count = 0;
        for cookie in left {
            count += 1;
            self.forget(cookie);
        }
        if count > 0 {
            log_error!("a compression context ends with {count} requests on their way");
            match self.stream {
                Stream::Own(bytes) => self.queue.keep(bytes),
                // A device may still write to it, and when it is stopped the program's operations
                // may be gone.
                lent => core::mem::forget(lent),
            }
        }
        process.cookies.give_back(&self.cookies);
        // A queue that is not open has no contexts.
        let _ = self.queue.leave(self.number);
    }
}
