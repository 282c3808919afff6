//! Which units of a memory pool are free.

use core::ops::Range;

/// Free units as ranges: in order, apart from each other, none empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ranges(Vec<Range<usize>>);

impl Ranges {
    /// All of `count` units.
    pub fn all(count: usize) -> Ranges {
        let mut ranges = Ranges(Vec::new());
        ranges.give(0..count);
        ranges
    }

    /// How many units there are.
    pub fn count(&self) -> usize {
        self.0.iter().map(ExactSizeIterator::len).sum()
    }

    /// Takes `pieces` times `length` neighbouring units, the first ones there are: ranges in order,
    /// each of a multiple of `length`. Nothing is taken if there are not so many.
    pub fn take(&mut self, pieces: usize, length: usize) -> Option<Vec<Range<usize>>> {
        let room: usize = self.0.iter().map(|range| range.len() / length).sum();
        if room < pieces {
            return None;
        }
        let (mut taken, mut left) = (Vec::new(), pieces);
        for range in &mut self.0 {
            let units = (range.len() / length).min(left) * length;
            if units > 0 {
                taken.push(range.start..range.start + units);
                range.start += units;
                left -= units / length;
            }
        }
        self.0.retain(|range| !range.is_empty());
        Some(taken)
    }

    /// Gives units back that are not free.
    pub fn give(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let at = self.0.partition_point(|free| free.start < range.start);
        self.0.insert(at, range);
        if self
            .0
            .get(at + 1)
            .is_some_and(|next| next.start == self.0[at].end)
        {
            self.0[at].end = self.0.remove(at + 1).end;
        }
        if at > 0 && self.0[at - 1].end == self.0[at].start {
            self.0[at - 1].end = self.0.remove(at).end;
        }
    }
}
