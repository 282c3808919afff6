//! What lies at an address of this process, by `/proc/self/maps`.

#![forbid(unsafe_code)]

use core::ops::Range;
use std::fs;

/// One line of the maps file: a stretch of addresses of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// The addresses.
    pub range: Range<usize>,
    /// The process may read there.
    pub readable: bool,
    /// The process may write there.
    pub writable: bool,
    /// Stores reach the file, or other processes.
    pub shared: bool,
    /// The file's name; empty for anonymous memory.
    pub name: String,
}

impl Area {
    /// A file on a file system: shared stores go to its pages and to disk some time. Memory without
    /// a disk behind it (`MAP_SHARED|MAP_ANONYMOUS`, memfd, POSIX and System V shared memory, huge
    /// pages) is not.
    #[must_use]
    pub fn is_shared_file(&self) -> bool {
        let diskless = [
            "/dev/zero (deleted)",
            "/memfd:",
            "/dev/shm/",
            "/dev/hugepages/",
            "/SYSV",
            "/anon_hugepage",
        ];
        self.shared && !self.name.is_empty() && !diskless.iter().any(|d| self.name.starts_with(d))
    }

    /// Memory of a device or of the kernel, where another device has no business.
    #[must_use]
    pub fn is_special(&self) -> bool {
        let device = self.name.starts_with("/dev/")
            && !["/dev/zero", "/dev/shm/", "/dev/hugepages/"]
                .iter()
                .any(|d| self.name.starts_with(d));
        // Such as the registers of PCI devices.
        let registers = self.name.starts_with("/sys/") || self.name.starts_with("/proc/");
        let kernel =
            ["[vdso]", "[vvar]", "[vsyscall]", "[vvar_vclock]"].contains(&self.name.as_str());
        device || registers || kernel || self.name.starts_with("anon_inode:")
    }

    fn parse(line: &str) -> Option<Area> {
        let mut fields = line.splitn(6, ' ');
        let (start, end) = fields.next()?.split_once('-')?;
        let flags = fields.next()?.as_bytes();
        let name = fields.nth(3).unwrap_or("").trim_start();
        Some(Area {
            range: usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?,
            readable: flags.first() == Some(&b'r'),
            writable: flags.get(1) == Some(&b'w'),
            shared: flags.get(3) == Some(&b's'),
            name: name.to_owned(),
        })
    }
}

/// The areas that `range` touches, in order, or `None` where there is no `/proc`.
#[must_use]
pub fn areas(range: &Range<usize>) -> Option<Vec<Area>> {
    let text = fs::read("/proc/self/maps").ok()?;
    let text = String::from_utf8_lossy(&text);
    Some(within(&text, range))
}

fn within(text: &str, range: &Range<usize>) -> Vec<Area> {
    let touches = |area: &Area| area.range.start < range.end && range.start < area.range.end;
    text.lines()
        .filter_map(Area::parse)
        .filter(touches)
        .collect()
}

/// Whether `areas`, in order, cover all of `range`.
#[must_use]
pub fn cover(areas: &[Area], range: &Range<usize>) -> bool {
    let mut reached = range.start;
    for area in areas {
        if area.range.start > reached {
            return false;
        }
        reached = reached.max(area.range.end);
    }
    reached >= range.end
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
7f0000001000-7f0000003000 rw-p 00000000 00:00 0 
7f0000003000-7f0000004000 r--s 00000000 08:01 42                         /tmp/a file
7f0000005000-7f0000006000 rw-s 00000000 00:01 9                          /dev/zero (deleted)
7f0000006000-7f0000007000 rw-s 00000000 00:06 9                          /dev/hisi_zip-0
7f0000008000-7f0000208000 rw-s 00000000 00:0f 9                          /dev/hugepages/pool
7f0000208000-7f0000209000 rw-s 00000000 00:0f 9                          /sys/devices/pci0000:00/0000:00:01.0/resource0
garbage
";

    #[test]
    fn areas_are_found_by_address() {
        let found = within(TEXT, &(0x7f00_0000_2000..0x7f00_0000_3001));
        assert_eq!(found.len(), 2);
        assert!(found[0].writable && !found[0].shared && found[0].name.is_empty());
        assert_eq!(found[1].name, "/tmp/a file");
        assert!(found[1].is_shared_file() && !found[1].writable);
    }

    #[test]
    fn a_hole_is_not_covered() {
        let range = 0x7f00_0000_3000..0x7f00_0000_6000;
        assert!(!cover(&within(TEXT, &range), &range));
        let range = 0x7f00_0000_1800..0x7f00_0000_3800;
        assert!(cover(&within(TEXT, &range), &range));
        assert!(!cover(&[], &range));
    }

    #[test]
    fn memory_without_a_disk_is_no_shared_file_and_a_device_is_special() {
        let all = within(TEXT, &(0..usize::MAX));
        assert!(!all[2].is_shared_file() && !all[2].is_special());
        assert!(all[3].is_special());
        assert!(!all[4].is_shared_file() && !all[4].is_special());
        assert!(all[5].is_special());
    }

    #[test]
    #[cfg_attr(miri, ignore = "reads /proc")]
    fn this_process_finds_its_own_memory() {
        let here = vec![0_u8; 100_000];
        let range = here.as_ptr() as usize..here.as_ptr() as usize + here.len();
        let areas = areas(&range).expect("/proc is mounted");
        assert!(cover(&areas, &range));
        assert!(areas.iter().all(|a| a.writable && !a.shared));
    }
}
