//! An open file of a device, for as long as a descriptor or a mapping holds it. What it is of, and
//! what is asked of it, a [`Node`] knows.

#![expect(unsafe_code, reason = "descriptors that are given away, and mmap")]

use crate::next;
use crate::regions::{Region, What};
use crate::served::Served;
use crate::table::{self, Kind};
use crate::{queue, vfio};
use core::ffi::{c_int, c_void};
use core::ptr;
use libc::{off_t, size_t};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::Arc;
use warpdrive::sim::vfio::Container;
use warpdrive::sys::lent::Promise;
use warpdrive::sys::lock::Mutex;
use warpdrive::sys::shared::SharedMemory;
use warpdrive::sys::{pages, peer};
use warpdrive::uacce::channel::Doorbell;

/// What a call answers that fails: the number for `errno`.
pub type Result<T> = core::result::Result<T, c_int>;

/// What a file is of.
pub trait Node: Send + Sync {
    /// The name that the simulation has for the device; empty if it is none's.
    fn device(&self) -> &str;

    /// The numbers of the device's node, if the file is of one.
    fn numbers(&self) -> Option<(u32, u32)>;

    /// What is readable when the file is.
    fn event(&self) -> BorrowedFd<'_>;

    /// The descriptors that it is made of.
    fn descriptors(&self) -> Vec<c_int>;

    /// `ioctl(2)`; of the request the kernel looks at 32 bits.
    fn ioctl(&self, served: &Served, request: u32, argument: u64) -> Result<c_int>;

    /// Whether this request waits; see [`Node::wait`].
    fn is_wait(&self, request: u32) -> bool {
        let _ = request;
        false
    }

    /// Waits for one tick. Whether something has happened.
    fn wait(&self) -> Result<bool> {
        Err(libc::ENODEV)
    }

    /// The register that takes 64-bit stores: its place in the doorbell region, and who takes them.
    fn doorbell(&self) -> Option<(usize, &Doorbell)> {
        None
    }

    /// The region that can be mapped at this page.
    fn region(&self, page: usize) -> Result<What> {
        let _ = page;
        Err(libc::ENODEV)
    }

    /// The memory of a region, of which `len` bytes are to be mapped; none for doorbells.
    fn memory(&self, what: What, len: usize) -> Result<Option<SharedMemory>> {
        let _ = (what, len);
        Err(libc::EINVAL)
    }

    /// Whether regions are as other mappings are: mapped as often as one likes, unmapped in parts.
    fn is_lenient(&self) -> bool {
        false
    }

    /// It, if it is a container.
    fn container(&self) -> Option<&Container> {
        None
    }
}

/// One open file.
pub struct File {
    number: u32,
    node: Box<dyn Node>,
    uses: Mutex<Uses>,
}

#[derive(Default)]
struct Uses {
    /// Descriptors of this process.
    descriptors: usize,
    /// Regions that are mapped.
    mapped: Vec<What>,
}

/// Writes an answer to where the program wants it.
pub fn tell(address: u64, bytes: &[u8]) -> Result<()> {
    // SAFETY: the program has given this address to the call for the answer.
    let promise = unsafe { Promise::given() };
    peer::write(promise, address, bytes).map_err(|_| libc::EFAULT)?;
    // Once more with plain stores: valgrind does not see the others.
    // SAFETY: the kernel has just found these bytes writable; they are the program's, which has
    // given them to the call.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), address as *mut u8, bytes.len()) };
    Ok(())
}

/// Opens a node, with the flags of `open(2)`.
pub fn open(served: &Served, node: &str, flags: c_int) -> Result<c_int> {
    if flags & libc::O_DIRECTORY != 0 {
        return Err(libc::ENOTDIR);
    }
    let created = libc::O_CREAT | libc::O_EXCL;
    if flags & created == created {
        return Err(libc::EEXIST);
    }
    let opened = match node.strip_prefix("vfio/") {
        Some(name) => vfio::open(served, name)?,
        None => Box::new(queue::open(served, node)?),
    };
    let fd = publish(served, opened, flags)?;
    served.refresh();
    Ok(fd)
}

/// Gives a file a descriptor.
pub fn publish(served: &Served, node: Box<dyn Node>, flags: c_int) -> Result<c_int> {
    for descriptor in node.descriptors() {
        table::set(descriptor, Kind::Ours);
    }
    let fd = descriptor(node.event(), flags).inspect_err(|_| forget(&*node))?;
    let file = Arc::new(File {
        number: table::new_file(),
        node,
        uses: Mutex::new(Uses {
            descriptors: 1,
            ..Uses::default()
        }),
    });
    let kind = Kind::Device {
        file: file.number,
        read_only: flags & libc::O_ACCMODE == libc::O_RDONLY,
    };
    if table::set(fd, kind).is_none() {
        // SAFETY: made above, and nobody knows it yet.
        unsafe { next::close(fd) };
        forget(&*file.node);
        return Err(libc::EMFILE);
    }
    served.files.lock().insert(file.number, file);
    Ok(fd)
}

/// The descriptors of a node will be closed.
fn forget(node: &dyn Node) {
    for descriptor in node.descriptors() {
        table::set(descriptor, Kind::Other);
    }
}

/// A descriptor that is readable when the event is, and that cannot be read, written or
/// sought: like that of a device. (It is an epoll instance, with the event in it.)
fn descriptor(event: BorrowedFd<'_>, flags: c_int) -> Result<c_int> {
    let flags = if flags & libc::O_CLOEXEC == 0 {
        0
    } else {
        libc::EPOLL_CLOEXEC
    };
    // SAFETY: epoll_create1 takes an integer.
    let fd = unsafe { libc::epoll_create1(flags) };
    if fd < 0 {
        return Err(next::errno());
    }
    let mut what = libc::epoll_event {
        events: libc::EPOLLIN as u32,
        u64: 0,
    };
    let inside = event.as_raw_fd();
    // SAFETY: both descriptors are open, and `what` is a valid event.
    let added = unsafe { libc::epoll_ctl(fd, libc::EPOLL_CTL_ADD, inside, &raw mut what) };
    if added != 0 {
        let errno = next::errno();
        // SAFETY: made above, and nobody knows it yet.
        unsafe { next::close(fd) };
        return Err(errno);
    }
    Ok(fd)
}

impl File {
    /// Notes one more descriptor.
    pub fn duplicated(&self) {
        self.uses.lock().descriptors += 1;
    }

    /// Notes one descriptor less. Whether nothing holds the file any more.
    pub fn closed(&self) -> bool {
        let mut uses = self.uses.lock();
        uses.descriptors -= 1;
        uses.descriptors == 0 && uses.mapped.is_empty()
    }

    /// Notes that a region is no longer mapped. Whether nothing holds the file any more.
    pub fn unmapped(&self, what: What) -> bool {
        let mut uses = self.uses.lock();
        if let Some(at) = uses.mapped.iter().position(|mapped| *mapped == what) {
            uses.mapped.swap_remove(at);
        }
        uses.descriptors == 0 && uses.mapped.is_empty()
    }

    /// What it is of.
    pub fn node(&self) -> &dyn Node {
        &*self.node
    }

    /// The descriptors that it is made of are about to be closed.
    pub fn forget_descriptors(&self) {
        forget(&*self.node);
    }

    /// Its number in the table of descriptors.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Takes a store of `width` bytes to the MMIO region. Only the doorbell is a register that the
    /// model has, and it is one of 64 bits. Whether the store means anything.
    pub fn store(&self, offset: usize, value: u64, width: u8) -> bool {
        let Some((doorbell, bell)) = self.node.doorbell() else {
            return true;
        };
        if (offset, width) == (doorbell, 8) {
            // SAFETY: the program's store, and so the program's promise of what its descriptors name.
            let promise = unsafe { Promise::given() };
            bell.ring(promise, value);
            return true;
        }
        offset >= doorbell + 8 || offset + usize::from(width) <= doorbell
    }

    /// `mmap(2)`, of a descriptor that may be `read_only`.
    ///
    /// # Safety
    /// As `mmap(2)`: with `MAP_FIXED`, what lies at `at` is the caller's.
    pub unsafe fn map(
        self: &Arc<Self>,
        served: &Served,
        read_only: bool,
        wish: Wish,
    ) -> Result<*mut c_void> {
        let page = pages::size();
        let len = wish.len.checked_next_multiple_of(page);
        let len = len.filter(|len| *len > 0).ok_or(libc::EINVAL)?;
        let offset = usize::try_from(wish.offset).map_err(|_| libc::EINVAL)?;
        let shared = wish.flags & libc::MAP_TYPE != libc::MAP_PRIVATE;
        if read_only && shared && wish.access & libc::PROT_WRITE != 0 {
            return Err(libc::EACCES);
        }
        if !offset.is_multiple_of(page) {
            return Err(libc::EINVAL);
        }
        let what = self.node.region(offset / page)?;
        {
            let mut uses = self.uses.lock();
            if uses.mapped.contains(&what) && !self.node.is_lenient() {
                return Err(libc::EEXIST);
            }
            uses.mapped.push(what);
        }
        // SAFETY: the caller's promise.
        let mapped = unsafe { self.map_as(what, &Wish { len, ..wish }) };
        match mapped {
            Ok((at, memory)) => {
                served.regions.add(Region::new(
                    at as usize,
                    len,
                    what,
                    Arc::clone(self),
                    memory,
                ));
                Ok(at)
            }
            Err(errno) => {
                // The descriptor holds the file still.
                self.unmapped(what);
                Err(errno)
            }
        }
    }

    /// # Safety
    /// As [`File::map`].
    unsafe fn map_as(
        &self,
        what: What,
        wish: &Wish,
    ) -> Result<(*mut c_void, Option<SharedMemory>)> {
        let memory = self.node.memory(what, wish.len)?;
        let (access, flags, fd) = match memory.as_ref().and_then(|memory| memory.file()) {
            Some(file) => {
                let fd = file.as_raw_fd();
                table::set(fd, Kind::Ours);
                (wish.access, wish.flags, fd)
            }
            // A page of zeros that a store does not reach: see `trap`.
            None => {
                let access = if wish.access == libc::PROT_NONE {
                    libc::PROT_NONE
                } else {
                    libc::PROT_READ
                };
                let place = wish.flags & (libc::MAP_FIXED | libc::MAP_FIXED_NOREPLACE);
                (access, place | libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)
            }
        };
        // SAFETY: the caller's promise; the file is as long as the region.
        let at = unsafe { next::mmap(wish.at, wish.len, access, flags, fd, 0) };
        if at == libc::MAP_FAILED {
            return Err(next::errno());
        }
        // SAFETY: the mapping just made. The kernel keeps queues from fork children, too.
        unsafe { libc::madvise(at, wish.len, libc::MADV_DONTFORK) };
        Ok((at, memory))
    }
}

/// What `mmap` was asked for.
pub struct Wish {
    /// Where, or null.
    pub at: *mut c_void,
    /// Bytes.
    pub len: size_t,
    /// `PROT_…`.
    pub access: c_int,
    /// `MAP_…`.
    pub flags: c_int,
    /// The region, in pages.
    pub offset: off_t,
}
