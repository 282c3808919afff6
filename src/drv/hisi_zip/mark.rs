//! The mark by which a finished descriptor is known. The ring keeps it in memory of
//! the process, so a device cannot change it; it says all that is needed to read
//! the answer, and mostly spares looking anything up.

use crate::ctypes::v2::wd_comp::wd_comp_alg_type;
use core::num::NonZeroU64;

/// What is known of a request that is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The message's tag.
    pub tag: u32,
    /// Bytes of a header that software wrote or skipped.
    pub header: u16,
    /// The format.
    pub format: wd_comp_alg_type,
    /// The output goes to the store buffer first.
    pub stored: bool,
    /// The number of the request's record; 0 for none.
    pub record: u16,
}

/// Bits of [`Mark::record`].
const RECORD_BITS: u32 = 11;
/// The most records.
pub(super) const RECORDS: usize = (1 << RECORD_BITS) - 1;

const HEADER_AT: u32 = 32;
const FORMAT_AT: u32 = 48;
const STORED_AT: u32 = 51;
const RECORD_AT: u32 = 52;
/// Always set: the ring takes no mark of 0. That of all ones, which it does not take either, would
/// have a format that does not exist.
const ALWAYS: NonZeroU64 = NonZeroU64::MIN.saturating_mul(NonZeroU64::new(1 << 63).unwrap());

impl Mark {
    /// As the ring takes it.
    #[inline]
    pub fn pack(self) -> NonZeroU64 {
        let bits = u64::from(self.tag)
            | u64::from(self.header) << HEADER_AT
            | (self.format as u64) << FORMAT_AT
            | u64::from(self.stored) << STORED_AT
            | (u64::from(self.record) & RECORDS as u64) << RECORD_AT;
        ALWAYS | bits
    }

    /// Takes apart what [`Mark::pack`] made.
    #[inline]
    pub fn unpack(bits: NonZeroU64) -> Option<Mark> {
        let bits = bits.get();
        Some(Mark {
            tag: bits as u32,
            header: (bits >> HEADER_AT) as u16,
            format: wd_comp_alg_type::try_from((bits >> FORMAT_AT) as u32 & 7).ok()?,
            stored: bits >> STORED_AT & 1 != 0,
            record: (bits >> RECORD_AT) as u16 & RECORDS as u16,
        })
    }
}
