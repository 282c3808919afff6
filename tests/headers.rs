//! The C headers: clean in every dialect, laid out as ever, and what cbindgen makes of the sources.

mod common;

use common::{TMP, make, read, run, skip, source};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const HEADERS: [&str; 3] = ["wd.h", "hisi_qm_udrv.h", "comp_hw.h"];

/// UADK's, and our additions to them.
const UADK: [&str; 10] = [
    "uacce.h",
    "wd.h",
    "wd_alg.h",
    "wd_alg_common.h",
    "wd_bmm.h",
    "wd_comp.h",
    "wd_internal.h",
    "wd_path.h",
    "wd_sched.h",
    "wd_zlibwrapper.h",
];

/// UADK v1's, those that it does not install, and ours.
const V1: [&str; 12] = [
    "v1/uacce.h",
    "v1/wd.h",
    "v1/wd_aead.h",
    "v1/wd_bmm.h",
    "v1/wd_cipher.h",
    "v1/wd_comp.h",
    "v1/wd_dh.h",
    "v1/wd_digest.h",
    "v1/wd_ecc.h",
    "v1/wd_rsa.h",
    "v1/wd_sgl.h",
    "v1/wd_share.h",
];

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
    let mut diff = Command::new("diff");
    let output = diff.arg("-r").arg(source("include")).arg(&made).output();
    let output = output.expect("started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "make headers\n{said}");
}

#[test]
fn no_rust_is_left_in_the_headers() {
    let warpdrive = HEADERS.map(|h| format!("warpdrive/{h}"));
    let uadk = UADK.iter().chain(&V1).map(|h| format!("uadk/{h}"));
    for header in warpdrive.into_iter().chain(uadk) {
        let text = read(&source("include").join(&header));
        for word in [
            "__uadk",
            "# Safety",
            "# Errors",
            "Option",
            "usize",
            "//!",
            "[`",
            "::",
            "Enum",
            "CBool",
            "_fn ",
            "Atomic",
            "extern const",
        ] {
            assert!(!text.contains(word), "{header} contains {word}");
        }
    }
}

/// UADK has a function and a structure `wd_mempool_stats`, which g++ warns of when it warns of shadows.
const SAME_NAMES: &str = "-Wno-shadow";

/// `pthread_spinlock_t` is POSIX's, and what asks for ISO C alone has to ask for that too.
const POSIX: &str = "-D_POSIX_C_SOURCE=200112L";

/// What a program sees of UADK v2, or of v1: each header alone and twice, and all of them, forwards
/// and back.
fn uadk_units() -> Vec<String> {
    let line = |h: &&str| format!("#include <uadk/{h}>\n");
    let end = "extern int not_empty;\n";
    let units = |headers: &[&str]| {
        let alone = headers.iter().map(|h| line(h) + &line(h) + end);
        let all: String = headers.iter().map(line).collect();
        let back: String = headers.iter().rev().map(line).collect();
        alone.chain([all + end, back + end]).collect::<Vec<_>>()
    };
    [units(&UADK), units(&V1)].concat()
}

#[test]
fn the_headers_of_uadk_are_clean_in_c89_to_c17() {
    for standard in ["-std=c89", "-std=c99", "-std=c11", "-std=gnu17"] {
        for unit in uadk_units() {
            let said = complaints("gcc", &[standard, POSIX], &unit);
            assert_eq!(said, "", "{standard}\n{unit}");
        }
    }
}

#[test]
fn the_headers_of_uadk_are_clean_in_cxx() {
    if !common::has("g++") {
        return skip("the_headers_of_uadk_are_clean_in_cxx", "no g++");
    }
    for standard in ["-std=c++98", "-std=c++11", "-std=c++17", "-std=c++20"] {
        for unit in uadk_units() {
            let said = complaints("g++", &[standard, SAME_NAMES], &unit);
            assert_eq!(said, "", "{standard}\n{unit}");
        }
    }
}

#[test]
fn the_headers_of_uadk_go_with_and_without_those_of_libnuma() {
    let used =
        "void *f(struct wd_ctx_params *p);\nvoid *f(struct wd_ctx_params *p) { return p->bmp; }\n";
    let unit = "#include <uadk/wd_comp.h>\n".to_owned() + used;
    // A preprocessor that finds no <numa.h>, and one that cannot look.
    let without = "#define __has_include(x) 0\n";
    let old = "#undef __has_include\n";
    let numa = "#include <numa.h>\n";
    let calls = "int g(struct bitmask *);\nint g(struct bitmask *b) { return numa_bitmask_isbitset(b, 0); }\n";
    for compiler in ["gcc", "g++"] {
        if !common::has(compiler) {
            skip(
                "the_headers_of_uadk_go_with_and_without_those_of_libnuma",
                compiler,
            );
            continue;
        }
        let clean = |unit: &str, options: &[&str]| {
            let said = complaints(compiler, &[options, &[SAME_NAMES]].concat(), unit);
            assert_eq!(said, "", "{compiler}\n{unit}");
        };
        clean(&unit, &[]);
        // Compilers warn that these macros are their own.
        for hide in [without, old] {
            clean(
                &(hide.to_owned() + &unit),
                &["-Wno-builtin-macro-redefined", "-w"],
            );
        }
        if complaints(compiler, &[], numa).is_empty() {
            for headers in [numa.to_owned() + &unit, unit.clone() + numa, unit.clone()] {
                clean(&(headers + calls), &[]);
            }
        } else {
            skip(
                "the_headers_of_uadk_go_with_and_without_those_of_libnuma",
                "no numa.h",
            );
        }
    }
}

#[test]
fn the_macros_of_uadk_work() {
    let unit = "#include <uadk/wd_comp.h>\n\
        int f(handle_t h);\n\
        int f(handle_t h)\n{\n\
        \tint a[3] = { 0 };\n\
        \tif (unlikely(WD_IS_ERR(h)) || WD_HANDLE_ERR(h) < 0)\n\
        \t\treturn (int)WD_PTR_ERR(WD_ERR_PTR(h));\n\
        \tmb();\n\trmb();\n\twmb();\n\
        \tif (h)\n\t\tWD_ERR(\"none\\n\");\n\telse\n\t\tWD_INFO(\"%d\\n\", 1);\n\
        \tWD_DEBUG(\"%s\\n\", UACCE_API_VER_NOIOMMU_SUBFIX);\n\
        \tWD_DEV_ERR(h, \"%d\", 2);\n\tWD_DEV_ERR(h, \"none\");\n\
        \treturn a[ARRAY_SIZE(a) - 1] + wd_comp_init2((char *)0, SCHED, TASK_HW) + (NUMA_NO_NODE);\n}\n";
    let unit = unit.replace("SCHED,", "0,");
    for options in [&["-std=gnu17"][..], &["-std=gnu17", "-DWD_NO_LOG"]] {
        // WD_DEV_ERR without arguments is GNU's, as in UADK.
        let options = [options, &["-Wno-pedantic"]].concat();
        assert_eq!(complaints("gcc", &options, &unit), "");
    }
}

#[test]
fn the_macros_of_a_program_are_left_to_it() {
    let own = "#define likely(x) own(x)\n#define unlikely(x) own(x)\n#define ARRAY_SIZE(x) own(x)\n\
               #define WD_ERR(x) own(x)\n";
    for header in ["#include <uadk/wd.h>\n", "#include <uadk/v1/wd.h>\n"] {
        assert_eq!(complaints("gcc", &[], &(own.to_owned() + header)), "");
    }
}

#[test]
fn the_seeds_wd_h_and_uadks_do_not_mix_silently() {
    for header in ["#include <uadk/wd.h>\n", "#include <uadk/v1/wd.h>\n"] {
        let unit = header.to_owned() + "#include <warpdrive/wd.h>\n";
        let said = complaints("gcc", &[], &unit);
        assert!(said.contains("UADK"), "{said}");
    }
}

#[test]
fn of_the_two_headers_wd_h_of_uadk_the_first_holds() {
    let v1 = "#include <uadk/v1/wd.h>\n";
    let v2 = "#include <uadk/wd.h>\n";
    let queue = "extern char size[sizeof(struct wd_queue)];\n";
    let device = "extern char size[sizeof(struct uacce_dev)];\n";
    for (headers, there, not) in [([v1, v2], queue, device), ([v2, v1], device, queue)] {
        let headers = headers.concat();
        assert_eq!(complaints("gcc", &[], &(headers.clone() + there)), "");
        assert_ne!(complaints("gcc", &[], &(headers + not)), "");
    }
}

#[test]
fn the_macros_of_uadk_v1_work() {
    let used = "#include <uadk/v1/wd_comp.h>\nvoid f(int n);\nvoid f(int n)\n{\n\
        \tif (n)\n\t\tWD_ERR(\"%d\\n\", n);\n\telse\n\t\tWD_ERR(\"none\\n\");\n\
        \tZIP_LOG(\"%s\\n\", WD_UACCE_CLASS_NAME);\n\
        \t(void)(n == WD_EACCESS ? WD_UACCE_QFR_NA : WD_UACCE_GRAN_SIZE);\n}\n";
    for options in [
        &["-std=gnu17"][..],
        &["-std=gnu17", "-DWITH_LOG_FILE=\"log\""],
    ] {
        // WD_ERR without arguments is GNU's, as in UADK.
        let options = [options, &["-Wno-pedantic"]].concat();
        assert_eq!(complaints("gcc", &options, used), "");
    }
}

#[test]
fn the_functions_of_static_drivers_are_declared_for_those_who_ask() {
    let unit = "#include <uadk/wd_alg.h>\nvoid f(void);\nvoid f(void) { hisi_zip_probe(); }\n";
    assert_ne!(complaints("gcc", &[], unit), "");
    assert_eq!(complaints("gcc", &["-DWD_STATIC_DRV"], unit), "");
}
