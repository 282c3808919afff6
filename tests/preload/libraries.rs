//! Programs of a libwd: our own, with the kernel's interface below it; another build of libwd 2, where
//! PEER names its directory; and both in one process.

use super::{preloaded, stderr};
use crate::common::{self, TMP, compile, library, peer, prefix, run, skip, source};
use crate::uadk;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Two are about a simulation within the library: its name in `wd_get_queue_info`, and its faults.
const NOT_HERE: &[&str] = &["test_life.c", "test_faults.c"];

#[test]
fn our_own_library_drives_the_devices_as_the_kernels() {
    for entry in fs::read_dir(source("tests/c")).expect("tests/c") {
        let name = entry.expect("readable").file_name();
        let name = name.to_string_lossy();
        if !name.starts_with("test_") || NOT_HERE.contains(&&*name) {
            continue;
        }
        let report = Path::new(TMP).join(format!("preload.{name}.report"));
        let _ = fs::remove_file(&report);
        let program = compile(&format!("tests/c/{name}"), false);
        run(preloaded()
            .env("WD_SIM", "hisi_zip")
            .env("WD_SIM_REPORT", &report)
            .arg(program));
        // With a second simulation, in the library, a process would tell of its device twice.
        let report = common::read(&report);
        let mut processes: Vec<_> = report.split_whitespace().collect();
        processes.retain(|word| word.starts_with("pid="));
        let lines = processes.len();
        processes.sort_unstable();
        processes.dedup();
        assert!(lines > 0 && processes.len() == lines, "{name}: {report}");
    }
    // Asked for its path, the library names the kernel's interface, which only `test_life.c` is against.
    let program = compile("tests/c/test_life.c", false);
    let mut command = preloaded();
    let output = command.env("WD_SIM", "hisi_zip").arg(program).output();
    let said = stderr(&output.expect("started"));
    assert!(!said.is_empty());
    for line in said.lines() {
        assert!(line.contains("path == WD_PATH_SIMULATED"), "{said}");
    }
}

#[test]
fn another_libwd_drives_the_devices() {
    let Some(lib) = peer() else {
        return skip("another_libwd_drives_the_devices", "PEER is not set");
    };
    let out = uadk::build("preload_peer");
    for devices in [
        "hisi_zip",
        "hisi_zip,api=3,count=2",
        "hisi_zip,api=5,depth=8",
    ] {
        let output = run(preloaded()
            .env("LD_LIBRARY_PATH", &lib)
            .env("WD_SIM", devices)
            .env("WD_SIM_REPORT", "stderr")
            .arg(&out));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let names: Vec<_> = said.split_whitespace().step_by(2).collect();
        assert_eq!(names, ["zlib", "gzip"], "{said}");
        let done = stderr(&output);
        let descriptors = done.split_whitespace().filter_map(|word| {
            let count = word.strip_prefix("descriptors=")?;
            count.parse::<u32>().ok()
        });
        assert_eq!(descriptors.sum::<u32>(), 4, "{done}");
        assert!(!done.contains("model_errors=1"), "{done}");
    }
}

/// With the static library of ours in the program, and our shared ones or PEER's beside it.
#[test]
fn two_libraries_of_one_process_use_the_devices_at_once() {
    let out = Path::new(TMP).join("preload_two");
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread", "-o"]);
    cc.arg(&out).arg(source("tests/c/preload_two.c"));
    cc.arg("-I").arg(prefix().join("include"));
    cc.arg(library("libwd.a"))
        .args(["-lpthread", "-lm", "-ldl", "-lrt"]);
    run(&mut cc);
    let report = Path::new(TMP).join("preload_two.report");
    for lib in [Some(prefix().join("lib")), peer()].into_iter().flatten() {
        let _ = fs::remove_file(&report);
        run(preloaded()
            .env("WD_SIM", "hisi_zip,engines=2")
            .env("WD_SIM_REPORT", &report)
            .arg(&out)
            .arg(&lib));
        // Four threads, 20 times there and back.
        let report = common::read(&report);
        assert!(
            report.contains(" queues=8 descriptors=160 completions=160 "),
            "{}: {report}",
            lib.display()
        );
        assert!(report.contains(" errors=0 "), "{report}");
    }
}
