//! `uadk_tool test`.

use super::children;
use super::options::{Known, number, parse};
use super::{Failure, Result};
use crate::bench::corpus::Corpus;
use crate::bench::load::Load;
use crate::compress::deflate;
use crate::fail::print;
use crate::lane::{self, Format, Lanes, USUAL, Way, Wish};
use crate::list;
use crate::selftest;
use std::fs::File;
use std::io::BufWriter;
use std::time::Duration;
use warpdrive::alg::lane::Effort;

const KNOWN: [Known; 21] = [
    ("m", true),
    ("help", false),
    ("self", false),
    ("in", true),
    ("out", true),
    ("env", false),
    ("blksize", true),
    ("qnum", true),
    ("loop", true),
    ("stream", false),
    ("size", true),
    ("verify", false),
    ("alg", true),
    ("inf", false),
    ("thread", true),
    ("mode", true),
    ("sgl", false),
    ("sformat", true),
    ("option", true),
    ("fork", true),
    ("kill", true),
];

const HELP: &str = "\
NAME
    uadk_tool test : Test the correctness of the acc algorithm, etc
USAGE
    uadk_tool test --m zip [opts]
        --self        test every algorithm of every device
        --blksize     bytes of a request, default 128000
        --qnum        queues, default 1
        --loop        repetitions, default 1
        --stream      streams; else blocks
        --size        bytes of data, default 10 * blksize
        --verify      compare all results
        --thread      threads, default 1
        --mode        0 synchronous, 1 asynchronous
        --inf         decompress; else compress
        --alg         0 deflate, 1 zlib, 2 gzip (default), 3 lz77_zstd, 4 lz4, 5 lz77_only
        --in FILE     input, for --out FILE: one stream of the whole file
        --sformat     none, pretty, csv: understood; there are no statistics
        --option      p, t, c: c takes software; the others make no difference here
        --fork        processes
    Not supported: --env, --sgl, --kill, and the modules hpre and sec
";

/// Requests on their way in each queue.
const DEPTH: usize = 64;

struct Asked<'a> {
    own_test: bool,
    files: [Option<&'a str>; 2],
    block: u64,
    queues: u64,
    times: u64,
    stream: bool,
    size: u64,
    verify: bool,
    format: Format,
    way: Way,
    threads: u64,
    asynchronous: bool,
    software: bool,
    children: u64,
}

/// Runs it.
pub fn run(arguments: &[String]) -> Result<()> {
    if !children::is_child() {
        print("start UADK acc algorithm test.\n")?;
    }
    let wrong =
        |text: String| Failure::Usage(format!("{text}\nbad input parameter, exit!\n{HELP}"));
    let found = parse(&KNOWN, arguments).map_err(wrong)?;
    let module = found.iter().find(|one| one.0 == "m").map(|one| one.1);
    match module {
        _ if found.is_empty() || found.iter().any(|one| one.0 == "help") => {
            return print(HELP).map_err(Failure::from);
        }
        Some("zip") => {}
        Some("hpre" | "sec") => {
            let text = "no device, and not supported: this tool knows compression";
            return Err(Failure::Failed(format!("{}: {text}", module.unwrap_or(""))));
        }
        _ => {
            return Err(Failure::Usage(
                HELP.to_owned() + "failed to parse module parameter!\n",
            ));
        }
    }
    let asked = Asked::of(&found)?;
    if asked.own_test {
        return own_test();
    }
    if asked.children > 0 && !children::is_child() {
        let mut line = vec!["test"];
        line.extend(arguments.iter().map(String::as_str));
        return children::run(asked.children, "uadk_test", &line);
    }
    match asked.files {
        [Some(input), Some(output)] => asked.file(input, output),
        [None, None] => asked.measure(),
        _ => Err(Failure::Failed("--in and --out belong together".to_owned())),
    }
}

impl<'a> Asked<'a> {
    fn of(found: &[(&'static str, &'a str)]) -> Result<Asked<'a>> {
        let wrong = |text: String| Failure::Usage(text + "\n" + HELP);
        let mut asked = Asked {
            own_test: false,
            files: [None; 2],
            block: 128_000,
            queues: 1,
            times: 1,
            stream: false,
            size: 0,
            verify: false,
            format: Format::Gzip,
            way: Way::Compress,
            threads: 1,
            asynchronous: false,
            software: false,
            children: 0,
        };
        for (name, value) in found {
            let count = |least: u64, most: u64| {
                let number = number(name, value).map_err(wrong)?;
                let fits = (least..=most).contains(&number);
                fits.then_some(number)
                    .ok_or_else(|| wrong(format!("--{name}: {least} to {most}")))
            };
            match *name {
                "self" => asked.own_test = true,
                "in" => asked.files[0] = Some(value),
                "out" => asked.files[1] = Some(value),
                "blksize" => asked.block = count(1, 8 << 20)?,
                "qnum" => asked.queues = count(1, 1024)?,
                "loop" => asked.times = count(1, u32::MAX.into())?,
                "stream" => asked.stream = true,
                "size" => asked.size = count(1, 64 << 20)?,
                "verify" => asked.verify = true,
                "alg" => asked.format = format(count(0, 5)?),
                "inf" => asked.way = Way::Decompress,
                "thread" => asked.threads = count(0, 256)?.max(1),
                "mode" => asked.asynchronous = count(0, 1)? == 1,
                "option" if value.starts_with('c') => asked.software = true,
                "fork" => asked.children = count(0, 64)?,
                "env" | "sgl" | "kill" => {
                    return Err(Failure::Failed(format!("--{name} is not supported")));
                }
                _ => {}
            }
        }
        if asked.size == 0 {
            asked.size = asked.block * 10;
        }
        if asked.stream && (asked.asynchronous || !asked.format.is_deflate()) {
            return Err(Failure::Failed("no such streams".to_owned()));
        }
        Ok(asked)
    }

    fn wish(&self) -> Wish {
        if self.software {
            Wish::Software
        } else {
            Wish::Hardware
        }
    }

    fn measure(&self) -> Result<()> {
        if !self.format.goes(self.way) {
            let name = self.format.name();
            return Err(Failure::Failed(format!("nothing decompresses {name}")));
        }
        let effort = Effort {
            level: 8,
            window: 0,
        };
        let block = self.block as usize;
        let data = selftest::known::text(self.size as usize);
        let mut corpus = Corpus::of("text", &data, block);
        if self.way == Way::Decompress {
            corpus.pack(self.format, effort)?;
        }
        let requests = corpus.blocks.len() as u64 * self.threads * self.times;
        let load = Load {
            format: self.format,
            place: lane::choose(list::bus()?, &self.wish(), self.format, &[self.way])?,
            effort,
            threads: self.threads as usize,
            contexts: self.queues as usize,
            depth: self.asynchronous.then_some(DEPTH),
            verify: self.verify,
            stream: self.stream,
            mix: if self.way == Way::Compress { 0 } else { 100 },
            time: Duration::from_secs(24 * 3600),
            requests: Some(requests),
        };
        let measured = load.run(&corpus)?;
        eprintln!("uadk_tool: path: {}", measured.who);
        let errors: u64 = measured.ways.iter().map(|half| half.errors).sum();
        if errors > 0 {
            return Err(Failure::Failed(format!(
                "{errors} of {requests} requests failed"
            )));
        }
        let bytes = (self.size * self.threads * self.times) as f64;
        let speed = bytes / f64::from(1 << 20) / measured.elapsed.max(1e-9);
        print(&self.line(speed, measured.elapsed * 1e6)).map_err(Failure::from)
    }

    /// The line that scripts read.
    fn line(&self, speed: f64, usec: f64) -> String {
        let mode = if self.asynchronous { "ASYNC" } else { "SYNC" };
        let kind = if self.stream { "STREAM" } else { "BLOCK" };
        let what = match (self.way, self.verify) {
            (Way::Compress, false) => format!("HW {mode} {kind} deflate"),
            (Way::Decompress, false) => format!("HW {mode} {kind} inflate"),
            (Way::Compress, true) => format!("Mix HW {mode} {kind} deflate and SW inflate"),
            (Way::Decompress, true) => format!("Mix SW deflate and HW {mode} {kind} inflate"),
        };
        let with = if self.asynchronous {
            format!(" with {} send + 1 poll threads", self.threads)
        } else {
            format!(" with {} send threads", self.threads)
        };
        let block = self.block;
        if self.verify {
            format!("{what}{with} in {usec:.6} usec (BLK:{block})...\n")
        } else {
            format!("{what}{with} at {speed:.2}MB/s in {usec:.6} usec (BLK:{block})..\n")
        }
    }

    /// A file, as one stream.
    fn file(&self, input: &str, output: &str) -> Result<()> {
        if !self.format.is_deflate() {
            return Err(Failure::Failed(
                "files are deflate, zlib or gzip".to_owned(),
            ));
        }
        let at = |path: &str, error: std::io::Error| Failure::Failed(format!("{path}: {error}"));
        let mut reader = File::open(input).map_err(|error| at(input, error))?;
        let place = lane::choose(list::bus()?, &self.wish(), self.format, &[self.way])?;
        let lanes = Lanes::open(list::bus()?, &place, self.format, &[self.way], false)?;
        let mut writer = BufWriter::new(File::create(output).map_err(|error| at(output, error))?);
        let start = std::time::Instant::now();
        match self.way {
            Way::Compress => {
                deflate::compress(&lanes, USUAL, &mut reader, &mut writer)?;
            }
            Way::Decompress => {
                deflate::decompress(&lanes, self.format, &mut reader, &mut writer)?;
            }
        }
        writer
            .into_inner()
            .map_err(|error| at(output, error.into_error()))?;
        let seconds = start.elapsed().as_secs_f64();
        let size = std::fs::metadata(input)
            .map_err(|error| at(input, error))?
            .len();
        eprintln!("uadk_tool: path: {}", lanes.who());
        let speed = size as f64 / f64::from(1 << 20) / seconds.max(1e-9);
        print(&self.line(speed, seconds * 1e6)).map_err(Failure::from)
    }
}

/// The format with this number in UADK.
fn format(number: u64) -> Format {
    match number {
        0 => Format::Deflate,
        1 => Format::Zlib,
        3 => Format::Lz77Zstd,
        4 => Format::Lz4,
        5 => Format::Lz77Only,
        _ => Format::Gzip,
    }
}

fn own_test() -> Result<()> {
    print("Start to run self test!\n")?;
    let lines = selftest::all(&Wish::Hardware, &Format::ALL)?;
    let (passed, failed) = selftest::count(&lines);
    if failed > 0 || passed == 0 {
        let text = format!("self test: {passed} passed, {failed} failed; see wd test --hw");
        return Err(Failure::Failed(text));
    }
    print("Run self test successfully!\n").map_err(Failure::from)
}
