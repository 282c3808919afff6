//! C programs that use UADK v2 as hard as they can, over devices of all kinds and over software:
//! each plainly and under valgrind.

mod common;
#[path = "common/uadk.rs"]
mod uadk;

use common::{has, prefix, skip};
use std::path::Path;
use uadk::{SECONDS, World};

/// `TASK_MIX`, `TASK_HW` and `TASK_INSTR`.
const MIX: &str = "0";
const DEVICES: &str = "1";
const SOFTWARE: &str = "2";

/// Runs a program with simulated devices, or none.
fn go(program: &Path, devices: &str, arguments: &[&str], under: &[&str], seconds: u32) {
    let libraries = prefix().join("lib");
    let mut command = uadk::command(program, World::Bare, &libraries, seconds, under);
    command.env("WD_SIM", devices).args(arguments);
    // Of a device that loses requests.
    command.env("WD_SYNC_TIMEOUT_MS", "500");
    common::run(&mut command);
}

/// Runs a program plainly, and under valgrind if that is here.
fn both(test: &str, program: &Path, devices: &str, arguments: &[&str]) {
    go(program, devices, arguments, &[], SECONDS);
    if !has("valgrind") {
        return skip(test, "no valgrind");
    }
    let valgrind = ["valgrind", "-q", "--fair-sched=yes", "--error-exitcode=9"];
    go(program, devices, arguments, &valgrind, SECONDS * 10);
}

#[test]
fn sessions_without_sva_serve_in_all_ways_and_give_everything_back() {
    let test = "sessions_without_sva_serve_in_all_ways_and_give_everything_back";
    let program = uadk::build("uadk_nosva");
    for device in [
        "hisi_zip,sva=0",
        "hisi_zip,sva=0,api=3,engines=2,orders=out",
    ] {
        both(test, &program, device, &[]);
    }
}

#[test]
fn streams_cut_anywhere_and_room_of_any_size_end_within_their_buffers() {
    let test = "streams_cut_anywhere_and_room_of_any_size_end_within_their_buffers";
    let program = uadk::build("uadk_attack");
    both(test, &program, "hisi_zip,api=3", &["data", DEVICES]);
    both(test, &program, "", &["data", SOFTWARE]);
    go(&program, "hisi_zip", &["data", MIX], &[], SECONDS);
}

#[test]
fn lengths_up_to_the_greatest_there_is_are_done_or_refused() {
    let program = uadk::build("uadk_attack");
    go(&program, "hisi_zip", &["huge", DEVICES], &[], SECONDS);
    go(&program, "", &["huge", SOFTWARE], &[], SECONDS);
}

#[test]
fn the_library_ends_and_begins_while_threads_use_it() {
    let program = uadk::build("uadk_attack");
    go(&program, "hisi_zip", &["restless", DEVICES], &[], SECONDS);
    go(&program, "", &["restless", SOFTWARE], &[], SECONDS);
}

#[test]
fn children_at_any_moment_also_from_callbacks_begin_anew() {
    let program = uadk::build("uadk_attack");
    go(&program, "hisi_zip", &["forks", DEVICES], &[], SECONDS);
    go(&program, "", &["forks", SOFTWARE], &[], SECONDS);
}

#[test]
fn formats_that_devices_lack_are_done_in_software_or_refused() {
    let test = "formats_that_devices_lack_are_done_in_software_or_refused";
    let program = uadk::build("uadk_attack");
    both(test, &program, "hisi_zip", &["formats", MIX]);
    go(&program, "hisi_zip", &["formats", DEVICES], &[], SECONDS);
}

#[test]
fn what_devices_fail_comes_back_once_and_leaves_the_programs_memory_alone() {
    let program = uadk::build("uadk_attack");
    for fault in [
        "reset@1",
        "reset@30",
        "remove@1",
        "remove@30",
        "status:0x0e@every:5",
        "duplicate@every:3",
        "sq_head:5000@30",
        "sq_num:3@11",
        "produced:100@every:4",
        "delay:5@every:9",
        "reorder:5@every:10",
        "open:EBUSY@3",
    ] {
        for task in [MIX, DEVICES] {
            let device = format!("hisi_zip,api=3,fault={fault}");
            go(&program, &device, &["faults", task], &[], SECONDS);
        }
    }
}
