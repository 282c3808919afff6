//! The kernel interface against a fake kernel that is as strict as the real ones.
//! Each test runs itself again with that kernel preloaded, and then looks at the
//! kernel's log from outside.

#![cfg(all(target_arch = "x86_64", target_os = "linux", not(miri)))]
#![expect(unsafe_code, reason = "forks, and calls of the C entries")]

mod contexts;
mod entries;
#[path = "../common/fake.rs"]
mod fake;
mod static_memory;
mod uacce;
mod v1;
mod vfio;

use core::num::NonZeroU64;
use fake::World;
use std::sync::Arc;
use warpdrive::Result;
use warpdrive::qm::layout::Version;
use warpdrive::qm::ring::{self, Receiver, Sender};
use warpdrive::sys::lent::Promise;
use warpdrive::uacce::channel::{Channel, QueueSetup};

/// Runs `body`, a closure of a test, in a process of its own under the fake kernel. `None` in that
/// process, the world after it outside.
fn inside<F: Fn()>(world: World, body: F) -> Option<World> {
    if std::env::var_os("FAKE_INSIDE").is_some() {
        let before = open_things();
        body();
        assert_eq!(open_things(), before, "left behind");
        return None;
    }
    // The closure's type is named after the test: crate::module::test::{{closure}}.
    let name = core::any::type_name::<F>().trim_end_matches("::{{closure}}");
    let (_, test) = name.split_once("::").expect("in a crate");
    let output = world
        .command(&std::env::current_exe().expect("known"))
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env("FAKE_INSIDE", "1")
        .env("WD_LOG_LEVEL", "info")
        .output()
        .expect("this program");
    let (told, log) = (fake::text(&output), world.log());
    let ran = told.contains("1 passed");
    assert!(output.status.success() && ran, "{told}\n--- log\n{log}");
    Some(world)
}

/// The open descriptors and the mapped device files of this process.
fn open_things() -> (Vec<String>, usize) {
    let list = std::fs::read_dir("/proc/self/fd").expect("/proc is mounted");
    let mut fds: Vec<String> = list
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .map(|target| target.to_string_lossy().into_owned())
        // The list itself.
        .filter(|target| !target.starts_with("/proc/"))
        .collect();
    fds.sort();
    let maps = std::fs::read_to_string("/proc/self/maps").expect("/proc is mounted");
    (fds, maps.matches("/memfd:fake-").count())
}

struct Queue {
    sender: Sender<128>,
    receiver: Receiver<128>,
    channel: Arc<dyn Channel>,
}

impl Queue {
    fn start(channel: Arc<dyn Channel>, version: Version) -> Result<Queue> {
        let setup = QueueSetup {
            kind: 0,
            sqe_size: 128,
        };
        let id = channel.configure(setup)?;
        let (sender, receiver) = ring::open::<128>(&*channel, version, &id)?;
        channel.start()?;
        Ok(Queue {
            sender,
            receiver,
            channel,
        })
    }

    /// Sends a request that copies `from` to `to`.
    fn send(&mut self, tag: u64, from: &[u8], to: &mut [u8]) -> Result<()> {
        let mut sqe = [0_u8; 128];
        let mut put = |word: usize, bytes: &[u8]| {
            sqe[word * 4..word * 4 + bytes.len()].copy_from_slice(bytes);
        };
        put(4, &(from.len() as u32).to_le_bytes());
        put(14, &(to.len() as u32).to_le_bytes());
        put(18, &(from.as_ptr() as u64).to_le_bytes());
        put(20, &(to.as_mut_ptr() as u64).to_le_bytes());
        // SAFETY: the fake device copies while a doorbell is rung, this request's or, where it is told
        // to swap two, the next one's; the caller's buffers are there.
        let promise = unsafe { Promise::given() };
        self.sender
            .write(promise, &sqe, NonZeroU64::new(tag).expect("not 0"))?;
        self.sender.commit()
    }

    /// The tag and the produced length of the next completion.
    fn receive(&mut self) -> Result<Option<(u64, u32)>> {
        let mut sqe = [0; 128];
        let answer = self.receiver.receive(|tag, slot| {
            slot.read(&mut sqe);
            tag.get()
        });
        let produced = u32::from_le_bytes([sqe[4], sqe[5], sqe[6], sqe[7]]);
        Ok(answer?.map(|tag| (tag, produced)))
    }

    fn echo(&mut self, rounds: u64) {
        for round in 1..=rounds {
            let from = round.to_le_bytes();
            let mut to = [0_u8; 8];
            self.send(round, &from, &mut to).expect("room");
            assert_eq!(self.receive(), Ok(Some((round, 8))));
            assert_eq!(to, from);
        }
    }
}

/// The error number that the test set outside.
fn expected() -> Option<i32> {
    std::env::var("EXPECTED").ok()?.parse().ok()
}

/// Runs `body` in a fork child, which must not panic.
fn in_child(body: impl FnOnce()) {
    // SAFETY: the test has no other thread that holds locks; the child leaves by _exit.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let good = std::panic::catch_unwind(core::panic::AssertUnwindSafe(body)).is_ok();
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(i32::from(!good)) };
    }
    let mut status = 0;
    // SAFETY: waits for the child made above; `status` is writable.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(status, 0);
}
