//! What literals and sequences say, as ZIP devices write them.

/// How sequences are encoded, and which has 65536 literals more than it says.
#[derive(Clone, Copy)]
pub enum Format {
    Zstd { long: Option<usize> },
    Plain,
}

/// Adds to `out`, to which matches may reach back, what was made literals and sequences; `None` if
/// they mean nothing.
pub fn replay(format: Format, literals: &[u8], sequences: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let field = |bytes: &[u8]| bytes.iter().rev().fold(0, |n, b| n << 8 | usize::from(*b));
    let mut rest = literals;
    for (at, bytes) in sequences.chunks_exact(8).enumerate() {
        let (wide, narrow) = (field(&bytes[..4]), field(&bytes[4..6]));
        let (literals, distance) = match format {
            Format::Zstd { long } => {
                let more = if long == Some(at) { 1 << 16 } else { 0 };
                (narrow + more, wide.checked_sub(3)?)
            }
            Format::Plain => (wide, narrow + 1),
        };
        let (now, later) = rest.split_at_checked(literals)?;
        out.extend_from_slice(now);
        rest = later;
        for _ in 0..field(&bytes[6..]) + 3 {
            out.push(*out.get(out.len().checked_sub(distance)?)?);
        }
    }
    out.extend_from_slice(rest);
    Some(())
}
