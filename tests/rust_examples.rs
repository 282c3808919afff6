//! The Rust examples, run on a simulated device as a user would: by cargo.

#![cfg(not(miri))]

mod common;

use common::{has, run, source, text};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Long enough to compile them in, too.
const SECONDS: u32 = 600;

fn example(name: &str) -> Command {
    let mut command = common::limited(SECONDS);
    command.args([
        env!("CARGO"),
        "run",
        "--quiet",
        "--locked",
        "--example",
        name,
    ]);
    command.arg("--").current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// The numbers in what an example says of a queue, after seeing that it was a simulated one:
/// requests sent and received.
fn requests(report: &str) -> (u64, u64) {
    let (device, counts) = report.split_once(": ").expect("a report");
    assert_eq!(device, "hisi_zip-0 (simulated)");
    let number = |word: &str| word.parse().expect("a number");
    let words: Vec<&str> = counts.split_whitespace().collect();
    match words[..] {
        [sent, "sent,", received, "received" | "received,", ..] => (number(sent), number(received)),
        _ => panic!("{report}"),
    }
}

fn same(one: &Path, other: &[u8]) -> bool {
    fs::read(one).expect("readable") == other
}

#[test]
fn what_the_examples_compress_gzip_and_they_themselves_decompress() {
    for (name, bytes, pieces) in [("empty", 0, 0), ("byte", 1, 1), ("some", 5_000_000, 10)] {
        let plain = common::input(&format!("rust.{name}"), bytes);
        let (packed, again) = (plain.with_extension("gz"), plain.with_extension("again"));
        let said = text(example("gzip_file").arg(&plain).arg(&packed));
        assert_eq!(requests(&said), (pieces, pieces));
        let said = text(example("gunzip_file").arg(&packed).arg(&again));
        let members = pieces.max(1);
        assert_eq!(requests(&said), (members, members));
        assert!(same(&plain, &fs::read(&again).expect("readable")), "{name}");
        if has("gzip") {
            let output = run(Command::new("gzip").arg("-dc").arg(&packed));
            assert!(same(&plain, &output.stdout), "{name}: gzip -d");
        }
    }
}

#[test]
fn what_gzip_compresses_the_example_decompresses() {
    if !has("gzip") {
        return common::skip("what_gzip_compresses_the_example_decompresses", "no gzip");
    }
    let plain = common::input("rust.gzip", 3_000_000);
    let (packed, again) = (plain.with_extension("gz"), plain.with_extension("again"));
    // With the file's name in the header.
    let _ = fs::remove_file(&packed);
    run(Command::new("gzip").args(["--keep", "--name"]).arg(&plain));
    fs::rename(plain.with_extension("gzip.gz"), &packed).expect("gzip made it");
    let said = text(example("gunzip_file").arg(&packed).arg(&again));
    assert_eq!(requests(&said), (1, 1));
    assert!(same(&plain, &fs::read(&again).expect("readable")));
}

#[test]
fn without_a_device_the_result_is_as_good() {
    let plain = common::input("rust.alone", 2_000_000);
    let (packed, again) = (plain.with_extension("gz"), plain.with_extension("again"));
    run(example("gzip_alone").arg(&plain).arg(&packed));
    // One member, which is short enough for one request.
    let said = text(example("gunzip_file").arg(&packed).arg(&again));
    assert_eq!(requests(&said), (1, 1));
    assert!(same(&plain, &fs::read(&again).expect("readable")));
}

#[test]
fn a_file_that_is_no_gzip_file_is_refused() {
    let plain = common::input("rust.plain", 1000);
    let mut command = example("gunzip_file");
    let output = command.arg(&plain).arg(plain.with_extension("again"));
    let output = output.output().expect("started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains("not a gzip header"), "{said}");
}

#[test]
fn threads_and_a_full_pipe_lose_nothing() {
    let said = text(example("many_queues").args(["8", "5"]));
    let (reports, last) = said.trim_end().rsplit_once('\n').expect("lines");
    assert_eq!(last, "8 threads, 5 rounds each: all texts came back");
    assert_eq!(reports.lines().count(), 16);
    assert!(reports.lines().all(|r| requests(r) == (5, 5)), "{said}");

    let said = text(example("async_pipe").arg("20000"));
    let (report, last) = said.split_once('\n').expect("lines");
    assert_eq!(requests(report), (20_000, 20_000));
    assert!(
        last.starts_with("20000 requests, at most 1023 at a time"),
        "{said}"
    );
    assert!(!last.contains("full 0 times"), "{said}");
}

#[test]
fn every_example_is_short() {
    for entry in fs::read_dir(source("examples")).expect("examples") {
        let path = entry.expect("readable").path();
        if path.extension().is_some_and(|e| e == "rs") {
            let lines = common::read(&path).lines().count();
            assert!(lines < 100, "{}: {lines} lines", path.display());
        }
    }
}
