//! A progress bar on the standard error, if that is a terminal and the work takes
//! its time.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::time::{Duration, Instant};

/// Shorter work has no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar, or none.
pub struct Progress {
    name: String,
    length: Option<u64>,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A bar for an input of this length, if that is known.
    pub fn new(path: &Path, length: Option<u64>, quiet: bool) -> Progress {
        let wanted = !quiet && std::io::stderr().is_terminal();
        Progress {
            name: path.display().to_string(),
            length,
            bar: wanted.then(ProgressBar::hidden),
        }
    }

    /// A reader that moves the bar.
    pub fn watch<R: Read>(&self, inner: R) -> Watched<'_, R> {
        Watched {
            inner,
            count: 0,
            start: Instant::now(),
            progress: self,
        }
    }

    fn show(&self, bar: &ProgressBar) {
        const KNOWN: &str = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
        const UNKNOWN: &str = "{msg} {spinner} {bytes} {bytes_per_sec}";
        let template = if self.length.is_some() {
            KNOWN
        } else {
            UNKNOWN
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(self.name.clone());
        if let Some(length) = self.length {
            bar.set_length(length);
        }
        bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

/// See [`Progress::watch`].
pub struct Watched<'a, R> {
    inner: R,
    count: u64,
    start: Instant,
    progress: &'a Progress,
}

impl<R> Watched<'_, R> {
    /// Bytes read so far.
    pub fn count(&self) -> u64 {
        self.count
    }
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count += count as u64;
        if let Some(bar) = &self.progress.bar {
            if bar.is_hidden() && self.start.elapsed() > PATIENCE {
                self.progress.show(bar);
            }
            bar.set_position(self.count);
        }
        Ok(count)
    }
}
