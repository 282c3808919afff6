//! A driver bound to contexts of simulated devices, messages for it, and data.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};
use warpdrive::ctypes::v2::Enum;
use warpdrive::ctypes::v2::wd_comp::{wd_comp_alg_type, wd_comp_req};
use warpdrive::ctypes::v2::wd_comp_drv::wd_comp_msg;
use warpdrive::drv::{Driver, Engine, Hardware, Seat, hisi_zip};
use warpdrive::sim::World;
use warpdrive::sim::config::Config;
use warpdrive::sys::lent::Promise;
use warpdrive::sys::slots::Posted;
use warpdrive::uacce::channel::Bus;
use warpdrive::{Error, Result};

/// Far beyond anything a busy machine needs; only a hang reaches it.
const FOREVER: Duration = Duration::from_secs(120);

/// The contexts of a [`Rig`]: of compression and decompression, first synchronous.
pub const SYNC: [usize; 2] = [0, 1];
pub const ASYNC: [usize; 2] = [2, 3];

pub const ZLIB: u32 = wd_comp_alg_type::WD_ZLIB as u32;
pub const GZIP: u32 = wd_comp_alg_type::WD_GZIP as u32;
pub const DEFLATE: u32 = wd_comp_alg_type::WD_DEFLATE as u32;

pub struct Rig {
    pub engine: Box<dyn Engine<wd_comp_msg>>,
    pub world: World,
}

/// The driver for zlib; all of them make the same engines.
pub fn driver() -> Arc<dyn Driver> {
    // SAFETY: all messages of these tests name memory that lives until they are finished.
    let promise = unsafe { Promise::given() };
    hisi_zip::drivers(promise).remove(0)
}

/// Contexts of a world's device 0.
pub fn seats(world: &World) -> Vec<Seat> {
    let device = Arc::new(world.devices().expect("listed").remove(0));
    let seat = |op_type: u8, asynchronous: bool| Seat {
        handle: 0,
        hardware: Some(Hardware {
            channel: world.open(&device).expect("a queue"),
            device: Arc::clone(&device),
        }),
        op_type,
        asynchronous,
    };
    vec![seat(0, false), seat(1, false), seat(0, true), seat(1, true)]
}

impl Rig {
    pub fn new(text: &str) -> Rig {
        let config = text.parse::<Config>().expect("a valid text");
        let world = World::new(config).expect("a valid world");
        let engine = driver().bind_comp(seats(&world), true).expect("bound");
        Rig { engine, world }
    }

    /// The next answer of a context.
    pub fn receive(&self, seat: usize, message: &mut wd_comp_msg) -> Result<()> {
        answered(&*self.engine, seat, message)
    }

    /// Sends an asynchronous message.
    pub fn post(&self, seat: usize, message: &wd_comp_msg) -> Result<()> {
        let mut message = *message;
        self.engine.post(seat, Posted::outside(&mut message))
    }

    /// Sends one synchronous message and waits for its answer.
    pub fn run(&self, message: &mut wd_comp_msg) -> Result<()> {
        let seat = SYNC[message.req.op_type.0 as usize];
        self.engine.send(seat, message)?;
        self.receive(seat, message)
    }

    /// Has `input` transformed in one piece; the answer, and the output.
    pub fn whole(
        &self,
        format: u32,
        way: u32,
        input: &[u8],
        room: usize,
    ) -> (wd_comp_msg, Vec<u8>) {
        let mut output = vec![0; room];
        let mut message = whole(format, way, input, &mut output);
        self.run(&mut message).expect("an answer");
        output.truncate(message.produced as usize);
        (message, output)
    }
}

/// Waits for the next answer of a context.
pub fn answered(
    engine: &dyn Engine<wd_comp_msg>,
    seat: usize,
    message: &mut wd_comp_msg,
) -> Result<()> {
    let end = Instant::now() + FOREVER;
    loop {
        match engine.receive(seat, message) {
            Err(Error::Again) => {}
            other => return other,
        }
        assert!(Instant::now() < end, "the device does not answer");
        engine.wait(seat, Duration::from_millis(100))?;
    }
}

/// A message for a request that is whole.
pub fn whole(format: u32, way: u32, input: &[u8], output: &mut [u8]) -> wd_comp_msg {
    wd_comp_msg {
        req: wd_comp_req {
            src: input.as_ptr().cast_mut().cast(),
            src_len: input.len() as u32,
            dst: output.as_mut_ptr().cast(),
            dst_len: output.len() as u32,
            op_type: Enum::new(way),
            last: 1,
            ..wd_comp_msg::BLANK.req
        },
        alg_type: Enum::new(format),
        comp_lv: Enum::new(8),
        win_sz: Enum::new(4),
        stream_mode: Enum::new(1),
        avail_out: output.len() as u32,
        ..wd_comp_msg::BLANK
    }
}

/// Text that compresses, with matches near and far.
pub fn text(len: usize) -> Vec<u8> {
    let line = |i: usize| format!("{i}: {} of {} sheep\n", i * 7919 % 1009, i / 3);
    (0..).flat_map(|i| line(i).into_bytes()).take(len).collect()
}

/// Bytes that do not compress.
pub fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut step = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| step()).collect()
}

/// What the crate makes of a complete stream: it checks header and trailer, and that nothing is
/// behind it.
pub fn unpack(format: u32, stream: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    let read = |reader: &mut dyn Read, data: &mut Vec<u8>| reader.read_to_end(data).expect("valid");
    match format {
        ZLIB => {
            let mut reader = flate2::bufread::ZlibDecoder::new(stream);
            read(&mut reader, &mut data);
            assert!(reader.into_inner().is_empty());
        }
        GZIP => {
            let mut reader = flate2::bufread::GzDecoder::new(stream);
            read(&mut reader, &mut data);
            assert!(reader.into_inner().is_empty());
        }
        _ => {
            let mut reader = flate2::bufread::DeflateDecoder::new(stream);
            read(&mut reader, &mut data);
            assert!(reader.into_inner().is_empty());
        }
    }
    data
}

/// A complete stream as the crate makes it.
pub fn pack(format: u32, data: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::new(6);
    match format {
        ZLIB => {
            let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), level);
            writer.write_all(data).expect("memory");
            writer.finish().expect("memory")
        }
        GZIP => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), level);
            writer.write_all(data).expect("memory");
            writer.finish().expect("memory")
        }
        _ => {
            let mut writer = flate2::write::DeflateEncoder::new(Vec::new(), level);
            writer.write_all(data).expect("memory");
            writer.finish().expect("memory")
        }
    }
}
