//! The corpus of the fuzz target for traces, replayed without libFuzzer.

#[expect(dead_code, reason = "the other targets use the rest of it")]
#[path = "../../fuzz/src/input.rs"]
mod input;
#[path = "../../fuzz/src/traces.rs"]
mod target;

use std::fs;
use std::path::Path;

#[test]
fn traces_of_any_kind_are_read_shown_and_replayed() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/traces");
    let mut count = 0;
    for entry in fs::read_dir(&corpus).expect("a corpus") {
        let path = entry.expect("readable").path();
        eprintln!("{}", path.display());
        target::traces(&fs::read(&path).expect("readable"));
        count += 1;
    }
    assert!(count > 0, "nothing in {}", corpus.display());
}
