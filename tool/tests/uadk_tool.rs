//! The tool under UADK's name: options and lines that scripts know.

mod common;

use common::{DEVICE, directory, run, said, status, told, uadk_tool, wd};
use std::process::Command;

fn benchmark(devices: &str, line: &str) -> Command {
    let mut command = uadk_tool(devices);
    command.arg("benchmark").args(line.split_whitespace());
    command
}

#[test]
fn a_benchmark_prints_parameters_and_the_table() {
    let dir = directory("uadk_benchmark");
    let line = "--alg zlib --mode sva --opt 0 --sync --pktlen 8192 --seconds 1 --multi 1 \
                --thread 2 --ctxnum 2";
    let output = run(benchmark(DEVICE, line).current_dir(&dir));
    let text = told(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "start UADK benchmark test.");
    assert_eq!(lines[1], "    [--algname]: zlib");
    assert!(lines.contains(&"    [--pktlen]:  8192") && lines.contains(&"    [--acctype]: 2"));
    let head = "algname:\tlength:\t\tperf:\t\tiops:\t\tCPU_rate:";
    let at = lines.iter().position(|line| *line == head).expect(&text);
    let row: Vec<&str> = lines[at + 1].split_whitespace().collect();
    assert_eq!(&row[..2], ["zlib", "8192Bytes"]);
    let perf: f64 = row[2]
        .strip_suffix("KiB/s")
        .expect("a unit")
        .parse()
        .expect("a number");
    assert!(perf > 0.0);
    assert!(row[3].ends_with("Kops") && row[4].ends_with('%'), "{row:?}");
    assert!(lines[at + 2].starts_with("compress data rate: "));
    assert!(said(&output).contains("path: hisi_zip-0 (simulated device)"));
    assert!(dir.join("zip_8192.zlib").exists());

    let line = "--alg zlib --opt 1 --async --pktlen 8192 --seconds 1 --thread 1";
    let output = run(benchmark(DEVICE, line).current_dir(&dir));
    assert!(told(&output).contains(head) && said(&output).contains("simulated device"));
}

#[test]
fn software_and_streams_and_processes() {
    let dir = directory("uadk_soft");
    let line = "--alg gzip --mode soft --opt 2 --pktlen 4096 --seconds 1 --thread 1 --multi 2";
    let output = run(benchmark("", line).current_dir(&dir));
    assert_eq!(told(&output).matches("algname:\t").count(), 2);
    assert!(told(&output).contains("2 children uadk_benchmark spawned"));
    assert!(said(&output).contains("path: software"));
}

#[test]
fn what_is_not_there_is_said() {
    for line in [
        "--alg aes-128-cbc",
        "--alg rsa-2048",
        "--alg zlib --mode nosva",
        "--alg zlib --sgl",
        "--alg zlib --mode sva-soft",
        "--alg zlib --mode sva --seconds 1",
        "--alg zlib --opt 2 --async",
    ] {
        let output = benchmark("", line).output().expect("starts");
        assert_eq!(output.status.code(), Some(1), "{line}");
        assert!(
            !said(&output).is_empty() && !told(&output).contains("algname:\t"),
            "{line}"
        );
    }
    for line in [
        "--alg foo",
        "--alg zlib --thread 65",
        "--alg zlib --what",
        "--alg zlib --opt x",
    ] {
        assert_eq!(status(&mut benchmark(DEVICE, line)), 234, "{line}");
    }
    for words in [["test", "--m", "sec"], ["test", "--m", "hpre"]] {
        assert_eq!(status(uadk_tool(DEVICE).args(words)), 1);
    }
}

#[test]
fn devices_without_sva_are_those_of_the_mode_nosva() {
    let dir = directory("uadk_nosva");
    let line = "--alg gzip --mode nosva --opt 0 --pktlen 4096 --seconds 1 --thread 1 --memory 2";
    let output = run(benchmark("hisi_zip;hisi_zip,sva=0", line).current_dir(&dir));
    assert!(said(&output).contains("path: hisi_zip-1 (simulated device)"));
    let output = benchmark("hisi_zip", line).output().expect("starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("no device without"),
        "{}",
        said(&output)
    );
}

/// The lines of UADK's README and of its sanity test, as far as they are about compression; with
/// less time.
#[test]
fn lines_that_scripts_have_do_what_they_do_there() {
    let dir = directory("uadk_lines");
    let line = "--alg zlib --mode sva --opt 0 --sync --pktlen 4096 --seconds 1 --thread 1 --multi 1 \
                --ctxnum 1 --prefetch";
    let output = run(benchmark("hisi_zip", line).current_dir(&dir));
    assert!(told(&output).contains("algname:\t"), "{}", told(&output));
    let input = common::data(300_000);
    std::fs::write(dir.join("origin"), &input).expect("writable");
    for (alg, suffix) in [("2", "gz"), ("1", "zlib")] {
        for stream in [&[][..], &["--stream"]] {
            for words in [
                &["--alg", alg, "--in", "origin", "--out", suffix][..],
                &["--alg", alg, "--inf", "--in", suffix, "--out", "back"],
            ] {
                let mut command = uadk_tool("hisi_zip");
                command.current_dir(&dir).args(["test", "--m", "zip"]);
                run(command.args(stream).args(words));
            }
            let back = std::fs::read(dir.join("back")).expect("written");
            assert!(back == input, "{alg} {stream:?}");
        }
    }
    let line = "--m zip --stream --blksize 8192 --size 81920 --loop 10 --self";
    let mut command = uadk_tool("hisi_zip");
    let output = run(command.arg("test").args(line.split(' ')));
    assert!(told(&output).contains("Run self test successfully!"));
}

#[test]
fn the_algorithms_are_those_that_run() {
    let text = told(&run(&mut benchmark("", "--alglist")));
    assert!(text.contains("UADK benchmark supported ALG:\nzlib\n") && text.contains("lz77_only\n"));
}

#[test]
fn tests_of_compression_run() {
    let cases = [
        ("", "HW SYNC BLOCK deflate with 1 send threads at "),
        (
            "--thread 2 --loop 2 --verify",
            "Mix HW SYNC BLOCK deflate and SW inflate with 2 send",
        ),
        (
            "--inf --mode 1",
            "HW ASYNC BLOCK inflate with 1 send + 1 poll threads at ",
        ),
        (
            "--alg 1 --stream --size 100000",
            "HW SYNC STREAM deflate with 1 send threads at ",
        ),
        ("--self", "Run self test successfully!"),
    ];
    for (line, expected) in cases {
        let mut command = uadk_tool(DEVICE);
        command.args(["test", "--m", "zip", "--blksize", "20000"]);
        let output = run(command.args(line.split_whitespace()));
        assert!(told(&output).starts_with("start UADK acc algorithm test.\n"));
        assert!(
            told(&output).contains(expected),
            "{line}: {}",
            told(&output)
        );
        if line != "--self" {
            assert!(said(&output).contains("path: hisi_zip-0 (simulated device)"));
        }
    }
    let failing = "hisi_zip,fault=status:6@2";
    assert_eq!(status(uadk_tool(failing).args(["test", "--m", "zip"])), 1);
    assert_eq!(
        status(uadk_tool(failing).args(["test", "--m", "zip", "--self"])),
        1
    );
}

#[test]
fn a_file_becomes_a_stream_of_its_own() {
    let dir = directory("uadk_file");
    let (input, output) = (dir.join("in"), dir.join("out.gz"));
    std::fs::write(&input, common::data(2_000_000)).expect("writable");
    let mut command = uadk_tool("hisi_zip");
    command
        .args(["test", "--m", "zip", "--in"])
        .arg(&input)
        .arg("--out")
        .arg(&output);
    let said = said(&run(&mut command));
    assert!(said.contains("simulated device"), "{said}");
    let back = run(wd("").args(["decompress", "-c"]).arg(&output));
    assert!(back.stdout == common::data(2_000_000));
}

#[test]
fn facts_are_shown() {
    let version = told(&run(uadk_tool("").args(["dfx", "--version"])));
    assert!(version.starts_with("UADK version: "), "{version}");
    let mut command = uadk_tool("");
    command
        .args(["dfx", "--env", "zip"])
        .env("WD_COMP_CTX_NUM", "sync-comp:4@0");
    let text = told(&run(command.env_remove("WD_COMP_EPOLL_EN")));
    assert_eq!(
        text,
        "WD_COMP_CTX_NUM=sync-comp:4@0\nnot found the WD_COMP_EPOLL_EN env config!\n"
    );
    assert!(told(&run(uadk_tool("").args(["dfx", "--dir"]))).starts_with("exe path: /"));
    assert!(told(&run(&mut uadk_tool(""))).starts_with("NAME\nuadk_tool dfx"));
    assert_eq!(status(uadk_tool("").args(["dfx", "--count"])), 1);
    let mut usage = uadk_tool("");
    assert_eq!(
        status(usage.args(["dfx", "--usage", "--device", "x", "--alg_name", "zlib"])),
        1
    );
}
