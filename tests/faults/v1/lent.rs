//! Input and output of a request in memory of a pool, with guards around the output.

use super::line::{BLOCK, Form, LIST, Line};
use std::ffi::c_void;
use warpdrive::capi::v1::wd_bmm::*;
use warpdrive::capi::v1::wd_sgl::*;
use warpdrive::ctypes::v1::wd_sgl::wd_sgl;

/// Where in a block the output is. The input is at its beginning.
const OUTPUT: usize = 16 << 10;
const GUARD: usize = 64;
const MARK: u8 = 0xa5;

/// Input and output.
pub struct Lent {
    place: Place,
    pub copy: Vec<u8>,
    pub room: usize,
}

/// Where they are.
enum Place {
    Block(Block),
    /// The input's and the output's.
    Lists(List, List),
}

impl Lent {
    /// `None` if there is no memory.
    pub fn new(line: &Line, input: &[u8], room: usize) -> Option<Lent> {
        let place = match line.form {
            Form::Lists => {
                let output = List::new(line.pool, &[], room)?;
                Place::Lists(List::new(line.pool, input, input.len())?, output)
            }
            _ => Place::Block(Block::new(line.pool, input, room)?),
        };
        Some(Lent {
            place,
            copy: input.to_vec(),
            room,
        })
    }

    pub fn source(&self) -> *mut u8 {
        match &self.place {
            Place::Block(block) => block.at,
            Place::Lists(input, _) => input.list.cast(),
        }
    }

    pub fn target(&self) -> *mut u8 {
        match &self.place {
            Place::Block(block) => block.at.wrapping_add(OUTPUT + GUARD),
            Place::Lists(_, output) => output.list.cast(),
        }
    }

    /// The first bytes of the output.
    pub fn output(&self, len: usize) -> Vec<u8> {
        let len = len.min(self.room);
        match &self.place {
            Place::Block(block) => block.read(OUTPUT + GUARD, len),
            Place::Lists(_, output) => output.read(0, len),
        }
    }

    /// The input is as it was, and nothing was written beside the room.
    pub fn check(&self) {
        let marked = |bytes: Vec<u8>| bytes.iter().all(|byte| *byte == MARK);
        let (input, beside) = match &self.place {
            Place::Block(block) => {
                let behind = OUTPUT + GUARD + self.room;
                let beside = [OUTPUT, behind].map(|at| block.read(at, GUARD));
                (block.read(0, self.copy.len()), beside)
            }
            Place::Lists(input, output) => {
                let behind = [(input, self.copy.len()), (output, self.room)];
                let beside = behind.map(|(list, len)| list.read(len, list.room - len));
                (input.read(0, self.copy.len()), beside)
            }
        };
        assert!(input == self.copy, "the input was changed");
        let good = beside.into_iter().all(marked);
        assert!(good, "written beside the buffer");
    }
}

/// A block of a pool.
struct Block {
    pool: usize,
    at: *mut u8,
}

impl Block {
    fn new(pool: *mut c_void, input: &[u8], room: usize) -> Option<Block> {
        assert!(input.len() <= OUTPUT && OUTPUT + 2 * GUARD + room <= BLOCK as usize);
        // SAFETY: a pool.
        let at: *mut u8 = unsafe { wd_alloc_blk(pool) }.cast();
        if at.is_null() {
            return None;
        }
        // SAFETY: inside of the block, which nobody else uses yet.
        unsafe { at.copy_from_nonoverlapping(input.as_ptr(), input.len()) };
        let output = at.wrapping_add(OUTPUT);
        // SAFETY: as above.
        unsafe { output.write_bytes(MARK, room + 2 * GUARD) };
        Some(Block {
            pool: pool.addr(),
            at,
        })
    }

    fn read(&self, at: usize, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        let from = self.at.wrapping_add(at);
        // SAFETY: inside of the block.
        unsafe { from.copy_to_nonoverlapping(bytes.as_mut_ptr(), len) };
        bytes
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let pool = self.pool as *mut c_void;
        // SAFETY: its block, which is given back once.
        unsafe { wd_free_blk(pool, self.at.cast()) };
    }
}

/// A list of a pool, or a chain of two. What is not used of it is marked.
struct List {
    pool: usize,
    list: *mut wd_sgl,
    /// Bytes of its buffers.
    room: usize,
}

impl List {
    fn new(pool: *mut c_void, contents: &[u8], len: usize) -> Option<List> {
        // SAFETY: a pool.
        let list = unsafe { wd_alloc_sgl(pool, len as u32) };
        if list.is_null() {
            return None;
        }
        let room = len.next_multiple_of(LIST);
        let mut bytes = contents.to_vec();
        bytes.resize(room, MARK);
        // SAFETY: a list with so much room.
        let copied = unsafe { wd_sgl_cp_from_pbuf(list, 0, bytes.as_mut_ptr().cast(), room) };
        assert_eq!(copied, 0);
        let pool = pool.addr();
        Some(List { pool, list, room })
    }

    fn read(&self, at: usize, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        if len > 0 {
            // SAFETY: room for so many bytes.
            let copied =
                unsafe { wd_sgl_cp_to_pbuf(self.list, at, bytes.as_mut_ptr().cast(), len) };
            assert_eq!(copied, 0);
        }
        bytes
    }
}

impl Drop for List {
    fn drop(&mut self) {
        let pool = self.pool as *mut c_void;
        // SAFETY: its list, which is given back once.
        unsafe { wd_free_sgl(pool, self.list) };
    }
}
