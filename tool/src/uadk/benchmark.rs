//! `uadk_tool benchmark`.

use super::children;
use super::options::{Known, number, parse};
use super::{Failure, Result};
use crate::bench::corpus::Corpus;
use crate::bench::load::{Load, Measured};
use crate::fail::print;
use crate::lane::{self, Format, Lanes, Place, USUAL, Way, Wish};
use crate::list;
use crate::selftest::known;
use clap::ValueEnum;
use std::fs;
use std::sync::Arc;
use std::time::Duration;
use warpdrive::alg::lane::Effort;

const KNOWN: [Known; 21] = [
    ("help", false),
    ("alg", true),
    ("mode", true),
    ("opt", true),
    ("sync", false),
    ("async", false),
    ("pktlen", true),
    ("seconds", true),
    ("thread", true),
    ("multi", true),
    ("ctxnum", true),
    ("prefetch", false),
    ("engine", true),
    ("alglist", false),
    ("latency", false),
    ("winsize", true),
    ("complevel", true),
    ("init2", false),
    ("device", true),
    ("memory", true),
    ("sgl", false),
];

const HELP: &str = "\
NAME
    benchmark: throughput of compression, as UADK's tool measures it
USAGE
    benchmark [--alg NAME] [--mode MODE] [--opt N] [--sync | --async] ...
    --alg NAME       zlib, gzip, deflate, lz77_zstd, lz4, lz77_only
    --alglist        print these names
    --mode MODE      sva: a device (default); soft, instr: software in the library
    --opt N          0 compress, 1 decompress, blocks; 2 and 3 the same, streams
    --sync, --async  how requests are sent; --sync is the default
    --pktlen BYTES   data of a request, 16 and more
    --seconds N      up to 128, default 3
    --thread N       up to 64, default 3
    --multi N        processes, up to 32, default 1
    --ctxnum N       queues, up to 64, default 1
    --winsize N      0 to 4: 4, 8, 16, 24, 32 KiB
    --complevel N    0 to 15; 0 is the least
    --device NAME    this device
    --latency        print the mean latency too (--sync)
    --prefetch, --init2, --memory 0   understood; they make no difference here
Decompression reads ./zip_BYTES.NAME, which compression writes if it is not there.
";

/// `MODE`s by their numbers.
const MODES: [(&str, u32); 7] = [
    ("sva", 1),
    ("nosva", 2),
    ("soft", 4),
    ("sva-soft", 5),
    ("nosva-soft", 6),
    ("instr", 7),
    ("multibuff", 8),
];
const SVA: u32 = 1;
const SOFT: u32 = 4;
const INSTR: u32 = 7;

/// Limits of UADK's tool.
const MOST_DATA: u64 = 15 << 20;
const LEAST_DATA: u64 = 16;
const MOST_SECONDS: u64 = 128;
const MOST_THREADS: u64 = 64;
const MOST_PROCESSES: u64 = 32;
const MOST_CONTEXTS: u64 = 64;
/// Requests on their way in each queue.
const DEPTH: usize = 512;
/// The class of algorithms in the output.
const ZIP_TYPE: u32 = 2;

/// What was asked for, as numbers.
#[derive(Default)]
struct Asked {
    alg: String,
    mode: u32,
    opt: u64,
    asynchronous: bool,
    pktlen: u64,
    seconds: u64,
    threads: u64,
    multi: u64,
    contexts: u64,
    prefetch: bool,
    engine: String,
    latency: bool,
    window: u64,
    level: u64,
    init2: bool,
    device: String,
    memory: u64,
    sgl: bool,
}

/// Runs it.
pub fn run(arguments: &[String]) -> Result<()> {
    if !children::is_child() {
        print("start UADK benchmark test.\n")?;
    }
    if arguments.is_empty() {
        print(HELP)?;
        return Err(Failure::Failed(
            "no algorithm; UADK's default, aes-128-cbc, is not supported".to_owned(),
        ));
    }
    let Some(mut asked) = read(arguments)? else {
        return Ok(());
    };
    asked.check()?;
    let format = asked.format()?;
    if !children::is_child() {
        print(&asked.parameters())?;
    }
    if asked.multi > 1 && !children::is_child() {
        let mut line = vec!["benchmark"];
        line.extend(arguments.iter().map(String::as_str));
        return children::run(asked.multi, "uadk_benchmark", &line);
    }
    asked.measure(format)
}

/// The options; none if one of them was a question that is answered.
fn read(arguments: &[String]) -> Result<Option<Asked>> {
    let wrong =
        |text: String| Failure::Usage(format!("{text}\ninvalid: bad input parameter!\n{HELP}"));
    let mut asked = Asked {
        mode: SVA,
        ..Asked::default()
    };
    for (name, value) in parse(&KNOWN, arguments).map_err(wrong)? {
        let count = || number(name, value).map_err(wrong);
        match name {
            "help" => return print(HELP).map(|()| None).map_err(Failure::from),
            "alglist" => {
                let names: String = Format::ALL.map(|one| one.name().to_owned() + "\n").concat();
                return print(&format!("UADK benchmark supported ALG:\n{names}"))
                    .map(|()| None)
                    .map_err(Failure::from);
            }
            "alg" => asked.alg = value.to_owned(),
            "mode" => {
                let mode = MODES.iter().find(|mode| mode.0 == value);
                asked.mode = mode.map_or(u32::MAX, |mode| mode.1);
            }
            "opt" => asked.opt = count()?,
            "sync" => asked.asynchronous = false,
            "async" => asked.asynchronous = true,
            "pktlen" => asked.pktlen = count()?,
            "seconds" => asked.seconds = count()?,
            "thread" => asked.threads = count()?,
            "multi" => asked.multi = count()?,
            "ctxnum" => asked.contexts = count()?,
            "prefetch" => asked.prefetch = true,
            "engine" => asked.engine = value.to_owned(),
            "latency" => asked.latency = true,
            "winsize" => asked.window = count()?,
            "complevel" => asked.level = count()?,
            "init2" => asked.init2 = true,
            "device" => asked.device = value.to_owned(),
            "memory" => asked.memory = count()?,
            _ => asked.sgl = true,
        }
    }
    Ok(Some(asked))
}

impl Asked {
    /// Limits and defaults.
    fn check(&mut self) -> Result<()> {
        let limits = [
            (self.mode > 8, "the mode"),
            (self.opt >= 6, "--opt"),
            (self.pktlen > MOST_DATA, "--pktlen"),
            (
                self.seconds > MOST_SECONDS,
                "uadk benchmark max test times to 128 seconds",
            ),
            (
                self.threads > MOST_THREADS,
                "uadk benchmark max threads is 64",
            ),
            (
                self.multi > MOST_PROCESSES,
                "uadk benchmark max process is 32",
            ),
            (
                self.contexts > MOST_CONTEXTS,
                "uadk benchmark every process max ctx num is 64",
            ),
            (self.window > 4, "--winsize"),
            (self.level > 15, "--complevel"),
            (
                self.asynchronous && self.latency,
                "uadk benchmark async mode can't test latency",
            ),
            (self.memory > 2, "uadk benchmark memory type set error!"),
        ];
        if let Some((_, what)) = limits.iter().find(|limit| limit.0) {
            let text = format!("{what}\ninput parameter error, please input --help\n");
            return Err(Failure::Usage(text));
        }
        let absent = [
            (
                self.mode != SVA && self.mode != SOFT && self.mode != INSTR,
                "this mode",
            ),
            (!self.engine.is_empty(), "an engine of OpenSSL"),
            (self.sgl, "lists of buffers"),
            (self.memory != 0, "memory of devices without SVA"),
            (self.opt >= 4, "this --opt, for compression"),
        ];
        if let Some((_, what)) = absent.iter().find(|limit| limit.0) {
            return Err(Failure::Failed(format!("{what} is not supported")));
        }
        let default = |value: &mut u64, usual| {
            if *value == 0 {
                *value = usual;
            }
        };
        self.pktlen = self.pktlen.max(LEAST_DATA);
        default(&mut self.seconds, 3);
        default(&mut self.threads, 3);
        default(&mut self.multi, 1);
        default(&mut self.contexts, 1);
        Ok(())
    }

    fn format(&self) -> Result<Format> {
        if let Ok(format) = Format::from_str(&self.alg, false) {
            return Ok(format);
        }
        const OTHERS: [&str; 14] = [
            "rsa", "dh-", "ecdh", "ecdsa", "sm2", "x25519", "x448", "aes", "3des", "sm4", "sm3",
            "md5", "sha", "des",
        ];
        if OTHERS.iter().any(|begin| self.alg.starts_with(begin)) {
            return Err(Failure::Failed(format!(
                "{}: no device, and not supported: this tool knows compression",
                self.alg
            )));
        }
        Err(Failure::Usage(
            "invalid: input algname is wrong!\ninput parameter error, please input --help\n"
                .to_owned(),
        ))
    }

    /// What UADK's tool prints first.
    fn parameters(&self) -> String {
        let lines: [(&str, String); 16] = [
            ("[--algname]: ", self.alg.clone()),
            ("[--mode]:    ", self.mode.to_string()),
            ("[--optype]:  ", self.opt.to_string()),
            ("[--syncmode]:", u8::from(self.asynchronous).to_string()),
            ("[--pktlen]:  ", self.pktlen.to_string()),
            ("[--seconds]: ", self.seconds.to_string()),
            ("[--thread]:  ", self.threads.to_string()),
            ("[--multi]:   ", self.multi.to_string()),
            ("[--ctxnum]:  ", self.contexts.to_string()),
            ("[--algclass]:", self.alg.clone()),
            ("[--acctype]: ", ZIP_TYPE.to_string()),
            ("[--prefetch]:", u8::from(self.prefetch).to_string()),
            ("[--engine]:  ", self.engine.clone()),
            ("[--latency]: ", u8::from(self.latency).to_string()),
            ("[--init2]:   ", u8::from(self.init2).to_string()),
            ("[--device]:  ", self.device.clone()),
        ];
        let line = |(name, value): &(&str, String)| format!("    {name}{value}\n");
        lines.iter().map(line).collect()
    }

    fn wish(&self) -> Wish {
        match (self.mode, self.device.as_str()) {
            (SVA, "") => Wish::Hardware,
            (SVA, name) => Wish::Device(name.to_owned()),
            _ => Wish::Software,
        }
    }

    fn measure(&self, format: Format) -> Result<()> {
        let stream = self.opt >= 2;
        let mut way = if self.opt.is_multiple_of(2) {
            Way::Compress
        } else {
            Way::Decompress
        };
        if way == Way::Decompress && !format.is_deflate() {
            let name = format.name().to_uppercase();
            print(&format!("Zip {name} just support compress!\n"))?;
            way = Way::Compress;
        }
        if stream && (self.asynchronous || !format.is_deflate()) {
            let text = "Stream mode can't support async mode!";
            let text = if self.asynchronous {
                text
            } else {
                "no streams of this algorithm"
            };
            return Err(Failure::Failed(text.to_owned()));
        }
        let effort = Effort {
            level: u8::try_from(self.level).unwrap_or(15).max(1),
            window: u8::try_from(self.window).unwrap_or(4),
        };
        let corpus = self.corpus(format, way)?;
        let load = Load {
            format,
            place: lane::choose(list::bus()?, &self.wish(), format, &[way])?,
            effort,
            threads: self.threads as usize,
            contexts: self.contexts as usize,
            depth: self.asynchronous.then_some(DEPTH),
            verify: false,
            stream,
            mix: if way == Way::Compress { 0 } else { 100 },
            time: Duration::from_secs(self.seconds),
            requests: None,
        };
        let measured = load.run(&corpus)?;
        // Not on the standard output, whose lines scripts know.
        eprintln!("uadk_tool: path: {}", measured.who);
        if self.latency {
            let half = &measured.ways[usize::from(way == Way::Decompress)];
            let mean = half.latency.mean() / 1e3;
            for thread in 0..self.threads {
                print(&format!("thread<{thread}> avg latency: {mean:.1}us\n"))?;
            }
        }
        print(&self.table(&measured))?;
        let errors: u64 = measured.ways.iter().map(|half| half.errors).sum();
        if errors > 0 {
            return Err(Failure::Failed(format!("{errors} requests failed")));
        }
        if way == Way::Compress && !format.is_lz77() {
            self.save(&load, &corpus)?;
        }
        Ok(())
    }

    /// The table that scripts read. Throughput is that of whole requests of `--pktlen` bytes.
    fn table(&self, measured: &Measured) -> String {
        let requests: u64 = measured.ways.iter().map(|half| half.latency.len()).sum();
        let seconds = measured.elapsed.max(1e-9);
        let rate = (requests * self.pktlen) as f64 / 1024.0 / seconds;
        let ops = requests as f64 / 1000.0 / seconds;
        let cpu = 100.0 * (measured.cpu[0] + measured.cpu[1]) / seconds;
        format!(
            "algname:\tlength:\t\tperf:\t\tiops:\t\tCPU_rate:\n\
             {:8}\t{:<2}Bytes \t{rate:.2}KiB/s\t{ops:.1}Kops \t{cpu:.2}%\n",
            self.alg, self.pktlen
        )
    }

    fn file(&self) -> String {
        format!("./zip_{}.{}", self.pktlen, self.alg)
    }

    /// What to work on: data of which seven tenths are noise, or the file that compression wrote.
    fn corpus(&self, format: Format, way: Way) -> Result<Corpus> {
        let len = self.pktlen as usize;
        if way == Way::Compress {
            let mut data = known::noise(len * 7 / 10);
            data.resize(len, 0);
            return Ok(Corpus::of("noise", &data, len));
        }
        let path = self.file();
        let file = fs::read(&path)
            .map_err(|_| Failure::Failed(format!("Decompress data file: {path} not exist!")))?;
        // `file_size`, `block_num`, and the size of each block: of one.
        let bad = || Failure::Failed(format!("{path}: not a file of this tool"));
        let (head, packed) = file.split_at_checked(12).ok_or_else(bad)?;
        let word =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        if word(4) != 1 || word(8) as usize != packed.len() {
            return Err(bad());
        }
        let lanes = Lanes::open(list::bus()?, &Place::Software, format, &[way], false)?;
        let data = lanes.transform(way, USUAL, packed, len * 2)?;
        let mut corpus = Corpus::of(&path, &data, data.len().max(1));
        corpus.packed = vec![Arc::new(packed.to_vec())];
        Ok(corpus)
    }

    /// Writes the file for decompression, unless it is there.
    fn save(&self, load: &Load, corpus: &Corpus) -> Result<()> {
        let path = self.file();
        if fs::exists(&path).unwrap_or(false) {
            let text = format!("compress data file: {path} has exist!\n");
            return print(&text).map_err(Failure::from);
        }
        let way = [Way::Compress];
        let lanes = Lanes::open(list::bus()?, &load.place, load.format, &way, false)?;
        let packed = lanes.transform(Way::Compress, load.effort, &corpus.blocks[0], 0)?;
        let size = u32::try_from(packed.len()).unwrap_or(u32::MAX);
        let mut file = Vec::new();
        for word in [size, 1, size] {
            file.extend(word.to_le_bytes());
        }
        file.extend(&packed);
        fs::write(&path, file).map_err(|error| Failure::Failed(format!("{path}: {error}")))?;
        let share = 100.0 * f64::from(size) / self.pktlen as f64;
        print(&format!("compress data rate: {share:.1}%!\n")).map_err(Failure::from)
    }
}
