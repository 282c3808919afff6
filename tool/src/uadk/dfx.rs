//! `uadk_tool dfx`.

use super::options::{Known, number, parse};
use super::{Failure, Result};
use crate::fail::print;
use crate::list;
use warpdrive::alg::device;

const KNOWN: [Known; 9] = [
    ("version", false),
    ("dir", false),
    ("env", true),
    ("count", false),
    ("usage", false),
    ("help", false),
    ("device", true),
    ("alg_name", true),
    ("op_type", true),
];

const HELP: &str = "\
NAME
    uadk_tool dfx : uadk library dfx function, etc
USAGE
    uadk_tool dfx [--version] = Show library version
    uadk_tool dfx [--dir]     = Show library dir
    uadk_tool dfx [--env]     = Show environment variables
    uadk_tool dfx [--count]   = Show the ctx message count (not supported)
    uadk_tool dfx [--usage]   = Show the device bandwidth utilization
    uadk_tool dfx [--help]    = usage
Example
    uadk_tool dfx --version
    uadk_tool dfx --env zip
    uadk_tool dfx --usage --device hisi_zip-0 --alg_name zlib --op_type 0
";

/// Modules, and the classes of algorithms that they have variables for.
const MODULES: [(&str, &[&str]); 3] = [
    ("sec", &["CIPHER", "AEAD", "DIGEST"]),
    ("hpre", &["DH", "RSA", "ECC"]),
    ("zip", &["COMP"]),
];

/// Runs it.
pub fn run(arguments: &[String]) -> Result<()> {
    let wrong =
        |text: String| Failure::Usage(format!("{text}\nbad input parameter, exit!\n{HELP}"));
    let found = parse(&KNOWN, arguments).map_err(wrong)?;
    if found.is_empty() {
        return print(HELP).map_err(Failure::from);
    }
    for (name, value) in &found {
        match *name {
            "version" => {
                for line in warpdrive::capi::v2::wd::VERSION {
                    print(&(line.to_string_lossy() + "\n"))?;
                }
                print(concat!("warpdrive ", env!("CARGO_PKG_VERSION"), "\n"))?;
            }
            "dir" => {
                let path = std::env::current_exe().unwrap_or_default();
                print(&format!("exe path: {}\n", path.display()))?;
            }
            "env" => environment(value)?,
            "count" => {
                return Err(Failure::Failed(
                    "--count is not supported: there is no counter of another process".to_owned(),
                ));
            }
            "usage" => return usage(&found),
            "help" => print(HELP)?,
            _ => {}
        }
    }
    Ok(())
}

fn environment(module: &str) -> Result<()> {
    let of_module = MODULES.iter().find(|one| one.0 == module);
    let Some((_, classes)) = of_module else {
        return Err(Failure::Usage(format!(
            "{HELP}failed to parse module parameter!\n"
        )));
    };
    for class in *classes {
        for what in ["CTX_NUM", "EPOLL_EN"] {
            let name = format!("WD_{class}_{what}");
            let line = match std::env::var(&name) {
                Ok(value) => format!("{name}={value}\n"),
                Err(_) => format!("not found the {name} env config!\n"),
            };
            print(&line)?;
        }
    }
    Ok(())
}

fn usage(found: &[(&'static str, &str)]) -> Result<()> {
    let value = |name: &str, usual: &'static str| {
        let last = found.iter().rev().find(|one| one.0 == name);
        last.map_or(usual.to_owned(), |one| one.1.to_owned())
    };
    let (name, algorithm) = (value("device", "hisi_sec2-0"), value("alg_name", "cipher"));
    let number = number("op_type", &value("op_type", "0")).map_err(Failure::Failed)?;
    let op_type = u8::try_from(number).map_err(|_| Failure::Failed("--op_type".to_owned()))?;
    let devices = list::devices()?;
    if !devices.iter().any(|device| device.has(&algorithm)) {
        let text = format!("no device support alg_name {algorithm}, exit!");
        return Err(Failure::Failed(text));
    }
    let mut named = devices.iter().filter(|device| device.has(&algorithm));
    let Some(device) = named.find(|device| device.name == name) else {
        return Err(Failure::Failed(format!("no device name is {name}, exit!")));
    };
    let failed = |error: warpdrive::Error| {
        Failure::Failed(format!("failed to get usage ret -{}!", error.number()))
    };
    let twin = device::twin(device).map_err(failed)?;
    match device::usage(&twin, &algorithm, op_type).map_err(failed)? {
        Some(load) => {
            let text = format!("{name} {algorithm} op type {op_type} usage is {load}\n");
            print(&text).map_err(Failure::from)
        }
        None => Err(Failure::Failed(format!("{name} does not tell its usage"))),
    }
}
