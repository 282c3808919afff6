//! The memory operations of a session, C functions that a program brought: where
//! its buffers lie for a device without SVA, and memory for the session's own needs.

#![expect(unsafe_code, reason = "calls C functions of the program")]

mod own;

pub use own::{DeviceMemory, OverMemory};

use super::copy::copy_bytes;
use super::lent::Promise;
use crate::ctypes::v2::CBool;
use crate::ctypes::v2::wd::wd_mm_ops;
use crate::ctypes::v2::wd_alg_common::wd_mem_type;
use crate::error::{Error, Result};
use crate::log_error;
use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::num::NonZeroU64;
use core::ptr;

/// Memory operations, in a copy of the caller's structure. Messages carry its address
/// ([`MmOps::as_ptr`]), for drivers written in C too.
#[derive(Clone)]
#[repr(transparent)]
pub struct MmOps(wd_mm_ops);

// SAFETY: the promise of `without_sva`: the functions may be called from any thread.
unsafe impl Send for MmOps {}
// SAFETY: as above.
unsafe impl Sync for MmOps {}

/// Memory of a session without SVA; it goes back when this is dropped.
pub struct Memory {
    ops: MmOps,
    address: usize,
    len: usize,
}

impl MmOps {
    /// Operations for a device that works on the process's own addresses.
    #[must_use]
    pub const fn with_sva() -> MmOps {
        MmOps(wd_mm_ops {
            alloc: Some(malloc),
            free: Some(free),
            iova_map: None,
            iova_unmap: None,
            get_bufsize: Some(one),
            usr: ptr::null_mut(),
            sva_mode: CBool(1),
        })
    }

    /// Operations for a device without SVA, as a session's `setup` has them: the caller's own
    /// (`UADK_MEM_USER`), or the functions of `pools` for the pool `setup.usr` (`UADK_MEM_PROXY`).
    /// `setup` is not written to.
    ///
    /// # Errors
    /// [`Error::Invalid`], with a message, for `UADK_MEM_AUTO` and kinds that there are not, and if
    /// a function or the pool is missing.
    ///
    /// # Safety
    /// The functions in `setup` and `pools` do what their types' descriptions say, from any thread
    /// and for any address to map, as long as the result or a copy of it is in use.
    pub unsafe fn without_sva(
        setup: &wd_mm_ops,
        kind: Option<wd_mem_type>,
        pools: &wd_mm_ops,
    ) -> Result<MmOps> {
        let ops = match kind {
            Some(wd_mem_type::UADK_MEM_USER) => *setup,
            Some(wd_mem_type::UADK_MEM_PROXY) => wd_mm_ops {
                usr: setup.usr,
                ..*pools
            },
            _ => {
                log_error!("memory of this kind is not for devices without SVA");
                return Err(Error::Invalid);
            }
        };
        let ops = MmOps(wd_mm_ops {
            sva_mode: CBool(0),
            ..ops
        });
        if !ops.complete() || ops.usr() == 0 {
            log_error!("a memory operation or its pool is missing");
            return Err(Error::Invalid);
        }
        Ok(ops)
    }

    /// Whether memory can be had and given back.
    #[must_use]
    pub fn allocates(&self) -> bool {
        self.0.alloc.is_some() && self.0.free.is_some()
    }

    /// Whether addresses can be told to a device.
    #[must_use]
    pub fn maps(&self) -> bool {
        self.0.iova_map.is_some()
    }

    /// Whether there are all operations but `get_bufsize`, which may be missing.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.allocates() && self.maps() && self.0.iova_unmap.is_some()
    }

    /// What the operations are called with.
    #[must_use]
    pub fn usr(&self) -> usize {
        self.0.usr.expose_provenance()
    }

    /// A copy of the operations that a message carries; `None` if it carries none.
    #[must_use]
    pub fn lent(promise: Promise, ops: *const wd_mm_ops) -> Option<MmOps> {
        promise.read(ops).map(MmOps)
    }

    /// The structure, for messages. Drivers only read it.
    #[must_use]
    pub fn as_ptr(&self) -> *mut wd_mm_ops {
        ptr::from_ref(&self.0).cast_mut()
    }

    /// Whether the device works on the process's own addresses. Then there is nothing to map.
    #[inline]
    #[must_use]
    pub fn sva(&self) -> bool {
        self.0.sva_mode.get()
    }

    /// The device's address of `len` bytes at `va`: `va` itself with SVA. `None` for an address
    /// that the device cannot reach.
    #[inline]
    #[must_use]
    pub fn map(&self, va: usize, len: usize) -> Option<NonZeroU64> {
        if self.sva() {
            return NonZeroU64::new(va as u64);
        }
        let map = self.0.iova_map?;
        // SAFETY: the promise of `without_sva`, or of the message that carried the operations.
        let iova = unsafe { map(self.0.usr, va as *mut c_void, len) };
        NonZeroU64::new(iova as u64)
    }

    /// Ends the use of what [`MmOps::map`] answered for `va` and `len`.
    #[inline]
    pub(crate) fn unmap(&self, va: usize, iova: NonZeroU64, len: usize) {
        if self.sva() {
            return;
        }
        if let Some(unmap) = self.0.iova_unmap {
            let iova = iova.get() as usize as *mut c_void;
            // SAFETY: as for `map`, which told this address.
            unsafe { unmap(self.0.usr, va as *mut c_void, iova, len) };
        }
    }

    /// `len` bytes of the session's memory, whatever is in them.
    ///
    /// # Errors
    /// [`Error::NoMemory`] if there is none.
    pub fn allocate(&self, len: usize) -> Result<Memory> {
        let alloc = self.0.alloc.ok_or(Error::NoMemory)?;
        // SAFETY: as for `map`.
        let address = unsafe { alloc(self.0.usr, len) } as usize;
        if address == 0 {
            return Err(Error::NoMemory);
        }
        Ok(Memory {
            ops: self.clone(),
            address,
            len,
        })
    }

    /// Whether both are the same functions for the same memory.
    #[must_use]
    pub fn same(&self, other: &MmOps) -> bool {
        let parts = |ops: &wd_mm_ops| {
            (
                ops.alloc.map(|f| f as usize),
                ops.free.map(|f| f as usize),
                ops.iova_map.map(|f| f as usize),
                ops.iova_unmap.map(|f| f as usize),
                ops.get_bufsize.map(|f| f as usize),
                ops.usr.addr(),
                ops.sva_mode.get(),
            )
        };
        parts(&self.0) == parts(&other.0)
    }
}

impl Memory {
    /// Where the memory is.
    #[must_use]
    pub fn address(&self) -> usize {
        self.address
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where `len` bytes at `offset` are, if they lie inside.
    fn within(&self, offset: usize, len: usize) -> Result<*mut u8> {
        let end = offset.checked_add(len).filter(|end| *end <= self.len);
        end.ok_or(Error::Invalid)?;
        Ok(ptr::with_exposed_provenance_mut(self.address + offset))
    }

    /// Copies `bytes` to `offset`. A device that is at work there finds any of both.
    ///
    /// # Errors
    /// [`Error::Invalid`] if they do not fit; nothing is copied.
    pub fn write(&self, offset: usize, bytes: &[u8]) -> Result<()> {
        let to = self.within(offset, bytes.len())?;
        // SAFETY: ours: `alloc` gave this many bytes; shared, so through `copy_bytes`.
        unsafe { copy_bytes(bytes.as_ptr(), to, bytes.len()) };
        Ok(())
    }

    /// Fills `bytes` with what is at `offset`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there are not so many; nothing is copied.
    pub fn read(&self, offset: usize, bytes: &mut [MaybeUninit<u8>]) -> Result<()> {
        let from = self.within(offset, bytes.len())?;
        // SAFETY: as in `write`; `bytes` is exclusive.
        unsafe { copy_bytes(from, bytes.as_mut_ptr().cast(), bytes.len()) };
        Ok(())
    }

    /// Fills it with zeros. A device may be at work in it: what it then finds is its own concern.
    pub fn clear(&mut self) {
        let place = ptr::with_exposed_provenance_mut::<u8>(self.address);
        // SAFETY: ours: `alloc` gave this many bytes, and no reference to them is ever made.
        unsafe { ptr::write_bytes(place, 0, self.len) };
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Some(free) = self.ops.0.free {
            // SAFETY: as for `map`; `alloc` gave this address, and nobody has freed it.
            unsafe { free(self.ops.0.usr, self.address as *mut c_void) };
        }
    }
}

/// `alloc` of [`MmOps::with_sva`].
unsafe extern "C" fn malloc(_: *mut c_void, size: usize) -> *mut c_void {
    if size == 0 {
        return ptr::null_mut();
    }
    // SAFETY: malloc takes any size.
    unsafe { libc::malloc(size) }
}

/// `free` of [`MmOps::with_sva`].
unsafe extern "C" fn free(_: *mut c_void, va: *mut c_void) {
    // SAFETY: the caller gives back what `malloc` gave, or NULL.
    unsafe { libc::free(va) };
}

/// `get_bufsize` of [`MmOps::with_sva`]: memory comes in any size.
unsafe extern "C" fn one(_: *mut c_void) -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::{AtomicUsize, Ordering};

    /// Functions that add 0x1000 to an address and count in `usr` what is mapped and allocated.
    fn counting(counter: &AtomicUsize) -> wd_mm_ops {
        unsafe fn count(usr: *mut c_void) -> &'static AtomicUsize {
            // SAFETY: `usr` is the counter of a test, which outlives its operations.
            unsafe { &*usr.cast() }
        }
        unsafe extern "C" fn alloc(usr: *mut c_void, _: usize) -> *mut c_void {
            // SAFETY: see `count`.
            unsafe { count(usr) }.fetch_add(1, Ordering::Relaxed);
            0x7000 as *mut c_void
        }
        unsafe extern "C" fn free(usr: *mut c_void, va: *mut c_void) {
            assert_eq!(va as usize, 0x7000);
            // SAFETY: see `count`.
            unsafe { count(usr) }.fetch_sub(1, Ordering::Relaxed);
        }
        unsafe extern "C" fn map(usr: *mut c_void, va: *mut c_void, sz: usize) -> *mut c_void {
            if sz > 16 {
                return ptr::null_mut();
            }
            // SAFETY: see `count`.
            unsafe { count(usr) }.fetch_add(1, Ordering::Relaxed);
            va.wrapping_byte_add(0x1000)
        }
        unsafe extern "C" fn unmap(usr: *mut c_void, va: *mut c_void, dma: *mut c_void, _: usize) {
            assert_eq!(va.wrapping_byte_add(0x1000), dma);
            // SAFETY: see `count`.
            unsafe { count(usr) }.fetch_sub(1, Ordering::Relaxed);
        }
        wd_mm_ops {
            alloc: Some(alloc),
            free: Some(free),
            iova_map: Some(map),
            iova_unmap: Some(unmap),
            get_bufsize: None,
            usr: ptr::from_ref(counter).cast_mut().cast(),
            sva_mode: CBool(0xa5),
        }
    }

    fn chosen(setup: &wd_mm_ops, kind: Option<wd_mem_type>, pools: &wd_mm_ops) -> Result<MmOps> {
        // SAFETY: the functions above do as described, with atomics.
        unsafe { MmOps::without_sva(setup, kind, pools) }
    }

    #[test]
    fn with_sva_the_devices_address_is_the_programs() {
        let ops = MmOps::with_sva();
        assert_eq!(ops.map(0x1234, 9).map(NonZeroU64::get), Some(0x1234));
        assert_eq!(ops.map(0, 9), None);
        let memory = ops.allocate(100).expect("100 bytes");
        assert_ne!(memory.address(), 0);
        assert!(ops.allocate(0).is_err());
    }

    #[test]
    fn the_programs_own_operations_are_called_with_their_pool() {
        let counter = AtomicUsize::new(0);
        let setup = counting(&counter);
        let user = Some(wd_mem_type::UADK_MEM_USER);
        let ops = chosen(&setup, user, &setup).expect("complete");
        assert!(!ops.sva());
        let iova = ops.map(0x5000, 16).expect("maps");
        assert_eq!((iova.get(), counter.load(Ordering::Relaxed)), (0x6000, 1));
        assert_eq!(ops.map(0x5000, 17), None);
        ops.unmap(0x5000, iova, 16);
        let memory = ops.allocate(1).expect("allocates");
        assert_eq!(
            (memory.address(), counter.load(Ordering::Relaxed)),
            (0x7000, 1)
        );
        drop(memory);
        assert_eq!(counter.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_proxy_has_the_librarys_functions_and_the_callers_pool() {
        let (ours, theirs) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (pools, mut setup) = (counting(&ours), counting(&theirs));
        (setup.alloc, setup.free, setup.iova_map) = (None, None, None);
        let proxy = Some(wd_mem_type::UADK_MEM_PROXY);
        let ops = chosen(&setup, proxy, &pools).expect("complete");
        assert!(ops.map(0x5000, 16).is_some());
        assert_eq!(theirs.load(Ordering::Relaxed), 1);
        assert!(setup.alloc.is_none(), "the caller's structure is as it was");
        setup.usr = ptr::null_mut();
        assert!(chosen(&setup, proxy, &pools).is_err());
    }

    #[test]
    fn what_is_missing_or_unknown_is_refused() {
        let counter = AtomicUsize::new(0);
        let good = counting(&counter);
        let user = Some(wd_mem_type::UADK_MEM_USER);
        let auto = Some(wd_mem_type::UADK_MEM_AUTO);
        for kind in [auto, Some(wd_mem_type::UADK_MEM_MAX), None] {
            assert_eq!(chosen(&good, kind, &good).err(), Some(Error::Invalid));
        }
        let broken: [fn(&mut wd_mm_ops); 5] = [
            |ops| ops.alloc = None,
            |ops| ops.free = None,
            |ops| ops.iova_map = None,
            |ops| ops.iova_unmap = None,
            |ops| ops.usr = ptr::null_mut(),
        ];
        for spoil in broken {
            let mut ops = good;
            spoil(&mut ops);
            assert_eq!(chosen(&ops, user, &good).err(), Some(Error::Invalid));
        }
    }

    #[test]
    fn a_message_may_carry_none() {
        // SAFETY: the pointers below are null or good.
        let promise = unsafe { Promise::given() };
        assert!(MmOps::lent(promise, ptr::null()).is_none());
        let ops = MmOps::with_sva();
        assert!(MmOps::lent(promise, ops.as_ptr()).is_some_and(|ops| ops.sva()));
    }
}
