//! The functions of `wd.h`: devices and contexts. The comments below are the header's comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header: pointers are NULL or good, strings end \
              with NUL, and handles may be any number"
)]

use super::{memory, numa};
use crate::alg::context::{self, Context};
use crate::alg::device;
use crate::capi::entry::{PointerOrError, SystemCall, entry};
use crate::capi::text::text;
use crate::ctypes::v2::uacce::uacce_qfrt;
use crate::ctypes::v2::wd::{MAX_ATTR_STR_SIZE, WD_HW_EACCESS, uacce_dev, uacce_dev_list};
use crate::ctypes::v2::wd_alg_common::bitmask;
use crate::ctypes::v2::{__u8, __u16, Enum, handle_t};
use crate::error::{Error, Result};
use crate::log::{self, Level};
use crate::sys::ioctl;
use crate::sys::lent::Promise;
use crate::uacce::channel::{Argument, Wake};
use core::ffi::{CStr, c_char, c_int, c_ulong, c_void};
use core::time::Duration;
use core::{iter, ptr, slice};
use std::sync::Arc;

/// The version of UADK whose API this is, and when that was released, in words that programs read.
pub const VERSION: [&CStr; 2] = [c"UADK version: 2.10.0", c"Released Dec 10, 2025"];

/// What this library is.
const LIBRARY: &str = concat!("warpdrive ", env!("CARGO_PKG_VERSION"), "\0");

/// The most devices of a list: more than any machine has, and a bound for a list that bites its tail.
const MOST_DEVICES: usize = 1 << 16;

/// The open context of a handle.
fn context(handle: handle_t) -> Result<Arc<Context>> {
    context::find(handle).ok_or(Error::Invalid)
}

/// The region that an integer names.
fn region(qfrt: Enum<uacce_qfrt>) -> Result<uacce_qfrt> {
    qfrt.get().ok_or(Error::Invalid)
}

/// What a device of the caller's says.
///
/// # Safety
/// `dev` is NULL, or a device that outlives `'a` and is not written to meanwhile.
unsafe fn device_of<'a>(dev: *const uacce_dev) -> Result<&'a uacce_dev> {
    // SAFETY: the promise above.
    unsafe { dev.as_ref() }.ok_or(Error::Invalid)
}

/// The name of an algorithm.
///
/// # Safety
/// `name` is NULL or a string that outlives `'a`.
unsafe fn algorithm<'a>(name: *const c_char) -> Result<&'a str> {
    // SAFETY: the promise above.
    let name = unsafe { text(name) }?;
    if name.len() >= MAX_ATTR_STR_SIZE {
        return Err(Error::Invalid);
    }
    Ok(name)
}

/// The nodes of a list.
///
/// # Safety
/// `list` is NULL, or a list whose nodes outlive the iterator; each is NULL or good when it is asked
/// for.
unsafe fn nodes(list: *mut uacce_dev_list) -> impl Iterator<Item = *mut uacce_dev_list> {
    let node = |at: *mut uacce_dev_list| (!at.is_null()).then_some(at);
    // SAFETY: not NULL, so by the promise above a node.
    let rest = iter::successors(node(list), move |at| node(unsafe { (**at).next }));
    rest.take(MOST_DEVICES)
}

/// The devices of a list; NULL where a node has none.
///
/// # Safety
/// `list` is NULL or a list.
unsafe fn devices(list: *mut uacce_dev_list) -> Vec<*mut uacce_dev> {
    // SAFETY: the promise above.
    let nodes = unsafe { nodes(list) };
    // SAFETY: nodes of the list.
    nodes.map(|node| unsafe { (*node).dev }).collect()
}

/// Frees the nodes of a list and their devices.
///
/// # Safety
/// `list` is NULL or a list whose parts came from malloc and are not used any more.
unsafe fn free_list(list: *mut uacce_dev_list) {
    let mut at = list;
    // SAFETY: NULL or a node of the list, not freed yet.
    while let Some(&uacce_dev_list { dev, next }) = unsafe { at.as_ref() } {
        // SAFETY: the promise above.
        unsafe { memory::free(dev) };
        // SAFETY: as above.
        unsafe { memory::free(at) };
        at = next;
    }
}

/// A list of these devices, in their order.
fn list_of(devices: &[uacce_dev]) -> Result<*mut uacce_dev_list> {
    let mut list = ptr::null_mut();
    for dev in devices.iter().rev() {
        let node = memory::give(*dev).and_then(|dev| {
            memory::give(uacce_dev_list { dev, next: list }).inspect_err(|_| {
                // SAFETY: made above, and in no list.
                unsafe { memory::free(dev) }
            })
        });
        list = node.inspect_err(|_| {
            // SAFETY: made here, and given to nobody.
            unsafe { free_list(list) }
        })?;
    }
    Ok(list)
}

/// Takes a context of a device, which is known by the names in `dev_root` and `char_dev_path`.
///
/// Returns a handle; 0 and errno for NULL, empty names (EINVAL), a device that is not there (ENODEV), one
/// without a free queue (EBUSY).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_request_ctx(dev: *mut uacce_dev) -> handle_t {
    entry("wd_request_ctx", || {
        // SAFETY: the caller's promise.
        let dev = unsafe { device_of(dev) }?;
        Context::request(dev).map(|context| context.handle())
    })
}

/// Gives a context back. Its queue is stopped at once; it is free for others when nothing in the library
/// uses it any more. Harmless for 0, contexts without a device, and handles that are released already. A
/// child made by fork cannot release its parent's contexts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_release_ctx(h_ctx: handle_t) {
    entry("wd_release_ctx", || context(h_ctx)?.release())
}

/// Starts the context's queue.
///
/// Returns 0; -EINVAL for what is not a context of a device; else -1 and errno, as ioctl does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_start(h_ctx: handle_t) -> c_int {
    entry::<SystemCall>("wd_ctx_start", || Ok(context(h_ctx)?.start().map(|()| 0))).0
}

/// Stops the context's queue and gives its hardware back; the handle still has to be released.
///
/// Returns 0; -EINVAL for what is not a context of a device; else -1 and errno, as ioctl does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_release_ctx_force(h_ctx: handle_t) -> c_int {
    entry::<SystemCall>("wd_release_ctx_force", || {
        Ok(context(h_ctx)?.put().map(|()| 0))
    })
    .0
}

/// Stores a pointer of the caller's in a context.
///
/// Returns 0; -EINVAL for what is not a context of a device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_set_priv(h_ctx: handle_t, priv_: *mut c_void) -> c_int {
    entry("wd_ctx_set_priv", || {
        context::set_private(h_ctx, priv_).map(|()| 0)
    })
}

/// Returns what `wd_ctx_set_priv` stored; NULL if nothing, or for what is not a context of a device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_get_priv(h_ctx: handle_t) -> *mut c_void {
    entry("wd_ctx_get_priv", || Ok(context::private(h_ctx)))
}

/// Returns the queue interface of the context's device, for example `hisi_qm_v3`, valid until the context
/// is released; NULL for what is not a context of a device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_get_api(h_ctx: handle_t) -> *mut c_char {
    entry("wd_ctx_get_api", || Ok(context(h_ctx)?.api().cast_mut()))
}

/// Maps a region of the context's queue. A region is mapped once: later calls give the same address. The
/// doorbells of a simulated device are no memory and cannot be mapped.
///
/// Returns the address; NULL and errno if there is no such region or it cannot be mapped.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_mmap_qfr(h_ctx: handle_t, qfrt: Enum<uacce_qfrt>) -> *mut c_void {
    entry("wd_ctx_mmap_qfr", || context(h_ctx)?.map(region(qfrt)?))
}

/// Ends the caller's use of a region. It stays mapped as long as the context lives, since kernels map a
/// region once in the life of a queue.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_unmap_qfr(h_ctx: handle_t, qfrt: Enum<uacce_qfrt>) {
    entry("wd_ctx_unmap_qfr", || {
        context(h_ctx)?.unmap(region(qfrt)?);
        Ok(())
    })
}

/// Waits until the device may have finished something, for at most `ms` milliseconds.
///
/// Returns 1 if it may have; 0 if the time is over; -EINVAL for what is not a context of a device, else the
/// negative errno of poll.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_wait(h_ctx: handle_t, ms: __u16) -> c_int {
    entry("wd_ctx_wait", || {
        let wake = context(h_ctx)?.wait(Duration::from_millis(ms.into()))?;
        Ok((wake == Wake::Event).into())
    })
}

/// Returns 1 if the context's device works on the process's own addresses, 0 if not; -EINVAL for 0,
/// -WD_HW_EACCESS for what is not a context of a device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_is_sva(h_ctx: handle_t) -> c_int {
    entry("wd_is_sva", || {
        if h_ctx == 0 {
            return Err(Error::Invalid);
        }
        let context = context::find(h_ctx).ok_or(Error::Os(WD_HW_EACCESS))?;
        Ok(context.is_sva().into())
    })
}

/// Returns 1 if the device was taken out of service by error handling, 0 if not or if it is not there;
/// -EINVAL for NULL and a device without a name, -EIO if its attributes cannot be understood.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_is_isolate(dev: *mut uacce_dev) -> c_int {
    entry("wd_is_isolate", || {
        // SAFETY: the caller's promise.
        let dev = unsafe { device_of(dev) }?;
        device::isolated(dev).map(c_int::from)
    })
}

/// Makes the device's name from its path, `hisi_zip-0` from `/dev/hisi_zip-0`, and with `no_apdx` 1 the
/// driver's, `hisi_zip`.
///
/// Returns a string to be freed with free(); NULL if there is no name, or `no_apdx` is neither 0 nor 1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_accel_name(dev_path: *mut c_char, no_apdx: c_int) -> *mut c_char {
    entry("wd_get_accel_name", || {
        let driver = match no_apdx {
            0 => false,
            1 => true,
            _ => return Err(Error::Invalid),
        };
        if dev_path.is_null() {
            return Err(Error::Invalid);
        }
        // SAFETY: not NULL, so by the caller's promise a string.
        let path = unsafe { CStr::from_ptr(dev_path) }.to_bytes();
        memory::give_text(device::short_name(path, driver).ok_or(Error::Invalid)?)
    })
}

/// Returns the NUMA node of the context's device; -EINVAL for what is not a context of a device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_numa_id(h_ctx: handle_t) -> c_int {
    entry("wd_get_numa_id", || {
        c_int::try_from(context(h_ctx)?.numa_id()).map_err(|_| Error::Invalid)
    })
}

/// Returns how many contexts of a device are free now; -EINVAL for NULL and a device without a name,
/// -ENODEV if it is not there or does not tell, -EIO if its attributes cannot be understood.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_avail_ctx(dev: *mut uacce_dev) -> c_int {
    entry("wd_get_avail_ctx", || {
        // SAFETY: the caller's promise.
        let dev = unsafe { device_of(dev) }?;
        c_int::try_from(device::available(dev)?).map_err(|_| Error::Io)
    })
}

/// Lists the devices that have an algorithm, by its whole name, without those taken out of service.
///
/// Returns a list for `wd_free_list_accels`; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_accel_list(alg_name: *const c_char) -> *mut uacce_dev_list {
    entry("wd_get_accel_list", || {
        // SAFETY: the caller's promise.
        let algorithm = unsafe { algorithm(alg_name) }?;
        list_of(&device::list(algorithm)?)
    })
}

/// Picks the device of a list that is on a NUMA node and has the most free contexts.
///
/// Returns a device of the list; an error for WD_IS_ERR: -EINVAL for NULL, -ENODEV if none is free there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_find_dev_by_numa(
    list: *mut uacce_dev_list,
    numa_id: c_int,
) -> *mut uacce_dev {
    let found = entry::<PointerOrError<_>>("wd_find_dev_by_numa", || {
        if list.is_null() {
            return Err(Error::Invalid);
        }
        // SAFETY: the caller's promise.
        let mut devices = unsafe { devices(list) };
        devices.retain(|dev| !dev.is_null());
        // SAFETY: not NULL, so by the caller's promise a device.
        let looked_at = devices.iter().map(|dev| unsafe { &**dev });
        device::freest(looked_at, numa_id).map(|place| devices[place])
    });
    found.0
}

/// Picks the device that has an algorithm and free contexts, nearest to the caller's processor, then with
/// the most free contexts.
///
/// Returns a device to be freed with free(); NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_accel_dev(alg_name: *const c_char) -> *mut uacce_dev {
    entry("wd_get_accel_dev", || {
        // SAFETY: the caller's promise.
        let algorithm = unsafe { algorithm(alg_name) }?;
        memory::give(device::nearest(algorithm)?)
    })
}

/// Frees a list and its devices.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_free_list_accels(list: *mut uacce_dev_list) {
    entry("wd_free_list_accels", || {
        // SAFETY: the caller's promise.
        unsafe { free_list(list) };
        Ok(())
    })
}

/// Sends an ioctl to the context's queue. `arg` is NULL or has as many bytes as the number of the command
/// says.
///
/// Returns what ioctl does, -1 and errno for an error; -EINVAL for what is not a context of a device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_set_io_cmd(
    h_ctx: handle_t,
    cmd: c_ulong,
    arg: *mut c_void,
) -> c_int {
    let answer = entry::<SystemCall>("wd_ctx_set_io_cmd", || {
        let context = context(h_ctx)?;
        // As the kernel does, which takes 32 bits.
        let request = cmd as ioctl::Request;
        let size = ioctl::size_in(request);
        let argument = if size == 0 || arg.is_null() {
            // SAFETY: the caller's promise: what this command takes.
            let promise = unsafe { Promise::given() };
            Argument::Value(promise, arg.addr())
        } else {
            // SAFETY: the caller's promise: as many bytes as the number says.
            Argument::Bytes(unsafe { slice::from_raw_parts_mut(arg.cast::<u8>(), size) })
        };
        Ok(context.command(request, argument))
    });
    answer.0
}

/// Returns the bytes of a region of the context's queue; 0 if there is no such region.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_get_region_size(
    h_ctx: handle_t,
    qfrt: Enum<uacce_qfrt>,
) -> c_ulong {
    entry::<usize>("wd_ctx_get_region_size", || {
        Ok(context(h_ctx)?.region_size(region(qfrt)?))
    }) as c_ulong
}

/// Copies a device.
///
/// Returns a device to be freed with free(); NULL for NULL and if there is no memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_clone_dev(dev: *mut uacce_dev) -> *mut uacce_dev {
    entry("wd_clone_dev", || {
        // SAFETY: the caller's promise.
        memory::give(*unsafe { device_of(dev) }?)
    })
}

/// Puts `node` at the end of a list. Does nothing for NULL, and for a node that is in the list already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_add_dev_to_list(head: *mut uacce_dev_list, node: *mut uacce_dev_list) {
    entry("wd_add_dev_to_list", || {
        if node.is_null() {
            return Err(Error::Invalid);
        }
        let mut last = ptr::null_mut();
        // SAFETY: the caller's promise.
        for at in unsafe { nodes(head) } {
            if at == node {
                return Err(Error::Exists);
            }
            last = at;
        }
        // SAFETY: NULL, or the last node of the caller's list.
        unsafe { last.as_mut() }.ok_or(Error::Invalid)?.next = node;
        Ok(())
    })
}

/// Makes the set of the NUMA nodes of a list's devices, as libnuma lays out sets of nodes.
///
/// Returns a set for `wd_free_device_nodemask` or `numa_bitmask_free`; an error for WD_IS_ERR: -EINVAL for
/// NULL, -ENOMEM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_create_device_nodemask(list: *mut uacce_dev_list) -> *mut bitmask {
    let set = entry::<PointerOrError<_>>("wd_create_device_nodemask", || {
        if list.is_null() {
            return Err(Error::Invalid);
        }
        // SAFETY: the caller's promise.
        let devices = unsafe { devices(list) };
        // SAFETY: NULL, or by the caller's promise a device.
        let devices = devices.iter().filter_map(|dev| unsafe { dev.as_ref() });
        numa::make(devices.filter_map(|dev| u32::try_from(dev.numa_id).ok()))
    });
    set.0
}

/// Frees a set of NUMA nodes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_free_device_nodemask(bmp: *mut bitmask) {
    entry("wd_free_device_nodemask", || {
        // SAFETY: the caller's promise.
        unsafe { numa::release(bmp) };
        Ok(())
    })
}

/// Returns the name of the context's device, valid until the context is released; NULL for what is not a
/// context of a device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_get_dev_name(h_ctx: handle_t) -> *mut c_char {
    entry("wd_ctx_get_dev_name", || {
        Ok(context(h_ctx)?.device_name().cast_mut())
    })
}

/// Prints the version of UADK whose API this is, the date of its release, and what this library is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_version() {
    entry("wd_get_version", || {
        let library = CStr::from_bytes_with_nul(LIBRARY.as_bytes()).unwrap_or_default();
        for line in VERSION.iter().chain([&library]) {
            // Through C's stdout, so that the lines stand in order with the program's own.
            // SAFETY: a string that ends with NUL.
            unsafe { libc::puts(line.as_ptr()) };
        }
        Ok(())
    })
}

/// Returns whether messages for developers are wanted: WD_LOG_LEVEL is `debug`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_need_debug() -> bool {
    entry("wd_need_debug", || Ok(log::enabled(Level::Debug)))
}

/// Returns whether messages on what was chosen are wanted: WD_LOG_LEVEL is `info` or `debug`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_need_info() -> bool {
    entry("wd_need_info", || Ok(log::enabled(Level::Info)))
}

/// Tells how busy a device is with a kind of operation.
///
/// Returns a percentage; -EINVAL for NULL, an algorithm the device does not have, a kind of operation that
/// its driver does not have; -1 if neither driver nor device tell.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_dev_usage(
    dev: *mut uacce_dev,
    alg_name: *const c_char,
    alg_op_type: __u8,
) -> c_int {
    entry("wd_get_dev_usage", || {
        // SAFETY: the caller's promise.
        let dev = unsafe { device_of(dev) }?;
        // SAFETY: the caller's promise.
        let algorithm = unsafe { algorithm(alg_name) }?;
        match device::usage(dev, algorithm, alg_op_type)? {
            Some(percent) => c_int::try_from(percent).map_err(|_| Error::Io),
            None => Ok(-1),
        }
    })
}
