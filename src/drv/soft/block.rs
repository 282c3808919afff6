//! What is made of the whole input at once: LZ4 blocks, and literals with
//! sequences. Results are made in memory of our own and copied to where they
//! belong, so that output may lie anywhere.

use super::job::{Done, Find, Job, Status};
use super::pieces::{Buffer, Cursor, Fault, MAX_PIECES};
use crate::calc::lz4::Lz4;
use crate::calc::lz77::{
    FREQUENCIES, Format, LITERALS_SPARE, Lz77, Parsed, SEQUENCE, SEQUENCES_SPARE, Search,
};
use crate::ctypes::v2::wd_comp::wd_lz77_zstd_data;
use crate::ctypes::v2::wd_internal::wd_datalist;
use crate::sys::lent::Promise;

/// Makes and reads LZ4 blocks, again and again.
#[derive(Default)]
pub struct Blocks {
    lz4: Lz4,
    /// Input that was in pieces.
    copy: Vec<u8>,
}

impl Blocks {
    /// Makes a block.
    pub fn make(&mut self, source: &mut Cursor, sink: &mut Cursor) -> Done {
        let result = source.gather(&mut self.copy).and_then(|input| {
            let block = self.lz4.compress(input);
            sink.put_all(block)
        });
        answer(result, source, sink)
    }

    /// Reads a block of at most `most` bytes of data.
    pub fn read(&mut self, source: &mut Cursor, sink: &mut Cursor, most: usize) -> Done {
        let result = source.gather(&mut self.copy).and_then(|input| {
            let data = self.lz4.decompress(input, most);
            sink.put_all(data.map_err(|_| Fault::BadData)?)
        });
        answer(result, source, sink)
    }
}

fn answer(result: Result<(), Fault>, source: &Cursor, sink: &Cursor) -> Done {
    match result {
        Ok(()) => Done::plain(Status::Ok, source.passed(), sink.passed()),
        Err(fault) => Done::bad(fault),
    }
}

/// Finds sequences, again and again.
#[derive(Default)]
pub struct Finder {
    lz77: Lz77,
    /// Input that was in pieces; of a stream, what came before it as well.
    data: Vec<u8>,
}

impl Finder {
    /// Begins a stream.
    pub fn begin(&mut self) {
        self.data.clear();
    }

    /// Finds the sequences of a whole input.
    pub fn whole(&mut self, promise: Promise, job: &Job, find: &Find) -> Done {
        let mut source = Cursor::new(promise, &job.source);
        let result = Areas::of(promise, job).and_then(|areas| {
            let data = source.gather(&mut self.data)?;
            let parsed = self.lz77.run(data, &areas.search(find, 0));
            areas.fill(promise, &parsed, find)
        });
        match result {
            Ok(()) => Done::plain(Status::Ok, source.passed(), 0),
            Err(fault) => Done::bad(fault),
        }
    }

    /// Finds the sequences of the next piece of a stream.
    pub fn stream(&mut self, promise: Promise, job: &Job, find: &Find) -> Done {
        let mut source = Cursor::new(promise, &job.source);
        let result = Areas::of(promise, job).and_then(|areas| {
            let before = self.data.len().saturating_sub(find.window);
            self.data.drain(..before);
            let history = self.data.len();
            source.append_to(&mut self.data)?;
            let parsed = self.lz77.run(&self.data, &areas.search(find, history));
            areas.fill(promise, &parsed, find)
        });
        match result {
            Ok(()) => Done::plain(Status::Ok, source.passed(), 0),
            Err(fault) => Done::bad(fault),
        }
    }
}

/// The two parts of the output. The first is as long as the input and a little more; of a list, it
/// is so many whole pieces.
struct Areas {
    literals: Buffer,
    sequences: Buffer,
}

impl Areas {
    /// Where they are. [`Fault::NoRoom`] if a list ends before the second begins.
    fn of(promise: Promise, job: &Job) -> Result<Areas, Fault> {
        let needed = job.source.len + LITERALS_SPARE;
        let (mut len, mut address) = (needed, job.sink.address.wrapping_add(needed));
        if job.sink.is_list {
            (len, address) = (0, job.sink.address);
            for _ in 0..MAX_PIECES {
                if len >= needed {
                    break;
                }
                let node = promise.read(address as *const wd_datalist);
                let node = node.ok_or(Fault::NoRoom)?;
                len += node.len as usize;
                address = node.next as usize;
            }
        }
        let part = |address, len| Buffer {
            address,
            len,
            is_list: job.sink.is_list,
        };
        Ok(Areas {
            literals: part(job.sink.address, len),
            sequences: part(address, job.sink.len.checked_sub(len).ok_or(Fault::NoRoom)?),
        })
    }

    /// The search whose results fit.
    fn search(&self, find: &Find, history: usize) -> Search {
        let behind = match find.format {
            Format::Zstd => SEQUENCES_SPARE + FREQUENCIES,
            Format::Plain => 0,
        };
        Search {
            format: find.format,
            history,
            window: find.window,
            thorough: find.thorough,
            most: self.sequences.len.saturating_sub(behind) / SEQUENCE,
        }
    }

    /// Writes what was found, and where it is.
    fn fill(&self, promise: Promise, parsed: &Parsed<'_>, find: &Find) -> Result<(), Fault> {
        Cursor::new(promise, &self.literals).put_all(parsed.literals)?;
        let mut sink = Cursor::new(promise, &self.sequences);
        let bytes = parsed.sequences.as_flattened();
        sink.put_all(bytes)?;
        let mut freq = 0;
        if find.format == Format::Zstd {
            if !self.sequences.is_list {
                freq = self.sequences.address + bytes.len() + SEQUENCES_SPARE;
            }
            // As far as there is room.
            sink.put(&[0; SEQUENCES_SPARE + FREQUENCIES]);
        }
        let address = find.answer as *mut wd_lz77_zstd_data;
        let before = promise.read(address).ok_or(Fault::BadData)?;
        let answer = wd_lz77_zstd_data {
            literals_start: self.literals.address as *mut _,
            sequences_start: self.sequences.address as *mut _,
            lit_num: parsed.literals.len() as u32,
            seq_num: parsed.sequences.len() as u32,
            lit_length_overflow_cnt: parsed.long_literals.is_some().into(),
            lit_length_overflow_pos: parsed.long_literals.unwrap_or(0),
            freq: freq as *mut _,
            ..before
        };
        promise.write(address, answer);
        Ok(())
    }
}
