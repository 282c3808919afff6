//! A status word that changes while it is looked at.

use super::*;
use std::thread;

#[test]
#[cfg_attr(miri, ignore = "eventfd")]
fn a_commit_that_met_a_reset_has_sent_nothing_though_the_status_word_changes_back() {
    let device = Device::new(Version::V2, (64, 64), Mode::Held);
    let send = || {
        let (mut sender, _) = ring_on(&device);
        let mut sent = 0;
        for _ in 0..50_000 {
            // As many as there can be: all slots are free again. And taking so many back lasts.
            for n in 1..=63 {
                sender.write(PROMISE, &sqe(n), tag(n)).expect("a free slot");
            }
            match sender.commit() {
                Ok(()) => {
                    sent += 1;
                    // A ring of its own for the next ones, with free slots.
                    (sender, _) = ring_on(&device);
                }
                answer => assert_eq!(answer, Err(Error::DeviceReset)),
            }
            assert_eq!(device.bell_count(), sent);
        }
    };
    thread::scope(|scope| {
        let sending = scope.spawn(send);
        while !sending.is_finished() {
            device.reset();
            device.forget_reset();
        }
    });
}
