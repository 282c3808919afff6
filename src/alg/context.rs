//! Contexts: one queue of one device, and the structure that C code sees of it.
//!
//! A handle in C is the address of a `struct wd_ctx_h`. Each lies in a cell of a
//! table whose cells never move and are never freed, so any number from C can be
//! looked up: one that names no open context of this process is an error. The
//! structure is made of atomics here, since drivers written in C read it.

use super::device;
use crate::bus;
use crate::ctypes::v2::uacce::{REGIONS, uacce_qfrt};
use crate::ctypes::v2::wd::{MAX_DEV_NAME_LEN, uacce_dev};
use crate::ctypes::v2::wd_internal::wd_ctx_h;
use crate::drv::Hardware;
use crate::error::{Error, Result};
use crate::sys::ioctl::Request;
use crate::sys::lock::Mutex;
use crate::sys::table::Table;
use crate::sys::{fork, pages};
use crate::uacce::channel::{Argument, Bus, Channel, Region, Wake};
use crate::uacce::device::Attributes;
use crate::{log_error, log_info};
use core::ffi::{c_char, c_int, c_void};
use core::mem::offset_of;
use core::ptr;
use core::sync::atomic::{AtomicI32, AtomicPtr, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use core::time::Duration;
use std::ffi::CString;
use std::os::fd::AsRawFd;
use std::sync::Arc;

/// A queue of a device, until [`Context::release`]. The queue itself lasts as long as anybody holds
/// its channel.
pub struct Context {
    cell: &'static Cell,
    /// The fork generation of the process that opened it. In a child it is the parent's.
    born: u64,
    channel: Arc<dyn Channel>,
    attributes: Arc<Attributes>,
    // What the head points to.
    twin: Box<uacce_dev>,
    device_name: CString,
    driver_name: CString,
}

/// The open context of this handle. `None` for any other number: 0, a context without a device, one
/// that was released, one of this process's parent, garbage.
#[must_use]
pub fn find(handle: usize) -> Option<Arc<Context>> {
    cell_of(handle)?.context.lock().clone()
}

/// What [`set_private`] stored; null for a handle that [`find`] does not know. Takes no lock, since
/// drivers written in C ask with each request.
#[must_use]
pub fn private(handle: usize) -> *mut c_void {
    // Acquire pairs with the Release below: whoever sees the pointer sees what it points to.
    cell_of(handle).map_or(ptr::null_mut(), |cell| {
        cell.head.private.load(Ordering::Acquire)
    })
}

/// Stores a pointer of C code's with a context.
///
/// # Errors
/// [`Error::Invalid`] for a handle that [`find`] does not know.
pub fn set_private(handle: usize, pointer: *mut c_void) -> Result<()> {
    let cell = cell_of(handle).ok_or(Error::Invalid)?;
    // Release pairs with the Acquire in `private`.
    cell.head.private.store(pointer, Ordering::Release);
    Ok(())
}

impl Context {
    /// Takes a queue of the device with the names in `device`, and makes a handle of it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a device without names, [`Error::NoDevice`] if it is not there,
    /// [`Error::Busy`] if it has no free queue, [`Error::NoMemory`], the `errno` of opening it.
    pub fn request(device: &uacce_dev) -> Result<Arc<Context>> {
        Self::request_on(bus::system()?, device)
    }

    pub(super) fn request_on(bus: &dyn Bus, device: &uacce_dev) -> Result<Arc<Context>> {
        device::name(&device.dev_root)?;
        let name = device::name(&device.char_dev_path)?;
        Self::open_on(bus, bus.device(&name)?)
    }

    /// Takes a queue of a device of `bus`, and makes a handle of it.
    ///
    /// # Errors
    /// As [`Context::request`].
    pub fn open_on(bus: &dyn Bus, attributes: Attributes) -> Result<Arc<Context>> {
        let twin = Box::new(device::twin(&attributes)?);
        let name = attributes.name.as_bytes();
        let driver = device::short_name(name, true).unwrap_or(name);
        let text = |bytes: &[u8]| CString::new(bytes).map_err(|_| Error::Invalid);
        let (device_name, driver_name) = (text(name)?, text(driver)?);
        let channel = bus.open(&attributes)?;
        let context = Arc::new(Context {
            cell: Cell::claim().ok_or(Error::NoMemory)?,
            born: fork::generation(),
            channel,
            attributes: Arc::new(attributes),
            twin,
            device_name,
            driver_name,
        });
        context.publish();
        Ok(context)
    }

    /// Fills the head and lets the handle be found.
    fn publish(self: &Arc<Self>) {
        let head = &self.cell.head;
        // Relaxed: C code learns the address only after this function.
        const ORDER: Ordering = Ordering::Relaxed;
        head.fd.store(self.channel.event().as_raw_fd(), ORDER);
        for (place, byte) in head.dev_path.iter().zip(self.twin.char_dev_path) {
            place.store(byte as u8, ORDER);
        }
        let name = |name: &CString| name.as_ptr().cast_mut();
        head.dev_name.store(name(&self.device_name), ORDER);
        head.drv_name.store(name(&self.driver_name), ORDER);
        for (place, size) in head.qfrs_offs.iter().zip(self.twin.qfrs_offs) {
            place.store(size as usize, ORDER);
        }
        head.dev.store(ptr::from_ref(&*self.twin).cast_mut(), ORDER);
        *self.cell.context.lock() = Some(Arc::clone(self));
        // Release pairs with the Acquire in `cell_of`: who finds the context sees its head.
        self.cell.owner.store(self.born, Ordering::Release);
    }

    /// The number by which C knows the context: the address of its `struct wd_ctx_h`.
    #[must_use]
    pub fn handle(&self) -> usize {
        ptr::from_ref(&self.cell.head).expose_provenance()
    }

    /// The queue.
    #[must_use]
    pub fn channel(&self) -> Arc<dyn Channel> {
        Arc::clone(&self.channel)
    }

    /// The device as it was when the context was opened.
    #[must_use]
    pub fn attributes(&self) -> Arc<Attributes> {
        Arc::clone(&self.attributes)
    }

    /// Queue and device, for drivers.
    #[must_use]
    pub fn hardware(&self) -> Hardware {
        Hardware {
            channel: self.channel(),
            device: self.attributes(),
        }
    }

    /// Whether the device works on the process's own addresses.
    #[must_use]
    pub fn is_sva(&self) -> bool {
        self.attributes.sva()
    }

    /// The NUMA node of the device.
    #[must_use]
    pub fn numa_id(&self) -> u32 {
        self.attributes.numa_node
    }

    /// The queue interface as a C string that lives as long as the context.
    #[must_use]
    pub fn api(&self) -> *const c_char {
        self.twin.api.as_ptr()
    }

    /// The device's name as a C string that lives as long as the context.
    #[must_use]
    pub fn device_name(&self) -> *const c_char {
        self.device_name.as_ptr()
    }

    /// Starts the queue.
    ///
    /// # Errors
    /// [`Error::Shutdown`] in a fork child; as [`Channel::start`].
    pub fn start(&self) -> Result<()> {
        self.mine()?;
        self.channel.start().inspect_err(|error| {
            log_error!(
                "{}: the queue does not start: {error}",
                self.attributes.name
            );
        })
    }

    /// Stops the queue and gives its hardware back. The context is good for nothing then but to be
    /// released.
    ///
    /// # Errors
    /// [`Error::Shutdown`] in a fork child; the driver's `errno`.
    pub fn put(&self) -> Result<()> {
        let request = self.attributes.uapi.put_queue;
        self.command(request, Argument::Value(0)).map(drop)
    }

    /// Ends the handle, and stops the queue at once. The queue is free for others when nobody holds
    /// its channel any more.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is released already, [`Error::Shutdown`] in a fork child: nothing is
    /// done then.
    pub fn release(&self) -> Result<()> {
        self.mine()?;
        let context = self.cell.context.lock().take().ok_or(Error::Invalid)?;
        self.cell.owner.store(TAKEN, Ordering::Relaxed);
        context.channel.stop();
        log_info!("{}: context released", self.attributes.name);
        Ok(())
    }

    /// Waits until the device may have finished something, or `limit` has passed.
    ///
    /// # Errors
    /// [`Error::Shutdown`] in a fork child; as [`Channel::wait`].
    pub fn wait(&self, limit: Duration) -> Result<Wake> {
        self.mine()?;
        self.channel.wait(limit)
    }

    /// An `ioctl(2)` of the caller's own on the queue.
    ///
    /// # Errors
    /// [`Error::Shutdown`] in a fork child; as [`Channel::command`].
    pub fn command(&self, request: Request, argument: Argument<'_>) -> Result<c_int> {
        self.mine()?;
        self.channel
            .command(request, argument)
            .inspect_err(|error| {
                log_error!("{}: ioctl {request:#x}: {error}", self.attributes.name);
            })
    }

    /// The size in bytes of a region, as the head says: drivers written in C set that of the static
    /// region themselves.
    #[must_use]
    pub fn region_size(&self, region: uacce_qfrt) -> usize {
        let size = self.cell.head.qfrs_offs.get(region as usize);
        size.map_or(0, |size| size.load(Ordering::Relaxed))
    }

    /// Maps a region for C code and notes its address in the head. It stays mapped as long as the
    /// queue lives.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no such region, [`Error::Unsupported`] for doorbells that are no
    /// memory, [`Error::Shutdown`] in a fork child, else the `errno` of `mmap(2)`.
    pub fn map(&self, region: uacce_qfrt) -> Result<*mut c_void> {
        self.mine()?;
        let place = self.cell.head.qfrs_base.get(region as usize);
        let (place, size) = (place.ok_or(Error::Invalid)?, self.region_size(region));
        if size == 0 {
            return Err(Error::Invalid);
        }
        let kind = match region {
            uacce_qfrt::UACCE_QFRT_MMIO => Region::Mmio,
            uacce_qfrt::UACCE_QFRT_DUS => Region::Dus,
            _ => Region::Ss(size.next_multiple_of(pages::size())),
        };
        let memory = self.channel.region(kind).inspect_err(|error| {
            log_error!(
                "{}: {region:?} is not mapped: {error}",
                self.attributes.name
            );
        })?;
        let address = ptr::with_exposed_provenance_mut(memory.address());
        place.store(address, Ordering::Relaxed);
        Ok(address)
    }

    /// Ends C code's use of a region.
    pub fn unmap(&self, region: uacce_qfrt) {
        if let Some(place) = self.cell.head.qfrs_base.get(region as usize) {
            place.store(ptr::null_mut(), Ordering::Relaxed);
        }
    }

    fn mine(&self) -> Result<()> {
        if self.born == fork::generation() {
            Ok(())
        } else {
            Err(Error::Shutdown)
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // A child leaves the parent's cells alone: their locks may be held for ever there.
        if self.mine().is_ok() {
            self.cell.head.clear();
            // Release pairs with the Acquire in `claim`: the next owner finds the head empty.
            self.cell.owner.store(FREE, Ordering::Release);
        }
    }
}

/// Nobody's cell.
const FREE: u64 = 0;
/// A context's that is not open yet, or not any more.
const TAKEN: u64 = u64::MAX;

/// A place for a context.
#[repr(C)]
#[derive(Default)]
struct Cell {
    /// First, so that a cell's address is the head's.
    head: Head,
    /// [`FREE`], [`TAKEN`], or the fork generation of the process whose open context it has.
    owner: AtomicU64,
    context: Mutex<Option<Arc<Context>>>,
}

static CELLS: Table<Cell> = Table::new();

fn cell_of(handle: usize) -> Option<&'static Cell> {
    let cell = CELLS.find(handle)?;
    // Acquire pairs with the Release in `publish`.
    (cell.owner.load(Ordering::Acquire) == fork::generation()).then_some(cell)
}

impl Cell {
    /// A cell for a new context; `None` if there is no room for one more.
    fn claim() -> Option<&'static Cell> {
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
                    // Pairs with the Release in `drop`.
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

/// The twin of `struct wd_ctx_h`, whose fields C code reads and writes.
#[repr(C)]
struct Head {
    fd: AtomicI32,
    dev_path: [AtomicU8; MAX_DEV_NAME_LEN],
    dev_name: AtomicPtr<c_char>,
    drv_name: AtomicPtr<c_char>,
    qfrs_offs: [AtomicUsize; REGIONS],
    qfrs_base: [AtomicPtr<c_void>; REGIONS],
    dev: AtomicPtr<uacce_dev>,
    private: AtomicPtr<c_void>,
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
    assert!(offset_of!(Cell, head) == 0);
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

#[cfg(test)]
mod tests;
