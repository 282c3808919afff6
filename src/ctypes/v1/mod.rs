//! The structures and constants of UADK v1, one file for each of its headers: those that programs
//! include, and of the library's own (`hisi_qm_udrv`, `wd_util`) what programs come to see.
//!
//! Rust has no bit-fields: the fields that share a byte are one here, whose name says their names
//! and widths, from the lowest bit. `alg_type_4_alg_4` is C's `alg_type:4` and `alg:4`.

pub mod hisi_qm_udrv;
pub mod uacce;
pub mod wd;
pub mod wd_aead;
pub mod wd_bmm;
pub mod wd_cipher;
pub mod wd_comp;
pub mod wd_dh;
pub mod wd_digest;
pub mod wd_ecc;
pub mod wd_rsa;
pub mod wd_sgl;
pub mod wd_share;
pub mod wd_util;

pub use super::v2::{__u8, __u16, __u32, __u64, CBool, Enum};
