//! Memory operations over memory of this library's own, for lanes on devices without
//! SVA: their engines are told addresses as those of programs are.

use super::{MmOps, one};
use crate::ctypes::v2::CBool;
use crate::ctypes::v2::wd::wd_mm_ops;
use core::ffi::c_void;
use core::num::NonZeroU64;
use std::sync::Arc;

/// Memory that a device without SVA reaches, for [`OverMemory`].
pub trait DeviceMemory: Send + Sync {
    /// Takes `len` bytes; their address.
    fn take(&self, len: usize) -> Option<usize>;
    /// Gives back what [`DeviceMemory::take`] answered.
    fn give(&self, address: usize);
    /// The device's address of `len` bytes.
    fn bus(&self, address: usize, len: usize) -> Option<NonZeroU64>;
}

/// Memory operations over memory of this library's own. To be kept until the engine is gone that
/// was sent messages with [`OverMemory::as_ptr`].
pub struct OverMemory<M> {
    ops: MmOps,
    memory: Arc<M>,
}

impl<M: DeviceMemory> OverMemory<M> {
    /// Operations over `memory`.
    #[must_use]
    pub fn new(memory: Arc<M>) -> OverMemory<M> {
        OverMemory {
            ops: MmOps(wd_mm_ops {
                alloc: Some(take::<M>),
                free: Some(give::<M>),
                iova_map: Some(bus::<M>),
                iova_unmap: Some(nothing),
                get_bufsize: Some(one),
                usr: Arc::as_ptr(&memory).cast_mut().cast(),
                sva_mode: CBool(0),
            }),
            memory,
        }
    }

    /// The memory.
    #[must_use]
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// The structure, for messages.
    #[must_use]
    pub fn as_ptr(&self) -> *mut wd_mm_ops {
        self.ops.as_ptr()
    }
}

/// The memory behind the operations of [`OverMemory`].
///
/// # Safety
/// `usr` is that of an `OverMemory<M>` that is alive.
unsafe fn memory<'a, M>(usr: *mut c_void) -> &'a M {
    // SAFETY: the caller's promise; the Arc in there keeps it.
    unsafe { &*usr.cast_const().cast::<M>() }
}

unsafe extern "C" fn take<M: DeviceMemory>(usr: *mut c_void, len: usize) -> *mut c_void {
    // SAFETY: whoever calls the operations has them from an `OverMemory`, which is kept as it says.
    let memory = unsafe { memory::<M>(usr) };
    memory.take(len).unwrap_or(0) as *mut c_void
}

unsafe extern "C" fn give<M: DeviceMemory>(usr: *mut c_void, va: *mut c_void) {
    // SAFETY: as in `take`.
    let memory = unsafe { memory::<M>(usr) };
    memory.give(va as usize);
}

unsafe extern "C" fn bus<M: DeviceMemory>(
    usr: *mut c_void,
    va: *mut c_void,
    len: usize,
) -> *mut c_void {
    // SAFETY: as in `take`.
    let memory = unsafe { memory::<M>(usr) };
    let bus = memory.bus(va as usize, len).map_or(0, NonZeroU64::get);
    bus as usize as *mut c_void
}

/// What is mapped stays so.
unsafe extern "C" fn nothing(_: *mut c_void, _: *mut c_void, _: *mut c_void, _: usize) {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::sys::lent::Promise;
    use core::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn memory_of_ones_own_has_operations_too() {
        struct Numbers(AtomicUsize);
        impl DeviceMemory for Numbers {
            fn take(&self, len: usize) -> Option<usize> {
                (len < 100).then(|| self.0.fetch_add(1, Ordering::Relaxed) + 0x9000)
            }
            fn give(&self, address: usize) {
                assert_eq!(address, 0x9000);
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
            fn bus(&self, address: usize, len: usize) -> Option<NonZeroU64> {
                NonZeroU64::new((address + len) as u64)
            }
        }
        let over = OverMemory::new(Arc::new(Numbers(AtomicUsize::new(0))));
        // SAFETY: the operations above; `over` outlives their copy.
        let promise = unsafe { Promise::given() };
        let ops = MmOps::lent(promise, over.as_ptr()).expect("some");
        assert!(!ops.sva());
        let memory = ops.allocate(10).expect("allocates");
        assert_eq!(memory.address(), 0x9000);
        assert_eq!(over.memory().0.load(Ordering::Relaxed), 1);
        assert_eq!(ops.map(0x9000, 16).map(NonZeroU64::get), Some(0x9010));
        drop(memory);
        assert_eq!(over.memory().0.load(Ordering::Relaxed), 0);
        assert_eq!(ops.allocate(100).err(), Some(Error::NoMemory));
    }
}
