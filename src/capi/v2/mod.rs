//! UADK v2: one file for each of its headers.

pub mod wd;
pub mod wd_internal;
