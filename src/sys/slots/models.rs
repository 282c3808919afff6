//! A poster and a taker, with a device between them that orders nothing. What the messages name
//! is data for loom to look at.

use super::super::atomic::{AtomicU32, Data, explore};
use super::{Ordering, PLACE, Poster, Slots, Taker, Window};
use loom::thread;
use std::sync::Arc;

/// What lies in the slots, and what the device answers: tags, 0 for none yet.
struct Rig {
    data: Vec<Data>,
    wire: [AtomicU32; 3],
}

impl Rig {
    fn new(slots: usize) -> (Arc<Rig>, Poster<u32>, Taker<u32>) {
        let (poster, taker) = Slots::of(slots, 0);
        let rig = Rig {
            data: (0..slots).map(|_| Data::default()).collect(),
            wire: [const { AtomicU32::new(0) }; 3],
        };
        (Arc::new(rig), poster, taker)
    }

    fn data(&self, tag: u32) -> &Data {
        &self.data[(tag & PLACE) as usize - 1]
    }

    /// Posts message `n`, whose answer comes at place `n`. Whether there was a slot.
    fn post(&self, poster: &mut Poster<u32>, n: u32) -> bool {
        let mut mine = 0;
        let sent = poster.post(
            |message, tag| {
                self.data(tag).write();
                (*message, mine) = (10 + n, tag);
            },
            |_| Ok(()),
        );
        self.wire[n as usize].store(mine, Ordering::Relaxed);
        sent.is_ok()
    }

    /// Takes the answer with this tag: which message it was.
    fn take(&self, taker: &mut Taker<u32>, tag: u32) -> Option<u32> {
        taker.take(tag, |message| {
            self.data(tag).read();
            *message - 10
        })
    }
}

/// Three messages through so many slots: each that was posted is taken once.
fn all_come_through(slots: usize) {
    explore(3, move || {
        let (rig, mut poster, mut taker) = Rig::new(slots);
        let posting = Arc::clone(&rig);
        let posts = thread::spawn(move || [0, 1, 2].map(|n| posting.post(&mut poster, n)));
        let mut taken = [0; 3];
        for n in [0, 1, 2] {
            let tag = rig.wire[n].load(Ordering::Relaxed);
            if let Some(which) = rig.take(&mut taker, tag) {
                assert_eq!(which as usize, n);
                taken[n] += 1;
                assert_eq!(rig.take(&mut taker, tag), None, "twice");
            }
        }
        let posted = posts.join().expect("no panic");
        while let Some(tag) = taker.any() {
            let which = rig.take(&mut taker, tag).expect("flies");
            taken[which as usize] += 1;
        }
        assert_eq!(taken, posted.map(i32::from));
    });
}

#[test]
fn each_message_is_taken_once_and_whole() {
    all_come_through(2);
}

#[test]
fn a_slot_that_is_used_again_is_read_no_more_by_the_taker_before() {
    all_come_through(1);
}

#[test]
fn a_driver_in_c_finds_whole_messages_while_others_post() {
    explore(3, || {
        let (rig, mut poster, taker) = Rig::new(1);
        let window = Arc::new(Window::default());
        let (other, sight) = (Arc::clone(&rig), Arc::clone(&window));
        let driver = thread::spawn(move || {
            let tag = other.wire[0].load(Ordering::Relaxed);
            if sight.find(tag).is_some() {
                other.data(tag).read();
            }
        });
        window.show(taker.slots());
        assert!(rig.post(&mut poster, 0));
        window.hide();
        driver.join().expect("no panic");
    });
}
