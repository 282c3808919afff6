//! `wd test`: every algorithm on every device and in software.

mod checks;
pub use checks::check_job;
mod decode;
pub mod known;

use crate::cli::Where;
use crate::fail::{Fail, Result, print, print_json};
use crate::lane::{Format, Place, Wish, is_served};
use crate::list;
use crate::table::Table;
use checks::Outcome;
use clap::Args;
use serde::Serialize;
use std::sync::Arc;
use warpdrive::drv::Path;

/// Test every algorithm on every device and in software against known answers
///
/// Exit status 0 if all is right, 1 if anything is wrong or there was nothing to test.
#[derive(Args, Debug)]
pub struct Test {
    /// Only this algorithm; may be given several times
    #[arg(short, long)]
    algorithm: Vec<Format>,
    #[command(flatten)]
    place: Where,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What a check answered, or why there was none.
#[derive(Serialize)]
pub struct Line {
    device: String,
    /// Who did it, as the engine says: `device`, `simulated` or `software`.
    path: Option<&'static str>,
    algorithm: &'static str,
    check: &'static str,
    /// `ok`, `failed` or `skipped`.
    result: &'static str,
    reason: Option<String>,
}

#[derive(Serialize)]
struct Report {
    passed: usize,
    failed: usize,
    skipped: usize,
    checks: Vec<Line>,
}

/// Runs the command; the exit status.
pub fn run(options: &Test) -> Result<u8> {
    let formats = if options.algorithm.is_empty() {
        &Format::ALL[..]
    } else {
        &options.algorithm[..]
    };
    let lines = all(&options.place.wish(), formats)?;
    let (passed, failed) = count(&lines);
    let skipped = lines.len() - passed - failed;
    if options.json {
        let checks = lines;
        print_json(&Report {
            passed,
            failed,
            skipped,
            checks,
        })?;
    } else {
        let mut text = table(&lines);
        text += &format!("{passed} passed, {failed} failed, {skipped} skipped\n");
        print(&text)?;
    }
    Ok(u8::from(failed > 0 || passed == 0))
}

/// All checks of these formats.
pub fn all(wish: &Wish, formats: &[Format]) -> Result<Vec<Line>> {
    let bus = list::bus()?;
    let mut places: Vec<Place> = Vec::new();
    if *wish != Wish::Software {
        let devices = list::devices()?.into_iter();
        places.extend(devices.map(|device| Place::Device(Arc::new(device))));
    }
    if let Wish::Device(name) = wish {
        places.retain(|place| place.name() == name);
        if places.is_empty() {
            return Err(Fail::at(name, "no such device"));
        }
    }
    if matches!(wish, Wish::Auto | Wish::Software) {
        places.push(Place::Software);
    }
    let mut lines = Vec::new();
    for place in &places {
        for format in formats {
            if let Some(reason) = skipped(place, *format) {
                lines.extend(reason.map(|reason| Line {
                    device: place.name().to_owned(),
                    path: None,
                    algorithm: format.name(),
                    check: "all",
                    result: "skipped",
                    reason: Some(reason),
                }));
                continue;
            }
            let outcomes = checks::run(bus, place, *format);
            lines.extend(outcomes.into_iter().map(|one| line(place, *format, one)));
        }
    }
    Ok(lines)
}

/// How many checks passed, and how many failed.
pub fn count(lines: &[Line]) -> (usize, usize) {
    let of = |result: &str| lines.iter().filter(|line| line.result == result).count();
    (of("ok"), of("failed"))
}

/// Why a place is not tested; `Some(None)` where it does not claim to have the format.
fn skipped(place: &Place, format: Format) -> Option<Option<String>> {
    let Place::Device(device) = place else {
        return None;
    };
    if !device.has(format.name()) {
        return Some(None);
    }
    if !device.usable() {
        return Some(Some("isolated, or no free queue".to_owned()));
    }
    (!is_served(device, format)).then(|| Some("no driver here".to_owned()))
}

fn line(place: &Place, format: Format, outcome: Outcome) -> Line {
    let path = outcome.path.map(|path| match path {
        Path::Hardware => "device",
        Path::Simulated => "simulated",
        Path::Software => "software",
        Path::Foreign => "elsewhere",
    });
    Line {
        device: place.name().to_owned(),
        path,
        algorithm: format.name(),
        check: outcome.check,
        result: if outcome.failure.is_none() {
            "ok"
        } else {
            "failed"
        },
        reason: outcome.failure,
    }
}

fn table(lines: &[Line]) -> String {
    let headings = ["DEVICE", "PATH", "ALGORITHM", "CHECK", "RESULT"];
    let mut table = Table::new(&headings);
    for line in lines {
        let reason = line.reason.as_ref().map(|reason| format!(": {reason}"));
        table.row(vec![
            line.device.clone(),
            line.path.unwrap_or("-").to_owned(),
            line.algorithm.to_owned(),
            line.check.to_owned(),
            line.result.to_owned() + &reason.unwrap_or_default(),
        ]);
    }
    table.text()
}
