//! Which programs a preloaded library reaches: the ELF header tells.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Scripts of scripts: as many as the kernel follows.
const SCRIPTS: u32 = 4;
/// The most that the kernel reads of a script's first line.
const FIRST_LINE: u64 = 256;
/// The most program headers that are looked at; linkers make a dozen.
const HEADERS: u16 = 256;
/// `p_type` of the header that names the dynamic linker (`elf.h`).
const PT_INTERP: u32 = 3;

/// `e_machine` of this tool's own machine.
const MACHINE: u16 = if cfg!(target_arch = "aarch64") {
    183
} else {
    62
};

/// Why a program cannot be served.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    NotThere,
    Directory,
    NotReadable(String),
    Static,
    OtherMachine,
    OtherLibrary,
    Privileged,
    Scripts,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Refusal::NotThere => "not found",
            Refusal::Directory => "is a directory",
            Refusal::NotReadable(reason) => reason,
            Refusal::Static => {
                "is statically linked: no dynamic linker loads libwd_sim.so into it, so it would see no device"
            }
            Refusal::OtherMachine => "is for another machine than libwd_sim.so",
            Refusal::OtherLibrary => {
                "uses another C library (musl), into which libwd_sim.so cannot be loaded"
            }
            Refusal::Privileged => {
                "is setuid or setgid: the dynamic linker loads no such library into it"
            }
            Refusal::Scripts => "is a script of a script of scripts",
        };
        f.write_str(text)
    }
}

/// The file that a shell would run.
pub fn find(name: &Path) -> Option<PathBuf> {
    if name.as_os_str().as_bytes().contains(&b'/') {
        return Some(name.to_owned());
    }
    let path = env::var_os("PATH")?;
    let runs = |path: &PathBuf| {
        let about = fs::metadata(path);
        about.is_ok_and(|about| about.is_file() && about.mode() & 0o111 != 0)
    };
    env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(runs)
}

/// Whether a preloaded library reaches the program, or the interpreter of the script.
pub fn check(path: &Path) -> Result<(), Refusal> {
    let mut path = path.to_owned();
    for _ in 0..=SCRIPTS {
        match look(&path)? {
            Some(interpreter) => path = interpreter,
            None => return Ok(()),
        }
    }
    Err(Refusal::Scripts)
}

/// Looks at a file; the interpreter, if it is a script. What is neither program nor script the
/// kernel will refuse.
fn look(path: &Path) -> Result<Option<PathBuf>, Refusal> {
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Refusal::NotThere,
        _ => Refusal::NotReadable(error.to_string()),
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    if about.is_dir() {
        return Err(Refusal::Directory);
    }
    let mut start = Vec::new();
    let first = Read::by_ref(&mut file).take(FIRST_LINE);
    { first }.read_to_end(&mut start).map_err(unreadable)?;
    if let Some(line) = start.strip_prefix(b"#!") {
        return Ok(Some(interpreter(line)));
    }
    let Some(header) = start.strip_prefix(b"\x7fELF") else {
        return Ok(None);
    };
    // Two bytes say 64 bits and little-endian; both machines are.
    if !header.starts_with(&[2, 1]) || word(&start, 18) != Some(MACHINE) {
        return Err(Refusal::OtherMachine);
    }
    let linker = linker(&mut file, &start).map_err(unreadable)?;
    match linker {
        None => Err(Refusal::Static),
        Some(name) if name.windows(7).any(|part| part == b"ld-musl") => Err(Refusal::OtherLibrary),
        Some(_) if raises(about.mode(), about.uid(), about.gid()) => Err(Refusal::Privileged),
        Some(_) => Ok(None),
    }
}

/// The program that a script's first line names.
fn interpreter(line: &[u8]) -> PathBuf {
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut words = line.split(|byte| byte.is_ascii_whitespace());
    let name = words.find(|word| !word.is_empty()).unwrap_or_default();
    PathBuf::from(OsStr::from_bytes(name))
}

/// The dynamic linker that a program names.
fn linker(file: &mut File, header: &[u8]) -> std::io::Result<Option<Vec<u8>>> {
    let (Some(at), Some(size), Some(count)) =
        (long(header, 32), word(header, 54), word(header, 56))
    else {
        return Ok(None);
    };
    for number in 0..u64::from(count.min(HEADERS)) {
        let mut entry = [0; 56];
        file.seek(SeekFrom::Start(at.saturating_add(number * u64::from(size))))?;
        if file.read_exact(&mut entry).is_err() {
            break;
        }
        if u32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]) == PT_INTERP {
            let mut name = Vec::new();
            file.seek(SeekFrom::Start(long(&entry, 8).unwrap_or(0)))?;
            let length = long(&entry, 32).unwrap_or(0).min(FIRST_LINE);
            Read::by_ref(file).take(length).read_to_end(&mut name)?;
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Whether the kernel would give the program another user or group than ours.
fn raises(mode: u32, user: u32, group: u32) -> bool {
    let other_user = mode & 0o4000 != 0 && user != nix::unistd::getuid().as_raw();
    // Without the right to be run by the group it is no setgid, but a lock.
    let setgid = mode & 0o2010 == 0o2010;
    other_user || setgid && group != nix::unistd::getgid().as_raw()
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_le_bytes(*bytes))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, bytes: &[u8]) -> PathBuf {
        let path = env::temp_dir().join(format!("wd-sim-{}-{name}", std::process::id()));
        fs::write(&path, bytes).expect("writable");
        path
    }

    /// An ELF header, and one program header of this type that names `linker`.
    fn elf(machine: u16, kind: u32, linker: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(64 + 56, 0);
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[32] = 64;
        (bytes[54], bytes[56]) = (56, 1);
        bytes[64..68].copy_from_slice(&kind.to_le_bytes());
        bytes[64 + 8] = 120;
        bytes[64 + 32] = linker.len() as u8;
        bytes.extend_from_slice(linker);
        bytes
    }

    #[test]
    fn programs_that_a_preload_does_not_reach_are_refused() {
        let glibc = b"/lib64/ld-linux-x86-64.so.2\0";
        let cases: [(&str, Vec<u8>, Result<(), Refusal>); 7] = [
            ("good", elf(MACHINE, PT_INTERP, glibc), Ok(())),
            ("static", elf(MACHINE, 1, glibc), Err(Refusal::Static)),
            (
                "musl",
                elf(MACHINE, PT_INTERP, b"/lib/ld-musl-x86_64.so.1\0"),
                Err(Refusal::OtherLibrary),
            ),
            (
                "machine",
                elf(243, PT_INTERP, glibc),
                Err(Refusal::OtherMachine),
            ),
            (
                "narrow",
                b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\0\0".to_vec(),
                Err(Refusal::OtherMachine),
            ),
            (
                "cut",
                elf(MACHINE, PT_INTERP, glibc)[..100].to_vec(),
                Err(Refusal::Static),
            ),
            ("text", b"hello".to_vec(), Ok(())),
        ];
        for (name, bytes, answer) in cases {
            let path = file(name, &bytes);
            assert_eq!(check(&path), answer, "{name}");
            fs::remove_file(path).expect("there");
        }
    }

    #[test]
    fn scripts_are_what_their_interpreter_is() {
        let inner = file("inner", &elf(MACHINE, 1, b""));
        let script =
            |name: &str, of: &Path| file(name, format!("#! {} -x\nrest", of.display()).as_bytes());
        let outer = script("outer", &inner);
        assert_eq!(check(&outer), Err(Refusal::Static));
        let circle = env::temp_dir().join(format!("wd-sim-{}-circle", std::process::id()));
        script("circle", &circle);
        assert_eq!(check(&circle), Err(Refusal::Scripts));
        assert_eq!(
            check(&file("lost", b"#!/nonexistent/shell\n")),
            Err(Refusal::NotThere)
        );
        assert_eq!(check(&env::temp_dir()), Err(Refusal::Directory));
        for name in ["inner", "outer", "circle", "lost"] {
            let path = env::temp_dir().join(format!("wd-sim-{}-{name}", std::process::id()));
            fs::remove_file(path).expect("there");
        }
    }

    #[test]
    fn raised_privileges_are_seen() {
        let (user, group) = (
            nix::unistd::getuid().as_raw(),
            nix::unistd::getgid().as_raw(),
        );
        assert!(!raises(0o4755, user, group) && !raises(0o755, user + 1, group + 1));
        assert!(raises(0o4755, user + 1, group) && raises(0o2755, user, group + 1));
    }
}
