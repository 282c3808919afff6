//! The C entry points: pointers in, the safe Rust API called, a number out. No logic lives here.
//!
//! One module for each generation of the API, one file for each C header. v1 and v2 have no name in
//! common, and their functions have their plain names. Those of the seed API have private ones,
//! `__uadk_v0_wd_send`, since v1 has functions of the same names over other structures; `libwd.so.0`
//! gives them back their plain names (docs/abi.md).

mod entry;
pub mod missing;
mod out;
mod text;
pub mod v0;
pub mod v1;
pub mod v2;
