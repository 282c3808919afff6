//! Two threads at one of the library's drivers, as C calls it.

use super::*;
use std::sync::Barrier;

/// What `call` answers two threads that call it at the same time, the least first.
fn twice_at_once(call: impl Fn() -> c_int + Sync) -> [c_int; 2] {
    let both = Barrier::new(2);
    let one = || {
        both.wait();
        call()
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(one);
        let mut answers = [one(), other.join().expect("no panic")];
        answers.sort_unstable();
        answers
    })
}

/// Long enough that the second thread comes while the first one is at it.
const SLOW: Duration = Duration::from_millis(50);

#[test]
fn of_two_threads_that_initialise_a_driver_of_the_librarys_one_does() {
    static BOUND: AtomicUsize = AtomicUsize::new(0);
    let address = own_with(c"c-race", false, &BOUND, SLOW).expose_provenance();
    let driver = || ptr::with_exposed_provenance_mut::<wd_alg_driver>(address);
    let answers = twice_at_once(|| {
        // SAFETY: zeros are a context, and a configuration without contexts.
        let (mut ctx, mut config): (wd_ctx_internal, wd_ctx_config_internal) =
            unsafe { core::mem::zeroed() };
        ctx.ctx = 10;
        (config.ctx_num, config.ctxs) = (1, &raw mut ctx);
        // SAFETY: a driver, and a configuration.
        unsafe { wd_alg_driver_init(driver(), (&raw mut config).cast()) }
    });
    assert_eq!(answers, [-libc::EEXIST, 0]);
    assert_eq!(BOUND.load(Ordering::Relaxed), 1);
    let sent = transfer(wd_alg_driver_send, driver(), 10, 1);
    assert_eq!(sent, (0, 1, 100));
    // SAFETY: a driver.
    unsafe { wd_alg_driver_exit(driver()) };
}

#[test]
fn two_threads_whose_first_messages_a_helper_is_given_have_it_bound_once() {
    static BOUND: AtomicUsize = AtomicUsize::new(0);
    let address = own_with(c"c-help-race", true, &BOUND, SLOW).expose_provenance();
    let driver = || ptr::with_exposed_provenance_mut::<wd_alg_driver>(address);
    let answers = twice_at_once(|| transfer(wd_alg_driver_send, driver(), 0xabc, 4).0);
    assert_eq!(answers, [0, 0]);
    assert_eq!(BOUND.load(Ordering::Relaxed), 1);
    // SAFETY: a driver.
    unsafe { wd_alg_driver_exit(driver()) };
}
