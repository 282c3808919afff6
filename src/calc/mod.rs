//! Algorithms as plain functions on bytes. No device, no memory of others, no
//! state beyond what a caller holds.

#![forbid(unsafe_code)]

pub mod algorithms;
pub mod deflate;
pub mod equality;
pub mod lz4;
pub mod lz77;
pub mod wrap;
