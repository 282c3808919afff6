//! Schedulers: which context serves a request.
//!
//! A session asks once for a [`Key`], when it is made; for each request the
//! scheduler picks a context by the key. [`Native`] is the library's own scheduler;
//! others may be written in C. [`handles`] has the native ones that C programs hold.

pub mod handles;
#[cfg(all(test, models))]
mod models;
mod native;
#[cfg(test)]
mod tests;

pub use native::Native;

use crate::ctypes::v2::wd_sched::sched_params;
use crate::error::Result;

/// How a request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The caller waits for the result.
    Sync,
    /// The result comes when contexts are polled.
    Async,
}

/// What a scheduler decided for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The context of synchronous requests; [`INVALID_POS`] if there is none.
    ///
    /// [`INVALID_POS`]: crate::ctypes::v2::wd_sched::INVALID_POS
    pub sync: u32,
    /// The context of asynchronous requests; [`INVALID_POS`] if there is none.
    ///
    /// [`INVALID_POS`]: crate::ctypes::v2::wd_sched::INVALID_POS
    pub asynchronous: u32,
    /// For a scheduler written in C: the address of its own key. Else 0.
    pub foreign: usize,
}

impl Key {
    /// The context for requests of this mode; [`INVALID_POS`] if there is none.
    ///
    /// [`INVALID_POS`]: crate::ctypes::v2::wd_sched::INVALID_POS
    #[inline]
    #[must_use]
    pub fn context(&self, mode: Mode) -> u32 {
        match mode {
            Mode::Sync => self.sync,
            Mode::Async => self.asynchronous,
        }
    }
}

/// Chooses contexts.
pub trait Scheduler: Send + Sync {
    /// Decides for a session. Without `param`: the kind of operation 0, near to the caller.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] if there is no context for such a session.
    fn key(&self, param: Option<&sched_params>) -> Result<Key>;

    /// The number of the context for the next request of a session; [`INVALID_POS`] if there is none.
    ///
    /// [`INVALID_POS`]: crate::ctypes::v2::wd_sched::INVALID_POS
    fn pick(&self, key: &Key, mode: Mode) -> u32;
}
