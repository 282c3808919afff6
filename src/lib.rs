//! User-space queues of Linux accelerators: WarpDrive / UADK in Rust.
pub mod bd;
pub mod ctypes;
pub mod error;
pub mod log;
pub mod mem;
pub mod qm;
pub mod sys;
pub mod uacce;

pub use error::{Error, Result};
