//! The C entry points: pointers in, the safe Rust API called, a number out. No logic lives here.
//!
//! One module for each generation of the API, one file for each C header. A function is exported
//! under a private name, `__uadk_v0_wd_send`, since later generations have functions of the same
//! names over other structures; the library of its generation gives it its plain name
//! (docs/abi.md).

mod entry;
pub mod v0;
pub mod v2;
