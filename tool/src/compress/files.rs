//! The files around the data: names, modes, and what is left after an error.

use crate::fail::{Fail, Result, is_closed_pipe};
use crate::lane::{Format, Way};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs::{self, File, FileTimes, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// The output file that is not complete yet.
static PARTIAL: Mutex<Option<PathBuf>> = Mutex::new(None);

fn partial() -> MutexGuard<'static, Option<PathBuf>> {
    PARTIAL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on a signal that ends the program takes the incomplete output with it.
pub fn watch_signals() -> Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])
        .map_err(|error| Fail::at("signal handlers", error))?;
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            if let Some(path) = partial().take() {
                let _ = fs::remove_file(path);
            }
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}

/// The suffix of files of a format.
fn suffix(format: Format) -> &'static str {
    match format {
        Format::Gzip => "gz",
        Format::Zlib => "zz",
        Format::Lz4 => "lz4",
        _ => "deflate",
    }
}

/// The name of the output for an input file, or why there is none.
pub fn output_name(path: &Path, way: Way, format: Format) -> std::result::Result<PathBuf, String> {
    let wanted = suffix(format);
    let has = path.extension().is_some_and(|name| name == wanted);
    match way {
        Way::Compress if has => Err(format!("has the suffix .{wanted} already, unchanged")),
        Way::Compress => {
            let mut name = path.as_os_str().to_owned();
            name.push(".");
            name.push(wanted);
            Ok(name.into())
        }
        Way::Decompress if has => Ok(path.with_extension("")),
        Way::Decompress if path.extension().is_some_and(|name| name == "tgz") => {
            Ok(path.with_extension("tar"))
        }
        Way::Decompress => Err(format!(
            "has not the suffix .{wanted}, ignored; see -c and -o"
        )),
    }
}

/// The input.
pub struct Source {
    path: Option<PathBuf>,
    file: Box<dyn Read>,
    first: [u8; 4],
    read: usize,
    metadata: Option<Metadata>,
}

impl Source {
    /// Opens a file, or for `-` the standard input; a reason to leave it out.
    pub fn open(path: &Path, force: bool) -> Result<std::result::Result<Source, String>> {
        if path == Path::new("-") {
            return Ok(Ok(Source::new(None, Box::new(io::stdin().lock()), None)));
        }
        let metadata = fs::symlink_metadata(path).map_err(|error| Fail::new(error.to_string()))?;
        if metadata.is_symlink() && !force {
            return Ok(Err("a symbolic link, ignored".to_owned()));
        }
        let file = File::open(path).map_err(|error| Fail::new(error.to_string()))?;
        let metadata = file
            .metadata()
            .map_err(|error| Fail::new(error.to_string()))?;
        if !metadata.is_file() {
            return Ok(Err("not a file, ignored".to_owned()));
        }
        let source = Source::new(Some(path.to_owned()), Box::new(file), Some(metadata));
        Ok(Ok(source))
    }

    fn new(path: Option<PathBuf>, file: Box<dyn Read>, metadata: Option<Metadata>) -> Source {
        Source {
            path,
            file,
            first: [0; 4],
            read: 0,
            metadata,
        }
    }

    /// The first bytes, up to four; they are read again by [`Source::reader`].
    pub fn first(&mut self) -> Result<([u8; 4], usize)> {
        self.read = super::fill(&mut self.file, &mut self.first)?;
        Ok((self.first, self.read))
    }

    /// All bytes.
    pub fn reader(&mut self) -> impl Read + '_ {
        self.first[..self.read].chain(&mut self.file)
    }

    /// Whether it is the standard input.
    pub fn is_pipe(&self) -> bool {
        self.path.is_none()
    }

    /// Its length, if known.
    pub fn length(&self) -> Option<u64> {
        self.metadata.as_ref().map(Metadata::len)
    }

    /// Its permission bits; usual ones for the standard input.
    pub fn mode(&self) -> Option<u32> {
        self.metadata.as_ref().map(|data| data.mode() & 0o7777)
    }

    /// What is known of the file.
    pub fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_ref()
    }

    /// Removes the file.
    pub fn remove(&self) -> Result<()> {
        match &self.path {
            Some(path) => fs::remove_file(path).map_err(|error| Fail::new(error.to_string())),
            None => Ok(()),
        }
    }
}

/// The output. A file that is not finished is removed when this is dropped.
pub enum Sink {
    /// The standard output.
    Stdout(io::Stdout),
    /// A file.
    File(Partial),
}

/// An output file on its way.
pub struct Partial {
    file: File,
    /// Where it is now.
    path: PathBuf,
    /// Where it is to be.
    goal: PathBuf,
}

impl Sink {
    /// The standard output.
    pub fn stdout() -> Sink {
        Sink::Stdout(io::stdout())
    }

    /// A file. `force`: it replaces one that is there, when it is complete. `mode`: of the input.
    pub fn file(goal: &Path, force: bool, mode: Option<u32>) -> Result<Sink> {
        // Nobody else reads it before it has its mode.
        let mode = mode.map_or(0o666, |_| 0o600);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(mode);
        let fail = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Fail::new(format!("{} exists; -f overwrites", goal.display()))
            }
            _ => Fail::at(goal.display(), error),
        };
        let path = if force && goal.exists() {
            let mut name = goal.as_os_str().to_owned();
            name.push(format!(".{}.part", std::process::id()));
            PathBuf::from(name)
        } else {
            goal.to_owned()
        };
        let file = options.open(&path).map_err(fail)?;
        *partial() = Some(path.clone());
        Ok(Sink::File(Partial {
            file,
            path,
            goal: goal.to_owned(),
        }))
    }

    /// Completes the output: mode and times of the input, and its name.
    pub fn finish(mut self, input: Option<&Metadata>) -> Result<()> {
        let fail = |error: io::Error| Fail::at("output", error);
        match &mut self {
            Sink::Stdout(out) => match out.flush() {
                Err(error) if !is_closed_pipe(&error) => Err(fail(error)),
                _ => Ok(()),
            },
            Sink::File(out) => {
                if let Some(input) = input {
                    let mode = Permissions::from_mode(input.mode() & 0o7777);
                    out.file.set_permissions(mode).map_err(fail)?;
                    let mut times = FileTimes::new();
                    if let (Ok(read), Ok(written)) = (input.accessed(), input.modified()) {
                        times = times.set_accessed(read).set_modified(written);
                    }
                    out.file.set_times(times).map_err(fail)?;
                }
                if out.path != out.goal {
                    fs::rename(&out.path, &out.goal).map_err(fail)?;
                }
                *partial() = None;
                Ok(())
            }
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Still there if it was not finished.
        if let Some(path) = partial().take() {
            let _ = fs::remove_file(path);
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Stdout(out) => out.write(bytes),
            Sink::File(out) => out.file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Stdout(out) => out.flush(),
            Sink::File(out) => out.file.flush(),
        }
    }
}
