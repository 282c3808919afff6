//! Devices that reach only what the memory operations of a session map.

use super::lists::List;
use super::rig::*;
use std::ffi::c_void;
use std::sync::Mutex;
use warpdrive::Error;
use warpdrive::ctypes::v2::wd::wd_mm_ops;
use warpdrive::ctypes::v2::wd_comp_drv::wd_comp_msg;
use warpdrive::ctypes::v2::wd_internal::wd_datalist;
use warpdrive::ctypes::v2::{CBool, Enum};
use warpdrive::drv::Engine;
use warpdrive::sim::World;
use warpdrive::sys::shared::SharedMemory;
use warpdrive::uacce::channel::{Channel, Region, Slice};

const MIB: usize = 1 << 20;

/// A session's memory: the static region of a queue.
struct Pool {
    memory: SharedMemory,
    slices: Vec<Slice>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    used: usize,
    mapped: usize,
    allocated: usize,
}

impl Pool {
    fn of(channel: &dyn Channel) -> Box<Pool> {
        Box::new(Pool {
            memory: channel.region(Region::Ss(8 * MIB)).expect("memory"),
            slices: channel.static_slices().expect("mapped"),
            state: Mutex::default(),
        })
    }

    /// The first `len` bytes that are free and in one piece for the device.
    fn take(&self, len: usize) -> *mut u8 {
        let mut state = self.state.lock().expect("no panic");
        let mut at = state.used.next_multiple_of(8);
        if at / MIB != (at + len - 1) / MIB {
            at = at.next_multiple_of(MIB);
        }
        assert!(
            len <= MIB && at + len <= self.memory.len(),
            "the pool is used up"
        );
        state.used = at + len;
        std::ptr::with_exposed_provenance_mut(self.memory.address() + at)
    }

    fn bus(&self, va: usize, len: usize) -> u64 {
        let mut from = self.memory.address();
        for slice in &self.slices {
            if va >= from && va + len <= from + slice.len {
                return slice.bus + (va - from) as u64;
            }
            from += slice.len;
        }
        0
    }

    fn put(&self, bytes: &[u8]) -> *mut u8 {
        let at = self.take(bytes.len());
        // SAFETY: so many bytes of the pool, which nobody else has.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), at, bytes.len()) };
        at
    }

    fn get(&self, at: *mut u8, len: usize) -> Vec<u8> {
        // SAFETY: bytes of the pool that no device writes to now.
        unsafe { std::slice::from_raw_parts(at, len) }.to_vec()
    }

    fn ops(&self) -> wd_mm_ops {
        wd_mm_ops {
            alloc: Some(alloc),
            free: Some(free),
            iova_map: Some(map),
            iova_unmap: Some(unmap),
            get_bufsize: None,
            usr: std::ptr::from_ref(self).cast_mut().cast(),
            sva_mode: CBool(0),
        }
    }

    /// Everything that was mapped and allocated is given back.
    fn is_quiet(&self) -> bool {
        let state = self.state.lock().expect("no panic");
        (state.mapped, state.allocated) == (0, 0)
    }
}

fn with<R>(usr: *mut c_void, work: impl FnOnce(&Pool, &mut State) -> R) -> R {
    // SAFETY: `usr` is the pool of a test, which outlives its operations.
    let pool = unsafe { &*usr.cast::<Pool>() };
    work(pool, &mut pool.state.lock().expect("no panic"))
}

unsafe extern "C" fn alloc(usr: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: as in `with`.
    let at = unsafe { &*usr.cast::<Pool>() }.take(size);
    with(usr, |_, state| state.allocated += 1);
    // An address that is a multiple of 8 only, so that somebody has to align it.
    at.cast()
}

unsafe extern "C" fn free(usr: *mut c_void, _: *mut c_void) {
    with(usr, |_, state| state.allocated -= 1);
}

unsafe extern "C" fn map(usr: *mut c_void, va: *mut c_void, len: usize) -> *mut c_void {
    let bus = with(usr, |pool, state| {
        let bus = pool.bus(va as usize, len);
        state.mapped += usize::from(bus != 0);
        bus
    });
    bus as usize as *mut c_void
}

unsafe extern "C" fn unmap(usr: *mut c_void, va: *mut c_void, bus: *mut c_void, len: usize) {
    with(usr, |pool, state| {
        assert_eq!(pool.bus(va as usize, len), bus as u64);
        state.mapped -= 1;
    });
}

struct Bound {
    engine: Box<dyn Engine<wd_comp_msg>>,
    pools: [Box<Pool>; 2],
    _world: World,
}

fn bound(text: &str) -> Bound {
    let world = World::new(text.parse().expect("a text")).expect("a world");
    let mut seats = seats(&world);
    seats.truncate(2);
    let engine = driver().bind_comp(seats.clone(), false).expect("bound");
    let pool = |at: usize| {
        let hardware = seats[at].hardware.as_ref().expect("a device");
        Pool::of(&*hardware.channel)
    };
    Bound {
        pools: [pool(0), pool(1)],
        engine,
        _world: world,
    }
}

impl Bound {
    fn run(&self, message: &mut wd_comp_msg) -> warpdrive::Result<()> {
        let seat = message.req.op_type.0 as usize;
        let mut ops = self.pools[seat].ops();
        message.mm_ops = &raw mut ops;
        self.engine.send(seat, message)?;
        answered(&*self.engine, seat, message)
    }
}

/// A message whose memory is in the pool.
fn message(pool: &Pool, format: u32, way: u32, input: &[u8], room: usize) -> wd_comp_msg {
    let mut message = whole(format, way, &[], &mut []);
    message.req.src = pool.put(input).cast();
    message.req.src_len = input.len() as u32;
    message.req.dst = pool.take(room).cast();
    message.req.dst_len = room as u32;
    message.avail_out = room as u32;
    message
}

fn output(pool: &Pool, message: &wd_comp_msg) -> Vec<u8> {
    pool.get(message.req.dst.cast(), message.produced as usize)
}

#[test]
fn plain_buffers_are_mapped_and_unmapped() {
    for device in ["hisi_zip,sva=0", "hisi_zip,sva=0,api=3"] {
        let bound = bound(device);
        let data = text(50_000);
        for format in [ZLIB, GZIP] {
            let mut request = message(&bound.pools[0], format, 0, &data, 60_000);
            bound.run(&mut request).expect("an answer");
            assert_eq!(request.req.status, 0);
            let stream = output(&bound.pools[0], &request);
            assert!(unpack(format, &stream) == data);
            let mut request = message(&bound.pools[1], format, 1, &stream, 50_000);
            bound.run(&mut request).expect("an answer");
            assert_eq!(request.req.status, 0);
            assert!(output(&bound.pools[1], &request) == data);
        }
        assert!(bound.pools.iter().all(|pool| pool.is_quiet()));
    }
}

#[test]
fn lists_lie_in_the_sessions_memory_too() {
    let bound = bound("hisi_zip,sva=0");
    let pool = &bound.pools[0];
    let data = text(9000);
    let list = |bytes: &[u8]| {
        let mut pieces = List::of(bytes, &[20; 400]);
        let mut nodes: Vec<wd_datalist> = pieces
            .pieces
            .iter_mut()
            .map(|piece| wd_datalist {
                data: pool.put(piece).cast(),
                len: piece.len() as u32,
                next: std::ptr::null_mut(),
            })
            .collect();
        for at in 1..nodes.len() {
            nodes[at - 1].next = &raw mut nodes[at];
        }
        nodes
    };
    let (mut input, mut room) = (list(&data), list(&vec![0; 9000]));
    let mut request = whole(ZLIB, 0, &[], &mut []);
    request.req.src = input.as_mut_ptr().cast();
    request.req.dst = room.as_mut_ptr().cast();
    (request.req.src_len, request.req.dst_len) = (9000, 9000);
    request.avail_out = 9000;
    request.req.data_fmt = Enum::new(1);
    bound.run(&mut request).expect("an answer");
    assert_eq!(request.req.status, 0);
    let mut stream = Vec::new();
    for node in &room {
        stream.extend(pool.get(node.data.cast(), node.len as usize));
    }
    assert!(unpack(ZLIB, &stream[..request.produced as usize]) == data);
    assert!(pool.is_quiet());
}

#[test]
fn streams_map_their_context() {
    let bound = bound("hisi_zip,sva=0");
    let pool = &bound.pools[0];
    let data = text(40_000);
    let context = pool.put(&[0; 0x1_0000]);
    let (mut stream, mut sums) = (Vec::new(), (0, 0));
    for (turn, part) in data.chunks(10_000).enumerate() {
        let mut request = message(pool, ZLIB, 0, part, 12_000);
        request.stream_mode = Enum::new(0);
        request.stream_pos = Enum::new((turn > 0).into());
        request.ctx_buf = context.cast();
        request.req.last = (turn == 3).into();
        (request.isize, request.checksum) = sums;
        bound.run(&mut request).expect("an answer");
        assert_eq!((request.req.status, request.in_cons), (0, 10_000));
        sums = (request.isize, request.checksum);
        stream.extend(output(pool, &request));
    }
    assert!(unpack(ZLIB, &stream) == data);
    assert!(pool.is_quiet());
}

#[test]
fn memory_that_the_device_cannot_reach_is_invalid() {
    let bound = bound("hisi_zip,sva=0");
    let pool = &bound.pools[0];
    let (data, mut out) = (text(100), [0; 300]);
    let good = message(pool, ZLIB, 0, &data, 300);
    let outside = whole(ZLIB, 0, &data, &mut out);
    for spoil in [
        |request: &mut wd_comp_msg, outside: &wd_comp_msg| request.req.src = outside.req.src,
        |request: &mut wd_comp_msg, outside: &wd_comp_msg| request.req.dst = outside.req.dst,
    ] {
        let mut request = good;
        spoil(&mut request, &outside);
        assert_eq!(bound.run(&mut request), Err(Error::Invalid));
        assert!(pool.is_quiet());
    }
    let mut request = good;
    assert_eq!(bound.engine.send(0, &mut request), Err(Error::Invalid));
    bound.run(&mut request).expect("an answer");
    assert_eq!(unpack(ZLIB, &output(pool, &request)), data);
}

#[test]
fn what_is_on_its_way_is_unmapped_when_it_is_given_up() {
    let bound = bound("hisi_zip,sva=0,fault=drop@1");
    let pool = &bound.pools[0];
    let mut ops = pool.ops();
    let mut request = message(pool, ZLIB, 0, &text(100), 300);
    request.mm_ops = &raw mut ops;
    bound.engine.send(0, &mut request).expect("sent");
    assert!(!pool.is_quiet());
    bound.engine.reset(0).expect("started again");
    assert!(pool.is_quiet());
}
