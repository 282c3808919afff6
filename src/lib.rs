//! User-space queues of Linux accelerators, behind the C ABI of libwd.
//!
//! A process opens a queue of an accelerator through the kernel's *uacce*
//! framework, maps the queue's memory and its doorbell, and from then on sends
//! 128-byte descriptors and polls completions without a system call. With shared
//! virtual addressing (SVA) the device works on the process's own pointers.
//!
//! ```no_run
//! use core::num::NonZeroU64;
//! use warpdrive::bd::zip::{Request, Sqe};
//! use warpdrive::queue::{Options, Queue};
//! use warpdrive::sys::lent::Promise;
//!
//! // Before the queue, which ends first: until then the device may use them.
//! let (input, mut output) = (vec![0_u8; 4096], vec![0_u8; 8192]);
//! let queue = Queue::open(&Options::default())?;
//! let request = Sqe {
//!     input_length: 4096,
//!     output_space: 8192,
//!     source: input.as_ptr() as u64,
//!     destination: output.as_mut_ptr() as u64,
//!     request: Request::Zlib.code(),
//!     ..Sqe::default()
//! };
//! // SAFETY: the descriptor names these two vectors. They live longer than the queue, and are not
//! // touched before the answer is there.
//! let promise = unsafe { Promise::given() };
//! queue.send(promise, &request.encode(), NonZeroU64::MIN)?;
//! let mut answer = [0; 128];
//! let received = queue.receive_wait(None, &mut answer)?;
//! println!("{:?}: {} bytes", received.status, Sqe::decode(&answer).produced);
//! # Ok::<(), warpdrive::Error>(())
//! ```
//!
//! # Floors
//!
//! A module names only modules of lower floors (`tests/layers.rs` holds it to that):
//!
//! | floor | modules |
//! |---|---|
//! | 8 | [`capi`]: the C entries |
//! | 7 | [`wcrypto`]: queues and contexts of UADK v1 |
//! | 6 | [`alg`]: contexts and sessions, [`queue`]: queues of raw descriptors |
//! | 5 | [`bus`]: which devices this process sees |
//! | 4 | [`drv`]: drivers, [`sim`]: simulated devices |
//! | 3 | [`qm`]: rings; [`bd`]: descriptors; [`mem`]: memory that devices may touch |
//! | 2 | [`uacce`]: the kernel interface |
//! | 1 | [`sys`]: the operating system and the bare machine |
//! | 0 | [`error`], [`log`], [`ctypes`]: C structures, [`calc`]: plain algorithms |
//!
//! # Safety vocabulary
//!
//! `unsafe` code lives in [`sys`], [`capi`], [`log`] and [`drv::foreign`]. Its arguments use these
//! words. *Ours*: an allocation or mapping that a value in scope owns. *The caller's promise*: the
//! `# Safety` section of the enclosing function. *Shared*: memory that a device or another thread may
//! write at any moment; it is only copied or accessed atomically. *Leaked*: made by `Box::into_raw`
//! or `Box::leak` and never freed, so valid for ever.

pub mod alg;
pub mod bd;
pub mod bus;
pub mod calc;
pub mod capi;
pub mod ctypes;
pub mod drv;
pub mod error;
pub mod log;
pub mod mem;
pub mod qm;
pub mod queue;
pub mod sim;
pub mod sys;
pub mod uacce;
pub mod wcrypto;

pub use error::{Error, Result};
