//! The drivers of this library as C programs see and call them: as `struct wd_alg_driver`, by the
//! side of those written in C. The library itself does not take this way.

#![expect(
    unsafe_code,
    reason = "C structures, and functions that C calls through them"
)]

use super::room_for;
use crate::alg::context;
use crate::capi::entry::entry;
use crate::capi::text::text;
use crate::ctypes::v2::handle_t;
use crate::ctypes::v2::wd_alg::{alg_dev_type, hisi_dev_usage, wd_alg_driver};
use crate::ctypes::v2::wd_alg_common::wd_ctx_mode;
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::ctypes::v2::wd_internal::{wd_ctx_config_internal, wd_ctx_internal};
use crate::drv::{Driver, Engine, Seat, registry};
use crate::error::{Error, Result};
use crate::sys::fork::PerProcess;
use crate::sys::lock::Mutex;
use crate::sys::slots::Posted;
use core::ffi::{c_int, c_void};
use core::{ptr, slice};
use std::ffi::CString;
use std::sync::Arc;

/// A driver that a program has initialised by itself.
struct Bound {
    /// The address of its structure.
    driver: usize,
    /// The contexts as C knows them. None at all for a driver that helps out another one.
    contexts: Vec<(handle_t, bool)>,
    engine: Box<dyn Engine<wd_comp_msg>>,
}

/// Those of this process: a fork child's contexts are not the parent's.
static BOUND: PerProcess<Mutex<Vec<Arc<Bound>>>> = PerProcess::new();

/// How C is to know a driver: its structure, which is never freed.
pub(super) fn structure_of(driver: &Arc<dyn Driver>) -> *mut wd_alg_driver {
    let identity = driver.identity();
    let text = |text: &str| {
        let text = CString::new(text).unwrap_or_default();
        text.into_raw().cast_const()
    };
    Box::into_raw(Box::new(wd_alg_driver {
        drv_name: text(&identity.driver),
        alg_name: text(&identity.algorithm),
        priority: identity.priority,
        calc_type: identity.kind as c_int,
        queue_num: identity.queue_num,
        op_type_num: identity.op_type_num,
        priv_: ptr::null_mut(),
        fallback: 0,
        init: Some(init),
        exit: Some(exit),
        send: Some(send),
        recv: Some(recv),
        get_usage: Some(get_usage),
        get_extend_ops: None,
    }))
}

fn bound() -> &'static Mutex<Vec<Arc<Bound>>> {
    BOUND.get_or(Mutex::default)
}

fn find(driver: *mut wd_alg_driver) -> Option<Arc<Bound>> {
    let list = bound().lock();
    let found = list.iter().find(|bound| bound.driver == driver.addr());
    found.map(Arc::clone)
}

/// Prepares `driver` for contexts, of which each is a handle and whether it is asynchronous.
///
/// # Errors
/// [`Error::Exists`] if it is prepared; [`Error::Invalid`] if it is none of the library's; else what
/// it answers.
fn bind(driver: *mut wd_alg_driver, seats: Vec<Seat>, sleeps: bool) -> Result<Arc<Bound>> {
    let own = registry::shown_as(driver).ok_or(Error::Invalid)?;
    // Held until the engine is in the list: a second one would share the first one's queues, and stop
    // them at its end.
    let mut list = bound().lock();
    if list.iter().any(|bound| bound.driver == driver.addr()) {
        return Err(Error::Exists);
    }
    let contexts = seats.iter().map(|seat| (seat.handle, seat.asynchronous));
    let new = Arc::new(Bound {
        driver: driver.addr(),
        // Only the seat of a helper has no handle.
        contexts: contexts.filter(|(handle, _)| *handle != 0).collect(),
        engine: own.bind_comp(seats, sleeps)?,
    });
    list.push(Arc::clone(&new));
    Ok(new)
}

/// `init` of the library's drivers. Helpers get no configuration, and need none.
unsafe extern "C" fn init(driver: *mut wd_alg_driver, conf: *mut c_void) -> c_int {
    entry("init", || {
        if driver.is_null() && conf.is_null() {
            return Ok(0);
        }
        // SAFETY: NULL, or the program's structure.
        let conf = unsafe { conf.cast::<wd_ctx_config_internal>().as_ref() };
        let conf = conf.ok_or(Error::Invalid)?;
        if conf.ctxs.is_null() || conf.ctx_num == 0 {
            return Err(Error::Invalid);
        }
        let mut seats = room_for(conf.ctx_num)?;
        // SAFETY: by the program's promise so many contexts.
        let contexts = unsafe { slice::from_raw_parts(conf.ctxs, conf.ctx_num as usize) };
        if contexts.iter().any(|ctx| ctx.ctx == 0) {
            return Err(Error::Invalid);
        }
        let seat = |ctx: &wd_ctx_internal| Seat {
            handle: ctx.ctx,
            hardware: context::find(ctx.ctx).map(|context| context.hardware()),
            op_type: ctx.op_type,
            asynchronous: ctx.ctx_mode == wd_ctx_mode::CTX_MODE_ASYNC as u8,
        };
        seats.extend(contexts.iter().map(seat));
        bind(driver, seats, conf.epoll_en.get())?;
        Ok(0)
    })
}

/// `exit` of the library's drivers.
unsafe extern "C" fn exit(driver: *mut wd_alg_driver) {
    entry::<()>("exit", || {
        let mut list = bound().lock();
        let index = list.iter().position(|bound| bound.driver == driver.addr());
        let ended = index.map(|index| list.swap_remove(index));
        drop(list);
        // Only now, without the lock: it stops queues.
        drop(ended);
        Ok(())
    });
}

/// The driver that a program sends to, and the number of the context there.
fn target(driver: *mut wd_alg_driver, handle: handle_t) -> Result<(Arc<Bound>, usize)> {
    let bound = match find(driver) {
        Some(bound) => bound,
        None => helper(driver)?,
    };
    if bound.contexts.is_empty() {
        return Ok((bound, 0));
    }
    let mut contexts = bound.contexts.iter();
    let seat = contexts.position(|(context, _)| *context == handle);
    Ok((Arc::clone(&bound), seat.ok_or(Error::Invalid)?))
}

/// A software driver whose `init` was given nothing: it is used for the contexts of other drivers.
fn helper(driver: *mut wd_alg_driver) -> Result<Arc<Bound>> {
    let own = registry::shown_as(driver).ok_or(Error::Invalid)?;
    if own.identity().kind == alg_dev_type::UADK_ALG_HW {
        return Err(Error::Invalid);
    }
    let seat = Seat {
        handle: 0,
        hardware: None,
        op_type: 0,
        asynchronous: false,
    };
    match bind(driver, vec![seat], false) {
        // Another thread was faster.
        Err(Error::Exists) => find(driver).ok_or(Error::Invalid),
        answer => answer,
    }
}

/// `send` of the library's drivers.
unsafe extern "C" fn send(
    driver: *mut wd_alg_driver,
    handle: handle_t,
    message: *mut c_void,
) -> c_int {
    entry("send", || {
        // SAFETY: NULL, or a message of the driver's class, which is compression.
        let message = unsafe { message.cast::<wd_comp_msg>().as_mut() }.ok_or(Error::Invalid)?;
        let (bound, seat) = target(driver, handle)?;
        let asynchronous = bound.contexts.get(seat).is_some_and(|(_, is)| *is);
        if asynchronous {
            bound.engine.post(seat, Posted::outside(message))?;
        } else {
            bound.engine.send(seat, message)?;
        }
        Ok(0)
    })
}

/// `recv` of the library's drivers.
unsafe extern "C" fn recv(
    driver: *mut wd_alg_driver,
    handle: handle_t,
    message: *mut c_void,
) -> c_int {
    entry("recv", || {
        // SAFETY: NULL, or a message of the driver's class, which is compression.
        let message = unsafe { message.cast::<wd_comp_msg>().as_mut() }.ok_or(Error::Invalid)?;
        let (bound, seat) = target(driver, handle)?;
        let asynchronous = bound.contexts.get(seat).is_some_and(|(_, is)| *is);
        // Such an engine has finished synchronous messages in `send`.
        if asynchronous || !bound.engine.is_shared() {
            bound.engine.receive(seat, message)?;
        }
        Ok(0)
    })
}

/// `get_usage` of the library's drivers.
unsafe extern "C" fn get_usage(param: *mut c_void) -> c_int {
    entry("get_usage", || {
        // SAFETY: NULL, or the program's structure.
        let question = unsafe { param.cast::<hisi_dev_usage>().as_ref() };
        let question = question.ok_or(Error::Invalid)?;
        let own = registry::shown_as(question.drv).ok_or(Error::Invalid)?;
        // SAFETY: by the program's promise NULL or a string.
        let device = unsafe { text(question.dev_name) }?;
        let percent = own.usage(device, question.alg_op_type)?;
        c_int::try_from(percent).map_err(|_| Error::Io)
    })
}
