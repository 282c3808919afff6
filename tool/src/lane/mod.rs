//! Lanes: a driver of the library bound to contexts of one device, or to software.
//! Which of them, is chosen here and stays: no lane ever changes to another path.

mod message;
pub mod pipe;
pub mod stream;
pub mod whole;

use crate::fail::{Fail, Result};
use clap::ValueEnum;
use message::Message;
use std::sync::Arc;
use std::time::Duration;
use warpdrive::ctypes::v2::wd::{WD_EAGAIN, WD_IN_EPARA, WD_STREAM_END};
use warpdrive::ctypes::v2::wd_comp::wd_comp_alg_type as Number;
use warpdrive::drv::registry::{self, Entry, Kind};
use warpdrive::drv::{Engine, Hardware, Path, Seat};
use warpdrive::uacce::channel::Bus;
use warpdrive::uacce::device::{self, Attributes, Wanted};

/// The longest that a request may take.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// A sleep between looks: an interrupt may get lost.
const SLICE: Duration = Duration::from_millis(100);

/// What data is compressed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Format {
    /// RFC 1950
    Zlib,
    /// RFC 1952
    Gzip,
    /// RFC 1951, without header and checksum
    Deflate,
    /// LZ4: frames for files, blocks elsewhere
    Lz4,
    /// Literals and sequences for a zstd encoder
    Lz77Zstd,
    /// Literals and sequences
    Lz77Only,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 6] = [
        Format::Zlib,
        Format::Gzip,
        Format::Deflate,
        Format::Lz4,
        Format::Lz77Zstd,
        Format::Lz77Only,
    ];

    /// The algorithm's name, as devices and drivers list it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Zlib => "zlib",
            Format::Gzip => "gzip",
            Format::Deflate => "deflate",
            Format::Lz4 => "lz4",
            Format::Lz77Zstd => "lz77_zstd",
            Format::Lz77Only => "lz77_only",
        }
    }

    fn number(self) -> u32 {
        let number = match self {
            Format::Zlib => Number::WD_ZLIB,
            Format::Gzip => Number::WD_GZIP,
            Format::Deflate => Number::WD_DEFLATE,
            Format::Lz4 => Number::WD_LZ4,
            Format::Lz77Zstd => Number::WD_LZ77_ZSTD,
            Format::Lz77Only => Number::WD_LZ77_ONLY,
        };
        number as u32
    }

    /// Whether the output is literals and sequences.
    pub fn is_lz77(self) -> bool {
        matches!(self, Format::Lz77Zstd | Format::Lz77Only)
    }

    /// Whether it is deflate in one of its containers, which can be done in pieces.
    pub fn is_deflate(self) -> bool {
        matches!(self, Format::Zlib | Format::Gzip | Format::Deflate)
    }

    /// Whether there is such an operation at all.
    pub fn goes(self, way: Way) -> bool {
        way == Way::Compress || !self.is_lz77()
    }

    /// Whether devices do this operation.
    pub fn goes_in_devices(self, way: Way) -> bool {
        way == Way::Compress || self.is_deflate()
    }
}

/// The direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// Compress.
    Compress,
    /// Decompress.
    Decompress,
}

impl Way {
    /// `compress` or `decompress`.
    pub fn name(self) -> &'static str {
        match self {
            Way::Compress => "compress",
            Way::Decompress => "decompress",
        }
    }
}

/// How hard to compress, and how far back matches may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// 1 to 15.
    pub level: u8,
    /// 0 to 4: 4, 8, 16, 24 and 32 KiB.
    pub window: u8,
}

impl Effort {
    /// The numbers to use for a format: LZ77 knows levels 8 and 9 only.
    pub fn for_format(self, format: Format) -> Effort {
        let level = match format {
            Format::Lz77Zstd | Format::Lz77Only => self.level.clamp(8, 9),
            _ => self.level,
        };
        Effort { level, ..self }
    }
}

impl Default for Effort {
    fn default() -> Self {
        Effort {
            level: 6,
            window: 4,
        }
    }
}

/// Who does the work.
#[derive(Clone, Debug)]
pub enum Place {
    /// This device.
    Device(Arc<Attributes>),
    /// Software in the library.
    Software,
}

impl Place {
    /// `hisi_zip-0` or `software`.
    pub fn name(&self) -> &str {
        match self {
            Place::Device(device) => &device.name,
            Place::Software => "software",
        }
    }
}

/// What somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A device if there is one, else software.
    Auto,
    /// A device, any one that suits.
    Hardware,
    /// The device of this name.
    Device(String),
    /// Software.
    Software,
}

/// The place for an operation.
pub fn choose(bus: &dyn Bus, wish: &Wish, format: Format, ways: &[Way]) -> Result<Place> {
    let what = format.name();
    let possible = ways.iter().all(|way| format.goes_in_devices(*way));
    let find = |name: Option<String>| {
        let wanted = Wanted {
            name,
            algorithm: Some(what.to_owned()),
            no_iommu: true,
        };
        let found = device::candidates(bus.devices()?, &wanted)?;
        let served = |device: &Attributes| driver_of(device, format).is_ok() && device.sva();
        Ok(found.into_iter().find(served))
    };
    let named = match wish {
        Wish::Software => return Ok(Place::Software),
        Wish::Device(name) => Some(name.clone()),
        Wish::Auto | Wish::Hardware => None,
    };
    if !possible {
        return match wish {
            Wish::Auto => Ok(Place::Software),
            _ => Err(Fail::new(format!("no device can decompress {what}"))),
        };
    }
    let label = named.clone().unwrap_or_else(|| "no device".to_owned());
    let found: warpdrive::Result<Option<Attributes>> = find(named);
    match (found, wish) {
        (Ok(Some(device)), _) => Ok(Place::Device(Arc::new(device))),
        (_, Wish::Auto) => Ok(Place::Software),
        (Ok(None), _) => Err(Fail::new(format!(
            "{label}: {what} is listed, but without shared virtual addressing or a driver here"
        ))),
        (Err(error), _) => Err(Fail::new(format!(
            "{label} for {what} can be used: {error}"
        ))),
    }
}

/// The driver that a device gets for a format.
pub fn driver_of(device: &Attributes, format: Format) -> Result<Entry> {
    let of_device = |entry: &Entry| {
        let rest = device.name.strip_prefix(entry.identity.driver.as_str());
        rest.is_some_and(|rest| rest.starts_with('-'))
    };
    driver(format, Kind::Hardware, of_device)
        .ok_or_else(|| Fail::at(&device.name, format!("no driver for {}", format.name())))
}

fn driver(format: Format, kind: Kind, suits: impl Fn(&Entry) -> bool) -> Option<Entry> {
    let ours = |entry: &Entry| {
        let identity = &entry.identity;
        // Drivers written in C keep what they are given; this tool knows what its own ones do.
        let rust = entry.driver.in_c().is_null();
        rust && identity.algorithm == format.name() && kind.includes(identity.kind)
    };
    let all = registry::list(&warpdrive::bus::has).into_iter();
    all.filter(|entry| ours(entry) && suits(entry))
        .max_by_key(|entry| entry.identity.priority)
}

/// What a context is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The direction.
    pub way: Way,
    /// Whether its requests are asynchronous.
    pub asynchronous: bool,
}

/// A driver bound to contexts.
pub struct Lanes {
    engine: Box<dyn Engine<Message>>,
    uses: Vec<Use>,
    format: Format,
    place: Place,
}

impl Lanes {
    /// Opens a context for each of `uses`.
    pub fn open(bus: &dyn Bus, place: &Place, format: Format, uses: &[Use]) -> Result<Arc<Lanes>> {
        let entry = match place {
            Place::Device(device) => driver_of(device, format)?,
            Place::Software => driver(format, Kind::Software, |_| true)
                .ok_or_else(|| Fail::new(format!("no software for {}", format.name())))?,
        };
        let seat = |one: &Use| {
            let hardware = match place {
                Place::Software => None,
                Place::Device(device) => Some(Hardware {
                    channel: bus.open(device)?,
                    device: Arc::clone(device),
                }),
            };
            Ok(Seat {
                handle: 0,
                hardware,
                op_type: u8::from(one.way == Way::Decompress),
                asynchronous: one.asynchronous,
            })
        };
        let seats: warpdrive::Result<Vec<Seat>> = uses.iter().map(seat).collect();
        let engine = seats.and_then(|seats| entry.driver.bind_comp(seats, true));
        let engine = engine.map_err(|error| Fail::at(place.name(), error))?;
        Ok(Arc::new(Lanes {
            engine,
            uses: uses.to_vec(),
            format,
            place: place.clone(),
        }))
    }

    /// Who serves a context, as the engine says.
    pub fn path(&self, seat: usize) -> Path {
        self.engine.path(seat)
    }

    /// The same for people: `hisi_zip-0 (simulated device)`.
    pub fn who(&self) -> String {
        let kind = match self.path(0) {
            Path::Hardware => "device",
            Path::Simulated => "simulated device",
            Path::Software => return "software".to_owned(),
            Path::Foreign => "driver from elsewhere",
        };
        format!("{} ({kind})", self.place.name())
    }

    fn way(&self, seat: usize) -> Way {
        self.uses.get(seat).map_or(Way::Compress, |one| one.way)
    }

    /// Has a synchronous message done.
    ///
    /// # Errors
    /// What the engine answered. [`Stuck`] if the device may still touch the message's memory.
    fn run(&self, seat: usize, message: &mut Message) -> std::result::Result<(), Stuck> {
        let mut answer = self.engine.send(seat, message);
        if answer.is_ok() && !self.engine.is_shared() {
            answer = self.answer(seat, message);
        }
        answer.map_err(|error| self.give_up(seat, error))
    }

    /// Waits for an answer.
    fn answer(&self, seat: usize, message: &mut Message) -> warpdrive::Result<()> {
        let start = std::time::Instant::now();
        for turn in 0_u32.. {
            match self.engine.receive(seat, message) {
                Err(warpdrive::Error::Again) => {}
                answer => return answer,
            }
            if turn < 200 {
                std::hint::spin_loop();
                continue;
            }
            if start.elapsed() > PATIENCE {
                break;
            }
            // An engine that has nothing to wait for is asked again.
            if self.engine.wait(seat, SLICE).is_err() {
                std::thread::yield_now();
            }
        }
        Err(warpdrive::Error::TimedOut)
    }

    /// Takes back what is on its way in a context.
    fn give_up(&self, seat: usize, error: warpdrive::Error) -> Stuck {
        use warpdrive::Error::{DeviceReset, TimedOut, Unsupported};
        let lost = matches!(error, TimedOut | DeviceReset);
        let given_up = if lost {
            self.engine.reset(seat)
        } else {
            Ok(())
        };
        Stuck {
            error: Fail::at(self.place.name(), error),
            unquiet: given_up == Err(Unsupported) && error == TimedOut,
        }
    }
}

/// A request that was not answered.
struct Stuck {
    error: Fail,
    /// The device may still touch the request's memory, which then is never freed.
    unquiet: bool,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done, or as much of it as input and room allow.
    Ok,
    /// The end of a compressed stream.
    End,
    /// There is more output than room.
    Full,
    /// The device or software refused it: bad data, mostly.
    Bad,
}

impl Status {
    fn of(message: &Message) -> Status {
        let is = |number: i32| message.req.status == number as u32;
        if is(WD_STREAM_END) {
            Status::End
        } else if is(WD_EAGAIN) {
            Status::Full
        } else if is(WD_IN_EPARA) || message.req.status != 0 {
            Status::Bad
        } else {
            Status::Ok
        }
    }
}

/// What a request has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// Bytes of input consumed.
    pub consumed: usize,
    /// Bytes of output produced.
    pub produced: usize,
    /// How it ended.
    pub status: Status,
}

impl Done {
    fn of(message: &Message) -> Done {
        Done {
            consumed: message.in_cons as usize,
            produced: message.produced as usize,
            status: Status::of(message),
        }
    }
}
