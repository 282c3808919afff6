//! Messages of UADK v1 with any numbers, and any descriptor that comes back for them:
//! results stay inside of what the message lent.

use super::input::Input;
use super::soft::{GUARD, MARK};
use std::num::NonZeroU64;
use std::ptr::null_mut;
use warpdrive::bd::zip::{SIZE, context};
use warpdrive::ctypes::v1::wd::{WD_IN_EPARA, WD_VERIFY_ERR, wcrypto_cb_tag};
use warpdrive::ctypes::v1::wd_comp::wcrypto_op_result::WCRYPTO_NEGTIVE_COMP_ERR;
use warpdrive::ctypes::v1::wd_comp::{
    wcrypto_comp_msg, wcrypto_lz77_zstd_format, wcrypto_zstd_out,
};
use warpdrive::ctypes::v1::wd_util::wcrypto_comp_tag;
use warpdrive::drv::hisi_zip::v1::{Facts, decode, encode};
use warpdrive::qm::layout::Version;
use warpdrive::sys::lent::Promise;

const VERSIONS: [Version; 4] = [Version::V1, Version::V2, Version::V3, Version::V5];
/// Words of a stream's context, and of guards behind it.
const CONTEXT: usize = context::SIZE / 8;
const AROUND: usize = 8;
const PATTERN: u64 = 0xa5a5_a5a5_a5a5_a5a5;

/// What messages lend.
struct Lent {
    source: Vec<u8>,
    target: Vec<u8>,
    stream: Vec<u64>,
    out: wcrypto_zstd_out,
    results: wcrypto_lz77_zstd_format,
    tag: wcrypto_comp_tag,
}

/// Results that nobody has written.
fn no_results(kind: u8) -> wcrypto_lz77_zstd_format {
    wcrypto_lz77_zstd_format {
        literals_start: null_mut(),
        sequences_start: null_mut(),
        lit_num: 0,
        seq_num: 0,
        lit_length_overflow_cnt: 0,
        lit_length_overflow_pos: 0,
        freq: null_mut(),
        blk_type: u32::from(kind % 4),
    }
}

impl Lent {
    fn new(input: &mut Input<'_>) -> Box<Lent> {
        let (len, room) = (input.below(700), input.below(6000));
        let mut stream = vec![0; CONTEXT + AROUND];
        stream[CONTEXT..].fill(PATTERN);
        Box::new(Lent {
            source: (0..len).map(|n| (n * 7) as u8).collect(),
            target: vec![MARK; room + 2 * GUARD],
            stream,
            out: wcrypto_zstd_out {
                literal: null_mut(),
                lit_sz: 0,
                sequence: null_mut(),
                seq_sz: 0,
            },
            results: no_results(0),
            tag: wcrypto_comp_tag {
                wcrypto_tag: wcrypto_cb_tag {
                    ctx: null_mut(),
                    tag: null_mut(),
                    ctx_id: 0,
                },
                priv_: null_mut(),
            },
        })
    }

    fn room(&self) -> usize {
        self.target.len() - 2 * GUARD
    }

    /// A message, with most numbers as they should be.
    fn message(&mut self, input: &mut Input<'_>) -> wcrypto_comp_msg {
        let wild = input.u8();
        let number = |input: &mut Input<'_>, usual: u8| match wild {
            0xff => input.u8(),
            _ => input.u8() % usual,
        };
        let (len, room) = (self.source.len(), self.room());
        let mut message = wcrypto_comp_msg {
            alg_type: number(input, 4),
            op_type: number(input, 2),
            flush_type: number(input, 4),
            stream_mode: number(input, 2),
            stream_pos: number(input, 2),
            comp_lv: number(input, 10),
            data_fmt: u8::from(number(input, 8) == 1),
            win_size: number(input, 5),
            in_size: input.below(len + 1) as u32,
            avail_out: input.below(room + 1) as u32,
            in_cons: 77,
            produced: 77,
            src: self.source.as_mut_ptr(),
            dst: self.target[GUARD..].as_mut_ptr(),
            tag: 1,
            status: 99,
            isize: input.u32(),
            checksum: input.u32(),
            ctx_buf: self.stream.as_mut_ptr().cast(),
            udata: 0,
        };
        self.results = no_results(input.u8());
        if message.alg_type == 3 && message.data_fmt == 1 {
            let half = room / 2;
            self.out = wcrypto_zstd_out {
                literal: message.dst.cast(),
                lit_sz: input.below(half + 1) as u32,
                sequence: message.dst.wrapping_add(half).cast(),
                seq_sz: input.below(half + 1) as u32,
            };
            message.dst = (&raw mut self.out).cast();
        }
        self.tag.priv_ = (&raw mut self.results).cast();
        if wild != 0xfe {
            message.udata = (&raw const self.tag).expose_provenance() as u64;
        }
        message
    }

    /// What a device may write: the context, which begins with what the engine keeps.
    fn disturb(&mut self, input: &mut Input<'_>) {
        for _ in 0..input.below(6) {
            let at = match input.u8() {
                0..0x80 => input.below(24),
                _ => (input.below(1 << 13)) % CONTEXT,
            };
            self.stream[at] = input.u64();
        }
        // The store buffer, and what is said of it: see `store`.
        for word in 0..input.below(5) {
            let at = (context::STORE + context::HARDWARE) / 8 + 29 + word;
            self.stream[at] = input.u64();
        }
    }

    fn check(&self, message: &wcrypto_comp_msg) {
        let lists = message.alg_type == 3 && message.data_fmt == 1;
        let room = if lists {
            self.out.seq_sz
        } else {
            message.avail_out
        };
        assert!(message.in_cons <= message.in_size, "{message:?}");
        assert!(message.produced <= room, "{message:?}");
        let known = message.status <= WCRYPTO_NEGTIVE_COMP_ERR as u32
            || [WD_IN_EPARA as u32, WD_VERIFY_ERR as u32].contains(&message.status);
        assert!(known, "{message:?}");
        self.check_guards();
        let results = &self.results;
        if !results.literals_start.is_null() {
            let own = self.target[GUARD..].as_ptr().addr();
            let inside = |at: usize, len: usize| at >= own && at + len <= own + self.room();
            let sequences = results.sequences_start.addr();
            assert!(inside(
                results.literals_start.addr(),
                results.lit_num as usize
            ));
            assert!(inside(sequences, results.seq_num as usize * 8));
        }
    }

    fn check_guards(&self) {
        let behind = &self.target[GUARD + self.room()..];
        let mut guards = self.target[..GUARD].iter().chain(behind);
        assert!(guards.all(|byte| *byte == MARK), "beside the buffer");
        let stream = &self.stream[CONTEXT..];
        assert!(
            stream.iter().all(|word| *word == PATTERN),
            "beside the context"
        );
    }
}

/// See the top of the file.
pub fn messages(data: &[u8]) {
    let mut input = Input::new(data);
    let facts = Facts {
        version: input.one(&VERSIONS),
        // SAFETY: what messages name lives until the end.
        promise: unsafe { Promise::given() },
    };
    let mut lent = Lent::new(&mut input);
    let mut count = 0;
    while !input.is_empty() && count < 64 {
        count += 1;
        lent.disturb(&mut input);
        let message = lent.message(&mut input);
        let (mut sent, mut answer) = (message, [0; SIZE]);
        let nowhere = input.u8();
        let mut asked = 0_u8;
        let map = |va: usize, len: usize| {
            asked += 1;
            assert!(len <= 64 << 10, "{len} bytes at {va:#x}");
            NonZeroU64::new(va as u64).filter(|_| asked != nowhere)
        };
        if encode(facts, &mut sent, &mut answer, map).is_err() {
            continue;
        }
        // Lengths and a status that may be; then any words.
        let results = [input.u8(), input.u8(), input.u8()];
        for (word, value) in [1, 2, 3].into_iter().zip(results) {
            answer[word * 4] = value;
        }
        for _ in 0..input.below(12) {
            let at = input.below(SIZE / 4) * 4;
            answer[at..at + 4].copy_from_slice(&input.u32().to_ne_bytes());
        }
        // A device has been at the context meanwhile.
        lent.disturb(&mut input);
        let mut back = message;
        decode(facts, &answer, &mut back);
        lent.check(&back);
    }
    lent.check_guards();
}
