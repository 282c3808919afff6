//! The functions of `wd_alg.h`: the registry of drivers. The comments below are the header's comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, where the first paragraph says what holds \
              for all: pointers are NULL or good"
)]

use super::own_drivers;
use crate::bus;
use crate::calc::algorithms;
use crate::capi::entry::entry;
use crate::capi::text::text;
use crate::ctypes::v2::wd_alg::{wd_alg_driver, wd_alg_list};
use crate::ctypes::v2::{__u8, handle_t};
use crate::drv::foreign::{Foreign, identity};
use crate::drv::registry::{self, Kind};
use crate::error::{Error, Result};
use core::ffi::{c_char, c_int, c_void};
use core::ptr;
use std::sync::Arc;

/// The structure of a driver of the caller's.
///
/// # Safety
/// `drv` is NULL or points to a structure that outlives `'a`.
unsafe fn driver_of<'a>(drv: *const wd_alg_driver) -> Result<&'a wd_alg_driver> {
    // SAFETY: the promise above.
    unsafe { drv.as_ref() }.ok_or(Error::Invalid)
}

/// Registers a driver of one algorithm. The structure, its texts and its functions must stay until
/// `wd_alg_driver_unregister`, and until nobody uses the driver any more.
///
/// Returns 0, also for a driver whose names, priority and calc_type are registered already, which is
/// not registered again; -WD_EINVAL for NULL, a missing function or name, and a name of 128 bytes or
/// more; -WD_ENODEV if the machine does not have what the driver needs: for UADK_ALG_HW a device whose
/// name begins with drv_name. UADK_ALG_SOFT needs nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_alg_driver_register(drv: *mut wd_alg_driver) -> c_int {
    entry("wd_alg_driver_register", || {
        if let Some(own) = registry::shown_as(drv) {
            registry::register(own, &bus::has)?;
            return Ok(0);
        }
        // SAFETY: the caller's promise.
        let driver = unsafe { Foreign::adopt(drv) }?;
        registry::register(Arc::new(driver), &bus::has)?;
        Ok(0)
    })
}

/// Ends the registration of the driver with the names, the priority and the calc_type of `drv`. Who
/// uses it goes on doing so.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_alg_driver_unregister(drv: *mut wd_alg_driver) {
    entry::<()>("wd_alg_driver_unregister", || {
        // SAFETY: NULL, or the caller's structure.
        registry::unregister(&unsafe { identity(drv) }?);
        Ok(())
    });
}

/// Takes the driver of an algorithm into use: of those that can be used the one with the greatest
/// priority, which must not be negative, and of several the one that was registered first. With
/// `hw_mask` only drivers are looked at that are not UADK_ALG_HW, else only those that are.
///
/// Returns the driver, which `wd_release_drv` gives back, or NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_request_drv(
    alg_name: *const c_char,
    hw_mask: bool,
) -> *mut wd_alg_driver {
    entry("wd_request_drv", || {
        // SAFETY: NULL, or the caller's string.
        let algorithm = unsafe { text(alg_name) }?;
        let wanted = if hw_mask {
            Kind::Software
        } else {
            Kind::Hardware
        };
        let lease = registry::request(algorithm, wanted, &bus::has).ok_or(Error::NoDevice)?;
        registry::show(&own_drivers::structure_of);
        Ok(lease.keep())
    })
}

/// Gives back a driver of `wd_request_drv`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_release_drv(drv: *mut wd_alg_driver) {
    entry::<()>("wd_release_drv", || {
        // SAFETY: NULL, or the caller's structure.
        registry::release(&unsafe { identity(drv) }?);
        Ok(())
    });
}

/// Returns whether a driver with the drv_name of `drv` is registered for an algorithm.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_drv_alg_support(
    alg_name: *const c_char,
    drv: *mut wd_alg_driver,
) -> bool {
    entry("wd_drv_alg_support", || {
        // SAFETY: NULL, or the caller's string.
        let algorithm = unsafe { text(alg_name) }?;
        // SAFETY: NULL, or the caller's structure.
        let driver = unsafe { driver_of(drv) }?;
        // SAFETY: NULL, or the driver's name.
        let name = unsafe { text(driver.drv_name) }?;
        let supports = |entry: &registry::Entry| {
            entry.identity.algorithm == algorithm && entry.identity.driver == name
        };
        Ok(registry::list(&bus::has).iter().any(supports))
    })
}

/// Lets a driver be requested again after `wd_disable_drv`, if the machine has what it needs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_enable_drv(drv: *mut wd_alg_driver) {
    entry::<()>("wd_enable_drv", || {
        // SAFETY: NULL, or the caller's structure.
        registry::enable(&unsafe { identity(drv) }?, &bus::has);
        Ok(())
    });
}

/// Lets a driver not be requested until `wd_enable_drv`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_disable_drv(drv: *mut wd_alg_driver) {
    entry::<()>("wd_disable_drv", || {
        // SAFETY: NULL, or the caller's structure.
        registry::disable_named(&unsafe { identity(drv) }?);
        Ok(())
    });
}

/// Calls the driver's `init` with `conf`, a `struct wd_ctx_config_internal`.
///
/// Returns what it returns, or -WD_EINVAL for NULL and a driver without the function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_alg_driver_init(drv: *mut wd_alg_driver, conf: *mut c_void) -> c_int {
    entry("wd_alg_driver_init", || {
        // SAFETY: NULL, or the caller's structure.
        let init = unsafe { driver_of(drv) }?.init.ok_or(Error::Invalid)?;
        // SAFETY: the driver's function; that `conf` is what it takes is the caller's promise.
        Ok(unsafe { init(drv, conf) })
    })
}

/// Calls the driver's `exit`. Does nothing for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_alg_driver_exit(drv: *mut wd_alg_driver) {
    entry::<()>("wd_alg_driver_exit", || {
        // SAFETY: NULL, or the caller's structure.
        let exit = unsafe { driver_of(drv) }?.exit.ok_or(Error::Invalid)?;
        // SAFETY: the driver's function.
        unsafe { exit(drv) };
        Ok(())
    });
}

/// Calls the driver's `send` with a context that it was initialised with, and a message.
///
/// Returns what it returns, or -WD_EINVAL for NULL and a driver without the function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_alg_driver_send(
    drv: *mut wd_alg_driver,
    ctx: handle_t,
    msg: *mut c_void,
) -> c_int {
    entry("wd_alg_driver_send", || {
        // SAFETY: NULL, or the caller's structure.
        let send = unsafe { driver_of(drv) }?.send.ok_or(Error::Invalid)?;
        // SAFETY: the driver's function; that it takes these is the caller's promise.
        Ok(unsafe { send(drv, ctx, msg) })
    })
}

/// Calls the driver's `recv` with a context that it was initialised with, and a message.
///
/// Returns what it returns, or -WD_EINVAL for NULL and a driver without the function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_alg_driver_recv(
    drv: *mut wd_alg_driver,
    ctx: handle_t,
    msg: *mut c_void,
) -> c_int {
    entry("wd_alg_driver_recv", || {
        // SAFETY: NULL, or the caller's structure.
        let recv = unsafe { driver_of(drv) }?.recv.ok_or(Error::Invalid)?;
        // SAFETY: the driver's function; that it takes these is the caller's promise.
        Ok(unsafe { recv(drv, ctx, msg) })
    })
}

/// Asks the driver of a device how busy it is. `alg_type` is what `wd_get_alg_type` tells, `op_type` a
/// kind of operation.
///
/// Returns a percentage, or -WD_EINVAL for NULL and a driver that cannot be asked, -WD_EACCES if there
/// is no driver that is initialised.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_alg_get_dev_usage(
    dev_name: *const c_char,
    alg_type: *const c_char,
    op_type: __u8,
) -> c_int {
    entry("wd_alg_get_dev_usage", || {
        // SAFETY: NULL, or the caller's string.
        let device = unsafe { text(dev_name) }?;
        // SAFETY: NULL, or the caller's string.
        let class = unsafe { text(alg_type) }?;
        let percent = registry::usage(device, class, op_type, &bus::has)?;
        c_int::try_from(percent).map_err(|_| Error::Io)
    })
}

/// Writes the class of an algorithm, as devices list it, to `alg_type`, which has room for
/// ALG_NAME_SIZE bytes: `cipher` for `cbc(aes)`, `zlib` for `zlib`.
///
/// Returns 0, also for the empty name, whose class is empty; -WD_EINVAL for NULL and unknown names.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_alg_type(alg_name: *const c_char, alg_type: *mut c_char) -> c_int {
    entry("wd_get_alg_type", || {
        // SAFETY: NULL, or the caller's string.
        let algorithm = unsafe { text(alg_name) }?;
        let class = algorithms::class(algorithm).ok_or(Error::Invalid)?;
        if alg_type.is_null() {
            return Err(Error::Invalid);
        }
        let room = alg_type.cast::<u8>();
        // SAFETY: the caller's room; the names of classes are shorter.
        unsafe { ptr::copy_nonoverlapping(class.as_ptr(), room, class.len()) };
        // SAFETY: as above.
        let end = unsafe { room.add(class.len()) };
        // SAFETY: as above.
        unsafe { end.write(0) };
        Ok(0)
    })
}

/// Returns the head of the list of drivers: an empty node, whose `next` is the first driver. The list
/// is only to be read. Its nodes stay readable for ever, those of former drivers too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_alg_head() -> *mut wd_alg_list {
    entry("wd_get_alg_head", || {
        registry::register_own(&bus::has);
        registry::show(&own_drivers::structure_of);
        Ok(ptr::from_ref(registry::head()).cast_mut().cast())
    })
}

/// Does nothing: the library's own drivers register themselves.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_sec2_probe() {}

/// Does nothing: the library's own drivers register themselves.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_hpre_probe() {}

/// Does nothing: the library's own drivers register themselves.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_zip_probe() {}

/// Does nothing: the library's own drivers register themselves.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_dae_probe() {}

/// Does nothing: the library's own drivers register themselves.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_udma_probe() {}

/// Does nothing: the library's own drivers register themselves.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_dae_join_gather_probe() {}

/// Does nothing: the library's own drivers stay registered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_sec2_remove() {}

/// Does nothing: the library's own drivers stay registered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_hpre_remove() {}

/// Does nothing: the library's own drivers stay registered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_zip_remove() {}

/// Does nothing: the library's own drivers stay registered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_dae_remove() {}

/// Does nothing: the library's own drivers stay registered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_udma_remove() {}

/// Does nothing: the library's own drivers stay registered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hisi_dae_join_gather_remove() {}

#[cfg(test)]
mod tests;
