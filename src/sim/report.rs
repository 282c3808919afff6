//! What each device of a simulation has done, as text: for tests that must prove that work went
//! through a device. `WD_SIM_REPORT` names where it goes.

use super::World;
use crate::log_error;
use crate::sys::env;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;

/// One line a device, of `name=value` words. Names and their order stay as they are; later versions
/// may append more.
#[must_use]
pub fn text(world: &World) -> String {
    let mut text = String::new();
    for device in world.names() {
        let Some(did) = world.counters(device) else {
            continue;
        };
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "device={device} pid={} queues={} descriptors={} completions={} bytes_in={} \
             bytes_out={} errors={} events={} faults={} model_errors={} stale_doorbells={} \
             bus_faults={}",
            std::process::id(),
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
    }
    text
}

/// Writes [`text`] to where `WD_SIM_REPORT` says: `-` is the standard output, `stderr` the standard
/// error, anything else a file that it is appended to. Without the variable it does nothing.
pub fn write(world: &World) {
    let Some(place) = env::secure("WD_SIM_REPORT").filter(|place| !place.is_empty()) else {
        return;
    };
    let text = text(world);
    // In one call each, so that the lines of several processes do not mix.
    let written = match place.as_str() {
        "-" => nix::unistd::write(std::io::stdout(), text.as_bytes()).map_err(Into::into),
        "stderr" => nix::unistd::write(std::io::stderr(), text.as_bytes()).map_err(Into::into),
        path => OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .and_then(|mut file| file.write(text.as_bytes())),
    };
    if let Err(error) = written {
        log_error!("WD_SIM_REPORT: {place}: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_device_has_a_line_of_names_and_values() {
        let world = World::new("hisi_zip,count=2".parse().expect("valid")).expect("valid");
        let text = text(&world);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[1].starts_with("device=hisi_zip-1 pid="));
        assert!(lines[1].contains(" queues=0 descriptors=0 "));
        assert!(lines[1].split(' ').all(|word| word.contains('=')));
    }
}
