//! What the examples share: a queue for one kind of request, by tag.

use core::num::NonZeroU64;
use core::time::Duration;
use warpdrive::Error;
use warpdrive::bd::zip::{Request, Sqe};
use warpdrive::queue::{Direction, Options, Queue};
use warpdrive::sys::lent::Promise;
use warpdrive::uacce::channel::Access;

/// An example that fails says why.
pub type Result<T> = core::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A queue of the ZIP engine. Drop it before the memory that its requests name: while it is open the
/// device may still use that memory. So in each example the memory is declared before the queue, and
/// that is what each promises.
pub struct Zip {
    queue: Queue,
    promise: Promise,
    request: Request,
    /// The descriptor's type, 3 for newer devices.
    sqe_type: u8,
}

impl Zip {
    /// A queue of the best device for `request`. What is promised is that slices given to
    /// [`send`](Self::send) are the device's until the answer is there or the queue is dropped.
    pub fn open(request: Request, direction: Direction, promise: Promise) -> Result<Zip> {
        let algorithm = match request {
            Request::Deflate => "deflate",
            Request::Zlib => "zlib",
            Request::Gzip => "gzip",
            other => return Err(format!("no example for {other:?}").into()),
        };
        let mut options = Options::default();
        options.wanted.algorithm = Some(algorithm.to_owned());
        options.direction = direction;
        let queue = Queue::open(&options)
            .map_err(|error| format!("no queue (WD_SIM=hisi_zip simulates a device): {error}"))?;
        let old = matches!(&*queue.info()?.api, "hisi_qm_v1" | "hisi_qm_v2");
        let sqe_type = if old { 0 } else { 3 };
        Ok(Zip {
            queue,
            promise,
            request,
            sqe_type,
        })
    }

    /// Lets the device use `memory`, as long as the queue is open.
    pub fn share(&self, memory: &mut [u8]) -> Result<()> {
        let address = memory.as_mut_ptr() as usize;
        Ok(self.queue.share(address, memory.len(), Access::ReadWrite)?)
    }

    /// Sends a request. Both slices are the device's until the answer with this tag is there.
    pub fn send(&self, tag: usize, from: &[u8], to: &mut [u8]) -> warpdrive::Result<()> {
        let length = |bytes: usize| u32::try_from(bytes).map_err(|_| Error::Invalid);
        let request = Sqe {
            input_length: length(from.len())?,
            output_space: length(to.len())?,
            source: from.as_ptr() as u64,
            destination: to.as_mut_ptr() as u64,
            request: self.request.code(),
            finish: true,
            sqe_type: self.sqe_type,
            ..Sqe::default()
        };
        let tag = NonZeroU64::MIN.saturating_add(tag as u64);
        self.queue.send(self.promise, &request.encode(), tag)
    }

    /// Waits for an answer: its tag, and the descriptor with the results.
    pub fn receive(&self) -> Result<(usize, Sqe)> {
        let mut answer = [0; 128];
        let limit = Some(Duration::from_secs(10));
        let received = self.queue.receive_wait(limit, &mut answer)?;
        if !received.status.is_good() {
            return Err(format!("the device answers {:?}", received.status).into());
        }
        Ok((received.tag.get() as usize - 1, Sqe::decode(&answer)))
    }

    /// Which device did it, and how many requests it was.
    pub fn report(&self) -> Result<String> {
        let info = self.queue.info()?;
        Ok(format!(
            "{} ({}): {} sent, {} received",
            info.device, info.path, info.sent, info.received
        ))
    }
}
