//! `uadk_tool`: the options of UADK's tool, for compression. What scripts read of its
//! output has the same shape; what it does not do, it says.

mod asked;
mod benchmark;
mod children;
mod dfx;
mod options;
mod test;

use crate::fail::print;

const HELP: &str = "\
NAME
uadk_tool dfx : Show some information for library.
uadk_tool benchmark : Test UADK acc performance.
uadk_tool test : Test the correctness of the acc algorithm.
";

/// `-EINVAL`, as a shell sees what UADK's tool returns.
const BAD_OPTION: u8 = 234;

/// Why nothing was done, or not well.
enum Failure {
    /// The options are wrong.
    Usage(String),
    /// The options are right, and what they ask for failed or is not there.
    Failed(String),
}

impl From<crate::fail::Fail> for Failure {
    fn from(reason: crate::fail::Fail) -> Self {
        Failure::Failed(reason.to_string())
    }
}

type Result<T> = std::result::Result<T, Failure>;

/// Runs the tool; the exit status. UADK's own ends with 0 when a benchmark or a test has failed;
/// this one with 1.
pub fn run(arguments: &[String]) -> u8 {
    let (word, rest) = match arguments.split_first() {
        Some((word, rest)) => (word.as_str(), rest),
        None => ("", arguments),
    };
    let done = match word {
        "dfx" => dfx::run(rest),
        "benchmark" => benchmark::run(rest),
        "test" => test::run(rest),
        _ => print(HELP).map_err(Failure::from),
    };
    match done {
        Ok(()) => 0,
        Err(Failure::Usage(text)) => {
            let _ = print(&text);
            BAD_OPTION
        }
        Err(Failure::Failed(text)) => {
            eprintln!("uadk_tool: {text}");
            1
        }
    }
}
