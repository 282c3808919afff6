//! The functions of `warpdrive/wd.h`. The comments below are the header's comments. The names are
//! exported with a prefix, since the UADK v1 API has some of the same names over another structure;
//! `libwd.so.0` gives them back their plain names.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, where the first paragraph of wd_queue says \
              what holds for all: pointers are NULL or good, and a queue stays where it is"
)]

use super::entry;
use crate::capi::out;
use crate::capi::text::text;
use crate::ctypes::v0::*;
use crate::error::{Error, Result};
use crate::qm::layout::Version;
use crate::queue::{DESCRIPTOR_SIZE, Descriptor, Info, Options, Path, Queue, QueueRef};
use crate::sys::lent::Promise;
use crate::uacce::channel::Access;
use crate::uacce::vfio;
use crate::{bus, log, mem};
use core::ffi::{CStr, c_char, c_int, c_void};
use core::mem::offset_of;
use core::num::NonZeroU64;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, Ordering};
use core::time::Duration;
use std::path::PathBuf;

/// The queue that the caller's structure names.
///
/// # Safety
/// `q` is NULL or points to a `wd_queue`.
#[inline(always)]
unsafe fn queue_of(q: *const wd_queue) -> Result<QueueRef> {
    if q.is_null() {
        return Err(Error::Invalid);
    }
    // Only this field is read: another thread may be releasing the queue.
    // SAFETY: not NULL, so by the caller's promise a structure.
    let handle = unsafe { handle(q.cast_mut()) };
    QueueRef::from_raw(handle.load(Ordering::Relaxed) as u64).ok_or(Error::Shutdown)
}

/// The field that the threads of a queue read while one of them may release it.
///
/// # Safety
/// `q` points to a `wd_queue` that outlives `'a`.
#[inline(always)]
unsafe fn handle<'a>(q: *mut wd_queue) -> &'a AtomicPtr<c_void> {
    // SAFETY: the promise above.
    let place = unsafe { &raw mut (*q).priv_ };
    // SAFETY: aligned and valid as the structure is; while threads share the queue, the library
    // touches the field through here only.
    unsafe { AtomicPtr::from_ptr(place) }
}

/// The message that a tag stands for.
///
/// # Safety
/// `tag` is the address of a message given to `wd_send` and not received since; the caller of the
/// seed API keeps it alive until then.
#[inline(always)]
unsafe fn message<'a>(tag: NonZeroU64) -> &'a mut Descriptor {
    // SAFETY: the promise above; a descriptor is bytes, so any alignment and content will do.
    unsafe { &mut *(tag.get() as *mut [u8; DESCRIPTOR_SIZE]) }
}

/// The text in a field of fixed size; empty if it is not terminated or not UTF-8.
fn field(chars: &[c_char]) -> String {
    let bytes: Vec<u8> = chars.iter().map(|c| *c as u8).collect();
    let text = CStr::from_bytes_until_nul(&bytes)
        .ok()
        .and_then(|t| t.to_str().ok());
    text.unwrap_or("").to_owned()
}

/// Fills a field of fixed size, cut to fit, terminated.
fn set_field(chars: &mut [c_char], text: &str) {
    let room = chars.len() - 1;
    chars.fill(0);
    for (place, byte) in chars.iter_mut().zip(text.bytes().take(room)) {
        *place = byte as c_char;
    }
}

/// What the structure asks for.
///
/// # Safety
/// The strings in `q` are NULL or end with NUL.
unsafe fn options(q: &wd_queue) -> Result<Options> {
    let mut options = Options::from_attributes(&field(&q.hw_type))?;
    if q.vfio_group_path.is_null() {
        if !q.mdev_name.is_null() {
            // SAFETY: the caller's promise.
            options.wanted.name = Some(unsafe { text(q.mdev_name) }?.to_owned());
        }
        return Ok(options);
    }
    // SAFETY: the caller's promise.
    let path = |p: *mut c_char| unsafe { text(p) }.map(PathBuf::from);
    // SAFETY: the caller's promise.
    let mdev = unsafe { text(q.mdev_name) }?;
    options.vfio = Some(vfio::Paths {
        mdev: std::ffi::CString::new(mdev).map_err(|_| Error::Invalid)?,
        group: path(q.vfio_group_path)?,
        iommu_type: path(q.iommu_ext_path)?,
        dma_flag: path(q.dmaflag_ext_path)?,
        device_api: path(q.device_api_path)?,
        container: (q.container > 0).then_some(q.container),
    });
    Ok(options)
}

/// Sets the out fields of a queue that is not open; the container only if there is a value for it.
/// Field by field, since other threads may be looking at the handle.
///
/// # Safety
/// `q` points to a `wd_queue` of which other threads use nothing but the handle.
unsafe fn reset(q: *mut wd_queue, container: Option<c_int>) {
    // SAFETY: the promise above.
    unsafe { handle(q) }.store(core::ptr::null_mut(), Ordering::Relaxed);
    let numbers = [
        (offset_of!(wd_queue, hw_type_id), Some(0)),
        (
            offset_of!(wd_queue, dma_flag),
            Some(VFIO_SDMDEV_DMA_INVALID),
        ),
        (offset_of!(wd_queue, container), container),
        (offset_of!(wd_queue, group), Some(-1)),
        (offset_of!(wd_queue, mdev), Some(-1)),
        (offset_of!(wd_queue, pasid), Some(0)),
        (offset_of!(wd_queue, iommu_type), Some(0)),
    ];
    for (offset, value) in numbers {
        if let Some(value) = value {
            let place = q.wrapping_byte_add(offset).cast::<c_int>();
            // SAFETY: the promise above; at each of these offsets lies an int.
            unsafe { place.write(value) };
        }
    }
}

/// Sets the out fields of an open queue.
fn describe(q: &mut wd_queue, info: &Info) {
    set_field(&mut q.hw_type, &info.api);
    // Open, so the interface is one of the table's.
    q.hw_type_id = Version::from_api(&info.api).map_or(0, |version| version as c_int);
    q.dma_flag = info.dma_flag;
    q.pasid = info.vfio.map_or(0, |v| v.pasid as c_int);
    q.container = info.vfio.map_or(-1, |v| v.container);
    q.group = info.vfio.map_or(-1, |v| v.group);
    q.iommu_type = info.vfio.map_or(0, |v| v.iommu_type);
}

/// Opens a queue.
///
/// With `vfio_group_path` NULL a uacce device is taken: the one named by `mdev_name`, or, with
/// `mdev_name` NULL, the best that suits (see `wd_set_queue_attr`): nearest NUMA node, then most
/// free queues. With `vfio_group_path` set, `mdev_name` is a mediated device's UUID and all four
/// paths are needed. On success the fields marked *out* are set; on failure they are reset, and the
/// structure can be used to try again.
///
/// A device may be removed at any time; calls then answer -ENODEV. The kernel tells by SIGBUS, for
/// which the library has a handler since the first queue: leave SIGBUS unblocked in threads that
/// use queues, and let a handler of your own pass what it does not know to the one before it.
///
/// Returns 0; -EINVAL for NULL, missing paths or files with garbage in them; -ENODEV if no device
/// suits or no driver knows its interface; -EBUSY if no queue is free, or the structure's queue is
/// open; -EPERM for a device without an IOMMU or a group that is not viable; -EOPNOTSUPP if the
/// kernel lacks what is needed; else the negative errno of a system call. errno is set to match.
#[unsafe(export_name = "__uadk_v0_wd_request_queue")]
pub unsafe extern "C" fn wd_request_queue(q: *mut wd_queue) -> c_int {
    entry("wd_request_queue", || {
        // SAFETY: the caller's promise.
        if unsafe { queue_of(q) }.is_ok_and(QueueRef::is_open) {
            return Err(Error::Busy);
        }
        // SAFETY: the caller's promise: NULL or exclusively ours during the call.
        let q = unsafe { q.as_mut() }.ok_or(Error::Invalid)?;
        // SAFETY: the caller's promise.
        let options = unsafe { options(q) };
        let keeps = !q.vfio_group_path.is_null() && q.container > 0;
        // SAFETY: a reference of our own.
        unsafe { reset(q, (!keeps).then_some(-1)) };
        let queue = Queue::open(&options?)?;
        let info = queue.info()?;
        describe(q, &info);
        q.mdev = queue.event_fd()?;
        q.priv_ = queue.into_ref().to_raw() as *mut c_void;
        Ok(0)
    })
}

/// Releases a queue. No new call gets in; calls inside finish; requests in flight get 250 ms to
/// complete; the device is stopped, everything the queue shared is taken back, its memory is
/// unmapped and its descriptors closed, except a container that the caller supplied; one that another
/// queue had opened closes with the last queue in it. The fields are reset. Harmless for NULL, a queue
/// that was never opened or is released already, and in a fork child, where the parent's queue is left
/// alone and only the fields are reset. Other threads may be using the queue: they get -ESHUTDOWN. It
/// does nothing in a signal handler that interrupted a call on this very queue.
#[unsafe(export_name = "__uadk_v0_wd_release_queue")]
pub unsafe extern "C" fn wd_release_queue(q: *mut wd_queue) {
    entry("wd_release_queue", || {
        // SAFETY: the caller's promise.
        let queue = unsafe { queue_of(q) }?;
        let supplied = queue.info().map(|i| i.vfio.is_some_and(|v| !v.owned));
        let closed = queue.close();
        // In a fork child there is nothing to close, and the parent's numbers mean nothing.
        if closed.is_ok() || queue.is_inherited() {
            let container = (supplied != Ok(true)).then_some(-1);
            // SAFETY: not NULL, or `queue_of` had failed; other threads look at the handle only.
            unsafe { reset(q, container) };
            let text = q.wrapping_byte_add(offset_of!(wd_queue, hw_type));
            // SAFETY: as above; so long is the field.
            unsafe { text.cast::<u8>().write_bytes(0, PATH_STR_SIZE) };
        }
        closed
    })
}

/// Sends one 128-byte message: copies it into the ring and rings the doorbell. Never blocks, makes
/// no system call. The message must stay where it is until `wd_recv` gives it back.
///
/// Returns 0; -EBUSY if the ring is full (1023 in flight at depth 1024), and in a signal handler that
/// interrupted a call on this very queue; -EINVAL for NULL; -ESHUTDOWN after release and in a fork
/// child; -ENODEV if the device has gone or was reset; -EIO if it broke the protocol. The message was
/// not sent then.
#[unsafe(export_name = "__uadk_v0_wd_send")]
pub unsafe extern "C" fn wd_send(q: *mut wd_queue, req: *mut c_void) -> c_int {
    entry("wd_send", || {
        // SAFETY: the caller's promise.
        let queue = unsafe { queue_of(q) }?;
        let tag = NonZeroU64::new(req as u64).ok_or(Error::Invalid)?;
        // SAFETY: not NULL, so by the caller's promise 128 bytes that are not written meanwhile.
        let sqe = unsafe { &*req.cast::<[u8; DESCRIPTOR_SIZE]>() };
        // SAFETY: the caller's promise: what the message names is the device's until it comes back.
        let promise = unsafe { Promise::given() };
        queue.send(promise, sqe, tag).map(|()| 0)
    })
}

/// Receives one message: the pointer that was given to `wd_send`, with the device's results copied
/// into it. Never blocks, makes no system call. Messages may come back in another order.
///
/// Returns 0; -EAGAIN if none is complete; -EIO if the device reports an error for the message in
/// `*resp` (`dw3` says which), or if the device named a message that was never sent (`*resp` is
/// then NULL); the next call goes on behind it. -EINVAL for NULL; -ESHUTDOWN after release and in a
/// fork child; -ENODEV if the device has gone or was reset and nothing is left to receive; -EBUSY as
/// for `wd_send`. Of a message that came, only the status in `dw3` was looked at: compare `produced`
/// with the room there was before using it as a length.
#[unsafe(export_name = "__uadk_v0_wd_recv")]
pub unsafe extern "C" fn wd_recv(q: *mut wd_queue, resp: *mut *mut c_void) -> c_int {
    entry("wd_recv", || {
        // SAFETY: the caller's promise.
        let queue = unsafe { queue_of(q) }?;
        let resp = out::place(resp)?;
        // SAFETY: tags of this queue are the messages given to `wd_send`.
        let received = queue.receive_at(|tag| unsafe { message(tag) });
        // SAFETY: the caller's promise.
        unsafe { answer(received, resp) }
    })
}

/// Gives a received message to the caller.
///
/// # Safety
/// `resp` is writable, whatever is in it.
#[inline(always)]
unsafe fn answer(
    received: Result<crate::queue::Received>,
    resp: NonNull<*mut c_void>,
) -> Result<c_int> {
    let (message, good) = match received {
        Ok(received) => (received.tag.get() as *mut c_void, received.status.is_good()),
        Err(Error::Io) => (core::ptr::null_mut(), false),
        Err(error) => return Err(error),
    };
    // SAFETY: the promise above.
    unsafe { resp.write(message) };
    if good { Ok(0) } else { Err(Error::Io) }
}

/// Announces messages that are written and not announced. `wd_send` announces its own, so there
/// are none; kept for programs that call it. Harmless for NULL and released queues.
#[unsafe(export_name = "__uadk_v0_wd_flush")]
pub unsafe extern "C" fn wd_flush(q: *mut wd_queue) {
    entry("wd_flush", || {
        // SAFETY: the caller's promise.
        unsafe { queue_of(q) }?.flush()
    })
}

/// As `wd_recv`, and waits up to `ms` milliseconds for a message; 0 waits until one comes or the
/// queue dies. A signal does not end the wait.
///
/// Returns what `wd_recv` does, except -EAGAIN; -ETIMEDOUT when the time is over.
#[unsafe(export_name = "__uadk_v0_wd_recv_sync")]
pub unsafe extern "C" fn wd_recv_sync(
    q: *mut wd_queue,
    resp: *mut *mut c_void,
    ms: __u16,
) -> c_int {
    entry("wd_recv_sync", || {
        // SAFETY: the caller's promise.
        let queue = unsafe { queue_of(q) }?;
        let resp = out::place(resp)?;
        let limit = (ms != 0).then(|| Duration::from_millis(u64::from(ms)));
        // SAFETY: tags of this queue are the messages given to `wd_send`.
        let received = queue.receive_wait_at(limit, |tag| unsafe { message(tag) });
        // SAFETY: the caller's promise.
        unsafe { answer(received, resp) }
    })
}

/// Lets the device use `size` bytes at `addr`, rounded outward to pages, at the same address.
/// `flags`: 0 or `WD_SHARE_READ|WD_SHARE_WRITE` for reading and writing, `WD_SHARE_READ` for reading
/// only, `WD_SHARE_ALL` for the whole address space (with SVA; `addr` and `size` 0). Shares count:
/// each needs its `wd_mem_unshare`, or the release of the queue. With SVA the device can reach all
/// memory in any case; the arguments are checked all the same.
///
/// Returns 0; -EINVAL for NULL, size 0, unknown flags, a range that is not mapped, that is memory of a
/// device or of the kernel, or to which the process has less access itself; -EPERM for a writable
/// share of a file mapped `MAP_SHARED`; -ENOMEM if `RLIMIT_MEMLOCK` is too low; -EBUSY for a writable
/// share of pages shared for reading only; -EOPNOTSUPP if the device cannot; -ESHUTDOWN after release
/// and in a fork child.
#[unsafe(export_name = "__uadk_v0_wd_mem_share")]
pub unsafe extern "C" fn wd_mem_share(
    q: *mut wd_queue,
    addr: *const c_void,
    size: usize,
    flags: c_int,
) -> c_int {
    entry("wd_mem_share", || {
        // SAFETY: the caller's promise.
        let queue = unsafe { queue_of(q) }?;
        const BOTH: c_int = WD_SHARE_READ | WD_SHARE_WRITE;
        match flags {
            WD_SHARE_ALL if addr.is_null() && size == 0 => queue.share_all(),
            0 | BOTH => queue.share(addr as usize, size, Access::ReadWrite),
            WD_SHARE_READ => queue.share(addr as usize, size, Access::Read),
            _ => Err(Error::Invalid),
        }?;
        Ok(0)
    })
}

/// Takes back one share of exactly this range. Messages that use it must have come back. A range
/// that this queue does not share is left alone, with a line in the log.
#[unsafe(export_name = "__uadk_v0_wd_mem_unshare")]
pub unsafe extern "C" fn wd_mem_unshare(q: *mut wd_queue, addr: *const c_void, size: usize) {
    entry("wd_mem_unshare", || {
        // SAFETY: the caller's promise.
        unsafe { queue_of(q) }?.unshare(addr as usize, size)
    })
}

/// Prints the devices and their algorithms to standard output, a line each; simulated ones say so.
///
/// Returns how many there are; -ENODEV without a uacce class; -EINVAL if `WD_SIM` cannot be understood.
#[unsafe(export_name = "__uadk_v0_wd_dump_all_algos")]
pub unsafe extern "C" fn wd_dump_all_algos() -> c_int {
    entry("wd_dump_all_algos", || {
        let devices = bus::system()?.devices()?;
        for device in &devices {
            let line = std::ffi::CString::new(device.to_string()).map_err(|_| Error::Invalid)?;
            // Through C's stdout, so that the lines stand in order with the program's own.
            // SAFETY: a string that ends with NUL.
            unsafe { libc::puts(line.as_ptr()) };
        }
        Ok(c_int::try_from(devices.len()).unwrap_or(c_int::MAX))
    })
}

/// Says what queue is wanted; call it between zeroing or releasing the structure and
/// `wd_request_queue`. It holds until a queue was opened so.
/// `algorithm`: a name as devices list it (`zlib`, `gzip`, `deflate`). `direction`: `compress` (what
/// a queue does unless told) or `decompress`. `noiommu`: `allow` or `deny`, whether a device that can
/// reach all of the machine's memory is acceptable.
///
/// Returns 0; -EINVAL for NULL and unknown names and values; -EBUSY if the queue is open.
#[unsafe(export_name = "__uadk_v0_wd_set_queue_attr")]
pub unsafe extern "C" fn wd_set_queue_attr(
    q: *mut wd_queue,
    name: *const c_char,
    value: *mut c_char,
) -> c_int {
    entry("wd_set_queue_attr", || {
        // SAFETY: the caller's promise.
        if unsafe { queue_of(q) }.is_ok_and(QueueRef::is_open) {
            return Err(Error::Busy);
        }
        // SAFETY: the caller's promise: NULL or exclusively ours during the call.
        let q = unsafe { q.as_mut() }.ok_or(Error::Invalid)?;
        // SAFETY: the caller's promise.
        let name = unsafe { text(name) }?;
        // SAFETY: the caller's promise.
        let value = unsafe { text(value) }?;
        let mut options = Options::from_attributes(&field(&q.hw_type))?;
        options.set(name, value)?;
        set_field(&mut q.hw_type, &options.attributes());
        Ok(0)
    })
}

/// Returns the queue's VFIO IOMMU type (1 = TYPE1), 0 for a queue that is not behind VFIO, -EINVAL
/// for NULL, -ESHUTDOWN if it is not open.
#[unsafe(export_name = "__uadk_v0___iommu_type")]
pub unsafe extern "C" fn __iommu_type(q: *mut wd_queue) -> c_int {
    entry("__iommu_type", || {
        // SAFETY: the caller's promise.
        let info = unsafe { queue_of(q) }?.info()?;
        Ok(info.vfio.map_or(0, |v| v.iommu_type))
    })
}

/// Sends up to `count` messages with one doorbell.
///
/// Returns how many were sent, the first so many of `reqs`; if none, what `wd_send` would. A NULL
/// among them is -EINVAL and nothing is sent.
#[unsafe(export_name = "__uadk_v0_wd_send_batch")]
pub unsafe extern "C" fn wd_send_batch(
    q: *mut wd_queue,
    reqs: *mut *mut c_void,
    count: __u32,
) -> c_int {
    entry("wd_send_batch", || {
        // SAFETY: the caller's promise.
        let queue = unsafe { queue_of(q) }?;
        if reqs.is_null() || count == 0 || c_int::try_from(count).is_err() {
            return Err(Error::Invalid);
        }
        // SAFETY: the caller's promise: so many pointers.
        let reqs = unsafe { core::slice::from_raw_parts(reqs, count as usize) };
        if reqs.iter().any(|r| r.is_null()) {
            return Err(Error::Invalid);
        }
        let requests = reqs.iter().filter_map(|req| {
            let tag = NonZeroU64::new(*req as u64)?;
            // SAFETY: not NULL, so by the caller's promise 128 bytes that are not written meanwhile.
            Some((unsafe { &*req.cast::<[u8; DESCRIPTOR_SIZE]>() }, tag))
        });
        // SAFETY: the caller's promise: what the messages name is the device's until they come back.
        let promise = unsafe { Promise::given() };
        queue.send_batch(promise, requests).map(|n| n as c_int)
    })
}

/// Receives up to `count` messages and acknowledges them with one doorbell. A message with a device
/// error is among them; look at each one's `dw3`.
///
/// Returns how many came; if none, what `wd_recv` would.
#[unsafe(export_name = "__uadk_v0_wd_recv_batch")]
pub unsafe extern "C" fn wd_recv_batch(
    q: *mut wd_queue,
    resps: *mut *mut c_void,
    count: __u32,
) -> c_int {
    entry("wd_recv_batch", || {
        // SAFETY: the caller's promise.
        let queue = unsafe { queue_of(q) }?;
        if resps.is_null() || count == 0 || c_int::try_from(count).is_err() {
            return Err(Error::Invalid);
        }
        let mut at = 0;
        let taken = queue.receive_batch(
            count as usize,
            // SAFETY: tags of this queue are the messages given to `wd_send`.
            |tag| unsafe { message(tag) },
            |received| {
                // SAFETY: called at most `count` times, and there is room for so many.
                let place = unsafe { resps.add(at) };
                // SAFETY: inside the caller's array.
                unsafe { place.write(received.tag.get() as *mut c_void) };
                at += 1;
            },
        );
        taken.map(|n| n as c_int)
    })
}

/// Returns a descriptor for `poll(2)`, valid until the queue is released; -EINVAL, -ESHUTDOWN.
/// Becoming readable is a hint that messages may have come back. Call `wd_queue_arm` before each
/// sleep, and sleep for a limited time: the removal of a device wakes nobody.
#[unsafe(export_name = "__uadk_v0_wd_queue_fd")]
pub unsafe extern "C" fn wd_queue_fd(q: *mut wd_queue) -> c_int {
    entry("wd_queue_fd", || {
        // SAFETY: the caller's promise.
        unsafe { queue_of(q) }?.event_fd()
    })
}

/// Asks for the descriptor of `wd_queue_fd` to become readable at the next completion.
///
/// Returns 1 if it will; 0 if a message has come back already, so receive before sleeping;
/// -ENODEV if the device has gone or was reset and nothing is left to receive; -EINVAL, -ESHUTDOWN.
#[unsafe(export_name = "__uadk_v0_wd_queue_arm")]
pub unsafe extern "C" fn wd_queue_arm(q: *mut wd_queue) -> c_int {
    entry("wd_queue_arm", || {
        // SAFETY: the caller's promise.
        unsafe { queue_of(q) }?.arm().map(c_int::from)
    })
}

/// Tells which path and device serve a queue, and what went through it. Set `info->size` to
/// `sizeof(*info)` before; a library that knows fewer fields fills fewer and says so there.
///
/// Returns 0, -EINVAL, -ESHUTDOWN.
#[unsafe(export_name = "__uadk_v0_wd_get_queue_info")]
pub unsafe extern "C" fn wd_get_queue_info(q: *mut wd_queue, info: *mut wd_queue_info) -> c_int {
    entry("wd_get_queue_info", || {
        // SAFETY: the caller's promise.
        let known = unsafe { queue_of(q) }?.info()?;
        if info.is_null() {
            return Err(Error::Invalid);
        }
        // SAFETY: not NULL; the size is the first field, and by the caller's promise readable.
        let size = unsafe { info.cast::<__u32>().read() } as usize;
        let whole = size_of::<wd_queue_info>();
        if size < offset_of!(wd_queue_info, device) {
            return Err(Error::Invalid);
        }
        let fill = size.min(whole);
        let twin = info_twin(&known, fill);
        // SAFETY: the caller has `size` writable bytes, and `fill` is neither more than that nor more
        // than the twin.
        unsafe {
            core::ptr::copy_nonoverlapping((&raw const twin).cast::<u8>(), info.cast::<u8>(), fill)
        };
        Ok(0)
    })
}

fn info_twin(known: &Info, size: usize) -> wd_queue_info {
    let path = match known.path {
        Path::Uacce => wd_path::WD_PATH_UACCE,
        Path::Vfio => wd_path::WD_PATH_VFIO,
        Path::Simulated => wd_path::WD_PATH_SIMULATED,
    };
    let mut twin = wd_queue_info {
        size: size as u32,
        path: path as u32,
        device: [0; WD_NAME_SIZE],
        api: [0; WD_NAME_SIZE],
        numa_node: known.numa_node,
        number: u32::from(known.number),
        capacity: known.capacity,
        in_flight: known.in_flight,
        sent: known.sent,
        received: known.received,
        failed: known.failed,
    };
    set_field(&mut twin.device, &known.device);
    set_field(&mut twin.api, &known.api);
    twin
}

/// Allocates zeroed memory that every queue of this process can use, opened earlier or later, also
/// where devices cannot reach other memory. Fork children do not get it.
///
/// Returns 0 and the address, page aligned; -EINVAL, -ENOMEM, -EOPNOTSUPP, -ESHUTDOWN.
#[unsafe(export_name = "__uadk_v0_wd_shared_alloc")]
pub unsafe extern "C" fn wd_shared_alloc(
    q: *mut wd_queue,
    size: usize,
    addr: *mut *mut c_void,
) -> c_int {
    entry("wd_shared_alloc", || {
        // SAFETY: the caller's promise.
        let queue = unsafe { queue_of(q) }?;
        let addr = out::place(addr)?;
        let memory = queue.allocate(size)? as *mut c_void;
        // SAFETY: by the caller's promise writable, whatever is in it.
        unsafe { addr.write(memory) };
        Ok(0)
    })
}

/// Frees memory of `wd_shared_alloc`. Messages that use it must have come back. NULL is harmless;
/// another address is left alone, with a line in the log.
#[unsafe(export_name = "__uadk_v0_wd_shared_free")]
pub unsafe extern "C" fn wd_shared_free(addr: *mut c_void) {
    entry("wd_shared_free", || {
        if addr.is_null() {
            Ok(())
        } else {
            mem::block::free(addr as usize)
        }
    })
}

/// Sets the function that receives the library's messages, all levels; NULL removes it. It is called
/// from any thread, also from several at once, and must not call the library. Without it messages go to
/// standard error if `WD_LOG_LEVEL` is `error`, `info` or `debug`, else nowhere.
#[unsafe(export_name = "__uadk_v0_wd_set_log_hook")]
pub unsafe extern "C" fn wd_set_log_hook(hook: wd_log_hook) {
    entry("wd_set_log_hook", || {
        log::set_hook(hook);
        Ok(())
    })
}
