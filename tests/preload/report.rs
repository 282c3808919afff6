//! What the simulation reports: at the end of a process, and at a signal.

use super::{SECONDS, preloaded, raw, stderr};
use crate::common::{self, TMP, prefix, run};
use crate::uadk;
use std::fs::{self, File};
use std::path::Path;

#[test]
fn what_a_program_compresses_by_itself_is_a_zlib_stream_and_the_report_says_where() {
    use std::io::Read;
    let plain = common::input("preload.in", 3_000_000);
    let report = Path::new(TMP).join("preload.report");
    let _ = fs::remove_file(&report);
    let output = run(preloaded()
        .env("WD_SIM_REPORT", &report)
        .arg(raw())
        .arg("compress")
        .stdin(File::open(&plain).expect("written")));
    let mut again = Vec::new();
    flate2::read::ZlibDecoder::new(&*output.stdout)
        .read_to_end(&mut again)
        .expect("a zlib stream");
    assert!(again == fs::read(&plain).expect("written"));
    let report = common::read(&report);
    let lines: Vec<_> = report.lines().collect();
    assert_eq!(lines.len(), 2, "{report}");
    assert!(lines[0].starts_with("device=hisi_zip-0 pid="), "{report}");
    let did = " queues=1 descriptors=1 completions=1 bytes_in=3000000 bytes_out=";
    assert!(lines[0].contains(did), "{report}");
    assert!(
        lines[1].contains("device=hisi_zip-1 ") && lines[1].contains(" queues=0 "),
        "{report}"
    );
}

#[test]
fn a_signal_has_the_report_told_while_the_program_runs() {
    let report = Path::new(TMP).join("preload.signal");
    let _ = fs::remove_file(&report);
    let mut command = preloaded();
    command
        .env("WD_SIM", "hisi_zip")
        .env("WD_SIM_REPORT", &report)
        .env("WD_SIM_REPORT_SIGNAL", "USR1");
    // It ends without the report of the end.
    run(command.arg(raw()).arg("signal"));
    let report = common::read(&report);
    let lines: Vec<_> = report.lines().collect();
    assert_eq!(lines.len(), 2, "before there were devices it tells nothing");
    assert!(lines[0].contains(" descriptors=1 "), "{report}");
    assert!(lines[1].contains(" descriptors=2 "), "{report}");
    for (signal, reason) in [
        (
            "KILL",
            "'KILL' is not one of USR1, USR2, HUP, QUIT, WINCH, PWR",
        ),
        ("USR1", "WD_SIM_REPORT does not say where to"),
    ] {
        let mut command = preloaded();
        command
            .env("WD_SIM_REPORT_SIGNAL", signal)
            .args(["ls", "/"]);
        let output = command.output().expect("started");
        assert_eq!(output.status.code(), Some(78), "{signal}");
        let line = format!("libwd_sim: WD_SIM_REPORT_SIGNAL: {reason}\n");
        assert_eq!(stderr(&output), line);
    }
}

/// The same without the preload: the library's own simulation.
#[test]
fn a_signal_has_the_report_of_the_librarys_own_simulation_told() {
    let program = Path::new(TMP).join("report_signal.c");
    let text = "#include <signal.h>\n#include <unistd.h>\n#include <uadk/wd.h>\n\
        int main(void) { wd_free_list_accels(wd_get_accel_list(\"zlib\")); raise(SIGUSR2); _exit(0); }\n";
    fs::write(&program, text).expect("writable");
    let program = uadk::build_file(&program.to_string_lossy());
    let mut command = common::limited(SECONDS);
    command
        .env("WD_SIM", "hisi_zip,count=2")
        .env("WD_SIM_REPORT", "-")
        .env("WD_SIM_REPORT_SIGNAL", "SIGUSR2")
        .env("LD_LIBRARY_PATH", prefix().join("lib"));
    let told = common::text(command.arg(program));
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(told.starts_with("device=hisi_zip-0 pid="), "{told}");
}
