//! Formats, and where the work is done: lanes of the library, with words for people.

use crate::fail::{Fail, Result};
use clap::ValueEnum;
use std::sync::Arc;
use warpdrive::alg::lane::{self, Effort, Use};
pub use warpdrive::alg::lane::{Direction, Done, Job, Pipe, Status, Stream};
use warpdrive::drv::Path;
use warpdrive::uacce::channel::Bus;
use warpdrive::uacce::device::{self, Attributes, Wanted};

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

    fn of_library(self) -> lane::Format {
        match self {
            Format::Zlib => lane::Format::WD_ZLIB,
            Format::Gzip => lane::Format::WD_GZIP,
            Format::Deflate => lane::Format::WD_DEFLATE,
            Format::Lz4 => lane::Format::WD_LZ4,
            Format::Lz77Zstd => lane::Format::WD_LZ77_ZSTD,
            Format::Lz77Only => lane::Format::WD_LZ77_ONLY,
        }
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

    /// A request of this format; `data` bytes are the room for what is decompressed.
    pub fn job(self, way: Way, input: Arc<Vec<u8>>, data: usize) -> Job {
        Job::new(self.of_library(), way.of_library(), input, data)
    }

    /// Level and window as drivers of this format know them: LZ77 has levels 8 and 9 only.
    pub fn effort(self, effort: Effort) -> Effort {
        let level = if self.is_lz77() {
            effort.level.clamp(8, 9)
        } else {
            effort.level
        };
        Effort { level, ..effort }
    }
}

/// Level and window where nobody has said which.
pub const USUAL: Effort = Effort {
    level: 6,
    window: 4,
};

/// The direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    fn of_library(self) -> Direction {
        match self {
            Way::Compress => Direction::WD_DIR_COMPRESS,
            Way::Decompress => Direction::WD_DIR_DECOMPRESS,
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
    let name = match wish {
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
    let label = match &name {
        Some(name) => format!("{name} for {what}"),
        None => format!("no device for {what}"),
    };
    let wanted = Wanted {
        name,
        algorithm: Some(what.to_owned()),
        no_iommu: true,
    };
    let found = bus
        .devices()
        .and_then(|devices| device::candidates(devices, &wanted));
    let served = |device: &Attributes| is_served(device, format);
    match (found, wish) {
        (Ok(devices), _) if devices.iter().any(served) => {
            let device = devices.into_iter().find(served);
            Ok(device.map_or(Place::Software, |device| Place::Device(Arc::new(device))))
        }
        (_, Wish::Auto) => Ok(Place::Software),
        (Ok(_), _) => Err(Fail::at(label, "listed, but without a driver here")),
        (Err(error), _) => Err(Fail::at(label, error)),
    }
}

/// Whether the library serves this device and format.
pub fn is_served(device: &Attributes, format: Format) -> bool {
    lane::is_served(device, format.of_library())
}

/// Contexts of one place and format.
pub struct Lanes {
    inner: Arc<lane::Lanes>,
    format: Format,
    place: Place,
}

impl Lanes {
    /// Opens so many contexts for each direction, in their order, asynchronous ones or synchronous.
    pub fn open(
        bus: &dyn Bus,
        place: &Place,
        format: Format,
        ways: &[Way],
        asynchronous: bool,
    ) -> Result<Arc<Lanes>> {
        let one = |way: &Way| Use {
            way: way.of_library(),
            asynchronous,
        };
        let uses: Vec<Use> = ways.iter().map(one).collect();
        let device = match place {
            Place::Device(device) => Some(&**device),
            Place::Software => None,
        };
        let inner = lane::Lanes::open(bus, device, format.of_library(), &uses);
        Ok(Arc::new(Lanes {
            inner: inner.map_err(|error| Fail::at(place.name(), error))?,
            format,
            place: place.clone(),
        }))
    }

    /// Who serves the contexts, as the library says.
    pub fn path(&self) -> Path {
        self.inner.path(0)
    }

    /// The longest request.
    pub fn longest(&self) -> usize {
        self.inner.longest()
    }

    /// The same for people: `hisi_zip-0 (simulated device)`.
    pub fn who(&self) -> String {
        let kind = match self.path() {
            Path::Hardware => "device",
            Path::Simulated => "simulated device",
            Path::Software => return "software".to_owned(),
            Path::Foreign => "driver from elsewhere",
        };
        format!("{} ({kind})", self.place.name())
    }

    /// A failure of this place's.
    pub fn fail(&self, error: impl std::fmt::Display) -> Fail {
        Fail::at(self.place.name(), error)
    }

    /// Has a job done and waits for it.
    pub fn run(&self, context: usize, effort: Effort, job: &mut Job) -> Result<Done> {
        let effort = self.format.effort(effort);
        let done = self.inner.run(context, effort, job);
        done.map_err(|error| self.fail(error))
    }

    /// What is made of `input`; for decompression `data` bytes at most.
    pub fn transform(
        &self,
        way: Way,
        effort: Effort,
        input: &[u8],
        data: usize,
    ) -> Result<Vec<u8>> {
        let mut job = self.format.job(way, Arc::new(input.to_vec()), data);
        let done = self.run(0, effort, &mut job)?;
        if done.status == Status::Bad {
            return Err(self.fail("refused the data"));
        }
        job.output.truncate(done.produced);
        Ok(job.output)
    }

    /// A stream with buffers of these sizes.
    pub fn stream(&self, context: usize, effort: Effort, sizes: (usize, usize)) -> Result<Stream> {
        let stream = Stream::new(&self.inner, context, effort, sizes);
        stream.map_err(|error| self.fail(error))
    }

    /// A pipe of so many jobs.
    pub fn pipe(&self, context: usize, effort: Effort, depth: usize) -> Result<Pipe> {
        let effort = self.format.effort(effort);
        let pipe = Pipe::new(&self.inner, context, effort, depth);
        pipe.map_err(|error| self.fail(error))
    }
}
