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

use crate::alg::setup::MOST_SEATS;
use crate::error::{Error, Result};

/// A list with room for what is made of the `count` contexts that a program names. More than there
/// can be are refused, and need not be read.
///
/// # Errors
/// [`Error::NoMemory`].
fn room_for<T>(count: u32) -> Result<Vec<T>> {
    let mut list = Vec::new();
    match list.try_reserve_exact((count as usize).min(MOST_SEATS)) {
        Ok(()) if count as usize <= MOST_SEATS => Ok(list),
        _ => Err(Error::NoMemory),
    }
}
