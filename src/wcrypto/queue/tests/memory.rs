//! Memory that queues reserve, with SVA and without.

use super::*;
use crate::uacce::channel::Access;
use core::mem::MaybeUninit;
use core::num::NonZeroU64;

const MIB: usize = 1 << 20;

#[test]
fn without_sva_a_request_works_in_reserved_memory_and_nowhere_else() {
    let world = world("hisi_zip,sva=0,api=2");
    let deflate = Queue::request_on(&world, &ZLIB).expect("a queue");
    let memory = deflate.reserve(3 * MIB + 1).expect("memory");
    assert_eq!(memory.len(), 3 * MIB + (64 << 10));
    let text = b"never the same river twice ".repeat(30);
    let (from, to) = (memory.address() + 4096, memory.address() + 2 * MIB);
    memory.write(from, &text).expect("inside");
    let mut there = message(1, (from, text.len()), (to, 4096));
    run(deflate, &mut there);
    assert_eq!(there.status, 0);
    assert!(there.produced > 10);
    let mut packed = vec![MaybeUninit::new(0); 2];
    memory.read(to, &mut packed).expect("inside");
    // Two slices of 1 MiB each do not touch on the bus.
    let across = message(1, (from, text.len()), (memory.address() + MIB - 10, 100));
    let usual = [7_u8; 100];
    let elsewhere = message(1, (usual.as_ptr().expose_provenance(), 100), (to, 100));
    let beyond = message(1, (memory.address() + memory.len() - 5, 10), (to, 100));
    for mut bad in [across, elsewhere, beyond] {
        assert_eq!(send(deflate, &mut bad), Err(Error::Invalid));
    }
    deflate.release().expect("open");
}

#[test]
fn reserved_memory_begins_with_a_page() {
    for settings in ["sva=1", "sva=0", "sva=0,iommu=1"] {
        let world = world(&format!("hisi_zip,{settings}"));
        let queue = Queue::request_on(&world, &ZLIB).expect("a queue");
        let memory = queue.reserve(5000).expect("memory");
        assert_eq!(
            memory.address() % crate::sys::pages::size(),
            0,
            "{settings}"
        );
        queue.release().expect("open");
    }
}

#[test]
fn memory_is_reserved_once_and_goes_with_the_queue_or_its_last_user() {
    for sva in ["sva=0", "sva=1"] {
        let world = world(&format!("hisi_zip,{sva}"));
        let queue = Queue::request_on(&world, &ZLIB).expect("a queue");
        assert_eq!(queue.reserve(0).err(), Some(Error::Invalid));
        assert!(queue.reserve(usize::MAX).is_err());
        let kept = queue.reserve(100).expect("memory");
        assert_eq!(queue.reserve(100).err(), Some(Error::Exists));
        assert_eq!(Arc::strong_count(&kept), 2);
        queue.release().expect("open");
        assert_eq!(Arc::strong_count(&kept), 1);
        kept.write(kept.address(), &[1; 100]).expect("still there");
        let again = Queue::request_on(&world, &ZLIB).expect("a queue");
        assert!(again.reserve(100).is_ok(), "nothing of the one before");
        again.release().expect("open");
    }
}

#[test]
fn addresses_go_both_ways() {
    let world = world("hisi_zip,sva=0");
    let queue = Queue::request_on(&world, &ZLIB).expect("a queue");
    assert_eq!(
        queue.map(0x1000, 1),
        Err(Error::Invalid),
        "nothing is reserved"
    );
    let memory = queue.reserve(4 * MIB).expect("memory");
    let first = memory.address();
    let bus = queue.map(first, 0).expect("0 bytes count as 1");
    assert_ne!(bus.get(), first as u64);
    assert_eq!(queue.address_of(bus.get()), Ok(first));
    assert_eq!(queue.address_of(bus.get() + 5), Ok(first + 5));
    assert!(queue.map(first + MIB - 1, 1).is_ok());
    assert_eq!(
        queue.map(first + MIB - 1, 2),
        Err(Error::Invalid),
        "in two pieces"
    );
    assert_eq!(queue.map(first + 4 * MIB, 1), Err(Error::Invalid));
    assert_eq!(queue.address_of(bus.get() - 1), Err(Error::Invalid));
    assert_eq!(queue.address_of(0), Err(Error::Invalid));
    queue.release().expect("open");
}

#[test]
fn with_sva_every_address_is_the_devices_own() {
    let world = world("hisi_zip");
    let queue = Queue::request_on(&world, &ZLIB).expect("a queue");
    assert_eq!(queue.map(0x1234, 99).map(NonZeroU64::get), Ok(0x1234));
    assert_eq!(queue.address_of(0x1234), Ok(0x1234));
    assert_eq!(queue.map(0, 1), Err(Error::Invalid));
    assert_eq!(queue.address_of(0), Err(Error::Invalid));
    assert_eq!(queue.share_all(), Ok(()));
    let own = [0_u8; 100];
    let at = own.as_ptr().addr();
    assert_eq!(queue.share(at, 100, Access::Read), Ok(()));
    assert_eq!(queue.unshare(at, 100), Ok(()));
    assert_eq!(queue.unshare(at, 100), Err(Error::Invalid));
    queue.release().expect("open");
}

#[test]
fn without_sva_reserved_memory_can_be_shared_and_no_other() {
    let world = world("hisi_zip,sva=0");
    let queue = Queue::request_on(&world, &ZLIB).expect("a queue");
    let own = [0_u8; 100];
    let share = |at, len| queue.share(at, len, Access::ReadWrite);
    assert_eq!(share(own.as_ptr().addr(), 100), Err(Error::Unsupported));
    let memory = queue.reserve(64 << 10).expect("memory");
    let at = memory.address();
    assert_eq!(share(own.as_ptr().addr(), 100), Err(Error::Unsupported));
    assert_eq!(share(at, memory.len() + 1), Err(Error::Unsupported));
    assert_eq!(share(at, 0), Err(Error::Invalid));
    assert_eq!(share(at, usize::MAX), Err(Error::Invalid));
    assert_eq!((share(at, 100), share(at, 100)), (Ok(()), Ok(())));
    assert_eq!(queue.unshare(at, 99), Err(Error::Invalid));
    assert_eq!(queue.unshare(at, 100), Ok(()));
    assert_eq!(queue.unshare(at, 100), Ok(()));
    assert_eq!(
        queue.unshare(at, 100),
        Err(Error::Invalid),
        "twice and no more"
    );
    assert_eq!(queue.share_all(), Err(Error::Unsupported));
    assert_eq!(queue.flush(), Ok(()));
    queue.release().expect("open");
}

#[test]
fn what_another_queue_has_reserved_is_not_this_ones() {
    let world = world("hisi_zip,sva=0");
    let (one, two) = (
        Queue::request_on(&world, &ZLIB).expect("a queue"),
        Queue::request_on(&world, &ZLIB).expect("a queue"),
    );
    let memory = one.reserve(64 << 10).expect("memory");
    assert!(one.map(memory.address(), 100).is_ok());
    assert_eq!(two.map(memory.address(), 100), Err(Error::Invalid));
    one.release().expect("open");
    two.release().expect("open");
}
