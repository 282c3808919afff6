//! Man pages and completions, and that `make` installs them.

mod common;

use common::{directory, run, told, wd};
use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn every_command_has_a_man_page_and_is_completed() {
    let dir = directory("pages");
    run(wd("").arg("pages").arg(&dir));
    let man = dir.join("man");
    for name in [
        "wd",
        "wd-list",
        "wd-test",
        "wd-compress",
        "wd-decompress",
        "wd-bench",
        "wd-sim",
    ] {
        let page = fs::read_to_string(man.join(format!("{name}.1"))).expect(name);
        assert!(page.contains(".TH") && page.contains("SYNOPSIS"), "{name}");
    }
    for name in [
        "wd-trace",
        "wd-trace-record",
        "wd-trace-show",
        "wd-trace-replay",
    ] {
        assert!(man.join(format!("{name}.1")).exists(), "{name}");
    }
    let page = fs::read_to_string(man.join("wd-test.1")).expect("there");
    assert!(page.contains("Exit status 0 if all is right"), "{page}");
    assert!(!man.join("wd-pages.1").exists(), "hidden");
    for (name, word) in [
        ("wd.bash", "decompress"),
        ("_wd", "decompress"),
        ("wd.fish", "bench"),
    ] {
        let text = fs::read_to_string(dir.join("completions").join(name)).expect(name);
        assert!(text.contains(word), "{name}");
    }
}

#[test]
fn make_installs_the_tool_under_both_names_and_uninstalls_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the repository");
    let stage = directory("stage");
    let make = |target: &str| {
        let mut make = Command::new("make");
        make.current_dir(root)
            .args(["-s", target, "PROFILE=debug", "PREFIX=/opt/wd"]);
        make.env_remove("MAKEFLAGS").env_remove("MAKELEVEL");
        let target_dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .parent()
            .expect("a target");
        make.env("CARGO_TARGET_DIR", target_dir);
        run(make.arg(format!("DESTDIR={}", stage.display())));
    };
    make("install-tool");
    let bin = stage.join("opt/wd/bin");
    assert!(told(&run(Command::new(bin.join("wd")).arg("--version"))).starts_with("wd "));
    let other = run(&mut Command::new(bin.join("uadk_tool")));
    assert!(told(&other).starts_with("NAME\nuadk_tool"));
    for file in [
        "man/man1/wd-bench.1",
        "bash-completion/completions/wd",
        "zsh/site-functions/_wd",
        "fish/vendor_completions.d/wd.fish",
    ] {
        assert!(stage.join("opt/wd/share").join(file).exists(), "{file}");
    }
    make("uninstall");
    let mut find = Command::new("find");
    assert_eq!(told(&run(find.arg(&stage).args(["!", "-type", "d"]))), "");
}
