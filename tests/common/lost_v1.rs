//! A stream of UADK v1 whose device never answers.

use crate::instant::Instant;
use core::ffi::c_void;
use core::ptr;
use warpdrive::capi::v1::wd::wd_release_queue;
use warpdrive::capi::v1::wd_comp::{
    wcrypto_create_comp_ctx, wcrypto_del_comp_ctx, wcrypto_do_comp,
};
use warpdrive::ctypes::v1::wd::wd_queue;
use warpdrive::ctypes::v1::wd_comp::{wcrypto_comp_ctx_setup, wcrypto_comp_op_data};
use warpdrive::wcrypto::queue::{Queue, Wanted};

extern "C" fn nobody(_: *const c_void, _: *mut c_void) {
    unreachable!("there is no answer");
}

/// Sends a piece of a stream, deletes its context, calls `between`, and releases its queue.
pub fn lose(between: impl FnOnce()) {
    let device = Instant::new().expect("memory");
    let wanted = Wanted {
        algorithm: "zlib",
        ..Wanted::default()
    };
    let name = Queue::request_on(&device, &wanted).expect("opens");
    // SAFETY: all-zero bytes are a valid queue, as C programs begin with.
    let mut queue = Box::new(unsafe { std::mem::zeroed::<wd_queue>() });
    queue.qinfo = name.to_raw() as *mut _;
    // SAFETY: all-zero bytes are a valid setup, without memory operations.
    let mut setup: wcrypto_comp_ctx_setup = unsafe { std::mem::zeroed() };
    (setup.stream_mode, setup.win_size) = (1, 4);
    setup.cb = Some(nobody);
    // SAFETY: an open queue, and a setup of ours.
    let context = unsafe { wcrypto_create_comp_ctx(&raw mut *queue, &raw mut setup) };
    assert!(!context.is_null());
    // SAFETY: all-zero bytes are a valid request.
    let mut request: wcrypto_comp_op_data = unsafe { std::mem::zeroed() };
    (request.in_, request.in_len) = (0x1000 as *mut _, 100);
    (request.out, request.avail_out) = (0x2000 as *mut _, 300);
    (request.flush, request.stream_pos) = (3, 1);
    let tag = ptr::without_provenance_mut(1);
    // SAFETY: a context; the device looks at no memory.
    let sent = unsafe { wcrypto_do_comp(context, &raw mut request, tag) };
    assert_eq!(sent, 0);
    // SAFETY: a context.
    unsafe { wcrypto_del_comp_ctx(context) };
    between();
    // SAFETY: an open queue.
    unsafe { wd_release_queue(&raw mut *queue) };
}
