//! What is mapped in a container: the address space of the devices in it. It does not
//! move: a page that is unmapped is out of reach when `unmap` returns, also for a
//! request that an engine has begun.

use crate::error::{Error, Result};
use crate::sys::lent::Promise;
use crate::sys::lock::Mutex;
use crate::sys::{maps, pages, peer};
use crate::uacce::channel::Access;
use core::ops::Range;
use std::collections::BTreeMap;

/// Mappings by their first address on the bus. The lock is held while an engine copies, and is
/// taken alone or last.
#[derive(Debug, Default)]
pub(in crate::sim) struct Mappings(Mutex<BTreeMap<u64, Mapping>>);

#[derive(Debug)]
struct Mapping {
    /// The process's address of its first byte.
    address: u64,
    len: u64,
    access: Access,
}

impl Mappings {
    /// Maps `len` bytes of the process, which begin at `address`, at `bus`.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless all are whole pages, [`Error::Exists`] if a page of the bus is mapped,
    /// `EFAULT` if the process does not have the pages, or may not access them so.
    pub fn map(&self, bus: u64, address: u64, len: u64, access: Access) -> Result<()> {
        let page = pages::size() as u64;
        let end = bus.checked_add(len).ok_or(Error::Invalid)?;
        let last = address.checked_add(len).ok_or(Error::Invalid)?;
        if len == 0 || [bus, address, len].iter().any(|n| !n.is_multiple_of(page)) {
            return Err(Error::Invalid);
        }
        if !there(&(address as usize..last as usize), access) {
            return Err(Error::Os(libc::EFAULT));
        }
        let mut all = self.0.lock();
        let before = all.range(..end).next_back();
        if before.is_some_and(|(first, had)| first + had.len > bus) {
            return Err(Error::Exists);
        }
        all.insert(
            bus,
            Mapping {
                address,
                len,
                access,
            },
        );
        Ok(())
    }

    /// Unmaps what lies in `len` bytes from `bus` on, and tells how many bytes that were. No mapping
    /// is cut: with `strict` a range that would is an error, else it takes whole those that begin
    /// in it.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub fn unmap(&self, bus: u64, len: u64, strict: bool) -> Result<u64> {
        let page = pages::size() as u64;
        let end = bus.checked_add(len).ok_or(Error::Invalid)?;
        if len == 0 || !bus.is_multiple_of(page) || !len.is_multiple_of(page) {
            return Err(Error::Invalid);
        }
        let mut all = self.0.lock();
        let cut = |at: u64| {
            let before = all.range(..at).next_back();
            before.is_some_and(|(first, had)| first + had.len > at)
        };
        if strict && (cut(bus) || cut(end)) {
            return Err(Error::Invalid);
        }
        let mut gone = 0;
        all.retain(|first, had| {
            let stays = !(bus..end).contains(first);
            gone += if stays { 0 } else { had.len };
            stays
        });
        Ok(gone)
    }

    /// Unmaps everything.
    pub fn clear(&self) {
        self.0.lock().clear();
    }

    /// Copies from bus address `from` into `bytes`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a byte that is not mapped, else as [`peer::read`].
    pub fn read(&self, from: u64, bytes: &mut [u8]) -> Result<()> {
        self.each(from, bytes.len(), Access::Read, |at, part| {
            peer::read(at, &mut bytes[part])
        })
    }

    /// Copies `bytes` to bus address `to`.
    ///
    /// # Errors
    /// As [`Mappings::read`], and for a byte that is mapped for reading only.
    pub fn write(&self, to: u64, bytes: &[u8]) -> Result<()> {
        self.each(to, bytes.len(), Access::ReadWrite, |at, part| {
            // Bus addresses come out of descriptors. Whoever put those into a ring has promised.
            peer::write(Promise::of_callers(), at, &bytes[part])
        })
    }

    /// Calls `copy` for each piece of `len` bytes from `bus` on, with its address in the process.
    fn each(
        &self,
        bus: u64,
        len: usize,
        access: Access,
        mut copy: impl FnMut(u64, Range<usize>) -> Result<()>,
    ) -> Result<()> {
        let all = self.0.lock();
        let mut done = 0;
        while done < len {
            let at = bus.checked_add(done as u64).ok_or(Error::Invalid)?;
            let found = all.range(..=at).next_back();
            let (first, mapping) = found.ok_or(Error::Invalid)?;
            let inside = at - first;
            if inside >= mapping.len || access == Access::ReadWrite && mapping.access != access {
                return Err(Error::Invalid);
            }
            let rest = usize::try_from(mapping.len - inside).unwrap_or(usize::MAX);
            let end = len.min(done.saturating_add(rest));
            copy(mapping.address + inside, done..end)?;
            done = end;
        }
        Ok(())
    }
}

/// Whether the process has all of `range` and may access it so: what pinning it would find.
fn there(range: &Range<usize>, access: Access) -> bool {
    let may = |area: &maps::Area| match access {
        Access::Read => area.readable,
        Access::ReadWrite => area.readable && area.writable,
    };
    let areas = maps::areas(range).unwrap_or_default();
    maps::cover(&areas, range) && areas.iter().all(may)
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;
    use crate::sys::pages::Pages;

    /// Some pages of the process, their first address, and the size of one.
    fn memory(count: u64) -> (Pages, u64, u64) {
        let page = pages::size() as u64;
        let pages = Pages::allocate((count * page) as usize).expect("memory");
        let address = pages.address() as u64;
        (pages, address, page)
    }

    #[test]
    fn only_whole_pages_that_the_process_has_are_mapped_and_each_once() {
        let (_memory, at, page) = memory(4);
        let map = Mappings::default();
        let both = Access::ReadWrite;
        for (bus, address, len) in [
            (at + 1, at, page),
            (at, at + 1, page),
            (at, at, 5),
            (at, at, 0),
            (!(page - 1), at, 2 * page),
        ] {
            assert_eq!(map.map(bus, address, len, both), Err(Error::Invalid));
        }
        assert_eq!(map.map(0, 0, page, both), Err(Error::Os(libc::EFAULT)));
        map.map(at, at, 2 * page, both).expect("free");
        for (bus, len) in [(at, page), (at + page, page), (at - page, 2 * page)] {
            assert_eq!(map.map(bus, at, len, both), Err(Error::Exists));
        }
        map.map(at + 2 * page, at, page, both).expect("beside it");
    }

    #[test]
    fn a_copy_goes_over_neighbouring_mappings_and_not_beyond_them() {
        let (_memory, at, page) = memory(3);
        let map = Mappings::default();
        // On the bus in the other order.
        map.map(page, at + page, page, Access::ReadWrite)
            .expect("free");
        map.map(2 * page, at, page, Access::ReadWrite)
            .expect("free");
        map.map(3 * page, at + 2 * page, page, Access::Read)
            .expect("free");
        let text = *b"over the edge";
        map.write(2 * page - 4, &text).expect("mapped");
        let mut back = [0; 13];
        map.read(2 * page - 4, &mut back).expect("mapped");
        assert_eq!(back, text);
        peer::read(at, &mut back[..9]).expect("ours");
        assert_eq!(back[..9], text[4..]);
        assert_eq!(map.write(3 * page - 1, &text), Err(Error::Invalid));
        map.read(3 * page - 1, &mut back).expect("for reading");
        assert_eq!(map.read(4 * page - 1, &mut back), Err(Error::Invalid));
        assert_eq!(map.read(page - 1, &mut back), Err(Error::Invalid));
        assert_eq!(map.read(u64::MAX, &mut back), Err(Error::Invalid));
    }

    #[test]
    fn no_mapping_is_cut() {
        let (_memory, at, page) = memory(4);
        let map = Mappings::default();
        let fill = |map: &Mappings| {
            map.map(0, at, 2 * page, Access::ReadWrite).expect("free");
            map.map(2 * page, at, 2 * page, Access::Read).expect("free");
        };
        fill(&map);
        for (bus, len) in [(page, page), (0, page), (0, 3 * page), (page, 3 * page)] {
            assert_eq!(
                map.unmap(bus, len, true),
                Err(Error::Invalid),
                "{bus} {len}"
            );
        }
        for (bus, len) in [(1, page), (0, 0), (0, 1), (page, u64::MAX)] {
            assert_eq!(
                map.unmap(bus, len, false),
                Err(Error::Invalid),
                "{bus} {len}"
            );
        }
        assert_eq!(map.unmap(0, 9 * page, true), Ok(4 * page));
        assert_eq!(map.unmap(0, 9 * page, true), Ok(0));
        fill(&map);
        // What the first type does: what begins in the range goes whole.
        assert_eq!(map.unmap(page, 2 * page, false), Ok(2 * page));
        assert_eq!(map.unmap(0, page, false), Ok(2 * page));
    }
}
