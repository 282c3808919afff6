//! Programs that are linked with the libraries of UADK: shared and static, in any order, and loaded
//! at run time.

mod common;

use common::{
    TMP, has, library, limited, pkg_config, pkg_config_of, read, run, skip, source, text,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One function of each library, and one that all facades have. None of them has a device here.
const PROGRAM: &str = "\
#include <stddef.h>
int wd_ctx_start(size_t), wd_comp_init(void *, void *), wd_cipher_init(void *, void *);
int wcrypto_do_rsa(void *, void *, void *);
void *wd_sched_rr_alloc(unsigned char, unsigned char, unsigned short, void *);
int main(void)
{
	if (wd_ctx_start(0) >= 0 || wd_comp_init(0, 0) >= 0 || wd_cipher_init(0, 0) >= 0)
		return 1;
	if (wcrypto_do_rsa(0, 0, 0) >= 0)
		return 2;
	return wd_sched_rr_alloc(0, 0, 0, 0) != NULL;
}
";

/// Compiles a text with these arguments behind it.
fn program(text: &str, arguments: &[String]) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let file = Path::new(TMP).join(format!("linking-{count}.c"));
    fs::write(&file, text).expect("writable");
    let out = file.with_extension("");
    let mut cc = Command::new("cc");
    cc.args(["-Wall", "-Werror", "-o"]).arg(&out).arg(&file);
    run(cc.args(arguments));
    out
}

/// The arguments of the linker: the directory of the libraries, and what is said.
fn with(words: &str) -> Vec<String> {
    let lib = library("");
    let mut all = vec![format!("-L{}", lib.display())];
    all.extend(words.split_whitespace().map(str::to_owned));
    all
}

/// Starts a program that must succeed, with all names looked up at its start.
fn start(program: &Path) -> String {
    let mut command = limited(60);
    command
        .env("LD_LIBRARY_PATH", library(""))
        .env("LD_BIND_NOW", "1");
    text(command.arg(program))
}

fn needed(program: &Path) -> Vec<String> {
    let table = text(Command::new("readelf").arg("-dW").arg(program));
    let rows = table.lines().filter(|l| l.contains("(NEEDED)"));
    let names = rows.filter_map(|l| l.split(['[', ']']).nth(1));
    names
        .filter(|n| n.starts_with("libwd"))
        .map(str::to_owned)
        .collect()
}

/// All orders of some words.
fn orders(words: &[&str]) -> Vec<String> {
    if words.is_empty() {
        return vec![String::new()];
    }
    let each = words.iter().enumerate().flat_map(|(at, first)| {
        let rest = [&words[..at], &words[at + 1..]].concat();
        orders(&rest)
            .into_iter()
            .map(move |tail| format!("{first} {tail}"))
    });
    each.collect()
}

#[test]
fn programs_link_with_the_shared_libraries_in_any_order() {
    for order in orders(&["-lwd", "-lwd_comp", "-lwd_crypto"]) {
        let program = program(PROGRAM, &with(&format!("-Wl,--fatal-warnings {order}")));
        start(&program);
        let mut found = needed(&program);
        found.sort();
        assert_eq!(
            found,
            ["libwd.so.2", "libwd_comp.so.2", "libwd_crypto.so.2"]
        );
        let versions = text(Command::new("readelf").arg("-VW").arg(&program));
        for node in ["UADK_1.0", "UADK_2.0", "UADK_COMP_2.0", "UADK_CRYPTO_2.0"] {
            assert!(versions.contains(node), "{order}: {node}");
        }
    }
}

#[test]
fn programs_link_with_the_static_libraries_in_any_order() {
    let drivers = "void hisi_zip_probe(void), hisi_zip_remove(void);\n";
    let text = PROGRAM.replace(
        "\tif (wd_ctx",
        "\thisi_zip_probe(), hisi_zip_remove();\n\tif (wd_ctx",
    );
    let text = drivers.to_owned() + &text;
    let system: Vec<_> = pkg_config(&["--static", "--libs-only-l"]);
    let system = system.into_iter().filter(|l| l != "-lwarpdrive");
    let system: Vec<String> = system.collect();
    for order in orders(&["-lwd", "-lwd_comp", "-lwd_crypto", "-l:uadk/libhisi_zip.a"]) {
        let mut arguments = with(&format!("-static {order}"));
        arguments.extend_from_slice(&system);
        let program = program(&text, &arguments);
        assert!(needed(&program).is_empty());
        start(&program);
    }
    // And beside a shared C library, by their paths.
    let path = |l: &str| library(l).to_string_lossy().into_owned();
    let mut arguments = vec![
        path("libwd_comp.a"),
        path("uadk/libhisi_zip.a"),
        path("libwd.a"),
    ];
    arguments.push("-lgcc_s".to_owned());
    arguments.extend_from_slice(&system);
    let program = program(&text, &arguments);
    assert!(needed(&program).is_empty());
    start(&program);
}

#[test]
fn pkg_config_knows_the_libraries_and_their_version() {
    for (package, library) in [
        ("libwd", "-lwd"),
        ("libwd_comp", "-lwd_comp"),
        ("libwd_crypto", "-lwd_crypto"),
    ] {
        assert_eq!(pkg_config_of(package, &["--modversion"]), ["2.10.0"]);
        let at_least = pkg_config_of(package, &["--libs", "--atleast-version=2.9.1"]);
        assert!(at_least.is_empty());
        assert_eq!(pkg_config_of(package, &["--libs-only-l"]), [library]);
        let all = pkg_config_of(package, &["--static", "--libs-only-l"]);
        assert!(all.contains(&"-lwd".to_owned()) && all.contains(&"-lpthread".to_owned()));
    }
}

#[test]
fn a_program_that_compresses_needs_no_more_than_its_package() {
    let text = "\
#include <uadk/wd_comp.h>
#include <uadk/wd_sched.h>
int main(void)
{
	struct wd_ctx_config config = { 0 };
	struct wd_comp_sess_setup setup = { .alg_type = WD_ZLIB, .op_type = WD_DIR_COMPRESS };

	if (wd_comp_init(&config, NULL) >= 0 || wd_comp_alloc_sess(&setup))
		return 1;
	wd_sched_rr_release(NULL);
	return 0;
}
";
    let mut flags = pkg_config_of("libwd_comp", &["--cflags", "--libs"]);
    flags.push("-Wl,--fatal-warnings".to_owned());
    let shared = program(text, &flags);
    assert_eq!(needed(&shared), ["libwd_comp.so.2"]);
    start(&shared);
    let mut flags = pkg_config_of("libwd_comp", &["--static", "--cflags", "--libs"]);
    flags.push("-static".to_owned());
    start(&program(text, &flags));
}

#[test]
fn a_library_can_be_named_by_its_file() {
    let text =
        "int wd_ctx_start(unsigned long);\nint main(void) { return wd_ctx_start(0) >= 0; }\n";
    let program = program(text, &with("-l:libwd.so.2"));
    assert_eq!(needed(&program), ["libwd.so.2"]);
    start(&program);
}

#[test]
fn the_log_function_of_v1_is_seen_by_programs_at_fixed_addresses_too() {
    let text = "\
typedef void (*wd_log)(const char *, ...);
extern wd_log log_out;
int wd_register_log(wd_log);
static void print(const char *format, ...) { (void)format; }
int main(void)
{
	if (log_out || wd_register_log(0) != -22 || wd_register_log(print))
		return 1;
	return log_out != print || wd_register_log(print) != -22 || log_out != print;
}
";
    // Without -fPIE the linker puts the variable into the program.
    for options in [
        "-no-pie -fno-pie -lwd",
        "-pie -fPIE -lwd",
        "-pie -fPIC -lwd",
    ] {
        start(&program(text, &with(options)));
    }
}

#[test]
fn every_missing_function_answers_that_there_is_no_device() {
    let list = read(&source("abi/missing.list"));
    let only_static = read(&source("abi/libwd_static.map"));
    let pairs = list.lines().filter(|l| !l.starts_with('#'));
    let pairs = pairs.map(|l| l.split_once(' ').expect("a name and a kind"));
    let shared = pairs.filter(|(name, _)| !only_static.contains(&format!(" {name};")));
    let calls: Vec<_> = shared
        .map(|(name, kind)| format!("CALL_{kind}(\"{name}\")\n"))
        .collect();
    let file = Path::new(TMP).join("missing.calls");
    fs::write(&file, calls.concat()).expect("writable");
    let text = read(&source("tests/c/missing.c"));
    let calls_file = format!("-DCALLS=\"{}\"", file.display());
    let program = program(&text, &[calls_file, "-ldl".to_owned()]);
    assert_eq!(start(&program), "");
    let mut command = limited(60);
    command
        .env("LD_LIBRARY_PATH", library(""))
        .env("WD_LOG_LEVEL", "error");
    let said = run(command.arg(&program)).stderr;
    let said = String::from_utf8_lossy(&said);
    let told = said
        .lines()
        .filter(|l| l.ends_with(": not in this release"));
    assert_eq!(told.count(), calls.len(), "{said}");
}

#[test]
fn the_libraries_can_be_loaded_at_run_time() {
    if !has("python3") {
        return skip("the_libraries_can_be_loaded_at_run_time", "no python3");
    }
    let script =
        "import ctypes, sys; f = ctypes.CDLL(sys.argv[1])[sys.argv[2]]; print(f(None, None))";
    for (file, name) in [
        ("libwd.so.0", "wd_send"),
        ("libwd.so", "wd_send"),
        ("libwd_comp.so", "wd_comp_init"),
        ("libwd_crypto.so", "wd_rsa_init"),
        ("libwd_dae.so", "wd_agg_init"),
        ("libwd_udma.so", "wd_udma_init"),
    ] {
        let mut python = Command::new("python3");
        let answer = text(python.args(["-c", script]).arg(library(file)).arg(name));
        let answer: i32 = answer.trim().parse().expect("a number");
        assert!(answer < 0, "{file}: {name} answered {answer}");
    }
}
