//! Contexts: one queue of one device, by the handle that C has of it.
//!
//! A handle is the address of a `struct wd_ctx_h` (`head.rs`). Each lies in a cell
//! of a table whose cells never move and are never freed, so any number from C can
//! be looked up: one that names no open context of this process is an error.

mod head;

use super::device;
use crate::bus;
use crate::ctypes::v2::uacce::uacce_qfrt;
use crate::ctypes::v2::wd::uacce_dev;
use crate::drv::Hardware;
use crate::error::{Error, Result};
use crate::sys::ioctl::Request;
use crate::sys::lent::Promise;
use crate::sys::lock::Mutex;
use crate::sys::shared::SharedMemory;
use crate::sys::{fork, pages};
use crate::uacce::channel::{Argument, Bus, Channel, Region, Wake};
use crate::uacce::device::Attributes;
use crate::{log_error, log_info};
use core::ffi::{c_char, c_int, c_void};
use core::ptr;
use core::sync::atomic::Ordering;
use core::time::Duration;
use head::{Cell, TAKEN, cell_of};
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
    /// The static region, while C code has it mapped: the channel does not keep it.
    static_memory: Mutex<Option<SharedMemory>>,
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
            static_memory: Mutex::default(),
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
        self.command(request, Argument::Value(Promise::of_callers(), 0))
            .map(drop)
    }

    /// Ends the handle, and stops the queue at once. The queue is free for others when nobody holds
    /// its channel any more.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is released already, [`Error::Shutdown`] in a fork child: nothing is
    /// done then.
    pub fn release(&self) -> Result<()> {
        self.mine()?;
        // Before the context is taken out: a child of a fork in between may find it out, and drop it,
        // and then its descriptor is not for `abandon_all` to close.
        self.cell.owner.store(TAKEN, Ordering::Relaxed);
        let context = self.cell.context.lock().take().ok_or(Error::Invalid)?;
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

    /// Maps a region for C code and notes its address in the head. The static region stays mapped
    /// until [`Context::unmap`] or the end of the context, the others as long as the queue lives.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no such region, [`Error::Exists`] for a static region in use,
    /// [`Error::Unsupported`] for doorbells that are no memory, [`Error::Shutdown`] in a fork child,
    /// else the `errno` of `mmap(2)`.
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
        if matches!(kind, Region::Ss(_)) {
            *self.static_memory.lock() = Some(memory);
        }
        place.store(address, Ordering::Relaxed);
        Ok(address)
    }

    /// Ends C code's use of a region.
    pub fn unmap(&self, region: uacce_qfrt) {
        if let Some(place) = self.cell.head.qfrs_base.get(region as usize) {
            place.store(ptr::null_mut(), Ordering::Relaxed);
        }
        if region == uacce_qfrt::UACCE_QFRT_SS && self.mine().is_ok() {
            *self.static_memory.lock() = None;
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
            self.cell.give_back();
        }
    }
}

#[cfg(all(test, not(miri)))]
mod tests;
