//! UADK v1: one file for each of its headers.

pub mod wd;
pub mod wd_bmm;
pub mod wd_sgl;
