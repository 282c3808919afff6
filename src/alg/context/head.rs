//! The table of contexts, and the structure that C code sees of one. It is made of
//! atomics, since drivers written in C read it and may write to it.

use super::Context;
use crate::ctypes::v2::uacce::REGIONS;
use crate::ctypes::v2::wd::{MAX_DEV_NAME_LEN, uacce_dev};
use crate::ctypes::v2::wd_internal::wd_ctx_h;
use crate::log_error;
use crate::sys::lock::Mutex;
use crate::sys::table::Table;
use crate::sys::{fd, fork};
use core::ffi::{c_char, c_void};
use core::mem::offset_of;
use core::ptr;
use core::sync::atomic::{AtomicI32, AtomicPtr, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::Arc;

/// Nobody's cell.
const FREE: u64 = 0;
/// A context's that is not open yet, or not any more.
pub(super) const TAKEN: u64 = u64::MAX;

/// A place for a context. Its size is a power of two: drivers written in C have theirs looked up with
/// each request, and that divides by it.
#[repr(C, align(512))]
#[derive(Default)]
pub(super) struct Cell {
    /// First, so that a cell's address is the head's.
    pub head: Head,
    /// [`FREE`], [`TAKEN`], or the fork generation of the process whose open context it has.
    pub owner: AtomicU64,
    pub context: Mutex<Option<Arc<Context>>>,
}

pub(super) static CELLS: Table<Cell> = Table::new();

/// The cell of this handle, if an open context of this process is in it.
#[inline]
pub(super) fn cell_of(handle: usize) -> Option<&'static Cell> {
    let cell = CELLS.find(handle)?;
    // Acquire pairs with the Release in `publish`. Whoever is an owner has asked for its generation,
    // and the others' marks are none.
    (cell.owner.load(Ordering::Acquire) == fork::current()).then_some(cell)
}

impl Cell {
    /// Gives the cell back after its context.
    pub fn give_back(&self) {
        self.head.clear();
        // Release pairs with the Acquire in `claim`: the next owner finds the head empty.
        self.owner.store(FREE, Ordering::Release);
    }

    /// A cell for a new context; `None` if there is no room for one more.
    pub fn claim() -> Option<&'static Cell> {
        fork::in_children(abandon_all);
        // Begins behind the last one, so that the address of a released context is not soon another's.
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        loop {
            let count = CELLS.iter().count();
            let start = NEXT.fetch_add(1, Ordering::Relaxed);
            let cells = (0..count).filter_map(|n| CELLS.get(start.wrapping_add(n) % count));
            let mut free = cells.filter(|cell| {
                let swap = cell.owner.compare_exchange(
                    FREE,
                    TAKEN,
                    // Acquire pairs with the Release in `give_back`.
                    Ordering::Acquire,
                    Ordering::Relaxed,
                );
                swap.is_ok()
            });
            if let Some(cell) = free.next() {
                return Some(cell);
            }
            if !CELLS.grow() {
                log_error!("too many contexts");
                return None;
            }
        }
    }
}

/// In a fork child: closes the descriptors of its parent's contexts, without a word to the device.
/// No handle names them any more, since their owner is another generation; and they are never
/// dropped, since nobody takes them out of their cells. Atomics and close(2) only.
fn abandon_all() {
    for (_, cell) in CELLS.iter() {
        // Others are not open yet, or not any more: whoever holds those may drop them.
        if ![FREE, TAKEN].contains(&cell.owner.load(Ordering::Relaxed)) {
            fd::close_in_child(cell.head.fd.swap(-1, Ordering::Relaxed));
        }
    }
}

/// The twin of `struct wd_ctx_h`, whose fields C code reads and writes.
#[repr(C)]
pub(super) struct Head {
    pub fd: AtomicI32,
    pub dev_path: [AtomicU8; MAX_DEV_NAME_LEN],
    pub dev_name: AtomicPtr<c_char>,
    pub drv_name: AtomicPtr<c_char>,
    pub qfrs_offs: [AtomicUsize; REGIONS],
    pub qfrs_base: [AtomicPtr<c_void>; REGIONS],
    pub dev: AtomicPtr<uacce_dev>,
    pub private: AtomicPtr<c_void>,
}

impl Default for Head {
    fn default() -> Self {
        Head {
            fd: AtomicI32::new(-1),
            dev_path: [const { AtomicU8::new(0) }; MAX_DEV_NAME_LEN],
            dev_name: AtomicPtr::default(),
            drv_name: AtomicPtr::default(),
            qfrs_offs: Default::default(),
            qfrs_base: Default::default(),
            dev: AtomicPtr::default(),
            private: AtomicPtr::default(),
        }
    }
}

impl Head {
    /// Names nothing any more.
    fn clear(&self) {
        const ORDER: Ordering = Ordering::Relaxed;
        self.fd.store(-1, ORDER);
        self.dev_path.iter().for_each(|byte| byte.store(0, ORDER));
        self.dev_name.store(ptr::null_mut(), ORDER);
        self.drv_name.store(ptr::null_mut(), ORDER);
        self.qfrs_offs.iter().for_each(|size| size.store(0, ORDER));
        let bases = self.qfrs_base.iter();
        bases.for_each(|base| base.store(ptr::null_mut(), ORDER));
        self.dev.store(ptr::null_mut(), ORDER);
        self.private.store(ptr::null_mut(), ORDER);
    }
}

// C code takes a head for a `struct wd_ctx_h`.
const _: () = {
    assert!(offset_of!(Cell, head) == 0 && size_of::<Cell>() == 512);
    assert!(size_of::<Head>() == size_of::<wd_ctx_h>());
    assert!(align_of::<Head>() == align_of::<wd_ctx_h>());
    assert!(offset_of!(Head, fd) == offset_of!(wd_ctx_h, fd));
    assert!(offset_of!(Head, dev_path) == offset_of!(wd_ctx_h, dev_path));
    assert!(offset_of!(Head, dev_name) == offset_of!(wd_ctx_h, dev_name));
    assert!(offset_of!(Head, drv_name) == offset_of!(wd_ctx_h, drv_name));
    assert!(offset_of!(Head, qfrs_offs) == offset_of!(wd_ctx_h, qfrs_offs));
    assert!(offset_of!(Head, qfrs_base) == offset_of!(wd_ctx_h, qfrs_base));
    assert!(offset_of!(Head, dev) == offset_of!(wd_ctx_h, dev));
    assert!(offset_of!(Head, private) == offset_of!(wd_ctx_h, priv_));
};
