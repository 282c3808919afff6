//! The functions of `wd.h`: devices and contexts. The comments below are the header's comments.

#![expect(unsafe_code, reason = "C entry points")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments are printed in the C header: pointers are NULL or good, strings end \
              with NUL, and handles may be any number"
)]

use crate::capi::entry::{OrError, SystemCall, entry};
use crate::ctypes::v2::uacce::uacce_qfrt;
use crate::ctypes::v2::wd::{uacce_dev, uacce_dev_list};
use crate::ctypes::v2::wd_alg_common::bitmask;
use crate::ctypes::v2::{__u8, __u16, Enum, handle_t};
use crate::error::Error;
use core::ffi::{c_char, c_int, c_ulong, c_void};

/// Takes a context of a device, which is known by the names in `dev_root` and `char_dev_path`.
///
/// Returns a handle; 0 and errno for NULL, empty names (EINVAL), a device that is not there (ENODEV), one
/// without a free queue (EBUSY).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_request_ctx(dev: *mut uacce_dev) -> handle_t {
    entry("wd_request_ctx", || Err(Error::NoDevice))
}

/// Gives a context back. Its queue is stopped at once; it is free for others when nothing in the library
/// uses it any more. Harmless for 0, contexts without a device, and handles that are released already. A
/// child made by fork can not release its parent's contexts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_release_ctx(h_ctx: handle_t) {
    entry("wd_release_ctx", || Err(Error::NoDevice))
}

/// Starts the context's queue.
///
/// Returns 0; -EINVAL for what is not a context of a device; else -1 and errno, as ioctl does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_start(h_ctx: handle_t) -> c_int {
    entry::<SystemCall>("wd_ctx_start", || Err(Error::NoDevice)).0
}

/// Stops the context's queue and gives its hardware back; the handle still has to be released.
///
/// Returns 0; -EINVAL for what is not a context of a device; else -1 and errno, as ioctl does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_release_ctx_force(h_ctx: handle_t) -> c_int {
    entry::<SystemCall>("wd_release_ctx_force", || Err(Error::NoDevice)).0
}

/// Stores a pointer of the caller's in a context.
///
/// Returns 0; -EINVAL for what is not a context of a device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_set_priv(h_ctx: handle_t, priv_: *mut c_void) -> c_int {
    entry("wd_ctx_set_priv", || Err(Error::NoDevice))
}

/// Returns what `wd_ctx_set_priv` stored; NULL if nothing, or for what is not a context of a device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_get_priv(h_ctx: handle_t) -> *mut c_void {
    entry("wd_ctx_get_priv", || Err(Error::NoDevice))
}

/// Returns the queue interface of the context's device, for example `hisi_qm_v3`, valid until the context
/// is released; NULL for what is not a context of a device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_get_api(h_ctx: handle_t) -> *mut c_char {
    entry("wd_ctx_get_api", || Err(Error::NoDevice))
}

/// Maps a region of the context's queue. A region is mapped once: later calls give the same address. The
/// doorbells of a simulated device are no memory and can not be mapped.
///
/// Returns the address; NULL and errno if there is no such region or it can not be mapped.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_mmap_qfr(h_ctx: handle_t, qfrt: Enum<uacce_qfrt>) -> *mut c_void {
    entry("wd_ctx_mmap_qfr", || Err(Error::NoDevice))
}

/// Ends the caller's use of a region. It stays mapped as long as the context lives, since kernels map a
/// region once in the life of a queue.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_unmap_qfr(h_ctx: handle_t, qfrt: Enum<uacce_qfrt>) {
    entry("wd_ctx_unmap_qfr", || Err(Error::NoDevice))
}

/// Waits until the device may have finished something, for at most `ms` milliseconds.
///
/// Returns 1 if it may have; 0 if the time is over; -EINVAL for what is not a context of a device, else the
/// negative errno of poll.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_wait(h_ctx: handle_t, ms: __u16) -> c_int {
    entry("wd_ctx_wait", || Err(Error::NoDevice))
}

/// Returns 1 if the context's device works on the process's own addresses, 0 if not; -EINVAL for 0,
/// -WD_HW_EACCESS for what is not a context of a device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_is_sva(h_ctx: handle_t) -> c_int {
    entry("wd_is_sva", || Err(Error::NoDevice))
}

/// Returns 1 if the device was taken out of service by error handling, 0 if not; -EINVAL for NULL and a
/// device without a name, -ENODEV if it is not there, -EIO if its attributes can not be understood.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_is_isolate(dev: *mut uacce_dev) -> c_int {
    entry("wd_is_isolate", || Err(Error::NoDevice))
}

/// Makes the device's name from its path, `hisi_zip-0` from `/dev/hisi_zip-0`, and with `no_apdx` 1 the
/// driver's, `hisi_zip`.
///
/// Returns a string to be freed with free(); NULL if there is no name, or `no_apdx` is neither 0 nor 1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_accel_name(dev_path: *mut c_char, no_apdx: c_int) -> *mut c_char {
    entry("wd_get_accel_name", || Err(Error::NoDevice))
}

/// Returns the NUMA node of the context's device; -EINVAL for what is not a context of a device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_numa_id(h_ctx: handle_t) -> c_int {
    entry("wd_get_numa_id", || Err(Error::NoDevice))
}

/// Returns how many contexts of a device are free now; -EINVAL for NULL and a device without a name,
/// -ENODEV if it is not there or does not tell, -EIO if its attributes can not be understood.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_avail_ctx(dev: *mut uacce_dev) -> c_int {
    entry("wd_get_avail_ctx", || Err(Error::NoDevice))
}

/// Lists the devices that have an algorithm, by its whole name, without those taken out of service.
///
/// Returns a list for `wd_free_list_accels`; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_accel_list(alg_name: *const c_char) -> *mut uacce_dev_list {
    entry("wd_get_accel_list", || Err(Error::NoDevice))
}

/// Picks the device of a list that is on a NUMA node and has the most free contexts.
///
/// Returns a device of the list; an error for WD_IS_ERR: -EINVAL for NULL, -ENODEV if none is free there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_find_dev_by_numa(
    list: *mut uacce_dev_list,
    numa_id: c_int,
) -> *mut uacce_dev {
    entry::<OrError<_>>("wd_find_dev_by_numa", || Err(Error::NoDevice)).0
}

/// Picks the device that has an algorithm and free contexts, nearest to the caller's processor, then with
/// the most free contexts.
///
/// Returns a device to be freed with free(); NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_accel_dev(alg_name: *const c_char) -> *mut uacce_dev {
    entry("wd_get_accel_dev", || Err(Error::NoDevice))
}

/// Frees a list and its devices.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_free_list_accels(list: *mut uacce_dev_list) {
    entry("wd_free_list_accels", || Err(Error::NoDevice))
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
    entry::<SystemCall>("wd_ctx_set_io_cmd", || Err(Error::NoDevice)).0
}

/// Returns the bytes of a region of the context's queue; 0 if there is no such region.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_get_region_size(
    h_ctx: handle_t,
    qfrt: Enum<uacce_qfrt>,
) -> c_ulong {
    entry::<usize>("wd_ctx_get_region_size", || Err(Error::NoDevice)) as c_ulong
}

/// Copies a device.
///
/// Returns a device to be freed with free(); NULL for NULL and if there is no memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_clone_dev(dev: *mut uacce_dev) -> *mut uacce_dev {
    entry("wd_clone_dev", || Err(Error::NoDevice))
}

/// Puts `node` at the end of a list. Does nothing for NULL, and for a node that is in the list already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_add_dev_to_list(head: *mut uacce_dev_list, node: *mut uacce_dev_list) {
    entry("wd_add_dev_to_list", || Err(Error::NoDevice))
}

/// Makes the set of the NUMA nodes of a list's devices, as libnuma lays out sets of nodes.
///
/// Returns a set for `wd_free_device_nodemask` or `numa_bitmask_free`; an error for WD_IS_ERR: -EINVAL for
/// NULL, -ENOMEM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_create_device_nodemask(list: *mut uacce_dev_list) -> *mut bitmask {
    entry::<OrError<_>>("wd_create_device_nodemask", || Err(Error::NoDevice)).0
}

/// Frees a set of NUMA nodes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_free_device_nodemask(bmp: *mut bitmask) {
    entry("wd_free_device_nodemask", || Err(Error::NoDevice))
}

/// Returns the name of the context's device, valid until the context is released; NULL for what is not a
/// context of a device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_ctx_get_dev_name(h_ctx: handle_t) -> *mut c_char {
    entry("wd_ctx_get_dev_name", || Err(Error::NoDevice))
}

/// Prints the version of UADK whose API this is, the date of its release, and what this library is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_get_version() {
    entry("wd_get_version", || Err(Error::NoDevice))
}

/// Returns whether messages for developers are wanted: WD_LOG_LEVEL is `debug`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_need_debug() -> bool {
    entry("wd_need_debug", || Err(Error::NoDevice))
}

/// Returns whether messages on what was chosen are wanted: WD_LOG_LEVEL is `info` or `debug`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wd_need_info() -> bool {
    entry("wd_need_info", || Err(Error::NoDevice))
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
    entry("wd_get_dev_usage", || Err(Error::NoDevice))
}
