//! A program's own memory operations, for tests: usual memory, which the device sees
//! [`SHIFT`] further on.

use crate::ctypes::v1::wd::wd_mm_br;
use crate::sys::lent::Promise;
use crate::sys::lock::Mutex;
use crate::sys::mm_br::MmBr;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::BTreeMap;

/// How much greater the device's addresses are.
pub const SHIFT: usize = 1 << 40;

/// What a program's operations have given out.
#[derive(Default)]
struct Out {
    memory: BTreeMap<usize, Box<[u64]>>,
    mapped: Vec<(usize, usize)>,
    /// How many more can be mapped.
    maps: usize,
    /// How often memory was asked for.
    asked: usize,
}

static PROGRAMS: Mutex<BTreeMap<usize, Out>> = Mutex::new(BTreeMap::new());

/// A program, by its `usr`.
pub struct Program(usize);

impl Program {
    /// One whose memory can be mapped so many times.
    pub fn new(maps: usize) -> Program {
        static COUNT: AtomicUsize = AtomicUsize::new(1);
        let usr = COUNT.fetch_add(1, Ordering::Relaxed);
        let out = Out {
            maps,
            ..Out::default()
        };
        PROGRAMS.lock().insert(usr, out);
        Program(usr)
    }

    pub fn structure(&self) -> wd_mm_br {
        wd_mm_br {
            alloc: Some(alloc),
            free: Some(free),
            iova_map: Some(map),
            iova_unmap: Some(unmap),
            usr: ptr::without_provenance_mut(self.0),
            get_bufsize: None,
        }
    }

    pub fn operations(&self) -> MmBr {
        MmBr::lent(Promise::in_tests(), &self.structure()).expect("there")
    }

    /// Pieces of memory and mappings that have not come back, and how often memory was asked for.
    pub fn out(&self) -> (usize, usize, usize) {
        let all = PROGRAMS.lock();
        let out = &all[&self.0];
        (out.memory.len(), out.mapped.len(), out.asked)
    }
}

fn with<R>(usr: *mut c_void, work: impl FnOnce(&mut Out) -> R) -> R {
    work(PROGRAMS.lock().get_mut(&usr.addr()).expect("a program"))
}

extern "C" fn alloc(usr: *mut c_void, size: usize) -> *mut c_void {
    let mut memory = vec![0; size.div_ceil(8)].into_boxed_slice();
    let address = memory.as_mut_ptr();
    with(usr, |out| {
        out.asked += 1;
        out.memory.insert(address.expose_provenance(), memory);
    });
    address.cast()
}

extern "C" fn free(usr: *mut c_void, va: *mut c_void) {
    let had = with(usr, |out| out.memory.remove(&va.addr()));
    assert!(had.is_some(), "freed once");
}

extern "C" fn map(usr: *mut c_void, va: *mut c_void, sz: usize) -> *mut c_void {
    with(usr, |out| {
        if out.maps == 0 {
            return ptr::null_mut();
        }
        out.maps -= 1;
        out.mapped.push((va.addr(), sz));
        va.wrapping_byte_add(SHIFT)
    })
}

extern "C" fn unmap(usr: *mut c_void, va: *mut c_void, dma: *mut c_void, sz: usize) {
    assert_eq!(va.wrapping_byte_add(SHIFT), dma);
    with(usr, |out| {
        let at = out.mapped.iter().position(|had| *had == (va.addr(), sz));
        out.mapped.swap_remove(at.expect("mapped"));
    });
}
