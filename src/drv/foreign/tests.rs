use super::*;
use core::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32};

/// What a driver made for a test was told, and what it is to answer. Its `priv` points here.
#[derive(Default)]
struct Told {
    answer: AtomicI32,
    inits: AtomicU32,
    exits: AtomicU32,
    config: AtomicPtr<wd_ctx_config_internal>,
    context: AtomicUsize,
    message: AtomicUsize,
}

/// The `Told` of a driver, which lives for ever.
fn told(driver: *mut wd_alg_driver) -> &'static Told {
    // SAFETY: made by `make`, leaked.
    let own = unsafe { (*driver).priv_ };
    // SAFETY: as above.
    unsafe { &*own.cast::<Told>() }
}

unsafe extern "C" fn init(driver: *mut wd_alg_driver, conf: *mut c_void) -> c_int {
    told(driver).inits.fetch_add(1, Ordering::Relaxed);
    told(driver).config.store(conf.cast(), Ordering::Relaxed);
    told(driver).answer.load(Ordering::Relaxed)
}

unsafe extern "C" fn exit(driver: *mut wd_alg_driver) {
    told(driver).exits.fetch_add(1, Ordering::Relaxed);
}

unsafe extern "C" fn transfer(
    driver: *mut wd_alg_driver,
    ctx: handle_t,
    msg: *mut c_void,
) -> c_int {
    told(driver).context.store(ctx, Ordering::Relaxed);
    told(driver).message.store(msg.addr(), Ordering::Relaxed);
    told(driver).answer.load(Ordering::Relaxed)
}

unsafe extern "C" fn usage(param: *mut c_void) -> c_int {
    // SAFETY: the question, as `Foreign::usage` asks it.
    let question = unsafe { &*param.cast::<hisi_dev_usage>() };
    // SAFETY: its text.
    let name = unsafe { CStr::from_ptr(question.dev_name) };
    assert!(!question.drv.is_null());
    if question.alg_op_type == 9 {
        return -libc::EINVAL;
    }
    c_int::try_from(name.count_bytes()).expect("short") + c_int::from(question.alg_op_type)
}

/// A driver that does what its `Told` says; leaked.
fn make() -> *mut wd_alg_driver {
    let own = Box::into_raw(Box::<Told>::default());
    Box::into_raw(Box::new(wd_alg_driver {
        drv_name: c"t_foreign".as_ptr(),
        alg_name: c"zlib".as_ptr(),
        priority: 3,
        calc_type: alg_dev_type::UADK_ALG_HW as c_int,
        queue_num: -4,
        op_type_num: 2,
        priv_: own.cast(),
        fallback: 0,
        init: Some(init),
        exit: Some(exit),
        send: Some(transfer),
        recv: Some(transfer),
        get_usage: Some(usage),
        get_extend_ops: None,
    }))
}

/// `make`'s driver, changed by `change`.
fn changed(change: impl FnOnce(&mut wd_alg_driver)) -> *mut wd_alg_driver {
    let driver = make();
    // SAFETY: leaked above, nobody else has it.
    change(unsafe { &mut *driver });
    driver
}

fn adopt(driver: *mut wd_alg_driver) -> Result<Foreign> {
    // SAFETY: NULL or of `make`.
    unsafe { Foreign::adopt(driver) }
}

fn seat(handle: usize, op_type: u8, asynchronous: bool) -> Seat {
    Seat {
        handle,
        hardware: None,
        op_type,
        asynchronous,
    }
}

fn message() -> wd_comp_msg {
    // SAFETY: zeros are a message: numbers, and NULL pointers.
    unsafe { core::mem::zeroed() }
}

fn bound(driver: *mut wd_alg_driver) -> Box<dyn Engine<wd_comp_msg>> {
    let seats = vec![seat(0x100, 0, false), seat(0x200, 1, true)];
    let bound = adopt(driver).and_then(|foreign| foreign.bind_comp(seats, false));
    bound.expect("bound")
}

#[test]
fn a_driver_is_what_its_structure_says() {
    let driver = make();
    let foreign = adopt(driver).expect("whole");
    let expected = Identity {
        driver: "t_foreign".to_owned(),
        algorithm: "zlib".to_owned(),
        priority: 3,
        kind: alg_dev_type::UADK_ALG_HW,
        queue_num: 0,
        op_type_num: 2,
    };
    assert_eq!(*foreign.identity(), expected);
    assert_eq!(foreign.in_c(), driver);
}

#[test]
fn a_driver_that_lacks_something_is_invalid() {
    for driver in [
        core::ptr::null_mut(),
        changed(|driver| driver.init = None),
        changed(|driver| driver.exit = None),
        changed(|driver| driver.send = None),
        changed(|driver| driver.recv = None),
        changed(|driver| driver.drv_name = ptr::null()),
        changed(|driver| driver.alg_name = ptr::null()),
        changed(|driver| driver.alg_name = c"\xff".as_ptr()),
    ] {
        assert_eq!(adopt(driver).err(), Some(Error::Invalid));
    }
    for number in [-1, 4, c_int::MAX] {
        let driver = changed(|driver| driver.calc_type = number);
        assert_eq!(adopt(driver).err(), Some(Error::NoDevice));
    }
}

#[test]
fn a_driver_is_shown_its_contexts_until_exit() {
    let driver = make();
    let seats = vec![seat(0x100, 0, false), seat(0x200, 1, true)];
    let foreign = adopt(driver).expect("whole");
    let engine = foreign.bind_comp(seats, true).expect("bound");
    let config = told(driver).config.load(Ordering::Relaxed);
    // SAFETY: it stays until `exit`, and nobody writes to it here.
    let config = unsafe { &*config };
    assert_eq!((config.ctx_num, config.epoll_en), (2, CBool(1)));
    // SAFETY: the text of the configuration.
    let purpose = unsafe { CStr::from_ptr(config.alg_name) };
    assert_eq!(purpose, COMPRESSION);
    // SAFETY: so many contexts.
    let ctxs = unsafe { core::slice::from_raw_parts_mut(config.ctxs, 2) };
    let shown = |ctx: &wd_ctx_internal| (ctx.ctx, ctx.op_type, ctx.ctx_mode, ctx.sqn);
    assert_eq!(shown(&ctxs[0]), (0x100, 0, 0, 0));
    assert_eq!(shown(&ctxs[1]), (0x200, 1, 1, 0));
    for ctx in ctxs {
        // SAFETY: a spin lock that the engine made.
        assert_eq!(unsafe { libc::pthread_spin_trylock(&raw mut ctx.lock) }, 0);
        ctx.sqn = 77;
    }
    assert_eq!(told(driver).exits.load(Ordering::Relaxed), 0);
    drop(engine);
    assert_eq!(told(driver).exits.load(Ordering::Relaxed), 1);
}

#[test]
fn a_context_without_a_device_is_a_structure_of_its_own() {
    let driver = make();
    let seats = vec![seat(0, 0, false), seat(0, 0, true)];
    let foreign = adopt(driver).expect("whole");
    let engine = foreign.bind_comp(seats, false).expect("bound");
    let mut places = Vec::new();
    for index in 0..2 {
        engine.send(index, &mut message()).expect("answer 0");
        let context = told(driver).context.load(Ordering::Relaxed);
        let context: *mut wd_ce_ctx = ptr::with_exposed_provenance_mut(context);
        // SAFETY: it stays until `exit`.
        let plain = unsafe { &mut *context };
        assert!(plain.fd == -1 && plain.priv_.is_null() && plain.drv_name.is_null());
        plain.priv_ = ptr::without_provenance_mut(5);
        places.push(context);
    }
    assert_ne!(places[0], places[1]);
}

#[test]
fn a_message_goes_to_the_driver_where_it_is() {
    let driver = make();
    let engine = bound(driver);
    let mut sent = message();
    let place = ptr::from_mut(&mut sent).addr();
    let last = || {
        let told = told(driver);
        let message = told.message.swap(0, Ordering::Relaxed);
        (told.context.load(Ordering::Relaxed), message)
    };
    assert_eq!(engine.send(0, &mut sent), Ok(()));
    assert_eq!(last(), (0x100, place));
    assert_eq!(engine.receive(0, &mut sent), Ok(()));
    assert_eq!(last(), (0x100, place));
    assert_eq!(engine.post(1, Posted::outside(&mut sent)), Ok(()));
    assert_eq!(last(), (0x200, place));
    assert_eq!(engine.send(2, &mut sent), Err(Error::Invalid));
    assert_eq!(last(), (0x200, 0), "not called");
    assert!(engine.answers_in_slots() && engine.path(0) == Path::Foreign);
    assert_eq!(engine.wait(0, Duration::ZERO), Err(Error::Unsupported));
}

#[test]
fn only_a_negative_answer_of_a_driver_is_an_error() {
    let driver = make();
    let engine = bound(driver);
    for (answer, expected) in [
        (0, Ok(())),
        (1, Ok(())),
        (c_int::MAX, Ok(())),
        (-11, Err(Error::Again)),
        (-16, Err(Error::Busy)),
        (-62, Err(Error::DeviceReset)),
        (-22, Err(Error::Invalid)),
        (-5, Err(Error::Io)),
        (-67, Err(Error::Os(67))),
        (c_int::MIN, Err(Error::Io)),
    ] {
        told(driver).answer.store(answer, Ordering::Relaxed);
        assert_eq!(engine.send(0, &mut message()), expected, "{answer}");
        assert_eq!(engine.receive(0, &mut message()), expected, "{answer}");
    }
}

#[test]
fn a_driver_that_fails_to_initialise_is_not_ended() {
    let driver = make();
    told(driver).answer.store(-libc::ENOMEM, Ordering::Relaxed);
    let foreign = adopt(driver).expect("whole");
    let failed = foreign.bind_comp(vec![seat(1, 0, false)], false);
    assert_eq!(failed.err(), Some(Error::NoMemory));
    assert_eq!(told(driver).exits.load(Ordering::Relaxed), 0);
}

#[test]
fn a_driver_that_helps_out_is_told_nothing() {
    static INITS: AtomicU32 = AtomicU32::new(0);
    static EXITS: AtomicU32 = AtomicU32::new(0);
    unsafe extern "C" fn init(driver: *mut wd_alg_driver, conf: *mut c_void) -> c_int {
        assert!(driver.is_null() && conf.is_null());
        INITS.fetch_add(1, Ordering::Relaxed);
        0
    }
    unsafe extern "C" fn exit(driver: *mut wd_alg_driver) {
        assert!(driver.is_null());
        EXITS.fetch_add(1, Ordering::Relaxed);
    }
    let driver = changed(|driver| {
        driver.init = Some(init);
        driver.exit = Some(exit);
    });
    let foreign = adopt(driver).expect("whole");
    let engine = foreign.bind_comp(Vec::new(), false).expect("bound");
    assert_eq!(engine.send(0, &mut message()), Ok(()));
    assert_eq!(told(driver).context.load(Ordering::Relaxed), 0);
    drop(engine);
    let calls = (INITS.load(Ordering::Relaxed), EXITS.load(Ordering::Relaxed));
    assert_eq!(calls, (1, 1));
}

#[test]
fn a_driver_is_told_who_helps_it_out() {
    let (driver, helper) = (make(), make());
    let foreign = adopt(driver).expect("whole");
    // SAFETY: of `make`.
    let field = || unsafe { (*driver).fallback };
    foreign.set_fallback(helper);
    assert_eq!(field(), helper.addr());
    foreign.set_fallback(ptr::null_mut());
    assert_eq!(field(), 0);
}

#[test]
fn a_driver_tells_how_busy_a_device_is_once_it_is_initialised() {
    let foreign = adopt(make()).expect("whole");
    assert_eq!(foreign.usage("t_foreign-0", 1), Ok(12));
    assert_eq!(foreign.usage("t_foreign-0", 9), Err(Error::Invalid));
    assert_eq!(foreign.usage("a\0b", 1), Err(Error::Invalid));
    let idle = adopt(changed(|driver| driver.priv_ = ptr::null_mut())).expect("whole");
    assert_eq!(idle.usage("t_foreign-0", 1), Err(Error::Os(libc::EACCES)));
    let mute = adopt(changed(|driver| driver.get_usage = None)).expect("whole");
    assert_eq!(mute.usage("t_foreign-0", 1), Err(Error::Invalid));
}
