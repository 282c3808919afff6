//! Devices that lose requests, are reset or go away, and contexts that threads share.

use super::rig::*;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use warpdrive::ctypes::v2::wd::WD_IN_EPARA;
use warpdrive::ctypes::v2::wd_comp_drv::wd_comp_msg;
use warpdrive::uacce::channel::Wake;
use warpdrive::{Error, Result};

fn round(rig: &Rig) {
    let data = text(3000);
    let (message, stream) = rig.whole(ZLIB, 0, &data, 4000);
    assert_eq!(message.req.status, 0);
    assert!(unpack(ZLIB, &stream) == data);
}

fn blank() -> wd_comp_msg {
    whole(0, 0, &[], &mut [])
}

#[test]
fn a_lost_request_is_given_up_by_a_reset_and_the_context_goes_on() {
    let rig = Rig::new("hisi_zip,fault=drop@2");
    round(&rig);
    let (data, mut out) = (text(3000), vec![0xee; 4000]);
    let mut message = whole(ZLIB, 0, &data, &mut out);
    rig.engine.send(SYNC[0], &mut message).expect("sent");
    let wait = || rig.engine.wait(SYNC[0], Duration::from_millis(20));
    while wait().expect("waits") == Wake::Event {}
    assert_eq!(rig.engine.receive(SYNC[0], &mut message), Err(Error::Again));
    rig.engine.reset(SYNC[0]).expect("started again");
    for _ in 0..5 {
        round(&rig);
    }
}

#[test]
fn a_completion_that_comes_twice_disturbs_no_request() {
    let rig = Rig::new("hisi_zip,depth=16,fault=duplicate@from:1");
    for _ in 0..40 {
        round(&rig);
    }
}

#[test]
fn a_device_that_breaks_the_protocol_works_again_after_a_reset() {
    for fault in ["sq_num:999", "sq_head:60000"] {
        let rig = Rig::new(&format!("hisi_zip,fault={fault}@2"));
        round(&rig);
        let (data, mut out) = (text(3000), vec![0xee; 4000]);
        let mut message = whole(ZLIB, 0, &data, &mut out);
        rig.engine.send(SYNC[0], &mut message).expect("sent");
        let received = rig.receive(SYNC[0], &mut message);
        assert_eq!(received, Err(Error::DeviceReset), "{fault}");
        rig.engine.reset(SYNC[0]).expect("started again");
        for _ in 0..5 {
            round(&rig);
        }
    }
}

#[test]
fn no_late_answer_comes_after_a_reset() {
    let rig = Rig::new("hisi_zip,depth=16,fault=delay:30@every:3");
    let data = text(3000);
    for turn in 0..12 {
        let mut out = vec![0xee; 4000];
        let mut message = whole(ZLIB, 0, &data, &mut out);
        rig.engine.send(SYNC[0], &mut message).expect("sent");
        rig.engine.reset(SYNC[0]).expect("started again");
        // The buffer is the caller's again: nobody writes to it now.
        out.fill(0xee);
        let received = rig.engine.receive(SYNC[0], &mut message);
        assert_eq!(received, Err(Error::Again), "{turn}");
        round(&rig);
        assert!(out.iter().all(|byte| *byte == 0xee));
    }
}

#[test]
fn a_reset_gives_up_what_is_posted_and_its_lists() {
    let rig = Rig::new("hisi_zip,fault=drop@from:1");
    let data = text(300);
    for _ in 0..3 {
        let mut buffers: Vec<_> = (0..128)
            .map(|_| {
                let list = |bytes: &[u8]| super::lists::List::of(bytes, &[9]);
                (list(&data), list(&[0; 500]))
            })
            .collect();
        for (input, room) in &mut buffers {
            let message = super::lists::listed(ZLIB, 0, input, room);
            assert_eq!(rig.post(ASYNC[0], &message), Ok(()));
        }
        rig.engine.reset(ASYNC[0]).expect("started again");
        let received = rig.engine.receive(ASYNC[0], &mut blank());
        assert_eq!(received, Err(Error::Again));
    }
}

#[test]
fn a_device_that_was_reset_is_told_so_by_every_call() {
    let rig = Rig::new("hisi_zip");
    round(&rig);
    rig.world.reset("hisi_zip-0").expect("there");
    dead(&rig);
}

#[test]
fn a_device_that_has_gone_is_one_that_was_reset() {
    let rig = Rig::new("hisi_zip");
    round(&rig);
    rig.world.remove("hisi_zip-0").expect("there");
    dead(&rig);
}

fn dead(rig: &Rig) {
    let (data, mut out) = (text(300), vec![0; 500]);
    let mut message = whole(ZLIB, 0, &data, &mut out);
    let gone = Err(Error::DeviceReset);
    for _ in 0..2 {
        assert_eq!(rig.engine.send(SYNC[0], &mut message), gone);
        assert_eq!(rig.engine.receive(SYNC[0], &mut message), gone);
        assert_eq!(rig.post(ASYNC[0], &message), gone);
        assert_eq!(rig.engine.reset(SYNC[0]), gone);
    }
}

#[test]
fn an_answer_to_nothing_disturbs_no_request() {
    let rig = Rig::new("hisi_zip,fault=duplicate@every:2");
    for _ in 0..20 {
        round(&rig);
    }
}

#[test]
fn a_device_that_names_what_cannot_be_is_one_that_was_reset_and_a_reset_repairs_it() {
    for fault in ["sq_head:5000@2", "sq_num:900@2"] {
        let rig = Rig::new(&format!("hisi_zip,fault={fault}"));
        let (data, mut out) = (text(300), vec![0; 500]);
        let mut message = whole(ZLIB, 0, &data, &mut out);
        rig.run(&mut message).expect("the first");
        let gone = Err(Error::DeviceReset);
        let mut again = whole(ZLIB, 0, &data, &mut out);
        assert_eq!(rig.run(&mut again), gone, "{fault}");
        assert_eq!(rig.engine.receive(SYNC[0], &mut again), gone);
        assert_eq!(rig.engine.send(SYNC[0], &mut again), gone);
        assert_eq!(rig.engine.reset(SYNC[0]), Ok(()));
        round(&rig);
    }
}

#[test]
fn a_request_that_a_reset_has_met_has_an_end() {
    let rig = Rig::new("hisi_zip,fault=reset@2");
    round(&rig);
    let (data, mut out) = (text(300), vec![0; 500]);
    let mut message = whole(ZLIB, 0, &data, &mut out);
    assert_eq!(rig.run(&mut message), Err(Error::DeviceReset));
}

#[test]
fn when_no_answer_will_come_the_device_writes_nothing_any_more() {
    let rig = Rig::new("hisi_zip,level=9");
    let (data, mut out) = (text(1 << 20), vec![0; 1 << 20]);
    let mut message = whole(ZLIB, 0, &data, &mut out);
    rig.engine.send(SYNC[0], &mut message).expect("sent");
    while rig.world.counters("hisi_zip-0").expect("there").descriptors == 0 {
        std::thread::yield_now();
    }
    rig.world.reset("hisi_zip-0").expect("there");
    assert_eq!(rig.receive(SYNC[0], &mut message), Err(Error::DeviceReset));
    out.fill(0xee);
    // The simulated engine has ended when its world is dropped.
    drop(rig);
    assert!(out.iter().all(|byte| *byte == 0xee));
}

#[test]
fn a_status_of_the_device_is_an_error_in_the_input() {
    for status in [0x05, 0x0e, 0x0f, 0x10, 0x12, 0xff] {
        let rig = Rig::new(&format!("hisi_zip,fault=status:{status}@1"));
        let (message, _) = rig.whole(ZLIB, 0, &text(300), 500);
        assert_eq!(message.req.status, WD_IN_EPARA as u32, "{status:#x}");
        round(&rig);
    }
    let rig = Rig::new("hisi_zip,fault=status:0x0d@1");
    let (message, _) = rig.whole(ZLIB, 0, &text(300), 500);
    assert_eq!(message.req.status, 0);
}

#[test]
fn answers_out_of_order_name_their_messages() {
    let rig =
        Rig::new("hisi_zip,engines=4,orders=out,fault=reorder:5@every:7,fault=delay:2@every:5");
    let inputs: Vec<Vec<u8>> = (0..200).map(|i| text(100 + 37 * i)).collect();
    let mut outputs = vec![vec![0; 9000]; inputs.len()];
    for (tag, (input, output)) in inputs.iter().zip(&mut outputs).enumerate() {
        let mut message = whole(GZIP, 0, input, output);
        message.tag = 0xffff_ff00 + tag as u32;
        rig.post(ASYNC[0], &message).expect("room");
    }
    let mut seen = HashSet::new();
    for _ in 0..inputs.len() {
        let mut answer = blank();
        rig.receive(ASYNC[0], &mut answer).expect("an answer");
        let tag = (answer.tag - 0xffff_ff00) as usize;
        assert!(seen.insert(tag));
        assert_eq!(answer.req.status, 0);
        assert_eq!(answer.in_cons as usize, inputs[tag].len());
        assert!(unpack(GZIP, &outputs[tag][..answer.produced as usize]) == inputs[tag]);
    }
}

#[test]
fn a_full_context_is_busy_and_empties() {
    let rig = Rig::new("hisi_zip,depth=8,fault=delay:20@1");
    let (data, mut out) = (text(100), vec![0; 300]);
    let message = whole(ZLIB, 0, &data, &mut out);
    let mut sent = 0;
    while rig.post(ASYNC[0], &message) == Ok(()) {
        sent += 1;
    }
    assert_eq!(sent, 7);
    rig.receive(ASYNC[0], &mut blank()).expect("an answer");
    assert_eq!(rig.post(ASYNC[0], &message), Ok(()));
    // The buffers are still the device's.
    rig.engine.reset(ASYNC[0]).expect("started again");
}

#[test]
fn threads_may_send_to_one_context_while_another_receives() {
    const EACH: usize = 400;
    let rig = Rig::new("hisi_zip,depth=64,engines=2,orders=out");
    let (received, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for sender in 0..3 {
            let rig = &rig;
            scope.spawn(move || {
                let data = text(50 + sender);
                // Each request has an output of its own until the test is over.
                let outputs = vec![vec![0; 150]; EACH].leak();
                for output in outputs {
                    let mut message = whole(ZLIB, 0, data.clone().leak(), output);
                    message.tag = sender as u32;
                    while let Err(error) = rig.post(ASYNC[0], &message) {
                        assert_eq!(error, Error::Busy);
                        std::thread::yield_now();
                    }
                }
            });
        }
        let receive = || -> Result<()> {
            while received.load(Ordering::Relaxed) < 3 * EACH {
                let mut answer = blank();
                rig.receive(ASYNC[0], &mut answer)?;
                let wrong = answer.in_cons != 50 + answer.tag || answer.req.status != 0;
                failed.fetch_or(wrong, Ordering::Relaxed);
                received.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        };
        scope.spawn(move || receive().expect("answers"));
    });
    assert_eq!(received.into_inner(), 3 * EACH);
    assert!(!failed.into_inner());
}

#[test]
fn binding_that_fails_stops_what_was_started_and_binding_again_works() {
    let config = "hisi_zip,fault=start:EBUSY@3".parse().expect("a text");
    let world = warpdrive::sim::World::new(config).expect("a world");
    let seats = seats(&world);
    let bound = driver().bind_comp(seats.clone(), false);
    assert_eq!(bound.err(), Some(Error::Busy));
    for _ in 0..2 {
        let engine = driver().bind_comp(seats.clone(), false).expect("bound");
        let data = text(900);
        let mut out = vec![0; 1000];
        let mut message = whole(ZLIB, 0, &data, &mut out);
        engine.send(SYNC[0], &mut message).expect("sent");
        answered(&*engine, SYNC[0], &mut message).expect("an answer");
        assert!(unpack(ZLIB, &out[..message.produced as usize]) == data);
    }
    let mut without = seats;
    without[0].hardware = None;
    let bound = driver().bind_comp(without, false);
    assert_eq!(bound.err(), Some(Error::NoDevice));
}

#[test]
fn there_is_a_driver_for_each_algorithm() {
    // SAFETY: no message is sent.
    let promise = unsafe { warpdrive::sys::lent::Promise::given() };
    let drivers = warpdrive::drv::hisi_zip::drivers(promise);
    let names: Vec<_> = drivers
        .iter()
        .map(|d| d.identity().algorithm.clone())
        .collect();
    let all = ["zlib", "gzip", "deflate", "lz77_zstd", "lz4", "lz77_only"];
    assert_eq!(names, all);
    for driver in drivers {
        let identity = driver.identity();
        assert_eq!(identity.driver, "hisi_zip");
        assert_eq!(
            (identity.priority, identity.queue_num, identity.op_type_num),
            (100, 1, 2)
        );
    }
}
