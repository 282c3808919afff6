//! The corpora of the fuzz targets, replayed without libFuzzer.

#![expect(unsafe_code, reason = "the targets call C entries")]
#![expect(
    clippy::undocumented_unsafe_blocks,
    reason = "of sequences of C calls the safety is said once, above them"
)]

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// One target at a time: one of them sets environment variables, and what they do is the process's.
static ONE: Mutex<()> = Mutex::new(());

/// Hands every file of a target's corpus to it.
fn replay(target: fn(&[u8]), name: &str) {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(name);
    let mut count = 0;
    for entry in fs::read_dir(&corpus).expect("a corpus") {
        let path = entry.expect("readable").path();
        eprintln!("{}", path.display());
        target(&fs::read(&path).expect("readable"));
        count += 1;
    }
    assert!(count > 0, "nothing in {}", corpus.display());
    // Nothing at all is an input, too.
    target(&[]);
}

macro_rules! corpora {
    ($($target:ident),*) => {
        $(#[test]
        fn $target() {
            replay(targets::$target, stringify!($target));
        })*
    };
}

corpora!(
    sysfs,
    sim_config,
    environment,
    plugin_list,
    inflate,
    lz,
    soft_streams,
    sgl,
    ring,
    zip_driver,
    messages,
    api_v0,
    api_v1,
    api_v2
);
