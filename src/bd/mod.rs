//! Descriptors as bytes: encoded, decoded, and nothing else. No queue, no I/O.

#![forbid(unsafe_code)]

pub mod sgl;
pub mod zip;
