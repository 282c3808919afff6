//! What a request costs in a session: as programs in Rust have it, and through the C entries, over a
//! driver in C's form that answers at once. `session NAME COUNT` runs one of `rust`, `sync` and
//! `async` alone, for counting instructions with callgrind.

#![expect(unsafe_code, reason = "calls the C entries as a C program does")]
#![expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "the driver is what a C programmer would write"
)]

mod results;

use core::ffi::{c_int, c_void};
use core::hint::black_box;
use core::ptr;
use warpdrive::alg::comp::{Direction, Format, Session};
use warpdrive::capi::v2::wd_alg::wd_alg_driver_register;
use warpdrive::capi::v2::wd_comp::*;
use warpdrive::ctypes::v2::wd::wd_mm_ops;
use warpdrive::ctypes::v2::wd_alg::wd_alg_driver;
use warpdrive::ctypes::v2::wd_comp::{wd_comp_req, wd_comp_sess_setup};
use warpdrive::ctypes::v2::wd_comp_drv::wd_comp_msg;
use warpdrive::ctypes::v2::{CBool, Enum, handle_t};

/// Tags on their way, in the form of a queue. One thread sends and receives.
static mut TAGS: [u32; 2048] = [0; 2048];
static mut HEAD: usize = 0;
static mut TAIL: usize = 0;

unsafe extern "C" fn init(_: *mut wd_alg_driver, _: *mut c_void) -> c_int {
    0
}

unsafe extern "C" fn exit(_: *mut wd_alg_driver) {}

unsafe extern "C" fn send(_: *mut wd_alg_driver, _: handle_t, message: *mut c_void) -> c_int {
    let message: *mut wd_comp_msg = message.cast();
    // SAFETY: one thread; the message is the library's.
    unsafe {
        (*message).in_cons = (*message).req.src_len;
        (*message).produced = 10;
        (*message).req.status = 0;
        TAGS[TAIL % 2048] = (*message).tag;
        TAIL += 1;
    }
    0
}

unsafe extern "C" fn recv(_: *mut wd_alg_driver, _: handle_t, message: *mut c_void) -> c_int {
    let message: *mut wd_comp_msg = message.cast();
    // SAFETY: as above.
    unsafe {
        if HEAD == TAIL {
            return -11;
        }
        (*message).tag = TAGS[HEAD % 2048];
        HEAD += 1;
    }
    0
}

unsafe extern "C" fn done(_: *mut wd_comp_req, count: *mut c_void) -> *mut c_void {
    // SAFETY: `count` is the counter in `main`.
    unsafe { *count.cast::<u64>() += 1 };
    ptr::null_mut()
}

/// Initialises compression with the driver of this file; a session.
fn session() -> handle_t {
    // The library knows its address for good.
    let driver = Box::leak(Box::new(wd_alg_driver {
        drv_name: c"instant".as_ptr(),
        alg_name: c"zlib".as_ptr(),
        priority: 900,
        calc_type: 0,
        queue_num: 1,
        op_type_num: 1,
        priv_: ptr::null_mut(),
        fallback: 0,
        init: Some(init),
        exit: Some(exit),
        send: Some(send),
        recv: Some(recv),
        get_usage: None,
        get_extend_ops: None,
    }));
    // SAFETY: a driver that stays.
    assert_eq!(unsafe { wd_alg_driver_register(driver) }, 0);
    let name = c"zlib".as_ptr().cast_mut();
    // SAFETY: good arguments.
    assert_eq!(unsafe { wd_comp_init2_(name, 0, 2, ptr::null_mut()) }, 0);
    let mut setup = wd_comp_sess_setup {
        alg_type: Enum::new(1),
        comp_lv: Enum::new(1),
        win_sz: Enum::new(4),
        op_type: Enum::new(0),
        sched_param: ptr::null_mut(),
        mm_ops: wd_mm_ops {
            alloc: None,
            free: None,
            iova_map: None,
            iova_unmap: None,
            get_bufsize: None,
            usr: ptr::null_mut(),
            sva_mode: CBool(0),
        },
        mm_type: Enum::new(0),
    };
    // SAFETY: a good setup.
    let handle = unsafe { wd_comp_alloc_sess(&raw mut setup) };
    assert_ne!(handle, 0);
    handle
}

fn main() {
    let handle = session();
    let (mut input, mut output) = ([0_u8; 64], [0_u8; 64]);
    let mut count = 0_u64;
    let base = wd_comp_req {
        src: input.as_mut_ptr().cast(),
        src_len: 64,
        dst: output.as_mut_ptr().cast(),
        dst_len: 64,
        cb: None,
        cb_param: ptr::null_mut(),
        op_type: Enum::new(0),
        data_fmt: Enum::new(0),
        last: 0,
        status: 0,
        priv_: ptr::null_mut(),
    };
    let session = Session::open(Format::WD_ZLIB, Direction::WD_DIR_COMPRESS, 1);
    let session = session.expect("initialised above");
    let (data, mut room) = ([0_u8; 64], [0_u8; 64]);
    let mut rust = |times: u64| {
        for _ in 0..times {
            let done = session.whole(black_box(&data), black_box(&mut room));
            assert_eq!(done.expect("an answer").produced, 10);
        }
    };
    let mut sync = |times: u64| {
        for _ in 0..times {
            let mut request = base;
            // SAFETY: a good request. The driver's queue is emptied by the library.
            assert_eq!(unsafe { wd_do_comp_sync(handle, &raw mut request) }, 0);
        }
    };
    let mut asynchronous = |times: u64| {
        let counter = (&raw mut count).cast();
        for _ in 0..times {
            let mut request = wd_comp_req {
                cb: Some(done),
                cb_param: counter,
                ..base
            };
            // SAFETY: a good request.
            assert_eq!(unsafe { wd_do_comp_async(handle, &raw mut request) }, 0);
            let mut finished = 0;
            // SAFETY: a good count.
            assert_eq!(unsafe { wd_comp_poll(1, &raw mut finished) }, 0);
            assert_eq!(finished, 1);
        }
    };
    if let Some((name, times)) = results::only() {
        return match name.as_str() {
            "rust" => rust(times),
            "async" => asynchronous(times),
            _ => sync(times),
        };
    }
    let mut runs: [&mut dyn FnMut(u64); 3] = [&mut rust, &mut sync, &mut asynchronous];
    let times = results::least(&mut runs, 200_000, 30);
    let names = [
        ("session", "synchronous, in Rust"),
        ("session", "synchronous, C entry in the program"),
        ("session", "asynchronous and polled, C entry in the program"),
    ];
    for ((floor, what), time) in names.into_iter().zip(times) {
        results::row(floor, what, "ns", time, None);
    }
}
