//! What the libraries export, need and are hardened with, against the lists of names in abi/ and
//! against the reference in tests/abi.

mod common;

use common::{TMP, built, has, library, make, names_of, prefix, read, run, skip, source, text};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SEED: &str = "abi/libwd0.map";
const CORE: &str = "abi/libwd.map";
/// Names that only `libwd.a` has.
const STATIC: &str = "abi/libwd_static.map";
const FACADES: [&str; 4] = ["libwd_comp", "libwd_crypto", "libwd_dae", "libwd_udma"];
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

fn map_of(facade: &str) -> String {
    format!("abi/{facade}.map")
}

/// The names of a map as `readelf` prints them, `name@@NODE`, and the nodes.
fn versioned(map: &str) -> BTreeSet<String> {
    let mut node = String::new();
    let mut all = BTreeSet::new();
    let names = names_of(map);
    for line in read(&source(map)).lines() {
        if let Some(name) = line.strip_suffix(" {") {
            node = name.to_owned();
            all.insert(node.clone());
        } else if let Some(name) = line.trim().strip_suffix(';').filter(|n| names.contains(*n)) {
            all.insert(format!("{name}@@{node}"));
        }
    }
    all
}

/// The names of the seed API and of the facades, as the core has them.
fn private() -> BTreeSet<String> {
    let seed = prefixed(&names_of(SEED));
    let facades = FACADES.iter().flat_map(|f| names_of(&map_of(f)));
    let facades = facades.map(|n| format!("__uadk_{n}"));
    seed.into_iter().chain(facades).collect()
}

fn prefixed(names: &BTreeSet<String>) -> BTreeSet<String> {
    names.iter().map(|n| format!("__uadk_v0_{n}")).collect()
}

/// All names of UADK, those of static libraries as well.
fn uadk() -> BTreeSet<String> {
    let maps = FACADES.iter().map(|f| map_of(f));
    let maps = maps.chain([CORE.to_owned(), STATIC.to_owned()]);
    maps.flat_map(|map| names_of(&map)).collect()
}

/// What abi/missing.list says: names, and kinds of answers.
fn missing() -> Vec<(String, String)> {
    let list = read(&source("abi/missing.list"));
    let lines = list.lines().filter(|l| !l.starts_with('#'));
    let pair = lines.map(|l| l.split_once(' ').expect("a name and a kind"));
    pair.map(|(n, k)| (n.to_owned(), k.to_owned())).collect()
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
fn the_maps_list_as_many_names_as_uadk_has() {
    // That they are the same is for the checker, below.
    let count = |map: &str, node: &str| {
        let end = format!("@@{node}");
        versioned(map).iter().filter(|n| n.ends_with(&end)).count()
    };
    assert_eq!(count(CORE, "UADK_1.0"), 145);
    assert_eq!(count(CORE, "UADK_2.0"), 66);
    assert_eq!(count(&map_of("libwd_comp"), "UADK_COMP_2.0"), 30);
    assert_eq!(count(&map_of("libwd_crypto"), "UADK_CRYPTO_2.0"), 160);
    assert_eq!(count(&map_of("libwd_dae"), "UADK_DAE_2.0"), 34);
    assert_eq!(count(&map_of("libwd_udma"), "UADK_DAE_2.0"), 11);
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
fn the_core_exports_its_map_and_private_names_for_the_other_libraries() {
    let core = library("libwd.so.2");
    let mut expected = versioned(CORE);
    expected.insert(PRIVATE_NODE.to_owned());
    expected.extend(private().iter().map(|n| format!("{n}@@{PRIVATE_NODE}")));
    assert_eq!(exports("--dyn-syms", &core), expected);
    assert_eq!(dynamic(&core, "SONAME"), ["libwd.so.2"]);
}

#[test]
fn each_facade_exports_its_map_and_needs_the_core_alone() {
    for facade in FACADES {
        let file = library(&format!("{facade}.so.2"));
        let expected = versioned(&map_of(facade));
        assert_eq!(exports("--dyn-syms", &file), expected, "{facade}");
        assert_eq!(dynamic(&file, "SONAME"), [format!("{facade}.so.2")]);
        assert_eq!(dynamic(&file, "NEEDED"), ["libwd.so.2"]);
        assert_eq!(dynamic(&file, "RUNPATH"), ["$ORIGIN"]);
    }
}

#[test]
fn the_static_libraries_export_their_names_and_nothing_else() {
    assert_eq!(
        exports("--syms", &library("libwarpdrive.a")),
        names_of(SEED)
    );
    assert_eq!(exports("--syms", &library("libwd.a")), uadk());
    let others = FACADES.map(|f| format!("{f}.a"));
    let drivers = ["zip", "sec", "hpre", "dae", "udma"];
    let drivers = drivers.map(|d| format!("uadk/libhisi_{d}.a"));
    for other in others.iter().chain(&drivers) {
        let reached = fs::canonicalize(library(other)).expect(other);
        assert_eq!(reached, fs::canonicalize(library("libwd.a")).expect(other));
    }
}

/// The checker of the reference, with these arguments.
fn check_abi(arguments: &[&str]) -> Output {
    let mut python = Command::new("python3");
    python.arg(source("tests/abi/check_abi.py")).args(arguments);
    python.output().expect("started")
}

#[test]
fn the_libraries_and_headers_are_those_of_uadk() {
    if !has("python3") {
        return skip("the_libraries_and_headers_are_those_of_uadk", "no python3");
    }
    let lib = library("");
    let lib = lib.to_string_lossy();
    let output = check_abi(&["--libdir", &lib]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("abi: 451 of 451 checks hold"), "{said}");
    let include = prefix().join("include");
    let headers = "wd.h,uacce.h,wd_alg.h,wd_alg_common.h,wd_sched.h,wd_internal.h,wd_bmm.h,wd_comp.h,\
                   wd_zlibwrapper.h";
    let headers = headers.split(',').map(|h| format!("uadk/{h}"));
    let headers = headers.collect::<Vec<_>>().join(",");
    let include = include.to_string_lossy();
    let output = check_abi(&["--include", &include, "--headers", &headers]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("abi: 665 of 665 checks hold"), "{said}");
    let output = check_abi(&["--include", &include, "--api", "v1", "--uninstalled"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("abi: 998 of 998 checks hold"), "{said}");
    // And the checker does find what is not so: this directory has another libwd.so.0 only.
    let empty = prefix().join("lib/warpdrive");
    let output = check_abi(&["--libdir", &empty.to_string_lossy()]);
    assert!(!output.status.success());
}

#[test]
fn the_list_of_missing_functions_knows_what_they_return() {
    if !has("python3") {
        return skip(
            "the_list_of_missing_functions_knows_what_they_return",
            "no python3",
        );
    }
    let mut python = Command::new("python3");
    python.arg(source("tests/abi/check_missing.py"));
    run(python.arg(source("abi/missing.list")));
}

#[test]
fn functions_that_are_declared_for_headers_alone_are_missing_ones() {
    // Once they are written, the header has them from src/capi.
    let missing: BTreeSet<_> = missing().into_iter().map(|(name, _)| name).collect();
    let mut find = Command::new("find");
    find.arg(source("abi/headers/uadk")).args(["-name", "*.rs"]);
    let files = text(&mut find);
    let texts: Vec<_> = files.lines().map(|file| read(Path::new(file))).collect();
    let functions = texts.iter().flat_map(|t| t.split("pub fn ").skip(1));
    let names: Vec<_> = functions.filter_map(|f| f.split('(').next()).collect();
    let there: Vec<_> = names.iter().filter(|n| !missing.contains(**n)).collect();
    assert!(there.is_empty(), "not missing: {there:?}");
}

/// `make` of the list of missing functions, in a directory of its own.
fn make_missing(name: &str, list: &str) -> Output {
    let dir = Path::new(TMP).join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).expect("writable");
    let file = dir.join("list");
    fs::write(&file, list).expect("writable");
    let mut make = make();
    make.arg(format!("OUT={}", dir.display()));
    make.arg(format!("MISSING={}", file.display()));
    make.arg(dir.join("missing.forwards"));
    make.output().expect("started")
}

#[test]
fn a_name_is_in_rust_or_in_the_list_of_missing_ones() {
    let list = read(&source("abi/missing.list"));
    let fails = |name: &str, list: &str, reason: &str| {
        let output = make_missing(name, list);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{name}");
        assert!(said.contains(reason), "{name}: {said}");
    };
    prefix();
    assert!(make_missing("missing-good", &list).status.success());
    let both = list.clone() + "wd_register_log int\n";
    fails("missing-both", &both, "wd_register_log is there now");
    let none = list.clone() + "wd_no_such_name int\n";
    fails("missing-none", &none, "wd_no_such_name is in no map");
    let kind = list.clone() + "wd_register_log float\n";
    fails("missing-kind", &kind, "wd_register_log");
    let first = &missing()[0];
    let neither = list.replace(&format!("{} {}\n", first.0, first.1), "");
    fails(
        "missing-neither",
        &neither,
        &format!("{}: in a map", first.0),
    );
}

/// The exported names of a Rust source: what follows an attribute that exports.
fn exported_by(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices("#[unsafe(") {
        let rest = &text[at + 9..];
        if let Some(name) = rest.strip_prefix("export_name = \"") {
            names.extend(name.split('"').next().map(str::to_owned));
        } else if rest.starts_with("no_mangle") {
            let item = ["fn ", "static "].iter().filter_map(|w| {
                let from = rest.find(w)?;
                Some((from, &rest[from + w.len()..]))
            });
            let (_, name) = item.min().expect("an item");
            let end = name.find(|c: char| !c.is_alphanumeric() && c != '_');
            names.push(name[..end.expect("its end")].to_owned());
        }
    }
    names
}

#[test]
fn every_name_that_rust_exports_is_in_a_map() {
    let mut known = uadk();
    known.extend(prefixed(&names_of(SEED)));
    // What the missing functions call.
    known.insert("warpdrive_missing".to_owned());
    let mut find = Command::new("find");
    let files = text(find.arg(source("src")).args(["-name", "*.rs"]));
    let texts = files.lines().map(|file| read(Path::new(file)));
    let names: Vec<_> = texts.flat_map(|text| exported_by(&text)).collect();
    assert!(names.contains(&"log_out".to_owned()), "{names:?}");
    assert!(names.contains(&"__uadk_v0_wd_send".to_owned()), "{names:?}");
    let unknown: Vec<_> = names.iter().filter(|n| !known.contains(*n)).collect();
    assert!(unknown.is_empty(), "in no map: {unknown:?}");
}

#[test]
fn the_seeds_header_declares_what_the_map_lists() {
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
    let facades = FACADES.map(|f| library(&format!("{f}.so.2")));
    let others = ["libwd.so.2", "libwd.so.0", "libwd_sim.so"].map(library);
    for file in facades.into_iter().chain(others) {
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
    let mut allowed = vec!["libc.", "libgcc_s.", "libm.", "libpthread.", "ld-linux"];
    if libnuma() {
        allowed.push("libnuma.so.1");
    }
    for needed in dynamic(&library("libwd.so.2"), "NEEDED") {
        let known = allowed.iter().any(|a| needed.starts_with(a));
        assert!(known, "libwd.so.2 needs {needed}");
    }
}

/// Whether the compiler finds libnuma, as the Makefile asks it.
fn libnuma() -> bool {
    text(Command::new("cc").arg("-print-file-name=libnuma.so.1")).starts_with('/')
}

#[test]
fn the_core_brings_libnuma_to_programs_that_rely_on_it() {
    let needed = dynamic(&library("libwd.so.2"), "NEEDED");
    assert_eq!(needed.contains(&"libnuma.so.1".to_owned()), libnuma());
}

/// Of rustc's own code nothing is: its standard library comes without landing pads.
#[test]
fn jumps_of_the_facades_are_marked_for_indirect_branch_tracking() {
    let (flag, marks): (&str, &[&str]) = match std::env::consts::ARCH {
        "aarch64" => ("-mbranch-protection=standard", &["BTI"]),
        _ => ("-fcf-protection=full", &["IBT", "SHSTK"]),
    };
    let mut probe = Command::new("cc");
    probe.args([flag, "-E", "-x", "c", "/dev/null"]);
    if !probe.output().is_ok_and(|o| o.status.success()) {
        return skip(
            "jumps_of_the_facades_are_marked_for_indirect_branch_tracking",
            &format!("a compiler without {flag}"),
        );
    }
    let facades = FACADES.map(|f| format!("{f}.so.2"));
    for file in facades.iter().map(String::as_str).chain(["libwd.so.0"]) {
        let notes = readelf(&["-n"], &library(file));
        let marked = marks.iter().all(|mark| notes.contains(mark));
        assert!(marked, "{file}: {notes}");
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
        ("libwd.so", "libwd.so.2.10.0"),
        ("libwd.so.0", "libwd.so.0.1.0"),
        ("libwd_comp.so.2", "libwd_comp.so.2.10.0"),
        ("libwd_comp.so", "libwd_comp.so.2.10.0"),
        ("libwd_crypto.so", "libwd_crypto.so.2.10.0"),
        ("libwd_dae.so", "libwd_dae.so.2.10.0"),
        ("libwd_udma.so", "libwd_udma.so.2.10.0"),
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
    let text: String = private()
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
