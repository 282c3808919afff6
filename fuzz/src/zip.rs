//! The ZIP driver over hostile devices: whatever they answer, results stay inside of
//! what the message lent.

use super::hostile::{Hostile, Open};
use super::input::Input;
use super::soft::{GUARD, MARK, message};
use std::collections::BTreeMap;
use std::ptr::null_mut;
use std::sync::Arc;
use warpdrive::bd::zip::context;
use warpdrive::ctypes::v2::Enum;
use warpdrive::ctypes::v2::wd::WD_IN_EPARA;
use warpdrive::ctypes::v2::wd_comp::{wd_comp_alg_type, wd_lz77_zstd_data};
use warpdrive::ctypes::v2::wd_comp_drv::wd_comp_msg;
use warpdrive::ctypes::v2::wd_internal::wd_datalist;
use warpdrive::drv::{Engine, Hardware, Seat, hisi_zip};
use warpdrive::qm::layout::Version;
use warpdrive::sys::lent::Promise;
use warpdrive::sys::slots::Posted;
use warpdrive::{Error, Result};

/// Words of a stream's context, and of guards behind it.
const CONTEXT: usize = context::SIZE / 8;
const AROUND: usize = 8;
const PATTERN: u64 = 0xa5a5_a5a5_a5a5_a5a5;
const LZ77: [u32; 2] = [
    wd_comp_alg_type::WD_LZ77_ZSTD as u32,
    wd_comp_alg_type::WD_LZ77_ONLY as u32,
];
/// Bytes of frequencies.
const FREQUENCIES: usize = 784;

/// What a message lends.
struct Buffers {
    source: Vec<u8>,
    target: Vec<u8>,
    room: usize,
    nodes: Vec<wd_datalist>,
    results: Box<wd_lz77_zstd_data>,
}

impl Buffers {
    fn new(input: &mut Input<'_>) -> Buffers {
        let len = input.below(700);
        let room = input.below(6000);
        let byte = input.u8();
        let mut source: Vec<u8> = (0..len).map(|n| (n * usize::from(byte)) as u8).collect();
        let start = input.bytes(16);
        let count = start.len().min(len);
        source[..count].copy_from_slice(&start[..count]);
        Buffers {
            source,
            target: vec![MARK; room + 2 * GUARD],
            room,
            nodes: Vec::with_capacity(16),
            results: Box::new(wd_lz77_zstd_data {
                literals_start: null_mut(),
                sequences_start: null_mut(),
                lit_num: 0,
                seq_num: 0,
                lit_length_overflow_cnt: 0,
                lit_length_overflow_pos: 0,
                freq: null_mut(),
                blk_type: u32::from(byte % 4),
            }),
        }
    }

    /// Puts the buffers into a message, flat or as lists.
    fn lend(&mut self, message: &mut wd_comp_msg, lists: bool, pieces: usize) {
        let (source, target) = (
            self.source.as_ptr().cast_mut(),
            self.target[GUARD..].as_mut_ptr(),
        );
        message.req.src_len = self.source.len() as u32;
        message.req.dst_len = self.room as u32;
        message.avail_out = self.room as u32;
        message.req.priv_ = (&raw mut *self.results).cast();
        message.req.data_fmt = Enum::new(u32::from(lists));
        if !lists {
            message.req.src = source.cast();
            message.req.dst = target.cast();
            return;
        }
        message.req.src = self.list(source, self.source.len(), pieces).cast();
        message.req.dst = self.list(target, self.room, pieces).cast();
    }

    /// A list of up to eight pieces.
    fn list(&mut self, start: *mut u8, len: usize, pieces: usize) -> *mut wd_datalist {
        let first = self.nodes.len();
        let piece = (len / pieces.clamp(1, 8)).max(1);
        for number in 0..pieces.clamp(1, 8) {
            let at = (piece * number).min(len);
            let last = number + 1 == pieces.clamp(1, 8);
            let end = if last { len } else { (at + piece).min(len) };
            self.nodes.push(wd_datalist {
                data: start.wrapping_add(at).cast(),
                len: (end - at) as u32,
                next: null_mut(),
            });
        }
        // The vector has room for all nodes from the beginning, so they stay where they are.
        let base = self.nodes.as_mut_ptr();
        for number in first..self.nodes.len() - 1 {
            self.nodes[number].next = base.wrapping_add(number + 1);
        }
        base.wrapping_add(first)
    }

    /// What is told of the results lies inside, and nothing was written beside.
    fn check(&self, consumed: u32, produced: u32, status: u32, format: u32, lists: bool) {
        let (len, room) = (self.source.len(), self.room);
        assert!(
            consumed as usize <= len,
            "{consumed} of {len} bytes consumed"
        );
        assert!(
            produced as usize <= room,
            "{produced} bytes in a room of {room}"
        );
        let behind = &self.target[GUARD + room..];
        let guards = self.target[..GUARD].iter().chain(behind);
        assert!(
            guards.into_iter().all(|byte| *byte == MARK),
            "beside the buffer"
        );
        if !LZ77.contains(&format) || status == WD_IN_EPARA as u32 {
            return;
        }
        let (literals, sequences) = (self.results.lit_num, self.results.seq_num);
        // Of lists the literals have whole pieces.
        assert!(
            lists || literals as usize <= len + 16,
            "{literals} literals of {len} bytes"
        );
        let bytes = literals as usize + sequences as usize * 8;
        assert!(
            bytes <= room,
            "{literals} literals, {sequences} sequences in {room}"
        );
        let at = self.results.freq as usize;
        if at != 0 && !lists && format == LZ77[0] {
            let start = self.target.as_ptr() as usize + GUARD;
            let inside = at >= start && at + FREQUENCIES <= start + room;
            assert!(
                inside,
                "frequencies at {} of {room}",
                at.wrapping_sub(start)
            );
        }
    }
}

/// The driver over hostile devices.
pub struct Rig {
    pub engine: Box<dyn Engine<wd_comp_msg>>,
    devices: Vec<Arc<Hostile>>,
}

/// The real driver, bound to hostile devices instead of the devices of `seats`.
pub fn bind(seats: &[(u8, bool)], input: &mut Input<'_>, promise: Promise) -> Result<Rig> {
    let version = input.one(&[
        Version::V1,
        Version::V2,
        Version::V3,
        Version::V5,
        Version::V5,
    ]);
    let mut devices = Vec::new();
    let mut hostile = |seat: &(u8, bool)| {
        let script = usize::from(input.u8());
        let device = Hostile::new(version, input, script);
        devices.push(Arc::clone(&device));
        Seat {
            handle: 0,
            hardware: Some(Hardware {
                device: Arc::new(device.device()),
                channel: Arc::new(Open(device)),
            }),
            op_type: seat.0,
            asynchronous: seat.1,
        }
    };
    let seats = seats.iter().map(&mut hostile).collect();
    let engine = hisi_zip::drivers(promise)
        .remove(0)
        .bind_comp(seats, false)?;
    Ok(Rig { engine, devices })
}

/// A stream's context, with guards behind it.
struct Stream {
    words: Vec<u64>,
    new: bool,
    isize: u32,
    checksum: u32,
}

impl Stream {
    fn new() -> Stream {
        let mut words = vec![0; CONTEXT + AROUND];
        words[CONTEXT..].fill(PATTERN);
        Stream {
            words,
            new: true,
            isize: 0,
            checksum: 0,
        }
    }

    fn lend(&mut self, message: &mut wd_comp_msg, last: bool) {
        message.ctx_buf = self.words.as_mut_ptr().cast();
        message.stream_mode = Enum::new(0);
        message.stream_pos = Enum::new(u32::from(!self.new));
        (message.isize, message.checksum) = (self.isize, self.checksum);
        message.req.last = last.into();
    }

    fn check(&self) {
        let guard = &self.words[CONTEXT..];
        assert!(
            guard.iter().all(|word| *word == PATTERN),
            "beside the context"
        );
    }
}

/// The driver's functions in any order.
pub fn zip_driver(data: &[u8]) {
    super::set_up();
    // SAFETY: buffers live until their messages are answered or their context is reset, and longer.
    let promise = unsafe { Promise::given() };
    let mut input = Input::new(data);
    let seats = [(0, false), (1, false), (0, true), (1, true)];
    let Ok(rig) = bind(&seats, &mut input, promise) else {
        return;
    };
    let mut streams = [Stream::new(), Stream::new()];
    let mut posted: BTreeMap<u32, (Buffers, u32, bool)> = BTreeMap::new();
    let mut kept = Vec::new();
    let mut tag = 0;
    while !input.is_empty() && tag < 256 {
        let seat = input.below(4);
        let format = input.u8() % 7;
        let kind = input.u8();
        let mut request = message(format.into(), (seat % 2) as u32);
        request.comp_lv = Enum::new(if kind & 1 == 0 { 8 } else { 9 });
        request.win_sz = Enum::new(u32::from(kind >> 1 & 7));
        let mut buffers = Buffers::new(&mut input);
        let lists = kind >> 4 & 3 == 3;
        buffers.lend(&mut request, lists, input.below(8));
        let format = u32::from(format);
        if seat < 2 {
            let stream = (kind >> 6 & 1 == 1).then_some(&mut streams[seat]);
            rig.sync(seat, &mut request, &buffers, stream, kind >> 7 == 1);
        } else {
            tag += 1;
            request.tag = tag;
            if rig.engine.post(seat, Posted::outside(&mut request)).is_ok() {
                posted.insert(tag, (buffers, format, lists));
            } else {
                kept.push(buffers);
            }
            if kind >> 6 & 1 == 1 {
                rig.devices[seat].act(kind.into());
            }
            while let Ok((tag, answer)) = rig.take(seat) {
                let (buffers, format, lists) = posted.remove(&tag).expect("on its way");
                // Asynchronous answers are held against the request by the session.
                let (len, room) = (buffers.source.len() as u32, buffers.room as u32);
                let (consumed, produced) = (answer.in_cons.min(len), answer.produced.min(room));
                buffers.check(consumed, produced, answer.req.status, format, lists);
            }
            if kind >> 6 == 3 && input.u8() == 0x99 {
                let _ = rig.engine.reset(seat);
            }
        }
    }
    drop(rig);
    streams.iter().for_each(Stream::check);
}

impl Rig {
    fn take(&self, seat: usize) -> Result<(u32, wd_comp_msg)> {
        let mut answer = message(0, 0);
        loop {
            match self.engine.receive(seat, &mut answer) {
                Ok(()) => return Ok((answer.tag, answer)),
                // Completions that belong to no request are passed over; there is an end of them.
                Err(Error::Io) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// A synchronous request, and what comes of it.
    fn sync(
        &self,
        seat: usize,
        request: &mut wd_comp_msg,
        buffers: &Buffers,
        stream: Option<&mut Stream>,
        last: bool,
    ) {
        let (format, lists) = (request.alg_type.0, request.req.data_fmt.0 == 1);
        let mut own = Stream::new();
        let is_stream = stream.is_some();
        let stream = stream.unwrap_or(&mut own);
        if is_stream {
            stream.lend(request, last);
        } else {
            request.ctx_buf = stream.words.as_mut_ptr().cast();
        }
        if self.engine.send(seat, request).is_err() {
            return;
        }
        for _ in 0..8 {
            match self.engine.receive(seat, request) {
                Ok(()) => {
                    let (consumed, produced) = (request.in_cons, request.produced);
                    let status = request.req.status;
                    buffers.check(consumed, produced, status, format, lists);
                    stream.check();
                    stream.new = false;
                    (stream.isize, stream.checksum) = (request.isize, request.checksum);
                    return;
                }
                Err(Error::Again | Error::Io) => self.devices[seat].act(0),
                Err(_) => break,
            }
        }
        let _ = self.engine.reset(seat);
        stream.check();
        stream.new = true;
    }
}
