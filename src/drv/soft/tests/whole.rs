//! Whole requests of the deflate formats.

use super::*;
use proptest::prelude::*;
use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

const FORMATS: [u32; 3] = [DEFLATE, ZLIB, GZIP];

#[test]
fn every_level_and_window_is_read_by_a_decoder_of_that_window() {
    // Repeats at many distances, near and far beyond the smaller windows.
    let mut data = noise(20_000);
    data.extend(text(30_000));
    data.extend_from_within(..20_000);
    let engine = engine();
    for alg in FORMATS {
        for (window, bits) in [(0, 12), (1, 13), (2, 14), (3, 14), (4, 15)] {
            for level in 1..=15 {
                let (answer, small) = run(&*engine, (alg, COMPRESS), &data, 90_000, |message| {
                    message.comp_lv = Enum::new(level);
                    message.win_sz = Enum::new(window);
                });
                let (status, taken) = (answer.req.status, answer.in_cons as usize);
                assert_eq!((status, taken), (OK, data.len()));
                let back = inflate(alg, &small, bits);
                assert!(
                    back.as_ref() == Ok(&data),
                    "{alg} level {level} window {window}"
                );
            }
        }
    }
}

#[test]
fn a_smaller_window_is_kept() {
    // The second half is the first again: a matter of the window alone.
    let data = noise(5000).repeat(2);
    let engine = engine();
    let size = |window| {
        let small = |message: &mut wd_comp_msg| message.win_sz = Enum::new(window);
        run(&*engine, (ZLIB, COMPRESS), &data, 20_000, small)
            .1
            .len()
    };
    assert!(size(0) > 10_000 && size(1) < 6000);
}

#[test]
fn as_much_room_as_the_result_has_bytes_is_enough() {
    let (data, engine) = (text(5000), engine());
    for alg in FORMATS {
        for level in 1..10 {
            let set = |message: &mut wd_comp_msg| message.comp_lv = Enum::new(level);
            let (_, small) = run(&*engine, (alg, COMPRESS), &data, 6000, set);
            let (answer, same) = run(&*engine, (alg, COMPRESS), &data, small.len(), set);
            assert_eq!(answer.req.status, OK, "{alg} {level}");
            assert!(same == small);
            let (answer, _) = run(&*engine, (alg, COMPRESS), &data, small.len() - 1, set);
            assert_eq!(answer.req.status, BAD, "{alg} {level}");
        }
    }
}

#[test]
fn what_the_crate_makes_is_read() {
    use zlib_rs::{DeflateConfig, ReturnCode, compress_slice};
    let data = text(50_000);
    let engine = engine();
    for (alg, bits) in [(DEFLATE, -15), (ZLIB, 9), (GZIP, 31)] {
        let mut small = vec![0; 60_000];
        let config = DeflateConfig {
            window_bits: bits,
            ..DeflateConfig::new(9)
        };
        let (small, code) = compress_slice(&mut small, &data, config);
        assert_eq!(code, ReturnCode::Ok);
        // Bytes behind the end are left alone; the room is exactly enough.
        let mut input = small.to_vec();
        input.extend_from_slice(b"something else");
        let (answer, back) = run(&*engine, (alg, DECOMPRESS), &input, data.len(), |_| ());
        assert_eq!(answer.req.status, OK);
        assert_eq!(answer.in_cons as usize, small.len());
        assert!(back == data);
        let (answer, _) = run(&*engine, (alg, DECOMPRESS), &input, data.len() - 1, |_| ());
        assert_eq!((answer.req.status, answer.produced), (BAD, 0));
    }
}

#[test]
fn checksum_and_size_are_those_of_a_devices_registers() {
    let engine = engine();
    let registers = |alg, op, data: &[u8]| {
        let (answer, out) = run(&*engine, (alg, op), data, 100, |_| ());
        assert_eq!(answer.req.status, OK);
        (answer.checksum, answer.isize, out)
    };
    let (sum, size, small) = registers(ZLIB, COMPRESS, b"Wikipedia");
    assert_eq!((sum, size), (0x11e6_0398, 9));
    assert_eq!(registers(ZLIB, DECOMPRESS, &small).0, sum);
    let (sum, size, small) = registers(GZIP, COMPRESS, b"123456789");
    assert_eq!((sum, size), ((!0xcbf4_3926_u32).reverse_bits(), 9));
    assert_eq!(registers(GZIP, DECOMPRESS, &small).0, sum);
}

#[test]
fn lists_of_one_to_a_thousand_pieces_give_the_same_as_one_piece() {
    let data = text(20_000);
    let engine = engine();
    for alg in FORMATS {
        let (_, flat) = run(&*engine, (alg, COMPRESS), &data, 30_000, |_| ());
        for pieces in [1, 2, 3, 10, 100, 1000] {
            let lists = |op, from: &[u8], room: usize| {
                let dst = vec![GUARD; room + 64];
                let source = cut(from, from.len().div_ceil(pieces));
                let sink = cut(&dst[..room], room.div_ceil(pieces));
                let (answer, _) = run(&*engine, (alg, op), from, room, |message| {
                    message.req.data_fmt = Enum::new(1);
                    message.req.src = source.as_ptr().cast_mut().cast();
                    message.req.dst = sink.as_ptr().cast_mut().cast();
                });
                assert_eq!(answer.req.status, OK, "{alg} {pieces}");
                assert_eq!(answer.in_cons as usize, from.len());
                assert!(dst[room..].iter().all(|b| *b == GUARD));
                dst[..answer.produced as usize].to_vec()
            };
            let small = lists(COMPRESS, &data, 30_000);
            assert!(inflate(alg, &small, 15).as_ref() == Ok(&data));
            assert!(
                lists(DECOMPRESS, &flat, data.len()) == data,
                "{alg} {pieces}"
            );
        }
    }
}

#[test]
fn a_list_that_is_too_short_or_a_circle_is_an_error() {
    let (data, engine) = (text(1000), engine());
    let with = |nodes: &[wd_datalist], len: u32| {
        let (answer, _) = run(&*engine, (ZLIB, COMPRESS), &data, 2000, |message| {
            let sink = [wd_datalist {
                data: message.req.dst,
                len: 2000,
                next: null_mut(),
            }];
            message.req.data_fmt = Enum::new(1);
            message.req.src = nodes.as_ptr().cast_mut().cast();
            message.req.src_len = len;
            message.req.dst = sink.as_ptr().cast_mut().cast();
            let mut copy = *message;
            engine.send(0, &mut copy).expect("sensible");
            assert_eq!(copy.req.status, if len == 1000 { OK } else { BAD });
            // The list is gone when this returns: leave a request that is none.
            message.req.data_fmt = Enum::new(0);
            message.req.src_len = 0;
            message.req.src = null_mut();
            message.req.dst = sink[0].data;
        });
        answer
    };
    let mut nodes = cut(&data, 100);
    with(&nodes, 1000);
    with(&nodes, 1001);
    // An empty piece that is its own successor.
    nodes[1].next = &raw mut nodes[1];
    with(&nodes, 1002);
    // A piece without memory.
    nodes[1].len = 5;
    with(&nodes, 1003);
}

#[test]
fn output_over_the_input_is_refused() {
    let engine = engine();
    let mut data = text(1000);
    let address = data.as_mut_ptr();
    for offset in [0, 1, 999] {
        let mut message = message(GZIP, COMPRESS, &data, &mut []);
        message.req.dst = address.wrapping_add(offset).cast();
        message.req.dst_len = 500;
        message.avail_out = 500;
        // Nothing is read or written behind the input's end.
        if offset == 999 {
            message.avail_out = 1;
        }
        assert_eq!(engine.send(0, &mut message), Ok(()));
        assert_eq!(message.req.status, BAD, "{offset}");
    }
}

#[test]
fn truncated_and_corrupt_data_is_an_error() {
    let (data, engine) = (text(3000), engine());
    for alg in FORMATS {
        let (_, small) = run(&*engine, (alg, COMPRESS), &data, 4000, |_| ());
        for len in 0..small.len() {
            let (answer, _) = run(&*engine, (alg, DECOMPRESS), &small[..len], 3000, |_| ());
            assert_eq!(
                (answer.req.status, answer.produced),
                (BAD, 0),
                "{alg} {len}"
            );
        }
        if alg == DEFLATE {
            continue;
        }
        // Checksums find any changed byte, except in gzip's time, hint and system.
        for at in (0..small.len()).filter(|at| alg == ZLIB || !(4..10).contains(at)) {
            let mut bad = small.clone();
            bad[at] ^= 0x04;
            let (answer, back) = run(&*engine, (alg, DECOMPRESS), &bad, 3000, |_| ());
            assert!(answer.req.status == BAD || back == data, "{alg} {at}");
        }
    }
}

#[test]
fn gzip_reads_our_gzip_and_we_read_its() {
    let data = text(100_000);
    let engine = engine();
    let (_, small) = run(&*engine, (GZIP, COMPRESS), &data, 120_000, |_| ());
    let Some(back) = tool("gzip", &["-dc"], &small) else {
        return;
    };
    assert!(back == data);
    let small = tool("gzip", &["-9c"], &data).expect("it was there");
    let (answer, back) = run(&*engine, (GZIP, DECOMPRESS), &small, 100_000, |_| ());
    assert_eq!(answer.req.status, OK);
    assert!(back == data);
}

/// What a program of the system makes of `input`; `None` if there is no such program.
pub fn tool(name: &str, args: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let child = Command::new(name)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = match child {
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        child => child.expect("it starts"),
    };
    let mut pipe = child.stdin.take().expect("piped");
    let output = std::thread::scope(|scope| {
        scope.spawn(move || pipe.write_all(input).expect("it reads"));
        child.wait_with_output().expect("it ends")
    });
    assert!(output.status.success(), "{name}");
    Some(output.stdout)
}

proptest! {
    #[test]
    fn any_room_gives_the_whole_result_or_an_error(
        data in proptest::collection::vec(0_u8..9, 1..600),
        room in 1_usize..700,
        alg in 0_u32..3,
        level in 1_u32..10,
    ) {
        let engine = engine();
        let set = |message: &mut wd_comp_msg| message.comp_lv = Enum::new(level);
        let (answer, small) = run(&*engine, (alg, COMPRESS), &data, room, set);
        if answer.req.status == OK {
            prop_assert_eq!(inflate(alg, &small, 15), Ok(data));
        } else {
            prop_assert_eq!((answer.req.status, answer.produced, answer.in_cons), (BAD, 0, 0));
            let (answer, small) = run(&*engine, (alg, COMPRESS), &data, 1000, set);
            prop_assert_eq!(answer.req.status, OK);
            prop_assert!(small.len() > room);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(data: Vec<u8>, alg in 0_u32..3, room in 0_usize..300) {
        run(&*engine(), (alg, DECOMPRESS), &data, room, |_| ());
    }
}
