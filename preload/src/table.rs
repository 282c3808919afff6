//! What this library knows of descriptors, by their numbers. Hooks of everyday calls look here, so
//! it is an array of atomics and no more.

#![forbid(unsafe_code)]

use core::ffi::c_int;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};

/// Numbers that are known. Devices get none beyond; of others nothing is to be known.
const NUMBERS: usize = 1 << 16;

static TABLE: [AtomicU32; NUMBERS] = [const { AtomicU32::new(0) }; NUMBERS];
/// One more than the highest number that was ever used.
static END: AtomicI32 = AtomicI32::new(0);

/// What is known of a descriptor. As a number in the table: 0, 1, and the file's from 2 on; opened
/// for reading only, with the highest bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is the program's own affair.
    Other,
    /// It belongs to this library. The program does not know of it and must not close it.
    Ours,
    /// It is an open device.
    Device {
        /// The number of its [`File`](crate::file::File).
        file: u32,
        /// It was opened for reading only.
        read_only: bool,
    },
}

const READ_ONLY: u32 = 1 << 31;

impl Kind {
    fn number(self) -> u32 {
        match self {
            Kind::Other => 0,
            Kind::Ours => 1,
            Kind::Device { file, read_only } => file | if read_only { READ_ONLY } else { 0 },
        }
    }

    fn of(number: u32) -> Kind {
        match number {
            0 => Kind::Other,
            1 => Kind::Ours,
            number => Kind::Device {
                file: number & !READ_ONLY,
                read_only: number & READ_ONLY != 0,
            },
        }
    }
}

/// A number for an open file that no other has, in this process and its children. From 2 on.
pub fn new_file() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(1);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

fn slot(fd: c_int) -> Option<&'static AtomicU32> {
    TABLE.get(usize::try_from(fd).ok()?)
}

/// What is known of a descriptor.
#[inline]
#[must_use]
pub fn get(fd: c_int) -> Kind {
    // Relaxed here and below: a program that uses a number in one thread while another opens or
    // closes it orders that itself.
    slot(fd).map_or(Kind::Other, |slot| Kind::of(slot.load(Ordering::Relaxed)))
}

/// Notes what a descriptor is, and gives what it was. `None` if the number is too high.
pub fn set(fd: c_int, kind: Kind) -> Option<Kind> {
    let slot = slot(fd)?;
    if kind != Kind::Other {
        END.fetch_max(fd + 1, Ordering::Relaxed);
    }
    Some(Kind::of(slot.swap(kind.number(), Ordering::Relaxed)))
}

/// The descriptors from `first` on of which something is known.
pub fn known(first: c_int) -> impl Iterator<Item = (c_int, Kind)> {
    let end = END.load(Ordering::Relaxed);
    let known = move |fd| Some((fd, get(fd))).filter(|(_, kind)| *kind != Kind::Other);
    (first.max(0)..end).filter_map(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_known_until_it_is_noted_otherwise() {
        let device = Kind::Device {
            file: new_file(),
            read_only: true,
        };
        assert_eq!(set(1000, device), Some(Kind::Other));
        assert_eq!(set(1002, Kind::Ours), Some(Kind::Other));
        let found: Vec<_> = known(1000).collect();
        assert_eq!(found, [(1000, device), (1002, Kind::Ours)]);
        assert_eq!(set(1000, Kind::Other), Some(device));
        assert_eq!(get(1000), Kind::Other);
        set(1002, Kind::Other);
    }

    #[test]
    fn numbers_that_are_none_or_too_high_are_the_programs() {
        assert_eq!(get(-1), Kind::Other);
        assert_eq!(get(c_int::MAX), Kind::Other);
        assert_eq!(set(1 << 16, Kind::Ours), None);
        assert_eq!(set(-1, Kind::Ours), None);
    }
}
