//! `wd list`, `wd test`, `wd bench` and `wd trace`.

mod common;

use common::{DEVICE, directory, json, run, said, status, told, wd};
use std::fs;

#[test]
fn devices_are_listed_with_what_is_known_of_them() {
    let devices = "hisi_zip,node=1,queues=7;hisi_zip,api=3,sva=0";
    let text = told(&run(wd(devices).arg("list")));
    let line = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("{name} in {text}"))
            .to_owned()
    };
    for word in ["hisi_qm_v2", "yes", " 7 ", "simulated", "zlib gzip"] {
        assert!(line("hisi_zip-0").contains(word), "{word}: {text}");
    }
    assert!(line("hisi_zip-1").contains("deflate") && line("hisi_zip-1").contains(" no "));
    assert!(line("soft").contains("lz77_only"));

    let list = json(&run(wd(devices).args(["list", "--json"])));
    let first = &list["devices"][0];
    assert_eq!(first["name"], "hisi_zip-0");
    assert_eq!(first["simulated"], true);
    assert_eq!(first["free_queues"], 7);
    assert_eq!(first["numa_node"], 1);
    assert_eq!(list["devices"][1]["sva"], false);
    let drivers = list["drivers"].as_array().expect("a list");
    let soft = drivers
        .iter()
        .find(|one| one["name"] == "soft" && one["algorithm"] == "lz4");
    assert_eq!(soft.expect("there")["computes_with"], "processor");
}

#[test]
fn no_device_is_no_error_when_listing() {
    let output = run(wd("").arg("list"));
    assert!(told(&output).starts_with("no devices\n"));
    let list = json(&run(wd("").args(["list", "--json"])));
    assert_eq!(list["devices"].as_array().map(Vec::len), Some(0));
    assert_eq!(status(wd("nonsense").arg("list")), 1);
}

#[test]
fn the_self_test_covers_every_algorithm_on_every_path() {
    let report = json(&run(wd(DEVICE).args(["test", "--json"])));
    assert_eq!(report["failed"], 0);
    let checks = report["checks"].as_array().expect("a list");
    for algorithm in ["zlib", "gzip", "deflate", "lz4", "lz77_zstd", "lz77_only"] {
        for (device, path) in [("hisi_zip-0", "simulated"), ("software", "software")] {
            let mut of = checks.iter().filter(|one| {
                one["device"] == device && one["algorithm"] == algorithm && one["result"] == "ok"
            });
            assert!(of.any(|one| one["path"] == path), "{algorithm} on {device}");
        }
    }
}

/// What a device without SVA works on is copied.
#[test]
fn devices_without_sva_are_listed_tested_measured_and_used() {
    let devices = "hisi_zip,api=5,sva=0";
    let report = json(&run(wd(devices).args(["test", "--hw", "--json"])));
    let checks = report["checks"].as_array().expect("a list");
    assert!(checks.iter().all(|one| one["result"] == "ok"), "{report}");
    for algorithm in ["zlib", "gzip", "deflate", "lz4", "lz77_zstd", "lz77_only"] {
        let mut of = checks.iter().filter(|one| one["algorithm"] == algorithm);
        assert!(of.any(|one| one["path"] == "simulated"), "{algorithm}");
    }
    for arguments in [
        &["--stream", "-a", "gzip", "-m", "50"][..],
        &["--async", "-d", "100", "-b", "256k", "-t", "2", "-m", "30"],
        &["-a", "lz77_zstd", "-t", "2", "-n", "1"],
    ] {
        let mut command = wd(devices);
        command.args([
            "bench", "--hw", "--json", "--verify", "-r", "60", "-s", "600",
        ]);
        let report = json(&run(command.args(arguments)));
        assert_eq!(
            report["path"], "hisi_zip-0 (simulated device)",
            "{arguments:?}"
        );
        let directions = report["directions"].as_array().expect("a list");
        assert!(directions.iter().all(|one| one["errors"] == 0), "{report}");
    }
    let too_long = wd(devices).args(["bench", "--hw", "-b", "1M"]).output();
    let reason = "without shared virtual addressing a request takes 524288 bytes at most";
    assert!(said(&too_long.expect("starts")).contains(reason));
    let output = wd(devices)
        .args(["trace", "record"])
        .output()
        .expect("starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("traces are of devices with shared"),
        "{}",
        said(&output)
    );
    let output = wd("hisi_zip,isolate=1")
        .args(["test", "--hw", "--json"])
        .output();
    let report = json(&output.expect("starts"));
    assert_eq!(report["checks"][0]["reason"], "isolated, or no free queue");
}

#[test]
fn a_device_that_computes_wrongly_fails_the_self_test() {
    for fault in ["status:6@3", "produced@2", "status:0x10@from:4"] {
        let devices = format!("hisi_zip,fault={fault}");
        let output = wd(&devices).args(["test", "-a", "zlib", "--json"]).output();
        let output = output.expect("starts");
        assert_eq!(output.status.code(), Some(1), "{fault}");
        let report = json(&output);
        assert!(report["failed"].as_u64() > Some(0), "{fault}");
        let checks = report["checks"].as_array().expect("a list").iter();
        let wrong = checks.filter(|one| one["result"] == "failed");
        assert!(
            wrong.clone().count() > 0 && wrong.clone().all(|one| one["device"] == "hisi_zip-0")
        );
    }
    assert_eq!(status(wd("").args(["test", "--hw"])), 1, "nothing to test");
}

#[test]
fn a_benchmark_tells_its_path_and_its_numbers() {
    let cases: [(&[&str], &str); 5] = [
        (&[], "sync"),
        (&["--async", "-d", "8", "-m", "50", "-t", "2"], "async"),
        (&["--async", "-t", "3", "-n", "1"], "async"),
        (&["--stream", "-a", "gzip", "-m", "30"], "stream"),
        (&["-t", "2", "-n", "1", "-a", "lz77_zstd"], "sync"),
    ];
    for (arguments, mode) in cases {
        for (place, path) in [
            ("--hw", "hisi_zip-0 (simulated device)"),
            ("--sw", "software"),
        ] {
            let mut command = wd(DEVICE);
            command.args([
                "bench", "--json", "--verify", "-r", "40", "-s", "600", "-b", "8k", place,
            ]);
            let report = json(&run(command.args(arguments)));
            assert_eq!(report["path"], path);
            assert_eq!(report["load"]["mode"], mode);
            let directions = report["directions"].as_array().expect("a list");
            let mut requests = 0;
            for one in directions {
                assert_eq!(one["errors"], 0);
                requests += one["requests"].as_u64().expect("a number");
                let latency = &one["latency_us"];
                let order = ["min", "p50", "p90", "p99", "p99_9", "max"];
                let times = order.map(|name| latency[name].as_f64().expect("a number"));
                assert!(times.is_sorted(), "{times:?}");
            }
            assert_eq!(requests, 40, "{arguments:?}");
        }
    }
}

/// The names of all values, below which name they are. What there is stays; more may come.
fn names(value: &serde_json::Value, below: &str, into: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(map) => {
            for (name, value) in map {
                names(value, &format!("{below}.{name}"), into);
            }
        }
        serde_json::Value::Array(list) => {
            for value in list.iter().take(1) {
                names(value, &format!("{below}[]"), into);
            }
        }
        _ => into.push(below.trim_start_matches('.').to_owned()),
    }
}

#[test]
fn the_names_in_the_json_of_a_benchmark_stay_as_they_are() {
    let mut command = wd(DEVICE);
    let report = json(&run(command.args(["bench", "--json", "-r", "20"])));
    let mut found = Vec::new();
    names(&report, "", &mut found);
    for name in [
        "version",
        "path",
        "machine.arch",
        "machine.processors",
        "load.algorithm",
        "load.level",
        "load.window",
        "load.threads",
        "load.contexts",
        "load.mode",
        "load.depth",
        "load.block_bytes",
        "load.decompress_percent",
        "load.corpus",
        "elapsed_s",
        "cpu.user_s",
        "cpu.system_s",
        "cpu.percent",
        "throughput_mb_s",
        "requests_per_s",
        "directions[].name",
        "directions[].requests",
        "directions[].errors",
        "directions[].plain_bytes",
        "directions[].compressed_bytes",
        "directions[].throughput_mb_s",
        "directions[].ratio",
        "directions[].latency_us.mean",
        "directions[].latency_us.min",
        "directions[].latency_us.p50",
        "directions[].latency_us.p90",
        "directions[].latency_us.p99",
        "directions[].latency_us.p99_9",
        "directions[].latency_us.max",
    ] {
        assert!(found.iter().any(|one| one == name), "{name}: {found:?}");
    }
}

#[test]
fn a_benchmark_of_a_failing_device_fails() {
    let mut command = wd("hisi_zip,fault=status:6@every:5");
    let output = command
        .args(["bench", "--hw", "-r", "20", "--json"])
        .output();
    let output = output.expect("starts");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output)["directions"][0]["errors"], 4);
    assert_eq!(status(wd("").args(["bench", "--hw"])), 1);
    assert_eq!(
        status(wd("").args(["bench", "-a", "lz77_only", "-m", "10"])),
        1
    );
}

#[test]
fn the_report_is_one_file_with_its_plots_in_it() {
    let page = directory("report").join("report.html");
    let mut command = wd(DEVICE);
    command
        .args(["bench", "-r", "50", "-m", "50", "--html"])
        .arg(&page);
    run(&mut command);
    let page = fs::read_to_string(&page).expect("written");
    assert_eq!(page.matches("<svg").count(), 2);
    assert!(page.contains("hisi_zip-0 (simulated device)") && page.contains("p99"));
    let namespace = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!namespace.contains("http"), "nothing from elsewhere");
}

#[test]
fn a_trace_is_replayed_with_the_same_results() {
    let dir = directory("trace");
    let cases: [&[&str]; 6] = [
        &[],
        &["-d", "4", "-a", "gzip", "-r", "20"],
        &["--stream"],
        &["--decompress", "-a", "deflate"],
        &["-a", "lz77_zstd"],
        &["-a", "lz4", "--corpus", "noise"],
    ];
    for arguments in cases {
        let file = dir.join("trace");
        run(wd(DEVICE)
            .args(["trace", "record", "-o"])
            .arg(&file)
            .args(arguments));
        let text = told(&run(wd("").args(["trace", "show"]).arg(&file)));
        assert!(
            text.contains("hisi_zip-0 (hisi_qm_v5, simulated)"),
            "{text}"
        );
        let count = |word: &str| text.lines().filter(|line| line.contains(word)).count();
        assert!(
            count("submit") >= 8 && count("submit") == count("complete"),
            "{text}"
        );
        let mut again = wd(DEVICE);
        let result = json(&run(again.args(["trace", "replay", "--json"]).arg(&file)));
        assert_eq!(result["requests"], count("submit"), "{arguments:?}");
        assert_eq!(result["different"], 0);
        assert!(
            result["device"]
                .as_str()
                .expect("a text")
                .contains("simulated")
        );
    }
}

#[test]
fn a_replay_finds_other_results() {
    let file = directory("other_results").join("trace");
    let mut command = wd("hisi_zip,fault=status:6@3");
    run(command.args(["trace", "record", "-o"]).arg(&file));
    let output = wd("hisi_zip")
        .args(["trace", "replay", "--json"])
        .arg(&file)
        .output();
    let output = output.expect("starts");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let first = &json(&output)["differences"][0];
    assert_eq!(
        (&first["request"], &first["field"]),
        (&3.into(), &"status".into())
    );
    assert_eq!(
        (&first["recorded"], &first["now"]),
        (&"0x6".into(), &"0x0".into())
    );
}

#[test]
fn a_trace_that_is_none_is_refused() {
    let file = directory("no_trace").join("trace");
    let submit = |descriptor: &str| {
        let queue = r#"{"event":"queue","queue":0,"device":"hisi_zip-0","simulated":true,"#;
        let queue = queue.to_owned() + r#""api":"x","kind":0,"sq_depth":4,"cq_depth":4}"#;
        let sent = r#"{"event":"submit","queue":0,"ns":0,"slot":0,"input":"00","descriptor":""#;
        format!("{queue}\n{sent}{descriptor}\"}}\n")
    };
    for text in [
        "not json\n".to_owned(),
        String::new(),
        submit("00"),
        // Its input length, 0, is not that of the input.
        submit(&"00".repeat(128)),
        // Lists are addresses.
        submit(&("00".repeat(37) + "01" + &"00".repeat(90))),
    ] {
        fs::write(&file, &text).expect("writable");
        let output = wd("hisi_zip").args(["trace", "replay"]).arg(&file).output();
        let output = output.expect("starts");
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(!said(&output).contains("panicked"), "{}", said(&output));
    }
}
