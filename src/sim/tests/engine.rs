//! What the engine makes of data, held against gzip and Python's zlib.

use super::*;
use crate::bd::zip::Status;
use crate::sim::{BAD_DATA, BAD_REQUEST, BUS_FAULT, MAX_LENGTH, TRUNCATED};

/// What gzip and zlib streams begin with; the device neither writes nor reads it.
const ZLIB_HEADER: [u8; 2] = [0x78, 0x9c];
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];

/// Around the copied piece, and over several of them.
const LENGTHS: [usize; 6] = [1, 100, (128 << 10) - 1, 128 << 10, (128 << 10) + 1, 700_001];

fn compress(rig: &mut Rig, kind: Request, data: &[u8]) -> Vec<u8> {
    let mut out = vec![0; data.len() + data.len() / 100 + 100];
    let done = rig.run(&request(kind, data, &mut out));
    let status = Status::from_code(done.status);
    assert!(status.is_good(), "{status:?}");
    assert_eq!(done.consumed as usize, data.len());
    out.truncate(done.produced as usize);
    out
}

fn decompress(rig: &mut Rig, kind: Request, stream: &[u8], space: usize) -> (Sqe, Vec<u8>) {
    let mut out = vec![0; space];
    let done = rig.run(&request(kind, stream, &mut out));
    out.truncate(done.produced as usize);
    (done, out)
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn python_reads_what_the_device_compressed_to_zlib() {
    let world = world("hisi_zip");
    let mut rig = Rig::open(&world, COMPRESS);
    for len in LENGTHS {
        let data = text(len);
        let stream = [&ZLIB_HEADER[..], &compress(&mut rig, Request::Zlib, &data)].concat();
        assert_eq!(python("zlib.decompress(d)", &stream), data);
    }
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn gzip_reads_what_the_device_compressed_to_gzip() {
    let world = world("hisi_zip,level=6");
    let mut rig = Rig::open(&world, COMPRESS);
    for len in LENGTHS {
        let data = text(len);
        let stream = [&GZIP_HEADER[..], &compress(&mut rig, Request::Gzip, &data)].concat();
        assert_eq!(filter("gzip", &["-dc"], &stream), data);
    }
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn offsets_count_in_lists_only() {
    let world = world("hisi_zip");
    let mut rig = Rig::open(&world, COMPRESS);
    let (data, mut plain, mut offset) = (text(500), vec![0; 600], vec![0; 600]);
    let first = rig.run(&request(Request::Zlib, &data, &mut plain));
    let second = rig.run(&Sqe {
        source_offset: 7,
        destination_offset: 300,
        ..request(Request::Zlib, &data, &mut offset)
    });
    assert_eq!(
        (first.consumed, first.produced),
        (second.consumed, second.produced)
    );
    assert_eq!(plain, offset);
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn the_device_reads_what_python_and_gzip_compressed() {
    let world = world("hisi_zip,api=3");
    let mut rig = Rig::open(&world, DECOMPRESS);
    for len in LENGTHS {
        let data = text(len);
        let raw = "(lambda c: c.compress(d) + c.flush())(zlib.compressobj(9, 8, -15))";
        let streams = [
            (Request::Zlib, python("zlib.compress(d)", &data), 2),
            (Request::Gzip, filter("gzip", &["-nc"], &data), 10),
            (Request::Deflate, python(raw, &data), 0),
        ];
        for (kind, stream, header) in streams {
            // Exactly as much space as is needed.
            let (done, out) = decompress(&mut rig, kind, &stream[header..], len);
            assert_eq!(done.status, 0, "{kind:?} {len}");
            assert_eq!(done.consumed as usize, stream.len() - header);
            assert!(out == data, "{kind:?} {len}");
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn raw_deflate_is_for_version_3_and_later() {
    let data = text(5000);
    for (api, good) in [("1", false), ("2", false), ("3", true), ("5", true)] {
        let world = world(&format!("hisi_zip,api={api}"));
        let mut rig = Rig::open(&world, COMPRESS);
        let mut out = vec![0; 6000];
        let done = rig.run(&request(Request::Deflate, &data, &mut out));
        assert_eq!(done.status, if good { 0 } else { BAD_REQUEST });
        let listed = world.devices().expect("devices")[0].has("deflate");
        assert_eq!(listed, good);
        if good {
            let stream = &out[..done.produced as usize];
            assert_eq!(python("zlib.decompress(d, -15)", stream), data);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn a_small_window_is_kept_from_version_3_on() {
    // Only the text 10 KB back would help to compress the second half.
    let half = noise(10_000);
    let data = [&half[..], &half].concat();
    let mut out = vec![0; 30_000];
    let sizes = |api: &str, out: &mut [u8]| {
        let world = world(&format!("hisi_zip,level=6,api={api}"));
        let mut rig = Rig::open(&world, COMPRESS);
        let mut size = |window| {
            let sqe = request(Request::Zlib, &data, out);
            rig.run(&Sqe { window, ..sqe }).produced
        };
        [size(0), size(4)]
    };
    let [small, large] = sizes("3", &mut out);
    assert!(small > 19_000 && large < 12_000, "{small} {large}");
    let [small, large] = sizes("2", &mut out);
    assert_eq!(small, large);
    let world = world("hisi_zip,api=3,level=6");
    let sqe = request(Request::Deflate, &data, &mut out);
    let done = Rig::open(&world, COMPRESS).run(&Sqe { window: 0, ..sqe });
    let stream = &out[..done.produced as usize];
    assert_eq!(python("zlib.decompress(d, -12)", stream), data);
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn the_result_registers_hold_checksum_and_length() {
    let world = world("hisi_zip");
    let mut rig = Rig::open(&world, COMPRESS);
    let data = text(4000);
    let mut out = vec![0; 5000];
    let word = |bytes: Vec<u8>| u32::from_be_bytes(bytes.try_into().expect("4 bytes"));
    let adler = word(python("zlib.adler32(d).to_bytes(4, 'big')", &data));
    let crc = word(python("zlib.crc32(d).to_bytes(4, 'big')", &data));
    let done = rig.run(&request(Request::Zlib, &data, &mut out));
    assert_eq!((done.checksum, done.isize), (adler, 4000));
    let done = rig.run(&request(Request::Gzip, &data, &mut out));
    assert_eq!(done.checksum.reverse_bits(), !crc);
    assert_eq!(done.isize, 4000);
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn what_does_not_compress_is_valid_and_says_0x0d() {
    let world = world("hisi_zip");
    let data = noise(3000);
    let mut out = vec![0; 4000];
    let done = Rig::open(&world, COMPRESS).run(&request(Request::Zlib, &data, &mut out));
    assert_eq!(done.status, 0x0d);
    assert!(done.produced > 3000);
    let stream = [&ZLIB_HEADER[..], &out[..done.produced as usize]].concat();
    assert_eq!(python("zlib.decompress(d)", &stream), data);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn output_space_is_enough_to_the_byte_and_never_exceeded() {
    let world = world("hisi_zip");
    let (mut deflate, mut inflate) = (Rig::open(&world, COMPRESS), Rig::open(&world, DECOMPRESS));
    let data = text(300_000);
    let stream = compress(&mut deflate, Request::Gzip, &data);
    for (rig, input, output) in [
        (&mut deflate, &data, &stream),
        (&mut inflate, &stream, &data),
    ] {
        let need = output.len();
        for space in [need, need - 1, need - 8, need - 9, need / 2, 1, 0] {
            let mut out = vec![0xEE; need + 64];
            let sqe = request(Request::Gzip, input, &mut out[..space]);
            let done = rig.run(&sqe);
            let code = if space == need { 0 } else { 0x0e };
            assert_eq!(done.status, code, "{space} of {need}");
            assert!(done.produced as usize <= space);
            assert!(out[space..].iter().all(|b| *b == 0xEE));
            let made = done.produced as usize;
            assert!(out[..made] == output[..made]);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn a_wrong_trailer_is_a_checksum_error() {
    let world = world("hisi_zip");
    let mut rig = Rig::open(&world, DECOMPRESS);
    let data = text(1000);
    for (kind, stream, trailer) in [
        (Request::Zlib, python("zlib.compress(d)[2:]", &data), 4),
        (
            Request::Gzip,
            filter("gzip", &["-nc"], &data).split_off(10),
            8,
        ),
    ] {
        for at in stream.len() - trailer..stream.len() {
            let mut wrong = stream.clone();
            wrong[at] ^= 0x10;
            let (done, _) = decompress(&mut rig, kind, &wrong, 2000);
            assert_eq!(done.status, 0x10, "{kind:?} byte {at}");
            assert_eq!(done.consumed as usize, stream.len());
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn a_stream_that_is_cut_anywhere_is_truncated() {
    let world = world("hisi_zip");
    let mut rig = Rig::open(&world, DECOMPRESS);
    let stream = python("zlib.compress(d)[2:]", &text(600));
    for cut in 1..stream.len() {
        let (done, _) = decompress(&mut rig, Request::Zlib, &stream[..cut], 2000);
        assert_eq!(done.status, TRUNCATED, "{cut} of {}", stream.len());
    }
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn bytes_behind_the_trailer_are_not_consumed() {
    let world = world("hisi_zip");
    let data = text(1000);
    let stream = python("zlib.compress(d)[2:]", &data);
    let longer = [&stream[..], b"something else"].concat();
    let (done, out) = decompress(
        &mut Rig::open(&world, DECOMPRESS),
        Request::Zlib,
        &longer,
        1000,
    );
    assert_eq!((done.status, done.consumed as usize), (0, stream.len()));
    assert_eq!(out, data);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn what_is_no_deflate_stream_is_bad_data() {
    let world = world("hisi_zip");
    let mut rig = Rig::open(&world, DECOMPRESS);
    // Block type 3, and a match that reaches before the beginning.
    for garbage in [&[0x07, 0, 0, 0][..], &[0x63, 0x00, 0x42, 0x00, 0x00, 0x00]] {
        let (done, _) = decompress(&mut rig, Request::Zlib, garbage, 100);
        assert_eq!(done.status, BAD_DATA, "{garbage:x?}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_wild_address_is_a_status_and_not_a_crash() {
    let world = world("hisi_zip");
    let mut rig = Rig::open(&world, COMPRESS);
    let (data, mut out) = (text(1000), vec![0; 2000]);
    let good = request(Request::Zlib, &data, &mut out);
    for address in [0, 8, u64::MAX, u64::MAX - 500, 1 << 63] {
        let source = Sqe {
            source: address,
            ..good
        };
        assert_eq!(rig.run(&source).status, BUS_FAULT, "from {address:x}");
        let destination = Sqe {
            destination: address,
            ..good
        };
        assert_eq!(rig.run(&destination).status, BUS_FAULT, "to {address:x}");
    }
    assert_eq!(rig.run(&good).status, 0);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn what_the_engine_does_not_do_is_a_bad_request() {
    let world = world("hisi_zip");
    let mut rig = Rig::open(&world, COMPRESS);
    let (data, mut out) = (text(1000), vec![0; 2000]);
    let good = request(Request::Zlib, &data, &mut out);
    let refused = [
        Sqe { request: 0, ..good },
        Sqe { request: 4, ..good },
        Sqe {
            request: 0x42,
            ..good
        },
        Sqe {
            input_length: 0,
            ..good
        },
        Sqe {
            input_length: MAX_LENGTH + 1,
            ..good
        },
        Sqe {
            output_space: MAX_LENGTH + 1,
            ..good
        },
        Sqe {
            buffer_type: 2,
            ..good
        },
        // A list must begin at a multiple of 64.
        Sqe {
            buffer_type: 1,
            source: good.source | 1,
            ..good
        },
        Sqe {
            sqe_type: 1,
            ..good
        },
    ];
    for sqe in refused {
        let done = rig.run(&sqe);
        assert_eq!(done.status, BAD_REQUEST, "{sqe:?}");
        assert_eq!((done.consumed, done.produced), (0, 0));
    }
    assert!(out.iter().all(|b| *b == 0));
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn software_finds_its_own_words_unchanged() {
    let world = world("hisi_zip");
    let (data, mut out) = (text(1000), vec![0; 2000]);
    let sqe = Sqe {
        tag: 0xfeed,
        tag_type3: u64::MAX,
        ctx: [1, 2, 3],
        ..request(Request::Zlib, &data, &mut out)
    };
    let done = Rig::open(&world, COMPRESS).run(&sqe);
    let expected = Sqe {
        consumed: done.consumed,
        produced: done.produced,
        isize: done.isize,
        checksum: done.checksum,
        ..sqe
    };
    assert_eq!(done, expected);
}
