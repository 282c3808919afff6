//! Contexts of simulated devices, through their handles.

use super::head::CELLS;
use super::*;
use crate::bd::zip;
use crate::sim::{World, config::Config};
use crate::uacce::channel::QueueSetup;
use crate::uacce::uapi::{MAINLINE, SET_QP_CTX, SET_QP_INFO};
use core::ffi::c_char;
use core::sync::atomic::AtomicPtr;
use std::ffi::CStr;

fn simulation(text: &str) -> World {
    World::new(text.parse::<Config>().expect("a valid text")).expect("a valid world")
}

fn opened(world: &World) -> Arc<Context> {
    let device = world.devices().expect("devices").remove(0);
    Context::open_on(world, device).expect("a free queue")
}

fn free_queues(world: &World) -> Option<u32> {
    world.devices().expect("devices")[0].available
}

#[test]
fn a_handle_finds_its_context_until_that_is_released() {
    let world = simulation("hisi_zip,queues=1");
    let context = opened(&world);
    let handle = context.handle();
    let found = find(handle).expect("open");
    assert!(Arc::ptr_eq(&found, &context));
    assert_eq!(free_queues(&world), Some(0));
    assert_eq!(context.release(), Ok(()));
    assert!(find(handle).is_none());
    assert_eq!(context.release(), Err(Error::Invalid));
    // Somebody holds it still.
    assert_eq!(free_queues(&world), Some(0));
    drop((context, found));
    assert_eq!(free_queues(&world), Some(1));
}

#[test]
fn a_number_that_is_no_handle_finds_nothing() {
    let world = simulation("hisi_zip");
    let context = opened(&world);
    let handle = context.handle();
    let garbage = [
        0,
        1,
        handle + 1,
        handle + 8,
        handle - 8,
        usize::MAX,
        !handle,
    ];
    for number in garbage {
        assert!(find(number).is_none(), "{number:#x}");
        assert!(private(number).is_null());
        let answer = set_private(number, ptr::null_mut());
        assert_eq!(answer, Err(Error::Invalid));
    }
    context.release().expect("open");
}

#[test]
fn a_head_says_what_drivers_in_c_look_for() {
    let world = simulation("hisi_zip;hisi_zip,api=3,node=1");
    let device = world.devices().expect("two").remove(1);
    let sizes = [device.mmio_size, device.dus_size, 0];
    let context = Context::open_on(&world, device).expect("free");
    let head = &context.cell.head;
    let load = |text: &AtomicPtr<c_char>| text.load(Ordering::Relaxed).cast_const();
    assert_eq!(
        head.fd.load(Ordering::Relaxed),
        context.channel.event().as_raw_fd()
    );
    assert_eq!(load(&head.dev_name), context.device_name());
    assert_eq!(load(&head.drv_name), context.driver_name.as_ptr());
    assert_eq!(context.device_name.as_c_str(), c"hisi_zip-1");
    assert_eq!(context.driver_name.as_c_str(), c"hisi_zip");
    let path = head.dev_path.each_ref().map(|b| b.load(Ordering::Relaxed));
    let path = CStr::from_bytes_until_nul(&path).expect("terminated");
    assert_eq!(path, c"/dev/hisi_zip-1");
    let told = head.qfrs_offs.each_ref().map(|s| s.load(Ordering::Relaxed));
    assert_eq!(told, sizes);
    let twin = head.dev.load(Ordering::Relaxed).cast_const();
    assert!(ptr::eq(twin, &raw const *context.twin));
    assert_eq!((context.twin.numa_id, context.numa_id()), (1, 1));
    assert!(context.is_sva());
    context.release().expect("open");
}

#[test]
fn a_cell_that_is_given_back_names_nothing() {
    let cell = Cell::default();
    cell.owner.store(TAKEN, Ordering::Relaxed);
    cell.head.fd.store(7, Ordering::Relaxed);
    cell.head.dev_path[0].store(b'/', Ordering::Relaxed);
    cell.head.qfrs_offs[1].store(4096, Ordering::Relaxed);
    let anywhere = ptr::without_provenance_mut(64);
    cell.head.qfrs_base[1].store(anywhere, Ordering::Relaxed);
    cell.head.private.store(anywhere, Ordering::Relaxed);
    cell.head.dev.store(anywhere.cast(), Ordering::Relaxed);
    cell.head.dev_name.store(anywhere.cast(), Ordering::Relaxed);
    cell.head.drv_name.store(anywhere.cast(), Ordering::Relaxed);
    cell.give_back();
    assert_eq!(cell.owner.load(Ordering::Relaxed), 0);
    assert_eq!(cell.head.fd.load(Ordering::Relaxed), -1);
    assert_eq!(cell.head.dev_path[0].load(Ordering::Relaxed), 0);
    assert_eq!(cell.head.qfrs_offs[1].load(Ordering::Relaxed), 0);
    assert!(cell.head.qfrs_base[1].load(Ordering::Relaxed).is_null());
    assert!(cell.head.private.load(Ordering::Relaxed).is_null());
    assert!(cell.head.dev.load(Ordering::Relaxed).is_null());
    assert!(cell.head.dev_name.load(Ordering::Relaxed).is_null());
    assert!(cell.head.drv_name.load(Ordering::Relaxed).is_null());
}

#[test]
fn what_a_program_stores_with_a_context_comes_back() {
    let world = simulation("hisi_zip");
    let (one, two) = (opened(&world), opened(&world));
    let mark = ptr::without_provenance_mut(0x1000);
    set_private(one.handle(), mark).expect("open");
    assert_eq!(private(one.handle()), mark);
    assert!(private(two.handle()).is_null());
    one.release().expect("open");
    assert!(private(one.handle()).is_null());
    assert_eq!(set_private(one.handle(), mark), Err(Error::Invalid));
    two.release().expect("open");
}

#[test]
fn a_device_is_found_by_the_names_in_its_structure() {
    let world = simulation("hisi_zip,count=2");
    let devices = world.devices().expect("two");
    let mut dev = device::twin(&devices[1]).expect("fits");
    let context = Context::request_on(&world, &dev).expect("free");
    assert_eq!(context.attributes().name, "hisi_zip-1");
    context.release().expect("open");
    dev.dev_root[0] = 0;
    let answer = Context::request_on(&world, &dev);
    assert_eq!(answer.err(), Some(Error::Invalid));
    let mut gone = devices[1].clone();
    gone.name = "hisi_zip-9".to_owned();
    let answer = Context::request_on(&world, &device::twin(&gone).expect("fits"));
    assert_eq!(answer.err(), Some(Error::NoDevice));
}

#[test]
fn a_device_without_a_free_queue_gives_no_context_and_loses_nothing() {
    let world = simulation("hisi_zip,queues=2");
    let held = [opened(&world), opened(&world)];
    let device = world.devices().expect("one").remove(0);
    let cells = CELLS.iter().count();
    for _ in 0..100 {
        let answer = Context::open_on(&world, device.clone());
        assert_eq!(answer.err(), Some(Error::Busy));
    }
    // A cell that is lost each time would have made the table grow. Other tests may have a few.
    assert!(CELLS.iter().count() <= cells + 64);
    held.iter().for_each(|c| c.release().expect("open"));
}

#[test]
fn release_stops_a_queue_that_an_engine_still_has() {
    let world = simulation("hisi_zip");
    let context = opened(&world);
    let hardware = context.hardware();
    context.start().expect("starts");
    assert_eq!(hardware.channel.start(), Err(Error::Invalid), "runs");
    context.release().expect("open");
    drop(context);
    // Only a stopped queue starts.
    assert_eq!(hardware.channel.start(), Ok(()));
}

#[test]
fn a_context_is_started_once_and_put_back() {
    let world = simulation("hisi_zip");
    let context = opened(&world);
    assert_eq!(context.start(), Ok(()));
    assert_eq!(context.start(), Err(Error::Invalid));
    assert_eq!(context.put(), Ok(()));
    assert!(find(context.handle()).is_some(), "still to be released");
    context.release().expect("open");
}

#[test]
fn commands_of_the_programs_own_do_what_a_driver_does() {
    let world = simulation("hisi_zip,depth=64");
    let context = opened(&world);
    let mut qp = [9, 9, 1, 0];
    let answer = context.command(SET_QP_CTX, Argument::Bytes(&mut qp));
    assert_eq!(answer, Ok(0));
    let setup = QueueSetup {
        kind: 1,
        sqe_size: zip::SIZE as u32,
    };
    let id = context.channel().configure(setup).expect("not started");
    assert_eq!(qp, [id.number as u8, (id.number >> 8) as u8, 1, 0]);
    let mut info = [0xff; 16];
    let answer = context.command(SET_QP_INFO, Argument::Bytes(&mut info));
    assert_eq!(answer, Ok(0));
    assert_eq!(info, [128, 0, 0, 0, 64, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let start = |request| context.command(request, Argument::Value(Promise::in_tests(), 0));
    assert_eq!(start(MAINLINE.start), Ok(0));
    assert_eq!(start(MAINLINE.start), Err(Error::Invalid));
    assert_eq!(start(MAINLINE.put_queue), Ok(0));
    context.release().expect("open");
}

#[test]
fn a_command_that_the_device_does_not_know_is_invalid() {
    let world = simulation("hisi_zip");
    let context = opened(&world);
    let mut bytes = [0, 0, 9, 0];
    for (request, argument) in [
        (SET_QP_CTX, Argument::Bytes(&mut bytes)),
        (SET_QP_CTX, Argument::Bytes(&mut [0; 3])),
        (SET_QP_CTX, Argument::Value(Promise::in_tests(), 0)),
        (SET_QP_INFO, Argument::Bytes(&mut [0; 15])),
        (MAINLINE.start, Argument::Bytes(&mut [0; 4])),
        (0x1234, Argument::Value(Promise::in_tests(), 0)),
    ] {
        let answer = context.command(request, argument);
        assert_eq!(answer, Err(Error::Invalid), "{request:#x}");
    }
    context.release().expect("open");
}

#[test]
fn the_rings_can_be_mapped_and_simulated_doorbells_cannot() {
    let world = simulation("hisi_zip");
    let context = opened(&world);
    let dus = uacce_qfrt::UACCE_QFRT_DUS;
    let address = context.map(dus).expect("memory");
    assert_eq!(
        address.addr(),
        context.channel().region(Region::Dus).expect("it").address()
    );
    assert_eq!(context.map(dus), Ok(address));
    let base = &context.cell.head.qfrs_base[1];
    assert_eq!(base.load(Ordering::Relaxed), address);
    context.unmap(dus);
    assert!(base.load(Ordering::Relaxed).is_null());
    let refused = context.map(uacce_qfrt::UACCE_QFRT_MMIO);
    assert_eq!(refused, Err(Error::Unsupported));
    assert!(context.region_size(uacce_qfrt::UACCE_QFRT_MMIO) > 0);
    for absent in [uacce_qfrt::UACCE_QFRT_SS, uacce_qfrt::UACCE_QFRT_MAX] {
        assert_eq!(context.map(absent), Err(Error::Invalid));
        assert_eq!(context.region_size(absent), 0);
        context.unmap(absent);
    }
    context.release().expect("open");
}

#[test]
fn a_wait_is_over_when_its_time_is_or_the_device_is() {
    let world = simulation("hisi_zip");
    let context = opened(&world);
    let moment = Duration::from_millis(2);
    assert_eq!(context.wait(moment), Ok(Wake::TimedOut));
    world.reset("hisi_zip-0").expect("there");
    assert_eq!(context.wait(Duration::from_secs(60)), Ok(Wake::Event));
    world.remove("hisi_zip-0").expect("there");
    assert_eq!(context.wait(moment), Err(Error::NoDevice));
    assert_eq!(context.start(), Err(Error::NoDevice));
    assert_eq!(context.release(), Ok(()));
}

#[test]
fn contexts_come_and_go_on_several_threads() {
    let world = simulation("hisi_zip,queues=64");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 1..=100_usize {
                    let context = opened(&world);
                    let handle = context.handle();
                    let mark = ptr::without_provenance_mut(round);
                    set_private(handle, mark).expect("open");
                    let found = find(handle).expect("open");
                    assert!(Arc::ptr_eq(&found, &context));
                    assert_eq!(private(handle), mark);
                    context.release().expect("open");
                }
            });
        }
    });
    assert_eq!(free_queues(&world), Some(64));
}
