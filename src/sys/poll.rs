//! Waiting on descriptors with a bound, and the descriptor that a simulated
//! device makes readable.

#![forbid(unsafe_code)]

use super::clock::{self, Deadline};
use crate::error::Result;
use core::time::Duration;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Waits until `fd` is readable, in error or hung up, or `limit` has passed. Whether it was one
/// of the former. A signal does not end the wait.
///
/// # Errors
/// The `errno` of `poll(2)`.
pub fn readable(fd: BorrowedFd<'_>, limit: Duration) -> Result<bool> {
    let deadline = Deadline::after(Some(limit));
    loop {
        let left = deadline.left().unwrap_or(limit);
        // Rounded up: a wait of 0.4 ms must not become a busy loop of polls with 0.
        let millis = clock::wait(left).as_micros().div_ceil(1000);
        let timeout = PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX);
        let mut fds = [PollFd::new(fd, PollFlags::POLLIN)];
        match poll(&mut fds, timeout) {
            Ok(0) if !deadline.passed() => {}
            Ok(n) => return Ok(n > 0),
            Err(Errno::EINTR) if deadline.passed() => return Ok(false),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// A counter in the kernel that makes a descriptor readable: the interrupt line of a simulated queue.
#[derive(Debug)]
pub struct Event(OwnedFd);

impl Event {
    /// A new event, not raised, close-on-exec, on a descriptor above the standard three.
    ///
    /// # Errors
    /// The `errno` of `eventfd(2)`.
    pub fn new() -> Result<Event> {
        let event = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        super::fd::above_standard(event.into()).map(Event)
    }

    /// Makes the descriptor readable.
    pub fn raise(&self) {
        // The only failure is a full counter, and then it is readable already.
        let _ = nix::unistd::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Makes it unreadable again; whether it was readable.
    pub fn clear(&self) -> bool {
        nix::unistd::read(&self.0, &mut [0; 8]).is_ok()
    }
}

impl AsFd for Event {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn a_raised_event_is_readable_until_cleared() {
        let event = Event::new().expect("eventfd");
        assert_eq!(readable(event.as_fd(), Duration::ZERO), Ok(false));
        event.raise();
        event.raise();
        assert_eq!(readable(event.as_fd(), Duration::from_secs(5)), Ok(true));
        assert!(event.clear());
        assert!(!event.clear());
        assert_eq!(readable(event.as_fd(), Duration::from_millis(2)), Ok(false));
    }
}
