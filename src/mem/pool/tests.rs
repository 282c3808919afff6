//! Pools against models of them, from several threads, and in fork children.

use super::memory::UNIT;
use super::ranges::Ranges;
use super::stack::Stack;
use super::*;
use crate::sys::lent::Promise;
use crate::sys::peer;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A memory pool of usual pages.
fn memory(units: usize) -> Arc<MemoryPool> {
    let nowhere = Path::new("/nonexistent");
    Arc::new(MemoryPool::of(nowhere, units * UNIT, 0).expect("memory"))
}

fn fill(address: usize, byte: u8, len: usize) {
    peer::write(Promise::in_tests(), address as u64, &vec![byte; len]).expect("mapped");
}

fn holds(address: usize, byte: u8, len: usize) -> bool {
    let mut bytes = vec![!byte; len];
    peer::read(address as u64, &mut bytes).is_ok() && bytes.iter().all(|b| *b == byte)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ranges_are_a_set_of_units(
        count in 1..200_usize,
        steps in prop::collection::vec((1..20_usize, 1..10_usize, any::<prop::sample::Index>()), 1..60),
    ) {
        let mut ranges = Ranges::all(count);
        let mut free: BTreeSet<usize> = (0..count).collect();
        let mut taken: Vec<core::ops::Range<usize>> = Vec::new();
        for (pieces, length, which) in steps {
            if let Some(got) = ranges.take(pieces, length) {
                prop_assert_eq!(got.iter().map(|r| r.len()).sum::<usize>(), pieces * length);
                for range in got {
                    prop_assert_eq!(range.len() % length, 0);
                    prop_assert!(range.clone().all(|unit| free.remove(&unit)), "taken twice");
                    taken.push(range);
                }
            } else {
                // There really is no room: count the pieces that fit into what is free.
                let mut room = 0;
                let mut unit = 0;
                while unit + length <= count {
                    let fits = (unit..unit + length).all(|u| free.contains(&u));
                    room += usize::from(fits);
                    unit += if fits { length } else { 1 };
                }
                prop_assert!(room < pieces);
                if !taken.is_empty() {
                    let range = taken.swap_remove(which.index(taken.len()));
                    free.extend(range.clone());
                    ranges.give(range);
                }
            }
            prop_assert_eq!(ranges.count(), free.len());
        }
        for range in taken {
            ranges.give(range);
        }
        prop_assert_eq!(ranges, Ranges::all(count));
    }

    #[test]
    fn blocks_do_not_overlap_and_know_their_addresses(
        units in 1..40_usize,
        size in prop_oneof![1..=UNIT, UNIT..5 * UNIT],
        count in 1..200_usize,
        steps in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..300),
    ) {
        let memory = memory(units);
        // Something in the way, so that the blocks lie in several runs.
        let ways: Vec<_> = (0..4).filter_map(|_| BlockPool::new(memory.clone(), UNIT, 2).ok()).collect();
        let keep: Vec<_> = ways.into_iter().enumerate().filter(|(i, _)| i % 2 == 1).collect();
        let free_units = memory.stats().free_units;
        let Ok(pool) = BlockPool::new(memory.clone(), size, count) else {
            prop_assert_eq!(memory.stats().free_units, free_units);
            return Ok(());
        };
        let mut used: BTreeMap<usize, u8> = BTreeMap::new();
        for (step, (take, which)) in steps.into_iter().enumerate() {
            if take {
                let Some(address) = pool.allocate() else {
                    prop_assert_eq!(used.len(), count);
                    continue;
                };
                let below = used.range(..=address).next_back();
                prop_assert!(below.is_none_or(|(at, _)| at + size <= address));
                let above = used.range(address..).next();
                prop_assert!(above.is_none_or(|(at, _)| address + size <= *at));
                fill(address, step as u8, size);
                used.insert(address, step as u8);
            } else if !used.is_empty() {
                let address = *used.keys().nth(which.index(used.len())).expect("there");
                let byte = used.remove(&address).expect("there");
                prop_assert!(holds(address, byte, size));
                if size > 1 {
                    prop_assert!(pool.free(address + 1).is_err());
                }
                prop_assert_eq!(pool.free(address), Ok(Freed::More));
                prop_assert!(pool.free(address).is_err(), "given back twice");
            }
            prop_assert_eq!(pool.stats().free, count - used.len());
        }
        drop(pool);
        prop_assert_eq!(memory.stats().free_units, free_units);
        drop(keep);
        prop_assert_eq!(memory.stats().free_units, units);
    }
}

#[test]
fn small_blocks_lie_in_a_unit_and_great_ones_begin_at_one() {
    let memory = memory(20);
    let small = BlockPool::new(memory.clone(), 1000, 9).expect("3 units");
    let great = BlockPool::new(memory.clone(), UNIT + 1, 3).expect("6 units");
    assert_eq!(memory.stats().free_units, 20 - 3 - 6);
    for _ in 0..9 {
        let at = small.allocate().expect("free") - memory.address(0);
        assert_eq!(at / UNIT, (at + 999) / UNIT);
    }
    for _ in 0..3 {
        let at = great.allocate().expect("free") - memory.address(0);
        assert_eq!(at % UNIT, 0);
    }
    assert_eq!((small.allocate(), great.allocate()), (None, None));
}

#[test]
fn statistics_are_those_of_the_c_library() {
    let memory = memory(10);
    let blocks = BlockPool::new(memory.clone(), 3000, 4).expect("4 units");
    let stats = memory.stats();
    assert!(!stats.huge);
    assert_eq!(
        (stats.unit_size, stats.units, stats.free_units),
        (4096, 10, 6)
    );
    assert_eq!(
        stats.page_size * stats.pages,
        (10 * UNIT).next_multiple_of(stats.page_size)
    );
    assert_eq!(stats.usage_rate, 0, "whole numbers: 4 / 10 * 100");
    let taken: Vec<_> = (0..3).map_while(|_| blocks.allocate()).collect();
    let expected = BlockStats {
        size: 3000,
        count: 4,
        free: 1,
        usage_rate: 0,
        waste_rate: 0,
    };
    assert_eq!(blocks.stats(), expected);
    let last = blocks.allocate();
    let expected = BlockStats {
        free: 0,
        usage_rate: 100,
        ..expected
    };
    assert_eq!(blocks.stats(), expected);
    let rest = BlockPool::new(memory.clone(), UNIT, 6).expect("6 units");
    assert_eq!(memory.stats().usage_rate, 100);
    drop(rest);
    for address in taken.into_iter().chain(last) {
        blocks.free(address).expect("in use");
    }
    assert_eq!(blocks.stats().free, 4);
}

#[test]
fn impossible_pools_are_refused_and_take_nothing() {
    let of = |size, node| MemoryPool::of(Path::new("/nonexistent"), size, node).err();
    assert_eq!(of(0, 0), Some(Error::Invalid));
    assert_eq!(of(4096, -1), Some(Error::Invalid));
    assert_eq!(of(4096, 1), Some(Error::Invalid));
    assert_eq!(of(usize::MAX, 0), Some(Error::NoMemory));
    let memory = memory(4);
    let blocks = |size, count| BlockPool::new(memory.clone(), size, count).err();
    assert_eq!(blocks(0, 1), Some(Error::Invalid));
    assert_eq!(blocks(1, 0), Some(Error::Invalid));
    assert_eq!(blocks(UNIT, 5), Some(Error::NoMemory));
    assert_eq!(blocks(3000, 5), Some(Error::NoMemory));
    assert_eq!(blocks(usize::MAX, usize::MAX), Some(Error::NoMemory));
    assert_eq!(blocks(1, usize::MAX), Some(Error::NoMemory));
    assert_eq!(memory.stats().free_units, 4);
}

#[test]
fn a_block_given_back_twice_or_a_foreign_address_changes_nothing() {
    let handle = create_memory_pool(10 * UNIT, 0).expect("memory");
    let pool = create_block_pool(handle, 100, 10).expect("room");
    let other = create_block_pool(handle, 100, 10).expect("room");
    let allocate = |pool| block_pool(pool).expect("open").allocate().expect("free");
    let (mine, theirs) = (allocate(pool), allocate(other));
    let wrong = [
        0,
        8,
        mine + 1,
        mine - 100,
        mine + 100,
        mine + 5000,
        theirs,
        usize::MAX,
    ];
    for address in wrong {
        assert_eq!(
            free_block(pool, address),
            Err(Error::Invalid),
            "{address:#x}"
        );
    }
    assert_eq!(free_block(pool, mine), Ok(()));
    assert_eq!(free_block(pool, mine), Err(Error::Invalid));
    assert_eq!(block_pool(pool).expect("open").used(), 0);
    assert_eq!(block_pool(other).expect("open").used(), 1);
    for handle in [handle, 0, pool + 1, usize::MAX] {
        assert_eq!(free_block(handle, mine), Err(Error::Invalid));
        assert_eq!(destroy_block_pool(handle), Err(Error::Invalid));
    }
    assert_eq!(destroy_memory_pool(pool), Err(Error::Invalid));
    for pool in [pool, other] {
        destroy_block_pool(pool).expect("open");
    }
    destroy_memory_pool(handle).expect("there");
    assert_eq!(destroy_memory_pool(handle), Err(Error::Invalid));
}

#[test]
fn memory_outlives_its_pools_while_a_block_is_in_use() {
    let handle = create_memory_pool(10 * UNIT, 0).expect("memory");
    let pool = create_block_pool(handle, UNIT, 3).expect("room");
    let open = block_pool(pool).expect("open");
    let memory = Arc::downgrade(&memory_pool(handle).expect("there"));
    let used: Vec<usize> = (0..2).map_while(|_| open.allocate()).collect();
    fill(used[0], 0xa5, UNIT);
    destroy_memory_pool(handle).expect("there");
    assert!(memory_pool(handle).is_err());
    assert_eq!(create_block_pool(handle, 1, 1), Err(Error::Invalid));
    destroy_block_pool(pool).expect("open");
    assert_eq!(open.allocate(), None, "a closed pool gives out nothing");
    assert_eq!(destroy_block_pool(pool), Err(Error::Invalid), "twice");
    drop(open);
    assert!(holds(used[0], 0xa5, UNIT));
    free_block(pool, used[1]).expect("in use");
    assert!(memory.upgrade().is_some());
    free_block(pool, used[0]).expect("in use");
    assert!(
        block_pool(pool).is_err(),
        "the last block ends a closed pool"
    );
    assert!(memory.upgrade().is_none());
}

#[test]
fn threads_never_have_the_same_block() {
    const BLOCKS: usize = 7;
    let memory = memory(8);
    let pool = BlockPool::new(memory, UNIT, BLOCKS).expect("room");
    let owners: [AtomicUsize; BLOCKS] = [const { AtomicUsize::new(0) }; BLOCKS];
    let first = (0..BLOCKS)
        .map_while(|_| pool.allocate())
        .min()
        .expect("free");
    for block in 0..BLOCKS {
        pool.free(first + block * UNIT).expect("in use");
    }
    thread::scope(|scope| {
        for thread in 1..=4 {
            let (pool, owners) = (&pool, &owners);
            scope.spawn(move || {
                let mut mine = Vec::new();
                for turn in 0..20_000 {
                    if turn % 5 < 3 {
                        mine.extend(pool.allocate().inspect(|address| {
                            let owner = &owners[(address - first) / UNIT];
                            assert_eq!(owner.swap(thread, Ordering::Relaxed), 0);
                        }));
                    } else if let Some(address) = mine.pop() {
                        let owner = &owners[(address - first) / UNIT];
                        assert_eq!(owner.swap(0, Ordering::Relaxed), thread);
                        pool.free(address).expect("in use");
                    }
                }
                for address in mine {
                    owners[(address - first) / UNIT].store(0, Ordering::Relaxed);
                    pool.free(address).expect("in use");
                }
            });
        }
    });
    assert_eq!(pool.used(), 0);
    assert_eq!((0..BLOCKS).map_while(|_| pool.allocate()).count(), BLOCKS);
}

#[test]
fn a_number_given_back_by_two_threads_at_once_comes_back_once() {
    let stack = Stack::full(1).expect("one number");
    for _ in 0..2_000 {
        assert_eq!(stack.pop(), Some(0));
        let wins = thread::scope(|scope| {
            let push = || usize::from(stack.push(0));
            let other = scope.spawn(push);
            push() + other.join().expect("no panic")
        });
        assert_eq!(wins, 1);
    }
}

#[test]
fn a_closing_pool_and_its_last_block_end_it_once() {
    for _ in 0..500 {
        let handle = create_memory_pool(UNIT, 0).expect("memory");
        let pool = create_block_pool(handle, UNIT, 1).expect("room");
        let weak = Arc::downgrade(&block_pool(pool).expect("open"));
        let block = block_pool(pool).expect("open").allocate().expect("free");
        thread::scope(|scope| {
            scope.spawn(|| free_block(pool, block).expect("in use"));
            destroy_block_pool(pool).expect("open");
        });
        assert!(weak.upgrade().is_none());
        destroy_memory_pool(handle).expect("there");
    }
}
