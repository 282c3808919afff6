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
    let mut place = vec![MaybeUninit::uninit(); len];
    let mut plain = vec![0; read(list, offset, &mut place)?];
    peer::read(place.as_ptr().addr() as u64, &mut plain).expect("mapped");
    Ok(plain)
}

/// Bytes that tell where they are from.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at / 251 + at) as u8).collect()
}

fn data(list: usize) -> Vec<usize> {
    let count = find(list).expect("in use").entries;
    let entry = |number| buffer(list, number).expect("an entry").data;
    (1..=count).map(entry).collect()
}

#[test]
fn a_device_reads_the_buffers_of_a_list_in_order() {
    let program = Program::new(usize::MAX);
    let pool = pool(&program, &setup(3, 5, 4)).expect("memory");
    let list = allocate(pool, 1).expect("free");
    let info = find(list).expect("in use");
    assert_eq!(info.bus.get() as usize % 128, 0);
    assert_eq!((info.entries, info.buffers, info.chain_buffers), (5, 4, 4));
    assert_eq!((info.size, info.room), (4 * BUFFER, 4 * BUFFER));
    assert_eq!((info.buffer_size, info.data), (BUFFER as u32, 0));
    assert_eq!(head(list), (0, 4, 4));
    let text = pattern(4 * BUFFER);
    assert_eq!(write(list, 0, &text), Ok(text.len()));
    assert_eq!(followed(list), text);
    assert_eq!(Ok(info.bus), map(pool, list));
    let address = |number| buffer(list, number).expect("an entry").address;
    assert_eq!(address(1), Some(info.first));
    assert_eq!(address(4), Some(info.last));
    assert_eq!(address(5), None, "an entry without a buffer");
    assert!(buffer(list, 0).is_err() && buffer(list, 6).is_err());
    free(pool, list).expect("in use");
    destroy(pool).expect("unused");
    assert_eq!(program.out(), (0, 0, 1));
}

#[test]
fn a_chain_is_read_as_one_and_its_lists_are_single_again_afterwards() {
    let program = Program::new(usize::MAX);
    let pool = pool(&program, &setup(2, 3, 3)).expect("memory");
    let chain = allocate(pool, 3 * BUFFER + 1).expect("two are free");
    let info = find(chain).expect("in use");
    assert_eq!((info.chain_buffers, info.room), (6, 6 * BUFFER));
    assert_eq!(with(pool, |pool| Ok(pool.free_lists())), Ok(0));
    let (next, filled, in_chain) = head(chain);
    assert_eq!((next != 0, filled, in_chain), (true, 3, 6));
    let text = pattern(6 * BUFFER);
    assert_eq!(write(chain, 0, &text), Ok(text.len()));
    assert_eq!(followed(chain), text);
    assert_eq!(fetch(chain, 0, text.len()), Ok(text.clone()));
    assert_eq!(allocate(pool, 1), Err(Error::NoMemory));
    free(pool, chain).expect("in use");
    for _ in 0..2 {
        let single = allocate(pool, 3 * BUFFER).expect("free");
        assert_eq!(head(single), (0, 3, 3), "nothing is left of the chain");
        assert_eq!(data(single), [0, 0, 0]);
    }
}

#[test]
fn copies_go_anywhere_and_tell_what_had_room() {
    let program = Program::new(usize::MAX);
    let pool = pool(&program, &setup(4, 3, 2)).expect("memory");
    let (one, two) = (allocate(pool, 1), allocate(pool, 2 * BUFFER + 1));
    for list in [one.expect("free"), two.expect("free")] {
        let room = find(list).expect("in use").room;
        let mut model = vec![0_u8; room];
        write(list, 0, &model).expect("room");
        for offset in [0, 1, BUFFER - 1, BUFFER, 2 * BUFFER - 1, room - 1] {
            for len in [1, 2, BUFFER, 2 * BUFFER, 3 * BUFFER + 5, room, room + 9] {
                let text = pattern(len);
                let fits = len.min(room - offset);
                assert_eq!(write(list, offset, &text), Ok(fits), "{len} at {offset}");
                model[offset..offset + fits].copy_from_slice(&text[..fits]);
                assert_eq!(fetch(list, offset, len), Ok(text[..fits].to_vec()));
                let info = find(list).expect("in use");
                assert_eq!(info.data, offset + fits);
                let first = (offset + fits).min(BUFFER);
                let second = (offset + fits).clamp(BUFFER, 2 * BUFFER) - BUFFER;
                assert_eq!(data(list), [first, second, 0]);
            }
        }
        assert_eq!(fetch(list, 0, room), Ok(model));
        for (offset, len) in [(room, 1), (usize::MAX, 1), (0, 0)] {
            assert_eq!(write(list, offset, &pattern(len)), Err(Error::Invalid));
            assert_eq!(fetch(list, offset, len), Err(Error::Invalid));
        }
    }
}

#[test]
fn the_second_list_of_a_chain_has_its_share_of_the_data() {
    let program = Program::new(usize::MAX);
    let pool = pool(&program, &setup(2, 2, 2)).expect("memory");
    let (first, second) = (allocate(pool, 1), allocate(pool, 1));
    let (first, second) = (first.expect("free"), second.expect("free"));
    merge(first, second).expect("single lists");
    assert_eq!(
        write(first, 0, &pattern(3 * BUFFER + 7)),
        Ok(3 * BUFFER + 7)
    );
    assert_eq!(data(first), [BUFFER, BUFFER]);
    assert_eq!(data(second), [BUFFER, 7]);
    assert_eq!(find(first).expect("in use").data, 3 * BUFFER + 7);
    assert_eq!(find(second).expect("in use").data, 0, "told with the first");
    assert_eq!(find(second).expect("in use").chain_buffers, 2);
    assert_eq!(
        find(first).expect("in use").last,
        find(second).expect("in use").last
    );
}

#[test]
fn only_single_lists_of_one_pool_are_joined_and_only_whole_chains_are_freed() {
    let program = Program::new(usize::MAX);
    let (here, there) = (setup(3, 2, 2), setup(1, 2, 2));
    let (here, there) = (pool(&program, &here), pool(&program, &there));
    let (here, there) = (here.expect("memory"), there.expect("memory"));
    let list = |pool| allocate(pool, 1).expect("free");
    let (a, b, c, foreign) = (list(here), list(here), list(here), list(there));
    let refused = |first, second| assert_eq!(merge(first, second), Err(Error::Invalid));
    refused(a, a);
    refused(a, foreign);
    refused(foreign, a);
    refused(a, 0);
    refused(0, a);
    refused(a, here);
    merge(a, b).expect("single lists");
    refused(a, c);
    refused(c, a);
    refused(b, c);
    refused(c, b);
    assert_eq!(free(here, b), Err(Error::Invalid), "joined to another");
    assert_eq!(free(there, a), Err(Error::Invalid), "of another pool");
    assert_eq!(map(there, a), Err(Error::Invalid), "of another pool");
    assert_eq!(destroy(here), Err(Error::Busy));
    free(here, a).expect("in use");
    for stale in [a, b] {
        assert_eq!(free(here, stale), Err(Error::Invalid));
        assert_eq!(find(stale).map(|info| info.data), Err(Error::Invalid));
        refused(stale, c);
    }
    free(here, c).expect("in use");
    free(there, foreign).expect("in use");
    destroy(here).expect("unused");
    destroy(there).expect("unused");
    assert_eq!(program.out(), (0, 0, 2));
}

#[test]
fn a_list_that_is_used_again_has_another_number_also_in_a_later_pool() {
    let program = Program::new(usize::MAX);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let pool = pool(&program, &setup(1, 1, 1)).expect("memory");
        for _ in 0..50 {
            let list = allocate(pool, 1).expect("free");
            assert!(seen.insert(list) && list != 0);
            free(pool, list).expect("in use");
        }
        destroy(pool).expect("unused");
        for stale in &seen {
            assert!(find(*stale).is_err());
        }
        for none in [0, 1, pool, usize::MAX] {
            assert_eq!(allocate(none, 1), Err(Error::Invalid));
            assert_eq!(destroy(none), Err(Error::Invalid));
            assert!(find(none).is_err() && buffer(none, 1).is_err());
        }
    }
}

#[test]
fn numbers_out_of_their_ranges_are_refused_before_there_is_memory() {
    let program = Program::new(usize::MAX);
    let good = setup(2, 4, 3);
    let bad: [fn(&mut Setup); 11] = [
        |s| s.lists = 0,
        |s| s.lists = 2049,
        |s| s.entries = 0,
        |s| s.entries = 61,
        |s| s.filled = 0,
        |s| s.filled = 5,
        |s| s.buffers = 5,
        |s| s.buffer_size = 2047,
        |s| s.buffer_size = (8 << 20) + 1,
        |s| s.align = 4,
        |s| s.align = 96,
    ];
    for spoil in bad {
        let mut setup = good;
        spoil(&mut setup);
        assert_eq!(pool(&program, &setup), Err(Error::Invalid), "{setup:?}");
    }
    let mut setup = good;
    setup.buffers = u32::MAX;
    assert_eq!(pool(&program, &setup), Err(Error::NoMemory));
    assert_eq!(program.out(), (0, 0, 0));
    let pool = pool(&program, &good).expect("memory");
    for size in [0, 2 * 3 * BUFFER + 1, usize::MAX] {
        assert_eq!(allocate(pool, size), Err(Error::Invalid));
    }
    let counts = with(pool, |pool| Ok((pool.free_lists(), pool.free_buffers())));
    assert_eq!(counts, Ok((2, 5)));
    destroy(pool).expect("unused");
}

#[test]
fn a_copy_may_go_on_while_its_list_is_freed() {
    let program = Program::new(usize::MAX);
    let pool = pool(&program, &setup(2, 8, 8)).expect("memory");
    std::thread::scope(|scope| {
        for thread in 0..3 {
            scope.spawn(move || {
                let text = vec![thread; 8 * BUFFER];
                for _ in 0..300 {
                    let Ok(list) = allocate(pool, 1) else {
                        continue;
                    };
                    assert_eq!(write(list, 0, &text), Ok(text.len()));
                    assert_eq!(fetch(list, 5, BUFFER), Ok(vec![thread; BUFFER]));
                    free(pool, list).expect("in use");
                }
            });
        }
    });
    destroy(pool).expect("unused");
}
