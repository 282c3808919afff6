//! Simulated devices with faults. They have no threads, so that a run is the same each
//! time; when they hear of a request is said by the input, so that requests are on their
//! way while others are made, and become several at once.

use super::input::Input;
use std::ffi::c_int;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use warpdrive::Result;
use warpdrive::qm::doorbell::{self, Command};
use warpdrive::qm::layout::Version;
use warpdrive::sim::World;
use warpdrive::sim::config::{Config, Device};
use warpdrive::sim::faults::{Fault, Kind, When};
use warpdrive::sys::ioctl::Request;
use warpdrive::sys::lent::Promise;
use warpdrive::sys::shared::SharedMemory;
use warpdrive::uacce::channel::{
    Argument, Bell, Bus, Channel, Doorbell, Memory, QueueId, QueueSetup, Region, Slice, Wake,
};
use warpdrive::uacce::device::Attributes;

pub const VERSIONS: [Version; 4] = [Version::V1, Version::V2, Version::V3, Version::V5];

/// A device, and which of its doorbells are late.
pub struct Simulated {
    pub world: World,
    version: Version,
    late: u8,
}

impl Simulated {
    /// A device as `input` says; with SVA or, if `any`, perhaps without.
    pub fn new(input: &mut Input<'_>, any: bool) -> Simulated {
        let version = input.one(&VERSIONS);
        let (depth, queues) = (input.one(&[4, 5, 16, 64]), input.one(&[1, 2, 8]));
        let sva = !any || input.flip();
        let byte = input.u8();
        let fault = |_| fault(input);
        let device = Device {
            api: version,
            depth,
            queues,
            engines: 0,
            sva,
            faults: (0..byte % 5).map(fault).collect(),
            ..Device::default()
        };
        let devices = vec![device];
        Simulated {
            world: World::new(Config { devices }).expect("valid"),
            version,
            late: byte / 5,
        }
    }

    /// Resets it: who releases a queue waits for what is on its way, unless the device is dead.
    pub fn reset(&self) {
        let _ = self.world.reset("hisi_zip-0");
    }
}

/// A fault of a device.
fn fault(input: &mut Input<'_>) -> Fault {
    let small = u16::from(input.u8());
    let errno = i32::from(input.one(&[16_u8, 12, 22, 19, 5]));
    let kind = match input.below(15) {
        0 => Kind::Status(small as u8),
        1 => Kind::Drop,
        2 => Kind::Delay(Duration::from_millis(u64::from(small % 3))),
        3 => Kind::Duplicate,
        4 => Kind::Reorder(usize::from(small % 8)),
        5 => Kind::SqHead(small),
        6 => Kind::SqNumber(small),
        7 => Kind::Phase,
        8 => Kind::Produced(u32::from(small) + 1),
        9 => Kind::Reset,
        10 => Kind::Remove,
        11 => Kind::Open(errno),
        12 => Kind::Configure(errno),
        13 => Kind::Start(errno),
        _ => Kind::Region(errno),
    };
    let n = u64::from(input.u8() % 8) + 1;
    let when = match input.below(4) {
        0 => When::Nth(n),
        1 => When::From(n),
        2 => When::Every(n),
        _ => When::Chance { of: n, seed: 1 },
    };
    Fault { kind, when }
}

impl Bus for Simulated {
    fn devices(&self) -> Result<Vec<Attributes>> {
        self.world.devices()
    }

    fn open(&self, device: &Attributes) -> Result<Arc<dyn Channel>> {
        Ok(Arc::new(Late {
            channel: self.world.open(device)?,
            version: self.version,
            held: Arc::new(Mutex::new(Held {
                late: self.late,
                doorbells: 0,
                value: None,
            })),
        }))
    }
}

/// A queue whose doorbells may be late.
struct Late {
    channel: Arc<dyn Channel>,
    version: Version,
    held: Arc<Mutex<Held>>,
}

/// The doorbell of a submission that the device has not heard of.
struct Held {
    /// A bit is for each sixth doorbell.
    late: u8,
    doorbells: u8,
    value: Option<(Doorbell, u64)>,
}

impl Held {
    /// The next doorbell of a submission: whether it is late.
    fn is_next(&mut self) -> bool {
        self.doorbells = (self.doorbells + 1) % 6;
        self.late >> self.doorbells & 1 == 1
    }
}

/// Whose doorbell it is.
struct Port {
    doorbell: Doorbell,
    version: Version,
    held: Arc<Mutex<Held>>,
}

/// What the library was promised of the descriptors that it rings for.
fn promise() -> Promise {
    // SAFETY: doorbells here are the library's, passed on sooner or later.
    unsafe { Promise::given() }
}

impl Bell for Port {
    fn ring(&self, value: u64) {
        let submits = doorbell::decode(self.version, value).command == Command::Sq as u16;
        let mut held = self.held.lock().expect("no panic");
        if submits && held.is_next() {
            held.value = Some((self.doorbell.clone(), value));
            return;
        }
        let before = held.value.take();
        drop(held);
        // One that submits says what those before it said.
        if let (Some((doorbell, value)), false) = (before, submits) {
            doorbell.ring(promise(), value);
        }
        self.doorbell.ring(promise(), value);
    }
}

impl Channel for Late {
    fn doorbell(&self, offset: usize) -> Result<Doorbell> {
        Ok(Doorbell::call(Arc::new(Port {
            doorbell: self.channel.doorbell(offset)?,
            version: self.version,
            held: Arc::clone(&self.held),
        })))
    }

    fn wait(&self, limit: Duration) -> Result<Wake> {
        let late = self.held.lock().expect("no panic").value.take();
        if let Some((doorbell, value)) = late {
            doorbell.ring(promise(), value);
        }
        self.channel.wait(limit)
    }

    fn stop(&self) {
        self.held.lock().expect("no panic").value = None;
        self.channel.stop();
    }

    fn configure(&self, setup: QueueSetup) -> Result<QueueId> {
        self.channel.configure(setup)
    }

    fn region(&self, region: Region) -> Result<SharedMemory> {
        self.channel.region(region)
    }

    fn start(&self) -> Result<()> {
        self.channel.start()
    }

    fn static_slices(&self) -> Result<Vec<Slice>> {
        self.channel.static_slices()
    }

    fn event(&self) -> BorrowedFd<'_> {
        self.channel.event()
    }

    fn memory(&self) -> Memory {
        self.channel.memory()
    }

    fn command(&self, request: Request, argument: Argument<'_>) -> Result<c_int> {
        self.channel.command(request, argument)
    }
}
