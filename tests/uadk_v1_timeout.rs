//! How long a synchronous request of UADK v1 is waited for can be told. The test has a process of its
//! own, since the environment is the process's.

#![expect(unsafe_code, reason = "calls of C entries as C programs make them")]

use std::ptr::null_mut;
use std::time::{Duration, Instant};
use warpdrive::capi::v1::wd::*;
use warpdrive::capi::v1::wd_comp::*;
use warpdrive::ctypes::v1::wd::{WD_ETIMEDOUT, wd_queue};
use warpdrive::ctypes::v1::wd_comp::{wcrypto_comp_ctx_setup, wcrypto_comp_op_data};

/// What is waited for without the variable; a busy machine does not come near.
const USUAL: Duration = Duration::from_secs(20);

#[test]
fn a_request_of_v1_times_out_after_what_the_environment_says() {
    for (name, value) in [
        ("WD_SIM", "hisi_zip,fault=drop@1"),
        ("WD_SYNC_TIMEOUT_MS", "30"),
    ] {
        // SAFETY: no other thread looks at the environment.
        unsafe { std::env::set_var(name, value) };
    }
    // SAFETY: for a structure of numbers and pointers zeros are a value.
    let mut queue: wd_queue = unsafe { std::mem::zeroed() };
    queue.capa.alg = c"zlib".as_ptr();
    // SAFETY: a structure of ours, which stays where it is.
    assert_eq!(unsafe { wd_request_queue(&mut queue) }, 0);
    // SAFETY: as above, and functions that may be absent.
    let mut setup: wcrypto_comp_ctx_setup = unsafe { std::mem::zeroed() };
    // SAFETY: an open queue, and a setup.
    let context = unsafe { wcrypto_create_comp_ctx(&mut queue, &mut setup) };
    assert!(!context.is_null());
    let (mut input, mut room) = ([7_u8; 100], [0_u8; 400]);
    // SAFETY: as above.
    let mut data: wcrypto_comp_op_data = unsafe { std::mem::zeroed() };
    (data.in_, data.in_len) = (input.as_mut_ptr(), 100);
    (data.out, data.avail_out) = (room.as_mut_ptr(), 400);
    (data.flush, data.stream_pos) = (3, 1);
    let start = Instant::now();
    // SAFETY: buffers stay until the queue is released.
    let answer = unsafe { wcrypto_do_comp(context, &mut data, null_mut()) };
    assert_eq!(answer, -WD_ETIMEDOUT);
    assert!(start.elapsed() < USUAL);
    // SAFETY: an open queue.
    unsafe { wd_release_queue(&mut queue) };
    // SAFETY: a context.
    unsafe { wcrypto_del_comp_ctx(context) };
}
