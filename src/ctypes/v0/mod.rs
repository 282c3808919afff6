//! The structures and constants of the seed API, one file for each of its headers.

#![expect(
    non_camel_case_types,
    reason = "the names are those of <linux/types.h>"
)]

pub mod comp_hw;
pub mod hisi_qm_udrv;
pub mod wd;

pub use comp_hw::*;
pub use hisi_qm_udrv::*;
pub use wd::*;

/// `__u16` of `<linux/types.h>`.
pub type __u16 = u16;
/// `__u32` of `<linux/types.h>`.
pub type __u32 = u32;
/// `__u64` of `<linux/types.h>`.
pub type __u64 = u64;
