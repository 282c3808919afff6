//! An open device, as the kernel's uacce core and hisi_qm serve it: one queue, for as long as a
//! descriptor or a mapping holds it.

#![expect(unsafe_code, reason = "descriptors that are given away, and mmap")]

use crate::next;
use crate::regions::{Region, What};
use crate::served::Served;
use crate::table::{self, Kind};
use core::ffi::{c_int, c_ulong, c_void};
use core::ptr;
use libc::{off_t, size_t};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use warpdrive::Error;
use warpdrive::bd::zip;
use warpdrive::qm::layout::Version;
use warpdrive::sim::Opened;
use warpdrive::sys::lock::Mutex;
use warpdrive::sys::{pages, peer};
use warpdrive::uacce::channel::{Bell, Channel, Doorbell, Memory, QueueSetup, Region as Wanted};
use warpdrive::uacce::uapi::{GET_SS_DMA, MAINLINE, SET_QP_CTX, SET_QP_INFO};

/// What a call answers that fails: the number for `errno`.
pub type Result<T> = core::result::Result<T, c_int>;

/// One open file of a device node.
pub struct File {
    number: u32,
    /// The name of the device.
    pub device: String,
    mmio_size: usize,
    dus_size: usize,
    doorbell_offset: usize,
    bell: Arc<dyn Bell>,
    queue: Opened,
    uses: Mutex<Uses>,
}

#[derive(Default)]
struct Uses {
    /// Descriptors of this process.
    descriptors: usize,
    /// Regions that are mapped.
    mapped: Vec<What>,
    started: bool,
}

/// What a call of the device answers, as the kernel has it.
fn number(error: Error) -> c_int {
    match error {
        Error::NoDevice => libc::ENXIO,
        Error::Unsupported => libc::EINVAL,
        other => other.number(),
    }
}

/// Writes an answer to where the program wants it.
fn tell(address: u64, bytes: &[u8]) -> Result<()> {
    peer::write(address, bytes).map_err(|_| libc::EFAULT)?;
    // Once more with plain stores: valgrind does not see the others.
    // SAFETY: the kernel has just found these bytes writable; they are the program's, which has
    // given them to the call.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), address as *mut u8, bytes.len()) };
    Ok(())
}

/// Opens a device, with the flags of `open(2)`: a new queue, and its descriptor.
pub fn open(served: &Served, device: &str, flags: c_int) -> Result<c_int> {
    if flags & libc::O_DIRECTORY != 0 {
        return Err(libc::ENOTDIR);
    }
    let created = libc::O_CREAT | libc::O_EXCL;
    if flags & created == created {
        return Err(libc::EEXIST);
    }
    let attributes = served.world.attributes(device).ok_or(libc::ENOENT)?;
    let version = Version::from_api(&attributes.api).map_err(number)?;
    let queue = served.world.take(device).map_err(number)?;
    for descriptor in queue.descriptors() {
        table::set(descriptor.as_raw_fd(), Kind::Ours);
    }
    let Ok(Doorbell::Call(bell)) = queue.doorbell(version.doorbell_offset()) else {
        return Err(libc::ENXIO);
    };
    let fd = descriptor(&queue, flags)?;
    let file = Arc::new(File {
        number: table::new_file(),
        device: device.to_owned(),
        mmio_size: attributes.mmio_size,
        dus_size: attributes.dus_size,
        doorbell_offset: version.doorbell_offset(),
        bell,
        queue,
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
        return Err(libc::EMFILE);
    }
    served.files.lock().insert(file.number, file);
    served.refresh();
    Ok(fd)
}

/// A descriptor that is readable when the queue's event is, and that cannot be read, written or
/// sought: like that of a device. (It is an epoll instance, with the event in it.)
fn descriptor(queue: &Opened, flags: c_int) -> Result<c_int> {
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
    let mut event = libc::epoll_event {
        events: libc::EPOLLIN as u32,
        u64: 0,
    };
    let inside = queue.event().as_raw_fd();
    // SAFETY: both descriptors are open, and the event is a valid one.
    let added = unsafe { libc::epoll_ctl(fd, libc::EPOLL_CTL_ADD, inside, &raw mut event) };
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
        uses.mapped.retain(|mapped| *mapped != what);
        uses.descriptors == 0 && uses.mapped.is_empty()
    }

    /// The descriptors that the queue is made of.
    pub fn descriptors(&self) -> impl Iterator<Item = c_int> {
        self.queue.descriptors().map(|fd| fd.as_raw_fd())
    }

    /// Its number in the table of descriptors.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Takes a store of `width` bytes to the MMIO region. Only the doorbell is a register that the
    /// model has, and it is one of 64 bits. Whether the store means anything.
    pub fn store(&self, offset: usize, value: u64, width: u8) -> bool {
        let touches =
            offset < self.doorbell_offset + 8 && offset + usize::from(width) > self.doorbell_offset;
        if touches && (offset, width) == (self.doorbell_offset, 8) {
            self.bell.ring(value);
            return true;
        }
        !touches
    }

    /// `ioctl(2)`.
    pub fn ioctl(&self, request: c_ulong, argument: usize) -> Result<c_int> {
        const START: c_ulong = MAINLINE.start as c_ulong;
        const PUT_QUEUE: c_ulong = MAINLINE.put_queue as c_ulong;
        const CONTEXT: c_ulong = SET_QP_CTX as c_ulong;
        const INFO: c_ulong = SET_QP_INFO as c_ulong;
        const SLICE: c_ulong = GET_SS_DMA as c_ulong;
        // The kernel looks at 32 bits.
        match request & 0xffff_ffff {
            START => self.start(),
            PUT_QUEUE => self.put(),
            CONTEXT => self.context(argument as u64),
            INFO => self.info(argument as u64),
            SLICE => self.slice(argument as u64),
            _ => Err(libc::EINVAL),
        }
    }

    fn start(&self) -> Result<c_int> {
        self.queue.start().map_err(number)?;
        self.uses.lock().started = true;
        Ok(0)
    }

    fn put(&self) -> Result<c_int> {
        self.queue.stop();
        self.uses.lock().started = false;
        Ok(0)
    }

    fn context(&self, argument: u64) -> Result<c_int> {
        let mut context = [0; 4];
        peer::read(argument, &mut context).map_err(|_| libc::EFAULT)?;
        let kind = u16::from_ne_bytes([context[2], context[3]]);
        // The model does not configure a queue that is started. The kernel only notes the type for
        // the next start.
        if !(self.uses.lock().started && kind <= 1) {
            let sqe_size = zip::SIZE as u32;
            self.queue
                .configure(QueueSetup { kind, sqe_size })
                .map_err(number)?;
        }
        context[..2].copy_from_slice(&self.queue.id().number.to_ne_bytes());
        tell(argument, &context)?;
        Ok(0)
    }

    fn info(&self, argument: u64) -> Result<c_int> {
        let id = self.queue.id();
        let mut info = [0; 16];
        info[..4].copy_from_slice(&id.sqe_size.to_ne_bytes());
        info[4..6].copy_from_slice(&id.sq_depth.to_ne_bytes());
        info[6..8].copy_from_slice(&id.cq_depth.to_ne_bytes());
        tell(argument, &info)?;
        Ok(0)
    }

    /// Slice N of the static region: its address, and its length in units of 64 KiB in the low bits.
    /// Answers 1 while there are more.
    fn slice(&self, argument: u64) -> Result<c_int> {
        let mut told = [0; 8];
        peer::read(argument, &mut told).map_err(|_| libc::EFAULT)?;
        let slices = self.queue.static_slices().map_err(number)?;
        let wanted = usize::try_from(u64::from_ne_bytes(told)).map_err(|_| libc::EINVAL)?;
        let slice = slices.get(wanted).ok_or(libc::EINVAL)?;
        let answer = slice.bus | (slice.len >> 16) as u64;
        tell(argument, &answer.to_ne_bytes())?;
        Ok(c_int::from(wanted + 1 < slices.len()))
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
        let what = match (offset.is_multiple_of(page), offset / page) {
            (true, 0) => What::Mmio,
            (true, 1) => What::Dus,
            (true, 2) if matches!(self.queue.memory(), Memory::Static) => What::Static,
            _ => return Err(libc::EINVAL),
        };
        {
            let mut uses = self.uses.lock();
            if uses.mapped.contains(&what) {
                return Err(libc::EEXIST);
            }
            uses.mapped.push(what);
        }
        // SAFETY: the caller's promise.
        let mapped = unsafe { self.map_as(what, &Wish { len, ..wish }) };
        match mapped {
            Ok((at, memory)) => {
                served.regions.add(Region {
                    base: at as usize,
                    len,
                    what,
                    file: Arc::clone(self),
                    memory,
                });
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
    ) -> Result<(*mut c_void, Option<warpdrive::sys::shared::SharedMemory>)> {
        let memory = match what {
            What::Mmio if wish.len <= self.mmio_size => None,
            What::Dus if wish.len == self.dus_size => Some(self.queue.region(Wanted::Dus)),
            What::Static => Some(self.queue.region(Wanted::Ss(wish.len))),
            _ => return Err(libc::EINVAL),
        };
        let memory = memory.transpose().map_err(number)?;
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
