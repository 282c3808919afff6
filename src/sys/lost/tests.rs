//! Regions whose pages are taken away, here and in children.

use super::*;
use crate::sys::shared::SharedMemory;
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// A file of so many bytes, to map as a device's.
fn file(len: i64) -> OwnedFd {
    let file = memfd_create(c"device", MFdFlags::MFD_CLOEXEC).expect("memfd");
    nix::unistd::ftruncate(&file, len).expect("room");
    file
}

/// How a child that runs `body` ends: its wait status.
fn child(body: impl FnOnce()) -> c_int {
    // SAFETY: the child uses atomics and system calls only, and leaves by a signal or by _exit.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        body();
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(0) };
    }
    let mut status = -1;
    // SAFETY: waits for the child made above; `status` is writable.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    status
}

/// Makes `action` the one before ours; for a child.
fn pretend_before(action: usize) {
    // SAFETY: all-zero bytes are a valid sigaction.
    let mut before: libc::sigaction = unsafe { core::mem::zeroed() };
    before.sa_sigaction = action;
    BEFORE.store(Box::into_raw(Box::new(before)), Ordering::Release);
}

fn raise_sigbus() {
    // SAFETY: raise takes an integer.
    unsafe { libc::raise(libc::SIGBUS) };
}

#[test]
fn a_region_whose_pages_vanish_reads_as_a_dead_queue_and_says_that_it_is_lost() {
    let file = file(8192);
    let memory = SharedMemory::map(file.as_fd(), 0, 8192).expect("mapped");
    let word = memory.word(4096).expect("inside");
    word.store(7, Ordering::Relaxed);
    assert_eq!(word.load(Ordering::Relaxed), 7);
    assert!(!memory.lost());
    nix::unistd::ftruncate(&file, 0).expect("truncated");
    assert_eq!(word.load(Ordering::Relaxed), 0);
    assert!(memory.lost());
    assert_eq!(
        memory.word(8188).expect("inside").load(Ordering::Relaxed),
        1
    );
    assert_eq!(memory.lost_flag().load(Ordering::Relaxed), 1);
    memory.register(0).expect("inside").store(1);
}

#[test]
fn the_loss_of_one_region_leaves_another_alone() {
    let (one, two) = (file(4096), file(4096));
    let a = SharedMemory::map(one.as_fd(), 0, 4096).expect("mapped");
    let b = SharedMemory::map(two.as_fd(), 0, 4096).expect("mapped");
    nix::unistd::ftruncate(&one, 0).expect("truncated");
    a.word(0).expect("inside").store(1, Ordering::Relaxed);
    b.word(0).expect("inside").store(2, Ordering::Relaxed);
    assert!(a.lost());
    assert!(!b.lost());
}

#[test]
fn no_thread_sees_the_zeros_of_a_lost_region_without_its_status() {
    for _ in 0..200 {
        let device = file(8192);
        let memory = SharedMemory::map(device.as_fd(), 0, 8192).expect("mapped");
        let (entry, status) = (
            memory.word(0).expect("inside"),
            memory.word(8188).expect("inside"),
        );
        entry.store(7, Ordering::Relaxed);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while entry.load(Ordering::Acquire) == 7 {}
                    assert_eq!(status.load(Ordering::Acquire), 1);
                    assert!(memory.lost());
                });
            }
            nix::unistd::ftruncate(&device, 0).expect("truncated");
        });
        assert!(memory.lost());
    }
}

#[test]
fn in_a_child_the_addresses_of_the_parents_regions_are_nobodys() {
    let (device, other) = (file(8192), file(8192));
    let memory = SharedMemory::map(device.as_fd(), 0, 8192).expect("mapped");
    let at = memory.address() as *mut c_void;
    let status = child(|| {
        // A file of the child's own comes to lie where the region was, and is cut short.
        // SAFETY: the child does not have the region, and the kernel refuses to replace anything.
        let map = unsafe {
            libc::mmap(
                at,
                8192,
                libc::PROT_READ,
                libc::MAP_SHARED | libc::MAP_FIXED_NOREPLACE,
                other.as_raw_fd(),
                0,
            )
        };
        if map == at && nix::unistd::ftruncate(&other, 0).is_ok() {
            // SAFETY: mapped just now; that its page has gone is the point.
            unsafe { at.cast::<u8>().read_volatile() };
        }
    });
    assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGBUS);
}

#[test]
fn a_child_that_drops_what_it_inherits_unmaps_nothing() {
    let (device, other) = (file(8192), file(8192));
    let mut memory = Some(SharedMemory::map(device.as_fd(), 0, 8192).expect("mapped"));
    let at = memory.as_ref().expect("mapped").address() as *mut c_void;
    let status = child(|| {
        // SAFETY: as above.
        let map = unsafe {
            libc::mmap(
                at,
                8192,
                libc::PROT_READ,
                libc::MAP_SHARED | libc::MAP_FIXED_NOREPLACE,
                other.as_raw_fd(),
                0,
            )
        };
        drop(memory.take());
        // SAFETY: asks whether the page is mapped.
        let there = unsafe { libc::msync(at, 4096, libc::MS_ASYNC) } == 0;
        if map != at || !there {
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(1) };
        }
    });
    assert_eq!(status, 0);
}

#[test]
fn a_sigbus_that_somebody_sends_does_what_it_did_before() {
    let device = file(4096);
    let memory = SharedMemory::map(device.as_fd(), 0, 4096).expect("mapped");
    let status = child(|| {
        pretend_before(libc::SIG_DFL);
        raise_sigbus();
    });
    assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGBUS);
    let status = child(|| {
        pretend_before(libc::SIG_IGN);
        raise_sigbus();
        raise_sigbus();
    });
    assert_eq!(status, 0);
    drop(memory);
}
