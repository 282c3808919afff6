//! UADK v1: one file for each of its headers.

pub mod wd;
