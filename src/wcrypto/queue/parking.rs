//! Answers that came while somebody else was waited for. They are in their messages
//! already, and wait here for whoever wants them.

use super::{Answer, Owner};
use crate::error::{Error, Result};
use core::ops::Range;
use std::collections::VecDeque;

/// An answer that nobody has taken yet.
#[derive(Clone, Copy)]
pub(super) struct Parked {
    /// The message's address.
    pub message: usize,
    /// What the message says of its context.
    pub context: u32,
    /// Whose it is.
    pub owner: Owner,
}

/// Answers in the order in which they came, and as many places as there can be requests.
#[derive(Default)]
pub(super) struct Parking {
    all: VecDeque<Parked>,
    places: usize,
}

/// Threads that may be on their way to a place at the same time.
const THREADS: usize = 64;

impl Parking {
    /// # Errors
    /// [`Error::NoMemory`].
    pub fn new(places: usize) -> Result<Parking> {
        let mut all = VecDeque::new();
        all.try_reserve_exact(places + THREADS)
            .map_err(|_| Error::NoMemory)?;
        Ok(Parking { all, places })
    }

    /// Whether one more answer can be taken from the ring.
    pub fn has_room(&self) -> bool {
        self.all.len() < self.places
    }

    /// How many are parked then.
    pub fn park(&mut self, answer: Parked) -> usize {
        self.all.push_back(answer);
        self.all.len()
    }

    /// The first that is wanted.
    pub fn take(&mut self, wanted: Answer) -> Option<Parked> {
        let found = self.all.iter().position(|answer| wanted.is(answer))?;
        self.all.remove(found)
    }

    /// Forgets answers in messages that lie in `range`.
    pub fn forget(&mut self, range: &Range<usize>) {
        self.all.retain(|answer| !range.contains(&answer.message));
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parked(message: usize, context: u32, owner: Owner) -> Parked {
        Parked {
            message,
            context,
            owner,
        }
    }

    #[test]
    fn answers_go_to_whom_they_belong_in_the_order_they_came() {
        use Owner::{Context, Program};
        let mut parking = Parking::new(6).expect("memory");
        for (message, context, owner) in [
            (0x10, 1, Program),
            (0x20, 1, Context),
            (0x30, 2, Program),
            (0x40, 1, Program),
            (0x50, 3, Context),
            (0x60, 3, Program),
        ] {
            assert!(parking.has_room());
            parking.park(parked(message, context, owner));
        }
        assert!(!parking.has_room());
        let mut take = |wanted| parking.take(wanted).map(|answer| answer.message);
        assert_eq!(take(Answer::Tagged(1)), Some(0x10));
        assert_eq!(take(Answer::Message(0x50)), Some(0x50));
        assert_eq!(take(Answer::Message(0x50)), None);
        assert_eq!(take(Answer::Tagged(9)), None);
        assert_eq!(take(Answer::Any), Some(0x30));
        assert_eq!(take(Answer::Contexts), Some(0x20));
        assert_eq!(take(Answer::Contexts), None);
        assert_eq!(take(Answer::Any), Some(0x40));
        parking.forget(&(0x50..0x60));
        assert_eq!(parking.len(), 1);
        parking.forget(&(0x60..0x61));
        assert_eq!(parking.len(), 0);
    }
}
