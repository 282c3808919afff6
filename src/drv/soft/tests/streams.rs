//! Streams of the deflate formats, piece by piece.

use super::*;
use proptest::prelude::*;

/// Where a session would have its context.
fn context() -> Box<[u8; 64]> {
    Box::new([GUARD; 64])
}

/// A session's side of a stream.
struct Session<'a> {
    engine: &'a dyn Engine<wd_comp_msg>,
    context: Box<[u8; 64]>,
    alg: u32,
    op: u32,
    level: u32,
    is_new: bool,
}

impl<'a> Session<'a> {
    fn new(engine: &'a dyn Engine<wd_comp_msg>, alg: u32, op: u32) -> Session<'a> {
        Session {
            engine,
            context: context(),
            alg,
            op,
            level: 6,
            is_new: true,
        }
    }

    fn send(&mut self, src: &[u8], room: usize, last: bool) -> (wd_comp_msg, Vec<u8>) {
        let is_new = std::mem::replace(&mut self.is_new, false);
        let context = self.context.as_mut_ptr();
        run(self.engine, (self.alg, self.op), src, room, |message| {
            message.stream_mode = Enum::new(0);
            message.stream_pos = Enum::new(u32::from(!is_new));
            message.ctx_buf = context.cast();
            message.comp_lv = Enum::new(self.level);
            message.req.last = last.into();
        })
    }

    /// Compresses `data` in pieces, as callers of the stream functions do: what was not consumed is
    /// sent again. Each entry of `plan` is the size of a piece and of the room for output.
    fn compress(&mut self, data: &[u8], plan: &[(usize, usize)]) -> Vec<u8> {
        let (mut at, mut out, mut calls) = (0, Vec::new(), 0);
        for (piece, room) in plan.iter().cycle() {
            let end = (at + piece).min(data.len());
            let last = end == data.len();
            let (answer, made) = self.send(&data[at..end], *room, last);
            at += answer.in_cons as usize;
            out.extend_from_slice(&made);
            assert!([OK, AGAIN].contains(&answer.req.status));
            if last && at == end && answer.req.status == OK {
                return out;
            }
            calls += 1;
            assert!(calls < 100_000, "no end");
        }
        unreachable!("a plan is not empty")
    }

    fn decompress(&mut self, data: &[u8], plan: &[(usize, usize)]) -> (usize, Vec<u8>) {
        let (mut at, mut out, mut calls) = (0, Vec::new(), 0);
        for (piece, room) in plan.iter().cycle() {
            let end = (at + piece).min(data.len());
            let (answer, made) = self.send(&data[at..end], *room, end == data.len());
            at += answer.in_cons as usize;
            out.extend_from_slice(&made);
            match answer.req.status {
                STREAM_END => return (at, out),
                // All input was taken: there is nothing to send again.
                AGAIN => assert_eq!(at, end),
                status => assert_eq!(status, OK),
            }
            calls += 1;
            assert!(calls < 100_000, "no end");
        }
        unreachable!("a plan is not empty")
    }
}

proptest! {
    #[test]
    fn pieces_of_any_size_make_the_same_data(
        kind in 0..3, len in 0_usize..4000,
        plan in proptest::collection::vec((1_usize..1500, 1_usize..800), 1..6),
        back in proptest::collection::vec((1_usize..300, 1_usize..300), 1..6),
        alg in 0_u32..3, level in 1_u32..10,
    ) {
        let data = match kind {
            0 => text(len),
            1 => noise(len),
            _ => vec![7; len],
        };
        let engine = engine();
        let mut session = Session::new(&*engine, alg, COMPRESS);
        session.level = level;
        let small = session.compress(&data, &plan);
        prop_assert!(inflate(alg, &small, 15).as_ref() == Ok(&data));
        let mut session = Session::new(&*engine, alg, DECOMPRESS);
        let (taken, whole) = session.decompress(&small, &back);
        prop_assert_eq!(taken, small.len());
        prop_assert!(whole == data);
    }
}

#[test]
fn what_does_not_compress_fits_with_little_room_to_spare() {
    // The second is the worst for level 1: fixed codes have 9 bits for bytes from 144 on.
    let noise = noise(200_000);
    let high: Vec<u8> = noise.iter().map(|b| b % 112 + 144).collect();
    let engine = engine();
    for (data, alg) in [(&noise, DEFLATE), (&high, ZLIB), (&high, GZIP)] {
        for level in [1, 2, 6, 9] {
            for plan in [
                [(65_536, 65_536)],
                [(65_536, 74_100)],
                [(200_000, 4096)],
                [(999, 201)],
            ] {
                let mut session = Session::new(&*engine, alg, COMPRESS);
                session.level = level;
                let small = session.compress(data, &plan);
                let back = inflate(alg, &small, 15);
                assert!(back.as_ref() == Ok(data), "{alg} {level} {plan:?}");
            }
        }
    }
}

#[test]
fn what_a_request_took_can_be_read_at_once() {
    let engine = engine();
    let mut writer = Session::new(&*engine, ZLIB, COMPRESS);
    let mut reader = Session::new(&*engine, ZLIB, DECOMPRESS);
    for line in ["first", "second", "third"] {
        let (answer, small) = writer.send(line.as_bytes(), 400, false);
        assert_eq!(
            (answer.req.status, answer.in_cons as usize),
            (OK, line.len())
        );
        let (answer, back) = reader.send(&small, 400, false);
        assert_eq!(answer.req.status, OK);
        assert_eq!(back, line.as_bytes());
    }
    let (answer, small) = writer.send(&[], 400, true);
    assert_eq!((answer.req.status, answer.isize), (OK, 16));
    let (answer, back) = reader.send(&small, 400, true);
    assert_eq!((answer.req.status, back.len()), (STREAM_END, 0));
    assert_eq!(answer.isize, 16);
}

#[test]
fn an_empty_request_in_a_stream_does_nothing() {
    let engine = engine();
    let mut session = Session::new(&*engine, GZIP, COMPRESS);
    let (answer, made) = session.send(&[], 100, false);
    assert_eq!((answer.req.status, made.len()), (OK, 0));
    let (_, mut small) = session.send(b"abc", 300, false);
    for _ in 0..3 {
        let (answer, made) = session.send(&[], 300, false);
        assert_eq!((answer.req.status, made.len()), (OK, 0));
    }
    small.extend(session.send(&[], 300, true).1);
    assert_eq!(inflate(GZIP, &small, 15), Ok(b"abc".to_vec()));
}

#[test]
fn a_stream_ends_without_input_in_any_room() {
    let engine = engine();
    for alg in [DEFLATE, ZLIB, GZIP] {
        for (data, room) in [(0, 1), (0, 2), (0, 63), (3, 1), (300, 1), (300, 7)] {
            let data = noise(data);
            let mut session = Session::new(&*engine, alg, COMPRESS);
            let mut small = session.compress(&data, &[(data.len().max(1), room)]);
            assert_eq!(inflate(alg, &small, 15).as_ref(), Ok(&data), "{alg} {room}");
            // The end alone.
            let mut session = Session::new(&*engine, alg, COMPRESS);
            (_, small) = session.send(&data, 2000, false);
            small.extend(session.compress(&[], &[(1, room)]));
            assert_eq!(inflate(alg, &small, 15).as_ref(), Ok(&data), "{alg} {room}");
        }
    }
}

#[test]
fn output_that_had_no_room_is_asked_for_by_again() {
    let engine = engine();
    let (_, small) = run(&*engine, (ZLIB, COMPRESS), &vec![7; 5000], 200, |_| ());
    let mut session = Session::new(&*engine, ZLIB, DECOMPRESS);
    let (mut at, mut len, mut agains) = (0, 0, 0);
    let mut status = OK;
    while status != STREAM_END {
        // A byte at a time, and after "again" none.
        let input = if status == AGAIN { 0 } else { 1 };
        let (answer, made) = session.send(&small[at..at + input], 50, false);
        at += answer.in_cons as usize;
        len += made.len();
        status = answer.req.status;
        agains += usize::from(status == AGAIN);
    }
    assert_eq!((at, len), (small.len(), 5000));
    assert!(agains > 10, "{agains}");
}

#[test]
fn streams_do_not_disturb_each_other_or_whole_requests() {
    let (data, engine) = (text(9000), engine());
    let mut sessions = [0; 5].map(|_| Session::new(&*engine, GZIP, COMPRESS));
    let mut made = [const { Vec::new() }; 5];
    for piece in data.chunks(1000) {
        for (session, made) in sessions.iter_mut().zip(&mut made) {
            made.extend(session.send(piece, 1500, false).1);
            let (answer, _) = run(&*engine, (GZIP, COMPRESS), piece, 1500, |_| ());
            assert_eq!(answer.req.status, OK);
        }
    }
    for (session, made) in sessions.iter_mut().zip(&mut made) {
        made.extend(session.send(&[], 100, true).1);
        assert!(inflate(GZIP, made, 15).as_ref() == Ok(&data));
    }
}

#[test]
fn a_stream_begins_anew_at_any_time() {
    let (data, engine) = (text(3000), engine());
    let mut session = Session::new(&*engine, ZLIB, COMPRESS);
    session.send(&data[..1000], 2000, false);
    session.is_new = true;
    let small = session.compress(&data, &[(700, 900)]);
    assert!(inflate(ZLIB, &small, 15).as_ref() == Ok(&data));
    // The other direction, at the same address.
    session.op = DECOMPRESS;
    session.is_new = true;
    let (_, back) = session.decompress(&small, &[(100, 100)]);
    assert!(back == data);
}

#[test]
fn a_stream_that_is_not_there_is_an_error() {
    let engine = engine();
    let mut session = Session::new(&*engine, ZLIB, COMPRESS);
    session.is_new = false;
    assert_eq!(session.send(b"abc", 300, false).0.req.status, BAD);
    // Forgotten.
    session.is_new = true;
    assert_eq!(session.send(b"abc", 300, false).0.req.status, OK);
    engine.forget(session.context.as_ptr() as usize);
    assert_eq!(session.send(b"abc", 300, false).0.req.status, BAD);
    // Ended.
    session.is_new = true;
    assert_eq!(session.send(b"abc", 300, true).0.req.status, OK);
    assert_eq!(session.send(b"abc", 300, true).0.req.status, BAD);
    // Of the other direction.
    session.is_new = true;
    assert_eq!(session.send(b"abc", 300, false).0.req.status, OK);
    session.op = DECOMPRESS;
    assert_eq!(session.send(b"abc", 300, false).0.req.status, BAD);
}

#[test]
fn bad_data_ends_a_stream() {
    let engine = engine();
    let mut session = Session::new(&*engine, GZIP, DECOMPRESS);
    assert_eq!(session.send(&[0x1f, 0x8b], 100, false).0.req.status, OK);
    assert_eq!(session.send(&[9], 100, false).0.req.status, BAD);
    assert_eq!(session.send(&[8], 100, false).0.req.status, BAD);
}
