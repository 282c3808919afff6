//! What the libraries export, need and are hardened with, against the one list of names.

mod common;

use common::{built, library, names_of, prefix, read, run, skip, source, text};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SEED: &str = "abi/libwd0.map";
const PRIVATE_NODE: &str = "UADK_PRIVATE_2_10_0";

fn readelf(arguments: &[&str], file: &Path) -> String {
    text(Command::new("readelf").args(arguments).arg("-W").arg(file))
}

/// The global symbols that a file defines, with their versions: `--dyn-syms` of a library, `--syms`
/// of an archive.
fn exports(table: &str, file: &Path) -> BTreeSet<String> {
    let table = readelf(&[table], file);
    let rows = table.lines().map(|l| l.split_whitespace().collect());
    // Number, value, size, type, binding, visibility, section, name.
    let defined = rows
        .filter(|r: &Vec<&str>| r.len() >= 8 && r[0] != "Num:" && r[4] != "LOCAL" && r[6] != "UND");
    defined.map(|r| r[7].to_owned()).collect()
}

/// The entries of a library's dynamic section with this tag: `NEEDED`, `SONAME`.
fn dynamic(file: &Path, tag: &str) -> Vec<String> {
    let table = readelf(&["-d"], file);
    let rows = table.lines().filter(|l| l.contains(&format!("({tag})")));
    let value = |l: &str| Some(l.split_once('[')?.1.split_once(']')?.0.to_owned());
    rows.filter_map(value).collect()
}

fn prefixed(names: &BTreeSet<String>) -> BTreeSet<String> {
    names.iter().map(|n| format!("__uadk_v0_{n}")).collect()
}

#[test]
fn the_map_lists_the_names_of_the_seed() {
    let names = names_of(SEED);
    let seed = "wd_request_queue wd_release_queue wd_send wd_recv wd_recv_sync wd_flush \
                wd_mem_share wd_mem_unshare wd_dump_all_algos wd_set_queue_attr __iommu_type";
    for name in seed.split_whitespace() {
        assert!(names.contains(name), "{name} is not in {SEED}");
    }
}

#[test]
fn the_seeds_library_exports_its_map_and_nothing_else() {
    for file in [library("libwd.so.0"), library("warpdrive/libwd.so.0")] {
        assert_eq!(
            exports("--dyn-syms", &file),
            names_of(SEED),
            "{}",
            file.display()
        );
        assert_eq!(dynamic(&file, "SONAME"), ["libwd.so.0"]);
    }
    assert_eq!(dynamic(&library("libwd.so.0"), "NEEDED"), ["libwd.so.2"]);
}

#[test]
fn the_core_exports_private_names_only_and_no_more_than_the_maps_list() {
    let core = library("libwd.so.2");
    let mut found = exports("--dyn-syms", &core);
    assert!(found.remove(PRIVATE_NODE), "the version node");
    let expected = prefixed(&names_of(SEED));
    let versioned = |n: &String| format!("{n}@@{PRIVATE_NODE}");
    assert_eq!(
        found,
        expected.iter().map(versioned).collect::<BTreeSet<_>>()
    );
    assert_eq!(dynamic(&core, "SONAME"), ["libwd.so.2"]);
}

#[test]
fn the_static_library_exports_the_map_and_nothing_else() {
    assert_eq!(exports("--syms", &library("libwd.a")), names_of(SEED));
}

#[test]
fn the_header_declares_what_the_map_lists() {
    let header = read(&source("include/warpdrive/wd.h"));
    let declared = header
        .lines()
        .filter(|l| l.ends_with(");") && !l.starts_with([' ', '\t', '#']));
    let name = |line: &str| {
        let before = line.split('(').next().unwrap_or("");
        before
            .rsplit([' ', '*'])
            .next()
            .filter(|n| !n.is_empty())
            .map(str::to_owned)
    };
    let declared: BTreeSet<_> = declared
        .filter(|l| !l.starts_with("typedef"))
        .filter_map(name)
        .collect();
    assert_eq!(declared, names_of(SEED));
}

#[test]
fn the_libraries_are_hardened() {
    for file in [library("libwd.so.2"), library("libwd.so.0")] {
        let name = file.display();
        let segments = readelf(&["-l"], &file);
        assert!(segments.contains("GNU_RELRO"), "{name}: no RELRO");
        let stack = segments.lines().find(|l| l.contains("GNU_STACK"));
        let stack = stack.unwrap_or_else(|| panic!("{name}: no GNU_STACK"));
        assert!(!stack.contains("RWE"), "{name}: executable stack");
        let writable_code = |l: &&str| l.contains("LOAD") && l.contains("RWE");
        assert_eq!(segments.lines().find(writable_code), None, "{name}");
        let flags = readelf(&["-d"], &file);
        assert!(flags.contains("BIND_NOW"), "{name}: lazy binding");
        assert!(!flags.contains("TEXTREL"), "{name}: relocations in code");
    }
    assert!(readelf(&["-d"], &library("libwd.so.2")).contains("NODELETE"));
}

#[test]
fn the_core_needs_nothing_but_the_c_library() {
    // Programs that use other releases of OpenSSL or zlib load us; see that we bring none.
    let allowed = ["libc.", "libgcc_s.", "libm.", "libpthread.", "ld-linux"];
    for needed in dynamic(&library("libwd.so.2"), "NEEDED") {
        let known = allowed.iter().any(|a| needed.starts_with(a));
        assert!(known, "libwd.so.2 needs {needed}");
    }
}

#[test]
fn debug_information_is_stripped_when_installed_and_kept_in_the_build() {
    let sections = |file: &Path| readelf(&["-S"], file);
    assert!(!sections(&library("libwd.so.2")).contains(".debug_"));
    assert!(sections(&built("libwd.so.2")).contains(".debug_line"));
}

#[test]
fn the_links_lead_to_the_libraries() {
    for (link, file) in [
        ("libwd.so.2", "libwd.so.2.10.0"),
        ("libwd.so.0", "libwd.so.0.1.0"),
        ("libwd.so", "libwd.so.0.1.0"),
        ("libwarpdrive.a", "libwd.a"),
    ] {
        let reached = fs::canonicalize(library(link)).expect(link);
        assert_eq!(reached, fs::canonicalize(library(file)).expect(file));
    }
}

/// A program that finds both libraries beside each other only, in `dir`.
fn start(program: &Path, dir: &Path) -> std::process::Output {
    let mut command = Command::new(program);
    command.env("LD_LIBRARY_PATH", dir).env("LD_BIND_NOW", "1");
    command.output().expect("started")
}

/// A program that is linked with the facade and does nothing with it.
fn program() -> PathBuf {
    let source = Path::new(common::TMP).join("needs_wd.c");
    let out = source.with_extension("");
    fs::write(
        &source,
        "#include <warpdrive/wd.h>\nint main(void) { wd_flush(0); return 0; }\n",
    )
    .expect("writable");
    let include = prefix().join("include");
    let mut cc = Command::new("cc");
    cc.arg("-o").arg(&out).arg(&source).arg("-I").arg(include);
    run(cc.arg(library("warpdrive/libwd.so.0")));
    out
}

#[test]
fn half_an_upgrade_does_not_load() {
    let dir = Path::new(common::TMP).join("half");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).expect("writable");
    fs::copy(library("libwd.so.0"), dir.join("libwd.so.0")).expect("copied");
    let program = program();
    assert!(start(&program, &library("")).status.success());

    // A core of another version: the same names in another node.
    let other = dir.join("other.c");
    let map = dir.join("other.map");
    let text: String = prefixed(&names_of(SEED))
        .iter()
        .map(|n| format!("void {n}(void) {{}}\n"))
        .collect();
    fs::write(&other, text).expect("writable");
    fs::write(&map, "UADK_PRIVATE_2_9_0 { global: __uadk_*; };").expect("writable");
    let script = format!("-Wl,--version-script={}", map.display());
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-Wl,-soname,libwd.so.2", &script]);
    run(cc.arg("-o").arg(dir.join("libwd.so.2")).arg(&other));
    let output = start(&program, &dir);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(PRIVATE_NODE), "{said}");
}

#[test]
fn the_library_can_be_loaded_at_run_time() {
    if !common::has("python3") {
        return skip("the_library_can_be_loaded_at_run_time", "no python3");
    }
    let script = "import ctypes, sys; print(ctypes.CDLL(sys.argv[1]).wd_send(None, None))";
    let mut python = Command::new("python3");
    let answer = text(python.args(["-c", script]).arg(library("libwd.so")));
    let answer: i32 = answer.trim().parse().expect("a number");
    assert!(answer < 0, "a send without a queue answered {answer}");
}
