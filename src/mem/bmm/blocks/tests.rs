//! Pools of blocks over memory of queues and of programs.

use super::*;
use crate::mem::program::{Program, SHIFT};
use crate::mem::reserved::Reserved;
use crate::sys::lent::Promise;
use crate::sys::mm_br::MmBr;
use crate::sys::peer;
use crate::sys::shared::SharedMemory;
use crate::uacce::channel::Slice;
use std::collections::BTreeSet;
use std::thread;

const SLICE: usize = 64 << 10;

fn setup(block_size: u32, blocks: u32, align: u32) -> Setup {
    Setup {
        block_size,
        blocks,
        align,
    }
}

/// A pool of a queue whose memory is in pieces that do not touch, and how much was reserved.
fn of_queue(setup: &Setup, iommu: bool) -> (Result<(usize, u32)>, usize) {
    let mut asked = 0;
    let mut reserve = |len: usize| {
        asked = len;
        let memory = SharedMemory::own(len)?;
        let at = |n: usize| Slice {
            bus: (1 << 32) + (2 * n * SLICE) as u64,
            len: SLICE,
        };
        let slices: Vec<Slice> = (0..len / SLICE).map(at).collect();
        Ok(Arc::new(Reserved::new(memory, &slices)))
    };
    let source = Source::Queue {
        iommu,
        reserve: &mut reserve,
    };
    let made = create(setup, source);
    (made, asked)
}

fn of_program(setup: &Setup, operations: MmBr) -> Result<(usize, u32)> {
    create(setup, Source::Program(operations))
}

fn allocate(pool: usize) -> Result<Place> {
    with(pool, Blocks::allocate)
}

fn free(pool: usize, address: usize) -> Result<()> {
    with(pool, |pool| pool.free(address))
}

fn map(pool: usize, address: usize) -> Result<u64> {
    with(pool, |pool| pool.map(address)).map(NonZeroU64::get)
}

fn counts(pool: usize) -> (u32, u32) {
    with(pool, |pool| Ok((pool.free_blocks(), pool.failures()))).expect("a pool")
}

#[test]
fn blocks_of_a_queue_are_in_one_piece_for_its_device_and_as_many_as_wanted() {
    let (made, asked) = of_queue(&setup(5000, 40, 64), false);
    let (pool, count) = made.expect("enough");
    assert_eq!((count, asked), (40, 2 << 20));
    assert_eq!(with(pool, |pool| Ok(pool.block_size())), Ok(5056));
    let mut seen = BTreeSet::new();
    for _ in 0..count {
        let place = allocate(pool).expect("free");
        assert_eq!(place.address % 64, 0);
        let (first, last) = (place.bus.get(), place.bus.get() + 4999);
        assert_eq!(first / SLICE as u64, last / SLICE as u64);
        for inside in [0, 1, 4999] {
            assert_eq!(map(pool, place.address + inside), Ok(first + inside as u64));
        }
        assert!(seen.insert(place.address));
        peer::write(Promise::in_tests(), place.address as u64, &[0x5a; 5000]).expect("mapped");
    }
    let least = seen
        .iter()
        .zip(seen.iter().skip(1))
        .map(|(a, b)| b - a)
        .min();
    assert_eq!(least, Some(5056), "none overlaps another");
    assert_eq!(allocate(pool), Err(Error::NoMemory));
    assert_eq!(counts(pool), (0, 1));
    assert_eq!(destroy(pool), Err(Error::Busy));
    for address in seen {
        free(pool, address).expect("in use");
    }
    assert_eq!(destroy(pool), Ok(()));
}

#[test]
fn a_pool_that_gets_too_few_blocks_is_none() {
    // 64 KiB hold 13 blocks of 5000 bytes: with an IOMMU no more is reserved than is needed.
    let (made, asked) = of_queue(&setup(5000, 100, 8), true);
    let (pool, count) = made.expect("more than 87 %");
    assert_eq!((asked, count), (8 * SLICE, 97));
    destroy(pool).expect("unused");
    let (made, _) = of_queue(&setup(40_000, 20, 8), true);
    assert_eq!(made, Err(Error::NoMemory));
}

#[test]
fn sizes_that_cannot_be_are_refused_before_anything_is_reserved() {
    let bad = [
        setup(0, 1, 8),
        setup(1, 0, 8),
        setup(1, 1, 0),
        setup(1, 1, 1),
        setup(1, 1, 3),
        setup(1, 1, 8192),
        setup((256 << 20) + 1, 1, 8),
    ];
    for setup in bad {
        let (made, asked) = of_queue(&setup, true);
        assert_eq!((made, asked), (Err(Error::Invalid), 0), "{setup:?}");
        let program = Program::new(9);
        assert_eq!(
            of_program(&setup, program.operations()),
            Err(Error::Invalid)
        );
        assert_eq!(program.out(), (0, 0, 0));
    }
    let refused = &mut |_| Err(Error::Exists);
    let source = Source::Queue {
        iommu: true,
        reserve: refused,
    };
    assert_eq!(create(&setup(64, 1, 8), source), Err(Error::Exists));
}

#[test]
fn a_programs_memory_is_mapped_block_by_block_and_all_of_it_comes_back() {
    let program = Program::new(usize::MAX);
    let (pool, count) = of_program(&setup(100, 5, 64), program.operations()).expect("memory");
    assert_eq!((count, program.out()), (5, (1, 5, 1)));
    let place = allocate(pool).expect("free");
    assert_eq!(place.bus.get(), (place.address + SHIFT) as u64);
    assert_eq!(destroy(pool), Err(Error::Busy));
    assert_eq!(program.out(), (1, 5, 1));
    free(pool, place.address).expect("in use");
    destroy(pool).expect("unused");
    assert_eq!(program.out(), (0, 0, 1));
}

#[test]
fn what_a_program_cannot_map_comes_back() {
    let program = Program::new(3);
    let made = of_program(&setup(100, 5, 64), program.operations());
    assert_eq!(made, Err(Error::NoMemory));
    assert_eq!(program.out(), (0, 0, 1));
}

#[test]
fn operations_that_are_not_complete_are_refused() {
    let program = Program::new(9);
    for spoil in [
        (|br| br.alloc = None) as fn(&mut crate::ctypes::v1::wd::wd_mm_br),
        |br| br.free = None,
        |br| br.iova_map = None,
    ] {
        let mut br = program.structure();
        spoil(&mut br);
        let operations = MmBr::lent(Promise::in_tests(), &br).expect("there");
        let made = of_program(&setup(64, 1, 8), operations);
        assert_eq!(made, Err(Error::Invalid));
    }
    assert_eq!(program.out(), (0, 0, 0));
}

#[test]
fn blocks_that_are_not_in_use_and_pools_that_are_none_are_refused() {
    let (one, other) = (Program::new(99), Program::new(99));
    let (pool, _) = of_program(&setup(100, 3, 8), one.operations()).expect("memory");
    let (second, _) = of_program(&setup(100, 3, 8), other.operations()).expect("memory");
    let mine = allocate(pool).expect("free").address;
    let foreign = allocate(second).expect("free").address;
    for address in [0, 8, mine + 104, mine - 104, foreign, usize::MAX] {
        assert_eq!(free(pool, address), Err(Error::Invalid), "{address:#x}");
        assert_eq!(map(pool, address), Err(Error::Invalid), "{address:#x}");
    }
    assert_eq!(counts(pool), (2, 0));
    // Any place in a block names it.
    assert_eq!(free(pool, mine + 99), Ok(()));
    assert_eq!(free(pool, mine), Err(Error::Invalid), "twice");
    assert_eq!(counts(pool), (3, 0));
    assert_eq!(destroy(pool), Ok(()));
    assert_eq!(destroy(pool), Err(Error::Invalid), "twice");
    for none in [0, 1, pool, mine, second + 1, usize::MAX] {
        assert_eq!(allocate(none), Err(Error::Invalid), "{none:#x}");
        assert_eq!(free(none, foreign), Err(Error::Invalid), "{none:#x}");
    }
    free(second, foreign).expect("in use");
    destroy(second).expect("unused");
}

#[test]
fn threads_never_have_the_same_block() {
    let program = Program::new(usize::MAX);
    let (pool, _) = of_program(&setup(64, 7, 64), program.operations()).expect("memory");
    thread::scope(|scope| {
        for thread in 1..=4_u8 {
            scope.spawn(move || {
                for _ in 0..3000 {
                    let Ok(place) = allocate(pool) else { continue };
                    peer::write(Promise::in_tests(), place.address as u64, &[thread; 64])
                        .expect("mapped");
                    let mut bytes = [0; 64];
                    peer::read(place.address as u64, &mut bytes).expect("mapped");
                    assert_eq!(bytes, [thread; 64]);
                    free(pool, place.address).expect("in use");
                }
            });
        }
    });
    assert_eq!(counts(pool).0, 7);
    destroy(pool).expect("unused");
}

#[test]
fn a_block_of_a_device_that_was_removed_is_not_given_out() {
    let memory = SharedMemory::own(1 << 20).expect("memory");
    let whole = [Slice {
        bus: 1 << 32,
        len: 0,
    }];
    let reserved = Arc::new(Reserved::new(memory.clone(), &whole));
    let source = Source::Queue {
        iommu: true,
        reserve: &mut |_| Ok(Arc::clone(&reserved)),
    };
    let (pool, _) = create(&setup(64, 4, 64), source).expect("room");
    let block = allocate(pool).expect("free").address;
    memory.lose();
    assert_eq!(allocate(pool), Err(Error::NoMemory));
    free(pool, block).expect("in use");
    destroy(pool).expect("unused");
}
