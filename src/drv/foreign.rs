//! Drivers written in C: a `struct wd_alg_driver` of a plug-in or a program, as a
//! driver like any other.
//!
//! A request is one call through the structure's function pointer, with the caller's
//! message or its slot, without a lock or an allocation. What the driver is shown of
//! the contexts, `struct wd_ctx_config_internal`, stays where it is until the driver's
//! `exit` was called.

#![expect(
    unsafe_code,
    reason = "calls C functions through the structure that names them"
)]

use super::{Driver, Engine, Hardware, Identity, Path, Seat};
use crate::ctypes::v2::wd::WD_HW_EACCESS;
use crate::ctypes::v2::wd_alg::{alg_dev_type, hisi_dev_usage, wd_alg_driver};
use crate::ctypes::v2::wd_alg_common::wd_ctx_mode;
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::ctypes::v2::wd_internal::{
    pthread_spinlock_t, wd_ce_ctx, wd_ctx_config_internal, wd_ctx_internal,
};
use crate::ctypes::v2::{CBool, handle_t};
use crate::error::{Error, Result};
use crate::sys::slots::Posted;
use crate::uacce::channel::Wake;
use core::ffi::{CStr, c_char, c_int, c_uint, c_void};
use core::marker::PhantomData;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::ffi::CString;

/// What a compression driver is told that its contexts are for.
const COMPRESSION: &CStr = c"zlib gzip deflate lz77_zstd lz4 lz77_only";

/// Sends or receives.
type Move = unsafe extern "C" fn(*mut wd_alg_driver, handle_t, *mut c_void) -> c_int;

/// A driver written in C.
pub struct Foreign {
    driver: *mut wd_alg_driver,
    identity: Identity,
}

// SAFETY: the functions of the structure may be called from any thread (the promise of `adopt`).
unsafe impl Send for Foreign {}
// SAFETY: as above; the one field that this library writes is written atomically.
unsafe impl Sync for Foreign {}

impl Foreign {
    /// Takes a driver as C describes it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for NULL, a missing function or name, and a name that is not UTF-8;
    /// [`Error::NoDevice`] if it computes with something unknown.
    ///
    /// # Safety
    /// `driver` is NULL or points to a structure that nobody but the driver changes as long as
    /// anything made of it is used; its texts end with NUL, and its functions do what `wd_alg.h`
    /// says, called from any thread, with messages of its algorithm's class.
    pub unsafe fn adopt(driver: *mut wd_alg_driver) -> Result<Foreign> {
        // SAFETY: the promise above.
        let identity = unsafe { identity(driver) }?;
        let foreign = Foreign { driver, identity };
        let whole = foreign.functions().is_some();
        whole.then_some(foreign).ok_or(Error::Invalid)
    }

    /// `init`, `exit`, `send` and `recv`, if all of them are there.
    fn functions(&self) -> Option<Functions> {
        let driver = self.driver;
        Some(Functions {
            // SAFETY: `adopt`'s promise.
            init: unsafe { (*driver).init }?,
            // SAFETY: `adopt`'s promise.
            exit: unsafe { (*driver).exit }?,
            // SAFETY: `adopt`'s promise.
            send: unsafe { (*driver).send }?,
            // SAFETY: `adopt`'s promise.
            recv: unsafe { (*driver).recv }?,
        })
    }

    /// Prepares the driver for contexts; for none at all, as the helper of another driver, which C
    /// drivers are told by `init(NULL, NULL)`. `purpose` names algorithms.
    ///
    /// # Errors
    /// What the driver answered.
    fn bind<M>(&self, seats: Vec<Seat>, sleeps: bool, purpose: &CStr) -> Result<Bound<M>> {
        let functions = self.functions().ok_or(Error::Invalid)?;
        let helper = seats.is_empty();
        let shown = Shown::new(&seats, sleeps, purpose);
        let (driver, config) = if helper {
            (ptr::null_mut(), ptr::null_mut())
        } else {
            (self.driver, shown.config)
        };
        // SAFETY: `adopt`'s promise; the configuration is whole and stays until `exit`.
        let answer = unsafe { (functions.init)(driver, config.cast()) };
        result(answer)?;
        Ok(Bound {
            send: functions.send,
            recv: functions.recv,
            driver: self.driver,
            handles: if helper {
                Box::new([0])
            } else {
                shown.handles()
            },
            exit: functions.exit,
            helper,
            hardware: seats.into_iter().map(|seat| seat.hardware).collect(),
            _shown: shown,
            message: PhantomData,
        })
    }
}

/// A driver's name, algorithm and rank.
///
/// # Errors
/// [`Error::Invalid`] for NULL, and a name that is missing or not UTF-8; [`Error::NoDevice`] if it
/// computes with something unknown.
///
/// # Safety
/// `driver` is NULL or points to a structure whose texts are NULL or end with NUL.
pub unsafe fn identity(driver: *const wd_alg_driver) -> Result<Identity> {
    // SAFETY: the promise above.
    let driver = unsafe { driver.as_ref() }.ok_or(Error::Invalid)?;
    let kind = c_uint::try_from(driver.calc_type).ok();
    Ok(Identity {
        // SAFETY: the promise above.
        driver: unsafe { text(driver.drv_name) }?,
        // SAFETY: the promise above.
        algorithm: unsafe { text(driver.alg_name) }?,
        priority: driver.priority,
        kind: kind
            .and_then(|number| alg_dev_type::try_from(number).ok())
            .ok_or(Error::NoDevice)?,
        queue_num: driver.queue_num.max(0),
        op_type_num: driver.op_type_num,
    })
}

/// # Safety
/// `text` is NULL or ends with NUL.
unsafe fn text(text: *const c_char) -> Result<String> {
    if text.is_null() {
        return Err(Error::Invalid);
    }
    // SAFETY: not NULL, so by the caller's promise a string.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map(str::to_owned).map_err(|_| Error::Invalid)
}

impl Driver for Foreign {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn bind_comp(&self, seats: Vec<Seat>, sleeps: bool) -> Result<Box<dyn Engine<wd_comp_msg>>> {
        Ok(Box::new(self.bind(seats, sleeps, COMPRESSION)?))
    }

    fn in_c(&self) -> *mut wd_alg_driver {
        self.driver
    }

    fn set_fallback(&self, other: *mut wd_alg_driver) {
        // SAFETY: `adopt`'s promise.
        let field = unsafe { &raw mut (*self.driver).fallback };
        // SAFETY: aligned and valid as the structure is; the driver only reads the field.
        let field = unsafe { AtomicUsize::from_ptr(field) };
        field.store(other.expose_provenance(), Ordering::Relaxed);
    }

    /// # Errors
    /// [`Error::Os`] with `EACCES` if the driver is not initialised; [`Error::Invalid`] if it has no
    /// such function.
    fn usage(&self, device: &str, op_type: u8) -> Result<u32> {
        let device = CString::new(device).map_err(|_| Error::Invalid)?;
        // SAFETY: `adopt`'s promise.
        if unsafe { (*self.driver).priv_ }.is_null() {
            return Err(Error::Os(libc::EACCES));
        }
        // SAFETY: `adopt`'s promise.
        let ask = unsafe { (*self.driver).get_usage }.ok_or(Error::Invalid)?;
        let mut question = hisi_dev_usage {
            drv: self.driver,
            dev_name: device.as_ptr(),
            alg_op_type: op_type,
        };
        // SAFETY: `adopt`'s promise; the question and its text outlive the call.
        let answer = unsafe { ask((&raw mut question).cast()) };
        u32::try_from(answer).map_err(|_| error_of(answer))
    }
}

struct Functions {
    init: unsafe extern "C" fn(*mut wd_alg_driver, *mut c_void) -> c_int,
    exit: unsafe extern "C" fn(*mut wd_alg_driver),
    send: Move,
    recv: Move,
}

/// A driver that was initialised.
struct Bound<M> {
    send: Move,
    recv: Move,
    driver: *mut wd_alg_driver,
    /// How C knows each context; a helper has one that is none.
    handles: Box<[handle_t]>,
    exit: unsafe extern "C" fn(*mut wd_alg_driver),
    /// It was initialised without contexts.
    helper: bool,
    /// What to wait on, for each context.
    hardware: Vec<Option<Hardware>>,
    _shown: Shown,
    message: PhantomData<fn(M)>,
}

// SAFETY: the functions may be called from any thread (the promise of `Foreign::adopt`).
unsafe impl<M> Send for Bound<M> {}
// SAFETY: as above; nothing in it changes.
unsafe impl<M> Sync for Bound<M> {}

impl<M> Bound<M> {
    #[inline]
    fn handle(&self, seat: usize) -> Result<handle_t> {
        self.handles.get(seat).copied().ok_or(Error::Invalid)
    }
}

impl<M> Drop for Bound<M> {
    fn drop(&mut self) {
        let driver = if self.helper {
            ptr::null_mut()
        } else {
            self.driver
        };
        // SAFETY: `Foreign::adopt`'s promise; it was initialised, and nobody uses it any more.
        unsafe { (self.exit)(driver) };
    }
}

impl<M: Copy> Engine<M> for Bound<M> {
    fn path(&self, _: usize) -> Path {
        Path::Foreign
    }

    #[inline]
    fn send(&self, seat: usize, message: &mut M) -> Result<()> {
        let handle = self.handle(seat)?;
        // SAFETY: `Foreign::adopt`'s promise; the message stays where it is until it is answered.
        result(unsafe { (self.send)(self.driver, handle, ptr::from_mut(message).cast()) })
    }

    #[inline]
    fn exchange(&self, seat: usize, message: &mut M) -> Result<bool> {
        let (driver, handle) = (self.driver, self.handle(seat)?);
        let message: *mut c_void = ptr::from_mut(message).cast();
        // SAFETY: as in `send`.
        result(unsafe { (self.send)(driver, handle, message) })?;
        // SAFETY: as in `receive`.
        match unsafe { (self.recv)(driver, handle, message) } {
            0.. => Ok(true),
            answer if answer == -libc::EAGAIN => Ok(false),
            answer => Err(error_of(answer)),
        }
    }

    #[inline]
    fn post(&self, seat: usize, message: Posted<'_, M>) -> Result<()> {
        let handle = self.handle(seat)?;
        // SAFETY: as above: the slot is the message's until it is answered.
        result(unsafe { (self.send)(self.driver, handle, message.as_ptr().cast()) })
    }

    #[inline]
    fn receive(&self, seat: usize, message: &mut M) -> Result<()> {
        let handle = self.handle(seat)?;
        // SAFETY: as above; the driver writes to this message, and to the one that was sent.
        result(unsafe { (self.recv)(self.driver, handle, ptr::from_mut(message).cast()) })
    }

    fn answers_in_slots(&self) -> bool {
        true
    }

    fn wait(&self, seat: usize, limit: Duration) -> Result<Wake> {
        let hardware = self.hardware.get(seat).and_then(Option::as_ref);
        hardware.ok_or(Error::Unsupported)?.channel.wait(limit)
    }
}

/// What C answered: only a negative number is an error.
#[inline]
fn result(answer: c_int) -> Result<()> {
    if answer >= 0 {
        Ok(())
    } else {
        Err(error_of(answer))
    }
}

#[cold]
fn error_of(answer: c_int) -> Error {
    match answer.checked_neg() {
        Some(WD_HW_EACCESS) => Error::DeviceReset,
        Some(number) => Error::from_errno(number),
        None => Error::Io,
    }
}

/// A spin lock as the C library of this machine has it when nobody holds it.
fn unlocked() -> pthread_spinlock_t {
    let mut lock = 0;
    // SAFETY: the lock is ours. It is moved before anybody uses it; it is a number.
    unsafe { libc::pthread_spin_init(&raw mut lock, libc::PTHREAD_PROCESS_SHARED) };
    lock
}

/// What a driver is shown of its contexts. The driver writes to it, so it is reached through
/// pointers only.
struct Shown {
    config: *mut wd_ctx_config_internal,
    ctxs: *mut [wd_ctx_internal],
    /// The contexts without a device.
    plain: *mut [wd_ce_ctx],
    _purpose: CString,
}

impl Shown {
    fn new(seats: &[Seat], sleeps: bool, purpose: &CStr) -> Shown {
        // `struct wd_soft_ctx`, which vector drivers expect, is one without the name; both begin with
        // the descriptor, and the rest is NULL.
        let plain = |_: &Seat| wd_ce_ctx {
            fd: -1,
            drv_name: ptr::null_mut(),
            priv_: ptr::null_mut(),
        };
        let plain: *mut [wd_ce_ctx] = Box::into_raw(seats.iter().map(plain).collect());
        let ctx = |(index, seat): (usize, &Seat)| wd_ctx_internal {
            ctx: match seat.handle {
                0 => plain
                    .cast::<wd_ce_ctx>()
                    .wrapping_add(index)
                    .expose_provenance(),
                handle => handle,
            },
            op_type: seat.op_type,
            ctx_mode: if seat.asynchronous {
                wd_ctx_mode::CTX_MODE_ASYNC as u8
            } else {
                wd_ctx_mode::CTX_MODE_SYNC as u8
            },
            sqn: 0,
            lock: unlocked(),
        };
        let ctxs: *mut [wd_ctx_internal] =
            Box::into_raw(seats.iter().enumerate().map(ctx).collect());
        let purpose = purpose.to_owned();
        let config = wd_ctx_config_internal {
            ctx_num: u32::try_from(seats.len()).unwrap_or(u32::MAX),
            shmid: 0,
            ctxs: ctxs.cast(),
            priv_: ptr::null_mut(),
            epoll_en: CBool::from(sleeps),
            msg_cnt: ptr::null_mut(),
            alg_name: purpose.as_ptr().cast_mut(),
        };
        Shown {
            config: Box::into_raw(Box::new(config)),
            ctxs,
            plain,
            _purpose: purpose,
        }
    }

    /// How C knows each context.
    fn handles(&self) -> Box<[handle_t]> {
        // SAFETY: ours until dropped; the driver changes only fields of no interest here.
        let ctxs = unsafe { &*self.ctxs };
        ctxs.iter().map(|ctx| ctx.ctx).collect()
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        // SAFETY: made by Box::into_raw; the driver's `exit` was called or its `init` failed.
        drop(unsafe { Box::from_raw(self.config) });
        // SAFETY: as above.
        drop(unsafe { Box::from_raw(self.ctxs) });
        // SAFETY: as above.
        drop(unsafe { Box::from_raw(self.plain) });
    }
}

#[cfg(test)]
mod tests;
