//! Whether a range may be shared at all. The rules are the same for every kind of
//! device, so that a program that works on one works on the next.

use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::maps::{self, Area};
use crate::sys::pages;
use crate::uacce::channel::Access;
use core::ops::Range;

/// The whole pages that hold `len` bytes at `address`.
///
/// # Errors
/// [`Error::Invalid`] for no bytes, and for a range that runs over the end of the address space.
pub fn rounded(address: usize, len: usize) -> Result<Range<usize>> {
    let page = pages::size();
    let end = address.checked_add(len).filter(|_| len > 0);
    let end = end.and_then(|e| e.checked_next_multiple_of(page));
    Ok(address / page * page..end.ok_or(Error::Invalid)?)
}

/// Whether a device may have `access` to `pages` of this process. Without `/proc` nobody knows
/// what is there, and the kernel has the last word.
///
/// # Errors
/// [`Error::Invalid`] for pages that are not mapped, that are a device's or the kernel's, or where
/// the process has less access than the device shall have. [`Error::Permission`] for a device that
/// shall write to a shared mapping of a file: its stores would race with write-back.
pub fn allowed(pages: &Range<usize>, access: Access) -> Result<()> {
    let Some(areas) = maps::areas(pages) else {
        log_error!("no /proc/self/maps: {pages:#x?} is shared without a check of what is there");
        return Ok(());
    };
    judge(&areas, pages, access)
}

fn judge(areas: &[Area], pages: &Range<usize>, access: Access) -> Result<()> {
    if !maps::cover(areas, pages) {
        log_error!("{pages:#x?}: not all of it is mapped");
        return Err(Error::Invalid);
    }
    let write = access == Access::ReadWrite;
    for area in areas {
        let (error, why) = if area.is_special() {
            (Error::Invalid, "is memory of a device or of the kernel")
        } else if !area.readable || write && !area.writable {
            (Error::Invalid, "the process has less access than asked for")
        } else if write && area.is_shared_file() {
            (Error::Permission, "is a shared mapping of a file")
        } else {
            continue;
        };
        log_error!("{:#x?} ({:?}) {why}", area.range, area.name);
        return Err(error);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(range: Range<usize>, access: &str, name: &str) -> Area {
        Area {
            range,
            readable: access.contains('r'),
            writable: access.contains('w'),
            shared: access.contains('s'),
            name: name.to_owned(),
        }
    }

    fn one(access: &str, name: &str, wanted: Access) -> Result<()> {
        judge(&[area(0..8, access, name)], &(0..8), wanted)
    }

    #[test]
    fn ranges_grow_outward_to_pages() {
        let page = pages::size();
        assert_eq!(rounded(page + 1, 1), Ok(page..2 * page));
        assert_eq!(rounded(page - 1, 2), Ok(0..2 * page));
        assert_eq!(rounded(page, page), Ok(page..2 * page));
    }

    #[test]
    fn no_bytes_and_too_many_bytes_are_invalid() {
        for (address, len) in [(4096, 0), (4096, usize::MAX), (usize::MAX - 1, 1)] {
            assert_eq!(rounded(address, len), Err(Error::Invalid));
        }
    }

    #[test]
    fn a_file_mapping_of_its_own_may_be_written_and_a_shared_one_only_read() {
        assert_eq!(one("rwp", "/tmp/file", Access::ReadWrite), Ok(()));
        assert_eq!(one("rws", "/tmp/file", Access::Read), Ok(()));
        assert_eq!(
            one("rws", "/tmp/file", Access::ReadWrite),
            Err(Error::Permission)
        );
        assert_eq!(one("rws", "/memfd:x (deleted)", Access::ReadWrite), Ok(()));
    }

    #[test]
    fn a_device_gets_no_more_than_the_process_has() {
        assert_eq!(one("rp", "", Access::Read), Ok(()));
        assert_eq!(one("rp", "", Access::ReadWrite), Err(Error::Invalid));
        assert_eq!(one("p", "", Access::Read), Err(Error::Invalid));
    }

    #[test]
    fn device_memory_and_holes_are_invalid() {
        for name in ["/dev/hisi_zip-0", "[vdso]", "anon_inode:[vfio-device]"] {
            assert_eq!(one("rws", name, Access::Read), Err(Error::Invalid));
        }
        let areas = [area(0..4, "rwp", ""), area(5..8, "rwp", "")];
        assert_eq!(judge(&areas, &(0..8), Access::Read), Err(Error::Invalid));
        assert_eq!(judge(&areas, &(5..8), Access::Read), Ok(()));
    }
}
