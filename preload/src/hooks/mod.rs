//! The functions of the C library that this library stands before, by subject. What they are
//! exported as is in libwd_sim.map.
//!
//! Some take a variable number of arguments in C. Rust cannot define such functions, and need not:
//! on x86-64 and AArch64 Linux integers and pointers are passed in the same registers either way. An
//! argument that the caller has left out is whatever its register holds, and it is handed on to a
//! function that will not look at it either.

#![expect(unsafe_code, reason = "texts that the program gives")]

mod files;
mod memory;
mod paths;
mod signals;
mod system;

use crate::next;
use crate::place;
use crate::quiet::Quiet;
use crate::served::{self, Served, active};
use core::ffi::{CStr, c_char, c_int};
use std::ffi::CString;

/// A path that leads into the tree.
struct Lead {
    served: &'static Served,
    /// Where the file is.
    path: CString,
    /// The device whose node it is.
    node: Option<String>,
}

/// Where a path leads that the program has given; `None` for one that is not ours.
///
/// # Safety
/// Null, or a C string.
#[inline(always)]
unsafe fn lead(path: *const c_char) -> Option<Lead> {
    let quick = !path.is_null()
        && place::may_be(|at| {
            // SAFETY: the bytes before are not NUL, so this one is of the string.
            let at = unsafe { path.add(at) };
            // SAFETY: as above.
            unsafe { at.read() as u8 }
        });
    if quick {
        // SAFETY: not null, and the caller's promise.
        unsafe { follow(path) }
    } else {
        None
    }
}

/// # Safety
/// A C string.
#[cold]
unsafe fn follow(path: *const c_char) -> Option<Lead> {
    if !active() {
        return None;
    }
    // SAFETY: the caller's promise.
    let path = unsafe { CStr::from_ptr(path) };
    let inside = place::inside(path.to_bytes())?;
    if place::is_vfio(&inside) && !served::has_mediated() {
        return None;
    }
    let _quiet = Quiet::new();
    let served = served::served()?;
    if inside == b"class/uacce" {
        served.list();
    } else {
        served.refresh();
    }
    Some(Lead {
        served,
        path: served.tree.path(&inside),
        node: place::node(&inside).map(str::to_owned),
    })
}

/// The result of a C function that is -1 in failure, and `errno`.
fn answer(result: Result<c_int, c_int>) -> c_int {
    result.unwrap_or_else(|errno| {
        next::set_errno(errno);
        -1
    })
}
