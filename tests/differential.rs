//! The same C programs on this library and on the C library 2.10, in the directory that the
//! environment variable `PEER` names: what they print must be equal. Without `PEER` there is
//! nothing to compare with.

mod common;
#[path = "common/uadk.rs"]
mod uadk;

use common::{prefix, skip};
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
    let Some(peer) = std::env::var_os("PEER") else {
        return skip(test, "PEER names no directory with the C library 2.10");
    };
    let peer = Path::new(&peer);
    assert!(
        peer.join("libwd_comp.so.2").exists(),
        "no libwd_comp.so.2 in {}",
        peer.display()
    );
    let compare = |(name, world)| compare(test, name, world, peer);
    let bad: Vec<_> = PROGRAMS.into_iter().filter_map(compare).collect();
    assert!(bad.is_empty(), "\n{}", bad.join("\n"));
}

#[test]
fn a_difference_is_told_with_its_line() {
    assert_eq!(uadk::difference("a\nb\n", "a\nb\n"), "");
    assert_eq!(uadk::difference("a\nb\n", "a\nc\n"), "2:\n  b\n  c\n");
    assert_eq!(uadk::difference("a\n", "a\nb\n"), "2:\n  (nothing)\n  b\n");
}
