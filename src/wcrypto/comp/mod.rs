//! Compression with UADK v1: contexts of a queue, and their requests.
//!
//! A context is a number that is looked up (`handles`). Its requests lie in cookies
//! (`cookie`), which never move: the queue knows a request by its message's
//! address, and programs see the message in their callbacks. Whoever receives a
//! message that another thread waits for tells it so; callbacks are called when
//! nothing is locked.

mod context;
mod cookie;

#[cfg(test)]
mod tests;

use super::queue::{Answer, Queue};
use crate::ctypes::v1::wd::wcrypto_cb;
use crate::ctypes::v1::wd_comp::{wcrypto_comp_ctx_setup, wcrypto_comp_msg, wcrypto_comp_op_data};
use crate::error::{Error, Result};
use crate::sys::fork::PerProcess;
use crate::sys::handles::Handles;
use crate::sys::lent::Promise;
use context::Context;
use cookie::{Cookie, Cookies, Next};
use core::ffi::c_void;
use core::time::Duration;

/// Requests of a context that may be on their way: usually, and at most (`WD_CTX_COOKIES_NUM`,
/// `WD_MAX_CTX_COOKIES_NUM`).
const COOKIES: u32 = 64;
const MOST_COOKIES: u32 = 1024;

/// As many answers as a poll that is to take all of them takes: the usual depth of a ring, so that a
/// callback that sends again cannot keep it for ever.
const ALL: u32 = 1024;

/// What this process has. A fork child has nothing.
#[derive(Default)]
struct Process {
    contexts: Handles<Context>,
    cookies: Cookies,
}

#[inline(always)]
fn here() -> &'static Process {
    static PROCESS: PerProcess<Process> = PerProcess::new();
    #[cold]
    fn first() -> &'static Process {
        PROCESS.get_or(Process::default)
    }
    PROCESS.get().unwrap_or_else(first)
}

/// Makes a context of `queue`; its number. The low 16 bits of `flags` say how many requests it may
/// have on their way, 1 to 1024; any other number means 64.
///
/// # Errors
/// [`Error::Invalid`] for numbers in `setup` that mean nothing, for a queue of another class of
/// algorithms or with 256 contexts, for memory operations that are incomplete or not those of the
/// queue's other contexts; [`Error::Shutdown`] for a queue that is not open; [`Error::NoMemory`].
pub(crate) fn open(
    queue: Queue,
    setup: &wcrypto_comp_ctx_setup,
    flags: u32,
    promise: Promise,
) -> Result<usize> {
    open_patient(queue, setup, flags, context::patience(), promise)
}

/// As [`open`]; a synchronous request is waited for as long as `patience`.
fn open_patient(
    queue: Queue,
    setup: &wcrypto_comp_ctx_setup,
    flags: u32,
    patience: Duration,
    promise: Promise,
) -> Result<usize> {
    let process = here();
    let cookies = match flags & 0xffff {
        cookies @ 1..=MOST_COOKIES => cookies,
        _ => COOKIES,
    };
    let context = Context::new(queue, setup, cookies, patience, promise)?;
    process.contexts.insert(context)
}

/// Does a request. Without a `tag` its answer is in `data` then; with one the context's callback is
/// told it.
///
/// # Errors
/// [`Error::Invalid`] for a bad request, without a callback for a tag, or if there is no such
/// context; [`Error::Busy`] if too many are on their way; [`Error::TimedOut`];
/// [`Error::DeviceReset`].
#[inline]
pub(crate) fn run(
    context: usize,
    data: &mut wcrypto_comp_op_data,
    tag: *mut c_void,
    promise: Promise,
) -> Result<()> {
    if data.in_.is_null() || data.out.is_null() {
        return Err(Error::Invalid);
    }
    let process = here();
    process.contexts.with(context, |found| {
        if tag.is_null() {
            found.wait_for(process, context, data, promise)
        } else {
            found.post(process, context, data, tag, promise)
        }
    })
}

/// Calls back for up to `most` finished requests of a queue's contexts; for all that there are if
/// `most` is 0. How many.
///
/// # Errors
/// [`Error::Shutdown`] if the queue is not open; [`Error::DeviceReset`] if the device does not work:
/// requests on their way are called back for with `WD_HW_EACCESS`, `most` of them.
pub(crate) fn poll(
    queue: Queue,
    most: u32,
    promise: Promise,
    call: impl Fn(wcrypto_cb, *const wcrypto_comp_msg, *mut c_void),
) -> Result<u32> {
    let process = here();
    let most = if most == 0 { ALL } else { most };
    let mut count = 0;
    // An answer that another thread waits for is not one of `most`.
    for _ in 0..most.saturating_add(ALL) {
        match queue.receive(promise, Answer::Contexts) {
            Ok(None) => break,
            Ok(Some(message)) => {
                let cookie = process.cookies.of(message).ok_or(Error::Io)?;
                if let Next::Call = cookie.answered() {
                    finish(cookie, promise, &call)?;
                    count += 1;
                }
            }
            Err(Error::DeviceReset) => {
                give_up(process, queue, most - count, promise, call)?;
                return Err(Error::DeviceReset);
            }
            Err(error) => return Err(error),
        }
        if count == most {
            break;
        }
    }
    Ok(count)
}

/// Calls back for requests that will never be answered.
#[cold]
fn give_up(
    process: &Process,
    queue: Queue,
    most: u32,
    promise: Promise,
    call: impl Fn(wcrypto_cb, *const wcrypto_comp_msg, *mut c_void),
) -> Result<()> {
    let mut count = 0;
    while count < most {
        let Some(message) = queue.recall(promise, Answer::Contexts)? else {
            break;
        };
        let cookie = process.cookies.of(message).ok_or(Error::Io)?;
        if let Next::Call = cookie.answered() {
            finish(cookie, promise, &call)?;
            count += 1;
        }
    }
    Ok(())
}

fn finish(
    cookie: &Cookie,
    promise: Promise,
    call: impl Fn(wcrypto_cb, *const wcrypto_comp_msg, *mut c_void),
) -> Result<()> {
    let (callback, tag) = cookie.callback(promise)?;
    call(callback, cookie.message(), tag);
    cookie.put_back();
    Ok(())
}

/// Ends a context. Requests on their way are waited for, a quarter of a second, and not called back
/// for. The memory of its stream then goes back, unless a device may still write to it.
///
/// # Errors
/// [`Error::Invalid`] if there is no such context; [`Error::Busy`] from inside one of its requests.
pub(crate) fn close(context: usize, promise: Promise) -> Result<()> {
    let process = here();
    process.contexts.remove(context)?.end(process, promise);
    Ok(())
}
