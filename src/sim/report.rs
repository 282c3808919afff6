//! What each device of a simulation has done, as text: for tests that must prove that work went
//! through a device. `WD_SIM_REPORT` names where it goes, `WD_SIM_REPORT_SIGNAL` a signal at which
//! it is told besides the end of the process.

use super::World;
use crate::sys::{env, signal};
use core::fmt::{self, Write as _};
use std::ffi::CString;
use std::sync::OnceLock;

use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;

/// The longest line.
const LINE: usize = 512;

/// Where reports go.
enum Place {
    Output,
    Error,
    File(CString),
}

/// `None` inside if nobody has asked for reports.
static PLACE: OnceLock<Option<Place>> = OnceLock::new();

/// A line that is made without allocating. What does not fit is cut off.
struct Line {
    bytes: [u8; LINE],
    len: usize,
}

impl Line {
    /// What a device has done: words `name=value`. Names and their order stay as they are; later
    /// versions may append more.
    fn of(world: &World, device: &str) -> Line {
        let mut line = Line {
            bytes: [0; LINE],
            len: 0,
        };
        let did = world.counters(device).unwrap_or_default();
        // It fits: twelve numbers of at most 20 digits.
        let _ = writeln!(
            line,
            "device={device} pid={} queues={} descriptors={} completions={} bytes_in={} \
             bytes_out={} errors={} events={} faults={} model_errors={} stale_doorbells={} \
             bus_faults={}",
            nix::unistd::getpid(),
            did.opened,
            did.descriptors,
            did.completions,
            did.bytes_in,
            did.bytes_out,
            did.errors,
            did.events,
            did.faults,
            did.model_errors,
            did.stale_doorbells,
            did.bus_faults,
        );
        line
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.len..self.len + text.len());
        room.ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

/// Reads the environment: `WD_SIM_REPORT` is `-` for the standard output, `stderr` for the standard
/// error, anything else a file that lines are appended to. At the signal of `WD_SIM_REPORT_SIGNAL`
/// `tell` runs, which is to do nothing but find the world and [`write()`]. To be called before either.
///
/// # Errors
/// What is wrong with the variables, in words.
pub fn prepare(tell: signal::Handler) -> Result<(), String> {
    let asked = |name| env::secure(name).filter(|text| !text.is_empty());
    let place = match asked("WD_SIM_REPORT").as_deref() {
        None => None,
        Some("-") => Some(Place::Output),
        Some("stderr") => Some(Place::Error),
        Some(path) => CString::new(path).ok().map(Place::File),
    };
    let told = PLACE.get_or_init(|| place).is_some();
    let Some(name) = asked("WD_SIM_REPORT_SIGNAL") else {
        return Ok(());
    };
    let wrong = |reason: &dyn fmt::Display| format!("WD_SIM_REPORT_SIGNAL: {reason}");
    let number = signal::number(&name).map_err(|reason| wrong(&reason))?;
    if !told {
        return Err(wrong(&"WD_SIM_REPORT does not say where to"));
    }
    signal::on(number, tell)
        .map_err(|_| wrong(&format!("the program has a use of its own for {name}")))
}

/// Tells what the devices have done, if that is asked for: a line a device. Neither allocates nor
/// locks, so that a signal handler may call it.
pub fn write(world: &World) {
    let Some(Some(place)) = PLACE.get() else {
        return;
    };
    // Each line in one call, so that the lines of several processes do not mix.
    let lines = world.names().map(|device| Line::of(world, device));
    match place {
        Place::Output => lines.for_each(|line| put(std::io::stdout(), &line)),
        Place::Error => lines.for_each(|line| put(std::io::stderr(), &line)),
        Place::File(path) => {
            let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT | OFlag::O_CLOEXEC;
            let file = open(path.as_c_str(), flags, Mode::from_bits_truncate(0o666));
            match file {
                Ok(file) => lines.for_each(|line| put(&file, &line)),
                Err(error) => complain(path, error),
            }
        }
    }
}

/// Nobody is left to hear of an error.
fn put(to: impl std::os::fd::AsFd, line: &Line) {
    let _ = nix::unistd::write(to, line.bytes());
}

/// As the log would, but without allocating.
fn complain(path: &CString, error: nix::Error) {
    let mut line = Line {
        bytes: [0; LINE],
        len: 0,
    };
    let path = path.to_str().unwrap_or("");
    let _ = write!(line, "WD_SIM_REPORT: ");
    let _ = write!(line, "{path}");
    let _ = writeln!(line, ": {}", error.desc());
    put(std::io::stderr(), &line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_device_has_a_line_of_names_and_values() {
        let world = World::new("hisi_zip,count=2".parse().expect("valid")).expect("valid");
        let lines: Vec<_> = world
            .names()
            .map(|device| Line::of(&world, device))
            .map(|line| String::from_utf8(line.bytes().to_vec()).expect("a text"))
            .collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[1].starts_with("device=hisi_zip-1 pid="));
        assert!(lines[1].contains(" queues=0 descriptors=0 "));
        assert!(lines[1].ends_with(" bus_faults=0\n"));
        assert!(lines[1].trim().split(' ').all(|word| word.contains('=')));
    }
}
