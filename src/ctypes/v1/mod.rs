//! The structures and constants of UADK v1, one file for each of its headers: those that programs
//! include, and of the library's own (`hisi_qm_udrv`, `wd_util`) what programs come to see.

pub mod hisi_qm_udrv;
pub mod wd;
pub mod wd_bmm;
pub mod wd_comp;
pub mod wd_sgl;
pub mod wd_util;

pub use super::v2::{__u8, __u16, __u32, __u64, Enum};
