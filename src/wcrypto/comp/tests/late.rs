//! Answers that come when nobody waits for them any more: they write to nothing of the
//! program's but what its device writes to, and answer no other request.

use super::*;
use crate::ctypes::v1::wd_comp::{wcrypto_lz77_zstd_format, wcrypto_zstd_out};
use crate::wcrypto::queue::Queue;

/// A queue for LZ77 on the echo device.
fn lz77(mode: Mode) -> (Arc<Device>, Queue) {
    struct Lz77(Arc<Device>);
    impl Bus for Lz77 {
        fn devices(&self) -> Result<Vec<Attributes>> {
            Ok(vec![Attributes {
                algorithms: vec!["lz77_zstd".to_owned()],
                available: Some(1),
                ..Attributes::simulated("echo-0", "hisi_qm_v3", DeviceFlags::SVA)
            }])
        }
        fn open(&self, _: &Attributes) -> Result<Arc<dyn Channel>> {
            Ok(Arc::new(Open(Arc::clone(&self.0))))
        }
    }
    let device = Device::new(Version::V3, (16, 16), mode);
    let wanted = Wanted {
        algorithm: "lz77_zstd",
        ..ZLIB
    };
    let queue = Queue::request_on(&Lz77(Arc::clone(&device)), &wanted).expect("opens");
    (device, queue)
}

/// Contexts of LZ77 without operations and with them, from plain memory and from lists.
fn setups() -> impl Iterator<Item = wcrypto_comp_ctx_setup> {
    let operations = wd_mm_br {
        alloc: Some(alloc),
        free: Some(free),
        iova_map: Some(map),
        iova_unmap: Some(unmap),
        ..NO_BR
    };
    [(NO_BR, 0), (operations, 0), (NO_BR, 1), (operations, 1)]
        .into_iter()
        .map(|(br, data_fmt)| wcrypto_comp_ctx_setup {
            alg_type: 3,
            data_fmt,
            br,
            ..SETUP
        })
}

/// What a program has for a request: where its results go, and with lists where its output does.
struct Asked {
    results: wcrypto_lz77_zstd_format,
    room: wcrypto_zstd_out,
}

impl Asked {
    /// Nothing but marks.
    fn new() -> Box<Asked> {
        Box::new(Asked {
            results: wcrypto_lz77_zstd_format {
                literals_start: ptr::null_mut(),
                sequences_start: ptr::null_mut(),
                lit_num: 77,
                seq_num: 77,
                lit_length_overflow_cnt: 77,
                lit_length_overflow_pos: 77,
                freq: ptr::null_mut(),
                blk_type: 2,
            },
            room: wcrypto_zstd_out {
                literal: 0x3000 as *mut c_void,
                lit_sz: 300,
                sequence: 0x4000 as *mut c_void,
                seq_sz: 2000,
            },
        })
    }

    /// A request whose data no device will ever look at.
    fn request(&mut self, setup: &wcrypto_comp_ctx_setup) -> wcrypto_comp_op_data {
        let nothing = nothing();
        wcrypto_comp_op_data {
            out: match setup.data_fmt {
                0 => nothing.out,
                _ => (&raw mut self.room).cast(),
            },
            avail_out: 3000,
            priv_: (&raw mut self.results).cast(),
            ..nothing
        }
    }

    /// Where literals and sequences are said to be, and what else is said.
    fn said(&self) -> (usize, usize, [u32; 4], usize, u32) {
        let own = &self.results;
        let numbers = [
            own.lit_num,
            own.seq_num,
            own.lit_length_overflow_cnt,
            own.lit_length_overflow_pos,
        ];
        let (literals, sequences) = (own.literals_start.addr(), own.sequences_start.addr());
        (literals, sequences, numbers, own.freq.addr(), own.blk_type)
    }
}

#[test]
fn results_of_lz77_are_the_callers_when_it_has_its_answer() {
    for setup in setups() {
        let (_device, queue) = lz77(Mode::Instant);
        let own = open_patient(queue, &setup, 2, PATIENCE, PROMISE).expect("room");
        let mut asked = Asked::new();
        let mut request = asked.request(&setup);
        assert_eq!(run(own, &mut request, ptr::null_mut(), PROMISE), Ok(()));
        // Of plain memory, behind one byte of input and 16 more, and then behind no sequence and 8.
        let expected = match setup.data_fmt {
            0 => (0x2000, 0x2011, [0; 4], 0x2019, 2),
            _ => (0x3000, 0x4000, [0; 4], 0, 2),
        };
        assert_eq!(asked.said(), expected);
        assert_eq!(request.out, asked.request(&setup).out);
        // What is called back for has its results where the program said.
        let mut asked = Asked::new();
        let tag = ptr::without_provenance_mut(5);
        let mut request = asked.request(&setup);
        assert_eq!(run(own, &mut request, tag, PROMISE), Ok(()));
        assert_eq!(tags(&polled(queue, 0).1), [5]);
        assert_eq!(asked.said(), expected);
        queue.release().expect("open");
    }
}

#[test]
fn a_late_answer_writes_no_results_of_lz77() {
    for setup in setups() {
        let (device, queue) = lz77(Mode::Held);
        let own = open_patient(queue, &setup, 1, PATIENCE, PROMISE).expect("room");
        let mut asked = Asked::new();
        let mut request = asked.request(&setup);
        let done = run(own, &mut request, ptr::null_mut(), PROMISE);
        assert_eq!(done, Err(Error::TimedOut));
        device.complete(0);
        assert_eq!(polled(queue, 0), (Ok(0), vec![]));
        assert_eq!(asked.said(), Asked::new().said());
        // It has come: its cookie can be used.
        let tag = ptr::without_provenance_mut(5);
        assert_eq!(run(own, &mut request, tag, PROMISE), Ok(()));
        queue.release().expect("open");
    }
}

#[test]
fn an_answer_to_a_context_that_is_deleted_writes_no_results_of_lz77() {
    for setup in setups() {
        let (device, queue) = lz77(Mode::Held);
        let own = open_patient(queue, &setup, 1, PATIENCE, PROMISE).expect("room");
        let mut asked = Asked::new();
        let tag = ptr::without_provenance_mut(5);
        let mut request = asked.request(&setup);
        assert_eq!(run(own, &mut request, tag, PROMISE), Ok(()));
        assert_eq!(close(own, PROMISE), Ok(()));
        device.complete(0);
        assert_eq!(polled(queue, 0), (Ok(0), vec![]));
        assert_eq!(asked.said(), Asked::new().said());
        queue.release().expect("open");
    }
}

#[test]
fn an_answer_to_a_context_that_is_deleted_is_no_answer_to_another() {
    let (device, queue) = echo(Mode::Held);
    let own = context(queue, 1);
    assert_eq!(post(own, 1), Ok(()));
    assert_eq!(close(own, PROMISE), Ok(()));
    let other = context(queue, 1);
    assert_eq!(post(other, 2), Ok(()));
    device.complete(0);
    assert_eq!(polled(queue, 0), (Ok(0), vec![]));
    device.complete(1);
    assert_eq!(tags(&polled(queue, 0).1), [2]);
    queue.release().expect("open");
}

#[test]
fn what_a_dead_device_has_left_of_one_queue_is_nothing_to_another() {
    let (device, queue) = echo(Mode::Held);
    let own = context(queue, 1);
    assert_eq!(post(own, 1), Ok(()));
    device.reset();
    assert_eq!(close(own, PROMISE), Ok(()));
    let (_living, elsewhere) = echo(Mode::Held);
    let other = context(elsewhere, 1);
    assert_eq!(post(other, 2), Ok(()));
    assert_eq!(polled(queue, 0), (Err(Error::DeviceReset), vec![]));
    queue.release().expect("open");
    elsewhere.release().expect("open");
}
