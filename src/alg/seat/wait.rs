//! How a synchronous request waits: by turns at first, then leaving the processor to others,
//! or asleep until the device interrupts; and never longer than it may.

use super::Patience;
use crate::drv::Engine;
use crate::error::{Error, Result};
use crate::sys::clock;
use core::time::Duration;

/// Turns between looks at the clock.
const CLOCK: u32 = 128;
/// Turns before the processor is given to others.
const SPIN: u32 = 2048;
/// The longest sleep: an interrupt may get lost.
const SLICE: Duration = Duration::from_secs(1);

/// Waits for the answer to a synchronous request that is not there at once.
#[cold]
pub(super) fn wait_for<M>(
    engine: &dyn Engine<M>,
    seat: usize,
    message: &mut M,
    patience: &Patience,
) -> Result<()> {
    let start = clock::now();
    let mut sleeps = patience.sleeps;
    let mut turn = 0_u32;
    loop {
        turn = turn.saturating_add(1);
        let look = turn.is_multiple_of(CLOCK) || turn > SPIN || sleeps;
        let left = look.then(|| patience.limit.checked_sub(clock::now() - start));
        if turn <= SPIN && !sleeps {
            core::hint::spin_loop();
        } else if sleeps {
            let slice = left.flatten().unwrap_or_default().min(SLICE);
            // A context that has nothing to wait for is looked at.
            sleeps = engine.wait(seat, slice) != Err(Error::Unsupported);
        } else {
            clock::give_way();
        }
        match engine.receive(seat, message) {
            Err(Error::Again) if left == Some(None) => return Err(Error::TimedOut),
            Err(Error::Again) => {}
            answer => return answer,
        }
    }
}
