//! A C program over queues of UADK v1 (`tests/c/uadk_v1_queue.c`): simulated devices with shared
//! addresses and without, in the process and before it.

mod common;

use common::{TMP, has, library, limited, pkg_config_of, prefix, run, skip, source};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const SECONDS: u32 = 60;

/// What is simulated, and what the program is told of it.
const WORLDS: [(&str, &str); 5] = [
    ("hisi_zip", "sva"),
    ("hisi_zip,api=3,engines=2,orders=out", "sva"),
    ("hisi_zip,api=1,sva=0", "static"),
    ("hisi_zip,sva=0", "static"),
    ("hisi_zip,api=5,sva=0,engines=3,orders=out", "static"),
];

fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let out = Path::new(TMP).join("uadk_v1_queue");
        let mut cc = Command::new("cc");
        cc.args(["-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread", "-o"]);
        cc.arg(&out).arg(source("tests/c/uadk_v1_queue.c"));
        run(cc.args(pkg_config_of("libwd", &["--cflags", "--libs"])));
        out
    })
}

/// The program on a simulated world, under other programs.
fn on(sim: &str, seconds: u32, under: &[&str], what: &str) -> Command {
    let mut command = limited(seconds);
    command.env("WD_SIM", sim);
    command.arg("env").args(under);
    command.arg(program()).arg(what);
    command.env("LD_LIBRARY_PATH", prefix().join("lib"));
    command
}

#[test]
fn raw_messages_go_there_and_back_and_nothing_else_happens() {
    for (sim, what) in WORLDS {
        run(&mut on(sim, SECONDS, &[], what));
    }
}

#[test]
fn queues_of_preloaded_devices_are_no_different() {
    let preload = format!("LD_PRELOAD={}", library("libwd_sim.so").display());
    for (sim, what) in WORLDS {
        run(&mut on(sim, SECONDS, &[&preload], what));
    }
}

#[test]
fn queues_are_clean_under_valgrind() {
    let test = "queues_are_clean_under_valgrind";
    if !has("valgrind") {
        return skip(test, "no valgrind");
    }
    let under = ["valgrind", "-q", "--fair-sched=yes", "--error-exitcode=9"];
    for (sim, what) in [WORLDS[0], WORLDS[3]] {
        run(&mut on(sim, SECONDS * 5, &under, what));
    }
}
