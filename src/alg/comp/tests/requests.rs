//! Synchronous requests and streams.

use super::*;
use crate::alg::comp::{path, reset, stats, stream, sync_in_pieces};
use crate::drv::Path;
use core::sync::atomic::Ordering;

/// An engine that finishes what others fail.
fn helper(plan: &mut Plan<engine::Msg>) {
    let knobs = Arc::new(Knobs::default());
    knobs.shared.store(true, Ordering::Relaxed);
    plan.helper = Some(Puppet::engine(&knobs, 1));
}

fn helped() -> World {
    let native = Native::new(SCHED_POLICY_SINGLE, 1, 1).expect("good numbers");
    with(Chooser::Native(Arc::new(native)), &[false, true], helper)
}

#[test]
fn an_answer_is_in_the_request() {
    let world = world();
    let handle = session();
    assert_eq!(path(handle), Ok(None));
    for delay in [0, 1, 5000] {
        world.knobs.delay.store(delay, Ordering::Relaxed);
        let mut asked = request();
        assert_eq!(sync(handle, &mut asked), Ok(()));
        assert_eq!((asked.src_len, asked.dst_len, asked.status), (100, 100, 0));
    }
    assert_eq!(path(handle), Ok(Some(Path::Simulated)));
    let told = stats().expect("initialised");
    assert_eq!((told.requests, told.bytes_in, told.errors), (3, 300, 0));
    assert_eq!((told.contexts, told.served), (2, [0, 3, 0, 0]));
    assert_eq!(free(handle), Ok(()));
}

#[test]
fn a_message_says_what_the_session_and_the_request_say() {
    let world = world();
    let handle = session();
    assert_eq!(sync(handle, &mut request()), Ok(()));
    let seen = world.knobs.seen.lock().expect("sent").0;
    assert_eq!((seen.alg_type.0, seen.comp_lv.0, seen.win_sz.0), (1, 6, 4));
    assert_eq!(
        (seen.stream_mode.0, seen.req.last, seen.avail_out),
        (1, 1, 200)
    );
    assert!(!seen.ctx_buf.is_null() && !seen.mm_ops.is_null());
}

#[test]
fn bad_requests_are_refused_and_not_sent() {
    let world = world();
    let handle = session();
    type Spoil = fn(&mut wd_comp_req);
    let spoil: [(&str, Spoil); 11] = [
        ("src", |r| r.src = ptr::null_mut()),
        ("dst", |r| r.dst = ptr::null_mut()),
        ("src_len", |r| r.src_len = 0),
        ("dst_len", |r| r.dst_len = 0),
        ("room for a header", |r| r.dst_len = 2),
        ("op_type", |r| r.op_type = Enum::new(2)),
        ("op_type", |r| r.op_type = Enum::new(u32::MAX)),
        ("data_fmt", |r| r.data_fmt = Enum::new(2)),
        ("list", |r| {
            r.data_fmt = Enum::new(1);
            r.src = ptr::null_mut();
        }),
        ("cb", |r| r.cb = Some(ignore)),
        ("no more than a header", |r| {
            r.op_type = Enum::new(1);
            r.src_len = 2;
        }),
    ];
    for (what, spoil) in spoil {
        let mut asked = request();
        spoil(&mut asked);
        assert_eq!(sync(handle, &mut asked), Err(Error::Invalid), "{what}");
        assert_eq!(
            sync_in_pieces(handle, &mut asked),
            Err(Error::Invalid),
            "{what}"
        );
        if what != "src_len" {
            assert_eq!(stream(handle, &mut asked), Err(Error::Invalid), "{what}");
        }
    }
    let mut list = request();
    list.data_fmt = Enum::new(1);
    assert_eq!(stream(handle, &mut list), Err(Error::Invalid));
    assert!(world.knobs.seen.lock().is_none());
    assert_eq!(sync(handle, &mut list), Ok(()));
}

#[test]
fn small_requests_that_are_right_pass() {
    let _world = world();
    let handle = session();
    let mut asked = request();
    (asked.src_len, asked.dst_len) = (1, 3);
    assert_eq!(sync(handle, &mut asked), Ok(()));
    asked.op_type = Enum::new(1);
    (asked.src_len, asked.dst_len) = (3, 1);
    assert_eq!(sync(handle, &mut asked), Ok(()));
    let mut gzip = setup();
    gzip.format = Enum::new(2);
    let handle = open(&gzip, || Err(Error::Unsupported)).expect("gzip");
    (asked.src_len, asked.dst_len) = (10, 100);
    assert_eq!(sync(handle, &mut asked), Err(Error::Invalid));
    asked.op_type = Enum::new(0);
    assert_eq!(sync(handle, &mut asked), Ok(()));
}

#[test]
fn bad_sessions_are_refused() {
    let _world = world();
    let spoil: [fn(&mut Setup); 6] = [
        |s| s.format = Enum::new(6),
        |s| s.format = Enum::new(u32::MAX),
        |s| s.direction = Enum::new(2),
        |s| s.level = Enum::new(16),
        |s| s.window = Enum::new(5),
        |s| s.direction = Enum::new(u32::MAX),
    ];
    for (n, spoil) in spoil.into_iter().enumerate() {
        let mut asked = setup();
        spoil(&mut asked);
        let made = open(&asked, || Err(Error::Unsupported));
        assert_eq!(made, Err(Error::Invalid), "{n}");
    }
    let mut inflate = setup();
    inflate.direction = Enum::new(1);
    (inflate.level, inflate.window) = (Enum::new(0xa5a5_a5a5), Enum::new(77));
    assert!(open(&inflate, || Err(Error::Unsupported)).is_ok());
}

#[test]
fn a_full_queue_is_busy_and_other_errors_come_as_they_are() {
    let world = world();
    let handle = session();
    for error in [Error::Busy, Error::Invalid, Error::Io, Error::DeviceReset] {
        *world.knobs.refuse.lock() = Some(error);
        assert_eq!(sync(handle, &mut request()), Err(error));
    }
    *world.knobs.broken.lock() = Some(Error::Io);
    let mut asked = request();
    assert_eq!(sync(handle, &mut asked), Err(Error::Io));
    assert_eq!((asked.src_len, asked.dst_len, asked.status), (100, 200, 77));
    *world.knobs.broken.lock() = None;
    assert_eq!(sync(handle, &mut request()), Ok(()));
}

#[test]
fn a_request_without_an_answer_times_out_and_the_context_is_reset() {
    let world = world();
    let handle = session();
    world.knobs.silent.store(true, Ordering::Relaxed);
    assert_eq!(sync(handle, &mut request()), Err(Error::TimedOut));
    assert_eq!(world.knobs.resets.load(Ordering::Relaxed), 1);
    world.knobs.silent.store(false, Ordering::Relaxed);
    assert_eq!(sync(handle, &mut request()), Ok(()));
    let told = stats().expect("initialised");
    assert_eq!((told.requests, told.errors, told.timeouts), (2, 1, 1));
}

#[test]
fn a_context_that_cannot_be_reset_is_dead() {
    for error in [Error::Io, Error::Unsupported] {
        let world = world();
        let handle = session();
        world.knobs.silent.store(true, Ordering::Relaxed);
        *world.knobs.reset.lock() = Some(error);
        assert_eq!(sync(handle, &mut request()), Err(Error::TimedOut));
        world.knobs.silent.store(false, Ordering::Relaxed);
        for _ in 0..2 {
            assert_eq!(sync(handle, &mut request()), Err(Error::DeviceReset));
        }
        assert_eq!(free(handle), Ok(()));
    }
}

#[test]
fn what_a_device_fails_the_helper_finishes_once() {
    let world = helped();
    let handle = session();
    for error in [Error::DeviceReset, Error::Io] {
        *world.knobs.broken.lock() = Some(error);
        let mut asked = request();
        assert_eq!(sync(handle, &mut asked), Ok(()));
        assert_eq!((asked.src_len, asked.dst_len, asked.status), (100, 100, 0));
        assert_eq!(path(handle), Ok(Some(Path::Software)));
    }
    *world.knobs.broken.lock() = None;
    assert_eq!(sync(handle, &mut request()), Ok(()));
    assert_eq!(path(handle), Ok(Some(Path::Simulated)));
    let told = stats().expect("initialised");
    assert_eq!((told.requests, told.errors, told.fallbacks), (3, 0, 2));
    assert_eq!(told.served, [0, 1, 2, 0]);
}

#[test]
fn what_a_device_cannot_do_the_helper_does_and_without_one_it_is_unsupported() {
    let world = helped();
    let handle = session();
    *world.knobs.refuse.lock() = Some(Error::Unsupported);
    assert_eq!(sync(handle, &mut request()), Ok(()));
    assert_eq!(path(handle), Ok(Some(Path::Software)));
    *world.knobs.refuse.lock() = Some(Error::Unsupported);
    let mut piece = request();
    assert_eq!(stream(handle, &mut piece), Ok(()));
    // All pieces of that stream are the helper's, the next stream is not.
    piece = request();
    piece.last = 1;
    assert_eq!(stream(handle, &mut piece), Ok(()));
    assert_eq!(path(handle), Ok(Some(Path::Software)));
    assert_eq!(stream(handle, &mut request()), Ok(()));
    assert_eq!(path(handle), Ok(Some(Path::Simulated)));
    drop(world);
    let world = super::world();
    let handle = session();
    *world.knobs.refuse.lock() = Some(Error::Unsupported);
    assert_eq!(sync(handle, &mut request()), Err(Error::Unsupported));
    assert_eq!(sync(handle, &mut request()), Ok(()));
}

#[test]
fn the_helper_does_not_touch_what_the_device_may_still_write() {
    let world = helped();
    let handle = session();
    world.knobs.silent.store(true, Ordering::Relaxed);
    *world.knobs.reset.lock() = Some(Error::Unsupported);
    assert_eq!(sync(handle, &mut request()), Err(Error::TimedOut));
    assert_eq!(stats().expect("initialised").fallbacks, 0);
    let busy = Error::Busy;
    let _ = world;
    assert_ne!(sync(handle, &mut request()), Err(busy));
}

#[test]
fn a_stream_goes_on_until_its_last_piece_is_consumed() {
    let world = world();
    let handle = session();
    let mut places = Vec::new();
    let mut sums = Vec::new();
    for (last, most) in [(0, 0), (1, 40), (1, 0), (0, 0)] {
        world.knobs.most.store(most, Ordering::Relaxed);
        let mut piece = request();
        piece.last = last;
        assert_eq!(stream(handle, &mut piece), Ok(()));
        let seen = world.knobs.seen.lock().expect("sent").0;
        assert_eq!((seen.stream_mode.0, seen.req.last), (0, last));
        places.push(seen.stream_pos.0);
        sums.push(seen.isize);
    }
    assert_eq!(places, [0, 1, 1, 0]);
    assert_eq!(sums, [0, 100, 140, 240]);
}

#[test]
fn a_stream_to_inflate_goes_on_until_its_end_is_found() {
    let world = world();
    let handle = session();
    let mut places = Vec::new();
    for status in [0, 1, 0] {
        world.knobs.status.store(status, Ordering::Relaxed);
        let mut piece = request();
        piece.op_type = Enum::new(1);
        assert_eq!(stream(handle, &mut piece), Ok(()));
        assert_eq!(piece.status, status);
        places.push(world.knobs.seen.lock().expect("sent").0.stream_pos.0);
    }
    assert_eq!(places, [0, 1, 0]);
}

#[test]
fn a_reset_session_begins_a_new_stream() {
    let world = world();
    let handle = session();
    assert_eq!(stream(handle, &mut request()), Ok(()));
    assert_eq!(reset(handle), Ok(()));
    assert_eq!(world.knobs.forgets.load(Ordering::Relaxed), 1);
    assert_eq!(stream(handle, &mut request()), Ok(()));
    assert_eq!(world.knobs.seen.lock().expect("sent").0.stream_pos.0, 0);
}

#[test]
fn only_the_first_piece_of_a_stream_can_be_helped_and_then_all_of_it_is() {
    let world = helped();
    let handle = session();
    assert_eq!(stream(handle, &mut request()), Ok(()));
    *world.knobs.broken.lock() = Some(Error::Io);
    assert_eq!(stream(handle, &mut request()), Err(Error::Io));
    assert_eq!(reset(handle), Ok(()));
    assert_eq!(stream(handle, &mut request()), Ok(()));
    *world.knobs.broken.lock() = None;
    let mut last = request();
    last.last = 1;
    assert_eq!(stream(handle, &mut last), Ok(()));
    assert_eq!(path(handle), Ok(Some(Path::Software)));
    assert_eq!(stream(handle, &mut request()), Ok(()));
    assert_eq!(path(handle), Ok(Some(Path::Simulated)));
}

#[test]
fn a_large_request_is_done_in_pieces() {
    let world = world();
    let handle = session();
    let mut asked = request();
    (asked.src_len, asked.dst_len) = (300 << 10, 400 << 10);
    assert_eq!(sync_in_pieces(handle, &mut asked), Ok(()));
    assert_eq!(
        (asked.src_len, asked.dst_len, asked.status),
        (300 << 10, 300 << 10, 0)
    );
    let seen = world.knobs.seen.lock().expect("sent").0;
    assert_eq!((seen.req.src_len, seen.req.last), (44 << 10, 1));
    assert_eq!(seen.req.src.addr(), 0x1000 + (256 << 10));
    assert_eq!(stats().expect("initialised").requests, 3);
}

#[test]
fn pieces_that_get_nowhere_are_an_error_and_leave_the_session_as_new() {
    let world = world();
    let handle = session();
    let mut asked = request();
    asked.op_type = Enum::new(1);
    // Never an end: input runs out.
    assert_eq!(sync_in_pieces(handle, &mut asked), Err(Error::Invalid));
    world.knobs.status.store(67, Ordering::Relaxed);
    let mut asked = request();
    assert_eq!(sync_in_pieces(handle, &mut asked), Err(Error::Invalid));
    assert_eq!(asked.status, 67);
    world.knobs.status.store(0, Ordering::Relaxed);
    let mut tight = request();
    tight.dst_len = 20;
    world.knobs.most.store(20, Ordering::Relaxed);
    assert_eq!(
        sync_in_pieces(handle, &mut tight),
        Err(Error::Invalid),
        "no room"
    );
    world.knobs.most.store(0, Ordering::Relaxed);
    assert_eq!(sync_in_pieces(handle, &mut request()), Ok(()));
}

#[test]
fn an_engine_that_is_shared_finishes_requests_at_once() {
    let native = Native::new(SCHED_POLICY_SINGLE, 1, 1).expect("good numbers");
    let shared = |plan: &mut Plan<engine::Msg>| {
        let knobs = Arc::new(Knobs::default());
        knobs.shared.store(true, Ordering::Relaxed);
        plan.engine = Puppet::engine(&knobs, 2);
    };
    let _world = with(Chooser::Native(Arc::new(native)), &[false, true], shared);
    let handle = session();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let mut asked = request();
                    assert_eq!(sync(handle, &mut asked), Ok(()));
                    assert_eq!(asked.dst_len, 100);
                }
            });
        }
    });
    assert_eq!(stream(handle, &mut request()), Ok(()));
    assert_eq!(stats().expect("initialised").requests, 201);
}
