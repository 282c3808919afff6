//! The programs of tests/c that any libraries of UADK can be asked with: how they are built, where
//! they run, and what they print on the C library.

#![allow(dead_code, reason = "no test file uses all of it")]

use crate::common::{self, TMP, source};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Seconds for a program; ten times as many under valgrind.
pub const SECONDS: u32 = 60;

/// Where a program runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum World {
    /// On the machine as it is, without simulated devices.
    Bare,
    /// Where there are two devices that only the program's own driver can drive.
    Devices,
    /// Where the library simulates these devices.
    Simulated(&'static str),
    /// Where `libwd_sim.so` has the program see these devices as the kernel's.
    Preloaded(&'static str),
}

impl World {
    /// The same for libraries that simulate nothing.
    pub fn without_simulation(self) -> World {
        match self {
            World::Simulated(devices) => World::Preloaded(devices),
            other => other,
        }
    }
}

/// Two devices without SVA: those of UADK v1.
pub const WITHOUT_SVA: World = World::Simulated("hisi_zip,sva=0;hisi_zip,sva=0");

/// Those that print the same on all libraries. `tests/c/expected` has what that is.
pub const PROGRAMS: [(&str, World); 9] = [
    ("uadk_null", World::Bare),
    ("uadk_sched", World::Bare),
    ("uadk_registry", World::Devices),
    ("uadk_comp", World::Devices),
    ("uadk_async", World::Devices),
    ("uadk_env", World::Devices),
    ("uadk_life", World::Devices),
    ("uadk_v1_pools", WITHOUT_SVA),
    ("uadk_v1_comp", World::Simulated("hisi_zip,sva=0,api=3")),
];

/// Those that print the same on all libraries with simulated devices, and the devices. What they
/// print depends on the devices' compressor, so there is no file that has it.
pub const ON_DEVICES: [(&str, &str); 5] = [
    ("uadk_null", "hisi_zip"),
    ("uadk_sched", "hisi_zip"),
    ("uadk_zip", "hisi_zip,count=2"),
    ("uadk_zip", "hisi_zip,api=3,depth=32,count=2"),
    ("uadk_zip", "hisi_zip,api=5,engines=2,count=2"),
];

/// Compiles a program of tests/c.
pub fn build(name: &str) -> PathBuf {
    build_file(&format!("tests/c/{name}.c"))
}

/// Compiles a program as a user of compression would. It finds its libraries only through
/// `LD_LIBRARY_PATH`.
pub fn build_file(path: &str) -> PathBuf {
    // Tests run at the same time, and some compile the same program.
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = Path::new(path).file_stem().expect("a file name").display();
    let out = Path::new(TMP).join(format!("{name}-{}-{count}", std::process::id()));
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread"]);
    cc.arg("-o").arg(&out);
    cc.arg(source(path));
    cc.args(common::pkg_config_of("libwd_comp", &["--cflags", "--libs"]));
    cc.args(common::pkg_config_of("libwd", &["--libs"]));
    common::run(&mut cc);
    out
}

/// A command that runs `program` on the libraries in `libraries`, under the tool `under`.
pub fn command(
    program: &Path,
    world: World,
    libraries: &Path,
    seconds: u32,
    under: &[&str],
) -> Command {
    let mut command = common::limited(seconds);
    command.env_remove("WD_SIM");
    if world == World::Devices {
        command.arg(source("tests/c/uadk_world.sh"));
    }
    // Not for the shell of the script.
    let set = |name: &str, value: &OsStr| [OsStr::new(name), value].join(OsStr::new("="));
    command.arg("env");
    command.arg(set("LD_LIBRARY_PATH", libraries.as_os_str()));
    match world {
        World::Bare | World::Devices => {}
        World::Simulated(devices) => {
            command.env("WD_SIM", devices);
        }
        World::Preloaded(devices) => {
            command.env("WD_SIM", devices);
            let library = common::library("libwd_sim.so");
            command.arg(set("LD_PRELOAD", library.as_os_str()));
        }
    }
    command.args(under).arg(program);
    command
}

/// What the C library prints.
pub fn expected(name: &str) -> String {
    common::read(&source(&format!("tests/c/expected/{name}")))
}

/// The standard output of a run; `Err` says why there is none.
pub fn printed(output: &Output) -> Result<String, String> {
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(out);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}\n{out}{said}", output.status))
}

/// The first lines in which two outputs differ, with their numbers; empty if they do not.
pub fn difference(left: &str, right: &str) -> String {
    let (mut left, mut right) = (left.lines(), right.lines());
    let (mut number, mut text) = (0, String::new());
    while text.lines().count() < 30 {
        number += 1;
        match (left.next(), right.next()) {
            (None, None) => return text,
            (a, b) if a == b => {}
            (a, b) => {
                let [a, b] = [a, b].map(|line| line.unwrap_or("(nothing)"));
                text += &format!("{number}:\n  {a}\n  {b}\n");
            }
        }
    }
    text
}
