//! The structures and constants of UADK v2, one file for each of its headers, and
//! the messages between the library and drivers written in C.

#![expect(
    non_camel_case_types,
    reason = "the names are those of <linux/types.h>"
)]

pub mod uacce;
pub mod wd;
pub mod wd_alg;
pub mod wd_alg_common;
pub mod wd_bmm;
pub mod wd_comp;
pub mod wd_comp_drv;
pub mod wd_internal;
pub mod wd_path;
pub mod wd_sched;
pub mod wd_zlibwrapper;

use core::ffi::c_uint;
use core::fmt;
use core::marker::PhantomData;

/// `__u8` of `<linux/types.h>`.
pub type __u8 = u8;
/// `__u16` of `<linux/types.h>`.
pub type __u16 = u16;
/// `__u32` of `<linux/types.h>`.
pub type __u32 = u32;
/// `__u64` of `<linux/types.h>`.
pub type __u64 = u64;
/// `handle_t` of `wd.h`: a number that names something of the library's.
pub type handle_t = usize;

/// A C `enum` in a structure that a caller fills: any integer may be in it, so it is one until
/// [`Enum::get`] has looked at it.
#[repr(transparent)]
pub struct Enum<T>(pub c_uint, PhantomData<T>);

impl<T> Enum<T> {
    /// The field with this number in it.
    #[must_use]
    pub const fn new(number: c_uint) -> Self {
        Enum(number, PhantomData)
    }
}

impl<T: TryFrom<c_uint>> Enum<T> {
    /// The enumerator; `None` for a number that is none.
    #[inline]
    #[must_use]
    pub fn get(self) -> Option<T> {
        T::try_from(self.0).ok()
    }
}

impl<T> Clone for Enum<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Enum<T> {}

impl<T> PartialEq for Enum<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Enum<T> {}

impl<T> fmt::Debug for Enum<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A C `bool` in a structure that a caller fills: any byte may be in it; 0 is false.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CBool(pub u8);

impl CBool {
    /// The truth value.
    #[inline]
    #[must_use]
    pub const fn get(self) -> bool {
        self.0 != 0
    }
}

impl From<bool> for CBool {
    fn from(value: bool) -> Self {
        CBool(value.into())
    }
}
