//! Compression with UADK v1 by C programs, on devices of all kinds. That the C library prints the same
//! is checked with the other programs of `tests/c/expected`.

mod common;
#[path = "common/uadk.rs"]
mod uadk;

use common::{has, prefix, skip};
use std::path::Path;
use std::process::Command;
use uadk::{SECONDS, World};

fn command(program: &Path, world: World, under: &[&str]) -> Command {
    uadk::command(program, world, &prefix().join("lib"), SECONDS, under)
}

#[test]
fn what_callers_wrap_others_read_whatever_the_device() {
    let test = "what_callers_wrap_others_read_whatever_the_device";
    let program = uadk::build("uadk_v1_comp");
    let new = uadk::expected("uadk_v1_comp");
    for (index, devices) in [
        "hisi_zip,sva=0,api=3",
        "hisi_zip,api=3",
        "hisi_zip,api=5",
        "hisi_zip,sva=0,api=2",
    ]
    .into_iter()
    .enumerate()
    {
        let dir = common::directory(&format!("v1-{index}"));
        let mut command = command(&program, World::Simulated(devices), &[]);
        let said = common::text(command.arg(&dir));
        assert!(!said.contains("equal 0"), "{devices}");
        if !devices.contains("api=2") {
            // Devices before version 3 have fewer formats.
            assert_eq!(uadk::difference(&new, &said), "", "{devices}");
        }
        common::others_read(test, &dir);
    }
}

#[test]
fn devices_of_the_kernels_are_as_good_as_simulated_ones() {
    let program = uadk::build("uadk_v1_comp");
    let world = World::Preloaded("hisi_zip,sva=0,api=3");
    let said = common::text(&mut command(&program, world, &[]));
    let expected = uadk::expected("uadk_v1_comp");
    assert_eq!(uadk::difference(&expected, &said), "");
}

#[test]
fn what_no_program_should_do_with_contexts_of_v1_is_answered() {
    let test = "what_no_program_should_do_with_contexts_of_v1_is_answered";
    let program = uadk::build("uadk_v1_life");
    let mut ways: Vec<&[&str]> = vec![&[]];
    let valgrind = ["valgrind", "-q", "--fair-sched=yes", "--error-exitcode=9"];
    if has("valgrind") {
        ways.push(&valgrind);
    } else {
        skip(test, "no valgrind");
    }
    for devices in ["hisi_zip,sva=0", "hisi_zip"] {
        for under in &ways {
            let mut command = command(&program, World::Simulated(devices), under);
            assert_eq!(common::text(&mut command), "good\n", "{devices}");
        }
    }
}

#[test]
fn requests_of_v1_make_no_system_call_and_no_allocation() {
    let test = "requests_of_v1_make_no_system_call_and_no_allocation";
    let program = uadk::build_file("benches/c/v1_bench.c");
    for mode in ["sync", "async", "raw"] {
        let mut command = common::limited(SECONDS);
        // The device is the program's own.
        command.env_remove("WD_SIM");
        command
            .arg(common::source("benches/c/v1_world.sh"))
            .arg("env");
        command.arg(format!(
            "LD_LIBRARY_PATH={}",
            prefix().join("lib").display()
        ));
        command.arg(&program).args([mode, "10000", "8", "steady"]);
        let output = command.output().expect("started");
        if output.status.code() == Some(77) {
            return skip(test, "no mount namespace allowed here");
        }
        let said = uadk::printed(&output);
        assert_eq!(said.as_deref(), Ok("0 allocations\n"), "{mode}");
    }
}
