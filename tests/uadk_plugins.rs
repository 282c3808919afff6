//! Plug-ins: drivers written in C in the directory `uadk` beside the installed libraries, with and
//! without the list of them.

mod common;
#[path = "common/uadk.rs"]
mod uadk;

use common::{TMP, pkg_config_of, prefix, run, source, text};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use uadk::{SECONDS, World};

/// A directory with the shared libraries, and no plug-ins.
fn libraries() -> PathBuf {
    let dir = Path::new(TMP).join(format!("plugged-{}", std::process::id()));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(dir.join("uadk")).expect("writable");
    for name in ["libwd.so.2", "libwd_comp.so.2"] {
        fs::copy(prefix().join("lib").join(name), dir.join(name)).expect("installed");
    }
    dir
}

/// Makes a plug-in of tests/c/uadk_plugin.c.
fn plugin(file: &Path) {
    let mut cc = Command::new("cc");
    cc.args([
        "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o",
    ]);
    cc.arg(file).arg(source("tests/c/uadk_plugin.c"));
    cc.args(pkg_config_of("libwd", &["--cflags", "--libs"]));
    run(&mut cc);
}

#[test]
fn plug_ins_beside_the_library_are_loaded_all_or_those_of_the_list() {
    let program = uadk::build("uadk_plugged");
    let dir = libraries();
    let served = || {
        text(&mut uadk::command(
            &program,
            World::Bare,
            &dir,
            SECONDS,
            &[],
        ))
    };
    let (own, foreign) = ("software\nsoftware\n", "plug-in\nplug-in\n");
    assert_eq!(served(), own, "no plug-ins");
    plugin(&dir.join("uadk/libcopy.so"));
    fs::write(dir.join("uadk/libbroken.so"), "no object").expect("writable");
    assert_eq!(served(), foreign, "all of them");
    let list = dir.join("uadk/uadk.cnf");
    for (lines, expected) in [
        ("libcopy.so\n", foreign),
        ("# the copier\n\nlibbroken.so\nlibcopy.so", foreign),
        ("#libcopy.so\n", own),
        ("libother.so\n", own),
        (" libcopy.so\n", own),
        ("", own),
    ] {
        fs::write(&list, lines).expect("writable");
        assert_eq!(served(), expected, "{lines:?}");
    }
    fs::remove_file(&list).expect("there");
    // Not what plug-ins are called like; the list may name it all the same.
    fs::rename(dir.join("uadk/libcopy.so"), dir.join("uadk/copy.so")).expect("there");
    assert_eq!(served(), own);
    fs::write(&list, "copy.so\n").expect("writable");
    assert_eq!(served(), foreign);
}
