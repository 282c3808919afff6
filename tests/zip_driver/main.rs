//! The driver `hisi_zip` over simulated devices, held against other programs and crates.

#![expect(unsafe_code, reason = "gives the promise of lent memory")]

mod faults;
mod lists;
mod lz;
mod rig;
mod streams;
mod whole;
mod without_sva;
