//! The lower floors by themselves: descriptors, and the driver `hisi_zip` over a ring whose device
//! answers at once. `floors NAME COUNT` runs one of them alone, for counting instructions with
//! callgrind.

#![expect(unsafe_code, reason = "promises the driver memory that is there")]

#[path = "../tests/common/instant.rs"]
mod instant;
#[path = "../tests/common/messages.rs"]
mod messages;
mod results;

use core::hint::black_box;
use core::mem::MaybeUninit;
use instant::Instant;
use messages::message;
use std::sync::Arc;
use warpdrive::bd::zip::{Request, Sqe};
use warpdrive::drv::{Engine, Hardware, Seat, hisi_zip};
use warpdrive::sys::lent::Promise;
use warpdrive::sys::slots::Posted;
use warpdrive::uacce::channel::Bus;

const ZLIB: u32 = 1;
const ROUNDS: usize = 60;
const COUNT: u64 = 100_000;

/// A floor's name, what is done there, and a run of so many.
type Run<'a> = (
    &'static str,
    &'static str,
    &'static str,
    Box<dyn FnMut(u64) + 'a>,
);

fn sqe() -> Sqe {
    Sqe {
        input_length: 4096,
        output_space: 8192,
        source: 0x1000,
        destination: 0x2000,
        request: Request::Zlib.code(),
        finish: true,
        sqe_type: 3,
        window: 4,
        tag: 7,
        ..Sqe::default()
    }
}

fn encode() -> Run<'static> {
    let sqe = sqe();
    let run = move |count| {
        for _ in 0..count {
            black_box(black_box(&sqe).encode());
        }
    };
    ("encode", "descriptor", "encode", Box::new(run))
}

fn decode() -> Run<'static> {
    let bytes = sqe().encode();
    let run = move |count| {
        for _ in 0..count {
            black_box(Sqe::decode(black_box(&bytes)));
        }
    };
    ("decode", "descriptor", "decode", Box::new(run))
}

fn engine(
    device: &Instant,
    asynchronous: bool,
) -> Box<dyn Engine<warpdrive::ctypes::v2::wd_comp_drv::wd_comp_msg>> {
    let attributes = device.devices().expect("one").remove(0);
    let seat = Seat {
        handle: 0,
        hardware: Some(Hardware {
            channel: device.open(&attributes).expect("opens"),
            device: Arc::new(attributes),
        }),
        op_type: 0,
        asynchronous,
    };
    // SAFETY: the messages below name memory that lives as long as they do.
    let drivers = hisi_zip::drivers(unsafe { Promise::given() });
    drivers[0].bind_comp(vec![seat], false).expect("binds")
}

/// A message becomes a descriptor, the ring carries it, and the answer becomes a message.
fn driver(asynchronous: bool) -> Run<'static> {
    let device = Instant::new().expect("memory");
    let mut completer = device.completer();
    let engine = engine(&device, asynchronous);
    let (input, mut output) = (
        Box::new([1_u8; 64]),
        Box::new([MaybeUninit::new(0_u8); 128]),
    );
    let mut request = message(ZLIB, 0, 1);
    messages::lend(&mut request, &*input, &mut *output);
    let run = move |count| {
        // The device is only looked at: it lives as long as the run.
        let _ = (&device, &input, &output);
        for _ in 0..count {
            request.avail_out = 128;
            let sent = if asynchronous {
                engine.post(0, Posted::outside(&mut request))
            } else {
                engine.send(0, &mut request)
            };
            sent.expect("room");
            completer.complete();
            engine.receive(0, &mut request).expect("an answer");
        }
    };
    if asynchronous {
        let what = "hisi_zip, an asynchronous request and its answer";
        ("driver-async", "driver", what, Box::new(run))
    } else {
        let what = "hisi_zip, a request and its answer";
        ("driver", "driver", what, Box::new(run))
    }
}

fn main() {
    let mut runs = [encode(), decode(), driver(false), driver(true)];
    if let Some((name, count)) = results::only() {
        let run = runs.iter_mut().find(|(known, ..)| *known == name);
        run.expect("encode, decode, driver or driver-async").3(count);
        return;
    }
    let mut all: Vec<&mut dyn FnMut(u64)> = Vec::new();
    let mut names = Vec::new();
    for (_, floor, what, run) in &mut runs {
        all.push(run);
        names.push((*floor, *what));
    }
    let times = results::least(&mut all, COUNT, ROUNDS);
    for ((floor, what), time) in names.into_iter().zip(times) {
        results::row(floor, what, "ns", time, None);
    }
}
