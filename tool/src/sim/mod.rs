//! `wd sim`: starts a program that finds simulated devices where the kernel has them. Programs that
//! cannot be served are refused, and do not run without.

mod served;

use crate::fail::{Fail, Result};
use clap::Args;
use served::Refusal;
use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use warpdrive::sim::config;
use warpdrive::sys::signal;

/// What env(1) and others answer for trouble of their own, for a program that cannot be run, and for
/// one that is not there.
const OWN: u8 = 125;
const CANNOT: u8 = 126;
const NOT_THERE: u8 = 127;

const LIBRARY: &str = "libwd_sim.so";

/// Run a program with simulated devices in /sys/class/uacce and /dev
///
/// The program, and those that it starts, see the devices whatever library drives them.
/// Statically linked programs cannot be served and are refused.
/// Exit status: the program's; 125 for a wrong option, 126 if the program cannot be served or run,
/// 127 if it is not there.
#[derive(Args, Debug)]
#[command(
    after_help = "WD_SIM is used if --devices is not given. Devices: hisi_zip,api=5,engines=2;hisi_zip,sva=0"
)]
pub struct Sim {
    /// The devices, as in WD_SIM; @FILE has them a line each [default: WD_SIM, or hisi_zip]
    #[arg(short, long, value_name = "TEXT")]
    devices: Option<String>,
    /// Append what each device did to this file at the end; - is the standard output, stderr the
    /// standard error
    #[arg(short, long, value_name = "FILE")]
    report: Option<OsString>,
    /// Tell it also whenever this signal comes, such as USR1
    #[arg(short, long, value_name = "NAME", requires = "report")]
    signal: Option<String>,
    /// The preloaded library, if it is not beside this tool
    #[arg(long, value_name = "PATH")]
    library: Option<PathBuf>,
    /// The program, and its arguments
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "PROGRAM"
    )]
    program: Vec<OsString>,
}

/// Becomes the program; the exit status if it does not.
pub fn run(options: &Sim) -> u8 {
    let Err((status, reason)) = become_program(options);
    eprintln!("wd: {reason}");
    status
}

/// A status, and why.
type Failure = (u8, Fail);

fn become_program(options: &Sim) -> std::result::Result<std::convert::Infallible, Failure> {
    let own = |fail| (OWN, fail);
    let devices = devices(options).map_err(own)?;
    let library = library(options).map_err(own)?;
    if let Some(name) = &options.signal {
        signal::number(name).map_err(|reason| own(Fail::at("--signal", reason)))?;
    }
    let name = Path::new(&options.program[0]);
    let path =
        served::find(name).ok_or_else(|| (NOT_THERE, Fail::at(name.display(), "not found")))?;
    served::check(&path).map_err(|reason| {
        let status = match reason {
            Refusal::NotThere => NOT_THERE,
            _ => CANNOT,
        };
        (status, Fail::at(path.display(), reason))
    })?;
    let mut command = Command::new(&path);
    // As a shell does.
    command.arg0(name).args(&options.program[1..]);
    command.env("WD_SIM", devices);
    command.env("LD_PRELOAD", preloads(&library));
    if let Some(report) = &options.report {
        command.env("WD_SIM_REPORT", report);
    }
    if let Some(signal) = &options.signal {
        command.env("WD_SIM_REPORT_SIGNAL", signal);
    }
    Err((CANNOT, Fail::at(path.display(), command.exec())))
}

/// The text of the devices, once it is known to be right: the program's own complaint would come
/// from the middle of its output.
fn devices(options: &Sim) -> Result<String> {
    let (from, text) = match &options.devices {
        Some(text) => ("--devices", text.clone()),
        None => ("WD_SIM", env::var("WD_SIM").unwrap_or_default()),
    };
    if text.trim().is_empty() {
        return match options.devices {
            Some(_) => Err(Fail::at(from, "no devices")),
            None => Ok("hisi_zip".to_owned()),
        };
    }
    match config::parse(&text) {
        Ok(_) => Ok(text),
        Err(reason) => Err(Fail::at(from, reason)),
    }
}

/// Where the library is: beside the tool's directory, as both are installed, or built.
fn library(options: &Sim) -> Result<PathBuf> {
    if let Some(named) = &options.library {
        return named
            .canonicalize()
            .map_err(|error| Fail::at(named.display(), error));
    }
    let tool = env::current_exe().map_err(|error| Fail::at("this tool's path", error))?;
    let here = tool.parent().unwrap_or(Path::new("/"));
    let multiarch = format!("../lib/{}-linux-gnu", env::consts::ARCH);
    let places = ["../lib", "../lib64", &multiarch, "so"];
    let found = places.iter().map(|place| here.join(place).join(LIBRARY));
    let found = found.into_iter().find_map(|path| path.canonicalize().ok());
    found.ok_or_else(|| {
        Fail::at(
            LIBRARY,
            "not installed beside this tool; --library tells where it is",
        )
    })
}

/// The library before what is preloaded already.
fn preloads(library: &Path) -> OsString {
    let mut all = library.as_os_str().to_owned();
    if let Some(others) = env::var_os("LD_PRELOAD").filter(|others| !others.is_empty()) {
        all.push(":");
        all.push(others);
    }
    all
}
