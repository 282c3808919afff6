//! Memory of a NUMA node: of huge pages where there are enough, else of pages of
//! the usual size.

#![expect(unsafe_code, reason = "mbind(2)")]

use super::{pages, sysfs};
use crate::error::{Error, Result};
use crate::log_info;
use core::ffi::{c_int, c_ulong};
use memmap2::{Advice, MmapOptions, MmapRaw};
use nix::errno::Errno;
use std::path::Path;

/// Nodes that a mask for `mbind` has bits for: the kernel's greatest `MAX_NUMNODES`.
const NODES: usize = 1024;
/// Bits of a word of such a mask.
const WORD: usize = c_ulong::BITS as usize;

/// Zeroed memory. A fork child has a copy of it, as of the rest of the process.
pub struct Area {
    map: MmapRaw,
    page_size: usize,
    huge: bool,
}

/// Huge pages of one size on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Supply {
    page_size: usize,
    free: usize,
}

impl Area {
    /// Maps at least `len` bytes on `node`: of the smallest huge pages of which enough are free, or
    /// else of usual pages. Huge pages are there from the start. Usual ones come with their first
    /// use, and where the node has none, from another.
    ///
    /// # Errors
    /// [`Error::Invalid`] for 0 bytes and node numbers that no kernel has, [`Error::NoMemory`].
    pub fn map(sysfs_root: &Path, len: usize, node: u32) -> Result<Area> {
        if len == 0 || node as usize >= NODES {
            return Err(Error::Invalid);
        }
        for supply in supplies(sysfs_root, node) {
            if supply.free.saturating_mul(supply.page_size) < len {
                continue;
            }
            match Area::of_huge_pages(len, supply.page_size, node) {
                Ok(area) => return Ok(area),
                Err(error) => log_info!("huge pages of {} bytes: {error}", supply.page_size),
            }
        }
        log_info!("no huge pages for {len} bytes on node {node}: pages of the usual size");
        Area::of_usual_pages(len, node)
    }

    fn of_huge_pages(len: usize, page_size: usize, node: u32) -> Result<Area> {
        let len = whole(len, page_size)?;
        let bits = u8::try_from(page_size.trailing_zeros()).map_err(|_| Error::Invalid)?;
        let map = MmapRaw::from(MmapOptions::new().len(len).huge(Some(bits)).map_anon()?);
        place(&map, node, libc::MPOL_BIND)?;
        // The pages that were free may be gone, and the kernel then kills who touches the memory.
        // Kernels before 5.14 do not know this advice.
        match map.advise(Advice::PopulateWrite).map_err(Error::from) {
            Ok(()) | Err(Error::Invalid) => {}
            Err(error) => return Err(error),
        }
        Ok(Area {
            map,
            page_size,
            huge: true,
        })
    }

    fn of_usual_pages(len: usize, node: u32) -> Result<Area> {
        let page_size = pages::size();
        let len = whole(len, page_size)?;
        let map = MmapOptions::new().len(len).map_anon();
        let map = MmapRaw::from(map.map_err(|_| Error::NoMemory)?);
        // Not MPOL_BIND, by which the kernel kills programs for want of memory on one node.
        if let Err(error) = place(&map, node, libc::MPOL_PREFERRED) {
            log_info!("memory comes from any node, not from {node}: {error}");
        }
        Ok(Area {
            map,
            page_size,
            huge: false,
        })
    }

    /// Where the memory is.
    #[must_use]
    pub fn address(&self) -> usize {
        self.map.as_mut_ptr() as usize
    }

    /// The size in bytes of its pages.
    #[must_use]
    pub fn page_size(&self) -> usize {
        self.page_size
    }

    /// How many pages it is made of.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.map.len() / self.page_size
    }

    /// Whether the pages are huge.
    #[must_use]
    pub fn is_huge(&self) -> bool {
        self.huge
    }
}

/// `len` rounded up to whole pages.
fn whole(len: usize, page_size: usize) -> Result<usize> {
    let len = len.checked_next_multiple_of(page_size);
    len.filter(|len| isize::try_from(*len).is_ok())
        .ok_or(Error::NoMemory)
}

/// Has the kernel take the pages of `map` from `node`: only, or first of all.
fn place(map: &MmapRaw, node: u32, policy: c_int) -> Result<()> {
    let mut mask: [c_ulong; NODES / WORD] = [0; NODES / WORD];
    mask[node as usize / WORD] = 1 << (node as usize % WORD);
    // SAFETY: the mapping is ours, its content stays; the kernel reads NODES bits of the mask (its
    // count is one more than it reads).
    let answer = unsafe {
        libc::syscall(
            libc::SYS_mbind,
            map.as_mut_ptr(),
            map.len(),
            policy,
            mask.as_ptr(),
            NODES + 1,
            0,
        )
    };
    Errno::result(answer).map(drop).map_err(Error::from)
}

/// The huge pages of a node, the smallest first. What cannot be read is not there.
fn supplies(sysfs_root: &Path, node: u32) -> Vec<Supply> {
    let dir = sysfs_root.join(format!("devices/system/node/node{node}/hugepages"));
    let names = sysfs::names(&dir).unwrap_or_default();
    let supply = |name: std::ffi::OsString| {
        let kib = name
            .to_str()?
            .strip_prefix("hugepages-")?
            .strip_suffix("kB")?;
        let page_size = kib.parse::<usize>().ok()?.checked_mul(1024)?;
        let free = sysfs::number(&dir.join(&name).join("free_hugepages")).ok()?;
        page_size
            .is_power_of_two()
            .then_some(Supply { page_size, free })
    };
    let mut supplies: Vec<Supply> = names.into_iter().filter_map(supply).collect();
    supplies.sort_by_key(|supply| supply.page_size);
    supplies
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;
    use std::fs;
    use std::path::PathBuf;

    /// A directory with the huge pages of node 0: `(KiB, free)`.
    fn root(name: &str, supplies: &[(usize, &str)]) -> PathBuf {
        let root = std::env::temp_dir().join(format!("wd-huge-{name}-{}", std::process::id()));
        for (kib, free) in supplies {
            let dir = root.join(format!(
                "devices/system/node/node0/hugepages/hugepages-{kib}kB"
            ));
            fs::create_dir_all(&dir).expect("writable");
            fs::write(dir.join("free_hugepages"), free).expect("writable");
        }
        root
    }

    #[test]
    fn huge_pages_are_known_by_size_the_smallest_first() {
        let all = [
            (2048, "7\n"),
            (1_048_576, "1\n"),
            (64, "0\n"),
            (32768, "many\n"),
        ];
        let root = root("sizes", &all);
        let sizes: Vec<_> = supplies(&root, 0)
            .iter()
            .map(|s| (s.page_size >> 10, s.free))
            .collect();
        assert_eq!(sizes, [(64, 0), (2048, 7), (1_048_576, 1)]);
        assert_eq!(supplies(&root, 1), []);
        fs::remove_dir_all(&root).expect("there");
    }

    #[test]
    fn without_huge_pages_there_are_usual_ones() {
        let root = root("none", &[(2048, "0\n")]);
        let area = Area::map(&root, 10_000, 0).expect("three pages");
        assert!(!area.is_huge());
        assert_eq!(area.page_size(), pages::size());
        assert_eq!(area.pages(), 10_000_usize.div_ceil(pages::size()));
        let mut bytes = [1; 64];
        super::super::peer::read(area.address() as u64, &mut bytes).expect("mapped");
        assert_eq!(bytes, [0; 64]);
        fs::remove_dir_all(&root).expect("there");
    }

    #[test]
    fn huge_pages_that_are_gone_when_they_are_asked_for_do_no_harm() {
        // No machine has so many of these: mapping them fails, whatever sysfs said before.
        let root = root("gone", &[(2048, "99999999\n")]);
        let area = Area::map(&root, 1 << 44, 0);
        assert!(area.is_err() || !area.is_ok_and(|area| area.is_huge()));
        let area = Area::map(&root, 5000, 0).expect("memory");
        assert!(area.pages() * area.page_size() >= 5000);
        fs::remove_dir_all(&root).expect("there");
    }

    #[test]
    fn free_huge_pages_of_this_machine_are_used() {
        let sysfs = Path::new("/sys");
        let enough = |s: &Supply| s.free > 0 && s.page_size <= 2 << 20;
        let Some(supply) = supplies(sysfs, 0).into_iter().find(enough) else {
            eprintln!("skipped: no huge page is free");
            return;
        };
        let area = Area::map(sysfs, 5000, 0).expect("memory");
        // Another process may have taken them meanwhile.
        if area.is_huge() {
            assert_eq!((area.page_size(), area.pages()), (supply.page_size, 1));
        }
    }

    #[test]
    fn what_no_machine_has_is_refused() {
        let nowhere = Path::new("/nonexistent");
        assert_eq!(Area::map(nowhere, 0, 0).err(), Some(Error::Invalid));
        assert_eq!(Area::map(nowhere, 1, 1024).err(), Some(Error::Invalid));
        let huge = Area::map(nowhere, usize::MAX - 5, 0);
        assert_eq!(huge.err(), Some(Error::NoMemory));
    }
}
