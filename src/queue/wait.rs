//! Waiting for a completion. A wake-up from the kernel is a hint: it may be stale,
//! and none comes when a device is removed under a sleeper. So the queue is looked
//! at, waited for in slices, and looked at again.

use super::{QueueRef, Received};
use crate::error::{Error, Result};
use crate::sys::clock::{self, Deadline};
use core::time::Duration;

/// How long a waiter looks at the ring before it asks for an interrupt. An interrupt and a switch
/// of threads cost about this much.
const SPIN: Duration = Duration::from_micros(10);
/// The first and the longest sleep between two looks.
const SLICES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// Repeats `receive` until it answers something else than "nothing yet", or time is up. See
/// [`QueueRef::receive_wait`].
pub(super) fn until(
    queue: QueueRef,
    limit: Option<Duration>,
    mut receive: impl FnMut() -> Result<Received>,
) -> Result<Received> {
    let mut look = || match receive() {
        Err(Error::Again) => Ok(None),
        Err(error) => Err(error),
        Ok(received) => Ok(Some(received)),
    };
    if let Some(received) = look()? {
        return Ok(received);
    }
    let deadline = Deadline::after(limit);
    let begin = clock::now();
    while clock::now() - begin < SPIN {
        core::hint::spin_loop();
        if let Some(received) = look()? {
            return Ok(received);
        }
    }
    let mut slice = SLICES.0;
    loop {
        // Arm, look, sleep: a completion after the look raises the interrupt.
        ask_for_interrupt(queue)?;
        if let Some(received) = look()? {
            return Ok(received);
        }
        if deadline.passed() {
            return Err(Error::TimedOut);
        }
        // The channel is held while sleeping, so that a release cannot close its descriptor under
        // the sleeper; it waits for us instead.
        let control = queue.control()?;
        control.channel.wait(deadline.slice(slice))?;
        slice = (slice * 2).min(SLICES.1);
    }
}

/// See [`QueueRef::arm`].
pub(super) fn arm(queue: QueueRef) -> Result<bool> {
    // Takes back what an earlier completion left, which would look like news.
    queue.control()?.channel.wait(Duration::ZERO)?;
    ask_for_interrupt(queue)?;
    let cell = queue.cell()?;
    let mut pass = cell.rx.enter().ok_or(Error::Busy)?;
    queue.current(cell)?;
    let receiver = pass.as_mut().ok_or(Error::Shutdown)?;
    if receiver.waiting() > 0 {
        return Ok(false);
    }
    match receiver.alive() {
        // One that broke the protocol may still complete what it has.
        Ok(()) | Err(Error::Io) => Ok(true),
        // A dead one will not, and nobody would wake the caller.
        Err(dead) => Err(dead),
    }
}

/// See [`QueueRef::wait`].
pub(super) fn for_something(
    queue: QueueRef,
    limit: Duration,
    mut done: impl FnMut() -> bool,
) -> Result<bool> {
    let deadline = Deadline::after(Some(limit));
    let mut slice = SLICES.0;
    loop {
        // Arm, look, sleep, as above.
        match arm(queue) {
            Ok(true) if !done() => {}
            Ok(_) | Err(Error::DeviceReset | Error::NoDevice) => return Ok(true),
            Err(error) => return Err(error),
        }
        if deadline.passed() {
            return Ok(false);
        }
        let control = queue.control()?;
        control.channel.wait(deadline.slice(slice))?;
        slice = (slice * 2).min(SLICES.1);
    }
}

fn ask_for_interrupt(queue: QueueRef) -> Result<()> {
    let cell = queue.cell()?;
    let mut pass = cell.rx.enter().ok_or(Error::Busy)?;
    queue.current(cell)?;
    pass.as_mut().ok_or(Error::Shutdown)?.arm();
    Ok(())
}
