//! Memory that a caller lends for the time of a request.
//!
//! Messages and descriptors carry addresses, and engines in safe code and devices
//! read and write what they name. That it is theirs to read and write is the
//! caller's promise; a [`Promise`] is the proof that somebody gave it.

#![expect(unsafe_code, reason = "turns the addresses of messages into slices")]

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::slice;

/// The proof that the addresses and lengths in the messages an engine is given name memory that is
/// the engine's until the message is finished: input to read, output to write, lists to follow,
/// functions to call that do as their types' descriptions say.
///
/// In descriptors, and in the lists and contexts that they lead to, they name memory that is the
/// device's, to read and to write, until the request comes back or its queue is released. An address
/// where nothing is mapped, and where nothing will be meanwhile, is harmless: the request fails.
///
/// There is none without `unsafe`:
///
/// ```compile_fail,E0133
/// let promise = warpdrive::sys::lent::Promise::given();
/// ```
/// ```compile_fail,E0624
/// let promise = warpdrive::sys::lent::Promise::of_callers();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Promise(());

impl Promise {
    /// Takes somebody's word for it.
    ///
    /// # Safety
    /// All messages and descriptors that reach the holder name memory as [`Promise`] says.
    #[must_use]
    pub const unsafe fn given() -> Promise {
        Promise(())
    }

    /// The promise of those whose messages reach this library's own drivers: sessions, which take
    /// their requests from C callers or from slices, and C programs that call a driver themselves.
    /// And of those whose descriptors reach its simulated devices.
    #[must_use]
    pub(crate) const fn of_callers() -> Promise {
        Promise(())
    }

    /// A promise for tests, which see to it themselves.
    #[cfg(test)]
    pub(crate) const fn in_tests() -> Promise {
        Promise(())
    }

    /// `len` bytes of input; none where `address` is null.
    #[inline]
    #[must_use]
    pub(crate) fn input<'a>(self, address: *const u8, len: usize) -> &'a [u8] {
        if address.is_null() || isize::try_from(len).is_err() {
            return &[];
        }
        // SAFETY: the promise: input of this length, which nobody writes to meanwhile.
        unsafe { slice::from_raw_parts(address, len) }
    }

    /// Room for `len` bytes of output, whatever is in it; none where `address` is null. It must not
    /// overlap other slices of this promise that are in use.
    #[inline]
    #[must_use]
    pub(crate) fn output<'a>(self, address: *mut u8, len: usize) -> &'a mut [MaybeUninit<u8>] {
        if address.is_null() || isize::try_from(len).is_err() {
            return &mut [];
        }
        // SAFETY: the promise: output of this length, which is the engine's alone meanwhile; the
        // engine sees to it that no other slice overlaps.
        unsafe { slice::from_raw_parts_mut(address.cast(), len) }
    }

    /// What the `T` at `address` says; `None` where `address` is null or not aligned.
    #[inline]
    #[must_use]
    pub(crate) fn read<T: Copy>(self, address: *const T) -> Option<T> {
        if address.is_null() || !address.is_aligned() {
            return None;
        }
        // SAFETY: the promise: a structure of this type, which nobody writes to meanwhile.
        Some(unsafe { address.read() })
    }

    /// The `T` at `address`, to read and to change; `None` where `address` is null or not aligned. No
    /// other reference to it may be in use.
    #[inline]
    #[must_use]
    pub(crate) fn borrow<'a, T: Copy>(self, address: *mut T) -> Option<&'a mut T> {
        if address.is_null() || !address.is_aligned() {
            return None;
        }
        // SAFETY: the promise: a structure of this type, which is the engine's alone meanwhile; the
        // engine sees to it that there is one reference.
        Some(unsafe { &mut *address })
    }

    /// Writes the `T` at `address`; `false` where `address` is null or not aligned.
    #[inline]
    pub(crate) fn write<T: Copy>(self, address: *mut T, value: T) -> bool {
        if address.is_null() || !address.is_aligned() {
            return false;
        }
        // SAFETY: the promise: a structure of this type, which is the engine's alone meanwhile.
        unsafe { address.write(value) };
        true
    }
}

/// A place of the library's own that is used as a caller's is: by its address, with a [`Promise`].
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct Spot<T>(UnsafeCell<T>);

// SAFETY: no reference to the value is made here; who reads or writes at its address, or borrows what
// is there, answers for that with a promise. The value is plain data: what its addresses name is the
// concern of whoever follows them.
unsafe impl<T: Copy> Sync for Spot<T> {}
// SAFETY: as above.
unsafe impl<T: Copy> Send for Spot<T> {}

impl<T: Copy> Spot<T> {
    /// The place, with `value` in it.
    #[must_use]
    pub(crate) const fn new(value: T) -> Self {
        Spot(UnsafeCell::new(value))
    }

    /// Its address.
    #[inline]
    #[must_use]
    pub const fn as_ptr(&self) -> *mut T {
        self.0.get()
    }
}
