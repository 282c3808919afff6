//! A descriptor and the buffers that it names, until their addresses are those that
//! the device knows.

use super::buffer::{Buffer, Place};
use super::lists;
use super::mark::Mark;
use super::pool::Pool;
use super::record::{Record, Records};
use super::{Facts, stream};
use crate::bd::zip::{LISTS, Sqe, context};
use crate::ctypes::v2::wd::wd_buff_type;
use crate::ctypes::v2::wd_comp::wd_lz77_zstd_data;
use crate::ctypes::v2::wd_comp_drv::wd_comp_msg;
use crate::error::{Error, Result};
use crate::sys::mm_ops::MmOps;

/// A request, ready but for the addresses in its descriptor.
pub(super) struct Job {
    pub sqe: Sqe,
    pub mark: Mark,
    pub source: Buffer,
    pub destination: Buffer,
    pub literals: Option<Buffer>,
    /// Where the results of LZ77 go, or null.
    pub results: *mut wd_lz77_zstd_data,
}

/// The input and the room for output of a message.
///
/// # Errors
/// [`Error::Invalid`] for a kind of buffer that there is not.
pub(super) fn buffers(message: &wd_comp_msg) -> Result<(Buffer, Buffer)> {
    let (source, destination) = match message.req.data_fmt.get().ok_or(Error::Invalid)? {
        wd_buff_type::WD_FLAT_BUF => (
            Place::Flat(message.req.src.cast()),
            Place::Flat(message.req.dst.cast()),
        ),
        wd_buff_type::WD_SGL_BUF => (
            Place::List(message.req.list_src()),
            Place::List(message.req.list_dst()),
        ),
    };
    Ok((
        Buffer::new(source, message.req.src_len),
        Buffer::new(destination, message.avail_out),
    ))
}

impl Job {
    /// Puts addresses into the descriptor. What has to be undone later is in a record, which the
    /// mark names.
    ///
    /// # Errors
    /// As [`lists::make`]; [`Error::Busy`] if there are no more records. Nothing is left to be
    /// undone then.
    pub fn place(
        &mut self,
        facts: &Facts,
        message: &wd_comp_msg,
        pool: &Pool,
        records: &Records,
    ) -> Result<()> {
        if facts.sva && !self.destination.is_list() && self.results.is_null() {
            self.place_flat(message);
            return Ok(());
        }
        let ops = if facts.sva {
            None
        } else {
            let ops = MmOps::lent(facts.promise, message.mm_ops);
            // A device without SVA has no use for the process's addresses.
            Some(ops.filter(|ops| !ops.sva()).ok_or(Error::Invalid)?)
        };
        let (number, mut record) = records.take()?;
        let placed = self.place_with(facts, message, pool, ops.as_ref(), &mut record);
        record.ops = ops;
        record.results = self.results.expose_provenance();
        record.has_lists = self.destination.is_list();
        record.literals = self.literals.map_or(0, |literals| literals.len);
        record.sequences = self.destination.len;
        if placed.is_err() {
            records.give_back(number, record, pool);
            return placed;
        }
        self.mark.record = number;
        records.keep(number, record);
        Ok(())
    }

    /// The usual case: plain addresses, which the device shares.
    fn place_flat(&mut self, message: &wd_comp_msg) {
        let address = |buffer: Buffer| match buffer.place {
            Place::Flat(at) => at.expose_provenance() as u64,
            Place::List(_) => 0,
        };
        self.sqe.destination = address(self.destination);
        self.sqe.source = if self.source.len == 0 {
            // No byte of it is read; the engine wants an address that is mapped.
            self.sqe.destination
        } else {
            address(self.source)
        };
        self.sqe.literals = self.literals.map_or(0, address);
        self.lengths();
        if stream::is_stateful(message) {
            self.sqe.stream_context = hardware_context(message) as u64;
        }
    }

    /// Any case: lists are made, and memory is mapped where there are operations.
    fn place_with(
        &mut self,
        facts: &Facts,
        message: &wd_comp_msg,
        pool: &Pool,
        ops: Option<&MmOps>,
        record: &mut Record,
    ) -> Result<()> {
        self.place_flat(message);
        let mut place = |buffer: Buffer| match (buffer.place, ops) {
            (Place::List(_), _) => lists::make(facts.promise, pool, ops, buffer, record),
            (Place::Flat(at), Some(ops)) => {
                record.map(ops, at.expose_provenance(), buffer.len as usize)
            }
            (Place::Flat(at), None) => Ok(at.expose_provenance() as u64),
        };
        self.sqe.destination = place(self.destination)?;
        self.sqe.source = if self.source.len == 0 {
            self.sqe.destination
        } else {
            place(self.source)?
        };
        if let Some(literals) = self.literals {
            self.sqe.literals = place(literals)?;
        }
        if self.destination.is_list() {
            self.sqe.buffer_type = LISTS;
            self.sqe.source_offset = self.source.skip;
            self.sqe.destination_offset = self.destination.skip;
        }
        if let Some(ops) = ops.filter(|_| stream::is_stateful(message)) {
            let len = context::SIZE - context::HARDWARE;
            self.sqe.stream_context = record.map(ops, hardware_context(message), len)?;
        }
        Ok(())
    }

    fn lengths(&mut self) {
        self.sqe.input_length = self.source.len;
        self.sqe.output_space = self.destination.len;
    }
}

/// The engine's part of a stream's context.
fn hardware_context(message: &wd_comp_msg) -> usize {
    let context = message.ctx_buf.cast::<u8>();
    context.wrapping_add(context::HARDWARE).expose_provenance()
}
