//! Which devices this process sees: the kernel's, or, when `WD_SIM` says so,
//! simulated ones and only these.

#![forbid(unsafe_code)]

use crate::error::{Error, Result};
use crate::log_error;
use crate::sim::{PRELOADED, World, config, report};
use crate::sys::fork::PerProcess;
use crate::sys::process;
use crate::uacce::channel::Bus;
use crate::uacce::node::Kernel;
use crate::uacce::vfio::{self, calls::Vfio};

static BUS: PerProcess<Result<Chosen>> = PerProcess::new();

enum Chosen {
    Kernel(Kernel),
    Simulated(World),
}

/// The process's bus. `WD_SIM` is read at the first call; a fork child reads it
/// again and has a simulation of its own, since threads do not survive a fork.
///
/// Where the simulation is preloaded, its devices are found as the kernel's are, and there is no
/// second one here.
///
/// # Errors
/// [`crate::Error::Invalid`] if `WD_SIM` cannot be understood: no device is better than another
/// than the one that was asked for.
pub fn system() -> Result<&'static dyn Bus> {
    match BUS.get_or(choose) {
        Ok(Chosen::Kernel(kernel)) => Ok(kernel),
        Ok(Chosen::Simulated(world)) => Ok(world),
        Err(error) => Err(*error),
    }
}

/// Where mediated devices come from, by the same choice: the kernel's VFIO, or that of the simulation.
///
/// # Errors
/// As [`system`].
pub fn vfio() -> Result<&'static dyn Vfio> {
    match BUS.get_or(choose) {
        Ok(Chosen::Kernel(_)) => Ok(&vfio::Kernel),
        Ok(Chosen::Simulated(world)) => Ok(world),
        Err(error) => Err(*error),
    }
}

/// The simulated devices of this process, if it has been led to them.
#[must_use]
pub fn simulated() -> Option<&'static World> {
    match BUS.get()? {
        Ok(Chosen::Simulated(world)) => Some(world),
        _ => None,
    }
}

/// Whether there is a device now whose name begins with `prefix`.
#[must_use]
pub fn has(prefix: &str) -> bool {
    let devices = system().and_then(Bus::devices);
    devices.is_ok_and(|devices| devices.iter().any(|device| device.name.starts_with(prefix)))
}

fn choose() -> Result<Chosen> {
    match config::from_env() {
        Some(config) if !process::exports(PRELOADED) => {
            let world = World::new(config?)?;
            report::prepare(report_now).map_err(|reason| {
                log_error!("{reason}");
                Error::Invalid
            })?;
            process::at_exit(tell);
            Ok(Chosen::Simulated(world))
        }
        _ => Ok(Chosen::Kernel(Kernel)),
    }
}

/// At the end: what the devices have done, if that is asked for.
extern "C" fn tell() {
    report_now();
}

/// Runs in a signal handler too.
fn report_now() {
    if let Some(world) = simulated() {
        report::write(world);
    }
}
