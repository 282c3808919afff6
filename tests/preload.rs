//! Programs under `libwd_sim.so`: one that drives a device by itself, those of tests/c with our own
//! library and the kernel's interface below it, and, where PEER names the directory of another
//! build of libwd 2, one with that.

mod common;
#[path = "common/uadk.rs"]
mod uadk;

use common::{TMP, compile, has, library, names_of, peer, prefix, run, skip, source, text};
use std::fs::{self, File};
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

/// The program that links nothing of ours.
fn raw() -> &'static Path {
    static RAW: OnceLock<PathBuf> = OnceLock::new();
    RAW.get_or_init(|| {
        let out = Path::new(TMP).join("preload_raw");
        let mut cc = Command::new("cc");
        cc.args(["-O2", "-g", "-Wall", "-Wextra", "-Werror", "-pthread", "-o"]);
        run(cc.arg(&out).arg(source("tests/c/preload_raw.c")));
        out
    })
}

fn part(name: &str) {
    run(preloaded().arg(raw()).arg(name));
}

/// A command that sees these simulated devices.
fn with(devices: &str) -> Command {
    let mut command = preloaded();
    command.env("WD_SIM", devices);
    command
}

/// The program that links nothing of ours, for a mediated device behind VFIO.
fn raw_vfio() -> &'static Path {
    static RAW: OnceLock<PathBuf> = OnceLock::new();
    RAW.get_or_init(|| {
        let out = Path::new(TMP).join("vfio_raw");
        let mut cc = Command::new("cc");
        cc.args(["-O2", "-g", "-Wall", "-Wextra", "-Werror", "-o"]);
        run(cc.arg(&out).arg(source("tests/c/vfio_raw.c")));
        out
    })
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
fn programs_that_know_nothing_of_devices_see_them() {
    let listed = text(preloaded().args(["ls", "/sys/class/uacce"]));
    assert_eq!(listed, "hisi_zip-0\nhisi_zip-1\n");
    let algorithms = text(preloaded().args(["cat", "/sys/class/uacce/hisi_zip-1/algorithms"]));
    assert_eq!(algorithms, "zlib\ngzip\n");
    // In a child of a shell that became another program.
    let script = "cd / && test -c /dev/hisi_zip-0 && exec cat /sys/class/uacce/hisi_zip-0/api";
    assert_eq!(text(preloaded().args(["sh", "-c", script])), "hisi_qm_v2\n");
    let real = text(preloaded().args(["readlink", "-f", "/sys/class/uacce/hisi_zip-0/device"]));
    assert_eq!(real, "/sys/devices/pciffff:00/ffff:00:00.0\n");
    if has("python3") {
        let script = "import os; print(sorted(os.listdir('/sys/class/uacce')), \
                      os.path.realpath('/sys/class/uacce/hisi_zip-0'))";
        let said = text(preloaded().args(["python3", "-c", script]));
        let path = "/sys/devices/pciffff:00/ffff:00:00.0/uacce/hisi_zip-0";
        assert_eq!(said, format!("['hisi_zip-0', 'hisi_zip-1'] {path}\n"));
    }
}

#[test]
fn a_program_in_cpp_sees_them_by_its_streams_and_directories() {
    if !has("g++") {
        return skip(
            "a_program_in_cpp_sees_them_by_its_streams_and_directories",
            "no g++",
        );
    }
    let program = Path::new(TMP).join("preload_cpp.cc");
    let text = r#"
        #include <filesystem>
        #include <fstream>
        #include <iostream>
        #include <set>
        #include <string>
        int main()
        {
            namespace fs = std::filesystem;
            std::set<std::string> names;
            for (const auto &entry : fs::directory_iterator("/sys/class/uacce"))
                names.insert(entry.path().filename());
            for (const auto &name : names) {
                std::ifstream file("/sys/class/uacce/" + name + "/api");
                std::string api;
                std::getline(file, api);
                std::cout << name << ' ' << api << ' ' << fs::is_character_file("/dev/" + name) << ' '
                          << fs::canonical("/sys/class/uacce/" + name).filename().string() << '\n';
            }
        }
    "#;
    fs::write(&program, text).expect("writable");
    let out = program.with_extension("");
    run(Command::new("g++")
        .args(["-std=c++17", "-o"])
        .arg(&out)
        .arg(&program));
    let line = |name: &str| format!("{name} hisi_qm_v2 1 {name}\n");
    let expected = line("hisi_zip-0") + &line("hisi_zip-1");
    assert_eq!(common::text(preloaded().arg(out)), expected);
}

#[test]
fn nothing_is_left_behind() {
    let dir = Path::new(TMP).join("preload.tmp");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir(&dir).expect("writable");
    let left = || fs::read_dir(&dir).expect("readable").count();
    run(preloaded()
        .env("TMPDIR", &dir)
        .args(["ls", "/sys/class/uacce"]));
    run(preloaded().env("TMPDIR", &dir).arg(raw()).arg("children"));
    assert_eq!(left(), 0);
    // What a killed process left is removed by a later one, unless it is young.
    let (old, young) = (dir.join("wd-sim.old"), dir.join("wd-sim.young"));
    fs::create_dir(&old).expect("writable");
    fs::create_dir(&young).expect("writable");
    run(Command::new("touch").args(["-d", "2 hours ago"]).arg(&old));
    run(preloaded()
        .env("TMPDIR", &dir)
        .args(["ls", "/sys/class/uacce"]));
    assert!(!old.exists() && young.exists());
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
fn mediated_devices_are_where_the_first_kernels_had_them() {
    run(with("hisi_zip,transport=vfio").arg(raw_vfio()).arg("paths"));
    let list = ["ls", "/sys/class/uacce", "/dev/vfio", "/sys/class/sdmdev"];
    let listed = text(with("hisi_zip;hisi_zip,transport=vfio,count=2").args(list));
    let expected = "/dev/vfio:\n10\n11\nvfio\n\n\
                    /sys/class/sdmdev:\n0000:75:00.0\n0000:76:00.0\n\n\
                    /sys/class/uacce:\nhisi_zip-0\n";
    assert_eq!(listed, expected);
    let real = text(with("hisi_zip,transport=vfio").args([
        "readlink",
        "-f",
        "/sys/class/sdmdev/0000:75:00.0/device",
    ]));
    assert_eq!(real, "/sys/devices/pciffff:v10/0000:75:00.0\n");
    // Without such devices the machine's own VFIO is to be seen.
    let asked = ["test", "-e", "/dev/vfio/10"];
    let mut command = with("hisi_zip");
    let there = command.args(asked).status().expect("started").success();
    assert_eq!(there, Path::new("/dev/vfio/10").exists());
}

#[test]
fn what_vfio_refuses_is_refused() {
    run(with("hisi_zip,transport=vfio")
        .arg(raw_vfio())
        .arg("refused"));
}

#[test]
fn a_mediated_device_reaches_what_is_mapped_and_when() {
    let output = run(with("hisi_zip,transport=vfio")
        .env("WD_SIM_REPORT", "stderr")
        .arg(raw_vfio())
        .arg("mapped"));
    let report = stderr(&output);
    assert!(report.contains(" bus_faults=4\n"), "{report}");
}

#[test]
fn a_driver_that_can_wait_and_a_kernel_that_binds_are_there_when_asked_for() {
    run(with("hisi_zip,transport=vfio,wait=1")
        .arg(raw_vfio())
        .arg("waits"));
    for dma in ["4", "8"] {
        run(with(&format!("hisi_zip,transport=vfio,dma={dma}"))
            .arg(raw_vfio())
            .arg("bound"));
    }
}

#[test]
fn the_seeds_way_over_vfio_makes_zlib_streams() {
    use std::io::Read;
    let plain = common::input("preload.vfio.in", 1_000_000);
    let sequence = compile("tests/c/seed_sequence.c", false);
    for (program, argument) in [(raw_vfio(), "compress"), (&*sequence, "vfio")] {
        let output = run(with("hisi_zip,transport=vfio")
            .arg(program)
            .arg(argument)
            .stdin(File::open(&plain).expect("written")));
        let mut again = Vec::new();
        flate2::read::ZlibDecoder::new(&*output.stdout)
            .read_to_end(&mut again)
            .expect("a zlib stream");
        assert!(again == fs::read(&plain).expect("written"), "{argument}");
    }
}

#[test]
fn a_mediated_device_that_disappears_is_an_error_for_its_program() {
    let plain = common::input("preload.gone.in", 1000);
    let output = with("hisi_zip,transport=vfio,fault=remove@1")
        .arg(compile("tests/c/seed_sequence.c", false))
        .arg("vfio")
        .stdin(File::open(&plain).expect("written"))
        .output()
        .expect("started");
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("wd_recv: No such device"), "{said}");
}

#[test]
fn our_own_library_drives_mediated_devices_as_the_kernels() {
    let output = run(with("hisi_zip,transport=vfio,count=2")
        .env("WD_SIM_REPORT", "-")
        .arg(compile("tests/c/vfio_share.c", false))
        .arg("2"));
    let report = String::from_utf8_lossy(&output.stdout);
    let faults = report
        .lines()
        .filter_map(|l| l.split(" bus_faults=").nth(1));
    assert_eq!(faults.collect::<Vec<_>>(), ["6", "2"], "{report}");
}

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

#[test]
fn a_program_under_valgrind_is_served_too() {
    if !has("valgrind") {
        return skip("a_program_under_valgrind_is_served_too", "no valgrind");
    }
    for part in ["refused", "wait", "stores"] {
        run(preloaded()
            .args(["valgrind", "-q", "--error-exitcode=9"])
            .arg("--vex-iropt-register-updates=allregs-at-mem-access")
            .arg(raw())
            .arg(part));
    }
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
