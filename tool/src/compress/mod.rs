//! `wd compress` and `wd decompress`: files and pipes of any size.

pub mod deflate;
mod files;
mod frame;
mod progress;

use crate::cli::{Hard, Where, usage};
use crate::fail::{Fail, Result};
use crate::lane::{self, Format, Lanes, USUAL, Way, Wish};
use crate::list;
use clap::Args;
use files::{Sink, Source};
use progress::Progress;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use warpdrive::alg::lane::Effort;

/// Exit status: something was left out or ignored.
const WARNING: u8 = 2;

/// What both directions understand.
#[derive(Args, Clone, Debug)]
struct Common {
    /// Files; none or - is the standard input, and then the output is the standard output
    files: Vec<PathBuf>,
    #[command(flatten)]
    place: Where,
    /// Write to this file; - is the standard output
    #[arg(short, long, value_name = "FILE", conflicts_with = "stdout")]
    output: Option<PathBuf>,
    /// Write to the standard output, and keep the files
    #[arg(short = 'c', long)]
    stdout: bool,
    /// Keep the input files
    #[arg(short, long)]
    keep: bool,
    /// Overwrite, follow symbolic links, write compressed data to a terminal
    #[arg(short, long)]
    force: bool,
    /// Say at the end of each file which path ran, and what became of the size
    #[arg(short, long)]
    verbose: bool,
    /// No progress bar
    #[arg(short, long)]
    quiet: bool,
}

/// Compress files or a pipe
///
/// The output is what gzip, zlib and lz4 tools read. Without --hw, --sw or --device, a device is used
/// if one suits, else software; -v says which it was.
#[derive(Args, Clone, Debug)]
pub struct Compress {
    #[command(flatten)]
    common: Common,
    /// What to make
    #[arg(short, long, default_value = "gzip")]
    algorithm: Format,
    #[command(flatten)]
    hard: Hard,
}

/// Decompress files or a pipe
///
/// Devices decompress gzip, zlib and deflate; lz4 is software's.
#[derive(Args, Clone, Debug)]
pub struct Decompress {
    #[command(flatten)]
    common: Common,
    /// What the input is; else its first bytes tell, and for deflate the file's name
    #[arg(short, long)]
    algorithm: Option<Format>,
}

/// Runs `wd compress`; the exit status.
pub fn compress(options: &Compress) -> Result<u8> {
    check(options.algorithm)?;
    let work = Work {
        way: Way::Compress,
        format: Some(options.algorithm),
        effort: options.hard.effort(),
    };
    all(&options.common, work)
}

/// Runs `wd decompress`; the exit status.
pub fn decompress(options: &Decompress) -> Result<u8> {
    options.algorithm.map_or(Ok(()), check)?;
    let work = Work {
        way: Way::Decompress,
        format: options.algorithm,
        effort: USUAL,
    };
    all(&options.common, work)
}

fn check(format: Format) -> Result<()> {
    if format.is_lz77() {
        let name = format.name();
        return Err(usage(&format!(
            "{name} is the first half of a compressor, and no file; wd test and wd bench know it"
        )));
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Work {
    way: Way,
    format: Option<Format>,
    effort: Effort,
}

/// How a file went.
struct Summary {
    who: String,
    bytes_in: u64,
    bytes_out: u64,
    /// What was ignored.
    warning: Option<&'static str>,
}

fn all(common: &Common, work: Work) -> Result<u8> {
    let pipe = [PathBuf::from("-")];
    let files = if common.files.is_empty() {
        &pipe[..]
    } else {
        &common.files[..]
    };
    if common.output.is_some() && files.len() > 1 {
        return Err(usage("one output for several files"));
    }
    files::watch_signals()?;
    let mut worst = 0;
    for file in files {
        let status = match one(common, work, file) {
            Ok(None) => 0,
            Ok(Some(warning)) => {
                eprintln!("wd: {}: {warning}", file.display());
                WARNING
            }
            Err(reason) => {
                eprintln!("wd: {}: {reason}", file.display());
                1
            }
        };
        // As gzip: an error is worse than a warning.
        worst = if worst == 1 || status == 1 {
            1
        } else {
            worst.max(status)
        };
    }
    Ok(worst)
}

/// Does one file; what there is to warn of.
fn one(common: &Common, work: Work, path: &Path) -> Result<Option<String>> {
    let mut source = match Source::open(path, common.force)? {
        Ok(source) => source,
        Err(warning) => return Ok(Some(warning)),
    };
    let (first, read) = source.first()?;
    let first = &first[..read];
    let format = match work.format {
        Some(format) => format,
        None => detect(first, path)
            .ok_or_else(|| Fail::new("neither gzip, zlib nor lz4; -a tells what it is"))?,
    };
    let to_stdout = common.stdout || common.output.as_deref() == Some(Path::new("-"));
    let goal = match &common.output {
        _ if to_stdout => None,
        Some(output) => Some(output.clone()),
        None if source.is_pipe() => None,
        None => match files::output_name(path, work.way, format) {
            Ok(name) => Some(name),
            Err(warning) => return Ok(Some(warning)),
        },
    };
    if goal.is_none()
        && work.way == Way::Compress
        && !common.force
        && std::io::stdout().is_terminal()
    {
        return Err(Fail::new("no compressed data to a terminal without -f"));
    }
    // Before there is an output file.
    let lanes = lanes(common, work.way, format)?;
    let progress = Progress::new(path, source.length(), common.quiet);
    let replaces = !to_stdout && common.output.is_none();
    let mut sink = match &goal {
        None => Sink::stdout(),
        Some(goal) => Sink::file(goal, common.force, source.mode())?,
    };
    let mut writer = Counted::new(&mut sink);
    let (warning, bytes_in) = {
        let mut reader = progress.watch(source.reader());
        let warning = transform(&lanes, work, format, &mut reader, &mut writer)?;
        (warning, reader.count())
    };
    let bytes_out = writer.count;
    progress.end();
    sink.finish(source.metadata())?;
    if replaces && !common.keep && goal.is_some() {
        source.remove()?;
    }
    let summary = Summary {
        who: lanes.who(),
        bytes_in,
        bytes_out,
        warning,
    };
    if common.verbose {
        tell(path, work.way, format, &summary);
    }
    Ok(summary.warning.map(str::to_owned))
}

/// What the first bytes say.
fn detect(first: &[u8], path: &Path) -> Option<Format> {
    match first {
        [0x1f, 0x8b, 8, ..] => Some(Format::Gzip),
        [0x04, 0x22, 0x4d, 0x18, ..] => Some(Format::Lz4),
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Format::Lz4),
        _ if path.extension().is_some_and(|name| name == "deflate") => Some(Format::Deflate),
        [cmf, flags, ..] if deflate::is_zlib(*cmf, *flags) => Some(Format::Zlib),
        _ => None,
    }
}

fn lanes(common: &Common, way: Way, format: Format) -> Result<Arc<Lanes>> {
    let bus = list::bus()?;
    let wish: Wish = common.place.wish();
    let place = lane::choose(bus, &wish, format, &[way])?;
    Lanes::open(bus, &place, format, &[way], false)
}

/// Does the work; what was ignored.
fn transform(
    lanes: &Arc<Lanes>,
    work: Work,
    format: Format,
    reader: &mut impl Read,
    writer: &mut impl Write,
) -> Result<Option<&'static str>> {
    match (format, work.way) {
        (Format::Lz4, Way::Compress) => {
            frame::compress(lanes, work.effort, reader, writer).map(|()| None)
        }
        (Format::Lz4, Way::Decompress) => frame::decompress(lanes, reader, writer),
        (_, Way::Compress) => deflate::compress(lanes, work.effort, reader, writer).map(|()| None),
        (_, Way::Decompress) => deflate::decompress(lanes, format, reader, writer),
    }
}

/// The line of -v.
fn tell(path: &Path, way: Way, format: Format, summary: &Summary) {
    let (small, large) = match way {
        Way::Compress => (summary.bytes_out, summary.bytes_in),
        Way::Decompress => (summary.bytes_in, summary.bytes_out),
    };
    let share = 100.0 * small as f64 / (large as f64).max(1.0);
    eprintln!(
        "{}: {} {} bytes to {} bytes of {} ({share:.1}%), path: {}",
        path.display(),
        way.name(),
        summary.bytes_in,
        summary.bytes_out,
        format.name(),
        summary.who
    );
}

/// A writer that counts.
struct Counted<'a, W> {
    inner: &'a mut W,
    count: u64,
}

impl<'a, W: Write> Counted<'a, W> {
    fn new(inner: &'a mut W) -> Self {
        Counted { inner, count: 0 }
    }
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.count += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// Reads until `buffer` is full or the input ends; how much.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> Result<usize> {
    let mut count = 0;
    while count < buffer.len() {
        match reader.read(&mut buffer[count..]) {
            Ok(0) => break,
            Ok(read) => count += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Fail::at("input", error)),
        }
    }
    Ok(count)
}

/// Writes all of it.
fn put(writer: &mut impl Write, bytes: &[u8]) -> Result<()> {
    writer
        .write_all(bytes)
        .map_err(|error| Fail::at("output", error))
}
