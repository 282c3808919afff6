//! The functions of `uadk/v1/wd.h`. The comments below are the header's comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header, where the first paragraph says what holds \
              for all: pointers are NULL or good"
)]

use super::{field, handle, queue_of, set_field};
use crate::capi::entry::entry;
use crate::capi::text::text;
use crate::ctypes::v1::__u16;
use crate::ctypes::v1::wd::{wd_log, wd_queue};
use crate::error::{Error, Result};
use crate::log;
use crate::queue::Direction;
use crate::sys::lent::Promise;
use crate::wcrypto::queue::{Answer, Owner, Queue, Wanted};
use core::ffi::{c_char, c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};
use core::time::Duration;

/// What `wd_register_log` was given; NULL before. Programs may read it and must not write it.
#[unsafe(no_mangle)]
pub static log_out: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// Opens a queue for `capa.alg`: `zlib`, `gzip`, `deflate` or `lz77_zstd`. `dev_path`, where it is a
/// device's name, is preferred, and so are the nodes of `node_mask`; a device near by with many free
/// queues is taken otherwise. Devices that work on the program's own addresses (SVA) are good too,
/// and come behind others. Devices without an IOMMU are only taken where the environment says
/// `WD_NOIOMMU=allow`. On success `dev_path` is the device's path and `qinfo` the library's. What
/// was in `qinfo` before does not matter: a copy of an open queue opens another one.
///
/// Returns 0; -WD_EINVAL: NULL, both a device's name and `node_mask`, or a direction above 1;
/// -WD_ENODEV: no device suits and has a free queue, or no messages of this algorithm are known;
/// -EPERM: only devices without an IOMMU suit; else the negative errno of what the kernel refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_request_queue(q: *mut wd_queue) -> c_int {
    entry("wd_request_queue", || {
        // SAFETY: the caller's promise: NULL or exclusively ours during the call.
        let q = unsafe { q.as_mut() }.ok_or(Error::Invalid)?;
        q.qinfo = ptr::null_mut();
        let direction = match q.capa.priv_.direction {
            0 => Direction::Compress,
            1 => Direction::Decompress,
            _ => return Err(Error::Invalid),
        };
        // A path, as an earlier call left it, names nothing.
        let path = field(&q.dev_path).ok_or(Error::Invalid)?;
        let named = !path.is_empty() && !path.starts_with('/') && !path.contains("../");
        let queue = Queue::request(&Wanted {
            // SAFETY: the caller's promise: NULL or a string.
            algorithm: unsafe { text(q.capa.alg) }.map_err(|_| Error::NoDevice)?,
            device: named.then_some(&*path),
            nodes: q.node_mask,
            direction,
            no_iommu: false,
        })?;
        set_field(&mut q.dev_path, &format!("/dev/{}", queue.facts()?.device));
        q.qinfo = ptr::without_provenance_mut(queue.to_raw() as usize);
        Ok(0)
    })
}

/// Releases a queue. No new call gets in; calls inside finish; messages in flight get 250 ms to come
/// back and belong to the caller then; the device is stopped, and the memory that the queue has
/// reserved goes, except that of pools, which goes with them. Contexts that the queue still has answer
/// errors afterwards. Harmless for NULL, a queue that is not open, and in a fork child. Other threads
/// may be using the queue: they get -ESHUTDOWN.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_release_queue(q: *mut wd_queue) {
    entry("wd_release_queue", || {
        // SAFETY: the caller's promise.
        let queue = unsafe { queue_of(q) }?;
        let released = queue.release();
        if released.is_ok() || queue.is_inherited() {
            // SAFETY: not NULL, or `queue_of` had failed.
            unsafe { handle(q) }.store(ptr::null_mut(), Ordering::Relaxed);
        }
        released
    })
}

/// Sends a message, a `struct wcrypto_comp_msg`. Never blocks, makes no system call. The message, and
/// what it names, must stay until `wd_recv` gives it back.
///
/// Returns 0; -WD_EBUSY: the queue is full; -WD_HW_EACCESS: the device was reset or has gone;
/// -WD_EINVAL: NULL, a queue that is not open, a message that no descriptor can be made of, or memory
/// that the device cannot reach; -ESHUTDOWN: the queue was released, or is that of the parent of this
/// process; -WD_EIO: the device broke the protocol. The message was not sent then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_send(q: *mut wd_queue, req: *mut c_void) -> c_int {
    entry("wd_send", || {
        // SAFETY: the caller's promise.
        let queue = unsafe { queue_of(q) }?;
        let sent = queue.send(Promise::of_callers(), req.cast(), Owner::Program);
        sent.map(|()| 0)
    })
}

/// Receives a message that `wd_send` was given, with the answer in it. With a number other than 0 in
/// the low 16 bits of `*resp`, one whose `tag` is this number. Never blocks, makes no system call.
/// Messages of contexts are not received here, but by the contexts.
///
/// Returns 1 and the message in `*resp`; 0: none has come back; -WD_HW_EACCESS: the device was reset
/// or has gone, and `*resp` is a message that was not answered, NULL if there is none left; -WD_EIO:
/// the device named a message that was never sent, and the next call goes on behind it; -WD_EINVAL:
/// NULL, or a queue that is not open; -ESHUTDOWN as for `wd_send`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_recv(q: *mut wd_queue, resp: *mut *mut c_void) -> c_int {
    entry("wd_recv", || {
        // SAFETY: the caller's promise.
        let queue = unsafe { queue_of(q) }?;
        // SAFETY: the caller's promise: NULL or a pointer of the caller's own.
        receive(queue, unsafe { resp.as_mut() }.ok_or(Error::Invalid)?)
    })
}

/// What `wd_recv` answers.
#[inline]
fn receive(queue: Queue, resp: &mut *mut c_void) -> Result<c_int> {
    let promise = Promise::of_callers();
    let wanted = match resp.addr() as u16 {
        0 => Answer::Any,
        tag => Answer::Tagged(tag),
    };
    match queue.receive(promise, wanted) {
        Ok(Some(message)) => {
            *resp = message.cast();
            Ok(1)
        }
        Ok(None) => Ok(0),
        Err(Error::DeviceReset) => {
            let left = queue.recall(promise, wanted).ok().flatten();
            *resp = left.map_or(ptr::null_mut(), |message| message.cast());
            Err(Error::DeviceReset)
        }
        Err(error) => Err(error),
    }
}

/// Waits up to `ms` milliseconds until there is something to receive, on a queue that was opened with
/// `capa.priv.is_poll` 1.
///
/// Returns 1: there is; 0: the time is over; -WD_EINVAL: NULL, a queue that is not open, or `is_poll`
/// is not 1; -WD_ENODEV: it cannot be waited; -ESHUTDOWN as for `wd_send`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_wait(q: *mut wd_queue, ms: __u16) -> c_int {
    entry("wd_wait", || {
        // SAFETY: the caller's promise.
        unsafe { wait(q, ms) }.map(c_int::from)
    })
}

/// What `wd_wait` answers.
///
/// # Safety
/// `q` is NULL or points to a `wd_queue`.
unsafe fn wait(q: *mut wd_queue, ms: __u16) -> Result<bool> {
    // SAFETY: the promise above.
    let queue = unsafe { queue_of(q) }?;
    // SAFETY: as above; not NULL, or `queue_of` had failed.
    let polls = unsafe { &raw const (*q).capa.priv_.is_poll };
    // SAFETY: as above; the library does not write to it.
    if unsafe { polls.read() } == 0 {
        return Err(Error::Invalid);
    }
    let waited = queue.wait(Duration::from_millis(ms.into()));
    waited.map_err(|error| match error {
        Error::Shutdown => error,
        _ => Error::NoDevice,
    })
}

/// `wd_wait`, and if there is something, `wd_recv`.
///
/// Returns what the one that was called last does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_recv_sync(
    q: *mut wd_queue,
    resp: *mut *mut c_void,
    ms: __u16,
) -> c_int {
    entry("wd_recv_sync", || {
        // SAFETY: the caller's promise: NULL or a pointer of the caller's own.
        let resp = unsafe { resp.as_mut() }.ok_or(Error::Invalid)?;
        // SAFETY: the caller's promise.
        if !unsafe { wait(q, ms) }? {
            return Ok(0);
        }
        // SAFETY: the caller's promise.
        receive(unsafe { queue_of(q) }?, resp)
    })
}

/// Reserves `size` bytes of memory that the device of the queue reaches, once for a queue. It goes
/// with the queue.
///
/// Returns the address, of a page; NULL, and errno: EINVAL for NULL, size 0, or a queue that is not
/// open, EEXIST if the queue has some already, ENOMEM, EOPNOTSUPP, ESHUTDOWN, or what the kernel said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_reserve_memory(q: *mut wd_queue, size: usize) -> *mut c_void {
    entry("wd_reserve_memory", || {
        // SAFETY: the caller's promise.
        let memory = unsafe { queue_of(q) }?.reserve(size)?;
        Ok(ptr::with_exposed_provenance_mut(memory.address()))
    })
}

/// Tells how many devices a queue for `algorithm` can be had of now.
///
/// Returns the number, 0 too, and 0 for algorithms of which no messages are known; -WD_EINVAL: NULL;
/// -WD_ENODEV: there is no uacce class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_available_dev_num(algorithm: *const c_char) -> c_int {
    entry("wd_get_available_dev_num", || {
        if algorithm.is_null() {
            return Err(Error::Invalid);
        }
        // SAFETY: the caller's promise: a string.
        let count = unsafe { text(algorithm) }.map_or(Ok(0), Queue::devices)?;
        Ok(c_int::try_from(count).unwrap_or(c_int::MAX))
    })
}

/// Tells the NUMA node of a queue's device.
///
/// Returns the node, -1 if it is on none or nobody knows; -WD_EINVAL: NULL, or a queue that is not
/// open; -ESHUTDOWN as for `wd_send`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_node_id(q: *mut wd_queue) -> c_int {
    entry("wd_get_node_id", || {
        // SAFETY: the caller's promise.
        Ok(unsafe { queue_of(q) }?.facts()?.node_id)
    })
}

/// Tells the device's address of `sz` bytes at `va`, which lie in what `wd_reserve_memory` gave; with
/// SVA anywhere. 0 bytes count as 1.
///
/// Returns the address; NULL, and errno: EINVAL for NULL, a queue that is not open, memory that the
/// device does not reach, or that is not in one piece for it; ESHUTDOWN.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_iova_map(q: *mut wd_queue, va: *mut c_void, sz: usize) -> *mut c_void {
    entry("wd_iova_map", || {
        // SAFETY: the caller's promise.
        let queue = unsafe { queue_of(q) }?;
        if va.is_null() {
            return Err(Error::Invalid);
        }
        let bus = queue.map(va.addr(), sz)?;
        Ok(ptr::without_provenance_mut(bus.get() as usize))
    })
}

/// Ends the use of what `wd_iova_map` told. There is nothing to do.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_iova_unmap(
    q: *mut wd_queue,
    va: *mut c_void,
    dma: *mut c_void,
    sz: usize,
) {
    // The names are for the header.
    let _ = (q, va, dma, sz);
}

/// Tells the program's address of what the device has at `dma`: the reverse of `wd_iova_map`.
///
/// Returns the address; NULL, and errno: EINVAL for NULL, a queue that is not open, or an address
/// that is not in what `wd_reserve_memory` gave; ESHUTDOWN.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_dma_to_va(q: *mut wd_queue, dma: *mut c_void) -> *mut c_void {
    entry("wd_dma_to_va", || {
        // SAFETY: the caller's promise.
        let address = unsafe { queue_of(q) }?.address_of(dma.addr() as u64)?;
        Ok(ptr::with_exposed_provenance_mut(address))
    })
}

/// Sets the function that messages are printed with, once in the life of a process: errors of the
/// library, and what the program itself prints with `WD_ERR`. It is called from any thread and must
/// not call the library. Without it the library's messages go to the standard error if `WD_LOG_LEVEL`
/// is `error`, `info` or `debug`, else nowhere.
///
/// Returns 0, or -WD_EINVAL: `log` is NULL, or one is set already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_register_log(log: wd_log) -> c_int {
    entry("wd_register_log", || {
        let log = log.ok_or(Error::Invalid)?;
        // Relaxed: the word is all there is, and nothing is published with it.
        log_out
            .compare_exchange(
                ptr::null_mut(),
                log as *mut c_void,
                Ordering::Relaxed,
                Ordering::Relaxed,
            )
            .map_err(|_| Error::Invalid)?;
        log::set_printer(log);
        Ok(0)
    })
}
