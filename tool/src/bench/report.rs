//! What a benchmark tells.

use super::corpus::Corpus;
use super::load::{Half, Load, Measured};
use crate::lane::Way;
use crate::table::Table;
use serde::Serialize;

/// Everything, as JSON has it.
#[derive(Serialize)]
pub struct Report {
    /// The release of this tool.
    pub version: &'static str,
    /// Who did the work.
    pub path: String,
    /// The processor's kind, and how many there are for this process.
    pub machine: Machine,
    /// What was asked for.
    pub load: Asked,
    /// Seconds.
    pub elapsed_s: f64,
    /// Seconds of processor time.
    pub cpu: Cpu,
    /// Uncompressed data, 10^6 bytes a second, both directions.
    pub throughput_mb_s: f64,
    /// Requests a second, both directions.
    pub requests_per_s: f64,
    /// The directions that occurred.
    pub directions: Vec<Direction>,
}

/// Where it ran.
#[derive(Serialize)]
pub struct Machine {
    arch: &'static str,
    processors: usize,
}

/// What was asked for.
#[derive(Serialize)]
pub struct Asked {
    algorithm: &'static str,
    level: u8,
    window: u8,
    threads: usize,
    contexts: usize,
    mode: &'static str,
    depth: usize,
    block_bytes: usize,
    decompress_percent: u64,
    corpus: String,
}

/// Processor time.
#[derive(Serialize)]
pub struct Cpu {
    user_s: f64,
    system_s: f64,
    /// Of one processor, in percent.
    percent: f64,
}

/// What was measured of a direction.
#[derive(Serialize)]
pub struct Direction {
    name: &'static str,
    requests: u64,
    errors: u64,
    plain_bytes: u64,
    compressed_bytes: u64,
    throughput_mb_s: f64,
    /// Uncompressed by compressed.
    ratio: f64,
    latency_us: Latency,
}

/// Microseconds.
#[derive(Serialize)]
pub struct Latency {
    mean: f64,
    min: f64,
    p50: f64,
    p90: f64,
    p99: f64,
    p99_9: f64,
    max: f64,
}

impl Report {
    /// The report of what was measured.
    pub fn new(load: &Load, corpus: &Corpus, block: usize, measured: &Measured) -> Report {
        let seconds = measured.elapsed.max(1e-9);
        let plain: u64 = measured.ways.iter().map(|half| half.plain).sum();
        let count: u64 = measured.ways.iter().map(|half| half.latency.len()).sum();
        let [user_s, system_s] = measured.cpu;
        let mode = match (load.depth, load.stream) {
            (Some(_), _) => "async",
            (None, true) => "stream",
            (None, false) => "sync",
        };
        let ways = [Way::Compress, Way::Decompress].into_iter();
        let halves = ways.zip(&measured.ways);
        Report {
            version: env!("CARGO_PKG_VERSION"),
            path: measured.who.clone(),
            machine: Machine {
                arch: std::env::consts::ARCH,
                processors: std::thread::available_parallelism().map_or(1, usize::from),
            },
            load: Asked {
                algorithm: load.format.name(),
                level: load.format.effort(load.effort).level,
                window: load.effort.window,
                threads: load.threads,
                contexts: load.contexts,
                mode,
                depth: load.depth.unwrap_or(1),
                block_bytes: block,
                decompress_percent: load.mix,
                corpus: corpus.name.clone(),
            },
            elapsed_s: measured.elapsed,
            cpu: Cpu {
                user_s,
                system_s,
                percent: 100.0 * (user_s + system_s) / seconds,
            },
            throughput_mb_s: plain as f64 / 1e6 / seconds,
            requests_per_s: count as f64 / seconds,
            directions: halves
                .filter(|(_, half)| !half.latency.is_empty())
                .map(|(way, half)| Direction::new(way, half, seconds))
                .collect(),
        }
    }

    /// Requests that failed.
    pub fn errors(&self) -> u64 {
        self.directions.iter().map(|one| one.errors).sum()
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = format!("path: {}\n", self.path);
        let load = &self.load;
        text += &format!(
            "{} level {}, {} of {} bytes of {}, {} threads, {} contexts, depth {}, {:.2} s\n\n",
            load.algorithm,
            load.level,
            load.mode,
            load.block_bytes,
            load.corpus,
            load.threads,
            load.contexts,
            load.depth,
            self.elapsed_s
        );
        text += &self.table().text();
        text += &format!(
            "\ntogether {:.1} MB/s, {:.0} requests/s; cpu {:.2} s user, {:.2} s system, {:.0}%\n",
            self.throughput_mb_s,
            self.requests_per_s,
            self.cpu.user_s,
            self.cpu.system_s,
            self.cpu.percent
        );
        text
    }

    /// A row for each direction; latencies in microseconds.
    pub fn table(&self) -> Table {
        let mut table = Table::new(&[
            "DIRECTION",
            "REQUESTS",
            "ERRORS",
            "MB/s",
            "RATIO",
            "p50 us",
            "p90",
            "p99",
            "p99.9",
            "max",
        ]);
        for one in &self.directions {
            table.row(one.cells());
        }
        table
    }
}

impl Direction {
    fn new(way: Way, half: &Half, seconds: f64) -> Direction {
        let micro = |nanoseconds: u64| nanoseconds as f64 / 1e3;
        let at = |quantile| micro(half.latency.value_at_quantile(quantile));
        Direction {
            name: way.name(),
            requests: half.latency.len(),
            errors: half.errors,
            plain_bytes: half.plain,
            compressed_bytes: half.packed,
            throughput_mb_s: half.plain as f64 / 1e6 / seconds,
            ratio: half.plain as f64 / half.packed.max(1) as f64,
            latency_us: Latency {
                mean: half.latency.mean() / 1e3,
                min: micro(half.latency.min()),
                p50: at(0.5),
                p90: at(0.9),
                p99: at(0.99),
                p99_9: at(0.999),
                max: micro(half.latency.max()),
            },
        }
    }

    fn cells(&self) -> Vec<String> {
        let latency = &self.latency_us;
        let mut cells = vec![
            self.name.to_owned(),
            self.requests.to_string(),
            self.errors.to_string(),
            format!("{:.1}", self.throughput_mb_s),
            format!("{:.2}", self.ratio),
        ];
        let [p50, p90, p99, p99_9, max] = [
            latency.p50,
            latency.p90,
            latency.p99,
            latency.p99_9,
            latency.max,
        ];
        cells.extend([p50, p90, p99, p99_9, max].map(|time| format!("{time:.1}")));
        cells
    }
}
