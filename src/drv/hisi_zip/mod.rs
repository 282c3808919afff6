//! HiSilicon's compression accelerator (`hisi_zip`). Each algorithm is a driver of
//! its own, and all of them make engines of one kind: which format a request has
//! is in its message.

mod answer;
mod buffer;
mod deflate;
mod engine;
mod header;
mod job;
mod lists;
mod lz;
mod mark;
mod pool;
mod record;
mod stream;
mod tail;
pub mod v1;

#[cfg(test)]
mod tests;

use super::{Driver, Identity, Seat};
use crate::ctypes::v2::wd_alg::alg_dev_type;
use crate::ctypes::v2::wd_comp::wd_comp_alg_type;
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::error::{Error, Result};
use crate::qm::layout::Version;
use crate::sys::lent::Promise;
use engine::Zip;
use std::sync::Arc;

/// The algorithms, in the order in which they are registered.
const ALGORITHMS: [&str; 6] = ["zlib", "gzip", "deflate", "lz77_zstd", "lz4", "lz77_only"];

/// The drivers, one for each algorithm. `promise` is for the messages of all their engines.
#[must_use]
pub fn drivers(promise: Promise) -> Vec<Arc<dyn Driver>> {
    let driver = |algorithm: &str| -> Arc<dyn Driver> {
        Arc::new(HisiZip {
            identity: Identity {
                driver: "hisi_zip".to_owned(),
                algorithm: algorithm.to_owned(),
                priority: 100,
                kind: alg_dev_type::UADK_ALG_HW,
                queue_num: 1,
                op_type_num: 2,
            },
            promise,
        })
    };
    ALGORITHMS.into_iter().map(driver).collect()
}

/// The driver of one algorithm.
struct HisiZip {
    identity: Identity,
    promise: Promise,
}

impl Driver for HisiZip {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    /// # Errors
    /// Always [`Error::Os`] with `EACCES`, as a driver in C that is not initialised: the kernel tells.
    fn usage(&self, _device: &str, _op_type: u8) -> Result<u32> {
        Err(Error::Os(libc::EACCES))
    }

    // Whoever sleeps asks for an interrupt first (`Engine::wait`), so `sleeps` need not be known.
    fn bind_comp(
        &self,
        seats: Vec<Seat>,
        _sleeps: bool,
    ) -> Result<Box<dyn super::Engine<wd_comp_msg>>> {
        Ok(Box::new(Zip::bind(seats, self.promise)?))
    }
}

/// What a context's requests have in common.
#[derive(Clone, Copy, Debug)]
struct Facts {
    /// The version of the device's queue interface.
    version: Version,
    /// Whether its queue compresses; else it decompresses.
    compresses: bool,
    /// Whether an answer comes in another message than its own.
    asynchronous: bool,
    /// Whether the device works on the process's own addresses.
    sva: bool,
    promise: Promise,
}

/// Whether devices of this version have the format (the `algorithms` that they list).
fn has(version: Version, format: wd_comp_alg_type) -> bool {
    use wd_comp_alg_type::*;
    match format {
        WD_ZLIB | WD_GZIP => true,
        WD_DEFLATE | WD_LZ77_ZSTD => version >= Version::V3,
        WD_LZ4 | WD_LZ77_ONLY => version >= Version::V5,
        WD_COMP_ALG_MAX => false,
    }
}
