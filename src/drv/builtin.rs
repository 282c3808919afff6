//! The drivers of this library.

#![forbid(unsafe_code)]

use super::{Driver, hisi_zip, soft};
use crate::sys::fork::PerProcess;
use crate::sys::lent::Promise;
use std::sync::Arc;

/// All of them, each in the order in which it is to be registered; the same ones at each call.
#[must_use]
pub(super) fn drivers() -> &'static [Arc<dyn Driver>] {
    static DRIVERS: PerProcess<Vec<Arc<dyn Driver>>> = PerProcess::new();
    DRIVERS.get_or(|| {
        let mut all = hisi_zip::drivers(Promise::of_callers());
        all.extend(soft::drivers(Promise::of_callers()));
        all
    })
}
