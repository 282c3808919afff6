//! What does not change as long as a pool of lists lives: where its lists and their
//! buffers are; and copies between them and other memory.

use super::{ENTRY, Format, HEAD, Setup};
use crate::error::{Error, Result};
use crate::mem::bmm;
use crate::mem::bmm::area::{Area, Place, Source};
use crate::mem::bmm::blocks::Blocks;
use core::mem::MaybeUninit;
use core::ops::Range;
use std::sync::Arc;

/// Lists and buffers in memory that devices reach.
pub(super) struct Layout {
    area: Arc<Area>,
    format: Format,
    /// The lists as devices read them.
    pub lists: Vec<Place>,
    /// The buffers of all lists, one list's after the other's.
    buffers: Vec<Place>,
    /// Buffers of a list.
    pub filled: usize,
    /// Bytes of a buffer.
    pub buffer_size: usize,
}

impl Layout {
    /// Lists as `setup` says, and how many buffers there are beside theirs.
    pub fn new(setup: &Setup, format: Format, source: Source<'_>) -> Result<(Layout, u32)> {
        let align = setup.align.max(format.align);
        let size = (HEAD + ENTRY * usize::from(setup.entries)) as u32;
        // More than asked for, as a pool may have 13 % fewer.
        let wanted = u64::from(setup.buffers) * 100 / 87 + u64::from(setup.lists);
        let blocks = bmm::Setup {
            block_size: setup.buffer_size.max(size),
            blocks: u32::try_from(wanted).map_err(|_| Error::NoMemory)?,
            align,
        };
        let mut blocks = Blocks::new(&blocks, source)?;
        let (lists, filled) = (usize::from(setup.lists), usize::from(setup.filled));
        let mut layout = Layout {
            area: Arc::clone(blocks.area()),
            format,
            lists: Vec::with_capacity(lists),
            buffers: Vec::with_capacity(lists * filled),
            filled,
            buffer_size: setup.buffer_size as usize,
        };
        for list in 0..lists {
            for _ in 0..filled {
                layout.buffers.push(blocks.allocate()?);
            }
            layout.lists.push(blocks.allocate()?);
            layout.fill(list, usize::from(setup.entries))?;
        }
        let spare = setup.buffers - (lists * filled) as u32;
        Ok((layout, spare.min(blocks.free_blocks())))
    }

    /// Writes a list of `entries` entries for the device.
    fn fill(&self, list: usize, entries: usize) -> Result<()> {
        self.link(list, None)?;
        let at = self.lists[list].address + HEAD;
        for entry in 0..entries {
            let bytes = match self.buffer(list, entry) {
                Some(buffer) => (self.format.entry)(buffer.bus.get(), self.buffer_size as u32),
                None => [0; ENTRY],
            };
            self.area.write(at + entry * ENTRY, &bytes)?;
        }
        Ok(())
    }

    /// Makes `next` the end of a list's chain for the device, or the list a chain of its own.
    pub fn link(&self, list: usize, next: Option<usize>) -> Result<()> {
        let bus = next.map_or(0, |next| self.lists[next].bus.get());
        let filled = self.filled as u16;
        let in_chain = if next.is_some() { 2 * filled } else { filled };
        let head = (self.format.head)(bus, filled, in_chain);
        self.area.write(self.lists[list].address, &head)
    }

    /// A buffer of a list, counted from 0.
    pub fn buffer(&self, list: usize, number: usize) -> Option<Place> {
        let first = list * self.filled;
        let buffers = self.buffers.get(first..first + self.filled)?;
        buffers.get(number).copied()
    }

    /// Bytes of a list's buffers.
    pub fn size(&self) -> usize {
        self.filled * self.buffer_size
    }
}

/// Bytes of a list or chain. It keeps their memory.
pub(super) struct Span {
    pub layout: Arc<Layout>,
    pub list: usize,
    pub next: Option<usize>,
    pub bytes: Range<usize>,
}

impl Span {
    /// Where the bytes end in the list.
    pub fn end(&self) -> usize {
        self.bytes.end
    }

    /// Copies them from `bytes`, which are as many or more.
    pub fn write(&self, bytes: &[u8]) -> Result<usize> {
        self.pieces(|address, part| {
            let part = bytes.get(part).ok_or(Error::Invalid)?;
            self.layout.area.write(address, part)
        })
    }

    /// Copies them into `bytes`, which are as many or more.
    pub fn read(&self, bytes: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.pieces(|address, part| {
            let part = bytes.get_mut(part).ok_or(Error::Invalid)?;
            self.layout.area.read(address, part)
        })
    }

    /// Calls `copy` with each address and which of the bytes are there; how many there are in all.
    fn pieces(&self, mut copy: impl FnMut(usize, Range<usize>) -> Result<()>) -> Result<usize> {
        let Layout {
            filled,
            buffer_size: size,
            ..
        } = *self.layout;
        let Range { start, end } = self.bytes;
        let mut at = start;
        while at < end {
            let (number, inside) = (at / size, at % size);
            let here = if number < filled {
                self.layout.buffer(self.list, number)
            } else {
                let next = self.next.ok_or(Error::Invalid)?;
                self.layout.buffer(next, number - filled)
            };
            let len = (size - inside).min(end - at);
            let address = here.ok_or(Error::Invalid)?.address + inside;
            copy(address, at - start..at - start + len)?;
            at += len;
        }
        Ok(end - start)
    }
}
