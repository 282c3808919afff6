//! User-space queues of Linux accelerators: WarpDrive / UADK in Rust.
pub mod bd;
pub mod calc;
pub mod ctypes;
pub mod error;
pub mod log;
pub mod qm;
pub mod sim;
pub mod sys;
pub mod uacce;

pub use error::{Error, Result};
