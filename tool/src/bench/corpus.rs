//! What benchmarks work on: blocks of a file or of made-up data, and their
//! compressed form.

use crate::fail::{Fail, Result};
use crate::lane::{Format, Lanes, Place, Way};
use crate::list;
use crate::selftest::known;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use warpdrive::alg::lane::Effort;

/// The most data that is kept, in bytes.
const MOST: usize = 64 << 20;
/// Blocks of made-up data.
const BLOCKS: usize = 16;

/// Blocks, all of the same length but for the last of a file.
pub struct Corpus {
    /// Where it is from.
    pub name: String,
    /// The data.
    pub blocks: Vec<Arc<Vec<u8>>>,
    /// The data compressed; empty if nobody decompresses.
    pub packed: Vec<Arc<Vec<u8>>>,
}

impl Corpus {
    /// `text`, `noise`, `zeros`, or a file.
    pub fn load(name: &str, block: usize) -> Result<Corpus> {
        let len = block * (MOST / block).clamp(1, BLOCKS);
        let data = match name {
            "text" => known::text(len),
            "noise" => known::noise(len),
            "zeros" => vec![0; len],
            path => fs::read(Path::new(path)).map_err(|error| Fail::at(path, error))?,
        };
        if data.is_empty() {
            return Err(Fail::at(name, "is empty"));
        }
        Ok(Corpus::of(name, &data[..data.len().min(MOST)], block))
    }

    /// Blocks of this data.
    pub fn of(name: &str, data: &[u8], block: usize) -> Corpus {
        let blocks = data.chunks(block).map(|block| Arc::new(block.to_vec()));
        Corpus {
            name: name.to_owned(),
            blocks: blocks.collect(),
            packed: Vec::new(),
        }
    }

    /// Has software compress the blocks, for those who decompress.
    pub fn pack(&mut self, format: Format, effort: Effort) -> Result<()> {
        let lanes = Lanes::open(
            list::bus()?,
            &Place::Software,
            format,
            &[Way::Compress],
            false,
        )?;
        for block in &self.blocks {
            let packed = lanes.transform(Way::Compress, effort, block, 0)?;
            self.packed.push(Arc::new(packed));
        }
        Ok(())
    }
}
