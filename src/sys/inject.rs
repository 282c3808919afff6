//! A program's own part in the making of descriptors: C functions that are called
//! with each of them.

#![expect(unsafe_code, reason = "calls C functions of the program")]

use super::lent::Promise;
use crate::ctypes::v1::hisi_qm_udrv::hisi_qm_inject_op;
use crate::ctypes::v1::wd::wcrypto_type;
use crate::ctypes::v1::wd_util::wcrypto_comp_tag;
use core::ffi::{c_int, c_uint, c_void};
use core::ptr;

type Function = unsafe extern "C" fn(*mut c_void, c_uint, *mut c_void) -> c_int;

/// The functions of a program.
#[derive(Clone, Copy)]
pub struct Inject {
    fill: Function,
    parse: Function,
}

/// What a program gave with a request.
#[derive(Clone, Copy)]
pub struct Given(*mut c_void);

/// The functions take descriptors as they lie in the ring.
#[repr(C, align(128))]
struct Aligned([u8; 128]);

impl Inject {
    /// The functions at `operations`; `None` where it is null or not aligned, or one is missing.
    #[must_use]
    pub fn lent(promise: Promise, operations: *const hisi_qm_inject_op) -> Option<Inject> {
        let operations = promise.read(operations)?;
        Some(Inject {
            fill: operations.sqe_fill_priv?,
            parse: operations.sqe_parse_priv?,
        })
    }

    /// What the program gave with a request, whose tag is at `udata`; `None` without a tag.
    #[must_use]
    pub fn tag(promise: Promise, udata: u64) -> Option<Given> {
        let tag = ptr::with_exposed_provenance::<wcrypto_comp_tag>(udata as usize);
        promise.read(tag).map(|tag| Given(tag.priv_))
    }

    /// Lets the program add to a descriptor before it is sent.
    pub fn fill(&self, sqe: &mut [u8; 128], given: Given) {
        call(self.fill, sqe, given);
    }

    /// Lets the program look at a descriptor that is back.
    pub fn parse(&self, sqe: &mut [u8; 128], given: Given) {
        call(self.parse, sqe, given);
    }
}

fn call(function: Function, sqe: &mut [u8; 128], given: Given) {
    let mut aligned = Aligned(*sqe);
    let class = wcrypto_type::WCRYPTO_COMP as c_uint;
    // SAFETY: the promise of those who lent the functions: they take a descriptor, the class of its
    // algorithm and what was given with the request.
    let _ = unsafe { function(aligned.0.as_mut_ptr().cast(), class, given.0) };
    *sqe = aligned.0;
}
