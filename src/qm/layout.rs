//! Versions of the queue manager, and where things lie in a queue's memory.

use crate::error::{Error, Result};
use crate::uacce::channel::QueueId;

/// The generations of the queue interface that this library drives. As a number, a version's place
/// in the table of drivers (the seed API's `hw_type_id`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// `hisi_qm_v1`: Hip08's first, the one of the seed.
    V1,
    /// `hisi_qm_v2`: doorbells in a page of their own.
    V2,
    /// `hisi_qm_v3`.
    V3,
    /// `hisi_qm_v5`.
    V5,
}

/// The interfaces by the names in the `api` attribute.
const VERSIONS: &[(&str, Version)] = &[
    ("hisi_qm_v1", Version::V1),
    ("hisi_qm_v2", Version::V2),
    ("hisi_qm_v3", Version::V3),
    ("hisi_qm_v5", Version::V5),
];

impl Version {
    /// The version that an `api` text names, with or without the no-IOMMU suffix.
    ///
    /// # Errors
    /// [`Error::NoDevice`] for any other text: there is no driver for such a device.
    pub fn from_api(api: &str) -> Result<Version> {
        let name = api.trim();
        let name = name.strip_suffix("_noiommu").unwrap_or(name);
        let known = VERSIONS.iter().find(|(n, _)| *n == name);
        known.map(|(_, version)| *version).ok_or(Error::NoDevice)
    }

    /// As [`Version::from_api`], and one that is not known as the latest before it that is: each
    /// generation so far took the requests of the one before.
    ///
    /// # Errors
    /// [`Error::NoDevice`] for a text that names no version, and for version 0.
    pub fn at_most(api: &str) -> Result<Version> {
        let name = api.trim();
        let name = name.strip_suffix("_noiommu").unwrap_or(name);
        let number = name.strip_prefix("hisi_qm_v").ok_or(Error::NoDevice)?;
        match number.parse::<u32>().map_err(|_| Error::NoDevice)? {
            0 => Err(Error::NoDevice),
            1 => Ok(Version::V1),
            2 => Ok(Version::V2),
            3 | 4 => Ok(Version::V3),
            _ => Ok(Version::V5),
        }
    }

    /// The name in the `api` attribute.
    #[must_use]
    pub fn api(self) -> &'static str {
        VERSIONS
            .iter()
            .find(|(_, v)| *v == self)
            .map_or("", |(n, _)| n)
    }

    /// The doorbell's byte offset in the MMIO region (`QM_DOORBELL_OFFSET`, `QM_V2_DOORBELL_OFFSET`).
    #[must_use]
    pub const fn doorbell_offset(self) -> usize {
        match self {
            Version::V1 => 0x340,
            _ => 0x1000,
        }
    }
}

/// Bytes of a completion queue entry.
pub const CQE_SIZE: usize = 16;

/// 32-bit words of a completion queue entry, little-endian.
pub mod cqe {
    /// Low half: `sq_head`, the index of the completed submission; high half: `sq_num`.
    pub const HEAD_AND_NUMBER: usize = 2;
    /// High half: `w7`, whose bit 0 is the phase.
    pub const PHASE_WORD: usize = 3;
    /// The phase bit within [`PHASE_WORD`].
    pub const PHASE_SHIFT: u32 = 16;
}

/// Where the parts of a queue lie in its memory (region DUS).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Entries in the submission queue, which begins at offset 0.
    pub sq_depth: u16,
    /// Entries in the completion queue.
    pub cq_depth: u16,
    /// Where the completion queue begins: right behind the submission queue.
    pub cq_offset: usize,
    /// Where the status words lie, if the region has room for them behind the rings.
    pub status: Option<Status>,
}

/// The two words in which the kernel says that the device was reset: 1 means dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Offset of the word that senders look at: the last of the region.
    pub tx: usize,
    /// Offset of the word that receivers look at: the one before.
    pub rx: usize,
}

impl Layout {
    /// The layout of a queue with entries of `sqe_size` bytes in `region` bytes.
    ///
    /// # Errors
    /// [`Error::NoDevice`] if the kernel's numbers contradict each other: another entry size, a
    /// depth below 2, a completion queue that cannot hold what the submission queue does, or rings that
    /// do not fit.
    pub fn new(id: &QueueId, sqe_size: usize, region: usize) -> Result<Layout> {
        if id.sqe_size as usize != sqe_size || id.sq_depth < 2 || id.cq_depth < id.sq_depth {
            return Err(Error::NoDevice);
        }
        let cq_offset = sqe_size * usize::from(id.sq_depth);
        let end = cq_offset + CQE_SIZE * usize::from(id.cq_depth);
        if end > region {
            return Err(Error::NoDevice);
        }
        // The seed's kernels have a region of the two rings and nothing behind them.
        let status = (end + 8 <= region && region.is_multiple_of(4)).then(|| Status {
            tx: region - 4,
            rx: region - 8,
        });
        Ok(Layout {
            sq_depth: id.sq_depth,
            cq_depth: id.cq_depth,
            cq_offset,
            status,
        })
    }
}
