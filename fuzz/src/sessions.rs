//! The C functions of wd_comp.h in any order and with any numbers, over simulated
//! devices with faults and over hostile ones.

use super::input::Input;
use super::simulated::Simulated;
use super::soft::{GUARD, MARK};
use super::zip;
use std::collections::BTreeSet;
use std::ffi::{CString, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Once};
use warpdrive::capi::v2::wd_comp::*;
use warpdrive::ctypes::v2::wd::{WD_EAGAIN, WD_IN_EPARA, WD_STREAM_END, WD_SUCCESS};
use warpdrive::ctypes::v2::wd_alg::alg_dev_type;
use warpdrive::ctypes::v2::wd_alg_common::{bitmask, wd_cap_config, wd_ctx_nums, wd_ctx_params};
use warpdrive::ctypes::v2::wd_comp::{wd_comp_req, wd_comp_sess_setup, wd_lz77_zstd_data};
use warpdrive::ctypes::v2::wd_comp_drv::wd_comp_msg;
use warpdrive::ctypes::v2::wd_internal::wd_datalist;
use warpdrive::ctypes::v2::wd_sched::sched_params;
use warpdrive::ctypes::v2::{CBool, Enum};
use warpdrive::drv::{Driver, Engine, Hardware, Identity, Seat, hisi_zip, registry};
use warpdrive::sys::lent::Promise;
use warpdrive::uacce::channel::Bus;
use warpdrive::{Error, Result, bus};

const ALGORITHMS: [&str; 6] = ["zlib", "gzip", "deflate", "lz77_zstd", "lz4", "lz77_only"];

/// What the next initialisation's contexts are of.
enum Devices {
    Simulated(Arc<Simulated>),
    /// The input from which hostile devices are made.
    Hostile(Vec<u8>),
}

static DEVICES: Mutex<Option<Devices>> = Mutex::new(None);

/// The real driver, over contexts of [`DEVICES`] instead of those that it is given.
struct Bad {
    identity: Identity,
}

impl Driver for Bad {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn bind_comp(&self, seats: Vec<Seat>, sleeps: bool) -> Result<Box<dyn Engine<wd_comp_msg>>> {
        // SAFETY: buffers live until the compression is ended.
        let promise = unsafe { Promise::given() };
        let devices = DEVICES.lock().expect("no panic");
        match devices.as_ref().ok_or(Error::NoDevice)? {
            Devices::Hostile(bytes) => {
                let kinds: Vec<_> = seats.iter().map(|s| (s.op_type, s.asynchronous)).collect();
                let made = zip::bind(&kinds, &mut Input::new(bytes), promise);
                made.map(|rig| rig.engine)
            }
            Devices::Simulated(world) => {
                let device = Arc::new(world.devices()?.pop().ok_or(Error::NoDevice)?);
                let over = |seat: Seat| {
                    let hardware = Some(Hardware {
                        channel: world.open(&device)?,
                        device: Arc::clone(&device),
                    });
                    Ok(Seat { hardware, ..seat })
                };
                let seats = seats.into_iter().map(over).collect::<Result<_>>()?;
                hisi_zip::drivers(promise)
                    .remove(0)
                    .bind_comp(seats, sleeps)
            }
        }
    }
}

/// Sees to it that the process has a simulated device and the driver above.
fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (name, value) in [
            ("WD_SIM", "hisi_zip,queues=1024,engines=0"),
            ("WD_SYNC_TIMEOUT_MS", "1"),
            ("WD_FALLBACK", "soft"),
        ] {
            // SAFETY: no other thread is there yet that looks at the environment.
            unsafe { std::env::set_var(name, value) };
        }
        assert!(bus::has("hisi_zip"), "another simulation was chosen before");
        for algorithm in ALGORITHMS {
            let identity = Identity {
                driver: "hisi_zip".into(),
                algorithm: algorithm.into(),
                priority: 1000,
                kind: alg_dev_type::UADK_ALG_HW,
                queue_num: 1,
                op_type_num: 2,
            };
            registry::register(Arc::new(Bad { identity }), &bus::has).expect("registered");
        }
    });
}

/// A request, its buffers, and what became of it.
struct Request {
    source: Vec<u8>,
    target: Vec<u8>,
    room: usize,
    nodes: [wd_datalist; 2],
    results: wd_lz77_zstd_data,
    called: AtomicU32,
}

impl Request {
    fn new(input: &mut Input<'_>) -> Box<Request> {
        let (len, room) = (input.below(900), input.below(1200));
        let mut source: Vec<u8> = (0..len).map(|n| (n * n / 7) as u8).collect();
        let start = input.bytes(12);
        let count = start.len().min(len);
        source[..count].copy_from_slice(&start[..count]);
        Box::new(Request {
            source,
            target: vec![MARK; room + 2 * GUARD],
            room,
            nodes: [wd_datalist {
                data: null_mut(),
                len: 0,
                next: null_mut(),
            }; 2],
            // SAFETY: numbers and pointers, for which zeros are a value.
            results: unsafe { std::mem::zeroed() },
            called: AtomicU32::new(0),
        })
    }

    /// As C has it. `wild` has numbers that there are not, and pointers that are NULL.
    fn request(&mut self, wild: u8, input: &mut Input<'_>, asynchronous: bool) -> wd_comp_req {
        let mut request = wd_comp_req {
            src: self.source.as_mut_ptr().cast(),
            src_len: self.source.len() as u32,
            dst: self.target[GUARD..].as_mut_ptr().cast(),
            dst_len: self.room as u32,
            cb: asynchronous.then_some(finished as _),
            cb_param: (&raw const *self).cast_mut().cast(),
            op_type: Enum::new(u32::from(wild >> 1 & 1)),
            data_fmt: Enum::new(0),
            last: u32::from(wild & 1),
            status: 99,
            priv_: (&raw mut self.results).cast(),
        };
        match wild >> 2 {
            0x3f => request.src = null_mut(),
            0x3e => request.dst = null_mut(),
            0x3d => request.op_type = Enum::new(input.u32()),
            0x3c => request.data_fmt = Enum::new(2 + input.u32() / 2),
            0x3b => request.priv_ = null_mut(),
            0x3a => request.cb = (!asynchronous).then_some(finished as _),
            0x39 => request.cb_param = null_mut(),
            0x38 => request.last = input.u32(),
            0x30..0x38 => {
                request.data_fmt = Enum::new(1);
                let lengths = [self.source.len() as u32, self.room as u32];
                let places = [request.src, request.dst];
                for (node, (data, len)) in
                    self.nodes.iter_mut().zip(places.into_iter().zip(lengths))
                {
                    (node.data, node.len) = (data, len);
                }
                request.src = (&raw mut self.nodes[0]).cast();
                request.dst = (&raw mut self.nodes[1]).cast();
            }
            _ => {}
        }
        request
    }

    /// The results are inside of what was lent.
    fn check(&self, request: &wd_comp_req) {
        let known = [WD_SUCCESS, WD_STREAM_END, WD_EAGAIN, WD_IN_EPARA];
        assert!(
            known.contains(&(request.status as i32)),
            "status {}",
            request.status
        );
        let (consumed, produced) = (request.src_len as usize, request.dst_len as usize);
        assert!(
            consumed <= self.source.len(),
            "{consumed} of {} consumed",
            self.source.len()
        );
        assert!(
            produced <= self.room,
            "{produced} in a room of {}",
            self.room
        );
        self.check_guards();
    }

    fn check_guards(&self) {
        let behind = &self.target[GUARD + self.room..];
        let mut guards = self.target[..GUARD].iter().chain(behind);
        assert!(guards.all(|byte| *byte == MARK), "beside the buffer");
    }
}

/// The callback: each request is called back once at most.
///
/// # Safety
/// `param` is a [`Request`], or NULL.
unsafe extern "C" fn finished(request: *mut wd_comp_req, param: *mut c_void) -> *mut c_void {
    // SAFETY: the promise above; requests live until the end of the run.
    let Some(own) = (unsafe { param.cast::<Request>().as_ref() }) else {
        return null_mut();
    };
    assert_eq!(
        own.called.fetch_add(1, Ordering::Relaxed),
        0,
        "called back twice"
    );
    // SAFETY: the library's copy, good until this returns.
    own.check(unsafe { &*request });
    null_mut()
}

/// Initialises, with some sense or with none.
fn initialise(input: &mut Input<'_>) -> i32 {
    let wild = input.u8();
    let name = if wild == 0xff {
        "zstd"
    } else {
        ALGORITHMS[usize::from(wild % 6)]
    };
    let name = CString::new(name).expect("no NUL in it");
    let numbers = |input: &mut Input<'_>| wd_ctx_nums {
        sync_ctx_num: u32::from(input.u8() % 3),
        async_ctx_num: u32::from(input.u8() % 3),
    };
    let mut nums = [numbers(input), numbers(input)];
    let mut cap = wd_cap_config {
        ctx_msg_num: input.one(&[0, 1, 2, 8, u32::MAX]),
        resv: 0,
    };
    let mut words = [input.u8().into(), input.u8().into()];
    let mut bmp = bitmask {
        size: u64::from(input.u8() % 129),
        maskp: words.as_mut_ptr(),
    };
    let mut params = wd_ctx_params {
        op_type_num: input.one(&[2, 2, 2, 1, 0, 3, u32::MAX]),
        ctx_set_num: nums.as_mut_ptr(),
        bmp: if wild & 64 == 0 { null_mut() } else { &mut bmp },
        cap: if wild & 32 == 0 { null_mut() } else { &mut cap },
    };
    let params = if input.u8() < 32 {
        null_mut()
    } else {
        &raw mut params
    };
    let policy = input.one(&[0, 0, 0, 1, 2, 3, 4, u32::MAX]);
    let task = input.one(&[0, 0, 0, 1, 2, 3, -1]);
    // SAFETY: all pointers are NULL or good.
    unsafe { wd_comp_init2_(name.as_ptr().cast_mut(), policy, task, params) }
}

fn session(input: &mut Input<'_>) -> usize {
    let number = |input: &mut Input<'_>, usual: u32| match input.u8() {
        0xff => input.u32(),
        byte => u32::from(byte) % usual,
    };
    let mut param = sched_params {
        numa_id: i32::from(input.u8()) - 1,
        type_: input.u8() % 3,
        mode: input.u8() % 2,
        begin: 0,
        end: 0,
        dev_id: input.u8().into(),
    };
    // SAFETY: numbers, pointers and functions that may be absent, for which zeros are a value.
    let mut setup: wd_comp_sess_setup = unsafe { std::mem::zeroed() };
    setup.alg_type = Enum::new(number(input, 6));
    setup.comp_lv = Enum::new(number(input, 16));
    setup.win_sz = Enum::new(number(input, 5));
    setup.op_type = Enum::new(number(input, 2));
    setup.mm_ops.sva_mode = CBool(1);
    if input.flip() {
        setup.sched_param = (&raw mut param).cast();
    }
    // SAFETY: a setup.
    unsafe { wd_comp_alloc_sess(&mut setup) }
}

/// See the top of the file.
pub fn api_v2(data: &[u8]) {
    super::set_up();
    prepare();
    let mut input = Input::new(data);
    let devices = if input.flip() {
        let script = usize::from(input.u8()) * 2;
        Devices::Hostile(input.bytes(script).to_vec())
    } else {
        Devices::Simulated(Arc::new(Simulated::new(&mut input, false)))
    };
    *DEVICES.lock().expect("no panic") = Some(devices);
    let first = initialise_again(&mut input);
    assert!(first <= 0);
    let mut run = Run::default();
    while !input.is_empty() && run.requests.len() < 128 {
        run.step(&mut input);
    }
    run.end();
}

/// As [`initialise`]; a failed one takes the driver out of the choice, into which it comes back.
fn initialise_again(input: &mut Input<'_>) -> i32 {
    let answer = initialise(input);
    for entry in registry::list(&bus::has) {
        registry::enable(&entry.identity, &bus::has);
    }
    answer
}

/// What calls are made with, and what is known of it.
#[derive(Default)]
struct Run {
    sessions: [usize; 4],
    /// Those that lost their places: numbers of sessions that are open, or were.
    all: Vec<usize>,
    /// They stay until compression is ended, and buffers with them.
    #[expect(clippy::vec_box, reason = "requests must not move when there are more")]
    requests: Vec<Box<Request>>,
    /// Those of them that are to be called back for.
    posted: BTreeSet<usize>,
}

impl Run {
    /// One call.
    fn step(&mut self, input: &mut Input<'_>) {
        let place = input.below(4);
        let handle = match input.u8() {
            0xff => input.u64() as usize,
            0xfe => 0,
            _ => self.sessions[place],
        };
        let mut count = 0_u32;
        // SAFETY, for all calls: requests and buffers stay until compression is ended.
        let answer = match input.u8() % 16 {
            0 | 1 => {
                self.all.push(self.sessions[place]);
                self.sessions[place] = session(input);
                0
            }
            2 => {
                // The number stays where it is, and is stale.
                unsafe { wd_comp_free_sess(handle) };
                0
            }
            3 => unsafe { wd_comp_reset_sess(handle) },
            call @ 4..=9 => self.wait_for(handle, call, input),
            10..=12 => self.post(handle, input),
            13 => unsafe { wd_comp_poll(input.u8().into(), &mut count) },
            14 => {
                let (index, expect) = (input.u8() % 8, input.u8());
                let index = if index == 7 { u32::MAX } else { index.into() };
                unsafe { wd_comp_poll_ctx(index, expect.into(), &mut count) }
            }
            _ => seldom(handle, input),
        };
        assert!((-200..=0).contains(&answer), "{answer}");
    }

    /// A synchronous request.
    fn wait_for(&mut self, handle: usize, call: u8, input: &mut Input<'_>) -> i32 {
        let mut own = Request::new(input);
        let wild = input.u8();
        let mut request = own.request(wild, input, false);
        // SAFETY, for all calls: as in `step`.
        let answer = match call {
            4 | 5 => unsafe { wd_do_comp_sync(handle, &mut request) },
            6..=8 => unsafe { wd_do_comp_strm(handle, &mut request) },
            _ => unsafe { wd_do_comp_sync2(handle, &mut request) },
        };
        if answer == 0 {
            own.check(&request);
        } else {
            own.check_guards();
        }
        self.requests.push(own);
        answer
    }

    /// An asynchronous request.
    fn post(&mut self, handle: usize, input: &mut Input<'_>) -> i32 {
        let mut own = Request::new(input);
        let wild = input.u8();
        let mut request = own.request(wild, input, true);
        // SAFETY: as in `step`.
        let answer = unsafe { wd_do_comp_async(handle, &mut request) };
        if answer == 0 {
            self.posted.insert(self.requests.len());
        }
        self.requests.push(own);
        answer
    }

    /// Ends everything, and looks whether each request was called back for once at most.
    fn end(self) {
        for handle in self.all.into_iter().chain(self.sessions) {
            // SAFETY: a session, or a number that was one.
            unsafe { wd_comp_free_sess(handle) };
        }
        // SAFETY: no request is on its way in another thread.
        unsafe { wd_comp_uninit2() };
        *DEVICES.lock().expect("no panic") = None;
        for (number, own) in self.requests.iter().enumerate() {
            own.check_guards();
            let called = own.called.load(Ordering::Relaxed);
            assert!(
                called <= u32::from(self.posted.contains(&number)),
                "called back for nothing"
            );
        }
    }
}

/// Calls that are made less often.
fn seldom(handle: usize, input: &mut Input<'_>) -> i32 {
    // SAFETY, for all calls: NULL is refused, numbers may be any, and no request is on its way in
    // another thread.
    match input.u8() {
        0..8 => {
            unsafe { wd_comp_uninit2() };
            0
        }
        8..16 => initialise_again(input),
        16 => unsafe { wd_do_comp_sync(handle, null_mut()) },
        17 => unsafe { wd_do_comp_async(handle, null_mut()) },
        18 => unsafe { wd_do_comp_strm(handle, null_mut()) },
        19 => unsafe { wd_do_comp_sync2(handle, null_mut()) },
        20 => unsafe { wd_comp_poll(1, null_mut()) },
        21 => {
            let message = unsafe { wd_comp_get_msg(input.u8().into(), input.u32()) };
            i32::from(message.is_null()) - 1
        }
        22 => unsafe { wd_comp_init(null_mut(), null_mut()) },
        _ => 0,
    }
}
