//! The algorithms' half of UADK v2: devices and contexts, schedulers, and sessions
//! whose requests go through the engines of [`crate::drv`]. No hardware is known here.

#![forbid(unsafe_code)]

pub mod comp;
pub mod context;
pub mod ctx_list;
pub mod device;
pub mod env;
pub mod lane;
pub mod sched;
pub mod seat;
pub mod setup;
pub mod tally;
pub mod workers;
pub mod zlib;
