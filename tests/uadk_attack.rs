//! C programs that use UADK v2 as hard as they can, over devices of all kinds and over software:
//! each plainly and under valgrind.

mod common;
#[path = "common/uadk.rs"]
mod uadk;

use common::{has, prefix, skip};
use std::path::Path;
use uadk::{SECONDS, World};

/// Runs a program with the environment given, also under valgrind if that is here.
fn both(test: &str, program: &Path, environment: &[(&str, &str)], arguments: &[&str]) {
    let valgrind = ["valgrind", "-q", "--fair-sched=yes", "--error-exitcode=9"];
    for (under, seconds) in [(&[][..], SECONDS), (&valgrind, SECONDS * 10)] {
        if !under.is_empty() && !has("valgrind") {
            skip(test, "no valgrind");
            continue;
        }
        let libraries = prefix().join("lib");
        let mut command = uadk::command(program, World::Bare, &libraries, seconds, under);
        command.envs(environment.iter().copied()).args(arguments);
        common::run(&mut command);
    }
}

#[test]
fn sessions_without_sva_serve_in_all_ways_and_give_everything_back() {
    let test = "sessions_without_sva_serve_in_all_ways_and_give_everything_back";
    let program = uadk::build("uadk_nosva");
    for device in [
        "hisi_zip,sva=0",
        "hisi_zip,sva=0,api=3,engines=2,orders=out",
    ] {
        both(test, &program, &[("WD_SIM", device)], &[]);
    }
}
