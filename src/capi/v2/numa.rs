//! Sets of NUMA nodes as libnuma lays them out, without libnuma.

#![expect(unsafe_code, reason = "structures of C programs")]

use super::memory::{free, give, give_all};
use crate::ctypes::v2::wd_alg_common::bitmask;
use crate::error::Result;
use crate::sys::numa;
use core::ffi::c_ulong;

const WORD: usize = c_ulong::BITS as usize;

/// The most bits of a set that are looked at: more than any kernel knows nodes.
const MOST_BITS: usize = 1 << 16;

/// A set of these nodes, as large as libnuma makes its own, which `numa_bitmask_free` or
/// [`release`] frees. Nodes beyond its size are left out.
///
/// # Errors
/// [`crate::Error::NoMemory`].
pub(super) fn make(nodes: impl Iterator<Item = u32>) -> Result<*mut bitmask> {
    let bits = numa::set_bits().clamp(1, MOST_BITS);
    let mut words = vec![0; bits.div_ceil(WORD)];
    for node in nodes.map(|node| node as usize).filter(|node| *node < bits) {
        words[node / WORD] |= 1 << (node % WORD);
    }
    let maskp = give_all::<c_ulong>(&words)?;
    let size = bits as c_ulong;
    give(bitmask { size, maskp }).inspect_err(|_| {
        // SAFETY: ours, and given to nobody.
        unsafe { free(maskp) }
    })
}

/// The nodes in a set; none for NULL.
///
/// # Safety
/// `set` is NULL or a set of libnuma's making, or made in the same way.
pub(super) unsafe fn nodes(set: *const bitmask) -> Vec<u32> {
    // SAFETY: the promise above.
    let Some(set) = (unsafe { set.as_ref() }) else {
        return Vec::new();
    };
    let bits = usize::try_from(set.size).map_or(MOST_BITS, |bits| bits.min(MOST_BITS));
    if set.maskp.is_null() {
        return Vec::new();
    }
    // SAFETY: the promise above: as many words as the size needs.
    let words = unsafe { core::slice::from_raw_parts(set.maskp, bits.div_ceil(WORD)) };
    let has = |node: &usize| words[node / WORD] >> (node % WORD) & 1 == 1;
    (0..bits).filter(has).map(|node| node as u32).collect()
}

/// Frees a set. NULL is harmless.
///
/// # Safety
/// `set` is NULL or a set of libnuma's making or of [`make`]'s, and nobody uses it any more.
pub(super) unsafe fn release(set: *mut bitmask) {
    // SAFETY: the promise above.
    let Some(maskp) = unsafe { set.as_ref() }.map(|set| set.maskp) else {
        return;
    };
    // SAFETY: the promise above.
    unsafe { free(maskp) };
    // SAFETY: as above.
    unsafe { free(set) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::ptr;

    #[test]
    #[cfg_attr(miri, ignore = "reads files")]
    fn a_set_has_the_nodes_it_was_made_of_and_no_others() {
        let set = make([0, 3, 31, u32::MAX, 3].into_iter()).expect("memory");
        // SAFETY: made above.
        let found = unsafe { nodes(set) };
        // SAFETY: made above.
        let bits = unsafe { (*set).size } as usize;
        // SAFETY: made above, and not used any more.
        unsafe { release(set) };
        assert_eq!(found, [0, 3, 31]);
        assert_eq!(bits, numa::set_bits());
    }

    #[test]
    fn what_is_no_set_has_no_nodes() {
        let mut word: c_ulong = !0;
        let mut set = bitmask {
            size: 5,
            maskp: &raw mut word,
        };
        // SAFETY: a set as libnuma lays it out.
        assert_eq!(unsafe { nodes(&raw const set) }, [0, 1, 2, 3, 4]);
        set.size = 0;
        // SAFETY: as above, without bits.
        assert!(unsafe { nodes(&raw const set) }.is_empty());
        set = bitmask {
            size: c_ulong::MAX,
            maskp: ptr::null_mut(),
        };
        // SAFETY: without words.
        assert!(unsafe { nodes(&raw const set) }.is_empty());
        // SAFETY: NULL.
        assert!(unsafe { nodes(ptr::null()) }.is_empty());
        // SAFETY: NULL.
        unsafe { release(ptr::null_mut()) };
    }
}
