//! Running programs under the fake kernel (tests/c/fake_kernel.c): the library to
//! preload, built once, and a directory with the files that a test needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Compiles sources of `tests/c` to a file in cargo's directory for this, and answers its path.
pub fn compile(name: &str, sources: &[&str], flags: &[&str]) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let done = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // Under a name of its own first: another test program may be running the finished file.
    let fresh = done.with_extension(std::process::id().to_string());
    let output = Command::new("cc")
        .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-g"])
        .args(sources.iter().map(|s| root.join("tests/c").join(s)))
        .arg("-o")
        .arg(&fresh)
        .args(flags)
        .current_dir(root)
        .output()
        .expect("a C compiler");
    assert!(output.status.success(), "{}", text(&output));
    fs::rename(&fresh, &done).expect("same directory");
    done
}

/// What a program wrote.
pub fn text(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    String::from_utf8_lossy(&[&out[..], &err[..]].concat()).into_owned()
}

/// The library to preload.
fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let sources = ["fake_kernel.c", "fake_ioctl.c", "fake_device.c"];
        compile("fake_kernel.so", &sources, &["-shared", "-fPIC", "-ldl"])
    })
}

/// A root for `/sys` and `/dev`, and the log of the fake kernel. Removed when dropped.
pub struct World {
    root: PathBuf,
    variables: Vec<(&'static str, String)>,
}

impl World {
    /// An empty one.
    pub fn new() -> World {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("wd-fake-{}-{number}", std::process::id()));
        fs::create_dir_all(&root).expect("a directory for temporary files");
        World {
            root,
            variables: Vec::new(),
        }
    }

    /// With the attributes of a mediated device: `iommu_type` 1, `device_api` hisi_qm_v1.
    pub fn vfio(dma_flag: &str) -> World {
        let world = World::new();
        world.file("iommu_type", "1\n");
        world.file("dma_flag", dma_flag);
        world.file("device_api", "hisi_qm_v1");
        world
    }

    /// Writes a file below the root.
    pub fn file(&self, name: &str, content: &str) {
        let path = self.root.join(name);
        fs::create_dir_all(path.parent().expect("in a directory")).expect("writable");
        fs::write(path, content).expect("writable");
    }

    /// Sets an environment variable for what runs in this world.
    pub fn with(mut self, name: &'static str, value: &str) -> World {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// A command that will run under the fake kernel.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env("LD_PRELOAD", shim())
            .env("WD_SYSFS_ROOT", &self.root)
            .env("WD_DEV_ROOT", &self.root)
            .env("FAKE_LOG", self.root.join("log"))
            .envs(self.variables.iter().map(|(n, v)| (n, v)));
        command
    }

    /// The log of the fake kernel.
    pub fn log(&self) -> String {
        fs::read_to_string(self.root.join("log")).unwrap_or_default()
    }

    /// How many lines of the log begin with `call`.
    pub fn count(&self, call: &str) -> usize {
        self.log().lines().filter(|l| l.starts_with(call)).count()
    }

    /// The line numbers of the first lines that begin with each of `calls`, which must be there.
    pub fn order(&self, calls: &[&str]) -> Vec<usize> {
        let log = self.log();
        let at = |call: &&str| log.lines().position(|l| l.starts_with(call));
        let found = calls
            .iter()
            .map(|c| at(c).unwrap_or_else(|| panic!("no {c} in:\n{log}")));
        found.collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}
