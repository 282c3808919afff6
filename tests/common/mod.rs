//! What the tests of the C side share: one build, one installed prefix, and how to skip.

#![allow(dead_code, reason = "no test file uses all of it")]

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where temporary files of tests go.
pub const TMP: &str = env!("CARGO_TARGET_TMPDIR");

/// A file of the repository.
pub fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// An empty directory for one test.
pub fn directory(name: &str) -> PathBuf {
    let dir = Path::new(TMP).join(format!("{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).expect("writable");
    dir
}

/// The text of a file.
pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether a program is there.
pub fn has(tool: &str) -> bool {
    let mut asked = Command::new(tool);
    asked.arg("--version").stdin(Stdio::null());
    asked.output().is_ok_and(|output| output.status.success())
}

/// Says that a test was not done, where `make test` prints it at its end.
pub fn skip(test: &str, reason: &str) {
    let line = format!("skipped: {test}: {reason}\n");
    eprint!("{line}");
    let mut file = OpenOptions::new();
    let file = file.create(true).append(true);
    let file = file.open(Path::new(TMP).join("skipped"));
    file.and_then(|mut file| file.write_all(line.as_bytes()))
        .expect("the temporary directory is writable");
}

/// The libraries of the C libwd 2.10, where `PEER` names the directory that they are in, or the one
/// that has them in its `lib`.
pub fn peer() -> Option<PathBuf> {
    let named = PathBuf::from(std::env::var_os("PEER").filter(|peer| !peer.is_empty())?);
    let has = |directory: &PathBuf| directory.join("libwd_comp.so.2").exists();
    let found = [named.join("lib"), named.clone()].into_iter().find(has);
    assert!(found.is_some(), "no libwd_comp.so.2 in {}", named.display());
    found
}

/// Runs a command that must succeed.
pub fn run(command: &mut Command) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The standard output of a command that must succeed.
pub fn text(command: &mut Command) -> String {
    String::from_utf8_lossy(&run(command).stdout).into_owned()
}

/// A make of the repository, as a user would start it: without what cargo and an outer make have
/// put into the environment.
pub fn make() -> Command {
    let mut make = Command::new("make");
    make.arg("-s").current_dir(env!("CARGO_MANIFEST_DIR"));
    for (name, _) in std::env::vars() {
        let ours = name.starts_with("CARGO") || name.starts_with("MAKE");
        if ours && !["CARGO_HOME", "CARGO_TARGET_DIR"].contains(&name.as_str()) {
            make.env_remove(name);
        }
    }
    make.env_remove("LD_LIBRARY_PATH").env_remove("MFLAGS");
    make
}

/// The libraries of the release profile, installed once for each test file.
pub fn prefix() -> &'static Path {
    static PREFIX: OnceLock<PathBuf> = OnceLock::new();
    PREFIX.get_or_init(|| {
        let prefix = Path::new(TMP).join("prefix");
        // What is installed is made from what is there now, so nothing old may remain.
        let _ = fs::remove_dir_all(&prefix);
        run(make()
            .arg("install-lib")
            .arg("DESTDIR=")
            .arg(format!("PREFIX={}", prefix.display())));
        prefix
    })
}

/// A file that `make lib` made and that is not installed as it is, such as a library with all
/// its symbols.
pub fn built(name: &str) -> PathBuf {
    prefix();
    let target = Path::new(TMP).parent().expect("target/tmp");
    target.join("release/so").join(name)
}

/// A library of the prefix.
pub fn library(name: &str) -> PathBuf {
    prefix().join("lib").join(name)
}

/// The names that a map lists.
pub fn names_of(map: &str) -> BTreeSet<String> {
    let is_name = |line: &&str| line.ends_with(';') && !line.contains(['*', '}', ' ']);
    let map = read(&source(map));
    let names = map.lines().map(str::trim).filter(is_name);
    names.map(|n| n.trim_end_matches(';').to_owned()).collect()
}

/// The files of a directory with this end.
fn files(dir: &Path, end: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(dir).expect("readable");
    let paths = all.map(|entry| entry.expect("readable").path());
    paths
        .filter(|path| path.extension().is_some_and(|e| e == end))
        .collect()
}

/// Has gzip and Python read what programs left in a directory: files `.gz`, `.zlib` and `.deflate`.
pub fn others_read(test: &str, dir: &Path) {
    let gz = files(dir, "gz");
    assert!(!gz.is_empty());
    if has("gzip") {
        run(Command::new("gzip").arg("-t").args(gz));
    } else {
        skip(test, "no gzip");
    }
    if has("python3") {
        let script = "import sys, zlib\n\
                      for f in sys.argv[1:]:\n    \
                      d = zlib.decompressobj(-15 if f.endswith('deflate') else 15)\n    \
                      d.decompress(open(f, 'rb').read())\n    \
                      assert d.eof and not d.unused_data, f\n";
        let mut python = Command::new("python3");
        python.args(["-c", script]).args(files(dir, "zlib"));
        run(python.args(files(dir, "deflate")));
    } else {
        skip(test, "no python3");
    }
}

/// pkg-config for the seed API in the prefix.
pub fn pkg_config(arguments: &[&str]) -> Vec<String> {
    pkg_config_of("warpdrive", arguments)
}

/// pkg-config for a package of the prefix.
pub fn pkg_config_of(package: &str, arguments: &[&str]) -> Vec<String> {
    let path = prefix().join("lib/pkgconfig");
    let mut command = Command::new("pkg-config");
    command.env("PKG_CONFIG_PATH", path);
    let answer = text(command.args(arguments).arg(package));
    answer.split_whitespace().map(str::to_owned).collect()
}

/// Compiles a C program against the prefix, as a user would, and finds its libraries by rpath.
pub fn compile(program: &str, statically: bool) -> PathBuf {
    let name = Path::new(program).file_stem().expect("a file name");
    // Tests run at the same time, and some compile the same program.
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let out = Path::new(TMP).join(format!("{}-{count}", name.display()));
    let flags = if statically {
        pkg_config(&["--static", "--cflags", "--libs"])
    } else {
        pkg_config(&["--cflags", "--libs"])
    };
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread"]);
    cc.arg("-o").arg(&out).arg(source(program));
    cc.args(flags);
    if statically {
        cc.arg("-static");
    } else {
        cc.arg("-Wl,--fatal-warnings");
        cc.arg(format!("-Wl,-rpath,{}", prefix().join("lib").display()));
    }
    run(&mut cc);
    out
}

/// A command that is ended when it takes too long, and sees one kind of device: simulated ones.
pub fn limited(seconds: u32) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", &seconds.to_string()]);
    for (name, _) in std::env::vars() {
        if name.starts_with("WD_") {
            command.env_remove(name);
        }
    }
    command.env("WD_SIM", "hisi_zip").stdin(Stdio::null());
    command
}

/// A file to compress: some megabytes that are neither random nor all the same.
pub fn input(name: &str, bytes: usize) -> PathBuf {
    let mut text = Vec::with_capacity(bytes + 32);
    let mut state = 1_u32;
    while text.len() < bytes {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.extend_from_slice(format!("{} line {}\n", text.len(), state >> 20).as_bytes());
    }
    text.truncate(bytes);
    let path = Path::new(TMP).join(name);
    fs::write(&path, text).expect("writable");
    path
}
