//! The drivers of this library.

#![forbid(unsafe_code)]

use super::{Driver, hisi_zip, registry, soft};
use crate::error::Error;
use crate::log_error;
use crate::sys::fork::PerProcess;
use crate::sys::lent::Promise;
use std::sync::Arc;

/// All of them, each in the order in which it is registered.
fn drivers() -> Vec<Arc<dyn Driver>> {
    let mut all = hisi_zip::drivers(Promise::of_callers());
    all.extend(soft::drivers(Promise::of_callers()));
    all
}

/// Registers the drivers of this library that can work on this machine and never have been
/// registered: a device may appear later, and a program may unregister a driver for good. `devices`
/// tells whether there is a device whose name begins with a text.
pub fn register_all(devices: &dyn Fn(&str) -> bool) {
    static DRIVERS: PerProcess<Vec<Arc<dyn Driver>>> = PerProcess::new();
    for driver in DRIVERS.get_or(drivers) {
        let identity = driver.identity();
        if registry::was_registered(identity) {
            continue;
        }
        match registry::register(Arc::clone(driver), devices) {
            Ok(()) | Err(Error::NoDevice) => {}
            Err(error) => log_error!("{}: not registered: {error}", identity.driver),
        }
    }
}
