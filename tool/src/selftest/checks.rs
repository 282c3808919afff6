//! What is tested of an algorithm. Each check is one operation whose answer is
//! known, or can be read by somebody else.

use super::decode::{decode, rebuild};
use super::known::{self, Known};
use crate::fail::{Fail, Result};
use crate::lane::{Format, Job, Lanes, Place, Status, Stream, USUAL, Way};
use std::sync::Arc;
use warpdrive::drv::Path;
use warpdrive::uacce::channel::Bus;

/// How a check went.
pub struct Outcome {
    /// Its name.
    pub check: &'static str,
    /// The path that ran, as the engine says.
    pub path: Option<Path>,
    /// Why it failed.
    pub failure: Option<String>,
}

/// A check of an algorithm.
struct Check {
    name: &'static str,
    way: Way,
    asynchronous: bool,
    /// Which formats have it.
    of: fn(Format) -> bool,
    run: fn(&Arc<Lanes>, Format) -> Result<()>,
}

const CHECKS: [Check; 7] = [
    Check {
        name: "compress",
        way: Way::Compress,
        asynchronous: false,
        of: |_| true,
        run: compress,
    },
    Check {
        name: "compress, asynchronous",
        way: Way::Compress,
        asynchronous: true,
        of: |_| true,
        run: compress_async,
    },
    Check {
        name: "compress, stream",
        way: Way::Compress,
        asynchronous: false,
        of: Format::is_deflate,
        run: compress_stream,
    },
    Check {
        name: "decompress, known answer",
        way: Way::Decompress,
        asynchronous: false,
        of: |format| !format.is_lz77(),
        run: decompress,
    },
    Check {
        name: "decompress, asynchronous",
        way: Way::Decompress,
        asynchronous: true,
        of: |format| !format.is_lz77(),
        run: decompress_async,
    },
    Check {
        name: "decompress, stream",
        way: Way::Decompress,
        asynchronous: false,
        of: Format::is_deflate,
        run: decompress_stream,
    },
    Check {
        name: "damage is refused",
        way: Way::Decompress,
        asynchronous: false,
        // The others have no checksum.
        of: |format| matches!(format, Format::Zlib | Format::Gzip),
        run: damage,
    },
];

/// Runs all checks of a format in a place.
pub fn run(bus: &dyn Bus, place: &Place, format: Format) -> Vec<Outcome> {
    let soft = matches!(place, Place::Software);
    let there = |check: &&Check| {
        let goes = soft || format.goes_in_devices(check.way);
        goes && format.goes(check.way) && (check.of)(format)
    };
    let checks = CHECKS.iter().filter(there);
    checks.map(|check| one(bus, place, format, check)).collect()
}

fn one(bus: &dyn Bus, place: &Place, format: Format, check: &Check) -> Outcome {
    let opened = Lanes::open(bus, place, format, &[check.way], check.asynchronous);
    let path = opened.as_ref().ok().map(|lanes| lanes.path());
    let done = opened.and_then(|lanes| (check.run)(&lanes, format));
    Outcome {
        check: check.name,
        path,
        failure: done.err().map(|reason| reason.to_string()),
    }
}

fn samples() -> Vec<Vec<u8>> {
    vec![
        known::text(100_000),
        known::text(300),
        known::noise(20_000),
        vec![0; 100_000],
    ]
}

fn compress(lanes: &Arc<Lanes>, format: Format) -> Result<()> {
    for sample in samples() {
        let mut job = format.job(Way::Compress, Arc::new(sample), 0);
        let done = lanes.run(0, USUAL, &mut job)?;
        check_job(format, &job, done.status, done.produced)?;
    }
    Ok(())
}

/// Whether a job that compressed can be read.
pub fn check_job(format: Format, job: &Job, status: Status, produced: usize) -> Result<()> {
    if status == Status::Bad {
        return Err(Fail::new("refused"));
    }
    let data = match job.found() {
        Some(found) => rebuild(format, &job.output, &found)?,
        None => decode(format, &job.output[..produced])?,
    };
    same(&data, &job.input)
}

fn same(data: &[u8], expected: &[u8]) -> Result<()> {
    if data == expected {
        return Ok(());
    }
    let (is, should) = (data.len(), expected.len());
    Err(Fail::new(format!(
        "other data came back: {is} bytes for {should}"
    )))
}

fn compress_async(lanes: &Arc<Lanes>, format: Format) -> Result<()> {
    let mut pipe = lanes.pipe(0, USUAL, 8)?;
    for sample in samples().into_iter().chain(samples()) {
        let job = format.job(Way::Compress, Arc::new(sample), 0);
        if pipe.send(job)?.is_some() {
            return Err(Fail::new("8 requests are too many"));
        }
    }
    while let Some(back) = pipe.wait()? {
        check_job(format, &back.job, back.done.status, back.done.produced)?;
    }
    Ok(())
}

fn known(format: Format) -> Known {
    match format {
        Format::Zlib => known::ZLIB,
        Format::Gzip => known::GZIP,
        Format::Lz4 => known::LZ4,
        _ => known::DEFLATE,
    }
}

fn decompress(lanes: &Arc<Lanes>, format: Format) -> Result<()> {
    let known = known(format);
    let expected = (known.data)();
    let data = lanes
        .transform(Way::Decompress, USUAL, &known.bytes(), expected.len())
        .map_err(|reason| Fail::at(known.name, reason))?;
    same(&data, &expected)
}

fn decompress_async(lanes: &Arc<Lanes>, format: Format) -> Result<()> {
    let known = known(format);
    let (input, expected) = (Arc::new(known.bytes()), (known.data)());
    let mut pipe = lanes.pipe(0, USUAL, 8)?;
    for _ in 0..8 {
        let job = format.job(Way::Decompress, Arc::clone(&input), expected.len());
        if pipe.send(job)?.is_some() {
            return Err(Fail::new("8 requests are too many"));
        }
    }
    let mut count = 0;
    while let Some(back) = pipe.wait()? {
        same(&back.job.output[..back.done.produced], &expected)?;
        count += 1;
    }
    if count == 8 {
        Ok(())
    } else {
        Err(Fail::new("8 requests, other answers"))
    }
}

fn compress_stream(lanes: &Arc<Lanes>, format: Format) -> Result<()> {
    let data = [known::text(150_000), known::noise(30_000)].concat();
    let mut stream = lanes.stream(0, USUAL, (40_000, 50_000))?;
    let mut made = Vec::new();
    let mut pieces = data.chunks(40_000).peekable();
    while let Some(piece) = pieces.next() {
        let last = pieces.peek().is_none();
        stream.input()[..piece.len()].copy_from_slice(piece);
        push(&mut stream, piece.len(), last, &mut made)?;
    }
    same(&decode(format, &made)?, &data)
}

/// Has a stream take the first `len` bytes of its input.
fn push(stream: &mut Stream, len: usize, last: bool, made: &mut Vec<u8>) -> Result<()> {
    let mut at = 0;
    for _ in 0..1000 {
        let done = stream.step(at, len, last)?;
        made.extend_from_slice(&stream.output()[..done.produced]);
        at += done.consumed;
        match done.status {
            Status::Bad => return Err(Fail::new("refused")),
            Status::End => return Ok(()),
            Status::Ok if at == len && (!last || stream.is_fresh()) => return Ok(()),
            Status::Ok | Status::Full => {}
        }
    }
    Err(Fail::new("the stream does not go on"))
}

fn decompress_stream(lanes: &Arc<Lanes>, format: Format) -> Result<()> {
    let known = known(format);
    let (input, expected) = (known.bytes(), (known.data)());
    let mut stream = lanes.stream(0, USUAL, (1024, 300))?;
    stream.input()[..input.len()].copy_from_slice(&input);
    let (mut at, mut data) = (0, Vec::new());
    for _ in 0..1000 {
        let done = stream.step(at, input.len(), false)?;
        data.extend_from_slice(&stream.output()[..done.produced]);
        at += done.consumed;
        match done.status {
            Status::Bad => return Err(Fail::at(known.name, "refused")),
            Status::End => return same(&data, &expected),
            Status::Ok | Status::Full => {}
        }
    }
    Err(Fail::new("the stream does not end"))
}

/// The checksum in the trailer is changed.
fn damage(lanes: &Arc<Lanes>, format: Format) -> Result<()> {
    let known = known(format);
    let mut input = known.bytes();
    let at = if format == Format::Gzip { 8 } else { 4 };
    let len = input.len();
    input[len - at] ^= 0x40;
    let room = (known.data)().len();
    let mut job = format.job(Way::Decompress, Arc::new(input), room);
    let done = lanes.run(0, USUAL, &mut job)?;
    if done.status == Status::Bad {
        return Ok(());
    }
    Err(Fail::new("a wrong checksum was accepted"))
}
