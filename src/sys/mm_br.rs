//! The memory operations of UADK v1, C functions that a program brought: the same
//! as those of v2 ([`super::mm_ops`]) in a structure with another order.

use super::lent::Promise;
use super::mm_ops::{Memory, MmOps};
use crate::ctypes::v1::wd::wd_mm_br;
use crate::ctypes::v2::CBool;
use crate::ctypes::v2::wd::wd_mm_ops;
use crate::error::Result;
use core::num::NonZeroU64;

/// Memory operations, in a copy of the caller's structure.
#[derive(Clone)]
pub struct MmBr(MmOps);

impl MmBr {
    /// A copy of the operations at `br`; `None` where it is null or not aligned. They may be
    /// incomplete.
    #[must_use]
    pub fn lent(promise: Promise, br: *const wd_mm_br) -> Option<MmBr> {
        let br = promise.read(br)?;
        let ops = wd_mm_ops {
            alloc: br.alloc,
            free: br.free,
            iova_map: br.iova_map,
            iova_unmap: br.iova_unmap,
            get_bufsize: br.get_bufsize,
            usr: br.usr,
            sva_mode: CBool(0),
        };
        MmOps::lent(promise, &raw const ops).map(MmBr)
    }

    /// Whether memory can be had and given back. Without that a pool takes its queue's memory.
    #[must_use]
    pub fn allocates(&self) -> bool {
        self.0.allocates()
    }

    /// Whether addresses can be told to a device.
    #[must_use]
    pub fn maps(&self) -> bool {
        self.0.maps()
    }

    /// Whether there are all operations that contexts need: all but `get_bufsize`. `usr` may be
    /// anything.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.0.complete()
    }

    /// `len` bytes, whatever is in them; they go back when they are dropped.
    ///
    /// # Errors
    /// [`crate::Error::NoMemory`] if there are none.
    pub fn allocate(&self, len: usize) -> Result<Memory> {
        self.0.allocate(len)
    }

    /// The device's address of `len` bytes at `va`; `None` if the device cannot reach them.
    #[inline]
    #[must_use]
    pub fn map(&self, va: usize, len: usize) -> Option<NonZeroU64> {
        self.0.map(va, len)
    }

    /// Ends the use of what [`MmBr::map`] answered for `va` and `len`.
    #[inline]
    pub(crate) fn unmap(&self, va: usize, iova: NonZeroU64, len: usize) {
        self.0.unmap(va, iova, len);
    }

    /// What the operations are called with. All contexts of a queue have the same.
    #[must_use]
    pub fn usr(&self) -> usize {
        self.0.usr()
    }
}

#[cfg(test)]
#[expect(unsafe_code, reason = "C functions of a program")]
mod tests {
    use super::*;
    use core::ffi::c_void;
    use core::ptr;
    use core::sync::atomic::{AtomicUsize, Ordering};

    /// What `usr` points to: how much is allocated, and how much is mapped.
    #[derive(Default)]
    struct Counts {
        allocated: AtomicUsize,
        mapped: AtomicUsize,
    }

    unsafe fn counts(usr: *mut c_void) -> &'static Counts {
        // SAFETY: `usr` is the counts of a test, which outlive its operations.
        unsafe { &*usr.cast() }
    }

    unsafe extern "C" fn alloc(usr: *mut c_void, size: usize) -> *mut c_void {
        // SAFETY: see `counts`.
        unsafe { counts(usr) }
            .allocated
            .fetch_add(size, Ordering::Relaxed);
        0x7000 as *mut c_void
    }

    unsafe extern "C" fn free(usr: *mut c_void, va: *mut c_void) {
        assert_eq!(va as usize, 0x7000);
        // SAFETY: see `counts`.
        unsafe { counts(usr) }.allocated.store(0, Ordering::Relaxed);
    }

    unsafe extern "C" fn map(usr: *mut c_void, va: *mut c_void, sz: usize) -> *mut c_void {
        // SAFETY: see `counts`.
        unsafe { counts(usr) }
            .mapped
            .fetch_add(sz, Ordering::Relaxed);
        va.wrapping_byte_add(0x1000)
    }

    unsafe extern "C" fn unmap(usr: *mut c_void, va: *mut c_void, dma: *mut c_void, sz: usize) {
        assert_eq!(va.wrapping_byte_add(0x1000), dma);
        // SAFETY: see `counts`.
        unsafe { counts(usr) }
            .mapped
            .fetch_sub(sz, Ordering::Relaxed);
    }

    fn of(counts: &Counts) -> wd_mm_br {
        wd_mm_br {
            alloc: Some(alloc),
            free: Some(free),
            iova_map: Some(map),
            iova_unmap: Some(unmap),
            usr: ptr::from_ref(counts).cast_mut().cast(),
            get_bufsize: None,
        }
    }

    fn lent(br: &wd_mm_br) -> MmBr {
        MmBr::lent(Promise::in_tests(), br).expect("there")
    }

    #[test]
    fn each_operation_is_the_programs_own() {
        let counts = Counts::default();
        let br = lent(&of(&counts));
        assert!(br.complete());
        assert_eq!(br.usr(), ptr::from_ref(&counts).addr());
        let memory = br.allocate(100).expect("there");
        assert_eq!(memory.address(), 0x7000);
        assert_eq!(counts.allocated.load(Ordering::Relaxed), 100);
        let iova = br.map(0x7000, 30).expect("there");
        assert_eq!(
            (iova.get(), counts.mapped.load(Ordering::Relaxed)),
            (0x8000, 30)
        );
        br.unmap(0x7000, iova, 30);
        drop(memory);
        assert_eq!(counts.mapped.load(Ordering::Relaxed), 0);
        assert_eq!(counts.allocated.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_is_missing_is_told_and_not_called() {
        let counts = Counts::default();
        let mut br = of(&counts);
        br.iova_unmap = None;
        let without_unmap = lent(&br);
        assert!(without_unmap.allocates() && without_unmap.maps() && !without_unmap.complete());
        let iova = without_unmap.map(0x7000, 1).expect("there");
        without_unmap.unmap(0x7000, iova, 1);
        assert_eq!(counts.mapped.load(Ordering::Relaxed), 1);
        (br.alloc, br.iova_map) = (None, None);
        let nothing = lent(&br);
        assert!(!nothing.allocates() && !nothing.maps());
        assert!(nothing.allocate(1).is_err() && nothing.map(0x7000, 1).is_none());
        assert!(MmBr::lent(Promise::in_tests(), ptr::null()).is_none());
    }
}
