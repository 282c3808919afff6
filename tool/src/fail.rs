//! Why a command could not be done, and the exit status that goes with it.

use std::fmt;

/// A reason, for people, in one line.
#[derive(Debug)]
pub struct Fail(String);

/// What most functions answer.
pub type Result<T> = std::result::Result<T, Fail>;

impl Fail {
    /// A reason.
    pub fn new(text: impl Into<String>) -> Fail {
        Fail(text.into())
    }

    /// A reason, and what was being done: `what: reason`.
    pub fn at(what: impl fmt::Display, why: impl fmt::Display) -> Fail {
        Fail(format!("{what}: {why}"))
    }
}

impl From<warpdrive::Error> for Fail {
    fn from(error: warpdrive::Error) -> Fail {
        Fail(error.to_string())
    }
}

impl fmt::Display for Fail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Standard output that nobody reads any more is no news.
pub fn is_closed_pipe(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::BrokenPipe
}

/// Writes to the standard output; a reader that has gone ends the program quietly.
pub fn print(text: &str) -> Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if !is_closed_pipe(&error) => Err(Fail::at("standard output", error)),
        _ => Ok(()),
    }
}

/// Writes a value as JSON to the standard output.
pub fn print_json(value: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Fail::at("JSON", error))?;
    print(&(text + "\n"))
}
