//! `wd compress` and `wd decompress`, held against gzip and lz4 where they are.

mod common;

use common::{
    DEVICE, ON_DEVICE, ON_SOFTWARE, data, directory, has, pipe, run, said, status, told, wd,
};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const FORMATS: [&str; 4] = ["gzip", "zlib", "deflate", "lz4"];

#[test]
fn what_is_compressed_comes_back_on_every_path() {
    for len in [0, 1, 1 << 20, 2_500_000] {
        let input = data(len);
        for format in FORMATS {
            for (devices, place, path) in [
                (DEVICE, "--hw", ON_DEVICE),
                ("hisi_zip,api=5,sva=0", "--hw", ON_DEVICE),
                (DEVICE, "--sw", ON_SOFTWARE),
            ] {
                let mut pack = wd(devices);
                let packed = pipe(pack.args(["compress", "-v", place, "-a", format]), &input);
                assert!(said(&packed).contains(path), "{format}: {}", said(&packed));
                // Devices do not decompress lz4.
                let (place, path) = match format {
                    "lz4" => ("--sw", ON_SOFTWARE),
                    _ => (place, path),
                };
                let mut unpack = wd(devices);
                let unpack = unpack.args(["decompress", "-v", place, "-a", format]);
                let back = pipe(unpack, &packed.stdout);
                assert!(said(&back).contains(path), "{format}: {}", said(&back));
                assert!(back.stdout == input, "{format} {devices} {place} {len}");
            }
        }
    }
}

#[test]
fn gzip_reads_what_devices_write_and_the_other_way_round() {
    if !has("gzip") {
        return;
    }
    let input = data(3_000_000);
    for (place, path) in [("--hw", ON_DEVICE), ("--sw", ON_SOFTWARE)] {
        let packed = pipe(wd("hisi_zip").args(["compress", "-v", place]), &input);
        assert!(said(&packed).contains(path));
        let back = pipe(Command::new("gzip").arg("-dc"), &packed.stdout);
        assert!(back.status.success() && back.stdout == input, "{place}");

        let packed = pipe(Command::new("gzip").arg("-c"), &input);
        let two = [&packed.stdout[..], &packed.stdout[..], &[0; 512]].concat();
        let back = pipe(wd("hisi_zip").args(["decompress", "-v", place]), &two);
        assert!(said(&back).contains(path), "{}", said(&back));
        assert!(back.stdout == [&input[..], &input[..]].concat(), "{place}");
    }
}

#[test]
fn lz4_frames_are_those_of_the_lz4_tool() {
    if !has("lz4") {
        return;
    }
    let input = data(5_000_000);
    // The latter takes smaller blocks.
    for devices in [DEVICE, "hisi_zip,api=5,sva=0"] {
        let packed = pipe(wd(devices).args(["compress", "--hw", "-a", "lz4"]), &input);
        let back = pipe(Command::new("lz4").arg("-dc"), &packed.stdout);
        assert!(back.status.success() && back.stdout == input);
    }
    for flags in [
        &["-c"][..],
        &["-c", "-BX", "--content-size", "-B4"],
        &["-c", "-9"],
    ] {
        let packed = pipe(Command::new("lz4").args(flags), &input);
        let back = pipe(wd("").args(["decompress", "-v"]), &packed.stdout);
        assert!(said(&back).contains(ON_SOFTWARE), "{}", said(&back));
        assert!(back.stdout == input, "{flags:?}");
    }
    let packed = pipe(Command::new("lz4").args(["-c", "-BD", "-B4"]), &input);
    let back = pipe(wd("").arg("decompress"), &packed.stdout);
    assert_eq!(back.status.code(), Some(1));
    assert!(said(&back).contains("linked blocks"), "{}", said(&back));
}

#[test]
fn a_path_that_was_asked_for_is_the_one_that_runs_or_nothing_is_done() {
    let dir = directory("a_path");
    let file = dir.join("file");
    fs::write(&file, data(1000)).expect("writable");
    let ask = |devices: &str, arguments: &[&str]| {
        let mut command = wd(devices);
        let output = command.arg("compress").args(arguments).arg(&file);
        let output = output.output().expect("starts");
        assert!(!dir.join("file.lz4").exists() && !dir.join("file.gz").exists());
        assert!(file.exists());
        (output.status.code(), said(&output))
    };
    let (code, why) = ask("", &["--hw"]);
    assert!(
        code == Some(1) && why.contains("no device for gzip"),
        "{why}"
    );
    let (code, why) = ask("hisi_zip", &["--device", "hisi_zip-7"]);
    assert!(code == Some(1) && why.contains("hisi_zip-7"), "{why}");
    // Version 2 has no lz4.
    let (code, why) = ask("hisi_zip", &["--hw", "-a", "lz4"]);
    assert!(code == Some(1) && why.contains("lz4"), "{why}");
    let (code, why) = ask("hisi_zip,nonsense", &["--sw"]);
    assert!(code == Some(1) && why.contains("WD_SIM"), "{why}");
    let (code, _) = ask("", &["--hw", "--sw"]);
    assert_eq!(code, Some(2));
    let (code, why) = ask("", &["-a", "lz77_only"]);
    assert!(code == Some(1) && why.contains("half"), "{why}");
}

#[test]
fn without_a_wish_a_device_is_used_if_there_is_one() {
    let input = data(1000);
    for (devices, path) in [
        (DEVICE, ON_DEVICE),
        ("", ON_SOFTWARE),
        ("hisi_zip,sva=0", ON_DEVICE),
        ("hisi_zip,isolate=1", ON_SOFTWARE),
    ] {
        let packed = pipe(wd(devices).args(["compress", "-v"]), &input);
        assert!(said(&packed).contains(path), "{devices}: {}", said(&packed));
    }
}

#[test]
fn a_device_that_fails_leaves_no_output_and_the_input() {
    let dir = directory("a_device_that_fails");
    let file = dir.join("file");
    fs::write(&file, data(3_000_000)).expect("writable");
    let failing = "hisi_zip,fault=status:6@2";
    let output = wd(failing).args(["compress", "--hw"]).arg(&file).output();
    let output = output.expect("starts");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("hisi_zip-0"), "{}", said(&output));
    let left: Vec<_> = fs::read_dir(&dir).expect("there").collect();
    assert_eq!(left.len(), 1, "only the input");
}

#[test]
fn files_are_replaced_as_gzip_does_it() {
    let dir = directory("files");
    let (file, packed) = (dir.join("file"), dir.join("file.gz"));
    let input = data(100_000);
    fs::write(&file, &input).expect("writable");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("ours");
    let before = fs::metadata(&file)
        .expect("there")
        .modified()
        .expect("told");
    let output = run(wd(DEVICE).args(["compress", "-v"]).arg(&file));
    assert!(said(&output).contains(ON_DEVICE));
    assert!(!file.exists() && output.stdout.is_empty());
    let meta = fs::metadata(&packed).expect("there");
    assert_eq!(meta.permissions().mode() & 0o777, 0o640);
    assert_eq!(meta.modified().expect("told"), before);

    fs::write(&file, "other").expect("writable");
    let refused = wd(DEVICE).arg("decompress").arg(&packed).output();
    let refused = refused.expect("starts");
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("-f overwrites"));
    assert_eq!(fs::read(&file).expect("there"), b"other");
    assert!(packed.exists());

    run(wd(DEVICE).args(["decompress", "-k", "-f"]).arg(&packed));
    assert!(fs::read(&file).expect("there") == input && packed.exists());
    let whole = run(wd(DEVICE).args(["decompress", "-c"]).arg(&packed));
    assert!(whole.stdout == input && packed.exists());
    let to = dir.join("elsewhere");
    run(wd("")
        .args(["decompress", "--output"])
        .arg(&to)
        .arg(&packed));
    assert!(fs::read(&to).expect("there") == input && packed.exists());
}

#[test]
fn what_is_left_out_is_a_warning() {
    let dir = directory("left_out");
    fs::write(dir.join("a.gz"), "x").expect("writable");
    fs::write(dir.join("plain"), data(10)).expect("writable");
    std::os::unix::fs::symlink("plain", dir.join("link")).expect("writable");
    let compress = |name: &str| status(wd("").arg("compress").arg(dir.join(name)));
    assert_eq!(compress("a.gz"), 2, "has the suffix");
    assert_eq!(compress("link"), 2, "a link");
    assert_eq!(compress("."), 2, "a directory");
    assert_eq!(compress("absent"), 1);
    let left = fs::read_dir(&dir).expect("there").count();
    assert_eq!(left, 3, "nothing was made or removed");
    let all = wd("")
        .arg("compress")
        .args([dir.join("absent"), dir.join("plain")])
        .output();
    assert_eq!(all.expect("starts").status.code(), Some(1));
    assert!(dir.join("plain.gz").exists(), "the others are done");
}

#[test]
fn damaged_data_is_an_error() {
    let input = data(200_000);
    for (devices, place) in [(DEVICE, "--hw"), ("", "--sw")] {
        for format in ["gzip", "zlib"] {
            let packed = pipe(wd(devices).args(["compress", "-a", format]), &input).stdout;
            let unpack = |bytes: &[u8]| {
                let mut command = wd(devices);
                let output = pipe(command.args(["decompress", place, "-a", format]), bytes);
                (output.status.code(), said(&output))
            };
            let (code, why) = unpack(&packed[..packed.len() - 3]);
            assert_eq!(code, Some(1), "{format} {place}, cut: {why}");
            let (code, _) = unpack(&packed[..1]);
            assert_eq!(code, Some(1), "{format} {place}, begun");
            assert_eq!(unpack(b"").0, Some(1), "{format} {place}, empty");
            let mut wrong = packed.clone();
            let sum = wrong.len() - if format == "gzip" { 8 } else { 4 };
            wrong[sum] ^= 1;
            let (code, why) = unpack(&wrong);
            assert_eq!(code, Some(1), "{format} {place}, checksum: {why}");
            let (code, why) = unpack(b"something else altogether");
            assert!(code == Some(1) && why.contains("format"), "{why}");
            let (code, why) = unpack(&[&packed[..], b"garbage"].concat());
            assert_eq!(code, Some(2), "{format} {place}, behind it: {why}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_tool() {
    let input = data(20_000_000);
    let script = format!("{} compress --sw -c | head -c 10", env!("CARGO_BIN_EXE_wd"));
    let output = pipe(Command::new("sh").args(["-c", &script]), &input);
    assert_eq!(output.stdout.len(), 10);
    assert!(!said(&output).contains("panicked"), "{}", said(&output));
}

#[test]
fn a_signal_takes_the_incomplete_output_with_it() {
    use std::io::Write;
    let dir = directory("signal");
    let out = dir.join("out.gz");
    let mut command = wd("");
    command.args(["compress", "--output"]).arg(&out);
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(&data(2_000_000)).expect("taken");
    while !out.exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    run(Command::new("kill").args(["-INT", &child.id().to_string()]));
    assert_eq!(child.wait().expect("ends").code(), Some(130));
    assert!(!out.exists());
    drop(stdin);
}

#[test]
fn the_format_of_a_file_is_found() {
    let input = data(5000);
    for format in ["gzip", "zlib", "lz4"] {
        let packed = pipe(wd("").args(["compress", "-a", format]), &input);
        let back = pipe(wd("").args(["decompress", "-v"]), &packed.stdout);
        assert!(back.stdout == input, "{format}: {}", said(&back));
        assert!(
            said(&back).contains(&format!("of {format} ")),
            "{}",
            said(&back)
        );
    }
    let unknown = pipe(wd("").arg("decompress"), b"nothing that is known");
    assert_eq!(unknown.status.code(), Some(1));
    assert!(told(&unknown).is_empty());
}
