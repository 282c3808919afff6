//! docs/behaviour.md and docs/security.md name the test that holds each row: each of them is in the
//! sources, and each row names one or says why there is none.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The names of functions in Rust and C sources below `dir`.
fn functions(dir: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            functions(&path, found);
            continue;
        }
        let rust = path.extension().is_some_and(|e| e == "rs");
        let c = path.extension().is_some_and(|e| e == "c");
        if !rust && !c {
            continue;
        }
        let text = fs::read_to_string(&path).expect("readable");
        let names = text.lines().filter_map(|line| {
            let line = line.trim_start();
            let start = if rust { "fn " } else { "static " };
            let head = line.strip_prefix(start)?.split('(').next()?;
            head.rsplit([' ', '*']).next()
        });
        found.extend(names.map(str::to_owned));
    }
}

/// The tests that a cell of a table names.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// What is wrong with a document: rows of tables whose last column is "test".
fn faults(document: &str, known: &BTreeSet<String>) -> Vec<String> {
    let (mut faults, mut inside) = (Vec::new(), false);
    for line in document.lines() {
        let Some(row) = line.strip_prefix('|').and_then(|l| l.strip_suffix('|')) else {
            inside = false;
            continue;
        };
        let cell = row.rsplit('|').next().unwrap_or(row).trim();
        if cell == "test" {
            inside = true;
        } else if inside && !cell.starts_with("---") && !cell.starts_with("none: ") {
            let missing = names(cell).filter(|name| !known.contains(*name));
            faults.extend(missing.map(|name| format!("no test {name}")));
            if names(cell).next().is_none() {
                faults.push(format!("no test in: {line}"));
            }
        }
    }
    faults
}

fn known() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known = BTreeSet::new();
    functions(&root.join("src"), &mut known);
    functions(&root.join("tests"), &mut known);
    functions(&root.join("tool"), &mut known);
    known
}

#[test]
fn every_test_that_the_documents_name_is_there() {
    for (name, tables) in [("docs/behaviour.md", 9), ("docs/security.md", 6)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let document = fs::read_to_string(path).expect("readable");
        let faults = faults(&document, &known());
        assert!(faults.is_empty(), "{name}\n{}", faults.join("\n"));
        let found = document.matches("| test |").count();
        assert!(found >= tables, "{name}: tables are gone");
    }
}

#[test]
fn a_missing_test_is_noticed() {
    let table = |cell: &str| format!("| rule | test |\n|---|---|\n| so it is | {cell} |\n");
    let faults = |cell| faults(&table(cell), &known());
    assert!(faults("`a_missing_test_is_noticed`").is_empty());
    assert!(faults("`a_full_ring_is_busy_and_empties`").is_empty(), "C");
    assert!(faults("none: for this reason").is_empty());
    assert_eq!(faults("`no_such_test`"), ["no test no_such_test"]);
    assert_eq!(faults("`a_missing_test_is_noticed`, `nor_this`").len(), 1);
    assert_eq!(faults("").len(), 1);
}
