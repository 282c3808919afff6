//! Contexts, queues and what the driver says of itself.

use super::*;
use std::thread;

#[test]
fn there_is_a_driver_for_each_algorithm() {
    let drivers = drivers(Promise::in_tests());
    let names: Vec<_> = drivers.iter().map(|d| &*d.identity().algorithm).collect();
    assert_eq!(names, ALGORITHMS);
    for driver in drivers {
        let identity = driver.identity();
        assert_eq!((&*identity.driver, identity.priority), ("soft", 0));
        assert_eq!(identity.kind, alg_dev_type::UADK_ALG_SOFT);
        assert_eq!((identity.queue_num, identity.op_type_num), (1, 2));
        let engine = driver.bind_comp(Vec::new(), true).expect("bound");
        assert!(engine.is_shared() && !engine.answers_in_slots());
        assert_eq!(engine.path(0), Path::Software);
    }
}

#[test]
fn asynchronous_requests_come_back_in_order_with_their_tags() {
    let (data, engine) = (text(2000), engine());
    let mut outputs = vec![vec![GUARD; 3000]; 10];
    for (tag, output) in outputs.iter_mut().enumerate() {
        let mut message = message(ZLIB, COMPRESS, &data[tag..], output);
        message.tag = tag as u32;
        engine.post(1, Posted::in_tests(&message)).expect("room");
    }
    let mut answer = message(DEFLATE, COMPRESS, &[], &mut []);
    for (tag, output) in outputs.iter().enumerate() {
        engine.receive(1, &mut answer).expect("one is finished");
        assert_eq!((answer.tag as usize, answer.req.status), (tag, OK));
        assert_eq!(answer.in_cons as usize, data.len() - tag);
        let small = &output[..answer.produced as usize];
        assert!(inflate(ZLIB, small, 15).expect("valid") == data[tag..]);
    }
    assert_eq!(engine.receive(1, &mut answer), Err(Error::Again));
}

#[test]
fn a_full_queue_is_busy_and_empties() {
    let engine = engine();
    let mut output = [0; 100];
    let message = message(ZLIB, COMPRESS, b"abc", &mut output);
    for _ in 0..QUEUE {
        engine.post(1, Posted::in_tests(&message)).expect("room");
    }
    let full = engine.post(1, Posted::in_tests(&message));
    assert_eq!(full, Err(Error::Busy));
    let mut answer = message;
    engine.receive(1, &mut answer).expect("finished");
    engine
        .post(1, Posted::in_tests(&message))
        .expect("room again");
    engine.reset(1).expect("possible");
    assert_eq!(engine.receive(1, &mut answer), Err(Error::Again));
}

#[test]
fn a_context_is_used_as_it_was_made() {
    let engine = engine();
    let mut output = [0; 100];
    let mut message = message(ZLIB, COMPRESS, b"abc", &mut output);
    let posted = engine.post(0, Posted::in_tests(&message));
    assert_eq!(posted, Err(Error::Invalid));
    assert_eq!(engine.receive(0, &mut message), Err(Error::Invalid));
    assert_eq!(engine.send(2, &mut message), Err(Error::Invalid));
    assert_eq!(engine.reset(2), Err(Error::Invalid));
}

#[test]
fn threads_share_a_context() {
    let (data, engine) = (text(30_000), engine());
    thread::scope(|scope| {
        for alg in [DEFLATE, ZLIB, GZIP, LZ4] {
            let (data, engine) = (&data, &*engine);
            scope.spawn(move || {
                for len in (1..data.len()).step_by(2999) {
                    let (_, small) = run(engine, (alg, COMPRESS), &data[..len], 40_000, |_| ());
                    let (answer, back) = run(engine, (alg, DECOMPRESS), &small, len, |_| ());
                    assert_eq!(answer.req.status, OK);
                    assert!(back == data[..len]);
                }
            });
        }
    });
}

#[test]
fn a_shelf_keeps_a_few_and_finds_what_suits() {
    let shelf = Shelf::new();
    for n in 0..100 {
        shelf.put(Box::new(n));
    }
    assert_eq!(*shelf.take(|n| *n == 99, || -1), 99);
    assert_eq!(*shelf.take(|n| *n == 99, || -1), -1);
    assert_eq!(*shelf.take(|n| *n == 0, || -1), -1);
    let left = std::iter::from_fn(|| Some(*shelf.take(|_| true, || -1)).filter(|n| *n >= 0));
    assert_eq!(left.count(), 15);
}

#[test]
fn a_small_stack_suffices() {
    // Callers run requests on stacks of tens of KiB; frames without optimisation are the largest.
    let data = text(20_000);
    let work = || {
        let engine = engine();
        for alg in [DEFLATE, ZLIB, GZIP, LZ4] {
            for level in [1, 5, 9] {
                let set = |message: &mut wd_comp_msg| message.comp_lv = Enum::new(level);
                let (_, small) = run(&*engine, (alg, COMPRESS), &data, 30_000, set);
                let (answer, _) = run(&*engine, (alg, DECOMPRESS), &small, 20_000, set);
                assert_eq!(answer.req.status, OK);
            }
        }
    };
    thread::scope(|scope| {
        let small = thread::Builder::new().stack_size(64 << 10);
        let thread = small.spawn_scoped(scope, work).expect("started");
        thread.join().expect("no panic");
    });
}
