//! Sessions as a C program has them, with requests of all kinds.

use core::ffi::c_void;
use core::ptr;
use warpdrive::capi::v2::wd_comp::*;
use warpdrive::ctypes::v2::Enum;
use warpdrive::ctypes::v2::wd_comp::{wd_comp_req, wd_comp_sess_setup};

/// Requests that are on their way at once.
const BATCH: u32 = 30;

/// An initialised library, and a session of it.
pub struct Sessions {
    handle: usize,
    input: Vec<u8>,
    output: Vec<u8>,
}

unsafe extern "C" fn count(request: *mut wd_comp_req, back: *mut c_void) -> *mut c_void {
    // SAFETY: the library's copy of a request.
    let request = unsafe { request.read() };
    // SAFETY: the request names this counter, which the poll's caller keeps.
    let counter = unsafe { &mut *back.cast::<u32>() };
    *counter += u32::from(request.status == 0 && request.dst_len > 0);
    ptr::null_mut()
}

impl Sessions {
    /// Compression to zlib, served as `task` says.
    pub fn new(task: i32) -> Sessions {
        let name = c"zlib".as_ptr().cast_mut();
        // SAFETY: good arguments.
        let answer = unsafe { wd_comp_init2_(name, 0, task, ptr::null_mut()) };
        assert_eq!(answer, 0);
        // SAFETY: integers and pointers, for which zero is a value.
        let mut setup: wd_comp_sess_setup = unsafe { core::mem::zeroed() };
        setup.alg_type = Enum::new(1);
        setup.comp_lv = Enum::new(1);
        // SAFETY: a good setup.
        let handle = unsafe { wd_comp_alloc_sess(&raw mut setup) };
        assert_ne!(handle, 0);
        Sessions {
            handle,
            input: (0..5000_u32).map(|n| ((n * n) >> 12) as u8).collect(),
            output: vec![0; 6000],
        }
    }

    fn request(&mut self) -> wd_comp_req {
        wd_comp_req {
            src: self.input.as_mut_ptr().cast(),
            src_len: self.input.len() as u32,
            dst: self.output.as_mut_ptr().cast(),
            dst_len: self.output.len() as u32,
            cb: None,
            cb_param: ptr::null_mut(),
            op_type: Enum::new(0),
            data_fmt: Enum::new(0),
            last: 1,
            status: 0,
            priv_: ptr::null_mut(),
        }
    }

    /// Synchronous requests, streams of two pieces, and batches of asynchronous ones. Whether all went
    /// well.
    pub fn run(&mut self, rounds: u32) -> bool {
        (0..rounds).all(|_| self.synchronous() && self.asynchronous())
    }

    fn synchronous(&mut self) -> bool {
        let mut whole = self.request();
        let (mut first, mut second) = (self.request(), self.request());
        (first.src_len, first.last) = (2000, 0);
        second.src_len = 3000;
        // SAFETY: a good session, and a request whose memory lives.
        let whole = unsafe { wd_do_comp_sync(self.handle, &raw mut whole) };
        // SAFETY: as above.
        let first = unsafe { wd_do_comp_strm(self.handle, &raw mut first) };
        // SAFETY: as above.
        let second = unsafe { wd_do_comp_strm(self.handle, &raw mut second) };
        (whole, first, second) == (0, 0, 0)
    }

    fn asynchronous(&mut self) -> bool {
        let mut back = 0_u32;
        let mut request = self.request();
        request.cb = Some(count);
        request.cb_param = (&raw mut back).cast();
        // They write the same bytes to the same place.
        for _ in 0..BATCH {
            // SAFETY: as above.
            if unsafe { wd_do_comp_async(self.handle, &raw mut request) } != 0 {
                return false;
            }
        }
        let mut polled = 0;
        while polled < BATCH {
            // SAFETY: a good count.
            if unsafe { wd_comp_poll(BATCH, &raw mut polled) } != 0 {
                return false;
            }
        }
        // SAFETY: the callbacks are over.
        unsafe { ptr::read_volatile(&raw const back) == BATCH }
    }
}
