//! Pools over a static region whose slices lie anywhere on the bus.

use super::region::StaticPool;
use super::*;
use crate::sys::lent::Promise;
use crate::sys::lock::Mutex;
use crate::sys::peer;
use crate::sys::shared::SharedMemory;
use crate::uacce::channel::{self, Doorbell, QueueId, QueueSetup, Region, Slice, Wake};
use crate::uacce::uapi::DeviceFlags;
use core::time::Duration;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;
use std::thread;

const KIB: usize = 1 << 10;

/// A queue that has a static region and nothing else.
#[derive(Default)]
struct Fake {
    /// What its slices are; for an empty list, one that is all of the region.
    slices: Vec<Slice>,
    asked: Mutex<usize>,
    made: Mutex<Option<SharedMemory>>,
}

impl Channel for Fake {
    fn configure(&self, _: QueueSetup) -> Result<QueueId> {
        Err(Error::Unsupported)
    }

    fn region(&self, region: Region) -> Result<SharedMemory> {
        let Region::Ss(len) = region else {
            return Err(Error::Unsupported);
        };
        *self.asked.lock() = len;
        let memory = SharedMemory::own(len)?;
        *self.made.lock() = Some(memory.clone());
        Ok(memory)
    }

    fn static_slices(&self) -> Result<Vec<Slice>> {
        let whole = vec![Slice {
            bus: 1 << 32,
            len: 0,
        }];
        Ok(if self.slices.is_empty() {
            whole
        } else {
            self.slices.clone()
        })
    }

    fn doorbell(&self, _: usize) -> Result<Doorbell> {
        Err(Error::Unsupported)
    }

    fn start(&self) -> Result<()> {
        Ok(())
    }

    fn stop(&self) {}

    fn wait(&self, _: Duration) -> Result<Wake> {
        Ok(Wake::TimedOut)
    }

    fn event(&self) -> BorrowedFd<'_> {
        unreachable!("nobody waits for a fake")
    }

    fn memory(&self) -> channel::Memory {
        channel::Memory::Static
    }
}

fn device(name: &str, flags: DeviceFlags) -> Attributes {
    Attributes::simulated(name, "hisi_qm_v2", flags)
}

fn setup(block_size: u32, blocks: u32, align: u32) -> Setup {
    Setup {
        block_size,
        blocks,
        align,
    }
}

fn without_sva(fake: &Fake, setup: &Setup) -> Result<Pool> {
    Pool::new(fake, &device("hisi_zip-3", DeviceFlags::empty()), setup)
}

fn with_sva(setup: &Setup) -> Result<Pool> {
    Pool::new(
        &Fake::default(),
        &device("hisi_zip-3", DeviceFlags::SVA),
        setup,
    )
}

/// The device's address of an offset of a region with these slices.
fn bus(slices: &[Slice], mut offset: usize) -> Option<u64> {
    for slice in slices {
        if offset < slice.len {
            return Some(slice.bus + offset as u64);
        }
        offset -= slice.len;
    }
    None
}

/// Slices of random lengths, some of which touch on the bus.
fn any_slices() -> impl Strategy<Value = Vec<Slice>> {
    prop::collection::vec((1..40_usize, any::<bool>()), 1..8).prop_map(|parts| {
        let (mut slices, mut bus) = (Vec::new(), 1_u64 << 40);
        for (units, touches) in parts {
            let len = units * 100;
            bus += if touches { 0 } else { 1 << 30 };
            slices.push(Slice { bus, len });
            bus += len as u64;
        }
        slices
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn allocations_do_not_overlap_and_are_in_one_piece_for_the_device(
        slices in any_slices(),
        stride in 1..300_usize,
        align in prop::sample::select(vec![2, 64, 128]),
        short in 0..500_usize,
        steps in prop::collection::vec((any::<bool>(), 1..1500_usize, any::<prop::sample::Index>()), 0..100),
    ) {
        let stride = stride.next_multiple_of(align);
        let len = slices.iter().map(|s| s.len).sum::<usize>() + short;
        let memory = SharedMemory::own(len).expect("memory");
        let begin = memory.address();
        let pool = StaticPool::over(memory, &slices, stride, align).expect("a pool");
        let mut used: BTreeMap<usize, usize> = BTreeMap::new();
        for (take, len, which) in steps {
            if take {
                let Some(address) = pool.allocate(len) else { continue };
                prop_assert_eq!(address % align, 0);
                let below = used.range(..=address).next_back();
                prop_assert!(below.is_none_or(|(at, had)| at + had <= address));
                let above = used.range(address..).next();
                prop_assert!(above.is_none_or(|(at, _)| address + len <= *at));
                let at = pool.map(address, len).expect("inside");
                for offset in [0, len / 2, len - 1] {
                    let expected = bus(&slices, address - begin + offset);
                    prop_assert_eq!(Some(at + offset as u64), expected);
                    prop_assert_eq!(pool.map(address + offset, len - offset).ok(), expected);
                }
                prop_assert!(pool.map(address, len.next_multiple_of(stride) + 1).is_err());
                used.insert(address, len);
            } else if !used.is_empty() {
                let address = *used.keys().nth(which.index(used.len())).expect("there");
                used.remove(&address);
                prop_assert!(pool.free(address + 1).is_err());
                pool.free(address).expect("in use");
                prop_assert!(pool.free(address).is_err(), "given back twice");
                prop_assert!(pool.map(address, 1).is_err(), "nobody's");
            }
            let blocks: usize = used.values().map(|len| len.div_ceil(stride)).sum();
            prop_assert_eq!(pool.free_blocks() as usize, pool.blocks() as usize - blocks);
        }
        prop_assert_eq!(pool.close(), used.is_empty());
        if used.is_empty() {
            prop_assert_eq!(pool.allocate(1), None);
        }
    }

    #[test]
    fn a_pool_finds_room_where_there_is_some(
        slices in any_slices(),
        frees in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        count in 1..6_usize,
    ) {
        const STRIDE: usize = 64;
        let len = slices.iter().map(|s| s.len).sum();
        let memory = SharedMemory::own(len).expect("memory");
        let begin = memory.address();
        let pool = StaticPool::over(memory, &slices, STRIDE, 2).expect("a pool");
        let all: Vec<usize> = (0..pool.blocks()).map_while(|_| pool.allocate(STRIDE)).collect();
        prop_assert_eq!(all.len(), pool.blocks() as usize);
        let mut free: Vec<usize> = frees.iter().map(|i| *i.get(&all)).collect();
        free.sort_unstable();
        free.dedup();
        free.iter().for_each(|address| pool.free(*address).expect("in use"));
        let fits = |first: &usize| {
            let place = |i: usize| bus(&slices, first - begin + i * STRIDE);
            (0..count).all(|i| {
                free.contains(&(first + i * STRIDE))
                    && place(i) == place(0).map(|at| at + (i * STRIDE) as u64)
            })
        };
        let expected = free.iter().find(|first| fits(first)).copied();
        prop_assert_eq!(pool.allocate(count * STRIDE), expected);
    }
}

#[test]
fn the_number_of_blocks_is_what_the_region_has() {
    let fake = Fake::default();
    let pool = without_sva(&fake, &setup(1000, 100, 64)).expect("a pool");
    // 100 blocks of 1024 bytes: 1 MiB, and twice that for the sake of great pieces.
    assert_eq!(*fake.asked.lock(), 2 << 20);
    assert!(pool.blocks() >= 2047);
    assert_eq!(
        (pool.block_size(), pool.device(), pool.failures()),
        (1024, 3, 0)
    );
    let device = device("hisi_zip-3", DeviceFlags::IOMMU);
    let pool = Pool::new(&fake, &device, &setup(1000, 100, 64)).expect("a pool");
    assert_eq!(*fake.asked.lock(), 128 * KIB);
    assert!(pool.blocks() >= 127);
}

#[test]
fn limits_are_those_of_the_c_library() {
    let fake = Fake::default();
    let invalid = [
        (0, 1, 2),
        (1, 0, 2),
        (1, 1, 0),
        (1, 1, 1),
        (1, 1, 3),
        (1, 1, 8192),
        ((256 << 20) + 1, 1, 2),
    ];
    for (size, blocks, align) in invalid {
        let refused = without_sva(&fake, &setup(size, blocks, align)).err();
        assert_eq!(refused, Some(Error::Invalid), "{size} {blocks} {align}");
    }
    for align in [2, 4, 64, 4096] {
        let pool = without_sva(&fake, &setup(3, 5, align)).expect("a pool");
        assert_eq!(pool.block_size(), 3_u32.next_multiple_of(align));
        assert_eq!(pool.allocate(1).expect("free") % align as usize, 0);
    }
    let pool = without_sva(&fake, &setup(u32::MAX, u32::MAX, 2));
    assert_eq!(pool.err(), Some(Error::Invalid));
    for name in ["hisi_zip", "hisi_zip-", "hisi_zip-x", "hisi_zip-3x"] {
        let device = device(name, DeviceFlags::empty());
        let pool = Pool::new(&fake, &device, &setup(3, 5, 2));
        assert_eq!(pool.err(), Some(Error::Invalid), "{name}");
    }
}

#[test]
fn at_most_87_percent_in_one_piece_is_no_pool() {
    // Blocks of 64 KiB and pieces of `good` blocks, then none: of 100 blocks asked for.
    let pool = |good: usize| {
        let slices = vec![Slice {
            bus: 1 << 30,
            len: (good + 1) * 64 * KIB - 1,
        }];
        let fake = Fake {
            slices,
            ..Fake::default()
        };
        without_sva(&fake, &setup(64 << 10, 100, 2)).map(|pool| pool.blocks())
    };
    assert_eq!(pool(87), Err(Error::NoMemory));
    assert_eq!(pool(88), Ok(88));
}

#[test]
fn failures_are_counted_and_a_region_that_is_lost_gives_out_nothing() {
    let fake = Fake::default();
    let pool = without_sva(&fake, &setup(64 << 10, 10, 2)).expect("a pool");
    assert_eq!(pool.allocate(0), Err(Error::Invalid));
    assert_eq!(pool.allocate(1 << 30), Err(Error::NoMemory));
    assert_eq!(pool.failures(), 1);
    let address = pool.allocate(1).expect("free");
    fake.made.lock().take().expect("made").lose();
    assert_eq!(pool.allocate(1), Err(Error::NoMemory));
    pool.free(address).expect("in use");
    assert_eq!(pool.failures(), 2);
}

#[test]
fn with_sva_a_device_uses_the_programs_addresses() {
    let pool = with_sva(&setup(5000, 3, 0)).expect("a pool, whatever the alignment");
    assert_eq!(
        (pool.blocks(), pool.free_blocks(), pool.block_size()),
        (3, 3, 5000)
    );
    let address = pool.allocate(5000).expect("free");
    peer::write(Promise::in_tests(), address as u64, &[7; 5000]).expect("mapped");
    assert_eq!(
        pool.map(address, 5000).map(NonZeroU64::get),
        Ok(address as u64)
    );
    assert_eq!(pool.map(0x1234, 1).map(NonZeroU64::get), Ok(0x1234));
    assert_eq!(pool.map(0, 1), Err(Error::Invalid));
    assert_eq!(
        pool.allocate(5001),
        Err(Error::NoMemory),
        "more than a block"
    );
    assert_eq!((pool.free_blocks(), pool.failures()), (2, 1));
    assert!(pool.free(address + 1).is_err());
    pool.free(address).expect("in use");
    assert!(pool.free(address).is_err());
    assert_eq!(with_sva(&setup(0, 3, 2)).err(), Some(Error::Invalid));
    assert_eq!(with_sva(&setup(5000, 0, 2)).err(), Some(Error::Invalid));
}

#[test]
fn a_pool_is_not_freed_while_blocks_are_in_use() {
    for flags in [DeviceFlags::empty(), DeviceFlags::SVA] {
        let device = device("hisi_zip-3", flags);
        let made = create(&Fake::default(), &device, &setup(4096, 4, 64));
        let (handle, blocks) = made.expect("a pool");
        let pool = find(handle).expect("there");
        assert_eq!(pool.free_blocks(), blocks);
        let address = pool.allocate(100).expect("free");
        assert_eq!(destroy(handle), Err(Error::Busy));
        assert_eq!(find(handle).map(|pool| pool.free_blocks()), Ok(blocks - 1));
        pool.free(address).expect("in use");
        assert_eq!(destroy(handle), Ok(()));
        assert_eq!(pool.allocate(1), Err(Error::NoMemory), "it is closed");
        assert_eq!(destroy(handle), Err(Error::Invalid));
        assert!(find(handle).is_err());
    }
}

#[test]
fn threads_share_a_pool() {
    let pool = without_sva(&Fake::default(), &setup(64, 1000, 64)).expect("a pool");
    thread::scope(|scope| {
        for thread in 1..=4_u8 {
            let pool = &pool;
            scope.spawn(move || {
                for turn in 0..2_000 {
                    let len = 64 * (1 + turn % 5);
                    let Ok(address) = pool.allocate(len) else {
                        continue;
                    };
                    peer::write(Promise::in_tests(), address as u64, &vec![thread; len])
                        .expect("mapped");
                    let mut back = vec![0; len];
                    peer::read(address as u64, &mut back).expect("mapped");
                    assert!(back.iter().all(|byte| *byte == thread));
                    pool.free(address).expect("in use");
                }
            });
        }
    });
    assert_eq!(pool.free_blocks(), pool.blocks());
}
