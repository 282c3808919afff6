//! The floors of docs/architecture.md: a file names only modules below its own, `unsafe` stands
//! only where it may, no file grows without end, and the page knows what there is.

use std::fs;
use std::path::{Path, PathBuf};

/// Lowest first. Modules of one floor stand side by side and do not name each other.
const FLOORS: &[&[&str]] = &[
    &["error", "log", "ctypes", "calc"],
    &["sys"],
    &["uacce"],
    &["qm", "bd", "mem"],
    &["drv", "sim"],
    &["bus"],
    &["alg", "queue"],
    &["wcrypto"],
    &["capi"],
];

/// Files and directories that may have `unsafe` in them.
const UNSAFE: &[&str] = &["sys", "capi", "log.rs", "drv/foreign.rs", "drv/foreign"];

/// Lines of a file, and of one that lists C entries.
const LONGEST: usize = 500;
const LONGEST_LIST: usize = 700;

/// All that is wrong below `src`.
fn faults(src: &Path) -> Vec<String> {
    let mut files = Vec::new();
    rust_files(src, &mut files);
    assert!(!files.is_empty(), "no source in {}", src.display());
    let mut faults = Vec::new();
    for file in files {
        let inside = file.strip_prefix(src).expect("found below it");
        let text = fs::read_to_string(&file).expect("readable");
        let code = without_comments_and_texts(&text);
        let mut fault = |what: String| faults.push(format!("{}: {what}", inside.display()));
        names_above(inside, &code).into_iter().for_each(&mut fault);
        let allowed = UNSAFE.iter().any(|place| inside.starts_with(place));
        if !allowed && has_unsafe(&code) {
            fault("has unsafe".to_owned());
        }
        if !allowed && is_root(inside) && !code.contains("#![forbid(unsafe_code)]") {
            fault("does not forbid unsafe".to_owned());
        }
        let list = inside.starts_with("capi");
        let (lines, longest) = (
            text.lines().count(),
            if list { LONGEST_LIST } else { LONGEST },
        );
        if lines > longest {
            fault(format!("{lines} lines, more than {longest}"));
        }
    }
    faults.sort();
    faults
}

fn rust_files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// What the file at `inside` names in `code` and may not.
fn names_above(inside: &Path, code: &str) -> Vec<String> {
    let floor = |module: &str| FLOORS.iter().position(|f| f.contains(&module));
    let root = inside.with_extension("");
    let module = root.iter().next().expect("not empty").to_string_lossy();
    let mine = match floor(&module) {
        Some(floor) => floor,
        // The crate's root, and programs, may name all.
        None if ["lib", "main", "bin"].contains(&&*module) => return Vec::new(),
        None => return vec![format!("no floor: {module} is not in FLOORS")],
    };
    let mut names = named(code);
    names.retain(|name| *name != module && floor(name).is_some_and(|f| f >= mine));
    names.dedup();
    names.iter().map(|name| format!("names {name}")).collect()
}

/// The top-level modules in `crate::qm::…` and each of `crate::{error::Error, sys}`.
fn named(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.extend(words(rest).next().map(str::to_owned));
            continue;
        };
        let mut depth = 0;
        let mut start = true;
        for (i, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                c if start && !c.is_whitespace() => {
                    names.extend(words(&list[i..]).next().map(str::to_owned));
                    start = false;
                }
                _ => {}
            }
        }
    }
    names
}

/// Whether there is `unsafe` other than in the type of a C function.
fn has_unsafe(code: &str) -> bool {
    let mut words = words(code).peekable();
    while let Some(word) = words.next() {
        if word == "unsafe" && words.peek() != Some(&"extern") {
            return true;
        }
    }
    false
}

/// Whether a file is the root of a module that has no place for `unsafe` in it.
fn is_root(inside: &Path) -> bool {
    let mut module = inside.with_extension("");
    if module.ends_with("mod") {
        module.pop();
    }
    let partly = UNSAFE
        .iter()
        .any(|place| Path::new(place).starts_with(&module));
    !partly && module.iter().count() == 1 && module != Path::new("lib")
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

/// The text without `//` comments and without what stands between quotation marks.
fn without_comments_and_texts(text: &str) -> String {
    let mut code = String::new();
    for line in text.lines() {
        let mut quoted = false;
        let mut rest = line.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '\\' if quoted => {
                    rest.next();
                }
                '"' => quoted = !quoted,
                '/' if !quoted && rest.peek() == Some(&'/') => break,
                c if !quoted => code.push(c),
                _ => {}
            }
        }
        code.push('\n');
    }
    code
}

#[test]
fn every_file_names_only_what_is_below_it() {
    let faults = faults(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn no_file_outside_src_is_too_long() {
    let mut files = Vec::new();
    for dir in [
        "benches", "examples", "fuzz/src", "preload", "tests", "tool",
    ] {
        rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(dir), &mut files);
    }
    let lines = |file: &PathBuf| fs::read_to_string(file).expect("readable").lines().count();
    files.retain(|file| lines(file) > LONGEST);
    assert!(files.is_empty(), "more than {LONGEST} lines: {files:?}");
}

#[test]
fn the_page_names_each_module_each_test_and_each_part_of_sys() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/architecture.md")).expect("readable");
    let known: Vec<_> = words(&page).collect();
    for dir in ["src", "src/sys", "tests"] {
        for entry in fs::read_dir(root.join(dir)).expect("readable") {
            let path = entry.expect("readable").path();
            let name = path.file_stem().expect("a name").to_string_lossy();
            let named = known.contains(&&*name) || ["lib", "mod"].contains(&&*name);
            assert!(named, "docs/architecture.md: nothing of {dir}/{name}");
        }
    }
}

#[test]
fn what_is_wrong_is_found() {
    let src = Path::new(env!("CARGO_TARGET_TMPDIR")).join("layers");
    let _ = fs::remove_dir_all(&src);
    let long = "\n".repeat(LONGEST + 1);
    for (path, text) in [
        ("lib.rs", "pub mod sys; use crate::capi::v0;"),
        (
            "error.rs",
            "#![forbid(unsafe_code)] use crate::sys::fd; // crate::capi in a comment",
        ),
        ("sys/fd.rs", "use crate::error::Error; unsafe { x() }"),
        ("qm/ring.rs", "use crate::{error::Error, bd::{zip, sqe}};"),
        (
            "qm/layout.rs",
            "fn f() { crate::queue::open(\"crate::alg\") }",
        ),
        ("queue/mod.rs", "unsafe impl Send for Queue {}"),
        (
            "queue/said.rs",
            "//! unsafe\n#![forbid(unsafe_code)]\nuse crate::qm;",
        ),
        ("capi/v0.rs", long.as_str()),
        ("mem/pool.rs", long.as_str()),
        ("helper.rs", ""),
    ] {
        let file = src.join(path);
        fs::create_dir_all(file.parent().expect("a directory")).expect("writable");
        fs::write(file, text).expect("writable");
    }
    assert_eq!(
        faults(&src),
        [
            "error.rs: names sys",
            "helper.rs: does not forbid unsafe",
            "helper.rs: no floor: helper is not in FLOORS",
            "mem/pool.rs: 501 lines, more than 500",
            "qm/layout.rs: names queue",
            "qm/ring.rs: names bd",
            "queue/mod.rs: does not forbid unsafe",
            "queue/mod.rs: has unsafe",
        ]
    );
}
