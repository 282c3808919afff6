use super::*;
use crate::calc::lz4::Lz4;
use proptest::prelude::*;
use std::io::Read;

/// Literals, length and distance.
type Triple = (usize, usize, usize);

fn search(format: Format) -> Search {
    Search {
        format,
        history: 0,
        window: MAX_WINDOW,
        thorough: false,
        most: usize::MAX,
    }
}

fn triples(parsed: &Parsed<'_>, format: Format) -> Vec<Triple> {
    let field = |bytes: &[u8]| bytes.iter().rev().fold(0, |n, b| n << 8 | usize::from(*b));
    let triple = |(n, s): (usize, &[u8; 8])| match format {
        Format::Zstd => {
            let long = parsed.long_literals == Some(n as u32);
            let literals = field(&s[4..6]) + if long { LONG_LITERALS } else { 0 };
            (literals, field(&s[6..8]) + 3, field(&s[0..4]) - 3)
        }
        Format::Plain => (field(&s[0..4]), field(&s[6..8]) + 3, field(&s[4..6]) + 1),
    };
    parsed.sequences.iter().enumerate().map(triple).collect()
}

/// Does what the sequences say, behind `history`.
fn replay(history: &[u8], parsed: &Parsed<'_>, format: Format) -> Vec<u8> {
    let (mut out, mut literals) = (history.to_vec(), parsed.literals);
    for (run, length, distance) in triples(parsed, format) {
        let (now, later) = literals.split_at(run);
        out.extend_from_slice(now);
        literals = later;
        for _ in 0..length {
            out.push(out[out.len() - distance]);
        }
    }
    out.extend_from_slice(literals);
    out.split_off(history.len())
}

/// The code of a value, its extra bits and their value: the greatest base not above it.
fn code(value: usize, bases: &[(usize, u32)]) -> (usize, u32, u64) {
    let code = bases.iter().rposition(|(base, _)| *base <= value);
    let code = code.expect("the first base is the smallest value");
    (code, bases[code].1, (value - bases[code].0) as u64)
}

/// Bases and extra bits of codes of RFC 8878, 3.1.1.3.2.1.1.
fn bases(first: usize, single: usize, extra: &[u32]) -> Vec<(usize, u32)> {
    let mut bases: Vec<_> = (first..first + single).map(|base| (base, 0)).collect();
    let mut base = first + single;
    for bits in extra {
        bases.push((base, *bits));
        base += 1 << bits;
    }
    bases
}

/// A zstd frame (RFC 8878) of a block for each sequence: its literals as they are, and its three
/// codes by tables of one symbol, which leaves only their extra bits to be written.
fn zstd_frame(parsed: &Parsed<'_>, len: usize) -> Vec<u8> {
    let literal_bases = bases(
        0,
        16,
        &[
            1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
        ],
    );
    let length_bases = bases(
        3,
        32,
        &[
            1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
        ],
    );
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x80, 7 << 3];
    frame.extend_from_slice(&(len as u32).to_le_bytes());
    let mut literals = parsed.literals;
    for (run, length, distance) in triples(parsed, Format::Zstd) {
        let (now, later) = literals.split_at(run);
        literals = later;
        let (ll, ll_bits, ll_extra) = code(run, &literal_bases);
        let (ml, ml_bits, ml_extra) = code(length, &length_bases);
        let of = (distance + 3).ilog2();
        let mut bits = 1_u64 << of | (distance as u64 + 3 - (1 << of));
        bits = bits << ml_bits | ml_extra;
        bits = bits << ll_bits | ll_extra;
        let mut block = (3 << 2 | (run as u32) << 4).to_le_bytes()[..3].to_vec();
        block.extend_from_slice(now);
        block.extend_from_slice(&[1, 0b0101_0100, ll as u8, of as u8, ml as u8]);
        block.extend_from_slice(&bits.to_le_bytes()[..bits.ilog2() as usize / 8 + 1]);
        frame.extend_from_slice(&(2 << 1 | (block.len() as u32) << 3).to_le_bytes()[..3]);
        frame.extend_from_slice(&block);
    }
    frame.extend_from_slice(&(1 | (literals.len() as u32) << 3).to_le_bytes()[..3]);
    frame.extend_from_slice(literals);
    frame
}

fn unzstd(frame: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(frame).expect("a frame");
    decoder.read_to_end(&mut out).expect("valid");
    out
}

/// An LZ4 block of the sequences.
fn lz4_block(parsed: &Parsed<'_>) -> Vec<u8> {
    let (mut block, mut literals) = (Vec::new(), parsed.literals);
    let long = |block: &mut Vec<u8>, n: usize| {
        if n >= 15 {
            block.extend(std::iter::repeat_n(255, (n - 15) / 255));
            block.push(((n - 15) % 255) as u8);
        }
    };
    for (run, length, distance) in triples(parsed, Format::Plain) {
        block.push((run.min(15) << 4 | (length - 4).min(15)) as u8);
        long(&mut block, run);
        block.extend_from_slice(&literals[..run]);
        literals = &literals[run..];
        block.extend_from_slice(&(distance as u16).to_le_bytes());
        long(&mut block, length - 4);
    }
    block.push((literals.len().min(15) << 4) as u8);
    long(&mut block, literals.len());
    block.extend_from_slice(literals);
    block
}

/// Bytes without a pattern.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

fn text(len: usize) -> Vec<u8> {
    let line = |i: usize| format!("{i} goes to {}, as {} did\n", i * 7 % 1000, i / 3);
    (0..).flat_map(|i| line(i).into_bytes()).take(len).collect()
}

#[test]
fn sequences_are_encoded_as_devices_write_them() {
    let found = Match {
        length: 10,
        distance: 0x1234,
    };
    let zstd = encode(Format::Zstd, 0x1_0005, found);
    assert_eq!(zstd, [0x37, 0x12, 0, 0, 5, 0, 7, 0]);
    let plain = encode(Format::Plain, 0x1_0005, found);
    assert_eq!(plain, [5, 0, 1, 0, 0x33, 0x12, 7, 0]);
}

#[test]
fn a_zstd_decoder_reads_what_the_sequences_say() {
    let mut lz77 = Lz77::new();
    for data in [
        text(131_072),
        noise(5000).repeat(20),
        vec![7; 131_072],
        noise(100),
        vec![],
    ] {
        for thorough in [false, true] {
            let search = Search {
                thorough,
                ..search(Format::Zstd)
            };
            let parsed = lz77.run(&data, &search);
            assert_eq!(replay(&[], &parsed, Format::Zstd), data);
            assert_eq!(unzstd(&zstd_frame(&parsed, data.len())), data);
        }
    }
}

#[test]
fn literals_that_16_bits_do_not_tell_are_said_beside() {
    let mut data = noise(70_000);
    data.extend_from_slice(&data.clone()[60_000..60_500]);
    let mut lz77 = Lz77::new();
    let thorough = |format| Search {
        thorough: true,
        ..search(format)
    };
    let parsed = lz77.run(&data, &thorough(Format::Zstd));
    assert_eq!((parsed.sequences.len(), parsed.long_literals), (1, Some(0)));
    assert_eq!(parsed.literals.len(), 70_005);
    assert_eq!(unzstd(&zstd_frame(&parsed, data.len())), data);
    let parsed = lz77.run(&data, &thorough(Format::Plain));
    assert_eq!(triples(&parsed, Format::Plain)[0].0, 70_000);
    assert_eq!(parsed.long_literals, None);
}

#[test]
fn text_becomes_less_than_half_and_a_thorough_search_finds_more() {
    let (data, mut lz77) = (text(100_000), Lz77::new());
    let mut size = |thorough| {
        let search = Search {
            thorough,
            ..search(Format::Zstd)
        };
        let parsed = lz77.run(&data, &search);
        parsed.literals.len() + 4 * parsed.sequences.len()
    };
    let (quick, thorough) = (size(false), size(true));
    assert!(quick < data.len() / 2, "{quick}");
    assert!(thorough < quick, "{thorough} {quick}");
}

#[test]
fn the_history_is_used_and_not_encoded() {
    let (data, mut lz77) = (text(40_000), Lz77::new());
    let history = data.len() - 1000;
    let with = Search {
        history,
        ..search(Format::Zstd)
    };
    let parsed = lz77.run(&data, &with);
    assert_eq!(
        replay(&data[..history], &parsed, Format::Zstd),
        data[history..]
    );
    let literals = parsed.literals.len();
    let alone = lz77.run(&data[history..], &search(Format::Zstd));
    assert!(literals * 3 < alone.literals.len() * 2);
}

proptest! {
    #[test]
    fn sequences_stay_within_window_and_room_and_make_the_same_data(
        data in proptest::collection::vec(0_u8..3, 0..3000),
        history in 0_usize..1500,
        window in prop::sample::select(vec![4_usize << 10, 100, 1, MAX_WINDOW]),
        most in prop::sample::select(vec![0, 1, 9, usize::MAX]),
        thorough: bool,
        plain: bool,
    ) {
        let format = if plain { Format::Plain } else { Format::Zstd };
        let history = history.min(data.len());
        let search = Search { format, history, window, thorough, most };
        let mut lz77 = Lz77::new();
        let parsed = lz77.run(&data, &search);
        prop_assert_eq!(replay(&data[..history], &parsed, format), &data[history..]);
        prop_assert!(parsed.sequences.len() <= most);
        for (_, length, distance) in triples(&parsed, format) {
            prop_assert!(length >= MIN_MATCH && (1..=window).contains(&distance));
        }
    }

    #[test]
    fn plain_sequences_are_an_lz4_block(
        pieces in proptest::collection::vec((0_usize..200, 0_usize..60), 0..80),
    ) {
        let source = noise(300);
        let data = pieces.iter().flat_map(|(at, len)| &source[*at..at + len]);
        let data: Vec<u8> = data.copied().collect();
        let mut lz77 = Lz77::new();
        let block = lz4_block(&lz77.run(&data, &search(Format::Plain)));
        let mut lz4 = Lz4::new();
        prop_assert_eq!(lz4.decompress(&block, data.len()), Ok(&data[..]));
    }
}
