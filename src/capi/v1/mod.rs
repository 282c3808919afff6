//! UADK v1: one file for each of its headers.

pub mod hisi_qm_udrv;
pub mod wd;
pub mod wd_share;
