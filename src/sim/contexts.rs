//! The contexts of a queue's two rings (SQC and CQC): indexes, phase, and the
//! armed bit. Numbers only; the rings themselves are elsewhere.

/// The state that doorbells, fetches and completions move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Contexts {
    depth: u16,
    /// The descriptor to fetch next.
    sq_head: u16,
    /// What the last submission doorbell said.
    sq_tail: u16,
    /// The entry that the next completion goes to.
    cq_tail: u16,
    /// How far software has taken completions.
    cq_head: u16,
    /// The phase bit of the next completion.
    phase: bool,
    /// `c_flag`: raise the event at the next completion.
    armed: bool,
}

/// What a completion doorbell meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// It was behind an earlier one or ahead of the device, and moved nothing.
    pub stale: bool,
    /// Nothing is left to take for whoever rang it.
    pub all: bool,
}

impl Contexts {
    /// Both rings empty, first pass, armed.
    pub fn new(depth: u16) -> Contexts {
        Contexts {
            depth,
            sq_head: 0,
            sq_tail: 0,
            cq_tail: 0,
            cq_head: 0,
            phase: true,
            armed: true,
        }
    }

    /// Whether a completion was posted that no doorbell has acknowledged.
    pub fn untaken(&self) -> bool {
        self.cq_head != self.cq_tail
    }

    /// How far it is from one index of a ring to another.
    fn distance(&self, from: u16, to: u16) -> u16 {
        if to >= from {
            to - from
        } else {
            self.depth - from + to
        }
    }

    fn next(&self, index: u16) -> u16 {
        if index + 1 == self.depth {
            0
        } else {
            index + 1
        }
    }

    /// Whether a ring has such an entry.
    pub fn has(&self, index: u16) -> bool {
        index < self.depth
    }

    /// Software has submitted descriptors up to `tail`.
    pub fn submitted(&mut self, tail: u16) {
        self.sq_tail = tail;
    }

    /// Software has taken completions up to `head`. The kernel says so too, with a head of its own:
    /// one that lies behind, or ahead of the device, moves nothing.
    pub fn taken(&mut self, head: u16) -> Taken {
        let stale = self.distance(self.cq_head, head) > self.waiting();
        if !stale {
            self.cq_head = head;
        }
        Taken {
            stale,
            all: head == self.cq_tail,
        }
    }

    /// Completions posted and not taken.
    fn waiting(&self) -> u16 {
        self.distance(self.cq_head, self.cq_tail)
    }

    /// Whether there is a descriptor to fetch.
    pub fn pending(&self) -> bool {
        self.sq_head != self.sq_tail
    }

    /// Whether one more completion has room, beside `claimed` that are still to come. A full ring
    /// keeps one entry free, or it would look empty.
    pub fn room(&self, claimed: usize) -> bool {
        usize::from(self.waiting()) + claimed < usize::from(self.depth) - 1
    }

    /// Takes the next descriptor: its slot.
    pub fn fetch(&mut self) -> u16 {
        let slot = self.sq_head;
        self.sq_head = self.next(slot);
        slot
    }

    /// Takes the next completion entry: its index, and the phase bit that makes it new.
    pub fn post(&mut self) -> (u16, bool) {
        let entry = (self.cq_tail, self.phase);
        self.cq_tail = self.next(self.cq_tail);
        self.phase ^= self.cq_tail == 0;
        entry
    }

    /// Asks for an event at the next completion.
    pub fn arm(&mut self) {
        self.armed = true;
    }

    /// Whether an event was asked for; it is asked for no longer.
    pub fn disarm(&mut self) -> bool {
        core::mem::replace(&mut self.armed, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: Taken = Taken {
        stale: false,
        all: true,
    };

    fn post(ring: &mut Contexts, count: u16) {
        for _ in 0..count {
            ring.post();
        }
    }

    #[test]
    fn the_phase_flips_with_each_pass_of_the_completion_ring() {
        let mut ring = Contexts::new(4);
        let phases: Vec<bool> = (0..10).map(|_| ring.post().1).collect();
        let (t, f) = (true, false);
        assert_eq!(phases, [t, t, t, t, f, f, f, f, t, t]);
    }

    #[test]
    fn one_completion_entry_stays_free() {
        let mut ring = Contexts::new(4);
        assert!(ring.room(2));
        assert!(!ring.room(3));
        post(&mut ring, 3);
        assert!(!ring.room(0));
        assert_eq!(ring.taken(3), FINE);
        assert!(ring.room(2));
    }

    #[test]
    fn stale_repeated_and_early_completion_doorbells_move_nothing() {
        let mut ring = Contexts::new(8);
        post(&mut ring, 4);
        assert_eq!(ring.taken(4), FINE);
        let before = ring;
        for head in [4, 3, 0, 5, 7] {
            let answer = ring.taken(head);
            assert_eq!(answer.stale, head != 4, "head {head}");
            assert_eq!(ring, before);
        }
    }

    #[test]
    fn a_doorbell_that_leaves_completions_behind_says_so() {
        let mut ring = Contexts::new(8);
        post(&mut ring, 4);
        let (stale, all) = (false, false);
        assert_eq!(ring.taken(3), Taken { stale, all });
        assert_eq!(ring.taken(4), FINE);
    }

    #[test]
    fn descriptors_are_fetched_in_order_up_to_the_tail() {
        let mut ring = Contexts::new(4);
        assert!(!ring.pending());
        ring.submitted(3);
        assert_eq!([ring.fetch(), ring.fetch(), ring.fetch()], [0, 1, 2]);
        assert!(!ring.pending());
        ring.submitted(1);
        assert_eq!([ring.fetch(), ring.fetch()], [3, 0]);
        assert!(!ring.pending());
    }

    #[test]
    fn a_queue_begins_armed_and_is_disarmed_once() {
        let mut ring = Contexts::new(4);
        assert!(ring.disarm());
        assert!(!ring.disarm());
        ring.arm();
        assert!(ring.disarm());
    }
}
