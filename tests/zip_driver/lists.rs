//! Buffers in pieces.

use super::rig::*;
use proptest::prelude::*;
use warpdrive::Error;
use warpdrive::ctypes::v2::Enum;
use warpdrive::ctypes::v2::wd_comp_drv::wd_comp_msg;
use warpdrive::ctypes::v2::wd_internal::wd_datalist;

/// A list of `struct wd_datalist`, and the pieces that it names.
pub struct List {
    pub pieces: Vec<Vec<u8>>,
    nodes: Vec<wd_datalist>,
}

impl List {
    pub fn new(pieces: Vec<Vec<u8>>) -> List {
        let mut list = List {
            pieces,
            nodes: Vec::new(),
        };
        for piece in &mut list.pieces {
            list.nodes.push(wd_datalist {
                data: piece.as_mut_ptr().cast(),
                len: piece.len() as u32,
                next: std::ptr::null_mut(),
            });
        }
        for at in 1..list.nodes.len() {
            list.nodes[at - 1].next = &raw mut list.nodes[at];
        }
        list
    }

    /// `bytes` in pieces of these lengths, the last one of what is left.
    pub fn of(bytes: &[u8], lengths: &[usize]) -> List {
        let (mut pieces, mut rest) = (Vec::new(), bytes);
        for length in lengths {
            let (now, later) = rest.split_at((*length).min(rest.len()));
            pieces.push(now.to_vec());
            rest = later;
        }
        pieces.push(rest.to_vec());
        List::new(pieces)
    }

    pub fn len(&self) -> usize {
        self.pieces.iter().map(Vec::len).sum()
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.pieces.concat()
    }

    pub fn first(&mut self) -> *mut wd_datalist {
        self.nodes.as_mut_ptr()
    }

    /// Ties the end to the beginning.
    fn tie(&mut self) {
        let first = self.first();
        self.nodes.last_mut().expect("not empty").next = first;
    }

    /// Takes all memory out.
    fn empty(&mut self) {
        for node in &mut self.nodes {
            node.len = 0;
        }
    }
}

/// A message whose buffers are lists.
pub fn listed(format: u32, way: u32, input: &mut List, output: &mut List) -> wd_comp_msg {
    let mut message = whole(format, way, &[], &mut []);
    message.req.src = input.first().cast();
    message.req.src_len = input.len() as u32;
    message.req.dst = output.first().cast();
    message.req.dst_len = output.len() as u32;
    message.avail_out = output.len() as u32;
    message.req.data_fmt = Enum::new(1);
    message
}

fn run(rig: &Rig, format: u32, way: u32, input: &mut List, room: &mut List) -> (u32, u32, Vec<u8>) {
    let mut message = listed(format, way, input, room);
    rig.run(&mut message).expect("an answer");
    let mut out = room.bytes();
    out.truncate(message.produced as usize);
    (message.req.status, message.in_cons, out)
}

#[test]
fn lists_of_any_number_of_pieces_are_one_buffer() {
    let rig = Rig::new("hisi_zip,api=3");
    let data = text(9000);
    for format in [ZLIB, GZIP, DEFLATE] {
        let stream = pack(format, &data);
        for count in [1, 2, 3, 254, 255, 256, 257, 300] {
            let mut input = List::of(&data, &vec![data.len() / count; count - 1]);
            let mut room = List::of(&vec![0; 12_000], &vec![12_000 / count; count - 1]);
            let (status, taken, out) = run(&rig, format, 0, &mut input, &mut room);
            assert_eq!((status, taken as usize), (0, data.len()), "{count}");
            assert!(unpack(format, &out) == data, "{format} {count}");
            let mut input = List::of(&stream, &vec![stream.len() / count; count - 1]);
            let mut room = List::of(&vec![0; data.len()], &vec![data.len() / count; count - 1]);
            let (status, taken, out) = run(&rig, format, 1, &mut input, &mut room);
            assert_eq!((status, taken as usize), (0, stream.len()), "{count}");
            assert!(out == data, "{format} {count}");
        }
    }
}

#[test]
fn headers_may_lie_in_many_pieces() {
    let rig = Rig::new("hisi_zip");
    let data = text(1000);
    let builder = flate2::GzBuilder::new()
        .filename("a name")
        .extra(vec![1; 20]);
    let mut reader = builder.read(&data[..], flate2::Compression::fast());
    let mut stream = Vec::new();
    std::io::Read::read_to_end(&mut reader, &mut stream).expect("memory");
    for piece in [1, 3, 9, 11] {
        let mut input = List::of(&stream, &[piece; 50]);
        let mut room = List::of(&[0; 1000], &[piece; 50]);
        let (status, taken, out) = run(&rig, GZIP, 1, &mut input, &mut room);
        assert_eq!((status, taken as usize), (0, stream.len()));
        assert!(out == data);
        let mut input = List::of(&data, &[piece; 50]);
        let mut room = List::of(&[0; 1000], &[piece; 50]);
        let (_, _, out) = run(&rig, GZIP, 0, &mut input, &mut room);
        assert!(unpack(GZIP, &out) == data);
    }
}

#[test]
fn pieces_without_bytes_are_passed_over() {
    let rig = Rig::new("hisi_zip");
    let data = text(1000);
    let mut input = List::new(vec![
        vec![],
        data[..10].to_vec(),
        vec![],
        data[10..].to_vec(),
    ]);
    let mut room = List::new(vec![
        vec![],
        vec![0; 600],
        vec![],
        vec![],
        vec![0; 600],
        vec![],
    ]);
    let (status, _, out) = run(&rig, ZLIB, 0, &mut input, &mut room);
    assert_eq!(status, 0);
    assert!(unpack(ZLIB, &out) == data);
}

#[test]
fn lists_that_cannot_be_are_invalid_and_leave_nothing_behind() {
    let rig = Rig::new("hisi_zip");
    let good = || (List::of(&text(500), &[100]), List::of(&[0; 600], &[300]));
    let check = |spoil: &dyn Fn(&mut wd_comp_msg, &mut List, &mut List)| {
        let (mut input, mut room) = good();
        let mut message = listed(ZLIB, 0, &mut input, &mut room);
        spoil(&mut message, &mut input, &mut room);
        assert_eq!(rig.run(&mut message), Err(Error::Invalid));
    };
    for _ in 0..300 {
        check(&|message, _, _| message.req.src_len = 501);
        check(&|message, _, _| message.avail_out = 601);
        check(&|message, _, _| message.req.src = std::ptr::null_mut());
        check(&|message, _, _| message.req.data_fmt = Enum::new(2));
        check(&|message, _, _| message.stream_mode = Enum::new(0));
    }
    for _ in 0..3 {
        // A list that bites its tail ends after as many pieces as a chain can have.
        check(&|message, input, _| {
            input.tie();
            message.req.src_len = u32::MAX;
        });
        // One of empty nodes has an end too.
        check(&|_, input, _| {
            input.empty();
            input.tie();
        });
    }
    let (mut input, mut room) = good();
    let (status, _, out) = run(&rig, ZLIB, 0, &mut input, &mut room);
    assert_eq!(status, 0);
    assert_eq!(unpack(ZLIB, &out), text(500));
}

#[test]
fn when_all_lists_are_in_use_the_context_is_busy() {
    let rig = Rig::new("hisi_zip,fault=delay:20@1");
    let data = text(200);
    // Two lists a request, and 256 of them in the pool.
    let mut buffers: Vec<_> = (0..129)
        .map(|_| (List::of(&data, &[9]), List::of(&[0; 400], &[9])))
        .collect();
    let mut sent = Vec::new();
    for (tag, (input, room)) in buffers.iter_mut().enumerate() {
        let mut message = listed(ZLIB, 0, input, room);
        message.tag = tag as u32;
        sent.push(rig.post(ASYNC[0], &message));
    }
    assert_eq!(sent.pop(), Some(Err(Error::Busy)));
    assert!(sent.iter().all(|sent| sent.is_ok()));
    for _ in 0..128 {
        let mut answer = whole(9, 9, &[], &mut []);
        rig.receive(ASYNC[0], &mut answer).expect("an answer");
        let mut out = buffers[answer.tag as usize].1.bytes();
        out.truncate(answer.produced as usize);
        assert_eq!(unpack(ZLIB, &out), data);
    }
    let (input, room) = &mut buffers[128];
    assert_eq!(rig.post(ASYNC[0], &listed(ZLIB, 0, input, room)), Ok(()));
    // The buffers are still the device's.
    rig.engine.reset(ASYNC[0]).expect("started again");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn lists_of_any_pieces_are_one_buffer(
        format in 0_u32..3,
        len in 1_usize..20_000,
        lengths in proptest::collection::vec(0_usize..700, 0..300),
        rooms in proptest::collection::vec(0_usize..700, 0..300),
    ) {
        let rig = Rig::new("hisi_zip,api=5");
        let data = text(len);
        let mut input = List::of(&data, &lengths);
        let mut room = List::of(&vec![0; len + 100], &rooms);
        let (status, _, out) = run(&rig, format, 0, &mut input, &mut room);
        prop_assert_eq!(status, 0);
        prop_assert!(unpack(format, &out) == data);
        let mut input = List::of(&pack(format, &data), &lengths);
        let mut room = List::of(&data.iter().map(|_| 0).collect::<Vec<_>>(), &rooms);
        let (status, _, out) = run(&rig, format, 1, &mut input, &mut room);
        prop_assert_eq!(status, 0);
        prop_assert!(out == data);
    }
}
