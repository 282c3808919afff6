//! C programs over the API of UADK v2. What those of [`uadk::PROGRAMS`] print is what the C library
//! prints, as `tests/c/expected` has it and `tests/differential.rs` checks; each runs once plainly
//! and once under valgrind.

mod common;
#[path = "common/uadk.rs"]
mod uadk;

use common::{has, prefix, skip};
use std::process::Output;
use uadk::{PROGRAMS, SECONDS, World};

/// What a program under valgrind exits with if valgrind found something.
const FOUND: i32 = 9;

fn run(name: &str, world: World, seconds: u32, under: &[&str]) -> Output {
    let program = uadk::build(name);
    let libraries = prefix().join("lib");
    let mut command = uadk::command(&program, world, &libraries, seconds, under);
    command.output().expect("started")
}

/// What a run says against the program, or nothing.
fn verdict(test: &str, name: &str, output: &Output) -> Option<String> {
    if output.status.code() == Some(77) {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        skip(test, &format!("{name}: {}", said.trim()));
        return None;
    }
    match uadk::printed(output) {
        Err(text) => Some(format!("{name}: {text}")),
        Ok(text) => {
            let difference = uadk::difference(&uadk::expected(name), &text);
            (!difference.is_empty()).then(|| format!("{name}: not as expected:\n{difference}"))
        }
    }
}

#[test]
fn programs_see_what_they_see_on_the_c_library() {
    let test = "programs_see_what_they_see_on_the_c_library";
    let run = |(name, world)| verdict(test, name, &run(name, world, SECONDS, &[]));
    let bad: Vec<_> = PROGRAMS.into_iter().filter_map(run).collect();
    assert!(bad.is_empty(), "\n{}", bad.join("\n"));
}

#[test]
fn programs_are_clean_under_valgrind() {
    let test = "programs_are_clean_under_valgrind";
    if !has("valgrind") {
        return skip(test, "no valgrind");
    }
    let exit = format!("--error-exitcode={FOUND}");
    let under = ["valgrind", "-q", "--fair-sched=yes", &exit];
    let run = |(name, world)| verdict(test, name, &run(name, world, SECONDS * 10, &under));
    let bad: Vec<_> = PROGRAMS.into_iter().filter_map(run).collect();
    assert!(bad.is_empty(), "\n{}", bad.join("\n"));
}
