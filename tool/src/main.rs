//! `wd`: lists, tests, measures and uses Linux uacce accelerators. Under the name
//! `uadk_tool` it understands the options of UADK's tool of that name.

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

fn main() -> ExitCode {
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
