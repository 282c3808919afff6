//! Compression for Rust: sessions that take slices.

use super::session::{self, Setup};
#[cfg(doc)]
use super::start;
use crate::alg::sched::Native;
use crate::alg::setup::Param;
use crate::ctypes::v2::Enum;
use crate::ctypes::v2::wd::{WD_EAGAIN, WD_IN_EPARA, WD_STREAM_END};
pub use crate::ctypes::v2::wd_comp::wd_comp_alg_type as Format;
pub use crate::ctypes::v2::wd_comp::wd_comp_op_type as Direction;
use crate::ctypes::v2::wd_comp::wd_comp_req;
use crate::ctypes::v2::wd_comp::wd_comp_winsz_type::WD_COMP_WS_32K;
use crate::ctypes::v2::wd_sched::sched_params;
use crate::drv::Path;
use crate::error::{Error, Result};
use core::ptr;

/// A session in one direction, with synchronous requests; compression has to be initialised
/// ([`start::with_devices`]) as long as it is used.
///
/// ```
/// use warpdrive::alg::comp::{self, Direction, Format, Session};
/// use warpdrive::ctypes::v2::wd_alg_common::alg_task_type::TASK_INSTR;
/// use warpdrive::ctypes::v2::wd_sched::sched_policy_type::SCHED_POLICY_RR;
///
/// let (policy, task) = (Some(SCHED_POLICY_RR), Some(TASK_INSTR));
/// comp::start::with_devices("zlib", policy, task, None, |_| Ok(false))?;
/// let pack = Session::open(Format::WD_ZLIB, Direction::WD_DIR_COMPRESS, 6)?;
/// let mut small = [0; 100];
/// let packed = pack.whole(&[7; 1000], &mut small)?;
/// let unpack = Session::open(Format::WD_ZLIB, Direction::WD_DIR_DECOMPRESS, 6)?;
/// let mut back = [0; 1000];
/// assert_eq!(unpack.whole(&small[..packed.produced], &mut back)?.produced, 1000);
/// assert_eq!(back, [7; 1000]);
/// # Ok::<(), warpdrive::Error>(())
/// ```
#[derive(Debug)]
pub struct Session {
    handle: usize,
    direction: Direction,
}

/// What a request has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of input consumed.
    pub consumed: usize,
    /// Bytes of output produced.
    pub produced: usize,
    /// The end of the stream was reached.
    pub ended: bool,
    /// There is more output than room for it.
    pub full: bool,
}

/// What the C scheduler reads of a session of Rust's: the direction, on whatever node is near.
fn param_of(address: usize, _: &Native) -> Option<sched_params> {
    Some(sched_params {
        numa_id: -1,
        type_: u8::try_from(address).ok()?,
        mode: 0,
        begin: 0,
        end: 0,
        dev_id: 0,
    })
}

impl Session {
    /// Opens a session. `level` is 1 to 15, and for decompression not looked at.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a level that is none, and if compression is not initialised;
    /// [`Error::Unsupported`] for devices without SVA; [`Error::NoMemory`].
    pub fn open(format: Format, direction: Direction, level: u8) -> Result<Session> {
        let setup = Setup {
            format: Enum::new(format as u32),
            level: Enum::new(level.into()),
            window: Enum::new(WD_COMP_WS_32K as u32),
            direction: Enum::new(direction as u32),
            param: Param {
                address: direction as usize,
                read: param_of,
            },
        };
        let handle = session::open(&setup, || Err(Error::Unsupported))?;
        Ok(Session { handle, direction })
    }

    /// Does a request that is whole in itself.
    ///
    /// # Errors
    /// [`Error::Invalid`] for no input, no room, and input that is not what it should be; what the
    /// context answered.
    pub fn whole(&self, input: &[u8], output: &mut [u8]) -> Result<Progress> {
        self.run(input, output, true, session::sync)
    }

    /// Does the next piece of a stream; `last` says that it is the last one to compress.
    ///
    /// # Errors
    /// As [`Session::whole`]; the input may be empty.
    pub fn stream(&self, input: &[u8], output: &mut [u8], last: bool) -> Result<Progress> {
        self.run(input, output, last, session::stream)
    }

    /// Gives up the stream: the next piece begins a new one.
    ///
    /// # Errors
    /// [`Error::Busy`] from inside one of its requests.
    pub fn reset(&self) -> Result<()> {
        session::reset(self.handle)
    }

    /// Who served the last request; `None` before the first.
    ///
    /// # Errors
    /// [`Error::Busy`] from inside one of its requests.
    pub fn path(&self) -> Result<Option<Path>> {
        super::path(self.handle)
    }

    fn run(
        &self,
        input: &[u8],
        output: &mut [u8],
        last: bool,
        way: fn(usize, &mut wd_comp_req) -> Result<()>,
    ) -> Result<Progress> {
        // Longer slices are begun with.
        let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let all = u32::try_from(input.len()).is_ok();
        // The engine reads the input and writes the output, and is through with both when this
        // returns: a request whose memory a device might still touch is an error that says so, and
        // then its context is dead.
        let mut request = wd_comp_req {
            src: ptr::from_ref(input).cast_mut().cast(),
            src_len: length(input.len()),
            dst: output.as_mut_ptr().cast(),
            dst_len: length(output.len()),
            cb: None,
            cb_param: ptr::null_mut(),
            op_type: Enum::new(self.direction as u32),
            data_fmt: Enum::new(0),
            last: u32::from(last && all),
            status: 0,
            priv_: ptr::null_mut(),
        };
        way(self.handle, &mut request)?;
        if request.status == WD_IN_EPARA as u32 {
            return Err(Error::Invalid);
        }
        Ok(Progress {
            consumed: request.src_len as usize,
            produced: request.dst_len as usize,
            ended: request.status == WD_STREAM_END as u32,
            full: request.status == WD_EAGAIN as u32,
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = session::free(self.handle);
    }
}
