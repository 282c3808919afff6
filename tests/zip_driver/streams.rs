//! Streams, in pieces of any size.

use super::lists::{List, listed};
use super::rig::*;
use proptest::prelude::*;
use warpdrive::Error;
use warpdrive::ctypes::v2::Enum;
use warpdrive::ctypes::v2::wd::{WD_EAGAIN, WD_IN_EPARA, WD_STREAM_END, WD_SUCCESS};
use warpdrive::ctypes::v2::wd_comp_drv::wd_comp_msg;

const SUCCESS: u32 = WD_SUCCESS as u32;
const AGAIN: u32 = WD_EAGAIN as u32;
const END: u32 = WD_STREAM_END as u32;
const BAD: u32 = WD_IN_EPARA as u32;

/// What a session keeps of a stream.
pub struct Session<'a> {
    rig: &'a Rig,
    format: u32,
    way: u32,
    context: Vec<u64>,
    begun: bool,
    isize: u32,
    checksum: u32,
}

impl<'a> Session<'a> {
    pub fn new(rig: &'a Rig, format: u32, way: u32) -> Session<'a> {
        Session {
            rig,
            format,
            way,
            context: vec![0; 0x1_0000 / 8],
            begun: false,
            isize: 0,
            checksum: 0,
        }
    }

    fn message(&mut self, input: &[u8], output: &mut [u8], last: bool) -> wd_comp_msg {
        let mut message = whole(self.format, self.way, input, output);
        message.req.last = last.into();
        message.stream_mode = Enum::new(0);
        message.stream_pos = Enum::new(self.begun.into());
        message.ctx_buf = self.context.as_mut_ptr().cast();
        (message.isize, message.checksum) = (self.isize, self.checksum);
        message
    }

    /// One request of the stream, as `wd_do_comp_strm` makes it: how much was taken, what came out,
    /// and the status.
    pub fn step(&mut self, input: &[u8], room: usize, last: bool) -> (usize, Vec<u8>, u32) {
        let mut output = vec![0xee; room + 64];
        let mut message = self.message(input, &mut output[..room], last);
        self.rig.run(&mut message).expect("an answer");
        assert!(message.in_cons as usize <= input.len());
        assert!(message.produced as usize <= room);
        assert!(output[room..].iter().all(|byte| *byte == 0xee));
        (self.isize, self.checksum) = (message.isize, message.checksum);
        let (taken, status) = (message.in_cons as usize, message.req.status);
        let compressed = self.way == 0 && last && taken == input.len() && status == SUCCESS;
        self.begun = !compressed && status != END;
        output.truncate(message.produced as usize);
        (taken, output, status)
    }

    /// All of `data` in pieces, to the end of the stream. At least one call moves something on.
    fn all(&mut self, data: &[u8], pieces: &[usize], rooms: &[usize]) -> Vec<u8> {
        let (mut at, mut out, mut idle) = (0, Vec::new(), 0);
        let (mut pieces, mut rooms) = (pieces.iter().cycle(), rooms.iter().cycle());
        loop {
            let piece = pieces.next().expect("endless");
            // A stream's header comes in one piece and goes out in one.
            let least = if self.begun { 0 } else { 30 };
            let end = (at + (*piece).max(least)).min(data.len());
            let room = (*rooms.next().expect("endless")).max(if self.begun { 1 } else { 11 });
            let last = end == data.len();
            let (taken, made, status) = self.step(&data[at..end], room, last);
            assert!([SUCCESS, AGAIN, END].contains(&status), "{status}");
            at += taken;
            out.extend_from_slice(&made);
            if !self.begun {
                assert_eq!(at, data.len());
                return out;
            }
            idle = if taken + made.len() == 0 { idle + 1 } else { 0 };
            assert!(
                idle < 8,
                "nothing moves: {at} of {}, {}",
                data.len(),
                out.len()
            );
        }
    }
}

#[test]
fn streams_come_back_whole_in_fixed_pieces() {
    let rig = Rig::new("hisi_zip,api=3,level=6");
    for (format, data) in [ZLIB, GZIP, DEFLATE]
        .into_iter()
        .flat_map(|f| [(f, text(100_000)), (f, noise(40_000)), (f, vec![])])
    {
        for (piece, room) in [(100_000, 200_000), (777, 300), (5000, 64), (40_000, 1000)] {
            let stream = Session::new(&rig, format, 0).all(&data, &[piece], &[room]);
            assert!(unpack(format, &stream) == data, "{format} {piece} {room}");
            let back = Session::new(&rig, format, 1).all(&pack(format, &data), &[piece], &[room]);
            assert!(back == data, "{format} {piece} {room}");
        }
    }
}

#[test]
fn every_version_has_streams_and_lists() {
    let data = text(9000);
    for version in [1, 2, 3, 5] {
        let rig = Rig::new(&format!("hisi_zip,api={version}"));
        let stream = Session::new(&rig, GZIP, 0).all(&data, &[2000], &[1500]);
        assert!(unpack(GZIP, &stream) == data);
        assert!(Session::new(&rig, GZIP, 1).all(&stream, &[700], &[150]) == data);
        let (mut input, mut room) = (List::of(&stream, &[99; 9]), List::of(&data, &[99; 9]));
        room.pieces.iter_mut().for_each(|piece| piece.fill(0));
        let mut message = listed(GZIP, 1, &mut input, &mut room);
        rig.run(&mut message).expect("an answer");
        assert_eq!(message.req.status, 0);
        assert!(room.bytes() == data);
    }
}

#[test]
fn output_may_come_byte_by_byte() {
    let rig = Rig::new("hisi_zip,api=5");
    for (format, data) in [ZLIB, GZIP, DEFLATE]
        .into_iter()
        .flat_map(|f| [(f, text(600)), (f, noise(300))])
    {
        let stream = Session::new(&rig, format, 0).all(&data, &[100], &[1]);
        assert!(unpack(format, &stream) == data, "{format}");
        let back = Session::new(&rig, format, 1).all(&pack(format, &data), &[1], &[1]);
        assert!(back == data, "{format}");
    }
}

#[test]
fn an_empty_last_piece_ends_a_stream_without_the_device() {
    let rig = Rig::new("hisi_zip,api=3");
    let data = text(5000);
    for format in [ZLIB, GZIP, DEFLATE] {
        let mut session = Session::new(&rig, format, 0);
        let (taken, mut stream, status) = session.step(&data, 9000, false);
        assert_eq!((taken, status), (5000, SUCCESS));
        let before = rig.world.counters("hisi_zip-0").expect("there").descriptors;
        // In two parts, since there is no room for all of it.
        let (_, made, status) = session.step(&[], 3, true);
        assert_eq!((made.len(), status, session.begun), (3, AGAIN, true));
        stream.extend(made);
        let (_, made, status) = session.step(&[], 100, true);
        assert_eq!((status, session.begun), (SUCCESS, false));
        stream.extend(made);
        let after = rig.world.counters("hisi_zip-0").expect("there").descriptors;
        assert_eq!(before, after);
        assert!(unpack(format, &stream) == data, "{format}");
    }
}

#[test]
fn the_end_is_not_forgotten_while_stored_output_is_handed_out() {
    let rig = Rig::new("hisi_zip");
    let data = text(150);
    let mut session = Session::new(&rig, ZLIB, 0);
    let (taken, mut stream, status) = session.step(&data, 20, false);
    assert_eq!((taken, status), (150, AGAIN));
    let mut calls = 0;
    while session.begun {
        let (_, made, _) = session.step(&[], 50, true);
        stream.extend(made);
        calls += 1;
    }
    assert!(calls > 1);
    assert_eq!(unpack(ZLIB, &stream), data);
}

#[test]
fn what_is_stored_of_an_abandoned_stream_is_not_in_the_next() {
    let rig = Rig::new("hisi_zip");
    let mut session = Session::new(&rig, ZLIB, 0);
    let (_, _, status) = session.step(&noise(150), 20, false);
    assert_eq!(status, AGAIN);
    session.begun = false;
    let data = text(3000);
    let stream = session.all(&data, &[3000], &[4000]);
    assert_eq!(unpack(ZLIB, &stream), data);
}

#[test]
fn many_streams_take_turns() {
    let rig = Rig::new("hisi_zip,api=3,engines=2,count=1");
    let data: Vec<Vec<u8>> = (0..40).map(|i| text(4000 + 100 * i)).collect();
    let streams: Vec<Vec<u8>> = data.iter().map(|d| pack(GZIP, d)).collect();
    let mut sessions: Vec<_> = data.iter().map(|_| Session::new(&rig, GZIP, 1)).collect();
    let mut packers: Vec<_> = data.iter().map(|_| Session::new(&rig, ZLIB, 0)).collect();
    let mut outputs = vec![(Vec::new(), Vec::new()); data.len()];
    let pieces = 10;
    for turn in 0..pieces {
        for (i, (inflated, packed)) in outputs.iter_mut().enumerate() {
            let part = |bytes: &[u8]| {
                let (from, to) = (
                    bytes.len() * turn / pieces,
                    bytes.len() * (turn + 1) / pieces,
                );
                bytes[from..to].to_vec()
            };
            let (input, last) = (part(&streams[i]), turn == pieces - 1);
            let (taken, made, status) = sessions[i].step(&input, 9000, last);
            assert_eq!(
                (taken, status),
                (input.len(), if last { END } else { SUCCESS })
            );
            inflated.extend(made);
            let input = part(&data[i]);
            let (taken, made, _) = packers[i].step(&input, 9000, last);
            assert_eq!(taken, input.len());
            packed.extend(made);
        }
    }
    for ((inflated, packed), data) in outputs.iter().zip(&data) {
        assert!(inflated == data);
        assert!(unpack(ZLIB, packed) == *data);
    }
}

#[test]
fn input_behind_the_end_of_a_stream_is_left() {
    let rig = Rig::new("hisi_zip,api=3");
    let data = text(2000);
    for format in [ZLIB, GZIP, DEFLATE] {
        let stream = pack(format, &data);
        let longer = [&stream[..], b"something else"].concat();
        let mut session = Session::new(&rig, format, 1);
        let (taken, made, status) = session.step(&longer, 3000, true);
        assert_eq!((taken, status), (stream.len(), END));
        assert_eq!(made, data);
    }
}

#[test]
fn corrupt_streams_end_in_an_error_and_cut_ones_wait_for_more() {
    let rig = Rig::new("hisi_zip");
    let data = text(20_000);
    for format in [ZLIB, GZIP] {
        let stream = pack(format, &data);
        let mut session = Session::new(&rig, format, 1);
        let (taken, _, status) = session.step(&stream[..stream.len() - 1], 30_000, false);
        assert_eq!((taken, status), (stream.len() - 1, SUCCESS));
        let (_, _, status) = session.step(&[stream[stream.len() - 1] ^ 1], 100, true);
        assert_eq!(status, BAD);
        let mut wrong = stream.clone();
        wrong[15..].fill(0xff);
        let (_, _, status) = Session::new(&rig, format, 1).step(&wrong, 30_000, true);
        assert_eq!(status, BAD);
    }
}

#[test]
fn a_stream_needs_a_context_and_a_synchronous_one() {
    let rig = Rig::new("hisi_zip");
    let (data, mut out) = (text(100), [0; 300]);
    let mut message = whole(ZLIB, 0, &data, &mut out);
    message.stream_mode = Enum::new(0);
    assert_eq!(rig.run(&mut message), Err(Error::Invalid));
}

#[test]
fn a_stream_outlives_a_reset_of_its_context() {
    let rig = Rig::new("hisi_zip");
    let data = text(50_000);
    let stream = pack(ZLIB, &data);
    let mut session = Session::new(&rig, ZLIB, 1);
    let (taken, mut back, _) = session.step(&stream[..1000], 60_000, false);
    rig.engine.reset(SYNC[1]).expect("started again");
    let (_, rest, status) = session.step(&stream[taken..], 60_000, true);
    back.extend(rest);
    assert_eq!(status, END);
    assert!(back == data);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn streams_come_back_whole_in_any_pieces(
        format in 0_u32..3,
        compressible in any::<bool>(),
        len in 0_usize..30_000,
        pieces in proptest::collection::vec(1_usize..6000, 1..8),
        rooms in proptest::collection::vec(
            prop_oneof![1_usize..12, 190_usize..260, 1_usize..5000], 1..8),
        level in 0_u32..=9,
        engines in 1_u32..3,
    ) {
        let rig = Rig::new(&format!("hisi_zip,api=3,level={level},engines={engines}"));
        let data = if compressible { text(len) } else { noise(len) };
        let stream = Session::new(&rig, format, 0).all(&data, &pieces, &rooms);
        prop_assert!(unpack(format, &stream) == data);
        let back = Session::new(&rig, format, 1).all(&pack(format, &data), &pieces, &rooms);
        prop_assert!(back == data);
    }
}
