//! Which devices this process sees: the kernel's, or, when `WD_SIM` says so,
//! simulated ones and only these.

#![forbid(unsafe_code)]

use crate::error::Result;
use crate::sim::{World, config};
use crate::sys::fork::PerProcess;
use crate::uacce::channel::Bus;
use crate::uacce::node::Kernel;

/// The process's bus. `WD_SIM` is read at the first call; a fork child reads it
/// again and has a simulation of its own, since threads do not survive a fork.
///
/// # Errors
/// [`crate::Error::Invalid`] if `WD_SIM` cannot be understood: no device is better than another
/// than the one that was asked for.
pub fn system() -> Result<&'static dyn Bus> {
    static BUS: PerProcess<Result<Box<dyn Bus>>> = PerProcess::new();
    match BUS.get_or(choose) {
        Ok(bus) => Ok(bus.as_ref()),
        Err(error) => Err(*error),
    }
}

/// Whether there is a device now whose name begins with `prefix`.
#[must_use]
pub fn has(prefix: &str) -> bool {
    let devices = system().and_then(Bus::devices);
    devices.is_ok_and(|devices| devices.iter().any(|device| device.name.starts_with(prefix)))
}

fn choose() -> Result<Box<dyn Bus>> {
    match config::from_env() {
        Some(config) => Ok(Box::new(World::new(config?)?)),
        None => Ok(Box::new(Kernel)),
    }
}
