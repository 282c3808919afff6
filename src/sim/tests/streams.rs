//! Requests of streams, and scatter-gather lists, as descriptors.

use super::*;
use crate::bd::sgl::{ENTRY, Entry, HEAD, Head};
use crate::bd::zip::Status;
use crate::bd::zip::context::{State, Words};
use crate::sim::{BAD_REQUEST, BUS_FAULT};

/// The engine's part of a stream's context.
fn context() -> Vec<u64> {
    vec![0; 0x9800 / 8]
}

fn stateful(kind: Request, source: &[u8], destination: &mut [u8], context: &[u64]) -> Sqe {
    Sqe {
        stateful: true,
        new_stream: true,
        finish: true,
        stream_context: context.as_ptr() as u64,
        ..request(kind, source, destination)
    }
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn what_may_not_fit_is_left_and_then_the_request_is_not_the_last() {
    let world = world("hisi_zip,level=6");
    let mut rig = Rig::open(&world, COMPRESS);
    let (data, mut out, context) = (noise(1000), vec![0; 900], context());
    let first = rig.run(&stateful(Request::Zlib, &data, &mut out, &context));
    assert_eq!((first.consumed, first.last_block), (800, false));
    assert!(Status::from_code(first.status).is_good());
    let (head, mut tail) = (out[..first.produced as usize].to_vec(), vec![0; 900]);
    let rest = stateful(Request::Zlib, &data[800..], &mut tail, &context);
    let second = rig.run(&Sqe {
        new_stream: false,
        ctx: first.ctx,
        isize: first.isize,
        checksum: first.checksum,
        ..rest
    });
    assert_eq!((second.consumed, second.isize), (200, 1000));
    let end = &tail[..second.produced as usize];
    let stream = [&[0x78, 0x9c], &head[..], end].concat();
    assert_eq!(python("zlib.decompress(d)", &stream), data);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn with_16_bytes_of_room_nothing_is_compressed() {
    let world = world("hisi_zip");
    let (data, mut out, context) = (text(100), [0xee; 16], context());
    let sqe = stateful(Request::Zlib, &data, &mut out, &context);
    let done = Rig::open(&world, COMPRESS).run(&sqe);
    assert_eq!((done.status, done.consumed, done.produced), (0, 0, 0));
    assert_eq!(out, [0xee; 16]);
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn the_state_tells_what_a_stream_waits_for() {
    let world = world("hisi_zip");
    let mut rig = Rig::open(&world, DECOMPRESS);
    let stream = python("zlib.compress(d)[2:]", &vec![b'a'; 5000]);
    let (mut out, context) = (vec![0; 6000], context());
    let state = |sqe: &Sqe| Words(sqe.ctx).state();
    let all = stateful(Request::Zlib, &stream, &mut out, &context);
    // All but the trailer is taken, and there is no room for the last byte.
    let input_length = stream.len() as u32 - 4;
    let full = Sqe {
        input_length,
        output_space: 4999,
        ..all
    };
    let done = rig.run(&full);
    assert_eq!((done.status, done.produced), (0, 4999));
    assert_eq!(state(&done), State::OutputPending);
    let next = |done: &Sqe, from: usize| Sqe {
        new_stream: false,
        ctx: done.ctx,
        isize: done.isize,
        checksum: done.checksum,
        source: all.source + from as u64,
        ..all
    };
    let empty = Sqe {
        input_length: 0,
        ..next(&done, 0)
    };
    let done = rig.run(&empty);
    assert_eq!((done.status, done.produced), (0, 1));
    assert_eq!(state(&done), State::Other(0));
    // The trailer, in two parts.
    for (part, status, last_block) in [(1, 0, false), (3, 0x13, true)] {
        let from = stream.len() - if part == 1 { 4 } else { 3 };
        let done = rig.run(&Sqe {
            input_length: part,
            ..next(&done, from)
        });
        assert_eq!((done.status, done.last_block), (status, last_block));
        assert_eq!(done.consumed, part);
    }
    let gone = rig.run(&next(&done, 0));
    assert_eq!(gone.status, BAD_REQUEST, "the stream has ended");
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn a_stream_whose_format_changes_in_its_trailer_is_refused() {
    let world = world("hisi_zip");
    let mut rig = Rig::open(&world, DECOMPRESS);
    let stream = filter("gzip", &["-nc"], &text(3000))[10..].to_vec();
    let (mut out, context) = (vec![0; 4000], context());
    let all = stateful(Request::Gzip, &stream, &mut out, &context);
    let done = rig.run(&Sqe {
        input_length: stream.len() as u32 - 2,
        ..all
    });
    assert_eq!((done.status, done.consumed), (0, stream.len() as u32 - 2));
    let more = rig.run(&Sqe {
        new_stream: false,
        ctx: done.ctx,
        request: Request::Zlib.code(),
        source: all.source + u64::from(done.consumed),
        input_length: 2,
        ..all
    });
    assert_eq!(more.status, BAD_REQUEST);
    let whole = rig.run(&all);
    assert!(whole.last_block, "the device goes on");
    assert_eq!(&out[..whole.produced as usize], text(3000));
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn a_context_that_is_not_a_streams_is_refused() {
    let world = world("hisi_zip");
    let stream = python("zlib.compress(d)[2:]", &text(3000));
    let (mut out, mut context) = (vec![0; 6000], context());
    let mut rig = Rig::open(&world, DECOMPRESS);
    let first = Sqe {
        input_length: 500,
        ..stateful(Request::Zlib, &stream, &mut out, &context)
    };
    let more = Sqe {
        new_stream: false,
        ..first
    };
    assert_eq!(rig.run(&more).status, BAD_REQUEST, "not begun");
    assert_eq!(rig.run(&first).status, 0);
    context.fill(0);
    assert_eq!(rig.run(&more).status, BAD_REQUEST, "software wiped it");
    let wild = Sqe {
        stream_context: 8,
        ..first
    };
    assert_eq!(rig.run(&wild).status, BUS_FAULT);
    let window = Sqe {
        ctx: [0, 0, 0xffff],
        ..more
    };
    let mut other = Rig::open(&world, COMPRESS);
    assert_eq!(other.run(&window).status, BAD_REQUEST, "no such window");
}

/// A list at a multiple of 64.
#[repr(align(64))]
struct List([u8; HEAD + 4 * ENTRY]);

fn list(head: Head, pieces: &[(u64, u32)]) -> List {
    let mut list = List([0; HEAD + 4 * ENTRY]);
    list.0[..HEAD].copy_from_slice(&head.encode());
    for (at, (address, length)) in pieces.iter().enumerate() {
        let entry = Entry {
            address: *address,
            length: *length,
        };
        list.0[HEAD + at * ENTRY..][..ENTRY].copy_from_slice(&entry.encode());
    }
    list
}

fn head(used: u16, next: u64) -> Head {
    Head {
        next,
        in_chain: 255,
        used,
        present: used.max(4),
    }
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn lists_are_followed_from_an_offset_on() {
    let world = world("hisi_zip");
    let (data, mut out) = (text(1000), vec![0; 1000]);
    let (from, to) = (data.as_ptr() as u64, out.as_mut_ptr() as u64);
    let second = list(head(2, 0), &[(from + 400, 100), (from + 500, 500)]);
    let empty = list(head(0, second.0.as_ptr() as u64), &[]);
    let input = list(
        head(2, empty.0.as_ptr() as u64),
        &[(from, 10), (from + 10, 390)],
    );
    let output = list(head(3, 0), &[(to, 7), (to + 7, 0), (to + 7, 993)]);
    let sqe = Sqe {
        buffer_type: 1,
        source: input.0.as_ptr() as u64,
        destination: output.0.as_ptr() as u64,
        source_offset: 20,
        destination_offset: 9,
        input_length: 980,
        output_space: 991,
        ..request(Request::Zlib, &[], &mut [])
    };
    let mut rig = Rig::open(&world, COMPRESS);
    let done = rig.run(&sqe);
    assert_eq!((done.status, done.consumed), (0, 980));
    let stream = [&[0x78, 0x9c], &out[9..9 + done.produced as usize]].concat();
    assert_eq!(python("zlib.decompress(d)", &stream), data[20..]);
    let mut refused = |input: &List, status| {
        let source = input.0.as_ptr() as u64;
        assert_eq!(rig.run(&Sqe { source, ..sqe }).status, status);
    };
    refused(&list(head(1, 0), &[(from, 900)]), BAD_REQUEST);
    refused(&list(head(1, 0), &[(from, (8 << 20) + 1)]), BAD_REQUEST);
    refused(&list(head(256, 0), &[]), BAD_REQUEST);
    refused(
        &list(
            Head {
                present: 1,
                ..head(2, 0)
            },
            &[(from, 1000); 2],
        ),
        BAD_REQUEST,
    );
    refused(&list(head(1, from | 1), &[(from, 10)]), BAD_REQUEST);
    refused(&list(head(1, 64), &[(from, 10)]), BUS_FAULT);
    refused(&list(head(1, 0), &[(8, 1000)]), BUS_FAULT);
    let mut ring = list(head(1, 0), &[(from, 1)]);
    let itself = head(0, ring.0.as_ptr() as u64).encode();
    ring.0[..HEAD].copy_from_slice(&itself);
    refused(&ring, BAD_REQUEST);
}
