//! The kernel interface: what devices there are, and one open queue of a device.
//! It knows ioctls and regions, not what a ring or a descriptor is.

#![forbid(unsafe_code)]

pub mod channel;
pub mod device;
pub mod node;
pub mod uapi;
pub mod vfio;
