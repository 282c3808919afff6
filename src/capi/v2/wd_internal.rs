//! The function of `wd_internal.h`. The comment below is the header's comment.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "this comment is printed in the C header: pointers are NULL or good"
)]

use crate::calc::equality;
use crate::capi::entry::entry;
use core::ffi::{c_int, c_void};
use core::slice;

/// Compares `n` bytes in a time that does not depend on what they are.
///
/// Returns 0 if they are the same, else another number; NULL is the same as nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memcmp_consttime(s1: *const c_void, s2: *const c_void, n: usize) -> c_int {
    entry("memcmp_consttime", || {
        if n == 0 {
            return Ok(0);
        }
        if s1.is_null() || s2.is_null() || isize::try_from(n).is_err() {
            return Ok(1);
        }
        // SAFETY: the caller's promise: not NULL, so as many bytes.
        let s1 = unsafe { slice::from_raw_parts(s1.cast::<u8>(), n) };
        // SAFETY: as above.
        let s2 = unsafe { slice::from_raw_parts(s2.cast::<u8>(), n) };
        Ok(equality::differences(s1, s2).into())
    })
}
