//! Where messages go: nowhere, to stderr (`WD_LOG_LEVEL`), or to functions
//! the program sets. No message is needed to use the library; every failure
//! also has an error number.

#![expect(
    unsafe_code,
    reason = "calls the C function that the program sets as its log hook"
)]

use core::ffi::{c_char, c_int};
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::ffi::CString;
use std::fmt;

/// How important a message is; the numbers are those of `syslog(3)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// A call failed; says why.
    Error = 3,
    /// What was chosen: devices, paths, sizes.
    Info = 6,
    /// What happens, for developers of this library.
    Debug = 7,
}

/// A C function that receives each message: level (3, 6 or 7) and NUL-terminated text.
///
/// It is called from the thread that caused the message, from several threads
/// at once if it comes so, and must not call the library: locks may be held.
pub type Hook = unsafe extern "C" fn(level: c_int, text: *const c_char);

/// A C function that prints an error as `printf` does. What holds for [`Hook`] holds for it.
pub type Printer = unsafe extern "C" fn(format: *const c_char, ...);

const UNREAD: u8 = u8::MAX;
const OFF: u8 = 0;

/// Messages up to this level go to stderr; [`UNREAD`] until the environment was looked at.
static STDERR_LEVEL: AtomicU8 = AtomicU8::new(UNREAD);
/// The hook as an address, 0 for none. One word, so that it is never seen half-written.
static HOOK: AtomicUsize = AtomicUsize::new(0);
/// The printer as an address, 0 for none.
static PRINTER: AtomicUsize = AtomicUsize::new(0);

/// Sets or, with `None`, removes the log function. It receives all levels.
pub(crate) fn set_hook(hook: Option<Hook>) {
    HOOK.store(hook.map_or(0, |f| f as usize), Ordering::Release);
}

/// Sets the function that receives errors as `printf` would: a format and its arguments.
pub(crate) fn set_printer(printer: Printer) {
    PRINTER.store(printer as usize, Ordering::Release);
}

/// Sets up to which level messages go to stderr; `None` silences it. Overrides `WD_LOG_LEVEL`.
pub fn set_stderr_level(level: Option<Level>) {
    STDERR_LEVEL.store(level.map_or(OFF, |l| l as u8), Ordering::Relaxed);
}

/// The level named by `WD_LOG_LEVEL`: `error`, `info`, `debug`; anything else is silence.
fn level_of(text: &str) -> u8 {
    match text {
        "error" => Level::Error as u8,
        "info" => Level::Info as u8,
        "debug" => Level::Debug as u8,
        _ => OFF,
    }
}

fn stderr_level() -> u8 {
    match STDERR_LEVEL.load(Ordering::Relaxed) {
        UNREAD => {
            // The log is the lowest floor and cannot use sys::env. A level is no
            // privilege, so plain getenv is enough even in a setuid program.
            let level = std::env::var("WD_LOG_LEVEL").map_or(OFF, |text| level_of(&text));
            STDERR_LEVEL.store(level, Ordering::Relaxed);
            level
        }
        level => level,
    }
}

/// Whether a message of this level would reach anyone; lets callers skip making its text.
#[must_use]
pub fn enabled(level: Level) -> bool {
    let printed = level == Level::Error && PRINTER.load(Ordering::Relaxed) != 0;
    printed || stderr_level() >= level as u8 || HOOK.load(Ordering::Relaxed) != 0
}

/// Sends one message. Called by the `log_*` macros.
pub fn write(level: Level, message: fmt::Arguments<'_>) {
    let hook = HOOK.load(Ordering::Acquire);
    if stderr_level() >= level as u8 {
        // Not by eprintln: it takes a lock, which a fork child may find taken for ever, and panics
        // where the standard error cannot be written. In one call, so that lines stay whole.
        let line = format!("warpdrive: {message}\n");
        let _ = nix::unistd::write(std::io::stderr(), line.as_bytes());
    }
    let printer = match level {
        Level::Error => PRINTER.load(Ordering::Acquire),
        Level::Info | Level::Debug => 0,
    };
    if hook == 0 && printer == 0 {
        return;
    }
    let Ok(text) = CString::new(message.to_string().replace('\0', "?")) else {
        return;
    };
    if printer != 0 {
        // SAFETY: only `set_printer` stores a non-zero value, and it stores the address of a
        // `Printer`; function pointers and usize have the same size on every Linux target.
        let function = unsafe { core::mem::transmute::<usize, Printer>(printer) };
        // SAFETY: the program gave this function for this purpose; the format takes one string,
        // which is NUL-terminated and lives until the call returns.
        unsafe { function(c"%s\n".as_ptr(), text.as_ptr()) };
    }
    if hook == 0 {
        return;
    }
    // SAFETY: only `set_hook` stores a non-zero value, and it stores the address of a `Hook`;
    // function pointers and usize have the same size on every Linux target.
    let function = unsafe { core::mem::transmute::<usize, Hook>(hook) };
    // SAFETY: the program gave this function for this purpose (contract of `Hook`); the text is
    // NUL-terminated and lives until the call returns.
    unsafe { function(level as c_int, text.as_ptr()) };
}

/// Logs why a call failed.
#[macro_export]
#[doc(hidden)]
macro_rules! log_error {
    ($($arg:tt)*) => {
        if $crate::log::enabled($crate::log::Level::Error) {
            $crate::log::write($crate::log::Level::Error, format_args!($($arg)*));
        }
    };
}

/// Logs what was chosen.
#[macro_export]
#[doc(hidden)]
macro_rules! log_info {
    ($($arg:tt)*) => {
        if $crate::log::enabled($crate::log::Level::Info) {
            $crate::log::write($crate::log::Level::Info, format_args!($($arg)*));
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::AtomicUsize;
    use std::ffi::CStr;

    static HEARD: AtomicUsize = AtomicUsize::new(0);

    unsafe extern "C" fn listen(level: c_int, text: *const c_char) {
        // SAFETY: `write` passes a NUL-terminated string that outlives the call.
        let text = unsafe { CStr::from_ptr(text) }.to_str().unwrap_or("");
        if level == 3 && text == "why 7 ? failed" {
            HEARD.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_hook_hears_each_message_once_and_survives_nul_bytes() {
        set_hook(Some(listen));
        log_error!("why {} \0 failed", 7);
        set_hook(None);
        log_error!("why {} \0 failed", 7);
        assert_eq!(HEARD.load(Ordering::Relaxed), 1);
    }

    static PRINTED: AtomicUsize = AtomicUsize::new(0);

    // A function with a variable number of arguments cannot be written in Rust; one with two gets the
    // first two of them on the machines that this library is for.
    unsafe extern "C" fn print(format: *const c_char, text: *const c_char) {
        // SAFETY: `write` passes NUL-terminated strings that outlive the call.
        let format = unsafe { CStr::from_ptr(format) };
        // SAFETY: as above.
        let text = unsafe { CStr::from_ptr(text) };
        if format == c"%s\n" && text == c"100 %n is no format" {
            PRINTED.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "calls a function by another type")]
    fn a_printer_hears_errors_and_nothing_else() {
        type Two = unsafe extern "C" fn(*const c_char, *const c_char);
        // SAFETY: see `print`.
        set_printer(unsafe { core::mem::transmute::<Two, Printer>(print) });
        assert!(enabled(Level::Error));
        log_error!("{} %n is no format", 100);
        write(Level::Info, format_args!("100 %n is no format"));
        PRINTER.store(0, Ordering::Release);
        assert_eq!(PRINTED.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn an_unknown_level_name_is_silence() {
        assert_eq!(level_of("loud"), OFF);
        assert_eq!(level_of("info"), 6);
    }
}
