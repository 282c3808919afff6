//! Requests that are whole, with plain addresses.

use super::rig::*;
use flate2::{Compression, GzBuilder};
use std::io::Write;
use warpdrive::Error;
use warpdrive::ctypes::v2::Enum;
use warpdrive::ctypes::v2::wd::{WD_IN_EPARA, WD_SUCCESS};
use warpdrive::drv::Path;

/// The formats of each version of the queue interface.
const VERSIONS: [(&str, &[u32]); 4] = [
    ("hisi_zip,api=1", &[ZLIB, GZIP]),
    ("hisi_zip,api=2", &[ZLIB, GZIP]),
    ("hisi_zip,api=3", &[ZLIB, GZIP, DEFLATE]),
    ("hisi_zip,api=5", &[ZLIB, GZIP, DEFLATE]),
];

#[test]
fn each_version_compresses_and_decompresses_its_formats() {
    for (device, formats) in VERSIONS {
        let rig = Rig::new(device);
        assert_eq!(rig.engine.path(0), Path::Simulated);
        for (format, data) in formats
            .iter()
            .flat_map(|f| [(*f, text(70_000)), (*f, noise(999))])
        {
            let room = data.len() + 1000;
            let (message, stream) = rig.whole(format, 0, &data, room);
            assert_eq!(message.req.status, WD_SUCCESS as u32);
            assert_eq!(message.in_cons as usize, data.len());
            assert!(unpack(format, &stream) == data, "{device} {format}");
            let stream = pack(format, &data);
            let (message, out) = rig.whole(format, 1, &stream, data.len());
            assert_eq!(message.req.status, WD_SUCCESS as u32);
            assert_eq!(message.in_cons as usize, stream.len());
            assert!(out == data, "{device} {format}");
        }
        let counters = rig.world.counters("hisi_zip-0").expect("device 0");
        assert_eq!(counters.completions as usize, formats.len() * 4);
    }
}

#[test]
fn a_format_that_the_version_has_not_is_unsupported_and_one_that_is_none_invalid() {
    for (device, format, expected) in [
        ("hisi_zip,api=2", DEFLATE, Error::Unsupported),
        ("hisi_zip,api=2", 3, Error::Unsupported),
        ("hisi_zip,api=3", 4, Error::Unsupported),
        ("hisi_zip,api=3", 5, Error::Unsupported),
        ("hisi_zip,api=5", 6, Error::Invalid),
        ("hisi_zip,api=5", u32::MAX, Error::Invalid),
    ] {
        let rig = Rig::new(device);
        let (data, mut out) = (text(100), [0; 200]);
        let mut message = whole(format, 0, &data, &mut out);
        assert_eq!(rig.run(&mut message), Err(expected), "{device} {format}");
    }
}

#[test]
fn headers_of_gzip_may_have_any_field() {
    let rig = Rig::new("hisi_zip");
    let data = text(5000);
    let builders = [
        GzBuilder::new(),
        GzBuilder::new().filename("sheep.txt"),
        GzBuilder::new().comment("many of them"),
        GzBuilder::new().extra(vec![7; 300]),
        GzBuilder::new()
            .filename("a")
            .comment("b")
            .extra(vec![])
            .mtime(5),
    ];
    for builder in builders {
        let mut writer = builder.write(Vec::new(), Compression::fast());
        writer.write_all(&data).expect("memory");
        let stream = writer.finish().expect("memory");
        let (message, out) = rig.whole(GZIP, 1, &stream, data.len());
        assert_eq!(message.req.status, WD_SUCCESS as u32);
        assert_eq!(message.in_cons as usize, stream.len());
        assert!(out == data);
    }
}

#[test]
fn a_header_that_does_not_end_in_the_input_is_invalid() {
    let rig = Rig::new("hisi_zip");
    let mut out = [0; 100];
    for (format, input) in [
        (ZLIB, &b"x"[..]),
        (GZIP, b"\x1f\x8b\x08\0\0\0\0\0\0"),
        (GZIP, b"\x1f\x8b\x08\x08\0\0\0\0\0\x03name"),
        (GZIP, b""),
    ] {
        let mut message = whole(format, 1, input, &mut out);
        assert_eq!(rig.run(&mut message), Err(Error::Invalid));
        let mut message = whole(format, 0, &[0; 300], &mut out[..2]);
        assert_eq!(rig.run(&mut message), Err(Error::Invalid));
    }
    assert_eq!(
        rig.world.counters("hisi_zip-0").expect("there").descriptors,
        0
    );
}

#[test]
fn corrupt_and_cut_streams_are_an_error_in_the_input() {
    let rig = Rig::new("hisi_zip,api=3");
    let data = text(3000);
    for format in [ZLIB, GZIP, DEFLATE] {
        let stream = pack(format, &data);
        for cut in [11, stream.len() / 2, stream.len() - 1] {
            let (message, _) = rig.whole(format, 1, &stream[..cut], 4000);
            assert_eq!(message.req.status, WD_IN_EPARA as u32, "{format} {cut}");
        }
        let mut wrong = stream.clone();
        let at = if format == DEFLATE {
            0
        } else {
            wrong.len() - 1
        };
        wrong[at] |= 0x07;
        wrong[at] ^= 0x80;
        let (message, _) = rig.whole(format, 1, &wrong, 4000);
        assert_eq!(message.req.status, WD_IN_EPARA as u32, "{format}");
    }
}

#[test]
fn output_that_does_not_fit_is_an_error_and_stays_inside() {
    let rig = Rig::new("hisi_zip");
    let data = text(3000);
    for (way, input) in [(0, data.clone()), (1, pack(ZLIB, &data))] {
        let mut output = vec![0xee; 300];
        let mut message = whole(ZLIB, way, &input, &mut output[..100]);
        rig.run(&mut message).expect("an answer");
        assert_eq!(message.req.status, WD_IN_EPARA as u32);
        assert!(message.produced <= 100);
        assert!(output[100..].iter().all(|byte| *byte == 0xee));
    }
}

#[test]
fn lengths_are_bounded_as_the_c_library_does() {
    let rig = Rig::new("hisi_zip");
    let data = vec![b'a'; (8 << 20) + 1];
    let mut out = vec![0; 9 << 20];
    let mut message = whole(ZLIB, 0, &data, &mut out);
    assert_eq!(rig.run(&mut message), Err(Error::Invalid));
    // The room is cut to what the engine takes.
    let mut message = whole(ZLIB, 0, &data[1..], &mut out);
    rig.run(&mut message).expect("an answer");
    assert_eq!((message.req.status, message.avail_out), (0, 8 << 20));
    assert!(unpack(ZLIB, &out[..message.produced as usize]) == data[1..]);
    let mut message = whole(ZLIB, 0, &[], &mut out);
    assert_eq!(rig.run(&mut message), Err(Error::Invalid));
}

#[test]
fn a_request_for_the_other_kind_of_context_is_invalid() {
    let rig = Rig::new("hisi_zip");
    let (data, mut out) = (text(100), [0; 200]);
    let mut message = whole(ZLIB, 0, &data, &mut out);
    let sent = rig.engine.send(SYNC[1], &mut message);
    assert_eq!(sent, Err(Error::Invalid));
    message.req.op_type = Enum::new(7);
    assert_eq!(rig.engine.send(SYNC[0], &mut message), Err(Error::Invalid));
    assert_eq!(rig.engine.send(4, &mut message), Err(Error::Invalid));
}

#[test]
fn a_device_that_claims_more_than_it_had_room_for_is_not_believed() {
    let rig = Rig::new("hisi_zip,fault=produced:5@1");
    let (message, _) = rig.whole(ZLIB, 0, &text(100), 200);
    assert_eq!(message.req.status, WD_IN_EPARA as u32);
    assert_eq!((message.produced, message.in_cons), (0, 0));
}

#[test]
fn the_window_of_the_session_is_kept() {
    // Only what is 10 KB back would help to compress the second half.
    let half = noise(10_000);
    let data = [&half[..], &half].concat();
    let rig = Rig::new("hisi_zip,api=3,level=6");
    let size = |window: u32| {
        let mut out = vec![0; 30_000];
        let mut message = whole(DEFLATE, 0, &data, &mut out);
        message.win_sz = Enum::new(window);
        rig.run(&mut message).expect("an answer");
        out.truncate(message.produced as usize);
        assert!(unpack(DEFLATE, &out) == data);
        out.len()
    };
    let [small, large] = [size(0), size(4)];
    assert!(small > 19_000 && large < 12_000, "{small} {large}");
    // Garbage in a session that decompresses does not matter.
    let stream = pack(DEFLATE, &data);
    let mut out = vec![0; 20_000];
    let mut message = whole(DEFLATE, 1, &stream, &mut out);
    (message.win_sz, message.comp_lv) = (Enum::new(0xa5a5_a5a5), Enum::new(0xa5a5_a5a5));
    rig.run(&mut message).expect("an answer");
    assert_eq!(message.req.status, 0);
    assert!(out == data);
}
