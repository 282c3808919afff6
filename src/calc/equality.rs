//! Comparing secrets.

use core::hint::black_box;

/// Which bits differ anywhere between `a` and `b`, which are of one length: 0 where they are the
/// same. It takes the same time wherever they differ; only the length shows.
#[must_use]
pub fn differences(a: &[u8], b: &[u8]) -> u8 {
    if a.len() != b.len() {
        return u8::MAX;
    }
    let mut bits = 0;
    for (a, b) in a.iter().zip(b) {
        // Hidden from the compiler, which could otherwise leave the loop when all bits are set.
        bits = black_box(bits | (a ^ b));
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_seen_in_every_place_and_bit() {
        let zeros = [0_u8; 19];
        assert_eq!(differences(&zeros, &zeros), 0);
        assert_eq!(differences(&[], &[]), 0);
        for place in 0..zeros.len() {
            for bit in 0..8 {
                let mut other = zeros;
                other[place] = 1 << bit;
                assert_eq!(differences(&zeros, &other), 1 << bit);
            }
        }
        assert_eq!(differences(&zeros, &zeros[1..]), 0xff);
    }
}
