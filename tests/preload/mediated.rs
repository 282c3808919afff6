//! Mediated devices, where the first kernels had them: behind VFIO.

use super::{preloaded, stderr, unlinked};
use crate::common::{self, compile, run, text};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A command that sees these simulated devices.
fn with(devices: &str) -> Command {
    let mut command = preloaded();
    command.env("WD_SIM", devices);
    command
}

/// The program that drives a mediated device by itself.
fn raw_vfio() -> &'static Path {
    static RAW: OnceLock<PathBuf> = OnceLock::new();
    RAW.get_or_init(|| unlinked("vfio_raw"))
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
