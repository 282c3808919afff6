//! Slots for messages that are on their way.

#![expect(unsafe_code, reason = "messages are shared with drivers written in C")]

use core::marker::PhantomData;
use core::ptr::NonNull;

/// A message in its slot, on its way: only copied, and by drivers written in C used in place.
pub struct Posted<'a, M> {
    message: NonNull<M>,
    slot: PhantomData<&'a M>,
}

impl<'a, M> Posted<'a, M> {
    /// A message that is in no slot: for engines that take a copy of it.
    #[inline]
    #[must_use]
    pub fn outside(message: &'a mut M) -> Self {
        Posted {
            message: NonNull::from(message),
            slot: PhantomData,
        }
    }
}

#[cfg(test)]
impl<'a, M> Posted<'a, M> {
    /// A message that is posted in a test of an engine.
    pub(crate) fn in_tests(message: &'a M) -> Posted<'a, M> {
        Posted {
            message: NonNull::from(message),
            slot: PhantomData,
        }
    }
}

impl<M: Copy> Posted<'_, M> {
    /// A copy of the message. An engine takes it before it hands anything to a device.
    #[inline]
    #[must_use]
    pub fn copy(&self) -> M {
        // SAFETY: ours: the slot outlives 'a, and nobody writes to it before a driver has answered.
        unsafe { self.message.read() }
    }

    /// Where the message is: for drivers written in C.
    #[inline]
    #[must_use]
    pub fn as_ptr(&self) -> *mut M {
        self.message.as_ptr()
    }
}
