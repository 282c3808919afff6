//! Pools in the memory of queues of simulated devices, without SVA and with it.

use super::*;
use crate::bd::sgl::{ENTRY, HEAD};
use crate::ctypes::v1::wd::wd_mm_br;
use crate::sim::World;
use crate::sys::lent::Promise;
use crate::sys::peer;
use crate::wcrypto::queue::Wanted;
use core::ptr;

const DEVICES: [&str; 3] = ["hisi_zip,sva=0", "hisi_zip,sva=0,api=3", "hisi_zip"];

fn world(text: &str) -> World {
    World::new(text.parse().expect("a valid text")).expect("a valid world")
}

fn request(world: &World) -> Queue {
    let wanted = Wanted {
        algorithm: "zlib",
        ..Wanted::default()
    };
    Queue::request_on(world, &wanted).expect("a queue")
}

/// A program that has no memory operations.
fn nothing() -> MmBr {
    let br = wd_mm_br {
        alloc: None,
        free: None,
        iova_map: None,
        iova_unmap: None,
        usr: ptr::null_mut(),
        get_bufsize: None,
    };
    MmBr::lent(Promise::in_tests(), &br).expect("there")
}

#[test]
fn blocks_are_where_the_device_of_their_queue_sees_them() {
    for text in DEVICES {
        let world = world(text);
        let queue = request(&world);
        let setup = bmm::Setup {
            block_size: 50_000,
            blocks: 50,
            align: 4096,
        };
        let (pool, count) = blocks(Some(queue), &setup, nothing()).expect("memory");
        assert_eq!(count, 50);
        for _ in 0..count {
            let place = blocks::with(pool, blocks::Blocks::allocate).expect("free");
            assert_eq!(queue.map(place.address, 50_000), Ok(place.bus));
            assert_eq!(queue.address_of(place.bus.get()), Ok(place.address));
        }
        // A queue has memory for one pool.
        assert_eq!(
            blocks(Some(queue), &setup, nothing()).err(),
            Some(Error::Exists)
        );
        queue.release().expect("open");
        assert_eq!(
            blocks(Some(queue), &setup, nothing()).err(),
            Some(Error::Shutdown)
        );
        assert_eq!(
            blocks(None, &setup, nothing()).err(),
            Some(Error::Invalid),
            "no memory at all"
        );
    }
}

#[test]
fn lists_in_a_queues_memory_lead_its_device_to_their_buffers() {
    for text in DEVICES {
        let world = world(text);
        let queue = request(&world);
        let setup = sgl::Setup {
            buffers: 300,
            buffer_size: 30_000,
            entries: 60,
            filled: 50,
            lists: 4,
            align: 8,
        };
        let pool = lists(queue, &setup, nothing()).expect("memory");
        let list = sgl::allocate(pool, 50 * 30_000 + 1).expect("two are free");
        let data: Vec<u8> = (0..100 * 30_000).map(|at| (at / 251 + at) as u8).collect();
        assert_eq!(sgl::write(list, 0, &data), Ok(data.len()));
        let bytes = |bus: u64, bytes: &mut [u8]| {
            let at = queue.address_of(bus).expect("the queue's memory");
            assert_eq!(queue.map(at, bytes.len()).map(u64::from), Ok(bus));
            peer::read(at as u64, bytes).expect("mapped");
        };
        let (mut seen, mut heads) = (Vec::new(), Vec::new());
        let mut bus = sgl::map(pool, list).expect("in use").get();
        while bus != 0 {
            assert_eq!(bus as usize % ALIGNMENT, 0);
            let mut head = [0; HEAD];
            bytes(bus, &mut head);
            let head = Head::decode(&head);
            for entry in 0..u64::from(head.used) {
                let mut raw = [0; ENTRY];
                bytes(bus + HEAD as u64 + entry * ENTRY as u64, &mut raw);
                let entry = Entry::decode(&raw);
                let mut piece = vec![0; entry.length as usize];
                bytes(entry.address, &mut piece);
                seen.extend(piece);
            }
            heads.push((head.in_chain, head.used, head.present));
            bus = head.next;
        }
        assert_eq!(heads, [(100, 50, 50), (50, 50, 50)]);
        assert!(seen == data, "{text}");
        queue.release().expect("open");
        assert_eq!(
            sgl::write(list, 0, &[1; 9]),
            Ok(9),
            "the memory is the pool's"
        );
        sgl::free(pool, list).expect("in use");
        sgl::destroy(pool).expect("unused");
        assert_eq!(lists(queue, &setup, nothing()).err(), Some(Error::Shutdown));
    }
}
