//! The C headers: clean in every dialect, laid out as ever, and what cbindgen makes of the sources.

mod common;

use common::{TMP, make, read, run, skip, source};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const HEADERS: [&str; 3] = ["wd.h", "hisi_qm_udrv.h", "comp_hw.h"];

/// Compiles a text with every warning an error, and answers what the compiler said against it.
fn complaints(compiler: &str, options: &[&str], text: &str) -> String {
    let language = if compiler == "g++" { "c++" } else { "c" };
    let mut cc = Command::new(compiler);
    cc.args(["-pedantic", "-Wall", "-Wextra", "-Wshadow", "-Werror"]);
    cc.args(options).arg("-I").arg(source("include"));
    cc.args(["-x", language, "-fsyntax-only", "-"]);
    cc.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = cc.spawn().expect("a compiler");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(text.as_bytes()).expect("read");
    drop(input);
    let output = child.wait_with_output().expect("ended");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.success(), said.is_empty(), "{said}");
    said
}

fn include(headers: &[&str]) -> String {
    let line = |h: &&str| format!("#include <warpdrive/{h}>\n");
    headers.iter().map(line).collect()
}

/// Each header alone and twice, and all of them in each order, with something behind them: ISO C
/// wants a translation unit that is not empty.
fn units() -> Vec<String> {
    let [a, b, c] = HEADERS;
    let orders = [
        &[a][..],
        &[b],
        &[c],
        &[a, a],
        &[b, b],
        &[c, c],
        &[a, b, c],
        &[a, c, b],
        &[b, a, c],
        &[b, c, a],
        &[c, a, b],
        &[c, b, a],
    ];
    let unit = |order: &&[&str]| include(order) + "extern int not_empty;\n";
    orders.iter().map(unit).collect()
}

#[test]
fn every_header_is_clean_in_c89_to_c17() {
    for standard in ["-std=c89", "-std=c99", "-std=c11", "-std=c17", "-std=gnu17"] {
        for unit in units() {
            let said = complaints("gcc", &[standard], &unit);
            assert_eq!(said, "", "{standard}\n{unit}");
        }
    }
}

#[test]
fn every_header_is_clean_in_cxx() {
    if !common::has("g++") {
        return skip("every_header_is_clean_in_cxx", "no g++");
    }
    for standard in ["-std=c++98", "-std=c++11", "-std=c++17", "-std=c++20"] {
        for unit in units() {
            let said = complaints("g++", &[standard], &unit);
            assert_eq!(said, "", "{standard}\n{unit}");
        }
    }
}

#[test]
fn the_layout_is_that_of_the_seed() {
    let text = read(&source("tests/c/layout.c"));
    assert_eq!(complaints("gcc", &["-std=c11"], &text), "");
    // And the assertions do assert.
    let wrong = text.replace("336", "337");
    assert_ne!(complaints("gcc", &["-std=c11"], &wrong), "");
}

#[test]
fn names_that_get_in_the_way_of_programs_are_gone() {
    let unit = include(&HEADERS)
        + "#if defined(true) || defined(false) || defined(dma_addr_t) || defined(alloc_obj)\n\
           #error\n\
           #endif\n\
           typedef unsigned char bool;\n\
           extern bool _get_attr_int;\n";
    assert_eq!(complaints("gcc", &["-std=c11"], &unit), "");
}

#[test]
fn the_headers_of_uadk_are_refused_by_name() {
    let unit = "#define __WD_H\n".to_owned() + &include(&["wd.h"]);
    let said = complaints("gcc", &[], &unit);
    assert!(said.contains("UADK"), "{said}");
}

#[test]
fn wd_err_is_there_where_the_language_has_it_and_may_be_replaced() {
    let used = "void f(void);\nvoid f(void) { WD_ERR(\"%d\\n\", 1); WD_ERR(\"none\\n\"); }\n";
    let unit = include(&["wd.h"]) + used;
    assert_eq!(complaints("gcc", &["-std=c99"], &unit), "");
    let own = "#define WD_ERR(x) own(x)\n".to_owned() + &include(&["wd.h"]);
    assert_eq!(complaints("gcc", &["-std=c89"], &own), "");
}

#[test]
fn the_committed_headers_are_what_cbindgen_makes() {
    if !make()
        .arg("has-cbindgen")
        .output()
        .expect("make")
        .status
        .success()
    {
        return skip(
            "the_committed_headers_are_what_cbindgen_makes",
            "no cbindgen 0.29.4",
        );
    }
    let made = Path::new(TMP).join("headers");
    let _ = fs::remove_dir_all(&made);
    run(make()
        .arg("headers")
        .arg(format!("HEADERS={}", made.display())));
    for header in HEADERS {
        let committed = read(&source("include/warpdrive").join(header));
        assert!(
            committed == read(&made.join(header)),
            "{header} is not current: make headers"
        );
    }
}

#[test]
fn no_rust_is_left_in_the_headers() {
    for header in HEADERS {
        let text = read(&source("include/warpdrive").join(header));
        for word in [
            "__uadk", "# Safety", "# Errors", "Option", "usize", "//!", "[`", "::",
        ] {
            assert!(!text.contains(word), "{header} contains {word}");
        }
    }
}
