//! Simulated devices: a [`World`] of them is a [`Bus`](crate::uacce::channel::Bus)
//! like the kernel's. The queue manager and the compression engine are modelled
//! here after the hardware (docs/device-model.md); nothing is shared with the
//! drivers that use it except the layouts in `qm` and `bd`.

#![forbid(unsafe_code)]

mod bus;
pub mod config;
mod contexts;
mod device;
pub mod faults;
mod model;
mod opened;
pub mod report;
pub mod served;
mod space;
mod state;
mod tally;
pub mod vfio;
mod zip;

#[cfg(test)]
mod tests;

/// What the preloaded simulation exports, so that a library in the same process knows of it.
pub const PRELOADED: &core::ffi::CStr = c"__wd_sim_preloaded";

pub use bus::World;
pub use opened::Opened;
pub use tally::Counters;
pub use zip::{BAD_DATA, BAD_REQUEST, BUS_FAULT, MAX_LENGTH, TRUNCATED};
