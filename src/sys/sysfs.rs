//! Reading small text files of the kernel: bounded, trimmed, and ready for files
//! that vanish or hold garbage.

#![forbid(unsafe_code)]

use crate::error::{Error, Result};
use core::str::FromStr;
use nix::errno::Errno;
use nix::unistd::AccessFlags;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// No attribute is longer than a page of the kernel's smallest.
const LONGEST: usize = 4096;

/// The text of an attribute without white space at its ends. At most 4096 bytes are read; bytes
/// that are not UTF-8 become U+FFFD.
///
/// # Errors
/// The `errno` of `open(2)` or `read(2)`.
pub fn text(path: &Path) -> Result<String> {
    let file = super::fd::open_read_only(path)?;
    let mut bytes = vec![0; LONGEST];
    let mut len = 0;
    while len < LONGEST {
        match nix::unistd::read(&file, &mut bytes[len..]) {
            Ok(0) => break,
            Ok(n) => len += n,
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    let end = bytes[..len].iter().position(|b| *b == 0).unwrap_or(len);
    Ok(String::from_utf8_lossy(&bytes[..end]).trim().to_owned())
}

/// A number in decimal, with an optional sign and nothing else.
///
/// # Errors
/// As [`text`]; [`Error::Invalid`] for anything that is not such a number or does not fit.
pub fn number<T: FromStr>(path: &Path) -> Result<T> {
    text(path)?.parse().map_err(|_| Error::Invalid)
}

/// The names in a directory, sorted, without those that begin with a dot.
///
/// # Errors
/// The `errno` of opening or reading it.
pub fn names(path: &Path) -> Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        if !name.as_encoded_bytes().starts_with(b".") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Whether there is a file or directory of this name. By `access(2)`, which preloaded simulators
/// answer; the standard library asks by `statx(2)`, which few of them know.
#[must_use]
pub fn exists(path: &Path) -> bool {
    nix::unistd::access(path, AccessFlags::F_OK).is_ok()
}

/// The number of a file that may be absent.
///
/// # Errors
/// As [`number`], except that absence is `Ok(None)`.
pub fn optional_number<T: FromStr>(path: &Path) -> Result<Option<T>> {
    match number(path) {
        Ok(value) => Ok(Some(value)),
        Err(Error::Os(libc::ENOENT)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    fn with_file(content: &[u8], check: impl FnOnce(&Path)) {
        let path = std::env::temp_dir().join(format!(
            "wd-sysfs-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        fs::write(&path, content).expect("writable");
        check(&path);
        fs::remove_file(&path).expect("still there");
    }

    #[test]
    fn a_newline_at_the_end_does_not_matter() {
        with_file(b"hisi_qm_v1\n", |p| {
            assert_eq!(text(p).as_deref(), Ok("hisi_qm_v1"))
        });
        with_file(b"hisi_qm_v1", |p| {
            assert_eq!(text(p).as_deref(), Ok("hisi_qm_v1"))
        });
        with_file(b"", |p| assert_eq!(text(p).as_deref(), Ok("")));
    }

    #[test]
    fn a_number_with_anything_beside_it_is_refused() {
        with_file(b"-1\n", |p| assert_eq!(number::<i32>(p), Ok(-1)));
        for garbage in [
            &b"garbage"[..],
            b"",
            b"12 13",
            b"0x10",
            b"99999999999999999999",
            b"\xff\xfe",
            b"1\x002",
        ] {
            with_file(garbage, |p| {
                let expected = if garbage == b"1\x002" {
                    Ok(1)
                } else {
                    Err(Error::Invalid)
                };
                assert_eq!(number::<i32>(p), expected, "{garbage:?}");
            });
        }
    }

    #[test]
    fn no_more_than_4096_bytes_are_read() {
        with_file(&[b'a'; 10_000], |p| {
            assert_eq!(text(p).map(|t| t.len()), Ok(4096))
        });
    }

    #[test]
    fn an_absent_file_is_not_an_error_where_it_is_optional() {
        assert_eq!(
            optional_number::<u32>(Path::new("/nonexistent/isolate")),
            Ok(None)
        );
        with_file(b"x", |p| {
            assert_eq!(optional_number::<u32>(p), Err(Error::Invalid))
        });
    }
}
