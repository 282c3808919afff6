//! Messages as descriptors, and what finished descriptors say in them.

mod lz77;

use super::*;
use crate::bd::zip::{SIZE, Sqe, context};
use crate::ctypes::v1::wd::{WD_IN_EPARA, WD_VERIFY_ERR};
use crate::ctypes::v1::wd_comp::wcrypto_op_result::*;
use core::ptr;

fn facts(version: Version) -> Facts {
    Facts {
        version,
        promise: Promise::in_tests(),
    }
}

/// A message without buffers: compress to zlib, whole.
fn blank() -> wcrypto_comp_msg {
    wcrypto_comp_msg {
        alg_type: 0,
        op_type: 0,
        flush_type: 3,
        stream_mode: 0,
        stream_pos: 1,
        comp_lv: 8,
        data_fmt: 0,
        win_size: 4,
        in_size: 100,
        avail_out: 1000,
        in_cons: 7,
        produced: 7,
        src: ptr::without_provenance_mut(0x1_0000),
        dst: ptr::without_provenance_mut(0x2_0000),
        tag: 5,
        status: 99,
        isize: 11,
        checksum: 12,
        ctx_buf: ptr::null_mut(),
        udata: 0,
    }
}

/// A stream's context, aligned as memory of programs is.
#[repr(align(64))]
struct Stream([u8; context::SIZE]);

fn stream() -> Box<Stream> {
    Box::new(Stream([0; context::SIZE]))
}

/// A message of a stream.
fn piece(stream: &mut Stream) -> wcrypto_comp_msg {
    wcrypto_comp_msg {
        stream_mode: 1,
        ctx_buf: stream.0.as_mut_ptr().cast(),
        ..blank()
    }
}

/// The device's addresses are those of the process and this.
const AWAY: u64 = 0x7000_0000_0000_0000;

/// What was mapped for a request: addresses and lengths.
type Spans = Vec<(usize, usize)>;

fn send(version: Version, message: &mut wcrypto_comp_msg) -> Result<(Sqe, Spans)> {
    let mut mapped = Spans::new();
    let mut bytes = [0; SIZE];
    encode(facts(version), message, &mut bytes, |va, len| {
        mapped.push((va, len));
        NonZeroU64::new(va as u64 + AWAY)
    })?;
    Ok((Sqe::decode(&bytes), mapped))
}

fn answer_with(version: Version, answer: &Sqe, message: &mut wcrypto_comp_msg) {
    decode(facts(version), &answer.encode(), message);
}

#[test]
fn a_whole_request_is_described_field_by_field() {
    let mut message = blank();
    let (sqe, mapped) = send(Version::V3, &mut message).expect("good");
    let expected = Sqe {
        request: 2,
        finish: true,
        new_stream: true,
        sqe_type: 3,
        tag_type3: 5,
        window: 4,
        input_length: 100,
        output_space: 1000,
        source: 0x1_0000 + AWAY,
        destination: 0x2_0000 + AWAY,
        isize: 11,
        checksum: 12,
        ..Sqe::default()
    };
    assert_eq!(sqe, expected);
    assert_eq!(mapped, [(0x2_0000, 1000), (0x1_0000, 100)]);
}

#[test]
fn an_address_without_so_many_bytes_behind_it_is_none() {
    let mut bytes = [0; SIZE];
    let mut told = |at: u64, message: &mut wcrypto_comp_msg| {
        encode(facts(Version::V3), message, &mut bytes, |_, _| {
            NonZeroU64::new(at)
        })
    };
    assert_eq!(told(u64::MAX, &mut blank()), Err(Error::Invalid));
    assert_eq!(told(u64::MAX - 1000, &mut blank()), Ok(()));
    let mut stream = stream();
    let end = u64::MAX - context::SIZE as u64;
    assert_eq!(told(end + 1, &mut piece(&mut stream)), Err(Error::Invalid));
    assert_eq!(told(end, &mut piece(&mut stream)), Ok(()));
}

#[test]
fn old_devices_have_the_tag_elsewhere_and_no_window() {
    let mut message = blank();
    message.alg_type = 1;
    let (sqe, _) = send(Version::V2, &mut message).expect("good");
    assert_eq!((sqe.request, sqe.sqe_type, sqe.window), (3, 0, 0));
    assert_eq!((sqe.tag, sqe.tag_type3), (5, 0));
    for format in [2, 3] {
        message.alg_type = format;
        assert_eq!(send(Version::V2, &mut message).err(), Some(Error::Invalid));
    }
}

#[test]
fn any_flush_but_the_last_is_a_sync_flush() {
    for (flush, finish) in [(0, false), (1, false), (2, false), (3, true), (9, false)] {
        let mut message = blank();
        message.flush_type = flush;
        let (sqe, _) = send(Version::V3, &mut message).expect("good");
        assert_eq!(sqe.finish, finish, "{flush}");
    }
}

#[test]
fn numbers_that_mean_nothing_are_invalid() {
    let spoil: [fn(&mut wcrypto_comp_msg); 8] = [
        |m| m.alg_type = 4,
        |m| m.stream_mode = 2,
        |m| m.stream_pos = 2,
        |m| m.data_fmt = 2,
        |m| m.win_size = 5,
        |m| m.in_size = (8 << 20) + 1,
        |m| m.avail_out = 0,
        // A stream without a context.
        |m| m.stream_mode = 1,
    ];
    for (index, spoil) in spoil.iter().enumerate() {
        let mut message = blank();
        spoil(&mut message);
        let sent = send(Version::V3, &mut message);
        assert_eq!(sent.err(), Some(Error::Invalid), "{index}");
    }
}

#[test]
fn more_room_than_the_engine_takes_is_not_used_but_lists_have_no_limit() {
    let mut message = blank();
    message.avail_out = 9 << 20;
    let (sqe, _) = send(Version::V3, &mut message).expect("good");
    assert_eq!((sqe.output_space, message.avail_out), (8 << 20, 8 << 20));
    (message.avail_out, message.in_size, message.data_fmt) = (9 << 20, 10 << 20, 1);
    let (sqe, _) = send(Version::V3, &mut message).expect("good");
    assert_eq!((sqe.output_space, sqe.input_length), (9 << 20, 10 << 20));
    assert_eq!(sqe.buffer_type, 1);
}

#[test]
fn memory_that_a_device_cannot_reach_is_invalid_and_no_more_is_mapped() {
    let (mut message, mut asked) = (blank(), Spans::new());
    let bytes = &mut [0; SIZE];
    let sent = encode(facts(Version::V3), &mut message, bytes, |va, len| {
        asked.push((va, len));
        None
    });
    assert_eq!(sent, Err(Error::Invalid));
    assert_eq!(asked, [(0x2_0000, 1000)]);
}

#[test]
fn a_piece_of_a_stream_carries_its_context() {
    let mut stream = stream();
    stream.0[..12].copy_from_slice(&[1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]);
    let mut message = piece(&mut stream);
    message.stream_pos = 0;
    let (sqe, mapped) = send(Version::V3, &mut message).expect("good");
    let at = message.ctx_buf.addr();
    assert!(sqe.stateful && !sqe.new_stream);
    assert_eq!(sqe.ctx, [1, 2, 3]);
    assert_eq!(sqe.stream_context, at as u64 + 64 + AWAY);
    assert!(mapped.contains(&(at, context::SIZE)));
}

#[test]
fn what_a_device_answers_is_in_the_message() {
    let mut message = blank();
    let (sqe, _) = send(Version::V3, &mut message).expect("good");
    let answer = Sqe {
        consumed: 100,
        produced: 40,
        isize: 100,
        checksum: 0xabcd,
        ..sqe
    };
    answer_with(Version::V3, &answer, &mut message);
    assert_eq!((message.in_cons, message.produced), (100, 40));
    assert_eq!((message.isize, message.checksum), (100, 0xabcd));
    assert_eq!(message.status, 0);
}

#[test]
fn each_end_has_its_status() {
    let ends = [
        (0x00, false, 0, 0),
        (0x13, true, 0, WCRYPTO_DECOMP_END as u32),
        (0x13, false, 0, 0),
        (0x0d, false, 0, WCRYPTO_NEGTIVE_COMP_ERR as u32),
        (0x10, false, 0, WD_VERIFY_ERR as u32),
        (0x0f, false, 0, WCRYPTO_SRC_DIF_ERR as u32),
        (0x12, false, 0, WCRYPTO_DST_DIF_ERR as u32),
        (0x0e, false, 0, WD_IN_EPARA as u32),
        (0x99, true, 0, WD_IN_EPARA as u32),
        (0x00, false, 1, WCRYPTO_DECOMP_END_NOSPACE as u32),
        (0x00, false, 4, WCRYPTO_DECOMP_NO_CRC as u32),
        (0x13, true, 4, WCRYPTO_DECOMP_NO_CRC as u32),
        (0x00, true, 3, WCRYPTO_DECOMP_BLK_NOSTART as u32),
        (0x00, false, 3, 0),
        (0x00, false, 2, 0),
        (0x00, false, 2 | 0x80, WCRYPTO_DECOMP_BLK_NOSTART as u32),
        // A state does not hide an error.
        (0x99, false, 1, WD_IN_EPARA as u32),
        (0x10, false, 4, WD_VERIFY_ERR as u32),
    ];
    for (status, last_block, state, expected) in ends {
        let mut stream = stream();
        let mut message = piece(&mut stream);
        let (sqe, _) = send(Version::V3, &mut message).expect("good");
        let answer = Sqe {
            consumed: 100,
            produced: 40,
            status,
            last_block,
            ctx: [state, 1, 0],
            ..sqe
        };
        answer_with(Version::V3, &answer, &mut message);
        assert_eq!(message.status, expected, "{status:#x} {last_block} {state}");
        assert_eq!(stream.0[0], state as u8, "the words are kept");
    }
}

#[test]
fn a_whole_request_has_no_state() {
    let mut message = blank();
    let (sqe, _) = send(Version::V3, &mut message).expect("good");
    let answer = Sqe {
        ctx: [1, 0, 0],
        ..sqe
    };
    answer_with(Version::V3, &answer, &mut message);
    assert_eq!(message.status, 0);
}

#[test]
fn the_end_of_raw_deflate_in_the_context_asks_for_another_request() {
    for (bits, expected) in [
        (0x0003_u64, WCRYPTO_DECOMP_BLK_NOSTART as u32),
        (0x0002, 0),
        (7, WD_IN_EPARA as u32),
    ] {
        let mut stream = stream();
        stream.0[64 + 0xc00 + 32..][..8].copy_from_slice(&bits.to_le_bytes());
        let mut message = piece(&mut stream);
        message.alg_type = 2;
        let (sqe, _) = send(Version::V3, &mut message).expect("good");
        let answer = Sqe {
            consumed: 100,
            ctx: [3 | 16 << 10, 0, 17],
            ..sqe
        };
        answer_with(Version::V3, &answer, &mut message);
        assert_eq!(message.status, expected, "{bits:#x}");
    }
}

#[test]
fn a_device_that_claims_too_much_gets_nothing_believed() {
    for (consumed, produced) in [(101, 0), (0, 1001), (u32::MAX, u32::MAX)] {
        let mut message = blank();
        let (sqe, _) = send(Version::V3, &mut message).expect("good");
        let answer = Sqe {
            consumed,
            produced,
            ..sqe
        };
        answer_with(Version::V3, &answer, &mut message);
        assert_eq!((message.in_cons, message.produced), (0, 0));
        assert_eq!(message.status, WD_IN_EPARA as u32);
    }
}

/// Puts `output` where a descriptor of a small piece says.
fn engine_writes(stream: &mut Stream, output: &[u8]) {
    stream.0[store::AT..][..output.len()].copy_from_slice(output);
}

#[test]
fn small_output_goes_through_the_context_and_is_handed_out_in_turns() {
    for version in [Version::V2, Version::V3] {
        let mut stream = stream();
        let mut room = [0_u8; 10];
        let mut message = piece(&mut stream);
        (message.dst, message.avail_out) = (room.as_mut_ptr(), 10);
        let (sqe, mapped) = send(version, &mut message).expect("good");
        assert_eq!(sqe.output_space, 236);
        let at = message.ctx_buf.addr();
        assert_eq!(sqe.destination, (at + 0x9840) as u64 + AWAY);
        assert_eq!(mapped, [(at, context::SIZE), (0x1_0000, 100)]);
        engine_writes(&mut stream, b"0123456789abcdefghijklmno");
        let answer = Sqe {
            consumed: 100,
            produced: 25,
            status: 0x13,
            last_block: true,
            ..sqe
        };
        answer_with(version, &answer, &mut message);
        assert_eq!((message.in_cons, message.produced), (100, 10));
        assert_eq!(message.status, WCRYPTO_DECOMP_END_NOSPACE as u32);
        assert_eq!(&room, b"0123456789");

        for (text, status) in [
            (&b"abcdefghij"[..], WCRYPTO_DECOMP_END_NOSPACE as u32),
            (b"klmno", WCRYPTO_DECOMP_END as u32),
        ] {
            room = [0; 10];
            (message.stream_pos, message.in_size) = (0, 0);
            let (sqe, mapped) = send(version, &mut message).expect("good");
            assert_eq!((sqe.input_length, sqe.output_space), (0, 16));
            assert_eq!(
                mapped,
                [(at, context::SIZE)],
                "the room is not the engine's"
            );
            // Whatever the engine makes of it.
            answer_with(version, &Sqe { status: 5, ..sqe }, &mut message);
            assert_eq!((message.in_cons, message.status), (0, status));
            assert_eq!(&room[..message.produced as usize], text);
        }
        let (sqe, _) = send(version, &mut message).expect("good");
        assert_eq!(sqe.output_space, 236, "and then as before");
    }
}

#[test]
fn a_piece_that_could_not_be_sent_leaves_the_store_buffer_alone() {
    let mut stream = stream();
    let mut message = piece(&mut stream);
    message.avail_out = 10;
    let first = send(Version::V3, &mut message).expect("good");
    let again = send(Version::V3, &mut message).expect("good");
    assert_eq!(first, again);
}

#[test]
fn what_a_failed_request_left_in_the_store_buffer_is_not_handed_out() {
    let mut stream = stream();
    let mut message = piece(&mut stream);
    message.avail_out = 10;
    let (sqe, _) = send(Version::V3, &mut message).expect("good");
    let answer = Sqe {
        produced: 25,
        status: 0x08,
        ..sqe
    };
    answer_with(Version::V3, &answer, &mut message);
    assert_eq!((message.produced, message.status), (0, WD_IN_EPARA as u32));
    let (sqe, _) = send(Version::V3, &mut message).expect("good");
    assert_eq!(sqe.output_space, 236);
}

#[test]
fn a_status_that_a_device_has_put_into_the_store_buffer_is_an_error() {
    for (stored, told) in [(1 << 8, WD_IN_EPARA), (u32::MAX, WD_IN_EPARA), (64, 64)] {
        let mut stream = stream();
        let mut message = piece(&mut stream);
        let mut room = [0_u8; 10];
        (message.dst, message.avail_out) = (room.as_mut_ptr(), 10);
        let (sqe, _) = send(Version::V3, &mut message).expect("good");
        let answer = Sqe {
            consumed: 100,
            produced: 15,
            ..sqe
        };
        answer_with(Version::V3, &answer, &mut message);
        assert_eq!(message.status, WCRYPTO_DECOMP_END_NOSPACE as u32);
        stream.0[store::AT + 248..][..4].copy_from_slice(&stored.to_ne_bytes());
        let (sqe, _) = send(Version::V3, &mut message).expect("good");
        answer_with(Version::V3, &sqe, &mut message);
        assert_eq!((message.produced, message.status), (5, told as u32));
    }
}

#[test]
fn room_of_more_than_200_bytes_and_lists_are_the_engines_own() {
    let mut stream = stream();
    let mut message = piece(&mut stream);
    message.avail_out = 201;
    let (sqe, _) = send(Version::V3, &mut message).expect("good");
    assert_eq!((sqe.output_space, sqe.destination), (201, 0x2_0000 + AWAY));
    (message.avail_out, message.data_fmt) = (10, 1);
    let (sqe, _) = send(Version::V3, &mut message).expect("good");
    assert_eq!((sqe.output_space, sqe.destination), (10, 0x2_0000 + AWAY));
}

#[test]
fn what_the_engine_asks_for_is_told_with_the_last_of_the_stored_output() {
    let cases = [
        (0x00, 1, WCRYPTO_DECOMP_END_NOSPACE as u32),
        (0x0d, 0, 0),
        (0x00, 0, 0),
    ];
    for (status, state, last) in cases {
        let mut stream = stream();
        let mut room = [0_u8; 10];
        let mut message = piece(&mut stream);
        (message.dst, message.avail_out) = (room.as_mut_ptr(), 10);
        let (sqe, _) = send(Version::V3, &mut message).expect("good");
        let answer = Sqe {
            produced: 15,
            status,
            ctx: [state, 0, 0],
            ..sqe
        };
        answer_with(Version::V3, &answer, &mut message);
        assert_eq!(message.status, WCRYPTO_DECOMP_END_NOSPACE as u32);
        let (sqe, _) = send(Version::V3, &mut message).expect("good");
        answer_with(Version::V3, &sqe, &mut message);
        assert_eq!((message.produced, message.status), (5, last));
    }
}
