//! Headers of zlib and gzip streams. They are software's: the engine begins behind
//! them.

use crate::ctypes::v2::wd_comp::wd_comp_alg_type;

/// What is written: a window of 32 KiB, no dictionary, the usual level (RFC 1950).
const ZLIB: &[u8] = &[0x78, 0x9c];
/// What is written: deflate, no flags, no time, no hint, from Unix (RFC 1952).
const GZIP: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];

/// Flags of a gzip header, and where they are.
const FLAGS_AT: usize = 3;
const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;

/// The header that a stream of this format begins with when it is compressed here.
pub(super) fn written(format: wd_comp_alg_type) -> &'static [u8] {
    match format {
        wd_comp_alg_type::WD_ZLIB => ZLIB,
        wd_comp_alg_type::WD_GZIP => GZIP,
        _ => &[],
    }
}

/// The length of the header that `input` begins with; `None` if it does not end in it. As with the
/// C library nobody looks whether a header without flags is one.
pub(super) fn length(format: wd_comp_alg_type, input: &[u8]) -> Option<u16> {
    let fixed = written(format).len();
    if format != wd_comp_alg_type::WD_GZIP || !input.starts_with(&GZIP[..FLAGS_AT]) {
        return (fixed <= input.len()).then_some(fixed as u16);
    }
    let flags = *input.get(FLAGS_AT)?;
    let mut at = fixed;
    if flags & EXTRA != 0 {
        let size = input.get(at..at + 2)?;
        at += 2 + usize::from(u16::from_le_bytes([size[0], size[1]]));
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            at += input.get(at..)?.iter().position(|byte| *byte == 0)? + 1;
        }
    }
    if flags & HEADER_CRC != 0 {
        at += 2;
    }
    u16::try_from(at)
        .ok()
        .filter(|at| usize::from(*at) <= input.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wd_comp_alg_type::*;

    #[test]
    fn a_plain_header_is_skipped_whatever_is_in_it() {
        assert_eq!(length(WD_ZLIB, b"\x58\x85rest"), Some(2));
        assert_eq!(length(WD_ZLIB, b"x"), None);
        assert_eq!(length(WD_GZIP, b"0123456789rest"), Some(10));
        assert_eq!(length(WD_GZIP, b"012345678"), None);
        assert_eq!(length(WD_DEFLATE, b""), Some(0));
    }

    #[test]
    fn each_optional_field_of_gzip_is_found() {
        let with = |flags: u8, fields: &[u8]| {
            let mut header = GZIP.to_vec();
            header[FLAGS_AT] = flags;
            [&header, fields, b"data"].concat()
        };
        for (flags, fields) in [
            (0, &b""[..]),
            (EXTRA, b"\x03\x00abc"),
            (NAME, b"file.txt\0"),
            (COMMENT, b"\0"),
            (HEADER_CRC, b"xy"),
            (
                EXTRA | NAME | COMMENT | HEADER_CRC,
                b"\x01\x00anote\0words\0xy",
            ),
        ] {
            let stream = with(flags, fields);
            let end = 10 + fields.len();
            assert_eq!(length(WD_GZIP, &stream), Some(end as u16), "{flags:#x}");
            for cut in 3..end {
                assert_eq!(length(WD_GZIP, &stream[..cut]), None, "{flags:#x} {cut}");
            }
        }
    }

    #[test]
    fn a_header_without_end_is_none() {
        let long = [&GZIP[..FLAGS_AT], &[NAME], &vec![b'n'; 100_000]].concat();
        assert_eq!(length(WD_GZIP, &long), None);
        let ended = [&long[..], &[0]].concat();
        assert_eq!(length(WD_GZIP, &ended), None);
    }
}
