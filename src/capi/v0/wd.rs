//! The functions of `warpdrive/wd.h`. The comments below are the header's comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, and there the first paragraph of wd_queue \
              says what holds for all: pointers are NULL or good, and a queue stays where it is"
)]

use super::entry;
use crate::ctypes::v0::{__u16, __u32, wd_log_hook, wd_queue, wd_queue_info};
use crate::error::{Error, Result};
use crate::log;
use core::ffi::{c_char, c_int, c_void};

/// No queue can be opened yet, so none is ever given.
fn no_queue<T>() -> Result<T> {
    Err(Error::NoDevice)
}

/// Opens a queue. Before the call, set the structure to zero and the fields marked *in* to what
/// is wanted; with `vfio_group_path` NULL the queue is one of a uacce device: the device named by
/// `mdev_name`, or where that is NULL the best one that has the algorithm (nearest to the caller's
/// NUMA node, then most free queues).
///
/// Returns 0, or a negative error number, which `errno` has too, positive:
/// -EINVAL bad arguments or attributes; -ENODEV no such device, or none that the library knows how
/// to drive; -EBUSY no free queue; -EPERM a device without IOMMU that was not asked for, or a VFIO
/// group that is not viable; -EOPNOTSUPP the kernel lacks what is needed; -ENOMEM; or what the
/// system call that failed said. Nothing stays open then, and the structure can be used again.
#[unsafe(export_name = "__uadk_v0_wd_request_queue")]
pub unsafe extern "C" fn wd_request_queue(q: *mut wd_queue) -> c_int {
    let _ = q;
    entry("wd_request_queue", no_queue)
}

/// Closes a queue: waits a bounded time for what is outstanding, takes back what was shared
/// through it, and stops it. After the return the device reaches none of the caller's memory, and
/// messages that were not received belong to the caller again. Other threads that use the queue
/// meanwhile get -ESHUTDOWN. A queue that is not open, and NULL, are left alone.
#[unsafe(export_name = "__uadk_v0_wd_release_queue")]
pub unsafe extern "C" fn wd_release_queue(q: *mut wd_queue) {
    let _ = q;
    entry("wd_release_queue", || Ok(()))
}

/// Sends a message; for HiSilicon devices `req` is a `struct hisi_qm_msg`. It belongs to the
/// library until `wd_recv` gives it back. Never waits, and makes no system call. One thread may
/// send while another receives; more threads are safe, but take turns.
///
/// Returns 0; -EBUSY the queue is full, receive first; -EINVAL bad arguments; -ENODEV the device is
/// gone or was reset; -EIO the device broke the queue's protocol; -ESHUTDOWN the queue was
/// released, or belongs to the parent process. The message was not taken then.
#[unsafe(export_name = "__uadk_v0_wd_send")]
pub unsafe extern "C" fn wd_send(q: *mut wd_queue, req: *mut c_void) -> c_int {
    let _ = (q, req);
    entry("wd_send", no_queue)
}

/// Receives one message: writes the results into it and sets `*resp` to it, the pointer that was
/// given to `wd_send`. Messages come back in the order in which the device finishes them. Never
/// waits.
///
/// Returns 0; -EAGAIN nothing to receive yet; -EIO the device reported an error, with `*resp` set
/// to the message that has its status, or broke the protocol, with `*resp` NULL: the next call
/// goes on behind it; -EINVAL, -ENODEV, -ESHUTDOWN as `wd_send`.
#[unsafe(export_name = "__uadk_v0_wd_recv")]
pub unsafe extern "C" fn wd_recv(q: *mut wd_queue, resp: *mut *mut c_void) -> c_int {
    let _ = (q, resp);
    entry("wd_recv", no_queue)
}

/// Tells the device of messages that it has not been told of. `wd_send` and `wd_send_batch` tell
/// it themselves, so nothing needs this; NULL is left alone.
#[unsafe(export_name = "__uadk_v0_wd_flush")]
pub unsafe extern "C" fn wd_flush(q: *mut wd_queue) {
    let _ = q;
    entry("wd_flush", || Ok(()))
}

/// As `wd_recv`, but waits up to `ms` milliseconds for a message; 0 waits for ever. A signal does
/// not end the wait.
///
/// Returns as `wd_recv`, and -ETIMEDOUT in place of -EAGAIN. A message that was not received in
/// time stays with the library and can be received later.
#[unsafe(export_name = "__uadk_v0_wd_recv_sync")]
pub unsafe extern "C" fn wd_recv_sync(
    q: *mut wd_queue,
    resp: *mut *mut c_void,
    ms: __u16,
) -> c_int {
    let _ = (q, resp, ms);
    entry("wd_recv_sync", no_queue)
}

/// Lets the device reach the memory of `size` bytes at `addr`, at the same addresses. Whole pages
/// are shared, and counted: a page stays shared until it has been unshared as often. `flags` is 0
/// (the device may read and write), `WD_SHARE_READ`, `WD_SHARE_WRITE` or both; or `WD_SHARE_ALL`
/// with NULL and 0. With SVA all memory is shared already and the call does nothing.
///
/// Returns 0; -EINVAL bad arguments or flags, memory that is not mapped, or belongs to a device;
/// -EPERM a shared mapping of a file that the device would write; -ENOMEM, also for
/// `RLIMIT_MEMLOCK`; -EOPNOTSUPP the device reaches only what `wd_shared_alloc` gives;
/// -ESHUTDOWN as `wd_send`.
#[unsafe(export_name = "__uadk_v0_wd_mem_share")]
pub unsafe extern "C" fn wd_mem_share(
    q: *mut wd_queue,
    addr: *const c_void,
    size: usize,
    flags: c_int,
) -> c_int {
    let _ = (q, addr, size, flags);
    entry("wd_mem_share", no_queue)
}

/// Takes back one `wd_mem_share` of the same memory. When the last one of a page is taken back, the
/// device cannot reach it any more once this returns. Memory that is not shared is left alone.
#[unsafe(export_name = "__uadk_v0_wd_mem_unshare")]
pub unsafe extern "C" fn wd_mem_unshare(q: *mut wd_queue, addr: *const c_void, size: usize) {
    let _ = (q, addr, size);
    entry("wd_mem_unshare", || Ok(()))
}

/// Prints the devices there are to the standard output, a line each: name, interface, algorithms,
/// NUMA node, free queues, and whether it is simulated. Returns how many there are, or a negative
/// error number.
#[unsafe(export_name = "__uadk_v0_wd_dump_all_algos")]
pub unsafe extern "C" fn wd_dump_all_algos() -> c_int {
    entry("wd_dump_all_algos", || Ok(0))
}

/// Says what the queue is to be, before `wd_request_queue`. The text is kept in `hw_type`.
/// "algorithm": "zlib" (what is taken if nothing is said), "gzip", "deflate".
/// "direction": "compress" (likewise), "decompress".
/// "noiommu": "allow" takes a device without IOMMU too. Such a device can read and write all of
/// the machine's memory.
///
/// Returns 0; -EINVAL another name or value, or a queue that is open.
#[unsafe(export_name = "__uadk_v0_wd_set_queue_attr")]
pub unsafe extern "C" fn wd_set_queue_attr(
    q: *mut wd_queue,
    name: *const c_char,
    value: *mut c_char,
) -> c_int {
    let _ = (q, name, value);
    entry("wd_set_queue_attr", no_queue)
}

/// The VFIO IOMMU type of an open queue, 0 without VFIO, or a negative error number.
#[unsafe(export_name = "__uadk_v0___iommu_type")]
pub unsafe extern "C" fn __iommu_type(q: *mut wd_queue) -> c_int {
    let _ = q;
    entry("__iommu_type", no_queue)
}

/// Sends up to `count` messages and tells the device once. Returns how many were taken, the first
/// ones of `reqs`; fewer than `count` if the queue became full. If none was, an error as `wd_send`.
#[unsafe(export_name = "__uadk_v0_wd_send_batch")]
pub unsafe extern "C" fn wd_send_batch(
    q: *mut wd_queue,
    reqs: *mut *mut c_void,
    count: __u32,
) -> c_int {
    let _ = (q, reqs, count);
    entry("wd_send_batch", no_queue)
}

/// Receives up to `count` messages that are ready. Returns how many were written to `resps`; if
/// none was, an error as `wd_recv`. It ends before a message with an error, which `wd_recv`, or the
/// next call as its first, then reports.
#[unsafe(export_name = "__uadk_v0_wd_recv_batch")]
pub unsafe extern "C" fn wd_recv_batch(
    q: *mut wd_queue,
    resps: *mut *mut c_void,
    count: __u32,
) -> c_int {
    let _ = (q, resps, count);
    entry("wd_recv_batch", no_queue)
}

/// A descriptor that `poll` finds readable when the device has completed something, once
/// `wd_queue_arm` has asked for it. It belongs to the queue: do not read or close it. Or a negative
/// error number.
#[unsafe(export_name = "__uadk_v0_wd_queue_fd")]
pub unsafe extern "C" fn wd_queue_fd(q: *mut wd_queue) -> c_int {
    let _ = q;
    entry("wd_queue_fd", no_queue)
}

/// Asks the device to make the queue's descriptor readable with its next completion. Call
/// `wd_recv` once more after it and before `poll`: something may have completed in between.
/// Returns 0, or an error as `wd_send`.
#[unsafe(export_name = "__uadk_v0_wd_queue_arm")]
pub unsafe extern "C" fn wd_queue_arm(q: *mut wd_queue) -> c_int {
    let _ = q;
    entry("wd_queue_arm", no_queue)
}

/// Tells which device and path serve the queue, and what it has done so far. Set `info->size`
/// before; programs built with a shorter structure get as much of it.
/// Returns 0, or an error as `wd_send`.
#[unsafe(export_name = "__uadk_v0_wd_get_queue_info")]
pub unsafe extern "C" fn wd_get_queue_info(q: *mut wd_queue, info: *mut wd_queue_info) -> c_int {
    let _ = (q, info);
    entry("wd_get_queue_info", no_queue)
}

/// Allocates zeroed memory that the device of the queue reaches without `wd_mem_share`, and the
/// devices of queues opened before or later as well. Fork children do not have it. Free it with
/// `wd_shared_free`; it may outlive the queue.
///
/// Returns 0 and sets `*addr`, page-aligned; -EINVAL; -ENOMEM; else an error as `wd_send`.
#[unsafe(export_name = "__uadk_v0_wd_shared_alloc")]
pub unsafe extern "C" fn wd_shared_alloc(
    q: *mut wd_queue,
    size: usize,
    addr: *mut *mut c_void,
) -> c_int {
    let _ = (q, size, addr);
    entry("wd_shared_alloc", no_queue)
}

/// Frees what `wd_shared_alloc` gave. NULL is left alone.
#[unsafe(export_name = "__uadk_v0_wd_shared_free")]
pub unsafe extern "C" fn wd_shared_free(addr: *mut c_void) {
    let _ = addr;
    entry("wd_shared_free", || Ok(()))
}

/// Sets the function that receives the library's messages, or with NULL removes it. It may be
/// called from several threads at once, and must not call the library. Without it the library is
/// silent, except that the environment variable `WD_LOG_LEVEL` (error, info, debug) sends messages
/// to the standard error.
#[unsafe(export_name = "__uadk_v0_wd_set_log_hook")]
pub unsafe extern "C" fn wd_set_log_hook(hook: wd_log_hook) {
    entry("wd_set_log_hook", || {
        log::set_hook(hook);
        Ok(())
    })
}
