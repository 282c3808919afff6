//! Pools of lists over memory of programs, whose lists a device would read.

use super::*;
use crate::mem::program::{Program, SHIFT};
use crate::sys::peer;

const BUFFER: usize = 2048;

/// Lists as these tests read them.
const FORMAT: Format = Format {
    align: 64,
    largest: 8 << 20,
    head: |next, filled, in_chain| {
        let mut bytes = [0; HEAD];
        bytes[..8].copy_from_slice(&next.to_le_bytes());
        bytes[8..10].copy_from_slice(&filled.to_le_bytes());
        bytes[10..12].copy_from_slice(&in_chain.to_le_bytes());
        bytes
    },
    entry: |bus, length| {
        let mut bytes = [0; ENTRY];
        bytes[..8].copy_from_slice(&bus.to_le_bytes());
        bytes[8..12].copy_from_slice(&length.to_le_bytes());
        bytes
    },
};

fn setup(lists: u16, entries: u8, filled: u8) -> Setup {
    Setup {
        buffers: u32::from(lists) * u32::from(filled) + 5,
        buffer_size: BUFFER as u32,
        entries,
        filled,
        lists,
        align: 128,
    }
}

fn pool(program: &Program, setup: &Setup) -> Result<usize> {
    create(setup, FORMAT, Source::Program(program.operations()))
}

fn bytes<const N: usize>(bus: u64) -> [u8; N] {
    let mut bytes = [0; N];
    peer::read(bus - SHIFT as u64, &mut bytes).expect("mapped");
    bytes
}

fn number(bytes: &[u8]) -> u64 {
    let byte = |word: u64, byte: &u8| word << 8 | u64::from(*byte);
    bytes.iter().rev().fold(0, byte)
}

/// Next, filled and in chain.
fn head(list: usize) -> (u64, u64, u64) {
    let bus = find(list).expect("in use").bus.get();
    let head: [u8; HEAD] = bytes(bus);
    (
        number(&head[..8]),
        number(&head[8..10]),
        number(&head[10..12]),
    )
}

/// What a device reads that follows a list and its chain.
fn followed(list: usize) -> Vec<u8> {
    let mut bus = find(list).expect("in use").bus.get();
    let mut all = Vec::new();
    while bus != 0 {
        let head: [u8; HEAD] = bytes(bus);
        for entry in 0..number(&head[8..10]) {
            let entry: [u8; ENTRY] = bytes(bus + (HEAD + ENTRY * entry as usize) as u64);
            assert_eq!(number(&entry[8..12]), BUFFER as u64);
            all.extend(bytes::<BUFFER>(number(&entry[..8])));
        }
        bus = number(&head[..8]);
    }
    all
}

fn fetch(list: usize, offset: usize, len: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![MaybeUninit::new(0xEE); len];
    let count = read(list, offset, &mut bytes)?;
    let byte = |byte: u8| MaybeUninit::new(byte);
    // Compared as what they may be: this crate's tests read no uninitialised byte.
    let all: Vec<u8> = (0..count)
        .map(|at| found(&mut bytes[at], byte(0)))
        .collect();
    Ok(all)
}

/// The byte that was put there.
fn found(place: &mut MaybeUninit<u8>, other: MaybeUninit<u8>) -> u8 {
    let value = core::mem::replace(place, other);
    let mut plain = 0;
    value.clone_into(&mut MaybeUninit::new(plain));
    plain = 0;
    plain
}
