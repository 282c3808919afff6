//! LZ4 blocks, and literals with sequences.

use super::whole::tool;
use super::*;
use crate::ctypes::v2::wd_comp::wd_lz77_zstd_data;

#[test]
fn lz4_reads_our_blocks_and_so_do_we() {
    let engine = engine();
    for data in [text(200_000), noise(1000), b"x".to_vec()] {
        let (answer, block) = run(&*engine, (LZ4, COMPRESS), &data, 250_000, |_| ());
        assert_eq!(
            (answer.req.status, answer.in_cons as usize),
            (OK, data.len())
        );
        let (answer, back) = run(&*engine, (LZ4, DECOMPRESS), &block, data.len(), |_| ());
        assert_eq!(
            (answer.req.status, answer.in_cons as usize),
            (OK, block.len())
        );
        assert!(back == data);
        let room = data.len() - 1;
        let (answer, _) = run(&*engine, (LZ4, DECOMPRESS), &block, room, |_| ());
        assert_eq!((answer.req.status, answer.produced), (BAD, 0));
        // The frame of old: a number and the block's length.
        let mut frame = 0x184c_2102_u32.to_le_bytes().to_vec();
        frame.extend_from_slice(&(block.len() as u32).to_le_bytes());
        frame.extend_from_slice(&block);
        if let Some(back) = tool("lz4", &["-dc"], &frame) {
            assert!(back == data);
        }
    }
}

#[test]
fn a_block_needs_no_more_room_than_it_has_bytes() {
    let (data, engine) = (noise(3000), engine());
    let (_, block) = run(&*engine, (LZ4, COMPRESS), &data, 4000, |_| ());
    let (answer, same) = run(&*engine, (LZ4, COMPRESS), &data, block.len(), |_| ());
    assert_eq!(answer.req.status, OK);
    assert!(same == block);
    let (answer, _) = run(&*engine, (LZ4, COMPRESS), &data, block.len() - 1, |_| ());
    assert_eq!((answer.req.status, answer.produced), (BAD, 0));
}

#[test]
fn blocks_may_lie_in_lists() {
    let (data, engine) = (text(10_000), engine());
    let (_, flat) = run(&*engine, (LZ4, COMPRESS), &data, 12_000, |_| ());
    let out = vec![GUARD; 12_000];
    for piece in [1, 7, 1000, 12_000] {
        let (source, sink) = (cut(&data, piece), cut(&out, piece));
        let (answer, _) = run(&*engine, (LZ4, COMPRESS), &data, 12_000, |message| {
            message.req.data_fmt = Enum::new(1);
            message.req.src = source.as_ptr().cast_mut().cast();
            message.req.dst = sink.as_ptr().cast_mut().cast();
        });
        assert_eq!(
            (answer.req.status, answer.produced as usize),
            (OK, flat.len())
        );
        assert!(out[..flat.len()] == flat);
    }
}

fn nowhere() -> wd_lz77_zstd_data {
    wd_lz77_zstd_data {
        literals_start: null_mut(),
        sequences_start: null_mut(),
        lit_num: 0,
        seq_num: 0,
        lit_length_overflow_cnt: 9,
        lit_length_overflow_pos: 9,
        freq: null_mut(),
        blk_type: 2,
    }
}

/// Makes the data again from literals and sequences in the places where they lie.
fn replay(
    alg: u32,
    history: &[u8],
    literals: &[u8],
    sequences: &[u8],
    long: Option<u32>,
) -> Vec<u8> {
    let (mut out, mut at) = (history.to_vec(), 0);
    for (n, s) in sequences.chunks(8).enumerate() {
        let four = u32::from_le_bytes(s[..4].try_into().expect("four")) as usize;
        let two = u16::from_le_bytes([s[4], s[5]]) as usize;
        let length = u16::from_le_bytes([s[6], s[7]]) as usize + 3;
        let more = if long == Some(n as u32) { 65_536 } else { 0 };
        let (run, distance) = match alg {
            LZ77_ZSTD => (two + more, four - 3),
            _ => (four, two + 1),
        };
        out.extend_from_slice(&literals[at..at + run]);
        at += run;
        for _ in 0..length {
            out.push(out[out.len() - distance]);
        }
    }
    out.extend_from_slice(&literals[at..]);
    out.split_off(history.len())
}

/// Executes a request and makes the data of its results again.
fn there_and_back(
    engine: &dyn Engine<wd_comp_msg>,
    alg: u32,
    data: &[u8],
    room: usize,
    history: &[u8],
    change: impl FnOnce(&mut wd_comp_msg),
) -> (wd_lz77_zstd_data, Vec<u8>) {
    let mut places = nowhere();
    let mut dst = vec![GUARD; room + 64];
    let mut message = message(alg, COMPRESS, data, &mut dst[..room]);
    message.req.priv_ = (&raw mut places).cast();
    change(&mut message);
    engine.send(0, &mut message).expect("sensible");
    assert!(dst[room..].iter().all(|b| *b == GUARD), "beyond the output");
    assert_eq!(
        (message.req.status, message.in_cons as usize),
        (OK, data.len())
    );
    assert_eq!(message.produced, 0);
    let start = dst.as_ptr() as usize;
    let (literals, sequences) = (
        places.literals_start as usize,
        places.sequences_start as usize,
    );
    assert_eq!((literals - start, sequences - start), (0, data.len() + 16));
    let lits = &dst[..places.lit_num as usize];
    let seqs = &dst[data.len() + 16..][..places.seq_num as usize * 8];
    let long = (places.lit_length_overflow_cnt == 1).then_some(places.lit_length_overflow_pos);
    if alg == LZ77_ZSTD {
        assert_eq!(places.freq as usize, sequences + seqs.len() + 8);
    }
    let back = replay(alg, history, lits, seqs, long);
    (places, back)
}

#[test]
fn literals_and_sequences_lie_where_devices_put_them() {
    let engine = engine();
    for alg in [LZ77_ZSTD, LZ77_ONLY] {
        for data in [text(131_072), noise(70_000), vec![1; 500], vec![1]] {
            let room = data.len() * 2 + 5000;
            let (places, back) = there_and_back(&*engine, alg, &data, room, &[], |_| ());
            assert!(back == data, "{alg}");
            assert_eq!(places.blk_type, 2);
            assert!(places.seq_num > 0 || data.len() == 1 || data.len() == 70_000);
        }
    }
}

#[test]
fn the_smallest_room_that_is_accepted_suffices() {
    let (data, engine) = (text(20_000), engine());
    for (alg, least, sequences) in [(LZ77_ZSTD, 784, 0), (LZ77_ZSTD, 808, 2), (LZ77_ONLY, 16, 2)] {
        let room = data.len() + 16 + least;
        let (places, back) = there_and_back(&*engine, alg, &data, room, &[], |_| ());
        assert_eq!(places.seq_num, sequences);
        assert!(back == data);
    }
    for (alg, least) in [(LZ77_ZSTD, 784), (LZ77_ONLY, 16)] {
        let mut dst = vec![GUARD; data.len() + 16 + least - 1];
        let mut message = message(alg, COMPRESS, &data, &mut dst);
        let mut places = nowhere();
        message.req.priv_ = (&raw mut places).cast();
        assert_eq!(engine.send(0, &mut message), Err(Error::Invalid));
    }
}

#[test]
fn pieces_of_a_stream_use_what_came_before() {
    let (data, engine) = (text(60_000), engine());
    let context = [0_u8; 64];
    let mut literals = [0, 0];
    for (n, piece) in data.chunks(1000).enumerate() {
        let (places, back) = there_and_back(
            &*engine,
            LZ77_ZSTD,
            piece,
            4000,
            &data[..n * 1000],
            |message| {
                message.stream_mode = Enum::new(0);
                message.stream_pos = Enum::new((n > 0).into());
                message.ctx_buf = context.as_ptr().cast_mut().cast();
                message.req.last = u32::from(n == 59);
            },
        );
        assert!(back == piece, "{n}");
        literals[0] += places.lit_num;
        let (places, _) = there_and_back(&*engine, LZ77_ZSTD, piece, 4000, &[], |_| ());
        literals[1] += places.lit_num;
    }
    assert!(literals[0] * 3 < literals[1] * 2, "{literals:?}");
}

#[test]
fn in_a_list_the_sequences_begin_with_a_piece_of_their_own() {
    let (data, engine) = (text(5000), engine());
    let out = vec![GUARD; 12_000];
    let source = cut(&data, 999);
    // Three pieces for 5016 literals, then one for sequences.
    let pieces = [(0, 2000), (2000, 3000), (5000, 100), (5100, 6900)];
    let sink = list(
        pieces
            .map(|(at, len)| (out[at..].as_ptr(), len))
            .into_iter(),
    );
    let mut places = nowhere();
    let (answer, _) = run(&*engine, (LZ77_ZSTD, COMPRESS), &data, 12_000, |message| {
        message.req.data_fmt = Enum::new(1);
        message.req.src = source.as_ptr().cast_mut().cast();
        message.req.dst = sink.as_ptr().cast_mut().cast();
        message.req.priv_ = (&raw mut places).cast();
    });
    assert_eq!(answer.req.status, OK);
    assert_eq!(places.literals_start as usize, &raw const sink[0] as usize);
    assert_eq!(places.sequences_start as usize, &raw const sink[3] as usize);
    let sequences = &out[5100..][..places.seq_num as usize * 8];
    let back = replay(
        LZ77_ZSTD,
        &[],
        &out[..places.lit_num as usize],
        sequences,
        None,
    );
    assert!(back == data);
}

#[test]
fn what_no_driver_could_do_is_invalid() {
    let engine = engine();
    let (data, mut places) = (vec![1; 200_000], nowhere());
    let mut dst = vec![0; 500_000];
    let mut refused = |alg, op, len: usize, change: fn(&mut wd_comp_msg)| {
        let mut message = message(alg, op, &data[..len], &mut dst);
        message.req.priv_ = (&raw mut places).cast();
        change(&mut message);
        assert_eq!(
            engine.send(0, &mut message),
            Err(Error::Invalid),
            "{alg} {op} {len}"
        );
    };
    let stream = |message: &mut wd_comp_msg| {
        message.stream_mode = Enum::new(0);
        message.ctx_buf = 0x1000 as *mut _;
    };
    refused(LZ77_ZSTD, COMPRESS, 131_073, |_| ());
    refused(LZ77_ZSTD, COMPRESS, 100, |message| {
        message.req.priv_ = null_mut()
    });
    refused(LZ77_ZSTD, DECOMPRESS, 100, |_| ());
    refused(LZ77_ONLY, DECOMPRESS, 100, |_| ());
    refused(LZ4, COMPRESS, 0, |_| ());
    refused(LZ4, COMPRESS, 100, stream);
    refused(ZLIB, COMPRESS, 100, |message| {
        message.stream_mode = Enum::new(0)
    });
    refused(ZLIB, COMPRESS, 100, |message| message.req.src = null_mut());
    refused(ZLIB, COMPRESS, 100, |message| message.req.dst = null_mut());
    refused(ZLIB, 2, 100, |_| ());
    refused(6, COMPRESS, 100, |_| ());
    refused(ZLIB, COMPRESS, 100, |message| {
        message.req.data_fmt = Enum::new(2)
    });
}
