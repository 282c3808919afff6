//! What one process is served: a world of devices, the directory that shows them, and the open
//! files. Made when a path first leads to a device.

#![expect(unsafe_code, reason = "the end of the process, and calls at it")]

use crate::file::File;
use crate::next;
use crate::regions::{Region, Regions};
use crate::table::{self, Kind};
use crate::tree::Tree;
use core::ffi::c_int;
use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use warpdrive::sim::config::{self, Config, Transport};
use warpdrive::sim::{World, report};
use warpdrive::sys::fork::{self, PerProcess};
use warpdrive::sys::lock::Mutex;
use warpdrive::sys::{env, fd};
use warpdrive::uacce::channel::Bus;

/// What the program exits with if it is not to run: `EX_CONFIG` of sysexits.h.
const CONFIG_ERROR: c_int = 78;
/// Our own descriptors lie above, where the limit allows it: a program may expect to get low ones.
const DESCRIPTORS: u64 = 8192;

/// The process's devices.
pub struct Served {
    /// The simulation.
    pub world: World,
    /// What stands for `/sys`.
    pub tree: Tree,
    /// Open files by their numbers. Nothing of the simulation is called while it is locked.
    pub files: Mutex<HashMap<u32, Arc<File>>>,
    /// What of them is mapped.
    pub regions: Regions,
    process: u32,
}

static SERVED: PerProcess<Served> = PerProcess::new();

/// What is to be served, or nothing: `WD_SIM` as it was when the process began.
static CONFIG: OnceLock<Option<Config>> = OnceLock::new();

/// Whether anything is served at all.
#[inline]
pub fn active() -> bool {
    CONFIG.get_or_init(configure).is_some()
}

/// Whether there is a device behind VFIO. If not, `/dev/vfio` is the machine's.
pub fn has_mediated() -> bool {
    let config = CONFIG.get().and_then(Option::as_ref);
    let mut devices = config.into_iter().flat_map(|config| &config.devices);
    devices.any(|device| device.transport != Transport::Uacce)
}

/// Reads `WD_SIM`. With one that cannot be understood the program does not run.
#[cold]
fn configure() -> Option<Config> {
    let text = env::secure("WD_SIM").filter(|text| !text.trim().is_empty())?;
    match config::parse(&text) {
        Ok(config) => {
            // Forks are noticed from here on, and unlike the process's devices this is inherited.
            fork::in_children(in_child);
            fd::keep_above(floor());
            // Looked up now, since the handler in a child must not.
            let errno = next::errno();
            // SAFETY: no descriptor has this number.
            unsafe { next::close(-1) };
            next::set_errno(errno);
            // SAFETY: a function of this library, which is never unloaded (nodelete).
            unsafe { libc::atexit(finish) };
            Some(config)
        }
        Err(reason) => give_up(&format!("WD_SIM: {reason}")),
    }
}

/// Ends the process, with one line.
fn give_up(reason: &str) -> ! {
    let line = format!("libwd_sim: {reason}\n");
    // SAFETY: a text and its length.
    unsafe { libc::write(2, line.as_ptr().cast(), line.len()) };
    // SAFETY: ends the process.
    unsafe { libc::_exit(CONFIG_ERROR) }
}

/// Half of what the limit allows.
fn floor() -> c_int {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: a structure to be filled.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    DESCRIPTORS.min(limit.rlim_cur / 2) as c_int
}

/// The process's devices, made if need be. `None` where nothing is served.
pub fn served() -> Option<&'static Served> {
    if !active() {
        return None;
    }
    /// The fork generation in which a thread makes them, or has.
    static MAKER: AtomicU64 = AtomicU64::new(0);
    loop {
        if let Some(served) = SERVED.get() {
            return Some(served);
        }
        // Not a `Once`: a child that is forked meanwhile would wait for it for ever. Here it sees
        // that the maker is of another generation. Relaxed: the value itself is published by SERVED.
        let (now, seen) = (fork::generation(), MAKER.load(Ordering::Relaxed));
        let claim = MAKER.compare_exchange(seen, now, Ordering::Relaxed, Ordering::Relaxed);
        if seen != now && claim.is_ok() {
            return Some(SERVED.get_or(make));
        }
        std::thread::yield_now();
    }
}

fn make() -> Served {
    let config = CONFIG.get().cloned().flatten().unwrap_or_default();
    Served::new(config).unwrap_or_else(|reason| give_up(&reason))
}

/// The process's devices, if they have been made in this very process: not in the child of a
/// `vfork`, which shares its parent's memory but not its descriptors.
pub fn made() -> Option<&'static Served> {
    SERVED
        .get()
        .filter(|served| served.process == std::process::id())
}

/// Whether this is the child of a `vfork`: it has this process's memory, and its own descriptors.
pub fn borrowed() -> bool {
    let owner = SERVED.get().map(|served| served.process);
    owner.is_some_and(|owner| owner != std::process::id())
}

impl Served {
    fn new(config: Config) -> Result<Served, String> {
        let world = World::served(config, lost).map_err(|error| format!("WD_SIM: {error}"))?;
        let tree = Tree::new(&world).map_err(|error| Tree::complaint(&error))?;
        Ok(Served {
            world,
            tree,
            files: Mutex::default(),
            regions: Regions::default(),
            process: std::process::id(),
        })
    }

    /// Brings the directory up to date: devices may have gone, queues been opened.
    pub fn refresh(&self) {
        for (number, name) in self.world.names().enumerate() {
            self.tree.show(number, self.world.attributes(name).as_ref());
        }
        for device in self.world.mediated().filter(|device| device.is_gone()) {
            self.tree.hide_mediated(device);
        }
    }

    /// The program lists the devices: those that a fault hides are left out this time.
    pub fn list(&self) {
        let listed = self.world.devices().unwrap_or_default();
        for (number, name) in self.world.names().enumerate() {
            let found = listed.iter().find(|device| device.name == name);
            self.tree.show(number, found);
        }
    }

    /// An open file by its number. `None` for one that the parent of this process has opened.
    pub fn file(&self, number: u32) -> Option<Arc<File>> {
        self.files.lock().get(&number).cloned()
    }

    /// A descriptor of a file was closed, or names another file now.
    pub fn closed(&self, number: u32) {
        if let Some(file) = self.file(number)
            && file.closed()
        {
            self.end(file);
        }
    }

    /// Regions are no longer mapped.
    pub fn unmapped(&self, regions: Vec<Region>) {
        for region in regions {
            let (what, file) = (region.what, Arc::clone(&region.file));
            // The simulation's memory goes first, as it does with the kernel's.
            drop(region);
            if file.unmapped(what) {
                self.end(file);
            }
        }
    }

    /// Nothing holds the file any more: its queue goes back to the device.
    fn end(&self, file: Arc<File>) {
        file.forget_descriptors();
        // Dropped when the lock is free again: it waits for the engines.
        let removed = self.files.lock().remove(&file.number());
        drop(removed);
        drop(file);
        self.refresh();
    }
}

/// A device has disappeared.
fn lost(device: &str) {
    if let Some(served) = made() {
        served.regions.lose(device);
    }
}

/// In a fork child: what the parent keeps open for its own devices is closed. It does nothing but
/// look at the table and close.
fn in_child() {
    for (fd, kind) in table::known(0) {
        if kind == Kind::Ours {
            table::set(fd, Kind::Other);
            // SAFETY: takes an integer. The owners of these descriptors are never dropped in a child.
            unsafe { next::close(fd) };
        }
    }
}

/// Tells what the devices have done. Runs in a signal handler too.
fn report_now() {
    if let Some(served) = made() {
        report::write(&served.world);
    }
}

/// At the end of the process: tells what the devices have done, and removes the directory.
pub extern "C" fn finish() {
    report_now();
    if let Some(served) = made() {
        served.tree.remove();
    }
}

/// Runs when the library is loaded.
extern "C" fn load() {
    // Not when the configuration is read: it calls hooks, which ask for the configuration.
    if active()
        && let Err(reason) = report::prepare(report_now)
    {
        give_up(&reason);
    }
}

#[used]
#[cfg_attr(not(test), unsafe(link_section = ".init_array"))]
static LOAD: extern "C" fn() = load;

/// Tells a library of this project in the same process that the devices it finds are simulated
/// (`warpdrive::sim::PRELOADED`).
#[used]
#[unsafe(export_name = "__wd_sim_preloaded")]
static MARK: u8 = 1;
