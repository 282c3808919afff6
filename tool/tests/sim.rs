//! `wd sim`: what runs, and what is refused.

mod common;

use common::{directory, has, json, run, said, told, wd};
use std::fs;
use std::path::Path;
use std::process::Command;

/// The tool with a library that is never loaded: the program does not run.
fn sim(arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = wd("");
    command.args(["sim", "--library", "/dev/null"]);
    let output = command.args(arguments).output().expect("starts");
    assert!(output.stdout.is_empty());
    (output.status.code(), said(&output))
}

/// Builds the library where the tool finds it.
fn build_library() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let (root, target) = (root.expect("the repository"), target.expect("a target"));
    let mut make = Command::new("make");
    make.current_dir(root).args(["-s", "PROFILE=debug"]);
    make.arg(target.join("debug/so/libwd_sim.so"));
    make.env_remove("MAKEFLAGS").env_remove("MAKELEVEL");
    run(make.env("CARGO_TARGET_DIR", target));
}

#[test]
fn a_program_sees_the_devices_and_the_report_tells_what_they_did() {
    build_library();
    let report = directory("sim_report").join("report");
    let mut command = wd("hisi_zip,count=2");
    let listed = told(&run(command.args(["sim", "ls", "/sys/class/uacce"])));
    assert_eq!(listed, "hisi_zip-0\nhisi_zip-1\n", "WD_SIM is obeyed");
    // What follows the program is the program's, and it may be a script.
    let mut command = wd("");
    command.args(["sim", "-d", "hisi_zip,api=3", "-s", "USR1", "-r"]);
    command.arg(&report).args(["sh", "-c"]);
    let script = "cat /sys/class/uacce/hisi_zip-0/api; kill -s USR1 $$; exit 7";
    let output = command.arg(script).output().expect("starts");
    assert_eq!(
        (output.status.code(), told(&output)),
        (Some(7), "hisi_qm_v3\n".into())
    );
    let report = fs::read_to_string(&report).expect("written");
    assert!(report.starts_with("device=hisi_zip-0 pid="), "{report}");
    // A program in Rust: this one. It takes the devices for the kernel's.
    let mut command = wd("hisi_zip,node=2");
    command.args(["sim", env!("CARGO_BIN_EXE_wd"), "test", "--json"]);
    command
        .args(["--device", "hisi_zip-0"])
        .env_remove("WD_SYSFS_ROOT");
    let tested = json(&run(&mut command));
    let path = &tested["checks"][0]["path"];
    assert_eq!((&tested["failed"], path), (&0.into(), &"device".into()));
    let mut command = wd("");
    let output = command
        .args(["sim", "--", "echo", "-d"])
        .output()
        .expect("starts");
    assert_eq!(told(&output), "-d\n");
}

#[test]
fn a_static_program_is_refused_and_told_why() {
    if !has("cc") {
        return eprintln!("skipped: no cc");
    }
    let dir = directory("sim_static");
    let (source, program) = (dir.join("program.c"), dir.join("program"));
    fs::write(
        &source,
        "#include <stdio.h>\nint main(void) { puts(\"ran\"); }\n",
    )
    .expect("writable");
    run(Command::new("cc")
        .arg("-static")
        .arg("-o")
        .arg(&program)
        .arg(&source));
    let program = program.to_string_lossy();
    let (status, said) = sim(&[&program]);
    assert_eq!(status, Some(126));
    let reason = "is statically linked: no dynamic linker loads libwd_sim.so into it, so it would see no device";
    assert_eq!(said, format!("wd: {program}: {reason}\n"));
}

#[test]
fn what_is_wrong_is_one_line_and_a_status_of_its_own() {
    let cases: [(&[&str], i32, &str); 7] = [
        (
            &["no-such-program-here"],
            127,
            "no-such-program-here: not found",
        ),
        (&["/no/such"], 127, "/no/such: not found"),
        (&["/"], 126, "/: is a directory"),
        (
            &["-d", "hisi_zip,depth=3", "ls"],
            125,
            "--devices: depth=3 is not in 4..=32768",
        ),
        (&["-d", " ", "ls"], 125, "--devices: no devices"),
        (
            &["-r", "-", "-s", "KILL", "ls"],
            125,
            "--signal: 'KILL' is not one of USR1, USR2, HUP, QUIT, WINCH, PWR",
        ),
        (&["--library", "/no/such.so", "ls"], 2, ""),
    ];
    for (arguments, status, reason) in cases {
        let (code, said) = sim(arguments);
        assert_eq!(code, Some(status), "{arguments:?}: {said}");
        assert!(
            reason.is_empty() || said == format!("wd: {reason}\n"),
            "{said}"
        );
    }
    let output = wd("nonsense")
        .args(["sim", "--library", "/dev/null", "ls"])
        .output();
    let output = output.expect("starts");
    assert_eq!(output.status.code(), Some(125));
    assert!(
        said(&output).starts_with("wd: WD_SIM: "),
        "{}",
        said(&output)
    );
}
