//! What a request costs besides its own work: no system call and no allocation;
//! and what a queue costs in memory.

#![expect(
    unsafe_code,
    reason = "a counting allocator, a system call filter, and calls of C entries"
)]

#[path = "common/instant.rs"]
mod instant;
#[path = "common/lost_v1.rs"]
mod lost_v1;
#[path = "common/messages.rs"]
mod messages;
#[path = "common/pools_v1.rs"]
mod pools_v1;
#[path = "common/raw_v1.rs"]
mod raw_v1;
#[path = "common/sessions.rs"]
mod sessions;

use core::mem::MaybeUninit;
use instant::Instant;
use sessions::Sessions;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::process::Command;
use std::sync::Arc;
use warpdrive::capi::v0::wd::{wd_recv, wd_release_queue, wd_send};
use warpdrive::ctypes::v0::wd_queue;
use warpdrive::ctypes::v2::Enum;
use warpdrive::ctypes::v2::wd_comp::wd_lz77_zstd_data;
use warpdrive::ctypes::v2::wd_comp_drv::wd_comp_msg;
use warpdrive::ctypes::v2::wd_internal::wd_datalist;
use warpdrive::drv::{Engine, Hardware, Seat, hisi_zip, soft};
use warpdrive::queue::{Options, Queue};
use warpdrive::sys::lent::Promise;
use warpdrive::uacce::channel::Bus;

struct Counting;

thread_local! {
    /// Allocations of this thread, and the bytes it has taken and not given back. Each test runs on
    /// a thread of its own, so what other tests do meanwhile does not count.
    static CALLS: Cell<usize> = const { Cell::new(0) };
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: hands everything on to the system's allocator; the counters are plain cells that need
// neither initialisation nor a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        LIVE.set(LIVE.get() + layout.size() as isize);
        // SAFETY: the caller's promise, handed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.set(LIVE.get() - layout.size() as isize);
        // SAFETY: the caller's promise, handed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A queue as C holds it, on a device that answers at once.
fn open() -> (Instant, Box<wd_queue>) {
    let device = Instant::new().expect("memory");
    let queue = Queue::open_on(&device, &Options::default()).expect("opens");
    // SAFETY: all-zero bytes are a valid wd_queue, as C programs begin with.
    let mut q = Box::new(unsafe { std::mem::zeroed::<wd_queue>() });
    q.priv_ = queue.into_ref().to_raw() as *mut _;
    (device, q)
}

/// The driver `hisi_zip` on a device that answers at once.
fn engine(device: &Instant) -> Box<dyn Engine<wd_comp_msg>> {
    let attributes = device.devices().expect("one").remove(0);
    let seat = Seat {
        handle: 0,
        hardware: Some(Hardware {
            channel: device.open(&attributes).expect("opens"),
            device: Arc::new(attributes),
        }),
        op_type: 0,
        asynchronous: false,
    };
    // SAFETY: the messages below name memory that lives as long as they do.
    let drivers = hisi_zip::drivers(unsafe { Promise::given() });
    drivers[0].bind_comp(vec![seat], false).expect("binds")
}

/// Messages through the driver: plain buffers, and lists of two pieces.
fn messages(
    engine: &dyn Engine<wd_comp_msg>,
    completer: &mut instant::Completer,
    count: usize,
) -> bool {
    let (mut input, mut output) = ([1_u8; 64], [0_u8; 128]);
    let node = |data: *mut u8, len, next| wd_datalist {
        data: data.cast(),
        len,
        next,
    };
    let mut behind = node(input.as_mut_ptr().wrapping_add(9), 55, std::ptr::null_mut());
    let mut list = node(input.as_mut_ptr(), 9, &raw mut behind);
    let mut room = node(output.as_mut_ptr(), 128, std::ptr::null_mut());
    // SAFETY: all-zero bytes are a valid message, as the library begins with.
    let mut message = unsafe { std::mem::zeroed::<wd_comp_msg>() };
    message.alg_type = Enum::new(1);
    message.stream_mode = Enum::new(1);
    (message.req.src_len, message.req.dst_len) = (64, 128);
    (0..count).all(|turn| {
        let lists = turn % 2 == 1;
        message.avail_out = 128;
        message.req.data_fmt = Enum::new(lists.into());
        message.req.src = if lists {
            (&raw mut list).cast()
        } else {
            input.as_mut_ptr().cast()
        };
        message.req.dst = if lists {
            (&raw mut room).cast()
        } else {
            output.as_mut_ptr().cast()
        };
        let sent = engine.send(0, &mut message);
        completer.complete();
        sent.and_then(|()| engine.receive(0, &mut message)) == Ok(()) && message.produced == 2
    })
}

fn pairs(
    completer: &mut instant::Completer,
    q: &mut wd_queue,
    message: &mut [u8; 128],
    count: usize,
) -> bool {
    (0..count).all(|_| {
        // SAFETY: an open queue, and a message that lives.
        let sent = unsafe { wd_send(q, message.as_mut_ptr().cast()) };
        completer.complete();
        let mut back = std::ptr::null_mut();
        // SAFETY: an open queue, and a pointer of our own.
        let received = unsafe { wd_recv(q, &raw mut back) };
        sent == 0 && received == 0 && back == message.as_mut_ptr().cast()
    })
}

#[test]
fn ten_thousand_pairs_allocate_nothing() {
    let (device, mut q) = open();
    let (mut completer, mut message) = (device.completer(), [0; 128]);
    assert!(pairs(&mut completer, &mut q, &mut message, 2000));
    let before = CALLS.get();
    assert!(pairs(&mut completer, &mut q, &mut message, 10_000));
    assert_eq!(CALLS.get(), before);
    // SAFETY: an open queue.
    unsafe { wd_release_queue(&raw mut *q) };
}

#[test]
fn ten_thousand_messages_of_uadk_v1_allocate_nothing() {
    for told in [false, true] {
        let mut raw = raw_v1::Raw::new(told);
        assert!(raw.pairs(2000));
        let before = CALLS.get();
        assert!(raw.pairs(10_000));
        assert_eq!(CALLS.get(), before);
    }
}

#[test]
fn pools_of_uadk_v1_allocate_nothing_per_block_and_list() {
    let pools = pools_v1::Pools::new();
    assert!(pools.run(2000));
    let before = CALLS.get();
    assert!(pools.run(10_000));
    assert_eq!(CALLS.get(), before);
}

#[test]
fn ten_thousand_messages_through_the_driver_allocate_nothing() {
    let device = Instant::new().expect("memory");
    let (engine, mut completer) = (engine(&device), device.completer());
    assert!(messages(&*engine, &mut completer, 2000));
    let before = CALLS.get();
    assert!(messages(&*engine, &mut completer, 10_000));
    assert_eq!(CALLS.get(), before);
}

#[test]
fn a_queue_costs_less_than_256_kib_beside_its_regions() {
    const QUEUES: usize = 64;
    let device = Instant::new().expect("memory");
    let before = LIVE.get();
    let queues: Vec<_> = (0..QUEUES)
        .map(|_| Queue::open_on(&device, &Options::default()).expect("opens"))
        .collect();
    let each = (LIVE.get() - before) / QUEUES as isize;
    drop(queues);
    assert!(each > 1024, "{each} bytes a queue: nothing was counted");
    println!("{each} bytes a queue");
    assert!(each < 256 * 1024, "{each} bytes a queue");
}

#[test]
fn the_memory_of_a_stream_that_was_lost_goes_back_with_its_queue() {
    const STREAM: isize = 64 << 10;
    let live = || LIVE.get();
    lost_v1::lose(|| {});
    let (before, mut on_its_way) = (live(), 0);
    lost_v1::lose(|| on_its_way = live() - before);
    assert!(on_its_way >= STREAM, "the device may still write to it");
    let left = live() - before;
    assert!(left < STREAM / 2, "{left} bytes are left");
}

/// The software driver with one context.
fn software() -> Box<dyn Engine<wd_comp_msg>> {
    // SAFETY: the caller's promise: `execute` gives what lives.
    let promise = unsafe { Promise::given() };
    let seat = Seat {
        handle: 0,
        hardware: None,
        op_type: 0,
        asynchronous: false,
    };
    let engine = soft::drivers(promise)[0].bind_comp(vec![seat], false);
    engine.expect("software can always be had")
}

/// A request: its format and direction by their numbers, and of a stream whether it begins and ends.
struct Kind {
    alg: u32,
    op: u32,
    stream: Option<(bool, bool)>,
}

/// Executes a request; how much it produced.
fn execute(
    engine: &dyn Engine<wd_comp_msg>,
    kind: &Kind,
    input: &[u8],
    output: &mut [MaybeUninit<u8>],
) -> Option<usize> {
    // SAFETY: integers and pointers, for which zero is a value.
    let mut places: wd_lz77_zstd_data = unsafe { std::mem::zeroed() };
    let mut message = messages::message(kind.alg, kind.op, 6);
    messages::lend(&mut message, input, output);
    message.req.priv_ = (&raw mut places).cast();
    if let Some((begins, ends)) = kind.stream {
        message.stream_mode = Enum::new(0);
        message.stream_pos = Enum::new(u32::from(!begins));
        message.ctx_buf = 0x1_0000 as *mut _;
        message.req.last = ends.into();
    }
    engine.send(0, &mut message).ok()?;
    // 0, or the end of a stream.
    (message.req.status < 2).then_some(message.produced as usize)
}

/// Requests of each kind. What was compressed is not read again: the tests of the driver do that.
fn soft_requests(
    engine: &dyn Engine<wd_comp_msg>,
    input: &[u8],
    small: &[Vec<u8>],
    output: &mut [MaybeUninit<u8>],
) -> bool {
    let mut good = true;
    let mut all = |alg, op, input: &[u8]| {
        // The last is not of a stream; LZ4 has none.
        for stream in [Some((true, false)), Some((false, true)), None] {
            let part = match stream {
                Some(_) if alg == LZ4 => continue,
                Some((true, _)) => &input[..input.len() / 2],
                Some(_) => &input[input.len() / 2..],
                None => input,
            };
            good &= execute(engine, &Kind { alg, op, stream }, part, output).is_some();
        }
    };
    for alg in 0..6 {
        all(alg, 0, input);
    }
    for (alg, small) in [0, 1, 2, LZ4].into_iter().zip(small) {
        all(alg, 1, small);
    }
    good
}

/// An engine that has seen each kind of request, and what it takes for more of them.
struct Warm {
    engine: Box<dyn Engine<wd_comp_msg>>,
    input: Vec<u8>,
    small: Vec<Vec<u8>>,
    output: Vec<MaybeUninit<u8>>,
}

impl Warm {
    fn new() -> Warm {
        let engine = software();
        let input: Vec<u8> = (0..60_000_u32).map(|n| ((n * n) >> 12) as u8).collect();
        let small = [0, 1, 2, LZ4].map(|alg| {
            let mut room = vec![0; 80_000];
            let mut message = messages::message(alg, 0, 6);
            message.req.src = input.as_ptr().cast_mut().cast();
            message.req.src_len = input.len() as u32;
            message.req.dst = room.as_mut_ptr().cast();
            message.avail_out = room.len() as u32;
            assert_eq!(engine.send(0, &mut message), Ok(()));
            assert_eq!(message.req.status, 0);
            room.truncate(message.produced as usize);
            room
        });
        let mut warm = Warm {
            engine,
            input,
            small: small.into(),
            output: vec![MaybeUninit::uninit(); 200_000],
        };
        assert!(warm.run(3));
        warm
    }

    fn run(&mut self, rounds: usize) -> bool {
        let (engine, output) = (&*self.engine, &mut self.output);
        (0..rounds).all(|_| soft_requests(engine, &self.input, &self.small, output))
    }
}

#[test]
fn requests_of_the_software_driver_allocate_nothing() {
    let mut warm = Warm::new();
    let before = CALLS.get();
    assert!(warm.run(5));
    assert_eq!(CALLS.get(), before);
}

/// Kills this process at any system call but `exit_group`.
fn forbid_system_calls() {
    let instruction = |code: u32, jt: u8, jf: u8, k: u32| libc::sock_filter {
        code: code as u16,
        jt,
        jf,
        k,
    };
    let mut filter = [
        // The number of the call is the first word of seccomp_data.
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        instruction(
            libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K,
            0,
            1,
            libc::SYS_exit_group as u32,
        ),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
        instruction(
            libc::BPF_RET | libc::BPF_K,
            0,
            0,
            libc::SECCOMP_RET_KILL_PROCESS,
        ),
    ];
    let program = libc::sock_fprog {
        len: filter.len() as u16,
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: integers only.
    let sealed = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(sealed, 0);
    // SAFETY: the program and its filter live during the call.
    let set = unsafe {
        libc::prctl(
            libc::PR_SET_SECCOMP,
            libc::SECCOMP_MODE_FILTER,
            &raw const program,
        )
    };
    assert_eq!(set, 0);
}

/// `WD_LZ4`.
const LZ4: u32 = 4;

const ROLE: &str = "WD_TEST_STEADY_ROLE";

/// Not a test of its own: what the child processes of the tests below run.
#[test]
fn child_without_system_calls() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    if let Some(task) = role.strip_prefix("sessions ") {
        sessions_allocate_nothing(task.parse().expect("a number"));
        return;
    }
    let (device, mut q) = open();
    let (mut completer, mut message) = (device.completer(), [0; 128]);
    assert!(pairs(&mut completer, &mut q, &mut message, 2000));
    let mut warm = Warm::new();
    let other = Instant::new().expect("memory");
    let (engine, mut answers) = (engine(&other), other.completer());
    assert!(messages(&*engine, &mut answers, 2000));
    let mut raw = [false, true].map(raw_v1::Raw::new);
    assert!(raw.iter_mut().all(|raw| raw.pairs(2000)));
    let pools = pools_v1::Pools::new();
    assert!(pools.run(2000));
    forbid_system_calls();
    let good = match &*role {
        "software" => warm.run(5),
        _ => {
            pairs(&mut completer, &mut q, &mut message, 10_000)
                && messages(&*engine, &mut answers, 10_000)
                && raw.iter_mut().all(|raw| raw.pairs(10_000))
                && pools.run(10_000)
        }
    };
    if role == "guilty" {
        // SAFETY: never returns from the filter.
        unsafe { libc::syscall(libc::SYS_getppid) };
    }
    // SAFETY: ends the process at once.
    unsafe { libc::_exit(i32::from(!good)) };
}

/// `TASK_HW` and `TASK_INSTR`.
const DEVICES: i32 = 1;
const SOFTWARE: i32 = 2;

/// Sessions as C has them; in software also without a system call. The threads of a simulated device
/// are woken by one, and do their own work.
fn sessions_allocate_nothing(task: i32) {
    let mut sessions = Sessions::new(task);
    assert!(sessions.run(20));
    let before = CALLS.get();
    assert!(sessions.run(20));
    assert_eq!(CALLS.get(), before);
    if task == SOFTWARE {
        forbid_system_calls();
        let good = sessions.run(20);
        // SAFETY: ends the process at once.
        unsafe { libc::_exit(i32::from(!good)) };
    }
}

#[test]
fn sessions_in_software_allocate_nothing_and_make_no_system_call() {
    let status = child(&format!("sessions {SOFTWARE}"));
    assert!(status.success(), "{status}");
}

#[test]
fn sessions_on_devices_allocate_nothing() {
    let status = child(&format!("sessions {DEVICES}"));
    assert!(status.success(), "{status}");
}

fn child(role: &str) -> std::process::ExitStatus {
    let exe = std::env::current_exe().expect("known");
    let mut command = Command::new(exe);
    command
        .args(["--exact", "child_without_system_calls"])
        .env(ROLE, role)
        .env("WD_SIM", "hisi_zip");
    command.output().expect("starts").status
}

#[test]
fn ten_thousand_pairs_make_no_system_call() {
    let status = child("innocent");
    assert!(status.success(), "{status}");
}

#[test]
fn requests_of_the_software_driver_make_no_system_call() {
    let status = child("software");
    assert!(status.success(), "{status}");
}

#[test]
fn a_system_call_would_be_noticed() {
    use std::os::unix::process::ExitStatusExt;
    assert_eq!(child("guilty").signal(), Some(libc::SIGSYS));
}
