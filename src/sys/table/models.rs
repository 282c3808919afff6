//! Tables that threads enlarge together. In a model a chunk has one cell.

use super::super::atomic::{Data, explore, fork, until_fork};
use super::*;
use loom::thread;

struct Cell(Data);

impl Default for Cell {
    fn default() -> Cell {
        let data = Data::default();
        data.write();
        Cell(data)
    }
}

#[test]
fn what_is_found_was_made_before() {
    static TABLE: Table<Cell> = Table::new();
    explore(3, || {
        assert!(TABLE.get(0).is_none() && TABLE.get(1).is_none());
        let other = thread::spawn(|| TABLE.grow());
        assert!(TABLE.grow());
        let cell = TABLE.get(0).expect("made");
        cell.0.read();
        if let Some(next) = TABLE.get(1) {
            next.0.read();
        }
        assert!(other.join().expect("no panic"));
        assert!(ptr::eq(cell, TABLE.get(0).expect("made")));
    });
}

#[test]
fn a_child_can_use_the_table_wherever_the_parents_threads_were() {
    static TABLE: Table<Cell> = Table::new();
    explore(3, || {
        assert!(TABLE.get(0).is_none() && TABLE.get(1).is_none());
        let other = thread::spawn(|| until_fork(|| TABLE.grow() && TABLE.grow()));
        fork();
        assert!(TABLE.grow());
        assert!(TABLE.get(0).is_some());
        other.join().expect("no panic");
    });
}
