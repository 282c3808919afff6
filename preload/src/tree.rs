//! A directory that stands for `/sys`, and for the nodes in `/dev`, with real files in it: what a
//! program does with a file that it has opened needs no help then. It is private to the process,
//! made when a path first leads there, and removed at exit.

#![expect(unsafe_code, reason = "mkdtemp and flock")]

use crate::place::{BUS, MAJOR};
use crate::table::{self, Kind};
use std::ffi::{CString, OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;
use warpdrive::sim::World;
use warpdrive::sim::vfio::Mediated;
use warpdrive::sys::fd;
use warpdrive::sys::lock::Mutex;
use warpdrive::uacce::device::Attributes;

const PREFIX: &str = "wd-sim.";
/// A directory without an owner is not taken for dead before this age: its owner may be at work.
const YOUNG: Duration = Duration::from_secs(60);

/// The directory.
pub struct Tree {
    root: PathBuf,
    /// The root, locked for as long as the process lives, so that others see that it is in use.
    #[expect(dead_code, reason = "held open")]
    lock: OwnedFd,
    /// For each device whether it is listed, and its `available_instances`.
    shown: Mutex<Vec<(bool, Option<u32>)>>,
}

impl Tree {
    /// Makes a directory with the devices of a world.
    pub fn new(world: &World) -> io::Result<Tree> {
        let base = base();
        sweep(&base);
        let root = temporary(&base)?;
        let lock: OwnedFd = File::open(&root)?.into();
        let lock = fd::above_standard(lock)
            .map_err(|error| io::Error::from_raw_os_error(error.number()))?;
        locked(&lock);
        table::set(lock.as_raw_fd(), Kind::Ours);
        let tree = Tree {
            root,
            lock,
            shown: Mutex::new(vec![(false, None); world.names().count()]),
        };
        fs::create_dir_all(tree.root.join("class/uacce"))?;
        fs::create_dir(tree.root.join("dev"))?;
        for (number, name) in world.names().enumerate() {
            let Some(device) = world.attributes(name) else {
                continue; // Not in the class.
            };
            tree.make(number, &device)?;
            tree.show(number, Some(&device));
        }
        for device in world.mediated() {
            tree.make_mediated(device)?;
        }
        Ok(tree)
    }

    /// The real path of a place inside.
    pub fn path(&self, inside: &[u8]) -> CString {
        let path = self.root.join(OsStr::from_bytes(inside));
        // It comes from a C string, and the root from mkdtemp: there is no NUL in it.
        CString::new(path.into_os_string().into_vec()).unwrap_or_default()
    }

    /// The place inside that a real path leads to.
    pub fn inside<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        let rest = path.strip_prefix(self.root.as_os_str().as_bytes())?;
        rest.strip_prefix(b"/")
    }

    /// Shows a device as it is now, or, without attributes, no longer lists it.
    pub fn show(&self, number: usize, device: Option<&Attributes>) {
        let mut shown = self.shown.lock();
        let Some((listed, available)) = shown.get_mut(number) else {
            return;
        };
        let name = format!("hisi_zip-{number}");
        let (link, node) = (
            self.root.join("class/uacce").join(&name),
            self.root.join("dev").join(&name),
        );
        // Nobody else knows the directory. Where a file cannot be written, the disk is full; then
        // the program sees an old value.
        match device {
            Some(device) => {
                if !*listed {
                    let _ = symlink(Path::new("../..").join(directory(number)), link);
                    let _ = file(&node, "", 0o600);
                }
                if *available != device.available {
                    let count = device.available.unwrap_or(0);
                    let path = self
                        .root
                        .join(directory(number))
                        .join("available_instances");
                    let _ = file(&path, &format!("{count}\n"), 0o444);
                }
                (*listed, *available) = (true, device.available);
            }
            None if *listed => {
                let _ = fs::remove_file(link);
                let _ = fs::remove_file(node);
                *listed = false;
            }
            None => {}
        }
    }

    /// Writes the attributes of a device.
    fn make(&self, number: usize, device: &Attributes) -> io::Result<()> {
        let own = self.root.join(directory(number));
        fs::create_dir_all(&own)?;
        let parent = own.join("../..");
        let slot = format!("ffff:{number:02x}:00.0");
        pci(&parent, &slot)?;
        let node = format!("{}\n", device.numa_node);
        file(&parent.join("numa_node"), &node, 0o444)?;
        let mut attributes = vec![
            ("api", device.api.clone()),
            ("flags", device.flags.bits().to_string()),
            ("algorithms", device.algorithms.join("\n")),
            ("region_mmio_size", device.mmio_size.to_string()),
            ("region_dus_size", device.dus_size.to_string()),
            ("isolate", u32::from(device.isolated).to_string()),
            ("dev", format!("{MAJOR}:{number}")),
            (
                "uevent",
                format!("MAJOR={MAJOR}\nMINOR={number}\nDEVNAME={}", device.name),
            ),
        ];
        if !device.sva() {
            // Attributes of the vendor's kernels, which alone have static memory.
            attributes.push(("node_id", device.numa_node.to_string()));
            attributes.push(("numa_distance", "0".to_owned()));
        }
        for (name, text) in attributes {
            file(&own.join(name), &format!("{text}\n"), 0o444)?;
        }
        symlink(format!("../../../{slot}"), own.join("device"))?;
        symlink("../../../../../class/uacce", own.join("subsystem"))
    }

    /// Writes the attributes of a mediated device, and shows it.
    fn make_mediated(&self, device: &Mediated) -> io::Result<()> {
        let slot = device.pci();
        let parent = Path::new("devices").join(format!("{BUS}v{}", device.group()));
        let (parent, class) = (parent.join(&slot), Path::new("sdmdev").join(&slot));
        let own = self.root.join(&parent);
        fs::create_dir_all(own.join(&class))?;
        pci(&own, &slot)?;
        for (name, text) in device.attributes() {
            let path = own.join(name);
            fs::create_dir_all(path.parent().unwrap_or(&own))?;
            file(&path, &text, 0o444)?;
        }
        symlink("../..", own.join(&class).join("device"))?;
        let class_dir = self.root.join("class/sdmdev");
        fs::create_dir_all(&class_dir)?;
        symlink(
            Path::new("../..").join(parent).join(&class),
            class_dir.join(&slot),
        )?;
        let nodes = self.root.join("dev/vfio");
        fs::create_dir_all(&nodes)?;
        file(&nodes.join("vfio"), "", 0o666)?;
        file(&nodes.join(device.group().to_string()), "", 0o600)
    }

    /// No longer shows a mediated device.
    pub fn hide_mediated(&self, device: &Mediated) {
        // They may be away already.
        let _ = fs::remove_file(self.root.join("class/sdmdev").join(device.pci()));
        let _ = fs::remove_file(self.root.join("dev/vfio").join(device.group().to_string()));
    }

    /// What to say where [`Tree::new`] fails.
    pub fn complaint(error: &io::Error) -> String {
        format!("no directory can be made in {}: {error}", base().display())
    }

    /// Removes it all.
    pub fn remove(&self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// Where a device is, below `/sys`.
fn directory(number: usize) -> PathBuf {
    PathBuf::from(format!(
        "devices/{BUS}{number:02x}/ffff:{number:02x}:00.0/uacce/hisi_zip-{number}"
    ))
}

/// Writes what there is to say of a PCI device.
fn pci(own: &Path, slot: &str) -> io::Result<()> {
    for (name, text) in [
        ("vendor", "0x19e5\n"),
        ("device", "0xa250\n"),
        ("class", "0x120000\n"),
    ] {
        file(&own.join(name), text, 0o444)?;
    }
    let event = format!("DRIVER=hisi_zip\nPCI_SLOT_NAME={slot}\n");
    file(&own.join("uevent"), &event, 0o444)
}

/// Writes a file in place of the one that was there: a reader that has that one open keeps it.
fn file(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut fresh = OsString::from(path);
    fresh.push(".new");
    fs::write(&fresh, text)?;
    fs::set_permissions(&fresh, Permissions::from_mode(mode))?;
    fs::rename(&fresh, path)
}

/// Where directories of this kind are made: without links in it, so that paths can be compared.
fn base() -> PathBuf {
    let base: PathBuf = match std::env::var_os("TMPDIR").filter(|dir| Path::new(dir).is_absolute())
    {
        Some(dir) => dir.into(),
        None if Path::new("/dev/shm").is_dir() => "/dev/shm".into(),
        None => "/tmp".into(),
    };
    fs::canonicalize(&base).unwrap_or(base)
}

fn temporary(base: &Path) -> io::Result<PathBuf> {
    let mut template = base.join(PREFIX).into_os_string().into_vec();
    template.extend_from_slice(b"XXXXXX\0");
    // SAFETY: a NUL-terminated text that ends as mkdtemp wants it, and may be written.
    let made = unsafe { libc::mkdtemp(template.as_mut_ptr().cast()) };
    if made.is_null() {
        return Err(io::Error::last_os_error());
    }
    template.pop();
    Ok(OsString::from_vec(template).into())
}

/// Takes the lock that says that somebody uses a directory. Whether it was free.
fn locked(dir: &impl AsRawFd) -> bool {
    // SAFETY: flock takes integers.
    unsafe { libc::flock(dir.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) == 0 }
}

/// Removes what processes have left that were killed or became another program.
fn sweep(base: &Path) {
    let me = fs::metadata("/proc/self").map(|me| me.uid());
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let ours = entry.file_name().as_bytes().starts_with(PREFIX.as_bytes());
        let Ok(about) = entry.metadata() else {
            continue;
        };
        let age = about.modified().ok().and_then(|made| made.elapsed().ok());
        let old = age.is_some_and(|age| age > YOUNG);
        if !(ours && old && about.is_dir() && me.as_ref().is_ok_and(|me| *me == about.uid())) {
            continue;
        }
        if File::open(entry.path()).is_ok_and(|dir| locked(&dir)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
