//! A C program that uses the memory pools of UADK v2, linked with `libwd.so.2` of an installed
//! prefix: over a simulated device without SVA and over one with, plainly and under valgrind.

mod common;

use common::{TMP, has, library, limited, pkg_config_of, run, skip, source};
use std::path::{Path, PathBuf};
use std::process::Command;

const DEVICES: [&str; 2] = ["hisi_zip,sva=0", "hisi_zip"];

fn program(name: &str) -> PathBuf {
    let out = Path::new(TMP).join(name);
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread", "-o"])
        .arg(&out)
        .arg(source("tests/c/uadk_pool.c"))
        .args(pkg_config_of("libwd", &["--cflags", "--libs"]));
    run(&mut cc);
    out
}

fn start(under: &[&str], seconds: u32, program: &Path, device: &str) {
    let mut command = limited(seconds);
    command
        .args(under)
        .arg(program)
        .env("WD_SIM", device)
        .env("LD_LIBRARY_PATH", library(""));
    run(&mut command);
}

#[test]
fn a_program_uses_pools_on_devices_without_and_with_sva() {
    let program = program("uadk_pool");
    for device in DEVICES {
        start(&[], 60, &program, device);
    }
}

#[test]
fn a_program_with_pools_is_clean_under_valgrind() {
    if !has("valgrind") {
        let test = "a_program_with_pools_is_clean_under_valgrind";
        return skip(test, "no valgrind");
    }
    let program = program("uadk_pool_valgrind");
    let under = ["valgrind", "-q", "--fair-sched=yes", "--error-exitcode=9"];
    for device in DEVICES {
        start(&under, 600, &program, device);
    }
}
