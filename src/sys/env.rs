//! Environment variables that choose devices: read as `secure_getenv` does, so
//! that a setuid program cannot be pointed at files of its caller's making.

#![expect(unsafe_code, reason = "getauxval is a C function")]

use std::path::PathBuf;

/// Whether the program runs with privileges that its caller does not have (`AT_SECURE`).
#[must_use]
pub fn privileged() -> bool {
    // SAFETY: getauxval takes an integer and has no precondition.
    !cfg!(miri) && unsafe { libc::getauxval(libc::AT_SECURE) } != 0
}

/// The value of a variable, unless the program runs with raised privileges: what
/// `secure_getenv(3)` answers. Bytes that are not UTF-8 become U+FFFD.
#[must_use]
pub fn secure(name: &str) -> Option<String> {
    if privileged() {
        return None;
    }
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Where `/sys` is: `WD_SYSFS_ROOT`, for tests.
#[must_use]
pub fn sysfs_root() -> PathBuf {
    secure("WD_SYSFS_ROOT").map_or_else(|| PathBuf::from("/sys"), PathBuf::from)
}

/// Where `/dev` is: `WD_DEV_ROOT`, for tests.
#[must_use]
pub fn dev_root() -> PathBuf {
    secure("WD_DEV_ROOT").map_or_else(|| PathBuf::from("/dev"), PathBuf::from)
}
