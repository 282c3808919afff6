//! `wd pages`: man pages and completions, made from the command line's own
//! description. `make tool` calls it.

use crate::cli::Cli;
use crate::fail::{Fail, Result};
use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use std::fs;
use std::path::{Path, PathBuf};

/// Write man pages and shell completions into a directory
#[derive(Args, Debug)]
pub struct Pages {
    /// The directory
    directory: PathBuf,
}

/// Runs the command.
pub fn run(options: &Pages) -> Result<()> {
    let man = options.directory.join("man");
    let at = |path: &Path, error: std::io::Error| Fail::at(path.display(), error);
    fs::create_dir_all(&man).map_err(|error| at(&man, error))?;
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    write_page(&command, "wd", &man)?;
    let completions = options.directory.join("completions");
    fs::create_dir_all(&completions).map_err(|error| at(&completions, error))?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut command, "wd", &completions)
            .map_err(|error| at(&completions, error))?;
    }
    Ok(())
}

/// A page for a command, and for each below it: `wd-trace-record.1`.
fn write_page(command: &Command, name: &str, directory: &Path) -> Result<()> {
    let path = directory.join(format!("{name}.1"));
    let titled = command.clone().name(name.to_owned()).display_name(name);
    let mut page = Vec::new();
    let made = Man::new(titled).render(&mut page);
    made.and_then(|()| fs::write(&path, page))
        .map_err(|error| Fail::at(path.display(), error))?;
    for below in command.get_subcommands().filter(|one| !one.is_hide_set()) {
        write_page(below, &format!("{name}-{}", below.get_name()), directory)?;
    }
    Ok(())
}
