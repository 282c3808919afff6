//! x
use clap::Args;
#[derive(Args, Debug)]
pub struct Bench {}
pub fn run(_: &Bench) -> crate::fail::Result<()> {
    Ok(())
}
