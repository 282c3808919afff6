//! Copying descriptors to and from memory that a device may write at the same
//! moment.

#![expect(
    unsafe_code,
    reason = "copies through raw pointers, in assembly where the compiler's copy would be a data race"
)]

use core::ffi::c_void;

// A plain `copy_nonoverlapping` would be a data race if the other side breaks
// the protocol, and so undefined behaviour that a hostile device could cause.
// Eight-byte relaxed atomics are sound but take twice the instructions. The
// assembly below moves 16 bytes an instruction; the compiler must treat it as opaque, so
// it means what the processor does: each byte is copied, torn at worst.

/// Copies `N` bytes: 64 or 128, the sizes of descriptors.
///
/// # Safety
/// `from` is readable and `to` writable for `N` bytes, and they do not overlap.
/// The side that is not shared with a device belongs to the caller alone.
#[inline(always)]
pub unsafe fn copy_block<const N: usize>(from: *const u8, to: *mut u8) {
    const { assert!(N == 64 || N == 128) };
    // SAFETY: the first 64 of N bytes.
    unsafe { copy_64::<0>(from, to) };
    if N == 128 {
        // SAFETY: the second 64 of N bytes.
        unsafe { copy_64::<64>(from, to) };
    }
}

/// Copies `len` bytes.
///
/// # Safety
/// `from` is readable and `to` writable for `len` bytes; they may overlap. The side that is not
/// shared with a device belongs to the caller alone.
pub unsafe fn copy_bytes(from: *const u8, to: *mut u8, len: usize) {
    type Move = unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> *mut c_void;
    // Through a pointer that the compiler knows nothing of: see above.
    let copy = core::hint::black_box(libc::memmove as Move);
    // SAFETY: the caller promises the bytes on both sides.
    unsafe { copy(to.cast(), from.cast(), len) };
}

/// Copies 64 bytes that begin `AT` bytes behind the pointers.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline(always)]
unsafe fn copy_64<const AT: usize>(from: *const u8, to: *mut u8) {
    // SAFETY: the caller promises the bytes on both sides; SSE2 is part of x86-64, and the
    // unaligned forms ask nothing of the addresses.
    unsafe {
        core::arch::asm!(
            "movups {a}, xmmword ptr [{from} + {at}]",
            "movups {b}, xmmword ptr [{from} + {at} + 16]",
            "movups {c}, xmmword ptr [{from} + {at} + 32]",
            "movups {d}, xmmword ptr [{from} + {at} + 48]",
            "movups xmmword ptr [{to} + {at}], {a}",
            "movups xmmword ptr [{to} + {at} + 16], {b}",
            "movups xmmword ptr [{to} + {at} + 32], {c}",
            "movups xmmword ptr [{to} + {at} + 48], {d}",
            a = out(xmm_reg) _,
            b = out(xmm_reg) _,
            c = out(xmm_reg) _,
            d = out(xmm_reg) _,
            from = in(reg) from,
            to = in(reg) to,
            at = const AT,
            options(nostack, preserves_flags)
        );
    }
}

/// Copies 64 bytes that begin `AT` bytes behind the pointers.
#[cfg(all(target_arch = "aarch64", not(miri)))]
#[inline(always)]
unsafe fn copy_64<const AT: usize>(from: *const u8, to: *mut u8) {
    // SAFETY: the caller promises the bytes on both sides; queue memory is Normal memory, where
    // these instructions ask nothing of the addresses.
    unsafe {
        core::arch::asm!(
            "ldp {a:q}, {b:q}, [{from}, #{at}]",
            "ldp {c:q}, {d:q}, [{from}, #{at} + 32]",
            "stp {a:q}, {b:q}, [{to}, #{at}]",
            "stp {c:q}, {d:q}, [{to}, #{at} + 32]",
            a = out(vreg) _,
            b = out(vreg) _,
            c = out(vreg) _,
            d = out(vreg) _,
            from = in(reg) from,
            to = in(reg) to,
            at = const AT,
            options(nostack, preserves_flags)
        );
    }
}

/// Byte by byte: for other machines and for Miri. The loads are volatile and not atomic, since an
/// atomic must not be made of memory that may only be read, as the caller's side of a send is.
#[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
unsafe fn copy_64<const AT: usize>(from: *const u8, to: *mut u8) {
    use core::sync::atomic::{AtomicU8, Ordering};
    for i in AT..AT + 64 {
        // SAFETY: the caller promises readable bytes.
        let source = unsafe { from.add(i) };
        // SAFETY: as above; a byte asks no alignment.
        let byte = unsafe { source.read_volatile() };
        // SAFETY: the caller promises writable bytes.
        let target = unsafe { to.add(i) };
        // SAFETY: as above.
        let target = unsafe { AtomicU8::from_ptr(target) };
        target.store(byte, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_arrives_and_none_beyond() {
        let from: Vec<u8> = (0..=255).collect();
        let mut to = [0xEE_u8; 160];
        let (source, target) = (&from[3..131], &mut to[5..133]);
        // SAFETY: both are slices of 128 bytes; odd addresses are allowed.
        unsafe { copy_block::<128>(source.as_ptr(), target.as_mut_ptr()) };
        assert_eq!(&to[5..133], &from[3..131]);
        assert!(to[..5].iter().chain(&to[133..]).all(|b| *b == 0xEE));
    }
}
