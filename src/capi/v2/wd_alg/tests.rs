mod races;

use super::*;
use crate::ctypes::v2::CBool;
use crate::ctypes::v2::wd_alg::{ALG_NAME_SIZE, alg_dev_type};
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::ctypes::v2::wd_internal::{wd_ctx_config_internal, wd_ctx_internal};
use crate::drv::{Driver, Engine, Identity, Path, Seat};
use crate::sys::lock::Mutex;
use crate::sys::slots::Posted;
use core::ffi::CStr;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;

const INVALID: c_int = -libc::EINVAL;

unsafe extern "C" fn init(_: *mut wd_alg_driver, _: *mut c_void) -> c_int {
    11
}
unsafe extern "C" fn exit(_: *mut wd_alg_driver) {}
unsafe extern "C" fn send(_: *mut wd_alg_driver, ctx: handle_t, _: *mut c_void) -> c_int {
    c_int::try_from(ctx).expect("small")
}
unsafe extern "C" fn recv(_: *mut wd_alg_driver, ctx: handle_t, _: *mut c_void) -> c_int {
    -c_int::try_from(ctx).expect("small")
}

/// A software driver written in C; leaked.
fn driver(algorithm: &'static CStr, name: &'static CStr, priority: c_int) -> *mut wd_alg_driver {
    Box::into_raw(Box::new(wd_alg_driver {
        drv_name: name.as_ptr(),
        alg_name: algorithm.as_ptr(),
        priority,
        calc_type: alg_dev_type::UADK_ALG_SOFT as c_int,
        queue_num: 1,
        op_type_num: 1,
        priv_: ptr::null_mut(),
        fallback: 0,
        init: Some(init),
        exit: Some(exit),
        send: Some(send),
        recv: Some(recv),
        get_usage: None,
        get_extend_ops: None,
    }))
}

fn register(driver: *mut wd_alg_driver) -> c_int {
    // SAFETY: NULL, or leaked.
    unsafe { wd_alg_driver_register(driver) }
}

fn unregister(driver: *mut wd_alg_driver) {
    // SAFETY: NULL, or leaked.
    unsafe { wd_alg_driver_unregister(driver) };
}

fn request(algorithm: &CStr) -> *mut wd_alg_driver {
    // SAFETY: a string.
    unsafe { wd_request_drv(algorithm.as_ptr(), true) }
}

fn give_back(driver: *mut wd_alg_driver) {
    // SAFETY: NULL, or leaked.
    unsafe { wd_release_drv(driver) };
}

/// The nodes of an algorithm, as a program walks them.
fn nodes(algorithm: &CStr) -> Vec<*mut wd_alg_list> {
    // SAFETY: no precondition.
    let mut node = unsafe { wd_get_alg_head() };
    let mut found = Vec::new();
    while !node.is_null() {
        // SAFETY: a node, which stays for ever.
        let name = unsafe { &raw const (*node).alg_name }.cast();
        // SAFETY: its text.
        let name = unsafe { CStr::from_ptr(name) };
        if name == algorithm {
            found.push(node);
        }
        // SAFETY: as above.
        node = unsafe { (*node).next };
    }
    found
}

#[test]
fn a_driver_is_requested_by_its_algorithm_and_listed() {
    let (low, high) = (driver(c"c-list", c"low", 1), driver(c"c-list", c"high", 2));
    assert_eq!((register(low), register(high)), (0, 0));
    assert_eq!(request(c"c-list"), high);
    let nodes = nodes(c"c-list");
    let of = |node: *mut wd_alg_list| {
        // SAFETY: a node, and nobody writes to it here.
        let node = unsafe { &*node };
        (node.drv, node.priority, node.refcnt, node.available)
    };
    let expected = [(low, 1, 0, CBool(1)), (high, 2, 1, CBool(1))];
    assert_eq!([of(nodes[0]), of(nodes[1])], expected);
    give_back(high);
    assert_eq!(of(nodes[1]).2, 0, "the node is the live one");
    // SAFETY: leaked.
    unsafe { wd_disable_drv(high) };
    assert_eq!(of(nodes[1]).3, CBool(0));
    assert_eq!(request(c"c-list"), low);
    // SAFETY: leaked.
    unsafe { wd_enable_drv(high) };
    assert_eq!(request(c"c-list"), high);
}

#[test]
fn the_list_begins_with_an_empty_node_that_never_changes_its_place() {
    // SAFETY: no precondition.
    let head = unsafe { wd_get_alg_head() };
    // SAFETY: the head.
    let content = unsafe { &*head };
    assert!(content.drv.is_null() && content.alg_name == [0; ALG_NAME_SIZE]);
    assert_eq!(register(driver(c"c-head", c"one", 1)), 0);
    // SAFETY: no precondition.
    assert_eq!(unsafe { wd_get_alg_head() }, head);
    assert!(!content.next.is_null());
}

#[test]
fn a_node_stays_readable_when_its_driver_has_gone() {
    let [first, second] = [c"first", c"second"].map(|name| driver(c"c-gone", name, 1));
    assert_eq!((register(first), register(second)), (0, 0));
    let before = nodes(c"c-gone");
    unregister(first);
    assert_eq!(nodes(c"c-gone"), before[1..]);
    // SAFETY: a former node.
    let mut node = unsafe { (*before[0]).next };
    let mut found = false;
    while !node.is_null() {
        found |= node == before[1];
        // SAFETY: a node.
        node = unsafe { (*node).next };
    }
    assert!(found, "it still leads on");
}

#[test]
fn a_driver_that_lacks_something_is_not_registered() {
    assert_eq!(register(ptr::null_mut()), INVALID);
    let incomplete = driver(c"c-lacks", c"one", 1);
    // SAFETY: leaked above, nobody else has it.
    unsafe { (*incomplete).recv = None };
    assert_eq!(register(incomplete), INVALID);
    let device = driver(c"c-lacks", c"no_such_device", 1);
    // SAFETY: as above.
    unsafe { (*device).calc_type = alg_dev_type::UADK_ALG_HW as c_int };
    assert_eq!(register(device), -libc::ENODEV);
    assert!(request(c"c-lacks").is_null());
    assert!(nodes(c"c-lacks").is_empty());
}

#[test]
fn null_is_never_a_crash() {
    let none = ptr::null_mut();
    unregister(none);
    give_back(none);
    // SAFETY: NULL is allowed everywhere.
    unsafe { wd_enable_drv(none) };
    // SAFETY: as above.
    unsafe { wd_disable_drv(none) };
    // SAFETY: as above.
    unsafe { wd_alg_driver_exit(none) };
    // SAFETY: as above.
    assert!(unsafe { wd_request_drv(ptr::null(), true) }.is_null());
    // SAFETY: as above.
    assert!(!unsafe { wd_drv_alg_support(ptr::null(), none) });
    // SAFETY: as above.
    assert!(!unsafe { wd_drv_alg_support(c"zlib".as_ptr(), none) });
    // SAFETY: as above.
    let started = unsafe { wd_alg_driver_init(none, ptr::null_mut()) };
    assert_eq!(started, INVALID);
    // SAFETY: as above.
    let sent = unsafe { wd_alg_driver_send(none, 0, ptr::null_mut()) };
    // SAFETY: as above.
    let received = unsafe { wd_alg_driver_recv(none, 0, ptr::null_mut()) };
    assert_eq!((sent, received), (INVALID, INVALID));
    let empty = driver(c"c-null", c"empty", 1);
    // SAFETY: leaked above, nobody else has it.
    unsafe { (*empty).send = None };
    // SAFETY: as above.
    let sent = unsafe { wd_alg_driver_send(empty, 0, ptr::null_mut()) };
    assert_eq!(sent, INVALID);
    // SAFETY: as above.
    let usage = unsafe { wd_alg_get_dev_usage(ptr::null(), ptr::null(), 0) };
    assert_eq!(usage, INVALID);
    // SAFETY: as above.
    let class = unsafe { wd_get_alg_type(c"zlib".as_ptr(), ptr::null_mut()) };
    assert_eq!(class, INVALID);
}

#[test]
fn the_functions_of_a_driver_are_called_with_what_they_are_given() {
    let driver = driver(c"c-call", c"one", 1);
    // SAFETY: leaked; its functions take anything.
    assert_eq!(unsafe { wd_alg_driver_init(driver, ptr::null_mut()) }, 11);
    // SAFETY: as above.
    let sent = unsafe { wd_alg_driver_send(driver, 5, ptr::null_mut()) };
    // SAFETY: as above.
    let received = unsafe { wd_alg_driver_recv(driver, 6, ptr::null_mut()) };
    assert_eq!((sent, received), (5, -6));
}

#[test]
fn a_driver_supports_the_algorithms_registered_under_its_name() {
    let one = driver(c"c-support", c"c-supporter", 1);
    let supports = |algorithm: &CStr| {
        // SAFETY: a string, and a driver.
        unsafe { wd_drv_alg_support(algorithm.as_ptr(), one) }
    };
    assert!(!supports(c"c-support"));
    assert_eq!(register(one), 0);
    assert!(supports(c"c-support"));
    assert!(!supports(c"c-suppor"));
}

#[test]
fn the_class_of_an_algorithm_is_written_whole() {
    let class = |algorithm: &CStr| {
        let mut room = [!0; ALG_NAME_SIZE];
        // SAFETY: a string, and room for one.
        let answer = unsafe { wd_get_alg_type(algorithm.as_ptr(), room.as_mut_ptr()) };
        (answer, room)
    };
    for (algorithm, expected) in [(c"cbc(aes)", c"cipher"), (c"zlib", c"zlib"), (c"", c"")] {
        let (answer, room) = class(algorithm);
        // SAFETY: written with its NUL.
        let told = unsafe { CStr::from_ptr(room.as_ptr()) };
        assert_eq!((answer, told), (0, expected));
    }
    let (answer, room) = class(c"cipher");
    assert!(answer == INVALID && room.iter().all(|byte| *byte == !0));
}

/// Gives each message its context's number; as device queues do, or at once.
struct Echo {
    identity: Identity,
    shared: bool,
    /// How often it was bound.
    bound: &'static AtomicUsize,
    /// How long that takes.
    slow: Duration,
}

struct Bound {
    shared: bool,
    waiting: Mutex<Vec<u32>>,
    unbound: &'static AtomicUsize,
}

static UNBOUND: AtomicUsize = AtomicUsize::new(0);

impl Driver for Echo {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn bind_comp(&self, seats: Vec<Seat>, _: bool) -> Result<Box<dyn Engine<wd_comp_msg>>> {
        assert!(seats.iter().all(|seat| seat.hardware.is_none()));
        self.bound.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(self.slow);
        Ok(Box::new(Bound {
            shared: self.shared,
            waiting: Mutex::default(),
            unbound: &UNBOUND,
        }))
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        self.unbound.fetch_add(1, Ordering::Relaxed);
    }
}

impl Engine<wd_comp_msg> for Bound {
    fn path(&self, _: usize) -> Path {
        Path::Software
    }

    fn is_shared(&self) -> bool {
        self.shared
    }

    fn send(&self, seat: usize, message: &mut wd_comp_msg) -> Result<()> {
        message.produced = u32::try_from(seat).expect("small") + 100;
        Ok(())
    }

    fn post(&self, _: usize, message: Posted<'_, wd_comp_msg>) -> Result<()> {
        self.waiting.lock().push(message.copy().tag);
        Ok(())
    }

    fn receive(&self, seat: usize, message: &mut wd_comp_msg) -> Result<()> {
        message.tag = self.waiting.lock().pop().ok_or(Error::Again)?;
        message.produced = u32::try_from(seat).expect("small") + 200;
        Ok(())
    }
}

/// What C knows our own driver of this algorithm as.
fn own(algorithm: &CStr, shared: bool) -> *mut wd_alg_driver {
    static BOUND: AtomicUsize = AtomicUsize::new(0);
    own_with(algorithm, shared, &BOUND, Duration::ZERO)
}

fn own_with(
    algorithm: &CStr,
    shared: bool,
    bound: &'static AtomicUsize,
    slow: Duration,
) -> *mut wd_alg_driver {
    let driver = Echo {
        identity: Identity {
            driver: "echo".to_owned(),
            algorithm: algorithm.to_str().expect("text").to_owned(),
            priority: 0,
            kind: alg_dev_type::UADK_ALG_SOFT,
            queue_num: 3,
            op_type_num: 2,
        },
        shared,
        bound,
        slow,
    };
    registry::register(Arc::new(driver), &bus::has).expect("software");
    request(algorithm)
}

fn transfer(
    function: unsafe extern "C" fn(*mut wd_alg_driver, handle_t, *mut c_void) -> c_int,
    driver: *mut wd_alg_driver,
    context: handle_t,
    tag: u32,
) -> (c_int, u32, u32) {
    // SAFETY: zeros are a message: numbers, and NULL pointers.
    let mut message: wd_comp_msg = unsafe { core::mem::zeroed() };
    message.tag = tag;
    // SAFETY: a driver of compression, and a message.
    let answer = unsafe { function(driver, context, (&raw mut message).cast()) };
    (answer, message.tag, message.produced)
}

#[test]
fn a_driver_of_the_librarys_is_called_as_one_written_in_c() {
    let driver = own(c"c-own", false);
    // SAFETY: what `own` answered.
    let content = unsafe { &*driver };
    assert_eq!((content.queue_num, content.op_type_num), (3, 2));
    assert_eq!(nodes(c"c-own").len(), 1);
    let ctx = |handle, ctx_mode| wd_ctx_internal {
        ctx: handle,
        op_type: 0,
        ctx_mode,
        sqn: 0,
        lock: 0,
    };
    let mut ctxs = [ctx(10, 0), ctx(20, 1)];
    // SAFETY: zeros are a configuration without contexts.
    let mut config: wd_ctx_config_internal = unsafe { core::mem::zeroed() };
    let start = |config: &mut wd_ctx_config_internal| {
        // SAFETY: a driver, and a configuration.
        unsafe { wd_alg_driver_init(driver, ptr::from_mut(config).cast()) }
    };
    assert_eq!(start(&mut config), INVALID, "no contexts");
    (config.ctx_num, config.ctxs) = (u32::MAX, ctxs.as_mut_ptr());
    assert_eq!(start(&mut config), -libc::ENOMEM, "not read");
    config.ctx_num = 2;
    assert_eq!(start(&mut config), 0);
    assert_eq!(start(&mut config), -libc::EEXIST);
    let send = |context, tag| transfer(wd_alg_driver_send, driver, context, tag);
    let recv = |context, tag| transfer(wd_alg_driver_recv, driver, context, tag);
    assert_eq!(send(10, 1), (0, 1, 100));
    assert_eq!(recv(20, 0), (-libc::EAGAIN, 0, 0));
    assert_eq!(send(20, 7), (0, 7, 0));
    assert_eq!(recv(20, 0), (0, 7, 201));
    assert_eq!(send(30, 1), (INVALID, 1, 0), "a context of nobody's");
    // SAFETY: a driver.
    let nothing = unsafe { wd_alg_driver_send(driver, 10, ptr::null_mut()) };
    assert_eq!(nothing, INVALID);
    let before = UNBOUND.load(Ordering::Relaxed);
    // SAFETY: a driver.
    unsafe { wd_alg_driver_exit(driver) };
    assert!(UNBOUND.load(Ordering::Relaxed) > before);
    // SAFETY: a driver.
    unsafe { wd_alg_driver_exit(driver) };
}

#[test]
fn a_software_driver_of_the_librarys_helps_out_without_contexts() {
    let driver = own(c"c-help", true);
    // SAFETY: what `own` answered.
    let init = unsafe { (*driver).init }.expect("there");
    // SAFETY: so a helper is initialised.
    assert_eq!(unsafe { init(ptr::null_mut(), ptr::null_mut()) }, 0);
    let sent = transfer(wd_alg_driver_send, driver, 0xabc, 4);
    assert_eq!(sent, (0, 4, 100));
    let received = transfer(wd_alg_driver_recv, driver, 0xabc, 4);
    assert_eq!(received, (0, 4, 0), "it was finished already");
    // SAFETY: a driver.
    unsafe { wd_alg_driver_exit(driver) };
}

#[test]
fn a_driver_of_the_librarys_can_be_unregistered_and_come_back() {
    let driver = own(c"c-back", true);
    unregister(driver);
    assert!(request(c"c-back").is_null());
    assert_eq!(register(driver), 0);
    assert_eq!(request(c"c-back"), driver);
    assert_eq!(nodes(c"c-back").len(), 1);
}

#[test]
fn fork_children_have_the_drivers_of_their_parent_at_any_moment() {
    let (stays, comes) = (
        driver(c"c-fork", c"stays", 1),
        driver(c"c-fork", c"comes", 2),
    );
    assert_eq!(register(stays), 0);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let address = comes.expose_provenance();
        let stop = &stop;
        scope.spawn(move || {
            let comes = ptr::with_exposed_provenance_mut(address);
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(register(comes), 0);
                give_back(request(c"c-fork"));
                unregister(comes);
            }
        });
        for _ in 0..100 {
            // SAFETY: the child uses atomics, locks of its own and malloc, and ends by _exit.
            let child = unsafe { libc::fork() };
            if child == 0 {
                // SAFETY: a child that hangs is killed.
                unsafe { libc::alarm(30) };
                let found = request(c"c-fork");
                let good = [stays, comes].contains(&found);
                let good = good && register(comes) == 0 && request(c"c-fork") == comes;
                let good = good && nodes(c"c-fork").len() == 2;
                // SAFETY: ends the child at once.
                unsafe { libc::_exit(i32::from(!good)) };
            }
            let mut status = -1;
            // SAFETY: waits for the child made above.
            unsafe { libc::waitpid(child, &raw mut status, 0) };
            assert_eq!(status, 0);
        }
        stop.store(true, Ordering::Relaxed);
    });
}
