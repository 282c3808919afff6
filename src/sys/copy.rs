//! Copying descriptors to and from memory that a device may write at the same
//! moment.

#![expect(
    unsafe_code,
    reason = "copies through raw pointers, in assembly where the compiler's copy would be a data race"
)]

// A plain `copy_nonoverlapping` would be a data race if the other side breaks
// the protocol, and so undefined behaviour that a hostile device could cause.
// Eight-byte relaxed atomics are sound but take twice the instructions. The
// assembly below moves 16 bytes a step; the compiler must treat it as opaque, so
// it means what the processor does: each byte is copied, torn at worst.

/// Copies `N` bytes (a multiple of 16).
///
/// # Safety
/// `from` is readable and `to` writable for `N` bytes, and they do not overlap.
/// The side that is not shared with a device belongs to the caller alone.
#[inline(always)]
pub unsafe fn copy_block<const N: usize>(from: *const u8, to: *mut u8) {
    const { assert!(N.is_multiple_of(16)) };
    let mut at = 0;
    while at < N {
        // SAFETY: at + 16 <= N, inside both blocks.
        let source = unsafe { from.add(at) };
        // SAFETY: as above.
        let target = unsafe { to.add(at) };
        // SAFETY: 16 bytes are readable at `source` and writable at `target`.
        unsafe { copy_16(source, target) };
        at += 16;
    }
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline(always)]
unsafe fn copy_16(from: *const u8, to: *mut u8) {
    // SAFETY: the caller promises 16 bytes on both sides; SSE2 is part of x86-64, and the
    // unaligned forms ask nothing of the addresses.
    unsafe {
        core::arch::asm!(
            "movups {x}, xmmword ptr [{from}]",
            "movups xmmword ptr [{to}], {x}",
            x = out(xmm_reg) _,
            from = in(reg) from,
            to = in(reg) to,
            options(nostack, preserves_flags)
        );
    }
}

#[cfg(all(target_arch = "aarch64", not(miri)))]
#[inline(always)]
unsafe fn copy_16(from: *const u8, to: *mut u8) {
    // SAFETY: the caller promises 16 bytes on both sides; queue memory is Normal memory, where
    // these instructions ask nothing of the addresses.
    unsafe {
        core::arch::asm!(
            "ldr {x:q}, [{from}]",
            "str {x:q}, [{to}]",
            x = out(vreg) _,
            from = in(reg) from,
            to = in(reg) to,
            options(nostack, preserves_flags)
        );
    }
}

/// Byte by byte, relaxed: for other machines and for Miri.
#[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
unsafe fn copy_16(from: *const u8, to: *mut u8) {
    use core::sync::atomic::{AtomicU8, Ordering};
    for i in 0..16 {
        // SAFETY: the caller promises 16 readable bytes.
        let source = unsafe { from.add(i) };
        // SAFETY: a load of one byte, which asks no alignment; nothing is written through it.
        let source = unsafe { AtomicU8::from_ptr(source.cast_mut()) };
        // SAFETY: the caller promises 16 writable bytes.
        let target = unsafe { to.add(i) };
        // SAFETY: as above.
        let target = unsafe { AtomicU8::from_ptr(target) };
        target.store(source.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_arrives_and_none_beyond() {
        let from: Vec<u8> = (0..=255).collect();
        let mut to = [0xEE_u8; 160];
        let (source, target) = (from[3..131].as_ptr(), to[5..133].as_mut_ptr());
        // SAFETY: 128 bytes lie inside both; odd addresses are allowed.
        unsafe { copy_block::<128>(source, target) };
        assert_eq!(&to[5..133], &from[3..131]);
        assert!(to[..5].iter().chain(&to[133..]).all(|b| *b == 0xEE));
    }
}
