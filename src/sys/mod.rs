//! The operating system and the bare machine: file descriptors, mappings,
//! device registers, barriers, fork. The one floor below the C entries where
//! `unsafe` lives; what it hands upward is safe to use in any order.

pub mod atomic;
mod backing;
pub mod barrier;
pub mod clock;
pub mod copy;
pub mod env;
pub mod fd;
pub mod fork;
pub mod gate;
pub mod handles;
pub mod huge;
pub mod inject;
pub mod ioctl;
pub mod lent;
pub mod lock;
pub mod lost;
pub mod maps;
pub mod mm_br;
pub mod mm_ops;
pub mod mmio;
pub mod numa;
pub mod pages;
pub mod peer;
pub mod plugins;
pub mod poll;
pub mod process;
pub mod shared;
pub mod signal;
pub mod slots;
pub mod sysfs;
pub mod table;
pub mod thread;
