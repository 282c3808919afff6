//! C programs, compiled as a user would against an installed prefix, and run on a simulated device.
//! Each `tests/c/test_*.c` is a test: exit 0 is good, 77 is skipped, anything else is not. They run
//! once plainly, and once under valgrind where there is one.

mod common;

use common::{TMP, compile, has, pkg_config, prefix, run, skip, source, text};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A program has this many seconds, and ten times as many under valgrind: enough for a machine that
/// does other things as well, and an end to one that hangs.
const SECONDS: u32 = 60;

/// What a program under valgrind exits with if valgrind found something.
const FOUND: i32 = 9;

/// The programs of tests/c that are tests, by name.
fn programs() -> Vec<String> {
    let dir = fs::read_dir(source("tests/c")).expect("tests/c");
    let names = dir.map(|entry| entry.expect("readable").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    let mut names: Vec<_> = names
        .filter(|n| n.starts_with("test_") && n.ends_with(".c"))
        .collect();
    names.sort();
    assert!(!names.is_empty());
    names
}

fn plainly() -> Command {
    common::limited(SECONDS)
}

/// Memory that is still reachable at the end is no leak: the library keeps tables for the life of
/// the process. "Possibly lost" is what valgrind calls the stacks of threads that still run. And a
/// fork child has lost its parent's threads with all they held, which it calls lost for certain: a
/// program that forks is not held to it.
fn under_valgrind(program: &str) -> Command {
    let mut command = common::limited(SECONDS * 10);
    command.args(["valgrind", "-q", "--fair-sched=yes"]);
    if !program.contains("fork()") {
        command.args(["--leak-check=full", "--show-leak-kinds=definite,indirect"]);
        command.arg("--errors-for-leak-kinds=definite,indirect");
    }
    command.arg(format!("--error-exitcode={FOUND}"));
    // Programs leave out what takes minutes there.
    command.env("VALGRIND", "1");
    command
}

/// What a run says against the program, or nothing.
fn verdict(test: &str, name: &str, output: &Output) -> Option<String> {
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => None,
        Some(77) => {
            skip(test, &format!("{name}: {}", said.trim()));
            None
        }
        _ => Some(format!("{name}: {}\n{said}", output.status)),
    }
}

fn run_all(test: &str, command: impl Fn(&str) -> Command) {
    let verdicts = programs().into_iter().filter_map(|name| {
        let file = format!("tests/c/{name}");
        let mut command = command(&common::read(&source(&file)));
        let output = command.arg(compile(&file, false)).output();
        verdict(test, &name, &output.expect("started"))
    });
    let bad: Vec<_> = verdicts.collect();
    assert!(bad.is_empty(), "\n{}", bad.join("\n"));
}

#[test]
fn every_program_succeeds() {
    run_all("every_program_succeeds", |_| plainly());
}

#[test]
fn every_program_is_clean_under_valgrind() {
    let test = "every_program_is_clean_under_valgrind";
    if !has("valgrind") {
        return skip(test, "no valgrind");
    }
    run_all(test, under_valgrind);
}

#[test]
fn a_program_hears_nothing_from_the_library_unless_it_asks() {
    let program = compile("tests/c/test_life.c", false);
    let said = |level: &str| run(plainly().env("WD_LOG_LEVEL", level).arg(&program)).stderr;
    assert_eq!(String::from_utf8_lossy(&said("")), "");
    let text = said("info");
    assert!(String::from_utf8_lossy(&text).contains("warpdrive: "));
}

#[test]
fn a_standard_error_that_cannot_be_written_does_no_harm() {
    let full = File::options().write(true).open("/dev/full");
    let mut command = plainly();
    command
        .env("WD_LOG_LEVEL", "info")
        .stderr(full.expect("there"));
    let status = command.arg(compile("tests/c/test_life.c", false)).status();
    assert!(status.expect("started").success());
}

#[test]
fn a_program_that_fails_hangs_or_leaks_is_noticed() {
    let run = |command: &mut Command| command.output().expect("started");
    let shell = |script| run(plainly().args(["sh", "-c", script]));
    assert!(verdict("self-test", "good", &shell("exit 0")).is_none());
    assert!(verdict("self-test", "bad", &shell("exit 1")).is_some());
    assert!(verdict("self-test", "killed", &shell("kill -SEGV $$")).is_some());
    let hangs = run(common::limited(1).args(["sleep", "600"]));
    assert!(verdict("self-test", "hangs", &hangs).is_some());
    if has("valgrind") {
        let leak = Path::new(TMP).join("leak.c");
        let text = "#include <stdlib.h>\nvoid *volatile p;\n\
                    int main(void) { p = malloc(7); p = 0; return 0; }\n";
        fs::write(&leak, text).expect("writable");
        let out = leak.with_extension("");
        common::run(Command::new("cc").arg("-o").arg(&out).arg(&leak));
        assert_eq!(run(under_valgrind("").arg(out)).status.code(), Some(FOUND));
    }
}

#[test]
fn a_program_can_be_linked_statically() {
    let program = compile("tests/c/test_smoke.c", true);
    let headers = text(Command::new("readelf").args(["-lW"]).arg(&program));
    assert!(!headers.contains("INTERP"), "it is not static");
    run(plainly().arg(program));
}

#[test]
fn a_program_needs_the_seeds_library_and_no_other_of_ours() {
    let program = compile("tests/c/test_smoke.c", false);
    let table = text(Command::new("readelf").args(["-dW"]).arg(&program));
    let needed = table
        .lines()
        .filter(|l| l.contains("NEEDED") && l.contains("libw"));
    let needed: Vec<_> = needed.filter_map(|l| l.split(['[', ']']).nth(1)).collect();
    assert_eq!(needed, ["libwd.so.0"]);
}

#[test]
fn pkg_config_tells_where_things_are() {
    let flags = pkg_config(&["--cflags", "--libs"]);
    let lib = format!("-L{}", prefix().join("lib").display());
    assert!(flags.contains(&lib), "{flags:?}");
    assert!(flags.contains(&"-lwarpdrive".to_owned()), "{flags:?}");
    let version = pkg_config(&["--modversion"]);
    assert_eq!(version, [env!("CARGO_PKG_VERSION")]);
}

#[test]
fn uninstall_leaves_nothing_behind() {
    let elsewhere = Path::new(TMP).join("uninstall");
    let _ = fs::remove_dir_all(&elsewhere);
    let staged = |target: &str| {
        let mut make = common::make();
        make.arg(target).arg("PREFIX=/opt/wd");
        run(make.arg(format!("DESTDIR={}", elsewhere.display())));
        let mut find = Command::new("find");
        text(find.arg(&elsewhere).args(["!", "-type", "d"]))
    };
    assert!(staged("install-lib").contains("/opt/wd/lib/libwd.so.2.10.0"));
    assert_eq!(staged("uninstall"), "");
}

/// Every example compiles as it would outside of the repository.
fn example(name: &str) -> PathBuf {
    compile(&format!("examples/{name}.c"), false)
}

#[test]
fn every_example_compiles() {
    for entry in fs::read_dir(source("examples")).expect("examples") {
        let path = entry.expect("readable").path();
        if path.extension().is_some_and(|e| e == "c") {
            let name = path.file_stem().expect("a name").to_string_lossy();
            example(&name);
            let lines = common::read(&path).lines().count();
            assert!(lines < 100, "{name}: {lines} lines");
        }
    }
}

#[test]
fn the_program_in_the_readme_compiles() {
    let readme = common::read(&source("README.md"));
    let (_, code) = readme.split_once("```c\n").expect("a program");
    let (code, _) = code.split_once("```").expect("its end");
    let file = Path::new(TMP).join("readme.c");
    fs::write(
        &file,
        format!("{code}int main(void) {{ return compress(0, 0, 0, 0) > 0; }}\n"),
    )
    .expect("writable");
    // An absolute path stays what it is.
    compile(&file.to_string_lossy(), false);
}

#[test]
fn the_seeds_sequence_yields_a_zlib_stream() {
    if !has("python3") {
        return skip("the_seeds_sequence_yields_a_zlib_stream", "no python3");
    }
    let input = common::input("seed.in", 3_000_000);
    let program = compile("tests/c/seed_sequence.c", false);
    let from = || File::open(&input).expect("written");
    for (devices, arguments) in [
        ("hisi_zip", &[][..]),
        ("hisi_zip,transport=vfio", &["vfio"]),
        ("hisi_zip,transport=vfio,dma=4,wait=1", &["vfio"]),
    ] {
        let started = |mut command: Command| {
            command.env("WD_SIM", devices).arg(&program).args(arguments);
            run(command.stdin(from())).stdout
        };
        let output = started(plainly());
        if has("valgrind") {
            started(under_valgrind(""));
        }
        let packed = Path::new(TMP).join("seed.out");
        fs::write(&packed, output).expect("writable");
        let script = "import sys, zlib\n\
                      packed, plain = (open(f, 'rb').read() for f in sys.argv[1:])\n\
                      d = zlib.decompressobj()\n\
                      assert d.decompress(packed) == plain and d.eof and not d.unused_data\n";
        run(Command::new("python3")
            .args(["-c", script])
            .arg(packed)
            .arg(&input));
    }
}

#[test]
fn a_mediated_device_reaches_what_is_shared_with_it_and_nothing_else() {
    let program = compile("tests/c/vfio_share.c", false);
    let mut commands = vec![plainly()];
    if has("valgrind") {
        let text = common::read(&source("tests/c/vfio_share.c"));
        commands.push(under_valgrind(&text));
    }
    for mut command in commands {
        let output = run(command
            .env("WD_SIM", "hisi_zip,transport=vfio,count=2")
            .env("WD_SIM_REPORT", "-")
            .arg(&program)
            .arg("3"));
        let report = String::from_utf8_lossy(&output.stdout);
        let faults = report
            .lines()
            .filter_map(|l| l.split(" bus_faults=").nth(1));
        let faults: Vec<u32> = faults.map(|n| n.parse().expect("a number")).collect();
        assert_eq!(faults, [6, 2], "{report}");
    }
}

#[test]
fn what_the_examples_compress_gzip_and_they_themselves_decompress() {
    let (zip, unzip) = (example("gzip_file"), example("gunzip_file"));
    for (name, bytes) in [("empty", 0), ("byte", 1), ("some", 5_000_000)] {
        let plain = common::input(&format!("example.{name}"), bytes);
        let (packed, again) = (plain.with_extension("gz"), plain.with_extension("again"));
        let said = text(plainly().arg(&zip).arg(&plain).arg(&packed));
        assert!(said.contains("(simulated)"), "{said}");
        run(plainly().arg(&unzip).arg(&packed).arg(&again));
        assert!(
            fs::read(&plain).expect("read") == fs::read(&again).expect("read"),
            "{name}"
        );
        if has("gzip") {
            let output = run(Command::new("gzip").arg("-dc").arg(&packed));
            assert!(
                fs::read(&plain).expect("read") == output.stdout,
                "{name}: gzip"
            );
        }
    }
}

#[test]
fn threads_and_a_full_pipe_lose_nothing() {
    run(plainly().arg(example("many_queues")).args(["8", "5"]));
    let said = text(plainly().arg(example("async_pipe")).arg("20000"));
    assert!(said.starts_with("20000 requests"), "{said}");
    assert!(!said.contains("full 0 times"), "{said}");
}
