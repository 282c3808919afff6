//! Shares and blocks against a mapper that refuses what VFIO refuses.

use super::block;
use super::share::Shares;
use crate::error::{Error, Result};
use crate::sys::lock::{Mutex, MutexGuard};
use crate::sys::pages::{self, Pages};
use crate::uacce::channel::{Access, Mapper, Memory};
use core::ops::Range;
use nix::sys::memfd::{MFdFlags, memfd_create};
use proptest::prelude::*;
use std::sync::Arc;

/// Blocks belong to the process, and so do the spaces they are attached to: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock()
}

/// An IOMMU domain: what is mapped now, and how many calls there were.
#[derive(Default)]
struct Domain {
    maps: Mutex<Vec<(Range<usize>, Access)>>,
    calls: Mutex<(usize, usize)>,
    full: Mutex<bool>,
}

impl Mapper for Domain {
    fn map(&self, pages: &Range<usize>, access: Access) -> Result<()> {
        if *self.full.lock() {
            return Err(Error::NoMemory);
        }
        let mut maps = self.maps.lock();
        let apart = |m: &Range<usize>| m.end <= pages.start || pages.end <= m.start;
        assert!(maps.iter().all(|(m, _)| apart(m)), "{pages:x?} twice");
        maps.push((pages.clone(), access));
        self.calls.lock().0 += 1;
        Ok(())
    }

    fn unmap(&self, pages: &Range<usize>) {
        let mut maps = self.maps.lock();
        let at = maps.iter().position(|(m, _)| m == pages);
        maps.swap_remove(at.expect("unmapped as it was mapped"));
        self.calls.lock().1 += 1;
    }
}

impl Domain {
    fn reaches(&self, address: usize) -> bool {
        self.maps.lock().iter().any(|(m, _)| m.contains(&address))
    }

    fn shares(self: &Arc<Self>) -> Shares {
        Shares::new(Memory::Mapped(Arc::clone(self) as Arc<dyn Mapper>))
    }

    fn count(&self) -> usize {
        self.maps.lock().len()
    }
}

fn ten_pages() -> (Pages, usize, usize) {
    let page = pages::size();
    let memory = Pages::allocate(10 * page).expect("ten pages");
    let base = memory.address();
    (memory, base, page)
}

#[test]
fn a_share_maps_whole_pages_and_unshare_unmaps_them() {
    let _alone = alone();
    let (_memory, base, page) = ten_pages();
    let domain = Arc::new(Domain::default());
    let shares = domain.shares();
    shares
        .share(base + page + 1, page, Access::Read)
        .expect("mapped");
    assert_eq!(
        *domain.maps.lock(),
        [(base + page..base + 3 * page, Access::Read)]
    );
    assert_eq!(shares.held(), 1);
    shares.unshare(base + page + 1, page).expect("shared");
    assert_eq!((domain.count(), shares.held()), (0, 0));
    assert_eq!(*domain.calls.lock(), (1, 1));
}

#[test]
fn an_unknown_range_cannot_be_unshared() {
    let _alone = alone();
    let (_memory, base, page) = ten_pages();
    let domain = Arc::new(Domain::default());
    let (one, two) = (domain.shares(), domain.shares());
    one.share(base, 2 * page, Access::ReadWrite)
        .expect("mapped");
    assert_eq!(one.unshare(base, page), Err(Error::Invalid));
    assert_eq!(one.unshare(base, 0), Err(Error::Invalid));
    // Another queue of the same address space cannot give back what it did not share.
    assert_eq!(two.unshare(base, 2 * page), Err(Error::Invalid));
    assert!(domain.reaches(base));
    one.unshare(base, 2 * page).expect("shared");
    assert_eq!(one.unshare(base, 2 * page), Err(Error::Invalid));
}

#[test]
fn two_queues_of_one_mapper_count_together_and_the_last_one_unmaps() {
    let _alone = alone();
    let (_memory, base, page) = ten_pages();
    let domain = Arc::new(Domain::default());
    let (one, two) = (domain.shares(), domain.shares());
    one.share(base, 4 * page, Access::ReadWrite).expect("free");
    two.share(base + 2 * page, 4 * page, Access::ReadWrite)
        .expect("half of it is there");
    assert_eq!(domain.calls.lock().0, 2);
    drop(one);
    assert!(domain.reaches(base + 3 * page));
    drop(two);
    assert_eq!(domain.count(), 0);
}

#[test]
fn queues_of_two_mappers_do_not_meet() {
    let _alone = alone();
    let (_memory, base, page) = ten_pages();
    let (here, there) = (Arc::new(Domain::default()), Arc::new(Domain::default()));
    let (one, two) = (here.shares(), there.shares());
    one.share(base, page, Access::Read).expect("free");
    two.share(base, page, Access::ReadWrite).expect("free");
    drop(one);
    assert!(!here.reaches(base) && there.reaches(base));
}

#[test]
fn write_access_over_a_read_only_share_is_refused_as_busy() {
    let _alone = alone();
    let (_memory, base, page) = ten_pages();
    let domain = Arc::new(Domain::default());
    let shares = domain.shares();
    shares.share(base, page, Access::Read).expect("free");
    let wider = shares.share(base, 2 * page, Access::ReadWrite);
    assert_eq!(wider, Err(Error::Busy));
    assert_eq!((shares.held(), domain.count()), (1, 1));
}

#[test]
fn a_range_is_refused_alike_by_every_kind_of_memory() {
    let _alone = alone();
    let page = pages::size();
    let file = std::env::temp_dir().join(format!("wd-share-{}", std::process::id()));
    std::fs::write(&file, vec![7_u8; page + 5]).expect("writable");
    let open = || {
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true).open(&file).expect("there")
    };
    let shared = memmap2::MmapOptions::new()
        .map_raw(&open())
        .expect("shared mapping");
    let read_only = memmap2::MmapOptions::new()
        .map_raw_read_only(&open())
        .expect("shared mapping");
    let hole = {
        let gone = Pages::allocate(page).expect("a page");
        gone.address()
    };
    std::fs::remove_file(&file).expect("there");
    let domain: Arc<dyn Mapper> = Arc::new(Domain::default());
    for memory in [Memory::Sva, Memory::SvaPinned, Memory::Mapped(domain)] {
        let shares = Shares::new(memory);
        let (write, read) = (Access::ReadWrite, Access::Read);
        assert_eq!(shares.share(4096, 0, read), Err(Error::Invalid));
        assert_eq!(shares.share(4096, usize::MAX, read), Err(Error::Invalid));
        assert_eq!(shares.share(hole, 1, read), Err(Error::Invalid));
        let at = shared.as_ptr() as usize;
        assert_eq!(shares.share(at, 1, write), Err(Error::Permission));
        assert_eq!(shares.share(at, page + 5, read), Ok(()));
        let at = read_only.as_ptr() as usize;
        assert_eq!(shares.share(at, 1, write), Err(Error::Invalid));
        assert_eq!(shares.held(), 1);
    }
}

#[test]
fn static_memory_and_the_whole_address_space_are_told_apart() {
    let _alone = alone();
    let (_memory, base, page) = ten_pages();
    let fixed = Shares::new(Memory::Static);
    let refused = fixed.share(base, page, Access::Read);
    assert_eq!(refused, Err(Error::Unsupported));
    for memory in [Memory::Static, Memory::SvaPinned] {
        assert_eq!(Shares::new(memory).share_all(), Err(Error::Unsupported));
    }
    assert_eq!(Shares::new(Memory::Sva).share_all(), Ok(()));
}

#[test]
fn shared_anonymous_memory_may_be_written() {
    let _alone = alone();
    let file = memfd_create(c"pool", MFdFlags::MFD_CLOEXEC).expect("memfd");
    nix::unistd::ftruncate(&file, pages::size() as i64).expect("a page");
    let map = memmap2::MmapOptions::new().map_raw(&file).expect("mapped");
    let shares = Shares::new(Memory::Sva);
    let answer = shares.share(map.as_ptr() as usize, 1, Access::ReadWrite);
    assert_eq!(answer, Ok(()));
}

/// Kilobytes that the kernel holds pinned in the areas that touch `range` (`Locked:` of smaps).
fn locked(range: &Range<usize>) -> usize {
    let text = std::fs::read_to_string("/proc/self/smaps").expect("/proc is mounted");
    let (mut inside, mut sum) = (false, 0);
    for line in text.lines() {
        let first = line.split(' ').next().unwrap_or("");
        let hex = |t| usize::from_str_radix(t, 16).ok();
        if let Some((start, end)) = first.split_once('-').and_then(|(s, e)| hex(s).zip(hex(e))) {
            inside = start < range.end && range.start < end;
        } else if inside && first == "Locked:" {
            let kilobytes = line.split_whitespace().nth(1).expect("a number");
            sum += kilobytes.parse::<usize>().expect("a number");
        }
    }
    sum
}

#[test]
fn overlapping_pins_of_two_queues_last_until_the_second_ends() {
    let _alone = alone();
    let (_memory, base, page) = ten_pages();
    let (one, two) = (
        Shares::new(Memory::SvaPinned),
        Shares::new(Memory::SvaPinned),
    );
    one.share(base, 4 * page, Access::Read).expect("pinned");
    two.share(base + 2 * page, 4 * page, Access::ReadWrite)
        .expect("pinned");
    let all = base..base + 10 * page;
    assert_eq!(locked(&all), 6 * page / 1024);
    drop(one);
    // The second overlaps the first, so what they have in common stays, as one piece.
    assert_eq!(locked(&all), 6 * page / 1024);
    drop(two);
    assert_eq!(locked(&all), 0);
}

#[test]
fn a_full_device_leaves_nothing_half_shared() {
    let _alone = alone();
    let (_memory, base, page) = ten_pages();
    let domain = Arc::new(Domain::default());
    let shares = domain.shares();
    *domain.full.lock() = true;
    let answer = shares.share(base, page, Access::Read);
    assert_eq!(answer, Err(Error::NoMemory));
    assert_eq!((shares.held(), domain.count()), (0, 0));
    assert_eq!(block::allocate(page), Err(Error::NoMemory));
    *domain.full.lock() = false;
    let address = block::allocate(page).expect("there is room again");
    assert!(domain.reaches(address));
    block::free(address).expect("not shared");
}

#[test]
fn a_block_is_reachable_by_queues_opened_before_and_after_it() {
    let _alone = alone();
    let page = pages::size();
    let (early, late) = (Arc::new(Domain::default()), Arc::new(Domain::default()));
    let one = early.shares();
    let address = block::allocate(page + 1).expect("two pages");
    let two = late.shares();
    for domain in [&early, &late] {
        assert!(domain.reaches(address) && domain.reaches(address + 2 * page - 1));
    }
    // A block that is attached is no share of the queue.
    assert_eq!(one.held() + two.held(), 0);
    drop(two);
    assert_eq!(late.count(), 0);
    block::free(address).expect("not shared");
    assert_eq!(early.count(), 0);
    assert_eq!(block::free(address), Err(Error::Invalid));
}

#[test]
fn a_block_is_not_freed_while_a_queue_shares_a_page_of_it() {
    let _alone = alone();
    let page = pages::size();
    let address = block::allocate(3 * page).expect("three pages");
    assert_eq!(block::free(address + page), Err(Error::Invalid));
    for memory in [
        Memory::Sva,
        Memory::Mapped(Arc::new(Domain::default()) as Arc<dyn Mapper>),
    ] {
        let shares = Shares::new(memory);
        shares
            .share(address + 2 * page, 1, Access::ReadWrite)
            .expect("mapped");
        assert_eq!(block::free(address), Err(Error::Busy));
        shares.unshare_all();
    }
    assert_eq!(block::free(address), Ok(()));
    assert_eq!(block::allocate(0), Err(Error::Invalid));
}

#[derive(Clone, Debug)]
enum Step {
    Share(usize, usize, usize),
    Unshare(usize),
    Release(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_usize..2, 0_usize..30, 1_usize..10).prop_map(|(q, a, l)| Step::Share(q, a, l)),
        3 => (0_usize..100).prop_map(Step::Unshare),
        1 => (0_usize..2).prop_map(Step::Release),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn two_queues_in_any_order_keep_what_is_shared_mapped_and_leave_nothing(
        steps in prop::collection::vec(step(), 1..50)
    ) {
        let _alone = alone();
        let page = pages::size();
        let memory = Pages::allocate(40 * page).expect("forty pages");
        let domain = Arc::new(Domain::default());
        let mut queues = [domain.shares(), domain.shares()];
        let mut live: Vec<(usize, usize, usize)> = Vec::new();
        for step in steps {
            match step {
                Step::Share(queue, at, len) => {
                    let address = memory.address() + at * page;
                    queues[queue].share(address, len * page, Access::ReadWrite).expect("mapped");
                    live.push((queue, address, len * page));
                }
                Step::Unshare(_) if live.is_empty() => {}
                Step::Unshare(which) => {
                    let (queue, address, len) = live.swap_remove(which % live.len());
                    queues[queue].unshare(address, len).expect("live");
                }
                Step::Release(queue) => {
                    queues[queue] = domain.shares();
                    live.retain(|l| l.0 != queue);
                }
            }
            for (_, address, len) in &live {
                prop_assert!((0..*len / page).all(|i| domain.reaches(address + i * page)));
            }
            prop_assert_eq!(queues[0].held() + queues[1].held(), live.len());
        }
        drop(queues);
        prop_assert_eq!(domain.count(), 0);
        let (maps, unmaps) = *domain.calls.lock();
        prop_assert_eq!(maps, unmaps);
    }
}

#[test]
fn only_a_device_with_static_memory_does_not_reach_blocks() {
    assert!(Shares::new(Memory::Sva).reach_blocks());
    assert!(!Shares::new(Memory::Static).reach_blocks());
}
