//! Pools as C programs use them, over simulated devices without and with SVA.

use super::*;
use crate::alg::context::Context;
use crate::bd::zip::{self, Request, Sqe, Status};
use crate::qm::layout::Version;
use crate::qm::ring;
use crate::sim::config::Config;
use crate::sim::{BUS_FAULT, World};
use crate::sys::lent::Promise;
use crate::uacce::channel::{Bus, QueueSetup};
use core::num::NonZeroU64;
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

/// A context of a simulated device.
fn open(text: &str) -> (World, Arc<Context>) {
    let config = text.parse::<Config>().expect("a valid text");
    let world = World::new(config).expect("a valid world");
    let device = world.devices().expect("simulated").remove(0);
    let context = Context::open_on(&world, device).expect("a free queue");
    (world, context)
}

fn setup(block_size: u32, block_num: u32, align_size: u32) -> wd_mempool_setup {
    let ops = wd_mm_ops {
        alloc: None,
        ..POOLS
    };
    wd_mempool_setup {
        block_size,
        block_num,
        align_size,
        ops,
    }
}

fn create(context: &Context, setup: &mut wd_mempool_setup) -> *mut c_void {
    // SAFETY: the structure is ours.
    unsafe { wd_mempool_alloc(context.handle(), setup) }
}

fn destroy(context: &Context, pool: *mut c_void) {
    // SAFETY: what is not a pool is refused.
    unsafe { wd_mempool_free(context.handle(), pool) };
}

fn alloc(pool: *mut c_void, size: usize) -> *mut u8 {
    // SAFETY: what is not a pool is refused.
    unsafe { wd_mem_alloc(pool, size) }.cast()
}

fn free(pool: *mut c_void, buffer: *mut u8) {
    // SAFETY: what is not in use is refused.
    unsafe { wd_mem_free(pool, buffer.cast()) };
}

fn map(pool: *mut c_void, buffer: *mut u8, size: usize) -> u64 {
    // SAFETY: what is not in use is refused.
    unsafe { wd_mem_map(pool, buffer.cast(), size) }.addr() as u64
}

fn free_num(pool: *mut c_void) -> Option<u32> {
    let mut number = 0;
    // SAFETY: the number is ours.
    let answer = unsafe { wd_get_free_num(pool, &raw mut number) };
    (answer == 0).then_some(number)
}

fn fail_num(pool: *mut c_void) -> Option<u32> {
    let mut number = 0;
    // SAFETY: the number is ours.
    let answer = unsafe { wd_get_fail_num(pool, &raw mut number) };
    (answer == 0).then_some(number)
}

/// Has the device of a context execute descriptors, one after the other.
fn execute(context: &Context, sqes: &[Sqe]) -> Vec<Sqe> {
    let channel = context.channel();
    let sqe_size = zip::SIZE as u32;
    let id = channel.configure(QueueSetup { kind: 0, sqe_size });
    let version = Version::from_api(&context.attributes().api).expect("known");
    let ring = ring::open::<{ zip::SIZE }>(&*channel, version, &id.expect("configured"));
    let (mut sender, mut receiver) = ring.expect("a ring");
    channel.start().expect("started");
    let run = |sqe: &Sqe| {
        sender
            .write(Promise::in_tests(), &sqe.encode(), NonZeroU64::MIN)
            .expect("room");
        sender.commit().expect("alive");
        let end = Instant::now() + Duration::from_secs(120);
        let mut bytes = [0; zip::SIZE];
        while receiver
            .receive(|_, slot| slot.read(&mut bytes))
            .expect("alive")
            .is_none()
        {
            assert!(Instant::now() < end, "the device does not answer");
            std::thread::yield_now();
        }
        Sqe::decode(&bytes)
    };
    sqes.iter().map(run).collect()
}

#[test]
fn zeroes_are_answered_as_in_the_c_library() {
    let none = ptr::null_mut::<c_void>();
    // SAFETY: NULL is harmless.
    assert!(unsafe { wd_mempool_alloc(0, ptr::null_mut()) }.is_null());
    // SAFETY: NULL is harmless.
    unsafe { wd_mempool_free(0, none) };
    assert!(alloc(none, 0).is_null());
    free(none, ptr::null_mut());
    assert_eq!(map(none, ptr::null_mut(), 0), 0);
    // SAFETY: NULL is harmless.
    unsafe { wd_mem_unmap(none, none, none, 0) };
    // SAFETY: NULL is harmless.
    let answer = unsafe { wd_get_free_num(none, ptr::null_mut()) };
    assert_eq!(answer, -libc::EINVAL);
    // SAFETY: NULL is harmless.
    let answer = unsafe { wd_get_fail_num(none, ptr::null_mut()) };
    assert_eq!(answer, -libc::EINVAL);
    // SAFETY: NULL is harmless.
    assert_eq!(unsafe { wd_get_bufsize(none) }, 0);
    // SAFETY: NULL is harmless.
    assert_eq!(unsafe { wd_get_dev_id(none) }, 0);
    // SAFETY: NULL is harmless.
    assert_eq!(unsafe { wd_find_ctx(ptr::null()) }, 0);
    // SAFETY: NULL is harmless.
    let answer = unsafe { wd_insert_ctx_list(0, ptr::null_mut()) };
    assert_eq!(answer, -libc::EINVAL);
    // SAFETY: the string is good.
    let answer = unsafe { wd_insert_ctx_list(0, c"zlib".as_ptr().cast_mut()) };
    assert_eq!(answer, -libc::EINVAL);
    // SAFETY: the string is good, and 1 is no context of a device.
    let answer = unsafe { wd_insert_ctx_list(1, c"zlib".as_ptr().cast_mut()) };
    assert_eq!(answer, 0);
}

#[test]
fn a_device_without_sva_compresses_from_a_pool_to_a_pool() {
    let (_world, context) = open("hisi_zip,sva=0");
    let mut setup = setup(64 << 10, 64, 4096);
    let pool = create(&context, &mut setup);
    assert!(!pool.is_null());
    assert!(setup.block_num >= 64, "{}", setup.block_num);
    assert_eq!(free_num(pool), Some(setup.block_num));
    let data: Vec<u8> = (0..300_000_u32).map(|i| (i / 7 % 251) as u8).collect();
    let (input, output) = (alloc(pool, data.len()), alloc(pool, 100_000));
    // SAFETY: the memory is ours, and so long.
    unsafe { input.copy_from_nonoverlapping(data.as_ptr(), data.len()) };
    let good = Sqe {
        request: Request::Zlib.code(),
        source: map(pool, input, data.len()),
        input_length: data.len() as u32,
        destination: map(pool, output, 100_000),
        output_space: 100_000,
        ..Sqe::default()
    };
    assert!(good.source != 0 && good.source != input.addr() as u64);
    let source = input.addr() as u64;
    let wild = Sqe { source, ..good };
    let done = execute(&context, &[wild, good]);
    assert_eq!(
        done[0].status, BUS_FAULT,
        "the program's address means nothing to it"
    );
    assert_eq!(Status::from_code(done[1].status), Status::Ok);
    let mut stream = vec![0x78, 0x9c];
    // SAFETY: the device has written so much.
    stream.extend(unsafe { core::slice::from_raw_parts(output, done[1].produced as usize) });
    let mut back = Vec::with_capacity(data.len() + 1);
    flate2::Decompress::new(true)
        .decompress_vec(&stream, &mut back, flate2::FlushDecompress::Finish)
        .expect("a stream");
    assert!(back == data);
    free(pool, input);
    destroy(&context, pool);
    assert_eq!(
        free_num(pool),
        Some(setup.block_num - 2),
        "in use, so it is still there"
    );
    free(pool, output);
    destroy(&context, pool);
    assert_eq!(free_num(pool), None);
    let again = create(&context, &mut setup);
    assert!(
        !again.is_null() && again != pool,
        "the region can be had again"
    );
    destroy(&context, again);
}

#[test]
fn what_is_not_in_use_is_neither_mapped_nor_freed() {
    let (_world, context) = open("hisi_zip,sva=0");
    let mut setup = setup(1000, 100, 64);
    let pool = create(&context, &mut setup);
    // SAFETY: takes a pool.
    assert_eq!(unsafe { wd_get_bufsize(pool) }, 1024);
    let buffer = alloc(pool, 1500);
    assert_eq!(free_num(pool), Some(setup.block_num - 2));
    let bus = map(pool, buffer, 1);
    assert_eq!(map(pool, buffer.wrapping_add(1024), 1024), bus + 1024);
    assert_eq!(map(pool, buffer, 2049), 0, "more than the allocation");
    assert_eq!(map(pool, buffer.wrapping_add(2048), 1), 0, "behind it");
    assert_eq!(map(pool, buffer.wrapping_sub(1), 1), 0, "before it");
    assert_eq!(map(pool, buffer, 0), 0);
    for wrong in [1, 1024, 2048, 1 << 30] {
        free(pool, buffer.wrapping_add(wrong));
    }
    assert_eq!(free_num(pool), Some(setup.block_num - 2));
    assert!(alloc(pool, 1 << 30).is_null() && alloc(pool, 0).is_null());
    assert_eq!(fail_num(pool), Some(1));
    free(pool, buffer);
    free(pool, buffer);
    assert_eq!(free_num(pool), Some(setup.block_num));
    destroy(&context, pool);
    destroy(&context, pool);
    assert!(alloc(pool, 1).is_null());
}

#[test]
fn a_setup_that_is_refused_is_left_as_it_is() {
    let (_world, context) = open("hisi_zip,sva=0");
    for (size, number, align) in [(0, 1, 2), (1, 0, 2), (1, 1, 3), (1 << 29, 1, 2)] {
        let mut setup = setup(size, number, align);
        assert!(create(&context, &mut setup).is_null());
        assert_eq!(setup.block_num, number);
    }
    // Of slices of 1 MiB none has room for such a block.
    let mut great = setup(3 << 20, 4, 4096);
    assert!(create(&context, &mut great).is_null());
    let mut good = setup(4096, 4, 4096);
    // SAFETY: the structure is ours, and 8 is no context.
    assert!(unsafe { wd_mempool_alloc(8, &mut good) }.is_null());
}

#[test]
fn with_sva_the_device_has_the_programs_addresses() {
    let (_world, context) = open("hisi_zip");
    let mut setup = setup(5000, 3, 0);
    let pool = create(&context, &mut setup);
    assert!(!pool.is_null(), "the alignment is not looked at");
    let buffer = alloc(pool, 5000);
    assert_eq!(map(pool, buffer, 5000), buffer.addr() as u64);
    assert!(alloc(pool, 5001).is_null());
    // SAFETY: takes a pool.
    assert_eq!(unsafe { wd_get_dev_id(pool) }, 0);
    free(pool, buffer);
    destroy(&context, pool);
}

#[test]
fn a_session_without_sva_takes_a_pool_and_leaves_the_setup_alone() {
    let (_world, context) = open("hisi_zip,sva=0");
    let pool = create(&context, &mut setup(4096, 16, 64));
    let user = wd_mm_ops {
        alloc: None,
        free: None,
        usr: pool,
        ..POOLS
    };
    let proxy = Enum::new(wd_mem_type::UADK_MEM_PROXY as u32);
    // SAFETY: the functions are this library's.
    let ops = unsafe { without_sva(&user, proxy) }.expect("complete");
    let memory = ops.allocate(5000).expect("two blocks");
    let bus = ops.map(memory.address(), 5000).expect("in use").get();
    assert_eq!(bus, map(pool, memory.address() as *mut u8, 5000));
    assert!(user.alloc.is_none());
    drop(memory);
    let stale = wd_mm_ops {
        usr: pool.wrapping_byte_add(1),
        ..user
    };
    // SAFETY: the functions are this library's.
    let refused = unsafe { without_sva(&stale, proxy) };
    assert_eq!(refused.err(), Some(Error::Invalid));
    for kind in [0, 3, 0xa5a5_a5a5] {
        // SAFETY: the functions are this library's.
        let refused = unsafe { without_sva(&user, Enum::new(kind)) };
        assert_eq!(refused.err(), Some(Error::Invalid));
    }
    destroy(&context, pool);
}

#[test]
fn a_fork_child_cannot_use_its_parents_pool() {
    let (_world, context) = open("hisi_zip,sva=0");
    let pool = create(&context, &mut setup(4096, 16, 64));
    let buffer = alloc(pool, 100);
    // SAFETY: the child only uses this library and leaves by _exit.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0);
    if pid == 0 {
        free(pool, buffer);
        let dead = alloc(pool, 1).is_null() && map(pool, buffer, 1) == 0;
        destroy(&context, pool);
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(c_int::from(!dead)) };
    }
    let mut status = -1;
    // SAFETY: waits for the child made above; `status` is writable.
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(status, 0);
    assert_ne!(map(pool, buffer, 100), 0);
    free(pool, buffer);
    destroy(&context, pool);
}

#[test]
fn a_program_maps_the_static_region_by_itself_and_lets_go_of_it() {
    use crate::ctypes::v2::uacce::uacce_qfrt::UACCE_QFRT_SS;
    use crate::sys::ioctl;
    use crate::uacce::channel::{Argument, Region};
    let (_world, context) = open("hisi_zip,sva=0");
    assert!(context.map(UACCE_QFRT_SS).is_err(), "of no length");
    let region = context
        .channel()
        .region(Region::Ss(3 << 20))
        .expect("memory");
    let request = ioctl::ior(b'W', 3, 8);
    let slices: Vec<(u64, c_int)> = (0..3_u64)
        .map(|number| {
            let mut info = number.to_ne_bytes();
            let more = context.command(request, Argument::Bytes(&mut info));
            (u64::from_ne_bytes(info), more.expect("a slice"))
        })
        .collect();
    let told = context.channel().static_slices().expect("mapped");
    for (slice, (info, more)) in told.iter().zip(&slices) {
        assert_eq!(info & !0xfff, slice.bus);
        assert_eq!(info & 0xfff, 16, "units of 64 KiB");
        assert_eq!(*more > 0, info & !0xfff != told[2].bus);
    }
    drop(region);
    let mut info = 3_u64.to_ne_bytes();
    assert!(
        context
            .command(request, Argument::Bytes(&mut info))
            .is_err()
    );
}
