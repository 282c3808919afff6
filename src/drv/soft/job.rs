//! A request as the software executes it: a message whose fields have been looked
//! at once.

use super::pieces::{Buffer, Fault};
use crate::calc::lz77::{FREQUENCIES, Format, LITERALS_SPARE, MAX_WINDOW, MAX_ZSTD};
use crate::calc::wrap::Wrap;
use crate::ctypes::v2::wd::wd_buff_type;
use crate::ctypes::v2::wd::{WD_EAGAIN, WD_IN_EPARA, WD_STREAM_END, WD_SUCCESS};
use crate::ctypes::v2::wd_comp::{wd_comp_alg_type, wd_comp_op_type, wd_comp_winsz_type};
use crate::ctypes::v2::wd_comp_drv::{wd_comp_msg, wd_comp_state, wd_comp_strm_pos};
use crate::error::{Error, Result};

/// The longest buffer of a request that is executed in one piece. As devices have it.
const MAX_PIECE: usize = 8 << 20;
/// The level from which on a device's LZ77 searches by price.
const PRICE_LEVEL: u32 = 9;

/// What sequences are to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Find {
    pub format: Format,
    pub window: usize,
    pub thorough: bool,
    /// The address of the `struct wd_lz77_zstd_data` that says where they are.
    pub answer: usize,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Make a deflate stream of this level, and of a window of 2^bits bytes.
    Deflate { wrap: Wrap, level: u8, bits: u8 },
    /// Read a deflate stream.
    Inflate { wrap: Wrap },
    /// Make literals and sequences.
    Find(Find),
    /// Make an LZ4 block.
    Lz4Block,
    /// Read an LZ4 block.
    Lz4Unblock,
}

/// A request. Addresses are numbers in it, so that it may wait for another thread.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    pub work: Work,
    pub source: Buffer,
    pub sink: Buffer,
    /// The address by which the stream is known; `None` for what is whole.
    pub stream: Option<usize>,
    /// The stream begins here.
    pub is_new: bool,
    /// The stream's last input.
    pub last: bool,
    pub tag: u32,
}

impl Job {
    /// What a message asks for.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what no driver of this format could do.
    pub fn of(message: &wd_comp_msg) -> Result<Job> {
        let req = &message.req;
        let format = req.data_fmt.get().ok_or(Error::Invalid)?;
        let is_list = format == wd_buff_type::WD_SGL_BUF;
        let is_stream = message.stream_mode.0 == wd_comp_state::WD_COMP_STATEFUL as u32;
        let job = Job {
            work: work(message)?,
            source: Buffer {
                address: req.src as usize,
                len: req.src_len as usize,
                is_list,
            },
            sink: Buffer {
                address: req.dst as usize,
                len: message.avail_out as usize,
                is_list,
            },
            stream: is_stream.then_some(message.ctx_buf as usize),
            is_new: message.stream_pos.0 == wd_comp_strm_pos::WD_COMP_STREAM_NEW as u32,
            last: req.last == 1,
            tag: message.tag,
        };
        if job.is_sensible() {
            Ok(job)
        } else {
            Err(Error::Invalid)
        }
    }

    fn is_sensible(&self) -> bool {
        let wants = |buffer: &Buffer| buffer.address != 0 || buffer.len == 0;
        // Streams are flat, as the API has them, and need a name.
        let stream = self
            .stream
            .is_none_or(|name| name != 0 && !self.source.is_list);
        let (input, room) = (self.source.len, self.sink.len);
        let fits = match self.work {
            Work::Deflate { .. } | Work::Inflate { .. } => true,
            Work::Find(find) => {
                let (behind, most) = match find.format {
                    Format::Zstd => (FREQUENCIES, MAX_ZSTD),
                    Format::Plain => (LITERALS_SPARE, MAX_PIECE - LITERALS_SPARE),
                };
                find.answer != 0 && input <= most && room >= input + LITERALS_SPARE + behind
            }
            Work::Lz4Block | Work::Lz4Unblock => {
                self.stream.is_none() && (1..=MAX_PIECE).contains(&input)
            }
        };
        wants(&self.source) && wants(&self.sink) && stream && fits
    }

    /// The room for output that is made in one piece.
    pub fn room(&self) -> usize {
        self.sink.len.min(MAX_PIECE)
    }
}

fn work(message: &wd_comp_msg) -> Result<Work> {
    use wd_comp_alg_type::*;
    let direction = message.req.op_type.get().ok_or(Error::Invalid)?;
    let compress = direction == wd_comp_op_type::WD_DIR_COMPRESS;
    let deflate = |wrap| {
        if !compress {
            return Work::Inflate { wrap };
        }
        let level = message.comp_lv.0.clamp(1, 9) as u8;
        let bits = window_bits(message);
        Work::Deflate { wrap, level, bits }
    };
    let find = |format| {
        Work::Find(Find {
            format,
            window: window(message),
            thorough: message.comp_lv.0 >= PRICE_LEVEL,
            answer: message.req.priv_ as usize,
        })
    };
    match message.alg_type.get().ok_or(Error::Invalid)? {
        WD_DEFLATE => Ok(deflate(Wrap::Raw)),
        WD_ZLIB => Ok(deflate(Wrap::Zlib)),
        WD_GZIP => Ok(deflate(Wrap::Gzip)),
        WD_LZ77_ZSTD if compress => Ok(find(Format::Zstd)),
        WD_LZ77_ONLY if compress => Ok(find(Format::Plain)),
        WD_LZ4 if compress => Ok(Work::Lz4Block),
        WD_LZ4 => Ok(Work::Lz4Unblock),
        WD_LZ77_ZSTD | WD_LZ77_ONLY | WD_COMP_ALG_MAX => Err(Error::Invalid),
    }
}

/// The greatest window of zlib that is not greater than the one asked for.
fn window_bits(message: &wd_comp_msg) -> u8 {
    use wd_comp_winsz_type::*;
    match message.win_sz.get() {
        Some(WD_COMP_WS_4K) => 12,
        Some(WD_COMP_WS_8K) => 13,
        Some(WD_COMP_WS_16K | WD_COMP_WS_24K) => 14,
        Some(WD_COMP_WS_32K) | None => 15,
    }
}

fn window(message: &wd_comp_msg) -> usize {
    match message.win_sz.get() {
        Some(wd_comp_winsz_type::WD_COMP_WS_24K) => 24 << 10,
        _ => MAX_WINDOW.min(1 << window_bits(message)),
    }
}

/// How far a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done, or as much of it as input and output allow.
    Ok,
    /// The compressed stream's end was reached.
    StreamEnd,
    /// All input was taken; send an empty request with more room for the rest of the output.
    Again,
    /// It could not be done.
    Bad(Fault),
}

/// The answer to a request.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    pub status: Status,
    pub consumed: usize,
    pub produced: usize,
    /// Bytes of data of the stream, modulo 2^32.
    pub size: u32,
    /// The checksum as a device's register has it.
    pub checksum: u32,
}

impl Done {
    /// The answer to a request that has no checksum.
    pub fn plain(status: Status, consumed: usize, produced: usize) -> Done {
        Done {
            status,
            consumed,
            produced,
            size: 0,
            checksum: 0,
        }
    }

    /// The answer to a request that could not be done.
    pub fn bad(fault: Fault) -> Done {
        Done::plain(Status::Bad(fault), 0, 0)
    }

    /// Puts the answer into a message.
    pub fn give(&self, message: &mut wd_comp_msg) {
        let status = match self.status {
            Status::Ok => WD_SUCCESS,
            Status::StreamEnd => WD_STREAM_END,
            Status::Again => WD_EAGAIN,
            Status::Bad(_) => WD_IN_EPARA,
        };
        message.req.status = status as u32;
        // Neither is more than the message's own 32-bit lengths.
        message.in_cons = self.consumed as u32;
        message.produced = self.produced as u32;
        message.isize = self.size;
        message.checksum = self.checksum;
    }
}

/// A checksum as a device's register has it: that of gzip is reversed and complemented.
pub fn register(wrap: Wrap, sum: u32) -> u32 {
    match wrap {
        Wrap::Gzip => (!sum).reverse_bits(),
        Wrap::Raw | Wrap::Zlib => sum,
    }
}
