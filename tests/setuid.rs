//! A program with privileges that its caller has not: nothing of the environment leads it elsewhere.

#![cfg(not(miri))]

mod common;

use common::{TMP, skip};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::Command;
use warpdrive::sys::env;
use warpdrive::{alg, bus, sim};

/// Variables that choose devices, drivers or how they are used.
const VARIABLES: [(&str, &str); 8] = [
    ("WD_SIM", "hisi_zip"),
    ("WD_FALLBACK", "soft"),
    ("WD_NOIOMMU", "allow"),
    ("WD_SYSFS_ROOT", "/tmp/elsewhere"),
    ("WD_DEV_ROOT", "/tmp/elsewhere"),
    ("WD_COMP_CTX_NUM", "sync-comp:1@0"),
    ("WD_COMP_EPOLL_EN", "1"),
    ("WD_SYNC_TIMEOUT_MS", "1"),
];

/// What the program below is run for, and what it says.
const PART: &str = "PRIVILEGED_PART";

/// Nobody's numbers.
const NOBODY: u32 = 65534;

/// Runs in a copy of this program that is another user's and setuid.
#[test]
fn part() {
    if std::env::var_os(PART).is_none() {
        return;
    }
    let seen = VARIABLES
        .iter()
        .filter(|(name, _)| env::secure(name).is_some());
    let seen: Vec<_> = seen.map(|(name, _)| *name).collect();
    let simulated = sim::config::from_env().is_some() || bus::has("hisi_zip-0");
    println!(
        "privileged {} seen {seen:?} simulated {simulated} soft {} roots {:?} {:?}",
        env::privileged(),
        alg::env::falls_back(),
        env::sysfs_root(),
        env::dev_root()
    );
}

fn run(program: &Path) -> String {
    let mut command = Command::new(program);
    command
        .args(["--exact", "part", "--nocapture"])
        .env(PART, "1");
    let output = command.envs(VARIABLES).output().expect("runs");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.contains("privileged "));
    line.unwrap_or_else(|| panic!("nothing said: {text}"))
        .to_owned()
}

#[test]
fn a_setuid_program_is_led_nowhere_by_its_environment() {
    let own = std::env::current_exe().expect("a path");
    let usual = run(&own);
    assert!(usual.contains("privileged false"), "{usual}");
    assert!(usual.contains("simulated true soft true"), "{usual}");
    assert!(
        VARIABLES.iter().all(|(name, _)| usual.contains(name)),
        "{usual}"
    );

    let copy = Path::new(TMP).join("setuid");
    fs::copy(&own, &copy).expect("writable");
    if chown(&copy, Some(NOBODY), Some(NOBODY)).is_err() {
        return skip(
            "a_setuid_program_is_led_nowhere_by_its_environment",
            "not root",
        );
    }
    fs::set_permissions(&copy, Permissions::from_mode(0o4755)).expect("ours");
    let told = run(&copy);
    fs::remove_file(&copy).expect("ours");
    if told.contains("privileged false") {
        return skip(
            "a_setuid_program_is_led_nowhere_by_its_environment",
            "a file system without setuid programs",
        );
    }
    assert!(
        told.contains("privileged true seen [] simulated false soft false roots \"/sys\" \"/dev\""),
        "{told}"
    );
}
