//! Programs under `libwd_sim.so`. Here: one that drives a device by itself (tests/c/preload_raw.c), and
//! what the library is. `mediated`: devices behind VFIO; `programs`: those that know nothing of devices;
//! `libraries`: those of a libwd; `report`: what the simulation reports.

#[path = "../common/mod.rs"]
mod common;
mod libraries;
mod mediated;
mod programs;
mod report;
#[path = "../common/uadk.rs"]
mod uadk;

use common::{TMP, library, names_of, run, source, text};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

const SECONDS: u32 = 60;

/// A command that sees two simulated devices.
fn preloaded() -> Command {
    let mut command = common::limited(SECONDS);
    command
        .arg("env")
        .arg(format!("LD_PRELOAD={}", library("libwd_sim.so").display()))
        .env("WD_SIM", "hisi_zip;hisi_zip,node=1");
    command
}

/// A program of tests/c that links nothing of ours.
fn unlinked(name: &str) -> PathBuf {
    let out = Path::new(TMP).join(name);
    let mut cc = Command::new("cc");
    cc.args(["-O2", "-g", "-Wall", "-Wextra", "-Werror", "-pthread", "-o"]);
    run(cc.arg(&out).arg(source(&format!("tests/c/{name}.c"))));
    out
}

/// The program that drives a device of the kernel's interface by itself.
fn raw() -> &'static Path {
    static RAW: OnceLock<PathBuf> = OnceLock::new();
    RAW.get_or_init(|| unlinked("preload_raw"))
}

fn part(name: &str) {
    run(preloaded().arg(raw()).arg(name));
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn attributes_are_where_the_kernel_has_them_and_paths_say_so() {
    part("paths");
}

#[test]
fn what_the_kernel_refuses_is_refused() {
    part("refused");
}

#[test]
fn a_queue_lives_as_long_as_a_descriptor_or_a_mapping() {
    part("held");
}

#[test]
fn poll_select_and_epoll_wait_for_a_queue() {
    part("wait");
}

#[test]
fn children_have_devices_of_their_own_and_not_their_parents() {
    part("children");
}

#[test]
fn a_program_that_closes_all_descriptors_does_not_close_the_simulations() {
    part("closed");
}

#[test]
fn a_program_keeps_its_own_handler_and_blocks_what_it_likes() {
    part("handler");
}

#[test]
fn sixteen_threads_ring_at_once() {
    part("threads");
}

#[test]
fn every_kind_of_store_is_followed() {
    part("stores");
}

#[test]
fn what_is_no_store_is_told_and_ends_the_program() {
    use std::os::unix::process::ExitStatusExt;
    // Not under `timeout`, which has a status of its own for that.
    let mut program = Command::new(raw());
    let library = library("libwd_sim.so");
    let output = program
        .arg("strange")
        .env("WD_SIM", "hisi_zip")
        .env("LD_PRELOAD", library)
        .output()
        .expect("started");
    assert_eq!(output.status.signal(), Some(11));
    let said = stderr(&output);
    assert!(
        said.starts_with("libwd_sim: the instruction at 0x"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_device_that_disappears_takes_its_pages_along() {
    run(preloaded()
        .env("WD_SIM", "hisi_zip,fault=remove@1")
        .arg(raw())
        .arg("removed"));
}

#[test]
fn a_device_without_sva_has_a_static_region() {
    run(preloaded()
        .env("WD_SIM", "hisi_zip,sva=0")
        .arg(raw())
        .arg("static"));
}

#[test]
fn a_wrong_configuration_is_one_line_and_no_program() {
    let program = |text: &str| {
        let mut command = preloaded();
        let command = command.env("WD_SIM", text).args(["ls", "/"]);
        command.output().expect("started")
    };
    for (text, reason) in [
        (
            "hisi_sec2",
            "no simulation of 'hisi_sec2', only of 'hisi_zip'",
        ),
        ("hisi_zip,depth=3", "depth=3 is not in 4..=32768"),
        (
            "@/nonexistent",
            "/nonexistent: No such file or directory (os error 2)",
        ),
    ] {
        let output = program(text);
        assert_eq!(output.status.code(), Some(78), "{text}");
        // `env`, which starts the program, is not preloaded; the program itself says it.
        assert_eq!(stderr(&output), format!("libwd_sim: WD_SIM: {reason}\n"));
        assert!(output.stdout.is_empty());
    }
    let file = Path::new(TMP).join("preload.devices");
    fs::write(&file, "# three\nhisi_zip,count=2\n  ,depth=64\nhisi_zip\n").expect("writable");
    let mut command = preloaded();
    command.env("WD_SIM", format!("@{}", file.display()));
    let listed = text(command.args(["ls", "/sys/class/uacce"]));
    assert_eq!(listed.lines().count(), 3);
    // Without devices there is nothing to serve.
    let mut command = preloaded();
    let output = command.env("WD_SIM", "").args(["ls", "/dev/hisi_zip-0"]);
    assert!(!output.output().expect("started").status.success());
}

#[test]
fn the_library_exports_what_its_map_lists_and_nothing_else() {
    let table = text(
        Command::new("nm")
            .args(["-D", "--defined-only"])
            .arg(library("libwd_sim.so")),
    );
    let exported: std::collections::BTreeSet<_> = table
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .map(|name| name.split('@').next().unwrap_or(name).to_owned())
        .collect();
    assert_eq!(exported, names_of("preload/libwd_sim.map"));
}
