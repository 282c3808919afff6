//! `wd`: lists, tests, measures and uses Linux uacce accelerators. Under the name
//! `uadk_tool` it understands the options of UADK's tool of that name.
//!
//! The program is [`run`]. [`traces`] is here for the fuzz target of what is read from files.

mod bench;
mod cli;
mod compress;
mod fail;
mod lane;
mod list;
mod pages;
mod selftest;
mod sim;
mod table;
mod trace;
mod uadk;

use clap::Parser;
use std::path::Path;
use std::process::ExitCode;

/// What is done with traces that come from elsewhere.
pub mod traces {
    pub use crate::fail::Fail;
    pub use crate::trace::log::{Event, hex, read, write};
    pub use crate::trace::replay::{Difference, Replayed, run};
    pub use crate::trace::show::text;
}

/// The program, with the arguments of this process.
pub fn run() -> ExitCode {
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    if Path::new(&name)
        .file_name()
        .is_some_and(|name| name == "uadk_tool")
    {
        let texts = arguments.map(|text| text.to_string_lossy().into_owned());
        return ExitCode::from(uadk::run(&texts.collect::<Vec<_>>()));
    }
    match cli::run(&cli::Cli::parse().command) {
        Ok(status) => ExitCode::from(status),
        Err(reason) => {
            eprintln!("wd: {reason}");
            ExitCode::FAILURE
        }
    }
}
