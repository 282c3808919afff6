//! The software driver: streams in pieces of any size are what they are in one.

use super::input::Input;
use std::sync::OnceLock;
use warpdrive::ctypes::v2::Enum;
use warpdrive::ctypes::v2::wd::{WD_EAGAIN, WD_IN_EPARA, WD_STREAM_END, WD_SUCCESS};
use warpdrive::ctypes::v2::wd_comp::wd_comp_req;
use warpdrive::ctypes::v2::wd_comp_drv::wd_comp_msg;
use warpdrive::drv::{Engine, Seat, soft};
use warpdrive::sys::lent::Promise;

/// The longest data that is looked at, and about the most pieces that a stream is cut into.
const MOST: usize = 1 << 15;
const PIECES: usize = 128;
pub const GUARD: usize = 64;
pub const MARK: u8 = 0xa5;

/// A message without buffers.
pub fn message(format: u32, way: u32) -> wd_comp_msg {
    wd_comp_msg {
        req: wd_comp_req {
            op_type: Enum::new(way),
            last: 1,
            ..wd_comp_msg::BLANK.req
        },
        alg_type: Enum::new(format),
        comp_lv: Enum::new(8),
        win_sz: Enum::new(4),
        stream_mode: Enum::new(1),
        ..wd_comp_msg::BLANK
    }
}

fn engine() -> &'static dyn Engine<wd_comp_msg> {
    static ENGINE: OnceLock<Box<dyn Engine<wd_comp_msg>>> = OnceLock::new();
    let bind = || {
        // SAFETY: all messages of this file name memory that lives until they are finished.
        let promise = unsafe { Promise::given() };
        let seat = Seat {
            handle: 0,
            hardware: None,
            op_type: 0,
            asynchronous: false,
        };
        let driver = soft::drivers(promise).remove(0);
        driver
            .bind_comp(vec![seat], false)
            .expect("software is always there")
    };
    &**ENGINE.get_or_init(bind)
}

/// How a stream is cut.
#[derive(Clone, Copy)]
struct Cut {
    piece: usize,
    room: usize,
}

/// Has the engine do one request; the output, the input consumed and the status.
fn step(message: &mut wd_comp_msg, input: &[u8], room: usize, output: &mut Vec<u8>) -> usize {
    let mut space = vec![MARK; room + 2 * GUARD];
    message.req.src = input.as_ptr().cast_mut().cast();
    message.req.src_len = input.len() as u32;
    message.req.dst = space[GUARD..].as_mut_ptr().cast();
    message.req.dst_len = room as u32;
    message.avail_out = room as u32;
    engine().send(0, message).expect("a good message");
    let (consumed, produced) = (message.in_cons as usize, message.produced as usize);
    assert!(consumed <= input.len() && produced <= room);
    let behind = &space[GUARD + room..];
    assert!(
        space[..GUARD]
            .iter()
            .chain(behind)
            .all(|byte| *byte == MARK)
    );
    output.extend_from_slice(&space[GUARD..GUARD + produced]);
    consumed
}

/// A whole request; `None` if it failed.
fn whole(format: u32, way: u32, input: &[u8], room: usize) -> Option<(Vec<u8>, usize)> {
    let (mut message, mut output) = (message(format, way), Vec::new());
    let consumed = step(&mut message, input, room, &mut output);
    let bad = message.req.status == WD_IN_EPARA as u32;
    assert!(bad || message.req.status == WD_SUCCESS as u32);
    (!bad).then_some((output, consumed))
}

/// A stream; `None` if it failed or did not end with its input.
fn stream(format: u32, way: u32, input: &[u8], cut: Cut, most: usize) -> Option<(Vec<u8>, usize)> {
    let context = [0_u64; 64];
    let mut message = message(format, way);
    message.ctx_buf = context.as_ptr().cast_mut().cast();
    message.stream_mode = Enum::new(0);
    let (mut output, mut at, mut idle) = (Vec::new(), 0, 0);
    let found = loop {
        let end = (at + cut.piece).min(input.len());
        message.req.last = u32::from(end == input.len());
        let before = output.len();
        let consumed = step(&mut message, &input[at..end], cut.room, &mut output);
        at += consumed;
        message.stream_pos = Enum::new(1);
        let status = message.req.status as i32;
        let ended = match way {
            0 => status == WD_SUCCESS && message.req.last == 1 && at == input.len(),
            _ => status == WD_STREAM_END,
        };
        if ended {
            break Some((output, at));
        }
        assert!(
            [WD_SUCCESS, WD_EAGAIN, WD_IN_EPARA].contains(&status),
            "{status}"
        );
        idle = if consumed == 0 && output.len() == before {
            idle + 1
        } else {
            0
        };
        if status == WD_IN_EPARA || idle > 2 || output.len() > most {
            break None;
        }
    };
    engine().forget(context.as_ptr() as usize);
    found
}

/// Data there and back, and streams of others in one and in pieces.
pub fn soft_streams(data: &[u8]) {
    let mut input = Input::new(data);
    let format = u32::from(input.u8() % 3);
    let cut = Cut {
        piece: 1 + input.below(500),
        room: 1 + input.below(500),
    };
    // A bound for the number of pieces.
    let most = MOST.min(cut.room * PIECES);
    let data = input.rest();
    let data = &data[..data.len().min(cut.piece * PIECES).min(most)];

    let packed = stream(format, 0, data, cut, usize::MAX).expect("any data can be compressed");
    assert_eq!(packed.1, data.len());
    let back = whole(format, 1, &packed.0, data.len() + 1).expect("what was made can be read");
    assert_eq!(back, (data.to_vec(), packed.0.len()));
    let back = stream(format, 1, &packed.0, cut, usize::MAX).expect("in pieces too");
    assert_eq!(back, (data.to_vec(), packed.0.len()));

    let in_one = whole(format, 1, data, most);
    let in_pieces = stream(format, 1, data, cut, most);
    match (in_one, in_pieces) {
        (Some(one), pieces) => assert_eq!(Some(one), pieces),
        (None, Some((output, _))) => assert!(output.len() > most),
        (None, None) => {}
    }
}
