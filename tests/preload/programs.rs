//! Programs that know nothing of accelerators: shells, C++, Python, valgrind.

use super::{preloaded, raw};
use crate::common::{self, TMP, has, run, skip, text};
use std::fs;
use std::path::Path;
use std::process::Command;

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
