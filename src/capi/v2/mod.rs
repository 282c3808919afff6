//! UADK v2: one file for each of its headers.

pub mod wd_alg;
pub mod wd_sched;
