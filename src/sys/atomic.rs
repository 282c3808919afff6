//! The atomics of what models explore: `core`'s, or under `--cfg models` those of the crate
//! loom, which tries the orders in which threads may run and the values that weakly
//! ordered loads may see (`make models`, docs/reliability.md).

#[cfg(not(models))]
pub use core::sync::atomic::{
    AtomicBool, AtomicI32, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, fence,
};

#[cfg(models)]
mod explored;
#[cfg(models)]
pub use explored::*;
