//! Drivers: the only place where a message meets a descriptor.
//!
//! A [`Driver`] can do one algorithm. Bound to the contexts of an initialisation
//! it is an [`Engine`], which takes messages and gives them back finished. The
//! messages are those that drivers written in C know, one structure for each
//! class of algorithms, so that a driver of either language is called without
//! translation. Only [`foreign`], which calls those, has `unsafe` in it; the other
//! modules forbid it.

mod builtin;
pub mod foreign;
pub mod hisi_zip;
pub mod registry;
pub mod soft;

use crate::ctypes::v2::wd_alg::{alg_dev_type, wd_alg_driver};
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::error::{Error, Result};
use crate::sys::slots::Posted;
use crate::uacce::channel::{Channel, Wake};
use crate::uacce::device::Attributes;
use core::time::Duration;
use std::sync::Arc;

/// What a driver says of itself, as `struct wd_alg_driver` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The driver's name; for devices, what the names of their devices begin with.
    pub driver: String,
    /// The algorithm's name.
    pub algorithm: String,
    /// The greatest is used; at least 0.
    pub priority: i32,
    /// What it computes with.
    pub kind: alg_dev_type,
    /// Contexts of each kind and mode where the caller asks for no number; at least 0.
    pub queue_num: i32,
    /// Kinds of operation that need contexts of their own.
    pub op_type_num: i32,
}

/// A driver of one algorithm.
pub trait Driver: Send + Sync {
    /// Its name, algorithm and rank.
    fn identity(&self) -> &Identity;

    /// Prepares the driver for the contexts `seats`; an index into them is the number by which the
    /// engine knows a context. `sleeps` says that synchronous requests wait with
    /// [`Engine::wait`] before they look: devices then have to interrupt.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a driver of another class of algorithms, else what preparing a
    /// context answered; nothing stays prepared.
    fn bind_comp(&self, seats: Vec<Seat>, sleeps: bool) -> Result<Box<dyn Engine<wd_comp_msg>>> {
        let _ = (seats, sleeps);
        Err(Error::Unsupported)
    }

    /// How C knows the driver, if it is written in C: its `struct wd_alg_driver`, else NULL.
    fn in_c(&self) -> *mut wd_alg_driver {
        core::ptr::null_mut()
    }

    /// Tells a driver written in C which other one it may call when it needs help, or that there is
    /// none: NULL. To be said before the driver is bound.
    fn set_fallback(&self, other: *mut wd_alg_driver) {
        let _ = other;
    }

    /// How busy a device is for an operation, in percent.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the driver cannot tell.
    fn usage(&self, device: &str, op_type: u8) -> Result<u32> {
        let _ = (device, op_type);
        Err(Error::Unsupported)
    }
}

/// A context that a driver is to use.
#[derive(Clone)]
pub struct Seat {
    /// The handle by which C knows the context: drivers written in C take it. 0 if there is none.
    pub handle: usize,
    /// The device's queue, not configured yet; none for drivers without a device.
    pub hardware: Option<Hardware>,
    /// The kind of operation; compression: 0 compresses, 1 decompresses.
    pub op_type: u8,
    /// Whether its requests are asynchronous.
    pub asynchronous: bool,
}

/// The queue of a context, and the device it is of.
#[derive(Clone)]
pub struct Hardware {
    /// The queue.
    pub channel: Arc<dyn Channel>,
    /// The device as sysfs describes it.
    pub device: Arc<Attributes>,
}

/// Who does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// A device of the kernel's.
    Hardware,
    /// A simulated device in this process.
    Simulated,
    /// Software in this library.
    Software,
    /// A driver from elsewhere, of which no more is known.
    Foreign,
}

/// A driver bound to contexts. Dropping it undoes what binding did.
///
/// Of one context, one thread sends while another receives; and for synchronous requests one thread
/// does both, holding the context alone, unless [`Engine::is_shared`].
pub trait Engine<M>: Send + Sync {
    /// Who does the work of this context.
    fn path(&self, seat: usize) -> Path;

    /// Whether requests of one context do not disturb each other: then [`Engine::send`] finishes
    /// the message itself, synchronous callers need not take turns and do not receive.
    fn is_shared(&self) -> bool {
        false
    }

    /// Sends a synchronous message. It stays where it is and belongs to the engine until
    /// [`Engine::receive`] has given the answer in it, or [`Engine::reset`] was called.
    ///
    /// # Errors
    /// [`Error::Busy`] if the context is full, [`Error::DeviceReset`] if the device does not take
    /// requests any more, [`Error::Invalid`] for a message that cannot be a descriptor,
    /// [`Error::Unsupported`] for one that this device cannot do and others may.
    fn send(&self, seat: usize, message: &mut M) -> Result<()>;

    /// [`Engine::send`], and then [`Engine::receive`] unless the engine is shared: one call for a
    /// request whose answer is there at once. `false` if the answer is to be received later.
    ///
    /// # Errors
    /// As those two.
    #[inline]
    fn exchange(&self, seat: usize, message: &mut M) -> Result<bool> {
        self.send(seat, message)?;
        if self.is_shared() {
            return Ok(true);
        }
        match self.receive(seat, message) {
            Ok(()) => Ok(true),
            Err(Error::Again) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Sends an asynchronous message, whose `tag` is its slot's.
    ///
    /// # Errors
    /// As [`Engine::send`].
    fn post(&self, seat: usize, message: Posted<'_, M>) -> Result<()>;

    /// Takes one answer. In a synchronous context `message` is the one that was sent. Else it is
    /// any message, and its `tag` says afterwards which one is finished; the results are in it, or
    /// in its slot if [`Engine::answers_in_slots`].
    ///
    /// # Errors
    /// [`Error::Again`] if none is finished; [`Error::DeviceReset`] if none will ever be.
    fn receive(&self, seat: usize, message: &mut M) -> Result<()>;

    /// Whether results of asynchronous messages are written to their slots.
    fn answers_in_slots(&self) -> bool {
        false
    }

    /// Gives up all requests of a context: when it returns the device touches none of their memory
    /// and no answer will come. After `Ok` the context can be used again, after an error never.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for engines that cannot; the `errno` of starting the queue again.
    fn reset(&self, seat: usize) -> Result<()> {
        let _ = seat;
        Err(Error::Unsupported)
    }

    /// Drops what the engine keeps of the stream whose context is at `ctx_buf`. A session calls it
    /// when it is reset or freed, and before it gives the context's memory back: engines that keep
    /// the stream's state elsewhere know it by this address.
    fn forget(&self, ctx_buf: usize) {
        let _ = ctx_buf;
    }

    /// Waits until there may be an answer, or `limit` has passed.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the context has nothing to wait for.
    fn wait(&self, seat: usize, limit: Duration) -> Result<Wake> {
        let _ = (seat, limit);
        Err(Error::Unsupported)
    }
}
