//! Running the tool.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A device that has everything.
pub const DEVICE: &str = "hisi_zip,api=5";
/// What the tool says of it.
pub const ON_DEVICE: &str = "path: hisi_zip-0 (simulated device)";
/// What it says of software.
pub const ON_SOFTWARE: &str = "path: software";

/// The tool, with these simulated devices; the empty text is none.
pub fn wd(devices: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wd"));
    command.env("WD_SIM", devices).env_remove("WD_LOG_LEVEL");
    // No real device of the machine may be met.
    command.env("WD_SYSFS_ROOT", "/nonexistent");
    command
}

/// The tool under its other name.
pub fn uadk_tool(devices: &str) -> Command {
    let mut command = wd(devices);
    command.arg0("uadk_tool");
    command
}

/// An empty directory.
pub fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("writable");
    path
}

/// Runs a command with this input.
pub fn pipe(command: &mut Command, input: &[u8]) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = piped.stderr(Stdio::piped()).spawn().expect("starts");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    // A program that refuses its input closes it.
    let writer = std::thread::spawn(move || stdin.write_all(&input).is_ok());
    let output = child.wait_with_output().expect("ends");
    writer.join().expect("no panic");
    output
}

/// Runs a command that is to succeed.
pub fn run(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output().expect("starts");
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    output
}

/// The exit status.
pub fn status(command: &mut Command) -> i32 {
    let output = command.stdin(Stdio::null()).output().expect("starts");
    output.status.code().expect("no signal")
}

/// The standard error.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The standard output.
pub fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The standard output as JSON.
pub fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Whether there is such a program.
pub fn has(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    found.is_ok()
}

/// Data that compresses, some megabytes if asked: more than the tool hands over at once.
pub fn data(len: usize) -> Vec<u8> {
    let line = |i: usize| format!("line {i} of {}: {}\n", i / 7, i * 7919 % 100_003);
    (0..).flat_map(|i| line(i).into_bytes()).take(len).collect()
}
