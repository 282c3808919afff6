//! A queue of UADK v1 as C programs have it, on a device that answers at once, and
//! messages through it.

use crate::instant::{Completer, Instant};
use core::ffi::c_void;
use core::ptr;
use warpdrive::capi::v1::wd::{wd_recv, wd_send};
use warpdrive::ctypes::v1::wd::{wd_mm_br, wd_queue};
use warpdrive::ctypes::v1::wd_comp::wcrypto_comp_msg;
use warpdrive::sys::lent::Promise;
use warpdrive::sys::mm_br::MmBr;
use warpdrive::wcrypto::queue::{Queue, Wanted};

extern "C" fn map(_: *mut c_void, va: *mut c_void, _: usize) -> *mut c_void {
    va
}

extern "C" fn unmap(_: *mut c_void, _: *mut c_void, _: *mut c_void, _: usize) {}

/// A queue of its own device; with `told`, one where the program's functions tell addresses.
pub struct Raw {
    queue: Box<wd_queue>,
    message: Box<wcrypto_comp_msg>,
    completer: Completer,
    _device: Instant,
}

impl Raw {
    pub fn new(told: bool) -> Raw {
        let device = Instant::new().expect("memory");
        let wanted = Wanted {
            algorithm: "zlib",
            ..Wanted::default()
        };
        let name = Queue::request_on(&device, &wanted).expect("opens");
        if told {
            let br = wd_mm_br {
                alloc: None,
                free: None,
                iova_map: Some(map),
                iova_unmap: Some(unmap),
                usr: ptr::null_mut(),
                get_bufsize: None,
            };
            // SAFETY: the functions above take any address.
            let br = MmBr::lent(unsafe { Promise::given() }, &raw const br).expect("there");
            assert_eq!(name.join(Some(&br)), Ok(1));
        }
        // SAFETY: all-zero bytes are a valid queue, as C programs begin with.
        let mut queue = Box::new(unsafe { std::mem::zeroed::<wd_queue>() });
        queue.qinfo = name.to_raw() as *mut _;
        // SAFETY: all-zero bytes are a valid message.
        let mut message = Box::new(unsafe { std::mem::zeroed::<wcrypto_comp_msg>() });
        (message.src, message.in_size) = (0x1000 as *mut _, 100);
        (message.dst, message.avail_out) = (0x2000 as *mut _, 200);
        (message.flush_type, message.stream_pos) = (3, 1);
        Raw {
            queue,
            message,
            completer: device.completer(),
            _device: device,
        }
    }

    /// Sends the message and receives it, so many times.
    pub fn pairs(&mut self, count: usize) -> bool {
        let (q, message) = (&raw mut *self.queue, (&raw mut *self.message).cast());
        (0..count).all(|_| {
            // SAFETY: an open queue, and a message that lives.
            let sent = unsafe { wd_send(q, message) };
            self.completer.complete();
            let mut back = ptr::null_mut();
            // SAFETY: an open queue, and a pointer of our own.
            let received = unsafe { wd_recv(q, &raw mut back) };
            sent == 0 && received == 1 && back == message
        })
    }
}
