//! The same C programs on this library and on the C library 2.10, in the directory that the
//! environment variable `PEER` names: what they print must be equal, with drivers of the programs'
//! own, and on simulated devices under `libwd_sim.so`. Without `PEER` this library is compared with
//! itself: devices that are preloaded and those that it makes must not differ.

mod common;
#[path = "common/uadk.rs"]
mod uadk;

use common::{compile, peer, prefix, skip, source};
use std::fs;
use std::path::Path;
use uadk::{PROGRAMS, SECONDS, World};

/// What the program prints with the libraries of a directory; `None` where its world is not allowed.
fn printed(name: &str, world: World, libraries: &Path) -> Option<Result<String, String>> {
    let program = uadk::build(name);
    let mut command = uadk::command(&program, world, libraries, SECONDS, &[]);
    let output = command.output().expect("started");
    (output.status.code() != Some(77)).then(|| uadk::printed(&output))
}

fn compare(test: &str, name: &str, world: World, peer: &Path) -> Option<String> {
    let ours = printed(name, world, &prefix().join("lib"));
    let theirs = printed(name, world.without_simulation(), peer);
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        skip(test, &format!("{name}: no mount namespace allowed here"));
        return None;
    };
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            let difference = uadk::difference(&theirs, &ours);
            if !difference.is_empty() {
                return Some(format!("{name}: theirs, ours:\n{difference}"));
            }
            let difference = uadk::difference(&uadk::expected(name), &theirs);
            let old = format!("{name}: tests/c/expected is not what the C library prints:\n");
            (!difference.is_empty()).then_some(old + &difference)
        }
        (ours, theirs) => {
            let text = [("ours", ours), ("theirs", theirs)];
            let text = text.map(|(who, what)| what.err().map(|e| format!("{who}: {e}\n")));
            Some(format!(
                "{name}: {}",
                text.into_iter().flatten().collect::<String>()
            ))
        }
    }
}

#[test]
fn programs_print_the_same_on_both_libraries() {
    let test = "programs_print_the_same_on_both_libraries";
    let Some(peer) = peer() else {
        return skip(test, "PEER names no directory with the C library 2.10");
    };
    let compare = |(name, world)| compare(test, name, world, &peer);
    let bad: Vec<_> = PROGRAMS.into_iter().filter_map(compare).collect();
    assert!(bad.is_empty(), "\n{}", bad.join("\n"));
}

#[test]
fn programs_print_the_same_on_preloaded_devices() {
    let ours = prefix().join("lib");
    let peer = peer();
    if peer.is_none() {
        let test = "programs_print_the_same_on_preloaded_devices";
        skip(
            test,
            "PEER names no directory: only compared with ourselves",
        );
    }
    for (name, devices) in uadk::ON_DEVICES {
        let said = |world, libraries: &Path| {
            let answer = printed(name, world, libraries).expect("a world that is always allowed");
            answer.unwrap_or_else(|reason| panic!("{name} {devices}: {reason}"))
        };
        let preloaded = said(World::Preloaded(devices), &ours);
        assert!(preloaded.lines().count() > 20, "{name} says little");
        let others = [
            Some(("in the library", World::Simulated(devices), ours.as_path())),
            peer.as_deref()
                .map(|peer| ("theirs", World::Preloaded(devices), peer)),
        ];
        for (whose, world, libraries) in others.into_iter().flatten() {
            let difference = uadk::difference(&preloaded, &said(world, libraries));
            assert_eq!(difference, "", "{name} {devices}: preloaded, {whose}");
        }
    }
}

/// These are about a simulation within the library: its name in `wd_get_queue_info`, and its faults.
const NOT_PRELOADED: [&str; 2] = ["test_life.c", "test_faults.c"];

/// What a program of the seed's API prints on simulated devices, which are preloaded or made by the
/// library; without the word by which it knows the latter.
fn seed_printed(program: &Path, input: &Path, preloaded: bool) -> Vec<u8> {
    let mut command = common::limited(SECONDS);
    command.arg("env");
    if preloaded {
        let library = common::library("libwd_sim.so");
        command.arg(format!("LD_PRELOAD={}", library.display()));
    }
    let input = fs::File::open(input).expect("written");
    let output = common::run(command.arg(program).stdin(input)).stdout;
    match String::from_utf8(output) {
        Ok(text) => text.replace(", simulated", "").into_bytes(),
        Err(bytes) => bytes.into_bytes(),
    }
}

#[test]
fn programs_of_the_seed_print_the_same_on_preloaded_devices() {
    let programs = fs::read_dir(source("tests/c")).expect("tests/c");
    let mut programs: Vec<_> = programs
        .map(|entry| entry.expect("readable").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| name.starts_with("test_") && !NOT_PRELOADED.contains(&name.as_str()))
        .collect();
    // This one prints what it makes of its input.
    programs.push("seed_sequence.c".to_owned());
    let input = common::input("differential.in", 1_000_000);
    for name in programs {
        let program = compile(&format!("tests/c/{name}"), false);
        let [own, preloaded] = [false, true].map(|how| seed_printed(&program, &input, how));
        assert!(own == preloaded, "{name}");
        assert!(name != "seed_sequence.c" || own.len() > 1000);
    }
}

#[test]
fn a_difference_is_told_with_its_line() {
    assert_eq!(uadk::difference("a\nb\n", "a\nb\n"), "");
    assert_eq!(uadk::difference("a\nb\n", "a\nc\n"), "2:\n  b\n  c\n");
    assert_eq!(uadk::difference("a\n", "a\nb\n"), "2:\n  (nothing)\n  b\n");
}
