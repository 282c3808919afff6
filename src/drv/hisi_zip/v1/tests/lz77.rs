//! Messages for LZ77, and where their results go.

use super::*;
use crate::ctypes::v1::wd_comp::wcrypto_zstd_out;

/// A tag with results in it.
fn tag(results: &mut wcrypto_lz77_zstd_format) -> wcrypto_comp_tag {
    use crate::ctypes::v1::wd::wcrypto_cb_tag;
    wcrypto_comp_tag {
        wcrypto_tag: wcrypto_cb_tag {
            ctx: ptr::null_mut(),
            tag: ptr::null_mut(),
            ctx_id: 0,
        },
        priv_: ptr::from_mut(results).cast(),
    }
}

fn no_results() -> wcrypto_lz77_zstd_format {
    wcrypto_lz77_zstd_format {
        literals_start: ptr::null_mut(),
        sequences_start: ptr::null_mut(),
        lit_num: 0,
        seq_num: 0,
        lit_length_overflow_cnt: 0,
        lit_length_overflow_pos: 0,
        freq: ptr::null_mut(),
        blk_type: 0,
    }
}

/// A message for LZ77 with this tag.
fn lz77(tag: &wcrypto_comp_tag) -> wcrypto_comp_msg {
    wcrypto_comp_msg {
        alg_type: 3,
        avail_out: 100 + 16 + 784 + 200,
        udata: ptr::from_ref(tag).expose_provenance() as u64,
        ..blank()
    }
}

#[test]
fn results_of_lz77_are_where_the_tag_says() {
    let mut results = no_results();
    let tag = tag(&mut results);
    let mut message = lz77(&tag);
    let (sqe, mapped) = send(Version::V3, &mut message).expect("good");
    assert_eq!((sqe.request, sqe.tag, sqe.tag_type3), (0x43, 116, 5));
    assert_eq!(sqe.literals, 0x2_0000 + AWAY);
    assert_eq!(sqe.destination, 0x2_0000 + 116 + AWAY);
    assert_eq!(sqe.output_space, 984);
    assert_eq!(mapped, [(0x1_0000, 100), (0x2_0000, 1100)]);
    let answer = Sqe {
        consumed: 100,
        produced: 3,
        comp_data_length: 50,
        checksum: 1 << 24 | 2,
        ..sqe
    };
    answer_with(Version::V3, &answer, &mut message);
    assert_eq!((message.status, message.produced), (0, 3));
    assert_eq!((results.lit_num, results.seq_num), (50, 3));
    assert_eq!(results.lit_length_overflow_cnt, 1);
    assert_eq!(results.lit_length_overflow_pos, 2);
    assert_eq!(results.literals_start.addr(), 0x2_0000);
    assert_eq!(results.sequences_start.addr(), 0x2_0074);
    assert_eq!(results.freq.addr(), 0x2_0074 + 3 * 8 + 8);
}

#[test]
fn lz77_with_lists_has_two_rooms() {
    let mut results = no_results();
    let tag = tag(&mut results);
    let mut room = wcrypto_zstd_out {
        literal: ptr::without_provenance_mut(0x3_0000),
        lit_sz: 116,
        sequence: ptr::without_provenance_mut(0x4_0000),
        seq_sz: 900,
    };
    let mut message = lz77(&tag);
    (message.data_fmt, message.dst) = (1, ptr::from_mut(&mut room).cast());
    let (sqe, mapped) = send(Version::V3, &mut message).expect("good");
    assert_eq!((sqe.tag, sqe.output_space), (116, 900));
    assert_eq!(mapped, [(0x1_0000, 100), (0x3_0000, 116), (0x4_0000, 900)]);
    answer_with(Version::V3, &sqe, &mut message);
    assert_eq!(results.literals_start.addr(), 0x3_0000);
    assert_eq!(results.sequences_start.addr(), 0x4_0000);
    assert!(results.freq.is_null(), "it may lie in two pieces");
    for (lit_sz, seq_sz) in [(115, 900), (116, 783)] {
        (room.lit_sz, room.seq_sz) = (lit_sz, seq_sz);
        message.dst = ptr::from_mut(&mut room).cast();
        assert_eq!(send(Version::V3, &mut message).err(), Some(Error::Invalid));
    }
}

#[test]
fn levels_and_sizes_that_lz77_does_not_have_are_invalid() {
    let mut results = no_results();
    let tag = tag(&mut results);
    for (level, code) in [(0, Some(0x43)), (8, Some(0x43)), (9, Some(0x42)), (7, None)] {
        let mut message = lz77(&tag);
        message.comp_lv = level;
        let sent = send(Version::V3, &mut message);
        assert_eq!(sent.ok().map(|(sqe, _)| sqe.request), code, "{level}");
    }
    for (input, room) in [((128 << 10) + 1, 1 << 20), (0, 4000), (100, 899)] {
        let mut message = lz77(&tag);
        (message.in_size, message.avail_out) = (input, room);
        assert_eq!(send(Version::V3, &mut message).err(), Some(Error::Invalid));
    }
}

#[test]
fn repeat_codes_follow_what_the_program_did_with_the_last_block() {
    let mut results = no_results();
    let mut stream = stream();
    let (hardware, after, before) = (64 + 784, 12, 24);
    for (at, value) in [(hardware, 1), (after, 2), (before, 3)] {
        stream.0[at..at + 12].fill(value);
    }
    stream.0[hardware + 12] = 9;
    let own = tag(&mut results);
    let mut message = lz77(&own);
    (message.stream_mode, message.avail_out) = (1, 9000);
    message.ctx_buf = stream.0.as_mut_ptr().cast();
    send(Version::V3, &mut message).expect("good");
    assert_eq!(stream.0[hardware], 3, "not compressed: those before it");
    assert_eq!(
        stream.0[hardware + 12],
        0,
        "no literal length is carried over"
    );
    let compressed = wcrypto_lz77_zstd_format {
        blk_type: 2,
        ..no_results()
    };
    Promise::in_tests().write(&raw mut results, compressed);
    stream.0[hardware] = 1;
    let (sqe, _) = send(Version::V3, &mut message).expect("good");
    assert_eq!((stream.0[hardware], stream.0[before]), (1, 2));
    stream.0[hardware..hardware + 12].fill(7);
    answer_with(Version::V3, &sqe, &mut message);
    assert_eq!(stream.0[after], 7);
    message.udata = 0;
    let sent = send(Version::V3, &mut message);
    assert_eq!(
        sent.err(),
        Some(Error::Invalid),
        "a stream needs to be told"
    );
}

#[test]
fn results_of_lz77_beyond_their_room_are_not_believed() {
    let mut results = no_results();
    let tag = tag(&mut results);
    for (literals, sequences) in [(117, 0), (0, 25), (u32::MAX, u32::MAX)] {
        let mut message = lz77(&tag);
        let (sqe, _) = send(Version::V3, &mut message).expect("good");
        let answer = Sqe {
            comp_data_length: literals,
            produced: sequences,
            ..sqe
        };
        answer_with(Version::V3, &answer, &mut message);
        assert_eq!(message.status, WD_IN_EPARA as u32);
        assert_eq!(results.seq_num, 0);
    }
}

#[test]
fn results_are_filled_in_for_lz77_only() {
    let mut results = no_results();
    let tag = tag(&mut results);
    let mut message = lz77(&tag);
    message.alg_type = 0;
    let (sqe, _) = send(Version::V3, &mut message).expect("good");
    let answer = Sqe {
        produced: 3,
        comp_data_length: 50,
        ..sqe
    };
    answer_with(Version::V3, &answer, &mut message);
    assert_eq!((message.status, message.produced), (0, 3));
    assert_eq!(results.lit_num, 0, "it is the program's own");
}
