//! Requests with guarded buffers, and what becomes of them.

use std::ffi::c_void;
use std::io::{Read, Write};
use std::ptr::null_mut;
use warpdrive::ctypes::v2::wd_internal::wd_datalist;

/// What opening a queue of the seed or of UADK v1 may answer.
pub const NO_QUEUE: [i32; 6] = [
    -libc::EBUSY,
    -libc::EINVAL,
    -libc::EIO,
    -libc::ENODEV,
    -libc::ENOMEM,
    -libc::ENXIO,
];

/// Numbers that follow from a seed (SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub fn one<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// What became of requests: each is counted once in one of the last five.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub sent: u64,
    /// Completed with the right data.
    pub done: u64,
    /// Failed with a documented error, or with a status that says so.
    pub failed: u64,
    /// Refused: not sent.
    pub refused: u64,
    /// Never answered, and given up when the queue was released or the algorithm ended.
    pub given_up: u64,
    /// Answered before they were executed, by a completion that named them in another's place. A
    /// device that lies like this cannot be found out: it could as well say so in time.
    pub early: u64,
    /// Of those that are done, the ones that software did.
    pub helped: u64,
    /// Initialisations, or queues opened; and those that failed.
    pub begun: u64,
    pub not_begun: u64,
}

impl Counts {
    fn fields(&self) -> [u64; 9] {
        [
            self.sent,
            self.done,
            self.failed,
            self.refused,
            self.given_up,
            self.early,
            self.helped,
            self.begun,
            self.not_begun,
        ]
    }

    /// Every request has one end.
    pub fn balance(&self) {
        let ends = self.done + self.failed + self.refused + self.given_up + self.early;
        assert_eq!(ends, self.sent, "{self:?}");
    }

    pub fn add(&mut self, other: &Counts) {
        let mut sums = self.fields();
        for (sum, more) in sums.iter_mut().zip(other.fields()) {
            *sum += more;
        }
        *self = Counts::from(sums);
    }

    fn from(fields: [u64; 9]) -> Counts {
        let [
            sent,
            done,
            failed,
            refused,
            given_up,
            early,
            helped,
            begun,
            not_begun,
        ] = fields;
        Counts {
            sent,
            done,
            failed,
            refused,
            given_up,
            early,
            helped,
            begun,
            not_begun,
        }
    }

    /// As a round tells its parent.
    pub fn line(&self) -> String {
        self.fields().map(|field| field.to_string()).join(" ")
    }

    pub fn of(line: &str) -> Option<Counts> {
        let fields: Vec<u64> = line
            .split_whitespace()
            .map_while(|word| word.parse().ok())
            .collect();
        Some(Counts::from(fields.try_into().ok()?))
    }

    pub fn text(&self) -> String {
        format!(
            "{} requests: {} done ({} by software), {} failed, {} refused, {} given up, {} answered \
             early; {} beginnings, {} failed",
            self.sent,
            self.done,
            self.helped,
            self.failed,
            self.refused,
            self.given_up,
            self.early,
            self.begun,
            self.not_begun
        )
    }
}

const GUARD: usize = 64;
const MARK: u8 = 0xa5;

/// Input and output of a request, with guard bytes around the output, or around each piece of it.
pub struct Buffers {
    source: Vec<u8>,
    copy: Vec<u8>,
    target: Vec<u8>,
    /// The lengths of the output's pieces, of which there is one if it is no list.
    rooms: Vec<usize>,
    /// The lists of the input and the output, one behind the other, if they are lists.
    pub lists: Vec<wd_datalist>,
    inputs: usize,
}

// SAFETY: its pointers are to memory of its own.
unsafe impl Send for Buffers {}

impl Buffers {
    /// Input of up to 2000 bytes that compresses more or less, and room for all of it.
    pub fn new(random: &mut Random) -> Buffers {
        let data = data(random);
        let room = data.len() + data.len() / 4 + 100;
        Buffers::of(&data, room)
    }

    pub fn of(data: &[u8], room: usize) -> Buffers {
        Buffers {
            source: data.to_vec(),
            copy: data.to_vec(),
            target: vec![MARK; room + 2 * GUARD],
            rooms: vec![room],
            lists: Vec::new(),
            inputs: 0,
        }
    }

    /// The same as lists of some pieces, of which some have no length.
    pub fn in_pieces(mut self, random: &mut Random) -> Buffers {
        self.rooms = cut(self.room(), random);
        let inputs = cut(self.source.len(), random);
        self.target = vec![MARK; self.room() + (self.rooms.len() + 1) * GUARD];
        let (mut from, mut to) = (self.source.as_mut_ptr(), self.target.as_mut_ptr());
        for len in &inputs {
            self.lists.push(piece(from, *len));
            from = from.wrapping_add(*len);
        }
        for len in &self.rooms {
            self.lists.push(piece(to.wrapping_add(GUARD), *len));
            to = to.wrapping_add(GUARD + len);
        }
        self.inputs = inputs.len();
        let first = self.lists.as_mut_ptr();
        for at in 0..self.lists.len() - 1 {
            if at + 1 != self.inputs {
                self.lists[at].next = first.wrapping_add(at + 1);
            }
        }
        self
    }

    pub fn source(&self) -> &[u8] {
        &self.source
    }

    pub fn room(&self) -> usize {
        self.rooms.iter().sum()
    }

    pub fn target(&mut self) -> *mut u8 {
        self.target[GUARD..].as_mut_ptr()
    }

    /// Where the output is, if it is in one piece.
    pub fn target_address(&self) -> *const c_void {
        self.target[GUARD..].as_ptr().cast()
    }

    /// What a request names as its input and its output.
    pub fn addresses(&mut self) -> (*mut c_void, *mut c_void) {
        if self.lists.is_empty() {
            return (self.source.as_mut_ptr().cast(), self.target().cast());
        }
        let (inputs, outputs) = self.lists.split_at_mut(self.inputs);
        (inputs.as_mut_ptr().cast(), outputs.as_mut_ptr().cast())
    }

    /// The first bytes of the output.
    pub fn output(&self, len: usize) -> Vec<u8> {
        let (mut at, mut bytes) = (GUARD, Vec::new());
        for room in &self.rooms {
            bytes.extend_from_slice(&self.target[at..][..*room]);
            at += room + GUARD;
        }
        bytes.truncate(len);
        bytes
    }

    /// The input is as it was, and nothing was written beside the room.
    pub fn check(&self) {
        assert!(self.source == self.copy, "the input was changed");
        let good = |at: usize| self.target[at..][..GUARD].iter().all(|byte| *byte == MARK);
        let mut at = 0;
        assert!(good(at), "written before the buffer");
        for room in &self.rooms {
            at += GUARD + room;
            assert!(good(at), "written beside the buffer");
        }
    }
}

/// Up to 2000 bytes that compress more or less.
pub fn data(random: &mut Random) -> Vec<u8> {
    let len = 1 + random.below(2000);
    let spread = 1 + random.below(255);
    (0..len).map(|_| random.below(spread) as u8).collect()
}

/// Up to six lengths that are `len` together.
fn cut(len: usize, random: &mut Random) -> Vec<usize> {
    let mut left = len;
    let mut lengths: Vec<usize> = (0..random.below(6))
        .map(|_| {
            let taken = random.below(left as u64 + 1) as usize;
            left -= taken;
            taken
        })
        .collect();
    lengths.push(left);
    lengths
}

fn piece(at: *mut u8, len: usize) -> wd_datalist {
    wd_datalist {
        data: at.cast(),
        len: len as u32,
        next: null_mut(),
    }
}

/// What the crate makes of a zlib (1) or gzip (2) stream, or of raw deflate (0).
pub fn unpack(format: u32, stream: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    let read = match format {
        1 => flate2::bufread::ZlibDecoder::new(stream).read_to_end(&mut data),
        2 => flate2::bufread::GzDecoder::new(stream).read_to_end(&mut data),
        _ => flate2::bufread::DeflateDecoder::new(stream).read_to_end(&mut data),
    };
    read.expect("what was compressed can be read");
    data
}

/// What the crate compresses to a zlib (1) or gzip (2) stream.
pub fn pack(format: u32, data: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::fast();
    let written = match format {
        1 => {
            let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), level);
            writer.write_all(data).and_then(|()| writer.finish())
        }
        _ => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), level);
            writer.write_all(data).and_then(|()| writer.finish())
        }
    };
    written.expect("memory can be written")
}
