//! A device that answers at once, in the same thread, in a few instructions: for
//! measuring the library and nothing else. Its queue memory and its doorbell are
//! plain memory; whoever measures calls [`Completer::complete`] after each send.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use warpdrive::qm::layout::{CQE_SIZE, cqe};
use warpdrive::sys::shared::{Entries, SharedMemory};
use warpdrive::uacce::channel::{
    Bus, Channel, Doorbell, Memory, QueueId, QueueSetup, Region, Wake,
};
use warpdrive::uacce::device::Attributes;
use warpdrive::uacce::uapi::DeviceFlags;
use warpdrive::{Error, Result};

/// Entries in each ring.
pub const DEPTH: u16 = 1024;
/// Where the completion queue begins.
pub const CQ_OFFSET: usize = 128 * DEPTH as usize;
/// Bytes of the queue memory, with a page for the status words.
pub const DUS_SIZE: usize = CQ_OFFSET + CQE_SIZE * DEPTH as usize + 4096;
/// Bytes of the register region of version 2.
pub const MMIO_SIZE: usize = 8192;

/// The device; clones share it.
#[derive(Clone)]
pub struct Instant {
    pub dus: SharedMemory,
    pub mmio: SharedMemory,
    cq: Entries<CQE_SIZE>,
    event: Arc<OwnedFd>,
}

impl Instant {
    pub fn new() -> Result<Instant> {
        let dus = SharedMemory::own(DUS_SIZE)?;
        let null = std::fs::File::open("/dev/null")?;
        Ok(Instant {
            cq: dus.entries(CQ_OFFSET, usize::from(DEPTH))?,
            dus,
            mmio: SharedMemory::own(MMIO_SIZE)?,
            event: Arc::new(null.into()),
        })
    }

    pub fn id() -> QueueId {
        QueueId {
            number: 0,
            sqe_size: 128,
            sq_depth: DEPTH,
            cq_depth: DEPTH,
        }
    }

    /// The side that completes requests. There must be one only.
    pub fn completer(&self) -> Completer {
        Completer {
            cq: self.cq.clone(),
            posted: 0,
        }
    }
}

/// Completes the requests of an [`Instant`], in order.
pub struct Completer {
    cq: Entries<CQE_SIZE>,
    posted: u32,
}

impl Completer {
    /// Completes the oldest request: two stores, as the hand-written loop's device does.
    #[inline(always)]
    pub fn complete(&mut self) {
        let (at, lap) = (
            self.posted % u32::from(DEPTH),
            self.posted / u32::from(DEPTH),
        );
        self.posted = self.posted.wrapping_add(1);
        let Some(entry) = self.cq.at(at as usize) else {
            return;
        };
        entry.store_word(cqe::HEAD_AND_NUMBER, at, Ordering::Relaxed);
        entry.store_word(
            cqe::PHASE_WORD,
            ((lap + 1) % 2) << cqe::PHASE_SHIFT,
            Ordering::Release,
        );
    }
}

impl Bus for Instant {
    fn devices(&self) -> Result<Vec<Attributes>> {
        Ok(vec![Attributes {
            algorithms: vec!["zlib".to_owned()],
            mmio_size: MMIO_SIZE,
            dus_size: DUS_SIZE,
            ..Attributes::simulated("instant-0", "hisi_qm_v2", DeviceFlags::SVA)
        }])
    }
    fn open(&self, _: &Attributes) -> Result<Arc<dyn Channel>> {
        Ok(Arc::new(self.clone()))
    }
}

impl Channel for Instant {
    fn configure(&self, _: QueueSetup) -> Result<QueueId> {
        Ok(Instant::id())
    }
    fn region(&self, region: Region) -> Result<SharedMemory> {
        match region {
            Region::Mmio => Ok(self.mmio.clone()),
            Region::Dus => Ok(self.dus.clone()),
            Region::Ss(_) => Err(Error::Unsupported),
        }
    }
    fn doorbell(&self, offset: usize) -> Result<Doorbell> {
        Ok(Doorbell::mapped(self.mmio.register(offset)?))
    }
    fn start(&self) -> Result<()> {
        Ok(())
    }
    fn stop(&self) {}
    fn wait(&self, limit: Duration) -> Result<Wake> {
        std::thread::sleep(limit);
        Ok(Wake::TimedOut)
    }
    fn event(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
    fn memory(&self) -> Memory {
        Memory::Sva
    }
}
