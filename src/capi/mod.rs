//! The C entries: pointers in, the safe Rust API called, an answer out. No logic.
//!
//! `# Safety` of every entry, unless it says more: pointers are NULL or point to
//! what their type says, for as long as the call runs; strings end with NUL.

pub mod entry;
pub mod v0;
