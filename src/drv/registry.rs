//! Which drivers there are, and which of them an algorithm gets.
//!
//! Drivers stand in the order of their registration. Of those that can do an
//! algorithm and are usable now, the one with the greatest priority is given out,
//! the first of several. The records are never freed and consist of atomics, and
//! they are the list that C programs walk. Looking takes no lock; the lock of those
//! who change the list is another one in a fork child, which inherits the drivers.
//!
//! The drivers themselves are for this library only: whoever can send a message has
//! memory of this process read and written at the addresses in it.
//!
//! ```compile_fail,E0603
//! use warpdrive::drv::registry::{Kind, request};
//! let driver = request("zlib", Kind::Software, &|_| false);
//! ```

#![forbid(unsafe_code)]

mod record;
#[cfg(test)]
mod tests;

use super::builtin;
use super::{Driver, Identity};
use crate::ctypes::v2::wd_alg::{ALG_NAME_SIZE, DEV_NAME_LEN, alg_dev_type, wd_alg_driver};
use crate::error::{Error, Result};
use crate::sys::fork::PerProcess;
use crate::sys::lock::Mutex;
use crate::sys::plugins;
use crate::{log_error, log_info};
use core::ops::Deref;
pub use record::Node;
use record::Record;
use std::sync::Arc;

/// Held while the list is changed. What a fork interrupts is completed by the child's next change.
static WRITERS: PerProcess<Mutex<()>> = PerProcess::new();

/// What is to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A device.
    Hardware,
    /// The processor: plain software, or drivers that use its special instructions.
    Software,
}

impl Kind {
    /// Whether drivers that compute with `kind` are of this kind.
    #[must_use]
    pub fn includes(self, kind: alg_dev_type) -> bool {
        (self == Kind::Hardware) == (kind == alg_dev_type::UADK_ALG_HW)
    }
}

/// A driver in use. Dropping it gives the driver back.
///
/// A driver that is unregistered meanwhile stays usable until then; but if it is written in C, and
/// its code is unloaded under its users, nothing can help.
pub(crate) struct Lease(&'static Record);

impl Deref for Lease {
    type Target = dyn Driver;

    fn deref(&self) -> &Self::Target {
        &**self.0.driver()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

impl Lease {
    /// How C knows the driver; NULL if it does not.
    #[must_use]
    pub fn in_c(&self) -> *mut wd_alg_driver {
        self.0.in_c()
    }

    /// Leaves the driver in use until [`release`] is called: for C, which has no `Drop`. Answers how
    /// C knows the driver, NULL if it does not.
    #[must_use]
    pub fn keep(self) -> *mut wd_alg_driver {
        let driver = self.in_c();
        core::mem::forget(self);
        driver
    }
}

/// What the list tells of a driver.
#[derive(Clone)]
pub struct Entry {
    /// Its name, algorithm and rank.
    pub identity: Identity,
    /// Whether it may be given out.
    pub available: bool,
    /// How many use it.
    pub references: u32,
}

/// Adds a driver. One that is there already, with the same algorithm, name, priority and kind, is
/// not added again, which is no error.
///
/// `devices` tells whether there is a device whose name begins with a text.
///
/// # Errors
/// [`Error::Invalid`] for a name of 128 bytes or more; [`Error::NoDevice`] if this machine has not
/// got what the driver computes with; [`Error::NoMemory`] after 65 536 different drivers.
pub fn register(driver: Arc<dyn Driver>, devices: &dyn Fn(&str) -> bool) -> Result<()> {
    let identity = driver.identity();
    if identity.algorithm.len() >= ALG_NAME_SIZE || identity.driver.len() >= DEV_NAME_LEN {
        return Err(Error::Invalid);
    }
    if find(identity).is_some() {
        return Ok(());
    }
    if !is_available(identity, devices) {
        return Err(Error::NoDevice);
    }
    let lock = WRITERS.get_or(Mutex::default).lock();
    if find(identity).is_some() {
        return Ok(());
    }
    record::append(&driver)?;
    drop(lock);
    log_info!("{}: driver of {}", identity.driver, identity.algorithm);
    Ok(())
}

/// Registers the drivers of this library that can work on this machine and never have been
/// registered: a device may appear later, and a program may unregister a driver for good. The other
/// functions here that look for a driver do so first. `devices` is that of [`register`].
pub fn register_own(devices: &dyn Fn(&str) -> bool) {
    for driver in builtin::drivers() {
        let identity = driver.identity();
        if record::all().any(|record| record.is_of(identity)) {
            continue;
        }
        match register(Arc::clone(driver), devices) {
            Ok(()) | Err(Error::NoDevice) => {}
            Err(error) => log_error!("{}: not registered: {error}", identity.driver),
        }
    }
}

/// Removes the first driver with this algorithm, name, priority and kind. Those who use it keep it.
pub fn unregister(identity: &Identity) {
    let lock = WRITERS.get_or(Mutex::default).lock();
    let removed = find(identity).inspect(|record| record::remove(record));
    drop(lock);
    let users = removed.map_or(0, |record| record.references());
    if users > 0 {
        log_error!("{}: unregistered with {users} users", identity.driver);
    }
}

/// The driver that an algorithm gets, or none. `devices` is that of [`register`].
#[must_use]
pub(crate) fn request(
    algorithm: &str,
    wanted: Kind,
    devices: &dyn Fn(&str) -> bool,
) -> Option<Lease> {
    request_but(&[], algorithm, wanted, devices)
}

/// As [`request`], but none of `tried`.
#[must_use]
pub(crate) fn request_but(
    tried: &[Lease],
    algorithm: &str,
    wanted: Kind,
    devices: &dyn Fn(&str) -> bool,
) -> Option<Lease> {
    register_own(devices);
    let mut best: Option<&'static Record> = None;
    for record in record::list() {
        let identity = record.identity();
        let suits = identity.algorithm == algorithm
            && wanted.includes(identity.kind)
            && record.is_enabled()
            && !tried.iter().any(|lease| core::ptr::eq(lease.0, record))
            && identity.priority > best.map_or(-1, |best| best.identity().priority);
        if suits && is_available(identity, devices) {
            best = Some(record);
        }
    }
    best.map(|record| {
        record.take();
        Lease(record)
    })
}

/// Gives back a driver that was left in use with `Lease::keep`. More calls than that do nothing.
pub fn release(identity: &Identity) {
    let used = |record: &&'static Record| record.is_of(identity) && record.references() > 0;
    if let Some(record) = record::list().into_iter().find(used) {
        record.give_back();
    }
}

/// Takes a driver out of the choice until [`enable`].
pub(crate) fn disable(lease: &Lease) {
    lease.0.set_enabled(false);
}

/// Takes out of the choice, until [`enable`], the first driver with this algorithm, name, priority
/// and kind.
pub fn disable_named(identity: &Identity) {
    if let Some(record) = find(identity) {
        record.set_enabled(false);
    }
}

/// Brings a driver back into the choice, if this machine has what it computes with, else takes it
/// out. `devices` is that of [`register`].
pub fn enable(identity: &Identity, devices: &dyn Fn(&str) -> bool) {
    if let Some(record) = find(identity) {
        record.set_enabled(is_available(identity, devices));
    }
}

/// All drivers, in the order of their registration. `devices` is that of [`register`].
#[must_use]
pub fn list(devices: &dyn Fn(&str) -> bool) -> Vec<Entry> {
    register_own(devices);
    let entry = |record: &'static Record| Entry {
        identity: record.identity().clone(),
        available: record.is_enabled(),
        references: record.references(),
    };
    record::list().into_iter().map(entry).collect()
}

/// How busy `device` is for an operation of the algorithms of `class`, in percent, told by the first
/// driver of that device and class that is initialised. `devices` is that of [`register`].
///
/// # Errors
/// [`Error::Os`] with `EACCES` if there is none, [`Error::Invalid`] if it cannot tell, else the
/// driver's.
pub fn usage(
    device: &str,
    class: &str,
    op_type: u8,
    devices: &dyn Fn(&str) -> bool,
) -> Result<u32> {
    register_own(devices);
    let unasked = Err(Error::Os(libc::EACCES));
    let of_device = |record: &&'static Record| {
        let rest = device.strip_prefix(record.identity().driver.as_str());
        record.class() == class && rest.is_some_and(|rest| rest.starts_with('-'))
    };
    let answers = record::list().into_iter().filter(of_device);
    let mut answers = answers.map(|record| record.driver().usage(device, op_type));
    match answers.find(|answer| *answer != unasked) {
        Some(Err(Error::Unsupported)) => Err(Error::Invalid),
        Some(answer) => answer,
        None => unasked,
    }
}

/// Loads the plug-ins that are there, whose drivers register themselves: all, or the one in `file`.
/// The drivers of this library come before them. `devices` is that of [`register`].
///
/// # Errors
/// Those of [`plugins::load_only`].
pub fn load_plugins(file: Option<&str>, devices: &dyn Fn(&str) -> bool) -> Result<()> {
    register_own(devices);
    match file {
        Some(file) => plugins::load_only(file),
        None => {
            plugins::load_all();
            Ok(())
        }
    }
}

/// Has `make` tell how C is to know each driver that C does not know yet, and shows those to C.
pub(crate) fn show(make: &dyn Fn(&Arc<dyn Driver>) -> *mut wd_alg_driver) {
    let lock = WRITERS.get_or(Mutex::default).lock();
    for record in record::list() {
        if record.in_c().is_null() {
            record.set_in_c(make(record.driver()));
        }
    }
    record::link();
    drop(lock);
}

/// The driver that [`show`] was told C knows so, if there ever was one.
#[must_use]
pub(crate) fn shown_as(in_c: *mut wd_alg_driver) -> Option<Arc<dyn Driver>> {
    let is = |record: &&'static Record| {
        !in_c.is_null() && record.in_c() == in_c && record.driver().in_c().is_null()
    };
    let record = record::all().find(is)?;
    Some(Arc::clone(record.driver()))
}

fn find(identity: &Identity) -> Option<&'static Record> {
    record::list()
        .into_iter()
        .find(|record| record.is_of(identity))
}

/// Whether this machine has what a driver computes with.
fn is_available(identity: &Identity, devices: &dyn Fn(&str) -> bool) -> bool {
    match identity.kind {
        alg_dev_type::UADK_ALG_SOFT => true,
        alg_dev_type::UADK_ALG_CE_INSTR => {
            (identity.algorithm == "sm3" || identity.algorithm.ends_with("(sm4)")) && has_sm4()
        }
        alg_dev_type::UADK_ALG_SVE_INSTR => has_sve(),
        alg_dev_type::UADK_ALG_HW => devices(&identity.driver),
    }
}

/// Whether the processor has instructions for SM3 and SM4. No processor is known with one of them.
#[cfg(target_arch = "aarch64")]
fn has_sm4() -> bool {
    std::arch::is_aarch64_feature_detected!("sm4")
}

/// Whether the processor has SVE.
#[cfg(target_arch = "aarch64")]
fn has_sve() -> bool {
    std::arch::is_aarch64_feature_detected!("sve")
}

#[cfg(not(target_arch = "aarch64"))]
fn has_sm4() -> bool {
    false
}

#[cfg(not(target_arch = "aarch64"))]
fn has_sve() -> bool {
    false
}

/// The head of the list as C walks it: an empty node, whose `next` is the first driver that C
/// knows. It is a `struct wd_alg_list`, only to be read.
#[must_use]
pub fn head() -> &'static Node {
    record::head()
}
