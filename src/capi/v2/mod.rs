//! UADK v2: one file for each of its headers.

pub mod wd_bmm;
pub mod wd_mempool;
