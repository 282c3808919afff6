//! UADK v2: one file for each of its headers.

mod foreign_sched;
mod memory;
mod numa;
mod own_drivers;
pub mod wd;
pub mod wd_alg;
pub mod wd_bmm;
pub mod wd_comp;
pub mod wd_internal;
pub mod wd_mempool;
pub mod wd_path;
pub mod wd_sched;
pub mod wd_zlibwrapper;
