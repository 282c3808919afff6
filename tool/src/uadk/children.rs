//! Several processes that do the same.

use super::{Failure, Result};
use crate::fail::print;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

/// In a child's environment: it prints what comes after the parameters.
pub const CHILD: &str = "UADK_TOOL_CHILD";

/// Whether this process is such a child.
pub fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Runs `count` children with this command line, and waits for them. `program` is what UADK's tool
/// calls them.
pub fn run(count: u64, program: &str, arguments: &[&str]) -> Result<()> {
    let failed = |error: std::io::Error| Failure::Failed(format!("children: {error}"));
    let tool = std::env::current_exe().map_err(failed)?;
    let spawn = |_| {
        let mut command = Command::new(&tool);
        command.arg0("uadk_tool").args(arguments).env(CHILD, "1");
        command.spawn()
    };
    let children: Vec<std::io::Result<Child>> = (0..count).map(spawn).collect();
    print(&format!("{} children {program} spawned\n", children.len()))?;
    let mut worst = Ok(());
    for child in children {
        let status = child.and_then(|mut child| {
            let id = child.id();
            child.wait().map(|status| (id, status))
        });
        let (id, status) = status.map_err(failed)?;
        if !status.success() {
            print(&format!("child {id}: {status}\n"))?;
            worst = Err(Failure::Failed("a child failed".to_owned()));
        }
    }
    worst
}
