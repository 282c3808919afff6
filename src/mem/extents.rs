//! Which pages of one address space are mapped, in which pieces, and how many
//! shares use each piece. A piece is unmapped exactly as it was mapped, because
//! VFIO (type1 v2) refuses to split a mapping.

use crate::error::{Error, Result};
use crate::uacce::channel::Access;
use core::ops::Range;
use std::collections::BTreeMap;

/// A mapped piece; its first page is the key in [`Extents`].
#[derive(Clone, Copy, Debug)]
struct Extent {
    end: usize,
    access: Access,
    /// Live shares that touch it, never 0.
    references: usize,
}

/// The pieces of an address space, by address. They never overlap.
///
/// A live share holds one reference on every piece that it touches. So no piece under it can go, no
/// gap is left under it, and the pieces that it touches at the end are those of its beginning.
#[derive(Debug, Default)]
pub struct Extents(BTreeMap<usize, Extent>);

impl Extents {
    /// Makes `pages` reachable: maps the gaps, each as one piece, and counts a reference on
    /// everything under `pages`.
    ///
    /// # Errors
    /// [`Error::Busy`] if the device is to write and a piece is mapped for reading only; else what
    /// `map` answers. Nothing has changed then.
    pub fn share(
        &mut self,
        pages: &Range<usize>,
        access: Access,
        mut map: impl FnMut(&Range<usize>) -> Result<()>,
        mut unmap: impl FnMut(&Range<usize>),
    ) -> Result<()> {
        let under = self.under(pages);
        let too_weak = |start: &usize| self.0[start].access == Access::Read;
        if access == Access::ReadWrite && under.iter().any(too_weak) {
            return Err(Error::Busy);
        }
        let gaps = self.gaps(pages, &under);
        for (done, gap) in gaps.iter().enumerate() {
            if let Err(error) = map(gap) {
                gaps[..done].iter().for_each(&mut unmap);
                return Err(error);
            }
        }
        for start in under {
            self.0.entry(start).and_modify(|e| e.references += 1);
        }
        self.0.extend(gaps.into_iter().map(|gap| {
            let extent = Extent {
                end: gap.end,
                access,
                references: 1,
            };
            (gap.start, extent)
        }));
        Ok(())
    }

    /// Gives back the references of one share of exactly `pages`; unmaps the pieces whose last it was.
    pub fn unshare(&mut self, pages: &Range<usize>, mut unmap: impl FnMut(&Range<usize>)) {
        for start in self.under(pages) {
            let Some(extent) = self.0.get_mut(&start) else {
                continue;
            };
            extent.references -= 1;
            if extent.references == 0 {
                unmap(&(start..extent.end));
                self.0.remove(&start);
            }
        }
    }

    /// Unmaps everything.
    pub fn clear(&mut self, mut unmap: impl FnMut(&Range<usize>)) {
        for (start, extent) in core::mem::take(&mut self.0) {
            unmap(&(start..extent.end));
        }
    }

    /// The first pages of the pieces that `pages` touches, in order.
    fn under(&self, pages: &Range<usize>) -> Vec<usize> {
        // Pieces do not overlap, so at most one that begins before `pages` reaches into them.
        let before = self.0.range(..pages.start).next_back();
        before
            .filter(|(_, e)| e.end > pages.start)
            .into_iter()
            .chain(self.0.range(pages.clone()))
            .map(|(start, _)| *start)
            .collect()
    }

    /// The parts of `pages` that none of the pieces `under` covers, in order.
    fn gaps(&self, pages: &Range<usize>, under: &[usize]) -> Vec<Range<usize>> {
        let mut gaps = Vec::new();
        let mut reached = pages.start;
        for start in under {
            if *start > reached {
                gaps.push(reached..*start);
            }
            reached = self.0[start].end;
        }
        if reached < pages.end {
            gaps.push(reached..pages.end);
        }
        gaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// A device that refuses what VFIO refuses: mapping twice, and unmapping anything but a mapping.
    #[derive(Default)]
    struct Device {
        maps: BTreeSet<(usize, usize)>,
    }

    impl Device {
        fn map(&mut self, pages: &Range<usize>) {
            assert!(!pages.is_empty());
            let free = |m: &(usize, usize)| m.1 <= pages.start || pages.end <= m.0;
            assert!(self.maps.iter().all(free), "{pages:?} is mapped already");
            self.maps.insert((pages.start, pages.end));
        }

        fn unmap(&mut self, pages: &Range<usize>) {
            let was = self.maps.remove(&(pages.start, pages.end));
            assert!(was, "{pages:?} was not mapped as one piece");
        }

        fn reaches(&self, page: usize) -> bool {
            self.maps.iter().any(|m| (m.0..m.1).contains(&page))
        }
    }

    fn share(e: &mut Extents, d: &core::cell::RefCell<Device>, pages: Range<usize>) -> Result<()> {
        e.share(
            &pages,
            Access::ReadWrite,
            |p| {
                d.borrow_mut().map(p);
                Ok(())
            },
            |p| d.borrow_mut().unmap(p),
        )
    }

    proptest! {
        #[test]
        #[cfg_attr(miri, ignore = "many cases, and a file of failed ones")]
        fn a_device_reaches_what_is_shared_and_nothing_is_left_in_the_end(
            steps in prop::collection::vec((any::<bool>(), 0_usize..40, 1_usize..12), 1..60)
        ) {
            let device = core::cell::RefCell::new(Device::default());
            let (mut extents, mut live) = (Extents::default(), Vec::<Range<usize>>::new());
            for (add, at, len) in steps {
                if add || live.is_empty() {
                    share(&mut extents, &device, at..at + len).expect("never read only");
                    live.push(at..at + len);
                } else {
                    let gone = live.swap_remove(at % live.len());
                    extents.unshare(&gone, |p| device.borrow_mut().unmap(p));
                }
                for page in live.iter().cloned().flatten() {
                    prop_assert!(device.borrow().reaches(page));
                }
                // A piece goes with the last share that touches it, not later.
                for m in &device.borrow().maps {
                    prop_assert!(live.iter().any(|l| l.start < m.1 && m.0 < l.end));
                }
            }
            for gone in live {
                extents.unshare(&gone, |p| device.borrow_mut().unmap(p));
            }
            prop_assert!(device.borrow().maps.is_empty() && extents.0.is_empty());
        }
    }

    #[test]
    fn a_failing_piece_takes_the_earlier_ones_back() {
        let device = core::cell::RefCell::new(Device::default());
        let mut extents = Extents::default();
        share(&mut extents, &device, 4..5).expect("free");
        let answer = extents.share(
            &(2..8),
            Access::Read,
            |p| {
                if p.start == 5 {
                    return Err(Error::NoMemory);
                }
                device.borrow_mut().map(p);
                Ok(())
            },
            |p| device.borrow_mut().unmap(p),
        );
        assert_eq!(answer, Err(Error::NoMemory));
        assert!(!device.borrow().reaches(2));
        extents.unshare(&(4..5), |p| device.borrow_mut().unmap(p));
        assert!(device.borrow().maps.is_empty());
    }

    #[test]
    fn pages_that_a_device_may_only_read_are_not_made_writable() {
        let mut extents = Extents::default();
        let read = |e: &mut Extents, pages| e.share(&pages, Access::Read, |_| Ok(()), |_| {});
        let write = |e: &mut Extents, pages| e.share(&pages, Access::ReadWrite, |_| Ok(()), |_| {});
        read(&mut extents, 0..4).expect("free");
        assert_eq!(write(&mut extents, 3..6), Err(Error::Busy));
        write(&mut extents, 4..6).expect("beside it");
        read(&mut extents, 3..6).expect("less than is there");
        extents.unshare(&(0..4), |_| {});
        extents.unshare(&(3..6), |_| {});
        write(&mut extents, 0..6).expect("the reader has gone");
    }
}
