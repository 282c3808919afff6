//! The command line.

use crate::{bench, compress, list, pages, selftest, sim, trace};
use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::fail::{Fail, Result};
use crate::lane::Wish;
use warpdrive::alg::lane::Effort;

/// Lists, tests, measures and uses Linux uacce accelerators
#[derive(Parser, Debug)]
#[command(
    name = "wd",
    version,
    after_help = "WD_SIM=hisi_zip makes a simulated device."
)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The commands. Each is described where its options are: a text here would take the place of that
/// one in the manual.
#[derive(Subcommand, Debug)]
pub enum Command {
    List(list::List),
    Test(selftest::Test),
    Compress(compress::Compress),
    Decompress(compress::Decompress),
    Bench(bench::Bench),
    #[command(subcommand)]
    Trace(trace::Trace),
    Sim(sim::Sim),
    #[command(hide = true)]
    Pages(pages::Pages),
}

/// Where the work is to be done.
#[derive(Args, Clone, Debug, Default)]
pub struct Where {
    /// Use a device, or fail
    #[arg(long, group = "where")]
    pub hw: bool,
    /// Use software in the library
    #[arg(long, group = "where")]
    pub sw: bool,
    /// Use this device, or fail
    #[arg(long, group = "where", value_name = "NAME")]
    pub device: Option<String>,
}

impl Where {
    /// What was asked for.
    pub fn wish(&self) -> Wish {
        match (&self.device, self.hw, self.sw) {
            (Some(name), ..) => Wish::Device(name.clone()),
            (None, true, _) => Wish::Hardware,
            (None, _, true) => Wish::Software,
            (None, false, false) => Wish::Auto,
        }
    }
}

/// A window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window(u8);

impl ValueEnum for Window {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Window; 5] = [Window(0), Window(1), Window(2), Window(3), Window(4)];
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        const NAMES: [&str; 5] = ["4k", "8k", "16k", "24k", "32k"];
        NAMES.get(usize::from(self.0)).map(PossibleValue::new)
    }
}

/// How hard to compress.
#[derive(Args, Clone, Copy, Debug)]
pub struct Hard {
    /// Level, 1 (fast) to 15 (small); devices may know fewer
    #[arg(short, long, default_value_t = 6, value_parser = clap::value_parser!(u8).range(1..=15))]
    pub level: u8,
    /// Window: how far back matches may reach
    #[arg(short, long, default_value = "32k")]
    pub window: Window,
}

impl Hard {
    /// As requests take it.
    pub fn effort(self) -> Effort {
        Effort {
            level: self.level,
            window: self.window.0,
        }
    }
}

/// A number of bytes: `4096`, `64k`, `8M`.
pub fn bytes(text: &str) -> std::result::Result<usize, String> {
    let (digits, shift) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 10),
        None => match text.strip_suffix(['m', 'M']) {
            Some(digits) => (digits, 20),
            None => (text, 0),
        },
    };
    let number: usize = digits
        .parse()
        .map_err(|_| "not a number of bytes".to_owned())?;
    let number = number.checked_mul(1 << shift);
    number
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "too large, or 0".to_owned())
}

/// Does what the command line says; the exit status.
pub fn run(command: &Command) -> Result<u8> {
    let done = |()| 0;
    match command {
        Command::List(options) => list::run(options).map(done),
        Command::Test(options) => selftest::run(options),
        Command::Compress(options) => compress::compress(options),
        Command::Decompress(options) => compress::decompress(options),
        Command::Bench(options) => bench::run(options).map(done),
        Command::Trace(options) => trace::run(options),
        Command::Sim(options) => Ok(sim::run(options)),
        Command::Pages(options) => pages::run(options).map(done),
    }
}

/// A failure that the command line is to blame for.
pub fn usage(text: &str) -> Fail {
    Fail::new(format!("{text}; see --help"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn sizes_have_suffixes() {
        assert_eq!(bytes("4096"), Ok(4096));
        assert_eq!(bytes("64k"), Ok(65536));
        assert_eq!(bytes("8M"), Ok(8 << 20));
        for bad in ["", "k", "0", "-1", "18446744073709551615k"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }
}
