//! C programs over the API of UADK v2. What those of [`uadk::PROGRAMS`] print is what the C library
//! prints, as `tests/c/expected` has it and `tests/differential.rs` checks; each runs once plainly
//! and once under valgrind.

mod common;
#[path = "common/uadk.rs"]
mod uadk;

use common::{has, prefix, skip};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use uadk::{PROGRAMS, SECONDS, World};

/// What a program under valgrind exits with if valgrind found something.
const FOUND: i32 = 9;

fn run(name: &str, world: World, seconds: u32, under: &[&str]) -> Output {
    let program = uadk::build(name);
    let libraries = prefix().join("lib");
    let mut command = uadk::command(&program, world, &libraries, seconds, under);
    command.output().expect("started")
}

/// What a run says against the program, or nothing.
fn verdict(test: &str, name: &str, output: &Output) -> Option<String> {
    if output.status.code() == Some(77) {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        skip(test, &format!("{name}: {}", said.trim()));
        return None;
    }
    match uadk::printed(output) {
        Err(text) => Some(format!("{name}: {text}")),
        Ok(text) => {
            let difference = uadk::difference(&uadk::expected(name), &text);
            (!difference.is_empty()).then(|| format!("{name}: not as expected:\n{difference}"))
        }
    }
}

#[test]
fn programs_see_what_they_see_on_the_c_library() {
    let test = "programs_see_what_they_see_on_the_c_library";
    let run = |(name, world)| verdict(test, name, &run(name, world, SECONDS, &[]));
    let bad: Vec<_> = PROGRAMS.into_iter().filter_map(run).collect();
    assert!(bad.is_empty(), "\n{}", bad.join("\n"));
}

#[test]
fn programs_are_clean_under_valgrind() {
    let test = "programs_are_clean_under_valgrind";
    if !has("valgrind") {
        return skip(test, "no valgrind");
    }
    let exit = format!("--error-exitcode={FOUND}");
    let under = ["valgrind", "-q", "--fair-sched=yes", &exit];
    let run = |(name, world)| verdict(test, name, &run(name, world, SECONDS * 10, &under));
    let bad: Vec<_> = PROGRAMS.into_iter().filter_map(run).collect();
    assert!(bad.is_empty(), "\n{}", bad.join("\n"));
}

#[test]
fn pools_of_v1_are_the_same_with_sva_and_survive_misuse() {
    let (test, name) = (
        "pools_of_v1_are_the_same_with_sva_and_survive_misuse",
        "uadk_v1_pools",
    );
    let with_sva = World::Simulated("hisi_zip;hisi_zip");
    let said = verdict(test, name, &run(name, with_sva, SECONDS, &[]));
    assert_eq!(said, None);
    let (program, libraries) = (uadk::build(name), prefix().join("lib"));
    let exit = format!("--error-exitcode={FOUND}");
    let valgrind = ["valgrind", "-q", "--fair-sched=yes", &exit];
    for world in [uadk::WITHOUT_SVA, with_sva] {
        let run_under = |under: &[&str]| {
            let mut command = uadk::command(&program, world, &libraries, SECONDS * 10, under);
            common::run(command.arg("misuse"));
        };
        run_under(&[]);
        if has("valgrind") {
            run_under(&valgrind);
        } else {
            skip(test, "no valgrind");
        }
    }
}

/// What serves the programs that are for this library only: `WD_SIM`, the task type, and what
/// `uadk_trip` says of it. Devices before version 3 have no raw deflate.
const SERVERS: [(Option<&str>, &str, &str); 2] = [
    (Some("hisi_zip,api=3"), "1", "simulated 1 software 0"),
    (None, "2", "simulated 0 software 1"),
];

/// A program on the installed libraries, served by one of [`SERVERS`].
fn served(program: &Path, sim: Option<&str>, seconds: u32, under: &[&str]) -> Command {
    let libraries = prefix().join("lib");
    let mut command = uadk::command(program, World::Bare, &libraries, seconds, under);
    if let Some(devices) = sim {
        command.env("WD_SIM", devices);
    }
    command
}

#[test]
fn data_goes_there_and_back_in_all_ways_on_devices_and_in_software() {
    let test = "data_goes_there_and_back_in_all_ways_on_devices_and_in_software";
    let program = uadk::build("uadk_trip");
    for (sim, task, who) in SERVERS {
        let dir = common::directory(&format!("trip{task}"));
        let said = common::text(served(&program, sim, SECONDS, &[]).arg(task).arg(&dir));
        assert_eq!(said.trim(), format!("{who} strays 0 timeouts 0"));
        common::others_read(test, &dir);
    }
}

#[test]
fn the_zlib_wrapper_takes_pieces_of_all_sizes() {
    let test = "the_zlib_wrapper_takes_pieces_of_all_sizes";
    let program = uadk::build("uadk_streams");
    for (sim, task, _) in SERVERS {
        let dir = common::directory(&format!("streams{task}"));
        common::run(served(&program, sim, SECONDS, &[]).arg(&dir));
        common::others_read(test, &dir);
    }
}

#[test]
fn round_trips_and_streams_are_clean_under_valgrind() {
    let test = "round_trips_and_streams_are_clean_under_valgrind";
    if !has("valgrind") {
        return skip(test, "no valgrind");
    }
    let exit = format!("--error-exitcode={FOUND}");
    let under = ["valgrind", "-q", "--fair-sched=yes", &exit];
    let (trip, streams) = (uadk::build("uadk_trip"), uadk::build("uadk_streams"));
    for (sim, task, _) in SERVERS {
        common::run(served(&trip, sim, SECONDS * 10, &under).arg(task));
        common::run(&mut served(&streams, sim, SECONDS * 10, &under));
    }
}

#[test]
fn requests_of_c_make_no_system_call_and_no_allocation() {
    let test = "requests_of_c_make_no_system_call_and_no_allocation";
    let program = uadk::build_file("benches/c/comp_bench.c");
    for mode in ["sync", "async"] {
        let libraries = prefix().join("lib");
        let mut command = uadk::command(&program, World::Devices, &libraries, SECONDS, &[]);
        command.args([mode, "10000", "4", "8", "steady"]);
        let output = command.output().expect("started");
        if output.status.code() == Some(77) {
            return skip(test, "no mount namespace allowed here");
        }
        assert_eq!(
            uadk::printed(&output).as_deref(),
            Ok("0 allocations\n"),
            "{mode}"
        );
    }
}

#[test]
fn what_the_examples_of_uadk_compress_others_decompress() {
    let test = "what_the_examples_of_uadk_compress_others_decompress";
    let plain = common::input("uadk.in", 3_000_000);
    let dir = common::directory("examples");
    let (zlib, gz, back) = (dir.join("a.zlib"), dir.join("a.gz"), dir.join("a.back"));
    let comp = uadk::build_file("examples/c/uadk_comp.c");
    let wrapper = uadk::build_file("examples/c/uadk_zlib.c");
    for (sim, who) in [(Some("hisi_zip"), "a simulated device"), (None, "software")] {
        let said = common::text(served(&comp, sim, SECONDS, &[]).arg(&plain).arg(&zlib));
        assert!(said.trim_end().ends_with(&format!("by {who}")), "{said}");
        common::run(served(&wrapper, sim, SECONDS, &[]).arg(&plain).arg(&gz));
        let mut unzip = served(&wrapper, sim, SECONDS, &[]);
        common::run(unzip.arg("-d").arg(&gz).arg(&back));
        assert!(fs::read(&plain).expect("read") == fs::read(&back).expect("read"));
        common::others_read(test, &dir);
    }
}

#[test]
fn the_examples_of_uadk_are_short() {
    for entry in fs::read_dir(common::source("examples/c")).expect("examples") {
        let path = entry.expect("readable").path();
        let lines = common::read(&path).lines().count();
        assert!(lines < 100, "{}: {lines} lines", path.display());
    }
}
