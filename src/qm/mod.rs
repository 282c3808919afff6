//! HiSilicon's queue manager: where things lie in a queue's memory, what a
//! doorbell says, and the ring protocol. It moves entries of `N` bytes and does
//! not know what is in them.

#![forbid(unsafe_code)]

pub mod doorbell;
pub mod layout;
pub mod ring;

#[cfg(test)]
pub(crate) mod echo;
#[cfg(test)]
mod tests;
