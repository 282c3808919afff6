//! Twins of the structures in the public C headers, with their layout asserted.
//! Data only.

#![forbid(unsafe_code)]

pub mod v0;
pub mod v1;
pub mod v2;
