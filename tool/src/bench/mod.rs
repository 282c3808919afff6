//! `wd bench`: throughput, latency and processor time.

pub mod corpus;
mod html;
pub mod load;
mod report;
mod worker;

use crate::cli::{Hard, Where, bytes, usage};
use crate::fail::{Fail, Result, print, print_json};
use crate::lane::{self, Format, Pipe, Way};
use crate::list;
use clap::Args;
use corpus::Corpus;
use load::Load;
use report::Report;
use std::path::PathBuf;
use std::time::Duration;

/// Measure throughput and latency
///
/// The first answer of each thread is compared with the data, and the length of all that
/// decompress. The report says which path ran.
#[derive(Args, Clone, Debug)]
pub struct Bench {
    /// The algorithm
    #[arg(short, long, default_value = "zlib")]
    algorithm: Format,
    #[command(flatten)]
    place: Where,
    #[command(flatten)]
    hard: Hard,
    /// Threads
    #[arg(short, long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
    /// Contexts (queues) for each direction; threads share them if they are fewer
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    contexts: Option<u16>,
    /// Asynchronous requests; else synchronous ones
    #[arg(long)]
    r#async: bool,
    /// Asynchronous requests on their way in each context
    #[arg(short, long, default_value_t = 32, requires = "async",
          value_parser = clap::value_parser!(u16).range(1..=Pipe::MOST as i64))]
    depth: u16,
    /// Compare all answers with the data
    #[arg(long)]
    verify: bool,
    /// Bytes of data of a request; k and M are understood
    #[arg(short, long, default_value = "64k", value_parser = bytes)]
    block: usize,
    /// Each request is a stream of its own, in one piece
    #[arg(long, conflicts_with = "async")]
    stream: bool,
    /// Of a hundred requests so many decompress
    #[arg(short, long, default_value_t = 0, value_name = "PERCENT",
          value_parser = clap::value_parser!(u64).range(0..=100))]
    mix: u64,
    /// Seconds
    #[arg(short, long, default_value_t = 3.0)]
    seconds: f64,
    /// End after so many requests, if that comes first
    #[arg(short, long, value_parser = clap::value_parser!(u64).range(1..))]
    requests: Option<u64>,
    /// What to work on: text, noise, zeros, or a file
    #[arg(long, default_value = "text", value_name = "NAME")]
    corpus: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Write a report with plots, in one file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// The most that one request takes.
const MOST: usize = 8 << 20;

/// Runs the command.
pub fn run(options: &Bench) -> Result<()> {
    let (format, effort) = (options.algorithm, options.hard.effort());
    if options.mix > 0 && !format.goes(Way::Decompress) {
        return Err(usage(&format!("nothing decompresses {}", format.name())));
    }
    if options.stream && !format.is_deflate() {
        return Err(usage(&format!("{} has no streams here", format.name())));
    }
    let most = if format == Format::Lz77Zstd {
        128 << 10
    } else {
        MOST
    };
    if options.block > most {
        return Err(usage(&format!("a request takes {most} bytes at most")));
    }
    let time = Duration::try_from_secs_f64(options.seconds)
        .map_err(|_| usage("seconds: not a length of time"))?;
    let mut load = Load {
        format,
        place: lane::Place::Software,
        effort,
        threads: options.threads.into(),
        contexts: options.contexts.unwrap_or(options.threads).into(),
        depth: options.r#async.then_some(options.depth.into()),
        verify: options.verify,
        stream: options.stream,
        mix: options.mix,
        time,
        requests: options.requests,
    };
    load.place = lane::choose(list::bus()?, &options.place.wish(), format, &load.ways())?;
    let mut corpus = Corpus::load(&options.corpus, options.block)?;
    if options.mix > 0 {
        corpus.pack(format, effort)?;
    }
    let measured = load.run(&corpus)?;
    let report = Report::new(&load, &corpus, options.block, &measured);
    if let Some(path) = &options.html {
        let page = html::page(&report, &measured)?;
        std::fs::write(path, page).map_err(|error| Fail::at(path.display(), error))?;
    }
    if options.json {
        print_json(&report)?;
    } else {
        print(&report.text())?;
    }
    match report.errors() {
        0 => Ok(()),
        errors => Err(Fail::new(format!("{errors} requests failed"))),
    }
}
