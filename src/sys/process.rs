//! The process as a whole: what runs at its end, and what else is loaded into it.

#![expect(unsafe_code, reason = "atexit and dlsym")]

use core::ffi::CStr;
use core::sync::atomic::{AtomicBool, Ordering};

/// Has `last` run when the process ends by `exit` or by returning from `main`; also in fork
/// children. Only the first call counts.
pub fn at_exit(last: extern "C" fn()) {
    static NOTED: AtomicBool = AtomicBool::new(false);
    if !NOTED.swap(true, Ordering::Relaxed) && !cfg!(miri) {
        // SAFETY: a function of this library, which is never unloaded (nodelete). Without memory for
        // the note it does not run.
        unsafe { libc::atexit(last) };
    }
}

/// Whether the program or one of its libraries exports `name`.
#[must_use]
pub fn exports(name: &CStr) -> bool {
    // SAFETY: the name is NUL-terminated; a name that nobody has is a null answer.
    !cfg!(miri) && !unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }.is_null()
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn what_the_c_library_exports_is_found() {
        assert!(exports(c"getpid"));
        assert!(!exports(c"__no_such_name"));
    }
}
