//! The options of `uadk_tool benchmark`.

use super::options::{Known, number, parse};
use super::{Failure, Result};
use crate::fail::print;
use crate::lane::{Format, Wish};
use crate::list;
use clap::ValueEnum;
use warpdrive::uacce::device::Attributes;

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

/// What `--help` prints.
pub const HELP: &str = "\
NAME
    benchmark: throughput of compression, as UADK's tool measures it
USAGE
    benchmark [--alg NAME] [--mode MODE] [--opt N] [--sync | --async] ...
    --alg NAME       zlib, gzip, deflate, lz77_zstd, lz4, lz77_only
    --alglist        print these names
    --mode MODE      sva: a device (default); nosva: one without shared virtual addressing;
                     soft, instr: software in the library
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
    --prefetch, --init2, --memory N   understood; they make no difference here
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
const NOSVA: u32 = 2;
const SOFT: u32 = 4;
const INSTR: u32 = 7;

/// Limits of UADK's tool.
const MOST_DATA: u64 = 15 << 20;
const LEAST_DATA: u64 = 16;
const MOST_SECONDS: u64 = 128;
const MOST_THREADS: u64 = 64;
const MOST_PROCESSES: u64 = 32;
const MOST_CONTEXTS: u64 = 64;
/// The class of algorithms in the output.
const ZIP_TYPE: u32 = 2;

/// What was asked for, as numbers.
#[derive(Default)]
pub struct Asked {
    pub alg: String,
    pub mode: u32,
    pub opt: u64,
    pub asynchronous: bool,
    pub pktlen: u64,
    pub seconds: u64,
    pub threads: u64,
    pub multi: u64,
    pub contexts: u64,
    pub prefetch: bool,
    pub engine: String,
    pub latency: bool,
    pub window: u64,
    pub level: u64,
    pub init2: bool,
    pub device: String,
    pub memory: u64,
    pub sgl: bool,
}

/// The options; none if one of them was a question that is answered.
pub fn read(arguments: &[String]) -> Result<Option<Asked>> {
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
    pub fn check(&mut self) -> Result<()> {
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
            (![SVA, NOSVA, SOFT, INSTR].contains(&self.mode), "this mode"),
            (!self.engine.is_empty(), "an engine of OpenSSL"),
            (self.sgl, "lists of buffers"),
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

    pub fn format(&self) -> Result<Format> {
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
    pub fn parameters(&self) -> String {
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

    /// Where the work is to be done.
    pub fn wish(&self) -> Result<Wish> {
        Ok(match (self.mode, self.device.as_str()) {
            (SVA, "") => Wish::Hardware,
            (NOSVA, "") => {
                let devices = list::devices()?;
                let suits = |device: &&Attributes| !device.sva() && device.has(&self.alg);
                let found = devices.iter().find(suits).ok_or_else(|| {
                    let text = "no device without shared virtual addressing for this algorithm";
                    Failure::Failed(text.to_owned())
                })?;
                Wish::Device(found.name.clone())
            }
            (SVA | NOSVA, name) => Wish::Device(name.to_owned()),
            _ => Wish::Software,
        })
    }
}
