//! Compressed data that somebody else made.

use super::input::Input;
use std::cell::RefCell;
use warpdrive::calc::deflate::{BadData, Deflater, Flush, Inflater};
use warpdrive::calc::lz4::Lz4;
use warpdrive::calc::lz77::{Format, Lz77, SEQUENCE, Search};
use warpdrive::calc::wrap::{HeaderReader, Wrap};

thread_local! {
    // Made once, as the drivers do it: nothing of one input may be left for the next.
    static INFLATER: RefCell<Inflater> = RefCell::new(Inflater::new());
    static LZ4: RefCell<Lz4> = RefCell::new(Lz4::new());
    static LZ77: RefCell<Lz77> = RefCell::new(Lz77::new());
}

/// The most that is made of one input.
const MOST: usize = 1 << 16;

/// What the crate makes of a raw stream in one call: the data and the bytes taken, if it is whole.
fn oracle(stream: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut inflate = flate2::Decompress::new(false);
    let mut data = vec![0; MOST];
    let status = inflate
        .decompress(stream, &mut data, flate2::FlushDecompress::Finish)
        .ok()?;
    data.truncate(inflate.total_out() as usize);
    (status == flate2::Status::StreamEnd).then_some((data, inflate.total_in() as usize))
}

/// The same in pieces; an error for what is not a stream, `None` if it has no end in the input.
fn in_pieces(
    stream: &[u8],
    piece: usize,
    room: usize,
) -> Result<Option<(Vec<u8>, usize)>, BadData> {
    INFLATER.with_borrow_mut(|inflater| pieces_of(inflater, stream, piece, room))
}

fn pieces_of(
    inflater: &mut Inflater,
    stream: &[u8],
    piece: usize,
    room: usize,
) -> Result<Option<(Vec<u8>, usize)>, BadData> {
    inflater.reset();
    let (mut data, mut at, mut space) = (Vec::new(), 0, vec![0; room]);
    loop {
        let end = (at + piece).min(stream.len());
        let step = inflater.run(&stream[at..end], &mut space)?;
        assert!(step.consumed <= end - at && step.produced <= room);
        data.extend_from_slice(&space[..step.produced]);
        at += step.consumed;
        if step.end {
            return Ok(Some((data, at)));
        }
        if data.len() > MOST || (step.consumed == 0 && step.produced == 0 && end == stream.len()) {
            return Ok(None);
        }
    }
}

/// Headers cut anywhere, and streams in pieces against the crate in one.
pub fn inflate(data: &[u8]) {
    let mut input = Input::new(data);
    let wrap = input.one(&[Wrap::Raw, Wrap::Zlib, Wrap::Gzip]);
    let (piece, room) = (1 + input.below(300), 1 + input.below(300));
    let stream = input.rest();
    let mut whole = HeaderReader::new(wrap);
    let all = whole.run(stream);
    let mut cut = HeaderReader::new(wrap);
    let mut taken = Ok(0);
    for part in stream.chunks(piece) {
        taken = taken.and_then(|taken| Ok(taken + cut.run(part)?));
    }
    assert_eq!(all, taken, "a header cut into pieces is another");
    let Ok(header) = all else { return };
    assert_eq!(whole.is_done(), cut.is_done());
    let stream = &stream[header..];
    let pieces = in_pieces(stream, piece, room);
    if let Some(found) = oracle(stream) {
        assert_eq!(pieces, Ok(Some(found)));
    }
}

/// LZ4 blocks as they come, and LZ77 and LZ4 there and back.
pub fn lz(data: &[u8]) {
    let mut input = Input::new(data);
    let (which, window) = (input.u8(), 1 << (8 + input.below(8)));
    let format = if which & 1 == 0 {
        Format::Zstd
    } else {
        Format::Plain
    };
    let most = input.below(1 << 12);
    let history = input.below(256);
    let data = input.rest();
    LZ4.with_borrow_mut(|lz4| {
        if let Ok(plain) = lz4.decompress(data, MOST) {
            assert!(plain.len() <= MOST);
        }
        let block = lz4.compress(data).to_vec();
        assert_eq!(lz4.decompress(&block, data.len()), Ok(data));
    });

    let search = Search {
        format,
        history: history.min(data.len()),
        window,
        thorough: which & 2 != 0,
        most,
    };
    LZ77.with_borrow_mut(|lz77| there_and_back(lz77, data, &search));
    deflate(data, which);
}

/// Sequences and literals are the data again.
fn there_and_back(lz77: &mut Lz77, data: &[u8], search: &Search) {
    let parsed = lz77.run(data, search);
    assert!(parsed.sequences.len() <= search.most);
    let long = parsed.long_literals;
    let mut literals = parsed.literals.iter();
    let mut back = data[..search.history].to_vec();
    for (number, sequence) in parsed.sequences.iter().enumerate() {
        let (run, distance, length) = split(search.format, sequence);
        let more = if long == Some(number as u32) {
            1 << 16
        } else {
            0
        };
        back.extend(literals.by_ref().take(run + more));
        assert!(distance >= 1 && distance <= back.len() && distance <= search.window);
        for _ in 0..length {
            back.push(back[back.len() - distance]);
        }
    }
    back.extend(literals);
    assert_eq!(back, data);
}

/// What is deflated is a stream to the crate.
fn deflate(data: &[u8], which: u8) {
    let mut deflater = Deflater::new(u32::from(which % 10), 9 + which % 7);
    let mut packed = vec![0; data.len() + data.len() / 8 + 64];
    let step = deflater
        .run(data, &mut packed, Flush::Finish)
        .expect("any data will do");
    assert!(step.end && step.consumed == data.len());
    packed.truncate(step.produced);
    if data.len() <= MOST {
        assert_eq!(oracle(&packed), Some((data.to_vec(), packed.len())));
    }
}

/// Literals, distance and length of a sequence.
fn split(format: Format, sequence: &[u8; SEQUENCE]) -> (usize, usize, usize) {
    let word = |at: usize| {
        u32::from_le_bytes([
            sequence[at],
            sequence[at + 1],
            sequence[at + 2],
            sequence[at + 3],
        ])
    };
    let half = |at: usize| usize::from(u16::from_le_bytes([sequence[at], sequence[at + 1]]));
    match format {
        Format::Zstd => (half(4), word(0) as usize - 3, half(6) + 3),
        Format::Plain => (word(0) as usize, half(4) + 1, half(6) + 3),
    }
}
