//! Rounds on their way: processes, several at once.

use super::plan::Happened;
use super::request::Counts;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Between two looks at the processes.
const LOOK: Duration = Duration::from_millis(1);

/// A process.
struct Round {
    way: usize,
    /// What does it again, for a shell.
    again: String,
    child: Child,
}

/// Those that have not ended. When this goes, for example by a panic, they are ended.
pub struct Rounds(Vec<Round>);

impl Rounds {
    pub fn new() -> Rounds {
        Rounds(Vec::new())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Begins a round of this way: this program with these settings.
    pub fn start(&mut self, way: usize, settings: &[(&str, String)]) {
        let mut command = Command::new(std::env::current_exe().expect("a path"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WD_")) {
            command.env_remove(name);
        }
        let again = settings
            .iter()
            .map(|(name, text)| format!("{name}='{text}'"));
        let again = again.collect::<Vec<_>>().join(" ");
        command.envs(settings.iter().map(|(name, text)| (name, text)));
        let child = command.stdout(Stdio::piped()).spawn().expect("runs");
        self.0.push(Round { way, again, child });
    }

    /// Waits for any of them: its way, what it counted, and which faults happened. Fails if it did.
    pub fn next(&mut self) -> (usize, Counts, Happened) {
        loop {
            let ended = |round: &mut Round| round.child.try_wait().expect("a child").is_some();
            if let Some(at) = self.0.iter_mut().position(ended) {
                return self.0.swap_remove(at).result();
            }
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for Rounds {
    fn drop(&mut self) {
        for round in &mut self.0 {
            // An error says that it has ended.
            let _ = round.child.kill();
            let _ = round.child.wait();
        }
    }
}

impl Round {
    fn result(mut self) -> (usize, Counts, Happened) {
        let status = self.child.wait().expect("a child");
        // Two lines, for which the pipe had room.
        let (mut said, stdout) = (String::new(), self.child.stdout.take());
        let read = stdout.expect("a pipe").read_to_string(&mut said);
        let again = self.again;
        assert!(status.success(), "{status}: {said}\nagain: {again}");
        let mut lines = said.lines();
        let counts = lines.next().and_then(Counts::of);
        let happened = lines.next().and_then(Happened::of);
        match (read, counts, happened) {
            (Ok(_), Some(counts), Some(happened)) => (self.way, counts, happened),
            _ => panic!("no counts: {said}\nagain: {again}"),
        }
    }
}
