//! The seed's API: one file for each header that declares functions.

pub mod wd;
