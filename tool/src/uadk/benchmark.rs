//! `uadk_tool benchmark`.

use super::asked::{Asked, HELP, read};
use super::children;
use super::{Failure, Result};
use crate::bench::corpus::Corpus;
use crate::bench::load::{Load, Measured};
use crate::fail::print;
use crate::lane::{self, Format, Lanes, Place, USUAL, Way};
use crate::list;
use crate::selftest::known;
use std::fs;
use std::sync::Arc;
use std::time::Duration;
use warpdrive::alg::lane::Effort;

/// Requests on their way in each queue.
const DEPTH: usize = 512;

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

impl Asked {
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
            place: lane::choose(list::bus()?, &self.wish()?, format, &[way])?,
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
