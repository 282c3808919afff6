//! `warpdrive/comp_hw.h`: parameters of compression.

use super::__u32;

/// Parameters of a compression algorithm.
#[repr(C)]
pub struct vfio_wdev_comp_param {
    /// The window's size.
    pub window_size: __u32,
    /// The compression level.
    pub comp_level: __u32,
    /// The mode.
    pub mode: __u32,
    /// The algorithm.
    pub alg: __u32,
}
