//! Traces that `wd trace show` and `wd trace replay` are given: any text, and events
//! that are well-formed and belong together or not, on a simulated device.

use super::input::Input;
use std::sync::OnceLock;
use warpdrive::bd::zip::Sqe;
use warpdrive::qm::layout::Version;
use warpdrive::sim::World;
use warpdrive::sim::config::{Config, Device};
use warpdrive::uacce::channel::Bus;
use warpdrive::uacce::device::Attributes;
use warpdrive_tool::traces::{self, Event};

/// Requests that there are (`HW_DEFLATE` and so on), and one that there is not.
const REQUESTS: [u8; 9] = [1, 2, 3, 4, 0x40, 0x41, 0x42, 0x43, 9];

/// The bytes of a trace, or after a zero the numbers of one.
pub fn traces(data: &[u8]) {
    let mut input = Input::new(data);
    let text = match input.u8() {
        0 => {
            let mut events = Vec::new();
            while !input.is_empty() && events.len() < 24 {
                events.push(event(&mut input));
            }
            traces::write(&events).expect("it has a form")
        }
        _ => String::from_utf8_lossy(data).into_owned(),
    };
    let Ok(events) = traces::read(text.as_bytes()) else {
        return;
    };
    let again = traces::write(&events).expect("it has a form");
    assert_eq!(
        traces::read(again.as_bytes()).expect("it was read before"),
        events
    );
    let verbose = data.len().is_multiple_of(8);
    assert!(traces::text(&events, verbose).lines().count() >= events.len());
    let (world, device) = device();
    let sent = |event: &&Event| matches!(event, Event::Submit { .. });
    if let Ok(replayed) = traces::run(world, device, &events) {
        assert_eq!(replayed.requests, events.iter().filter(sent).count());
        for different in &replayed.differences {
            assert!((1..=replayed.requests).contains(&different.number));
        }
    }
}

/// A device for all traces: a replay leaves nothing behind but its closed queues.
fn device() -> (&'static World, &'static Attributes) {
    static WORLD: OnceLock<(World, Attributes)> = OnceLock::new();
    let (world, device) = WORLD.get_or_init(|| {
        let devices = vec![Device {
            api: Version::V5,
            depth: 8,
            queues: 4,
            engines: 0,
            ..Device::default()
        }];
        let world = World::new(Config { devices }).expect("valid");
        let device = world.devices().expect("ours").remove(0);
        (world, device)
    });
    (world, device)
}

fn event(input: &mut Input<'_>) -> Event {
    let kind = input.u8();
    let queue = u32::from(input.u8() % 3);
    let slot = u16::from(input.u8() % 9);
    match kind % 4 {
        0 => Event::Queue {
            queue,
            device: "hisi_zip-0".into(),
            simulated: true,
            api: "hisi_qm_v2".into(),
            kind: u16::from(kind >> 6),
            sq_depth: 8,
            cq_depth: 8,
        },
        1 | 2 => {
            let length = usize::from(input.u8());
            let data = input.bytes(length);
            let sqe = descriptor(input, data.len() as u32);
            Event::Submit {
                queue,
                ns: 0,
                slot,
                descriptor: traces::hex(&sqe.encode()),
                input: (kind & 0x80 == 0).then(|| traces::hex(data)),
            }
        }
        _ => Event::Complete {
            queue,
            ns: u64::MAX,
            entry: 0,
            slot,
            completion: String::new(),
            descriptor: traces::hex(&descriptor(input, 0).encode()),
            output_crc32: (kind & 0x80 == 0).then_some(0),
        },
    }
}

/// A descriptor for `length` bytes, with most of its numbers from the input.
fn descriptor(input: &mut Input<'_>, length: u32) -> Sqe {
    let (shape, wild) = (input.u8(), input.u8());
    let room = u32::from(input.u16());
    let number = |input: &mut Input<'_>, usual: u32| match wild {
        0xf0.. => input.u32(),
        _ => usual,
    };
    Sqe {
        consumed: number(input, 0),
        produced: number(input, 0),
        status: input.u8(),
        input_length: number(input, length),
        source_offset: number(input, 0),
        finish: shape & 1 == 0,
        stateful: shape & 2 != 0,
        new_stream: shape & 4 != 0,
        sqe_type: if wild < 0xe0 { 3 } else { input.u8() & 15 },
        destination_offset: number(input, 0),
        request: REQUESTS[input.below(REQUESTS.len())],
        buffer_type: u8::from(wild & 0x1f == 0x1f),
        window: if wild < 0xe0 { 4 } else { input.u8() & 15 },
        tag: number(input, 512),
        tag_type3: number(input, 0).into(),
        output_space: number(input, room),
        ctx: [number(input, 0), number(input, 0), number(input, 0)],
        source: number(input, 0).into(),
        destination: number(input, 0).into(),
        stream_context: (shape >> 6).into(),
        literals: number(input, 0).into(),
        isize: number(input, 0),
        checksum: number(input, 0),
        ..Sqe::default()
    }
}
