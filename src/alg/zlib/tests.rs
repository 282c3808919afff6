//! The pump over a session that is as picky as sessions may be.

use super::pump::{Buffers, Outcome, Piece, Pieces, Pump, Room};
use crate::calc::deflate::{Deflater, Flush, Inflater, Step};
use crate::ctypes::v2::wd::{WD_EAGAIN, WD_IN_EPARA, WD_STREAM_END, WD_SUCCESS};
use crate::ctypes::v2::wd_comp::wd_comp_alg_type::{self, WD_DEFLATE, WD_GZIP, WD_ZLIB};
use crate::error::{Error, Result};
use core::mem::MaybeUninit;

/// A session of raw deflate behind a header of `head` bytes, which refuses what the C library's
/// does, and takes less than it could.
struct Picky {
    deflater: Deflater,
    inflater: Inflater,
    compresses: bool,
    head: usize,
    begun: bool,
    most: usize,
    requests: usize,
}

fn picky(compresses: bool, format: wd_comp_alg_type, most: usize) -> Picky {
    Picky {
        deflater: Deflater::new(1, 15),
        inflater: Inflater::new(),
        compresses,
        head: head_of(format),
        begun: false,
        most,
        requests: 0,
    }
}

fn head_of(format: wd_comp_alg_type) -> usize {
    match format {
        WD_ZLIB => 2,
        WD_GZIP => 10,
        _ => 0,
    }
}

impl Picky {
    fn raw(&mut self, input: &[u8], room: Room<'_>, flush: Flush) -> Result<Step> {
        let step = match (self.compresses, room) {
            (true, Room::Own(place)) => self.deflater.run(input, place, flush),
            (true, Room::Lent(place)) => self.deflater.run_uninit(input, place, flush),
            (false, Room::Own(place)) => self.inflater.run(input, place),
            (false, Room::Lent(place)) => self.inflater.run_uninit(input, place, false),
        };
        step.map_err(|_| Error::Io)
    }
}

impl Pieces for Picky {
    fn piece(&mut self, input: &[u8], mut room: Room<'_>, last: bool) -> Result<Piece> {
        self.requests += 1;
        let head = if self.begun { 0 } else { self.head };
        let short = if self.compresses {
            room.len()
        } else {
            input.len()
        };
        if short <= head || room.len() == 0 {
            return Err(Error::Invalid);
        }
        self.begun = true;
        let skipped = if self.compresses { 0 } else { head };
        let source = &input[skipped..input.len().min(self.most.max(skipped + 1))];
        let last = last && source.len() == input.len();
        let flush = if last { Flush::Finish } else { Flush::Sync };
        let written = if self.compresses { head } else { 0 };
        let space = room.len() - written;
        let step = match &mut room {
            Room::Own(place) => {
                place[..written].fill(b'H');
                self.raw(source, Room::Own(&mut place[written..]), flush)
            }
            Room::Lent(place) => {
                place[..written].fill(MaybeUninit::new(b'H'));
                self.raw(source, Room::Lent(&mut place[written..]), flush)
            }
        };
        let Ok(step) = step else {
            return Ok(Piece {
                status: WD_IN_EPARA,
                ..Piece::default()
            });
        };
        let full = step.produced == space && !step.end;
        Ok(Piece {
            consumed: step.consumed + skipped,
            produced: step.produced + written,
            status: match (self.compresses, step.end) {
                (false, true) => WD_STREAM_END,
                _ if full => WD_EAGAIN,
                _ => WD_SUCCESS,
            },
        })
    }
}

/// Runs all of `input` through, `give` bytes and `take` bytes of room at a time. Answers the output,
/// the input that was not taken, and what came last.
fn through<'a>(
    pump: &mut Pump,
    session: &mut Picky,
    mut input: &'a [u8],
    give: usize,
    take: usize,
) -> (Vec<u8>, &'a [u8], Outcome) {
    let (mut output, mut place) = (Vec::new(), vec![0xA5; take]);
    loop {
        let given = &input[..input.len().min(give)];
        let finish = given.len() == input.len();
        let mut buffers = Buffers {
            input: given,
            output: Room::Own(&mut place),
        };
        let outcome = pump.run(session, &mut buffers, finish).expect("works");
        let (left, room) = (buffers.input.len(), buffers.output.len());
        input = &input[given.len() - left..];
        output.extend_from_slice(&place[..take - room]);
        if outcome != Outcome::Progress {
            return (output, input, outcome);
        }
    }
}

/// Some bytes that compress, to half or so.
fn text(len: usize) -> Vec<u8> {
    (0..len)
        .map(|i| (i * i / 7 % 23) as u8 ^ (i >> 9) as u8)
        .collect()
}

const FORMATS: [wd_comp_alg_type; 3] = [WD_DEFLATE, WD_ZLIB, WD_GZIP];

#[test]
fn pieces_of_any_size_make_the_same_stream() {
    for format in FORMATS {
        for (give, take) in [(1, 1), (1, 70_000), (70_000, 1), (7, 300), (70_000, 70_000)] {
            for len in [0, 1, 2, 10, 3000] {
                let plain = text(len);
                let mut pump = Pump::new(true, format);
                let mut session = picky(true, format, 500);
                let (packed, rest, end) = through(&mut pump, &mut session, &plain, give, take);
                assert_eq!(
                    (rest.len(), end),
                    (0, Outcome::End),
                    "{format:?} {give} {take} {len}"
                );
                let mut pump = Pump::new(false, format);
                let mut session = picky(false, format, 500);
                let tailed = [&packed[..], b"and more"].concat();
                let (again, rest, end) = through(&mut pump, &mut session, &tailed, give, take);
                assert_eq!(
                    (rest, end),
                    (&b"and more"[..], Outcome::End),
                    "{give} {take} {len}"
                );
                assert!(again == plain, "{format:?} {give} {take} {len}");
            }
        }
    }
}

#[test]
fn a_stream_that_stops_early_is_starved_and_goes_on_later() {
    let plain = text(5000);
    let mut session = picky(true, WD_GZIP, usize::MAX);
    let (packed, ..) = through(
        &mut Pump::new(true, WD_GZIP),
        &mut session,
        &plain,
        5000,
        9000,
    );
    for cut in [0, 1, 10, 11, packed.len() - 1] {
        let mut pump = Pump::new(false, WD_GZIP);
        let mut session = picky(false, WD_GZIP, usize::MAX);
        let (mut again, _, end) = through(&mut pump, &mut session, &packed[..cut], 9000, 9000);
        assert_eq!(end, Outcome::Starved, "{cut}");
        let (more, _, end) = through(&mut pump, &mut session, &packed[cut..], 9000, 9000);
        again.extend(more);
        assert!(end == Outcome::End && again == plain, "{cut}");
    }
}

#[test]
fn nothing_to_do_makes_no_request() {
    let mut pump = Pump::new(true, WD_ZLIB);
    let mut session = picky(true, WD_ZLIB, usize::MAX);
    let mut run = |pump: &mut Pump, input, room: usize, finish| {
        let mut place = vec![0; room];
        let mut buffers = Buffers {
            input,
            output: Room::Own(&mut place),
        };
        let outcome = pump.run(&mut session, &mut buffers, finish);
        (outcome.expect("works"), session.requests)
    };
    assert_eq!(run(&mut pump, b"", 100, false), (Outcome::Starved, 0));
    assert_eq!(run(&mut pump, b"abc", 0, true), (Outcome::Starved, 0));
    assert_eq!(run(&mut pump, b"abc", 100, false), (Outcome::Progress, 1));
    assert_eq!(run(&mut pump, b"", 100, false), (Outcome::Starved, 1));
    assert_eq!(run(&mut pump, b"", 100, true), (Outcome::End, 2));
    assert_eq!(run(&mut pump, b"", 100, true), (Outcome::End, 2));
}

#[test]
fn a_reset_stream_is_a_new_one() {
    let (plain, mut pump) = (text(900), Pump::new(true, WD_DEFLATE));
    let mut session = picky(true, WD_DEFLATE, usize::MAX);
    let (first, ..) = through(&mut pump, &mut session, &plain, 100, 100);
    pump.reset();
    session = picky(true, WD_DEFLATE, usize::MAX);
    let (second, _, end) = through(&mut pump, &mut session, &plain, 100, 100);
    assert!(first == second && end == Outcome::End);
}

#[test]
fn bad_data_is_told_after_what_came_before_it() {
    // A stored block, then one of a kind that does not exist.
    let packed = b"\x00\x03\x00\xfc\xffabc\x07";
    let mut pump = Pump::new(false, WD_DEFLATE);
    let mut session = picky(false, WD_DEFLATE, 50);
    let (again, _, end) = through(&mut pump, &mut session, packed, 1, 1);
    assert_eq!((&again[..], end), (&b"abc"[..], Outcome::BadData));
    let (more, _, end) = through(&mut pump, &mut session, b"anything", 9, 9);
    assert!(more.is_empty() && end == Outcome::BadData);
}

/// A session that fails, or claims what cannot be.
struct Liar(Result<Piece>);

impl Pieces for Liar {
    fn piece(&mut self, _: &[u8], _: Room<'_>, _: bool) -> Result<Piece> {
        self.0
    }
}

#[test]
fn a_failure_and_an_impossible_answer_end_the_stream() {
    let impossible = Piece {
        consumed: 99,
        ..Piece::default()
    };
    for (answer, error) in [(Err(Error::Busy), Error::Busy), (Ok(impossible), Error::Io)] {
        let mut pump = Pump::new(true, WD_ZLIB);
        for _ in 0..2 {
            let mut place = [0; 500];
            let mut buffers = Buffers {
                input: b"abc",
                output: Room::Own(&mut place),
            };
            assert_eq!(pump.run(&mut Liar(answer), &mut buffers, true), Err(error));
        }
    }
}

#[test]
fn a_session_that_does_nothing_is_not_asked_for_ever() {
    let mut place = [0; 500];
    let mut buffers = Buffers {
        input: b"abc",
        output: Room::Own(&mut place),
    };
    let mut idle = Liar(Ok(Piece::default()));
    let outcome = Pump::new(true, WD_ZLIB).run(&mut idle, &mut buffers, true);
    assert_eq!(outcome, Ok(Outcome::Starved));
}
