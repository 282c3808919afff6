//! Sessions over engines that do what a test wants.

mod asynchronous;
mod engine;
mod life;
mod requests;

use super::session::Setup;
use super::{end, free, here, open, post, sync};
use crate::alg::sched::{Key, Mode, Native};
use crate::alg::seat::Patience;
use crate::alg::setup::{Chooser, Foreign, Param, Plan};
use crate::ctypes::v2::Enum;
use crate::ctypes::v2::wd_comp::wd_comp_req;
use crate::ctypes::v2::wd_sched::sched_params;
use crate::ctypes::v2::wd_sched::sched_policy_type::{SCHED_POLICY_RR, SCHED_POLICY_SINGLE};
use crate::error::{Error, Result};
use crate::sys::lock::{Mutex, MutexGuard};
use core::ffi::c_void;
use core::ptr;
use core::time::Duration;
use engine::{Knobs, Puppet};
use std::sync::Arc;

/// There is one compression in a process: one test at a time has it.
static ONE: Mutex<()> = Mutex::new(());

/// Compression, initialised with an engine of a test's; not any more when this is dropped.
struct World {
    knobs: Arc<Knobs>,
    _one: MutexGuard<'static, ()>,
}

impl Drop for World {
    fn drop(&mut self) {
        end();
    }
}

/// A world of one synchronous and one asynchronous context.
fn world() -> World {
    let native = Native::new(SCHED_POLICY_SINGLE, 1, 1).expect("good numbers");
    with(Chooser::Native(Arc::new(native)), &[false, true], |_| {})
}

fn with(chooser: Chooser, seats: &[bool], change: impl FnOnce(&mut Plan<engine::Msg>)) -> World {
    let one = ONE.lock();
    end();
    let knobs = Arc::new(Knobs::default());
    let mut plan = Plan {
        engine: Puppet::engine(&knobs, seats.len()),
        seats: seats.to_vec(),
        slots: 8,
        chooser,
        helper: None,
        patience: Patience {
            limit: Duration::from_millis(200),
            sleeps: false,
        },
        sva: true,
        keep: Box::new(()),
        polled: Vec::new(),
    };
    change(&mut plan);
    let begun = here().class.begin().expect("idle");
    begun.finish(plan, no_thread).expect("initialised");
    World { knobs, _one: one }
}

fn no_thread(_: u32) -> Result<bool> {
    Ok(false)
}

fn read_none(_: usize, _: &Native) -> Option<sched_params> {
    None
}

fn setup() -> Setup {
    Setup {
        format: Enum::new(1),
        level: Enum::new(6),
        window: Enum::new(4),
        direction: Enum::new(0),
        param: Param {
            address: 0,
            read: read_none,
        },
    }
}

fn session() -> usize {
    open(&setup(), || Err(Error::Unsupported)).expect("a session")
}

extern "C" fn ignore(_: *mut wd_comp_req, _: *mut c_void) -> *mut c_void {
    ptr::null_mut()
}

/// A request with 100 bytes of input and room for 200, which no engine here looks at.
fn request() -> wd_comp_req {
    wd_comp_req {
        src: ptr::without_provenance_mut(0x1000),
        src_len: 100,
        dst: ptr::without_provenance_mut(0x2000),
        dst_len: 200,
        cb: None,
        cb_param: ptr::null_mut(),
        op_type: Enum::new(0),
        data_fmt: Enum::new(0),
        last: 0,
        status: 77,
        priv_: ptr::null_mut(),
    }
}

/// The same, asynchronous; `mark` comes back as the callback's parameter.
fn marked(mark: usize) -> wd_comp_req {
    wd_comp_req {
        cb: Some(ignore),
        cb_param: ptr::without_provenance_mut(mark),
        ..request()
    }
}
