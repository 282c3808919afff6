//! Streams, piece by piece.

use super::super::request::{Random, data, pack, unpack};
use super::{COMPRESS, Lent, Life, header};
use std::ffi::c_void;
use std::ptr::null_mut;
use warpdrive::capi::v1::wd_comp::*;
use warpdrive::ctypes::v1::wd::{WD_EBUSY, WD_ETIMEDOUT, WD_IN_EPARA, WD_VERIFY_ERR};
use warpdrive::ctypes::v1::wd_comp::wcrypto_comp_flush_type::{WCRYPTO_FINISH, WCRYPTO_SYNC_FLUSH};
use warpdrive::ctypes::v1::wd_comp::wcrypto_comp_op_data;
use warpdrive::ctypes::v1::wd_comp::wcrypto_op_result::*;

/// How a stream ended.
enum End {
    /// What came out.
    Whole(Vec<u8>),
    /// It is spoiled; the queue takes more.
    Spoiled,
    Dead,
}

impl Life<'_> {
    /// A stream in a context of its own. Whether the queue takes more.
    pub fn stream(&mut self, random: &mut Random) -> bool {
        let plain = data(random);
        let format = self.line.format;
        let input = match self.line.way {
            COMPRESS => plain.clone(),
            _ => pack(1 + u32::from(format), &plain)[header(format).len()..].to_vec(),
        };
        let context = self.line.context(true, random);
        if context.is_null() {
            return false;
        }
        let end = self.pieces(context, &input, random);
        // SAFETY: a context.
        unsafe { wcrypto_del_comp_ctx(context) };
        let made = match end {
            End::Whole(made) => made,
            End::Spoiled => return true,
            End::Dead => return false,
        };
        let back = match self.line.way {
            COMPRESS if !super::lies() => {
                unpack(1 + u32::from(format), &[header(format), &made].concat())
            }
            _ => made,
        };
        assert!(super::lies() || back == plain, "a stream of wrong data");
        true
    }

    fn pieces(&mut self, context: *mut c_void, input: &[u8], random: &mut Random) -> End {
        let (mut at, mut made, mut idle) = (0, Vec::new(), 0);
        // SAFETY: for a structure of numbers and pointers zeros are a value.
        let mut asked: wcrypto_comp_op_data = unsafe { std::mem::zeroed() };
        (asked.alg_type, asked.stream_pos) = (self.line.format, 1);
        loop {
            let end = (at + 1 + random.below(700) as usize).min(input.len());
            let room = 20 + random.below(900) as usize;
            let Some(lent) = Lent::new(&self.line, &input[at..end], room) else {
                return End::Dead;
            };
            (asked.in_, asked.in_len) = (lent.source(), (end - at) as u32);
            (asked.out, asked.avail_out) = (lent.target(), room as u32);
            asked.flush = match end == input.len() {
                true => WCRYPTO_FINISH as u8,
                false => WCRYPTO_SYNC_FLUSH as u8,
            };
            self.counts.sent += 1;
            // SAFETY: as in `synchronous`.
            let answer = unsafe { wcrypto_do_comp(context, &mut asked, null_mut()) };
            lent.check();
            let (consumed, produced) = (asked.consumed as usize, asked.produced as usize);
            let output = lent.output(produced);
            self.keep_piece(lent, answer == -WD_ETIMEDOUT);
            if answer == -WD_EBUSY {
                self.counts.refused += 1;
                self.receive(random);
                self.poll();
                return End::Spoiled;
            }
            if answer != 0 {
                return match self.failed(answer) {
                    true => End::Spoiled,
                    false => End::Dead,
                };
            }
            self.late = 0;
            let status = u32::from(asked.status);
            let failed = [
                WD_IN_EPARA as u32,
                WD_VERIFY_ERR as u32,
                WCRYPTO_SRC_DIF_ERR as u32,
                WCRYPTO_DST_DIF_ERR as u32,
            ];
            if failed.contains(&status) {
                self.counts.failed += 1;
                return End::Spoiled;
            }
            assert!(status <= WCRYPTO_NEGTIVE_COMP_ERR as u32, "status {status}");
            assert!(consumed <= end - at && produced <= room);
            self.counts.done += 1;
            at += consumed;
            made.extend(output);
            asked.stream_pos = 0;
            let more = [
                WCRYPTO_DECOMP_END_NOSPACE as u32,
                WCRYPTO_DECOMP_BLK_NOSTART as u32,
            ];
            let ended = match self.line.way {
                COMPRESS => at == input.len() && !more.contains(&status),
                _ => status == WCRYPTO_DECOMP_END as u32,
            };
            if ended {
                return End::Whole(made);
            }
            idle = if consumed == 0 && produced == 0 {
                idle + 1
            } else {
                0
            };
            if idle > 3 {
                assert!(super::lies(), "a stream goes nowhere: {asked:?}");
                return End::Spoiled;
            }
        }
    }
}
