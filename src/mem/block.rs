//! Memory that the library allocates for devices, and the address spaces that it
//! is attached to. A block is reachable by every queue of the process, opened
//! before it or after, at the same address; fork children do not have it.

use super::space::{Mapped, Pinned, Space, Static, Sva};
use crate::error::{Error, Result};
use crate::log_error;
use crate::sys::fork::PerProcess;
use crate::sys::lock::{Mutex, MutexGuard};
use crate::sys::pages::Pages;
use crate::uacce::channel::{Access, Mapper, Memory};
use core::ops::Range;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All blocks and all spaces that blocks are attached to. Its lock is taken before that of a space.
#[derive(Default)]
struct Registry {
    /// By address.
    blocks: BTreeMap<usize, Block>,
    members: Vec<Member>,
}

struct Block {
    pages: Pages,
    /// Explicit shares that touch it. Being attached is not one.
    shares: usize,
}

impl Block {
    fn range(&self) -> Range<usize> {
        self.pages.address()..self.pages.address() + self.pages.len()
    }
}

/// A space in which something must be done for a block, and how many queues use it.
struct Member {
    /// The mapper of a mapped space; `None` for the pinned one.
    mapper: Option<Arc<dyn Mapper>>,
    space: Arc<dyn Space>,
    queues: usize,
}

fn registry() -> MutexGuard<'static, Registry> {
    static REGISTRY: PerProcess<Mutex<Registry>> = PerProcess::new();
    REGISTRY.get_or(Mutex::default).lock()
}

/// The space for a queue's memory. Queues that share a mapper share the space; a new space gets all
/// blocks there are. A block that cannot be attached is left out, with a log line.
pub(super) fn join(memory: Memory) -> Arc<dyn Space> {
    let mapper = match memory {
        Memory::Sva => return Arc::new(Sva),
        Memory::Static => return Arc::new(Static),
        Memory::SvaPinned => None,
        Memory::Mapped(mapper) => Some(mapper),
    };
    let mut registry = registry();
    let same = |m: &Member| match (&m.mapper, &mapper) {
        (Some(a), Some(b)) => Arc::as_ptr(a).addr() == Arc::as_ptr(b).addr(),
        (None, None) => true,
        _ => false,
    };
    if let Some(member) = registry.members.iter_mut().find(|m| same(m)) {
        member.queues += 1;
        return Arc::clone(&member.space);
    }
    let space: Arc<dyn Space> = match &mapper {
        Some(mapper) => Arc::new(Mapped::new(Arc::clone(mapper))),
        None => Arc::new(Pinned::default()),
    };
    for block in registry.blocks.values() {
        if let Err(error) = space.share(&block.range(), Access::ReadWrite) {
            log_error!(
                "{:#x?} is not reachable by this queue: {error}",
                block.range()
            );
        }
    }
    registry.members.push(Member {
        mapper,
        space: Arc::clone(&space),
        queues: 1,
    });
    space
}

/// Ends one queue's use of a space. The last one takes everything in it back.
pub(super) fn leave(space: &Arc<dyn Space>) {
    let mut registry = registry();
    let same = |m: &Member| Arc::as_ptr(&m.space).addr() == Arc::as_ptr(space).addr();
    let Some(at) = registry.members.iter().position(same) else {
        return; // A space that needs nothing for blocks.
    };
    registry.members[at].queues -= 1;
    if registry.members[at].queues == 0 {
        registry.members.swap_remove(at);
        // Under the lock, so that no new space of the same mapper maps anything before this is done.
        space.clear();
    }
}

/// Counts an explicit share on the blocks under `pages`, so that they are not freed under it.
pub(super) fn hold(pages: &Range<usize>) {
    registry().each_under(pages, |block| block.shares += 1);
}

/// Undoes one [`hold`] of the same pages.
pub(super) fn release(pages: &Range<usize>) {
    // Saturating: the block may have been allocated after the share of what was there before it.
    registry().each_under(pages, |block| block.shares = block.shares.saturating_sub(1));
}

impl Registry {
    fn each_under(&mut self, pages: &Range<usize>, mut change: impl FnMut(&mut Block)) {
        let touched = self.blocks.range_mut(..pages.end).rev();
        touched
            .map(|(_, block)| block)
            .take_while(|block| block.range().end > pages.start)
            .for_each(&mut change);
    }

    /// Attaches new pages to all spaces or to none.
    fn attach(&self, pages: &Range<usize>) -> Result<()> {
        for (done, member) in self.members.iter().enumerate() {
            if let Err(error) = member.space.share(pages, Access::ReadWrite) {
                self.members[..done]
                    .iter()
                    .for_each(|m| m.space.unshare(pages));
                return Err(error);
            }
        }
        Ok(())
    }
}

/// Allocates at least `len` bytes for devices and answers their address: whole pages, zeroed,
/// attached to every queue of this process. A fork child has neither the pages nor the block.
///
/// # Errors
/// [`Error::Invalid`] for 0 bytes. [`Error::NoMemory`] if there is no memory, or if a device that is in
/// use cannot be given the pages because of `RLIMIT_MEMLOCK`.
pub fn allocate(len: usize) -> Result<usize> {
    let block = Block {
        pages: Pages::allocate(len)?,
        shares: 0,
    };
    let mut registry = registry();
    registry.attach(&block.range())?;
    let address = block.pages.address();
    registry.blocks.insert(address, block);
    Ok(address)
}

/// Takes the block at `address` from all devices and frees it. No request may be using it.
///
/// # Errors
/// [`Error::Invalid`] if no block of this process begins there. [`Error::Busy`] while a queue still
/// holds an explicit share of any of its pages; the block stays as it is.
pub fn free(address: usize) -> Result<()> {
    let mut registry = registry();
    let Some(block) = registry.blocks.get(&address) else {
        log_error!("no block begins at {address:#x}");
        return Err(Error::Invalid);
    };
    if block.shares > 0 {
        log_error!("{:#x?} is still shared and cannot be freed", block.range());
        return Err(Error::Busy);
    }
    let range = block.range();
    registry
        .members
        .iter()
        .for_each(|m| m.space.unshare(&range));
    registry.blocks.remove(&address);
    Ok(())
}
