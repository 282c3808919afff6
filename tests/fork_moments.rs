//! Forks at moments that a program cannot choose: while another thread releases a queue, and just
//! after its descriptor was closed. The child finds no name that fits, and closes nothing that is its own.

#![cfg(not(miri))]
#![expect(unsafe_code, reason = "fork, waitpid, fcntl and _exit")]

#[path = "common/instant.rs"]
#[allow(dead_code, reason = "nothing completes here")]
mod instant;

use core::time::Duration;
use instant::Instant;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex};
use warpdrive::Result;
use warpdrive::queue::{Options, Queue, QueueRef};
use warpdrive::sys::shared::SharedMemory;
use warpdrive::uacce::channel::{
    Bus, Channel, Doorbell, Memory, QueueId, QueueSetup, Region, Wake,
};
use warpdrive::uacce::device::Attributes;

/// Runs `check` in a forked child; whether it was content.
fn in_child(check: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child uses atomics and system calls only, and ends by _exit.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let good = check();
        // SAFETY: ends the child without running the parent's destructors.
        unsafe { libc::_exit(i32::from(!good)) };
    }
    let mut status = -1;
    // SAFETY: waits for the child made above; `status` is writable.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    status == 0
}

fn is_open(fd: i32) -> bool {
    // SAFETY: takes integers; a number that is not open is its error.
    unsafe { libc::fcntl(fd, libc::F_GETFD) != -1 }
}

/// What happened at a step: whether the child was content.
type Verdict = Arc<Mutex<Option<bool>>>;

/// A device that forks at two steps of a release: when the queue is stopped, and when its descriptor
/// has been closed and the program has opened a file of the same number.
struct Forking {
    device: Instant,
    name: Arc<Mutex<Option<QueueRef>>>,
    releasing: Verdict,
    closed: Verdict,
}

struct Open {
    inner: Instant,
    event: Option<OwnedFd>,
    name: Arc<Mutex<Option<QueueRef>>>,
    releasing: Verdict,
    closed: Verdict,
}

impl Bus for Forking {
    fn devices(&self) -> Result<Vec<Attributes>> {
        self.device.devices()
    }
    fn open(&self, _: &Attributes) -> Result<Arc<dyn Channel>> {
        Ok(Arc::new(Open {
            inner: self.device.clone(),
            event: Some(File::open("/dev/null")?.into()),
            name: Arc::clone(&self.name),
            releasing: Arc::clone(&self.releasing),
            closed: Arc::clone(&self.closed),
        }))
    }
}

impl Channel for Open {
    fn configure(&self, setup: QueueSetup) -> Result<QueueId> {
        self.inner.configure(setup)
    }
    fn region(&self, region: Region) -> Result<SharedMemory> {
        self.inner.region(region)
    }
    fn doorbell(&self, offset: usize) -> Result<Doorbell> {
        self.inner.doorbell(offset)
    }
    fn start(&self) -> Result<()> {
        Ok(())
    }
    fn stop(&self) {
        // The queue is being released: neither its name nor the one that follows fits in a child.
        let name = self.name.lock().expect("no panic").expect("published");
        let raw = name.to_raw();
        let next = QueueRef::from_raw(raw + (2 << 32)).expect("odd");
        let good = in_child(|| !name.is_open() && !next.is_open() && name.is_inherited());
        *self.releasing.lock().expect("no panic") = Some(good);
    }
    fn wait(&self, _: Duration) -> Result<Wake> {
        Ok(Wake::TimedOut)
    }
    fn event(&self) -> BorrowedFd<'_> {
        self.event.as_ref().expect("open").as_fd()
    }
    fn memory(&self) -> Memory {
        Memory::Sva
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let number = self.event.as_ref().expect("open").as_raw_fd();
        drop(self.event.take());
        // The program's next file gets the number, and then it forks.
        let file = File::open("/dev/null").expect("there");
        let good = file.as_raw_fd() != number || in_child(|| is_open(number));
        let same = file.as_raw_fd() == number;
        *self.closed.lock().expect("no panic") = Some(good && same);
    }
}

#[test]
fn a_fork_during_a_release_finds_no_queue_and_closes_no_file_of_the_program() {
    let bus = Forking {
        device: Instant::new().expect("memory"),
        name: Arc::default(),
        releasing: Arc::default(),
        closed: Arc::default(),
    };
    let queue = Queue::open_on(&bus, &Options::default()).expect("opens");
    *bus.name.lock().expect("no panic") = Some(*queue);
    assert!(!queue.is_inherited());
    queue.close().expect("open");
    assert_eq!(*bus.releasing.lock().expect("no panic"), Some(true));
    assert_eq!(*bus.closed.lock().expect("no panic"), Some(true));
}
