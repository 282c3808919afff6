//! Where the caller runs, and how far memory nodes are from each other, as the
//! kernel tells in `/sys/devices/system/node`.

#![expect(unsafe_code, reason = "getcpu is not in the libc crate's safe surface")]

use super::sysfs;
use core::ptr;
use core::sync::atomic::{AtomicU16, Ordering};
use std::path::Path;

/// The distance of a node to itself, in the firmware's units.
pub const LOCAL: u32 = 10;
/// The distance assumed where the kernel tells none: that of a remote node.
pub const REMOTE: u32 = 20;

/// The most nodes that Linux can be built for, on any machine.
const MOST_NODES: usize = 1024;

/// Processors whose nodes are remembered.
const CPUS: usize = 1024;

/// The node of the processor this thread runs on; 0 where the kernel does not tell.
///
/// The kernel is asked once for each processor: what a thread runs on can be told without a system
/// call, where a processor belongs cannot be by means that all C libraries have.
#[must_use]
pub fn here() -> u32 {
    /// One more than the node of each processor; 0: not asked yet.
    static NODES: [AtomicU16; CPUS] = [const { AtomicU16::new(0) }; CPUS];
    if cfg!(miri) {
        return 0;
    }
    // SAFETY: sched_getcpu has no precondition.
    let cpu = unsafe { libc::sched_getcpu() };
    // Relaxed, here and below: the number stands for itself.
    let place = usize::try_from(cpu).ok().and_then(|cpu| NODES.get(cpu));
    match place.map_or(0, |place| place.load(Ordering::Relaxed)) {
        0 => ask(|cpu, node| {
            let place = usize::try_from(cpu).ok().and_then(|cpu| NODES.get(cpu));
            if let (Some(place), Ok(node)) = (place, u16::try_from(node + 1)) {
                place.store(node, Ordering::Relaxed);
            }
        }),
        node => u32::from(node) - 1,
    }
}

/// Asks the kernel for the node of the processor this thread runs on, and tells both to `learn`.
fn ask(learn: impl FnOnce(u32, u32)) -> u32 {
    let (mut cpu, mut node): (libc::c_uint, libc::c_uint) = (0, 0);
    // SAFETY: getcpu writes the two numbers; its third argument is not used.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_getcpu,
            &raw mut cpu,
            &raw mut node,
            ptr::null_mut::<u8>(),
        )
    };
    if answer != 0 || node >= MOST_NODES as u32 {
        return 0;
    }
    learn(cpu, node);
    node
}

/// The distance from node `from` to node `to`: 10 for itself, more for others.
#[must_use]
pub fn distance(sysfs_root: &Path, from: u32, to: u32) -> u32 {
    let path = sysfs_root.join(format!("devices/system/node/node{from}/distance"));
    let told = sysfs::text(&path).ok().and_then(|line| {
        // One number for each online node, in order. Nodes are numbered without gaps on all but
        // odd machines; there the list of online nodes says which place is whose.
        let place = place_of(sysfs_root, to)?;
        line.split_whitespace().nth(place)?.parse().ok()
    });
    told.unwrap_or(if from == to { LOCAL } else { REMOTE })
}

/// The greatest number of a node; 0 where the kernel tells none.
#[must_use]
pub fn highest(sysfs_root: &Path) -> u32 {
    let names = sysfs::names(&sysfs_root.join("devices/system/node")).unwrap_or_default();
    let numbers = names.iter().filter_map(|name| {
        let digits = name.to_str()?.strip_prefix("node")?;
        digits.parse::<u32>().ok()
    });
    numbers.max().unwrap_or(0)
}

/// The bits of a set of nodes, as libnuma sizes it: as many nodes as the kernel has room for.
#[must_use]
pub fn set_bits() -> usize {
    let status = sysfs::text(Path::new("/proc/self/status"));
    status.map_or(MOST_NODES, |text| bits_of(&text))
}

/// The nodes that the line `Mems_allowed` has room for: words of 8 digits, separated by commas.
fn bits_of(status: &str) -> usize {
    let mut lines = status.lines();
    let words = lines.find_map(|line| line.strip_prefix("Mems_allowed:"));
    words.map_or(MOST_NODES, |words| 32 * words.trim().split(',').count())
}

/// Which place node `node` has among the online nodes.
fn place_of(sysfs_root: &Path, node: u32) -> Option<usize> {
    let online = sysfs::text(&sysfs_root.join("devices/system/node/online")).ok();
    let Some(online) = online else {
        return usize::try_from(node).ok();
    };
    let mut place = 0_usize;
    for range in online.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last) = (
            first.trim().parse::<u32>().ok()?,
            last.trim().parse::<u32>().ok()?,
        );
        if (first..=last).contains(&node) {
            return Some(place + (node - first) as usize);
        }
        place += (last.checked_sub(first)? as usize).checked_add(1)?;
    }
    None
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_node_of_this_processor_is_what_the_kernel_says_each_time() {
        // The thread may move in between, so the nodes are compared only where there is one.
        let asked = ask(|_, _| ());
        let places = fs::read_dir("/sys/devices/system/node");
        let names = places.into_iter().flatten().flatten();
        let nodes = names.filter(|entry| {
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix("node"));
            number.is_some_and(|number| number.parse::<u32>().is_ok())
        });
        let several = nodes.count() > 1;
        for _ in 0..3 {
            assert!(several || here() == asked);
            assert!((here() as usize) < MOST_NODES);
        }
    }

    #[test]
    fn a_set_has_a_bit_for_each_node_the_kernel_has_room_for() {
        assert_eq!(bits_of("Name:\tx\nMems_allowed:\t00000000,00000001\n"), 64);
        assert_eq!(bits_of("Mems_allowed:\t1\nMems_allowed_list:\t0\n"), 32);
        assert_eq!(bits_of("Mems_allowed_list:\t0\n"), MOST_NODES);
        assert!(set_bits() >= 32);
    }

    #[test]
    fn a_distance_is_found_by_the_nodes_place_among_the_online_ones() {
        let root = std::env::temp_dir().join(format!("wd-numa-{}", std::process::id()));
        let nodes = root.join("devices/system/node");
        fs::create_dir_all(nodes.join("node0")).expect("writable");
        fs::write(nodes.join("online"), "0,2-3\n").expect("writable");
        fs::write(nodes.join("node0/distance"), "10 21 32\n").expect("writable");
        assert_eq!(highest(&root), 0);
        fs::create_dir_all(nodes.join("node3")).expect("writable");
        assert_eq!(highest(&root), 3);
        assert_eq!(distance(&root, 0, 0), 10);
        assert_eq!(distance(&root, 0, 2), 21);
        assert_eq!(distance(&root, 0, 3), 32);
        assert_eq!(distance(&root, 0, 1), REMOTE);
        assert_eq!(distance(&root, 1, 1), LOCAL);
        fs::remove_dir_all(&root).expect("still there");
    }
}
