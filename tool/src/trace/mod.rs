//! `wd trace`: descriptors and completions of a run of this tool.

pub mod log;
pub mod replay;
pub mod show;
mod tap;

use crate::bench::corpus::Corpus;
use crate::cli::{Hard, bytes, usage};
use crate::fail::{Fail, Result, print, print_json};
use crate::lane::{self, Format, Lanes, Place, Way, Wish};
use crate::list;
use clap::{Args, Subcommand};
use serde::Serialize;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tap::Tap;
use warpdrive::alg::lane::Effort;
use warpdrive::uacce::channel::Bus;
use warpdrive::uacce::device::Attributes;

/// Record descriptors and completions, print them, replay them
#[derive(Subcommand, Debug)]
pub enum Trace {
    Record(Record),
    Show(Show),
    Replay(Replay),
}

/// Run requests on a device and record them
///
/// The requests are this tool's own. The file has a JSON object for each line: queues, descriptors
/// when the doorbell was rung for them, completions when the program took them.
#[derive(Args, Debug)]
pub struct Record {
    /// The file; - is the standard output
    #[arg(short, long, default_value = "-", value_name = "FILE")]
    output: PathBuf,
    /// The algorithm
    #[arg(short, long, default_value = "zlib")]
    algorithm: Format,
    #[command(flatten)]
    hard: Hard,
    /// The device; else the nearest that suits
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// Decompress; else compress
    #[arg(long)]
    decompress: bool,
    /// Requests
    #[arg(short, long, default_value_t = 8)]
    requests: u32,
    /// Asynchronous requests on their way at once; 1 makes synchronous requests
    #[arg(short, long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=500))]
    depth: u16,
    /// The requests are the pieces of one stream
    #[arg(long, conflicts_with_all = ["depth", "decompress"])]
    stream: bool,
    /// Bytes of data of a request; k and M are understood
    #[arg(short, long, default_value = "4k", value_parser = bytes)]
    block: usize,
    /// What to work on: text, noise, zeros, or a file
    #[arg(long, default_value = "text", value_name = "NAME")]
    corpus: String,
    /// Leave the input out of the file, which then cannot be replayed
    #[arg(long)]
    no_data: bool,
}

/// Print a trace, decoded
#[derive(Args, Debug)]
pub struct Show {
    /// The file
    file: PathBuf,
    /// All fields of each descriptor
    #[arg(short, long)]
    verbose: bool,
}

/// Send the descriptors of a trace to a device and compare the results
///
/// Exit status 0 if all results are the recorded ones, 1 if not.
#[derive(Args, Debug)]
pub struct Replay {
    /// The file
    file: PathBuf,
    /// The device; else the one of that name in the trace
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command; the exit status.
pub fn run(options: &Trace) -> Result<u8> {
    match options {
        Trace::Record(options) => record(options).map(|()| 0),
        Trace::Show(options) => {
            print(&show::text(&load(&options.file)?, options.verbose)).map(|()| 0)
        }
        Trace::Replay(options) => replay(options),
    }
}

fn record(options: &Record) -> Result<()> {
    let format = options.algorithm;
    let way = if options.decompress {
        Way::Decompress
    } else {
        Way::Compress
    };
    if options.stream && !format.is_deflate() {
        return Err(usage(&format!("{} has no streams here", format.name())));
    }
    let wish = match &options.device {
        Some(name) => Wish::Device(name.clone()),
        None => Wish::Hardware,
    };
    let tap = Tap::new(list::bus()?, !options.no_data);
    let place = lane::choose(&tap, &wish, format, &[way])?;
    if let Place::Device(device) = &place {
        needs_sva(device)?;
    }
    let mut corpus = Corpus::load(&options.corpus, options.block)?;
    let effort = options.hard.effort();
    if options.decompress {
        corpus.pack(format, effort)?;
    }
    let done = workload(options, &tap, &place, way, effort, &corpus);
    // Also of a run that failed: that may be what is looked for.
    let text = log::write(&tap.events())?;
    if options.output.as_os_str() == "-" {
        print(&text)?;
    } else {
        let path = &options.output;
        let made = File::create(path).and_then(|mut file| file.write_all(text.as_bytes()));
        made.map_err(|error| Fail::at(path.display(), error))?;
    }
    done
}

/// The requests.
fn workload(
    options: &Record,
    tap: &Tap,
    place: &Place,
    way: Way,
    effort: Effort,
    corpus: &Corpus,
) -> Result<()> {
    let format = options.algorithm;
    let asynchronous = options.depth > 1;
    let lanes = Lanes::open(tap, place, format, &[way], asynchronous)?;
    let blocks = match way {
        Way::Compress => &corpus.blocks,
        Way::Decompress => &corpus.packed,
    };
    let job = |number: u32| {
        let input = &blocks[number as usize % blocks.len()];
        format.job(way, Arc::clone(input), options.block)
    };
    if options.stream {
        return stream(options, &lanes, effort, blocks);
    }
    if !asynchronous {
        for number in 0..options.requests {
            lanes.run(0, effort, &mut job(number))?;
        }
        return Ok(());
    }
    let mut pipe = lanes.pipe(0, effort, options.depth.into())?;
    for number in 0..options.requests {
        let mut next = Some(job(number));
        while let Some(unsent) = next {
            next = pipe.send(unsent)?;
            if next.is_some() {
                pipe.wait()?;
            }
        }
    }
    while pipe.wait()?.is_some() {}
    Ok(())
}

fn stream(
    options: &Record,
    lanes: &Arc<Lanes>,
    effort: Effort,
    blocks: &[Arc<Vec<u8>>],
) -> Result<()> {
    let sizes = (options.block, options.block * 2 + 4096);
    let mut stream = lanes.stream(0, effort, sizes)?;
    for number in 0..options.requests {
        let block = &blocks[number as usize % blocks.len()];
        stream.input()[..block.len()].copy_from_slice(block);
        stream.step(0, block.len(), number + 1 == options.requests)?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Outcome {
    device: String,
    requests: usize,
    different: usize,
    differences: Vec<Different>,
}

#[derive(Serialize)]
struct Different {
    request: usize,
    field: &'static str,
    recorded: String,
    now: String,
}

/// Descriptors of other devices have addresses that this tool cannot follow.
fn needs_sva(device: &Attributes) -> Result<()> {
    if device.sva() {
        return Ok(());
    }
    let reason = "traces are of devices with shared virtual addressing, which it has not";
    Err(Fail::at(&device.name, reason))
}

fn load(path: &Path) -> Result<Vec<log::Event>> {
    let at = |error: &dyn fmt::Display| Fail::at(path.display(), error);
    let file = File::open(path).map_err(|error| at(&error))?;
    log::read(BufReader::new(file)).map_err(|error| at(&error))
}

fn replay(options: &Replay) -> Result<u8> {
    let events = load(&options.file)?;
    let recorded = events.iter().find_map(|event| match event {
        log::Event::Queue { device, .. } => Some(device.clone()),
        _ => None,
    });
    let name = options.device.clone().or(recorded);
    let name = name.ok_or_else(|| Fail::at(options.file.display(), "no queue in it"))?;
    let bus = list::bus()?;
    let found = Bus::device(bus, &name).map_err(|error| Fail::at(&name, error))?;
    needs_sva(&found)?;
    let replayed = replay::run(bus, &found, &events)?;
    let different = replayed.differences.len();
    let lines = replayed.differences.into_iter().flat_map(|one| {
        let number = one.number;
        one.fields
            .into_iter()
            .map(move |(field, recorded, now)| Different {
                request: number,
                field,
                recorded,
                now,
            })
    });
    let result = Outcome {
        device: found.to_string(),
        requests: replayed.requests,
        different,
        differences: lines.collect(),
    };
    if options.json {
        print_json(&result)?;
    } else {
        let mut text = String::new();
        for one in &result.differences {
            text += &format!(
                "request {}: {} {}, recorded {}\n",
                one.request, one.field, one.now, one.recorded
            );
        }
        text += &format!(
            "{} requests, {different} with other results, on {}\n",
            result.requests, result.device
        );
        print(&text)?;
    }
    Ok(u8::from(different > 0))
}
