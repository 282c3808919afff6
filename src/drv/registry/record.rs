//! The records of the registry, which are also the list that C programs walk.

use crate::calc::algorithms;
use crate::ctypes::v2::wd_alg::{ALG_NAME_SIZE, DEV_NAME_LEN, wd_alg_driver, wd_alg_list};
use crate::drv::{Driver, Identity};
use crate::error::{Error, Result};
use crate::sys::table::Table;
use core::ffi::{c_char, c_int};
use core::mem::offset_of;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// The twin of `struct wd_alg_list`, with atomics for what changes: C reads it at any time.
#[repr(C)]
pub struct Node {
    alg_name: [c_char; ALG_NAME_SIZE],
    drv_name: [c_char; DEV_NAME_LEN],
    available: AtomicBool,
    priority: c_int,
    calc_type: c_int,
    refcnt: AtomicI32,
    drv: AtomicPtr<wd_alg_driver>,
    next: AtomicPtr<Node>,
    alg_type: [c_char; ALG_NAME_SIZE],
}

const _: () = {
    assert!(size_of::<Node>() == size_of::<wd_alg_list>());
    assert!(offset_of!(Node, available) == offset_of!(wd_alg_list, available));
    assert!(offset_of!(Node, refcnt) == offset_of!(wd_alg_list, refcnt));
    assert!(offset_of!(Node, drv) == offset_of!(wd_alg_list, drv));
    assert!(offset_of!(Node, next) == offset_of!(wd_alg_list, next));
    assert!(offset_of!(Node, alg_type) == offset_of!(wd_alg_list, alg_type));
};

/// A driver that is or was registered.
pub struct Record {
    /// How C sees it.
    node: Node,
    driver: Arc<dyn Driver>,
    class: &'static str,
    /// Its place in the order of registration, from 1; 0: it is not registered.
    place: AtomicU64,
}

/// All records there have ever been.
static RECORDS: Table<OnceLock<Record>> = Table::new();
/// Cells of [`RECORDS`] that were given out. In a fork child some may stay empty.
static USED: AtomicUsize = AtomicUsize::new(0);
/// The place last given.
static LAST: AtomicU64 = AtomicU64::new(0);

/// What C's list begins with.
static HEAD: Node = Node {
    alg_name: [0; ALG_NAME_SIZE],
    drv_name: [0; DEV_NAME_LEN],
    available: AtomicBool::new(false),
    priority: 0,
    calc_type: 0,
    refcnt: AtomicI32::new(0),
    drv: AtomicPtr::new(ptr::null_mut()),
    next: AtomicPtr::new(ptr::null_mut()),
    alg_type: [0; ALG_NAME_SIZE],
};

impl Record {
    fn new(driver: &Arc<dyn Driver>) -> Record {
        let identity = driver.identity();
        let class = algorithms::class(&identity.algorithm).unwrap_or("");
        Record {
            node: Node {
                alg_name: chars(&identity.algorithm),
                drv_name: chars(&identity.driver),
                available: AtomicBool::new(true),
                priority: identity.priority,
                calc_type: identity.kind as c_int,
                refcnt: AtomicI32::new(0),
                drv: AtomicPtr::new(driver.in_c()),
                next: AtomicPtr::new(ptr::null_mut()),
                alg_type: chars(class),
            },
            driver: Arc::clone(driver),
            class,
            place: AtomicU64::new(0),
        }
    }

    /// The driver.
    pub fn driver(&self) -> &Arc<dyn Driver> {
        &self.driver
    }

    /// The driver's name, algorithm and rank.
    pub fn identity(&self) -> &Identity {
        self.driver.identity()
    }

    /// Whether it has this algorithm, name, priority and kind.
    pub fn is_of(&self, other: &Identity) -> bool {
        let own = self.identity();
        own.algorithm == other.algorithm
            && own.driver == other.driver
            && own.priority == other.priority
            && own.kind == other.kind
    }

    /// The class of its algorithm; empty if that is not known.
    pub fn class(&self) -> &'static str {
        self.class
    }

    /// Whether it may be given out.
    pub fn is_enabled(&self) -> bool {
        self.node.available.load(Ordering::Relaxed)
    }

    /// Whether it may be given out from now on.
    pub fn set_enabled(&self, enabled: bool) {
        self.node.available.store(enabled, Ordering::Relaxed);
    }

    /// How many use it.
    pub fn references(&self) -> u32 {
        u32::try_from(self.node.refcnt.load(Ordering::Relaxed)).unwrap_or(0)
    }

    /// One more uses it.
    pub fn take(&self) {
        self.node.refcnt.fetch_add(1, Ordering::Relaxed);
    }

    /// One less uses it; there is nothing less than none.
    pub fn give_back(&self) {
        let less = |users: c_int| (users > 0).then(|| users - 1);
        let _ = self
            .node
            .refcnt
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// How C knows it, or NULL.
    pub fn in_c(&self) -> *mut wd_alg_driver {
        self.node.drv.load(Ordering::Relaxed)
    }

    /// From the next [`link`] on C knows it so.
    pub fn set_in_c(&self, driver: *mut wd_alg_driver) {
        self.node.drv.store(driver, Ordering::Relaxed);
    }
}

/// All records there have ever been.
pub fn all() -> impl Iterator<Item = &'static Record> {
    let used = USED.load(Ordering::Relaxed);
    (0..used).filter_map(|index| RECORDS.get(index)?.get())
}

/// The registered ones, in the order of registration.
pub fn list() -> Vec<&'static Record> {
    // Relaxed: a record seen at all is whole (it comes out of a OnceLock), and who is to see a
    // change of its place has the writers' lock, or does not care for one moment more or less.
    let place = |record: &'static Record| record.place.load(Ordering::Relaxed);
    let placed = all().map(|record| (place(record), record));
    let mut records: Vec<_> = placed.filter(|(place, _)| *place != 0).collect();
    records.sort_by_key(|(place, _)| *place);
    records.into_iter().map(|(_, record)| record).collect()
}

/// Puts a driver at the end of the list. The caller has the writers' lock.
///
/// # Errors
/// [`Error::NoMemory`] if there is no room for a new record.
pub fn append(driver: &Arc<dyn Driver>) -> Result<()> {
    let record = match former(driver) {
        Some(record) => record,
        None => fresh(driver)?,
    };
    record.set_enabled(true);
    let place = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    record.place.store(place, Ordering::Relaxed);
    link();
    Ok(())
}

/// Takes a record out of the list. The caller has the writers' lock.
pub fn remove(record: &Record) {
    record.place.store(0, Ordering::Relaxed);
    link();
}

/// The record that this very driver had: a program may register and unregister it for ever.
fn former(driver: &Arc<dyn Driver>) -> Option<&'static Record> {
    let in_c = driver.in_c();
    all().find(|record| {
        let known = record.driver();
        let same = Arc::ptr_eq(known, driver) || (!in_c.is_null() && known.in_c() == in_c);
        same && known.identity() == driver.identity() && record.place.load(Ordering::Relaxed) == 0
    })
}

fn fresh(driver: &Arc<dyn Driver>) -> Result<&'static Record> {
    // The cell is counted before it is filled: a child of a fork in between leaves it alone.
    let index = USED.fetch_add(1, Ordering::Relaxed);
    loop {
        if let Some(cell) = RECORDS.get(index) {
            return Ok(cell.get_or_init(|| Record::new(driver)));
        }
        if !RECORDS.grow() {
            USED.fetch_sub(1, Ordering::Relaxed);
            return Err(Error::NoMemory);
        }
    }
}

/// Makes C's list from the registered records that C knows. The caller has the writers' lock.
pub fn link() {
    let mut next = ptr::null_mut();
    // From the end, so that whoever walks meanwhile finds an end. Release: a node is whole before it
    // can be found; C follows the pointer, which orders its reads.
    for record in list().into_iter().rev() {
        if !record.in_c().is_null() {
            record.node.next.store(next, Ordering::Release);
            next = ptr::from_ref(&record.node).cast_mut();
        }
    }
    HEAD.next.store(next, Ordering::Release);
}

/// What C's list begins with.
pub fn head() -> &'static Node {
    &HEAD
}

/// A text in a field of `N`, which has room for it and the NUL.
fn chars<const N: usize>(text: &str) -> [c_char; N] {
    let mut field = [0; N];
    for (place, byte) in field.iter_mut().zip(text.bytes().take(N - 1)) {
        *place = byte as c_char;
    }
    field
}
