//! Plug-ins: shared objects in the directory `uadk` beside this library, whose
//! constructors register drivers. `uadk.cnf` in it, if there, says which.
//!
//! The place cannot be changed by the environment, so it is safe in setuid programs
//! too: they find this library only where the system's loader trusts, and whoever can
//! write beside it could replace the library itself. A program that contains this
//! library has no plug-ins: what it calls itself may be its caller's choice.

#![expect(unsafe_code, reason = "dlopen, and the loader's list of objects")]

use super::env;
use crate::error::{Error, Result};
use crate::{log_error, log_info};
use core::ffi::{CStr, c_int, c_void};
use std::ffi::{CString, OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// The directory beside the library.
const DIRECTORY: &str = "uadk";
/// The list of plug-ins in it.
const LIST: &str = "uadk.cnf";
/// What a plug-in must be linked to.
const NEEDED: &CStr = c"wd_alg_driver_register";

/// Loads all plug-ins. One that cannot be loaded is passed over; no directory means no plug-ins. To
/// do it again loads what is new. A plug-in stays until the process ends.
pub fn load_all() {
    if let Some(directory) = directory() {
        load_from(&directory);
    }
}

/// As [`load_all`], only the plug-in in `file`; it need not be there.
///
/// # Errors
/// [`Error::Invalid`] if there is a list of plug-ins without it.
pub fn load_only(file: &str) -> Result<()> {
    directory().map_or(Ok(()), |directory| load_only_from(&directory, file))
}

fn load_from(directory: &Path) -> Vec<OsString> {
    let files = match fs::read(directory.join(LIST)) {
        Ok(list) => listed(&list),
        Err(_) => present(directory),
    };
    files
        .into_iter()
        .filter(|file| load(directory, file))
        .collect()
}

fn load_only_from(directory: &Path, file: &str) -> Result<()> {
    if let Ok(list) = fs::read(directory.join(LIST)) {
        let names = |line: &OsString| contains(line.as_bytes(), file.as_bytes());
        if !listed(&list).iter().any(names) {
            log_error!("{file}: not in {LIST}");
            return Err(Error::Invalid);
        }
    }
    let file = OsStr::new(file);
    if directory.join(file).exists() {
        load(directory, file);
    }
    Ok(())
}

/// The names in a list: the lines that do not begin with `#` and have `.so` in them, as they are.
/// Public for those who try it with any bytes.
pub fn listed(list: &[u8]) -> Vec<OsString> {
    let lines = list.split(|byte| *byte == b'\n');
    let valid = lines.filter(|line| !line.starts_with(b"#") && contains(line, b".so"));
    valid
        .map(|line| OsString::from_vec(line.to_vec()))
        .collect()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// The files in the directory that are called like plug-ins, in its own order.
fn present(directory: &Path) -> Vec<OsString> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name());
    names.filter(|name| is_plugin(name.as_bytes())).collect()
}

/// `lib`, anything, `.so`.
fn is_plugin(name: &[u8]) -> bool {
    name.len() >= b"lib.so".len() && name.starts_with(b"lib") && name.ends_with(b".so")
}

/// Whether the file is a plug-in, which then is loaded.
fn load(directory: &Path, file: &OsStr) -> bool {
    // Below the directory, whatever the name is.
    let mut path = directory.as_os_str().to_owned();
    path.push("/");
    path.push(file);
    let shown = Path::new(&path).display().to_string();
    let Ok(path) = CString::new(path.into_vec()) else {
        log_error!("{shown}: no file has such a name");
        return false;
    };
    let flags = libc::RTLD_NOW | libc::RTLD_NODELETE;
    // SAFETY: the path ends with NUL; that the object's constructors behave is the promise of
    // whoever put it beside this library.
    let handle = unsafe { libc::dlopen(path.as_ptr(), flags) };
    if handle.is_null() {
        log_error!("{}; passed over", trouble());
        return false;
    }
    // SAFETY: a handle of dlopen, not closed yet.
    let found = unsafe { libc::dlsym(handle, NEEDED.as_ptr()) };
    // It stays loaded all the same (RTLD_NODELETE).
    // SAFETY: a handle of dlopen, closed once.
    unsafe { libc::dlclose(handle) };
    if found.is_null() {
        log_error!("{shown}: not linked to this library; passed over");
    } else {
        log_info!("{shown}: loaded");
    }
    !found.is_null()
}

/// What the loader says of its last failure on this thread.
fn trouble() -> String {
    // SAFETY: dlerror has no precondition.
    let text = unsafe { libc::dlerror() };
    if text.is_null() {
        return "not loaded".to_owned();
    }
    // SAFETY: not null, so a string, which stays until the next call on this thread.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_string_lossy().into_owned()
}

/// The directory of the plug-ins. `None` in a program that contains this library.
fn directory() -> Option<PathBuf> {
    let library = own_file()?;
    if library.is_relative() && env::privileged() {
        return None;
    }
    Some(library.parent()?.join(DIRECTORY))
}

/// The file of the shared library that this code is in, as the loader opened it. `None` if it is in
/// the program itself.
fn own_file() -> Option<PathBuf> {
    let mut search = Search {
        address: own_file as *const () as usize,
        found: None,
    };
    if !cfg!(miri) {
        // SAFETY: `visit` takes what is passed here; both live until the call returns.
        unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast()) };
    }
    let name = search.found.filter(|name| !name.is_empty())?;
    Some(PathBuf::from(OsString::from_vec(name)))
}

struct Search {
    address: usize,
    /// The name of the object with the address; empty for the program.
    found: Option<Vec<u8>>,
}

/// Looks at one loaded object; 1 ends the search.
unsafe extern "C" fn visit(info: *mut libc::dl_phdr_info, _: usize, data: *mut c_void) -> c_int {
    // SAFETY: the loader's description of an object, valid during the call.
    let info = unsafe { &*info };
    // SAFETY: what `own_file` passed, which nobody else uses meanwhile.
    let search = unsafe { &mut *data.cast::<Search>() };
    for index in 0..usize::from(info.dlpi_phnum) {
        // SAFETY: so many headers are there.
        let header = unsafe { info.dlpi_phdr.add(index) };
        // SAFETY: as above.
        let header = unsafe { &*header };
        let start = (info.dlpi_addr as usize).wrapping_add(header.p_vaddr as usize);
        let inside = search.address.wrapping_sub(start) < header.p_memsz as usize;
        if header.p_type == libc::PT_LOAD && inside {
            let name = if info.dlpi_name.is_null() {
                &[]
            } else {
                // SAFETY: not null, so a string of the loader's.
                unsafe { CStr::from_ptr(info.dlpi_name) }.to_bytes()
            };
            search.found = Some(name.to_vec());
            return 1;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_list_names_a_plugin_in_each_line_with_so_in_it() {
        let list = b"# libcommented.so\nliba.so\n\nlibb.so.2\nnotes\n libc.so \n#\nlibd.so";
        assert_eq!(
            listed(list),
            ["liba.so", "libb.so.2", " libc.so ", "libd.so"]
        );
        assert!(listed(b"").is_empty());
    }

    #[test]
    fn a_plugin_is_called_lib_something_so() {
        for (name, good) in [
            ("libhisi_zip.so", true),
            ("lib.so", true),
            ("libso", false),
            ("lib.s", false),
            ("libhisi_zip.so.2", false),
            ("hisi_zip.so", false),
            ("Libx.so", false),
            ("lib.so.bak", false),
        ] {
            assert_eq!(is_plugin(name.as_bytes()), good, "{name}");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "asks the loader")]
    fn a_program_with_the_library_in_it_has_no_plugins() {
        assert_eq!(own_file(), None);
        assert_eq!(directory(), None);
        assert_eq!(load_only("libhisi_zip.so"), Ok(()));
    }

    /// A directory with the objects made of these sources.
    fn objects(of: &str, sources: &[(&str, &str)]) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("wd-{of}-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("writable");
        for (name, source) in sources {
            let file = directory.join(name).with_extension("c");
            fs::write(&file, source).expect("writable");
            let mut compiler = Command::new("cc");
            compiler.args(["-shared", "-fPIC", "-o"]);
            let made = compiler.arg(directory.join(name)).arg(&file).status();
            assert!(made.expect("there is a C compiler").success(), "{name}");
        }
        directory
    }

    const PLUGIN: &str = "int wd_alg_driver_register(void *driver) { return 0; }";
    const STRANGER: &str = "int something_else(void) { return 0; }";

    #[test]
    #[cfg_attr(miri, ignore = "runs the C compiler")]
    fn a_plugin_is_kept_only_if_it_is_linked_to_the_library() {
        let sources = [("libgood.so", PLUGIN), ("libstrange.so", STRANGER)];
        let directory = objects("linked", &sources);
        fs::write(directory.join("libbroken.so"), "no object").expect("writable");
        fs::write(directory.join("notes.txt"), PLUGIN).expect("writable");
        assert_eq!(load_from(&directory), ["libgood.so"]);
        assert_eq!(load_from(&directory), ["libgood.so"], "again");
        fs::remove_dir_all(&directory).expect("still there");
    }

    #[test]
    #[cfg_attr(miri, ignore = "runs the C compiler")]
    fn a_list_of_plugins_says_which_are_loaded() {
        let sources = [("libone.so", PLUGIN), ("libtwo.so", PLUGIN)];
        let directory = objects("listed", &sources);
        let list = "#libone.so\nlibmissing.so\nlibtwo.so\n";
        fs::write(directory.join(LIST), list).expect("writable");
        assert_eq!(load_from(&directory), ["libtwo.so"]);
        assert_eq!(load_only_from(&directory, "libtwo.so"), Ok(()));
        let one = load_only_from(&directory, "libone.so");
        assert_eq!(one, Err(Error::Invalid));
        fs::remove_file(directory.join(LIST)).expect("still there");
        assert_eq!(load_only_from(&directory, "libone.so"), Ok(()));
        assert_eq!(load_only_from(&directory, "libnone.so"), Ok(()));
        fs::remove_dir_all(&directory).expect("still there");
    }
}
