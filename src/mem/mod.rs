//! Memory that a queue and its device use together: what may be shared, who
//! shares it, and when a device must let go of it. It knows no queue and no
//! descriptor; how pages reach a device is the business of a channel.

#![forbid(unsafe_code)]

pub mod block;
pub mod bmm;
mod check;
mod extents;
pub mod handles;
mod pieces;
pub mod pool;
#[cfg(all(test, not(miri)))]
mod program;
pub mod reserved;
pub mod sgl;
pub mod share;
mod space;

#[cfg(all(test, not(miri)))]
mod tests;
